//! What all contacts are told: so many in a step, so that a step with ten thousand contacts is stored like any other.
//!
//! The letters of a round say what is so when they are written. A round that is begun again while one is under way
//! starts over and takes along what the earlier one had still to tell.

use std::ops::ControlFlow;

use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::Result;
use super::own::Own;
use super::person::{Announced, Person};
use super::turn::Turn;
use crate::card::Tier;
use crate::id::PersonId;
use crate::limits;
use crate::store::{Read, StoreError, Table};
use crate::time::Timestamp;

crate::wire_map! {
    /// A round under way: what the contacts from one on are still to be told.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub(super) struct Round {
        /// The first contact who has not been told.
        1 => pub next: Option<PersonId>,
        /// Where my node is, at the pace of each.
        2 => pub presence: bool,
        /// Where my node is, at once: they need the new grant.
        3 => pub grant: bool,
        /// The views of my card that changed.
        4 => pub tiers: Vec<Tier>,
        /// They are to send again what arrived since then.
        5 => pub resume: Option<Timestamp>,
        /// What they keep for me.
        6 => pub capsules: bool,
    }
}

impl Entity for Round {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        KEY.to_vec()
    }
}

const KEY: &[u8] = b"round";

impl Turn<'_> {
    /// Tells all contacts, beginning in this step.
    pub(super) fn begin_round(&mut self, news: Round) -> Result<()> {
        let mut round = self.txn.load::<Round>(KEY)?.unwrap_or_default();
        round.next = None;
        round.presence |= news.presence;
        round.grant |= news.grant;
        round.capsules |= news.capsules;
        round.resume = round.resume.into_iter().chain(news.resume).min();
        round.tiers.extend(news.tiers.iter().filter(|tier| !round.tiers.contains(tier)).copied().collect::<Vec<_>>());
        self.go_round(round)
    }

    /// Goes on with the round that is under way.
    pub(super) fn continue_round(&mut self) -> Result<()> {
        match self.txn.load::<Round>(KEY)? {
            Some(round) => self.go_round(round),
            // Two rounds met in one.
            None => Ok(()),
        }
    }

    fn go_round(&mut self, mut round: Round) -> Result<()> {
        let own = self.own()?;
        let (contacts, next) = portion(&self.txn, round.next)?;
        for person in contacts {
            self.tell_news(&own, person, &round)?;
        }
        round.next = next;
        if next.is_some() {
            self.txn.save(&round);
            self.set_deadline(self.now, Ends::Round);
        } else {
            self.txn.forget(&round);
        }
        Ok(())
    }

    /// Tells one contact.
    pub(super) fn tell_news(&mut self, own: &Own, mut person: Person, round: &Round) -> Result<()> {
        let counter = Some(own.presence);
        let has_heard = person.announced.is_some_and(|last| last.counter == counter);
        if round.grant {
            let (burst, at) = person.announced.map_or((0, self.now), |last| (last.burst, last.at));
            person.announced = Some(Announced { burst, at, counter });
            self.txn.save(&person);
            self.send_presence(own, &person)?;
        } else if round.presence && !has_heard {
            match self.presence_pace(&person, own.presence) {
                Some(pace) => {
                    person.announced = Some(pace);
                    self.txn.save(&person);
                    self.send_presence(own, &person)?;
                }
                // All that is held back until then goes together.
                None => {
                    let last = person.announced.map_or(self.now, |last| last.at);
                    self.set_deadline(last.plus(limits::PRESENCE_PACE), Ends::Presence);
                }
            }
        }
        if round.tiers.contains(&person.tier) {
            self.send_card(own, &person)?;
        }
        if round.capsules {
            self.send_capsule(own, &person)?;
        }
        if let Some(since) = round.resume {
            self.ask_to_resume(person.id, since)?;
        }
        Ok(())
    }
}

/// The contacts of the next step, and who is first in the one after it.
fn portion(
    read: &dyn Read,
    from: Option<PersonId>,
) -> std::result::Result<(Vec<Person>, Option<PersonId>), StoreError> {
    let (mut told, mut next) = (Vec::new(), None);
    let from = from.map(|id| id.0.to_vec()).unwrap_or_default();
    entity::each::<Person>(read, b"", &from, |person| {
        if !person.is_contact() || person.blocked {
            return ControlFlow::Continue(());
        }
        if told.len() == limits::TOLD_AT_ONCE {
            next = Some(person.id);
            return ControlFlow::Break(());
        }
        told.push(person);
        ControlFlow::Continue(())
    })?;
    Ok((told, next))
}
