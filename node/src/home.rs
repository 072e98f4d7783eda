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

mod before;
mod files;
mod keystore;
mod left;
mod settings;
mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{self, Beginning};
use kith_protocol::id::PeerId;
use kith_protocol::store::{Read, Store, StoreError, Write};
use kith_protocol::text::Name;
use kith_protocol::words::RecoveryWords;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use keystore::{BadPassphrase, Passphrase};
use keystore::{NoKeys, StoredKeys};
pub use settings::{AcmeSettings, Plan, Running, Settings, Tls};

use crate::machine::{now, random};
use crate::store::{FileStore, HomeLock, LockError, OpenReport, VaultKey};

/// The file of the settings.
const SETTINGS: &str = "settings.json";

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

/// Changes of a migration that are committed at once: a fraction of what a commit holds.
const AT_ONCE: usize = 4_096;

/// What a home of an earlier version may lack, under names for the copies that are kept of it.
type Change = (&'static str, fn(&dyn Read) -> engine::Result<Vec<Write>>);
const CHANGES: [Change; 2] =
    [("agenda", engine::agenda::missing_agenda), ("code-lists", engine::code_lists::missing_code_lists)];

impl OpenHome {
    /// A home of an earlier version gets what this one keeps beside what was there; what was there is kept as it was for a
    /// while. After a crash in between, opening does it again.
    fn bring_up_to_date(&mut self) -> Result<(), HomeError> {
        before::remove_old(&self.home.folder, SystemTime::now());
        for (change, missing) in CHANGES {
            let changes = missing(&self.store)?;
            if !changes.is_empty() {
                let failed = |reason| self.home.file_error(&self.home.store_folder(), reason);
                before::keep_copy(&self.home.folder, &self.home.store_folder(), change).map_err(failed)?;
            }
            for part in changes.chunks(AT_ONCE) {
                self.store.commit(part)?;
            }
        }
        Ok(())
    }

    /// Parts the storage from the right to work in it, which must outlive the storage.
    pub fn into_parts(self) -> (Home, FileStore, SecretSeed, HomeLock) {
        (self.home, self.store, self.node_seed, self.lock)
    }
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

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True if an identity lives here.
    pub fn exists(&self) -> bool {
        self.keys_file().exists()
    }

    fn keys_file(&self) -> PathBuf {
        self.folder.join("keys")
    }

    fn store_folder(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Where others' letters lie.
    pub(crate) fn mailbox_folder(&self) -> PathBuf {
        self.folder.join("mailbox")
    }

    fn running_file(&self) -> PathBuf {
        self.folder.join("running.json")
    }

    /// Makes an identity. The words are in [`Home::words_file`] before anything else is durable, so that no
    /// crash can leave an identity whose words nobody has seen. What an earlier try left is removed.
    ///
    /// # Errors
    /// [`HomeError::Exists`] if somebody lives here, [`HomeError::KeysGone`] if somebody did.
    pub fn create(&self, name: Name) -> Result<(OpenHome, RecoveryWords), HomeError> {
        let lock = self.lock()?;
        if !self.exists() && self.has_store() {
            return Err(HomeError::KeysGone(self.folder.clone()));
        }
        let lock = self.make_room(lock)?;
        let mut open = self.open_with(lock, self.write_keys()?)?;
        let words = RecoveryWords::from_entropy(random());
        self.write_words(&words)?;
        let beginning = Beginning { words: &words, name, peer: peer_of(&open.node_seed) };
        let step = engine::create(&open.store, now(), random(), beginning)?;
        open.store.commit(&step.writes)?;
        Ok((open, words))
    }

    /// Makes a home of something else than a new identity: with fresh keys, and an empty storage that `fill` fills, whose
    /// last commit makes it somebody's. What an earlier try left is removed; a storage whose keys are gone is put aside.
    ///
    /// # Errors
    /// [`HomeError::Exists`] if somebody lives here, or what `fill` says.
    pub fn begin_anew<E: From<HomeError>>(
        &self,
        fill: impl FnOnce(&mut FileStore, PeerId) -> Result<(), E>,
    ) -> Result<(), E> {
        let lock = self.make_room(self.lock()?)?;
        let mut open = self.open_with(lock, self.write_keys()?)?;
        let peer = peer_of(&open.node_seed);
        fill(&mut open.store, peer)?;
        let (_, store, _, lock) = open.into_parts();
        let closed = store.close().map_err(HomeError::from);
        drop(lock);
        Ok(closed?)
    }

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

    fn open_with(&self, lock: HomeLock, keys: StoredKeys) -> Result<OpenHome, HomeError> {
        let (store, report) = FileStore::open(&self.store_folder(), VaultKey::new(*keys.vault))?;
        // Whoever works in it needs the passphrase no more.
        let home = Self::at(self.folder.clone());
        Ok(OpenHome { home, store, report, node_seed: keys.node, lock })
    }

    /// Locks the home. Commands take turns: one that works in the home itself is soon done, while a node says
    /// where it can be spoken to and stays.
    fn lock(&self) -> Result<HomeLock, HomeError> {
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

    fn file_error(&self, path: &Path, reason: io::Error) -> HomeError {
        HomeError::File { path: path.to_owned(), reason }
    }

    fn read_keys(&self) -> Result<StoredKeys, HomeError> {
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

    fn write_keys(&self) -> Result<StoredKeys, HomeError> {
        let keys = StoredKeys::fresh();
        self.store_keys(&keys, None)?;
        Ok(keys)
    }

    fn store_keys(&self, keys: &StoredKeys, passphrase: Option<&Passphrase>) -> Result<(), HomeError> {
        let (path, bytes) = (self.keys_file(), keys.to_bytes(passphrase).ok_or(HomeError::NotHashed)?);
        files::write_durably(&path, &bytes).map_err(|reason| self.file_error(&path, reason))
    }

    /// The bearer token of the API; made at its first use.
    pub fn api_token(&self) -> Result<String, HomeError> {
        let path = self.folder.join("api-token");
        let failed = |reason| self.file_error(&path, reason);
        match files::read_secret(&path) {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).map_err(|_| HomeError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = data_encoding::BASE32_NOPAD.encode(&random::<32>()).to_ascii_lowercase();
                files::write_durably(&path, token.as_bytes()).map_err(failed)?;
                Ok(token)
            }
            Err(reason) => Err(failed(reason)),
        }
    }

    /// Where the running node can be spoken to; `None` if none runs.
    pub fn running(&self) -> Option<Running> {
        // The file of a node that was killed is still there; the lock is not.
        if !HomeLock::is_held(&self.folder) {
            return None;
        }
        serde_json::from_slice(&std::fs::read(self.running_file()).ok()?).ok()
    }

    /// Says where the API listens.
    pub fn announce(&self, running: &Running) -> Result<(), HomeError> {
        let path = self.running_file();
        files::write_json(&path, running).map_err(|reason| self.file_error(&path, reason))
    }

    /// Takes back what [`Home::announce`] said.
    pub fn retract(&self) {
        // If it stays, `running` sees that nobody holds the lock.
        let _ = std::fs::remove_file(self.running_file());
    }

    /// Who may come in, as it was last written down.
    pub(crate) fn read_access<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("access.json")
    }

    /// Writes down who may come in.
    pub(crate) fn write_access(&self, access: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("access.json", access)
    }

    /// The certificate authority of this home, if there is one.
    pub(crate) fn read_ca<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("ca.json")
    }

    /// Writes down a new certificate authority.
    pub(crate) fn write_ca(&self, ca: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("ca.json", ca)
    }

    /// What came from a public authority, if anything did.
    pub(crate) fn read_acme<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        self.read_json("acme.json")
    }

    /// Writes down what came from a public authority.
    pub(crate) fn write_acme(&self, acme: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("acme.json", acme)
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, HomeError> {
        let path = self.folder.join(name);
        match files::read_secret(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| HomeError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(self.file_error(&path, reason)),
        }
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), HomeError> {
        let path = self.folder.join(name);
        files::write_json(&path, value).map_err(|reason| self.file_error(&path, reason))
    }

    /// What is remembered of backups.
    pub(crate) fn read_backups<T: DeserializeOwned>(&self) -> Option<T> {
        // Without it the next backup is made early, which harms nobody.
        self.read_json("backups.json").ok().flatten()
    }

    /// Writes down what is to be remembered of backups.
    pub(crate) fn write_backups(&self, record: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("backups.json", record)
    }

    /// How the mail of every day is set, if it is.
    pub(crate) fn read_mail<T: DeserializeOwned>(&self) -> Result<Option<T>, HomeError> {
        Ok(self.read_json::<Option<T>>("mail.json")?.flatten())
    }

    /// Writes down how it is set.
    pub(crate) fn write_mail(&self, plan: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("mail.json", plan)
    }

    /// What is remembered of mails.
    pub(crate) fn read_mailed<T: DeserializeOwned>(&self) -> Option<T> {
        // Without it a day may have a second mail.
        self.read_json("mailed.json").ok().flatten()
    }

    /// Writes down what is to be remembered of mails.
    pub(crate) fn write_mailed(&self, record: &impl Serialize) -> Result<(), HomeError> {
        self.write_json("mailed.json", record)
    }

    /// What the node remembers between runs; nothing in a new home.
    ///
    /// # Errors
    /// If it cannot be read. Whoever went on without it would forget it with the next [`Home::remember`].
    pub fn settings(&self) -> Result<Settings, HomeError> {
        let path = self.folder.join(SETTINGS);
        self.read_json(SETTINGS).map(Option::unwrap_or_default).map_err(|error| match error {
            HomeError::Damaged(_) => HomeError::DamagedSettings(path),
            other => other,
        })
    }

    /// Remembers for the next run.
    pub fn remember(&self, settings: &Settings) -> Result<(), HomeError> {
        self.write_json(SETTINGS, settings)
    }
}

/// The peer id of the libp2p key with this seed.
fn peer_of(seed: &SecretSeed) -> PeerId {
    PeerId(*kith_protocol::crypto::sign::SigningKey::from_seed(seed).verify_key().as_bytes())
}

#[cfg(test)]
mod tests;
