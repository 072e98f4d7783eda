//! What is done behind the commits: a checkpoint is merged and what it replaced is removed, in a thread of its own.
//!
//! Bytes of removed values inside a segment are overwritten with zeroes. That needs no agreement with the commits
//! that go on meanwhile: a place that no entry of the checkpoint points at, and that was written before it, is
//! never pointed at again. How far an overwritten byte is gone from the medium is up to file system and disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use kith_protocol::store::StoreError;

use super::checkpoint::{self, Commit};
use super::disk::{Disk, refusal};
use super::entry::{self, Pointer};
use super::{journal, segment};

/// Segments whose live places are held in memory at a time: at most 16 Ki values each.
const AT_ONCE: usize = 8;
/// Bytes of zeroes written at a time.
const ZEROES: usize = 64 * 1024;

/// Everything a checkpoint is made of, fixed when the journal was rolled.
#[derive(Debug)]
pub(super) struct Job {
    pub disk: Arc<dyn Disk>,
    /// The checkpoint before this one.
    pub before: Option<u64>,
    /// The closed journal files since.
    pub journals: Vec<u64>,
    /// The last commit in them.
    pub commit: Commit,
    /// Length of every segment.
    pub sizes: BTreeMap<u32, u64>,
    /// The segment that is still written to: it is never sparse.
    pub active: Option<u32>,
    /// How many dead bytes of each segment were overwritten already.
    pub erased: BTreeMap<u32, u64>,
}

/// A value that is worth moving: its name and where it lies.
pub(super) type Moved = (Vec<u8>, Pointer);

/// What the storage does when the job is done.
#[derive(Debug)]
pub(super) struct Done {
    pub commit: Commit,
    /// How many dead bytes of each segment are overwritten now.
    pub erased: BTreeMap<u32, u64>,
    /// The live values of segments that are less than half alive.
    pub sparse: Vec<Moved>,
    /// What went wrong after the checkpoint was made; it is good all the same.
    pub then: Result<(), StoreError>,
}

/// Makes the checkpoint.
pub(super) fn run(job: Job) -> Result<Done, StoreError> {
    let disk = &*job.disk;
    let mut live: BTreeMap<u32, u64> = BTreeMap::new();
    let mut count = |_: &[u8], stored: &[u8]| {
        if let Some(place) = entry::pointer(stored) {
            *live.entry(place.segment).or_default() += u64::from(place.length);
        }
    };
    checkpoint::merge(disk, job.before, &job.journals, job.commit, &mut count)?;
    let mut done = Done { commit: job.commit, erased: BTreeMap::new(), sparse: Vec::new(), then: Ok(()) };
    done.then = remove_superseded(disk, job.commit.sequence).and_then(|()| erase_dead(&job, &live, &mut done));
    Ok(done)
}

/// Overwrites what is dead in every segment, or lists what is live where that is little.
fn erase_dead(job: &Job, live: &BTreeMap<u32, u64>, done: &mut Done) -> Result<(), StoreError> {
    let mut erased = BTreeMap::new();
    let mut dirty = Vec::new();
    for (&number, &size) in &job.sizes {
        let alive = live.get(&number).copied().unwrap_or(0);
        let dead = size.saturating_sub(alive);
        // A segment without any live value is removed by the storage itself.
        if alive > 0 && dead > 0 {
            if job.erased.get(&number) != Some(&dead) {
                dirty.push((number, size, alive * 2 < size && job.active != Some(number)));
            }
            erased.insert(number, dead);
        }
    }
    for group in dirty.chunks(AT_ONCE) {
        tidy(&*job.disk, job.commit.sequence, group, done)?;
    }
    done.erased = erased;
    Ok(())
}

/// Removes journal files and checkpoints that the checkpoint of this commit replaces, and what an earlier removal
/// that failed has left. The checkpoint must be durable.
pub(super) fn remove_superseded(disk: &dyn Disk, sequence: u64) -> Result<(), StoreError> {
    let names = disk.list().map_err(refusal)?;
    let journals = journal::files(&names).into_iter().filter(|&first| first <= sequence).map(journal::file_name);
    let older = checkpoint::files(&names).into_iter().filter(|&older| older < sequence);
    let mut is_changed = false;
    for name in journals.chain(older.map(checkpoint::file_name)) {
        disk.remove(&name).map_err(refusal)?;
        is_changed = true;
    }
    if is_changed { disk.sync_folder().map_err(refusal) } else { Ok(()) }
}

/// Erases what is dead in these segments (number, length, whether it is sparse), or lists what is live in them.
fn tidy(disk: &dyn Disk, sequence: u64, group: &[(u32, u64, bool)], done: &mut Done) -> Result<(), StoreError> {
    let mut live: BTreeMap<u32, Vec<Moved>> = group.iter().map(|&(number, ..)| (number, Vec::new())).collect();
    let mut reader = checkpoint::Reader::open(disk, sequence)?;
    while let Some((name, stored)) = reader.next()? {
        let Some(place) = entry::pointer(&stored) else { continue };
        if let Some(values) = live.get_mut(&place.segment) {
            values.push((name, place));
        }
    }
    for &(number, size, is_sparse) in group {
        let mut values = live.remove(&number).unwrap_or_default();
        if is_sparse {
            done.sparse.append(&mut values);
        } else {
            erase(disk, number, size, values).map_err(refusal)?;
        }
    }
    Ok(())
}

fn erase(disk: &dyn Disk, number: u32, size: u64, mut values: Vec<Moved>) -> std::io::Result<()> {
    values.sort_unstable_by_key(|(_, place)| place.offset);
    let file = disk.open(&segment::file_name(number))?;
    let zeroes = [0; ZEROES];
    let mut at = 0;
    let ends = values.iter().map(|(_, place)| (u64::from(place.offset), u64::from(place.length)));
    for (start, length) in ends.chain([(size, 0)]) {
        while at < start {
            let count = (start - at).min(ZEROES as u64);
            file.write_at(at, zeroes.get(..count as usize).unwrap_or_default())?;
            at += count;
        }
        at = at.max(start + length);
    }
    file.sync()
}
