//! Keys that were given up: saying so in the DHT under my own, and looking there under those of people I met lately, and
//! under mine. What lies there: [`crate::disowned`].
//!
//! Contacts hear of a change of the key by letter. This is for whoever met the thief of a machine and not its owner; and for
//! the machine itself, if its owner has it back, or went on from a backup that is older than the change.

use std::collections::BTreeMap;

use super::deadline::Ends;
use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::Result;
use super::inbox::{About, ItemKind, waits_since};
use super::incoming::{history_of, history_of_person};
use super::key_news::learn;
use super::notice::Notice;
use super::own::Own;
use super::person::{Person, Reach};
use super::presence::read_grant;
use super::turn::Turn;
use crate::crypto::sign::SecretSeed;
use crate::day_record::{DayKey, DayRecord};
use crate::disowned::Disowned;
use crate::id::{IdentityId, PeerId, PersonId};
use crate::identity::{History, NodeGrant};
use crate::limits;
use crate::nearby::Day;
use crate::record::Signed;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::words::RecoveryWords;

crate::wire_map! {
    /// A signing key of mine that a notice covers: it signs that it is given up, and nothing else any more.
    struct GivenUp {
        1 => number: u8,
        2 => seed: SecretSeed,
    }
}

impl Entity for GivenUp {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        [GIVEN_UP, &[self.number]].concat()
    }
}

crate::wire_map! {
    /// Somebody whom I met lately: I look whether their key was given up.
    struct Watch {
        1 => identity: IdentityId,
        2 => since: Timestamp,
        3 => next: Timestamp,
    }
}

impl Entity for Watch {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        watch_key(self.identity)
    }
}

crate::wire_map! {
    /// Somebody else signed with the key of mine that has this number.
    struct Exposed {
        1 => number: u8,
        2 => at: Timestamp,
    }
}

impl Entity for Exposed {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        EXPOSED.to_vec()
    }
}

fn watch_key(identity: IdentityId) -> Vec<u8> {
    [WATCH, &identity.0].concat()
}

const GIVEN_UP: &[u8] = b"given up";
const WATCH: &[u8] = b"watch";
const EXPOSED: &[u8] = b"exposed";

/// Whose key it is that I look under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Mine,
    Theirs(IdentityId),
}

/// A lookup that is under way.
#[derive(Clone, Debug)]
struct Sought {
    /// With the number of the key in their history. A thief may show one key as that of two identities.
    whose: BTreeMap<Whose, u8>,
    day: Day,
    since: Timestamp,
}

/// Lookups that are under way, by the key of the day.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches(BTreeMap<DayKey, Sought>);

impl Watches {
    /// The step in which it began is not to be.
    pub(super) fn never_sought(&mut self, key: &DayKey) {
        self.0.remove(key);
    }
}

