//! Finding the nodes that hold mailboxes: one address after another is dialled until somebody is there.
//!
//! Owner and depositor share a search and a connection; what they say there is in `mailboxes` and `errands`.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use kith_protocol::address::Hint;
use kith_protocol::id::PeerId as KithPeer;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::dialling::{dial_opts, of_host, to_dial};
use super::peer;
use super::task::Task;

/// A connection that we close takes a moment to be gone; then it is looked again.
const CLOSING: Duration = Duration::from_millis(50);

/// A node that holds mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// This one.
    Known(KithPeer),
    /// Whoever is at these addresses: a code names no node.
    At(Vec<Hint>),
}

impl Host {
    fn expected(&self) -> Option<PeerId> {
        match self {
            Self::Known(kith) => peer::to_libp2p(kith),
            Self::At(_) => None,
        }
    }
}

struct Search {
    /// Tells it from an earlier one for the same host, whose dials may go on.
    serial: u64,
    expected: Option<PeerId>,
    untried: VecDeque<Multiaddr>,
    dialling: usize,
    until: Instant,
    next_dial: Instant,
}

impl Search {
    fn next_deadline(&self) -> Instant {
        if self.untried.is_empty() { self.until } else { self.until.min(self.next_dial) }
    }
}

/// The searches that are under way, and those that wait for their turn.
#[derive(Default)]
pub(super) struct Hosts {
    searches: HashMap<Host, Search>,
    waiting: VecDeque<(Host, Vec<Hint>)>,
    dials: HashMap<ConnectionId, (Host, u64)>,
    begun: u64,
}

impl Hosts {
    /// When a search must go on or be given up.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.searches.values().map(Search::next_deadline).min()
    }

    /// True if a search is under way for this peer: it is being dialled, and what is sent once it is there must not go
    /// over an earlier connection that we are just closing.
    pub(super) fn seek(&self, peer: &PeerId) -> bool {
        self.searches.values().any(|search| search.expected == Some(*peer))
    }

    fn is_sought(&self, host: &Host) -> bool {
        self.searches.contains_key(host) || self.waiting.iter().any(|(other, _)| other == host)
    }
}

impl Task {
    /// Looks for a host; ends in `host_reached` or `host_missed`. Whoever looks for the same one joins.
    pub(super) fn seek_host(&mut self, host: Host, addresses: &[Hint]) {
        if self.hosts.is_sought(&host) {
            return;
        }
        let (expected, addresses) = (host.expected(), of_host(addresses));
        let untried = to_dial(&addresses, expected);
        let gate = &self.swarm.behaviour().gate;
        let is_of_use = |peer: &PeerId| !gate.is_relayed(peer) && !gate.is_leaving(peer);
        if let Some(peer) = self.connected_already(expected, &untried).into_iter().find(is_of_use) {
            return self.host_reached(&host, peer);
        }
        if self.hosts.searches.len() >= self.limits.calls {
            return self.hosts.waiting.push_back((host, addresses));
        }
        let now = Instant::now();
        self.hosts.begun += 1;
        let serial = self.hosts.begun;
        let search = Search { serial, expected, untried, dialling: 0, until: now + self.limits.call, next_dial: now };
        self.hosts.searches.insert(host.clone(), search);
        self.advance_search(&host, now);
    }

    /// Where somebody is connected still, whose connection we are about to close, a new one would be taken for the old.
    fn is_leaving_at(&self, search: &Search) -> bool {
        let gate = &self.swarm.behaviour().gate;
        let peer = search.expected.or_else(|| search.untried.iter().find_map(|at| gate.peer_at(at)));
        search.dialling == 0 && !search.untried.is_empty() && peer.is_some_and(|peer| gate.is_leaving(&peer))
    }

