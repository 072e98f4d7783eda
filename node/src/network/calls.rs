//! Calls: one address after another is dialled until somebody answers our hello; the initiator's side of
//! /kith/hello/1.
//!
//! Every address is a dial of its own, so that a stale address, where somebody else lives now, fails alone. The
//! next address gets its turn when the one before failed or had its head start (RFC 8305), and while one hello is
//! under way whoever else was reached waits.
//!
//! Who scanned many codes of one person calls the same addresses under many secrets: such calls share a dial, and the
//! connection that is there already.

mod through_relays;

use std::collections::{HashMap, HashSet, VecDeque};

use kith_protocol::address::Hint;
use kith_protocol::hello::{Ends, Initiator, Prove, Request, Response, SharedSecret};
use kith_protocol::id::{Locator, PeerId as KithPeer, SessionId};
use libp2p::request_response::{OutboundFailure, OutboundRequestId};
use libp2p::swarm::{ConnectionId, DialError};
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::dialling::{dial_opts, to_dial};
use super::event::{CallFailure, Event};
use super::hellos::random_nonce;
use super::task::Task;
use super::{SecretWith, addresses, peer};
use through_relays::Next;

/// The hello of a call, opened and not answered.
struct Hello {
    peer: PeerId,
    initiator: Initiator,
}

/// What a call says hello under.
pub(super) enum Under {
    /// This, whoever answers.
    Secret(SharedSecret),
    /// What is shared with who answers; none with some.
    SecretWith(SecretWith),
}

impl Under {
    fn at(&self, peer: &KithPeer) -> Option<SharedSecret> {
        match self {
            Self::Secret(secret) => Some(secret.clone()),
            Self::SecretWith(secret) => secret(peer),
        }
    }
}

struct Call {
    under: Under,
    expected: Option<PeerId>,
    untried: VecDeque<Multiaddr>,
    /// Where relays are that were dialled for it.
    relays: HashSet<Multiaddr>,
    dialling: usize,
    reached: VecDeque<PeerId>,
    hello: Option<Hello>,
    until: Instant,
    next_dial: Instant,
    reason: CallFailure,
}

impl Call {
    fn blame(&mut self, reason: CallFailure) {
        self.reason = self.reason.max(reason);
    }

    /// Waits for one dial more.
    fn dials(&mut self, next: Instant) {
        self.dialling += 1;
        self.next_dial = next;
    }

    fn next_deadline(&self) -> Instant {
        if self.untried.is_empty() || self.hello.is_some() { self.until } else { self.until.min(self.next_dial) }
    }

    fn is_about(&self, peer: &PeerId) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.peer == *peer) || self.reached.contains(peer)
    }
}

/// A proof of ours under way.
struct Proof {
    session: SessionId,
    peer: PeerId,
    /// To be sent once more if its connection is closed meanwhile.
    again: Option<Prove>,
}

/// A dial under way, and the calls that wait for it.
struct Dial {
    expected: Option<PeerId>,
    address: Multiaddr,
    calls: Vec<Locator>,
}

/// The calls that are under way.
#[derive(Default)]
pub(super) struct Calls {
    under_way: HashMap<Locator, Call>,
    dials: HashMap<ConnectionId, Dial>,
    /// Dials of relays, which calls wait for.
    relays: HashMap<ConnectionId, PeerId>,
    hellos: HashMap<OutboundRequestId, Locator>,
    /// Our proofs under way. The sessions are open already: we know that the other end holds the secret, and need not
    /// wait for its word to send letters.
    proofs: HashMap<OutboundRequestId, Proof>,
}

impl Calls {
    /// True if a call is for this peer, or reached it, and is not over: a hello must not go over a connection that we are
    /// just closing. Nor must a dial that leads through it, or is to.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        let is_on_the_way = |call: &Call| call.untried.iter().any(|way| addresses::relay_of(way) == Some(*peer));
        let needs = |call: &Call| call.expected == Some(*peer) || call.is_about(peer) || is_on_the_way(call);
        self.under_way.values().any(needs) || self.lead_through(peer)
    }

    /// When a call must go on or be given up.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.under_way.values().map(Call::next_deadline).min()
    }
}

impl Task {
    /// Begins a call. A second one under the same locator joins the first.
    pub(super) fn call(&mut self, locator: Locator, under: Under, peer: Option<KithPeer>, at: &[Hint]) {
        if self.calls.under_way.contains_key(&locator) {
            return;
        }
        if self.calls.under_way.len() >= self.limits.calls {
            return self.outlet.emit(Event::CallFailed { locator, reason: CallFailure::Busy });
        }
        let expected = peer.as_ref().and_then(peer::to_libp2p);
        if peer.is_some_and(|peer| peer == self.me || expected.is_none()) {
            return self.outlet.emit(Event::CallFailed { locator, reason: CallFailure::WrongPeer });
        }
        let now = Instant::now();
        let untried = to_dial(at, expected);
        let call = Call {
            under,
            expected,
            dialling: 0,
            reached: self.connected_already(expected, &untried),
            untried,
            relays: HashSet::new(),
            hello: None,
            until: now + self.limits.call,
            next_dial: now,
            reason: CallFailure::NoAddress,
        };
        self.calls.under_way.insert(locator, call);
        self.advance(locator, now);
    }

