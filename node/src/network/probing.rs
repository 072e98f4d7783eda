//! Asking others whether they can reach this node where they see it (AutoNAT v2, the client's side).
//!
//! The library tests an address once and never again. So there is a fresh client for each network that this node finds
//! itself in, and for each half day; connections stay with the client that they were made under.
//!
//! Who was asked dials back and says a number, which belongs to the client that asked; nobody else has anything to say
//! there. The library reads on where somebody stops in the middle, again and again for five seconds, and with one core for
//! each. So it listens to nobody else.
//!
//! Nothing is asked through a relay: who is there would be told where to look for us, and a test may take more than a
//! relay passes on.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::autonat::v2::client::{Behaviour, Event};
use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NewExternalAddrCandidate, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::addresses;

/// Addresses that one client tests because others saw us there. Whoever is connected can name some, so there is a bound.
const CANDIDATES: usize = 8;
/// How long somebody who was asked may take to dial back: both ends give up ten seconds after the last word.
const DIAL_BACK: Duration = Duration::from_secs(30);
/// How long it takes at least until an address that nobody names any more is forgotten: others may be asked again several
/// times in a minute, and not everybody who saw us is connected anew in between.
const AGEING: Duration = Duration::from_secs(10 * 60);

/// What a client wants of the swarm.
type Action = ToSwarm<Event, THandlerInEvent<Behaviour>>;

/// The client of a connection.
struct Under {
    client: u64,
    /// Those who came to us are asked nothing.
    may_ask: bool,
}

/// Where others saw us.
struct Seen {
    address: Multiaddr,
    /// Since it was last looked which of them are.
    is_recent: bool,
}

/// The clients, the newest last.
pub(super) struct Probing {
    clients: BTreeMap<u64, Behaviour>,
    /// Which client a connection was made under, and whether we can ask over it.
    of: HashMap<ConnectionId, Under>,
    candidates: BTreeSet<Multiaddr>,
    /// Of these, what was tested, whatever came of it: the client does not test it again.
    tested: BTreeSet<Multiaddr>,
    /// Where others saw us, in this network; the newest last.
    observed: Vec<Seen>,
    /// When it was last looked which of these were seen since the time before.
    aged: Option<Instant>,
    /// Where others got in, as far as that counts now.
    reached: BTreeSet<Multiaddr>,
    /// What a router says it passes on to us.
    mapped: Vec<Multiaddr>,
    /// Where this node listens and anybody can route to.
    own: Vec<Multiaddr>,
    /// Somebody was asked to test something, and may not be done.
    asks: bool,
    /// Who was asked, by which client, and when.
    asked: HashMap<PeerId, (u64, Instant)>,
    /// Over which connections of the newest client.
    asked_over: HashSet<ConnectionId>,
    /// One of these is gone, and something is not tested: the library waits for its answer for ever.
    is_lost: bool,
}

impl Probing {
    pub(super) fn new() -> Self {
        let clients = BTreeMap::from([(0, Behaviour::default())]);
        Self {
            clients,
            of: HashMap::new(),
            candidates: BTreeSet::new(),
            tested: BTreeSet::new(),
            observed: Vec::new(),
            aged: None,
            reached: BTreeSet::new(),
            mapped: Vec::new(),
            own: Vec::new(),
            asks: false,
            asked: HashMap::new(),
            asked_over: HashSet::new(),
            is_lost: false,
        }
    }

    /// These are to be tested too, whether or not anybody sees us there. Returns those of before that are not among them
    /// and that nobody else ever knew of. Where others saw us may lead here without the router's word: that is asked again.
    pub(super) fn also_try(&mut self, mapped: Vec<Multiaddr>) -> Vec<Multiaddr> {
        let before = std::mem::replace(&mut self.mapped, mapped);
        let is_open = |address: &Multiaddr| !before.contains(address) || !self.reached.contains(address);
        // A test that has begun may have knocked before the router let anybody in.
        let is_asked = |at| self.asks && !before.contains(at) && self.candidates.contains(at);
        let may_be_over = |at| self.tested.contains(at) || is_asked(at);
        let is_over = self.mapped.iter().any(|address| may_be_over(address) && is_open(address));
        let (doubtful, gone): (Vec<_>, Vec<_>) = before
            .iter()
            .filter(|address| !self.mapped.contains(address))
            .cloned()
            .partition(|address| self.is_observed(address));
        if is_over || !doubtful.is_empty() {
            self.begin_anew();
        } else {
            self.try_known();
        }
        for address in doubtful {
            self.candidate(&address);
        }
        gone
    }

