//! How others speak with the driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use kith_protocol::address::Hint;
use kith_protocol::engine::{self, Engine, Notice, Step, Turn, Txn};
use kith_protocol::id::PersonId;
use kith_protocol::store::StoreError;
use kith_protocol::time::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::network::{Surroundings, Tried};
use crate::roster::Roster;
use crate::store::{Snapshot, View};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The rules say no.
    #[error(transparent)]
    Rule(#[from] engine::Error),
    /// The rules said yes, but it could not be made durable; nothing was changed.
    #[error("this could not be stored: {0}")]
    NotStored(String),
    /// What is stored could not be read.
    #[error("the storage could not be read: {0}")]
    NotRead(String),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

/// Why a driver does nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Somebody said so.
    #[error("the node was told to stop")]
    Told,
    /// The storage takes nothing more, or cannot be read.
    #[error("the storage of this home has failed: {0}")]
    Storage(String),
    /// The network brings nothing any more.
    #[error("the network of this node has ended")]
    Network,
    /// Something in the program is wrong.
    #[error("this node has broken down by a mistake in the program")]
    Broken,
}

/// Answers who asked, once it is known whether the step became durable.
pub(super) type Reply = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

/// What somebody asked for, on top of the steps before it in the same batch.
pub(super) type Act = Box<dyn FnOnce(&mut Engine, &Txn<'_>, Timestamp, [u8; 32]) -> (Step, Reply) + Send>;

pub(super) enum Input {
    Act(Act),
    /// Somebody wants to read everything as it is now.
    Snapshot(oneshot::Sender<Result<Snapshot, StoreError>>),
    Stop,
}

/// What the running node looks like from outside.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Where it listens, as libp2p writes it.
    pub listening: Vec<String>,
    /// The same, as it stands in codes.
    pub hints: Vec<Hint>,
    /// People with an open session.
    pub connected: Vec<PersonId>,
    /// Of these, with whom only through somebody else's node, and whose it is, if I know them.
    pub relayed: BTreeMap<PersonId, Option<PersonId>>,
    /// Contacts who were heard on a network that the node is on.
    pub nearby: Vec<PersonId>,
    /// Whose nodes pass things on for mine, as far as I know them.
    pub relays: Vec<PersonId>,
    /// Why the driver has ended, once it has and if it could still say so.
    pub(super) ended: Option<Ended>,
}

/// A handle on the driver; clones are handles on the same one.
#[derive(Clone)]
pub struct Handle {
    inputs: mpsc::Sender<Input>,
    view: View,
    roster: Arc<Roster>,
    notices: broadcast::Sender<Notice>,
    status: watch::Receiver<Status>,
    surroundings: Option<Surroundings>,
}

impl Handle {
    pub(super) const fn new(
        inputs: mpsc::Sender<Input>,
        view: View,
        roster: Arc<Roster>,
        notices: broadcast::Sender<Notice>,
        status: watch::Receiver<Status>,
        surroundings: Option<Surroundings>,
    ) -> Self {
        Self { inputs, view, roster, notices, status, surroundings }
    }

    /// Everything stored but secrets, to be read without waiting for anybody.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Everybody I know, for lists.
    pub const fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// What happens from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// What the node looks like now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// What others found who tried where it listens.
    pub fn tried(&self) -> Tried {
        self.surroundings.as_ref().map(|around| around.tried.borrow().clone()).unwrap_or_default()
    }

    /// Why it cannot look for anybody on local networks, if it wants to and cannot.
    pub fn deaf(&self) -> Option<String> {
        self.surroundings.as_ref().and_then(|around| around.deaf.borrow().clone())
    }

    /// Waits until the node looks so.
    ///
    /// # Errors
    /// If the node stops before.
    pub async fn until(&self, is_so: impl FnMut(&Status) -> bool) -> Result<Status, Refused> {
        let mut status = self.status.clone();
        status.wait_for(is_so).await.map(|status| status.clone()).map_err(|_| Refused::Stopping)
    }

    /// Waits until the driver does nothing any more, whatever ended it, and says why.
    pub async fn ended(&self) -> Ended {
        // The thread alone holds the other end, so however it ends this does.
        self.inputs.closed().await;
        self.why()
    }

    /// Says whether the driver goes on.
    ///
    /// # Errors
    /// Why not.
    pub fn goes_on(&self) -> Result<(), Ended> {
        if self.inputs.is_closed() { Err(self.why()) } else { Ok(()) }
    }

    fn why(&self) -> Ended {
        self.status.borrow().ended.clone().unwrap_or(Ended::Broken)
    }

    /// Lets the engine do something, and returns once that is durable.
    ///
    /// # Errors
    /// If the rules refuse, the storage does, or the node is stopping. Then nothing was changed.
    pub async fn act<R: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Turn<'_>) -> engine::Result<R> + Send + 'static,
    ) -> Result<R, Refused> {
        let (answer, answered) = oneshot::channel();
        let act: Act = Box::new(move |engine, under, now, seed| {
            let (done, step) = match engine.turn(under, now, seed, act) {
                Ok((done, step)) => (Ok(done), step),
                Err(refusal) => (Err(Refused::from(refusal)), Step::default()),
            };
            let reply: Reply = Box::new(move |stored| {
                let outcome = match stored {
                    Ok(()) => done,
                    Err(error) => done.and_then(|_| Err(Refused::NotStored(error.to_string()))),
                };
                // Whoever asked may have gone away meanwhile.
                let _ = answer.send(outcome);
            });
            (step, reply)
        });
        self.inputs.send(Input::Act(act)).await.map_err(|_| Refused::Stopping)?;
        answered.await.map_err(|_| Refused::Stopping)?
    }

    /// Everything that is stored now, secrets too, to be read by another thread.
    ///
    /// # Errors
    /// If the storage cannot be read, or the node is stopping.
    pub async fn snapshot(&self) -> Result<Snapshot, Refused> {
        let (answer, answered) = oneshot::channel();
        self.inputs.send(Input::Snapshot(answer)).await.map_err(|_| Refused::Stopping)?;
        let snapshot = answered.await.map_err(|_| Refused::Stopping)?;
        snapshot.map_err(|error| Refused::NotRead(error.to_string()))
    }

    pub(super) async fn stop(&self) {
        // If the thread has ended already, there is nothing left to stop.
        let _ = self.inputs.send(Input::Stop).await;
    }
}
