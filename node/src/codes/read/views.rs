//! The ways to look at one picture, cheapest and most promising first.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

/// Longest side of a view. A code that fills a tenth of a phone's photo still has four pixels a module, and a
/// decoder takes some 50 ms.
const VIEW_SIDE: u32 = 1_600;
/// Pictures below this are enlarged: the decoders want three pixels a module.
const SMALL_SIDE: u32 = 800;
/// How much neighbouring tiles share: a code up to this size lies whole in one of them.
const OVERLAP: u32 = 500;
/// Most tiles: a picture of 50 megapixels in any shape up to 1 : 4.
const MOST_TILES: usize = 60;
/// Share of the darkest and of the lightest pixels that a stretch takes for spots: one in a hundred.
const SPOTS: usize = 100;

/// The picture itself, made smaller if it is large.
pub(super) fn fitted(picture: &GrayImage) -> GrayImage {
    fit(picture, VIEW_SIDE)
}

/// Every view, made when it is asked for. At most `10 + `[`MOST_TILES`].
pub(super) fn all(picture: &GrayImage) -> impl Iterator<Item = GrayImage> + '_ {
    let whole = fitted(picture);
    let longest = longest_side(picture);
    let ways: [fn(&GrayImage) -> Option<GrayImage>; 9] = [
        |whole| Some(whole.clone()),
        halved,
        |whole| Some(stretched(whole)),
        |whole| Some(smoothed(whole)),
        enlarged,
        |whole| Some(inverted(whole)),
        |whole| halved(whole).map(|half| inverted(&half)),
        |whole| Some(two_tone(whole)),
        |whole| Some(two_tone(&smoothed(whole))),
    ];
    let of_whole = ways.into_iter().filter_map(move |way| way(&whole));
    let finer = std::iter::once_with(move || (longest > 2 * VIEW_SIDE).then(|| fit(picture, 2 * VIEW_SIDE))).flatten();
    let tiles = tile_corners(picture)
        .into_iter()
        .map(move |(x, y)| imageops::crop_imm(picture, x, y, VIEW_SIDE, VIEW_SIDE).to_image());
    of_whole.chain(finer).chain(tiles)
}

fn longest_side(picture: &GrayImage) -> u32 {
    picture.width().max(picture.height())
}

fn fit(picture: &GrayImage, side: u32) -> GrayImage {
    let longest = longest_side(picture);
    if longest <= side {
        return picture.clone();
    }
    let scaled = |length: u32| u32::try_from(u64::from(length) * u64::from(side) / u64::from(longest)).unwrap_or(side);
    imageops::thumbnail(picture, scaled(picture.width()).max(1), scaled(picture.height()).max(1))
}

/// Half the size averages noise away; not for pictures in which a module would become too small.
fn halved(picture: &GrayImage) -> Option<GrayImage> {
    let longest = longest_side(picture);
    (longest > SMALL_SIDE / 2).then(|| fit(picture, longest / 2))
}

fn enlarged(picture: &GrayImage) -> Option<GrayImage> {
    let (width, height) = picture.dimensions();
    (longest_side(picture) <= SMALL_SIDE)
        .then(|| imageops::resize(picture, width * 2, height * 2, FilterType::CatmullRom))
}

/// The darkest grey becomes black and the lightest white, spots left aside.
fn stretched(picture: &GrayImage) -> GrayImage {
    let (low, high) = range(picture);
    let width = u32::from(high.saturating_sub(low)).max(1);
    mapped(picture, |grey| u8::try_from(u32::from(grey.saturating_sub(low)) * 255 / width).unwrap_or(u8::MAX))
}

/// Black or white, divided in the middle between dark and light.
fn two_tone(picture: &GrayImage) -> GrayImage {
    let (low, high) = range(picture);
    let middle = low.midpoint(high);
    mapped(picture, |grey| if grey < middle { 0 } else { u8::MAX })
}

fn inverted(picture: &GrayImage) -> GrayImage {
    mapped(picture, |grey| u8::MAX - grey)
}

fn smoothed(picture: &GrayImage) -> GrayImage {
    imageops::filter3x3(picture, &[1.0 / 9.0; 9])
}

fn mapped(picture: &GrayImage, change: impl Fn(u8) -> u8) -> GrayImage {
    let mut copy = picture.clone();
    for Luma([grey]) in copy.pixels_mut() {
        *grey = change(*grey);
    }
    copy
}

/// The darkest and the lightest grey, spots left aside.
fn range(picture: &GrayImage) -> (u8, u8) {
    let mut counts = [0_usize; 256];
    for Luma([grey]) in picture.pixels() {
        if let Some(count) = counts.get_mut(usize::from(*grey)) {
            *count += 1;
        }
    }
    let spots = picture.as_raw().len() / SPOTS;
    let low = first_beyond(&counts, spots, 0..=u8::MAX).unwrap_or(0);
    let high = first_beyond(&counts, spots, (0..=u8::MAX).rev()).unwrap_or(u8::MAX);
    (low, high)
}

/// The first grey of an order that more pixels than `spots` have, those before it included.
fn first_beyond(counts: &[usize; 256], spots: usize, mut order: impl Iterator<Item = u8>) -> Option<u8> {
    let mut seen = 0;
    order.find(|&grey| {
        seen += counts.get(usize::from(grey)).copied().unwrap_or(0);
        seen > spots
    })
}

/// Where the tiles of a picture larger than a view begin.
fn tile_corners(picture: &GrayImage) -> Vec<(u32, u32)> {
    if longest_side(picture) <= VIEW_SIDE {
        return Vec::new();
    }
    let step = (VIEW_SIDE - OVERLAP) as usize;
    let starts = |length: u32| (0..length.saturating_sub(OVERLAP).max(1)).step_by(step);
    let corners = starts(picture.height()).flat_map(|y| starts(picture.width()).map(move |x| (x, y)));
    corners.take(MOST_TILES).collect()
}
