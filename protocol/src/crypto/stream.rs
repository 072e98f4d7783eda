//! Sealing of what is too long for one message: HPKE (RFC 9180) in base mode, whose context counts the messages, so that
//! none can be left out, doubled or put elsewhere. Whether one is the last goes along as associated data.

use hpke::aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256 as Suite;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};

use super::Random;
use super::seal::{BadKey, CannotOpen, DecryptionKey, EncryptionKey};

/// Bytes that sealing adds to each message.
pub const TAG: usize = 16;

/// Seals message after message to one key.
pub struct SealingStream(AeadCtxS<ChaCha20Poly1305, HkdfSha256, Suite>);

impl SealingStream {
    /// Begins; the 32 bytes go to whoever opens. `seed` is used for this stream alone.
    pub fn begin(to: &EncryptionKey, purpose: &str, seed: [u8; 32]) -> Result<(Self, [u8; 32]), BadKey> {
        let public = <Suite as Kem>::PublicKey::from_bytes(&to.0).map_err(|_| BadKey)?;
        let mut random = Random::new(seed);
        let (enc, context) = setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeS::Base,
            &public,
            purpose.as_bytes(),
            random.generator(),
        )
        .map_err(|_| BadKey)?;
        Ok((Self(context), enc.to_bytes().into()))
    }

    /// The next message, sealed.
    pub fn seal(&mut self, plain: &[u8], is_last: bool) -> Result<Vec<u8>, BadKey> {
        self.0.seal(plain, &[u8::from(is_last)]).map_err(|_| BadKey)
    }
}

/// Opens what [`SealingStream`] sealed, in the same order.
pub struct OpeningStream(AeadCtxR<ChaCha20Poly1305, HkdfSha256, Suite>);

impl OpeningStream {
    /// Begins with the 32 bytes that sealing began with.
    pub fn begin(with: &DecryptionKey, purpose: &str, enc: &[u8; 32]) -> Result<Self, CannotOpen> {
        let enc = <Suite as Kem>::EncappedKey::from_bytes(enc).map_err(|_| CannotOpen)?;
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, Suite>(&OpModeR::Base, with.secret(), &enc, purpose.as_bytes())
            .map(Self)
            .map_err(|_| CannotOpen)
    }

    /// The next message, opened.
    pub fn open(&mut self, sealed: &[u8], is_last: bool) -> Result<Vec<u8>, CannotOpen> {
        self.0.open(sealed, &[u8::from(is_last)]).map_err(|_| CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sign::SecretSeed;

    fn ana() -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed([3; 32]))
    }

    fn sealed() -> (Vec<Vec<u8>>, [u8; 32]) {
        let (mut stream, enc) = SealingStream::begin(&ana().public(), "test", [5; 32]).unwrap();
        let messages = [("one", false), ("two", false), ("three", true)];
        (messages.map(|(text, is_last)| stream.seal(text.as_bytes(), is_last).unwrap()).to_vec(), enc)
    }

    #[test]
    fn messages_open_in_their_order_and_in_no_other() {
        let (messages, enc) = sealed();
        let begin = || OpeningStream::begin(&ana(), "test", &enc).unwrap();
        let mut stream = begin();
        let opened: Vec<_> =
            messages.iter().enumerate().map(|(at, sealed)| stream.open(sealed, at == 2).unwrap()).collect();
        assert_eq!(opened, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(begin().open(&messages[1], false), Err(CannotOpen), "one was left out");
        let mut stream = begin();
        stream.open(&messages[0], false).unwrap();
        assert_eq!(stream.open(&messages[0], false), Err(CannotOpen), "one came twice");
        assert_eq!(stream.open(&messages[1], true), Err(CannotOpen), "cut short");
    }

    #[test]
    fn another_key_or_purpose_opens_nothing() {
        let (messages, enc) = sealed();
        let bo = DecryptionKey::from_seed(&SecretSeed([4; 32]));
        for (key, purpose) in [(bo, "test"), (ana(), "other")] {
            let mut stream = OpeningStream::begin(&key, purpose, &enc).unwrap();
            assert_eq!(stream.open(&messages[0], false), Err(CannotOpen));
        }
    }
}
