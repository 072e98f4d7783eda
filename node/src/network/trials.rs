//! Whether others get in where this node listens.
//!
//! A public address says that everybody can route to it, not that they get in: a firewall may stand in front of it. So
//! others try it, as they try what a router passes on (`probing`). One who did not get in may lie, or may have no way out;
//! so two of them are believed, until one gets in, and of contacts' nodes alone: strangers cost nothing. Then this node is
//! as a home is: it looks for relays, offers nobody to be one, and is named as a neighbour. It looks for relays as soon as
//! one did not get in: there may be no second one who could try.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, SocketAddrV4};

use kith_protocol::address::{Hint, Reach};
use kith_protocol::time::Timestamp;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::watch;
use tokio::time::Instant;

use super::addresses;
use super::task::Task;
use crate::machine;

/// Addresses that are tried: two transports at two of them.
const MOST: usize = 4;
/// So many who did not get in are believed.
const WITNESSES: usize = 2;
/// So many are remembered, so that others are asked first: as many as are called in turn (`carrying`).
const REMEMBERED: usize = 16;

/// What others found. Where one transport leads in, others get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trial {
    /// Several tried, and none got in.
    Closed,
    /// Nobody tried.
    NotYet,
    /// One tried and did not get in.
    Doubtful,
    /// Somebody got in.
    Reached,
}

/// What others found at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it comes to.
    pub trial: Trial,
    /// When somebody last tried, if anybody did.
    pub last: Option<Timestamp>,
}

/// What others found, by where this node listens. What is not in it is not tried.
pub type Tried = BTreeMap<SocketAddrV4, Found>;

/// Who tried an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tests {
    is_reached: bool,
    /// Since somebody got in, if anybody did.
    in_vain: BTreeSet<PeerId>,
    last: Option<Timestamp>,
}

