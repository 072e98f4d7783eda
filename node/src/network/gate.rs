//! Who may stay connected: peers with a session, and a few strangers for a short while.
//!
//! libp2p's own connection limits are not used: they refuse the newcomer, so that a flood keeps everybody else
//! out, and they keep an entry for every peer id that ever connected, which costs an attacker nothing to grow.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished, DialFailure};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Instant, Sleep};

use super::crowd::{Crowd, Source};
use super::{Limits, addresses, peer};

#[derive(Debug, thiserror::Error)]
#[error("the peer has a key of a kind that Kith does not know")]
struct UnknownKey;

#[derive(Default)]
struct Peer {
    /// Has a session.
    guest: bool,
    /// Has something passed on to or from others by us.
    kept: bool,
    /// In the order in which they came.
    connections: Vec<Connection>,
}

impl Peer {
    /// Who goes when there is one more than so many: the oldest that the same end made as the newest, so that whoever dials
    /// displaces nothing of the other end. The oldest direct one stays while it can: what is passed on goes over it.
    fn surplus(&self, most: usize) -> Option<ConnectionId> {
        let staying: Vec<_> = self.connections.iter().filter(|one| !one.leaving).collect();
        let (newest, earlier) = staying.split_last().filter(|_| staying.len() > most)?;
        let first = earlier.iter().find(|one| !one.relayed).map(|one| one.id);
        let is_spared = |one: &Connection| Some(one.id) == first;
        let is_alike = |one: &Connection| one.source.is_some() == newest.source.is_some();
        let alike = earlier.iter().find(|one| !is_spared(one) && is_alike(one));
        let other = earlier.iter().find(|one| !is_spared(one));
        alike.or(other).or(earlier.first()).map(|one| one.id)
    }
}

struct Connection {
    id: ConnectionId,
    remote: Multiaddr,
    /// Where it came from, if the other end made it.
    source: Option<Source>,
    relayed: bool,
    /// We are about to close it.
    leaving: bool,
    /// The relay that it goes through.
    via: Option<PeerId>,
}

