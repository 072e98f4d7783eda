//! Letters at three depths, by the first byte: sealed bytes, what is inside a good seal, and the body of a
//! letter with the kind in front.
#![no_main]

use std::sync::LazyLock;

use kith_protocol::crypto::seal::{self, DecryptionKey};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::id::LetterId;
use kith_protocol::letter::{self, Body, Letter};
use kith_protocol::limits::LETTER_CLASSES;
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;
use libfuzzer_sys::fuzz_target;

const PSK: [u8; 32] = [5; 32];

fuzz_target!(|data: &[u8]| {
    let Some((&depth, bytes)) = data.split_first() else { return };
    match depth % 4 {
        0 => drop(letter::open(bytes, &BO, &PSK)),
        1 => envelope(bytes),
        2 => body(bytes),
        _ => inside(bytes),
    }
});

static BO: LazyLock<DecryptionKey> = LazyLock::new(|| DecryptionKey::from_seed(&SecretSeed([4; 32])));

/// Seals these bytes as an honest sender would, whatever they are.
fn envelope(bytes: &[u8]) {
    let Some(class) = LETTER_CLASSES.into_iter().find(|&class| bytes.len() <= letter::room(class)) else { return };
    let mut plain = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    plain.extend_from_slice(bytes);
    plain.resize(2 + letter::room(class), 0);
    open(&plain);
}

/// Seals these bytes as they are: length, envelope and padding are all the fuzzer's.
fn inside(bytes: &[u8]) {
    let Some(class) = LETTER_CLASSES.into_iter().find(|&class| bytes.len() <= 2 + letter::room(class)) else { return };
    let mut plain = bytes.to_vec();
    plain.resize(2 + letter::room(class), 0);
    open(&plain);
}

fn open(plain: &[u8]) {
    let sealed = seal::seal(&BO.public(), &PSK, plain, &[6; 32]).unwrap();
    let sealed = [&[letter::VERSION][..], &sealed.bytes].concat();
    if let Ok(opened) = letter::open(&sealed, &BO, &PSK) {
        assert!(plain[..2] != [0, 0], "an empty letter was opened");
        assert!(opened.events.iter().all(|event| event.len() <= kith_protocol::limits::RECORD));
    }
}

fn body(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let Ok(body) = Bytes::new(bytes.to_vec()) else { return };
    let (sent, expires) = (Timestamp::default(), Timestamp::default());
    let letter = Letter { to: [0; 32], id: LetterId([0; 16]), kind, body, sent, expires };
    if let Ok(body) = Body::of(&letter) {
        assert_eq!(body.kind(), kind);
        let again = Letter { body: Bytes::new(body.to_bytes()).unwrap(), ..letter };
        assert_eq!(Body::of(&again), Ok(body));
    }
}
