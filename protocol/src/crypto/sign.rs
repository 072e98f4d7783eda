//! Ed25519 keys and signatures.

use ed25519_dalek::Signer as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::wire::{Reader, Wire, WireError, Writer};

/// A public Ed25519 key that is a point of large order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyKey(pub(super) ed25519_dalek::VerifyingKey);

impl VerifyKey {
    /// Reads a key, refusing what is no point and weak keys, under which one signature fits many messages.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, WireError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| WireError::OutOfRange("a key"))?;
        if key.is_weak() || !is_canonical(bytes) {
            return Err(WireError::OutOfRange("a key"));
        }
        Ok(Self(key))
    }

    /// The 32 bytes of the key (RFC 8032 §5.1.5).
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// True if `signature` over `message` is by the holder of this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

/// A second encoding of a point would be a second name for one key. Only a coordinate of 2^255 − 19 or more has one
/// (RFC 8032 §5.1.3), and the two points whose sign bit could be either way are weak.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    *first < 0xed || middle.iter().any(|&byte| byte != 0xff) || last & 0x7f != 0x7f
}

impl std::fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyKey({:02x?}…)", &self.as_bytes()[..4])
    }
}

impl Wire for VerifyKey {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self.as_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::from_bytes(&<[u8; 32]>::decode(reader)?)
    }
}

/// A secret Ed25519 key; wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &SecretSeed) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed.0))
    }

    /// The public half. A key from a seed is never weak: its scalar is clamped to a multiple of eight times
    /// a number that is not zero.
    pub fn verify_key(&self) -> VerifyKey {
        VerifyKey(self.0.verifying_key())
    }

    /// Signs; the same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

/// What the holders of two keys have in common and nobody else: X25519 (RFC 7748 §5) between their keys, taken over to
/// Curve25519 (RFC 8032 §5.1.5 for the secret one). A key may serve this beside signatures: Thormarker, "On using the same key
/// pair for Ed25519 and an X25519 based KEM", 2021 (eprint.iacr.org/2021/509).
///
/// It is never zero: a [`VerifyKey`] is of large order.
pub fn agree(mine: &SigningKey, theirs: &VerifyKey) -> SecretSeed {
    let mut scalar = mine.0.to_scalar_bytes();
    let agreed = theirs.0.to_montgomery().mul_clamped(scalar).to_bytes();
    scalar.zeroize();
    SecretSeed(agreed)
}

/// 32 secret bytes from which a key is made; wiped from memory when dropped and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretSeed(pub [u8; 32]);

impl std::fmt::Debug for SecretSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSeed(hidden)")
    }
}

impl Wire for SecretSeed {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        <[u8; 32]>::decode(reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_have_one_secret_in_common_and_it_is_another_one_for_each_two() {
        let [ana, bo, chi] = [1, 2, 3].map(|number| SigningKey::from_seed(&SecretSeed([number; 32])));
        assert_eq!(agree(&ana, &bo.verify_key()), agree(&bo, &ana.verify_key()));
        assert_ne!(agree(&ana, &bo.verify_key()), agree(&ana, &chi.verify_key()));
        assert_ne!(agree(&ana, &ana.verify_key()).0, [0; 32]);
    }

    #[test]
    fn a_key_has_one_spelling() {
        let slow = |bytes: &[u8; 32]| {
            ed25519_dalek::VerifyingKey::from_bytes(bytes)
                .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().as_bytes() == bytes)
        };
        let check = |bytes: [u8; 32]| assert_eq!(VerifyKey::from_bytes(&bytes).is_ok(), slow(&bytes), "{bytes:02x?}");
        // Every coordinate around 2^255 − 19 and every small one, with both signs.
        for sign in [0, 0x80] {
            for low in 0..=255 {
                let mut high = [0xff; 32];
                (high[0], high[31]) = (low, 0x7f | sign);
                check(high);
                let mut small = [0; 32];
                (small[0], small[31]) = (low, sign);
                check(small);
            }
        }
        for number in 0..2_000_u32 {
            check(crate::crypto::sha256(&[&number.to_be_bytes()]));
        }
    }
}
