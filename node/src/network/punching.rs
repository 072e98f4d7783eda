//! Direct connections between two homes: both ends of a relayed connection dial each other at the same moment, so that
//! each router takes what comes for an answer (DCUtR).
//!
//! The library does this. Here it is kept from two things: telling a peer of addresses inside a home, and dialling
//! whatever a peer names.

use std::collections::HashSet;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, dcutr};

use super::addresses;

/// Addresses of a peer that are dialled at once: two transports, by IPv4 and IPv6, seen by a few others.
const ADDRESSES: usize = 16;

#[derive(Debug, thiserror::Error)]
#[error("the peer wants to be dialled where no peer is")]
struct NoPeerThere;

/// The library's behaviour with its bounds.
pub(super) struct Punching {
    inner: dcutr::Behaviour,
    /// Dials that it asked for and that have not begun.
    asked: HashSet<ConnectionId>,
}

impl Punching {
    pub(super) fn new(me: PeerId) -> Self {
        Self { inner: dcutr::Behaviour::new(me), asked: HashSet::new() }
    }
}

impl NetworkBehaviour for Punching {
    type ConnectionHandler = <dcutr::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = dcutr::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: Option<PeerId>,
        at: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        let is_ours = self.asked.remove(&connection);
        if is_ours && (at.len() > ADDRESSES || !at.iter().all(addresses::is_public)) {
            return Err(ConnectionDenied::new(NoPeerThere));
        }
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, at, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::NewExternalAddrCandidate(seen) if !addresses::is_public(seen.addr) => {}
            event => self.inner.on_swarm_event(event),
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        self.inner.on_connection_handler_event(peer, on, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        let action = self.inner.poll(cx);
        if let Poll::Ready(ToSwarm::Dial { opts }) = &action {
            self.asked.insert(opts.connection_id());
        }
        action
    }
}
