//! Calls whose addresses lead through relays: whoever comes second waits until the relay is there.

use kith_protocol::id::Locator;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::super::addresses;
use super::super::dialling::dial_opts;
use super::super::task::Task;
use super::{Call, Calls};

/// What a call can dial now.
pub(super) enum Next {
    /// This.
    Dial(Multiaddr),
    /// Nothing, until the relays that the rest leads through are there, or are not.
    Wait,
    /// Nothing more.
    End,
}

impl Calls {
    /// True if somebody is being dialled through this relay.
    pub(super) fn lead_through(&self, relay: &PeerId) -> bool {
        self.dials.values().any(|dial| addresses::relay_of(&dial.address) == Some(*relay))
    }
}

impl Task {
    pub(super) fn next_to_dial(&mut self, locator: Locator) -> Next {
        let Some(call) = self.calls.under_way.get(&locator) else { return Next::End };
        let at = call.untried.iter().position(|address| !self.must_wait(address));
        let is_last = call.untried.is_empty();
        let address = self.calls.under_way.get_mut(&locator).zip(at).and_then(|(call, at)| call.untried.remove(at));
        match address {
            Some(address) => Next::Dial(address),
            None if is_last => Next::End,
            None => Next::Wait,
        }
    }

    /// Two ways through one relay that is not there yet would refuse each other: the library dials it once, and drops whoever
    /// comes second.
    fn must_wait(&self, address: &Multiaddr) -> bool {
        let Some(relay) = addresses::relay_of(address) else { return false };
        let gate = &self.swarm.behaviour().gate;
        // The library begins to dial it some time after it was told to.
        let is_dialled = || gate.is_dialling(&relay) || self.calls.lead_through(&relay);
        gate.is_leaving(&relay) || !self.swarm.is_connected(&relay) && is_dialled()
    }

    /// All that is left leads through relays that are being dialled. Where that fails by one transport it takes long, so they are
    /// dialled by the other, too.
    pub(super) fn wait_for_relays(&mut self, locator: Locator, now: Instant) {
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        call.next_dial = now + self.limits.head_start;
        let ways = call.untried.iter().filter_map(|way| addresses::relay_of(way).zip(addresses::place_of_relay(way)));
        for (relay, place) in ways.collect::<Vec<_>>() {
            let gate = &self.swarm.behaviour().gate;
            // If this were first, the library would not dial it, and drop what waits for that.
            let is_next = gate.is_dialling(&relay) && !gate.is_dialling_at(&relay, &place);
            if !is_next || !call.relays.insert(place.clone()) {
                continue;
            }
            let opts = dial_opts(Some(relay), place);
            let connection = opts.connection_id();
            match self.swarm.dial(opts) {
                Ok(()) => drop(self.calls.relays.insert(connection, relay)),
                Err(error) => tracing::debug!(%error, "a relay cannot be dialled there"),
            }
        }
    }

    /// A relay that calls waited for is there, or is not, at one of its places.
    pub(super) fn relay_was_dialled(&mut self, connection: ConnectionId) {
        let Some(relay) = self.calls.relays.remove(&connection) else { return };
        let leads_there = |call: &Call| call.untried.iter().any(|way| addresses::relay_of(way) == Some(relay));
        let waiting = self.calls.under_way.iter().filter(|(_, call)| leads_there(call));
        for locator in waiting.map(|(locator, _)| *locator).collect::<Vec<_>>() {
            self.advance(locator, Instant::now());
        }
        self.close_what_is_left(relay);
    }
}
