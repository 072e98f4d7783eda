//! How much one peer, and one place, may ask for in a minute.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::PeerId;
use tokio::time::Instant;

use super::crowd::Source;

const WINDOW: Duration = Duration::from_secs(60);
/// Peers and places that are counted in one window. Whoever comes after so many waits for the next.
const MOST: usize = 8_192;

/// Counts, in one window after another.
pub(super) struct Pace {
    of_peer: HashMap<PeerId, usize>,
    of_network: HashMap<Source, usize>,
    began: Option<Instant>,
    per_peer: usize,
    per_network: usize,
}

impl Pace {
    pub(super) fn new(per_peer: usize, per_network: usize) -> Self {
        Self { of_peer: HashMap::new(), of_network: HashMap::new(), began: None, per_peer, per_network }
    }

    /// Counts one; false if it is one too many.
    pub(super) fn admit(&mut self, peer: PeerId, source: Option<Source>, now: Instant) -> bool {
        if self.began.is_none_or(|began| now >= began + WINDOW) {
            self.of_peer.clear();
            self.of_network.clear();
            self.began = Some(now);
        }
        if self.of_peer.get(&peer).is_some_and(|counted| *counted >= self.per_peer) {
            return false;
        }
        // A place that has had its share fills no room with ever new peers. Who was called by us has no source, and was wanted.
        let has_share = source.is_none_or(|from| count(&mut self.of_network, from.network(), self.per_network));
        has_share && count(&mut self.of_peer, peer, self.per_peer)
    }
}

fn count<K: Eq + std::hash::Hash>(all: &mut HashMap<K, usize>, key: K, most: usize) -> bool {
    if all.len() >= MOST && !all.contains_key(&key) {
        return false;
    }
    let counted = all.entry(key).or_default();
    *counted += 1;
    *counted <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_from_one_place_ends_at_its_bound_and_others_go_on() {
        let (now, mut pace) = (Instant::now(), Pace::new(2, 3));
        let from = |ip: &str| Some(Source::of(&format!("/ip4/{ip}/tcp/1").parse().unwrap()));
        let [mallory, friend, bo] = std::array::from_fn(|_| PeerId::random());
        let attempts: Vec<bool> = (0..3).map(|_| pace.admit(mallory, from("10.0.0.1"), now)).collect();
        assert_eq!(attempts, [true, true, false]);
        assert!(pace.admit(friend, from("10.0.0.1"), now));
        assert!(!pace.admit(friend, from("10.0.0.1"), now), "the place has had its share");
        assert!(pace.admit(bo, from("10.0.0.2"), now));
        assert!(pace.admit(mallory, from("10.0.0.1"), now + WINDOW), "a minute later");
    }

    #[test]
    fn ever_new_peers_from_one_place_leave_room_for_those_of_others() {
        let (now, mut pace) = (Instant::now(), Pace::new(2, 3));
        let of = |ip: &str| Some(Source::of_ip(ip.parse().unwrap()));
        let let_in = (0..MOST + 1).filter(|_| pace.admit(PeerId::random(), of("2001:db8:9::1"), now)).count();
        assert_eq!(let_in, 3);
        assert!(!pace.admit(PeerId::random(), of("2001:db8:9:7::1"), now), "a /48 is one place");
        assert!(pace.admit(PeerId::random(), of("2001:db8:a::1"), now));
    }
}
