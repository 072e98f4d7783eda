//! Saying what this node is, and hearing what others are (identify): on direct connections alone.
//!
//! The library names all addresses at which anybody can reach us. Whoever knows our PeerId may come through a relay, and
//! would hear from it where our home is. Nothing needs it there: where others see us, and who keeps a part of the DHT, is
//! heard on direct connections. So a relayed one does not have this part, and the library never hears of it.

use std::collections::HashMap;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::ConnectionEstablished;
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId, identify};

use super::addresses;

/// The library's part, on direct connections.
pub(super) struct Identifying {
    inner: identify::Behaviour,
    /// How many direct connections there are with a peer: those that the library knows.
    direct: HashMap<PeerId, usize>,
}

impl Identifying {
    pub(super) fn new(config: identify::Config) -> Self {
        Self { inner: identify::Behaviour::new(config), direct: HashMap::new() }
    }

    fn established(&mut self, connection: ConnectionEstablished<'_>) {
        let direct = self.direct.entry(connection.peer_id).or_default();
        let other_established = *direct;
        *direct += 1;
        let connection = ConnectionEstablished { other_established, ..connection };
        self.inner.on_swarm_event(FromSwarm::ConnectionEstablished(connection));
    }

    /// The library forgets a peer with the last connection that it knows, though there may be a relayed one.
    fn closed(&mut self, connection: ConnectionClosed<'_>) {
        let direct = self.direct.remove(&connection.peer_id);
        let remaining_established = direct.map_or(0, |direct| direct.saturating_sub(1));
        if remaining_established > 0 {
            self.direct.insert(connection.peer_id, remaining_established);
        }
        let connection = ConnectionClosed { remaining_established, ..connection };
        self.inner.on_swarm_event(FromSwarm::ConnectionClosed(connection));
    }
}

