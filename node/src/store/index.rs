//! The index that answers questions: sled, used as a cache that proves itself, or memory when sled fails.
//!
//! One tree holds every name with its stored form, and under the name `0` (no table has this number) a tally: the
//! last applied commit, its checksum, the count of entries and a sum over all of them. Commits gather in an
//! [`Overlay`] in front of sled; what has gathered is brought into it by one `apply_batch` that sets the tally too, so
//! what sled holds always agrees with its tally, though both may be older than the last commit. At open everything is
//! scanned and counted; if a sum is wrong, a page was lost or is stale, and the index is made anew from checkpoint and
//! journal.
//!
//! What is known of sled 0.34.7 and done about it: `flush` is no fsync on Linux (nothing relies on it); a torn
//! `snap.*.generating` makes the folder unusable (removed before opening: it is an unfinished cache); large values
//! are written without any sync (they lie in segments); the default cache is 1 GiB (here 8 MiB); it may panic on
//! damage (caught). Removed values stay in its log for a while; `FileStore::forget` makes the folder anew.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::checkpoint::Commit;
use super::entry::{self, Changes};
use super::overlay::{Chunk, Overlay};

/// The folder of sled, beside our files.
pub(super) const FOLDER: &str = "sled";
/// A folder of sled that failed is moved to this name with a number.
const BROKEN: &str = "sled-broken-";
const CACHE: u64 = 8 * 1024 * 1024;
/// The name of the tally.
const TALLY: &[u8] = &[0];
/// The most entries that are read under one lock.
pub(super) const CHUNK: usize = 64;
/// How often sled is asked again while a dropped instance of this process lets go of its lock, and how long between.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// What the index says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The last applied commit.
    pub applied: Commit,
    count: u64,
    sum: u64,
    /// Bytes of live values by segment. Not written down: counted at open.
    pub live: BTreeMap<u32, u64>,
}

impl Tally {
    fn add(&mut self, name: &[u8], stored: &[u8]) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(mark(name, stored));
        if let Some(place) = entry::pointer(stored) {
            *self.live.entry(place.segment).or_default() += u64::from(place.length);
        }
    }

    fn take(&mut self, name: &[u8], stored: &[u8]) {
        self.count = self.count.saturating_sub(1);
        self.sum = self.sum.wrapping_sub(mark(name, stored));
        if let Some(place) = entry::pointer(stored) {
            let live = self.live.entry(place.segment).or_default();
            *live = live.saturating_sub(u64::from(place.length));
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Commit { sequence, crc } = self.applied;
        let numbers = [sequence, crc.into(), self.count, self.sum];
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut next = || entry::take_u64(&mut bytes);
        let applied = Commit { sequence: next()?, crc: next()?.try_into().ok()? };
        Some(Self { applied, count: next()?, sum: next()?, live: BTreeMap::new() })
    }
}

/// A number for one entry. Against accidents, not adversaries: those who write our files need no such tricks.
fn mark(name: &[u8], stored: &[u8]) -> u64 {
    let of_name = crc32c::crc32c(name);
    u64::from(of_name) << 32 | u64::from(crc32c::crc32c_append(of_name, stored))
}

/// The index did not answer; the text says why.
#[derive(Debug)]
pub(super) struct Broken(pub String);

impl From<sled::Error> for Broken {
    fn from(error: sled::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs something of sled, whose panics mean no more than its errors.
fn guard<T, E: Into<Broken>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Broken("the index panicked".to_owned())),
    }
}

/// Where the entries are.
#[derive(Debug)]
enum Backing {
    Sled(sled::Db, Overlay),
    Memory(BTreeMap<Vec<u8>, Vec<u8>>),
}

impl Backing {
    fn sled(folder: &Path) -> Result<Self, Broken> {
        Ok(Self::Sled(open_sled(folder)?, Overlay::default()))
    }

    fn get(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        match self {
            Self::Sled(db, overlay) => match overlay.get(name) {
                Some(changed) => Ok(changed.cloned()),
                None => guard(|| db.get(name)).map(|found| found.map(|stored| stored.to_vec())),
            },
            Self::Memory(entries) => Ok(entries.get(name).cloned()),
        }
    }

