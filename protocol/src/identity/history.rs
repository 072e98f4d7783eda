//! Key histories with pre-rotation: each event commits to a key that is used once, for the next event, and lies on no
//! machine (the idea is KERI's). Who steals a machine has its signing key, and cannot take the identity along.
//!
//! ```text
//! inception  {1: k0, 2: SHA-256(r1)}                                        id = SHA-256(inception)
//! rotation   record "rotation" {1: digest before, 2: n, 3: k_n, 4: r_n, 5: SHA-256(r_{n+1})}    signed by r_n
//! compromise record "compromise" {1: n}                                                         signed by r_n
//! ```
//!
//! k_n are signing keys, r_n rotation keys; both come from the words, and only the current k_n is kept. A rotation holds
//! nothing but keys, so its bytes depend on the words and the number alone: recovering twice makes the same rotation,
//! not a fork. Its reason stands apart: without a compromise notice it is routine, with one it is not, and a notice is
//! never taken back.

use crate::crypto::sha256;
use crate::crypto::sign::VerifyKey;
use crate::id::IdentityId;
use crate::limits;
use crate::record::{RecordError, Signed, Signer, Statement, Verified};
use crate::wire::{self, Bytes, WireError};
use crate::words::RecoveryWords;

crate::wire_map! {
    /// The beginning of an identity: 71 bytes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Inception {
        /// The first key, k0.
        1 => pub key: VerifyKey,
        /// SHA-256 of the rotation key that the first rotation must reveal, r1.
        2 => pub next: NextKey,
    }
}

/// SHA-256 of the public rotation key that the next rotation must reveal.
pub type NextKey = [u8; 32];

crate::wire_map! {
    /// A change of the signing key, by the rotation key that the event before committed to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Rotation {
        /// Digest of the event before: the identity id, or the id of the record of the rotation.
        1 => pub previous: [u8; 32],
        /// Number of the signing key that this event brings, from 1.
        2 => pub number: u8,
        /// That signing key.
        3 => pub key: VerifyKey,
        /// The rotation key that the event before committed to; it signs this one.
        4 => pub rotation_key: VerifyKey,
        /// SHA-256 of the rotation key after it.
        5 => pub next: NextKey,
    }
}

impl Statement for Rotation {
    const KIND: &'static str = "rotation";
    const HINTS: bool = false;
}

crate::wire_map! {
    /// Says that the keys before a rotation had fallen into other hands.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Compromise {
        /// Number of the rotation; every key with a smaller number is no longer believed.
        1 => pub number: u8,
    }
}

impl Statement for Compromise {
    const KIND: &'static str = "compromise";
    const HINTS: bool = false;
}

/// Why a key was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// As a habit; what the old key signed stands.
    Routine,
    /// The old key fell into other hands; of what it signed only what was already seen stands.
    Compromised,
}

/// Why a history or an event was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Not well formed.
    #[error("a key event is not well formed: {0}")]
    Record(#[from] RecordError),
    /// Not the history of the identity it is given for.
    #[error("the key history belongs to another identity")]
    OtherIdentity,
    /// An event whose predecessor is not known here.
    #[error("a key event before this one is missing")]
    Gap,
    /// An event that breaks the chain: not the key that was committed to.
    #[error("a key event does not follow from the one before")]
    Broken,
    /// More than [`limits::KEY_EVENTS`] events.
    #[error("the key history is full")]
    Full,
}

impl From<WireError> for HistoryError {
    fn from(error: WireError) -> Self {
        Self::Record(error.into())
    }
}

/// What an event meant to the history it was shown to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// It was known.
    Known,
    /// It came after all that was known, and is now part of the history.
    New,
    /// It is a valid event in the place of another one: two people hold the words, or one wrote two histories.
    /// The first seen stays; both together are the evidence.
    Fork {
        /// The event that was seen first.
        first: Vec<u8>,
        /// The event that contradicts it.
        second: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    key: VerifyKey,
    /// None for the inception.
    rotation_key: Option<VerifyKey>,
    next: NextKey,
    digest: [u8; 32],
    bytes: Vec<u8>,
    compromise: Option<Vec<u8>>,
}

