//! Sessions and calls: who is on the line.

use std::collections::BTreeSet;

use super::deadline;
use super::effect::Effect;
use super::error::Result;
use super::live::{Call, Live, Party, Session};
use super::person::Person;
use super::turn::Turn;
use crate::crypto::sign::SigningKey;
use crate::hello::SharedSecret;
use crate::id::{Locator, PeerId, PersonId, SessionId};
use crate::limits;
use crate::store::{Read, Table};
use crate::time::Timestamp;

impl Turn<'_> {
    /// A hello with this machine succeeded under this locator.
    pub fn session_opened(&mut self, session: SessionId, locator: Locator, peer: PeerId) -> Result<()> {
        self.live.calls.remove(&locator);
        let party = self.party_at(locator)?;
        let has_room = self.live.sessions.len() < limits::SESSIONS && !self.live.silent;
        let Some(party) = party.filter(|_| has_room) else {
            self.effect(Effect::HangUp { session });
            return Ok(());
        };
        if let Party::Scanned(person) = party
            && !self.has_claim_waiting(person)?
        {
            self.effect(Effect::HangUp { session });
            return self.call_others();
        }
        let party = match party {
            Party::Pair(person) if self.is_former_machine(person, peer)? => Party::Former(person),
            party => party,
        };
        let secret = self.pair_secret_at(party, locator)?;
        self.live.sessions.insert(session, Session { party, peer, locator, secret, flights: Default::default() });
        match party {
            Party::Pair(person) => {
                // Whoever is on the line can be sent to at once, however long the last pause was.
                self.live.pauses.remove(&person);
                self.pump(person)?;
            }
            Party::Scanned(person) => {
                // The same; but who answers each first letter with "later" is called more and more rarely.
                let now = self.now;
                self.live.pauses.entry(person).and_modify(|pause| pause.until = now);
                self.pump(person)?;
            }
            Party::Invite(_) | Party::Former(_) | Party::Keeper(..) => {}
        }
        self.call_others()
    }

    /// The secret of the pair that a locator names.
    fn pair_secret_at(&self, party: Party, locator: Locator) -> Result<Option<SharedSecret>> {
        let Party::Pair(person) = party else { return Ok(None) };
        let pair = super::door::pair_secrets(&self.txn, person)?;
        Ok(pair.and_then(|pair| pair.all().find(|secret| secret.locator() == locator).cloned()))
    }

    /// A session ended.
    pub fn session_closed(&mut self, session: SessionId) -> Result<()> {
        if let Some(ended) = self.live.sessions.remove(&session)
            && let Party::Pair(person) | Party::Scanned(person) = ended.party
        {
            // The last session that ended without bringing what we wait for counts as a call in vain.
            if self.live.waiting.contains(&person) && self.live.sessions_with(person).is_empty() {
                self.pause(person);
            }
            self.pump(person)?;
        }
        Ok(())
    }

    /// Nobody answered a call.
    pub fn call_failed(&mut self, locator: Locator) -> Result<()> {
        if let Some(call) = self.live.calls.remove(&locator) {
            if !call.is_outdated {
                self.pause(call.person);
            }
            self.pump(call.person)?;
            if self.live.is_missed(call.person) {
                self.seek(call.person)?;
            }
        }
        self.call_others()
    }

    /// Calls of which nothing was heard any more: an overloaded network may lose a word.
    fn end_lost_calls(&mut self) {
        let is_lost = |call: &Call| self.now.since(call.since) > limits::CALL_WAIT;
        let lost: Vec<Locator> = self.live.calls.iter().filter(|(_, call)| is_lost(call)).map(|(at, _)| *at).collect();
        for locator in lost {
            if let Some(call) = self.live.calls.remove(&locator) {
                self.pause(call.person);
            }
        }
    }

    /// Nobody answers at once: they may be off, or behind addresses that lead nowhere from here.
    fn leave_what_slow_calls_wait_for(&mut self) -> Result<()> {
        let now = self.now;
        let is_slow = |call: &&mut Call| !call.is_slow && now.since(call.since) >= limits::LEAVE_WHILE_CALLING;
        let mut people = BTreeSet::new();
        for call in self.live.calls.values_mut().filter(is_slow) {
            call.is_slow = true;
            people.insert(call.person);
        }
        for person in people {
            if let Some(person) = self.txn.load::<Person>(&person.0)? {
                self.leave_letters(&person)?;
            }
        }
        Ok(())
    }

    /// Time has passed: ends what is due and calls those whose pause is over.
    pub fn time_passed(&mut self) -> Result<()> {
        self.end_what_is_due()?;
        if !self.live.silent {
            self.replace_grant_of_later()?;
        }
        self.end_lost_calls();
        self.leave_what_slow_calls_wait_for()?;
        self.call_others()
    }

    /// The network has started anew, with this libp2p key: no session or call of before is left.
    pub fn network_started(&mut self, node: &SigningKey) -> Result<()> {
        *self.live = Live { node: Some(node.clone()), ..Live::default() };
        if self.own()?.replaced.is_some() {
            self.fall_silent();
            return Ok(());
        }
        self.live.waiting = people_who_wait(&self.txn)?;
        self.open_all_doors()?;
        self.open_recovery_doors()?;
        self.be_found()?;
        self.admit_all()?;
        self.open_all_mailboxes()?;
        self.replace_grant_of_later()?;
        self.call_others()
    }

    /// Uses the room for calls that there is.
    pub(super) fn call_others(&mut self) -> Result<()> {
        if self.live.silent {
            return Ok(());
        }
        self.live.woken = self.live.woken.max(self.now);
        for (person, is_connected) in self.live.ready(self.now) {
            if is_connected || self.live.calls.len() < limits::CALLS {
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
    /// Those who wait and whose pause is over, or who can be called for the first time; with each, whether they
    /// are connected.
    fn ready(&self, now: Timestamp) -> Vec<(PersonId, bool)> {
        let connected: BTreeSet<PersonId> = self.connected().into_iter().collect();
        let calling: BTreeSet<PersonId> = self.calls.values().map(|call| call.person).collect();
        let is_ready = |person: &PersonId| {
            let is_over = match self.pauses.get(person) {
                Some(pause) => pause.until <= now,
                None => !connected.contains(person),
            };
            is_over && !calling.contains(person)
        };
        let ready = self.waiting.iter().copied().filter(is_ready);
        ready.map(|person| (person, connected.contains(&person))).collect()
    }
}

/// Who has letters in the outbox, or an answer for me.
pub(super) fn people_who_wait(read: &dyn Read) -> Result<BTreeSet<PersonId>> {
    let mut people = people_with_letters(read)?;
    people.extend(super::people::expected(read)?);
    Ok(people)
}

/// Who has letters in the outbox.
pub(super) fn people_with_letters(read: &dyn Read) -> Result<BTreeSet<PersonId>> {
    let mut people = BTreeSet::new();
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
    let lost_call = live.calls.values().map(|call| call.since.plus(limits::CALL_WAIT + 1)).min();
    let quick = live.calls.values().filter(|call| !call.is_slow);
    let slow_call = quick.map(|call| call.since.plus(limits::LEAVE_WHILE_CALLING)).min();
    Ok([deadline::next(read)?, next_call, lost_call, slow_call].into_iter().flatten().min())
}
