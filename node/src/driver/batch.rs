//! Steps that are committed together.

use kith_protocol::engine::{self, Effect, Engine, Notice, Step, Turn, Txn};
use kith_protocol::store::{Read, Write};
use kith_protocol::time::Timestamp;

use super::handle::{Act, Reply};
use crate::machine::random;
use crate::network::Event;

/// Inputs that one commit takes: enough that many letters share the cost of a sync, few enough that the first
/// of them does not wait long.
pub(super) const INPUTS: usize = 64;
/// Bytes of changes after which no further input is taken: one more step still fits into a commit.
const BYTES: usize = 1024 * 1024;

/// Steps on top of what is stored, each seeing those before it.
pub(super) struct Batch<'s> {
    txn: Txn<'s>,
    now: Timestamp,
    effects: Vec<Effect>,
    notices: Vec<Notice>,
    replies: Vec<Reply>,
    steps: usize,
    bytes: usize,
}

/// What is left of a batch: what to store, and what to do afterwards.
pub(super) struct Outcome {
    pub writes: Vec<Write>,
    pub effects: Vec<Effect>,
    pub notices: Vec<Notice>,
    pub replies: Vec<Reply>,
}

impl<'s> Batch<'s> {
    pub(super) fn new(under: &'s dyn Read, now: Timestamp) -> Self {
        Self {
            txn: Txn::new(under),
            now,
            effects: Vec::new(),
            notices: Vec::new(),
            replies: Vec::new(),
            steps: 0,
            bytes: 0,
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.steps >= INPUTS || self.bytes >= BYTES
    }

    /// Somebody asks for something.
    pub(super) fn act(&mut self, engine: &mut Engine, act: Act) {
        let (step, reply) = act(engine, &self.txn, self.now, random());
        self.replies.push(reply);
        self.take(step);
    }

    /// Something happened on the network.
    pub(super) fn happened(&mut self, engine: &mut Engine, event: Event) -> engine::Result<()> {
        self.step(engine, move |turn| match event {
            Event::Listening { hints, .. } => turn.addresses_changed(hints),
            Event::SessionOpened { session, locator, peer, .. } => turn.session_opened(session, locator, peer),
            Event::PathChanged { .. } => Ok(()),
            Event::SessionClosed { session } => turn.session_closed(session),
            Event::CallFailed { locator, .. } => turn.call_failed(locator),
            Event::LetterArrived { session, ticket, sealed } => turn.letter_arrived(session, ticket, &sealed),
            Event::MailboxOpened { host } => turn.mailbox_opened(host),
            Event::MailboxRefused { host } => turn.mailbox_refused(host),
            Event::MailboxLost { host } => turn.mailbox_lost(host),
            Event::ParcelArrived { host, number, label, parcel } => turn.parcel_arrived(host, number, label, &parcel),
            Event::ParcelLeft { errand, outcome } => turn.parcel_left(errand, outcome),
            Event::Nearby { seed, at } => turn.seen_nearby(&seed, at),
            Event::Posted { key, is_taken } => turn.posted(key, is_taken),
            Event::Sought { key, found, is_sure } => turn.sought(key, found.as_deref(), is_sure),
            Event::LetterAnswered { session, letter, outcome } => turn.letter_answered(session, letter, outcome),
        })
    }

    /// Lets the engine make a step that nobody asked for.
    pub(super) fn step(
        &mut self,
        engine: &mut Engine,
        act: impl FnOnce(&mut Turn<'_>) -> engine::Result<()>,
    ) -> engine::Result<()> {
        let ((), step) = engine.turn(&self.txn, self.now, random(), act)?;
        self.take(step);
        Ok(())
    }

    fn take(&mut self, step: Step) {
        self.txn.absorb(&step.writes);
        let size = |write: &Write| write.key.len() + write.value.as_ref().map_or(0, Vec::len);
        self.bytes += step.writes.iter().map(size).sum::<usize>();
        self.effects.extend(step.effects);
        self.notices.extend(step.notices);
        self.steps += 1;
    }

    pub(super) fn finish(self) -> Outcome {
        let Self { txn, effects, notices, replies, .. } = self;
        Outcome { writes: txn.into_writes(), effects, notices, replies }
    }
}
