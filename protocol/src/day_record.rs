//! What strangers keep for a day: the records in the DHT /kith/kad/1.
//!
//! Whoever keeps one can tell that it was signed by the key under which it lies, and nothing else: not whose it is, what it
//! says or is for, or which record of another day is of the same person. Who knows the key that the keys of all days follow
//! from finds and reads it; only who has the secret of that one can write it.

use crate::crypto::blind::{blinded, sign_blinded};
use crate::crypto::derive;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey, VerifyKey};
use crate::crypto::stream::{OpeningStream, SealingStream, TAG};
use crate::limits;
use crate::nearby::Day;
use crate::time::Timestamp;
use crate::wire::WireError;

/// The version of the record: its first byte.
const VERSION: u8 = 1;
/// Version, day, second of the day.
const HEAD: usize = 1 + 4 + 4;
/// What sealing begins with.
const ENC: usize = 32;
const SIGNATURE: usize = 64;
/// Bytes inside the seal: a length, what is said, and zeros.
const INSIDE: usize = limits::PRESENCE_RECORD - HEAD - ENC - TAG - SIGNATURE;
/// Bytes that a record can say.
pub const ROOM: usize = INSIDE - 2;

const SIGNED: &[u8] = b"kith/1/presence record";

/// What a record says. From one key follow other keys of the day, and another seal, for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The label of the key of the day.
    pub day_key: &'static str,
    /// The label of the seal.
    pub content: &'static str,
}

impl Subject {
    /// The key of a day; `None` if `base` is no key that has any.
    pub fn key_of(&self, base: &[u8; 32], day: Day) -> Option<DayKey> {
        blinded(base, &day.0.to_be_bytes(), self.day_key).map(DayKey)
    }

    fn seal_of(&self, base: &[u8; 32], day: Day) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(derive(base, &day.0.to_be_bytes(), self.content)))
    }
}

/// The key of one day: where a record of that day lies, and what it is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayKey(VerifyKey);

impl DayKey {
    /// Reads a key.
    ///
    /// # Errors
    /// If it is none, or a weak one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, WireError> {
        VerifyKey::from_bytes(bytes).map(Self)
    }

    /// Its bytes: the key of the record in the DHT.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl PartialOrd for DayKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DayKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

/// A record whose signature is right; there is no other.
#[derive(Clone, PartialEq, Eq)]
pub struct DayRecord {
    key: DayKey,
    day: Day,
    second: u32,
    bytes: [u8; limits::PRESENCE_RECORD],
}

impl DayRecord {
    /// Seals and signs what is said, for the day of `now`. `None` if it is more than [`ROOM`].
    pub fn sign(said: &[u8], subject: &Subject, secret: &SecretSeed, now: Timestamp, seed: [u8; 32]) -> Option<Self> {
        let (day, second) = (Day::of(now), u32::try_from(now.secs() % limits::DAY).ok()?);
        if said.len() > ROOM {
            return None;
        }
        let mut plain = [&u16::try_from(said.len()).ok()?.to_be_bytes()[..], said].concat();
        plain.resize(INSIDE, 0);
        let base = SigningKey::from_seed(secret).verify_key();
        let seal = subject.seal_of(base.as_bytes(), day).public();
        let (mut stream, enc) = SealingStream::begin(&seal, subject.content, seed).ok()?;
        let sealed = stream.seal(&plain, true).ok()?;
        let mut bytes = [&[VERSION][..], &day.0.to_be_bytes(), &second.to_be_bytes(), &enc, &sealed].concat();
        let message = [SIGNED, &bytes].concat();
        let (key, signature) = sign_blinded(secret, &day.0.to_be_bytes(), subject.day_key, &message)?;
        bytes.extend_from_slice(&signature);
        Some(Self { key: DayKey(key), day, second, bytes: bytes.try_into().ok()? })
    }

    /// Reads the record that lies under a key.
    ///
    /// # Errors
    /// If it is none, or was not signed with that key.
    pub fn read(key: &[u8], bytes: &[u8]) -> Result<Self, WireError> {
        let key = DayKey::from_bytes(key.try_into().map_err(|_| WireError::Truncated)?)?;
        let bytes: [u8; limits::PRESENCE_RECORD] =
            bytes.try_into().map_err(|_| WireError::OutOfRange("the size of a record"))?;
        let (body, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(WireError::Truncated)?;
        let (&[version, d0, d1, d2, d3, s0, s1, s2, s3], _) =
            body.split_first_chunk::<HEAD>().ok_or(WireError::Truncated)?;
        let (day, second) = (Day(u32::from_be_bytes([d0, d1, d2, d3])), u32::from_be_bytes([s0, s1, s2, s3]));
        if version != VERSION || u64::from(second) >= limits::DAY {
            return Err(WireError::OutOfRange("the head of a record"));
        }
        if !key.0.verifies(&[SIGNED, body].concat(), signature) {
            return Err(WireError::OutOfRange("the signature of a record"));
        }
        Ok(Self { key, day, second, bytes })
    }

    /// Where it lies.
    pub const fn key(&self) -> DayKey {
        self.key
    }

    /// The bytes that are kept: [`limits::PRESENCE_RECORD`], whatever it says.
    pub const fn as_bytes(&self) -> &[u8; limits::PRESENCE_RECORD] {
        &self.bytes
    }

    /// True if it is of these days: yesterday, today or tomorrow, since clocks differ.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        Day::of(now).around().contains(&self.day)
    }

    /// True if it takes the place of another one under the same key: it was signed later.
    pub const fn replaces(&self, other: &Self) -> bool {
        self.second > other.second
    }

    /// True if it was signed by whoever has the secret of `base`, and for this.
    pub fn is_of(&self, base: &[u8; 32], subject: &Subject) -> bool {
        subject.key_of(base, self.day) == Some(self.key)
    }

    /// What it says, to whoever knows `base`. `None` if it lies under another key, or was sealed for another one.
    pub fn open(&self, base: &[u8; 32], subject: &Subject) -> Option<Vec<u8>> {
        let (_, rest) = self.bytes.split_first_chunk::<HEAD>()?;
        let (enc, rest) = rest.split_first_chunk::<ENC>()?;
        let (sealed, _) = rest.split_last_chunk::<SIGNATURE>()?;
        let seal = subject.seal_of(base, self.day);
        let plain = OpeningStream::begin(&seal, subject.content, enc).ok()?.open(sealed, true).ok()?;
        let (length, rest) = plain.split_first_chunk::<2>()?;
        let (said, zeros) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        (self.is_of(base, subject) && zeros.iter().all(|&byte| byte == 0)).then(|| said.to_vec())
    }
}

impl std::fmt::Debug for DayRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DayRecord({:?}, second {})", self.day, self.second)
    }
}
