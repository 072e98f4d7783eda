//! One process at a time in a home.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::disk;

/// The name of the file that is locked.
const NAME: &str = "lock";
/// How long somebody waits for whoever works in the folder; a command is soon done, a picture takes a few seconds.
const TURN: Duration = Duration::from_secs(5);
/// How often they look whether it is their turn: the system has no event for it that could be given up.
const AGAIN: Duration = Duration::from_millis(5);

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

    /// Locks `folder` as soon as whoever works in it is done; gives up after some seconds, or once `may_wait` says no.
    pub fn acquire_in_turn(folder: &Path, may_wait: impl Fn() -> bool) -> Result<Self, LockError> {
        let begun = Instant::now();
        loop {
            match Self::acquire(folder) {
                Err(LockError::InUse) if begun.elapsed() < TURN && may_wait() => std::thread::sleep(AGAIN),
                done => return done,
            }
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
    fn who_waits_comes_in_when_the_first_leaves_and_who_may_not_wait_is_refused_at_once() {
        let home = tempfile::tempdir().unwrap();
        let first = HomeLock::acquire(home.path()).unwrap();
        let begun = Instant::now();
        let refused = HomeLock::acquire_in_turn(home.path(), || false);
        assert!(matches!(refused, Err(LockError::InUse)) && begun.elapsed() < TURN, "{refused:?}");
        let leaves = std::thread::spawn(move || {
            std::thread::sleep(AGAIN * 4);
            drop(first);
        });
        HomeLock::acquire_in_turn(home.path(), || true).expect("the first has left");
        leaves.join().unwrap();
    }

    #[test]
    fn asking_about_a_folder_that_is_not_there_does_not_make_it() {
        let home = tempfile::tempdir().unwrap();
        let nowhere = home.path().join("nowhere");
        assert!(!HomeLock::is_held(&nowhere));
        assert!(!nowhere.exists());
    }
}