/// Counts connections and closes those that are too many or stayed too long.
pub(super) struct Gate {
    peers: HashMap<PeerId, Peer>,
    strangers: Crowd<ConnectionId>,
    patience: std::time::Duration,
    per_peer: usize,
    closing: VecDeque<(PeerId, CloseConnection)>,
    owners: HashMap<ConnectionId, PeerId>,
    /// Whom we dial, and where.
    dialling: HashMap<ConnectionId, (PeerId, Vec<Multiaddr>)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            peers: HashMap::new(),
            strangers: Crowd::new(limits.strangers),
            patience: limits.stranger,
            per_peer: limits.connections_per_peer,
            closing: VecDeque::new(),
            owners: HashMap::new(),
            dialling: HashMap::new(),
            timer: None,
        }
    }

    /// The peer has a session now: none of its connections is a stranger's.
    pub(super) fn welcome(&mut self, peer: &PeerId) {
        if let Some(one) = self.peers.get_mut(peer) {
            one.guest = true;
            for connection in &one.connections {
                self.strangers.leave(&connection.id);
            }
        }
    }

    /// Whether the peer may stay without a session, because things are passed on to or from it by us. Without that it is a
    /// stranger again, from this moment.
    pub(super) fn keep(&mut self, peer: &PeerId, kept: bool) {
        let Some(one) = self.peers.get_mut(peer).filter(|one| one.kept != kept) else { return };
        one.kept = kept;
        let (mut leavers, is_guest) = (Vec::new(), one.guest);
        for connection in &one.connections {
            match connection.source {
                _ if kept => drop(self.strangers.leave(&connection.id)),
                Some(source) if !is_guest => {
                    leavers.extend(self.strangers.admit(connection.id, source, Instant::now()));
                }
                _ => {}
            }
        }
        for leaver in leavers {
            self.close_one(leaver);
        }
    }

    /// True if a peer is connected, and only through relays.
    pub(super) fn is_relayed(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|one| one.connections.iter().all(|connection| connection.relayed))
    }

    /// True if every connection with a peer is about to be closed by us.
    pub(super) fn is_leaving(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|one| one.connections.iter().all(|connection| connection.leaving))
    }

    /// The relay through which alone a peer is connected.
    pub(super) fn via(&self, peer: &PeerId) -> Option<PeerId> {
        let last = self.peers.get(peer)?.connections.last()?;
        last.via.filter(|_| self.is_relayed(peer))
    }

    /// The connections with a peer that can go, now that there is a direct one: the relayed ones that we made, and of
    /// several direct ones all but the first, if it is for us to choose.
    pub(super) fn superfluous(&self, peer: &PeerId, we_choose: bool) -> Vec<ConnectionId> {
        let connections = self.peers.get(peer).map(|one| one.connections.as_slice()).unwrap_or_default();
        let staying = || connections.iter().filter(|connection| !connection.leaving);
        let direct = staying().filter(|connection| !connection.relayed).skip(1).filter(|_| we_choose);
        let relayed = staying().filter(|connection| connection.relayed && connection.source.is_none());
        relayed.chain(direct).map(|connection| connection.id).collect()
    }

    /// True if somebody is connected through this relay.
    pub(super) fn leads_on(&self, relay: &PeerId) -> bool {
        self.peers.values().flat_map(|one| &one.connections).any(|connection| connection.via == Some(*relay))
    }

    /// The peer on this connection has shown that it holds a secret of ours.
    pub(super) fn credit(&mut self, connection: &ConnectionId) {
        self.strangers.credit(connection);
    }

    /// Closes all connections with a peer that are there, one by one: to close "all" breaks off dials to it, too, which
    /// somebody may wait for.
    pub(super) fn close(&mut self, peer: PeerId) {
        let Some(one) = self.peers.get_mut(&peer) else { return };
        one.guest = false;
        for connection in one.connections.iter_mut().filter(|connection| !connection.leaving) {
            connection.leaving = true;
            self.closing.push_back((peer, CloseConnection::One(connection.id)));
        }
    }

    /// Closes the connections with a peer, but not those that it made and for which it has some seconds yet to show why.
    pub(super) fn close_but_strangers(&mut self, peer: PeerId) {
        let Some(one) = self.peers.get_mut(&peer) else { return };
        one.guest = false;
        let strangers = &self.strangers;
        let ours = |connection: &&mut Connection| !connection.leaving && !strangers.has(&connection.id);
        for connection in one.connections.iter_mut().filter(ours) {
            connection.leaving = true;
            self.closing.push_back((peer, CloseConnection::One(connection.id)));
        }
    }

    /// Closes all connections with a peer and breaks off the dials to it.
    pub(super) fn close_for_good(&mut self, peer: PeerId) {
        self.close(peer);
        self.closing.push_back((peer, CloseConnection::All));
    }

    /// Closes one connection.
    pub(super) fn close_one(&mut self, connection: ConnectionId) {
        self.strangers.leave(&connection);
        let Some(peer) = self.owners.get(&connection).copied() else { return };
        let all = self.peers.get_mut(&peer).into_iter().flat_map(|one| &mut one.connections);
        all.filter(|one| one.id == connection).for_each(|one| one.leaving = true);
        self.closing.push_back((peer, CloseConnection::One(connection)));
    }

    /// We dialled there because somebody asked us to: who is there is a stranger as if they had come.
    pub(super) fn visits(&mut self, connection: ConnectionId) {
        let Some(one) = self.owners.get(&connection).and_then(|peer| self.peers.get(peer)) else { return };
        let Some(to) = one.connections.iter().find(|to| to.id == connection) else { return };
        if one.guest || one.kept {
            return;
        }
        if let Some(leaver) = self.strangers.admit(connection, Source::of(&to.remote), Instant::now()) {
            self.close_one(leaver);
        }
    }

    /// Who is connected from this address.
    pub(super) fn peer_at(&self, address: &Multiaddr) -> Option<PeerId> {
        let is_there = |one: &Peer| one.connections.iter().any(|to| addresses::is_same_place(&to.remote, address));
        self.peers.iter().find(|(_, one)| is_there(one)).map(|(peer, _)| *peer)
    }

    /// True if a peer is being dialled.
    pub(super) fn is_dialling(&self, peer: &PeerId) -> bool {
        self.dialling.values().any(|(whom, _)| whom == peer)
    }

    /// True if a peer is being dialled at this place.
    pub(super) fn is_dialling_at(&self, peer: &PeerId, place: &Multiaddr) -> bool {
        let at = |address: &Multiaddr| addresses::is_same_place(address, place);
        self.dialling.values().any(|(whom, addresses)| whom == peer && addresses.iter().any(at))
    }

    /// Where a peer comes from, if it came to us.
    pub(super) fn source(&self, peer: &PeerId) -> Option<Source> {
        self.peers.get(peer)?.connections.iter().find_map(|connection| connection.source)
    }

    /// Where a peer is, for people to read.
    pub(super) fn remote(&self, peer: &PeerId) -> String {
        let latest = self.peers.get(peer).and_then(|one| one.connections.last());
        latest.map_or_else(String::new, |connection| connection.remote.to_string())
    }

    /// Peers that are connected.
    pub(super) fn connected(&self) -> Vec<PeerId> {
        self.peers.keys().copied().collect()
    }

    #[cfg(test)]
    pub(super) fn strangers(&self) -> usize {
        self.strangers.len()
    }

    fn opened(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        self.owners.insert(connection, peer);
        let seen = self.seen(connection, endpoint);
        let source = seen.source;
        let relayed = seen.relayed;
        let one = self.peers.entry(peer).or_default();
        one.connections.push(seen);
        tracing::debug!(%peer, relayed, open = one.connections.len(), "a connection opened");
        let surplus = one.surplus(self.per_peer);
        let stranger = source.filter(|_| !one.guest && !one.kept);
        if let Some(surplus) = surplus {
            self.close_one(surplus);
        }
        if let Some(source) = stranger
            && let Some(leaver) = self.strangers.admit(connection, source, Instant::now())
        {
            tracing::debug!(strangers = self.strangers.len(), "too many strangers; one leaves");
            self.close_one(leaver);
        }
    }

    fn seen(&self, id: ConnectionId, endpoint: &ConnectedPoint) -> Connection {
        let remote = endpoint.get_remote_address().clone();
        let (source, way) = match endpoint {
            ConnectedPoint::Dialer { address, .. } => (None, address),
            ConnectedPoint::Listener { local_addr, send_back_addr } => {
                (Some(Source::of_incoming(local_addr, send_back_addr)), local_addr)
            }
        };
        // What comes in through a relay names the relay's address alone.
        let by_place = || addresses::place_of_relay(way).and_then(|place| self.peer_at(&place));
        let via = addresses::relay_of(way).or_else(by_place);
        Connection { id, remote, source, relayed: endpoint.is_relayed(), leaving: false, via }
    }

    fn closed(&mut self, peer: &PeerId, connection: &ConnectionId) {
        self.owners.remove(connection);
        self.strangers.leave(connection);
        if let Some(one) = self.peers.get_mut(peer) {
            one.connections.retain(|one| one.id != *connection);
            tracing::debug!(%peer, open = one.connections.len(), "a connection closed");
            if one.connections.is_empty() {
                self.peers.remove(peer);
            }
        }
    }

    /// Shows out strangers whose time is over and waits for the next one's.
    fn poll_strangers(&mut self, cx: &mut Context<'_>) {
        while let Some((connection, since)) = self.strangers.oldest() {
            let until = since + self.patience;
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if timer.deadline() != until {
                timer.as_mut().reset(until);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return;
            }
            self.close_one(connection);
        }
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        known_key(&peer)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        if let Some(peer) = peer {
            self.dialling.insert(connection, (peer, addresses.to_vec()));
        }
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        known_key(&peer)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::DialFailure(DialFailure { connection_id, .. }) => drop(self.dialling.remove(&connection_id)),
            FromSwarm::ConnectionEstablished(ConnectionEstablished { peer_id, connection_id, endpoint, .. }) => {
                self.dialling.remove(&connection_id);
                self.opened(peer_id, connection_id, endpoint);
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, connection_id, .. }) => {
                self.closed(&peer_id, &connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        self.poll_strangers(cx);
        match self.closing.pop_front() {
            Some((peer_id, connection)) => Poll::Ready(ToSwarm::CloseConnection { peer_id, connection }),
            None => Poll::Pending,
        }
    }
}

