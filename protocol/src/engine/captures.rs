//! Captures: everything that I note of somebody at the moment we meet, taken in at once.
//!
//! A phone without a network makes them hours before they come here. So each may say when it was made, and under
//! which key: the same key again is answered as the first time, and nothing is done twice.

use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::events::Where;
use super::follow_up::{Due, FollowUp, FollowUpChange, NextStep, Sentence, follow_up};
use super::people::{PersonChange, WrittenDown, is_shown, person};
use super::person::Way;
use super::scans::{ScanOptions, Scanned};
use super::turn::Turn;
use crate::card::Tier;
use crate::id::{CaptureKey, PersonId};
use crate::invite::Invite;
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Label, Line, Name, Note};
use crate::time::Timestamp;

/// Whom a capture is about.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Whoever showed this code.
    Code(Box<Invite>),
    /// Whoever a code of another kind speaks of, and its text as it was read.
    Foreign(Name, Note),
    /// Somebody who was written down.
    Written(Name),
}

/// What I do next for somebody I captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// Write to them within a day, if nothing waits yet.
    #[default]
    Write,
    /// Nothing.
    Nothing,
    /// This, by then; within a day if no time is given.
    Do(Option<Line<{ limits::LINE }>>, Option<Due>),
}

/// What I note of somebody at the moment we meet.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Names this capture, so that it is taken in once; a capture without one is taken in each time.
    pub key: Option<CaptureKey>,
    /// When it was made, if not now, by the clock of whoever made it.
    pub at: Option<Timestamp>,
    /// Whom it is about.
    pub whom: Whom,
    /// What of my card they get; contacts' view if not given. Who is only written down gets nothing.
    pub tier: Option<Tier>,
    /// Where we met.
    pub place: Where,
    /// What they need.
    pub need: Sentence,
    /// What I promised.
    pub promise: Sentence,
    /// Tags for them.
    pub tags: Vec<Label>,
    /// What I want to remember.
    pub note: Note,
    /// What I do next.
    pub next: Next,
}

impl Capture {
    /// A capture of somebody and nothing else.
    pub fn of(whom: Whom) -> Self {
        let (need, promise, note) = Default::default();
        let (tags, place, next) = Default::default();
        Self { key: None, at: None, whom, tier: None, place, need, promise, tags, note, next }
    }
}

crate::wire_choice! {
    /// What a capture came to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Outcome {
        /// A person who is waited for now.
        0 => Pending,
        /// The code was scanned before, by me; what was noted went to that person.
        1 => ScannedBefore,
        /// An unconfirmed person was written down.
        2 => WrittenDown,
    }
}

crate::wire_map! {
    /// A capture that was taken in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Captured {
        /// Its name.
        1 => key: CaptureKey,
        /// What it came to.
        2 => pub outcome: Outcome,
        /// With whom.
        3 => pub person: PersonId,
        /// Until when it is remembered.
        4 => until: Timestamp,
    }
}

impl Entity for Captured {
    const TABLE: Table = Table::Captures;

    fn key(&self) -> Vec<u8> {
        self.key.0.to_vec()
    }
}

crate::wire_map! {
    /// How many captures are remembered.
    struct CaptureCount {
        1 => count: u32,
    }
}

impl Entity for CaptureCount {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        Self::KEY.to_vec()
    }
}

impl CaptureCount {
    const KEY: &'static [u8] = b"captures";
}

/// What a capture came to, if one was taken in under this key.
pub fn captured(read: &dyn Read, key: CaptureKey) -> Result<Option<Captured>> {
    Ok(entity::load(read, &key.0)?)
}

