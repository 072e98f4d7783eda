//! Codes that are none, damaged, one's own or of a newer Kith, and pictures that are too much.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

use kith_protocol::invite::Invite;
use kith_tests::e2e::{Said, Someone, run};

/// RFC 4648 without padding.
fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let digit = |at: usize| (at..at + 5).fold(0, |digit, at| digit << 1 | bit(at));
    (0..bytes.len() * 8)
        .step_by(5)
        .map(|at| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(digit(at))]))
        .collect()
}

#[test]
fn a_code_that_cannot_be_used_is_told_with_a_hint_and_leaves_no_trace() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    let code = ana.shows("Hannover Messe");
    ana.kith(["scan", &code]).fails(1, &["your own", "hint: let the other person scan it"]);
    let bytes = Invite::from_text(&code).unwrap().to_bytes();
    assert_eq!(format!("KITH:{}", base32(&bytes)), code);
    let with = |flags: u8| format!("KITH:{}", base32(&[&[flags], &bytes[1..]].concat()));
    bo.kith(["scan", &with(2)]).fails(1, &["newer version of Kith", "hint: update Kith"]);
    bo.kith(["scan", &with(0)]).fails(1, &["too old", "hint: ask the other person"]);
    bo.kith(["scan", &with(0x81)]).fails(1, &["damaged", "hint: scan it again"]);
    let cut = &code[..60];
    bo.kith(["scan", cut]).fails(1, &["damaged", "hint: scan it again"]);
    bo.kith(["scan", &code.replace('A', "1")]).fails(1, &["damaged"]);
    bo.kith(["scan", &format!("{code}AAAAAAAA")]).fails(1, &["damaged"]);
    bo.kith(["scan", "KITH:"]).fails(1, &["hint: "]);
    bo.kith(["scan", "no such file.png"]).fails(4, &["is no file and no code", "hint: give a picture"]);
    let network = "WIFI:T:WPA;S:fair;P:correct horse;;";
    bo.kith(["scan", network]).fails(1, &["the code of a Wi-Fi network, not of a person", "hint: scan the code that"]);
    run(&mut bo.command(["scan", "-"]), b"").fails(2, &["empty", "hint: "]);
    run(&mut bo.command(["scan", "-"]), &[b'n'; 10_000]).fails(2, &["10000 bytes, at most", "hint: "]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 0);
    bo.kith(["scan", &code]).ok();
}

#[test]
fn a_picture_that_shows_no_code_is_told() {
    let bo = Someone::at_home("Bo Lindqvist");
    let file = bo.beside("picture.png");
    let path = file.to_str().unwrap();
    image::GrayImage::from_pixel(640, 480, image::Luma([200])).save(&file).unwrap();
    bo.kith(["scan", path]).fails(1, &["hint: hold the camera closer"]);
    let mut torn = std::fs::read(&file).unwrap();
    torn.truncate(torn.len() / 2);
    std::fs::write(&file, &torn).unwrap();
    bo.kith(["scan", path]).fails(1, &["hint: "]);
    std::fs::write(&file, [0xff; 100]).unwrap();
    bo.kith(["scan", path]).fails(1, &["hint: send a PNG or JPEG"]);
    std::fs::write(&file, "").unwrap();
    bo.kith(["scan", path]).fails(2, &["empty"]);
    bo.kith(["scan", bo.folder().to_str().unwrap()]).fails(1, &["hint: "]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 0);
}

#[test]
fn a_picture_that_is_too_much_is_refused_at_once_and_in_little_memory() {
    let mut bo = Someone::at_home("Bo Lindqvist");
    let file = bo.beside("huge.png");
    // A hundred megabytes that begin like a picture.
    let small = bo.beside("small.png");
    image::GrayImage::new(8, 8).save(&small).unwrap();
    let mut huge = File::create(&file).unwrap();
    huge.write_all(&std::fs::read(small).unwrap()).unwrap();
    huge.set_len(100 * 1024 * 1024).unwrap();
    drop(huge);
    // A few kilobytes that would unfold to three gigabytes.
    let bomb = bo.beside("bomb.png");
    std::fs::write(&bomb, huge_in_a_few_bytes()).unwrap();
    for running in [false, true] {
        if running {
            bo.start();
        }
        for picture in [&file, &bomb] {
            let (said, peak) = peak_of(&mut bo.command([OsStr::new("scan"), picture.as_os_str()]));
            let said = said.fails(1, &["hint: cut "]);
            assert!(said.took < Duration::from_secs(3), "{said}");
            assert!(peak < MEGABYTES, "{peak} MB: {said}");
            println!("{}: {:?}, {peak} MB, {}", picture.display(), said.took, said.err.lines().next().unwrap());
        }
    }
    let peak = peak_megabytes(bo.node.as_ref().unwrap().pid()).unwrap();
    println!("the node's peak: {peak} MB");
    assert!(peak < MEGABYTES, "{peak} MB");
}

/// The most memory that a process may have used.
const MEGABYTES: u64 = 150;

/// The most memory that a process has used so far, as Linux counts it.
fn peak_megabytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1000)
}

/// Runs a command and looks at its memory all the while.
fn peak_of(command: &mut std::process::Command) -> (Said, u64) {
    let shell = "\"$0\" \"$@\" & echo $! > \"$PID_FILE\"; wait $!";
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut within = std::process::Command::new("sh");
    within.args(["-c", shell]).arg(command.get_program()).args(command.get_args()).env("PID_FILE", file.path());
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run(&mut within, b""));
        let mut peak = 0;
        while !run.is_finished() {
            let pid = std::fs::read_to_string(file.path()).unwrap().trim().parse();
            peak = pid.ok().and_then(peak_megabytes).unwrap_or_default().max(peak);
        }
        (run.join().unwrap(), peak)
    })
}

/// A PNG whose header promises 60 000 by 50 000 pixels.
fn huge_in_a_few_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(encoder, &[0; 64], 8, 8, image::ExtendedColorType::L8).unwrap();
    // The size stands in the first chunk, with a checksum over it at the end of the chunk.
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The checksum of PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
