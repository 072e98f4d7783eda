//! Being found again when addresses, mailboxes and letters all failed: a record of where my node is, each day under another
//! key, in the DHT; and looking there for contacts who do not answer. What the record is: [`crate::presence`].

use std::collections::{BTreeMap, BTreeSet};

use super::deadline::Ends;
use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::Result;
use super::incoming::history_of_person;
use super::live::Live;
use super::mailboxes::own_hosts;
use super::own::verify_grant;
use super::person::{Person, Reach};
use super::presence::Place;
use super::replaced::former_machines;
use super::turn::Turn;
use crate::day_record::{DayKey, DayRecord};
use crate::id::PersonId;
use crate::limits;
use crate::nearby::Day;
use crate::presence::Whereabouts;
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_map! {
    /// When my record is put there.
    struct Posting {
        /// The next time.
        1 => next: Timestamp,
        /// The last time.
        2 => last: Option<Timestamp>,
        /// How often in a row nobody took it.
        3 => failures: u32,
        /// When somebody last took it.
        4 => taken: Option<Timestamp>,
    }
}

impl Entity for Posting {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        POSTING.to_vec()
    }
}

const POSTING: &[u8] = b"posting";

/// What became of my record in the DHT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastPosted {
    /// It was not put there yet, or it is not known what came of it.
    NotYet,
    /// Somebody took it then.
    Taken(Timestamp),
    /// Nobody took the newest one; when somebody last took one before it, if anybody did.
    ByNobody(Option<Timestamp>),
}

/// What became of my record in the DHT.
pub fn last_posted(read: &dyn Read) -> Result<LastPosted> {
    Ok(match entity::load::<Posting>(read, POSTING)? {
        Some(posting) if posting.failures > 0 => LastPosted::ByNobody(posting.taken),
        Some(Posting { taken: Some(taken), .. }) => LastPosted::Taken(taken),
        _ => LastPosted::NotYet,
    })
}

/// A lookup that is under way.
#[derive(Clone, Debug)]
struct Sought {
    people: BTreeSet<PersonId>,
    day: Day,
    since: Timestamp,
}

/// Whom I look for.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookout {
    /// Under which key now. One seed may be given by several, of whom at most one made it.
    sought: BTreeMap<DayKey, Sought>,
    /// When last, and how often in a row.
    last: BTreeMap<PersonId, (Timestamp, u32)>,
}

impl Lookout {
    /// The step in which it began is not to be.
    pub(super) fn never_sought(&mut self, key: &DayKey) {
        for person in self.sought.remove(key).into_iter().flat_map(|sought| sought.people) {
            self.last.remove(&person);
        }
    }
}