    fn chunk(&self, start: Bound<&[u8]>, prefix: &[u8], most: usize) -> Result<Chunk, Broken> {
        let range = (start, Bound::Unbounded);
        match self {
            Self::Sled(db, overlay) => guard(|| overlay.chunk(start, prefix, most, db.range::<&[u8], _>(range))),
            Self::Memory(entries) => {
                let entries = entries.range::<[u8], _>(range).take(most);
                let fitting = entries.take_while(|(name, _)| name.starts_with(prefix));
                Ok(fitting.map(|(name, stored)| (name.clone(), stored.clone())).collect())
            }
        }
    }

    /// Makes changes visible; no disk is touched.
    fn put(&mut self, changes: Changes) {
        match self {
            Self::Sled(_, overlay) => overlay.put(changes),
            Self::Memory(entries) => {
                for (name, stored) in changes {
                    match stored {
                        Some(stored) => entries.insert(name, stored),
                        None => entries.remove(&name),
                    };
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Sled(_, overlay) if overlay.is_full())
    }

    /// Brings what waits into sled, with the tally that counts it.
    fn settle(&mut self, tally: &Tally) -> Result<(), Broken> {
        let Self::Sled(db, overlay) = self else { return Ok(()) };
        let Some(changes) = overlay.waiting() else { return Ok(()) };
        #[cfg(test)]
        if overlay.fails {
            return Err(Broken("a test says so".to_owned()));
        }
        let mut batch = sled::Batch::default();
        for (name, stored) in changes {
            match stored {
                Some(stored) => batch.insert(&name[..], &stored[..]),
                None => batch.remove(&name[..]),
            }
        }
        batch.insert(TALLY, tally.bytes());
        guard(|| db.apply_batch(batch))?;
        // Not before: while another index is made in the place of one that failed, views read this one.
        overlay.settled();
        Ok(())
    }
}

/// How many entries each table has, by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts(BTreeMap<u8, usize>);

impl Counts {
    fn of(&mut self, name: &[u8]) -> &mut usize {
        self.0.entry(name.first().copied().unwrap_or_default()).or_default()
    }
}

/// The index, shared by the storage and its views.
#[derive(Debug)]
pub(super) struct Index {
    backing: RwLock<Backing>,
    counts: RwLock<Counts>,
}

impl Index {
    fn over(backing: Backing) -> Self {
        Self { backing: RwLock::new(backing), counts: RwLock::default() }
    }

    /// An empty index in memory.
    pub fn in_memory() -> Self {
        Self::over(Backing::Memory(BTreeMap::new()))
    }

    /// An empty index of sled. What was in the way is moved aside.
    pub fn create(home: &Path) -> Result<Self, Broken> {
        let folder = home.join(FOLDER);
        if folder.exists() {
            move_aside(home).map_err(|error| Broken(error.to_string()))?;
        }
        Backing::sled(&folder).map(Self::over)
    }

    /// Opens the index that is there, if any, and checks that it holds what its tally says.
    pub fn open(home: &Path) -> Result<Option<(Self, Tally)>, Broken> {
        let folder = home.join(FOLDER);
        if !folder.exists() {
            return Ok(None);
        }
        remove_unfinished_snapshots(&folder);
        let index = Self::over(Backing::sled(&folder)?);
        let stated = match index.get(TALLY)? {
            Some(bytes) => Tally::parse(&bytes).ok_or_else(|| Broken("its tally is damaged".to_owned()))?,
            None => Tally::default(),
        };
        let mut counted = Tally { applied: stated.applied, ..Tally::default() };
        let mut counts = Counts::default();
        let mut start = Bound::Excluded(TALLY.to_vec());
        loop {
            let chunk = index.chunk(start.as_ref().map(Vec::as_slice), b"", CHUNK)?;
            for (name, stored) in &chunk {
                counted.add(name, stored);
                *counts.of(name) += 1;
            }
            match chunk.into_iter().last() {
                Some((name, _)) => start = Bound::Excluded(name),
                None => break,
            }
        }
        if (stated.count, stated.sum) != (counted.count, counted.sum) {
            return Err(Broken("it does not hold what it should".to_owned()));
        }
        *index.counts.write().unwrap_or_else(PoisonError::into_inner) = counts;
        Ok(Some((index, counted)))
    }

    /// The stored form under a name.
    pub fn get(&self, name: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        self.read().get(name)
    }

    /// How many entries the table with a number has.
    pub fn count(&self, table: u8) -> usize {
        self.counts.read().unwrap_or_else(PoisonError::into_inner).0.get(&table).copied().unwrap_or(0)
    }

    /// The next entries whose names begin with `prefix`, at most `most`; none if there are no more of them. `start`
    /// lies within `prefix` or behind it.
    pub fn chunk(&self, start: Bound<&[u8]>, prefix: &[u8], most: usize) -> Result<Chunk, Broken> {
        self.read().chunk(start, prefix, most)
    }

    /// Applies a commit as a whole and keeps the tally. sled learns of it when so much has gathered that it should, or
    /// by [`Index::settle`]. After an error the index is of no more use.
    pub fn apply(&self, changes: Changes, commit: Commit, tally: &mut Tally) -> Result<(), Broken> {
        let mut counts = self.counts.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, stored) in &changes {
            let count = counts.of(name);
            if let Some(old) = self.get(name)? {
                tally.take(name, &old);
                *count = count.saturating_sub(1);
            }
            if let Some(new) = stored {
                tally.add(name, new);
                *count += 1;
            }
        }
        tally.applied = commit;
        // Views see a commit as a whole too.
        let mut backing = self.write();
        backing.put(changes);
        *self.counts.write().unwrap_or_else(PoisonError::into_inner) = counts;
        if backing.is_full() { backing.settle(tally) } else { Ok(()) }
    }

    /// Brings sled to the last commit that was applied, which `tally` counts. After an error the index is of no more
    /// use.
    pub fn settle(&self, tally: &Tally) -> Result<(), Broken> {
        self.write().settle(tally)
    }

    fn read(&self) -> RwLockReadGuard<'_, Backing> {
        self.backing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Backing> {
        self.backing.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of what is in use, for every view at once. What was in use comes back, to be closed while no
    /// view waits: closing sled waits for the disk.
    #[must_use]
    pub fn replace(&self, other: Self) -> Self {
        let new = other.backing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let counts = other.counts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut backing = self.write();
        *self.counts.write().unwrap_or_else(PoisonError::into_inner) = counts;
        Self::over(std::mem::replace(&mut *backing, new))
    }

    /// How many names have changes that sled does not know.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        match &*self.read() {
            Backing::Sled(_, overlay) => overlay.waiting().map_or(0, Changes::len),
            Backing::Memory(_) => 0,
        }
    }

