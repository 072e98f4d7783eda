use image::{Luma, Rgba, RgbaImage};

use super::*;
use crate::codes::draw::Drawing;

fn invite(length: usize) -> String {
    let base32 = "KITHABCDEFGHIJLMNOPQRSUVWXYZ234567".chars().cycle();
    "KITH:".chars().chain(base32).take(length).collect()
}

fn pixels(text: &str, scale: u32) -> GrayImage {
    image::load_from_memory(&Drawing::new(text).unwrap().png(scale)).unwrap().into_luma8()
}

fn png(picture: &GrayImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

#[test]
fn what_is_drawn_is_read_in_versions_1_to_20() {
    let capacities = [20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816, 909, 970];
    for (version, capacity) in (1..).zip(capacities) {
        let text = invite(capacity);
        let drawing = Drawing::new(&text).unwrap();
        assert_eq!(drawing.version(), version);
        assert_eq!(read(&drawing.png(4)), Ok(vec![text]), "version {version}");
    }
}

#[test]
fn each_decoder_reads_every_version_alone() {
    for length in [20, 61, 154, 262, 419, 600, 970] {
        let (text, picture) = (invite(length), pixels(&invite(length), 6));
        assert_eq!(decoders::first(&picture).texts, [text.as_str()], "first decoder, {length} characters");
        assert_eq!(decoders::second(&picture), [text.as_str()], "second decoder, {length} characters");
    }
}

#[test]
fn text_in_any_script_survives() {
    for text in ["BEGIN:VCARD\nFN:Zoë Müller-Łukasz\nEND:VCARD", "王小明 · 東京", "نرگس محمدی", "👩🏽‍🔧 Jo"]
    {
        assert_eq!(read(&Drawing::new(text).unwrap().png(6)), Ok(vec![text.to_owned()]));
    }
}

#[test]
fn a_jpeg_is_read() {
    let text = invite(154);
    assert_eq!(read(&jpeg(&pixels(&text, 6))), Ok(vec![text]));
}

#[test]
fn a_code_turned_upside_down_or_mirrored_by_a_selfie_camera_is_read() {
    let text = invite(154);
    let picture = pixels(&text, 6);
    for turned in [image::imageops::rotate90(&picture), image::imageops::rotate180(&picture)] {
        assert_eq!(read(&png(&turned)), Ok(vec![text.clone()]));
    }
    assert_eq!(read(&png(&image::imageops::flip_horizontal(&picture))), Ok(vec![text]));
}

#[test]
fn a_light_code_on_a_dark_page_is_read() {
    let text = invite(154);
    let mut picture = pixels(&text, 6);
    picture.pixels_mut().for_each(|grey| grey.0[0] = 255 - grey.0[0]);
    assert_eq!(read(&png(&picture)), Ok(vec![text]));
}

#[test]
fn a_dark_code_on_a_transparent_ground_is_read() {
    let text = invite(154);
    let picture = pixels(&text, 6);
    let see_through = RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let light = picture.get_pixel(x, y).0 == [255];
        if light { Rgba([0, 0, 0, 0]) } else { Rgba([0, 0, 0, 255]) }
    });
    let mut file = Cursor::new(Vec::new());
    see_through.write_to(&mut file, ImageFormat::Png).unwrap();
    assert_eq!(read(&file.into_inner()), Ok(vec![text]));
}

#[test]
fn two_badges_on_one_picture_are_both_read() {
    let (ana, bo) = (invite(154), "BEGIN:VCARD\nFN:Bo\nEND:VCARD".to_owned());
    let mut table = GrayImage::from_pixel(1280, 720, Luma([190]));
    image::imageops::overlay(&mut table, &pixels(&ana, 8), 60, 100);
    image::imageops::overlay(&mut table, &pixels(&bo, 10), 700, 200);
    let mut both = read(&png(&table)).unwrap();
    both.sort();
    assert_eq!(both, [bo, ana]);
}

#[test]
fn a_small_code_in_a_large_photo_is_read() {
    let text = invite(154);
    let mut photo = GrayImage::from_fn(6_000, 4_000, |x, y| Luma([((x * 7 + y * 13) % 61 + 150) as u8]));
    image::imageops::overlay(&mut photo, &pixels(&text, 4), 4_900, 3_300);
    assert_eq!(read(&jpeg(&photo)), Ok(vec![text]));
}

#[test]
fn a_file_of_100_megabytes_is_not_even_looked_at() {
    let file = vec![0x89; 100_000_000];
    let error = read(&file).unwrap_err();
    assert_eq!(error, ReadError::TooLarge { bytes: 100_000_000, most: MOST_BYTES });
    assert_eq!(error.to_string(), "the file has 100000000 bytes, at most 20971520 are read");
}

/// A PNG of one grey bit pattern whose header claims any size.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(&GrayImage::new(64, 64));
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

