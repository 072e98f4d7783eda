//! One thread that owns the engine and the storage.
//!
//! Inputs come from people (through the API) and from the network. The driver takes as many as are waiting, lets
//! the engine make a step of each, commits all these steps in one piece, and only then runs their effects and
//! answers who asked. So no receipt, no answer and no letter leaves before what it rests on is durable.

mod batch;
mod handle;
mod paths;
mod streak;
mod worker;

use std::sync::Arc;

use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::engine::{self, Effect, Engine, Notice};
use kith_protocol::store::StoreError;
use tokio::sync::{broadcast, mpsc, watch};

pub use handle::{Ended, Handle, Refused, Status};

use crate::network::{Event, Surroundings};
use crate::roster::Roster;
use crate::store::FileStore;

/// Inputs that may wait; whoever brings one more waits.
const INPUTS: usize = 256;
/// Notices that a slow listener may lag behind before it misses some.
const NOTICES: usize = 256;

/// Where effects go.
pub trait World: Send + 'static {
    /// Runs one effect, after the step that it belongs to is durable.
    fn run(&mut self, effect: Effect);

    /// What it learns of where it is, if it is a network.
    fn surroundings(&self) -> Option<Surroundings> {
        None
    }
}

/// A world without a network: letters wait in the outbox.
pub struct Offline;

impl World for Offline {
    fn run(&mut self, _: Effect) {}
}

impl World for crate::network::Network {
    fn run(&mut self, effect: Effect) {
        // A network that was shut down takes no effects; the outbox keeps what matters.
        let _ = self.run_blocking(effect);
    }

    fn surroundings(&self) -> Option<Surroundings> {
        Some(Self::surroundings(self).clone())
    }
}

/// What a driver needs of a network that runs.
pub struct Line {
    /// What happens there.
    pub events: mpsc::Receiver<Event>,
    /// The key that the node has there.
    pub node_key: SigningKey,
}

/// A running driver.
pub struct Driver {
    handle: Handle,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Driver {
    /// Starts the thread; without a line nobody is called. Must be called within a tokio runtime, whose clock wakes it.
    ///
    /// # Errors
    /// If the storage does not hold an identity, or no thread can be started.
    pub fn start(store: FileStore, world: impl World, line: Option<Line>) -> Result<Self, engine::Error> {
        let engine = Engine::open(&store)?;
        let roster = Arc::new(Roster::new(store.view()));
        let (inputs, queue) = mpsc::channel(INPUTS);
        let (notices, _) = broadcast::channel::<Notice>(NOTICES);
        let (status, published) = watch::channel(Status::default());
        let handle =
            Handle::new(inputs, store.view(), Arc::clone(&roster), notices.clone(), published, world.surroundings());
        let (paths, streak) = (paths::Paths::default(), streak::Streak::default());
        let (events, node_key) = line.map(|line| (line.events, line.node_key)).unzip();
        let worker =
            worker::Worker { engine, store, roster, world, node_key, notices, status, paths, streak, rests: false };
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::Builder::new()
            .name("kith-driver".into())
            .spawn(move || worker.work(&runtime, queue, events))
            .map_err(StoreError::Disk)?;
        Ok(Self { handle, thread })
    }

    /// A handle for those who ask and read.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Lets the driver finish what it has begun, closes the storage and ends the thread.
    ///
    /// # Errors
    /// What the storage said at the end. Nothing acknowledged is lost by it.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.handle.stop().await;
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        match joined {
            Ok(Ok(ended)) => ended,
            _ => Err(StoreError::Failed),
        }
    }
}

#[cfg(test)]
mod tests;
