//! Opening: what is on the disk is checked, and the index brought to the last commit or made anew.

use std::path::Path;
use std::sync::Arc;

use kith_protocol::store::StoreError;

use super::checkpoint::{self, Commit};
use super::disk::{Disk, refusal};
use super::entry::Changes;
use super::index::{self, Broken, Index, Tally};
use super::journal::{self, Contents, Journal};
use super::{segment, upkeep};

/// Entries of a checkpoint that are put into a new index at a time.
const AT_ONCE: usize = 1_000;

/// Where the index came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// The home is new.
    Created,
    /// The index that was there is in use.
    Kept,
    /// The index was made anew from checkpoint and journal.
    Rebuilt {
        /// What was wrong with the one before.
        why: String,
    },
    /// No index could be kept on the disk, so it is held in memory until the home is opened again.
    InMemory {
        /// What was wrong.
        why: String,
    },
}

/// What the files of a home hold.
pub(super) struct History {
    /// The commit of the checkpoint, if there is one.
    pub checkpoint: Option<Commit>,
    /// The journal since.
    pub contents: Contents,
    /// All segments.
    pub segments: Vec<u32>,
}

impl History {
    /// Reads and checks checkpoint and journal; begins a journal in a new home; removes what is superseded.
    pub fn read(disk: &Arc<dyn Disk>, home: &Path) -> Result<Self, StoreError> {
        // A process that was killed may have left names that are not durable yet. What is read must be.
        disk.sync_folder().map_err(refusal)?;
        let names = disk.list().map_err(refusal)?;
        for name in names.iter().filter(|name| [journal::PREPARED, checkpoint::PREPARED].contains(&&***name)) {
            disk.remove(name).map_err(refusal)?;
        }
        let checkpoints = checkpoint::files(&names);
        let checkpoint = checkpoints.last().map(|&last| checkpoint::verify(&**disk, last)).transpose()?;
        let after = checkpoint.unwrap_or_default().sequence;
        let mut current = journal::files(&names);
        current.retain(|&first| first > after);
        if checkpoint.is_none() && current.is_empty() {
            // The journal is on the disk before the index is begun, so an index alone has lost its journal.
            if home.join(index::FOLDER).exists() || !segment::files(&names).is_empty() {
                return Err(StoreError::Damaged(format!("{} is missing", journal::file_name(1))));
            }
            Journal::create(Arc::clone(disk), 1, 0)?;
            current.push(1);
        }
        let contents = Contents::read(&**disk, &current, after)?;
        upkeep::remove_superseded(&**disk, after)?;
        Ok(Self { checkpoint, contents, segments: segment::files(&names) })
    }

    /// Opens the index, or makes a new one if it is of no use.
    pub fn index(&self, disk: &dyn Disk, home: &Path) -> Result<(Index, Tally, IndexState, u64), StoreError> {
        let why = match self.kept(home)? {
            Ok((index, tally, replayed)) => return Ok((index, tally, IndexState::Kept, replayed)),
            Err(Broken(why)) => why,
        };
        let (mut rebuilt, replayed) = (Rebuilt::Nothing, self.contents.frames().count() as u64);
        if let Ok(index) = Index::create(home) {
            rebuilt = self.fill(disk, index)?;
        }
        if let Rebuilt::Whole(index, tally) = rebuilt {
            let is_new = self.checkpoint.is_none() && replayed == 0;
            let state = if is_new { IndexState::Created } else { IndexState::Rebuilt { why } };
            return Ok((index, tally, state, replayed));
        }
        tracing::warn!(%why, "no index can be kept on the disk; it is held in memory");
        match self.fill(disk, Index::in_memory())? {
            Rebuilt::Whole(index, tally) => Ok((index, tally, IndexState::InMemory { why }, replayed)),
            Rebuilt::Nothing => Err(StoreError::Failed),
        }
    }

    /// The index that is there, with all later frames applied.
    fn kept(&self, home: &Path) -> Result<Result<(Index, Tally, u64), Broken>, StoreError> {
        let (index, mut tally) = match Index::open(home) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(Err(Broken("it was missing".to_owned()))),
            Err(broken) => return Ok(Err(broken)),
        };
        if !self.knows(tally.applied) {
            return Ok(Err(Broken(format!("commit {} is not in the journal", tally.applied.sequence))));
        }
        let mut replayed = 0;
        let applied = tally.applied.sequence;
        for frame in self.contents.frames().filter(|frame| frame.sequence > applied) {
            let commit = Commit { sequence: frame.sequence, crc: frame.crc };
            if let Err(broken) = index.apply(frame.changes()?, commit, &mut tally) {
                return Ok(Err(broken));
            }
            replayed += 1;
        }
        Ok(index.settle(&tally).map(|()| (index, tally, replayed)))
    }

    /// True if this commit is the one of the checkpoint or a later one.
    fn knows(&self, commit: Commit) -> bool {
        commit == self.checkpoint.unwrap_or_default()
            || self.contents.frames().any(|frame| (frame.sequence, frame.crc) == (commit.sequence, commit.crc))
    }

    /// Puts everything into an empty index.
    pub fn fill(&self, disk: &dyn Disk, index: Index) -> Result<Rebuilt, StoreError> {
        let mut tally = Tally::default();
        match self.put_all(disk, &index, &mut tally)? {
            Ok(()) => Ok(Rebuilt::Whole(index, tally)),
            Err(Broken(why)) => {
                tracing::warn!(%why, "the index cannot be filled");
                Ok(Rebuilt::Nothing)
            }
        }
    }

    fn put_all(&self, disk: &dyn Disk, index: &Index, tally: &mut Tally) -> Result<Result<(), Broken>, StoreError> {
        if let Some(commit) = self.checkpoint {
            let mut reader = checkpoint::Reader::open(disk, commit.sequence)?;
            let mut changes = Changes::new();
            loop {
                let next = reader.next()?;
                let is_last = next.is_none();
                changes.extend(next.map(|(name, stored)| (name, Some(stored))));
                if is_last || changes.len() == AT_ONCE {
                    // Until the last of it is in, the tally names no commit that anyone knows.
                    let applied = if is_last { commit } else { Commit { sequence: u64::MAX, crc: 0 } };
                    if let Err(broken) = index.apply(std::mem::take(&mut changes), applied, tally) {
                        return Ok(Err(broken));
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        for frame in self.contents.frames() {
            let commit = Commit { sequence: frame.sequence, crc: frame.crc };
            if let Err(broken) = index.apply(frame.changes()?, commit, tally) {
                return Ok(Err(broken));
            }
        }
        Ok(index.settle(tally))
    }
}

/// An index that was filled, or not.
pub(super) enum Rebuilt {
    Whole(Index, Tally),
    Nothing,
}
