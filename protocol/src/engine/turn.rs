//! One step of the engine while it is being made.

use super::effect::Effect;
use super::error::Result;
use super::keys::Keys;
use super::live::{Live, Party};
use super::notice::Notice;
use super::txn::Txn;
use crate::crypto::Random;
use crate::hello::SharedSecret;
use crate::id::{Locator, PersonId, SessionId};
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
    /// Sessions that changed their party, with what they were before.
    moved: Vec<(SessionId, Party, Locator, Option<SharedSecret>)>,
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
        Self { now, random, txn, keys, live, effects: Vec::new(), notices: Vec::new(), moved: Vec::new() }
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

    /// From now on a session is with a person, under the secret of the pair.
    pub(super) fn session_is_with(&mut self, session: SessionId, person: PersonId, secret: &SharedSecret) {
        if let Some(open) = self.live.sessions.get_mut(&session) {
            self.moved.push((session, open.party, open.locator, open.secret.take()));
            (open.party, open.locator) = (Party::Pair(person), secret.locator());
            open.secret = Some(secret.clone());
        }
    }

    /// A session with somebody who turns out to be a person I know is with that person. Its secret stays: the other
    /// end speaks under it, and knows nothing of what I found out.
    pub(super) fn session_moves_to(&mut self, session: SessionId, person: PersonId) {
        if let Some(open) = self.live.sessions.get_mut(&session) {
            self.moved.push((session, open.party, open.locator, open.secret.clone()));
            open.party = match open.party {
                Party::Scanned(_) => Party::Scanned(person),
                Party::Former(_) => Party::Former(person),
                Party::Pair(_) | Party::Invite(_) => Party::Pair(person),
                // Where only a wish passes nobody turns out to be anybody.
                keeper @ Party::Keeper(..) => keeper,
            };
        }
    }

    /// Takes back what a step that failed changed in memory: its calls and letters never leave.
    pub(super) fn undo(mut self) -> Result<()> {
        for effect in &self.effects {
            match effect {
                Effect::Call { locator, .. } => {
                    self.live.calls.remove(locator);
                }
                Effect::Send { session, letter, .. } => {
                    if let Some(open) = self.live.sessions.get_mut(session) {
                        open.flights.remove(letter);
                    }
                }
                Effect::LeaveParcel { errand, .. } => {
                    self.live.errands.remove(errand);
                }
                Effect::Seek { key, .. } => {
                    self.live.lookout.never_sought(key);
                    self.live.watches.never_sought(key);
                }
                _ => {}
            }
        }
        self.live.asked_for_grant.clear();
        while let Some((session, party, locator, secret)) = self.moved.pop() {
            if let Some(open) = self.live.sessions.get_mut(&session) {
                (open.party, open.locator, open.secret) = (party, locator, secret);
            }
        }
        if !self.txn.is_unchanged() {
            let before = self.txn.under();
            *self.keys = Keys::load(before, super::own::Own::load(before)?.history())?;
            self.live.waiting = super::session::people_who_wait(before)?;
        }
        Ok(())
    }

    pub(super) fn into_step(self) -> Step {
        Step { writes: self.txn.into_writes(), effects: self.effects, notices: self.notices }
    }
}
