//! Opening a home, which one process does at a time.

use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine;

use super::keystore::StoredKeys;
use super::{Home, HomeError};
use crate::store::{FileStore, HomeLock, LockError, OpenReport, VaultKey};

/// A home that this process works in, and no other.
pub struct OpenHome {
    /// The folder.
    pub home: Home,
    /// The storage.
    pub store: FileStore,
    /// What opening it found.
    pub report: OpenReport,
    /// The seed of the libp2p key.
    pub node_seed: SecretSeed,
    lock: HomeLock,
}

impl OpenHome {
    /// Parts the storage from the right to work in it, which must outlive the storage.
    pub fn into_parts(self) -> (Home, FileStore, SecretSeed, HomeLock) {
        (self.home, self.store, self.node_seed, self.lock)
    }
}

impl Home {
    /// Opens the home, alone.
    ///
    /// # Errors
    /// [`HomeError::Missing`] if nobody lives here, [`HomeError::BrokenOff`] if somebody nearly did,
    /// [`HomeError::KeysGone`] if somebody did, [`HomeError::InUse`] if another process works in it.
    pub fn open(&self) -> Result<OpenHome, HomeError> {
        if !self.exists() {
            let folder = self.folder.clone();
            return Err(if self.has_store() { HomeError::KeysGone(folder) } else { HomeError::Missing(folder) });
        }
        let lock = self.lock()?;
        let keys = self.read_keys()?;
        // To open one would make it, and these keys may be of one that was moved away.
        if !self.has_store() {
            return Err(HomeError::Missing(self.folder.clone()));
        }
        let mut open = self.open_with(lock, keys)?;
        match engine::Own::load(&open.store) {
            Ok(own) => {
                self.settle_fresh_words(&own)?;
                open.bring_up_to_date()?;
                Ok(open)
            }
            Err(engine::Error::NoIdentity) => Err(self.nobody_in(&open.store)),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn open_with(&self, lock: HomeLock, keys: StoredKeys) -> Result<OpenHome, HomeError> {
        let (store, report) = FileStore::open(&self.store_folder(), VaultKey::new(*keys.vault))?;
        // Whoever works in it needs the passphrase no more.
        let home = Self::at(self.folder.clone());
        Ok(OpenHome { home, store, report, node_seed: keys.node, lock })
    }

    /// Locks the home. Commands take turns: one that works in the home itself is soon done, while a node says
    /// where it can be spoken to and stays.
    pub(super) fn lock(&self) -> Result<HomeLock, HomeError> {
        match HomeLock::acquire_in_turn(&self.folder, || self.running().is_none()) {
            Ok(lock) => {
                // A node that was killed could not take this back, and nobody may be sent to where it was.
                self.retract();
                Ok(lock)
            }
            Err(LockError::InUse) => Err(HomeError::InUse(self.folder.clone())),
            Err(LockError::Disk(reason)) => Err(self.file_error(&self.folder, reason)),
        }
    }
}
