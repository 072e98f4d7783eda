//! Letters that arrived, kept for a while: a contact who goes on from a backup has lost what came after it, although
//! their node had acknowledged it, and asks for it again.
//!
//! What comes again is the letter that it was, with its id, so who has handled it already does nothing twice.

use super::deadline::Ends;
use super::disowned::is_key_given_up;
use super::entity::{self, Entity};
use super::error::Result;
use super::incoming::Verdict;
use super::outbox::{Waiting, room_for, waiting_for};
use super::person::Person;
use super::turn::Turn;
use crate::id::PersonId;
use crate::identity::History;
use crate::letter::Body;
use crate::letter::body::{Resume, kind};
use crate::limits;
use crate::store::Table;
use crate::time::Timestamp;

crate::wire_map! {
    /// A letter that arrived.
    struct Sent {
        1 => letter: Waiting,
        /// When its receipt came.
        2 => arrived: Timestamp,
        /// Its place among those to this person.
        3 => number: u64,
    }
}

impl Entity for Sent {
    const TABLE: Table = Table::Sent;

    fn key(&self) -> Vec<u8> {
        key(self.letter.person, self.number)
    }
}

crate::wire_map! {
    /// What is kept of the letters to one person: the numbers from `first` on, before `next`.
    struct SentTo {
        1 => person: PersonId,
        2 => first: u64,
        3 => next: u64,
        /// Bytes of their bodies.
        4 => bytes: u64,
        /// When they last asked for them.
        5 => asked: Option<Timestamp>,
        /// How many there are: those that were sent again left holes.
        6 => count: u64,
    }
}

impl Entity for SentTo {
    const TABLE: Table = Table::Sent;

    fn key(&self) -> Vec<u8> {
        self.person.0.to_vec()
    }
}

fn key(person: PersonId, number: u64) -> Vec<u8> {
    [&person.0[..], &number.to_be_bytes()].concat()
}

/// Where my node is, my card and such are told anew, and a first letter is answered anew; what else was said is said
/// only once.
const fn is_kept(letter: &Waiting) -> bool {
    !Waiting::waits_alone(letter.kind) && letter.kind != kind::WELCOME
}