impl Turn<'_> {
    /// My record is to be put there again, once the network knows where it is reached.
    pub(super) fn post_soon(&mut self) -> Result<()> {
        self.post_by(self.now.plus(limits::POST_FIRST))
    }

    fn post_by(&mut self, at: Timestamp) -> Result<()> {
        let planned = self.txn.load::<Posting>(POSTING)?;
        let before = |planned: &Posting| (planned.last, planned.failures, planned.taken);
        let (last, failures, taken) = planned.as_ref().map_or((None, 0, None), before);
        // A clock that was ahead says nothing of when it was.
        let earliest = last.filter(|last| *last <= self.now).map(|last| last.plus(limits::POST_PACE));
        let next = at.max(earliest.unwrap_or(at));
        if let Some(planned) = planned {
            // What is past was not dealt with while the node was off.
            if (self.now..=next).contains(&planned.next) {
                return Ok(());
            }
            self.clear_deadline(planned.next, Ends::Posting);
        }
        self.txn.save(&Posting { next, last, failures, taken });
        self.set_deadline(next, Ends::Posting);
        Ok(())
    }

    /// Puts my record there.
    pub(super) fn post_presence(&mut self) -> Result<()> {
        if self.live.silent {
            return Ok(());
        }
        let record = self.day_record()?;
        let has_given_up = self.post_given_up()?;
        let before = self.txn.load::<Posting>(POSTING)?;
        let (last, failures, taken) =
            before.map_or((None, 0, None), |before| (before.last, before.failures, before.taken));
        let last = (record.is_some() || has_given_up).then_some(self.now).or(last);
        let next = self.next_posting();
        self.txn.save(&Posting { next, last, failures, taken });
        self.set_deadline(next, Ends::Posting);
        self.live.posted = record.as_ref().map(DayRecord::key);
        if let Some(record) = record {
            self.effect(Effect::Post { record: Box::new(record) });
        }
        Ok(())
    }

    /// Where I am now; nothing while the network has not said so.
    fn day_record(&mut self) -> Result<Option<DayRecord>> {
        let own = self.own()?;
        let Some(secret) = self.presence_secret()?.filter(|_| !own.hints.is_empty()) else { return Ok(None) };
        let hosts = own_hosts(&self.txn)?;
        let whereabouts = Whereabouts { grant: own.grant, counter: own.presence, hints: own.hints, hosts };
        Ok(whereabouts.sign(&secret, self.now, self.random.bytes()))
    }

    /// A while later; and in the first hours of each day, not all at once, nor each day at the same time.
    fn next_posting(&mut self) -> Timestamp {
        let [one, two] = self.random.bytes();
        let within = |span: u64, part: u8| span * u64::from(part) / 256;
        let tomorrow = Timestamp::from_secs((u64::from(Day::of(self.now).0) + 1) * limits::DAY);
        let again = self.now.plus(limits::POST_AGAIN - within(limits::HOUR, one));
        again.min(tomorrow.plus(limits::POST_PACE + within(2 * limits::HOUR, two)))
    }

    /// What became of my record. Who has no contact whose node could take it asks ever more rarely.
    pub fn posted(&mut self, key: DayKey, is_taken: bool) -> Result<()> {
        if self.live.posted_given_up.remove(&key) && !is_taken {
            return self.post_by(self.now.plus(limits::POST_RETRY));
        }
        let is_mine = self.live.posted == Some(key);
        let Some(posting) = self.txn.load::<Posting>(POSTING)?.filter(|_| is_mine) else { return Ok(()) };
        if is_taken {
            self.txn.save(&Posting { failures: 0, taken: Some(self.now), ..posting });
            return Ok(());
        }
        let pause = (limits::POST_RETRY << posting.failures.min(8)).min(limits::POST_AGAIN);
        self.txn.save(&Posting { failures: posting.failures.saturating_add(1), ..posting });
        self.post_by(self.now.plus(pause))
    }

    /// Somebody's node can be asked now, where nobody's could.
    pub(super) fn post_if_nobody_took_it(&mut self) -> Result<()> {
        match last_posted(&self.txn)? {
            LastPosted::ByNobody(_) => self.post_soon(),
            LastPosted::NotYet | LastPosted::Taken(_) => Ok(()),
        }
    }

    /// Somebody does not answer: maybe they said in the DHT where they are now.
    pub(super) fn seek(&mut self, person: PersonId) -> Result<()> {
        let (now, lookout) = (self.now, &mut self.live.lookout);
        // Whoever was not looked for since then was there meanwhile.
        lookout.last.retain(|_, (last, _)| now.since(*last) < 2 * limits::SEEK_PACE);
        // An overloaded network may lose a word.
        lookout.sought.retain(|_, sought| now.since(sought.since) < limits::SEEK_LOST);
        let times = match lookout.last.get(&person) {
            Some((last, times)) if now.since(*last) < pause_after(*times) => return Ok(()),
            Some((_, times)) => times.saturating_add(1),
            None => 0,
        };
        if lookout.sought.len() >= limits::SEEKS || !self.live.waiting.contains(&person) {
            return Ok(());
        }
        self.live.lookout.last.insert(person, (now, times));
        self.seek_on(person, Day::of(self.now))
    }

    fn seek_on(&mut self, person: PersonId, day: Day) -> Result<()> {
        let seed = self.txn.load::<Reach>(&person.0)?.and_then(|reach| reach.presence);
        if let Some(key) = seed.and_then(|seed| seed.key_of(day)) {
            let fresh = || Sought { people: BTreeSet::new(), day, since: self.now };
            let sought = self.live.lookout.sought.entry(key).or_insert_with(fresh);
            sought.people.insert(person);
            self.effect(Effect::Seek { key, not_by: None });
        }
        Ok(())
    }

    /// What lies under a key that I looked for; `is_sure` unless nobody could be asked. Who has slept since midnight is found under the day before.
    pub fn sought(&mut self, key: DayKey, found: Option<&DayRecord>, is_sure: bool) -> Result<()> {
        if self.sought_given_up(key, found, is_sure)? {
            return Ok(());
        }
        let Some(Sought { people, day, .. }) = self.live.lookout.sought.remove(&key) else { return Ok(()) };
        let record = found.filter(|record| record.key() == key && record.counts_at(self.now));
        for person in people {
            match record {
                Some(record) => self.whereabouts_found(person, record)?,
                None if day == Day::of(self.now) => self.seek_on(person, Day(day.0.saturating_sub(1)))?,
                None => {}
            }
        }
        Ok(())
    }

    /// A contact said there where they are. It counts as a letter does, and less: a letter with the same count says more, so
    /// it may come later.
    fn whereabouts_found(&mut self, id: PersonId, record: &DayRecord) -> Result<()> {
        let Some(person) = self.txn.load::<Person>(&id.0)?.filter(|person| person.is_contact() && !person.blocked)
        else {
            return Ok(());
        };
        let Some(known) = self.txn.load::<Reach>(&id.0)? else { return Ok(()) };
        let said = known.presence.as_ref().and_then(|seed| Whereabouts::read(record, seed));
        let (Some(said), Some(history)) = (said, history_of_person(&self.txn, &person)?) else { return Ok(()) };
        let Some(grant) = verify_grant(said.grant.as_slice(), &history, self.now) else { return Ok(()) };
        let newest = Place::known(&known, &history).map(|newest| (newest, known.counter));
        let is_newer = newest < Some((Place::current(&grant, &history), said.counter));
        let mailboxes = said.passes(known.mailboxes.clone());
        let is_news = known.grant != said.grant || known.hints != said.hints || known.mailboxes != mailboxes;
        if !is_newer || !is_news {
            return Ok(());
        }
        let former = former_machines(Some(&known), grant.peer);
        self.hang_up_on_former(id, &former);
        if mailboxes != known.mailboxes {
            self.live.leave_after.remove(&id);
        }
        let counter = said.counter.saturating_sub(1);
        self.txn.save(&Reach { grant: said.grant, hints: said.hints, counter, mailboxes, former, ..known });
        self.live.pauses.remove(&id);
        self.pump(id)
    }
}

/// Who moved at the same time may have said where to a minute later; who does not come back is looked for ever more rarely.
fn pause_after(times: u32) -> u64 {
    (limits::SEEK_FIRST << times.min(8)).min(limits::SEEK_PACE)
}

impl Live {
    /// True if enough calls were in vain to look for somebody elsewhere.
    pub(super) fn is_missed(&self, person: PersonId) -> bool {
        self.pauses.get(&person).is_some_and(|pause| pause.failures >= limits::SEEK_AFTER)
    }
}