/// The keys of one identity, every one checked against the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    id: IdentityId,
    // Never empty: the first is the inception.
    first: Event,
    later: Vec<Event>,
    /// The number of the newest key of which its holder said that it is given up ([`crate::disowned`]).
    disowned: Option<u8>,
}

crate::wire_map! {
    /// A whole history as bytes, for storing and for a first letter.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HistoryBytes {
        /// The inception.
        1 => pub inception: Inception,
        /// The rotations in order, as records.
        2 => pub rotations: Vec<Bytes<{ limits::RECORD }>>,
        /// Compromise notices, as records, in order of their numbers.
        3 => pub compromises: Vec<Bytes<{ limits::RECORD }>>,
    }
}

impl History {
    /// The history of an identity that begins with these words.
    pub fn begin(words: &RecoveryWords) -> Self {
        let next = key_digest(&words.rotation_key(1).verify_key());
        Self::from_inception(&Inception { key: words.key(0).verify_key(), next })
    }

    /// The history that consists of an inception alone.
    pub fn from_inception(inception: &Inception) -> Self {
        let bytes = wire::encode(inception);
        let digest = sha256(&[&bytes]);
        let first =
            Event { key: inception.key, rotation_key: None, next: inception.next, digest, bytes, compromise: None };
        Self { id: IdentityId(digest), first, later: Vec::new(), disowned: None }
    }

    /// Checks a whole history.
    pub fn from_bytes(bytes: &HistoryBytes) -> Result<Self, HistoryError> {
        let mut history = Self::from_inception(&bytes.inception);
        for event in &bytes.rotations {
            let rotation = Signed::from_bytes(event.as_slice())?;
            only_new(history.learn_rotation(rotation, event.as_slice())?)?;
        }
        for event in &bytes.compromises {
            let notice = Signed::from_bytes(event.as_slice())?;
            only_new(history.learn_compromise(notice, event.as_slice())?)?;
        }
        Ok(history)
    }

    /// A history that this node checked before it stored it: signatures are not checked again.
    pub(crate) fn restore(bytes: &HistoryBytes) -> Self {
        let mut history = Self::from_inception(&bytes.inception);
        for event in &bytes.rotations {
            if let Ok(signed) = Signed::<Rotation>::from_bytes(event.as_slice()) {
                history.push(signed.unverified(), signed.record_id().0, event.as_slice());
            }
        }
        for event in &bytes.compromises {
            if let Ok(signed) = Signed::<Compromise>::from_bytes(event.as_slice())
                && let Some(index) = usize::from(signed.unverified().number).checked_sub(1)
                && let Some(rotation) = history.later.get_mut(index)
            {
                rotation.compromise = Some(event.as_slice().to_vec());
            }
        }
        history
    }

    /// The whole history as bytes.
    pub fn to_bytes(&self) -> HistoryBytes {
        // Every event came through a decoder with this bound, or was made here and is far smaller.
        let bounded = |bytes: &Vec<u8>| Bytes::new(bytes.clone()).unwrap_or_default();
        HistoryBytes {
            inception: Inception { key: self.first.key, next: self.first.next },
            rotations: self.later.iter().map(|event| bounded(&event.bytes)).collect(),
            compromises: self.later.iter().filter_map(|event| event.compromise.as_ref()).map(bounded).collect(),
        }
    }

    /// The identity.
    pub const fn id(&self) -> IdentityId {
        self.id
    }

    /// The number of the current key.
    pub fn current(&self) -> u8 {
        // At most KEY_EVENTS - 1 = 63 rotations are taken in.
        u8::try_from(self.later.len()).unwrap_or(u8::MAX)
    }

    /// The key with this number.
    pub fn key(&self, number: u8) -> Option<&VerifyKey> {
        self.event(number).map(|event| &event.key)
    }

    /// Digest of the newest event.
    pub fn head(&self) -> [u8; 32] {
        self.later.last().unwrap_or(&self.first).digest
    }

    /// True if an event with this digest stands in the history.
    pub fn has_event(&self, digest: &[u8; 32]) -> bool {
        std::iter::once(&self.first).chain(&self.later).any(|event| event.digest == *digest)
    }

