//! What strangers keep of people's days, for whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::nearby::Day;

use super::home::Who;
use super::world::{Event, World};

/// The DHT, as one place.
#[derive(Debug, Default)]
pub struct Dht {
    kept: BTreeMap<DayKey, DayRecord>,
    /// Twenty stand around every key.
    shows_nothing: bool,
    /// Who is shown nothing.
    hidden_from: BTreeSet<Who>,
    /// How often somebody looked under each key.
    looked: BTreeMap<DayKey, u64>,
}

impl Dht {
    /// True if something lies under this key.
    pub fn keeps(&self, key: DayKey) -> bool {
        self.kept.contains_key(&key)
    }

    /// The second of its day in which what lies under this key was signed, as everybody can read there.
    pub fn second_of(&self, key: DayKey) -> Option<u32> {
        let (head, _) = self.kept.get(&key)?.as_bytes().split_first_chunk::<9>()?;
        let [_, _, _, _, _, second @ ..] = head;
        Some(u32::from_be_bytes(*second))
    }

    /// Somebody puts a record there by hand.
    pub fn put(&mut self, record: DayRecord) {
        let kept = self.kept.entry(record.key()).or_insert_with(|| record.clone());
        if record.replaces(kept) {
            *kept = record;
        }
    }
}

impl World {
    /// From now on whoever looks for the one key is shown what lies under the other.
    pub fn shows_instead(&mut self, wanted: DayKey, shown: DayKey) {
        let record = self.dht.kept.get(&shown).expect("something lies there").clone();
        self.dht.kept.insert(wanted, record);
    }

    /// From now on whoever looks in the DHT finds nothing.
    pub fn dht_shows_nothing(&mut self) {
        self.dht.shows_nothing = true;
    }

    /// From now on this one's program takes no notice of what lies there.
    pub fn looks_nowhere(&mut self, who: Who) {
        self.dht.hidden_from.insert(who);
    }

    /// How often somebody was looked for, under the seed that this contact has.
    pub fn lookups_of(&self, of: Who, known_to: Who) -> u64 {
        let Some(seed) = self.reach_of(known_to, of).and_then(|reach| reach.presence) else { return 0 };
        let today = Day::of(self.clock(of)).0;
        let keys = (today.saturating_sub(60)..=today + 1).filter_map(|day| seed.key_of(Day(day)));
        keys.filter_map(|key| self.dht.looked.get(&key)).sum()
    }

    pub(super) fn posts(&mut self, who: Who, record: DayRecord) {
        let (at, run, is_taken) = (self.delay(), self.home(who).run, record.counts_at(self.clock(who)));
        self.queue.plan(at, Event::Posted { who, run, key: record.key(), is_taken });
        if is_taken {
            self.dht.put(record);
        }
    }

    pub(super) fn seeks(&mut self, who: Who, key: DayKey) {
        *self.dht.looked.entry(key).or_default() += 1;
        let (at, run) = (self.delay(), self.home(who).run);
        self.queue.plan(at, Event::Sought { who, run, key });
    }

    pub(super) fn sought(&mut self, who: Who, key: DayKey) {
        let is_shown = !self.dht.shows_nothing && !self.dht.hidden_from.contains(&who);
        let found = self.dht.kept.get(&key).filter(|_| is_shown).cloned();
        self.input(who, |turn| turn.sought(key, found.as_ref(), true));
    }
}
