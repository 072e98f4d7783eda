//! Mailboxes: a node holds sealed letters for its owner's contacts while theirs is asleep. /kith/mailbox/1.
//!
//! ```text
//! owner     → host   Keep, Collect, Take, Close     by the key of the mailbox, which the owner drew
//! depositor → host   Leave                          by a pass that the owner gave, or by the secret of a code
//! contact   → host   Post, Seek                     to put a record of a day into the DHT, or look for one
//! ```
//!
//! A host learns peer ids, sizes and times, and that what lies under one label comes from one hand; no names, and
//! nothing of what is written.

use crate::address::Hint;
use crate::crypto::seal::{BadKey, CannotOpen, DecryptionKey};
use crate::crypto::sign::SecretSeed;
use crate::crypto::stream::{OpeningStream, SealingStream};
use crate::crypto::{cut, derive, same, tag};
use crate::day_record::{DayKey, DayRecord};
use crate::hello::SharedSecret;
use crate::id::{Locator, MailboxId, PeerId, PersonId};
use crate::limits;
use crate::time::Timestamp;
use crate::wire::{self, Bytes, Reader, Wire, WireError, Writer};

/// The longest request or response: what a frame can announce.
pub const MESSAGE: usize = 65_535;

/// Bytes of an answer that is left in a mailbox.
pub const SLIP: usize = 64;

/// Shows that its bearer may leave something under one label.
pub type Token = [u8; 16];

/// What a mailbox is opened by: drawn by its owner, known to owner and host.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct MailboxKey([u8; 32]);

impl MailboxKey {
    /// Takes 32 bytes that are already uniform.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// How depositors name the mailbox.
    pub fn id(&self) -> MailboxId {
        MailboxId(derive(&self.0, b"", "kith/1/mailbox id"))
    }

    /// Under which label a person's letters lie. Says nothing about the person to whoever does not hold their id.
    pub fn label(&self, person: PersonId) -> Locator {
        Locator(cut(&tag(&self.0, "kith/1/mailbox label", &[&person.0])))
    }

    /// What shows that something may be left under this label.
    pub fn token(&self, label: &Locator) -> Token {
        self.lock().token(label)
    }

    /// What its host keeps of it.
    pub fn lock(&self) -> Lock {
        Lock {
            mailbox: self.id(),
            owner: derive(&self.0, b"", "kith/1/mailbox owner"),
            tokens: derive(&self.0, b"", "kith/1/mailbox tokens"),
        }
    }
}

crate::wire_map! {
    /// What a host keeps of a key: enough to know it again and to know the tokens of all labels, so that no list of contacts
    /// has to lie with it; and not enough to collect.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Lock {
        /// How depositors name the mailbox.
        1 => pub mailbox: MailboxId,
        /// Follows from the key, and the key does not follow from it.
        2 => owner: [u8; 32],
        /// What tokens are made of.
        3 => tokens: [u8; 32],
    }
}

impl Lock {
    /// True if this is the key.
    pub fn fits(&self, key: &MailboxKey) -> bool {
        same(&self.owner, &key.lock().owner)
    }

    /// True if the token is the one of this label.
    pub fn admits(&self, label: &Locator, token: &Token) -> bool {
        same(&self.token(label), token)
    }

    fn token(&self, label: &Locator) -> Token {
        cut(&tag(&self.tokens, "kith/1/mailbox token", &[&label.0]))
    }
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lock(of {:?})", self.mailbox)
    }
}

impl std::fmt::Debug for MailboxKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailboxKey(hidden)")
    }
}

impl Wire for MailboxKey {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        <[u8; 32]>::decode(reader).map(Self)
    }
}

crate::wire_map! {
    /// What the owner of a mailbox gives a contact: where it is, and the right to leave letters there.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Pass {
        /// The node that holds it.
        1 => pub host: PeerId,
        /// Where anybody can reach that node; at most [`limits::MAILBOX_ADDRESSES`].
        2 => pub hints: Vec<Hint>,
        /// Which of the mailboxes there.
        3 => pub mailbox: MailboxId,
        /// The label of this contact.
        4 => pub label: Locator,
        /// Fits the label.
        5 => pub token: Token,
    }
}

impl Pass {
    /// True if it has addresses, and no more than may be.
    pub fn is_bounded(&self) -> bool {
        (1..=limits::MAILBOX_ADDRESSES).contains(&self.hints.len())
    }
}

/// What a code is to a mailbox: whoever holds its secret can name the place, and shows by the token that they do.
impl SharedSecret {
    /// The label under which claims of this code are left.
    pub fn mailbox_label(&self) -> Locator {
        Locator(derive(self.as_bytes(), b"", "kith/1/mailbox code label"))
    }

    /// What shows that a claim may be left there.
    pub fn mailbox_token(&self) -> Token {
        derive(self.as_bytes(), b"", "kith/1/mailbox code token")
    }

