//! Letters out and in, and their answers.

use std::collections::HashMap;
use std::sync::Arc;

use kith_protocol::engine::{Answer, Ticket};
use kith_protocol::id::{LetterId, SessionId};
use kith_protocol::limits::LETTER_CLASSES;
use libp2p::PeerId;
use libp2p::request_response::{self, InboundRequestId, Message, OutboundFailure, OutboundRequestId, ResponseChannel};
use tokio::time::Instant;

use super::event::Event;
use super::letter_codec::LetterRequest;
use super::sessions::Session;
use super::task::Task;

/// A letter whose sender waits for the driver's answer.
struct Waiting {
    channel: ResponseChannel<Answer>,
    session: SessionId,
    request: InboundRequestId,
}

/// A letter that waits for its answer.
struct Sent {
    session: SessionId,
    letter: LetterId,
    /// To be sent once more if what it went through is left meanwhile for another connection.
    again: Option<LetterRequest>,
    /// It went through a relay.
    relayed: bool,
}

/// Letters under way. An entry lives at most as long as its stream, which the library ends after
/// [`Limits::answer`](super::Limits::answer).
#[derive(Default)]
pub(super) struct Letters {
    waiting: HashMap<Ticket, Waiting>,
    tickets: HashMap<InboundRequestId, Ticket>,
    sent: HashMap<OutboundRequestId, Sent>,
    next: u64,
}

impl Letters {
    fn wait(&mut self, waiting: Waiting) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.tickets.insert(waiting.request, ticket);
        self.waiting.insert(ticket, waiting);
        ticket
    }

    fn take(&mut self, ticket: &Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(ticket)?;
        self.tickets.remove(&waiting.request);
        Some(waiting)
    }

    /// Forgets what a session had under way; returns the letters that will have no answer.
    pub(super) fn abandon(&mut self, session: &SessionId) -> Vec<LetterId> {
        let tickets: Vec<_> = self.waiting.iter().filter(|(_, w)| w.session == *session).map(|(t, _)| *t).collect();
        for ticket in tickets {
            self.take(&ticket);
        }
        self.sent.extract_if(|_, sent| sent.session == *session).map(|(_, sent)| sent.letter).collect()
    }
}

type LetterEvent = request_response::Event<LetterRequest, Answer>;

impl Task {
    /// Sends a letter. What cannot be sent is reported as not answered, as if the stream had broken.
    pub(super) fn send(&mut self, session: SessionId, letter: LetterId, sealed: Vec<u8>) {
        let most = self.limits.letters_per_session;
        let circuits = &mut self.circuits;
        let has_room = |open: &&mut Session| circuits.take(&open.peer, sealed.len(), Instant::now());
        let open = self.sessions.get_mut(&session).filter(|open| open.sent < most).filter(has_room);
        match open.filter(|_| LETTER_CLASSES.contains(&sealed.len())) {
            Some(open) => {
                open.sent += 1;
                let (peer, request) = (open.peer, LetterRequest { session, sealed: sealed.into() });
                let (again, relayed) = (Some(request.clone()), self.swarm.behaviour().gate.is_relayed(&peer));
                let id = self.swarm.behaviour_mut().letter.send_request(&peer, request);
                self.letters.sent.insert(id, Sent { session, letter, again, relayed });
            }
            None => {
                tracing::debug!(size = sealed.len(), "a letter was not sent: no session, too many, or no size class");
                self.outlet.emit(Event::LetterAnswered { session, letter, outcome: None });
                if let Some(peer) = self.sessions.get_mut(&session).map(|open| open.peer) {
                    self.settle_circuit(peer);
                }
            }
        }
    }

    /// Answers a letter; too late an answer is dropped, and the sender sends the letter again.
    pub(super) fn answer(&mut self, ticket: Ticket, answer: Answer) {
        if let Some(waiting) = self.letters.take(&ticket) {
            self.uncount_received(&waiting.session);
            self.respond(waiting.channel, answer);
        }
    }

