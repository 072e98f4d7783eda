//! The file `keys`: what opens the secrets of the storage, and the seed of the node's libp2p key; in the clear, or behind a
//! passphrase of their owner.
//!
//! ```text
//! in the clear        = "kithkey1" ‖ vault key 32 ‖ node seed 32 ‖ CRC-32C of all before
//! behind a passphrase = "kithkey2" ‖ KiB of memory u32 ‖ rounds u32 ‖ lanes u32 ‖ salt 16 ‖ nonce 24
//!                       ‖ XChaCha20-Poly1305 (vault key ‖ node seed) 80 ‖ CRC-32C of all before
//! ```
//!
//! The key of the latter is Argon2id (RFC 9106) of the passphrase, its associated data everything before it, so that nobody
//! makes the next hash cheaper. Numbers are big-endian.

use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use kith_protocol::crypto::sign::SecretSeed;
use zeroize::Zeroizing;

use crate::machine::random;

const CLEAR: &[u8; 8] = b"kithkey1";
const SEALED: &[u8; 8] = b"kithkey2";
const SALT: usize = 16;
const NONCE: usize = 24;
/// Everything before what is sealed.
const HEADER: usize = 8 + 3 * 4 + SALT + NONCE;

/// What a passphrase costs: 64 MiB and three rounds, RFC 9106 §4 for machines with little memory.
const COST: Cost = Cost { memory: 64 * 1024, rounds: 3, lanes: 1 };
/// The most that a file may ask for, so that a damaged one does not take all memory or time.
const MOST: Cost = Cost { memory: 1024 * 1024, rounds: 32, lanes: 16 };

/// Shortest passphrase that is taken, in characters; an offline guess costs a tenth of a second.
pub const SHORTEST: usize = 10;
/// Longest, in bytes.
pub const LONGEST: usize = 1024;

/// A passphrase, which is never printed.
#[derive(Clone)]
pub struct Passphrase(Arc<Zeroizing<String>>);

/// Why a passphrase is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassphrase {
    /// Too easily guessed.
    #[error("a passphrase has at least {SHORTEST} characters")]
    Short,
    /// Too much work.
    #[error("a passphrase has at most {LONGEST} bytes")]
    Long,
}

impl Passphrase {
    /// A passphrase that opens what is sealed already.
    pub fn given(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text))
    }

    /// A passphrase to seal with from now on.
    ///
    /// # Errors
    /// If it is too short or too long.
    pub fn new(text: Zeroizing<String>) -> Result<Self, BadPassphrase> {
        if text.chars().count() < SHORTEST {
            return Err(BadPassphrase::Short);
        }
        if text.len() > LONGEST { Err(BadPassphrase::Long) } else { Ok(Self::given(text)) }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Passphrase(hidden)")
    }
}

/// Why the file gives no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKeys {
    Damaged,
    Locked,
    WrongPassphrase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory: u32,
    rounds: u32,
    lanes: u32,
}

/// What the file holds.
pub(super) struct StoredKeys {
    pub vault: Zeroizing<[u8; 32]>,
    pub node: SecretSeed,
}

/// True if these are the bytes of keys behind a passphrase.
pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(SEALED)
}

impl StoredKeys {
    /// Fresh keys.
    pub fn fresh() -> Self {
        Self { vault: Zeroizing::new(random()), node: SecretSeed(random()) }
    }

    /// The bytes of the file, in the clear or behind a passphrase; none if there is no memory for the hash.
    pub fn to_bytes(&self, passphrase: Option<&Passphrase>) -> Option<Zeroizing<Vec<u8>>> {
        let plain = Zeroizing::new([&self.vault[..], &self.node.0].concat());
        let mut bytes = match passphrase {
            None => Zeroizing::new([&CLEAR[..], &plain].concat()),
            Some(passphrase) => Zeroizing::new(seal(&plain, passphrase)?),
        };
        let checksum = crc32c::crc32c(&bytes).to_be_bytes();
        bytes.extend_from_slice(&checksum);
        Some(bytes)
    }

    /// Reads the bytes of the file.
    pub fn from_bytes(bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, NoKeys> {
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(NoKeys::Damaged)?;
        if crc32c::crc32c(body).to_be_bytes() != *checksum {
            return Err(NoKeys::Damaged);
        }
        if let Some(plain) = body.strip_prefix(CLEAR) {
            return Self::of_plain(plain);
        }
        if !is_sealed(body) {
            return Err(NoKeys::Damaged);
        }
        let plain = open(body, passphrase.ok_or(NoKeys::Locked)?)?;
        Self::of_plain(&plain)
    }

    fn of_plain(plain: &[u8]) -> Result<Self, NoKeys> {
        let (vault, node) = plain.split_first_chunk::<32>().ok_or(NoKeys::Damaged)?;
        let node = node.try_into().map_err(|_| NoKeys::Damaged)?;
        Ok(Self { vault: Zeroizing::new(*vault), node: SecretSeed(node) })
    }
}

fn seal(plain: &[u8], passphrase: &Passphrase) -> Option<Vec<u8>> {
    let (salt, nonce): ([u8; SALT], [u8; NONCE]) = (random(), random());
    let cost = [COST.memory, COST.rounds, COST.lanes].map(u32::to_be_bytes).concat();
    let header = [&SEALED[..], &cost, &salt, &nonce].concat();
    let cipher = cipher(COST, &salt, passphrase)?;
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &header }).ok()?;
    Some([header, sealed].concat())
}

