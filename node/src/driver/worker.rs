//! The driver's loop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kith_protocol::address::{Hint, Reach};
use kith_protocol::crypto::sign::SigningKey;
use kith_protocol::engine::{self, Engine, Notice};
use kith_protocol::id::PersonId;
use kith_protocol::store::{StoreError, Write};
use kith_protocol::time::Timestamp;
use tokio::runtime::Handle as Runtime;
use tokio::sync::{broadcast, mpsc, watch};

use super::World;
use super::batch::{Batch, Outcome};
use super::handle::{Ended, Input, Status};
use super::paths::Paths;
use super::streak::Streak;
use crate::machine::now;
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
    /// None without a network.
    pub node_key: Option<SigningKey>,
    pub notices: broadcast::Sender<Notice>,
    pub status: watch::Sender<Status>,
    pub paths: Paths,
    pub streak: Streak,
    /// The engine has forgotten what could not be stored, and begins nothing until the pause is over.
    pub rests: bool,
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
    /// The network's task has ended: it brings nothing any more.
    NetworkEnded,
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
            event = event => event.map_or(Next::NetworkEnded, Next::Event),
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
    /// Works until it is told to stop, or cannot go on; then says why, so that nobody takes the node for a running one.
    pub(super) fn work(
        mut self,
        runtime: &Runtime,
        queue: mpsc::Receiver<Input>,
        events: Option<mpsc::Receiver<Event>>,
    ) -> Result<(), StoreError> {
        let mut sources = Sources { queue, events };
        let ended = self.go_on(runtime, &mut sources);
        let why = ended.as_ref().map_or_else(|error| Ended::Storage(error.to_string()), Clone::clone);
        if why != Ended::Told {
            tracing::error!(%why, "the driver has ended");
        }
        self.status.send_modify(|status| status.ended = Some(why));
        ended?;
        self.store.close()
    }

    fn go_on(&mut self, runtime: &Runtime, sources: &mut Sources) -> Result<Ended, StoreError> {
        let has_network = sources.events.is_some();
        if has_network {
            self.begin(None)?;
        }
        loop {
            let sleep = if has_network { self.sleep()? } else { LONGEST_SLEEP };
            let first = runtime.block_on(sources.next(sleep));
            match first {
                Next::Time if has_network && self.rests => self.wake()?,
                first => {
                    if let Some(ended) = self.deal_with(first, sources, has_network)? {
                        return Ok(ended);
                    }
                }
            }
        }
    }

    /// The engine begins, at these addresses if they are known.
    fn begin(&mut self, hints: Option<Vec<Hint>>) -> Result<(), StoreError> {
        let Some(node_key) = &self.node_key else { return Ok(()) };
        let mut batch = Batch::new(&self.store, now());
        judge(batch.step(&mut self.engine, |turn| turn.network_started(node_key)))?;
        if let Some(hints) = hints {
            judge(batch.step(&mut self.engine, |turn| turn.addresses_changed(hints)))?;
        }
        let outcome = batch.finish();
        self.complete(outcome)
    }

    fn sleep(&self) -> Result<Duration, StoreError> {
        if self.rests {
            return Ok(self.streak.left(Instant::now()));
        }
        let wakeup = self.engine.next_wakeup(&self.store).map_err(engine::Error::in_storage)?;
        let until = |at: Timestamp| Duration::from_secs(at.since(now()));
        Ok(wakeup.map_or(LONGEST_SLEEP, until).min(LONGEST_SLEEP))
    }

    /// Deals with one thing and whatever else is there by now, in one commit. Why to end, if it is time to.
    fn deal_with(
        &mut self,
        first: Next,
        sources: &mut Sources,
        has_network: bool,
    ) -> Result<Option<Ended>, StoreError> {
        let mut batch = Batch::new(&self.store, now());
        let mut listening = None;
        let mut snapshots = Vec::new();
        let mut ended = None;
        let mut next = Some(first);
        while let Some(one) = next {
            match one {
                Next::Input(Input::Act(act)) => batch.act(&mut self.engine, act),
                Next::Input(Input::Snapshot(answer)) => snapshots.push(answer),
                Next::Input(Input::Stop) => ended = Some(Ended::Told),
                Next::NetworkEnded => ended = Some(Ended::Network),
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
            next = if ended.is_some() || batch.is_full() { None } else { sources.try_next() };
        }
        let outcome = batch.finish();
        self.complete(outcome)?;
        self.publish(listening);
        for answer in snapshots {
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(self.store.snapshot());
        }
        Ok(ended)
    }

    /// Makes a batch durable, and then does what follows from it.
    fn complete(&mut self, outcome: Outcome) -> Result<(), StoreError> {
        let Outcome { writes, effects, notices, replies } = outcome;
        // Effects rest on what is durable, so they go out before the index is brought up to date: what comes of
        // them comes back to this thread, which is not there to take it before reads find the whole batch.
        let world = &mut self.world;
        let stored = self.store.commit_then(&writes, || effects.into_iter().for_each(|effect| world.run(effect)));
        match &stored {
            Ok(()) => self.after(&writes, notices),
            Err(error) => self.not_stored(error)?,
        }
        // Who asked is answered last, so that an answer finds everything done that it speaks of.
        for reply in replies {
            reply(stored.as_ref().map(|_| ()));
        }
        match stored {
            // The storage itself says when it takes no more.
            Err(StoreError::Failed) => Err(StoreError::Failed),
            _ => Ok(()),
        }
    }

    /// What follows from steps once reads find them.
    fn after(&mut self, writes: &[Write], notices: Vec<Notice>) {
        if !writes.is_empty() {
            self.streak.ended();
        }
        self.roster.note(writes);
        for notice in notices {
            tracing::debug!(?notice, "notice");
            // Nobody may be listening.
            let _ = self.notices.send(notice);
        }
    }

    fn not_stored(&mut self, error: &StoreError) -> Result<(), StoreError> {
        if self.streak.failed(Instant::now()) {
            tracing::error!(%error, "a step could not be stored; while it is so, this is said once a minute");
        }
        self.forget()
    }

    /// The engine has made steps that were not stored: it forgets them, and with them who was on the line. It calls
    /// nobody until the pause is over: answers to letters could not be stored either, so they would be sent again and
    /// again. Whoever calls meanwhile is heard.
    fn forget(&mut self) -> Result<(), StoreError> {
        self.hang_up();
        self.engine = Engine::open(&self.store).map_err(engine::Error::in_storage)?;
        self.rests = true;
        Ok(())
    }

    /// The pause is over: the engine begins as at the start of the node, and finds out whether steps can be stored.
    fn wake(&mut self) -> Result<(), StoreError> {
        // It knows of no session afterwards.
        self.hang_up();
        self.rests = false;
        // Addresses that came meanwhile could not be stored, and the network says each change once.
        let status = self.status.borrow().clone();
        let hints = (!status.listening.is_empty()).then_some(status.hints);
        self.begin(hints)?;
        self.publish(None);
        Ok(())
    }

    fn hang_up(&mut self) {
        for session in self.engine.sessions() {
            self.world.run(engine::Effect::HangUp { session });
        }
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
