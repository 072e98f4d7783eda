//! Nodes for the stories, and waiting with an end.

use std::time::Duration;

use kith_protocol::address::{Hint, Transports};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Answer, Effect, Ticket};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{LetterId, PeerId, SessionId};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::mailbox::Holder;
use crate::network::{CallFailure, Config, Event, Limits, Network, start};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Long enough for anything that would come on loopback to have come.
pub const QUIET: Duration = Duration::from_millis(300);

pub const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

pub struct Node {
    pub network: Network,
    pub events: mpsc::Receiver<Event>,
    pub hints: Vec<Hint>,
    pub multiaddrs: Vec<String>,
}

pub fn secret(byte: u8) -> SharedSecret {
    SharedSecret::new([byte; 32])
}

impl Node {
    pub async fn start(seed: u8, listen: &[&str]) -> Self {
        Self::start_with(seed, listen, Limits::default()).await
    }

    pub async fn start_with(seed: u8, listen: &[&str], limits: Limits) -> Self {
        Self::start_holding(seed, listen, limits, None).await
    }

    pub async fn start_holding(seed: u8, listen: &[&str], limits: Limits, holder: Option<Holder>) -> Self {
        let listen_at = listen.iter().map(|address| address.parse().unwrap()).collect();
        let config = Config { keypair_seed: SecretSeed([seed; 32]), listen: listen_at, limits, holder };
        let (network, events) = start(config).unwrap();
        let mut node = Self { network, events, hints: Vec::new(), multiaddrs: Vec::new() };
        while node.multiaddrs.len() < listen.len() {
            match node.next().await {
                Event::Listening { hints, multiaddrs } => (node.hints, node.multiaddrs) = (hints, multiaddrs),
                other => panic!("{other:?} before listening"),
            }
        }
        node
    }

    /// Ana on TCP and QUIC, with a door for `secret(1)`.
    pub async fn ana() -> Self {
        Self::start(1, &[TCP, QUIC]).await.with_door(1).await
    }

    pub async fn bo() -> Self {
        Self::start(2, &[]).await
    }

    pub async fn with_door(self, byte: u8) -> Self {
        self.run(Effect::OpenDoor { locator: secret(byte).locator(), secret: secret(byte) }).await;
        // What the network answers now comes after the door is open; a hello would not wait for it.
        self.network.strangers().await;
        self
    }

    pub fn peer(&self) -> PeerId {
        self.network.peer_id()
    }

    pub fn on(&self, transports: Transports) -> Vec<Hint> {
        self.hints.iter().filter(|hint| hint.transports == transports).cloned().collect()
    }

    pub async fn run(&self, effect: Effect) {
        timeout(PATIENCE, self.network.run(effect)).await.expect("room for an effect").expect("a running network");
    }

    pub async fn next(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("an event").expect("a running network")
    }

    pub async fn stays_quiet(&mut self) {
        if let Ok(event) = timeout(QUIET, self.events.recv()).await {
            panic!("expected nothing, got {event:?}");
        }
    }

    pub async fn call(&self, byte: u8, peer: Option<PeerId>, addresses: &[Hint]) {
        let secret = secret(byte);
        self.run(Effect::Call { locator: secret.locator(), secret, peer, addresses: addresses.to_vec() }).await;
    }

    pub async fn opened(&mut self) -> SessionId {
        match self.next().await {
            Event::SessionOpened { session, .. } => session,
            other => panic!("expected a session, got {other:?}"),
        }
    }

    pub async fn call_failed(&mut self) -> CallFailure {
        match self.next().await {
            Event::CallFailed { reason, .. } => reason,
            other => panic!("expected a failed call, got {other:?}"),
        }
    }

    pub async fn send(&self, session: SessionId, letter: u8) {
        self.send_sized(session, letter, 512).await;
    }

    pub async fn send_sized(&self, session: SessionId, letter: u8, size: usize) {
        self.run(Effect::Send { session, letter: LetterId([letter; 16]), sealed: vec![letter; size] }).await;
    }

    pub async fn arrived(&mut self) -> (SessionId, Ticket, Vec<u8>) {
        match self.next().await {
            Event::LetterArrived { session, ticket, sealed } => (session, ticket, sealed),
            other => panic!("expected a letter, got {other:?}"),
        }
    }

    pub async fn answered(&mut self) -> (LetterId, Option<Answer>) {
        match self.next().await {
            Event::LetterAnswered { letter, outcome, .. } => (letter, outcome),
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// Waits for a letter and says that it was handled.
    pub async fn handle(&mut self) -> Vec<u8> {
        let (_, ticket, sealed) = self.arrived().await;
        self.run(Effect::Answer { ticket, answer: Answer::Handled([5; 32]) }).await;
        sealed
    }
}

/// A session under `secret(1)` that `caller` opens with `host`.
pub async fn meet(host: &mut Node, caller: &mut Node) -> SessionId {
    caller.call(1, None, &host.hints.clone()).await;
    let session = caller.opened().await;
    assert_eq!(host.opened().await, session, "both ends name the session alike");
    session
}