/// ISO 3309, as PNG wants it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[test]
fn a_bomb_is_refused_by_what_it_claims() {
    let expected = ReadError::TooManyPixels { width: 50_000, height: 50_000, most: MOST_PIXELS };
    assert_eq!(read(&png_claiming(50_000, 50_000)), Err(expected));
    let error = read(&png_claiming(u32::MAX >> 1, 1_000)).unwrap_err();
    assert!(matches!(error, ReadError::TooManyPixels { .. } | ReadError::TooMuchMemory { .. }), "{error}");
    assert!(matches!(read(&png_claiming(7_000, 7_000)), Err(ReadError::Damaged(_))), "claims more than it has");
    assert!(matches!(read(&png_claiming(0, 50)), Err(ReadError::Damaged(_))));
}

#[test]
fn files_that_are_no_pictures_we_read_say_so() {
    assert_eq!(read(b""), Err(ReadError::NotAPicture));
    assert_eq!(read(b"KITH:ABC"), Err(ReadError::NotAPicture));
    assert_eq!(read(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), Err(ReadError::OtherFormat("GIF")));
    assert_eq!(read(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), Err(ReadError::OtherFormat("HEIC or AVIF")));
    assert_eq!(read(b"RIFF\x24\x00\x00\x00WEBPVP8 "), Err(ReadError::OtherFormat("WebP")));
    assert_eq!(read(b"GIF89a").unwrap_err().to_string(), "the file is a GIF picture; only PNG and JPEG are read");
}

#[test]
fn a_picture_without_a_code_says_so() {
    assert_eq!(read(&png(&GrayImage::from_pixel(640, 480, Luma([128])))), Err(ReadError::NoCode));
    assert_eq!(read(&png(&GrayImage::from_pixel(1, 1, Luma([0])))), Err(ReadError::NoCode));
    assert_eq!(read(&png(&GrayImage::from_pixel(5_000, 1, Luma([0])))), Err(ReadError::NoCode));
    assert_eq!(read(&png(&GrayImage::from_pixel(1, 5_000, Luma([9])))), Err(ReadError::NoCode));
}

#[test]
fn a_picture_cut_anywhere_never_ends_in_a_panic() {
    let text = invite(154);
    for file in [jpeg(&pixels(&text, 6)), png(&pixels(&text, 6))] {
        for part in 0..40 {
            let end = file.len() * part / 40;
            match read_with(&file[..end], Effort::Look) {
                Ok(texts) => assert_eq!(texts, [text.as_str()]),
                Err(ReadError::NoCode | ReadError::Damaged(_) | ReadError::NotAPicture) => {}
                Err(other) => panic!("{end} of {} bytes: {other}", file.len()),
            }
        }
        assert!(matches!(read(&file[..40]), Err(ReadError::Damaged(_))), "only a header");
    }
}

#[test]
fn a_picture_with_flipped_bytes_never_ends_in_a_panic() {
    let text = invite(154);
    let sound = jpeg(&pixels(&text, 4));
    for at in (0..sound.len()).step_by(sound.len() / 60) {
        let mut file = sound.clone();
        file[at] ^= 0x5A;
        if let Err(error) = read_with(&file, Effort::Look) {
            let fits = matches!(error, ReadError::NoCode | ReadError::Damaged(_) | ReadError::NotAPicture);
            assert!(fits || matches!(error, ReadError::TooManyPixels { .. }), "byte {at}: {error}");
        }
    }
}

/// Mallory tiles a picture with the squares that decoders look for.
#[test]
fn a_wall_of_finder_patterns_does_not_keep_a_decoder_busy() {
    let is_dark = |x: u32, y: u32| {
        let (x, y) = (x % 9, y % 9);
        let ring = x.abs_diff(3).max(y.abs_diff(3));
        ring == 3 || ring <= 1
    };
    for scale in [1, 2, 3, 5] {
        let wall = GrayImage::from_fn(1_600, 1_600, |x, y| Luma([if is_dark(x / scale, y / scale) { 0 } else { 255 }]));
        let start = std::time::Instant::now();
        let found = read_pixels(&wall, Effort::Search);
        println!("{scale} pixels a module: {:?}, found {found:?}", start.elapsed());
        assert!(start.elapsed().as_secs() < 60);
    }
}

/// A stranger's program agrees on what we draw.
#[test]
fn zbar_reads_what_is_drawn() {
    let text = invite(154);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("invite.png");
    std::fs::write(&file, Drawing::new(&text).unwrap().png(6)).unwrap();
    let run = std::process::Command::new("zbarimg").args(["--quiet", "--raw", "-Sbinary"]).arg(&file).output();
    match run {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), text),
        Err(error) if std::env::var_os("CI").is_some() => {
            panic!("zbarimg (Debian package zbar-tools) is needed to check our codes against another reader: {error}")
        }
        Err(error) => println!("skipped: zbarimg (Debian package zbar-tools) cannot be run: {error}"),
    }
}