    /// Where a router or others say that we are, beside where we listen.
    pub(super) fn elsewhere(&self) -> impl Iterator<Item = &Multiaddr> {
        let observed = self.observed.iter().map(|seen| &seen.address);
        self.mapped.iter().chain(observed.filter(|address| !self.own.contains(address)))
    }

    /// True if there is nothing but the word of a router for the address.
    pub(super) fn is_claim(&self, address: &Multiaddr) -> bool {
        self.mapped.contains(address) && !self.is_observed(address)
    }

    /// True if something is to be tested, and nobody can be asked: whoever is connected from before tries nothing again.
    pub(super) fn lacks_testers(&self) -> bool {
        let newest = self.newest();
        let may_ask = self.of.values().any(|under| under.client == newest && under.may_ask);
        !may_ask && self.has_untested()
    }

    /// True, and once alone, if an answer may be lost: others are to be asked again.
    pub(super) fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.is_lost)
    }

    fn has_untested(&self) -> bool {
        self.candidates.iter().any(|address| !self.tested.contains(address))
    }

    fn ends(&mut self, connection: ConnectionId) {
        self.is_lost |= self.asked_over.remove(&connection) && self.has_untested();
    }

    /// The library says of no address that it is seen once we say it of ourselves, so it is not waited for.
    fn try_known(&mut self) {
        let observed = self.observed.iter().map(|seen| &seen.address);
        for address in self.mapped.iter().chain(&self.own).chain(observed).cloned().collect::<Vec<_>>() {
            self.candidate(&address);
        }
    }

    fn candidate(&mut self, address: &Multiaddr) {
        if self.may_test(address) {
            self.candidates.insert(address.clone());
            let seen = NewExternalAddrCandidate { addr: address };
            self.client().on_swarm_event(FromSwarm::NewExternalAddrCandidate(seen));
        }
    }

    /// Some programs say whom they expect there, too: us, who are not another place for that. Where a name leads may be
    /// another place tomorrow, and whoever says it is anybody.
    fn observe(&mut self, seen: &Multiaddr) {
        let address = addresses::place(seen);
        if !addresses::is_somewhere_public(&address) {
            return;
        }
        self.observed.retain(|seen| seen.address != address);
        if !self.mapped.contains(&address) {
            self.make_room();
        }
        self.candidate(&address);
        self.observed.push(Seen { address, is_recent: true });
    }

    /// What was seen long ago gives way, before that where others got in. What a router passes on is not counted.
    fn make_room(&mut self) {
        let others = || self.observed.iter().enumerate().filter(|(_, seen)| !self.mapped.contains(&seen.address));
        let is_full = others().count() >= CANDIDATES;
        let oldest = others().min_by_key(|(_, seen)| self.reached.contains(&seen.address)).map(|(place, _)| place);
        if let Some(place) = oldest.filter(|_| is_full) {
            self.observed.remove(place);
        }
    }

    fn is_observed(&self, address: &Multiaddr) -> bool {
        self.observed.iter().any(|seen| seen.address == *address)
    }

    /// The network is another one, in which nobody has seen us and we listen here.
    pub(super) fn start_over(&mut self, own: Vec<Multiaddr>) {
        self.observed.clear();
        self.own = own;
        self.begin_anew();
    }

    /// What was tested before is to be tested again, over connections that are made from now on.
    pub(super) fn renew(&mut self) {
        self.renew_at(Instant::now());
    }

    fn renew_at(&mut self, now: Instant) {
        if self.aged.is_none_or(|last| now.saturating_duration_since(last) >= AGEING) {
            self.age();
            self.aged = Some(now);
        }
        self.begin_anew();
    }

    /// Where nobody has seen us since the last time, and nobody gets in, we are no more.
    fn age(&mut self) {
        let (reached, mapped) = (&self.reached, &self.mapped);
        self.observed
            .retain(|seen| seen.is_recent || reached.contains(&seen.address) || mapped.contains(&seen.address));
        for seen in &mut self.observed {
            seen.is_recent = false;
        }
    }

    fn begin_anew(&mut self) {
        let next = self.newest() + 1;
        self.clients.insert(next, Behaviour::default());
        self.candidates.clear();
        self.tested.clear();
        self.asks = false;
        self.asked_over.clear();
        self.is_lost = false;
        self.forget_idle();
        self.try_known();
    }

    fn newest(&self) -> u64 {
        self.clients.last_key_value().map_or(0, |(number, _)| *number)
    }

    fn client(&mut self) -> &mut Behaviour {
        let newest = self.newest();
        self.clients.entry(newest).or_default()
    }

    fn may_test(&self, address: &Multiaddr) -> bool {
        let is_ours = |at: &Multiaddr| self.mapped.contains(at) || self.own.contains(at);
        let has_room = || self.candidates.iter().filter(|at| !is_ours(at)).count() < CANDIDATES;
        (is_ours(address) || self.candidates.contains(address) || has_room()) && addresses::is_public(address)
    }

    /// The client that is to hear the peer dial back, if it was asked a moment ago.
    fn asked_by(&self, peer: &PeerId) -> Option<u64> {
        let (client, _) = self.asked.get(peer).filter(|(_, since)| since.elapsed() < DIAL_BACK)?;
        Some(if self.clients.contains_key(client) { *client } else { self.newest() })
    }

    /// The client that a connection with the peer is made under.
    fn client_for(&self, peer: &PeerId, endpoint: &ConnectedPoint) -> u64 {
        let asked_by = if endpoint.is_listener() { self.asked_by(peer) } else { None };
        asked_by.unwrap_or_else(|| self.newest())
    }

    /// A client asks the peer.
    fn asks_now(&mut self, client: u64, peer: PeerId, over: ConnectionId) {
        self.asked.retain(|_, (_, since)| since.elapsed() < DIAL_BACK);
        // If two do, the answer for the newer one is the one that counts.
        let by = self.asked.get(&peer).map_or(client, |(other, _)| client.max(*other));
        self.asked.insert(peer, (by, Instant::now()));
        if client == self.newest() {
            self.asks = true;
            self.expect_answer(over);
        }
    }

    /// The connection may have ended after the client chose it.
    fn expect_answer(&mut self, over: ConnectionId) {
        if self.of.contains_key(&over) {
            self.asked_over.insert(over);
        } else {
            self.is_lost |= self.has_untested();
        }
    }

    /// True if what a client found out about an address says something now. What was begun in the network of before says
    /// nothing of this one. Whoever got in is believed at any time; that somebody did not may be since they were heard by
    /// another client, and the newest one tests the address anyway.
    fn counts(&self, client: u64, address: &Multiaddr, got_in: bool) -> bool {
        self.candidates.contains(address) && (got_in || client == self.newest())
    }

    /// Takes in what a client wants; false if it goes no further.
    fn takes_in(&mut self, client: u64, action: &Action) -> bool {
        match action {
            ToSwarm::GenerateEvent(Event { tested_addr, result, .. }) => {
                let counts = self.counts(client, tested_addr, result.is_ok());
                if counts {
                    self.tested.insert(tested_addr.clone());
                }
                counts
            }
            ToSwarm::ExternalAddrConfirmed(address) => self.counts(client, address, true),
            ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::One(connection), .. } => {
                self.asks_now(client, *peer_id, *connection);
                true
            }
            _ => true,
        }
    }

    /// What one of the clients wants, and which.
    fn next_action(&mut self, cx: &mut Context<'_>) -> Option<(u64, Action)> {
        self.clients.iter_mut().find_map(|(number, client)| match client.poll(cx) {
            Poll::Ready(action) => Some((*number, action)),
            Poll::Pending => None,
        })
    }

    fn forget_idle(&mut self) {
        let newest = self.newest();
        let used: BTreeSet<u64> = self.of.values().map(|under| under.client).collect();
        self.clients.retain(|number, _| *number == newest || used.contains(number));
    }
}

