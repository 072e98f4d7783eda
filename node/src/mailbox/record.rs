//! What the files say: one record after another, each with its kind and length in front.

use kith_protocol::id::{Locator, MailboxId, PeerId};
use kith_protocol::mailbox::{Lock, Parcel, Slot};
use kith_protocol::time::Timestamp;
use kith_protocol::wire::{self, Wire};

/// Bytes in front of a record: its kind, and its length.
pub(super) const HEAD: usize = 5;

kith_protocol::wire_map! {
    /// A mailbox as it is from here on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Kept {
        1 => pub lock: Lock,
        2 => pub owner: PeerId,
        /// No parcel before this record has this number or a higher one.
        3 => pub next: u64,
        /// When its owner was last heard of.
        4 => pub heard: Timestamp,
        5 => pub slots: Vec<Slot>,
        6 => pub void: Vec<Locator>,
    }
}

kith_protocol::wire_map! {
    /// A parcel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Stored {
        1 => pub mailbox: MailboxId,
        2 => pub number: u64,
        3 => pub label: Locator,
        4 => pub came: Timestamp,
        /// The next one of this label that replaces takes its place.
        5 => pub replaces: bool,
        6 => pub parcel: Parcel,
    }
}

kith_protocol::wire_map! {
    /// Parcels that are not there any more.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Taken {
        1 => pub mailbox: MailboxId,
        2 => pub numbers: Vec<u64>,
    }
}

kith_protocol::wire_map! {
    /// A mailbox that is not there any more.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Closed {
        1 => pub mailbox: MailboxId,
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Kept(Kept),
    Stored(Stored),
    Taken(Taken),
    Closed(Closed),
}

impl Record {
    /// Kind and body.
    pub fn to_parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Kept(kept) => (1, wire::encode(kept)),
            Self::Stored(stored) => (2, wire::encode(stored)),
            Self::Taken(taken) => (3, wire::encode(taken)),
            Self::Closed(closed) => (4, wire::encode(closed)),
        }
    }

    /// Reads one; `None` if it is of no form that is known here.
    pub fn from_parts(kind: u8, body: &[u8]) -> Option<Self> {
        fn read<T: Wire>(body: &[u8], make: impl Fn(T) -> Record) -> Option<Record> {
            wire::decode(body).ok().map(make)
        }
        match kind {
            1 => read(body, Self::Kept),
            2 => read(body, Self::Stored),
            3 => read(body, Self::Taken),
            4 => read(body, Self::Closed),
            _ => None,
        }
    }
}

/// Takes the first record off: where its body begins, its kind, and the body.
pub(super) fn split_first<'b>(bytes: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let [kind, length @ ..] = head;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *bytes = rest;
    Some((*kind, body))
}
