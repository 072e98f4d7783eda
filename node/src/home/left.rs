//! What lies in a folder where nobody lives: a try to make a home that was broken off, or a storage whose keys are gone.

use std::fs::File;
use std::io;
use std::path::Path;

use kith_protocol::engine::{self, Own};
use kith_protocol::store::Table;

use super::{Home, HomeError};
use crate::store::{FileStore, HomeLock};

/// Where a storage lies until all of it is removed.
const LEFT: &str = "store-left";
/// Where a storage lies whose keys are gone. Nobody can go on with it, but what its owner wrote can be read.
const WITHOUT_KEYS: &str = "store-without-keys";

impl Home {
    /// Makes room for a new home: what an earlier try left is removed. Whoever lives here stays, also behind keys that
    /// cannot be read at this moment: fresh ones would lock them out for good.
    pub(super) fn make_room(&self, lock: HomeLock) -> Result<HomeLock, HomeError> {
        let store = self.store_folder();
        let failed = |reason| self.file_error(&store, reason);
        let keys = match self.read_keys() {
            Ok(keys) => keys,
            Err(HomeError::Missing(_)) => {
                put_aside(&self.folder, &store).map_err(failed)?;
                return Ok(lock);
            }
            Err(error) => return Err(error),
        };
        let open = self.open_with(lock, keys)?;
        match Own::load(&open.store) {
            Ok(_) => return Err(HomeError::Exists(self.folder.clone())),
            Err(engine::Error::NoIdentity) => {}
            // Somebody whose identity cannot be read is not nobody.
            Err(error) => return Err(error.into()),
        }
        let (_, open_store, _, lock) = open.into_parts();
        drop(open_store);
        remove(&self.folder, &store).map_err(failed)?;
        Ok(lock)
    }

    /// Why there are keys and nobody lives here: the power went before there was an identity, or a storage was being
    /// filled.
    pub(super) fn nobody_in(&self, store: &FileStore) -> HomeError {
        let view = store.view();
        match Table::ALL.iter().all(|&table| view.count(table) == 0) {
            true => HomeError::Missing(self.folder.clone()),
            false => HomeError::BrokenOff(self.folder.clone()),
        }
    }
}

/// Removes the storage of a home. At every moment it is there whole or not at all, since half of one is taken for one that
/// is damaged.
fn remove(home: &Path, store: &Path) -> io::Result<()> {
    let left = home.join(LEFT);
    // Of a try that was killed while it removed.
    remove_all(&left)?;
    move_to(home, store, &left)?;
    remove_all(&left)
}

/// Puts a storage aside, if there is one: fresh keys do not open it.
fn put_aside(home: &Path, store: &Path) -> io::Result<()> {
    remove_all(&home.join(LEFT))?;
    move_to(home, store, &home.join(WITHOUT_KEYS))
}

fn move_to(home: &Path, store: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(store, to) {
        Ok(()) => File::open(home)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