    /// True if the key with this number fell into other hands: it was changed for that, or given up by whoever had it.
    pub fn is_compromised(&self, number: u8) -> bool {
        self.disowned.is_some_and(|disowned| number <= disowned)
            || self.later.iter().skip(usize::from(number)).any(|event| event.compromise.is_some())
    }

    /// The number of the newest key of which its holder said that it is given up.
    pub const fn disowned(&self) -> Option<u8> {
        self.disowned
    }

    /// Whoever has the key with this number gave it up, and with it all before.
    pub fn disown(&mut self, number: u8) {
        if number <= self.current() {
            self.disowned = self.disowned.max(Some(number));
        }
    }

    /// Why the key with this number replaced the one before; `None` for the first key.
    pub fn reason(&self, number: u8) -> Option<Reason> {
        let event = self.later.get(usize::from(number).checked_sub(1)?)?;
        Some(if event.compromise.is_some() { Reason::Compromised } else { Reason::Routine })
    }

    /// Every event after the first, rotations and notices, for somebody who has seen so much.
    pub fn since(&self, seen: Seen) -> Vec<Vec<u8>> {
        let rotations = self.later.iter().skip(usize::from(seen.rotations)).map(|event| event.bytes.clone());
        let unseen = |index: usize| seen.notices >> index & 1 == 0;
        let notices = self.later.iter().enumerate().filter(|(index, _)| unseen(*index));
        rotations.chain(notices.filter_map(|(_, event)| event.compromise.clone())).collect()
    }

    /// How much there is to have seen.
    pub fn seen(&self) -> Seen {
        let noticed = self.later.iter().enumerate().filter(|(_, event)| event.compromise.is_some());
        Seen { rotations: self.current(), notices: noticed.fold(0, |bits, (index, _)| bits | 1 << index) }
    }

    /// Takes in one event, a rotation or a compromise notice.
    pub fn learn(&mut self, bytes: &[u8]) -> Result<Learned, HistoryError> {
        match Signed::<Rotation>::from_bytes(bytes) {
            Ok(rotation) => self.learn_rotation(rotation, bytes),
            Err(_) => self.learn_compromise(Signed::from_bytes(bytes)?, bytes),
        }
    }

    /// The next rotation, from the words that the event before committed to, which stay the words.
    pub fn rotate(&self, words: &RecoveryWords) -> Result<Verified<Rotation>, HistoryError> {
        self.rotate_to(words, words)
    }

    /// The next rotation, from the words that the event before committed to, to keys of `fresh` words. From then on
    /// the words of before can rotate no more, and whoever finds them can only write an event in the place of this one.
    pub fn rotate_to(&self, words: &RecoveryWords, fresh: &RecoveryWords) -> Result<Verified<Rotation>, HistoryError> {
        let number = self.current() + 1;
        if usize::from(number) >= limits::KEY_EVENTS {
            return Err(HistoryError::Full);
        }
        let signing = words.rotation_key(number);
        let rotation = Rotation {
            previous: self.head(),
            number,
            key: fresh.key(number).verify_key(),
            rotation_key: signing.verify_key(),
            next: key_digest(&fresh.rotation_key(number + 1).verify_key()),
        };
        self.check_follows(&rotation)?;
        Ok(Verified::sign(rotation, Signer { id: self.id, key: number }, &signing))
    }

    /// The notice that all keys before the current one had fallen into other hands. Needs the words, like the
    /// rotation it belongs to.
    pub fn compromise(&self, words: &RecoveryWords) -> Verified<Compromise> {
        let number = self.current();
        Verified::sign(Compromise { number }, Signer { id: self.id, key: number }, &words.rotation_key(number))
    }

    /// Checks a record against the key that its signer names.
    ///
    /// Nothing that we have not seen before is believed of a key that fell into other hands.
    pub fn verify<T: Statement>(&self, record: Signed<T>) -> Result<Verified<T>, RecordError> {
        let signer = record.claimed_signer();
        if signer.id != self.id || self.is_compromised(signer.key) {
            return Err(RecordError::Key);
        }
        record.verify(self.key(signer.key).ok_or(RecordError::Key)?)
    }

