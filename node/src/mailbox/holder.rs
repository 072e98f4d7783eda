//! The thread that holds mailboxes: it takes what was asked meanwhile, makes it durable at once, and answers.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kith_protocol::id::{MailboxId, PeerId};
use kith_protocol::mailbox::{Close, Collect, MailboxKey, Request, Response, Take};
use kith_protocol::time::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::allowance::{Allowance, Held};
use super::storeroom::Storeroom;
use crate::driver::now;
use crate::store::disk::RealDisk;
use crate::store::{HomeLock, LockError};

/// Requests that wait for the thread: a sync takes some milliseconds, and each is at most 64 KiB.
const QUEUE: usize = 256;
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
/// How often it is tried again to open files that cannot be used, when a node starts and later.
const AGAIN: Duration = Duration::from_secs(60);
/// Nodes that are dismissed or succeeded meanwhile, and dealt with then: contacts, one by one.
const MISSED: usize = 1024;
/// How long the thread of a node that stopped just now may take to let the folder go.
const TURN: Duration = Duration::from_secs(5);

/// Where answers go, each with the number of its request.
pub type Answers = UnboundedSender<(u64, Response)>;

/// A request, and who waits for the answer.
#[derive(Debug)]
pub struct Ask {
    /// The peer that asks.
    pub from: PeerId,
    /// True if it may have a mailbox here.
    pub is_admitted: bool,
    /// What it asks.
    pub request: Request,
    /// Names it in the answer.
    pub number: u64,
    /// Where the answer goes.
    pub answers: Answers,
}

enum Command {
    Ask(Ask),
    Dismiss(PeerId),
    Succeed(PeerId, PeerId),
    Forget(u64),
    Stop,
}

/// Too much waits for the holder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much waits for the holder of mailboxes")]
pub struct Busy;

/// A handle on the thread; clones are handles on the same one. It ends with the last of them.
#[derive(Clone, Debug)]
pub struct Holder {
    commands: Sender<Command>,
    queued: Arc<AtomicUsize>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    held: Arc<Mutex<Held>>,
}

impl Holder {
    /// Begins to hold mailboxes in this folder, which is made when the first of them is. What is asked before its files are read
    /// waits. At most `most` bytes of parcels lie there, [`super::BYTES`] if nobody said anything else.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start(folder: &Path, most: u64) -> io::Result<Self> {
        Self::start_with(folder, most, AGAIN)
    }

    fn start_with(folder: &Path, most: u64, again: Duration) -> io::Result<Self> {
        let (commands, queue) = mpsc::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let (counter, folder) = (Arc::clone(&queued), folder.to_owned());
        let held = Arc::new(Mutex::new(Held { most, ..Held::default() }));
        let told = Arc::clone(&held);
        let thread = std::thread::Builder::new().name("mailboxes".to_owned()).spawn(move || {
            let first = if folder.exists() { None } else { first_owner(&queue, &counter) };
            if first.is_none() && !folder.exists() {
                return;
            }
            let mut closed =
                Closed { folder: &folder, queue: &queue, counter: &counter, told: &told, missed: Vec::new() };
            let Some((_lock, room)) = closed.open(first, again) else { return };
            let missed = closed.missed;
            Keeper::new(room, counter, Allowance::new(&folder, most), told, again).work(missed, &queue);
        })?;
        Ok(Self { commands, queued, thread: Arc::new(Mutex::new(Some(thread))), held })
    }

    /// Asks something; never waits. Every request has one answer.
    ///
    /// # Errors
    /// If too much is asked already, or the thread is gone.
    pub fn ask(&self, ask: Ask) -> Result<(), Busy> {
        if self.queued.fetch_add(1, Ordering::Relaxed) >= QUEUE || self.commands.send(Command::Ask(ask)).is_err() {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        Ok(())
    }

    /// From now on nothing is held for this node.
    pub fn dismiss(&self, peer: PeerId) {
        // Without a thread nothing is held.
        let _ = self.commands.send(Command::Dismiss(peer));
    }

    /// From now on what was held for one node is held for another one of the same person.
    pub fn succeed(&self, peer: PeerId, successor: PeerId) {
        let _ = self.commands.send(Command::Succeed(peer, successor));
    }

    /// What is held now.
    pub fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nobody waits for the answer to this request any more.
    pub fn forget(&self, number: u64) {
        let _ = self.commands.send(Command::Forget(number));
    }

    /// Ends the thread, and waits until it is done with the files.
    pub fn stop(self) {
        let _ = self.commands.send(Command::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the holder of mailboxes failed");
        }
    }
}

