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
        self.live.sessions.insert(session, Session { party, flights: Default::default() });
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
        self.live.waiting = people_with_letters(&self.txn)?;
        self.live.waiting.extend(super::people::expected(&self.txn)?);
        self.open_all_doors()?;
        self.call_others()
    }

    /// Uses the room for calls that there is.
    pub(super) fn call_others(&mut self) -> Result<()> {
        let idle: Vec<PersonId> =
            self.live.waiting.iter().copied().filter(|&person| self.live.may_call(person, self.now)).collect();
        for person in idle {
            if self.live.calls.len() >= limits::CALLS {
                break;
            }
            self.pump(person)?;
        }
        Ok(())
    }
}

impl Live {
    fn may_call(&self, person: PersonId, now: Timestamp) -> bool {
        let pausing = self.pauses.get(&person).is_some_and(|pause| pause.until > now);
        !pausing && !self.is_calling(person) && !self.is_connected(person)
    }
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
    let next_call = pauses.map(|pause| pause.until).min();
    Ok([deadline::next(read)?, next_call].into_iter().flatten().min())
}