fn open(body: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, NoKeys> {
    let (header, sealed) = body.split_at_checked(HEADER).ok_or(NoKeys::Damaged)?;
    let (cost, salt, nonce) = parts(header).filter(|(cost, ..)| cost.is_bounded()).ok_or(NoKeys::Damaged)?;
    let cipher = cipher(cost, &salt, passphrase).ok_or(NoKeys::Damaged)?;
    let opened = cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: header });
    opened.map(Zeroizing::new).map_err(|_| NoKeys::WrongPassphrase)
}

fn parts(header: &[u8]) -> Option<(Cost, [u8; SALT], [u8; NONCE])> {
    let rest = header.strip_prefix(SEALED)?;
    let (memory, rest) = rest.split_first_chunk::<4>()?;
    let (rounds, rest) = rest.split_first_chunk::<4>()?;
    let (lanes, rest) = rest.split_first_chunk::<4>()?;
    let (salt, nonce) = rest.split_first_chunk::<SALT>()?;
    let number = u32::from_be_bytes;
    let cost = Cost { memory: number(*memory), rounds: number(*rounds), lanes: number(*lanes) };
    Some((cost, *salt, nonce.try_into().ok()?))
}

impl Cost {
    const fn is_bounded(self) -> bool {
        self.memory <= MOST.memory && self.rounds <= MOST.rounds && self.lanes <= MOST.lanes
    }
}

fn cipher(cost: Cost, salt: &[u8], passphrase: &Passphrase) -> Option<XChaCha20Poly1305> {
    let params = Params::new(cost.memory, cost.rounds, cost.lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hash.hash_password_into(passphrase.0.as_bytes(), salt, &mut *key).ok()?;
    Some(XChaCha20Poly1305::new(&Key::from(*key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Passphrase {
        Passphrase::given(Zeroizing::new(text.to_owned()))
    }

    fn keys() -> StoredKeys {
        StoredKeys { vault: Zeroizing::new([7; 32]), node: SecretSeed([8; 32]) }
    }

    #[test]
    fn keys_behind_a_passphrase_come_out_with_it_and_with_nothing_else() {
        let bytes = keys().to_bytes(Some(&words("valves and more valves"))).unwrap();
        assert!(is_sealed(&bytes));
        assert!(!bytes.windows(8).any(|window| window == [7; 8] || window == [8; 8]));
        let opened = StoredKeys::from_bytes(&bytes, Some(&words("valves and more valves"))).ok().unwrap();
        assert_eq!((*opened.vault, opened.node.0), ([7; 32], [8; 32]));
        let refused = |passphrase: Option<Passphrase>| StoredKeys::from_bytes(&bytes, passphrase.as_ref()).err();
        assert_eq!(refused(Some(words("valves and more"))), Some(NoKeys::WrongPassphrase));
        assert_eq!(refused(None), Some(NoKeys::Locked));
    }

    #[test]
    fn a_file_from_before_passphrases_is_read_and_needs_none() {
        let bytes = keys().to_bytes(None).unwrap();
        assert!(bytes.starts_with(b"kithkey1") && bytes.len() == 76);
        assert!(StoredKeys::from_bytes(&bytes, None).is_ok());
        assert!(StoredKeys::from_bytes(&bytes, Some(&words("needless"))).is_ok());
    }

    #[test]
    fn a_changed_byte_is_damage_and_a_file_that_asks_for_too_much_is_not_followed() {
        let bytes = keys().to_bytes(Some(&words("valves and more valves"))).unwrap();
        for at in [3, 9, 30, 70, bytes.len() - 1] {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert_eq!(StoredKeys::from_bytes(&changed, Some(&words("x"))).err(), Some(NoKeys::Damaged), "byte {at}");
        }
        let mut greedy = bytes.to_vec();
        greedy[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
        let end = greedy.len() - 4;
        let checksum = crc32c::crc32c(&greedy[..end]).to_be_bytes();
        greedy[end..].copy_from_slice(&checksum);
        assert_eq!(StoredKeys::from_bytes(&greedy, Some(&words("x"))).err(), Some(NoKeys::Damaged));
    }

    #[test]
    fn a_passphrase_is_neither_short_nor_endless_nor_printed() {
        let new = |text: String| Passphrase::new(Zeroizing::new(text)).err();
        assert_eq!(new("too short".into()), Some(BadPassphrase::Short));
        assert_eq!(new("x".repeat(LONGEST + 1)), Some(BadPassphrase::Long));
        assert_eq!(new("just enough".into()), None);
        assert_eq!(format!("{:?}", words("valves and more valves")), "Passphrase(hidden)");
    }
}