fn known_key(peer: &PeerId) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
    match peer::from_libp2p(peer) {
        Some(_) => Ok(dummy::ConnectionHandler),
        None => Err(ConnectionDenied::new(UnknownKey)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECT: &str = "/ip4/203.0.113.11/tcp/7517";

    fn relayed() -> String {
        format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random())
    }

    fn ours(at: &str) -> ConnectedPoint {
        let role_override = Endpoint::Dialer;
        ConnectedPoint::Dialer { address: at.parse().unwrap(), role_override, port_use: PortUse::Reuse }
    }

    fn theirs(at: &str) -> ConnectedPoint {
        ConnectedPoint::Listener { local_addr: at.parse().unwrap(), send_back_addr: DIRECT.parse().unwrap() }
    }

    /// A gate with these connections with Bo, in this order.
    fn with_bo(ways: &[ConnectedPoint]) -> (Gate, PeerId, Vec<ConnectionId>) {
        let (mut gate, bo) = (Gate::new(&Limits::default()), PeerId::random());
        let ids: Vec<_> = (0..ways.len()).map(ConnectionId::new_unchecked).collect();
        for (id, way) in ids.iter().zip(ways) {
            gate.opened(bo, *id, way);
        }
        (gate, bo, ids)
    }

    #[test]
    fn of_two_direct_connections_and_a_relayed_one_the_first_direct_one_stays() {
        let (gate, bo, ids) = with_bo(&[ours(&relayed()), theirs(DIRECT), ours(DIRECT)]);
        assert_eq!(gate.superfluous(&bo, true), [ids[0], ids[2]]);
        assert_eq!(gate.superfluous(&bo, false), [ids[0]], "which of the direct ones stays is for Bo to say");
        assert!(!gate.is_relayed(&bo) && gate.via(&bo).is_none());
    }

    #[test]
    fn a_relayed_connection_is_closed_by_who_made_it() {
        let (gate, bo, _) = with_bo(&[theirs(&relayed()), ours(DIRECT)]);
        assert!(gate.superfluous(&bo, true).is_empty() && gate.superfluous(&bo, false).is_empty());
    }

    #[test]
    fn who_dials_displaces_what_they_made_themselves_and_the_first_direct_one_stays() {
        let most = Limits::default().connections_per_peer;
        // Bo's node has our reservation over the first, and tries four addresses of ours.
        let ways: Vec<_> =
            [ours(DIRECT), ours(&relayed())].into_iter().chain((0..most).map(|_| theirs(DIRECT))).collect();
        let (gate, bo, ids) = with_bo(&ways);
        let gone: Vec<_> = gate.closing.iter().map(|(_, closing)| format!("{closing:?}")).collect();
        let wanted: Vec<_> = ids[2..4].iter().map(|id| format!("{:?}", CloseConnection::One(*id))).collect();
        assert_eq!(gone, wanted, "the oldest two of those that Bo made");
        let staying = gate.peers[&bo].connections.iter().filter(|one| !one.leaving).count();
        assert_eq!(staying, most);
    }

    #[test]
    fn whoever_hangs_up_breaks_off_no_dial_that_is_under_way() {
        let (mut gate, bo, ids) = with_bo(&[ours(DIRECT), theirs(DIRECT)]);
        gate.close(bo);
        gate.close(bo);
        let closing: Vec<_> = gate.closing.iter().map(|(_, closing)| format!("{closing:?}")).collect();
        let each: Vec<_> = ids.iter().map(|id| format!("{:?}", CloseConnection::One(*id))).collect();
        assert_eq!(closing, each, "every connection that is there, each once");
        assert!(gate.is_leaving(&bo));
    }

    #[test]
    fn a_call_that_ends_in_vain_leaves_bo_the_connection_that_he_has_just_made() {
        let (mut gate, bo, ids) = with_bo(&[ours(DIRECT), theirs(DIRECT)]);
        gate.close_but_strangers(bo);
        let closing: Vec<_> = gate.closing.iter().map(|(_, closing)| format!("{closing:?}")).collect();
        assert_eq!(closing, [format!("{:?}", CloseConnection::One(ids[0]))]);
        assert!(!gate.is_leaving(&bo));
        // Whoever had a session has none left to wait for.
        gate.welcome(&bo);
        gate.close_but_strangers(bo);
        assert!(gate.is_leaving(&bo));
    }

    #[test]
    fn whom_we_dialled_for_others_is_a_stranger() {
        let (mut gate, bo, ids) = with_bo(&[ours(DIRECT)]);
        assert_eq!(gate.strangers(), 0);
        gate.visits(ids[0]);
        assert_eq!(gate.strangers(), 1);
        gate.welcome(&bo);
        assert_eq!(gate.strangers(), 0);
    }

    #[test]
    fn the_latest_relay_is_the_way_until_there_is_a_direct_one() {
        let relay = PeerId::random();
        let through = |relay| format!("/ip4/203.0.113.10/tcp/7517/p2p/{relay}/p2p-circuit");
        let (mut gate, bo, _) = with_bo(&[ours(&relayed()), ours(&through(relay))]);
        assert_eq!(gate.via(&bo), Some(relay));
        assert!(gate.leads_on(&relay));
        let direct = ConnectionId::new_unchecked(9);
        gate.opened(bo, direct, &ours(DIRECT));
        assert_eq!(gate.via(&bo), None);
        gate.closed(&bo, &direct);
        assert_eq!(gate.via(&bo), Some(relay));
    }
}
