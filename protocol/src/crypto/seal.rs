//! Sealing with HPKE (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, PSK mode.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256 as Suite;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, setup_receiver, setup_sender_with_rng};

use super::sign::SecretSeed;
use super::{Random, derive, sha256};
use crate::wire::{Reader, Wire, WireError, Writer};

/// Bytes that sealing adds: the encapsulated key and the tag.
pub const OVERHEAD: usize = 32 + 16;

const INFO: &[u8] = b"kith/1/letter";

/// A public X25519 key to seal to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncryptionKey(pub [u8; 32]);

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncryptionKey({:02x?}…)", self.0.split_at(4).0)
    }
}

impl Wire for EncryptionKey {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        <[u8; 32]>::decode(reader).map(Self)
    }
}

/// A secret X25519 key, kept as the seed that `DeriveKeyPair` (RFC 9180 §7.1.3) turns into it.
#[derive(Clone)]
pub struct DecryptionKey {
    secret: <Suite as Kem>::PrivateKey,
    public: EncryptionKey,
}

impl DecryptionKey {
    /// The key pair of a seed.
    pub fn from_seed(seed: &SecretSeed) -> Self {
        let (secret, public) = Suite::derive_keypair(&seed.0);
        let public = EncryptionKey(public.to_bytes().into());
        Self { secret, public }
    }

    pub(super) const fn secret(&self) -> &<Suite as Kem>::PrivateKey {
        &self.secret
    }

    /// The public half.
    pub const fn public(&self) -> EncryptionKey {
        self.public
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecryptionKey(of {:?})", self.public)
    }
}

/// A sealed or opened message with a key that exactly its sender and its opener know.
pub struct Crossing {
    /// The sealed bytes, or the opened ones.
    pub bytes: Vec<u8>,
    /// Exported from the HPKE context (RFC 9180 §5.3): whoever knows it has sealed or opened this message.
    pub receipt_key: [u8; 32],
}

/// A key that cannot be sealed to: a point of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be sealed to this key")]
pub struct BadKey;

/// A message that was not sealed to this key with this pre-shared key, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be opened")]
pub struct CannotOpen;

/// Seals `plain` to `to` under `psk`.
///
/// The same `seed` may be used again: the ephemeral key is drawn from the seed together with all that goes
/// in, so the same message gets the same bytes and another message another key.
pub fn seal(to: &EncryptionKey, psk: &[u8; 32], plain: &[u8], seed: &[u8; 32]) -> Result<Crossing, BadKey> {
    let inputs = sha256(&[&to.0, psk, plain]);
    let mut random = Random::new(derive(seed, &inputs, "kith/1/seal ephemeral"));
    let public = <Suite as Kem>::PublicKey::from_bytes(&to.0).map_err(|_| BadKey)?;
    let mode = OpModeS::Psk(PskBundle::new(psk, INFO).map_err(|_| BadKey)?);
    let (enc, mut context) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(&mode, &public, INFO, random.generator())
            .map_err(|_| BadKey)?;
    let sealed = context.seal(plain, b"").map_err(|_| BadKey)?;
    let mut receipt_key = [0; 32];
    context.export(RECEIPT, &mut receipt_key).map_err(|_| BadKey)?;
    Ok(Crossing { bytes: [&enc.to_bytes()[..], &sealed].concat(), receipt_key })
}

/// True if something can be sealed to a key of somebody else's choice.
pub fn is_usable(to: &EncryptionKey) -> bool {
    seal(to, &[0; 32], b"", &[0; 32]).is_ok()
}

/// Opens what [`seal`] made.
pub fn open(with: &DecryptionKey, psk: &[u8; 32], sealed: &[u8]) -> Result<Crossing, CannotOpen> {
    let (enc, sealed) = sealed.split_at_checked(32).ok_or(CannotOpen)?;
    let enc = <Suite as Kem>::EncappedKey::from_bytes(enc).map_err(|_| CannotOpen)?;
    let mode = OpModeR::Psk(PskBundle::new(psk, INFO).map_err(|_| CannotOpen)?);
    let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, Suite>(&mode, &with.secret, &enc, INFO)
        .map_err(|_| CannotOpen)?;
    let bytes = context.open(sealed, b"").map_err(|_| CannotOpen)?;
    let mut receipt_key = [0; 32];
    context.export(RECEIPT, &mut receipt_key).map_err(|_| CannotOpen)?;
    Ok(Crossing { bytes, receipt_key })
}

const RECEIPT: &[u8] = b"kith/1/receipt";

#[cfg(test)]
mod tests {
    use super::*;

    fn bo() -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed([4; 32]))
    }

    #[test]
    fn bo_opens_what_was_sealed_to_him_and_both_know_the_receipt_key() {
        let sealed = seal(&bo().public(), &[1; 32], b"hello Bo", &[9; 32]).unwrap();
        assert_eq!(sealed.bytes.len(), b"hello Bo".len() + OVERHEAD);
        let opened = open(&bo(), &[1; 32], &sealed.bytes).unwrap();
        assert_eq!(opened.bytes, b"hello Bo");
        assert_eq!(opened.receipt_key, sealed.receipt_key);
    }

    #[test]
    fn a_wrong_key_secret_or_byte_opens_nothing() {
        let sealed = seal(&bo().public(), &[1; 32], b"hello Bo", &[9; 32]).unwrap().bytes;
        let chi = DecryptionKey::from_seed(&SecretSeed([5; 32]));
        assert!(open(&chi, &[1; 32], &sealed).is_err());
        assert!(open(&bo(), &[2; 32], &sealed).is_err());
        for at in [0, 31, 32, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&bo(), &[1; 32], &changed).is_err(), "byte {at}");
        }
        assert!(open(&bo(), &[1; 32], &sealed[..40]).is_err());
    }

    #[test]
    fn the_same_seed_never_gives_two_messages_one_ephemeral_key() {
        let one = seal(&bo().public(), &[1; 32], b"one", &[9; 32]).unwrap().bytes;
        let same = seal(&bo().public(), &[1; 32], b"one", &[9; 32]).unwrap().bytes;
        let other = seal(&bo().public(), &[1; 32], b"two", &[9; 32]).unwrap().bytes;
        assert_eq!(one, same);
        assert_ne!(one[..32], other[..32]);
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        assert!(seal(&EncryptionKey([0; 32]), &[1; 32], b"x", &[9; 32]).is_err());
    }
}
