//! What strangers keep of people's days, for whoever asks.

use std::collections::BTreeMap;

use kith_protocol::presence::{DayKey, DayRecord};

use super::home::Who;
use super::world::{Event, World};

/// The DHT, as one place.
#[derive(Debug, Default)]
pub struct Dht {
    kept: BTreeMap<DayKey, DayRecord>,
    /// Twenty stand around every key.
    shows_nothing: bool,
    /// How often somebody looked there.
    pub lookups: u64,
}

impl Dht {
    /// True if something lies under this key.
    pub fn keeps(&self, key: DayKey) -> bool {
        self.kept.contains_key(&key)
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

    pub(super) fn posts(&mut self, who: Who, record: DayRecord) {
        let (at, run, is_taken) = (self.delay(), self.home(who).run, record.counts_at(self.clock(who)));
        self.queue.plan(at, Event::Posted { who, run, is_taken });
        if !is_taken {
            return;
        }
        let kept = self.dht.kept.entry(record.key()).or_insert_with(|| record.clone());
        if record.replaces(kept) {
            *kept = record;
        }
    }

    pub(super) fn seeks(&mut self, who: Who, key: DayKey) {
        self.dht.lookups += 1;
        let (at, run) = (self.delay(), self.home(who).run);
        self.queue.plan(at, Event::Sought { who, run, key });
    }

    pub(super) fn sought(&mut self, who: Who, key: DayKey) {
        let found = self.dht.kept.get(&key).filter(|_| !self.dht.shows_nothing).cloned();
        self.input(who, |turn| turn.sought(key, found.as_ref()));
    }
}
