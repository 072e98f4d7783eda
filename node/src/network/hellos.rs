//! Hellos that come in: the responder's side of /kith/hello/1.

use std::collections::HashMap;

use kith_protocol::hello::{Ends, Nonce, Open, Prove, Request, Responder, Response, SharedSecret};
use kith_protocol::id::{Locator, SessionId};
use libp2p::PeerId;
use libp2p::request_response::ResponseChannel;
use libp2p::swarm::ConnectionId;
use tokio::time::Instant;

use super::peer;
use super::sessions::Session;
use super::task::Task;

/// A hello that waits for its third message. A letter under its session may come first: that proves as much.
struct Half {
    responder: Responder,
    locator: Locator,
    until: Instant,
}

/// The doors that are open, and the hellos half way through one.
#[derive(Default)]
pub(super) struct Hellos {
    doors: HashMap<Locator, SharedSecret>,
    half: HashMap<(PeerId, Nonce), Half>,
}

impl Hellos {
    /// True if the peer has shown a secret and may yet finish.
    pub(super) fn expect(&self, peer: &PeerId) -> bool {
        self.half.keys().any(|(of, _)| of == peer)
    }

    /// When the next hello is given up.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.half.values().map(|half| half.until).min()
    }

    /// Forgets the hellos of a peer that is gone; returns the sessions that will not be.
    pub(super) fn forget(&mut self, peer: &PeerId) -> Vec<SessionId> {
        self.half.extract_if(|(of, _), _| of == peer).map(|(_, half)| half.responder.session()).collect()
    }
}

impl Task {
    pub(super) fn open_door(&mut self, locator: Locator, secret: SharedSecret) {
        if self.hellos.doors.len() >= self.limits.doors && !self.hellos.doors.contains_key(&locator) {
            tracing::error!(doors = self.limits.doors, "there are too many doors; one stays closed");
            return;
        }
        self.hellos.doors.insert(locator, secret);
    }

    pub(super) fn close_door(&mut self, locator: &Locator) {
        self.hellos.doors.remove(locator);
    }

    /// Answers a hello, or closes it without a word and with it the connection of who has no other business.
    pub(super) fn on_hello(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        request: &Request,
        channel: ResponseChannel<Response>,
    ) {
        let response = match request {
            Request::Open(open) => self.on_open(peer, connection, open),
            Request::Prove(prove) => self.on_prove(peer, prove),
        };
        match response {
            Some(response) => {
                if self.swarm.behaviour_mut().hello.send_response(channel, response).is_err() {
                    tracing::debug!("a hello was given up by its initiator");
                }
            }
            None => {
                drop(channel);
                tracing::debug!("a hello was closed without a word");
                self.close_unless_needed(peer);
            }
        }
    }

    fn on_open(&mut self, peer: PeerId, connection: ConnectionId, open: &Open) -> Option<Response> {
        let secret = self.hellos.doors.get(&open.locator)?.clone();
        let ends = Ends { initiator: peer::from_libp2p(&peer)?, responder: self.me };
        let (responder, reply) = Responder::reply(secret, ends, open, random_nonce()?)?;
        if self.has_no_room_for_hello(&peer) {
            return None;
        }
        self.sessions.expect(responder.session());
        let half = Half { responder, locator: open.locator, until: Instant::now() + self.limits.hello };
        if let Some(earlier) = self.hellos.half.insert((peer, open.nonce), half) {
            self.sessions.expect_no_more(&earlier.responder.session());
        }
        self.swarm.behaviour_mut().gate.credit(&connection);
        Some(Response::Reply(reply))
    }

    fn has_no_room_for_hello(&self, peer: &PeerId) -> bool {
        let half = &self.hellos.half;
        half.len() >= self.limits.hellos
            || half.keys().filter(|(of, _)| of == peer).count() >= self.limits.hellos_per_peer
            || self.outlet.is_crowded()
    }

    fn on_prove(&mut self, peer: PeerId, prove: &Prove) -> Option<Response> {
        let half = self.hellos.half.remove(&(peer, prove.nonce))?;
        let session = half.responder.session();
        let proves = half.responder.welcome(prove).is_some();
        if !proves || !self.sessions.is_open(&session) && !self.admit_half(session, peer, half.locator) {
            self.sessions.expect_no_more(&session);
            return None;
        }
        Some(Response::Welcome)
    }

    /// The door may have been closed in between: an invite that is used up admits nobody more.
    fn admit_half(&mut self, session: SessionId, peer: PeerId, locator: Locator) -> bool {
        self.hellos.doors.contains_key(&locator) && self.opened(session, peer, locator, false)
    }

    /// A letter overtook the third message of its hello. True if its session is open now.
    pub(super) fn opened_by_letter(&mut self, session: SessionId, peer: PeerId) -> bool {
        let of_peer = self.hellos.half.iter().filter(|((of, _), _)| *of == peer);
        let mut locators = of_peer.map(|(_, half)| half).filter(|half| half.responder.session() == session);
        let locator = locators.next().map(|half| half.locator);
        locator.is_some_and(|locator| self.admit_half(session, peer, locator))
    }

    /// Takes up a session after a hello; false if there is no room for it.
    pub(super) fn opened(&mut self, id: SessionId, peer: PeerId, locator: Locator, initiator: bool) -> bool {
        let session = Session { peer, locator, initiator, sent: 0, received: 0, via: None };
        let replaced = self.sessions.replaced_by(&session);
        if !self.swarm.is_connected(&peer) || (replaced.is_none() && self.sessions.are_full()) {
            return false;
        }
        self.sessions.insert(id, session);
        if let Some(replaced) = replaced {
            self.end_session(replaced);
        }
        self.swarm.behaviour_mut().gate.welcome(&peer);
        self.swarm.behaviour_mut().punching.welcome(&peer);
        self.announce_session(id, peer, locator, initiator);
        self.settle_circuit(peer);
        true
    }

    /// Gives up hellos whose third message did not come.
    pub(super) fn expire_hellos(&mut self, now: Instant) {
        let late: Vec<_> = self.hellos.half.extract_if(|_, half| half.until <= now).collect();
        for ((peer, _), half) in late {
            self.sessions.expect_no_more(&half.responder.session());
            self.settle_circuit(peer);
            self.close_unless_needed(peer);
        }
    }
}

/// A nonce from the operating system; `None` if it has none to give, and then no hello is safe.
pub(super) fn random_nonce() -> Option<Nonce> {
    let mut nonce = Nonce::default();
    getrandom::fill(&mut nonce).ok().map(|()| nonce)
}
