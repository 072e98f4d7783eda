//! The driver's loop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kith_protocol::address::{Hint, Reach};
use kith_protocol::engine::{self, Engine, Notice};
use kith_protocol::id::PersonId;
use kith_protocol::store::StoreError;
use kith_protocol::time::Timestamp;
use tokio::runtime::Handle as Runtime;
use tokio::sync::{broadcast, mpsc, watch};

use super::batch::{Batch, Outcome};
use super::handle::{Input, Status};
use super::paths::Paths;
use super::{World, now};
use crate::network::Event;
use crate::roster::Roster;
use crate::store::FileStore;

/// The longest sleep, after which the clock is looked at again: a laptop that slept, or a clock that was set,
/// is noticed within a minute.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

pub(super) struct Worker<W> {
    pub engine: Engine,
    pub store: FileStore,
    pub roster: Arc<Roster>,
    pub world: W,
    pub notices: broadcast::Sender<Notice>,
    pub status: watch::Sender<Status>,
    pub paths: Paths,
}

/// Where inputs come from.
struct Sources {
    queue: mpsc::Receiver<Input>,
    events: Option<mpsc::Receiver<Event>>,
}

/// The next thing to deal with.
enum Next {
    Input(Input),
    Event(Event),
    Time,
}

impl Sources {
    async fn next(&mut self, sleep: Duration) -> Next {
        let events = self.events.as_mut();
        let event = async {
            match events {
                Some(events) => events.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            input = self.queue.recv() => Next::Input(input.unwrap_or(Input::Stop)),
            event = event => event.map_or(Next::Input(Input::Stop), Next::Event),
            () = tokio::time::sleep(sleep) => Next::Time,
        }
    }

    /// What is there already, without waiting; letters and people take turns.
    fn try_next(&mut self) -> Option<Next> {
        let event = self.events.as_mut().and_then(|events| events.try_recv().ok()).map(Next::Event);
        event.or_else(|| self.queue.try_recv().ok().map(Next::Input))
    }
}

impl<W: World> Worker<W> {
    pub(super) fn work(
        mut self,
        runtime: &Runtime,
        queue: mpsc::Receiver<Input>,
        events: Option<mpsc::Receiver<Event>>,
    ) -> Result<(), StoreError> {
        let has_network = events.is_some();
        let mut sources = Sources { queue, events };
        if has_network {
            self.start()?;
        }
        loop {
            let sleep = if has_network { self.sleep()? } else { LONGEST_SLEEP };
            let first = runtime.block_on(sources.next(sleep));
            if self.deal_with(first, &mut sources, has_network)? {
                return self.store.close();
            }
        }
    }

    fn start(&mut self) -> Result<(), StoreError> {
        let mut batch = Batch::new(&self.store, now());
        judge(batch.step(&mut self.engine, |turn| turn.network_started()))?;
        let outcome = batch.finish();
        self.complete(outcome)
    }

    fn sleep(&self) -> Result<Duration, StoreError> {
        let wakeup = self.engine.next_wakeup(&self.store).map_err(as_store_error)?;
        let until = |at: Timestamp| Duration::from_secs(at.since(now()));
        Ok(wakeup.map_or(LONGEST_SLEEP, until).min(LONGEST_SLEEP))
    }

    /// Deals with one thing and whatever else is there by now, in one commit. True if it is time to stop.
    fn deal_with(&mut self, first: Next, sources: &mut Sources, has_network: bool) -> Result<bool, StoreError> {
        let mut batch = Batch::new(&self.store, now());
        let mut listening = None;
        let mut snapshots = Vec::new();
        let mut stop = false;
        let mut next = Some(first);
        while let Some(one) = next {
            match one {
                Next::Input(Input::Act(act)) => batch.act(&mut self.engine, act),
                Next::Input(Input::Snapshot(answer)) => snapshots.push(answer),
                Next::Input(Input::Stop) => stop = true,
                Next::Event(event) => {
                    if let Event::Listening { hints, multiaddrs } = &event {
                        listening = Some((hints.clone(), multiaddrs.clone()));
                    }
                    self.paths.note(&event);
                    judge(batch.happened(&mut self.engine, event))?;
                }
                Next::Time if has_network => judge(batch.step(&mut self.engine, |turn| turn.time_passed()))?,
                Next::Time => {}
            }
            next = if stop || batch.is_full() { None } else { sources.try_next() };
        }
        let outcome = batch.finish();
        self.complete(outcome)?;
        self.publish(listening);
        for answer in snapshots {
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(self.store.snapshot());
        }
        Ok(stop)
    }