impl NetworkBehaviour for Probing {
    type ConnectionHandler = Either<THandler<Behaviour>, dummy::ConnectionHandler>;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let asked_by = self.asked_by(&peer).filter(|_| !addresses::is_relayed(local));
        let Some(client) = asked_by.and_then(|number| self.clients.get_mut(&number)) else {
            return Ok(Either::Right(dummy::ConnectionHandler));
        };
        client.handle_established_inbound_connection(connection, peer, local, remote).map(Either::Left)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        // Without this part the client hears of nobody there who could test anything, and so asks nothing.
        if addresses::is_relayed(at) {
            return Ok(Either::Right(dummy::ConnectionHandler));
        }
        self.client().handle_established_outbound_connection(connection, peer, at, role, port).map(Either::Left)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                let may_ask = established.endpoint.is_dialer() && !established.endpoint.is_relayed();
                let client = self.client_for(&established.peer_id, established.endpoint);
                self.of.insert(established.connection_id, Under { client, may_ask });
                // The same one is told of its end.
                if let Some(client) = self.clients.get_mut(&client) {
                    client.on_swarm_event(event);
                }
            }
            FromSwarm::ConnectionClosed(closed) => {
                let under = self.of.remove(&closed.connection_id);
                if let Some(client) = under.and_then(|under| self.clients.get_mut(&under.client)) {
                    client.on_swarm_event(event);
                }
                self.ends(closed.connection_id);
                self.forget_idle();
            }
            FromSwarm::NewExternalAddrCandidate(seen) => self.observe(seen.addr),
            FromSwarm::ExternalAddrConfirmed(confirmed) => {
                self.reached.insert(confirmed.addr.clone());
            }
            FromSwarm::ExternalAddrExpired(expired) => {
                self.reached.remove(expired.addr);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        let event = match event {
            Either::Left(event) => event,
            Either::Right(never) => match never {},
        };
        if let Some(client) = self.of.get(&on).and_then(|under| self.clients.get_mut(&under.client)) {
            client.on_connection_handler_event(peer, on, event);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        while let Some((client, action)) = self.next_action(cx) {
            if self.takes_in(client, &action) {
                return Poll::Ready(action.map_in(Either::Left));
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use libp2p::swarm::ConnectionClosed;
    use libp2p::swarm::behaviour::ConnectionEstablished;

    use super::*;

    fn at(address: &str) -> Multiaddr {
        address.parse().unwrap()
    }

    #[test]
    fn nobody_but_who_was_asked_is_listened_to_when_they_dial_back_and_not_for_long() {
        let (bo, mallory) = (PeerId::random(), PeerId::random());
        let [here, there] = [at("/ip4/203.0.113.9/tcp/7517"), at("/ip4/203.0.113.10/tcp/40000")];
        let is_heard = |probing: &mut Probing, peer| {
            let connection = ConnectionId::new_unchecked(1);
            let handler = probing.handle_established_inbound_connection(connection, peer, &here, &there);
            matches!(handler.unwrap(), Either::Left(_))
        };
        let (now, mut probing) = (Instant::now(), Probing::new());
        assert!(!is_heard(&mut probing, bo));
        probing.asked.insert(bo, (0, now));
        assert!(is_heard(&mut probing, bo) && !is_heard(&mut probing, mallory));
        probing.asked.insert(bo, (0, now.checked_sub(DIAL_BACK).unwrap()));
        assert!(!is_heard(&mut probing, bo));
    }

    /// Bo, who dials back.
    fn there() -> ConnectedPoint {
        let [local_addr, send_back_addr] =
            ["203.0.113.9/tcp/7517", "203.0.113.10/tcp/40000"].map(|end| at(&format!("/ip4/{end}")));
        ConnectedPoint::Listener { local_addr, send_back_addr }
    }

    fn connect(probing: &mut Probing, peer_id: PeerId, connection_id: ConnectionId, endpoint: &ConnectedPoint) {
        probing.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
            peer_id,
            connection_id,
            endpoint,
            failed_addresses: &[],
            other_established: 0,
        }));
    }

    fn disconnect(probing: &mut Probing, peer_id: PeerId, connection_id: ConnectionId, endpoint: &ConnectedPoint) {
        probing.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
            peer_id,
            connection_id,
            endpoint,
            cause: None,
            remaining_established: 0,
        }));
    }

    #[test]
    fn who_dials_back_is_heard_by_the_client_that_asked_while_there_is_one() {
        let (bo, [over, back, late]) = (PeerId::random(), [1, 2, 3].map(ConnectionId::new_unchecked));
        let dialled = ConnectedPoint::Dialer {
            address: at("/ip4/203.0.113.10/tcp/7517"),
            role_override: Endpoint::Dialer,
            port_use: PortUse::Reuse,
        };
        let mut probing = Probing::new();
        connect(&mut probing, bo, over, &dialled);
        probing.asks_now(0, bo, over);
        probing.begin_anew();
        connect(&mut probing, bo, back, &there());
        assert_eq!(probing.of.get(&back).map(|under| under.client), Some(0));
        disconnect(&mut probing, bo, back, &there());
        disconnect(&mut probing, bo, over, &dialled);
        assert_eq!(probing.asked_by(&bo), Some(1), "the one that asked is gone");
        connect(&mut probing, bo, late, &there());
        assert_eq!(probing.of.get(&late).map(|under| under.client), Some(1));
        disconnect(&mut probing, bo, late, &there());
    }

    #[test]
    fn who_is_asked_by_two_clients_is_heard_by_the_newer_one() {
        let (bo, over) = (PeerId::random(), ConnectionId::new_unchecked(1));
        let mut probing = Probing::new();
        probing.begin_anew();
        for client in [1, 0] {
            probing.clients.entry(client).or_default();
            probing.asks_now(client, bo, over);
        }
        assert_eq!(probing.asked_by(&bo), Some(1));
    }

    #[test]
    fn that_somebody_did_not_get_in_counts_if_the_newest_client_asked_them() {
        let address = at("/ip4/203.0.113.9/tcp/7517");
        let mut probing = Probing::new();
        probing.start_over(vec![address.clone()]);
        let (old, newest) = (probing.newest() - 1, probing.newest());
        assert!(probing.counts(newest, &address, false) && probing.counts(newest, &address, true));
        assert!(!probing.counts(old, &address, false), "it may have been heard by another client");
        assert!(probing.counts(old, &address, true), "they said the number");
        probing.start_over(Vec::new());
        assert!(!probing.counts(newest, &address, true), "that was another network");
    }

    #[test]
    fn nothing_is_asked_through_a_relay_and_nobody_there_is_listened_to() {
        let (bo, connection) = (PeerId::random(), ConnectionId::new_unchecked(1));
        let way = at(&format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random()));
        let mut probing = Probing::new();
        probing.asked.insert(bo, (0, Instant::now()));
        let inbound = probing.handle_established_inbound_connection(connection, bo, &way, &way);
        assert!(matches!(inbound.unwrap(), Either::Right(_)));
        let (role, port) = (Endpoint::Dialer, PortUse::Reuse);
        let outbound = probing.handle_established_outbound_connection(connection, bo, &way, role, port);
        assert!(matches!(outbound.unwrap(), Either::Right(_)));
    }

    #[test]
    fn what_is_asked_over_a_connection_that_is_gone_is_lost() {
        let (bo, over) = (PeerId::random(), ConnectionId::new_unchecked(1));
        let mut probing = Probing::new();
        probing.start_over(vec![at("/ip4/203.0.113.9/tcp/7517")]);
        connect(&mut probing, bo, over, &there());
        probing.asks_now(probing.newest(), bo, over);
        assert!(!probing.take_lost(), "the answer may come");
        disconnect(&mut probing, bo, over, &there());
        assert!(probing.take_lost());
        probing.asks_now(probing.newest(), bo, over);
        assert!(probing.take_lost() && probing.asked_over.is_empty());
    }

    #[test]
    fn what_a_router_passes_on_is_tried_in_every_network_until_it_does_so_no_more() {
        let [old, new, inside] =
            ["203.0.113.9", "203.0.113.77", "10.0.0.9"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
        let mut probing = Probing::new();
        assert!(probing.also_try(vec![old.clone(), inside.clone()]).is_empty());
        assert_eq!(probing.candidates, BTreeSet::from([old.clone()]), "nobody outside is told of the inside of a home");
        probing.renew();
        assert_eq!(probing.candidates, BTreeSet::from([old.clone()]));
        assert_eq!(probing.also_try(vec![new.clone()]), [old, inside]);
        probing.renew();
        assert_eq!(probing.candidates, BTreeSet::from([new]));
    }

    #[test]
    fn where_a_server_listens_is_tried_in_every_network_and_whenever_others_are_asked_again() {
        let [old, new] = ["203.0.113.9", "203.0.113.77"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
        let mut probing = Probing::new();
        probing.start_over(vec![old.clone()]);
        assert!(probing.lacks_testers() && probing.candidates == BTreeSet::from([old.clone()]));
        probing.tested.insert(old.clone());
        assert!(!probing.lacks_testers());
        probing.renew();
        assert!(probing.lacks_testers() && probing.candidates == BTreeSet::from([old]));
        probing.start_over(vec![new.clone()]);
        assert_eq!(probing.candidates, BTreeSet::from([new]));
    }

    #[test]
    fn where_others_saw_us_is_a_number_whether_or_not_they_say_who_is_there() {
        let mut probing = Probing::new();
        let address = at("/ip6/2001:db8::9/tcp/7517");
        let with_us = at(&format!("{address}/p2p/{}", PeerId::random()));
        let by_name = at("/dns/ana.example/tcp/7517");
        for seen in [&with_us, &address, &by_name, &with_us] {
            probing.on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: seen }));
        }
        assert_eq!(probing.candidates, BTreeSet::from([address.clone()]));
        assert_eq!(probing.elsewhere().collect::<Vec<_>>(), [&address]);
    }

    #[test]
    fn where_nobody_came_in_before_the_router_let_them_is_tried_once_more() {
        let address = at("/ip4/203.0.113.9/udp/7517/quic-v1");
        let mut probing = Probing::new();
        probing.observe(&address);
        probing.also_try(vec![address.clone()]);
        assert_eq!(probing.newest(), 0, "it waits for its test");
        probing.tested.insert(address.clone());
        probing.also_try(vec![address]);
        assert_eq!(probing.newest(), 1);
    }

    #[test]
    fn what_is_being_tested_while_the_router_begins_to_let_others_in_is_tried_once_more() {
        let address = at("/ip4/203.0.113.9/tcp/7517");
        let mut probing = Probing::new();
        probing.observe(&address);
        probing.asks = true;
        probing.also_try(vec![address.clone()]);
        assert_eq!((probing.newest(), probing.asks), (1, false));
        probing.also_try(vec![address]);
        assert_eq!(probing.newest(), 1);
    }

    #[test]
    fn a_test_whose_connection_is_gone_before_its_answer_came_is_lost() {
        let [tcp, quic] = ["tcp/7517", "udp/7517/quic-v1"].map(|end| at(&format!("/ip4/203.0.113.9/{end}")));
        let [over, other] = [1, 2].map(ConnectionId::new_unchecked);
        let mut probing = Probing::new();
        probing.start_over(vec![tcp.clone(), quic.clone()]);
        probing.asked_over.insert(over);
        probing.tested.insert(tcp);
        probing.ends(other);
        assert!(!probing.take_lost(), "nothing was asked over that one");
        probing.ends(over);
        assert!(probing.take_lost() && !probing.take_lost(), "it is asked again once");
        probing.asked_over.insert(over);
        probing.tested.insert(quic);
        probing.ends(over);
        assert!(!probing.take_lost(), "all answers are there");
    }

    #[test]
    fn where_others_saw_us_in_this_network_is_tried_whenever_others_are_asked_again() {
        let [seen, own] = ["203.0.113.9", "203.0.113.77"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
        let mut probing = Probing::new();
        probing.start_over(vec![own.clone()]);
        probing.observe(&seen);
        probing.observe(&own);
        assert_eq!(probing.elsewhere().collect::<Vec<_>>(), [&seen]);
        probing.tested.insert(seen.clone());
        probing.renew();
        assert_eq!(probing.candidates, BTreeSet::from([seen, own.clone()]));
        probing.start_over(vec![own.clone()]);
        assert_eq!(probing.candidates, BTreeSet::from([own]));
    }

    #[test]
    fn what_the_router_passes_on_again_after_a_hiccup_is_tried_again() {
        let address = at("/ip4/203.0.113.9/tcp/7517");
        let mut probing = Probing::new();
        probing.also_try(vec![address.clone()]);
        probing.tested.insert(address.clone());
        probing.reached.insert(address.clone());
        probing.also_try(vec![address.clone()]);
        assert_eq!(probing.newest(), 0, "others came in, and nothing has changed");
        assert!(!probing.lacks_testers());
        assert_eq!(probing.also_try(Vec::new()), std::slice::from_ref(&address));
        probing.reached.clear();
        probing.also_try(vec![address]);
        assert_eq!(probing.newest(), 1);
        assert!(probing.lacks_testers());
    }

    #[test]
    fn where_others_saw_us_is_asked_again_when_a_router_takes_its_word_back() {
        let address = at("/ip4/203.0.113.9/tcp/7517");
        let mut probing = Probing::new();
        probing.observe(&address);
        probing.reached.insert(address.clone());
        probing.also_try(vec![address.clone()]);
        assert!(!probing.is_claim(&address));
        assert!(probing.also_try(Vec::new()).is_empty());
        assert_eq!((probing.newest(), probing.candidates), (1, BTreeSet::from([address])));
    }

    #[test]
    fn what_others_name_takes_no_place_from_what_the_router_passes_on() {
        let address = at("/ip4/203.0.113.9/tcp/7517");
        let mut probing = Probing::new();
        for port in 1..=20 {
            probing.observe(&at(&format!("/ip4/203.0.113.9/tcp/{port}")));
        }
        assert_eq!((probing.candidates.len(), probing.observed.len()), (CANDIDATES, CANDIDATES));
        probing.also_try(vec![address.clone()]);
        assert!(probing.candidates.contains(&address) && probing.is_claim(&address));
    }

    /// Others see us at these, one after the other.
    fn seen_at(probing: &mut Probing, numbers: std::ops::RangeInclusive<u8>) -> Vec<Multiaddr> {
        let all: Vec<_> = numbers.map(|last| at(&format!("/ip4/203.0.113.{last}/tcp/7517"))).collect();
        all.iter().for_each(|address| probing.observe(address));
        all
    }

    #[test]
    fn a_home_that_has_had_many_addresses_has_its_newest_one_tried() {
        let (begun, mut probing) = (Instant::now(), Probing::new());
        for last in 1..=20 {
            let new = seen_at(&mut probing, last..=last);
            assert!(probing.candidates.contains(&new[0]), "{last}: {:?}", probing.candidates);
            probing.renew_at(begun + AGEING * u32::from(last));
        }
        assert_eq!(
            probing.candidates,
            BTreeSet::from([at("/ip4/203.0.113.20/tcp/7517")]),
            "nobody saw it at the others"
        );
        probing.renew_at(begun + AGEING * 21);
        assert!(probing.candidates.is_empty());
    }

    #[test]
    fn where_others_saw_us_is_not_forgotten_because_others_are_asked_again_a_few_times_in_a_minute() {
        let (begun, mut probing) = (Instant::now(), Probing::new());
        let known = seen_at(&mut probing, 1..=1);
        for seconds in [0, 20, 60, 599] {
            probing.renew_at(begun + Duration::from_secs(seconds));
            assert!(probing.candidates.contains(&known[0]), "forgotten after {seconds} seconds");
        }
        probing.renew_at(begun + AGEING);
        assert!(probing.candidates.is_empty(), "nobody saw it there for ten minutes: {:?}", probing.candidates);
    }

    #[test]
    fn where_others_get_in_or_a_router_passes_things_on_is_tried_however_long_ago_it_was_seen() {
        let mut probing = Probing::new();
        let known = seen_at(&mut probing, 1..=2);
        probing.reached.insert(known[0].clone());
        probing.also_try(vec![known[1].clone()]);
        let begun = Instant::now();
        for times in 0..3 {
            probing.renew_at(begun + AGEING * times);
        }
        assert_eq!(probing.candidates, known.iter().cloned().collect());
        assert!(!probing.is_claim(&known[1]));
    }

    #[test]
    fn among_many_addresses_the_oldest_gives_way_where_nobody_gets_in() {
        let mut probing = Probing::new();
        let known = seen_at(&mut probing, 1..=2);
        probing.reached.insert(known[0].clone());
        probing.also_try(vec![known[1].clone()]);
        let invented = seen_at(&mut probing, 3..=60);
        assert!(known.iter().all(|address| probing.is_observed(address)));
        assert!(!probing.is_observed(&invented[0]) && probing.is_observed(invented.last().unwrap()));
        assert_eq!(probing.observed.len(), CANDIDATES + 1, "what a router passes on is not counted");
        assert_eq!(probing.candidates.len(), CANDIDATES + 1, "one client is told of no more");
        probing.renew();
        assert!(probing.candidates.contains(invented.last().unwrap()) && probing.candidates.contains(&known[0]));
    }

    #[test]
    fn where_a_server_listens_takes_no_place_from_where_others_saw_it() {
        let mut probing = Probing::new();
        probing.start_over((1..=4).map(|last| at(&format!("/ip4/198.51.100.{last}/tcp/7517"))).collect());
        seen_at(&mut probing, 1..=8);
        probing.renew();
        assert_eq!(probing.candidates.len(), 4 + CANDIDATES);
    }
}
