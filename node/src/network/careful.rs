//! The library's behaviours that dial where a peer says, kept within bounds: public addresses alone, by number, and not many.
//!
//! Otherwise whoever connects could make this node knock at every door of the network that it lives in. A name may lead
//! there, too, and so does 0.0.0.0.
//!
//! Who asks whether they are reached waits for ten seconds, as long as a dial into a firewall that says nothing takes. So
//! it is given up before, and told; else nobody behind such a firewall would ever hear of it. Over a relay nobody may ask:
//! to try where they are would tell them where we are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, DialError, DialFailure, FromSwarm, NetworkBehaviour, NewExternalAddrCandidate,
    THandler, THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Instant, Sleep, sleep_until};

use super::addresses;
use super::crowd::Source;

/// Addresses of a peer that are dialled at once: as many as the library tells, which keeps the last that others saw.
const ADDRESSES: usize = 20;
/// Dials under way at once for those who ask whether they are reached. More are refused, and ask elsewhere. Nobody's network
/// has more of them than are left: one that has them dial where nobody answers ends with half.
const AT_ONCE: usize = 32;

#[derive(Debug, thiserror::Error)]
#[error("the peer wants to be dialled where no peer is")]
struct NoPeerThere;

/// A behaviour that dials for others.
pub(super) struct Careful<B> {
    inner: B,
    /// Dials that it asked for and that have not begun.
    asked: HashSet<ConnectionId>,
    /// How long one may take, where it looks whether others are reached.
    patience: Option<Duration>,
    /// Those of them that are under way, in the order in which they are given up.
    under_way: VecDeque<Try>,
    /// Where those are who may ask that.
    from: HashMap<ConnectionId, (PeerId, Source)>,
    /// All of them, and the connections that came of them.
    made: HashSet<ConnectionId>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A dial for somebody who asks whether they are reached.
#[derive(Clone, Copy)]
struct Try {
    until: Instant,
    connection: ConnectionId,
    /// The network of whoever asks.
    network: Option<Source>,
}

impl<B: NetworkBehaviour> Careful<B> {
    pub(super) fn new(inner: B) -> Self {
        let (asked, made, from) = (HashSet::new(), HashSet::new(), HashMap::new());
        Self { inner, asked, patience: None, under_way: VecDeque::new(), from, made, timer: None }
    }

    /// One that looks for strangers whether they are reached. It is told after so long that a dial failed, whatever comes
    /// of that.
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Whether this connection was made to look whether somebody is reached.
    pub(super) fn made(&self, connection: &ConnectionId) -> bool {
        self.made.contains(connection)
    }

