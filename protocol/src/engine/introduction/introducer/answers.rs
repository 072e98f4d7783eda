//! What comes back to me: the yes of a target, which I carry to the asker with a statement of mine, a no, or a later
//! date; and in the end how it went.

use super::super::super::deadline::Ends;
use super::super::super::error::Result;
use super::super::super::incoming::history_of;
use super::super::super::notice::Notice;
use super::super::super::own::bounded;
use super::super::super::people;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{HeldOutcome, IntroKey, Over, Part, verified};
use super::{Carried, CarryState};
use crate::id::IntroId;
use crate::identity::History;
use crate::introduction::{Ask, Introduction, consent_digest};
use crate::letter::introduction::{ConsentLetter, IntroductionLetter, Later, Offer};
use crate::limits;
use crate::record::Verified;

impl Turn<'_> {
    /// The target said yes: I say to the asker whom I brought together, and hand on what I cannot read.
    pub(in super::super) fn consent_arrived(
        &mut self,
        target: &Person,
        history: &History,
        letter: ConsentLetter,
    ) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, letter.id)? else { return Ok(()) };
        if !carried.waits_for_consent(self.now) {
            return Ok(());
        }
        let asker = people::person(&self.txn, carried.asker)?;
        let Some(introduction) = self.state_introduction(&carried, &asker, history, &letter)? else { return Ok(()) };
        let record = bounded(introduction.bytes());
        let is_first = carried.state != CarryState::Offered;
        carried.state = CarryState::Offered;
        carried.introduction = Some(record.clone());
        carried.over = None;
        carried.changed = self.now;
        // The asker's first letter may find the target long after the date; then both say so.
        let answered = carried.expires.plus(limits::CONSENT_GRACE);
        self.clear_deadline(carried.until, Ends::Introduction(carried.name()));
        self.set_deadline(answered, Ends::Introduction(carried.name()));
        carried.until = answered;
        self.txn.save(&carried);
        if is_first {
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        let offer = Offer {
            id: carried.id,
            sealed: letter.sealed,
            introduction: record,
            known: target.known_to_others(),
            vouched: self.my_vouch_for(history.id())?,
        };
        self.tell(carried.asker, IntroductionLetter::Offer(offer), answered)
    }

    fn state_introduction(
        &self,
        carried: &Carried,
        asker: &Person,
        target: &History,
        letter: &ConsentLetter,
    ) -> Result<Option<Verified<Introduction>>> {
        let Some(identity) = asker.identity else { return Ok(None) };
        let Some(history) = history_of(&self.txn, identity)? else { return Ok(None) };
        let signed = carried.ask.as_ref().and_then(|ask| verified::<Ask>(ask, &history));
        let Some(ask) = signed else { return Ok(None) };
        Ok(Some(self.keys.sign(Introduction {
            id: carried.id,
            asker: identity,
            target: target.id(),
            asker_head: history.head(),
            target_head: target.head(),
            ask: ask.id(),
            consent: consent_digest(&letter.sealed),
            at: self.now,
        })))
    }

    /// The target said no, or not any more. I alone hear of it.
    pub(in super::super) fn declined_arrived(&mut self, person: &Person, id: IntroId) -> Result<()> {
        if let Some(mut carried) = self.carried_to(person, id)?.filter(Carried::is_open) {
            if carried.state == CarryState::Suggested {
                return self.end_carried(carried, Over::Expired);
            }
            carried.state = CarryState::Declined;
            carried.later = None;
            carried.changed = self.now;
            self.rest_until(&mut carried, None);
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
            return Ok(());
        }
        // Or the asker of my suggestion would rather not.
        let key = IntroKey { part: Part::Introducer, id, person: person.id };
        match self.txn.load::<Carried>(&key.bytes())? {
            Some(carried) if carried.state == CarryState::Suggested => self.end_carried(carried, Over::Expired),
            _ => Ok(()),
        }
    }

    /// The target decides later.
    pub(in super::super) fn later_arrived(&mut self, target: &Person, later: &Later) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, later.id)? else { return Ok(()) };
        if matches!(carried.state, CarryState::Proposed | CarryState::Later) {
            carried.state = CarryState::Later;
            carried.later = Some(later.until.min(carried.expires));
            carried.changed = self.now;
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        Ok(())
    }

    /// One of the two says that they hold each other.
    pub(in super::super) fn done_arrived(&mut self, person: &Person, id: IntroId) -> Result<()> {
        let Some(mut carried) = self.carried_with(person, id)? else { return Ok(()) };
        if carried.state == CarryState::Offered {
            carried.state = CarryState::Connected;
            carried.changed = self.now;
            carried.until = self.keep_until(carried.until, carried.name());
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        Ok(())
    }

    /// One of the two says how it went.
    pub(in super::super) fn outcome_arrived(
        &mut self,
        person: &Person,
        id: IntroId,
        outcome: HeldOutcome,
    ) -> Result<()> {
        let Some(mut carried) = self.carried_with(person, id)? else { return Ok(()) };
        if !matches!(carried.state, CarryState::Offered | CarryState::Connected) {
            return Ok(());
        }
        let says = if carried.asker == person.id { &mut carried.asker_says } else { &mut carried.target_says };
        *says = Some(outcome);
        carried.changed = self.now;
        if carried.state == CarryState::Offered {
            carried.state = CarryState::Connected;
            carried.until = self.keep_until(carried.until, carried.name());
        }
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        Ok(())
    }

    /// The introduction with this id at one end of which that person is.
    fn carried_with(&self, person: &Person, id: IntroId) -> Result<Option<Carried>> {
        let key = IntroKey { part: Part::Introducer, id, person: person.id };
        match self.txn.load::<Carried>(&key.bytes())? {
            Some(carried) => Ok(Some(carried)),
            None => self.carried_to(person, id),
        }
    }
}