impl Turn<'_> {
    /// My key changed with a notice: those of before that follow from the words stay here, to say that they are given up.
    /// The newest of them, since a thief has the last one as a rule.
    pub(super) fn keep_given_up(&mut self, words: &RecoveryWords, history: &History) -> Result<()> {
        let covered = (0..history.current()).rev().filter(|number| history.is_compromised(*number));
        let ours = covered.filter(|number| history.key(*number) == Some(&words.key(*number).verify_key()));
        for number in ours.take(limits::GIVEN_UP) {
            self.txn.save(&GivenUp { number, seed: words.key_seed(number) });
        }
        let all = self.given_up()?;
        all.iter().skip(limits::GIVEN_UP).for_each(|surplus| self.txn.forget(surplus));
        Ok(())
    }

    /// The newest first.
    fn given_up(&self) -> Result<Vec<GivenUp>> {
        let mut all = entity::list::<GivenUp>(&self.txn, GIVEN_UP, limits::KEY_EVENTS)?;
        all.reverse();
        Ok(all)
    }

    /// Says of each that it is given up, where whoever knows it looks. True if there is any.
    pub(super) fn post_given_up(&mut self) -> Result<bool> {
        let all = self.given_up()?;
        for GivenUp { number, seed } in &all {
            let (said, signed) = (Disowned::of(&self.keys.history, *number), self.lately());
            if let Some(record) = said.sign(seed, signed, self.random.bytes()) {
                self.live.posted_given_up.insert(record.key());
                self.effect(Effect::Post { record: Box::new(record) });
            }
        }
        Ok(!all.is_empty())
    }

    /// Some moment of today since my records can have been put there before. Of records that were signed in one second, whoever
    /// knows whose one of them is would know it of all.
    fn lately(&mut self) -> Timestamp {
        let span = (self.now.secs() % limits::DAY).min(limits::POST_PACE);
        let part = u64::from(u16::from_be_bytes(self.random.bytes()));
        self.now.minus(span * part / (1 << 16))
    }

    /// After a start I look whether my own key was given up: by me, at another machine.
    pub(super) fn watch_own_key(&mut self) -> Result<()> {
        self.watch_by(self.keys.signer.id, self.now.plus(limits::POST_FIRST))
    }

    /// I met somebody of whom I know no more than they said.
    pub(super) fn watch(&mut self, identity: IdentityId) -> Result<()> {
        self.watch_by(identity, self.now.plus(limits::WATCH_FIRST))
    }

    /// Looks at that time, unless it does so before.
    fn watch_by(&mut self, identity: IdentityId, at: Timestamp) -> Result<()> {
        let before = self.txn.load::<Watch>(&watch_key(identity))?;
        if before.as_ref().is_some_and(|watch| (self.now..=at).contains(&watch.next)) {
            return Ok(());
        }
        let since = before.as_ref().map_or(self.now, |watch| watch.since);
        self.stop_watching(identity)?;
        self.plan_watch(Watch { identity, since, next: at });
        Ok(())
    }

    fn plan_watch(&mut self, watch: Watch) {
        self.set_deadline(watch.next, Ends::Watch(watch.identity));
        self.txn.save(&watch);
    }

    /// Somebody is forgotten, or no contact any more.
    pub(super) fn stop_watching(&mut self, identity: IdentityId) -> Result<()> {
        if let Some(watch) = self.txn.load::<Watch>(&watch_key(identity))? {
            self.clear_deadline(watch.next, Ends::Watch(identity));
            self.txn.forget(&watch);
        }
        Ok(())
    }

    /// It is time to look again: soon after I met somebody, then more rarely.
    pub(super) fn watch_due(&mut self, identity: IdentityId) -> Result<()> {
        let Some(watch) = self.txn.load::<Watch>(&watch_key(identity))? else { return Ok(()) };
        let age = self.now.since(watch.since);
        let is_mine = identity == self.keys.signer.id;
        let is_over = match self.person_of(identity)? {
            _ if self.live.silent => true,
            _ if is_mine => false,
            Some(person) => !person.is_contact() || age >= limits::WATCH_LIFE,
            None => true,
        };
        if is_over {
            self.txn.forget(&watch);
            return Ok(());
        }
        let whose = if is_mine { Whose::Mine } else { Whose::Theirs(identity) };
        let is_begun = self.look_under(whose, Day::of(self.now))?;
        let pause = match age {
            _ if !is_begun => limits::POST_RETRY,
            _ if is_mine || age < limits::DAY => limits::DAY,
            age if age < limits::WATCH_OFTEN => limits::WATCH_PACE,
            _ => 4 * limits::WATCH_PACE,
        };
        // Not all who were met at one stand are looked for at once, nor at times that others know.
        let [spread] = self.random.bytes();
        let next = self.now.plus(pause - pause / 4 * u64::from(spread) / 255);
        self.plan_watch(Watch { next, ..watch });
        Ok(())
    }

    fn history_of_whose(&self, whose: Whose) -> Result<Option<History>> {
        match whose {
            Whose::Mine => Ok(Some(self.keys.history.clone())),
            Whose::Theirs(identity) => history_of(&self.txn, identity),
        }
    }

    /// False if too much is looked for already.
    fn look_under(&mut self, whose: Whose, day: Day) -> Result<bool> {
        let Some(history) = self.history_of_whose(whose)? else { return Ok(true) };
        let number = history.current();
        let Some(key) = history.key(number).and_then(|key| Disowned::key_of(key, day)) else { return Ok(true) };
        // Whoever may be a thief is not asked.
        let not_by = match whose {
            Whose::Mine => None,
            Whose::Theirs(identity) => {
                self.person_of(identity)?.map(|person| self.node_named_by(person.id)).transpose()?
            }
        };
        let (now, watches) = (self.now, &mut self.live.watches.0);
        watches.retain(|_, sought| now.since(sought.since) < limits::SEEK_LOST);
        if let Some(sought) = watches.get_mut(&key) {
            sought.whose.insert(whose, number);
            return Ok(true);
        }
        if watches.len() >= limits::SEEKS {
            return Ok(false);
        }
        watches.insert(key, Sought { whose: BTreeMap::from([(whose, number)]), day, since: now });
        self.effect(Effect::Seek { key, not_by: not_by.flatten() });
        Ok(true)
    }

    /// The machine that somebody last said speaks for them.
    pub(super) fn node_named_by(&self, person: PersonId) -> Result<Option<PeerId>> {
        let reach = self.txn.load::<Reach>(&person.0)?;
        Ok(reach.as_ref().and_then(read_grant).map(|grant| grant.peer))
    }

    /// What lies under a key that I looked for; false if it is not one of these. `is_sure` unless nobody could be asked.
    pub(super) fn sought_given_up(&mut self, key: DayKey, found: Option<&DayRecord>, is_sure: bool) -> Result<bool> {
        let Some(Sought { whose, day, .. }) = self.live.watches.0.remove(&key) else { return Ok(false) };
        let found = found.filter(|record| record.key() == key && record.counts_at(self.now));
        for (whose, number) in whose {
            let Some(history) = self.history_of_whose(whose)? else { continue };
            let said = history.key(number).and_then(|key| found.and_then(|record| Disowned::read(record, key)));
            match (said, whose) {
                (Some(said), Whose::Theirs(identity)) => self.key_is_given_up(identity, history, number, &said)?,
                (Some(said), Whose::Mine) => self.own_key_is_given_up(history, &said)?,
                (None, _) if !is_sure => {
                    let identity = if let Whose::Theirs(identity) = whose { identity } else { self.keys.signer.id };
                    self.watch_by(identity, self.now.plus(limits::POST_RETRY))?;
                }
                // What is put there today may not be there yet.
                (None, _) if day == Day::of(self.now) && history.current() == number => {
                    self.look_under(whose, Day(day.0.saturating_sub(1)))?;
                }
                (None, _) => {}
            }
        }
        Ok(true)
    }

    /// Nothing is believed of a key any more that somebody I know was known by.
    fn key_is_given_up(
        &mut self,
        identity: IdentityId,
        mut history: History,
        number: u8,
        said: &Disowned,
    ) -> Result<()> {
        let before = history.clone();
        history.disown(number);
        learn(&mut history, &said.events);
        if history == before {
            return Ok(());
        }
        self.save_history(&history);
        if let Some(person) = self.person_of(identity)? {
            self.hang_up_on(person.id);
            // Their node does nothing for me any more, nor mine for it: this has whoever sees to that look at it.
            if let Some(reach) = self.txn.load::<Reach>(&person.id.0)? {
                self.txn.save(&reach);
            }
            if !before.is_compromised(number) {
                self.notice(Notice::KeyGivenUp { person: person.id });
                let until = About::until(self.now.plus(limits::LETTER_LIFE));
                self.ask_me_if_room(ItemKind::KeyGivenUp, person.id, until)?;
            }
        }
        // There may be more than one record has room for.
        if history.current() > number {
            self.look_under(Whose::Theirs(identity), Day::of(self.now))?;
        }
        Ok(())
    }

    /// My key was changed at another machine, with the words: nothing that this one says counts any more. A word without
    /// the change is by somebody who has the key and not the words: I am to change it.
    fn own_key_is_given_up(&mut self, mut history: History, said: &Disowned) -> Result<()> {
        let number = history.current();
        learn(&mut history, &said.events);
        if history.current() > number {
            return self.my_key_goes_on(&history);
        }
        if exposed_since(&self.txn)?.is_none() {
            self.txn.save(&Exposed { number, at: self.now });
        }
        Ok(())
    }
}

