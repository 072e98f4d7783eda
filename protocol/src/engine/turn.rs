//! One step of the engine while it is being made.

use super::effect::Effect;
use super::keys::Keys;
use super::live::Live;
use super::notice::Notice;
use super::txn::Txn;
use crate::crypto::Random;
use crate::store::{Read, Write};
use crate::time::Timestamp;

/// What a step comes to: changes that belong together, what to do once they are durable, and what to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The changes.
    pub writes: Vec<Write>,
    /// What to do afterwards, in order.
    pub effects: Vec<Effect>,
    /// What happened, for logs and open pages.
    pub notices: Vec<Notice>,
}

/// A step in the making. The rules of each subject are methods of it, in the file of that subject.
pub struct Turn<'e> {
    /// The present moment.
    pub now: Timestamp,
    pub(super) random: Random,
    pub(super) txn: Txn<'e>,
    pub(super) keys: &'e mut Keys,
    pub(super) live: &'e mut Live,
    effects: Vec<Effect>,
    notices: Vec<Notice>,
}

impl<'e> Turn<'e> {
    pub(super) fn new(
        read: &'e dyn Read,
        now: Timestamp,
        seed: [u8; 32],
        keys: &'e mut Keys,
        live: &'e mut Live,
    ) -> Self {
        let (txn, random) = (Txn::new(read), Random::new(seed));
        Self { now, random, txn, keys, live, effects: Vec::new(), notices: Vec::new() }
    }

    /// Everything stored, with the changes of this turn.
    pub fn read(&self) -> &dyn Read {
        &self.txn
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    pub(super) fn into_step(self) -> Step {
        Step { writes: self.txn.into_writes(), effects: self.effects, notices: self.notices }
    }
}
