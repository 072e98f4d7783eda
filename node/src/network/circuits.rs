//! What may pass over the node of somebody else: so many bytes in so much time, and then over a new circuit.
//!
//! The relay counts both directions and breaks off in the middle of a word. So we count too, and what would not fit
//! any more waits: when everything under way has its answer the circuit is closed, and whoever has letters left calls
//! again. If both ends begin a large letter at the same moment one may break; it is sent again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use libp2p::PeerId;
use tokio::time::Instant;

use super::task::Task;

/// Bytes that a relay passes on in one circuit, both ways together.
pub(super) const BYTES: u64 = 96 * 1024;
/// How long a circuit may last.
pub(super) const LIFE: Duration = Duration::from_secs(2 * 60);

/// What connecting and staying connected costs: handshake, hello, and a ping every few seconds.
const UPKEEP: usize = 10 * 1024;
/// What goes with a letter: its answer, the opening of a stream, encryption and framing.
const PER_LETTER: usize = 1024;
/// Within so much of the end nothing is begun: a large letter over a slow line takes a while.
const MARGIN: Duration = Duration::from_secs(20);

/// Of two ends one knows of a direct connection first. By now the other does, too, and has sent its letters there.
const GRACE: Duration = Duration::from_millis(1_500);

struct Circuit {
    spent: usize,
    since: Instant,
    /// Nothing more is begun.
    closing: bool,
}

/// The peers with whom we are connected over a relay.
#[derive(Default)]
pub(super) struct Circuits {
    /// Over nothing else.
    open: HashMap<PeerId, Circuit>,
    /// Over a direct connection, too; and when the relay may be left.
    leaving: HashMap<PeerId, Instant>,
    /// With whom we were before they were connected directly: both ends tried to get through, and may do so twice.
    before: HashSet<PeerId>,
}

impl Circuits {
    /// Letters with this peer go over a relay from now on.
    pub(super) fn open(&mut self, peer: PeerId, now: Instant) {
        self.leaving.remove(&peer);
        self.before.insert(peer);
        self.open.entry(peer).or_insert(Circuit { spent: UPKEEP, since: now, closing: false });
    }

    /// One of several circuits ended: if it was the spent one, what is left counts anew.
    pub(super) fn renew(&mut self, peer: PeerId, now: Instant) {
        if self.is_closing(&peer) {
            self.open.remove(&peer);
            self.open(peer, now);
        }
    }

    /// They do not any more.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.open.remove(peer);
        self.leaving.remove(peer);
        self.before.remove(peer);
    }

    /// Takes the room that a letter needs; false if there is not enough, and then the circuit ends soon.
    pub(super) fn take(&mut self, peer: &PeerId, letter: usize, now: Instant) -> bool {
        let Some(circuit) = self.open.get_mut(peer) else { return true };
        let after = circuit.spent + letter + letter / 64 + PER_LETTER;
        let fits = u64::try_from(after).is_ok_and(|after| after <= BYTES) && now < circuit.since + (LIFE - MARGIN);
        circuit.closing |= !fits;
        if !circuit.closing {
            circuit.spent = after;
        }
        !circuit.closing
    }

    /// Notes a letter that came.
    pub(super) fn took(&mut self, peer: &PeerId, letter: usize) {
        if let Some(circuit) = self.open.get_mut(peer) {
            circuit.spent += letter + letter / 64 + PER_LETTER;
        }
    }

    /// There is a direct connection, or one more: what it takes the place of is left once nothing is under way.
    pub(super) fn leave(&mut self, peer: PeerId, now: Instant) {
        self.open.remove(&peer);
        if self.before.contains(&peer) {
            self.leaving.insert(peer, now + GRACE);
        }
    }

    /// When a relay may be left.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.leaving.values().copied().filter(|after| *after > now).min()
    }

    fn is_closing(&self, peer: &PeerId) -> bool {
        self.open.get(peer).is_some_and(|circuit| circuit.closing)
    }
}

