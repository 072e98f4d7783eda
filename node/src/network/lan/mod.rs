//! Finding contacts on the local networks that this node is on, when its person asks for it: event mode.
//!
//! ```text
//! lookout     the task: asks, answers, listens      names      whose names are listened for
//! packet      what is said, in bytes                sightings  who was heard where, told at a pace
//! socket      the networks of this machine
//! ```
//!
//! The mDNS of libp2p remembers every name that anybody says, for as long as they say, and answers each question; on a
//! network with somebody who shouts that is memory and time without bound. So only its form is used here.

mod lookout;
mod names;
mod packet;
mod sightings;
mod socket;

use std::collections::BTreeSet;

use kith_protocol::nearby::PresenceSeed;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::event::Event;
use super::task::Task;
use lookout::{Aims, Lookout, Sighting};

/// Sightings on their way to the network's task.
const CHANNEL: usize = 64;

/// What the network's task holds of it.
pub(super) struct Lan {
    aims: watch::Sender<Aims>,
    running: Option<Running>,
    /// Who was told to be near.
    near: BTreeSet<PresenceSeed>,
    /// Why nobody can be looked for, though that is wanted.
    trouble: watch::Sender<Option<String>>,
}

struct Running {
    lookout: JoinHandle<()>,
    found: mpsc::Receiver<Sighting>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.lookout.abort();
    }
}

impl Lan {
    pub(super) fn new() -> Self {
        Self { aims: watch::Sender::default(), running: None, near: BTreeSet::new(), trouble: watch::Sender::default() }
    }

    /// Why nobody can be looked for, at any time.
    pub(super) fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    fn begin(&mut self) {
        let (sightings, found) = mpsc::channel(CHANNEL);
        let opened = Lookout::new(self.aims.subscribe(), sightings);
        self.trouble.send_replace(opened.as_ref().err().map(ToString::to_string));
        match opened {
            Ok(lookout) => self.running = Some(Running { lookout: tokio::spawn(lookout.run()), found }),
            Err(error) => tracing::error!(%error, "nobody can be looked for on local networks"),
        }
    }

    /// Waits for the next sighting.
    pub(super) async fn next(&mut self) -> Sighting {
        if let Some(running) = &mut self.running
            && let Some(sighting) = running.found.recv().await
        {
            return sighting;
        }
        std::future::pending().await
    }
}

impl Task {
    pub(super) fn look_around(&mut self, on: bool) {
        if !on {
            self.lan.running = None;
            self.lan.trouble.send_replace(None);
            for seed in std::mem::take(&mut self.lan.near) {
                self.outlet.emit(Event::Nearby { seed, at: Vec::new() });
            }
        } else if self.lan.running.is_none() {
            self.lan.begin();
        }
    }

    pub(super) fn be_found(&mut self, seed: PresenceSeed) {
        self.lan.aims.send_modify(|aims| aims.own = Some(seed));
    }

    pub(super) fn expect(&mut self, seed: PresenceSeed) {
        self.lan.aims.send_if_modified(|aims| aims.expected.insert(seed));
    }

    pub(super) fn expect_no_more(&mut self, seed: &PresenceSeed) {
        self.lan.near.remove(seed);
        self.lan.aims.send_if_modified(|aims| aims.expected.remove(seed));
    }

    /// Local networks are spoken to where this node listens.
    pub(super) fn listening_changed(&mut self) {
        self.lan.aims.send_modify(|aims| aims.listening.clone_from(&self.listening));
    }

    pub(super) fn on_sighting(&mut self, (seed, at): Sighting) {
        if at.is_empty() {
            self.lan.near.remove(&seed);
        } else {
            self.lan.near.insert(seed.clone());
        }
        self.outlet.emit(Event::Nearby { seed, at });
    }
}
