//! What this node keeps of the DHT: records of days, the nearest to its own id when there are too many.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kith_protocol::day_record::DayRecord;
use kith_protocol::time::Timestamp;
use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{KBucketDistance, KBucketKey, ProviderRecord, Record, RecordKey};

/// Records that are kept: 2 MiB. One more makes the farthest go.
pub(super) const MOST: usize = 2_048;

struct Kept {
    day: DayRecord,
    /// As the library hands it out.
    record: Record,
}

/// The records, by their distance from this node.
pub(in crate::network) struct Shelf {
    me: KBucketKey<PeerId>,
    now: fn() -> Timestamp,
    kept: BTreeMap<KBucketDistance, Kept>,
}

impl Shelf {
    pub(super) fn new(me: PeerId, now: fn() -> Timestamp) -> Self {
        Self { me: me.into(), now, kept: BTreeMap::new() }
    }

    fn distance(&self, key: &[u8]) -> KBucketDistance {
        self.me.distance(&KBucketKey::new(key.to_vec()))
    }

    /// Keeps a record unless a later one lies there, or all others are nearer; true if it lies there now.
    pub(super) fn keep(&mut self, day: DayRecord, now: Timestamp) -> bool {
        if !day.counts_at(now) {
            return false;
        }
        let distance = self.distance(day.key().as_bytes());
        if self.kept.get(&distance).is_some_and(|kept| !day.replaces(&kept.day)) {
            return true;
        }
        if self.kept.len() >= MOST && !self.kept.contains_key(&distance) {
            self.kept.retain(|_, kept| kept.day.counts_at(now));
        }
        if self.kept.len() >= MOST && !self.kept.contains_key(&distance) {
            match self.kept.last_key_value() {
                Some((farthest, _)) if *farthest > distance => self.kept.pop_last(),
                _ => return false,
            };
        }
        let record = Record::new(day.key().as_bytes().to_vec(), day.as_bytes().to_vec());
        self.kept.insert(distance, Kept { day, record });
        true
    }
}

/// The library reads here. It is told to write nothing by itself, and of providers this DHT knows nothing.
impl RecordStore for Shelf {
    type RecordsIter<'a> = std::iter::Empty<Cow<'a, Record>>;
    type ProvidedIter<'a> = std::iter::Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        let kept = self.kept.get(&self.distance(key.as_ref()))?;
        kept.day.counts_at((self.now)()).then_some(Cow::Borrowed(&kept.record))
    }

    fn put(&mut self, _: Record) -> Result<()> {
        Err(Error::MaxRecords)
    }

    fn remove(&mut self, _: &RecordKey) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        std::iter::empty()
    }

    fn add_provider(&mut self, _: ProviderRecord) -> Result<()> {
        Err(Error::MaxProvidedKeys)
    }

    fn providers(&self, _: &RecordKey) -> Vec<ProviderRecord> {
        Vec::new()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, _: &RecordKey, _: &PeerId) {}
}

#[cfg(test)]
mod tests {
    use kith_protocol::limits;
    use kith_protocol::presence::{PresenceSecret, Whereabouts};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_776_643_200 + 3_600);

    fn record(person: u32, at: Timestamp) -> DayRecord {
        let mut secret = [1; 32];
        secret[..4].copy_from_slice(&person.to_be_bytes());
        let said = Whereabouts { grant: Default::default(), counter: 1, hints: Vec::new(), hosts: Vec::new() };
        said.sign(&PresenceSecret::new(secret), at, [2; 32]).unwrap()
    }

    fn lies_there(shelf: &Shelf, day: &DayRecord) -> bool {
        let record = shelf.get(&RecordKey::new(day.key().as_bytes()));
        record.is_some_and(|record| record.value == day.as_bytes() && record.publisher.is_none())
    }

    #[test]
    fn the_later_record_of_a_day_stays_and_an_old_day_is_not_taken() {
        let mut shelf = Shelf::new(PeerId::random(), || NOW);
        let (early, late) = (record(1, NOW), record(1, NOW.plus(60)));
        assert!(shelf.keep(late.clone(), NOW) && shelf.keep(early, NOW));
        assert!(lies_there(&shelf, &late));
        assert!(!shelf.keep(record(2, NOW.minus(3 * limits::DAY)), NOW));
    }

    #[test]
    fn a_full_shelf_keeps_what_is_nearest_and_makes_room_of_what_is_over() {
        let mut shelf = Shelf::new(PeerId::random(), || NOW);
        let people = u32::try_from(MOST).unwrap();
        let all: Vec<DayRecord> = (0..people + 64).map(|person| record(person, NOW)).collect();
        let kept = all.iter().filter(|day| shelf.keep((*day).clone(), NOW)).count();
        assert!(kept >= MOST && shelf.kept.len() == MOST);
        let mut distances: Vec<_> = all.iter().map(|day| (shelf.distance(day.key().as_bytes()), day)).collect();
        distances.sort_by_key(|(distance, _)| *distance);
        assert!(distances[..MOST].iter().all(|(_, day)| lies_there(&shelf, day)), "the nearest are there");
        assert!(!distances[MOST..].iter().any(|(_, day)| lies_there(&shelf, day)));
        let later = NOW.plus(2 * limits::DAY);
        assert!(shelf.keep(record(people + 100, later), later));
        assert_eq!(shelf.kept.len(), 1, "what counts no more went");
    }
}
