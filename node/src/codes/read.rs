//! A picture that somebody took becomes the texts of the QR codes on it.
//!
//! Pictures come from strangers: the file, its pixels and the memory for them are bounded before anything is
//! decoded, and the search is bounded by a number of views rather than by a clock, so that the same
//! picture gives the same answer on a slow machine. A picture's EXIF rotation is ignored; a QR code can lie any way.

mod decoders;
mod views;

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use super::fenced;

/// Largest file: what the largest phone cameras write as JPEG, twice.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Most pixels: a 48-megapixel phone camera fits.
pub const MOST_PIXELS: u64 = 50_000_000;
/// Most bytes of decoded pixels: [`MOST_PIXELS`] in eight-bit RGBA, and room for rows of the decoder.
pub const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// Most codes taken from one picture: a table of badges, not a wall of them.
pub const MOST_CODES: usize = 16;
/// Longest text, in bytes of UTF-8. The largest QR code holds 7089 digits, so nothing real is lost.
pub const MOST_TEXT: usize = 8 * 1024;

/// Why a picture gave no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More than [`MOST_BYTES`].
    #[error("the file has {bytes} bytes, at most {most} are read")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// More than [`MOST_PIXELS`].
    #[error("the picture claims {width} × {height} pixels, at most {most} are read")]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Pixels allowed.
        most: u64,
    },
    /// Decoded, it would take more than [`MOST_MEMORY`].
    #[error("the picture needs more memory than the {most} bytes it may have")]
    TooMuchMemory {
        /// Bytes allowed.
        most: u64,
    },
    /// Not recognised as a picture of any kind.
    #[error("the file is not a picture; PNG and JPEG are read")]
    NotAPicture,
    /// A picture, but of a kind that is not read.
    #[error("the file is a {0} picture; only PNG and JPEG are read")]
    OtherFormat(&'static str),
    /// A PNG or JPEG that cannot be decoded.
    #[error("the picture is damaged or incomplete: {0}")]
    Damaged(String),
    /// A sound picture on which no code was found.
    #[error("no QR code was found in the picture; a closer, sharper picture may help")]
    NoCode,
}

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// One decoder, one view: for a stream of frames, where the next one may be better.
    Glance,
    /// Both decoders, one view.
    Look,
    /// Both decoders on every view until one shows a code: for a picture that is all there is.
    Search,
}

/// The texts of the QR codes in a PNG or JPEG file, each once and at most [`MOST_CODES`]; never an empty list.
pub fn read(file: &[u8]) -> Result<Vec<String>, ReadError> {
    read_with(file, Effort::Search)
}

/// [`read`] with a chosen effort.
pub fn read_with(file: &[u8], effort: Effort) -> Result<Vec<String>, ReadError> {
    let texts = read_pixels(&open(file)?, effort);
    if texts.is_empty() { Err(ReadError::NoCode) } else { Ok(texts) }
}

/// The texts of the QR codes in a grey picture; an empty list if there are none. The caller bounds the picture.
pub fn read_pixels(picture: &GrayImage, effort: Effort) -> Vec<String> {
    let mut found = Vec::new();
    match effort {
        Effort::Glance => keep(&mut found, decoders::first(&views::fitted(picture)).texts),
        Effort::Look => {
            let view = views::fitted(picture);
            let first = decoders::first(&view);
            if first.texts.is_empty() && !first.crowded {
                keep(&mut found, decoders::second(&view));
            }
            keep(&mut found, first.texts);
        }
        Effort::Search => {
            for view in views::all(picture) {
                // Both decoders look even if the first has found something: they miss different codes.
                let first = decoders::first(&view);
                keep(&mut found, first.texts);
                if !first.crowded {
                    keep(&mut found, decoders::second(&view));
                }
                if !found.is_empty() {
                    break;
                }
            }
        }
    }
    found
}

fn keep(found: &mut Vec<String>, texts: Vec<String>) {
    for text in texts {
        if found.len() < MOST_CODES && !text.is_empty() && text.len() <= MOST_TEXT && !found.contains(&text) {
            found.push(text);
        }
    }
}

/// Decodes a file into grey pixels, within the bounds.
fn open(file: &[u8]) -> Result<GrayImage, ReadError> {
    if file.len() > MOST_BYTES {
        return Err(ReadError::TooLarge { bytes: file.len(), most: MOST_BYTES });
    }
    let format = format(file)?;
    fenced(|| Some(decode(file, format))).unwrap_or_else(|| Err(ReadError::Damaged("the decoder gave up".to_owned())))
}

fn format(file: &[u8]) -> Result<ImageFormat, ReadError> {
    match image::guess_format(file) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => Ok(format),
        Ok(ImageFormat::Gif) => Err(ReadError::OtherFormat("GIF")),
        Ok(ImageFormat::WebP) => Err(ReadError::OtherFormat("WebP")),
        Ok(ImageFormat::Tiff) => Err(ReadError::OtherFormat("TIFF")),
        Ok(ImageFormat::Bmp) => Err(ReadError::OtherFormat("BMP")),
        // ISO/IEC 14496-12: iPhones keep their photos in this container, as HEIC.
        Ok(ImageFormat::Avif) => Err(ReadError::OtherFormat("HEIC or AVIF")),
        _ if file.get(4..8) == Some(b"ftyp") => Err(ReadError::OtherFormat("HEIC or AVIF")),
        _ => Err(ReadError::NotAPicture),
    }
}

fn decode(file: &[u8], format: ImageFormat) -> Result<GrayImage, ReadError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);

    // Only the header is read up to here; what it claims is checked before memory is taken for it.
    let decoder = reader.into_decoder().map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ReadError::TooManyPixels { width, height, most: MOST_PIXELS });
    }
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(ReadError::TooMuchMemory { most: MOST_MEMORY });
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| damaged(&error))?;
    Ok(grey(picture))
}

/// Grey as seen on white paper: many codes made for web pages are dark on nothing at all.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let with_alpha = picture.into_luma_alpha8();
    let (width, height) = with_alpha.dimensions();
    let over_white = |pixel: &image::LumaA<u8>| {
        let [luma, alpha] = pixel.0.map(u32::from);
        u8::try_from((luma * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let pixels = with_alpha.pixels().map(over_white).collect();
    GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}

/// What the decoder's own error means to a person.
fn damaged(error: &ImageError) -> ReadError {
    if matches!(error, ImageError::Limits(_)) {
        return ReadError::TooMuchMemory { most: MOST_MEMORY };
    }
    let reason = error.to_string();
    ReadError::Damaged(kith_protocol::text::cut_at_grapheme(&reason, 200).to_owned())
}

#[cfg(test)]
mod tests;
