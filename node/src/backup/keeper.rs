//! Backups of a home: one at a time, when somebody asks and by themselves.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kith_protocol::engine::Own;
use kith_protocol::engine::backups::backup_key;
use kith_protocol::time::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;

use super::place::{Folder, Lookout, Place, device};
use super::record::{LEAST, Record};
use super::writing::{Content, Unmade, named, unfinished};
use crate::driver::Handle;
use crate::home::{Home, HomeError, Plan};
use crate::machine::now;

/// Files that are kept in the folder of the plan: two weeks of one each night.
const KEPT: usize = 14;
/// How files of the plan end; while one is written, or if that was broken off, as below.
pub(super) const END: &str = ".backup";
const UNFINISHED: &str = ".unfinished";
/// How long a failed try is waited after, in seconds, if backups are not made more often.
const AGAIN: u64 = 3_600;
/// How long the disk of the plan is waited for by who wants to know how it is.
const ANSWER: Duration = Duration::from_secs(3);
/// How long somebody who takes one waits for those before.
const TURN: Duration = Duration::from_secs(30);
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
    /// What went last to somebody who says when they have it.
    handed_out: RwLock<Option<Away>>,
    /// Whoever writes one to be taken away holds it until the file is whole, however long ago who asked for it went away.
    one_at_a_time: Arc<Mutex<()>>,
    /// The same for those of the plan: who takes one away does not wait for a disk that is not there.
    planned: Arc<Mutex<()>>,
    lookout: Lookout,
}

/// What is known of a backup that somebody takes away.
#[derive(Clone, Debug)]
pub struct Away {
    /// How long it is, in bytes.
    pub size: u64,
    sealed_to: String,
}

impl Backups {
    /// The backups of a home that is open.
    ///
    /// # Errors
    /// If it cannot be read what is planned.
    pub fn new(handle: Handle, home: Home) -> Result<Self, HomeError> {
        let plan = home.settings()?.backup;
        let record: Record = home.read_backups().unwrap_or_default();
        remove_leftovers(&taken_away(&home));
        let is_of_before = record.made.is_some() && record.sealed_to.is_none();
        let (record, handed_out, one_at_a_time) = (RwLock::new(record), RwLock::default(), Arc::default());
        let (planned, lookout) = (Arc::default(), Lookout::default());
        let inner = Inner { handle, home, plan, record, handed_out, one_at_a_time, planned, lookout };
        let backups = Self { inner: Arc::new(inner) };
        // Whoever changes the words from now on knows by that which backups they leave behind.
        if let Some(key) = backups.sealed_to().filter(|_| is_of_before) {
            backups.remember(|record| record.sealed_to = Some(key));
        }
        Ok(backups)
    }

    /// What is remembered, as far as it is of use with the words of now.
    pub fn record(&self) -> Record {
        let record = self.inner.record.read().unwrap_or_else(PoisonError::into_inner).clone();
        record.of_use(self.sealed_to().as_deref())
    }

    /// What backups are sealed to now.
    fn sealed_to(&self) -> Option<String> {
        backup_key(self.inner.handle.view()).ok().flatten().map(|key| named(&key))
    }

    /// How it is where backups go by themselves.
    pub(crate) async fn look(&self) -> Place {
        let (record, plan, home) = (self.record(), self.plan().cloned(), self.inner.home.folder().to_owned());
        self.inner.lookout.look(ANSWER, move || Place::look(&record, plan.as_ref(), &home)).await
    }

    /// What is made by itself.
    pub fn plan(&self) -> Option<&Plan> {
        self.inner.plan.as_ref()
    }

    /// Makes one for somebody to take away: an open file that has no name any more, and what is to be known of it. It
    /// counts as made when it was taken; see [`Backups::was_taken`] and [`Backups::hand_out`].
    ///
    /// # Errors
    /// If it cannot be made. Then nothing is left of it.
    pub async fn make(&self) -> Result<(File, Away), Unmade> {
        let turn = tokio::time::timeout(TURN, turn(&self.inner.one_at_a_time)).await.map_err(|_| Unmade::Busy)?;
        let content = Content::of(&self.inner.handle).await?;
        let (path, sealed_to) = (taken_away(&self.inner.home), content.sealed_to());
        let made = blocking(turn, move || {
            let size = content.write(&path)?;
            let file = File::open(&path)?;
            std::fs::remove_file(&path)?;
            Ok((file, Away { size, sealed_to }))
        });
        made.await.map_err(|unmade| unmade.in_home(self.inner.home.folder().to_owned()))
    }

    /// This one goes to somebody who says when they have it; see [`Backups::was_kept`].
    pub fn hand_out(&self, away: Away) {
        *self.inner.handed_out.write().unwrap_or_else(PoisonError::into_inner) = Some(away);
    }

    /// Somebody has the one that was handed out last. False if that was not as many bytes long. Waits for the disk.
    pub fn was_kept(&self, size: u64) -> bool {
        let handed_out = {
            let mut handed_out = self.inner.handed_out.write().unwrap_or_else(PoisonError::into_inner);
            handed_out.take_if(|away| away.size == size)
        };
        if let Some(away) = &handed_out {
            self.was_taken(away);
        }
        handed_out.is_some()
    }

