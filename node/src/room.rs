//! How much room there is on the disk of a folder.

use std::path::Path;

/// From here on nothing is taken in for others, and the owner is told: a node of one's own needs a few megabytes a day.
pub const LITTLE: u64 = 500_000_000;
/// Below this a node may fail to write down what came.
pub const NONE: u64 = 50_000_000;
/// A disk with this much room is not called full, however large it is.
const PLENTY: u64 = 10_000_000_000;
/// Files that can still be made, below which it is the same as with bytes.
const FEW_FILES: u64 = 1_000;
const NO_FILES: u64 = 50;

/// What can still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that are free for this user of the machine.
    pub free: u64,
    /// Bytes of the disk.
    pub size: u64,
    /// Files that can still be made; `None` where the disk does not count them.
    pub files: Option<u64>,
}

/// How that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Enough {
    /// Nothing can be written, now or soon.
    None,
    /// Under [`LITTLE`], or a twentieth of a disk that is not large.
    Little,
    /// As it should be.
    Enough,
}

impl Room {
    /// The room for files in a folder; `None` if the system does not say.
    pub fn of(folder: &Path) -> Option<Self> {
        // Some file systems answer with nothing but zeros.
        let told = rustix::fs::statvfs(folder).ok().filter(|told| told.f_blocks > 0)?;
        // Some disks make room for names as they need it, and count none.
        let files = (told.f_files > 0).then_some(told.f_favail);
        let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
        Some(Self { free: bytes(told.f_bavail), size: bytes(told.f_blocks), files })
    }

    /// Whether it is enough.
    pub fn enough(&self) -> Enough {
        let bytes = match self.free {
            free if free < NONE => Enough::None,
            free if free < LITTLE || (free < PLENTY && free < self.size / 20) => Enough::Little,
            _ => Enough::Enough,
        };
        let files = match self.files {
            Some(files) if files < NO_FILES => Enough::None,
            Some(files) if files < FEW_FILES => Enough::Little,
            _ => Enough::Enough,
        };
        bytes.min(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_by_bytes_or_by_files_and_a_large_one_not_for_its_size() {
        let room = |free, size, files| Room { free, size, files }.enough();
        assert_eq!(room(49_000_000, 1_000_000_000, None), Enough::None);
        assert_eq!(room(499_000_000, 1_000_000_000, None), Enough::Little);
        assert_eq!(room(600_000_000, 8_000_000_000, None), Enough::Enough);
        assert_eq!(room(4_000_000_000, 100_000_000_000, None), Enough::Little);
        assert_eq!(room(40_000_000_000, 1_000_000_000_000, Some(1_000_000)), Enough::Enough);
        assert_eq!(room(40_000_000_000, 1_000_000_000_000, Some(999)), Enough::Little);
        assert_eq!(room(40_000_000_000, 1_000_000_000_000, Some(0)), Enough::None);
    }

    #[test]
    fn the_disk_under_a_home_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::of(folder.path()).unwrap();
        assert!(room.size >= room.free && room.size > 0);
        assert_eq!(Room::of(&folder.path().join("nowhere")), None);
    }
}
