//! A home: the one folder that holds everything of one identity.
//!
//! | file | holds |
//! |---|---|
//! | `keys` | the key that encrypts secrets in the storage, and the seed of the node's libp2p key; behind a passphrase if their owner set one; 0600 |
//! | `store/` | the storage, see [`crate::store`] |
//! | `store-left/` | a storage of a try that was broken off, until it is removed |
//! | `store-without-keys/`, `keys-without-store/` | what had no keys, or no storage, when somebody began anew; numbered from the second on |
//! | `mailbox/` | what is held for others, see [`crate::mailbox`] |
//! | `api-token` | the bearer token of the API; 0600 |
//! | `running.json` | where the API of the running node listens; only while it runs |
//! | `settings.json` | where the node was asked to listen, and where it listened last; how browsers reach it; limits |
//! | `access.json` | the hash of the password, and those of browsers that are signed in; 0600 |
//! | `ca.json` | the key and certificate by which browsers know the node, if it does its own TLS; 0600 |
//! | `acme.json` | the account with a public authority, and the certificate and key that it gave for the domain; 0600 |
//! | `backups.json` | when the last backup was made |
//! | `mail.json` | to whom and by which server the mail of every day goes; its password is sealed; 0600 |
//! | `mailed.json` | which day's mail was dealt with |
//! | `recovery-words.txt` | the 24 words, until their owner has written them down; 0600 |
//! | `fresh-words.txt` | words that are about to take the place of others; 0600 |
//!
//! It is made in `making`, where `left` makes room for it, and opened in `opening`, where `up_to_date` adds what one of an
//! earlier version lacks. What lies in it is told of in `keys`, `words`, `settings` and `running`, and in `kept` what other
//! modules keep there.

mod before;
mod files;
mod kept;
mod keys;
mod keystore;
mod left;
mod making;
mod opening;
mod running;
mod settings;
mod up_to_date;
mod words;

use std::io;
use std::path::{Path, PathBuf};

use kith_protocol::engine;
use kith_protocol::store::StoreError;

pub use keystore::{BadPassphrase, Passphrase};
pub use opening::OpenHome;
pub use running::Running;
pub use settings::{AcmeSettings, Plan, Settings, Tls};

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Nobody lives in the folder.
    #[error("there is no home in {}", .0.display())]
    Missing(PathBuf),
    /// What was to fill the storage of a new home did not come to its end.
    #[error("a restore was broken off in {}; nobody lives there so far", .0.display())]
    BrokenOff(PathBuf),
    /// There is a storage, and the keys that open it are gone.
    #[error("the keys of the home in {} are gone", .0.display())]
    KeysGone(PathBuf),
    /// The folder has an identity already.
    #[error("there is a home in {} already", .0.display())]
    Exists(PathBuf),
    /// Another process works in it.
    #[error("the home in {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A file of the home does not hold what was written to it.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The file of the settings does not hold what was written to it.
    #[error("the settings in {} cannot be read", .0.display())]
    DamagedSettings(PathBuf),
    /// Its keys are behind a passphrase, and none was given.
    #[error("the keys of the home in {} are behind a passphrase", .0.display())]
    Locked(PathBuf),
    /// The passphrase that was given is another one.
    #[error("this is not the passphrase of the home in {}", .0.display())]
    WrongPassphrase(PathBuf),
    /// There is no memory to hash a passphrase.
    #[error("the passphrase could not be hashed")]
    NotHashed,
    /// A file cannot be read or written.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The storage does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine does not wake.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

/// A folder that is, or may become, a home.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    passphrase: Option<Passphrase>,
}

impl Home {
    /// The home in this folder, whether or not there is one yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), passphrase: None }
    }

    /// The same home, whose keys this passphrase opens.
    #[must_use]
    pub fn unlocked_by(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True if an identity lives here.
    pub fn exists(&self) -> bool {
        self.keys_file().exists()
    }

    fn store_folder(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Where others' letters lie.
    pub(crate) fn mailbox_folder(&self) -> PathBuf {
        self.folder.join("mailbox")
    }

    fn file_error(&self, path: &Path, reason: io::Error) -> HomeError {
        HomeError::File { path: path.to_owned(), reason }
    }
}

#[cfg(test)]
mod tests;
