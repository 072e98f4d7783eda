//! The library's behaviours that dial where a peer says, kept within bounds: public addresses alone, and not many.
//!
//! Otherwise whoever connects could make this node knock at every door of the network that it lives in.

use std::collections::HashSet;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NewExternalAddrCandidate, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::addresses;

/// Addresses of a peer that are dialled at once: two transports, by IPv4 and IPv6, seen by a few others.
const ADDRESSES: usize = 16;

#[derive(Debug, thiserror::Error)]
#[error("the peer wants to be dialled where no peer is")]
struct NoPeerThere;

/// A behaviour that dials for others.
pub(super) struct Careful<B> {
    inner: B,
    /// Dials that it asked for and that have not begun.
    asked: HashSet<ConnectionId>,
}

impl<B> Careful<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, asked: HashSet::new() }
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Careful<B> {
    type ConnectionHandler = B::ConnectionHandler;
    type ToSwarm = B::ToSwarm;

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
        if let FromSwarm::DialFailure(failure) = &event {
            // It may have failed before anybody was asked for addresses.
            self.asked.remove(&failure.connection_id);
        }
        match event {
            // What is inside a home is told to nobody outside.
            FromSwarm::NewExternalAddrCandidate(seen) if !addresses::is_public(seen.addr) => {}
            // Where we may be reached anyway, by IPv6 say, is worth a try too.
            FromSwarm::ExternalAddrConfirmed(own) if addresses::is_public(own.addr) => {
                self.inner
                    .on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: own.addr }));
                self.inner.on_swarm_event(event);
            }
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
