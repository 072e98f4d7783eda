//! Backups: bytes as they are, or messages that were sealed by somebody who has the key and breaks every other rule.
#![no_main]

use kith_protocol::backup::{BackupReader, check};
use kith_protocol::crypto::sha256;
use kith_protocol::crypto::stream::SealingStream;
use kith_protocol::words::RecoveryWords;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&what, bytes)) = data.split_first() else { return };
    let file = if what % 2 == 0 { bytes.to_vec() } else { sealed(bytes) };
    let is_whole = check(&file[..]).is_ok();
    assert_eq!(is_whole, what % 2 == 1 || is_whole, "what was sealed has a good checksum");
    let Ok((mut reader, _)) = BackupReader::begin(&file[..], &words().backup_key()) else { return };
    let mut entries = 0;
    loop {
        match reader.next_part() {
            Ok(Some(part)) => entries += part.len(),
            Ok(None) => break assert!(is_whole && entries < file.len(), "an end was read, so all was there"),
            Err(_) => break,
        }
    }
});

fn words() -> RecoveryWords {
    RecoveryWords::from_entropy([7; 32])
}

/// The bytes as messages, each behind two bytes of length; the last one is marked so.
fn sealed(mut bytes: &[u8]) -> Vec<u8> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (message, after) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        messages.push(message);
        bytes = after;
    }
    if messages.is_empty() {
        messages.push(b"");
    }
    let key = words().backup_key().public();
    let (mut stream, enc) = SealingStream::begin(&key, "kith/1/backup", [1; 32]).expect("a key of ours");
    let mut file = [&b"KITH-B1\n"[..], &enc].concat();
    for (place, message) in messages.iter().enumerate() {
        let is_last = place + 1 == messages.len();
        let sealed = stream.seal(message, is_last).expect("a short message");
        let length = sealed.len() as u32 | if is_last { 1 << 31 } else { 0 };
        file.extend(length.to_be_bytes());
        file.extend(sealed);
    }
    let digest = sha256(&[&file]);
    file.extend(digest);
    file
}
