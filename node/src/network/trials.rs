//! Whether others get in where this node listens.
//!
//! A public address says that everybody can route to it, not that they get in: a firewall may stand in front of it. So
//! others try it, as they try what a router passes on (`probing`). One who did not get in may lie, or may have no way out;
//! so two of them are believed, until one gets in. Then this node is as a home is: it looks for relays, offers nobody to be
//! one, and is named as a neighbour.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, SocketAddrV4};

use kith_protocol::address::{Hint, Reach};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::watch;
use tokio::time::Instant;

use super::addresses;
use super::task::Task;

/// Addresses that are tried: two transports at two of them.
const MOST: usize = 4;
/// So many who did not get in are believed.
const WITNESSES: usize = 2;

/// What others found at one place. Where one transport leads in, others get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trial {
    /// Several tried, and none got in.
    Closed,
    /// Nobody got in so far, and not several tried.
    NotYet,
    /// Somebody got in.
    Reached,
}

/// What others found, by where this node listens. What is not in it is not tried.
pub type Tried = BTreeMap<SocketAddrV4, Trial>;

/// Who tried an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tests {
    is_reached: bool,
    /// Since somebody got in, if anybody did.
    in_vain: BTreeSet<PeerId>,
}

impl Tests {
    fn trial(&self) -> Trial {
        if self.in_vain.len() >= WITNESSES {
            Trial::Closed
        } else if self.is_reached {
            Trial::Reached
        } else {
            Trial::NotYet
        }
    }

    fn is_doubtful(&self) -> bool {
        !self.in_vain.is_empty() && self.trial() != Trial::Closed
    }
}

/// What others found where this node listens.
pub(super) struct Trials {
    of: BTreeMap<Multiaddr, Tests>,
    told: watch::Sender<Tried>,
}

impl Trials {
    pub(super) fn new() -> Self {
        Self { of: BTreeMap::new(), told: watch::Sender::default() }
    }

    /// What there is to know, at any time.
    pub(super) fn standing(&self) -> watch::Receiver<Tried> {
        self.told.subscribe()
    }

    /// This node listens here now. What was found where it listens no more is forgotten.
    pub(super) fn follow(&mut self, listening: &BTreeSet<Multiaddr>) {
        let is_tried = |at: &&Multiaddr| addresses::is_public(at) && matches!(at.iter().next(), Some(Protocol::Ip4(_)));
        let tried: BTreeSet<&Multiaddr> = listening.iter().filter(is_tried).take(MOST).collect();
        self.of.retain(|address, _| tried.contains(address));
        for address in tried {
            self.of.entry(address.clone()).or_default();
        }
        self.tell();
    }

    /// What is to be tried.
    pub(super) fn all(&self) -> impl Iterator<Item = &Multiaddr> {
        self.of.keys()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// True if others got in at all of them.
    pub(super) fn are_reached(&self) -> bool {
        self.of.values().all(|tests| tests.trial() == Trial::Reached)
    }

    /// True if the word of one stands alone.
    pub(super) fn are_doubtful(&self) -> bool {
        self.of.values().any(Tests::is_doubtful)
    }

    /// True if the word of this one is known wherever that of one stands alone.
    pub(super) fn is_heard(&self, peer: &PeerId) -> bool {
        self.of.values().filter(|tests| tests.is_doubtful()).all(|tests| tests.in_vain.contains(peer))
    }

    fn is_closed(&self, address: &Multiaddr) -> bool {
        self.of.get(address).is_some_and(|tests| tests.trial() == Trial::Closed)
    }

    /// Takes in what somebody found; true if that says more than was known.
    fn note(&mut self, address: &Multiaddr, by: PeerId, is_reached: bool) -> bool {
        let Some(tests) = self.of.get_mut(address) else { return false };
        let before = tests.clone();
        if is_reached {
            *tests = Tests { is_reached, in_vain: BTreeSet::new() };
        } else if tests.in_vain.len() < WITNESSES {
            tests.in_vain.insert(by);
        }
        let is_news = *tests != before;
        self.tell();
        is_news
    }

    /// Of a closed place it is not said that everybody reaches it. Whoever is behind the same firewall may.
    pub(super) fn mark(&self, hints: &mut [Hint]) {
        for hint in hints.iter_mut().filter(|hint| hint.reach == Reach::Direct) {
            if addresses::dialled(hint).iter().all(|address| self.is_closed(address)) {
                hint.reach = Reach::Lan;
            }
        }
        hints.sort_by_key(|hint| hint.reach != Reach::Direct);
    }

    fn tell(&self) {
        let mut tried = Tried::new();
        for (address, tests) in &self.of {
            if let Some(SocketAddr::V4(socket)) = addresses::socket(address) {
                let trial = tests.trial();
                tried.entry(socket).and_modify(|best| *best = trial.max(*best)).or_insert(trial);
            }
        }
        self.told.send_replace(tried);
    }
}

impl Task {
    /// Where this node listens, without what is known to be closed.
    pub(super) fn open_addresses(&self) -> BTreeSet<Multiaddr> {
        self.listening.iter().filter(|address| !self.trials.is_closed(address)).cloned().collect()
    }

