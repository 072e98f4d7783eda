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
    /// Of sources that are a part of a network.
    of_part: HashMap<Source, usize>,
    began: Option<Instant>,
    per_peer: usize,
    per_network: usize,
}

impl Pace {
    pub(super) fn new(per_peer: usize, per_network: usize) -> Self {
        let (of_peer, of_network, of_part) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { of_peer, of_network, of_part, began: None, per_peer, per_network }
    }

    /// Counts one; false if it is one too many.
    pub(super) fn admit(&mut self, peer: PeerId, source: Option<Source>, now: Instant) -> bool {
        if self.began.is_none_or(|began| now >= began + WINDOW) {
            self.of_peer.clear();
            self.of_network.clear();
            self.of_part.clear();
            self.began = Some(now);
        }
        if self.of_peer.get(&peer).is_some_and(|counted| *counted >= self.per_peer) {
            return false;
        }
        // A place that has had its share fills no room with ever new peers. Who was called by us has no source, and was wanted.
        source.is_none_or(|from| self.has_share(from)) && count(&mut self.of_peer, peer, self.per_peer)
    }

    /// One that is a part of a network leaves half to its neighbours.
    fn has_share(&mut self, from: Source) -> bool {
        let network = from.network();
        let is_alone = network == from;
        (is_alone || count(&mut self.of_part, from, self.per_network / 2))
            && count(&mut self.of_network, network, self.per_network)
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
        let mut let_in = |ip| (0..MOST + 1).filter(|_| pace.admit(PeerId::random(), of(ip), now)).count();
        assert_eq!(let_in("2001:db8:9:1::1"), 1, "half of what a /48 may ask for");
        assert_eq!(let_in("2001:db8:9:2::1"), 1);
        assert_eq!(let_in("2001:db8:9:3::1"), 1);
        assert_eq!(let_in("2001:db8:9:4::1"), 0, "a /48 is one place");
        assert_eq!(let_in("2001:db8:a:1::1"), 1);
        assert_eq!(let_in("192.0.2.7"), 3, "an IPv4 address has no neighbours to leave anything to");
    }
}
