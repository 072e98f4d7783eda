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

#[cfg(test)]
mod tests;

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
