//! What to dial, and what need not be dialled: shared by calls and by visits to the hosts of mailboxes.

use std::collections::{HashSet, VecDeque};

use kith_protocol::address::{Hint, Reach};
use kith_protocol::limits;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};

use super::addresses;
use super::task::Task;

/// Dials that have their head start before relays are tried: with both transports, two addresses.
const DIRECT_FIRST: usize = 4;

/// Addresses through relays that are dialled: both transports of each.
const MOST_RELAYED: usize = 2 * limits::RELAYED_ADDRESSES;

impl Task {
    /// Who can be spoken to without a dial: the peer that is wanted, or whoever is connected at one of the addresses.
    pub(super) fn connected_already(
        &self,
        expected: Option<PeerId>,
        addresses: &VecDeque<Multiaddr>,
    ) -> VecDeque<PeerId> {
        match expected {
            Some(peer) => Some(peer).filter(|peer| self.stays(peer)).into_iter().collect(),
            None => addresses
                .iter()
                .find_map(|at| self.swarm.behaviour().gate.peer_at(at))
                .filter(|peer| self.stays(peer))
                .into_iter()
                .collect(),
        }
    }
}

/// Hints that are dialled: where somebody was heard nearby, and where they said that they are.
const MOST_HINTS: usize = limits::NEARBY_ADDRESSES + limits::ADDRESSES;

/// The multiaddrs of the hints, each once. A front door is a mailbox's address, not the person's own. Relays come after
/// [`DIRECT_FIRST`] of the others, and only where it is known who must be asked for.
pub(super) fn to_dial(hints: &[Hint], expected: Option<PeerId>) -> VecDeque<Multiaddr> {
    let hints = &hints.iter().take(MOST_HINTS).collect::<Vec<_>>();
    let own = hints.iter().filter(|hint| matches!(hint.reach, Reach::Direct | Reach::Lan));
    let mut all: Vec<Multiaddr> = own.flat_map(|hint| addresses::dialled(hint)).collect();
    let through = |peer| hints.iter().flat_map(move |hint| addresses::dialled_through(hint, peer));
    let mut relayed: Vec<Multiaddr> = expected.into_iter().flat_map(through).take(MOST_RELAYED).collect();
    // Every relay has its turn before any has a second one.
    relayed.sort_by_key(addresses::is_tcp);
    let at = all.len().min(DIRECT_FIRST);
    all.splice(at..at, relayed);
    let mut seen = HashSet::new();
    all.into_iter().filter(|address| seen.insert(address.clone())).collect()
}

pub(super) fn dial_opts(expected: Option<PeerId>, address: Multiaddr) -> DialOpts {
    // From the listening port a TCP connection to the same peer could not be made again for a minute, nor when both
    // ends dial at once; a QUIC socket serves any number of connections.
    let own_port = addresses::is_tcp(&address);
    match expected {
        Some(peer) => {
            let opts = DialOpts::peer_id(peer).condition(PeerCondition::Always).addresses(vec![address]);
            if own_port { opts.allocate_new_port().build() } else { opts.build() }
        }
        None => {
            let opts = DialOpts::unknown_peer_id().address(address);
            if own_port { opts.allocate_new_port().build() } else { opts.build() }
        }
    }
}

/// The addresses of a node that holds mailboxes. It is public: one that leads through a relay is of no use, and a front
/// door is its own address.
pub(super) fn of_host(hints: &[Hint]) -> Vec<Hint> {
    let usable = hints.iter().filter(|hint| !matches!(hint.reach, Reach::Relayed(_)));
    let own = |hint: &Hint| match hint.reach {
        Reach::FrontDoor => Hint { reach: Reach::Direct, ..hint.clone() },
        Reach::Direct | Reach::Lan | Reach::Relayed(_) => hint.clone(),
    };
    usable.map(own).collect()
}
