//! A text becomes a QR code (ISO/IEC 18004), always dark on light with the full quiet zone.

use std::fmt::Write as _;

use image::{GrayImage, ImageFormat, Luma};
pub use qrcode::EcLevel;
use qrcode::bits::Bits;
use qrcode::{Color, QrCode, Version};

/// Light modules on every side; ISO/IEC 18004 §9.1 asks for four.
pub const QUIET_ZONE: usize = 4;
/// Fewest pixels of a module in a PNG: less is lost between a screen and a camera.
pub const LEAST_SCALE: u32 = 4;
/// Most pixels of a module in a PNG: the largest code (185 modules with its margin) stays below 6000 pixels.
pub const MOST_SCALE: u32 = 32;

const DARK: u8 = 0;
const LIGHT: u8 = 255;
/// Colours 16 and 231 of the 256-colour palette are black and white whatever the theme; 0 and 7 are not.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// Why a text cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// There is nothing to draw.
    #[error("there is no text to draw")]
    Empty,
    /// The largest QR code (version 40) is too small.
    #[error("the text has {bytes} bytes, more than a QR code holds")]
    TooLong {
        /// Bytes given.
        bytes: usize,
    },
}

/// A QR code, ready to be put on paper, page or terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawing {
    version: u8,
    width: usize,
    dark: Vec<bool>,
}

impl Drawing {
    /// The smallest code at error correction level M (15 % of it may be unreadable) that holds `text`.
    pub fn new(text: &str) -> Result<Self, DrawError> {
        Self::with_level(text, EcLevel::M)
    }

    /// The smallest code at a chosen level that holds `text`.
    pub fn with_level(text: &str, level: EcLevel) -> Result<Self, DrawError> {
        let (version, bits) = smallest(text, level)?;
        let code = QrCode::with_bits(bits, level).map_err(|_| DrawError::TooLong { bytes: text.len() })?;
        let width = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { version, width, dark })
    }

    /// The version that [`Drawing::new`] takes for a text, a hundred times sooner than the drawing.
    pub fn version_of(text: &str) -> Result<u8, DrawError> {
        smallest(text, EcLevel::M).map(|(version, _)| version)
    }

    /// The version, 1 to 40; a side has `17 + 4 · version` modules.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Modules on one side, without the quiet zone.
    pub fn width(&self) -> usize {
        self.width
    }

    /// An 8-bit grey PNG with `scale` pixels a module, brought into [`LEAST_SCALE`]`..=`[`MOST_SCALE`].
    pub fn png(&self, scale: u32) -> Vec<u8> {
        let scale = scale.clamp(LEAST_SCALE, MOST_SCALE);
        let side = u32::try_from(self.full_width()).unwrap_or(u32::MAX).saturating_mul(scale);
        let picture = GrayImage::from_fn(side, side, |x, y| {
            let dark = self.is_dark((x / scale) as usize, (y / scale) as usize);
            Luma([if dark { DARK } else { LIGHT }])
        });
        let mut file = std::io::Cursor::new(Vec::new());
        #[allow(clippy::expect_used, reason = "memory takes every write and PNG every grey picture up to 2³¹ a side")]
        picture.write_to(&mut file, ImageFormat::Png).expect("a grey picture is written to memory");
        file.into_inner()
    }

    /// An SVG one unit a module, to be given its size by the page; one path, so that no gaps show between modules.
    pub fn svg(&self) -> String {
        let side = self.full_width();
        let mut path = String::new();
        for y in 0..side {
            for (start, length) in self.dark_runs(y) {
                // Writing to a String does not fail.
                let _ = write!(path, "M{start} {y}h{length}v1h-{length}z");
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n"
        )
    }

    /// Lines for a terminal: a character shows two modules, one above the other. Every line sets black on white
    /// and takes it back at its end, so that the code is dark on light under any theme.
    pub fn terminal(&self) -> String {
        let side = self.full_width();
        let mut out = String::new();
        for y in (0..side).step_by(2) {
            out.push_str(BLACK_ON_WHITE);
            out.extend((0..side).map(|x| half_block(self.is_dark(x, y), self.is_dark(x, y + 1))));
            out.push_str(RESET);
            out.push('\n');
        }
        out
    }

    /// Modules on one side, quiet zone included.
    fn full_width(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// Whether the module is dark, counted from the corner of the quiet zone; outside everything is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|&at| at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.width + x).copied().unwrap_or(false),
            _ => false,
        }
    }

    /// Start and length of every run of dark modules in a row.
    fn dark_runs(&self, y: usize) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in (0..self.full_width()).filter(|&x| self.is_dark(x, y)) {
            match runs.last_mut() {
                Some((start, length)) if *start + *length == x => *length += 1,
                _ => runs.push((x, 1)),
            }
        }
        runs
    }
}

/// A code may carry the secret of an invite, so only its size is printed.
impl std::fmt::Debug for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Drawing(version {})", self.version)
    }
}

fn half_block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

/// The ways to lay a text out as bits.
#[derive(Clone, Copy)]
enum Layout {
    /// Eleven bits for two characters of `0-9A-Z $%*+-./:`, all in one segment.
    Alphanumeric,
    /// Segments as the encoder sees fit. It is greedy: alphanumeric text with digits in it is cut into so many
    /// segments that their headers can push it into the next version.
    Segments,
    /// Eight bits a byte.
    Bytes,
}

/// The bits of the smallest version that holds the text, and that version.
fn smallest(text: &str, level: EcLevel) -> Result<(u8, Bits), DrawError> {
    let text = text.as_bytes();
    if text.is_empty() {
        return Err(DrawError::Empty);
    }
    let layouts: &[Layout] = if text.iter().all(|&byte| is_alphanumeric(byte)) {
        &[Layout::Alphanumeric, Layout::Segments]
    } else {
        &[Layout::Segments, Layout::Bytes]
    };
    let fits = |version| layouts.iter().find_map(|&layout| lay_out(text, version, level, layout));
    let found = (1..=40).find_map(|version| fits(version).map(|bits| (version, bits)));
    found.ok_or(DrawError::TooLong { bytes: text.len() })
}

fn lay_out(text: &[u8], version: u8, level: EcLevel, layout: Layout) -> Option<Bits> {
    let mut bits = Bits::new(Version::Normal(i16::from(version)));
    match layout {
        Layout::Alphanumeric => bits.push_alphanumeric_data(text),
        Layout::Segments => bits.push_optimal_data(text),
        Layout::Bytes => bits.push_byte_data(text),
    }
    .ok()?;
    bits.push_terminator(level).ok()?;
    Some(bits)
}

/// ISO/IEC 18004 table 5.
fn is_alphanumeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
}

#[cfg(test)]
mod tests;
