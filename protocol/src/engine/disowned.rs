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
use super::incoming::history_of;
use super::notice::Notice;
use super::person::{Person, Reach};
use super::turn::Turn;
use crate::crypto::sign::SecretSeed;
use crate::day_record::{DayKey, DayRecord};
use crate::disowned::Disowned;
use crate::id::IdentityId;
use crate::identity::{History, Learned, NodeGrant};
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

fn watch_key(identity: IdentityId) -> Vec<u8> {
    [WATCH, &identity.0].concat()
}

const GIVEN_UP: &[u8] = b"given up";
const WATCH: &[u8] = b"watch";

/// Whose key it is that I look under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Mine,
    Theirs(IdentityId),
}

/// A lookup that is under way.
#[derive(Clone, Copy, Debug)]
struct Sought {
    whose: Whose,
    number: u8,
    day: Day,
    since: Timestamp,
}

/// Lookups of this kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches {
    /// Under way, by the key of the day.
    sought: BTreeMap<DayKey, Sought>,
    /// The day on which I last looked under my own key.
    own: Option<Day>,
}

impl Watches {
    /// The step in which it began is not to be.
    pub(super) fn never_sought(&mut self, key: &DayKey) {
        self.sought.remove(key);
    }
}

impl Turn<'_> {
    /// My key changed with a notice: those of before that follow from the words stay here, to say that they are given up.
    /// The newest of them, since a thief has the last one as a rule.
    pub(super) fn keep_given_up(&mut self, words: &RecoveryWords, history: &History) {
        let covered = (0..history.current()).rev().filter(|number| history.is_compromised(*number));
        let ours = covered.filter(|number| history.key(*number) == Some(&words.key(*number).verify_key()));
        for number in ours.take(limits::GIVEN_UP) {
            self.txn.save(&GivenUp { number, seed: words.key_seed(number) });
        }
    }

    /// Says of each that it is given up, where whoever knows it looks.
    pub(super) fn post_given_up(&mut self) -> Result<()> {
        let mut given_up = entity::list::<GivenUp>(&self.txn, GIVEN_UP, limits::KEY_EVENTS)?;
        given_up.reverse();
        for GivenUp { number, seed } in given_up.into_iter().take(limits::GIVEN_UP) {
            let said = Disowned::of(&self.keys.history, number);
            if let Some(record) = said.sign(&seed, self.now, self.random.bytes()) {
                self.effect(Effect::Post { record: Box::new(record) });
            }
        }
        Ok(())
    }

    /// Looks whether my own key was given up: by me, at another machine. After a start, and once a day.
    pub(super) fn look_after_own_key(&mut self) {
        let today = Some(Day::of(self.now));
        if self.live.watches.own != today && self.look_under(Whose::Mine, &self.keys.history.clone(), Day::of(self.now))
        {
            self.live.watches.own = today;
        }
    }

    /// I met somebody of whom I know no more than they said.
    pub(super) fn watch(&mut self, identity: IdentityId) -> Result<()> {
        self.stop_watching(identity)?;
        let next = self.now.plus(limits::WATCH_FIRST);
        self.txn.save(&Watch { identity, since: self.now, next });
        self.set_deadline(next, Ends::Watch(identity));
        Ok(())
    }

    fn stop_watching(&mut self, identity: IdentityId) -> Result<()> {
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
        let history = history_of(&self.txn, identity)?;
        let is_known = self.person_of(identity)?.is_some_and(|person| !person.blocked);
        let Some(history) = history.filter(|_| is_known && age < limits::WATCH_LIFE && !self.live.silent) else {
            self.txn.forget(&watch);
            return Ok(());
        };
        let is_begun = self.look_under(Whose::Theirs(identity), &history, Day::of(self.now));
        let pause = match age {
            _ if !is_begun => limits::WATCH_FIRST,
            age if age < limits::DAY => limits::DAY,
            age if age < limits::WATCH_OFTEN => limits::WATCH_PACE,
            _ => 4 * limits::WATCH_PACE,
        };
        let next = self.now.plus(pause);
        self.txn.save(&Watch { next, ..watch });
        self.set_deadline(next, Ends::Watch(identity));
        Ok(())
    }

    /// False if too much is looked for already.
    fn look_under(&mut self, whose: Whose, history: &History, day: Day) -> bool {
        let (now, watches) = (self.now, &mut self.live.watches.sought);
        watches.retain(|_, sought| now.since(sought.since) < limits::SEEK_LOST);
        let number = history.current();
        let Some(key) = history.key(number).and_then(|key| Disowned::key_of(key, day)) else { return true };
        if watches.len() >= limits::SEEKS {
            return false;
        }
        watches.insert(key, Sought { whose, number, day, since: now });
        self.effect(Effect::Seek { key });
        true
    }

    /// What lies under a key that I looked for; false if it is not one of these. What was put there today may not be there
    /// yet.
    pub(super) fn sought_given_up(&mut self, key: DayKey, found: Option<&DayRecord>) -> Result<bool> {
        let Some(Sought { whose, number, day, .. }) = self.live.watches.sought.remove(&key) else { return Ok(false) };
        let history = match whose {
            Whose::Mine => Some(self.keys.history.clone()),
            Whose::Theirs(identity) => history_of(&self.txn, identity)?,
        };
        let Some(history) = history else { return Ok(true) };
        let found = found.filter(|record| record.key() == key && record.counts_at(self.now));
        let said = history.key(number).and_then(|key| found.and_then(|record| Disowned::read(record, key)));
        match (said, whose) {
            (Some(said), Whose::Theirs(identity)) => self.key_is_given_up(identity, history, number, &said)?,
            (Some(said), Whose::Mine) => self.own_key_is_given_up(history, &said)?,
            (None, _) if day == Day::of(self.now) && history.current() == number => {
                self.look_under(whose, &history, Day(day.0.saturating_sub(1)));
            }
            (None, _) => {}
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
        learn(&mut history, said);
        if history == before {
            return Ok(());
        }
        self.save_history(&history);
        if let Some(person) = self.person_of(identity)? {
            self.hang_up_on(person.id);
            self.notice(Notice::KeyGivenUp { person: person.id });
        }
        // There may be more than one record has room for.
        if history.current() > number {
            self.look_under(Whose::Theirs(identity), &history, Day::of(self.now));
        }
        Ok(())
    }

    /// My key was changed at another machine, with the words: nothing that this one says counts any more. A word without
    /// the change is by somebody who has the key and not the words, and says no more than that.
    fn own_key_is_given_up(&mut self, mut history: History, said: &Disowned) -> Result<()> {
        let before = history.current();
        learn(&mut history, said);
        if history.current() == before {
            return Ok(());
        }
        self.goes_on_elsewhere()
    }
}

/// True if the key that somebody was last known by was given up, and nothing came since that counts.
pub fn is_key_given_up(read: &dyn Read, person: &Person) -> Result<bool> {
    let Some(history) = person.identity.map(|identity| history_of(read, identity)).transpose()?.flatten() else {
        return Ok(false);
    };
    let reach = entity::load::<Reach>(read, &person.id.0)?;
    let grant = reach.and_then(|reach| Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()).ok());
    Ok(grant.is_some_and(|grant| history.is_compromised(grant.claimed_signer().key)))
}

/// Takes in what fits. What contradicts what was seen first is left out: it is evidence only if its owner shows it.
fn learn(history: &mut History, said: &Disowned) {
    for event in &said.events {
        if !matches!(history.learn(event.as_slice()), Ok(Learned::New | Learned::Known)) {
            break;
        }
    }
}
