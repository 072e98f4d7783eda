//! The durable storage of a home.
//!
//! The truth is a checkpoint and the journal since; large values lie in
//! segments. A commit is one frame of the journal, synced once before [`FileStore::commit`] returns.
//! The index answers questions and can be thrown away at any time. On the disk it is brought up to date for many
//! commits at a time; those between lie in memory, and are replayed from the journal after a crash. Upkeep folds the
//! journal into a new checkpoint, in a thread of its own, and forgets what was removed. Secrets are sealed before any
//! of these sees them.
//!
//! | File | Holds |
//! |---|---|
//! | `lock` | nothing; locked by the process that works here, see [`HomeLock`] |
//! | `journal-<first commit>.kj` | commits since the checkpoint |
//! | `segment-<number>.ks` | values of more than `limits::INLINE_VALUE` bytes |
//! | `checkpoint-<last commit>.kc` | everything else, as it was after that commit |
//! | `sled/` | the index, made anew whenever it is missing or wrong |
//! | `sled-broken-<n>/` | the last index that was wrong, for whoever wants to know why |

mod checkpoint;
pub mod disk;
mod entry;
mod index;
mod journal;
mod lock;
mod overlay;
mod recovery;
mod segment;
mod snapshot;
pub mod testing;
mod upkeep;
mod vault;
mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kith_protocol::limits;
use kith_protocol::store::{Read, Store, StoreError, Table, Visit, Write};

use checkpoint::Commit;
use disk::{Disk, RealDisk};
use entry::{Changes, Stored};
use index::{Index, Tally};
use journal::{Journal, NotWritten};
pub use lock::{HomeLock, LockError};
pub use recovery::IndexState;
use recovery::{History, Rebuilt};
use segment::Segments;
pub use snapshot::Snapshot;
use upkeep::{Done, Job};
pub use vault::VaultKey;
use view::Shared;
pub use view::View;

/// All keys and values of one commit: far more than any step of the engine writes. A larger one is refused, since
/// a step is never split.
pub(crate) const COMMIT: usize = journal::FRAME / 2;
/// A journal of this many bytes is folded into a checkpoint.
const CHECKPOINT_AT: u64 = 8 * 1024 * 1024;
/// A journal of this many bytes makes commits wait for the checkpoint that is under way.
const WAIT_AT: u64 = 8 * CHECKPOINT_AT;

/// What opening a storage found.
#[derive(Clone, Debug)]
pub struct OpenReport {
    /// Commits that the index had missed and was given.
    pub replayed: u64,
    /// Where the index came from.
    pub index: IndexState,
    /// Bytes of a half-written commit that were cut off. It was never acknowledged.
    pub torn_bytes: u64,
    /// How long opening took.
    pub took: Duration,
}

/// The storage of a home, owned by one thread. [`FileStore::view`] gives readers for others.
///
/// Whoever opens it holds the [`HomeLock`] of the folder. Dropping it without [`FileStore::close`] loses nothing.
#[derive(Debug)]
pub struct FileStore {
    disk: Arc<dyn Disk>,
    home: PathBuf,
    vault: VaultKey,
    shared: Arc<Shared>,
    journal: Journal,
    segments: Segments,
    tally: Tally,
    checkpoint: Option<u64>,
    upkeep: Option<JoinHandle<Result<Done, StoreError>>>,
    /// Length of the journal that starts the next checkpoint; moved on when one fails.
    checkpoint_at: u64,
    erased: BTreeMap<u32, u64>,
    failed: bool,
    /// Held by snapshots, for which upkeep waits.
    hold: Arc<()>,
}

impl FileStore {
    /// Opens the storage in `folder`, which is created if it is missing.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the file that does not hold what was written to it, or says that the vault
    /// key is not the one that sealed the secrets; [`StoreError::ReadOnly`] and [`StoreError::Full`] speak of the
    /// folder. In none of these cases is anything lost that was there before.
    pub fn open(folder: &Path, vault: VaultKey) -> Result<(Self, OpenReport), StoreError> {
        let disk = RealDisk::new(folder).map_err(disk::refusal)?;
        Self::open_on(Arc::new(disk), folder, vault)
    }

