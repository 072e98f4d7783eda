//! Opening the files of a holder, when somebody needs them and as soon as they can be used, and refusing until then.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kith_protocol::mailbox::{Request, Response};

use super::allowance::Held;
use super::asked::{Ask, Command, say};
use super::storeroom::Storeroom;
use crate::machine::now;
use crate::store::disk::RealDisk;
use crate::store::{HomeLock, LockError};

/// Nodes that are dismissed or succeeded meanwhile, and dealt with then: contacts, one by one.
const MISSED: usize = 1024;

/// Waits for the first who may have a mailbox here, who still counts as waiting, so that a node that holds none needs no
/// files. Without an end there is nobody any more.
pub(super) fn first_owner(queue: &Receiver<Command>, counter: &AtomicUsize) -> Option<Ask> {
    loop {
        match queue.recv().ok()? {
            Command::Ask(ask) if ask.is_admitted && matches!(ask.request, Request::Keep(_)) => return Some(ask),
            Command::Ask(ask) => {
                counter.fetch_sub(1, Ordering::Relaxed);
                say(&ask.answers, ask.number, Response::No);
            }
            Command::Stop => return None,
            Command::Dismiss(_) | Command::Succeed(..) | Command::Forget(_) => {}
        }
    }
}

/// A holder whose files are not open.
pub(super) struct Closed<'a> {
    pub folder: &'a Path,
    pub queue: &'a Receiver<Command>,
    pub counter: &'a AtomicUsize,
    pub told: &'a Mutex<Held>,
    /// What is to be dealt with when they are.
    pub missed: Vec<Command>,
}

impl Closed<'_> {
    /// Opens the files, tried again and again if they cannot be used: a disk is mounted late, or was full. `None` if the
    /// holder ends before.
    pub fn open(&mut self, first: Option<Ask>, again: Duration) -> Option<(HomeLock, Storeroom)> {
        let mut first = first;
        loop {
            let opened = self.try_open();
            let trouble = opened.as_ref().err().map(|error| format!("{}: {error}", self.folder.display()));
            self.told.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone_from(&trouble);
            match opened {
                Ok(opened) => {
                    self.missed.extend(first.map(Command::Ask));
                    return Some(opened);
                }
                Err(error) => {
                    tracing::error!(%error, "no mailboxes are held: {} cannot be used", self.folder.display())
                }
            }
            first.take().into_iter().for_each(|ask| refuse(ask, self.counter));
            if !self.refuse_until(Instant::now() + again) {
                return None;
            }
        }
    }

    fn try_open(&self) -> io::Result<(HomeLock, Storeroom)> {
        // The thread of a node that stopped just now may take a moment to let the folder go.
        let lock = HomeLock::acquire_in_turn(self.folder, || true).map_err(|error| match error {
            LockError::InUse => io::Error::from(io::ErrorKind::ResourceBusy),
            LockError::Disk(error) => error,
        })?;
        Ok((lock, Storeroom::open(Arc::new(RealDisk::new(self.folder)?), now())?))
    }

    /// Refuses what is asked meanwhile; false if it is time to stop.
    fn refuse_until(&mut self, until: Instant) -> bool {
        loop {
            match self.queue.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Command::Ask(ask)) => refuse(ask, self.counter),
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Ok(command @ (Command::Dismiss(_) | Command::Succeed(..))) if self.missed.len() < MISSED => {
                    self.missed.push(command);
                }
                Ok(Command::Dismiss(_) | Command::Succeed(..) | Command::Forget(_)) => {}
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }
}

fn refuse(ask: Ask, counter: &AtomicUsize) {
    counter.fetch_sub(1, Ordering::Relaxed);
    say(&ask.answers, ask.number, Response::Full);
}
