//! The one task that owns the swarm: it waits for whatever comes next and hands it to who is responsible.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};

use futures::StreamExt;
use kith_protocol::address::Hint;
use kith_protocol::engine::Effect;
use kith_protocol::hello::{Request, Response};
use kith_protocol::id::{Locator, PeerId as KithPeer, SessionId};
use kith_protocol::limits;
use libp2p::core::transport::ListenerId;
use libp2p::request_response::{self, Message};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify, ping};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::behaviour::{Behaviour, BehaviourEvent};
use super::calls::{Calls, Under};
use super::carrying::Carrying;
use super::circuits::Circuits;
use super::errands::Errands;
use super::event::Event;
use super::hellos::Hellos;
use super::holding::{Answered, Holding};
use super::hosts::Hosts;
use super::lan::Lan;
use super::letters::Letters;
use super::mailboxes::Mailboxes;
use super::mapping::Mapping;
use super::outlet::Outlet;
use super::reachability::Confirmed;
use super::relaying::Relaying;
use super::relays::Relays;
use super::sessions::Sessions;
use super::trials::Trials;
use super::{Limits, SecretWith, addresses, peer};

/// How long a shutdown waits for connections to close, and then for ports to be free.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Between two looks whether a port is free.
const NEXT_TRY: std::time::Duration = std::time::Duration::from_millis(5);

/// What a handle asks of the task.
pub(super) enum Command {
    /// Run an effect.
    Run(Box<Effect>),
    /// Call whoever is at one of the addresses.
    CallWhoever { name: Locator, secret: SecretWith, peer: Option<KithPeer>, addresses: Vec<Hint> },
    /// Have a router pass our port on.
    OpenPorts,
    /// Close everything and say when it is done.
    Shutdown(oneshot::Sender<()>),
    /// How many strangers are connected.
    #[cfg(test)]
    Strangers(oneshot::Sender<usize>),
}

pub(super) struct Task {
    pub swarm: Swarm<Behaviour>,
    pub outlet: Outlet,
    pub limits: Limits,
    pub me: KithPeer,
    pub calls: Calls,
    pub hellos: Hellos,
    pub sessions: Sessions,
    pub letters: Letters,
    pub circuits: Circuits,
    pub relays: Relays,
    pub relaying: Relaying,
    pub hosts: Hosts,
    pub errands: Errands,
    pub mailboxes: Mailboxes,
    pub holding: Holding,
    pub carrying: Carrying,
    pub lan: Lan,
    pub mapping: Mapping,
    pub listeners: Vec<ListenerId>,
    pub listening: BTreeSet<Multiaddr>,
    pub confirmed: Confirmed,
    pub trials: Trials,
}

