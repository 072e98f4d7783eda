//! What only the opener of a letter can answer.

use super::Letter;
use crate::crypto::tag;
use crate::id::LetterId;

/// The answers that prove themselves, for one sealed letter.
///
/// Their key comes out of the HPKE context, so nobody but who sealed the letter and who opened it can make them,
/// and they may come back by any way. They name the letter and its body, so that they stand for no other.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipts {
    key: [u8; 32],
    letter: LetterId,
    body: [u8; 32],
}

impl Receipts {
    pub(super) fn new(key: [u8; 32], letter: &Letter) -> Self {
        Self { key, letter: letter.id, body: letter.body_hash() }
    }

    /// "Durably handled."
    pub fn handled(&self) -> [u8; 32] {
        tag(&self.key, "kith/1/handled", &[&self.letter.0, &self.body])
    }

    /// "Refused for good", for the reason with this number.
    pub fn refused(&self, reason: u8) -> [u8; 32] {
        tag(&self.key, "kith/1/refused", &[&self.letter.0, &self.body, &[reason]])
    }
}

impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipts({:?})", self.letter)
    }
}
