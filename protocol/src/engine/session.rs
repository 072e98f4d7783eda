//! Sessions and calls: who is on the line.

use super::deadline;
use super::effect::Effect;
use super::error::Result;
use super::live::{Live, Party, Session};
use super::turn::Turn;
use crate::id::{Locator, PersonId, SessionId};
use crate::limits;
use crate::store::{Read, Table};
use crate::time::Timestamp;

impl Turn<'_> {
    /// A hello succeeded under this locator.
    pub fn session_opened(&mut self, session: SessionId, locator: Locator) -> Result<()> {
        self.live.calls.remove(&locator);
        let party = self.party_at(locator)?;
        let Some(party) = party.filter(|_| self.live.sessions.len() < limits::SESSIONS) else {
            self.effect(Effect::HangUp { session });
            return Ok(());
        };
        if let Party::Scanned(person) = party
            && !self.has_claim_waiting(person)?
        {
            self.effect(Effect::HangUp { session });
            return self.call_others();
        }
        self.live.sessions.insert(session, Session { party, locator, flights: Default::default() });
        match party {
            Party::Pair(person) | Party::Scanned(person) => {
                // Whoever is on the line can be sent to at once, however long the last pause was.
                self.live.pauses.remove(&person);
                self.pump(person)?;
            }
            Party::Invite(_) => {}
        }
        self.call_others()
    }

    /// A session ended.
    pub fn session_closed(&mut self, session: SessionId) -> Result<()> {
        if let Some(ended) = self.live.sessions.remove(&session)
            && let Party::Pair(person) | Party::Scanned(person) = ended.party
        {
            // A session that ended without bringing what we wait for counts as a call in vain.
            if self.live.waiting.contains(&person) {
                self.pause(person);
            }
            self.pump(person)?;
        }
        Ok(())
    }

    /// Nobody answered a call.
    pub fn call_failed(&mut self, locator: Locator) -> Result<()> {
        if let Some(person) = self.live.calls.remove(&locator) {
            self.pause(person);
        }
        self.call_others()
    }

    /// Time has passed: ends what is due and calls those whose pause is over.
    pub fn time_passed(&mut self) -> Result<()> {
        self.end_what_is_due()?;
        self.call_others()
    }

    /// The network has started anew: no session or call of before is left.
    pub fn network_started(&mut self) -> Result<()> {
        *self.live = Live::default();
        self.live.waiting = people_who_wait(&self.txn)?;
        self.open_all_doors()?;
        self.call_others()
    }

    /// Uses the room for calls that there is.
    pub(super) fn call_others(&mut self) -> Result<()> {
        self.live.woken = self.live.woken.max(self.now);
        let idle: Vec<PersonId> =
            self.live.waiting.iter().copied().filter(|&person| self.live.may_try(person, self.now)).collect();
        for person in idle {
            if self.live.calls.len() < limits::CALLS || self.live.is_connected(person) {
                self.pump(person)?;
            }
        }
        Ok(())
    }

    /// Ends every session with a person.
    pub(super) fn hang_up_on(&mut self, person: PersonId) {
        for session in self.live.sessions_with(person) {
            self.live.sessions.remove(&session);
            self.effect(Effect::HangUp { session });
        }
    }
}

impl Live {
    /// True for people whose pause is over, or who can be called for the first time.
    fn may_try(&self, person: PersonId, now: Timestamp) -> bool {
        let is_new = !self.pauses.contains_key(&person) && !self.is_connected(person);
        let is_over = self.pauses.get(&person).is_some_and(|pause| pause.until <= now);
        (is_new || is_over) && !self.is_calling(person)
    }
}

/// Who has letters in the outbox, or an answer for me.
pub(super) fn people_who_wait(read: &dyn Read) -> Result<std::collections::BTreeSet<PersonId>> {
    let mut people = people_with_letters(read)?;
    people.extend(super::people::expected(read)?);
    Ok(people)
}

/// Who has letters in the outbox.
pub(super) fn people_with_letters(read: &dyn Read) -> Result<std::collections::BTreeSet<PersonId>> {
    let mut people = std::collections::BTreeSet::new();
    read.scan(Table::Outbox, b"", b"", &mut |key, _| {
        people.extend(key.first_chunk::<10>().map(|person| PersonId(*person)));
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(people)
}

/// When the engine next wants to hear of the time.
pub(super) fn next_wakeup(read: &dyn Read, live: &Live) -> Result<Option<Timestamp>> {
    let pauses =
        live.waiting.iter().filter(|&&person| !live.is_calling(person)).filter_map(|person| live.pauses.get(person));
    let next_call = pauses.map(|pause| pause.until).filter(|&until| until > live.woken).min();
    Ok([deadline::next(read)?, next_call].into_iter().flatten().min())
}