    fn event(&self, number: u8) -> Option<&Event> {
        match number.checked_sub(1) {
            None => Some(&self.first),
            Some(index) => self.later.get(usize::from(index)),
        }
    }

    fn learn_rotation(&mut self, signed: Signed<Rotation>, bytes: &[u8]) -> Result<Learned, HistoryError> {
        if signed.claimed_signer().id != self.id {
            return Err(HistoryError::OtherIdentity);
        }
        let rotation = checked_rotation(signed)?;
        let number = rotation.number;
        if let Some(known) = self.event(number) {
            return self.compare(number, known, &rotation, bytes);
        }
        if usize::from(number) >= limits::KEY_EVENTS {
            return Err(HistoryError::Full);
        }
        if number != self.current() + 1 {
            return Err(HistoryError::Gap);
        }
        self.check_follows(&rotation)?;
        self.push(&rotation, rotation.id().0, bytes);
        Ok(Learned::New)
    }

    fn push(&mut self, rotation: &Rotation, digest: [u8; 32], bytes: &[u8]) {
        let Rotation { key, rotation_key, next, .. } = *rotation;
        let rotation_key = Some(rotation_key);
        self.later.push(Event { key, rotation_key, next, digest, bytes: bytes.to_vec(), compromise: None });
    }

    /// An event in a place that is taken: the same again, or a fork if it would have been right there.
    fn compare(
        &self,
        number: u8,
        known: &Event,
        rotation: &Verified<Rotation>,
        bytes: &[u8],
    ) -> Result<Learned, HistoryError> {
        if known.digest == rotation.id().0 {
            return Ok(Learned::Known);
        }
        let before = number.checked_sub(1).and_then(|before| self.event(before)).ok_or(HistoryError::Broken)?;
        if before.digest != rotation.previous || before.next != key_digest(&rotation.rotation_key) {
            return Err(HistoryError::Broken);
        }
        Ok(Learned::Fork { first: known.bytes.clone(), second: bytes.to_vec() })
    }

    fn check_follows(&self, rotation: &Rotation) -> Result<(), HistoryError> {
        let before = self.later.last().unwrap_or(&self.first);
        let follows = before.digest == rotation.previous && before.next == key_digest(&rotation.rotation_key);
        if follows { Ok(()) } else { Err(HistoryError::Broken) }
    }

    fn learn_compromise(&mut self, signed: Signed<Compromise>, bytes: &[u8]) -> Result<Learned, HistoryError> {
        let signer = signed.claimed_signer();
        if signer.id != self.id {
            return Err(HistoryError::OtherIdentity);
        }
        let event = self.event(signer.key).ok_or(HistoryError::Gap)?;
        let notice = signed.verify(event.rotation_key.as_ref().ok_or(HistoryError::Broken)?)?;
        if notice.number != signer.key {
            return Err(HistoryError::Broken);
        }
        let index = usize::from(notice.number).checked_sub(1).ok_or(HistoryError::Broken)?;
        let event = self.later.get_mut(index).ok_or(HistoryError::Gap)?;
        if event.compromise.is_some() {
            return Ok(Learned::Known);
        }
        event.compromise = Some(bytes.to_vec());
        Ok(Learned::New)
    }
}

/// A rotation is signed by the rotation key that it reveals.
fn checked_rotation(signed: Signed<Rotation>) -> Result<Verified<Rotation>, HistoryError> {
    let signer = signed.claimed_signer();
    let key = signed.unverified().rotation_key;
    let rotation = signed.verify(&key)?;
    if rotation.number == signer.key && rotation.number > 0 { Ok(rotation) } else { Err(HistoryError::Broken) }
}

fn only_new(learned: Learned) -> Result<(), HistoryError> {
    match learned {
        Learned::New => Ok(()),
        Learned::Known | Learned::Fork { .. } => Err(HistoryError::Broken),
    }
}

fn key_digest(key: &VerifyKey) -> NextKey {
    sha256(&[key.as_bytes()])
}

crate::wire_map! {
    /// How many events of a history somebody has seen.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Seen {
        /// Rotations.
        1 => pub rotations: u8,
        /// Compromise notices: bit n - 1 for the one of rotation n.
        2 => pub notices: u64,
    }
}

#[cfg(test)]
mod tests;
