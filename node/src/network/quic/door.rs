//! Whom QUIC takes up: a bounded number of handshakes, counted until their memory is free again.
//!
//! While few are under way everybody is taken up. With more, who comes must first show that packets reach them where they
//! say they are (RFC 9000 §8.1.2: a retry packet, for which nothing is kept here), so invented addresses cost nothing
//! further; and nobody gets more of the room than is left: one source ends with half of it, two with a third each. Who is
//! passed over hears nothing, and their QUIC asks again, after a second at first. By TCP they get in meanwhile.
//!
//! When memory is free again is reckoned, since quinn does not tell. What it does tell is how many connections it keeps that
//! are over: with a room full of those nobody is taken up, whatever the reckoning says. That alone would let one source keep
//! everybody out, so the reckoning is rather too long than too short.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::crowd::Source;

/// What is to be done with somebody who begins a handshake.
pub(super) enum Verdict {
    /// Take it up. The place is theirs until it is dropped.
    Enter(Place),
    /// Have them show that they are where they say.
    Prove,
    /// Say nothing.
    Wait,
}

/// The door of a node; clones are the same one.
#[derive(Clone)]
pub(super) struct Door(Arc<Mutex<Room>>);

impl Door {
    /// Room for `most` handshakes.
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Room { most, taken: 0, of: HashMap::new(), leaving: Vec::new() })))
    }

    /// Decides about somebody from this source, who has shown to be there or not, while there are so many connections on the
    /// socket that are over.
    pub(super) fn admit(&self, source: Source, is_shown: bool, strays: usize, now: Instant) -> Verdict {
        let mut room = self.room();
        room.clear(now);
        if strays >= room.most {
            return Verdict::Wait;
        }
        if room.taken >= room.most / 4 && !is_shown {
            return Verdict::Prove;
        }
        if !room.has_place_for(source) {
            return Verdict::Wait;
        }
        room.take(source);
        Verdict::Enter(Place { door: self.clone(), source, is_counted: true, since: now, lingers: None })
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long quinn keeps what it made for a handshake that is over while it knows nothing of the way: three of its timeouts (RFC
/// 9000 §10.2), each about a second.
const UNKNOWN: Duration = Duration::from_secs(3);
/// As many times as long as the handshake took, if it saw a round trip: three timeouts, each of three round trips at first. How
/// long one is decides who comes.
const TIMES: u32 = 9;

struct Room {
    most: usize,
    taken: usize,
    of: HashMap<Source, usize>,
    /// Those that are over, with when their memory is free.
    leaving: Vec<(Instant, Source)>,
}

impl Room {
    fn has_place_for(&self, source: Source) -> bool {
        let theirs = self.of.get(&source).copied().unwrap_or_default();
        theirs < self.most.saturating_sub(self.taken)
    }

    fn take(&mut self, source: Source) {
        self.taken += 1;
        *self.of.entry(source).or_default() += 1;
    }

    fn free(&mut self, source: Source) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(theirs) = self.of.get_mut(&source) {
            *theirs -= 1;
            if *theirs == 0 {
                self.of.remove(&source);
            }
        }
    }

    fn clear(&mut self, now: Instant) {
        let over: Vec<_> = self.leaving.extract_if(.., |(until, _)| *until <= now).collect();
        for (_, source) in over {
            self.free(source);
        }
    }
}

/// The place of one connection, from its first packet until quinn has forgotten it.
pub(super) struct Place {
    door: Door,
    source: Source,
    is_counted: bool,
    since: Instant,
    lingers: Option<Duration>,
}

impl Place {
    /// It is known who is there: from here on the limits of connections count it, until it is over.
    pub(super) fn settle(&mut self) {
        if std::mem::replace(&mut self.is_counted, false) {
            self.door.room().free(self.source);
        }
    }

    /// How long quinn keeps it when it is dropped, as far as that is known.
    pub(super) fn lingers(&mut self, long: Duration) {
        self.lingers = Some(long);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut room = self.door.room();
        room.clear(now);
        if !self.is_counted {
            room.take(self.source);
        }
        let took = now.saturating_duration_since(self.since);
        let lingers = self.lingers.unwrap_or_else(|| UNKNOWN.max(TIMES * took));
        room.leaving.push((now + lingers, self.source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(ip: &str) -> Source {
        Source::of_ip(ip.parse().unwrap())
    }

    /// The place of somebody who comes so much later than now, if they get one.
    fn later(door: &Door, source: Source, is_shown: bool, after: Duration) -> Option<Place> {
        match door.admit(source, is_shown, 0, Instant::now() + after) {
            Verdict::Enter(place) => Some(place),
            Verdict::Prove | Verdict::Wait => None,
        }
    }

    /// Longer than these tests take.
    const SOON: Duration = Duration::from_secs(1);

    fn enters(door: &Door, source: Source, is_shown: bool) -> Option<Place> {
        later(door, source, is_shown, Duration::ZERO)
    }

    #[test]
    fn invented_addresses_take_a_quarter_of_the_room() {
        let door = Door::new(64);
        let flood: Vec<_> =
            (0..1_000).filter_map(|n| enters(&door, from(&format!("10.0.{}.{}", n / 250, n % 250)), false)).collect();
        assert_eq!(flood.len(), 16);
        assert!(matches!(door.admit(from("192.0.2.7"), false, 0, Instant::now()), Verdict::Prove));
        assert!(enters(&door, from("192.0.2.7"), true).is_some(), "Chi shows where she is and gets in");
    }

    #[test]
    fn one_address_takes_half_of_an_empty_room_and_no_more() {
        let door = Door::new(64);
        let flood: Vec<_> = (0..1_000).filter_map(|_| enters(&door, from("10.0.0.9"), true)).collect();
        assert_eq!(flood.len(), 32);
        let others: Vec<_> = (0..64).filter_map(|n| enters(&door, from(&format!("192.0.2.{n}")), true)).collect();
        assert_eq!(others.len(), 32, "the room is never more than full");
    }

    #[test]
    fn who_is_slow_on_purpose_is_counted_for_as_long_as_that_makes_quinn_wait() {
        let door = Door::new(1);
        let slow = Duration::from_secs(9);
        let begun = Instant::now().checked_sub(slow).unwrap();
        let Verdict::Enter(place) = door.admit(from("10.0.0.9"), true, 0, begun) else { panic!("no room") };
        drop(place);
        assert!(later(&door, from("192.0.2.7"), true, UNKNOWN + SOON).is_none(), "quinn waits for nine times as long");
        assert!(later(&door, from("192.0.2.7"), true, TIMES * slow + SOON).is_some());
    }

    #[test]
    fn nobody_is_taken_up_while_too_many_are_kept_that_are_over() {
        let door = Door::new(4);
        let bo = from("192.0.2.7");
        assert!(matches!(door.admit(bo, true, 4, Instant::now()), Verdict::Wait));
        assert!(matches!(door.admit(bo, true, 3, Instant::now()), Verdict::Enter(_)));
    }

    #[test]
    fn three_addresses_leave_room_for_others() {
        let door = Door::new(64);
        let mut flood = Vec::new();
        for _ in 0..1_000 {
            flood.extend((1..4).filter_map(|n| enters(&door, from(&format!("10.0.0.{n}")), true)));
        }
        assert!(flood.len() <= 48, "{} of 64 places", flood.len());
        assert!(enters(&door, from("192.0.2.7"), true).is_some());
    }

    #[test]
    fn a_place_is_free_again_when_the_memory_is() {
        let door = Door::new(4);
        let mut places: Vec<_> = (0..4).filter_map(|n| enters(&door, from(&format!("192.0.2.{n}")), true)).collect();
        assert_eq!(places.len(), 4);
        places.pop();
        assert!(enters(&door, from("192.0.2.9"), true).is_none(), "it was given up, and is still there");
        assert!(later(&door, from("192.0.2.9"), true, UNKNOWN + SOON).is_some());
    }

    #[test]
    fn who_is_known_takes_no_place_until_they_leave() {
        let door = Door::new(4);
        let mut known: Vec<_> = (0..4).filter_map(|n| enters(&door, from(&format!("192.0.2.{n}")), true)).collect();
        known.iter_mut().for_each(Place::settle);
        let others: Vec<_> = (0..4).filter_map(|n| enters(&door, from(&format!("198.51.100.{n}")), true)).collect();
        assert_eq!(others.len(), 4);
        drop(others);
        // One comes when those are forgotten, which makes room; and is known at once.
        later(&door, from("203.0.113.1"), true, UNKNOWN + SOON).into_iter().for_each(|mut place| {
            place.settle();
            place.lingers(Duration::ZERO);
        });
        let soon = Duration::from_secs(2);
        for place in &mut known {
            place.lingers(soon);
        }
        known.clear();
        assert!(enters(&door, from("203.0.113.2"), true).is_none(), "all four are just leaving");
        assert!(later(&door, from("203.0.113.2"), true, soon).is_some(), "and are forgotten as soon as they said");
    }
}