    /// Does what a call can do now: greet, dial or give up.
    fn advance(&mut self, locator: Locator, now: Instant) {
        while let Some(call) = self.calls.under_way.get_mut(&locator).filter(|call| call.hello.is_none()) {
            if let Some(peer) = call.reached.pop_front() {
                if self.swarm.is_connected(&peer) {
                    return self.greet(locator, peer);
                }
            } else if call.dialling > 0 && now < call.next_dial {
                return;
            } else {
                let (is_dialling, reason) = (call.dialling > 0, call.reason);
                match self.next_to_dial(locator) {
                    Next::Dial(address) => self.dial(locator, address, now),
                    Next::Wait => return self.wait_for_relays(locator, now),
                    Next::End if is_dialling => return,
                    Next::End => return self.call_failed(locator, reason),
                }
            }
        }
    }

    fn dial(&mut self, locator: Locator, address: Multiaddr, now: Instant) {
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        let expected = call.expected;
        let same = |dial: &&mut Dial| dial.address == address && dial.expected == expected;
        if let Some(dial) = self.calls.dials.values_mut().find(same) {
            dial.calls.push(locator);
            return call.dials(now + self.limits.head_start);
        }
        let opts = dial_opts(expected, address.clone());
        let connection = opts.connection_id();
        match self.swarm.dial(opts) {
            Ok(()) => {
                call.dials(now + self.limits.head_start);
                self.calls.dials.insert(connection, Dial { expected, address, calls: vec![locator] });
            }
            Err(error) => call.blame(blamed(&error)),
        }
    }

    /// A dial of ours was answered. A connection that no call waits for any more is closed.
    pub(super) fn on_dialled(&mut self, peer: PeerId, connection: ConnectionId) {
        self.relay_was_dialled(connection);
        let Some(dial) = self.calls.dials.remove(&connection) else { return };
        let mut is_wanted = false;
        for locator in dial.calls {
            let Some(call) = self.calls.under_way.get_mut(&locator) else { continue };
            call.dialling = call.dialling.saturating_sub(1);
            if !call.is_about(&peer) {
                call.reached.push_back(peer);
                is_wanted = true;
            }
            self.advance(locator, Instant::now());
        }
        if !is_wanted {
            self.swarm.behaviour_mut().gate.close_one(connection);
        }
    }

    /// A dial of ours failed.
    pub(super) fn on_dial_failed(&mut self, connection: ConnectionId, error: &DialError) {
        self.relay_was_dialled(connection);
        let Some(dial) = self.calls.dials.remove(&connection) else { return };
        tracing::debug!(%error, "a dial failed");
        for locator in dial.calls {
            let Some(call) = self.calls.under_way.get_mut(&locator) else { continue };
            call.dialling = call.dialling.saturating_sub(1);
            call.blame(blamed(error));
            // Whoever comes next need not wait for the head start of one that is out of the race.
            call.next_dial = Instant::now();
            let now = call.next_dial;
            self.advance(locator, now);
        }
        // By now whoever else is called through it is being dialled.
        if let Some(relay) = addresses::relay_of(&dial.address) {
            self.close_what_is_left(relay);
        }
    }

    fn greet(&mut self, locator: Locator, peer: PeerId) {
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        let (Some(nonce), Some(responder)) = (random_nonce(), peer::from_libp2p(&peer)) else {
            return self.call_failed(locator, CallFailure::Busy);
        };
        let Some(secret) = call.under.at(&responder) else {
            return self.hello_failed(locator, peer, CallFailure::NotAnswered, true);
        };
        let (initiator, open) = Initiator::begin(secret, Ends { initiator: self.me, responder }, nonce);
        call.hello = Some(Hello { peer, initiator });
        let request = self.swarm.behaviour_mut().hello.send_request(&peer, Request::Open(open));
        self.calls.hellos.insert(request, locator);
    }

    /// The responder answered.
    pub(super) fn on_hello_answered(&mut self, request: OutboundRequestId, response: &Response) {
        if let Some(proof) = self.calls.proofs.remove(&request) {
            if *response != Response::Welcome {
                self.end_session(proof.session);
            }
            return;
        }
        let Some(locator) = self.calls.hellos.remove(&request) else { return };
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        let Some(Hello { peer, initiator }) = call.hello.take() else { return };
        let proven = match response {
            Response::Reply(reply) => initiator.prove(reply),
            Response::Welcome => None,
        };
        match proven {
            Some((prove, session)) => {
                let request = self.swarm.behaviour_mut().hello.send_request(&peer, Request::Prove(prove));
                if self.call_succeeded(locator, peer, session) {
                    self.calls.proofs.insert(request, Proof { session, peer, again: Some(prove) });
                }
            }
            None => self.hello_failed(locator, peer, CallFailure::NotAnswered, true),
        }
    }

