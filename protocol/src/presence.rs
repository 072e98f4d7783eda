//! Where somebody's node is, as a record that strangers keep for a day: what lies in the DHT /kith/kad/1.
//!
//! Whoever keeps it can tell that it was signed by the key under which it lies, and nothing else: not whose it is, what it
//! says, or which record of another day is of the same person. Contacts find it by the seed that they were given; only
//! the owner can write it.

use crate::address::Hint;
use crate::crypto::blind::{blinded, sign_blinded};
use crate::crypto::derive;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::{SecretSeed, SigningKey, VerifyKey};
use crate::crypto::stream::{OpeningStream, SealingStream, TAG};
use crate::id::PeerId;
use crate::letter::body::RecordBytes;
use crate::limits;
use crate::mailbox::Pass;
use crate::nearby::{Day, PresenceSeed};
use crate::time::Timestamp;
use crate::wire::{self, Reader, Wire, WireError, Writer};

/// The version of the record: its first byte.
const VERSION: u8 = 1;
/// Version, day, second of the day.
const HEAD: usize = 1 + 4 + 4;
/// What sealing begins with.
const ENC: usize = 32;
const SIGNATURE: usize = 64;
/// Bytes inside the seal: a length, what is said, and zeros.
const ROOM: usize = limits::PRESENCE_RECORD - HEAD - ENC - TAG - SIGNATURE;

const DAY_KEY: &str = "kith/1/presence day";
const CONTENT: &str = "kith/1/presence content";
const SIGNED: &[u8] = b"kith/1/presence record";

/// What the keys of somebody's days are made of; they alone hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceSecret(SecretSeed);

impl PresenceSecret {
    /// Takes 32 bytes that are already uniform.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(SecretSeed(bytes))
    }

    /// What contacts are given.
    pub fn seed(&self) -> PresenceSeed {
        PresenceSeed::new(*SigningKey::from_seed(&self.0).verify_key().as_bytes())
    }
}

impl Wire for PresenceSecret {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        SecretSeed::decode(reader).map(Self)
    }
}

/// The key of one day of somebody: where their record of that day lies, and what it is signed with.
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

impl PresenceSeed {
    /// Under which key the record of a day lies; `None` if the seed is one of an earlier version, which had no records.
    pub fn key_of(&self, day: Day) -> Option<DayKey> {
        blinded(self.as_bytes(), &day.0.to_be_bytes(), DAY_KEY).map(DayKey)
    }

    fn content_key(&self, day: Day) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(derive(self.as_bytes(), &day.0.to_be_bytes(), CONTENT)))
    }
}

crate::wire_map! {
    /// A node that holds a mailbox, by where it is now. Who may leave letters there has a pass.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HostAt {
        /// The node.
        1 => pub host: PeerId,
        /// Where anybody can reach it; at most [`limits::MAILBOX_ADDRESSES`].
        2 => pub hints: Vec<Hint>,
    }
}

crate::wire_map! {
    /// "My node is here now", for all contacts alike.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Whereabouts {
        /// The current node grant.
        1 => pub grant: RecordBytes,
        /// As in a presence letter.
        2 => pub counter: u64,
        /// Where the node may be reached.
        3 => pub hints: Vec<Hint>,
        /// Nodes that hold its mailboxes; at most [`limits::MAILBOXES`].
        4 => pub hosts: Vec<HostAt>,
    }
}

impl Whereabouts {
    /// Seals and signs it for the day of `now`. What does not fit is left out: addresses of mailboxes first, which rarely
    /// change. `None` if not even the grant fits.
    pub fn sign(mut self, secret: &PresenceSecret, now: Timestamp, seed: [u8; 32]) -> Option<DayRecord> {
        while wire::encode(&self).len() + 2 > ROOM {
            self.hosts.pop().map(|_| ()).or_else(|| self.hints.pop().map(|_| ()))?;
        }
        let (day, second) = (Day::of(now), u32::try_from(now.secs() % limits::DAY).ok()?);
        let said = wire::encode(&self);
        let mut plain = [&u16::try_from(said.len()).ok()?.to_be_bytes()[..], &said].concat();
        plain.resize(ROOM, 0);
        let (mut stream, enc) = SealingStream::begin(&secret.seed().content_key(day).public(), CONTENT, seed).ok()?;
        let sealed = stream.seal(&plain, true).ok()?;
        let mut bytes = [&[VERSION][..], &day.0.to_be_bytes(), &second.to_be_bytes(), &enc, &sealed].concat();
        let message = [SIGNED, &bytes].concat();
        let (key, signature) = sign_blinded(&secret.0, &day.0.to_be_bytes(), DAY_KEY, &message)?;
        bytes.extend_from_slice(&signature);
        Some(DayRecord { key: DayKey(key), day, second, bytes: bytes.try_into().ok()? })
    }

    fn is_bounded(&self) -> bool {
        let fits = |host: &HostAt| host.hints.len() <= limits::MAILBOX_ADDRESSES;
        self.hints.len() <= limits::ADDRESSES && self.hosts.len() <= limits::MAILBOXES && self.hosts.iter().all(fits)
    }

    /// Passes that were given earlier, with the addresses at which their hosts are now.
    pub fn passes(&self, mut known: Vec<Pass>) -> Vec<Pass> {
        for pass in &mut known {
            if let Some(now) = self.hosts.iter().find(|at| at.host == pass.host && !at.hints.is_empty()) {
                pass.hints.clone_from(&now.hints);
            }
        }
        known
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

    /// What it says, to whoever was given the seed. `None` if it lies under another key, or breaks a bound.
    pub fn open(&self, seed: &PresenceSeed) -> Option<Whereabouts> {
        let (_, rest) = self.bytes.split_first_chunk::<HEAD>()?;
        let (enc, rest) = rest.split_first_chunk::<ENC>()?;
        let (sealed, _) = rest.split_last_chunk::<SIGNATURE>()?;
        let plain = OpeningStream::begin(&seed.content_key(self.day), CONTENT, enc).ok()?.open(sealed, true).ok()?;
        let (length, rest) = plain.split_first_chunk::<2>()?;
        let (said, zeros) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let whereabouts: Whereabouts = wire::decode(said).ok()?;
        let is_ours = seed.key_of(self.day) == Some(self.key) && zeros.iter().all(|&byte| byte == 0);
        (is_ours && whereabouts.is_bounded()).then_some(whereabouts)
    }
}

impl std::fmt::Debug for DayRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DayRecord({:?}, second {})", self.day, self.second)
    }
}

#[cfg(test)]
mod tests;
