//! Secret values are sealed before any file sees them.
//!
//! Sealed form: 12 bytes nonce ‖ ciphertext ‖ 16 bytes tag, ChaCha20-Poly1305 (RFC 8439), with table number ‖ key
//! as associated data, so that a sealed value cannot be moved to another key.
//!
//! Nonces are random. Two of 2³² would meet with a chance of one in 2³³; a home writes a handful of secrets for
//! each person it meets, some 2²⁰ in a lifetime, where the chance is one in 2⁵⁷. A counter would have to be as
//! durable as what it protects, and a home restored from a copy would repeat it.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use kith_protocol::store::StoreError;
use zeroize::Zeroizing;

const NONCE: usize = 12;

/// The key that seals secret values: 32 bytes, kept outside the storage.
#[derive(Clone)]
pub struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    /// A vault key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals `value`, which stands under `key` (table number first).
    pub(crate) fn seal(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), Payload { msg: value, aad: key });
        let sealed = sealed.map_err(|_| StoreError::TooLarge)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`VaultKey::seal`] made for the same key.
    pub(crate) fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::Damaged("a secret does not open with this vault key".to_owned());
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: key });
        opened.map_err(|_| damaged())
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("VaultKey(hidden)")
    }
}

/// Fills `bytes` from the system's source of randomness.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::Disk(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_with_its_vault_key_and_under_its_own_name() {
        let ana = VaultKey::new([1; 32]);
        let sealed = ana.seal(b"\x02root", b"Ana's root key").unwrap();
        assert_eq!(ana.open(b"\x02root", &sealed).unwrap(), b"Ana's root key");
        ana.open(b"\x02node", &sealed).expect_err("moved to another key");
        VaultKey::new([2; 32]).open(b"\x02root", &sealed).expect_err("another vault key");
        for cut in 0..sealed.len() {
            ana.open(b"\x02root", &sealed[..cut]).expect_err("cut short");
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_the_same_way_twice() {
        let ana = VaultKey::new([1; 32]);
        assert_ne!(ana.seal(b"k", b"v").unwrap(), ana.seal(b"k", b"v").unwrap());
        assert_eq!(format!("{ana:?}"), "VaultKey(hidden)");
    }
}
