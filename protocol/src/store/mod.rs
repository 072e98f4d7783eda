//! What the engine asks of a storage: ordered keys in named tables, read one by one or by prefix, and changed
//! by whole steps.
//!
//! The trait is narrow so that two very different implementations can be held to the same conformance suite
//! ([`conformance`]): the in-memory twin here, and the journalled one of the node.

pub mod conformance;
mod memory;

use std::ops::ControlFlow;

pub use memory::MemoryStore;

use crate::limits;

/// Declares the tables with their numbers on disk.
macro_rules! tables {
    ($($(#[$meta:meta])* $number:literal => $name:ident),* $(,)?) => {
        /// A named set of keys. The number is part of the format on disk and is never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table { $($(#[$meta])* $name = $number),* }

        impl Table {
            /// Every table, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The table with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

tables! {
    /// Facts about the home itself: schema version, my identity, my own settings.
    1 => Meta,
    /// Secret keys and shared secrets. A storage keeps these values encrypted.
    2 => Secrets,
    /// Key histories by identity.
    3 => Histories,
    /// People by person id.
    4 => People,
    /// Which person an identity is.
    5 => Identities,
    /// Card views that others gave me, as they signed them, by person.
    6 => Cards,
    /// How to reach a person: node grant and addresses.
    7 => Reach,
    /// Invites that I made.
    8 => Invites,
    /// Which secret a locator means: an invite or a person.
    9 => Doors,
    /// Letters that wait for their receipt, by person and letter.
    10 => Outbox,
    /// Letters that were handled, by sender and letter.
    11 => Handled,
    /// What waits on me.
    12 => Inbox,
    /// Meeting records by person.
    13 => Meetings,
    /// Deadlines by time.
    14 => Deadlines,
    /// Evidence of forked key histories.
    15 => Forks,
    /// Notes of mine about people, by person and time.
    16 => Notes,
    /// Introductions that I asked for, carry or was proposed, by my part in them, person and id.
    17 => Introductions,
    /// Vouches, mine and those of others, by subject, issuer and slot.
    18 => Vouches,
    /// What a person and I wrote to each other, by person and time.
    22 => Correspondence,
    /// People whom contacts handed over to me and whom I have not decided about, by contact and letter.
    23 => Handovers,
    /// Events that I go to.
    24 => Events,
    /// What is to be done for a person, by person.
    25 => FollowUps,
    /// What is due and who was met where, by time: an index that is made from people and follow-ups.
    26 => Agenda,
    /// Captures that were taken in, by the key that the phone gave them.
    27 => Captures,
    /// Cards that visitors left on my public page, those that wait before those that I keep, by person.
    28 => LeftCards,
    /// Codes that nobody used and I did not withdraw, by kind and end: an index that is made from invites.
    29 => OpenCodes,
    /// Codes that I show or showed, the newest first: an index that is made from invites.
    30 => CodesMade,
    /// Mailboxes of mine at contacts' nodes, by contact.
    31 => Mailboxes,
    /// Letters that arrived, kept for a contact who goes on from a backup, by person and number.
    34 => Sent,
    /// What I keep for contacts who may lose everything but their words, by contact and by keeper id.
    35 => Kept,
}

impl Table {
    /// The number of this table on disk.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// True if the values must be encrypted wherever they are written down.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secrets)
    }
}

/// One change: a new value for a key, or none to remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The table.
    pub table: Table,
    /// The key, at most [`limits::STORE_KEY`] bytes.
    pub key: Vec<u8>,
    /// The value, at most [`limits::STORE_VALUE`] bytes; `None` removes the key.
    pub value: Option<Vec<u8>>,
}

impl Write {
    /// True if key and value keep their bounds.
    pub fn is_bounded(&self) -> bool {
        self.key.len() <= limits::STORE_KEY
            && self.value.as_ref().is_none_or(|value| value.len() <= limits::STORE_VALUE)
    }
}

/// Why a storage did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room is left on the disk.
    #[error("the disk is full")]
    Full,
    /// The folder cannot be written.
    #[error("the home cannot be written")]
    ReadOnly,
    /// What was read is not what was written.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// A key or value is larger than any the engine writes.
    #[error("a value is too large to store")]
    TooLarge,
    /// An earlier commit failed, so this storage takes no more until it is opened again.
    #[error("an earlier write failed; the home must be opened again")]
    Failed,
    /// The operating system said no for another reason.
    #[error("the disk answered: {0}")]
    Disk(#[from] std::io::Error),
}

/// Called with key and value for each entry of a scan; says whether to go on.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// Reading.
pub trait Read {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits the entries whose key begins with `prefix` and is not less than `from`, in rising order of keys.
    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError>;
}

/// Reading and changing.
pub trait Store: Read {
    /// Makes all of `writes` durable together, or none of them; later writes to a key win over earlier ones.
    ///
    /// When this returns `Ok`, no crash of the program, the system or the power takes the writes back. After
    /// an error the storage may refuse further commits with [`StoreError::Failed`], and what it holds is what
    /// it held before.
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError>;
}