impl Task {
    /// Closes a circuit on which nothing more may be begun, or that is not needed any more, once nothing is under way
    /// on it.
    pub(super) fn settle_circuit(&mut self, peer: PeerId) {
        if let Some(after) = self.circuits.leaving.get(&peer) {
            if *after <= Instant::now() {
                self.leave_relay(peer);
            }
            return;
        }
        if !self.circuits.is_closing(&peer) || self.sessions.is_busy(&peer) {
            return;
        }
        tracing::debug!("a circuit is spent; the rest goes over the next one");
        for session in self.sessions.of(&peer) {
            self.end_session(session);
        }
        // Where it is needed for something else it stays, and is no less spent.
        self.close_unless_needed(peer);
    }

    /// Leaves relays that are not needed any more.
    pub(super) fn settle_circuits(&mut self) {
        for peer in self.circuits.leaving.keys().copied().collect::<Vec<_>>() {
            self.settle_circuit(peer);
        }
    }

    fn leave_relay(&mut self, peer: PeerId) {
        if self.sessions.is_busy(&peer) || self.calls.need(&peer) || self.hellos.expect(&peer) {
            return;
        }
        self.circuits.leaving.remove(&peer);
        let we_choose = *self.swarm.local_peer_id() < peer;
        for connection in self.swarm.behaviour().gate.superfluous(&peer, we_choose) {
            self.swarm.behaviour_mut().gate.close_one(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_protocol::limits::LETTER;

    #[test]
    fn the_largest_letter_fits_once() {
        let (now, bo, mut circuits) = (Instant::now(), PeerId::random(), Circuits::default());
        assert!(circuits.take(&bo, LETTER, now), "Bo is connected directly");
        circuits.open(bo, now);
        assert!(circuits.take(&bo, LETTER, now));
        assert!(!circuits.take(&bo, LETTER, now) && circuits.is_closing(&bo));
        assert!(!circuits.take(&bo, 512, now), "nothing more is begun");
    }

    #[test]
    fn what_comes_counts_as_what_goes() {
        let (now, bo, mut circuits) = (Instant::now(), PeerId::random(), Circuits::default());
        circuits.open(bo, now);
        circuits.took(&bo, LETTER);
        assert!(circuits.take(&bo, 4096, now) && !circuits.take(&bo, LETTER, now));
    }

    #[test]
    fn who_gets_through_a_second_time_is_left_with_one_connection_again() {
        let (now, bo, dee, mut circuits) = (Instant::now(), PeerId::random(), PeerId::random(), Circuits::default());
        circuits.open(bo, now);
        let due = |circuits: &Circuits, peer| circuits.leaving.get(&peer).is_some_and(|after| *after == now + GRACE);
        circuits.leave(bo, now);
        circuits.leave(dee, now);
        assert!(due(&circuits, bo) && !due(&circuits, dee), "with Dee there never was another way");
        circuits.leaving.clear();
        circuits.leave(bo, now);
        assert!(due(&circuits, bo), "what Bo's node tried at the same time got through later");
        circuits.open(bo, now);
        assert!(!due(&circuits, bo), "the relay is all there is again");
        circuits.forget(&bo);
        circuits.leave(bo, now);
        assert!(!due(&circuits, bo));
    }

    #[test]
    fn of_two_circuits_the_spent_one_ends_and_the_other_is_used() {
        let (now, bo, mut circuits) = (Instant::now(), PeerId::random(), Circuits::default());
        circuits.open(bo, now);
        assert!(circuits.take(&bo, LETTER, now));
        circuits.renew(bo, now);
        assert!(!circuits.take(&bo, LETTER, now), "it was the other that ended");
        circuits.open(bo, now);
        assert!(!circuits.take(&bo, 512, now), "a second one does not make the first any longer");
        circuits.renew(bo, now);
        assert!(circuits.take(&bo, LETTER, now));
    }

    #[test]
    fn nothing_is_begun_shortly_before_the_end() {
        let (now, bo, mut circuits) = (Instant::now(), PeerId::random(), Circuits::default());
        circuits.open(bo, now);
        assert!(circuits.take(&bo, 512, now + Duration::from_secs(60)));
        assert!(!circuits.take(&bo, 512, now + Duration::from_secs(110)));
    }
}
