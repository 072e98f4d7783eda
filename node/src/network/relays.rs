//! Being reached through others: the client's side of the circuit relay.
//!
//! A node that others may not reach keeps a reservation at two of the nodes that it may use. The library renews
//! them, but begins none anew: whoever loses one, by a restart, a sleep or another network, tries again here, at
//! whichever node is next.
//!
//! A listener of the library is never closed from here while its reservation is asked for: the library would not
//! survive the answer. What takes too long is left behind, and the connection closed if nothing else needs it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use kith_protocol::address::{Hint, Host, Reach};
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::limits;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::task::Task;
use super::{addresses, peer, reachability};

/// How long a reservation may be on its way before another node is asked as well.
const LATE: Duration = Duration::from_secs(15);
/// The first pause before a node that gave none is asked again; doubled each time.
const PAUSE_FIRST: Duration = Duration::from_secs(2);
/// The longest such pause.
const PAUSE_LAST: Duration = Duration::from_secs(2 * 60);
/// How long the address of a lost reservation is still named: contacts may be told of a new one only now and then,
/// and most relays come back.
const FADING: Duration = Duration::from_secs(3 * 60);

/// A reservation that is there or on its way.
struct Reservation {
    relay: PeerId,
    untried: VecDeque<Multiaddr>,
    /// When it is late; `None` once it is there.
    late: Option<Instant>,
}

impl Reservation {
    fn is_held(&self) -> bool {
        self.late.is_none()
    }
}

#[derive(Clone, Copy, Default)]
struct Pause {
    failures: u32,
    until: Option<Instant>,
}

/// Nodes that may pass things on for us, and those that do.
#[derive(Default)]
pub(super) struct Relays {
    candidates: BTreeMap<PeerId, (KithPeer, Vec<Hint>)>,
    reservations: HashMap<ListenerId, Reservation>,
    pauses: HashMap<PeerId, Pause>,
    fading: HashMap<PeerId, Instant>,
}

impl Relays {
    /// True if the listener is one of ours.
    pub(super) fn own(&self, listener: ListenerId) -> bool {
        self.reservations.contains_key(&listener)
    }

    /// True if things are passed on to us by this peer.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        self.reservations.values().any(|reservation| reservation.relay == *peer)
    }

    /// Contacts' nodes that anybody can reach, and where.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &(KithPeer, Vec<Hint>)> {
        self.candidates.values()
    }

    /// Where others reach us through relays.
    pub(super) fn hints(&self, now: Instant) -> Vec<Hint> {
        let held = self.reservations.values().filter(|one| one.is_held()).map(|one| one.relay);
        let fading = self.fading.iter().filter(|(_, until)| **until > now).map(|(relay, _)| *relay);
        let mut relays: Vec<PeerId> = held.collect();
        relays.sort();
        relays.extend(fading.filter(|relay| !relays.contains(relay)).collect::<Vec<_>>());
        let all = relays.iter().filter_map(|relay| self.candidates.get(relay)).flat_map(|(kith, direct)| {
            let by_ip4 = direct.iter().find(|hint| !matches!(hint.host, Host::Ip6(_)));
            let by_ip6 = direct.iter().find(|hint| matches!(hint.host, Host::Ip6(_)));
            [by_ip4, by_ip6].into_iter().flatten().map(|hint| Hint { reach: Reach::Relayed(*kith), ..hint.clone() })
        });
        all.take(limits::RELAYED_ADDRESSES).collect()
    }

    /// When something must be done.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let late = self.reservations.values().filter_map(|one| one.late);
        let pauses = self.pauses.values().filter_map(|pause| pause.until);
        late.chain(pauses).chain(self.fading.values().copied()).filter(|at| *at > now).min()
    }

    /// Who is asked next: nobody twice, and of those who are not paused the one whose id is nearest to ours, so that the
    /// members of a circle spread over its relays.
    fn next(&self, me: &KithPeer, now: Instant) -> Option<PeerId> {
        let is_free = |relay: &&PeerId| {
            let paused = self.pauses.get(relay).and_then(|pause| pause.until).is_some_and(|until| until > now);
            !paused && !self.need(relay)
        };
        let distance =
            |kith: &KithPeer| -> Vec<u8> { kith.0.iter().zip(me.0).map(|(one, other)| one ^ other).collect() };
        self.candidates
            .iter()
            .filter(|(relay, _)| is_free(relay))
            .min_by_key(|(_, (kith, _))| distance(kith))
            .map(|(relay, _)| *relay)
    }

    fn pause(&mut self, relay: PeerId, now: Instant) {
        let pause = self.pauses.entry(relay).or_default();
        let doubled = PAUSE_FIRST.saturating_mul(1 << pause.failures.min(10));
        *pause = Pause { failures: pause.failures.saturating_add(1), until: Some(now + doubled.min(PAUSE_LAST)) };
    }
}

