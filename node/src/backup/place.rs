//! Where backups go by themselves: whether that is where they went before, and what lies there.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::keeper::END;
use super::record::Record;
use crate::home::Plan;

/// The folder of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Folder {
    /// It is there, as far as anybody knows.
    #[default]
    There,
    /// It is not there any more.
    Gone,
    /// Another disk is there, or none: the last backup went to another one.
    OtherDisk,
    /// Whoever serves its disk does not answer.
    Silent,
}

/// The last file that was made by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastFile {
    /// There is none in the folder of the plan so far: the one of an earlier plan may lie anywhere by now.
    #[default]
    None,
    /// It is there, or nobody can tell.
    There,
    /// It was moved away.
    Moved,
}

/// Where backups go by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub folder: Folder,
    pub last: LastFile,
    /// It is on the disk of the home.
    pub is_beside_home: bool,
}

/// Looks at the place, one after the other. A disk over a network that went away answers nobody, and whoever waits for it
/// takes a thread that nothing gives back: so there is one who does.
#[derive(Clone, Default)]
pub(super) struct Lookout(Arc<Mutex<()>>);

impl Lookout {
    /// What `look` sees, or that nobody answered it within so long.
    pub async fn look(&self, within: Duration, look: impl FnOnce() -> Place + Send + 'static) -> Place {
        let turn = Arc::clone(&self.0).lock_owned();
        let looked = async {
            let turn = turn.await;
            let looking = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                look()
            });
            looking.await.unwrap_or_default()
        };
        let silent = Place { folder: Folder::Silent, ..Place::default() };
        tokio::time::timeout(within, looked).await.unwrap_or(silent)
    }
}

impl Place {
    /// Waits for the disk, or for whoever serves it.
    pub fn look(record: &Record, plan: Option<&Plan>, home: &Path) -> Self {
        let Some(plan) = plan else { return Self::default() };
        let folder = Folder::look(&plan.to, record);
        let last = match last_in(&plan.to, record) {
            None => LastFile::None,
            Some(file) if folder == Folder::There && !file.exists() => LastFile::Moved,
            Some(_) => LastFile::There,
        };
        let is_beside_home = device(&plan.to).is_some_and(|at| Some(at) == device(home));
        Self { folder, last, is_beside_home }
    }
}

impl Folder {
    /// A mount point whose disk is not mounted is a folder like any other, and empty. The number of a device alone does not
    /// tell: many disks have another one after each start of the machine. So what lies there counts, too.
    pub fn look(folder: &Path, record: &Record) -> Self {
        match (last_in(folder, record), device(folder)) {
            (None, _) => Self::There,
            (Some(_), None) => Self::Gone,
            (Some(_), at) if record.device.is_some() && record.device != at && !has_backups(folder) => Self::OtherDisk,
            (Some(_), Some(_)) => Self::There,
        }
    }
}

fn last_in<'a>(folder: &Path, record: &'a Record) -> Option<&'a Path> {
    record.file.as_deref().filter(|file| file.parent() == Some(folder))
}

/// The device that a folder lies on; `None` if there is no such folder.
pub(super) fn device(folder: &Path) -> Option<u64> {
    std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir).map(|found| found.dev())
}

fn has_backups(folder: &Path) -> bool {
    let is_backup = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.ends_with(END));
    std::fs::read_dir(folder).is_ok_and(|files| files.flatten().any(|file| is_backup(&file.file_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &Path, device: Option<u64>) -> Record {
        Record { file: Some(file.to_owned()), device, ..Record::default() }
    }

    #[test]
    fn the_last_file_is_looked_for_where_the_plan_puts_them() {
        let home = tempfile::tempdir().unwrap();
        let plan = Plan { to: home.path().join("backups"), every: 86_400 };
        let file = plan.to.join("last.backup");
        let look = |file: &Path| {
            let Place { folder, last, is_beside_home } = Place::look(&of(file, None), Some(&plan), home.path());
            (folder, last, is_beside_home)
        };
        assert_eq!(look(&file), (Folder::Gone, LastFile::There, false));
        std::fs::create_dir(&plan.to).unwrap();
        assert_eq!(look(&file), (Folder::There, LastFile::Moved, true));
        std::fs::write(&file, "whole").unwrap();
        assert_eq!(look(&file), (Folder::There, LastFile::There, true));
        assert_eq!(look(Path::new("/elsewhere/last.backup")), (Folder::There, LastFile::None, true));
        assert!(!Place::look(&of(&file, None), None, home.path()).is_beside_home);
    }

    #[tokio::test]
    async fn a_disk_that_does_not_answer_has_one_waiting_for_it_and_nobody_else_for_long() {
        let (lookout, short) = (Lookout::default(), Duration::from_millis(20));
        let (answer, answered) = std::sync::mpsc::channel::<()>();
        let hangs = move || {
            let _ = answered.recv();
            Place::default()
        };
        assert_eq!(lookout.look(short, hangs).await.folder, Folder::Silent);
        assert_eq!(lookout.look(short, || panic!("a second one waits")).await.folder, Folder::Silent);
        answer.send(()).unwrap();
        assert_eq!(lookout.look(Duration::from_secs(20), Place::default).await.folder, Folder::There);
    }

    #[test]
    fn an_empty_folder_on_another_device_is_not_where_the_last_backup_went() {
        let disk = tempfile::tempdir().unwrap();
        let file = disk.path().join("last.backup");
        let (same, other) = (device(disk.path()), device(disk.path()).map(|at| at + 1));
        let look = |device| Folder::look(disk.path(), &of(&file, device));
        assert_eq!((look(same), look(None)), (Folder::There, Folder::There), "a home of before knows no device");
        assert_eq!(look(other), Folder::OtherDisk);
        assert_eq!(Folder::look(disk.path(), &of(Path::new("/elsewhere/last.backup"), other)), Folder::There);
        std::fs::write(disk.path().join("older.backup"), "whole").unwrap();
        assert_eq!(look(other), Folder::There, "the machine was started again and gave it another number");
    }
}
