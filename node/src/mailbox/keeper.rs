//! The keeper of mailboxes: what was asked meanwhile is done together, made durable at once, and answered then.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kith_protocol::id::MailboxId;
use kith_protocol::mailbox::{Close, Collect, MailboxKey, Request, Response, Take};
use kith_protocol::time::Timestamp;

use super::allowance::{Allowance, Held};
use super::asked::{Answers, Ask, Command, say};
use super::storeroom::Storeroom;
use super::waits::Waits;
use crate::machine::now;

/// Requests of which one sync makes all durable.
const BATCH: usize = 128;
/// Bytes of parcels and keeps in one batch, from which on nothing is added.
const BATCH_BYTES: usize = 1024 * 1024;
/// Bytes that a request other than a parcel may take.
const OTHER: usize = 64 * 1024;
/// How often it is looked for what is too old.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// After a failure room is won back this much later.
const TIDY_AGAIN: Duration = Duration::from_secs(10);

/// What happened in a batch that others wait for.
#[derive(Default)]
struct Batch {
    answers: Vec<(Answers, u64, Response)>,
    collects: Vec<(Collect, u64, Answers)>,
    filled: Vec<MailboxId>,
    closed: Vec<MailboxId>,
}

/// Who does what the thread is told, on files that are open.
pub(super) struct Keeper {
    room: Storeroom,
    waits: Waits,
    counter: Arc<AtomicUsize>,
    swept: Option<Instant>,
    broken: Option<Broken>,
    /// Room is not won back before.
    tidy_from: Option<Instant>,
    allowance: Allowance,
    held: Arc<Mutex<Held>>,
    /// How long after files that broke were read in vain they are read again.
    again: Duration,
}

/// The files could not be read after they could not be written, so what the book says may not be there.
struct Broken {
    why: String,
    /// When they are read again, if nobody asks for anything before.
    until: Instant,
}

impl Keeper {
    pub fn new(
        room: Storeroom,
        counter: Arc<AtomicUsize>,
        allowance: Allowance,
        held: Arc<Mutex<Held>>,
        again: Duration,
    ) -> Self {
        let (waits, swept, broken, tidy_from) = (Waits::default(), None, None, None);
        Self { room, waits, counter, swept, broken, tidy_from, allowance, held, again }
    }

    /// Deals with what was missed, then with what comes, until it is told to stop or nobody can ask any more.
    pub fn work(mut self, missed: Vec<Command>, queue: &Receiver<Command>) {
        for command in missed {
            if self.deal_with(command, queue) {
                return;
            }
        }
        loop {
            let first = match queue.recv_timeout(self.patience()) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if let Some(first) = first
                && self.deal_with(first, queue)
            {
                return;
            }
            self.waits.end(Instant::now());
            self.mend();
            self.tidy();
            self.count();
        }
    }