    /// Somebody tried where this node listens. False if it is another address.
    pub(super) fn on_tried(&mut self, by: PeerId, address: &Multiaddr, is_reached: bool) -> bool {
        if !self.trials.of.contains_key(address) {
            return false;
        }
        if self.trials.note(address, by, is_reached) {
            self.expect_trials();
            self.offer_relaying();
            self.announce_addresses();
            self.seek_relays(Instant::now());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use kith_protocol::address::Transports;

    use super::*;

    const TCP: &str = "/ip4/203.0.113.9/tcp/7517";
    const QUIC: &str = "/ip4/203.0.113.9/udp/7517/quic-v1";

    fn at(address: &str) -> Multiaddr {
        address.parse().unwrap()
    }

    fn server() -> Trials {
        let mut trials = Trials::new();
        trials.follow(&[TCP, QUIC, "/ip4/10.0.0.1/tcp/7517", "/ip6/2001:db8::1/tcp/7517"].map(at).into());
        trials
    }

    fn told(trials: &Trials) -> Trial {
        trials.standing().borrow()[&"203.0.113.9:7517".parse().unwrap()]
    }

    #[test]
    fn two_who_did_not_get_in_are_believed_and_one_is_not() {
        let (mut trials, [bo, chi]) = (server(), [PeerId::random(), PeerId::random()]);
        assert_eq!(trials.all().cloned().collect::<Vec<_>>(), [TCP, QUIC].map(at), "of a home nobody outside is told");
        assert_eq!((told(&trials), trials.are_doubtful(), trials.are_reached()), (Trial::NotYet, false, false));
        for address in [TCP, QUIC].map(at) {
            assert!(trials.note(&address, bo, false));
            assert!(!trials.note(&address, bo, false), "he said so before");
        }
        assert_eq!((told(&trials), trials.are_doubtful(), trials.is_heard(&bo)), (Trial::NotYet, true, true));
        assert!(!trials.is_closed(&at(TCP)) && !trials.is_heard(&chi));
        assert!(trials.note(&at(TCP), chi, false));
        assert_eq!(told(&trials), Trial::NotYet, "nobody else tried by QUIC");
        assert!(trials.note(&at(QUIC), chi, false));
        assert_eq!((told(&trials), trials.are_doubtful()), (Trial::Closed, false));
        assert!(trials.is_closed(&at(TCP)) && trials.is_closed(&at(QUIC)));
    }

    #[test]
    fn whoever_gets_in_refutes_all_who_did_not() {
        let mut trials = server();
        let mallory = PeerId::random();
        assert!(trials.note(&at(TCP), mallory, false) && trials.note(&at(TCP), PeerId::random(), true));
        assert!(trials.note(&at(TCP), mallory, false));
        assert_eq!((told(&trials), trials.is_closed(&at(TCP))), (Trial::Reached, false), "one word against another");
        assert!(trials.note(&at(TCP), PeerId::random(), false) && trials.is_closed(&at(TCP)));
        assert!(trials.note(&at(TCP), PeerId::random(), true) && !trials.is_closed(&at(TCP)));
        assert!(trials.note(&at(QUIC), PeerId::random(), true) && trials.are_reached() && !trials.are_doubtful());
    }

    #[test]
    fn what_was_found_counts_as_long_as_the_node_listens_there() {
        let mut trials = server();
        for _ in 0..WITNESSES {
            trials.note(&at(TCP), PeerId::random(), false);
        }
        trials.follow(&[TCP, "/ip4/198.51.100.7/tcp/7517"].map(at).into());
        assert!(trials.is_closed(&at(TCP)), "another card of the same machine says nothing of this one");
        trials.follow(&BTreeSet::new());
        trials.follow(&BTreeSet::from([at(TCP)]));
        assert!(!trials.is_closed(&at(TCP)) && told(&trials) == Trial::NotYet);
    }

    #[test]
    fn a_closed_place_is_named_as_that_of_a_neighbour() {
        let mut trials = server();
        let listening = [TCP, QUIC, "/ip6/2001:db8::1/tcp/7517"].map(at);
        let named = |trials: &Trials| {
            let mut hints = addresses::own_hints(listening.iter());
            trials.mark(&mut hints);
            hints.into_iter().map(|hint| (hint.to_string(), hint.reach, hint.transports)).collect::<Vec<_>>()
        };
        let (ip4, ip6) = ("203.0.113.9:7517".to_owned(), "[2001:db8::1]:7517".to_owned());
        let by_ip6 = (ip6, Reach::Direct, Transports::Tcp);
        let open = [(ip4.clone(), Reach::Direct, Transports::Both), by_ip6.clone()];
        assert_eq!(named(&trials), open);
        for address in [TCP, QUIC].map(at) {
            assert_eq!(named(&trials), open, "one transport leads in");
            for _ in 0..WITNESSES {
                trials.note(&address, PeerId::random(), false);
            }
        }
        assert_eq!(named(&trials), [by_ip6, (ip4, Reach::Lan, Transports::Both)]);
    }
}