fn acquire(folder: &Path) -> io::Result<HomeLock> {
    let begun = Instant::now();
    loop {
        match HomeLock::acquire(folder) {
            Ok(lock) => return Ok(lock),
            Err(LockError::InUse) if begun.elapsed() < TURN => std::thread::sleep(Duration::from_millis(20)),
            Err(LockError::InUse) => return Err(io::ErrorKind::ResourceBusy.into()),
            Err(LockError::Disk(error)) => return Err(error),
        }
    }
}

/// Waits for the first who may have a mailbox here, who still counts as waiting, so that a node that holds none needs no
/// files. Without an end there is nobody any more.
fn first_owner(queue: &Receiver<Command>, counter: &AtomicUsize) -> Option<Ask> {
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
struct Closed<'a> {
    folder: &'a Path,
    queue: &'a Receiver<Command>,
    counter: &'a AtomicUsize,
    told: &'a Mutex<Held>,
    /// What is to be dealt with when they are.
    missed: Vec<Command>,
}

impl Closed<'_> {
    /// Opens the files, tried again and again if they cannot be used: a disk is mounted late, or was full. `None` if the
    /// holder ends before.
    fn open(&mut self, first: Option<Ask>, again: Duration) -> Option<(HomeLock, Storeroom)> {
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
        let lock = acquire(self.folder)?;
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

fn say(answers: &Answers, number: u64, response: Response) {
    // Whoever asked may be gone.
    let _ = answers.send((number, response));
}

/// A Collect for which there is nothing yet.
struct Waiting {
    collect: Collect,
    number: u64,
    answers: Answers,
    until: Instant,
}

/// What happened in a batch that others wait for.
#[derive(Default)]
struct Batch {
    answers: Vec<(Answers, u64, Response)>,
    collects: Vec<(Collect, u64, Answers)>,
    filled: Vec<MailboxId>,
    closed: Vec<MailboxId>,
}

struct Keeper {
    room: Storeroom,
    waiting: HashMap<MailboxId, Waiting>,
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
    fn new(
        room: Storeroom,
        counter: Arc<AtomicUsize>,
        allowance: Allowance,
        held: Arc<Mutex<Held>>,
        again: Duration,
    ) -> Self {
        let (waiting, swept, broken, tidy_from) = (HashMap::new(), None, None, None);
        Self { room, waiting, counter, swept, broken, tidy_from, allowance, held, again }
    }

    fn work(mut self, missed: Vec<Command>, queue: &Receiver<Command>) {
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
            self.end_waits(Instant::now());
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
        let waits = self.waiting.values().map(|one| one.until);
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
                Command::Forget(number) => self.waiting.retain(|_, one| one.number != number),
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
            if let Some(one) = self.waiting.remove(&mailbox) {
                say(&one.answers, one.number, Response::No);
            }
        }
        for mailbox in batch.filled {
            if let Some(one) = self.waiting.remove(&mailbox) {
                self.hand_out(one.collect, one.number, one.answers, Some(one.until));
            }
        }
        for (collect, number, answers) in batch.collects {
            self.hand_out(collect, number, answers, None);
        }
    }

    /// Answers a Collect, or lets it wait.
    fn hand_out(&mut self, collect: Collect, number: u64, answers: Answers, until: Option<Instant>) {
        let Some(parcels) = self.room.collect(&collect) else { return say(&answers, number, Response::No) };
        let now = Instant::now();
        let until = until.unwrap_or_else(|| now + Duration::from_secs(collect.wait.into()));
        if !parcels.is_empty() || until <= now {
            return say(&answers, number, Response::Parcels(parcels));
        }
        let mailbox = collect.key.id();
        let older = self.waiting.insert(mailbox, Waiting { collect, number, answers, until });
        if let Some(older) = older {
            say(&older.answers, older.number, Response::Parcels(Vec::new()));
        }
    }

    fn end_waits(&mut self, now: Instant) {
        for (_, one) in self.waiting.extract_if(|_, one| one.until <= now) {
            say(&one.answers, one.number, Response::Parcels(Vec::new()));
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

#[cfg(test)]
mod tests {
    use kith_protocol::mailbox::Keep;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::super::BYTES;
    use super::*;
    use crate::store::testing::{Fault, ForgetfulDisk};

    const ANA: PeerId = PeerId([1; 32]);
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Ana asks for a mailbox.
    fn keeps(holder: &Holder, answers: &mut (Answers, UnboundedReceiver<(u64, Response)>)) -> Response {
        keeps_with(7, holder, answers)
    }

    /// Ana asks for the mailbox of this key.
    fn keeps_with(key: u8, holder: &Holder, answers: &mut (Answers, UnboundedReceiver<(u64, Response)>)) -> Response {
        let keep = Keep { key: MailboxKey::new([key; 32]), slots: Vec::new(), void: Vec::new() };
        let ask =
            Ask { from: ANA, is_admitted: true, request: Request::Keep(keep), number: 1, answers: answers.0.clone() };
        holder.ask(ask).unwrap();
        answers.1.blocking_recv().unwrap().1
    }

    #[test]
    fn a_holder_whose_files_cannot_be_used_says_so_and_opens_them_when_they_can() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("mailbox");
        std::fs::write(&folder, "a file, not a folder").unwrap();
        let holder = Holder::start_with(&folder, BYTES, Duration::from_millis(20)).unwrap();
        let mut answers = unbounded_channel();
        assert_eq!(keeps(&holder, &mut answers), Response::Full);
        let trouble = holder.held().trouble.unwrap();
        assert!(trouble.contains("mailbox: "), "{trouble}");
        std::fs::remove_file(&folder).unwrap();
        let begun = Instant::now();
        while keeps(&holder, &mut answers) != Response::Done {
            assert!(begun.elapsed() < PATIENCE, "{:?}", holder.held());
        }
        let held = loop {
            // It is counted after the answer.
            assert_eq!(keeps(&holder, &mut answers), Response::Done);
            let held = holder.held();
            if held.mailboxes > 0 {
                break held;
            }
        };
        assert_eq!((held.mailboxes, held.trouble), (1, None));
        holder.stop();
    }

    /// A holder on this disk, who soon looks again at files that broke.
    fn on(disk: &ForgetfulDisk) -> Holder {
        let (commands, queue) = mpsc::channel();
        let (queued, held) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Held>>::default());
        let (counter, told, disk) = (Arc::clone(&queued), Arc::clone(&held), Arc::new(disk.clone()));
        let thread = std::thread::spawn(move || {
            let (room, allowance) = (Storeroom::open(disk, now()).unwrap(), Allowance::new(Path::new("/"), BYTES));
            Keeper::new(room, counter, allowance, told, Duration::from_millis(20)).work(Vec::new(), &queue);
        });
        Holder { commands, queued, thread: Arc::new(Mutex::new(Some(thread))), held }
    }

    #[test]
    fn files_that_broke_are_read_again_though_nobody_asks_for_anything() {
        let (disk, mut answers) = (ForgetfulDisk::new(), unbounded_channel());
        let holder = on(&disk);
        assert_eq!(keeps(&holder, &mut answers), Response::Done);
        // What is half written can neither be finished nor cut off.
        disk.fail_after(0, Fault::Broken);
        assert_eq!(keeps_with(8, &holder, &mut answers), Response::Full);
        until("it says so", || holder.held().trouble.is_some());
        disk.heal();
        until("it is well again", || holder.held().trouble.is_none());
        assert_eq!(holder.held().mailboxes, 1, "what was not written is not there");
        assert_eq!(keeps_with(8, &holder, &mut answers), Response::Done);
        holder.stop();
    }

    fn until(what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
            // Nothing tells of what is held.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
