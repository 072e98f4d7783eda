//! The handle on the thread that holds mailboxes: starting it, asking it, ending it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use kith_protocol::id::PeerId;

use super::allowance::{Allowance, Held};
use super::asked::{Ask, Command};
use super::keeper::Keeper;
use super::opening::{Closed, first_owner};

/// Requests that wait for the thread: a sync takes some milliseconds, and each is at most 64 KiB.
const QUEUE: usize = 256;
/// How often it is tried again to open files that cannot be used, when a node starts and later.
const AGAIN: Duration = Duration::from_secs(60);

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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use kith_protocol::mailbox::{Keep, MailboxKey, Request, Response};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::super::BYTES;
    use super::super::asked::Answers;
    use super::super::storeroom::Storeroom;
    use super::*;
    use crate::machine::now;
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
