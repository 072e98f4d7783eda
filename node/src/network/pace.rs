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
    of_source: HashMap<Source, usize>,
    began: Option<Instant>,
    per_peer: usize,
    per_source: usize,
}

impl Pace {
    pub(super) fn new(per_peer: usize, per_source: usize) -> Self {
        Self { of_peer: HashMap::new(), of_source: HashMap::new(), began: None, per_peer, per_source }
    }

    /// Counts one; false if it is one too many.
    pub(super) fn admit(&mut self, peer: PeerId, source: Option<Source>, now: Instant) -> bool {
        if self.began.is_none_or(|began| now >= began + WINDOW) {
            self.of_peer.clear();
            self.of_source.clear();
            self.began = Some(now);
        }
        let by_peer = count(&mut self.of_peer, peer, self.per_peer);
        // Who was called by us has no source, and was wanted.
        by_peer && source.is_none_or(|source| count(&mut self.of_source, source, self.per_source))
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
}
