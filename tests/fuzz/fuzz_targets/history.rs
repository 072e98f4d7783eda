//! A script of key events in any order: by Ana, by a thief with her words, by a thief with all her signing keys.
#![no_main]

use std::sync::LazyLock;

use kith_protocol::crypto::sha256;
use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::identity::{Compromise, History, Learned, Rotation};
use kith_protocol::record::{Signer, Verified};
use kith_protocol::words::RecoveryWords;
use libfuzzer_sys::fuzz_target;

static WORDS: LazyLock<[RecoveryWords; 2]> = LazyLock::new(|| [1, 2].map(|n| RecoveryWords::from_entropy([n; 32])));
static START: LazyLock<History> = LazyLock::new(|| History::begin(&WORDS[0]));

fuzz_target!(|data: &[u8]| {
    let words = &*WORDS;
    let mut seen = START.clone();
    // What another observer has seen, from whom events come too.
    let mut other = seen.clone();
    for step in data.chunks_exact(2).take(24) {
        let before = seen.clone();
        let kind = (step[0] & 0x7f) % 7;
        let event = event(kind, step[1], words, &seen, &other);
        if step[0] & 0x80 != 0 {
            // Half of the events reach the other observer first.
            let _ = other.learn(&event);
        }
        match seen.learn(&event) {
            Ok(_) if kind >= STOLEN => panic!("a thief without the words was believed"),
            Ok(Learned::New) => {}
            Ok(Learned::Known | Learned::Fork { .. }) | Err(_) => assert_eq!(seen, before, "a trace was left"),
        }
        assert!(seen.current() >= before.current(), "an event was forgotten");
        assert_eq!(seen.id(), before.id());
        for number in 0..=before.current() {
            assert_eq!(seen.key(number), before.key(number), "a key was exchanged");
            assert!(seen.is_compromised(number) || !before.is_compromised(number), "a notice was taken back");
        }
    }
    assert_eq!(History::from_bytes(&seen.to_bytes()), Ok(seen), "it does not come back from its bytes");
});

/// From this kind on events are signed with signing keys.
const STOLEN: u8 = 5;

/// One event: a rotation onwards, a rotation in any place, a notice, one of the other's; and a rotation and a notice
/// by who has stolen every signing key.
fn event(kind: u8, choice: u8, words: &[RecoveryWords; 2], seen: &History, other: &History) -> Vec<u8> {
    let number = choice % (seen.current() + 2);
    let signer = Signer { id: seen.id(), key: number };
    let previous = if choice & 0x80 == 0 { seen.head() } else { other.head() };
    let rotate = |then: &RecoveryWords, by: &SigningKey| {
        let (key, next) = (words[0].key(number).verify_key(), then.rotation_key(number + 1).verify_key());
        let (rotation_key, next) = (words[0].rotation_key(number).verify_key(), sha256(&[next.as_bytes()]));
        Verified::sign(Rotation { previous, number, key, rotation_key, next }, signer, by).bytes().to_vec()
    };
    let notice = |by: &SigningKey| {
        let number = if choice & 0x80 == 0 { number } else { choice & 0x3f };
        Verified::sign(Compromise { number }, signer, by).bytes().to_vec()
    };
    match kind {
        0 => seen.rotate(&words[0]).map(|event| event.bytes().to_vec()).unwrap_or_default(),
        1 | 2 => rotate(&words[usize::from(kind - 1)], &words[0].rotation_key(number)),
        3 => notice(&words[0].rotation_key(number)),
        STOLEN => rotate(&words[1], &words[0].key(number)),
        6 => notice(&words[0].key(number)),
        _ => {
            let events = other.since(kith_protocol::identity::Seen::default());
            events.get(usize::from(choice) % events.len().max(1)).cloned().unwrap_or_default()
        }
    }
}
