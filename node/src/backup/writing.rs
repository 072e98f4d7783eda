//! A snapshot of the storage becomes a file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use kith_protocol::backup::{BackupError, BackupWriter, Head};
use kith_protocol::crypto::seal::EncryptionKey;
use kith_protocol::engine;
use kith_protocol::engine::backups::{backup_key, head};
use kith_protocol::store::StoreError;

use crate::driver::{Handle, Refused};
use crate::machine::{now, random};
use crate::store::Snapshot;

/// Bytes that are written at a time.
const PIECE: usize = 256 * 1024;

/// What to do if the folder of the plan lies on another disk than before. `kith up --backup-to` cannot say that this is meant:
/// services say it at each start, before the disk is mounted, too.
pub(crate) const OTHER_DISK: &str = "mount the disk of --backup-to. If another one is meant, put a backup there by hand, and \
                                     the next ones follow: kith backup DIR/first.backup";

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// An earlier version made the home, and nobody has typed in the words since.
    #[error("this home does not know what to seal a backup to")]
    NoKey,
    /// The driver did not give a snapshot.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The storage cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] BackupError),
    /// The disk of the home does not take it.
    #[error("a backup is written into the home first, and {} does not take it: {reason}", .path.display())]
    InHome {
        /// The home.
        path: PathBuf,
        /// Why.
        reason: BackupError,
    },
    /// The home cannot be read.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The folder of the plan is not there, where it was before or might have been made.
    #[error("there is no folder {0}; maybe its disk is not mounted")]
    NoFolder(PathBuf),
    /// The folder of the plan is there, but not where the last backup went.
    #[error(
        "the folder {0} lies on another disk than before, and no backup is there; maybe its own disk is not mounted"
    )]
    OtherDisk(PathBuf),
    /// Others were not done.
    #[error("another backup is being written")]
    Busy,
    /// The program is stopping.
    #[error("the node is stopping")]
    Stopping,
}

impl From<std::io::Error> for Unmade {
    fn from(error: std::io::Error) -> Self {
        Self::File(error.into())
    }
}

impl Unmade {
    /// The same of one that is written into the home in this folder.
    pub(super) fn in_home(self, path: PathBuf) -> Self {
        match self {
            Self::File(reason) => Self::InHome { path, reason },
            other => other,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKey => "type your recovery words in once: kith words --check",
            Self::File(_) | Self::NoFolder(_) => "see that the folder is there, may be written, and has room",
            Self::InHome { reason: BackupError::Io(error), .. } if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                "copy the folder of the home to another disk, and run kith --home THERE backup FILE"
            }
            Self::InHome { .. } => "make room on the disk of the home, for as much as the home holds",
            Self::OtherDisk(_) => OTHER_DISK,
            Self::Busy => "try again when it is done; if that does not come, look at the disk of the home",
            Self::Store(_) | Self::Engine(_) => "run kith doctor",
            Self::Refused(_) | Self::Stopping => "try again when the node runs",
        }
    }
}

/// Everything that is stored at one moment, and to whom it is sealed.
pub(super) struct Content {
    snapshot: Snapshot,
    key: EncryptionKey,
    head: Head,
}

impl Content {
    pub(super) async fn of(handle: &Handle) -> Result<Self, Unmade> {
        let key = backup_key(handle.view())?.ok_or(Unmade::NoKey)?;
        let head = head(handle.view(), now())?;
        Ok(Self { snapshot: handle.snapshot().await?, key, head })
    }

    /// What it is sealed to, as the record names it.
    pub(super) fn sealed_to(&self) -> String {
        named(&self.key)
    }

    /// Writes it into a file, which is there whole or not at all, and says how long it is in bytes. Waits for the disk.
    pub(super) fn write(self, path: &Path) -> Result<u64, Unmade> {
        write_file(self.snapshot, &self.key, &self.head, path)
    }
}

/// How the record names a key that backups are sealed to.
pub(super) fn named(key: &EncryptionKey) -> String {
    data_encoding::HEXLOWER.encode(&key.0)
}

/// What the file is called while it is written, or if that was broken off.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("unfinished")
}

fn write_file(snapshot: Snapshot, key: &EncryptionKey, head: &Head, path: &Path) -> Result<u64, Unmade> {
    let unfinished = unfinished(path);
    let written = fill(snapshot, key, head, &unfinished);
    let kept = written.and_then(|size| std::fs::rename(&unfinished, path).map(|()| size).map_err(Unmade::from));
    if kept.is_err() {
        // What is left of it is of no use to anybody; if it cannot be removed either, the reason was told already.
        let _ = std::fs::remove_file(&unfinished);
    }
    let size = kept?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(size)
}

fn fill(snapshot: Snapshot, key: &EncryptionKey, head: &Head, path: &Path) -> Result<u64, Unmade> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut writer = BackupWriter::begin(BufWriter::with_capacity(PIECE, file), key, head, random())?;
    snapshot.each::<Unmade>(&mut |table, key, value| Ok(writer.put(table, key, value)?))?;
    let mut file = writer.finish()?;
    file.flush()?;
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
