//! Direct connections in the place of relayed ones: hole punching, with whoever has shown that they know a secret.
//!
//! Where somebody comes to us through a relay, the library says at once where others see us, so that both may dial. But
//! anybody who knows our PeerId may come so. So nothing of it is said before there is a session.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::handler::ConnectionEvent;
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, dcutr};

use super::addresses;
use super::careful::Careful;

type Inner = Careful<dcutr::Behaviour>;

/// The library's part, held back on connections with strangers.
pub(super) struct Punching {
    inner: Inner,
    /// Relayed connections of those who came and have shown nothing yet.
    waiting: HashMap<ConnectionId, PeerId>,
    released: VecDeque<(ConnectionId, PeerId)>,
}

impl Punching {
    pub(super) fn new(me: PeerId) -> Self {
        let inner = Careful::new(dcutr::Behaviour::new(me));
        Self { inner, waiting: HashMap::new(), released: VecDeque::new() }
    }

    /// The peer has a session now, and may be told where we are.
    pub(super) fn welcome(&mut self, peer: &PeerId) {
        self.released.extend(self.waiting.extract_if(|_, of| *of == *peer));
    }
}

impl NetworkBehaviour for Punching {
    type ConnectionHandler = Held<THandler<Inner>>;
    type ToSwarm = dcutr::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let inner = self.inner.handle_established_inbound_connection(connection, peer, local, remote)?;
        let is_held = addresses::is_relayed(local);
        if is_held {
            self.waiting.insert(connection, peer);
        }
        Ok(Held { inner, is_held })
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        at: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.inner.handle_pending_outbound_connection(connection, peer, at, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let inner = self.inner.handle_established_outbound_connection(connection, peer, at, role, port)?;
        Ok(Held { inner, is_held: false })
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ConnectionClosed(closed) = &event {
            self.waiting.remove(&closed.connection_id);
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        self.inner.on_connection_handler_event(peer, on, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((connection, peer_id)) = self.released.pop_front() {
            let handler = NotifyHandler::One(connection);
            return Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler, event: Either::Right(Release) });
        }
        self.inner.poll(cx).map(|action| action.map_in(Either::Left))
    }
}

/// Tells a connection that its peer is no stranger any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release;

/// What a connection does, once it is let.
pub(super) struct Held<H> {
    inner: H,
    is_held: bool,
}

impl<H: ConnectionHandler> ConnectionHandler for Held<H> {
    type FromBehaviour = Either<H::FromBehaviour, Release>;
    type ToBehaviour = H::ToBehaviour;
    type InboundProtocol = H::InboundProtocol;
    type OutboundProtocol = H::OutboundProtocol;
    type InboundOpenInfo = H::InboundOpenInfo;
    type OutboundOpenInfo = H::OutboundOpenInfo;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol, Self::InboundOpenInfo> {
        self.inner.listen_protocol()
    }

    fn connection_keep_alive(&self) -> bool {
        self.inner.connection_keep_alive()
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Self::OutboundOpenInfo, Self::ToBehaviour>> {
        // Whatever lets it go on comes as an event, after which it is polled.
        if self.is_held { Poll::Pending } else { self.inner.poll(cx) }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Option<Self::ToBehaviour>> {
        self.inner.poll_close(cx)
    }

    fn on_behaviour_event(&mut self, event: Self::FromBehaviour) {
        match event {
            Either::Left(event) => self.inner.on_behaviour_event(event),
            Either::Right(Release) => self.is_held = false,
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<
            '_,
            Self::InboundProtocol,
            Self::OutboundProtocol,
            Self::InboundOpenInfo,
            Self::OutboundOpenInfo,
        >,
    ) {
        self.inner.on_connection_event(event);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn who_comes_through_a_relay_is_told_where_we_are_once_there_is_a_session() {
        let (bo, mallory) = (PeerId::random(), PeerId::random());
        let way: Multiaddr =
            format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random()).parse().unwrap();
        let mut punching = Punching::new(PeerId::random());
        let mut cx = Context::from_waker(Waker::noop());
        let mut handlers = Vec::new();
        for (number, peer) in [mallory, bo].into_iter().enumerate() {
            let id = ConnectionId::new_unchecked(number);
            let mut handler = punching.handle_established_inbound_connection(id, peer, &way, &way).unwrap();
            assert!(handler.poll(&mut cx).is_pending());
            handlers.push(handler);
        }
        punching.welcome(&bo);
        let Poll::Ready(ToSwarm::NotifyHandler { peer_id, event, .. }) = punching.poll(&mut cx) else {
            panic!("Bo's connection was not let go on");
        };
        assert_eq!(peer_id, bo);
        assert!(punching.poll(&mut cx).is_pending(), "Mallory's waits");
        handlers[1].on_behaviour_event(event);
        let said = handlers[1].poll(&mut cx);
        assert!(matches!(said, Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { .. })));
        assert!(handlers[0].poll(&mut cx).is_pending());
    }
}