impl Tests {
    fn trial(&self) -> Trial {
        if self.in_vain.len() >= WITNESSES {
            Trial::Closed
        } else if self.is_reached {
            Trial::Reached
        } else if self.in_vain.is_empty() {
            Trial::NotYet
        } else {
            Trial::Doubtful
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

    /// True if the address is one of them.
    pub(super) fn has(&self, address: &Multiaddr) -> bool {
        self.of.contains_key(address)
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

    /// True if nobody gets in at some place, by any transport.
    pub(super) fn are_closed(&self) -> bool {
        self.told.borrow().values().any(|found| found.trial == Trial::Closed)
    }

    /// True if this one did not get in wherever somebody did not.
    pub(super) fn is_heard(&self, peer: &PeerId) -> bool {
        self.of.values().filter(|tests| !tests.in_vain.is_empty()).all(|tests| tests.in_vain.contains(peer))
    }

    fn is_closed(&self, address: &Multiaddr) -> bool {
        self.of.get(address).is_some_and(|tests| tests.trial() == Trial::Closed)
    }

    /// True if it is not sure that others get in: one did not, or several.
    fn is_in_doubt(&self, address: &Multiaddr) -> bool {
        self.of.get(address).is_some_and(|tests| matches!(tests.trial(), Trial::Closed | Trial::Doubtful))
    }

    /// Takes in what somebody found; true if that changes what is believed.
    fn note(&mut self, address: &Multiaddr, by: PeerId, is_reached: bool, now: Timestamp) -> bool {
        let Some(tests) = self.of.get_mut(address) else { return false };
        let believed = |tests: &Tests| (tests.trial(), tests.is_doubtful());
        let before = believed(tests);
        if is_reached {
            *tests = Tests { is_reached, ..Tests::default() };
        } else if tests.in_vain.len() < REMEMBERED {
            tests.in_vain.insert(by);
        }
        tests.last = Some(now);
        let is_news = believed(tests) != before;
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
                let found = tried.entry(socket).or_insert(Found { trial: tests.trial(), last: tests.last });
                *found = Found { trial: found.trial.max(tests.trial()), last: found.last.max(tests.last) };
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

    /// The same, without what may be closed.
    pub(super) fn sure_addresses(&self) -> BTreeSet<Multiaddr> {
        self.listening.iter().filter(|address| !self.trials.is_in_doubt(address)).cloned().collect()
    }

    /// Somebody who is believed tried where this node listens. False if it is another address.
    pub(super) fn on_tried(&mut self, by: PeerId, address: &Multiaddr, is_reached: bool) -> bool {
        if !self.trials.has(address) {
            return false;
        }
        if self.trials.note(address, by, is_reached, machine::now()) {
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

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
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

    fn found(trials: &Trials) -> Found {
        trials.standing().borrow()[&"203.0.113.9:7517".parse().unwrap()]
    }

    fn told(trials: &Trials) -> Trial {
        found(trials).trial
    }

    #[test]
    fn two_who_did_not_get_in_are_believed_and_one_is_not() {
        let (mut trials, [bo, chi]) = (server(), [PeerId::random(), PeerId::random()]);
        assert_eq!(trials.all().cloned().collect::<Vec<_>>(), [TCP, QUIC].map(at), "of a home nobody outside is told");
        assert_eq!((told(&trials), trials.are_doubtful(), trials.are_reached()), (Trial::NotYet, false, false));
        for address in [TCP, QUIC].map(at) {
            assert!(trials.note(&address, bo, false, NOW));
            assert!(!trials.note(&address, bo, false, NOW), "he said so before");
        }
        assert_eq!((told(&trials), trials.are_doubtful(), trials.is_heard(&bo)), (Trial::Doubtful, true, true));
        assert!(!trials.is_closed(&at(TCP)) && !trials.is_heard(&chi));
        assert!(trials.note(&at(TCP), chi, false, NOW));
        assert_eq!(told(&trials), Trial::Doubtful, "nobody else tried by QUIC");
        assert!(trials.note(&at(QUIC), chi, false, NOW));
        assert_eq!((told(&trials), trials.are_doubtful()), (Trial::Closed, false));
        assert!(trials.is_closed(&at(TCP)) && trials.is_closed(&at(QUIC)));
    }

    #[test]
    fn where_one_did_not_get_in_it_is_not_sure_that_others_do() {
        let (mut trials, bo) = (server(), PeerId::random());
        assert_eq!(found(&trials), Found { trial: Trial::NotYet, last: None });
        assert!(!trials.is_in_doubt(&at(TCP)));
        assert!(trials.note(&at(TCP), bo, false, NOW));
        assert!(trials.is_in_doubt(&at(TCP)) && !trials.is_in_doubt(&at(QUIC)) && !trials.is_closed(&at(TCP)));
        assert_eq!(found(&trials), Found { trial: Trial::Doubtful, last: Some(NOW) });
        let later = NOW.plus(60);
        assert!(!trials.note(&at(TCP), bo, false, later), "he said so before");
        assert_eq!(found(&trials).last, Some(later));
        assert!(trials.note(&at(TCP), bo, true, later) && !trials.is_in_doubt(&at(TCP)));
    }

    #[test]
    fn whoever_did_not_get_in_at_a_closed_place_is_asked_after_the_others() {
        let (mut trials, all) = (server(), [(); REMEMBERED].map(|()| PeerId::random()));
        for (number, peer) in all.iter().enumerate() {
            assert!(!trials.is_heard(peer) || number == 0, "nobody has said anything before");
            let is_news = trials.note(&at(TCP), *peer, false, NOW);
            assert_eq!(is_news, number < WITNESSES, "more of them say nothing new");
            assert!(trials.is_heard(peer));
        }
        assert!(all.iter().all(|peer| trials.is_heard(peer)) && !trials.is_heard(&PeerId::random()));
        assert!(!trials.are_closed(), "nobody tried by QUIC");
        for peer in all {
            trials.note(&at(QUIC), peer, false, NOW);
        }
        assert!(trials.are_closed());
        assert!(trials.note(&at(QUIC), all[0], true, NOW) && !trials.are_closed());
    }

    #[test]
    fn whoever_gets_in_refutes_all_who_did_not() {
        let mut trials = server();
        let mallory = PeerId::random();
        assert!(trials.note(&at(TCP), mallory, false, NOW) && trials.note(&at(TCP), PeerId::random(), true, NOW));
        assert!(trials.note(&at(TCP), mallory, false, NOW));
        assert_eq!((told(&trials), trials.is_closed(&at(TCP))), (Trial::Reached, false), "one word against another");
        assert!(trials.note(&at(TCP), PeerId::random(), false, NOW) && trials.is_closed(&at(TCP)));
        assert!(trials.note(&at(TCP), PeerId::random(), true, NOW) && !trials.is_closed(&at(TCP)));
        assert!(trials.note(&at(QUIC), PeerId::random(), true, NOW) && trials.are_reached() && !trials.are_doubtful());
    }

    #[test]
    fn what_was_found_counts_as_long_as_the_node_listens_there() {
        let mut trials = server();
        for _ in 0..WITNESSES {
            trials.note(&at(TCP), PeerId::random(), false, NOW);
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
                trials.note(&address, PeerId::random(), false, NOW);
            }
        }
        assert_eq!(named(&trials), [by_ip6, (ip4, Reach::Lan, Transports::Both)]);
    }
}
