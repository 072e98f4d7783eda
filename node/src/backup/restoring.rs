//! A file becomes a home.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use kith_protocol::backup::{BackupError, BackupReader, Entry, Head};
use kith_protocol::engine::{self, Engine, Turn, Txn};
use kith_protocol::identity::Reason;
use kith_protocol::store::{Store, StoreError, Table, Write};
use kith_protocol::words::RecoveryWords;

use crate::home::{Home, HomeError};
use crate::machine::{now, random};
use crate::store::FileStore;

/// Bytes of values that are committed at once: a fraction of what a commit holds.
const AT_ONCE: usize = 1024 * 1024;

/// What became of the machine that the backup was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Nobody has it, or it is here: what its key signed stands.
    Gone,
    /// It may be in other hands: the key changes at once, with notice, and all codes burn.
    Stolen,
}

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The folder cannot become the home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// What is in the backup is no home.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The storage cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<io::Error> for RestoreError {
    fn from(error: io::Error) -> Self {
        Self::Backup(error.into())
    }
}

/// Makes a home of a backup, in a folder where nobody lives, with a libp2p key of its own.
///
/// The identity is what is written last, so a crash in between leaves no home, and restoring begins again.
///
/// # Errors
/// If the words do not open it, it is damaged, or somebody lives in the folder.
pub fn restore(home: &Home, backup: &Path, words: &RecoveryWords, machine: Machine) -> Result<Head, RestoreError> {
    let (mut reader, head) = BackupReader::begin(BufReader::new(File::open(backup)?), &words.backup_key())?;
    home.begin_anew(|store, peer| {
        let mut last = Vec::new();
        while let Some(part) = reader.next_part()? {
            last.extend(put(store, part)?);
        }
        finish(store, last, |turn| {
            turn.restored(peer, head.made)?;
            match machine {
                Machine::Gone => Ok(()),
                Machine::Stolen => turn.rotate(words, None, Reason::Compromised),
            }
        })
    })?;
    Ok(head)
}

/// Stores a part, but for what makes the folder a home.
fn put(store: &mut FileStore, part: Vec<Entry>) -> Result<Vec<Write>, RestoreError> {
    let (mut now, mut last, mut size) = (Vec::new(), Vec::new(), 0);
    for entry in part {
        let table = Table::from_number(entry.table).ok_or(BackupError::TooNew)?;
        let write = Write { table, key: entry.key.into_vec(), value: Some(entry.value.into_vec()) };
        if table == Table::Meta {
            last.push(write);
            continue;
        }
        size += write.value.as_ref().map_or(0, Vec::len);
        now.push(write);
        if size >= AT_ONCE {
            store.commit(&std::mem::take(&mut now))?;
            size = 0;
        }
    }
    store.commit(&now)?;
    Ok(last)
}

/// The rest, and what follows from being restored, in one commit.
fn finish(
    store: &mut FileStore,
    last: Vec<Write>,
    begin: impl FnOnce(&mut Turn<'_>) -> engine::Result<()>,
) -> Result<(), RestoreError> {
    let writes = {
        let mut whole = Txn::new(store);
        whole.absorb(&last);
        let mut engine = Engine::open(&whole)?;
        let (_, step) = engine.turn(&whole, now(), random(), begin)?;
        whole.absorb(&step.writes);
        whole.into_writes()
    };
    Ok(store.commit(&writes)?)
}