    /// The responder did not answer.
    pub(super) fn on_hello_unanswered(&mut self, request: OutboundRequestId, error: &OutboundFailure) {
        tracing::debug!(%error, "a hello was not answered");
        if let Some(proof) = self.calls.proofs.remove(&request) {
            return self.proof_failed(proof, error);
        }
        let Some(locator) = self.calls.hellos.remove(&request) else { return };
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        let Some(Hello { peer, .. }) = call.hello.take() else { return };
        let (reason, is_final) = match error {
            OutboundFailure::Timeout => (CallFailure::Timeout, false),
            // It may have been an old connection whose other end is long gone.
            OutboundFailure::ConnectionClosed | OutboundFailure::DialFailure => (CallFailure::NotAnswered, false),
            OutboundFailure::Io(_) | OutboundFailure::UnsupportedProtocols => (CallFailure::NotAnswered, true),
        };
        // Of several connections the library took one that was ending.
        if matches!(error, OutboundFailure::ConnectionClosed)
            && self.stays(&peer)
            && let Some(call) = self.calls.under_way.get_mut(&locator)
        {
            call.blame(reason);
            call.reached.push_front(peer);
            return self.advance(locator, Instant::now());
        }
        self.hello_failed(locator, peer, reason, is_final);
    }

    /// The session is open already, and ends unless the proof goes by another connection. What comes of the second one does not
    /// matter: where the first got there it is refused, and who has no such session refuses a letter.
    fn proof_failed(&mut self, proof: Proof, error: &OutboundFailure) {
        let Proof { session, peer, again } = proof;
        let Some(prove) = again else { return };
        let is_lost = matches!(error, OutboundFailure::ConnectionClosed) && self.sessions.is_open(&session);
        if is_lost && self.stays(&peer) {
            let request = self.swarm.behaviour_mut().hello.send_request(&peer, Request::Prove(prove));
            self.calls.proofs.insert(request, Proof { session, peer, again: None });
        } else {
            // The door was closed meanwhile, or there is no room.
            self.end_session(session);
        }
    }

    /// True if a peer is connected otherwise than by connections that we are just closing.
    pub(super) fn stays(&self, peer: &PeerId) -> bool {
        self.swarm.is_connected(peer) && !self.swarm.behaviour().gate.is_leaving(peer)
    }

    /// Goes on to the next address, unless the very peer that we want has refused: it would at any address.
    fn hello_failed(&mut self, locator: Locator, peer: PeerId, reason: CallFailure, is_final: bool) {
        self.close_unless_needed(peer);
        let Some(call) = self.calls.under_way.get_mut(&locator) else { return };
        call.blame(reason);
        if is_final && call.expected.is_some() {
            return self.call_failed(locator, reason);
        }
        self.advance(locator, Instant::now());
    }

    /// False if there is no room for the session.
    fn call_succeeded(&mut self, locator: Locator, peer: PeerId, session: SessionId) -> bool {
        let is_open = self.opened(session, peer, locator, true);
        if is_open {
            self.end_call(locator);
        } else {
            self.call_failed(locator, CallFailure::Busy);
        }
        is_open
    }

    fn call_failed(&mut self, locator: Locator, reason: CallFailure) {
        self.end_call(locator);
        self.outlet.emit(Event::CallFailed { locator, reason });
    }

    fn end_call(&mut self, locator: Locator) {
        let Some(call) = self.calls.under_way.remove(&locator) else { return };
        self.calls.hellos.retain(|_, of| *of != locator);
        // A call that begins anew under this locator has dials of its own.
        self.calls.dials.values_mut().for_each(|dial| dial.calls.retain(|of| *of != locator));
        let greeted = call.hello.as_ref().map(|hello| hello.peer);
        for peer in call.reached.into_iter().chain(greeted) {
            self.settle_circuit(peer);
            self.close_unless_needed(peer);
        }
        if let Some(expected) = call.expected {
            self.settle_circuit(expected);
            self.close_what_is_left(expected);
        }
    }

    /// Gives up calls that took too long and dials the next address of those whose head start is over.
    pub(super) fn advance_calls(&mut self, now: Instant) {
        let due: Vec<_> = self
            .calls
            .under_way
            .iter()
            .filter(|(_, call)| call.next_deadline() <= now)
            .map(|(locator, call)| (*locator, call.until <= now, call.reason))
            .collect();
        for (locator, is_over, reason) in due {
            if is_over {
                self.call_failed(locator, reason.max(CallFailure::Timeout));
            } else {
                self.advance(locator, now);
            }
        }
    }
}

fn blamed(error: &DialError) -> CallFailure {
    match error {
        DialError::WrongPeerId { .. } => CallFailure::WrongPeer,
        _ => CallFailure::Unreachable,
    }
}