impl Turn<'_> {
    /// Their node has this letter.
    pub(super) fn keep_sent(&mut self, letter: &Waiting) -> Result<()> {
        if !is_kept(letter) {
            return Ok(());
        }
        let mut all = self.sent_to(letter.person)?;
        let sent = Sent { letter: letter.clone(), arrived: self.now, number: all.next };
        all.bytes += size(&sent);
        (all.next, all.count) = (all.next + 1, all.count + 1);
        self.txn.save(&sent);
        while all.count > limits::SENT_PER_PERSON || all.bytes > limits::SENT_BYTES {
            self.forget_first(&mut all)?;
        }
        self.txn.save(&all);
        Ok(())
    }

    /// Forgets what has been kept for long enough.
    pub(super) fn sent_due(&mut self, person: PersonId) -> Result<()> {
        let Some(mut all) = self.txn.load::<SentTo>(&person.0)? else { return Ok(()) };
        while let Some(until) = self.first_kept_until(&mut all)? {
            if until > self.now {
                self.set_deadline(until, Ends::Sent(person));
                self.txn.save(&all);
                return Ok(());
            }
            self.forget_first(&mut all)?;
        }
        self.txn.forget(&all);
        Ok(())
    }

    /// Nothing is kept of what I wrote to somebody.
    pub(super) fn forget_sent(&mut self, person: PersonId) -> Result<()> {
        if let Some(mut all) = self.txn.load::<SentTo>(&person.0)? {
            if let Some(until) = self.first_kept_until(&mut all)? {
                self.clear_deadline(until, Ends::Sent(person));
            }
            while all.first < all.next {
                self.forget_first(&mut all)?;
            }
            self.txn.forget(&all);
        }
        Ok(())
    }

    /// Asks a contact for what their letters said since then. A wish of an earlier restore that still waits is not
    /// forgotten.
    pub(super) fn ask_to_resume(&mut self, person: PersonId, since: Timestamp) -> Result<()> {
        let waits = waiting_for(&self.txn, person)?.into_iter().find(|letter| letter.kind == kind::RESUME);
        let since = match waits.map(|letter| Body::of(&letter.as_letter())) {
            Some(Ok(Body::Resume(earlier))) => since.min(earlier.since),
            _ => since,
        };
        let own = self.own()?;
        let grant = match self.txn.load::<Person>(&person.0)? {
            Some(person) if is_key_given_up(&self.txn, &person)? => Some(own.grant),
            _ => None,
        };
        self.send(person, &Body::Resume(Resume { since, grant }), limits::LETTER_LIFE)?;
        Ok(())
    }

    /// Their grant is over, or its key was given up, so nothing goes to it, and the one that came after it is lost, as by an
    /// old copy of my home; or theirs waits until it has mine. Again each day, while something waits, if the key was given up:
    /// whoever stole it may have taken the letter. False if nothing is asked.
    pub(super) fn ask_for_grant(&mut self, person: PersonId, again: bool) -> Result<bool> {
        let (now, asked) = (self.now, &mut self.live.asked_for_grant);
        asked.retain(|_, at| now.since(*at) < limits::DAY);
        let waits = |letter: &Waiting| letter.kind == kind::RESUME;
        if asked.contains_key(&person) || !again && waiting_for(&self.txn, person)?.iter().any(waits) {
            return Ok(false);
        }
        asked.insert(person, now);
        self.ask_to_resume(person, now)?;
        Ok(true)
    }

    /// A contact goes on from a backup, and wants what I have written since.
    pub(super) fn resume_arrived(&mut self, person: &Person, history: &History, resume: &Resume) -> Result<Verdict> {
        if let Some(grant) = &resume.grant {
            self.grant_arrived(person, history, grant)?;
            if is_key_given_up(&self.txn, person)? {
                // It was over when it came. They write another one.
                return Ok(Verdict::Later);
            }
        }
        let mut all = self.sent_to(person.id)?;
        if all.asked.is_some_and(|asked| self.now.since(asked) < limits::RESUME_PACE) {
            return Ok(Verdict::Later);
        }
        let wanted = self.sent_since(person.id, resume.since)?;
        if room_for(&self.txn, person.id)? < wanted.len() {
            return Ok(Verdict::Later);
        }
        all.asked = Some(self.now);
        for sent in wanted {
            (all.bytes, all.count) = (all.bytes.saturating_sub(size(&sent)), all.count.saturating_sub(1));
            self.txn.forget(&sent);
            self.wait_for_receipt(Waiting { stored: None, ..sent.letter });
        }
        self.txn.save(&all);
        self.resumed(person)
    }

    /// Their backup may hold an old card of mine, or none.
    fn resumed(&mut self, person: &Person) -> Result<Verdict> {
        let own = self.own()?;
        self.send_presence(&own, person)?;
        self.send_card(&own, person)?;
        Ok(Verdict::Handled)
    }

    /// What arrived since then, by a clock that may be off, and has not expired.
    fn sent_since(&self, person: PersonId, since: Timestamp) -> Result<Vec<Sent>> {
        let mut all = Vec::new();
        entity::each::<Sent>(&self.txn, &person.0, &key(person, 0), |sent| {
            all.push(sent);
            std::ops::ControlFlow::Continue(())
        })?;
        all.retain(|sent| sent.arrived.plus(limits::CLOCK_SKEW) >= since && sent.letter.expires > self.now);
        Ok(all)
    }

    /// What is kept of the letters to somebody, from now on if nothing was.
    fn sent_to(&mut self, person: PersonId) -> Result<SentTo> {
        if let Some(all) = self.txn.load::<SentTo>(&person.0)? {
            return Ok(all);
        }
        self.set_deadline(self.now.plus(limits::SENT_LIFE), Ends::Sent(person));
        Ok(SentTo { person, first: 0, next: 0, bytes: 0, asked: None, count: 0 })
    }

    /// Until when the first one is kept; passes over those that were sent again.
    fn first_kept_until(&self, all: &mut SentTo) -> Result<Option<Timestamp>> {
        while all.first < all.next {
            match self.txn.load::<Sent>(&key(all.person, all.first))? {
                Some(sent) => return Ok(Some(sent.arrived.plus(limits::SENT_LIFE))),
                None => all.first += 1,
            }
        }
        Ok(None)
    }

    fn forget_first(&mut self, all: &mut SentTo) -> Result<()> {
        if let Some(sent) = self.txn.load::<Sent>(&key(all.person, all.first))? {
            (all.bytes, all.count) = (all.bytes.saturating_sub(size(&sent)), all.count.saturating_sub(1));
            self.txn.forget(&sent);
        }
        all.first += 1;
        Ok(())
    }
}

fn size(sent: &Sent) -> u64 {
    sent.letter.body.as_slice().len() as u64
}
