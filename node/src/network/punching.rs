//! Direct connections in the place of relayed ones: hole punching, with whoever has shown that they know a secret.
//!
//! Where somebody comes to us through a relay, the library says at once where others see us, so that both may dial. But
//! anybody who knows our PeerId may come so. So nothing of it is said before there is a session.

use std::collections::{HashMap, HashSet, VecDeque};
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

/// How often the other end of a relayed connection may have us dial: as often as the library tries by itself, which here sets no
/// bound at all, dials each time, and counts in a byte.
const OFTEN: u8 = 3;

/// The library's part, held back on connections with strangers.
pub(super) struct Punching {
    inner: Inner,
    /// Relayed connections of those who came and have shown nothing yet.
    waiting: HashMap<ConnectionId, PeerId>,
    /// Who has shown something, until the last connection with them ends.
    known: HashSet<PeerId>,
    released: VecDeque<(ConnectionId, PeerId)>,
}

impl Punching {
    pub(super) fn new(me: PeerId) -> Self {
        let inner = Careful::new(dcutr::Behaviour::new(me));
        Self { inner, waiting: HashMap::new(), known: HashSet::new(), released: VecDeque::new() }
    }

    /// The peer, who is connected, has a session now, and may be told where we are: here, and where they come anew.
    pub(super) fn welcome(&mut self, peer: &PeerId) {
        self.known.insert(*peer);
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
        let is_held = addresses::is_relayed(local) && !self.known.contains(&peer);
        if is_held {
            self.waiting.insert(connection, peer);
        }
        Ok(Held { inner, is_held, heard: 0 })
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
        Ok(Held { inner, is_held: false, heard: 0 })
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::ConnectionClosed(closed) => {
                self.waiting.remove(&closed.connection_id);
                if closed.remaining_established == 0 {
                    self.known.remove(&closed.peer_id);
                }
            }
            // Another part of the node refused the connection after this one had seen it.
            FromSwarm::ListenFailure(failure) => {
                self.waiting.remove(&failure.connection_id);
            }
            _ => {}
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
    /// So often they said where to dial.
    heard: u8,
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
        if matches!(event, ConnectionEvent::FullyNegotiatedInbound(_)) {
            if self.heard >= OFTEN {
                // The stream ends with it.
                return;
            }
            self.heard += 1;
        }
        self.inner.on_connection_event(event);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::task::Waker;

    use libp2p::core::upgrade::DeniedUpgrade;
    use libp2p::core::{ConnectedPoint, InboundUpgrade, UpgradeInfo};
    use libp2p::swarm::handler::FullyNegotiatedInbound;
    use libp2p::swarm::{ConnectionClosed, ListenError, ListenFailure, Stream};

    use super::*;

    fn through_a_relay() -> Multiaddr {
        format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random()).parse().unwrap()
    }

    /// Counts what it is asked.
    #[derive(Default)]
    struct Counts(usize);

    struct Word;

    impl UpgradeInfo for Word {
        type Info = &'static str;
        type InfoIter = std::iter::Once<Self::Info>;

        fn protocol_info(&self) -> Self::InfoIter {
            std::iter::once("/word")
        }
    }

    impl InboundUpgrade<Stream> for Word {
        type Output = ();
        type Error = Infallible;
        type Future = std::future::Ready<Result<(), Infallible>>;

        fn upgrade_inbound(self, _: Stream, _: Self::Info) -> Self::Future {
            std::future::ready(Ok(()))
        }
    }

    impl ConnectionHandler for Counts {
        type FromBehaviour = Infallible;
        type ToBehaviour = Infallible;
        type InboundProtocol = Word;
        type OutboundProtocol = DeniedUpgrade;
        type InboundOpenInfo = ();
        type OutboundOpenInfo = ();

        fn listen_protocol(&self) -> SubstreamProtocol<Word> {
            SubstreamProtocol::new(Word, ())
        }

        fn poll(&mut self, _: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<DeniedUpgrade, (), Infallible>> {
            Poll::Pending
        }

        fn on_behaviour_event(&mut self, event: Infallible) {
            match event {}
        }

        fn on_connection_event(&mut self, _: ConnectionEvent<'_, Word, DeniedUpgrade>) {
            self.0 += 1;
        }
    }

    #[test]
    fn whoever_is_reached_through_a_relay_has_us_dial_three_times_and_no_more() {
        let mut held = Held { inner: Counts::default(), is_held: false, heard: 0 };
        for _ in 0..300 {
            let asked = FullyNegotiatedInbound { protocol: (), info: () };
            held.on_connection_event(ConnectionEvent::FullyNegotiatedInbound(asked));
        }
        assert_eq!(held.inner.0, 3);
    }

    fn comes(punching: &mut Punching, number: usize, peer: PeerId, way: &Multiaddr) -> THandler<Punching> {
        let id = ConnectionId::new_unchecked(number);
        punching.handle_established_inbound_connection(id, peer, way, way).unwrap()
    }

    #[test]
    fn who_comes_through_a_relay_is_told_where_we_are_once_there_is_a_session() {
        let (bo, mallory) = (PeerId::random(), PeerId::random());
        let way = through_a_relay();
        let mut punching = Punching::new(PeerId::random());
        let mut cx = Context::from_waker(Waker::noop());
        let mut handlers = Vec::new();
        for (number, peer) in [mallory, bo].into_iter().enumerate() {
            let mut handler = comes(&mut punching, number, peer, &way);
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

    #[test]
    fn who_has_a_session_is_told_at_once_where_they_come_through_another_relay_until_all_connections_have_ended() {
        let (bo, ways) = (PeerId::random(), [through_a_relay(), through_a_relay()]);
        let mut punching = Punching::new(PeerId::random());
        let mut cx = Context::from_waker(Waker::noop());
        comes(&mut punching, 0, bo, &ways[0]);
        punching.welcome(&bo);
        assert!(comes(&mut punching, 1, bo, &ways[1]).poll(&mut cx).is_ready());
        assert!(punching.waiting.is_empty());
        for (number, way) in ways.iter().enumerate() {
            let endpoint = ConnectedPoint::Listener { local_addr: way.clone(), send_back_addr: way.clone() };
            punching.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id: bo,
                connection_id: ConnectionId::new_unchecked(number),
                endpoint: &endpoint,
                cause: None,
                remaining_established: 1 - number,
            }));
            assert_eq!(punching.known.contains(&bo), number == 0);
        }
        assert!(comes(&mut punching, 2, bo, &ways[0]).poll(&mut cx).is_pending(), "they have shown nothing this time");
    }

    #[test]
    fn nobody_waits_on_a_connection_that_was_refused() {
        let (mallory, way) = (PeerId::random(), through_a_relay());
        let mut punching = Punching::new(PeerId::random());
        comes(&mut punching, 0, mallory, &way);
        punching.on_swarm_event(FromSwarm::ListenFailure(ListenFailure {
            local_addr: &way,
            send_back_addr: &way,
            error: &ListenError::Aborted,
            connection_id: ConnectionId::new_unchecked(0),
            peer_id: Some(mallory),
        }));
        assert!(punching.waiting.is_empty());
    }
}