    /// From now on sled cannot be brought up to date.
    #[cfg(test)]
    pub fn fail(&self) {
        if let Backing::Sled(_, overlay) = &mut *self.write() {
            overlay.fails = true;
        }
    }

    /// True if what is stored is answered from memory.
    #[cfg(test)]
    pub fn is_in_memory(&self) -> bool {
        matches!(*self.read(), Backing::Memory(_))
    }
}

/// Closes an index that failed. A sled that could not write waits at its end, perhaps forever, for what it still has
/// to write, so a thread of its own does that. If there can be none, it is closed here.
pub(super) fn abandon(failed: Index) {
    drop(std::thread::Builder::new().name("kith-old-index".to_owned()).spawn(move || drop(failed)));
}

fn open_sled(folder: &Path) -> Result<sled::Db, Broken> {
    let config = sled::Config::new().path(folder).cache_capacity(CACHE).mode(sled::Mode::LowSpace);
    for _ in 0..LOCK_TRIES {
        match guard(|| config.open()) {
            // No other process is here: the home is locked. An instance that this process dropped may still be
            // on its way out, and offers no event to wait for.
            Err(Broken(why)) if why.contains("could not acquire lock") => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    Err(Broken("it stays locked".to_owned()))
}

/// An unfinished snapshot stops sled 0.34.7 from opening ever again; without it the log is read instead.
fn remove_unfinished_snapshots(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") && name.to_string_lossy().ends_with(".generating") {
            // What cannot be removed shows as a failure to open, which is handled there.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Keeps the newest broken folder for whoever wants to know why, and no other.
fn move_aside(home: &Path) -> std::io::Result<()> {
    let mut last = 0;
    for old in broken_folders(home)? {
        let number = old.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(BROKEN));
        last = last.max(number.and_then(|number| number.parse::<u32>().ok()).unwrap_or(0));
        fs::remove_dir_all(old)?;
    }
    fs::rename(home.join(FOLDER), home.join(format!("{BROKEN}{}", last.saturating_add(1))))
}

/// Removes what was moved aside.
pub(super) fn remove_broken(home: &Path) -> std::io::Result<()> {
    broken_folders(home)?.into_iter().try_for_each(fs::remove_dir_all)
}

fn broken_folders(home: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(BROKEN) {
            found.push(entry.path());
        }
    }
    Ok(found)
}
