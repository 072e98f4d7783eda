//! How many codes are read from frames as a camera at a stand takes them: tilted, blurred, noisy and pale.
//!
//! The frames are made here, each from its own seed, so that a run on any machine sees the same fifty.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may end in a panic; nothing here is shipped")]

use std::time::{Duration, Instant};

use kith_node::codes::draw::Drawing;
use kith_node::codes::read::{Effort, read_pixels};
use kith_tests::camera;

const FRAMES: u64 = 50;
/// Frames that must be read.
const ENOUGH: usize = 45;

/// As long as the largest invite, 93 bytes in base32: the last text that fits version 6 at level M.
fn invite() -> String {
    let base32: Vec<char> = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".chars().collect();
    "KITH:".chars().chain((0..149_usize).map(|at| base32[at * at * 7 % 31 + at % 2])).collect()
}

/// Frames read with an effort, and the time for all.
fn read_frames(effort: Effort) -> (Vec<u64>, Duration) {
    let text = invite();
    let drawing = Drawing::new(&text).unwrap();
    assert_eq!(drawing.version(), 6);
    let code = image::load_from_memory(&drawing.png(camera::PIXELS_A_MODULE)).unwrap().into_luma8();
    let (mut read, mut spent) = (Vec::new(), Duration::ZERO);
    for seed in 0..FRAMES {
        let frame = camera::frame(&code, seed);
        let start = Instant::now();
        let texts = read_pixels(&frame, effort);
        spent += start.elapsed();
        if texts == [text.as_str()] {
            read.push(seed);
        } else {
            assert!(texts.is_empty(), "frame {seed} was read wrongly: {texts:?}");
        }
    }
    (read, spent)
}

#[test]
fn a_frame_is_the_same_for_the_same_seed() {
    let code = image::load_from_memory(&Drawing::new("KITH:A").unwrap().png(8)).unwrap().into_luma8();
    assert!(camera::frame(&code, 7) == camera::frame(&code, 7));
    assert!(camera::frame(&code, 7) != camera::frame(&code, 8));
}

#[test]
fn nine_of_ten_frames_are_read() {
    let mut read_at_last = Vec::new();
    for (effort, name) in [
        (Effort::Glance, "rxing alone"),
        (Effort::Look, "rxing, then rqrr"),
        (Effort::Search, "both, then every other view"),
    ] {
        let (read, spent) = read_frames(effort);
        let missed: Vec<u64> = (0..FRAMES).filter(|seed| !read.contains(seed)).collect();
        let each = spent.as_secs_f64() * 1000.0 / FRAMES as f64;
        println!("{name}: {} of {FRAMES} frames, {each:.1} ms each; missed {missed:?}", read.len());
        read_at_last = read;
    }
    assert!(read_at_last.len() >= ENOUGH, "only {} of {FRAMES} frames were read", read_at_last.len());
}

/// The dearest picture is one on which there is nothing to find.
#[test]
fn a_wall_without_a_code_is_given_up_after_a_bounded_search() {
    let nothing = image::GrayImage::from_pixel(512, 512, image::Luma([255]));
    let frame = camera::frame(&nothing, 1);
    for effort in [Effort::Glance, Effort::Look, Effort::Search] {
        let start = Instant::now();
        assert!(read_pixels(&frame, effort).is_empty());
        println!("{effort:?} at a frame without a code: {:.1?}", start.elapsed());
    }
    let photo = image::imageops::resize(&frame, 8_000, 6_000, image::imageops::FilterType::Nearest);
    let start = Instant::now();
    assert!(read_pixels(&photo, Effort::Search).is_empty());
    println!("Search in 48 megapixels without a code: {:.1?}", start.elapsed());
}
