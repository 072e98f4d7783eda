//! Whom QUIC takes up: a bounded number of handshakes, counted until their memory is free again.
//!
//! While few are under way everybody is taken up. With more, who comes must first show that packets reach them where they
//! say they are (RFC 9000 §8.1.2: a retry packet, for which nothing is kept here), so invented addresses cost nothing
//! further; and nobody gets more of the room than is left: one source ends with half of it, two with a third each. Who is
//! passed over hears nothing, and their QUIC asks again, after a second at first. By TCP they get in meanwhile.
//!
//! quinn tells how many connections it keeps that are over, and not whose they are. So for each of them it is reckoned when
//! its memory is free at the latest, and those that are due first count as gone as soon as quinn keeps fewer. With a room full
//! of them nobody is taken up. Without the reckoning, one source could keep everybody out with those that it leaves behind.

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

/// How many connections quinn keeps on one socket that are over; none once the socket is gone.
pub(super) type Strays = Box<dyn Fn() -> Option<usize> + Send>;

/// The door of a node; clones are the same one.
#[derive(Clone)]
pub(super) struct Door(Arc<Mutex<Room>>);

impl Door {
    /// Room for `most` handshakes.
    pub(super) fn new(most: usize) -> Self {
        let (of, leaving, strays) = (HashMap::new(), Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Room { most, taken: 0, of, leaving, strays })))
    }

    /// Takes one more socket into account.
    pub(super) fn counts(&self, strays: Strays) {
        self.room().strays.push(strays);
    }

    /// Decides about somebody from this source, who has shown to be there or not.
    pub(super) fn admit(&self, source: Source, is_shown: bool, now: Instant) -> Verdict {
        let mut room = self.room();
        let strays = room.strays();
        room.clear(now);
        room.clear_all_but(strays);
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
    /// By network.
    of: HashMap<Source, usize>,
    /// Those that are over, with when their memory is free at the latest.
    leaving: Vec<(Instant, Source)>,
    strays: Vec<Strays>,
}

impl Room {
    fn has_place_for(&self, source: Source) -> bool {
        let theirs = self.of.get(&source.network()).copied().unwrap_or_default();
        theirs < self.most.saturating_sub(self.taken)
    }

    fn take(&mut self, source: Source) {
        self.taken += 1;
        *self.of.entry(source.network()).or_default() += 1;
    }

