//! Asking others whether they can reach this node where they see it (AutoNAT v2, the client's side).
//!
//! The library tests an address once and never again. So there is a fresh client for each network that this node finds
//! itself in, and for each half day; connections stay with the client that they were made under.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::task::{Context, Poll};

use libp2p::autonat::v2::client::{Behaviour, Event};
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::addresses;

/// Addresses that one client tests. Whoever is connected can name some, so there is a bound.
const CANDIDATES: usize = 8;

/// The clients, the newest last.
pub(super) struct Probing {
    clients: BTreeMap<u64, Behaviour>,
    /// Which client a connection was made under.
    of: HashMap<ConnectionId, u64>,
    candidates: BTreeSet<Multiaddr>,
}

impl Probing {
    pub(super) fn new() -> Self {
        Self { clients: BTreeMap::from([(0, Behaviour::default())]), of: HashMap::new(), candidates: BTreeSet::new() }
    }

    /// What was tested before is to be tested again, over connections that are made from now on.
    pub(super) fn renew(&mut self) {
        let next = self.newest() + 1;
        self.clients.insert(next, Behaviour::default());
        self.candidates.clear();
        self.forget_idle();
    }

    fn newest(&self) -> u64 {
        self.clients.last_key_value().map_or(0, |(number, _)| *number)
    }

    fn client(&mut self) -> &mut Behaviour {
        let newest = self.newest();
        self.clients.entry(newest).or_default()
    }

    fn may_test(&self, address: &Multiaddr) -> bool {
        let has_room = self.candidates.len() < CANDIDATES || self.candidates.contains(address);
        has_room && addresses::is_public(address)
    }

    fn forget_idle(&mut self) {
        let newest = self.newest();
        let used: BTreeSet<u64> = self.of.values().copied().collect();
        self.clients.retain(|number, _| *number == newest || used.contains(number));
    }
}

impl NetworkBehaviour for Probing {
    type ConnectionHandler = <Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client().handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.client().handle_established_outbound_connection(connection, peer, at, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                self.of.insert(established.connection_id, self.newest());
                self.client().on_swarm_event(event);
            }
            FromSwarm::ConnectionClosed(closed) => {
                let number = self.of.remove(&closed.connection_id);
                if let Some(client) = number.and_then(|number| self.clients.get_mut(&number)) {
                    client.on_swarm_event(event);
                }
                self.forget_idle();
            }
            FromSwarm::NewExternalAddrCandidate(seen) if self.may_test(seen.addr) => {
                self.candidates.insert(seen.addr.clone());
                self.client().on_swarm_event(event);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        if let Some(client) = self.of.get(&on).and_then(|number| self.clients.get_mut(number)) {
            client.on_connection_handler_event(peer, on, event);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        for client in self.clients.values_mut() {
            if let Poll::Ready(action) = client.poll(cx) {
                return Poll::Ready(action);
            }
        }
        Poll::Pending
    }
}