    /// Opens the storage on any disk; only the index lies in a real `folder`.
    pub fn open_on(disk: Arc<dyn Disk>, folder: &Path, vault: VaultKey) -> Result<(Self, OpenReport), StoreError> {
        let start = Instant::now();
        let history = History::read(&disk, folder)?;
        let base = history.checkpoint.unwrap_or_default();
        let journal = Journal::open(Arc::clone(&disk), &history.contents, base.crc)?;
        let (index, tally, state, replayed) = history.index(&*disk, folder)?;
        if let IndexState::Rebuilt { why } = &state {
            tracing::warn!(%why, "the index was made anew");
        }
        let segments = Segments::open(Arc::clone(&disk), &history.segments)?;
        let store = Self {
            home: folder.to_owned(),
            vault,
            shared: Arc::new(Shared { index, segments: segment::Reader::new(Arc::clone(&disk)) }),
            journal,
            segments,
            tally,
            checkpoint: history.checkpoint.map(|commit| commit.sequence),
            upkeep: None,
            checkpoint_at: CHECKPOINT_AT,
            erased: BTreeMap::new(),
            failed: false,
            hold: Arc::default(),
            disk,
        };
        store.check_segments()?;
        store.check_vault()?;
        let torn_bytes = history.contents.torn;
        Ok((store, OpenReport { replayed, index: state, torn_bytes, took: start.elapsed() }))
    }

    /// Every segment that a value lies in must be there.
    fn check_segments(&self) -> Result<(), StoreError> {
        for (&number, &live) in &self.tally.live {
            if self.segments.sizes().get(&number).copied().unwrap_or(0) < live {
                return Err(StoreError::Damaged(format!("{} is missing or cut short", segment::file_name(number))));
            }
        }
        Ok(())
    }

    /// One secret must open, or the vault key is wrong and every later step would fail.
    fn check_vault(&self) -> Result<(), StoreError> {
        self.scan(Table::Secrets, b"", b"", &mut |_, _| std::ops::ControlFlow::Break(()))
    }

    /// The key of its secrets, for small ones that lie beside it.
    pub fn vault(&self) -> VaultKey {
        self.vault.clone()
    }

    /// A reader for other threads.
    pub fn view(&self) -> View {
        View { shared: Arc::clone(&self.shared) }
    }

    /// Everything that is stored now, for another thread to read. As long as it is held, no checkpoint is made.
    ///
    /// # Errors
    /// If the files cannot be read, or an earlier write failed.
    pub fn snapshot(&mut self) -> Result<Snapshot, StoreError> {
        self.finish_upkeep()?;
        if self.failed {
            return Err(StoreError::Failed);
        }
        let mut tail = Changes::new();
        for frame in journal::Content::read(&*self.disk, self.journal.first, true)?.frames() {
            tail.extend(frame.changes()?);
        }
        Ok(Snapshot {
            disk: Arc::clone(&self.disk),
            checkpoint: self.checkpoint,
            closed: self.journal.closed.clone(),
            tail,
            vault: self.vault.clone(),
            _hold: Arc::clone(&self.hold),
        })
    }

    fn is_held(&self) -> bool {
        Arc::strong_count(&self.hold) > 1
    }

    /// Folds the journal into a checkpoint and waits until it is done, unless a [`Snapshot`] is held. What was removed before is then in no file
    /// but, for a while, in the index; see [`FileStore::forget`].
    ///
    /// # Errors
    /// After an error everything is still there, and later commits work.
    pub fn checkpoint_now(&mut self) -> Result<(), StoreError> {
        self.finish_upkeep()?;
        if self.failed {
            return Err(StoreError::Failed);
        }
        self.start_upkeep()?;
        self.finish_upkeep()
    }

    /// Makes sure that what was removed is in no file of the home any more, the index included. Takes as long as
    /// writing all that is stored.
    pub fn forget(&mut self) -> Result<(), StoreError> {
        self.checkpoint_now()?;
        let history = self.history()?;
        let index = Index::create(&self.home).map_err(|broken| StoreError::Disk(std::io::Error::other(broken.0)))?;
        match history.fill(&*self.disk, index)? {
            Rebuilt::Whole(index, tally) => {
                drop(self.shared.index.replace(index));
                self.tally = tally;
            }
            Rebuilt::Nothing => return Err(StoreError::Disk(std::io::Error::other("no new index can be made"))),
        }
        index::remove_broken(&self.home).map_err(disk::refusal)
    }

    /// Ends the work with a checkpoint, so that the next opening has nothing to replay.
    ///
    /// # Errors
    /// After an error no commit is lost; the next opening replays the journal.
    pub fn close(mut self) -> Result<(), StoreError> {
        let ended = self.checkpoint_now();
        // Values that the checkpoint let move are commits behind it. What sled does not take is replayed.
        let _ = self.shared.index.settle(&self.tally);
        ended
    }

