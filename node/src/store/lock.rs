//! One process at a time in a home.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::disk;

/// The name of the file that is locked.
const NAME: &str = "lock";

/// Why a home could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works in this home.
    #[error("this home is already in use")]
    InUse,
    /// The lock could not be made or asked for.
    #[error("the home cannot be locked: {0}")]
    Disk(#[from] io::Error),
}

/// The right to work in a home, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Locks `folder`, which is created if it is missing. Never waits.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        disk::make_private_folder(folder)?;
        let mut options = OpenOptions::new();
        // The file is never removed: a lock on a name that was replaced would let two processes in.
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(folder.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// True if a process works in `folder`. Nothing is created there, and others who only ask do not disturb.
    pub fn is_held(folder: &Path) -> bool {
        // Asking takes a lock too, one that many may share; whoever wants the home at that very moment tries again.
        let Ok(file) = File::open(folder.join(NAME)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_refused_until_the_first_leaves() {
        let home = tempfile::tempdir().unwrap();
        let first = HomeLock::acquire(home.path()).unwrap();
        let second = HomeLock::acquire(home.path());
        assert!(matches!(second, Err(LockError::InUse)), "{second:?}");
        assert!(HomeLock::is_held(home.path()));
        drop(first);
        assert!(!HomeLock::is_held(home.path()));
        HomeLock::acquire(home.path()).expect("the home is free again");
    }

    #[test]
    fn asking_about_a_folder_that_is_not_there_does_not_make_it() {
        let home = tempfile::tempdir().unwrap();
        let nowhere = home.path().join("nowhere");
        assert!(!HomeLock::is_held(&nowhere));
        assert!(!nowhere.exists());
    }
}
