//! The bounds of what one node holds for others, each with its reason.

use kith_protocol::limits::{DAY, LETTER_LIFE};

/// Parcels under one label: an outbox holds 256 letters for one person, and the newest news takes the place of older.
pub(super) const PARCELS_OF_LABEL: usize = 64;
/// Bytes under one label: sixteen of the largest letters.
pub(super) const BYTES_OF_LABEL: u64 = 1024 * 1024;
/// Bytes in one slot, for each parcel that may lie there: a claim with its card is of this size class.
pub(super) const BYTES_OF_CLAIM: u64 = 16 * 1024;
/// Parcels in one mailbox: a busy month.
pub(super) const PARCELS_OF_BOX: usize = 4_096;
/// Bytes in one mailbox.
pub(super) const BYTES_OF_BOX: u64 = 32 * 1024 * 1024;
/// Bytes of parcels in all, if the owner says nothing: a host gives a fraction of a small disk.
pub const BYTES: u64 = 1024 * 1024 * 1024;
/// Mailboxes in all: a contact list.
pub(super) const BOXES: usize = 1_024;
/// Mailboxes of one node: the one it uses, and one whose key it is about to leave behind.
pub(super) const BOXES_OF_OWNER: usize = 2;
/// How long a parcel is held: its letter lives no longer.
pub(super) const PARCEL_LIFE: u64 = LETTER_LIFE;
/// A mailbox whose owner was not heard of for so long is given up: longer than anything in it lives.
pub(super) const SILENCE: u64 = 45 * DAY;
/// How exactly it is known when an owner was heard of: a word a day is written down.
pub(super) const HEARD: u64 = DAY;
