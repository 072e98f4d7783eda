//! A node put together from its parts, so that what the network tells its driver passes a tap.

use std::path::Path;
use std::time::Instant;

use kith_node::driver::{Driver, Handle, Line};
use kith_node::home::Home;
use kith_node::network::{self, Config, Event, Limits, Network};
use kith_node::store::HomeLock;
use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::engine::Answer;
use kith_protocol::text::Name;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::pair;

/// Receipts that may wait until somebody looks at them.
const RECEIPTS: usize = 16;

/// A node without an API, and the moments at which it got receipts.
pub struct Tapped {
    driver: Driver,
    network: Network,
    /// When the driver was handed an answer that says that a letter was handled.
    pub receipts: Receiver<Instant>,
    // Fields are dropped in their order: the home is let go of last.
    _lock: HomeLock,
}

impl Tapped {
    /// Makes a home and starts its node.
    pub async fn start(home: &Path, name: &str) -> Self {
        let (open, _) = Home::at(home).create(Name::new(name).unwrap()).unwrap();
        let (_, store, keypair_seed, lock) = open.into_parts();
        let node_key = SigningKey::from_seed(&keypair_seed);
        let listen = pair::listen();
        let (network, events) =
            network::start(Config { keypair_seed, listen, limits: Limits::default(), holder: None }).unwrap();
        let (passed_on, driver_events) = mpsc::channel(Limits::default().channel);
        let (seen, receipts) = mpsc::channel(RECEIPTS);
        tokio::spawn(tap(events, passed_on, seen));
        let line = Line { events: driver_events, node_key };
        let driver = Driver::start(store, network.clone(), Some(line)).unwrap();
        driver.handle().until(|status| !status.listening.is_empty()).await.unwrap();
        Self { driver, network, receipts, _lock: lock }
    }

    /// A handle on the driver.
    pub fn handle(&self) -> Handle {
        self.driver.handle()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.driver.stop().await.unwrap();
        self.network.shutdown().await;
    }
}

/// Passes events on as they come, one hop later than in a node; the moment is taken before that hop.
async fn tap(mut events: Receiver<Event>, passed_on: Sender<Event>, seen: Sender<Instant>) {
    while let Some(event) = events.recv().await {
        if let Event::LetterAnswered { outcome: Some(Answer::Handled(_)), .. } = event {
            // Nobody may be measuring, or any more.
            let _ = seen.try_send(Instant::now());
        }
        if passed_on.send(event).await.is_err() {
            return;
        }
    }
}
