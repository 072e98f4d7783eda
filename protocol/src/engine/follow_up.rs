//! What is to be done for a person: what they need, what I promised, and the next step.

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::turn::Turn;
use crate::id::{CaptureKey, PersonId};
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Line, Note, Text};
use crate::time::{Date, Timestamp};
use crate::wire::{MapReader, MapWriter, Reader, Wire, WireError, Writer};

/// What somebody said that they need, or what I promised.
pub type Sentence = Text<{ limits::SENTENCE }>;

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// By this moment.
    At(Timestamp),
    /// On this date, wherever I am then.
    On(Date),
}

impl Wire for Due {
    fn encode(&self, writer: &mut Writer) {
        let (at, on) = match self {
            Self::At(at) => (Some(*at), None),
            Self::On(on) => (None, Some(*on)),
        };
        let mut map = MapWriter::new();
        map.field(1, &at);
        map.field(2, &on);
        map.finish(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> std::result::Result<Self, WireError> {
        let mut map = MapReader::new(reader)?;
        let due = (map.field::<Option<Timestamp>>(1)?, map.field::<Option<Date>>(2)?);
        map.finish()?;
        match due {
            (Some(at), None) => Ok(Self::At(at)),
            (None, Some(on)) => Ok(Self::On(on)),
            _ => Err(WireError::OutOfRange("when something is due")),
        }
    }
}

crate::wire_map! {
    /// What I do next.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NextStep {
        /// By when.
        1 => pub due: Due,
        /// What; `None` for the step that follows every first meeting by itself.
        2 => pub what: Option<Line<{ limits::LINE }>>,
    }
}

impl NextStep {
    /// What is to be done, in words.
    pub fn in_words(&self) -> &str {
        self.what.as_ref().map_or("write to them", Line::as_str)
    }
}

crate::wire_map! {
    /// What is to be done for a person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FollowUp {
        /// For whom.
        1 => pub person: PersonId,
        /// What they need.
        2 => pub need: Sentence,
        /// What I promised.
        3 => pub promise: Sentence,
        /// What I do next.
        4 => pub next: Option<NextStep>,
        /// Captures of theirs, which must be found again when it turns out who they are.
        5 => pub captures: Vec<CaptureKey>,
    }
}

impl Entity for FollowUp {
    const TABLE: Table = Table::FollowUps;

    fn key(&self) -> Vec<u8> {
        self.person.0.to_vec()
    }
}

impl FollowUp {
    /// Nothing is to be done.
    fn of(person: PersonId) -> Self {
        Self { person, need: Text::default(), promise: Text::default(), next: None, captures: Vec::new() }
    }

    /// True if something in it is of my own making.
    pub(super) fn is_mine(&self) -> bool {
        let has_step = self.next.as_ref().is_some_and(|next| next.what.is_some());
        has_step || !self.need.is_empty() || !self.promise.is_empty()
    }
}

/// What is to be done for a person.
pub fn follow_up(read: &dyn Read, person: PersonId) -> Result<FollowUp> {
    Ok(entity::load(read, &person.0)?.unwrap_or_else(|| FollowUp::of(person)))
}

/// One change to what is to be done for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowUpChange {
    /// What they need; empty for nothing.
    Need(Sentence),
    /// What I promised; empty for nothing.
    Promise(Sentence),
    /// What I do next; `None` for nothing.
    Next(Option<NextStep>),
    /// The next step is due then.
    Postpone(Due),
    /// The next step is done, which is a touch.
    Done,
}

impl Turn<'_> {
    /// Changes what is to be done for a person. True if that is a touch.
    pub(super) fn change_follow_up(&mut self, person: PersonId, change: FollowUpChange) -> Result<bool> {
        const NO_STEP: Error = Error::NotNow("there is no next step; say what to do next");
        let mut all = follow_up(&self.txn, person)?;
        let mut is_touch = false;
        match change {
            FollowUpChange::Need(need) => all.need = need,
            FollowUpChange::Promise(promise) => all.promise = promise,
            FollowUpChange::Next(next) => all.next = next,
            FollowUpChange::Postpone(due) => all.next.as_mut().ok_or(NO_STEP)?.due = due,
            FollowUpChange::Done => {
                all.next.take().ok_or(NO_STEP)?;
                is_touch = true;
            }
        }
        self.save_follow_up(&all);
        Ok(is_touch)
    }

    /// Nothing is kept of somebody for whom nothing is to be done.
    pub(super) fn save_follow_up(&mut self, all: &FollowUp) {
        if *all == FollowUp::of(all.person) {
            self.txn.forget(all);
        } else {
            self.txn.save(all);
        }
    }

    /// Somebody was met, so they are to be written to. A step that waits already stays as it is.
    pub(super) fn write_to_them(&mut self, person: PersonId, met: Timestamp) -> Result<()> {
        let mut all = follow_up(&self.txn, person)?;
        if all.next.is_none() {
            let due = Due::At(met.plus(limits::WRITE_WITHIN));
            all.next = Some(NextStep { due, what: None });
            self.txn.save(&all);
        }
        Ok(())
    }

    /// Somebody is a person I know; `is_newer` if what I wrote of them came last. That counts, and what it takes the place
    /// of comes back in words, to become notes. That I wanted to write to them after an earlier meeting is past.
    pub(super) fn join_follow_ups(&mut self, from: PersonId, into: PersonId, is_newer: bool) -> Result<Vec<String>> {
        let Some(mut joining) = self.txn.load::<FollowUp>(&from.0)? else { return Ok(Vec::new()) };
        let known = follow_up(&self.txn, into)?;
        self.txn.forget(&joining);
        self.captures_join(&joining.captures, into)?;
        joining.person = into;
        if !is_newer {
            joining.next = joining.next.filter(|step| step.what.is_some());
        }
        let (mut all, new) = if is_newer { (known, joining) } else { (joining, known) };
        let mut replaced = Vec::new();
        replaced.extend(replace(&mut all.need, new.need).map(|old| format!("They needed: {old}")));
        replaced.extend(replace(&mut all.promise, new.promise).map(|old| format!("I had promised: {old}")));
        let is_own = |step: &Option<NextStep>| step.as_ref().is_some_and(|step| step.what.is_some());
        if all.next.is_none() || is_own(&new.next) {
            let old = std::mem::replace(&mut all.next, new.next).filter(|old| old.what.is_some());
            replaced.extend(old.map(|old| format!("Next step before we met again: {}", old.in_words())));
        }
        all.captures.extend(new.captures);
        let beyond = all.captures.len().saturating_sub(limits::CAPTURES_OF_ONE);
        all.captures.drain(..beyond);
        self.save_follow_up(&all);
        Ok(replaced)
    }

    /// With a full book of notes nothing more is kept.
    pub(super) fn keep_as_note(&mut self, person: PersonId, text: &str) -> Result<()> {
        match self.add_note(person, self.now, Note::new(text)?) {
            Err(Error::Full(_)) => Ok(()),
            kept => kept,
        }
    }
}

/// Puts a new text in the place of an old one, which comes back if it says something else.
fn replace(old: &mut Sentence, new: Sentence) -> Option<Sentence> {
    if new.is_empty() || new == *old {
        return None;
    }
    Some(std::mem::replace(old, new)).filter(|old| !old.is_empty())
}
