//! The few cryptographic operations of Kith, each a thin face over a library.
//!
//! | what | how | where |
//! |---|---|---|
//! | signatures | Ed25519, strict verification, weak keys refused (RFC 8032) | [`sign`] |
//! | sealing | HPKE, X25519 + HKDF-SHA256 + ChaCha20-Poly1305, PSK mode (RFC 9180) | [`seal`] |
//! | agreement | X25519 between Ed25519 keys (RFC 7748) | [`sign::agree`] |
//! | keys of a day | Ed25519 keys, blinded (Tor rend-spec-v3, appendix A.2) | [`blind`] |
//! | sealing of files | the same in base mode, message after message | [`stream`] |
//! | derivation, tags | HKDF-SHA256, HMAC-SHA256 (RFC 5869, RFC 2104) | [`derive()`], [`tag`] |
//! | randomness | ChaCha20 from a seed that is given from outside | [`Random`] |

pub mod blind;
pub mod seal;
pub mod sign;
pub mod stream;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// All randomness of one step, drawn from 32 bytes that the caller got from the operating system or, in a
/// simulation, from its own seed.
pub struct Random(ChaCha20Rng);

impl Random {
    /// A stream of random bytes that depends on `seed` alone.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The generator, for libraries that ask for one.
    pub(crate) fn generator(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }
}

/// SHA-256 over the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HKDF-SHA256 (RFC 5869): `N` ≤ 64 bytes for `purpose`, which no other use of `secret` shares.
pub fn derive<const N: usize>(secret: &[u8], salt: &[u8], purpose: &str) -> [u8; N] {
    const { assert!(N <= 64) };
    let mut derived = [0; N];
    let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand(purpose.as_bytes(), &mut derived);
    // HKDF-SHA256 refuses only outputs longer than 255 blocks of 32 bytes; ours are at most two.
    debug_assert!(expanded.is_ok());
    derived
}

/// HMAC-SHA256 over the parts. Callers give parts of fixed length, so that no two inputs run together.
pub fn tag(secret: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    // RFC 2104 §2: a key shorter than a block of the hash is filled up with zeros.
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(purpose.as_bytes());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first `N` bytes of a hash or tag: cutting keeps the bytes as hard to guess as there are of them.
pub fn cut<const N: usize>(full: &[u8; 32]) -> [u8; N] {
    const { assert!(N <= 32) };
    let mut first = [0; N];
    first.copy_from_slice(full.split_at(N).0);
    first
}

/// Compares in a time that does not depend on where the difference is.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