    pub(super) fn on_letter_event(&mut self, event: LetterEvent) {
        match event {
            LetterEvent::Message { peer, message: Message::Request { request_id, request, channel }, .. } => {
                self.on_letter(peer, request, request_id, channel);
            }
            LetterEvent::Message { message: Message::Response { request_id, response }, .. } => {
                self.on_answer(request_id, Some(response));
            }
            LetterEvent::OutboundFailure { peer, request_id, error, .. }
                if self.may_go_again(&peer, request_id, &error) =>
            {
                self.send_again(peer, request_id);
            }
            LetterEvent::OutboundFailure { request_id, error, .. } => {
                tracing::debug!(%error, "a letter has no answer");
                let session = self.on_answer(request_id, None);
                // A stream closed without a word is how a peer says that it does not know the session.
                if matches!(error, OutboundFailure::Io(_) | OutboundFailure::UnsupportedProtocols)
                    && let Some(session) = session
                {
                    self.end_session(session);
                }
            }
            LetterEvent::InboundFailure { peer, request_id, .. } => {
                let ticket = self.letters.tickets.get(&request_id).copied();
                if let Some(waiting) = ticket.and_then(|ticket| self.letters.take(&ticket)) {
                    self.uncount_received(&waiting.session);
                }
                self.settle_circuit(peer);
            }
            LetterEvent::ResponseSent { peer, .. } => self.settle_circuit(peer),
        }
    }

    fn on_letter(
        &mut self,
        peer: PeerId,
        letter: LetterRequest,
        request: InboundRequestId,
        channel: ResponseChannel<Answer>,
    ) {
        let LetterRequest { session, sealed } = letter;
        self.circuits.took(&peer, sealed.len());
        if !self.sessions.is_open(&session) && !self.opened_by_letter(session, peer) {
            tracing::debug!("a letter names a session that nobody has");
            return;
        }
        let Some(open) = self.sessions.get_mut(&session).filter(|open| open.peer == peer) else {
            // Dropping the channel closes the stream without a word.
            tracing::debug!("a letter names a session that its sender does not have");
            return;
        };
        let full = open.received >= self.limits.letters_per_session
            || self.letters.waiting.len() >= self.limits.letters
            || self.outlet.is_crowded();
        if full {
            self.respond(channel, Answer::Later);
            return;
        }
        open.received += 1;
        let ticket = self.letters.wait(Waiting { channel, session, request });
        self.outlet.emit(Event::LetterArrived { session, ticket, sealed: Arc::unwrap_or_clone(sealed) });
    }

    /// True if a letter was lost with one of several connections: the library takes any of a peer's, also one that is just
    /// ending, and whoever leaves a relay for a direct connection breaks off what goes through it.
    fn may_go_again(&self, peer: &PeerId, request: OutboundRequestId, error: &OutboundFailure) -> bool {
        let Some(sent) = self.letters.sent.get(&request).filter(|sent| sent.again.is_some()) else { return false };
        let left_its_relay = sent.relayed && !self.swarm.behaviour().gate.is_relayed(peer);
        self.stays(peer) && (left_its_relay || matches!(error, OutboundFailure::ConnectionClosed))
    }

    /// Whoever handled the letter already gives the same answer again. What is left may be a circuit with no room for it.
    fn send_again(&mut self, peer: PeerId, request: OutboundRequestId) {
        let Some(sent) = self.letters.sent.get_mut(&request) else { return };
        let Some(again) = sent.again.take() else { return };
        if !self.circuits.take(&peer, again.sealed.len(), Instant::now()) {
            self.on_answer(request, None);
            return;
        }
        let Some(sent) = self.letters.sent.remove(&request) else { return };
        let id = self.swarm.behaviour_mut().letter.send_request(&peer, again);
        self.letters.sent.insert(id, sent);
    }

    fn on_answer(&mut self, request: OutboundRequestId, outcome: Option<Answer>) -> Option<SessionId> {
        let Sent { session, letter, .. } = self.letters.sent.remove(&request)?;
        let peer = self.sessions.get_mut(&session).map(|open| {
            open.sent = open.sent.saturating_sub(1);
            open.peer
        });
        self.outlet.emit(Event::LetterAnswered { session, letter, outcome });
        if let Some(peer) = peer {
            self.settle_circuit(peer);
        }
        Some(session)
    }

    fn respond(&mut self, channel: ResponseChannel<Answer>, answer: Answer) {
        if self.swarm.behaviour_mut().letter.send_response(channel, answer).is_err() {
            tracing::debug!("an answer came after its letter's stream was gone");
        }
    }

    fn uncount_received(&mut self, session: &SessionId) {
        if let Some(open) = self.sessions.get_mut(session) {
            open.received = open.received.saturating_sub(1);
        }
    }
}
