//! The two QR decoders. They fail on different pictures, so the second is asked where the first finds nothing.

use image::GrayImage;
use rxing::common::{BitMatrix, HybridBinarizer};
use rxing::qrcode::cpp_port::{decoder, detector};
use rxing::{Binarizer as _, Luma8LuminanceSource};

use super::{MOST_CODES, fenced};

/// Most finder patterns (the squares in three corners of a code) in a picture that both decoders may have. The
/// second one copies the picture for every triple of them, so a picture tiled with finder patterns would keep it
/// busy for hours. A sheet of [`MOST_CODES`] codes has 48; the rest is for what only looks like one.
const MOST_FINDERS: usize = 160;
/// Most triples of finder patterns that are sampled and decoded, best first.
const MOST_TRIPLES: usize = 1_000;
/// Narrowest picture that can hold a code: version 1 at one pixel a module.
const LEAST_SIDE: u32 = 21;

/// What the first decoder saw.
#[derive(Default)]
pub(super) struct First {
    /// Texts of the codes.
    pub(super) texts: Vec<String>,
    /// More than [`MOST_FINDERS`] finder patterns: the second decoder must not have this picture.
    pub(super) crowded: bool,
}

/// rxing, by the parts of its reader, since the reader itself stops at the first code.
pub(super) fn first(picture: &GrayImage) -> First {
    if is_too_small(picture) {
        return First::default();
    }
    // A picture that made one decoder panic is not given to the other.
    fenced(|| with_rxing(picture)).unwrap_or(First { texts: Vec::new(), crowded: true })
}

fn with_rxing(picture: &GrayImage) -> Option<First> {
    let (width, height) = picture.dimensions();
    let source = Luma8LuminanceSource::new(picture.as_raw().clone(), width, height).ok()?;
    let binarizer = HybridBinarizer::new(source);
    let bits = binarizer.get_black_matrix().ok()?;

    let mut finders = detector::FindFinderPatterns(bits, true, 0);
    let crowded = finders.len() > MOST_FINDERS;
    finders.sort_by_key(|finder| std::cmp::Reverse(finder.size));
    finders.truncate(MOST_FINDERS);
    Some(First { texts: decode_triples(bits, &mut finders), crowded })
}

fn decode_triples(bits: &BitMatrix, finders: &mut detector::FinderPatterns) -> Vec<String> {
    let mut used = Vec::new();
    let mut texts = Vec::new();
    for triple in detector::GenerateFinderPatternSets(finders).into_iter().take(MOST_TRIPLES) {
        let corners = [triple.bl, triple.tl, triple.tr];
        if texts.len() >= MOST_CODES || corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sample) = detector::SampleQR(bits, &triple) else { continue };
        let Ok(decoded) = decoder::Decode(rxing::common::DetectorRXingResult::getBits(&sample)) else { continue };
        if decoded.isValid() {
            used.extend(corners);
            texts.push(decoded.text());
        }
    }
    texts
}

/// rqrr; only for pictures that are not [crowded](First::crowded).
pub(super) fn second(picture: &GrayImage) -> Vec<String> {
    if is_too_small(picture) {
        return Vec::new();
    }
    fenced(|| Some(with_rqrr(picture))).unwrap_or_default()
}

fn with_rqrr(picture: &GrayImage) -> Vec<String> {
    let width = picture.width() as usize;
    let pixels = picture.as_raw();
    let at = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(u8::MAX);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, picture.height() as usize, at);
    let grids = prepared.detect_grids();
    grids.iter().take(MOST_CODES).filter_map(decode_grid).collect()
}

fn decode_grid<G: rqrr::BitGrid>(grid: &rqrr::Grid<G>) -> Option<String> {
    let mut bytes = Vec::new();
    grid.decode_to(&mut bytes).ok()?;
    // Old generators write Latin-1, the default of ISO/IEC 18004; its bytes are the first 256 code points.
    Some(String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()))
}

fn is_too_small(picture: &GrayImage) -> bool {
    picture.width().min(picture.height()) < LEAST_SIDE
}