    fn count(&self) {
        let Allowance { most, is_short, .. } = self.allowance;
        let held = Held {
            mailboxes: self.room.book.len(),
            bytes: self.room.book.bytes(),
            most,
            is_short,
            trouble: self.broken.as_ref().map(|broken| broken.why.clone()),
        };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    fn patience(&self) -> Duration {
        let now = Instant::now();
        let waits = self.waits.ends();
        let next = match &self.broken {
            Some(broken) => waits.fold(broken.until, Instant::min),
            None => {
                let sweep = self.swept.map_or(now, |at| at + SWEEP);
                let tidy = self.room.is_wasteful().then(|| self.tidy_from.unwrap_or(now));
                waits.chain(tidy).fold(sweep, Instant::min)
            }
        };
        next.saturating_duration_since(now)
    }

    /// Deals with one command and what else is there by now. True if it is time to stop.
    fn deal_with(&mut self, first: Command, queue: &Receiver<Command>) -> bool {
        let (mut batch, mut next, mut is_over) = (Batch::default(), Some(first), false);
        let (mut count, mut bytes, mut failed, at) = (0, 0, Ok(()), now());
        self.room.allow(self.allowance.now());
        while let Some(command) = next {
            match command {
                Command::Ask(ask) => {
                    self.counter.fetch_sub(1, Ordering::Relaxed);
                    bytes += size_of(&ask.request);
                    failed = failed.and(self.handle(ask, &mut batch, at));
                }
                Command::Dismiss(peer) => {
                    failed = failed.and(self.room.dismiss(&peer).map(|gone| batch.closed.extend(gone)));
                }
                Command::Succeed(peer, successor) => {
                    let moved = self.room.succeed(&peer, successor);
                    failed = failed.and(moved.map(|moved| batch.closed.extend(moved)));
                }
                Command::Forget(number) => self.waits.forget(number),
                Command::Stop => is_over = true,
            }
            count += 1;
            let is_full = is_over || count >= BATCH || bytes >= BATCH_BYTES;
            next = if is_full { None } else { queue.try_recv().ok() };
        }
        if let Err(error) = failed.and_then(|()| self.room.commit()) {
            self.undo(&mut batch, &error);
        }
        self.tell(batch);
        is_over
    }

    /// What a request changes is not told before it is durable; what it asks for is looked up after that.
    fn handle(&mut self, ask: Ask, batch: &mut Batch, now: Timestamp) -> io::Result<()> {
        let Ask { from, is_admitted, request, number, answers } = ask;
        if self.broken.is_some() && self.room.reopen(now).is_err() {
            // What the book says was never written.
            batch.answers.push((answers, number, Response::Full));
            return Ok(());
        }
        self.broken = None;
        let handled = match request {
            Request::Leave(leave) => self.room.leave(leave, now).map(|(response, filled)| {
                batch.filled.extend(filled);
                response
            }),
            Request::Keep(_) if !is_admitted => Ok(Response::No),
            // These are not for who holds mailboxes.
            Request::Post(_) | Request::Seek(_) => Ok(Response::No),
            Request::Keep(keep) => self.room.keep(from, keep, now),
            // The key alone is not enough: a machine that was replaced has it, too.
            Request::Take(Take { key, .. }) | Request::Collect(Collect { key, .. }) | Request::Close(Close { key })
                if !self.room.is_owner(&from, &key) =>
            {
                Ok(Response::No)
            }
            Request::Take(take) => self.hear(is_admitted, &take.key, now).and_then(|()| self.room.take(take)),
            Request::Close(close) => self.room.close(&close).map(|(response, closed)| {
                batch.closed.extend(closed);
                response
            }),
            Request::Collect(collect) => {
                let heard = self.hear(is_admitted, &collect.key, now);
                batch.collects.push((collect, number, answers));
                return heard;
            }
        };
        let (response, failed) = match handled {
            Ok(response) => (response, Ok(())),
            Err(error) => (Response::Full, Err(error)),
        };
        batch.answers.push((answers, number, response));
        failed
    }

    /// Its owner is there. Of somebody who was dismissed, and collects with the key what is left, nothing is heard.
    fn hear(&mut self, is_admitted: bool, key: &MailboxKey, now: Timestamp) -> io::Result<()> {
        if is_admitted { self.room.hear(key, now) } else { Ok(()) }
    }

    /// Nothing of the batch is known to be durable, so nothing of it is said to be.
    fn undo(&mut self, batch: &mut Batch, error: &io::Error) {
        tracing::error!(%error, "mailboxes cannot be written");
        for (_, _, response) in &mut batch.answers {
            *response = Response::Full;
        }
        self.reopen();
    }

    /// What is told of files that broke ends when the disk is well, though nobody asks for anything.
    fn mend(&mut self) {
        if self.broken.as_ref().is_some_and(|broken| broken.until <= Instant::now()) {
            self.reopen();
        }
    }

    fn reopen(&mut self) {
        let reopened = self.room.reopen(now()).inspect_err(|error| tracing::error!(%error, "mailboxes cannot be read"));
        let until = Instant::now() + self.again;
        self.broken = reopened.err().map(|error| Broken { why: error.to_string(), until });
    }

    fn tell(&mut self, batch: Batch) {
        for (answers, number, response) in batch.answers {
            say(&answers, number, response);
        }
        for mailbox in batch.closed {
            self.waits.refuse(&mailbox);
        }
        for mailbox in batch.filled {
            self.waits.serve(&mailbox, &self.room);
        }
        for (collect, number, answers) in batch.collects {
            self.waits.begin(collect, number, answers, &self.room);
        }
    }

    /// Forgets what is too old, and wins room back, a file at a time.
    fn tidy(&mut self) {
        // What the book says may not be there.
        if self.broken.is_some() {
            return;
        }
        let is_due = self.swept.is_none_or(|at| at.elapsed() >= SWEEP);
        let swept = if is_due { self.room.sweep(now()).and_then(|()| self.room.commit()) } else { Ok(()) };
        if is_due {
            self.swept = Some(Instant::now());
            let (mailboxes, bytes) = self.room.size();
            tracing::debug!(mailboxes, bytes, "mailboxes were looked through");
        }
        let may_tidy = self.tidy_from.is_none_or(|at| at <= Instant::now()) && self.room.is_wasteful();
        let cleaned = swept.and_then(|()| if may_tidy { self.room.clean() } else { Ok(()) });
        if let Err(error) = cleaned {
            self.undo(&mut Batch::default(), &error);
            // The disk may be full: it is not tried in a circle.
            self.tidy_from = Some(Instant::now() + TIDY_AGAIN);
        }
    }
}

fn size_of(request: &Request) -> usize {
    match request {
        Request::Leave(leave) => leave.parcel.as_slice().len(),
        Request::Keep(_) => OTHER,
        Request::Collect(_) | Request::Take(_) | Request::Close(_) | Request::Post(_) | Request::Seek(_) => 0,
    }
}