    /// Both ends of the seal on the door of this code.
    fn door_key(&self) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(derive(self.as_bytes(), b"", "kith/1/mailbox door")))
    }
}

crate::wire_map! {
    /// Where the owner of a code is now. No identity and no card: who filmed the code learns what dialling one of its
    /// addresses would show them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Door {
        /// The owner's node.
        1 => pub peer: PeerId,
        /// Where it may be reached; at most [`limits::ADDRESSES`].
        2 => pub hints: Vec<Hint>,
    }
}

/// A sealed [`Door`].
pub type SealedDoor = Bytes<{ limits::MAILBOX_DOOR }>;

const DOOR: &str = "kith/1/mailbox door";

impl Door {
    /// Seals it for whoever holds the secret of the code. `seed` is used for this alone.
    ///
    /// # Errors
    /// If it is larger than any honest one.
    pub fn seal(&self, secret: &SharedSecret, seed: [u8; 32]) -> Result<SealedDoor, BadKey> {
        let (mut stream, enc) = SealingStream::begin(&secret.door_key().public(), DOOR, seed)?;
        let sealed = stream.seal(&wire::encode(self), true)?;
        Bytes::new([&enc[..], &sealed].concat()).map_err(|_| BadKey)
    }

    /// Opens it with the secret of the code.
    ///
    /// # Errors
    /// If it was sealed under another secret, or says more than it may.
    pub fn open(sealed: &SealedDoor, secret: &SharedSecret) -> Result<Self, CannotOpen> {
        let (enc, sealed) = sealed.as_slice().split_first_chunk::<32>().ok_or(CannotOpen)?;
        let plain = OpeningStream::begin(&secret.door_key(), DOOR, enc)?.open(sealed, true)?;
        let door: Self = wire::decode(&plain).map_err(|_| CannotOpen)?;
        if door.hints.len() <= limits::ADDRESSES { Ok(door) } else { Err(CannotOpen) }
    }
}

crate::wire_map! {
    /// A place in a mailbox for the claims of one code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Slot {
        /// [`SharedSecret::mailbox_label`].
        1 => pub label: Locator,
        /// [`SharedSecret::mailbox_token`].
        2 => pub token: Token,
        /// When it is cleared away.
        3 => pub until: Timestamp,
        /// Parcels that may lie in it at once.
        4 => pub most: u16,
        /// What whoever leaves something there is told; empty for nothing.
        5 => pub door: SealedDoor,
    }
}

/// What is left in a mailbox: a sealed letter, or an answer to one, which names nobody.
pub type Parcel = Bytes<{ limits::LETTER }>;

/// True if something of this length may be left: a size class of letters, or a slip.
pub fn is_parcel(length: usize) -> bool {
    length == SLIP || limits::LETTER_CLASSES.contains(&length)
}

crate::wire_map! {
    /// A parcel that waits for its owner.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Held {
        /// Its number in this mailbox, rising, from 1.
        1 => pub number: u64,
        /// Under which label it was left.
        2 => pub label: Locator,
        /// The parcel.
        3 => pub parcel: Parcel,
    }
}

crate::wire_map! {
    /// Leaves a parcel. Without a mailbox it is for the slot of a code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Leave {
        /// Which mailbox, where a pass was given.
        1 => pub mailbox: Option<MailboxId>,
        /// The label.
        2 => pub label: Locator,
        /// Fits the label.
        3 => pub token: Token,
        /// What is left; of a length that [`is_parcel`] allows.
        4 => pub parcel: Parcel,
        /// True if it takes the place of what lies under this label and was left as such: of some news only the newest
        /// counts.
        5 => pub replaces: bool,
    }
}

crate::wire_map! {
    /// Opens a mailbox, or says anew which codes lead to it and whose passes are void: both lists are whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Keep {
        /// The key.
        1 => pub key: MailboxKey,
        /// The places for claims; at most [`limits::MAILBOX_SLOTS`].
        2 => pub slots: Vec<Slot>,
        /// Labels of people who may leave nothing any more; at most [`limits::MAILBOX_VOID`].
        3 => pub void: Vec<Locator>,
    }
}

crate::wire_map! {
    /// Asks for what lies there.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Collect {
        /// The key.
        1 => pub key: MailboxKey,
        /// Parcels with higher numbers.
        2 => pub after: u64,
        /// Seconds to wait for one if there is none; at most [`limits::MAILBOX_WAIT`].
        3 => pub wait: u8,
    }
}

crate::wire_map! {
    /// Says that parcels are safe with their owner, so that the host forgets them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Take {
        /// The key.
        1 => pub key: MailboxKey,
        /// Their numbers; at most [`limits::MAILBOX_TAKEN`].
        2 => pub numbers: Vec<u64>,
    }
}

crate::wire_map! {
    /// Gives the mailbox up, with all that lies in it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Close {
        /// The key.
        1 => pub key: MailboxKey,
    }
}

