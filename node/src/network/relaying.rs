//! Passing things on for others: the server's side of the circuit relay.
//!
//! A contact's node may keep a reservation here, and whoever knows of it may come and speak with it through us. What
//! passes is sealed between the two, and bounded.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kith_protocol::id::PeerId as KithPeer;
use libp2p::{Multiaddr, PeerId, relay};
use tokio::time::Instant;

use super::budget::Budget;
use super::task::Task;
use super::{Limits, circuits, peer, reachability};

/// Circuits that one source may open at once, and then one more for each [`PACE`].
const BURST: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// See [`BURST`].
const PACE: Duration = Duration::from_secs(20);

/// The nodes that may have reservations here, as the library's handler sees them.
#[derive(Clone, Default)]
pub(super) struct Admitted(Arc<RwLock<HashSet<PeerId>>>);

impl Admitted {
    pub(super) fn insert(&self, peer: PeerId, most: usize) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < most {
            all.insert(peer);
        }
    }

    fn remove(&self, peer: &PeerId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(peer);
    }

    pub(super) fn contains(&self, peer: &PeerId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(peer)
    }
}

/// The library's part. It offers nothing until this node can be reached.
pub(super) fn behaviour(me: PeerId, limits: &Limits, admitted: Admitted, budget: &Budget) -> relay::Behaviour {
    let (left, left_for_circuits) = (budget.clone(), budget.clone());
    let contacts = admitted.clone();
    let contacts_only = move |peer: PeerId, _: &Multiaddr, _| {
        // Whose reservation is refused looks for another relay.
        admitted.contains(&peer) && left.has(circuits::BYTES, Instant::now())
    };
    let while_some_is_left = move |peer: PeerId, _: &Multiaddr, _| {
        let now = Instant::now();
        match contacts.contains(&peer) {
            true => left_for_circuits.has(circuits::BYTES, now),
            false => left_for_circuits.has_for_strangers(circuits::BYTES, now),
        }
    };
    let config = relay::Config {
        max_reservations: limits.reservations,
        // The library takes one more than this: a contact that comes back before we notice that it had gone.
        max_reservations_per_peer: 1,
        reservation_duration: limits.reservation,
        reservation_rate_limiters: vec![Box::new(contacts_only)],
        max_circuits: limits.circuits,
        max_circuits_per_peer: limits.connections_per_peer,
        max_circuit_duration: circuits::LIFE,
        max_circuit_bytes: circuits::BYTES,
        circuit_src_rate_limiters: vec![Box::new(while_some_is_left)],
    };
    let config = config.circuit_src_per_peer(BURST, PACE).circuit_src_per_ip(BURST, PACE);
    let mut behaviour = relay::Behaviour::new(me, config);
    // By itself it would also offer to relay where this node is reached through a relay itself.
    behaviour.set_status(Some(relay::Status::Disable));
    behaviour
}

/// For whom things are passed on now.
pub(super) struct Relaying {
    pub admitted: Admitted,
    pub budget: Budget,
    most: usize,
    reserved: HashSet<PeerId>,
    /// How many circuits each peer opened.
    circuits: HashMap<PeerId, usize>,
    announced: BTreeSet<Multiaddr>,
}

impl Relaying {
    pub(super) fn new(limits: &Limits, admitted: Admitted, budget: Budget) -> Self {
        let (reserved, circuits) = (HashSet::new(), HashMap::new());
        Self { admitted, budget, most: limits.doors, reserved, circuits, announced: BTreeSet::new() }
    }

    /// True if the peer is connected because of what passes through us.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        self.reserved.contains(peer) || self.circuits.contains_key(peer)
    }

    /// Forgets a peer that is gone.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.reserved.remove(peer);
        self.circuits.remove(peer);
    }
}

impl Task {
    /// From now on a peer may have a reservation.
    pub(super) fn admit(&mut self, kith: &KithPeer) {
        if let Some(peer) = peer::to_libp2p(kith) {
            self.relaying.admitted.insert(peer, self.relaying.most);
        }
    }

    /// From now on it may not.
    pub(super) fn dismiss(&mut self, kith: &KithPeer) {
        if let Some(peer) = peer::to_libp2p(kith) {
            self.relaying.admitted.remove(&peer);
            self.relaying.reserved.remove(&peer);
            self.keep_if_needed(peer);
            self.close_unless_needed(peer);
        }
    }

    /// Offers to pass things on if and where this node can be reached.
    pub(super) fn offer_relaying(&mut self) {
        let open = self.open_addresses();
        let mut public = reachability::public(&open);
        public.extend(self.confirmed.all().cloned());
        let before = std::mem::replace(&mut self.relaying.announced, public.clone());
        for gone in before.difference(&public) {
            self.swarm.remove_external_address(gone);
        }
        for new in public.difference(&before) {
            self.swarm.add_external_address(new.clone());
        }
        let status = if public.is_empty() { relay::Status::Disable } else { relay::Status::Enable };
        self.swarm.behaviour_mut().relay.set_status(Some(status));
        // Who asks for a relay notices if it cannot be reached; who asks in the DHT is kept waiting. So a router that may stand
        // in front of an IPv6 address counts here.
        let is_reached = self.confirmed.all().next().is_some() || !reachability::needs_relays(&open);
        self.serve_dht(is_reached);
    }

    pub(super) fn on_relaying(&mut self, event: relay::Event) {
        match event {
            relay::Event::ReservationReqAccepted { src_peer_id, .. } => {
                self.relaying.reserved.insert(src_peer_id);
                self.keep_if_needed(src_peer_id);
            }
            relay::Event::ReservationTimedOut { src_peer_id } => {
                self.relaying.reserved.remove(&src_peer_id);
                self.keep_if_needed(src_peer_id);
            }
            relay::Event::CircuitReqAccepted { src_peer_id, .. } => {
                // The library does not say what passed, only what could not pass any more.
                self.relaying.budget.spend(circuits::BYTES, Instant::now());
                *self.relaying.circuits.entry(src_peer_id).or_default() += 1;
                self.keep_if_needed(src_peer_id);
            }
            relay::Event::CircuitClosed { src_peer_id, .. } => {
                if let Some(open) = self.relaying.circuits.get_mut(&src_peer_id) {
                    *open = open.saturating_sub(1);
                    if *open == 0 {
                        self.relaying.circuits.remove(&src_peer_id);
                    }
                }
                self.keep_if_needed(src_peer_id);
            }
            relay::Event::CircuitReqDenied { status, .. } => tracing::debug!(?status, "a circuit was denied"),
            relay::Event::ReservationReqDenied { status, .. } => tracing::debug!(?status, "a reservation was denied"),
            // `ReservationClosed` comes with every connection that closes, whether or not it had one.
            _ => {}
        }
    }

    /// Who is connected because of what passes through us, or lies here, is no stranger. Whose last circuit ended is one again, for as
    /// long as it takes to open the next.
    pub(super) fn keep_if_needed(&mut self, peer: PeerId) {
        let asks = self.carrying.walks_for(&peer) > 0;
        let needed = self.relaying.need(&peer) || self.holding.is_owner(&peer) || asks;
        self.swarm.behaviour_mut().gate.keep(&peer, needed);
    }
}