    fn advance_search(&mut self, host: &Host, now: Instant) {
        if self.hosts.searches.get(host).is_some_and(|search| self.is_leaving_at(search)) {
            if let Some(search) = self.hosts.searches.get_mut(host) {
                search.next_dial = now + CLOSING;
            }
            return;
        }
        while let Some(search) = self.hosts.searches.get_mut(host) {
            if search.dialling > 0 && now < search.next_dial {
                return;
            }
            let Some(address) = search.untried.pop_front() else {
                if search.dialling == 0 {
                    self.give_up_search(host);
                }
                return;
            };
            let opts = dial_opts(search.expected, address);
            let connection = opts.connection_id();
            if let Err(error) = self.swarm.dial(opts) {
                tracing::debug!(%error, "the address of a host cannot be dialled");
                continue;
            }
            search.dialling += 1;
            search.next_dial = now + self.limits.head_start;
            self.hosts.dials.insert(connection, (host.clone(), search.serial));
        }
    }

    /// A dial was answered. A connection that nobody waits for any more is closed.
    pub(super) fn on_host_dialled(&mut self, peer: PeerId, connection: ConnectionId) {
        let Some((host, _)) = self.hosts.dials.remove(&connection) else { return };
        if self.hosts.searches.remove(&host).is_some() {
            self.host_reached(&host, peer);
            self.seek_next_host();
        } else {
            self.swarm.behaviour_mut().gate.close_one(connection);
        }
    }

    /// A dial failed.
    pub(super) fn on_host_dial_failed(&mut self, connection: ConnectionId) {
        let Some((host, serial)) = self.hosts.dials.remove(&connection) else { return };
        if let Some(search) = self.hosts.searches.get_mut(&host).filter(|search| search.serial == serial) {
            search.dialling = search.dialling.saturating_sub(1);
            // Whoever comes next need not wait for the head start of one that is out of the race.
            search.next_dial = Instant::now();
            let now = search.next_dial;
            self.advance_search(&host, now);
        }
    }

    /// Nobody was there; unless they have come to us meanwhile.
    fn give_up_search(&mut self, host: &Host) {
        self.hosts.searches.remove(host);
        match host.expected().filter(|peer| self.stays(peer) && !self.swarm.behaviour().gate.is_relayed(peer)) {
            Some(peer) => self.host_reached(host, peer),
            None => self.host_missed(host),
        }
        if let Some(expected) = host.expected() {
            self.close_what_is_left(expected);
        }
        self.seek_next_host();
    }

    fn seek_next_host(&mut self) {
        while self.hosts.searches.len() < self.limits.calls
            && let Some((host, addresses)) = self.hosts.waiting.pop_front()
        {
            self.seek_host(host, &addresses);
        }
    }

    fn host_reached(&mut self, host: &Host, peer: PeerId) {
        self.run_errands_of(host, peer);
        if let Host::Known(kith) = host {
            self.mailbox_host_reached(*kith, peer);
            self.carrier_reached(*kith, peer);
        }
        self.close_unless_needed(peer);
    }

    fn host_missed(&mut self, host: &Host) {
        self.errands_failed(host);
        if let Host::Known(kith) = host {
            self.mailbox_host_missed(*kith);
            self.carrier_missed(*kith);
        }
    }

    /// Somebody is gone: whoever waited for that goes on.
    pub(super) fn hosts_may_be_dialled(&mut self) {
        let idle = self.hosts.searches.iter().filter(|(_, search)| search.dialling == 0);
        for host in idle.map(|(host, _)| host.clone()).collect::<Vec<_>>() {
            self.advance_search(&host, Instant::now());
        }
    }

    /// Gives up searches that took too long and dials the next address of those whose head start is over.
    pub(super) fn advance_searches(&mut self, now: Instant) {
        let searches = self.hosts.searches.iter().filter(|(_, search)| search.next_deadline() <= now);
        let due: Vec<_> = searches.map(|(host, search)| (host.clone(), search.until <= now)).collect();
        for (host, is_over) in due {
            if is_over {
                self.give_up_search(&host);
            } else {
                self.advance_search(&host, now);
            }
        }
    }
}