    fn give_up_late(&mut self, cx: &mut Context<'_>) {
        while let Some(Try { until: at, connection: connection_id, .. }) = self.under_way.front().copied() {
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

    /// Refuses a dial. A failed one would be an answer, that nobody gets in; one that ends without any is asked for elsewhere.
    fn refuse(&mut self, opts: &DialOpts) {
        let Some(peer) = opts.get_peer_id() else { return };
        let (connection, nowhere) = (opts.connection_id(), Multiaddr::empty());
        let reuse = PortUse::New;
        // What would have told the one who asks goes with it.
        drop(self.inner.handle_established_outbound_connection(connection, peer, &nowhere, Endpoint::Dialer, reuse));
    }

    fn is_over(&mut self, connection: ConnectionId) {
        self.under_way.retain(|one| one.connection != connection);
    }

    /// The network that a peer is connected from.
    fn network_of(&self, peer: Option<PeerId>) -> Option<Source> {
        let (_, source) = self.from.values().find(|(one, _)| Some(*one) == peer)?;
        Some(source.network())
    }

    fn has_place_for(&self, network: Option<Source>) -> bool {
        let theirs = self.under_way.iter().filter(|one| one.network == network).count();
        theirs < AT_ONCE - self.under_way.len()
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Careful<B> {
    type ConnectionHandler = Either<THandler<B>, dummy::ConnectionHandler>;
    type ToSwarm = B::ToSwarm;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if self.patience.is_some() && addresses::is_relayed(local) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        self.inner.handle_established_inbound_connection(connection, peer, local, remote).map(Either::Left)
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
        self.inner.handle_established_outbound_connection(connection, peer, at, role, port).map(Either::Left)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::DialFailure(failure) = &event {
            // It may have failed before anybody was asked for addresses.
            self.asked.remove(&failure.connection_id);
            self.made.remove(&failure.connection_id);
            self.is_over(failure.connection_id);
        }
        // Nobody asks over a relay, or over a connection that was made for them.
        if let FromSwarm::ConnectionEstablished(open) = &event
            && self.patience.is_some()
            && !open.endpoint.is_relayed()
            && !self.made.contains(&open.connection_id)
        {
            self.from.insert(open.connection_id, (open.peer_id, source(open.endpoint)));
        }
        if let FromSwarm::ConnectionClosed(closed) = &event {
            self.from.remove(&closed.connection_id);
            self.made.remove(&closed.connection_id);
        }
        match event {
            // What is inside a home is told to nobody outside; and what no node would dial spoils the dial of all the others.
            FromSwarm::NewExternalAddrCandidate(seen) if !addresses::is_somewhere_public(seen.addr) => {}
            // Where we may be reached anyway, by IPv6 say, is worth a try too.
            FromSwarm::ExternalAddrConfirmed(own) if addresses::is_somewhere_public(own.addr) => {
                self.inner
                    .on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: own.addr }));
                self.inner.on_swarm_event(event);
            }
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
        self.give_up_late(cx);
        loop {
            let action = self.inner.poll(cx);
            if let Poll::Ready(ToSwarm::Dial { opts }) = &action {
                let network = self.network_of(opts.get_peer_id());
                if !self.has_place_for(network) {
                    self.refuse(opts);
                    continue;
                }
                let connection = opts.connection_id();
                self.asked.insert(connection);
                if let Some(patience) = self.patience {
                    self.made.insert(connection);
                    self.under_way.push_back(Try { until: Instant::now() + patience, connection, network });
                }
            }
            return action.map(|action| action.map_in(Either::Left));
        }
    }
}

fn source(way: &ConnectedPoint) -> Source {
    match way {
        ConnectedPoint::Dialer { address, .. } => Source::of(address),
        ConnectedPoint::Listener { local_addr, send_back_addr } => Source::of_incoming(local_addr, send_back_addr),
    }
}

#[cfg(test)]
mod tests {
    use libp2p::swarm::behaviour::ConnectionEstablished;

    use super::*;