impl Turn<'_> {
    /// Takes a capture in, all of it or nothing. One that was taken in before is answered as it was then, and changes
    /// nothing; if the person was forgotten since, with [`Error::NotFound`].
    pub fn capture(&mut self, capture: Capture) -> Result<(Outcome, PersonId)> {
        if let Some(key) = capture.key
            && let Some(before) = captured(&self.txn, key)?
        {
            let known = person(&self.txn, before.person)?;
            if !is_shown(&known) {
                return Err(Error::NotFound { what: "person", name: known.id.short() });
            }
            return Ok((before.outcome, before.person));
        }
        let key = capture.key;
        let (outcome, person) = self.take_in_capture(capture)?;
        if let Some(key) = key {
            self.remember_capture(key, outcome, person)?;
        }
        Ok((outcome, person))
    }

    fn take_in_capture(&mut self, capture: Capture) -> Result<(Outcome, PersonId)> {
        let Capture { key: _, at, whom, tier, place, need, promise, tags, note, next } = capture;
        let at = self.believed(at);
        let event = self.event_name(place)?;
        let (outcome, id) = match whom {
            Whom::Code(invite) => {
                match self.scan(&invite, ScanOptions { tier, event, note: note.clone(), at: Some(at) })? {
                    Scanned::New(id) => (Outcome::Pending, id),
                    Scanned::Before(id) => {
                        self.add_note(id, at, note)?;
                        (Outcome::ScannedBefore, id)
                    }
                }
            }
            Whom::Foreign(name, text) => {
                let (way, foreign) = (Way::ForeignCode, Some(text));
                (Outcome::WrittenDown, self.write_down(WrittenDown { name, way, event, foreign, note, at })?)
            }
            Whom::Written(name) => {
                let way = Way::Written;
                (Outcome::WrittenDown, self.write_down(WrittenDown { name, way, event, foreign: None, note, at })?)
            }
        };
        for tag in tags {
            self.change_person(id, PersonChange::Tag(tag))?;
        }
        self.note_what_was_said(id, need, promise)?;
        self.plan_next(id, at, outcome, next)?;
        Ok((outcome, id))
    }

    /// A clock that is ahead, or far behind, is not believed.
    fn believed(&self, at: Option<Timestamp>) -> Timestamp {
        at.filter(|at| *at <= self.now && self.now.since(*at) <= limits::CAPTURE_AGE).unwrap_or(self.now)
    }

    fn note_what_was_said(&mut self, id: PersonId, need: Sentence, promise: Sentence) -> Result<()> {
        if !need.is_empty() {
            self.change_follow_up(id, FollowUpChange::Need(need))?;
        }
        if !promise.is_empty() {
            self.change_follow_up(id, FollowUpChange::Promise(promise))?;
        }
        Ok(())
    }

    /// A scan or a new name has its next step already; what I chose takes its place.
    fn plan_next(&mut self, id: PersonId, at: Timestamp, outcome: Outcome, next: Next) -> Result<()> {
        let next = match next {
            Next::Write => return Ok(()),
            Next::Nothing if outcome == Outcome::ScannedBefore => return Ok(()),
            Next::Nothing => None,
            Next::Do(what, due) => {
                let due = due.unwrap_or(Due::At(at.plus(limits::WRITE_WITHIN)));
                Some(NextStep { due, what })
            }
        };
        self.change_follow_up(id, FollowUpChange::Next(next))?;
        Ok(())
    }

    fn remember_capture(&mut self, key: CaptureKey, outcome: Outcome, person: PersonId) -> Result<()> {
        let count = self.capture_count()?;
        if count as usize >= limits::CAPTURES {
            return Err(Error::Full("captures of the last two months"));
        }
        self.txn.save(&CaptureCount { count: count + 1 });
        let until = self.now.plus(limits::CAPTURE_KEPT);
        self.txn.save(&Captured { key, outcome, person, until });
        self.set_deadline(until, Ends::Capture(key));
        let mut all = follow_up(&self.txn, person)?;
        if all.captures.len() >= limits::CAPTURES_OF_ONE {
            all.captures.remove(0);
        }
        all.captures.push(key);
        self.save_follow_up(&all);
        Ok(())
    }

    fn capture_count(&self) -> Result<u32> {
        Ok(self.txn.load::<CaptureCount>(CaptureCount::KEY)?.map_or(0, |counted| counted.count))
    }

    /// No phone can bring it again.
    pub(super) fn forget_capture(&mut self, key: CaptureKey) -> Result<()> {
        let Some(captured) = self.txn.load::<Captured>(&key.0)? else { return Ok(()) };
        self.txn.forget(&captured);
        let count = self.capture_count()?.saturating_sub(1);
        self.txn.save(&CaptureCount { count });
        if let Some(mut all) = self.txn.load::<FollowUp>(&captured.person.0)? {
            all.captures.retain(|other| *other != key);
            self.save_follow_up(&all);
        }
        Ok(())
    }

    /// Captures of somebody who turns out to be a person I know are about that person.
    pub(super) fn captures_join(&mut self, keys: &[CaptureKey], into: PersonId) -> Result<()> {
        for key in keys {
            if let Some(captured) = self.txn.load::<Captured>(&key.0)? {
                self.txn.save(&Captured { person: into, ..captured });
            }
        }
        Ok(())
    }
}
