//! Backups of a home: one at a time, when somebody asks and by themselves.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kith_protocol::engine::Own;
use kith_protocol::time::Timestamp;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::record::{LEAST, Plan, Record};
use super::writing::{Unmade, write};
use crate::driver::{Handle, now};
use crate::home::{Home, HomeError};

/// Files that are kept in the folder of the plan: two weeks of one each night.
const KEPT: usize = 14;
/// How files of the plan end; while one is written, or if that was broken off, as below.
const END: &str = ".backup";
const UNFINISHED: &str = ".unfinished";
/// How long a failed try is waited after, in seconds, if backups are not made more often.
const AGAIN: u64 = 3_600;
/// How often the clock is looked at, so that a laptop that slept makes up for the night.
const LOOK: Duration = Duration::from_secs(30);

/// The backups of a home; clones are of the same one.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Inner>,
}

struct Inner {
    handle: Handle,
    home: Home,
    plan: Option<Plan>,
    record: RwLock<Record>,
    one_at_a_time: Mutex<()>,
}

impl Backups {
    /// The backups of a home that is open.
    ///
    /// # Errors
    /// If it cannot be read what is planned.
    pub fn new(handle: Handle, home: Home) -> Result<Self, HomeError> {
        let (plan, record) = (home.settings()?.backup, home.read_backups().unwrap_or_default());
        let inner = Inner { handle, home, plan, record: RwLock::new(record), one_at_a_time: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is remembered.
    pub fn record(&self) -> Record {
        self.inner.record.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is made by itself.
    pub fn plan(&self) -> Option<&Plan> {
        self.inner.plan.as_ref()
    }

    /// Makes one for somebody to take away: an open file that has no name any more, and its length in bytes. It counts as
    /// made when it was taken; see [`Backups::was_taken`].
    ///
    /// # Errors
    /// If it cannot be made. Then nothing is left of it.
    pub async fn make(&self) -> Result<(File, u64), Unmade> {
        let _turn = self.inner.one_at_a_time.lock().await;
        let path = self.inner.home.folder().join("taken-away.backup");
        let size = write(&self.inner.handle, &path).await?;
        let file = File::open(&path)?;
        std::fs::remove_file(&path)?;
        Ok((file, size))
    }

    /// Somebody has one of this many bytes.
    pub fn was_taken(&self, size: u64) {
        self.remember(|record| {
            *record = Record { made: Some(now().secs()), size, planned: record.planned, trouble: None };
        });
    }

    fn remember(&self, change: impl FnOnce(&mut Record)) {
        let mut record = self.inner.record.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut record);
        if let Err(error) = self.inner.home.write_backups(&*record) {
            tracing::warn!(%error, "that a backup was made could not be written down");
        }
    }

    /// Makes backups by themselves as long as what comes back lives, if that is planned.
    pub fn keep(&self) -> Option<Keeping> {
        let plan = self.inner.plan.clone()?;
        let backups = self.clone();
        Some(Keeping(tokio::spawn(async move {
            let mut not_before = Timestamp::default();
            loop {
                let at = due(&backups.record(), &plan).max(not_before);
                if at > now() {
                    tokio::time::sleep(LOOK.min(Duration::from_secs(at.since(now())))).await;
                    continue;
                }
                if let Err(error) = backups.make_planned(&plan).await {
                    tracing::warn!(%error, "no backup was made");
                    backups.remember(|record| record.trouble = Some(error.to_string()));
                    not_before = now().plus(AGAIN.min(plan.every));
                }
            }
        })))
    }

    async fn make_planned(&self, plan: &Plan) -> Result<(), Unmade> {
        let _turn = self.inner.one_at_a_time.lock().await;
        std::fs::create_dir_all(&plan.to)?;
        let (made, ours) = (now(), ours(&self.inner.handle)?);
        let size = write(&self.inner.handle, &plan.to.join(file_name(&ours, made))).await?;
        tracing::info!(to = %plan.to.display(), size, "a backup was made");
        let secs = Some(made.secs());
        self.remember(|record| *record = Record { made: secs, size, planned: secs, trouble: None });
        if let Err(error) = remove_old(&plan.to, &ours) {
            tracing::warn!(%error, "old backups could not be removed");
        }
        Ok(())
    }
}

/// When the next one is due. A clock that went back does not put it off.
pub(super) fn due(record: &Record, plan: &Plan) -> Timestamp {
    let last = record.planned.map(Timestamp::from_secs).filter(|last| *last <= now());
    last.map_or_else(Timestamp::default, |last| last.plus(plan.every.max(LEAST)))
}

/// How the files of this home begin: several homes may keep theirs in one folder.
fn ours(handle: &Handle) -> Result<String, Unmade> {
    Ok(format!("kith-{}-", Own::load(handle.view())?.id().short()))
}

/// Sorts by time.
fn file_name(ours: &str, made: Timestamp) -> String {
    let made = i64::try_from(made.secs()).ok().and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    let made = made.unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string();
    format!("{ours}{made}{END}")
}

/// Removes all but the newest of a home, and what was broken off; nothing else in the folder is touched.
pub(super) fn remove_old(folder: &Path, ours: &str) -> std::io::Result<()> {
    let (mut all, mut broken): (Vec<PathBuf>, Vec<PathBuf>) = Default::default();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(ours)) else { continue };
        if !entry.file_type()?.is_file() {
            continue;
        }
        if name.ends_with(END) {
            all.push(entry.path());
        } else if name.ends_with(UNFINISHED) {
            broken.push(entry.path());
        }
    }
    all.sort();
    let surplus = all.len().saturating_sub(KEPT);
    all.into_iter().take(surplus).chain(broken).try_for_each(std::fs::remove_file)
}

/// Backups are made by themselves as long as this lives.
pub struct Keeping(JoinHandle<()>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}