    /// Dials once, and hears what came of it.
    #[derive(Default)]
    struct Asks {
        dial: Option<DialOpts>,
        failed: Vec<ConnectionId>,
        told: Vec<Multiaddr>,
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
            match event {
                FromSwarm::DialFailure(failure) => self.failed.push(failure.connection_id),
                FromSwarm::NewExternalAddrCandidate(seen) => self.told.push(seen.addr.clone()),
                _ => {}
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

    #[test]
    fn what_nobody_would_dial_is_told_to_nobody() {
        let mut careful = Careful::new(Asks::default());
        let outside: Multiaddr = "/ip4/203.0.113.9/tcp/7517".parse().unwrap();
        for seen in ["/dns/x.example/tcp/7517", "/ip4/192.168.1.4/tcp/7517", "/ip6/::ffff:203.0.113.9/tcp/1"] {
            let addr = &seen.parse().unwrap();
            careful.on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr }));
        }
        careful.on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: &outside }));
        assert_eq!(careful.inner.told, [outside]);
    }

    #[test]
    fn over_a_relay_nobody_has_it_looked_whether_they_are_reached() {
        let [direct, relayed] = ["/ip4/203.0.113.10/tcp/7517".to_owned(), {
            format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random())
        }]
        .map(|at| at.parse::<Multiaddr>().unwrap());
        let mut careful = Careful::new(Asks::default()).with_patience(Duration::from_secs(1));
        let mut is_heard = |local: &Multiaddr| {
            let id = ConnectionId::new_unchecked(1);
            let handler = careful.handle_established_inbound_connection(id, PeerId::random(), local, &direct);
            matches!(handler.unwrap(), Either::Left(_))
        };
        assert!(is_heard(&direct) && !is_heard(&relayed));
    }

    /// Has this peer dialled where nobody answers; the connection, if it is done.
    async fn dialled_for(careful: &mut Careful<Asks>, peer: PeerId) -> Option<ConnectionId> {
        let at = "/ip4/203.0.113.9/tcp/7517".parse().unwrap();
        let opts = DialOpts::peer_id(peer).addresses(vec![at]).build();
        let connection = opts.connection_id();
        careful.inner.dial = Some(opts);
        let asked = std::future::poll_fn(|cx| Poll::Ready(careful.poll(cx))).await;
        matches!(asked, Poll::Ready(ToSwarm::Dial { .. })).then_some(connection)
    }

    /// Somebody comes from there, who may ask.
    fn comes(careful: &mut Careful<Asks>, number: usize, from: &str) -> PeerId {
        let (peer_id, endpoint) = (
            PeerId::random(),
            ConnectedPoint::Listener {
                local_addr: "/ip6/2001:db8::1/tcp/7517".parse().unwrap(),
                send_back_addr: format!("/ip6/{from}/tcp/7517").parse().unwrap(),
            },
        );
        careful.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id,
            // None of those that are made here.
            connection_id: ConnectionId::new_unchecked(1_000_000 + number),
            endpoint: &endpoint,
            failed_addresses: &[],
            other_established: 0,
        }));
        peer_id
    }

    #[tokio::test]
    async fn whoever_has_it_dialled_where_nobody_answers_leaves_places_to_others() {
        let mut careful = Careful::new(Asks::default()).with_patience(Duration::from_secs(60));
        let mut dialled = Vec::new();
        for number in 0..AT_ONCE {
            let mallory = comes(&mut careful, number, &format!("2001:db8:9:{number}::1"));
            dialled.extend(dialled_for(&mut careful, mallory).await);
        }
        assert_eq!(dialled.len(), AT_ONCE / 2, "all of these are one network");
        let bo = comes(&mut careful, AT_ONCE, "2001:db8:7::1");
        assert!(dialled_for(&mut careful, bo).await.is_some());
        let (error, connection_id) = (DialError::Aborted, dialled[0]);
        careful.on_swarm_event(FromSwarm::DialFailure(DialFailure { peer_id: None, error: &error, connection_id }));
        assert!(dialled_for(&mut careful, bo).await.is_some());
    }

    #[tokio::test]
    async fn so_many_are_dialled_for_others_at_once_and_what_came_of_it_is_known() {
        let mut careful = Careful::new(Asks::default()).with_patience(Duration::from_secs(60));
        let mut dialled = Vec::new();
        for number in 0..AT_ONCE + 5 {
            let peer = comes(&mut careful, number, &format!("2001:db8:{number}::1"));
            dialled.extend(dialled_for(&mut careful, peer).await);
        }
        assert_eq!(dialled.len(), AT_ONCE);
        assert!(careful.inner.failed.is_empty(), "of the others nobody says that they cannot be reached");
        assert!(dialled.iter().all(|connection| careful.made(connection)));
        let error = DialError::Aborted;
        let failure = DialFailure { peer_id: None, error: &error, connection_id: dialled[0] };
        careful.on_swarm_event(FromSwarm::DialFailure(failure));
        assert!(!careful.made(&dialled[0]) && careful.under_way.len() == AT_ONCE - 1);
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