impl NetworkBehaviour for Identifying {
    type ConnectionHandler = Either<THandler<identify::Behaviour>, dummy::ConnectionHandler>;
    type ToSwarm = identify::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if addresses::is_relayed(local) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        self.inner.handle_established_inbound_connection(connection, peer, local, remote).map(Either::Left)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if addresses::is_relayed(at) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        self.inner.handle_established_outbound_connection(connection, peer, at, role, port).map(Either::Left)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(connection) if connection.endpoint.is_relayed() => {}
            FromSwarm::ConnectionClosed(connection) if connection.endpoint.is_relayed() => {}
            FromSwarm::AddressChange(change) if change.old.is_relayed() || change.new.is_relayed() => {}
            // It is taken back a moment later, and whoever connects in between would hear who passes things on to us.
            FromSwarm::ExternalAddrConfirmed(own) if addresses::is_relayed(own.addr) => {}
            FromSwarm::ConnectionEstablished(connection) => self.established(connection),
            FromSwarm::ConnectionClosed(connection) => self.closed(connection),
            event => self.inner.on_swarm_event(event),
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {
            Either::Left(event) => self.inner.on_connection_handler_event(peer, on, event),
            Either::Right(never) => match never {},
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            match self.inner.poll(cx) {
                // Any may be one without this part, which must be told nothing. The library does so with what nobody asked
                // for alone, which is off.
                Poll::Ready(ToSwarm::NotifyHandler { handler: NotifyHandler::Any, .. }) => {}
                action => return action.map(|action| action.map_in(Either::Left)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use libp2p::core::ConnectedPoint;
    use libp2p::identity::Keypair;
    use libp2p::swarm::derive_prelude::ExternalAddrConfirmed;

    use super::*;

    const HOME: &str = "/ip6/2001:db8::9/tcp/7517";
    const FROM: &str = "/ip4/203.0.113.10/tcp/40000";
    const DIRECT: usize = 1;
    const RELAYED: usize = 2;

    fn at(address: &str) -> Multiaddr {
        address.parse().unwrap()
    }

    fn through_a_relay() -> Multiaddr {
        at(&format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random()))
    }

    fn identifying() -> Identifying {
        Identifying::new(identify::Config::new("/kith/1".to_owned(), Keypair::generate_ed25519().public()))
    }

    /// Somebody who came there.
    fn came(local_addr: &Multiaddr) -> ConnectedPoint {
        ConnectedPoint::Listener { local_addr: local_addr.clone(), send_back_addr: at(FROM) }
    }

    fn connect(identifying: &mut Identifying, peer_id: PeerId, number: usize, endpoint: &ConnectedPoint) {
        identifying.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id,
            connection_id: ConnectionId::new_unchecked(number),
            endpoint,
            failed_addresses: &[],
            other_established: number - 1,
        }));
    }

    fn disconnect(
        identifying: &mut Identifying,
        peer_id: PeerId,
        number: usize,
        endpoint: &ConnectedPoint,
        left: usize,
    ) {
        identifying.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id,
            connection_id: ConnectionId::new_unchecked(number),
            endpoint,
            cause: None,
            remaining_established: left,
        }));
    }

    /// The connections that are told of where we are, now that others got in there.
    fn told_of(identifying: &mut Identifying, addr: &Multiaddr) -> Vec<ConnectionId> {
        identifying.on_swarm_event(FromSwarm::ExternalAddrConfirmed(ExternalAddrConfirmed { addr }));
        let mut told = Vec::new();
        while let Poll::Ready(action) = identifying.poll(&mut Context::from_waker(Waker::noop())) {
            match action {
                ToSwarm::NotifyHandler { handler: NotifyHandler::One(connection), .. } => told.push(connection),
                other => panic!("it wants something else: {other:?}"),
            }
        }
        told
    }

    #[test]
    fn who_comes_through_a_relay_is_not_told_what_we_are_nor_is_whom_we_reach_through_one() {
        let (mallory, id, way) = (PeerId::random(), ConnectionId::new_unchecked(1), through_a_relay());
        let (role, port) = (Endpoint::Dialer, PortUse::Reuse);
        let mut identifying = identifying();
        for (place, is_told) in [(at(HOME), true), (way, false)] {
            let inbound = identifying.handle_established_inbound_connection(id, mallory, &place, &at(FROM));
            assert_eq!(matches!(inbound.unwrap(), Either::Left(_)), is_told, "came by {place}");
            let outbound = identifying.handle_established_outbound_connection(id, mallory, &place, role, port);
            assert_eq!(matches!(outbound.unwrap(), Either::Left(_)), is_told, "reached by {place}");
        }
    }

    #[test]
    fn where_we_are_is_passed_to_direct_connections_alone() {
        let (bo, mallory, way) = (PeerId::random(), PeerId::random(), through_a_relay());
        let mut identifying = identifying();
        connect(&mut identifying, bo, DIRECT, &came(&at(HOME)));
        connect(&mut identifying, mallory, RELAYED, &came(&way));
        assert_eq!(told_of(&mut identifying, &at(HOME)), [ConnectionId::new_unchecked(DIRECT)]);
        assert!(told_of(&mut identifying, &way).is_empty(), "somebody is told who passes things on");
        disconnect(&mut identifying, mallory, RELAYED, &came(&way), 0);
        disconnect(&mut identifying, bo, DIRECT, &came(&at(HOME)), 0);
        assert!(told_of(&mut identifying, &at("/ip6/2001:db8::9/udp/7517/quic-v1")).is_empty());
    }

    #[test]
    fn who_stays_through_a_relay_alone_is_told_no_more() {
        let (bo, way) = (PeerId::random(), through_a_relay());
        let mut identifying = identifying();
        connect(&mut identifying, bo, DIRECT, &came(&at(HOME)));
        connect(&mut identifying, bo, RELAYED, &came(&way));
        disconnect(&mut identifying, bo, DIRECT, &came(&at(HOME)), 1);
        assert!(told_of(&mut identifying, &at(HOME)).is_empty());
        assert!(identifying.direct.is_empty(), "something of Bo is kept for ever");
        disconnect(&mut identifying, bo, RELAYED, &came(&way), 0);
    }
}
