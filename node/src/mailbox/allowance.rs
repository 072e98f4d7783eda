//! How much may be held, as the owner said it and as the disk has room, and how much is.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::room::{LITTLE, Room};

/// How often the disk is looked at. What comes in meanwhile is a fraction of what is left to the owner.
const LOOK: Duration = Duration::from_secs(10);

/// Bytes of the smallest parcel.
const SMALLEST: u64 = 512;

/// What is held for others, for whoever looks after the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Mailboxes.
    pub mailboxes: usize,
    /// Bytes of the parcels in them; on the disk at most twice as much, and a file of 4 MiB.
    pub bytes: u64,
    /// Bytes that there may be, as the owner said.
    pub most: u64,
    /// True if there is so little room on the disk that nothing more is taken in.
    pub is_short: bool,
    /// Why its files cannot be used now; that is tried again.
    pub trouble: Option<String>,
}

impl Held {
    /// True if nothing more is taken in: there is no room for another letter of the smallest size.
    pub const fn is_full(&self) -> bool {
        self.is_short || self.bytes + SMALLEST > self.most
    }
}

/// Looks how much may be held.
pub(super) struct Allowance {
    folder: PathBuf,
    /// As the owner said.
    pub most: u64,
    pub is_short: bool,
    looked: Option<Instant>,
}

impl Allowance {
    pub fn new(folder: &Path, most: u64) -> Self {
        Self { folder: folder.to_owned(), most, is_short: false, looked: None }
    }

    /// Bytes of parcels that may lie here now.
    pub fn now(&mut self) -> u64 {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK) {
            self.looked = Some(Instant::now());
            self.take_in(Room::of(&self.folder));
        }
        if self.is_short { 0 } else { self.most }
    }

    fn take_in(&mut self, room: Option<Room>) {
        let was_short = self.is_short;
        self.is_short = room.is_some_and(|room| room.free < LITTLE);
        if self.is_short && !was_short {
            tracing::warn!("the disk is nearly full: nothing more is held for others");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_left_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mut allowance = Allowance { looked: Some(Instant::now()), ..Allowance::new(folder.path(), 1_000) };
        let room = |free| Some(Room { free, size: 64_000_000_000, files: None });
        allowance.take_in(room(LITTLE));
        assert_eq!((allowance.now(), allowance.is_short), (1_000, false));
        allowance.take_in(room(LITTLE - 1));
        assert_eq!((allowance.now(), allowance.is_short), (0, true));
        allowance.take_in(None);
        assert_eq!(allowance.now(), 1_000, "a disk that tells nothing refuses nothing");
    }
}