    /// What `writes` mean, one change for each name; secrets are sealed here, before anything is written.
    fn sealed(&self, writes: &[Write]) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, StoreError> {
        let size: usize = writes.iter().map(|write| write.key.len() + write.value.as_ref().map_or(0, Vec::len)).sum();
        if size > COMMIT || !writes.iter().all(Write::is_bounded) {
            return Err(StoreError::TooLarge);
        }
        let last: BTreeMap<_, _> = writes.iter().map(|write| ((write.table, &write.key[..]), &write.value)).collect();
        let mut values = BTreeMap::new();
        for ((table, key), value) in last {
            let name = entry::name(table, key);
            let value = match value {
                Some(value) if table.is_secret() => Some(self.vault.seal(&name, value)?),
                other => other.clone(),
            };
            values.insert(name, value);
        }
        Ok(values)
    }

    /// Commits, and calls `durable` as soon as no crash takes the writes back, a moment before reads find them. It is
    /// not called after an error. For what need not wait until the index is brought up to date: letters and receipts
    /// rest on the journal alone.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_then(&mut self, writes: &[Write], durable: impl FnOnce()) -> Result<(), StoreError> {
        if writes.is_empty() {
            durable();
            return Ok(());
        }
        let values = self.sealed(writes)?;
        self.write(&values, durable)?;
        self.keep_up();
        Ok(())
    }

    /// Makes values durable and readable: segments, then journal, then index.
    fn write(&mut self, values: &BTreeMap<Vec<u8>, Option<Vec<u8>>>, durable: impl FnOnce()) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        let changes = self.place(values)?;
        let mut payload = Vec::new();
        for (name, stored) in &changes {
            entry::put(&mut payload, name, stored.as_deref())?;
        }
        if let Err(NotWritten { cause, is_cut }) = self.journal.append(&payload) {
            // A full disk may have room again later. After any other failure the file is not to be trusted.
            self.failed = !(is_cut && matches!(cause, StoreError::Full | StoreError::TooLarge));
            return Err(cause);
        }
        durable();
        let commit = self.last_commit();
        if let Err(index::Broken(why)) = self.shared.index.apply(changes, commit, &mut self.tally) {
            self.go_on_in_memory(&why);
        }
        Ok(())
    }

    /// Puts large values into segments; what comes back goes into the journal.
    fn place(&mut self, values: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<Changes, StoreError> {
        let is_large = |value: &&[u8]| value.len() > limits::INLINE_VALUE;
        let large: Vec<&[u8]> = values.values().filter_map(Option::as_deref).filter(is_large).collect();
        let placed = self.segments.append(&large).inspect_err(|error| {
            self.failed = !matches!(error, StoreError::Full);
        })?;
        let mut placed = placed.into_iter();
        let mut stored = |value: &[u8]| match is_large(&value).then(|| placed.next()).flatten() {
            Some(place) => Stored::Segment(place).bytes(),
            None => Stored::Inline(value).bytes(),
        };
        Ok(values.iter().map(|(name, value)| (name.clone(), value.as_deref().map(&mut stored))).collect())
    }

    fn last_commit(&self) -> Commit {
        Commit { sequence: self.journal.last, crc: self.journal.last_crc }
    }

    /// Brings the index on the disk to the last commit.
    fn settle(&mut self) {
        if let Err(index::Broken(why)) = self.shared.index.settle(&self.tally) {
            self.go_on_in_memory(&why);
        }
    }

    /// The index failed after a commit became durable: reads are answered from memory until the next opening.
    fn go_on_in_memory(&mut self, why: &str) {
        tracing::warn!(%why, "the index failed; it is held in memory until the home is opened again");
        if let Some(upkeep) = self.upkeep.take() {
            // It removes files that are read here. Its result is found in the folder.
            drop(upkeep.join());
        }
        let filled = self.history().and_then(|history| history.fill(&*self.disk, Index::in_memory()));
        match filled {
            Ok(Rebuilt::Whole(index, tally)) => {
                index::abandon(self.shared.index.replace(index));
                self.tally = tally;
            }
            Ok(Rebuilt::Nothing) | Err(_) => self.failed = true,
        }
    }

    /// What the files hold, which is what was committed. No checkpoint may be under way, and the journal must be
    /// one file or hold a frame in its last, since an empty one behind others is taken for a failed roll's.
    fn history(&mut self) -> Result<History, StoreError> {
        let history = History::read(&self.disk, &self.home)?;
        if let Some(commit) = history.checkpoint {
            self.checkpoint = Some(commit.sequence);
            self.journal.superseded(commit.sequence);
        }
        Ok(history)
    }

    /// Begins a checkpoint of all commits so far.
    fn start_upkeep(&mut self) -> Result<(), StoreError> {
        // Once the checkpoint is there, the journal before it is gone, and an index that knows only a commit from
        // before would be made anew. Before the roll, because the index may fail; see `history`.
        self.settle();
        if self.failed {
            return Err(StoreError::Failed);
        }
        self.journal.roll()?;
        if self.journal.closed.is_empty() {
            return Ok(());
        }
        if self.is_held() {
            self.checkpoint_at = self.journal.bytes() + CHECKPOINT_AT;
            return Ok(());
        }
        let job = Job {
            disk: Arc::clone(&self.disk),
            before: self.checkpoint,
            journals: self.journal.closed.clone(),
            commit: self.last_commit(),
            sizes: self.segments.sizes().clone(),
            active: self.segments.active(),
            erased: self.erased.clone(),
        };
        let thread = std::thread::Builder::new().name("kith-upkeep".to_owned());
        self.upkeep = Some(thread.spawn(move || upkeep::run(job)).map_err(disk::refusal)?);
        Ok(())
    }

    /// Waits for the checkpoint that is under way, if any, and does what it leaves to do.
    fn finish_upkeep(&mut self) -> Result<(), StoreError> {
        let Some(upkeep) = self.upkeep.take() else { return Ok(()) };
        self.checkpoint_at = self.journal.bytes() + CHECKPOINT_AT;
        let done = upkeep.join().map_err(|_| StoreError::Failed)??;
        self.checkpoint = Some(done.commit.sequence);
        self.journal.superseded(done.commit.sequence);
        self.checkpoint_at = CHECKPOINT_AT;
        self.erased = done.erased;
        done.then?;
        self.move_values(&done.sparse)?;
        let live = &self.tally.live;
        let is_dead = |number: &u32| live.get(number).is_none_or(|&bytes| bytes == 0);
        let dead: Vec<u32> = self.segments.sizes().keys().copied().filter(is_dead).collect();
        self.segments.remove(&dead, &self.shared.segments)
    }

    /// Moves values out of sparse segments by ordinary commits, unless they changed since they were listed.
    fn move_values(&mut self, sparse: &[upkeep::Moved]) -> Result<(), StoreError> {
        let mut values = BTreeMap::new();
        let mut size = 0;
        for (name, place) in sparse {
            let now = self.shared.index.get(name).map_err(|index::Broken(why)| StoreError::Damaged(why))?;
            if now.is_some_and(|now| entry::pointer(&now) == Some(*place)) {
                values.insert(name.clone(), Some(self.shared.segments.read(*place)?));
                size += place.length as usize;
            }
            if size > COMMIT / 4 {
                self.write(&std::mem::take(&mut values), || ())?;
                size = 0;
            }
        }
        if values.is_empty() { Ok(()) } else { self.write(&values, || ()) }
    }

    /// Starts or ends a checkpoint where that is due. A commit does not fail because of it.
    fn keep_up(&mut self) {
        let is_over = self.upkeep.as_ref().is_some_and(JoinHandle::is_finished);
        let is_urgent = self.journal.bytes() >= WAIT_AT;
        let mut kept = Ok(());
        if is_over || is_urgent {
            kept = self.finish_upkeep();
        }
        if kept.is_ok() && self.upkeep.is_none() && self.journal.bytes() >= self.checkpoint_at {
            kept = self.start_upkeep();
        }
        if let Err(error) = kept {
            tracing::warn!(%error, "no checkpoint could be made; the journal goes on");
            self.checkpoint_at = self.journal.bytes() + CHECKPOINT_AT;
        }
    }
}

impl Read for FileStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let name = entry::name(table, key);
        match self.shared.get(&name)? {
            Some(sealed) if table.is_secret() => self.vault.open(&name, &sealed).map(Some),
            other => Ok(other),
        }
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.shared.scan(table, prefix, from, &mut |key, value| {
            if table.is_secret() {
                let opened = zeroize::Zeroizing::new(self.vault.open(&entry::name(table, key), value)?);
                Ok(visit(key, &opened))
            } else {
                Ok(visit(key, value))
            }
        })
    }
}

impl Store for FileStore {
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.commit_then(writes, || ())
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        if let Some(upkeep) = self.upkeep.take() {
            // Whoever opens the home next must not meet this thread. Its result is found at that opening.
            let _ = upkeep.join();
        }
    }
}
