//! Contacts on the same local network: being found by them, and finding them.
//!
//! The network says aloud a name that changes each day, and listens for the names of contacts; see [`crate::nearby`]. Here
//! is who is told what those names follow from, and what is done when somebody was heard. No rule keeps the former: each
//! step ends by comparing those it changed as they were and as they are.

use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::Result;
use super::live::Live;
use super::person::{Person, Standing};
use super::turn::Turn;
use crate::address::Hint;
use crate::id::PersonId;
use crate::limits;
use crate::nearby::PresenceSeed;
use crate::presence::PresenceSecret;
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_map! {
    /// What my names follow from, and what my records in the DHT are signed with.
    struct OwnPresence {
        1 => seed: PresenceSeed,
        /// None in a home of an earlier version, whose seed has none.
        2 => secret: Option<PresenceSecret>,
    }
}

impl Entity for OwnPresence {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        PRESENCE.to_vec()
    }
}

const PRESENCE: &[u8] = b"presence";

crate::wire_map! {
    /// My node looks for contacts on the networks that it is on.
    struct EventMode {
        1 => since: Timestamp,
    }
}

impl Entity for EventMode {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        EVENT_MODE.to_vec()
    }
}

const EVENT_MODE: &[u8] = b"event mode";

/// Since when my node looks for contacts on the networks that it is on; `None` if it does not.
pub fn event_mode_since(read: &dyn Read) -> Result<Option<Timestamp>> {
    Ok(entity::load::<EventMode>(read, EVENT_MODE)?.map(|mode| mode.since))
}

impl Turn<'_> {
    /// Looks for contacts on the networks that the node is on, or stops. True if that changed it.
    pub fn set_event_mode(&mut self, on: bool) -> Result<bool> {
        let was_on = event_mode_since(&self.txn)?.is_some();
        if was_on == on {
            return Ok(false);
        }
        let mode = EventMode { since: self.now };
        if on {
            self.txn.save(&mode);
        } else {
            self.txn.forget(&mode);
        }
        self.effect(Effect::LookAround { on });
        Ok(true)
    }

    /// What my names follow from, for contacts.
    pub(super) fn presence_seed(&self) -> Result<Option<PresenceSeed>> {
        Ok(self.txn.load::<OwnPresence>(PRESENCE)?.map(|own| own.seed))
    }

    pub(super) fn presence_secret(&self) -> Result<Option<PresenceSecret>> {
        Ok(self.txn.load::<OwnPresence>(PRESENCE)?.and_then(|own| own.secret))
    }

    /// From now on my names follow from another seed.
    pub(super) fn renew_presence_seed(&mut self) {
        let secret = PresenceSecret::new(self.random.bytes());
        let seed = secret.seed();
        self.txn.save(&OwnPresence { seed: seed.clone(), secret: Some(secret) });
        self.effect(Effect::BeFound { seed });
    }

    /// Tells a network that has just started how I am found. A home from before has no seed, or one without a secret, and
    /// its contacts are told.
    pub(super) fn be_found(&mut self) -> Result<()> {
        match self.txn.load::<OwnPresence>(PRESENCE)? {
            Some(OwnPresence { seed, secret: Some(_) }) => self.effect(Effect::BeFound { seed }),
            _ => {
                self.renew_presence_seed();
                self.announce()?;
            }
        }
        self.post_soon()?;
        self.watch_own_key()?;
        if event_mode_since(&self.txn)?.is_some() {
            self.effect(Effect::LookAround { on: true });
        }
        Ok(())
    }

    /// Whom I let go must not recognise me tomorrow: the others get another seed.
    pub(super) fn keep_presence_seed(&mut self) -> Result<()> {
        let changed: Vec<Vec<u8>> = self.txn.changed(Table::People).map(<[u8]>::to_vec).collect();
        for key in changed {
            if lets_go(entity::load(self.txn.under(), &key)?, self.txn.load(&key)?) {
                self.renew_presence_seed();
                let own = self.own()?;
                self.refresh_first_letters(&own)?;
                return self.announce();
            }
        }
        Ok(())
    }

    /// Tells the network which names of a person to listen for.
    pub(super) fn expect_instead(
        &mut self,
        person: PersonId,
        before: Option<PresenceSeed>,
        after: Option<PresenceSeed>,
    ) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.expect_no_more(person, before);
        }
        if let Some(after) = after {
            self.expect(person, after);
        }
    }

    pub(super) fn expect(&mut self, person: PersonId, seed: PresenceSeed) {
        self.live.expected.entry(seed.clone()).or_default().insert(person);
        self.effect(Effect::Expect { seed });
    }

    fn expect_no_more(&mut self, person: PersonId, seed: PresenceSeed) {
        self.live.nearby.remove(&person);
        let Some(people) = self.live.expected.get_mut(&seed) else { return };
        people.remove(&person);
        if people.is_empty() {
            self.live.expected.remove(&seed);
            self.effect(Effect::ExpectNoMore { seed });
        }
    }

    /// A name that follows from this seed was heard at these addresses of a local network; at none any more if there are
    /// none. Anybody may have said it, so it is a place to call at and nothing else.
    pub fn seen_nearby(&mut self, seed: &PresenceSeed, mut at: Vec<Hint>) -> Result<()> {
        at.truncate(limits::NEARBY_ADDRESSES);
        for person in self.live.expected.get(seed).cloned().unwrap_or_default() {
            if at.is_empty() {
                self.live.nearby.remove(&person);
            } else if self.live.note_nearby(person, &at) {
                self.pump(person)?;
            }
        }
        Ok(())
    }
}

/// True if somebody knows the seed who is to know it no more. Besides my contacts those do whose code I scanned, for they
/// have my claim; one of them who is gone altogether turned out to be somebody whom I know already.
fn lets_go(before: Option<Person>, after: Option<Person>) -> bool {
    let is_told = |person: &Person| !person.blocked && matches!(person.standing, Standing::Contact | Standing::Pending);
    let Some(before) = before.filter(is_told) else { return false };
    after.map_or(before.is_contact(), |after| !is_told(&after))
}

impl Live {
    /// Notes where somebody was heard; true if there is news in it.
    fn note_nearby(&mut self, person: PersonId, at: &[Hint]) -> bool {
        let known = self.nearby.get(&person);
        if known.is_none() && self.nearby.len() >= limits::NEARBY {
            return false;
        }
        let is_news = at.iter().any(|hint| known.is_none_or(|known| !known.contains(hint)));
        self.nearby.insert(person, at.to_vec());
        if is_news {
            self.pauses.remove(&person);
            for call in self.calls.values_mut().filter(|call| call.person == person) {
                call.is_outdated = true;
            }
        }
        is_news
    }

    /// Where to call somebody: nearby first, then where they said that their node is.
    pub(super) fn with_nearby(&self, person: PersonId, said: Vec<Hint>) -> Vec<Hint> {
        let Some(nearby) = self.nearby.get(&person) else { return said };
        let others = said.into_iter().filter(|hint| !nearby.contains(hint));
        nearby.iter().cloned().chain(others).collect()
    }
}
