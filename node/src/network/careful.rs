//! The library's behaviours that dial where a peer says, kept within bounds: public addresses alone, by number, and not many.
//!
//! Otherwise whoever connects could make this node knock at every door of the network that it lives in. A name may lead
//! there, too, and so does 0.0.0.0.
//!
//! Who asks whether they are reached waits for ten seconds, as long as a dial into a firewall that says nothing takes. So
//! it is given up before, and told; else nobody behind such a firewall would ever hear of it.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, DialError, DialFailure, FromSwarm, NetworkBehaviour, NewExternalAddrCandidate,
    THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Instant, Sleep, sleep_until};

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
    /// How long one may take, if less than any dial.
    patience: Option<Duration>,
    /// Those under way, by when they are given up.
    under_way: VecDeque<(Instant, ConnectionId)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B: NetworkBehaviour> Careful<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, asked: HashSet::new(), patience: None, under_way: VecDeque::new(), timer: None }
    }

    /// It is told after so long that a dial failed, whatever comes of that.
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    fn give_up_late(&mut self, cx: &mut Context<'_>) {
        while let Some((at, connection_id)) = self.under_way.front().copied() {
            if at <= Instant::now() {
                self.under_way.pop_front();
                let late = DialFailure { peer_id: None, error: &DialError::Aborted, connection_id };
                self.inner.on_swarm_event(FromSwarm::DialFailure(late));
                continue;
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return;
            }
        }
    }

    fn is_over(&mut self, connection: ConnectionId) {
        self.under_way.retain(|(_, one)| *one != connection);
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
        if is_ours && (at.len() > ADDRESSES || !at.iter().all(addresses::is_somewhere_public)) {
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
        self.is_over(connection);
        self.inner.handle_established_outbound_connection(connection, peer, at, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::DialFailure(failure) = &event {
            // It may have failed before anybody was asked for addresses.
            self.asked.remove(&failure.connection_id);
            self.is_over(failure.connection_id);
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
        self.give_up_late(cx);
        let action = self.inner.poll(cx);
        if let Poll::Ready(ToSwarm::Dial { opts }) = &action {
            self.asked.insert(opts.connection_id());
            self.under_way.extend(self.patience.map(|patience| (Instant::now() + patience, opts.connection_id())));
        }
        action
    }
}

#[cfg(test)]
mod tests {
    use libp2p::swarm::dial_opts::DialOpts;
    use libp2p::swarm::dummy;

    use super::*;

    /// Dials once, and hears what came of it.
    #[derive(Default)]
    struct Asks {
        dial: Option<DialOpts>,
        failed: Vec<ConnectionId>,
    }

    impl NetworkBehaviour for Asks {
        type ConnectionHandler = dummy::ConnectionHandler;
        type ToSwarm = std::convert::Infallible;

        fn handle_established_inbound_connection(
            &mut self,
            _: ConnectionId,
            _: PeerId,
            _: &Multiaddr,
            _: &Multiaddr,
        ) -> Result<THandler<Self>, ConnectionDenied> {
            Ok(dummy::ConnectionHandler)
        }

        fn handle_established_outbound_connection(
            &mut self,
            _: ConnectionId,
            _: PeerId,
            _: &Multiaddr,
            _: Endpoint,
            _: PortUse,
        ) -> Result<THandler<Self>, ConnectionDenied> {
            Ok(dummy::ConnectionHandler)
        }

        fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
            if let FromSwarm::DialFailure(failure) = event {
                self.failed.push(failure.connection_id);
            }
        }

        fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
            match event {}
        }

        fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
            self.dial.take().map_or(Poll::Pending, |opts| Poll::Ready(ToSwarm::Dial { opts }))
        }
    }

    #[tokio::test]
    async fn nobody_has_doors_inside_knocked_at_whatever_they_are_called() {
        let inside = [
            "/ip4/192.168.1.1/tcp/80",
            "/ip4/127.0.0.1/tcp/80",
            "/ip4/0.0.0.0/udp/80/quic-v1",
            "/dns/localhost/tcp/80",
            "/dns4/router.example/tcp/80",
            "/ip6/::1/tcp/80",
            "/ip6/::ffff:127.0.0.1/tcp/80",
        ];
        let outside = ["/ip4/203.0.113.9/tcp/7517", "/ip6/2001:db8::9/udp/7517/quic-v1"];
        let all = inside.map(|at| (at, false)).into_iter().chain(outside.map(|at| (at, true)));
        for (at, is_dialled) in all {
            let at: Multiaddr = at.parse().unwrap();
            let opts = DialOpts::unknown_peer_id().address(at.clone()).build();
            let connection = opts.connection_id();
            let mut careful = Careful::new(Asks { dial: Some(opts), ..Asks::default() });
            let asked = std::future::poll_fn(|cx| careful.poll(cx)).await;
            assert!(matches!(asked, ToSwarm::Dial { .. }));
            let places = std::slice::from_ref(&at);
            let answer = careful.handle_pending_outbound_connection(connection, None, places, Endpoint::Dialer);
            assert_eq!(answer.is_ok(), is_dialled, "{at}");
        }
    }

    #[tokio::test]
    async fn who_asks_is_told_of_a_dial_that_nobody_answers_before_they_wait_no_longer() {
        let at: Multiaddr = "/ip4/203.0.113.9/tcp/7517".parse().unwrap();
        let dial = || DialOpts::unknown_peer_id().address(at.clone()).build();
        let mut careful = Careful::new(Asks::default()).with_patience(Duration::from_millis(20));
        for is_answered in [false, true] {
            let opts = dial();
            let connection = opts.connection_id();
            careful.inner.dial = Some(opts);
            let asked = std::future::poll_fn(|cx| careful.poll(cx)).await;
            assert!(matches!(asked, ToSwarm::Dial { .. }));
            if is_answered {
                let (peer, role) = (PeerId::random(), Endpoint::Dialer);
                careful.handle_established_outbound_connection(connection, peer, &at, role, PortUse::New).unwrap();
                assert!(careful.under_way.is_empty());
            } else {
                let told = std::future::poll_fn(|cx| {
                    assert!(careful.poll(cx).is_pending());
                    if careful.inner.failed.is_empty() {
                        Poll::Pending
                    } else {
                        Poll::Ready(careful.inner.failed.clone())
                    }
                });
                assert_eq!(told.await, [connection]);
            }
        }
    }
}