/// Since when I know that somebody else signed with the key that I have now.
pub fn exposed_since(read: &dyn Read) -> Result<Option<Timestamp>> {
    let Some(exposed) = entity::load::<Exposed>(read, EXPOSED)? else { return Ok(None) };
    Ok((Own::load(read)?.history().current() == exposed.number).then_some(exposed.at))
}

/// True if the key that somebody was last known by was given up, and nothing came since that counts.
pub fn is_key_given_up(read: &dyn Read, person: &Person) -> Result<bool> {
    let Some(history) = history_of_person(read, person)? else { return Ok(false) };
    let reach = entity::load::<Reach>(read, &person.id.0)?;
    let grant = reach.and_then(|reach| Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()).ok());
    Ok(grant.is_some_and(|grant| history.is_compromised(grant.claimed_signer().key)))
}

/// Until when what came from somebody came by a key that was given up since, if they were last known by one: nothing that
/// it signs is taken in once that is known. When it became known is kept as long as that waits in the inbox; after that all
/// that came counts as such.
pub fn came_by_given_up_until(read: &dyn Read, person: &Person) -> Result<Option<Timestamp>> {
    if !is_key_given_up(read, person)? {
        return Ok(None);
    }
    let heard = waits_since(read, ItemKind::KeyGivenUp, person.id)?;
    Ok(Some(heard.unwrap_or(Timestamp::from_secs(limits::LATEST_TIME))))
}
