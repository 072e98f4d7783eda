//! A key that is given up says so itself, to people its owner never heard of.
//!
//! A notice goes to contacts by letter. Whoever meets the thief of a machine afterwards is on nobody's list, and knows the
//! stolen key and no later one. They find the answer where strangers keep records for a day ([`crate::day_record`]), under a
//! key that follows from the stolen one: whoever knows the one can look under the other. Only who has the secret can put
//! something there, and nobody does whose key still counts. So whatever lies there says that the key is given up: a thief
//! who writes over it says so, too.

use crate::crypto::sign::{SecretSeed, VerifyKey};
use crate::day_record::{DayKey, DayRecord, ROOM, Subject};
use crate::identity::{History, Seen};
use crate::limits;
use crate::nearby::Day;
use crate::record::RecordBytes;
use crate::time::Timestamp;
use crate::wire;

const DISOWNED: Subject = Subject { day_key: "kith/1/disowned day", content: "kith/1/disowned content" };

crate::wire_map! {
    /// "This key is given up", and what came after it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Disowned {
        /// Key events after the one that brought the key, as in letters: rotations in order, then notices.
        1 => pub events: Vec<RecordBytes>,
    }
}

impl Disowned {
    /// Where the record of a signing key lies on a day.
    pub fn key_of(key: &VerifyKey, day: Day) -> Option<DayKey> {
        DISOWNED.key_of(key.as_bytes(), day)
    }

    /// What its owner says of the key with this number.
    pub fn of(history: &History, number: u8) -> Self {
        // Bit n − 1 for the notice of rotation n: those up to this key are known to whoever looks for it.
        let notices = 1_u64.checked_shl(u32::from(number)).map_or(u64::MAX, |bit| bit - 1);
        let after = history.since(Seen { rotations: number, notices });
        Self { events: after.into_iter().filter_map(|event| wire::Bytes::new(event).ok()).collect() }
    }

    /// Seals and signs it with the key that is given up, for the day of `now`. What does not fit is left out from the end;
    /// it is found under the last key that is named.
    pub fn sign(mut self, given_up: &SecretSeed, now: Timestamp, seed: [u8; 32]) -> Option<DayRecord> {
        while wire::encode(&self).len() > ROOM {
            self.events.pop()?;
        }
        DayRecord::sign(&wire::encode(&self), &DISOWNED, given_up, now, seed)
    }

    /// Reads what lies under a key of the day of this signing key. `None` if it was not signed with that one. Whatever it
    /// says, the key is given up; it says nothing if a thief wrote it.
    pub fn read(record: &DayRecord, key: &VerifyKey) -> Option<Self> {
        let said = || wire::decode::<Self>(&record.open(key.as_bytes(), &DISOWNED)?).ok();
        let is_bounded = |said: &Self| said.events.len() <= 2 * limits::KEY_EVENTS;
        let nothing = || Self { events: Vec::new() };
        record.is_of(key.as_bytes(), &DISOWNED).then(|| said().filter(is_bounded).unwrap_or_else(nothing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nearby::PresenceSeed;
    use crate::words::RecoveryWords;

    const NOW: Timestamp = Timestamp::from_secs(1_776_643_200);

    fn words() -> RecoveryWords {
        RecoveryWords::from_entropy([7; 32])
    }

    /// Ana's history after so many changes of the key, the last with a notice.
    fn history(changes: usize) -> History {
        let mut history = History::begin(&words());
        for _ in 0..changes {
            let rotation = history.rotate(&words()).unwrap();
            history.learn(rotation.bytes()).unwrap();
        }
        history.learn(history.compromise(&words()).bytes()).unwrap();
        history
    }

    fn stolen(number: u8) -> SecretSeed {
        words().key_seed(number)
    }

    #[test]
    fn whoever_knows_the_stolen_key_finds_what_came_after_it() {
        let record = Disowned::of(&history(1), 0).sign(&stolen(0), NOW, [1; 32]).unwrap();
        let mut known = History::begin(&words());
        let key = *known.key(0).unwrap();
        assert_eq!(Disowned::key_of(&key, Day::of(NOW)), Some(record.key()));
        let said = Disowned::read(&record, &key).unwrap();
        for event in said.events {
            known.learn(event.as_slice()).unwrap();
        }
        assert_eq!(known, history(1));
        assert!(known.is_compromised(0));
    }

    #[test]
    fn of_many_changes_the_first_are_named_and_lead_on() {
        let all = history(9);
        let record = Disowned::of(&all, 0).sign(&stolen(0), NOW, [1; 32]).unwrap();
        let mut known = History::begin(&words());
        let said = Disowned::read(&record, known.key(0).unwrap()).unwrap();
        for event in said.events {
            known.learn(event.as_slice()).unwrap();
        }
        assert!((2..9).contains(&known.current()), "{} changes fit", known.current());
        let further = Disowned::of(&all, known.current());
        assert_eq!(further.events.len(), usize::from(9 - known.current()) + 1, "the rest and the notice");
    }

    #[test]
    fn a_thief_who_writes_over_it_gives_the_key_up_as_well() {
        let key = words().key(0).verify_key();
        let hers = Disowned::of(&history(1), 0).sign(&stolen(0), NOW, [1; 32]).unwrap();
        let thiefs = DayRecord::sign(b"never mind", &DISOWNED, &stolen(0), NOW.plus(1), [2; 32]).unwrap();
        assert!(thiefs.replaces(&hers) && thiefs.key() == hers.key());
        assert_eq!(Disowned::read(&thiefs, &key), Some(Disowned { events: Vec::new() }));
    }

    #[test]
    fn what_another_key_signed_or_for_something_else_says_nothing() {
        let key = words().key(0).verify_key();
        let other = Disowned::of(&history(1), 0).sign(&stolen(1), NOW, [1; 32]).unwrap();
        assert_eq!(Disowned::read(&other, &key), None);
        let seed = PresenceSeed::new(*key.as_bytes());
        assert_ne!(seed.key_of(Day::of(NOW)), Disowned::key_of(&key, Day::of(NOW)));
    }
}
