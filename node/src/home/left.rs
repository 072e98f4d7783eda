//! What lies in a folder where nobody lives: a try to make a home that was broken off, or a storage whose keys are gone.

use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use kith_protocol::engine::{self, Own};
use kith_protocol::store::Table;

use super::{Home, HomeError};
use crate::store::{FileStore, HomeLock};

/// Where a storage lies until all of it is removed.
const LEFT: &str = "store-left";
/// Where a storage lies whose keys are gone. Nobody can go on with it, but what its owner wrote can be read.
const WITHOUT_KEYS: &str = "store-without-keys";
/// Where keys lie whose storage was moved away: it is of no use without them.
const WITHOUT_STORE: &str = "keys-without-store";

impl Home {
    /// Makes room for a new home: what an earlier try left is removed. Whoever lives here stays, also behind keys that
    /// cannot be read at this moment: fresh ones would lock them out for good. A storage without keys, or keys without a
    /// storage, may be of somebody and stay as well, in a folder of their own.
    pub(super) fn make_room(&self, lock: HomeLock) -> Result<HomeLock, HomeError> {
        let store = self.store_folder();
        let failed = |reason| self.file_error(&store, reason);
        // Of a try that was killed while it removed.
        remove_all(&self.folder.join(LEFT)).map_err(failed)?;
        let keys = match self.read_keys() {
            Ok(keys) => keys,
            Err(HomeError::Missing(_)) => {
                if self.has_store() {
                    self.put_aside(WITHOUT_KEYS, store.clone())?;
                }
                return Ok(lock);
            }
            Err(error) => return Err(error),
        };
        if !self.has_store() {
            self.put_aside(WITHOUT_STORE, self.keys_file())?;
            return Ok(lock);
        }
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
        // Nobody has these words: there was to be an identity, and is none.
        self.forget_words()?;
        Ok(lock)
    }

    /// True if there is a storage, whosever it is.
    pub(super) fn has_store(&self) -> bool {
        std::fs::read_dir(self.store_folder()).is_ok_and(|mut files| files.next().is_some())
    }

    /// Puts what may be of somebody into a folder of its own, with the words that lie beside it.
    fn put_aside(&self, name: &str, what: PathBuf) -> Result<(), HomeError> {
        let failed = |reason| self.file_error(&what, reason);
        let numbered = (2..).map(|number| self.folder.join(format!("{name}-{number}")));
        let mut places = std::iter::once(self.folder.join(name)).chain(numbered);
        let Some(aside) = places.find(|place| !place.exists()) else { return Ok(()) };
        std::fs::DirBuilder::new().mode(0o700).create(&aside).map_err(failed)?;
        for file in [&what, &self.words_file(), &self.fresh_words_file()] {
            let Some(name) = file.file_name() else { continue };
            match std::fs::rename(file, aside.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        sync(&aside).and_then(|()| sync(&self.folder)).map_err(failed)
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
    std::fs::rename(store, &left)?;
    sync(home)?;
    remove_all(&left)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