    /// Makes a batch durable, and then does what follows from it.
    fn complete(&mut self, outcome: Outcome) -> Result<(), StoreError> {
        let Outcome { writes, effects, notices, replies } = outcome;
        // Effects rest on what is durable, so they go out before the index is brought up to date: what comes of
        // them comes back to this thread, which is not there to take it before reads find the whole batch.
        let world = &mut self.world;
        let stored = self.store.commit_then(&writes, || effects.into_iter().for_each(|effect| world.run(effect)));
        if let Err(error) = &stored {
            tracing::error!(%error, "a step could not be stored");
            self.wake_again()?;
        }
        // Who asked is answered last, so that an answer finds everything done that it speaks of.
        if stored.is_ok() {
            self.roster.note(&writes);
            for notice in notices {
                tracing::debug!(?notice, "notice");
                // Nobody may be listening.
                let _ = self.notices.send(notice);
            }
        }
        for reply in replies {
            reply(stored.as_ref().map(|_| ()));
        }
        match stored {
            // The storage itself says when it takes no more.
            Err(StoreError::Failed) => Err(StoreError::Failed),
            _ => Ok(()),
        }
    }

    /// The engine has made steps that were not stored: it forgets them by waking anew, and with them who was on
    /// the line.
    fn wake_again(&mut self) -> Result<(), StoreError> {
        for session in self.engine.sessions() {
            self.world.run(engine::Effect::HangUp { session });
        }
        self.engine = Engine::open(&self.store).map_err(as_store_error)?;
        let mut batch = Batch::new(&self.store, now());
        judge(batch.step(&mut self.engine, |turn| turn.network_started()))?;
        for effect in batch.finish().effects {
            self.world.run(effect);
        }
        Ok(())
    }

    fn publish(&self, listening: Option<(Vec<Hint>, Vec<String>)>) {
        let (connected, relayed) = (self.engine.connected(), self.paths.relayed(&self.engine));
        let nearby = self.engine.nearby();
        self.status.send_if_modified(|status| {
            let lines = status.connected != connected || status.relayed != relayed;
            let changed = listening.is_some() || lines || status.nearby != nearby;
            if let Some((hints, multiaddrs)) = listening {
                status.relays = relays_in(&hints, &self.engine);
                status.hints = hints;
                status.listening = multiaddrs;
            }
            status.connected = connected;
            status.relayed = relayed;
            status.nearby = nearby;
            changed
        });
    }
}

/// Whose nodes my addresses lead through, each once.
fn relays_in(hints: &[Hint], engine: &Engine) -> Vec<PersonId> {
    let relays = hints.iter().filter_map(|hint| match &hint.reach {
        Reach::Relayed(relay) => engine.whose(*relay),
        Reach::Direct | Reach::Lan | Reach::FrontDoor => None,
    });
    relays.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A rule that refuses what happened on the network, a full inbox say, ends in nothing being done; a storage that
/// does not answer ends the driver.
fn judge(step: engine::Result<()>) -> Result<(), StoreError> {
    match step {
        Ok(()) => Ok(()),
        Err(engine::Error::Store(error)) => Err(error),
        Err(refusal) => {
            tracing::warn!(%refusal, "a step was refused");
            Ok(())
        }
    }
}

fn as_store_error(error: engine::Error) -> StoreError {
    match error {
        engine::Error::Store(error) => error,
        other => StoreError::Damaged(other.to_string()),
    }
}