impl Task {
    /// From now on a peer may pass things on for us, if anybody can reach it.
    pub(super) fn may_relay(&mut self, kith: KithPeer, direct: Vec<Hint>) {
        let Some(relay) = peer::to_libp2p(&kith) else { return };
        let known = self.relays.candidates.contains_key(&relay);
        if direct.is_empty() {
            self.relays.candidates.remove(&relay);
        } else if kith != self.me && (known || self.relays.candidates.len() < self.limits.relay_candidates) {
            let places: Vec<Multiaddr> = direct.iter().flat_map(addresses::dialled).collect();
            self.swarm.behaviour_mut().dht.meet(relay, places);
            self.relays.candidates.insert(relay, (kith, direct));
            self.relays.pauses.remove(&relay);
        }
        self.seek_relays(Instant::now());
    }

    /// From now on it may not.
    pub(super) fn may_not_relay(&mut self, kith: &KithPeer) {
        if let Some(relay) = peer::to_libp2p(kith) {
            self.relays.candidates.remove(&relay);
            self.relays.pauses.remove(&relay);
        }
    }

    /// Asks for as many reservations as are missing.
    pub(super) fn seek_relays(&mut self, now: Instant) {
        let is_settled = !self.listening.is_empty() || self.listeners.is_empty();
        if !is_settled || !reachability::needs_relays(&self.sure_addresses()) {
            return;
        }
        let on_time = |one: &&Reservation| one.late.is_none_or(|late| late > now);
        while self.relays.reservations.values().filter(on_time).count() < self.limits.relays {
            let Some(relay) = self.relays.next(&self.me, now) else { return };
            let Some((_, direct)) = self.relays.candidates.get(&relay) else { return };
            let untried = direct.iter().flat_map(addresses::dialled).take(limits::ADDRESSES).collect();
            self.reserve(relay, untried, now);
        }
    }

    fn reserve(&mut self, relay: PeerId, mut untried: VecDeque<Multiaddr>, now: Instant) {
        while let Some(address) = untried.pop_front() {
            match self.swarm.listen_on(address.with(Protocol::P2p(relay)).with(Protocol::P2pCircuit)) {
                Ok(listener) => {
                    let reservation = Reservation { relay, untried, late: Some(now + LATE) };
                    self.relays.reservations.insert(listener, reservation);
                    return;
                }
                Err(error) => tracing::debug!(%error, "a relay's address cannot be used"),
            }
        }
        self.relays.pause(relay, now);
    }

    /// A relay named the address under which it passes things on.
    pub(super) fn on_reserved(&mut self, listener: ListenerId) {
        let Some(reservation) = self.relays.reservations.get_mut(&listener) else { return };
        if reservation.late.take().is_some() {
            tracing::info!(relay = %reservation.relay, "reached through a relay");
            self.relays.pauses.remove(&reservation.relay);
            self.relays.fading.remove(&reservation.relay);
            self.announce_addresses();
        }
    }

    /// A reservation is lost, or was not given.
    pub(super) fn on_reservation_closed(&mut self, listener: ListenerId) {
        let Some(reservation) = self.relays.reservations.remove(&listener) else { return };
        let (now, relay) = (Instant::now(), reservation.relay);
        if reservation.is_held() {
            tracing::info!(%relay, "not reached through this relay any more");
            self.relays.fading.insert(relay, now + FADING);
            self.relays.pause(relay, now);
        } else if reservation.untried.is_empty() || reservation.late.is_some_and(|late| late <= now) {
            tracing::debug!(%relay, "a relay gave no reservation");
            self.relays.pause(relay, now);
        } else {
            self.reserve(relay, reservation.untried, now);
        }
        self.seek_relays(now);
        self.close_unless_needed(relay);
    }

    /// A peer is there; if it was waited for it need not be waited for any longer.
    pub(super) fn on_relay_there(&mut self, peer: &PeerId) {
        if self.relays.pauses.remove(peer).is_some() {
            self.seek_relays(Instant::now());
        }
    }

    /// Leaves behind what is late, and ceases to name what is lost.
    pub(super) fn tend_relays(&mut self, now: Instant) {
        let late = self.relays.reservations.values().filter(|one| one.late.is_some_and(|late| late <= now));
        for relay in late.map(|one| one.relay).collect::<Vec<_>>() {
            // With the connection goes the listener.
            if !self.sessions.has(&relay) && !self.calls.need(&relay) && !self.hosts.seek(&relay) {
                self.swarm.behaviour_mut().gate.close(relay);
            }
        }
        let fading = self.relays.fading.len();
        self.relays.fading.retain(|_, until| *until > now);
        if self.relays.fading.len() != fading {
            self.announce_addresses();
        }
        self.seek_relays(now);
    }
}