impl Task {
    /// Runs until it is told to shut down or the last handle is gone.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut held: Answered) {
        let events = self.outlet.channel();
        // What was due stays so until it is served, though the clock went past it while something else was.
        let mut due = None;
        let done = loop {
            due = due.into_iter().chain(self.next_deadline()).min();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm_event(event),
                command = commands.recv() => match command {
                    Some(Command::Run(effect)) => self.run_effect(*effect),
                    Some(Command::CallWhoever { name, secret, peer, addresses }) => {
                        self.call(name, Under::SecretWith(secret), peer, &addresses);
                    }
                    Some(Command::OpenPorts) => self.mapping.begin(),
                    Some(Command::Shutdown(done)) => break Some(done),
                    #[cfg(test)]
                    Some(Command::Strangers(count)) => drop(count.send(self.swarm.behaviour().gate.strangers())),
                    None => break None,
                },
                sighting = self.lan.next() => self.on_sighting(sighting),
                standing = self.mapping.next() => self.on_mapping(&standing),
                Some((number, response)) = held.recv() => self.on_held(number, response),
                permit = events.reserve(), if self.outlet.has_parked() => {
                    // The permit itself would take the room that it stands for.
                    drop(permit);
                    self.outlet.deliver();
                }
                () = until(due) => {
                    due = None;
                    self.on_deadline(Instant::now());
                }
            }
        };
        self.farewell().await;
        let ports = addresses::udp_sockets(self.listening.iter());
        drop(self);
        freed(&ports).await;
        if let Some(done) = done {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }

    fn run_effect(&mut self, effect: Effect) {
        match effect {
            Effect::OpenDoor { locator, secret } => self.open_door(locator, secret),
            Effect::CloseDoor { locator } => self.close_door(&locator),
            Effect::Call { locator, secret, peer, addresses } => {
                self.call(locator, Under::Secret(secret), peer, &addresses)
            }
            Effect::Send { session, letter, sealed } => self.send(session, letter, sealed),
            Effect::Answer { ticket, answer } => self.answer(ticket, answer),
            Effect::HangUp { session } => self.end_session(session),
            Effect::BeFound { seed } => self.be_found(seed),
            Effect::Expect { seed } => self.expect(seed),
            Effect::ExpectNoMore { seed } => self.expect_no_more(&seed),
            Effect::LookAround { on } => self.look_around(on),
            Effect::Post { record } => self.post(record),
            Effect::Seek { key, not_by } => self.seek(key, not_by),
            Effect::Admit { peer, direct } => {
                self.admit(&peer);
                self.may_relay(peer, direct);
            }
            Effect::OpenMailbox { host, addresses, keep } => self.open_mailbox(host, addresses, keep),
            Effect::CloseMailbox { host, key } => self.close_mailbox(host, key),
            Effect::TakeParcel { host, number } => self.take_parcel(host, number),
            Effect::PutBack { host, number } => self.put_back_parcel(host, number),
            Effect::LeaveParcel { errand, host, addresses, leave } => {
                self.leave_parcel(errand, host, &addresses, leave)
            }
            Effect::Dismiss { peer, successor } => {
                match successor {
                    Some(successor) => self.hold_for_successor(peer, successor),
                    None => self.hold_nothing_for(peer),
                }
                self.dismiss(&peer);
                self.may_not_relay(&peer);
            }
        }
    }

    fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Letter(event)) => self.on_letter_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Hello(event)) => self.on_hello_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Mailbox(event)) => self.on_mailbox_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Relay(event)) => self.on_relaying(event),
            SwarmEvent::Behaviour(BehaviourEvent::Dht(event)) => self.on_dht_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                self.on_identified(peer_id, info);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Probing(event)) => {
                self.on_probed(event.server, event.tested_addr, event.result.is_ok())
            }
            SwarmEvent::Behaviour(BehaviourEvent::Punching(event)) => match event.result {
                Ok(_) => tracing::debug!(peer = %event.remote_peer_id, "a direct connection took the place of a relay"),
                Err(error) => tracing::debug!(%error, "no direct connection"),
            },
            // Whoever has a place at our relay would be told it, and so whom its owner knows.
            SwarmEvent::ExternalAddrConfirmed { address } if addresses::is_relayed(&address) => {
                self.swarm.remove_external_address(&address);
            }
            // TCP alone would notice only after many minutes that the other machine is gone.
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                connection,
                result: Err(ping::Failure::Timeout),
                ..
            })) => self.swarm.behaviour_mut().gate.close_one(connection),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id);
                if endpoint.is_dialer() {
                    self.on_dialled(peer_id, connection_id);
                    self.on_host_dialled(peer_id, connection_id);
                    self.on_tried_for(peer_id, connection_id);
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_dial_failed(connection_id, &error);
                self.on_host_dial_failed(connection_id);
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established, endpoint, .. } => {
                if num_established == 0 {
                    self.on_peer_gone(&peer_id);
                } else {
                    self.on_one_closed(peer_id, endpoint.is_relayed());
                }
                self.ask_again_if_lost();
            }
            SwarmEvent::NewListenAddr { listener_id, .. } if self.relays.own(listener_id) => {
                self.on_reserved(listener_id)
            }
            SwarmEvent::ExpiredListenAddr { listener_id, .. } if self.relays.own(listener_id) => {}
            SwarmEvent::ListenerClosed { listener_id, .. } if self.relays.own(listener_id) => {
                self.on_reservation_closed(listener_id);
            }
            SwarmEvent::NewListenAddr { address, .. } => self.on_listening(|all| all.insert(address)),
            SwarmEvent::ExpiredListenAddr { address, .. } => self.on_listening(|all| all.remove(&address)),
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                tracing::warn!(?addresses, ?reason, "a listener closed");
                self.on_listening(|all| {
                    let before = all.len();
                    all.retain(|address| !addresses.contains(address));
                    all.len() != before
                });
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "a listener has trouble"),
            SwarmEvent::IncomingConnectionError { error, .. } => tracing::trace!(%error, "a handshake failed"),
            _ => {}
        }
    }

    fn on_hello_event(&mut self, event: request_response::Event<Request, Response>) {
        use request_response::Event as Hello;
        match event {
            Hello::Message { peer, connection_id, message: Message::Request { request, channel, .. } } => {
                self.on_hello(peer, connection_id, &request, channel);
            }
            Hello::Message { message: Message::Response { request_id, response }, .. } => {
                self.on_hello_answered(request_id, &response);
            }
            Hello::OutboundFailure { request_id, error, .. } => self.on_hello_unanswered(request_id, &error),
            Hello::InboundFailure { .. } | Hello::ResponseSent { .. } => {}
        }
    }

    fn on_peer_gone(&mut self, peer: &PeerId) {
        for session in self.hellos.forget(peer) {
            self.sessions.expect_no_more(&session);
        }
        self.circuits.forget(peer);
        self.relaying.forget(peer);
        self.mailbox_peer_gone(peer);
        self.owner_gone(peer);
        self.hosts_may_be_dialled();
        for session in self.sessions.of(peer) {
            self.end_session(session);
        }
    }

    fn on_listening(&mut self, change: impl FnOnce(&mut BTreeSet<Multiaddr>) -> bool) {
        if change(&mut self.listening) {
            // It may be another network altogether.
            self.forget_confirmed();
            self.offer_relaying();
            self.announce_addresses();
            self.seek_relays(Instant::now());
            self.hurry_mailboxes();
            self.listening_changed();
            self.mapping.listen(&self.listening);
        }
    }

    /// Tells the driver where this node is reached, by itself and through others.
    pub(super) fn announce_addresses(&mut self) {
        let mut hints = addresses::own_hints(self.listening.iter().chain(self.confirmed.all()));
        self.trials.mark(&mut hints);
        let relayed = self.relays.hints(Instant::now());
        hints.truncate(limits::ADDRESSES - relayed.len());
        hints.extend(relayed);
        let multiaddrs = self.listening.iter().map(ToString::to_string).collect();
        self.outlet.emit(Event::Listening { hints, multiaddrs });
    }

    fn on_connected(&mut self, peer: PeerId) {
        if self.swarm.behaviour().gate.is_relayed(&peer) {
            self.circuits.open(peer, Instant::now());
        } else {
            self.circuits.leave(peer, Instant::now());
        }
        self.tell_path(peer);
        self.on_relay_there(&peer);
    }

    /// One of several connections with a peer is gone.
    fn on_one_closed(&mut self, peer: PeerId, was_relayed: bool) {
        if was_relayed && self.swarm.behaviour().gate.is_relayed(&peer) {
            self.circuits.renew(peer, Instant::now());
        }
        self.on_connected(peer);
    }

    /// The relay through which alone a peer is connected.
    fn via(&self, peer: &PeerId) -> Option<KithPeer> {
        self.swarm.behaviour().gate.via(peer).and_then(|relay| peer::from_libp2p(&relay))
    }

    /// Tells the driver if letters with a peer take another way than before.
    fn tell_path(&mut self, peer: PeerId) {
        let via = self.via(&peer);
        for session in self.sessions.of(&peer) {
            if let Some(open) = self.sessions.get_mut(&session).filter(|open| open.via != via) {
                open.via = via;
                self.outlet.emit(Event::PathChanged { session, via });
            }
        }
    }

    /// Tells the driver of a session.
    pub(super) fn announce_session(&mut self, session: SessionId, peer: PeerId, locator: Locator, initiator: bool) {
        // The gate lets nobody in whose key it does not know.
        let Some(kith) = peer::from_libp2p(&peer) else { return };
        let (remote, via) = (self.swarm.behaviour().gate.remote(&peer), self.via(&peer));
        if let Some(open) = self.sessions.get_mut(&session) {
            open.via = via;
        }
        tracing::debug!(session = %session.short(), peer = %kith.short(), initiator, "a session opened");
        self.outlet.emit(Event::SessionOpened { session, locator, peer: kith, initiator, remote, via });
    }

    /// Ends a session. The other end learns of it when the connection closes, or else when its next letter is
    /// closed without a word.
    pub(super) fn end_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        for letter in self.letters.abandon(&id) {
            self.outlet.emit(Event::LetterAnswered { session: id, letter, outcome: None });
        }
        tracing::debug!(session = %id.short(), "a session closed");
        self.outlet.emit(Event::SessionClosed { session: id });
        self.close_unless_needed(session.peer);
    }

    /// Closes the connections with a peer that has no session, no call and no hello, and through which nothing passes.
    pub(super) fn close_unless_needed(&mut self, peer: PeerId) {
        if !self.needs(&peer) {
            self.swarm.behaviour_mut().gate.close(peer);
        }
    }

    /// Somebody who was called or sought did not come that way. What they made to us meanwhile is theirs, and has its time.
    pub(super) fn close_what_is_left(&mut self, peer: PeerId) {
        if !self.needs(&peer) {
            self.swarm.behaviour_mut().gate.close_but_strangers(peer);
        }
    }

    /// Somebody asked us to look whether they are there. The library leaves such connections open.
    fn on_tried_for(&mut self, peer: PeerId, connection: ConnectionId) {
        if self.swarm.behaviour().probed.made(&connection) && !self.needs(&peer) {
            self.swarm.behaviour_mut().gate.visits(connection);
        }
    }

    fn needs(&self, peer: &PeerId) -> bool {
        let speaks = self.sessions.has(peer) || self.calls.need(peer) || self.hellos.expect(peer);
        let passes_on = self.relays.need(peer) || self.relaying.need(peer);
        let mails = self.errands.need(peer) || self.mailboxes.need(peer) || self.holding.need(peer);
        let carries = self.carrying.need(peer) || self.hosts.seek(peer);
        speaks || passes_on || mails || carries || self.swarm.behaviour().gate.leads_on(peer)
    }

    fn next_deadline(&self) -> Option<Instant> {
        let relays = self.relays.next_deadline(Instant::now());
        let (confirmed, circuits) = (self.confirmed.next_deadline(), self.circuits.next_deadline(Instant::now()));
        let mail = self.hosts.next_deadline().into_iter().chain(self.mailboxes.next_deadline(Instant::now())).min();
        [self.calls.next_deadline(), self.hellos.next_deadline(), relays, confirmed, circuits, mail]
            .into_iter()
            .flatten()
            .min()
    }

    fn on_deadline(&mut self, now: Instant) {
        self.advance_calls(now);
        self.expire_hellos(now);
        self.settle_circuits();
        self.tend_relays(now);
        self.tend_confirmed(now);
        self.advance_searches(now);
        self.tend_mailboxes(now);
    }

    /// Closes listeners and connections, so that peers need not find out by themselves.
    async fn farewell(&mut self) {
        self.mapping.end().await;
        for listener in std::mem::take(&mut self.listeners) {
            self.swarm.remove_listener(listener);
        }
        for peer in self.swarm.behaviour().gate.connected() {
            self.swarm.behaviour_mut().gate.close_for_good(peer);
        }
        let all_closed = async {
            while self.swarm.connected_peers().next().is_some() {
                self.swarm.select_next_some().await;
            }
        };
        if tokio::time::timeout(FAREWELL, all_closed).await.is_err() {
            tracing::debug!("some connections did not close in time");
        }
    }
}

/// Waits until the UDP ports can be bound again. QUIC keeps its socket for a moment to tell late packets that the
/// connection is over (RFC 9000 §10.2), in a task of its own that nobody can wait for: so we try.
async fn freed(ports: &[SocketAddr]) {
    let all_free = async {
        while ports.iter().any(|port| UdpSocket::bind(port).is_err()) {
            tokio::time::sleep(NEXT_TRY).await;
        }
    };
    if tokio::time::timeout(FAREWELL, all_free).await.is_err() {
        tracing::debug!("some ports were not free in time");
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
