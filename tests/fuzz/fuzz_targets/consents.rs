//! Sealed consents at three depths, by the first byte: sealed bytes, what is inside a good seal, and what is inside a
//! good seal with its length in front and zeros behind.
#![no_main]

use std::sync::LazyLock;

use kith_protocol::crypto::derive;
use kith_protocol::crypto::seal::{self, DecryptionKey};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::id::RecordId;
use kith_protocol::introduction::{OpenedConsent, SealedConsent};
use kith_protocol::limits::CONSENT_STEP;
use libfuzzer_sys::fuzz_target;

const ASK: RecordId = RecordId([5; 32]);

/// What only Ana has: the reply key of her ask.
static ANA: LazyLock<DecryptionKey> = LazyLock::new(|| DecryptionKey::from_seed(&SecretSeed([4; 32])));

fuzz_target!(|data: &[u8]| {
    let Some((&depth, bytes)) = data.split_first() else { return };
    match depth % 3 {
        0 => drop(SealedConsent::new(bytes.to_vec()).map(|sealed| OpenedConsent::open(&sealed, ASK, &ANA))),
        1 => padded(bytes),
        _ => inside(bytes),
    }
});

/// Seals these bytes as an honest target would, whatever they are.
fn padded(bytes: &[u8]) {
    let Ok(len) = u16::try_from(bytes.len()) else { return };
    let mut plain = [&len.to_be_bytes()[..], bytes].concat();
    plain.resize(plain.len().next_multiple_of(CONSENT_STEP), 0);
    inside(&plain);
}

/// Seals these bytes as they are: length, consent and padding are all the fuzzer's. What opens has the length that its
/// consent asks for, and comes back when it is sealed again.
fn inside(plain: &[u8]) {
    let psk = derive(&ASK.0, b"", "kith/1/consent");
    let sealed = seal::seal(&ANA.public(), &psk, plain, &[6; 32]).unwrap();
    let Ok(sealed) = SealedConsent::new(sealed.bytes) else { return };
    let Ok(opened) = OpenedConsent::open(&sealed, ASK, &ANA) else { return };
    let len = 2 + usize::from(u16::from_be_bytes([plain[0], plain[1]]));
    assert_eq!(plain.len(), len.next_multiple_of(CONSENT_STEP), "a consent has one length");
    assert!(plain[len..].iter().all(|&byte| byte == 0), "padding that is not zero was taken");
    let again = opened.seal(ASK, &ANA.public(), &[6; 32]).unwrap();
    assert_eq!(OpenedConsent::open(&again, ASK, &ANA), Ok(opened));
}
