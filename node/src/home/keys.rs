//! The keys of a home: making, reading and storing them, and the passphrase that they may be behind.

use std::io;
use std::path::PathBuf;

use super::keystore::{self, NoKeys, Passphrase, StoredKeys};
use super::{Home, HomeError, files};

impl Home {
    /// True if its keys are behind a passphrase.
    pub fn is_locked(&self) -> bool {
        files::read_secret(&self.keys_file()).is_ok_and(|bytes| keystore::is_sealed(&bytes))
    }

    /// From now on its keys are behind another passphrase, or in the clear.
    ///
    /// # Errors
    /// If the passphrase of before was not given, or another process works in the home.
    pub fn set_passphrase(&self, new: Option<&Passphrase>) -> Result<(), HomeError> {
        if !self.exists() {
            return Err(HomeError::Missing(self.folder.clone()));
        }
        let _lock = self.lock()?;
        self.store_keys(&self.read_keys()?, new)
    }

    pub(super) fn keys_file(&self) -> PathBuf {
        self.folder.join("keys")
    }

    pub(super) fn read_keys(&self) -> Result<StoredKeys, HomeError> {
        let path = self.keys_file();
        match files::read_secret(&path) {
            Ok(bytes) => StoredKeys::from_bytes(&bytes, self.passphrase.as_ref()).map_err(|why| match why {
                NoKeys::Damaged => HomeError::Damaged(path),
                NoKeys::Locked => HomeError::Locked(self.folder.clone()),
                NoKeys::WrongPassphrase => HomeError::WrongPassphrase(self.folder.clone()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HomeError::Missing(self.folder.clone())),
            Err(reason) => Err(self.file_error(&path, reason)),
        }
    }

    pub(super) fn write_keys(&self) -> Result<StoredKeys, HomeError> {
        let keys = StoredKeys::fresh();
        self.store_keys(&keys, None)?;
        Ok(keys)
    }

    fn store_keys(&self, keys: &StoredKeys, passphrase: Option<&Passphrase>) -> Result<(), HomeError> {
        let (path, bytes) = (self.keys_file(), keys.to_bytes(passphrase).ok_or(HomeError::NotHashed)?);
        files::write_durably(&path, &bytes).map_err(|reason| self.file_error(&path, reason))
    }
}
