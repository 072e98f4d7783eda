//! Mailboxes of others: what this node holds for its owner's contacts while theirs are asleep.
//!
//! ```text
//! network ── Ask ──► holder ──► keeper (one thread) ──► storeroom: what may be left, handed out, taken
//!         ◄──── answer ────────┘ many requests, one sync  │
//!                                                         ├─ book      what lies where, in memory
//!                                                         └─ segments  the files: HOME/mailbox/held-<number>.km
//! ```
//!
//! Nothing is called stored, done or taken before it is on the disk. The files are a log: what arrives, what is taken and
//! what is said about a mailbox is appended to the last of them. Room comes back from the other end: what is still needed
//! of the oldest file is written anew at the end, and the file is removed. So a note that something was taken is never
//! forgotten before the thing itself.
//!
//! What lies here is sealed, belongs to others, and is waited for elsewhere until it is handled: it is in no backup, and
//! a damaged file costs what was in it and nothing else.

mod allowance;
mod asked;
mod book;
mod cleaning;
mod holder;
mod keeper;
mod opening;
mod quota;
mod record;
mod segments;
mod storeroom;
mod waits;

#[cfg(test)]
mod tests;

pub use allowance::Held;
pub use asked::{Answers, Ask};
pub use holder::{Busy, Holder};
pub use quota::BYTES;