/// What is asked of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Kind 1.
    Leave(Leave),
    /// Kind 2.
    Keep(Keep),
    /// Kind 3.
    Collect(Collect),
    /// Kind 4.
    Take(Take),
    /// Kind 5.
    Close(Close),
    /// Kind 6: put this where the DHT keeps it, so that those who keep it see another node than the asker's.
    Post(Box<DayRecord>),
    /// Kind 7: look in the DHT for what lies under this key.
    Seek(DayKey),
}

impl Request {
    /// The bytes on the wire: the kind, and what it says.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Leave(leave) => (1, wire::encode(leave)),
            Self::Keep(keep) => (2, wire::encode(keep)),
            Self::Collect(collect) => (3, wire::encode(collect)),
            Self::Take(take) => (4, wire::encode(take)),
            Self::Close(close) => (5, wire::encode(close)),
            Self::Post(record) => (6, with_key(record)),
            Self::Seek(key) => (7, key.as_bytes().to_vec()),
        };
        [&[kind][..], &body].concat()
    }

    /// Reads exactly one request that keeps to all bounds.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let (kind, body) = bytes.split_first().ok_or(WireError::Truncated)?;
        let request = match kind {
            1 => Self::Leave(wire::decode(body)?),
            2 => Self::Keep(wire::decode(body)?),
            3 => Self::Collect(wire::decode(body)?),
            4 => Self::Take(wire::decode(body)?),
            5 => Self::Close(wire::decode(body)?),
            6 => Self::Post(Box::new(record(body)?)),
            7 => Self::Seek(DayKey::from_bytes(body.try_into().map_err(|_| WireError::Truncated)?)?),
            _ => return Err(WireError::OutOfRange("the kind of a request")),
        };
        if request.is_bounded() { Ok(request) } else { Err(WireError::TooLarge("a request to a mailbox")) }
    }

    fn is_bounded(&self) -> bool {
        match self {
            Self::Leave(leave) => is_parcel(leave.parcel.as_slice().len()),
            Self::Keep(keep) => keep.slots.len() <= limits::MAILBOX_SLOTS && keep.void.len() <= limits::MAILBOX_VOID,
            Self::Collect(collect) => u64::from(collect.wait) <= limits::MAILBOX_WAIT,
            Self::Take(take) => take.numbers.len() <= limits::MAILBOX_TAKEN,
            Self::Close(_) | Self::Post(_) | Self::Seek(_) => true,
        }
    }
}

/// A record behind the key under which it lies.
fn with_key(record: &DayRecord) -> Vec<u8> {
    [&record.key().as_bytes()[..], record.as_bytes()].concat()
}

fn record(body: &[u8]) -> Result<DayRecord, WireError> {
    let (key, record) = body.split_first_chunk::<32>().ok_or(WireError::Truncated)?;
    DayRecord::read(key, record)
}

/// What a host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Kind 1: it lies there durably; with the door of the code, if there is one.
    Stored(SealedDoor),
    /// Kind 2: done, durably.
    Done,
    /// Kind 3: what lies there, in the order of its numbers; not always all of it.
    Parcels(Vec<Held>),
    /// Kind 4: no such mailbox, label, token or record, or not for you. Which of them is not said.
    No,
    /// Kind 5: there is no room, for this label, in this mailbox or at this host; or too much was asked for.
    Full,
    /// Kind 6: this lies there.
    Found(Box<DayRecord>),
}

impl Response {
    /// The bytes on the wire: the kind, and what it says.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Stored(door) => [&[1][..], door.as_slice()].concat(),
            Self::Done => vec![2],
            Self::Parcels(parcels) => [&[3][..], &wire::encode(parcels)].concat(),
            Self::No => vec![4],
            Self::Full => vec![5],
            Self::Found(record) => [&[6][..], &with_key(record)].concat(),
        }
    }

    /// Reads exactly one response.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let (kind, body) = bytes.split_first().ok_or(WireError::Truncated)?;
        match (kind, body) {
            (1, door) => Bytes::new(door.to_vec()).map(Self::Stored),
            (2, []) => Ok(Self::Done),
            (3, parcels) => Self::parcels(wire::decode(parcels)?),
            (4, []) => Ok(Self::No),
            (5, []) => Ok(Self::Full),
            (6, found) => record(found).map(|record| Self::Found(Box::new(record))),
            (2 | 4 | 5, _) => Err(WireError::Trailing),
            _ => Err(WireError::OutOfRange("the kind of a response")),
        }
    }

    fn parcels(parcels: Vec<Held>) -> Result<Self, WireError> {
        let are_bounded = parcels.iter().all(|held| is_parcel(held.parcel.as_slice().len()));
        let are_in_order = parcels.is_sorted_by(|one, next| one.number < next.number);
        if are_bounded && are_in_order { Ok(Self::Parcels(parcels)) } else { Err(WireError::OutOfRange("a parcel")) }
    }
}

/// Bytes that a parcel takes in [`Response::Parcels`] beside its own.
pub const PER_PARCEL: usize = 40;

#[cfg(test)]
mod tests;