    /// Somebody has this one. What is wrong with those that are made by themselves is as wrong as before. Waits for the
    /// disk.
    pub fn was_taken(&self, away: &Away) {
        // The words were changed while it was on its way.
        if self.sealed_to().is_some_and(|key| key != away.sealed_to) {
            return;
        }
        self.remember(|record| {
            (record.made, record.size) = (Some(now().secs()), away.size);
            record.sealed_to = Some(away.sealed_to.clone());
        });
    }

    fn remember(&self, change: impl FnOnce(&mut Record)) {
        let key = self.sealed_to();
        let mut record = self.inner.record.write().unwrap_or_else(PoisonError::into_inner);
        // What counts no more is not to count again because the next one does.
        *record = std::mem::take(&mut *record).of_use(key.as_deref());
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
                    backups.remember_trouble(error.to_string()).await;
                    not_before = now().plus(AGAIN.min(plan.every));
                }
            }
        })))
    }

    async fn remember_trouble(&self, trouble: String) {
        let (turn, backups) = (turn(&self.inner.planned).await, self.clone());
        let remembered = blocking(turn, move || {
            backups.remember(|record| record.trouble = Some(trouble));
            Ok(())
        });
        if let Err(error) = remembered.await {
            tracing::debug!(%error, "what went wrong with a backup was not written down");
        }
    }

    async fn make_planned(&self, plan: &Plan) -> Result<(), Unmade> {
        let (backups, at) = (self.clone(), plan.clone());
        // A disk that does not answer is not to have the storage wait.
        blocking(turn(&self.inner.planned).await, move || make_ready(&at.to, &backups.record())).await?;
        let turn = turn(&self.inner.planned).await;
        let (content, ours) = (Content::of(&self.inner.handle).await?, ours(&self.inner.handle)?);
        let (backups, plan) = (self.clone(), plan.clone());
        blocking(turn, move || backups.write_planned(content, &plan, &ours)).await
    }

    fn write_planned(&self, content: Content, plan: &Plan, ours: &str) -> Result<(), Unmade> {
        let made = now();
        let file = plan.to.join(file_name(ours, made));
        let sealed_to = Some(content.sealed_to());
        let size = content.write(&file)?;
        tracing::info!(to = %plan.to.display(), size, "a backup was made");
        let secs = Some(made.secs());
        let (kept, device) = (Some(file.clone()), device(&plan.to));
        self.remember(|record| {
            *record = Record { made: secs, size, planned: secs, file: kept, device, sealed_to, trouble: None };
        });
        if let Err(error) = remove_old(&plan.to, ours, &file, now()) {
            tracing::warn!(%error, "old backups could not be removed");
        }
        Ok(())
    }
}

async fn turn(of: &Arc<Mutex<()>>) -> OwnedMutexGuard<()> {
    Arc::clone(of).lock_owned().await
}

/// Does what waits for the disk, in whose turn nobody else writes.
async fn blocking<R: Send + 'static>(
    turn: OwnedMutexGuard<()>,
    work: impl FnOnce() -> Result<R, Unmade> + Send + 'static,
) -> Result<R, Unmade> {
    let worked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    worked.await.map_err(|_| Unmade::Stopping)?
}

/// Where one lies that is made to be taken away, until it is open.
fn taken_away(home: &Home) -> PathBuf {
    home.folder().join("taken-away.backup")
}

/// Of a program that was killed while it wrote; as large as the home, and of use to nobody.
pub(super) fn remove_leftovers(path: &Path) {
    for left in [path.to_owned(), unfinished(path)] {
        match std::fs::remove_file(&left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "{} is left over, and cannot be removed", left.display());
            }
            _ => {}
        }
    }
}

/// Makes a folder that the plan names anew, in one that is there. Where the last backup went a folder that is missing is
/// not made, nor is one written to that lies on another disk: its own is not mounted.
pub(super) fn make_ready(folder: &Path, record: &Record) -> Result<(), Unmade> {
    let is_new = record.file.as_deref().and_then(Path::parent) != Some(folder);
    if is_new && !folder.exists() {
        // Why it cannot be made is said by its not being there.
        let _ = std::fs::create_dir(folder);
    }
    match Folder::look(folder, record) {
        Folder::OtherDisk => Err(Unmade::OtherDisk(folder.to_owned())),
        Folder::There if folder.is_dir() => Ok(()),
        Folder::There | Folder::Gone | Folder::Silent => Err(Unmade::NoFolder(folder.to_owned())),
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

/// Removes all but the newest of a home, and what was broken off; nothing else in the folder is touched. What was made
/// later than now was made by a clock that was wrong, and nobody knows when: it goes first. The last one stays, whatever it is called.
pub(super) fn remove_old(folder: &Path, ours: &str, last: &Path, now: Timestamp) -> std::io::Result<()> {
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
    let newest = folder.join(file_name(ours, now));
    all.retain(|file| file != last);
    all.sort_by(|one, other| (*one <= newest, one).cmp(&(*other <= newest, other)));
    let surplus = (all.len() + 1).saturating_sub(KEPT);
    all.into_iter().take(surplus).chain(broken).try_for_each(std::fs::remove_file)
}

/// Backups are made by themselves as long as this lives.
pub struct Keeping(JoinHandle<()>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}