    fn free(&mut self, source: Source) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(theirs) = self.of.get_mut(&source.network()) {
            *theirs -= 1;
            if *theirs == 0 {
                self.of.remove(&source.network());
            }
        }
    }

    /// How many connections on all sockets are over.
    fn strays(&mut self) -> usize {
        let mut all = 0;
        self.strays.retain(|strays| {
            let of_this = strays();
            all += of_this.unwrap_or_default();
            of_this.is_some()
        });
        all
    }

    /// So many are left of those that are over.
    fn clear_all_but(&mut self, strays: usize) {
        if self.leaving.len() <= strays {
            return;
        }
        self.leaving.sort_by_key(|(until, _)| *until);
        let gone: Vec<_> = self.leaving.drain(..self.leaving.len() - strays).collect();
        for (_, source) in gone {
            self.free(source);
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn from(ip: &str) -> Source {
        Source::of_ip(ip.parse().unwrap())
    }

    /// A door, and what quinn keeps behind it of connections that are over.
    struct Behind {
        door: Door,
        kept: Arc<AtomicUsize>,
    }

    impl Behind {
        fn room_for(most: usize) -> Self {
            let (door, kept) = (Door::new(most), Arc::new(AtomicUsize::new(0)));
            let strays = Arc::clone(&kept);
            door.counts(Box::new(move || Some(strays.load(Ordering::Relaxed))));
            Self { door, kept }
        }

        /// From here on quinn keeps so many.
        fn keeps(&self, many: usize) {
            self.kept.store(many, Ordering::Relaxed);
        }

        /// The place of somebody who comes so much later than now, if they get one.
        fn later(&self, source: Source, after: Duration) -> Option<Place> {
            self.let_in(source, true, Instant::now() + after)
        }

        fn enters(&self, source: Source, is_shown: bool) -> Option<Place> {
            self.let_in(source, is_shown, Instant::now())
        }

        fn let_in(&self, source: Source, is_shown: bool, now: Instant) -> Option<Place> {
            match self.door.admit(source, is_shown, now) {
                Verdict::Enter(place) => Some(place),
                Verdict::Prove | Verdict::Wait => None,
            }
        }
    }

    /// Longer than these tests take.
    const SOON: Duration = Duration::from_secs(1);

    #[test]
    fn invented_addresses_take_a_quarter_of_the_room() {
        let behind = Behind::room_for(64);
        let flood: Vec<_> =
            (0..1_000).filter_map(|n| behind.enters(from(&format!("10.0.{}.{}", n / 250, n % 250)), false)).collect();
        assert_eq!(flood.len(), 16);
        assert!(matches!(behind.door.admit(from("192.0.2.7"), false, Instant::now()), Verdict::Prove));
        assert!(behind.enters(from("192.0.2.7"), true).is_some(), "Chi shows where she is and gets in");
    }

    #[test]
    fn one_address_takes_half_of_an_empty_room_and_no_more() {
        let behind = Behind::room_for(64);
        let flood: Vec<_> = (0..1_000).filter_map(|_| behind.enters(from("10.0.0.9"), true)).collect();
        assert_eq!(flood.len(), 32);
        let others: Vec<_> = (0..64).filter_map(|n| behind.enters(from(&format!("192.0.2.{n}")), true)).collect();
        assert_eq!(others.len(), 32, "the room is never more than full");
    }

    #[test]
    fn nor_does_one_network_that_has_many_addresses() {
        let behind = Behind::room_for(64);
        let flood: Vec<_> =
            (0..1_000).filter_map(|n| behind.enters(from(&format!("2001:db8:9:{n}::1")), true)).collect();
        assert_eq!(flood.len(), 32);
        assert!(behind.enters(from("2001:db8:7::1"), true).is_some());
    }

    #[test]
    fn who_is_slow_on_purpose_is_counted_for_as_long_as_that_makes_quinn_wait() {
        let behind = Behind::room_for(2);
        let slow = Duration::from_secs(9);
        let begun = Instant::now().checked_sub(slow).unwrap();
        let mallory = from("10.0.0.9");
        drop(behind.let_in(mallory, true, begun).expect("room"));
        behind.keeps(1);
        assert!(behind.later(mallory, UNKNOWN + SOON).is_none(), "quinn waits for nine times as long");
        assert!(behind.later(mallory, TIMES * slow + SOON).is_some());
    }

    #[test]
    fn nobody_is_taken_up_while_too_many_are_kept_that_are_over() {
        let behind = Behind::room_for(4);
        behind.keeps(4);
        assert!(matches!(behind.door.admit(from("192.0.2.7"), true, Instant::now()), Verdict::Wait));
        behind.keeps(3);
        assert!(behind.enters(from("192.0.2.7"), true).is_some());
    }

    #[test]
    fn three_addresses_leave_room_for_others() {
        let behind = Behind::room_for(64);
        let mut flood = Vec::new();
        for _ in 0..1_000 {
            flood.extend((1..4).filter_map(|n| behind.enters(from(&format!("10.0.0.{n}")), true)));
        }
        assert!(flood.len() <= 48, "{} of 64 places", flood.len());
        assert!(behind.enters(from("192.0.2.7"), true).is_some());
    }

    #[test]
    fn a_place_is_free_again_when_the_memory_is() {
        let behind = Behind::room_for(4);
        let mut places: Vec<_> = (0..4).filter_map(|n| behind.enters(from(&format!("192.0.2.{n}")), true)).collect();
        assert_eq!(places.len(), 4);
        places.pop();
        behind.keeps(1);
        assert!(behind.enters(from("192.0.2.9"), true).is_none(), "it was given up, and is still there");
        drop(behind.later(from("192.0.2.9"), UNKNOWN + SOON).expect("it is gone at the latest by now"));
        behind.keeps(0);
        assert!(behind.enters(from("192.0.2.9"), true).is_some(), "quinn has forgotten it earlier than that");
    }

    #[test]
    fn of_those_that_are_over_the_ones_that_are_due_first_count_as_gone() {
        let behind = Behind::room_for(8);
        let [mallory, bo] = [from("10.0.0.9"), from("192.0.2.7")];
        let slow: Vec<_> = (0..4).filter_map(|_| behind.enters(mallory, true)).collect();
        let quick: Vec<_> = (0..2).filter_map(|_| behind.enters(bo, true)).collect();
        for (places, long) in [(slow, Duration::from_secs(60)), (quick, SOON)] {
            places.into_iter().for_each(|mut place| place.lingers(long));
        }
        behind.keeps(6);
        assert!(behind.enters(mallory, true).is_none());
        behind.keeps(4);
        assert!(behind.enters(mallory, true).is_none(), "what she left is still there");
        assert!(behind.enters(bo, true).is_some(), "what he left is not");
    }

    #[test]
    fn a_socket_that_is_gone_counts_no_more() {
        let door = Door::new(1);
        door.counts(Box::new(|| None));
        assert!(matches!(door.admit(from("192.0.2.7"), true, Instant::now()), Verdict::Enter(_)));
        assert!(door.room().strays.is_empty());
    }

    #[test]
    fn who_is_known_takes_no_place_until_they_leave() {
        let behind = Behind::room_for(4);
        let mut known: Vec<_> = (0..4).filter_map(|n| behind.enters(from(&format!("192.0.2.{n}")), true)).collect();
        known.iter_mut().for_each(Place::settle);
        let others: Vec<_> = (0..4).filter_map(|n| behind.enters(from(&format!("198.51.100.{n}")), true)).collect();
        assert_eq!(others.len(), 4);
        drop(others);
        let soon = Duration::from_secs(2);
        for place in &mut known {
            place.lingers(soon);
        }
        drop(known);
        // quinn keeps fewer than the room has places, and of the eight all of the last four.
        behind.keeps(3);
        assert!(behind.enters(from("203.0.113.2"), true).is_some(), "one is forgotten");
    }
}
