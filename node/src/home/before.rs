//! The storage as an earlier version left it, kept for a while when this one changes its form: the way back, with that
//! version, if something is not as it was.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

const PREFIX: &str = "store-before-";
const UNFINISHED: &str = "unfinished";

/// After a month nobody goes back: too much came since.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Copies the files of a storage before its form changes, unless an earlier try did: what that one saw is the whole.
pub(super) fn keep_copy(home: &Path, store: &Path, change: &str) -> io::Result<()> {
    let copy = home.join(format!("{PREFIX}{change}"));
    if copy.exists() {
        return Ok(());
    }
    let unfinished = copy.with_extension(UNFINISHED);
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => DirBuilder::new().mode(0o700).create(&unfinished)?,
    }
    for entry in std::fs::read_dir(store)? {
        let entry = entry?;
        // Folders hold what can be made anew.
        if entry.file_type()?.is_file() {
            let to = unfinished.join(entry.file_name());
            std::fs::copy(entry.path(), &to)?;
            File::open(&to)?.sync_all()?;
        }
    }
    File::open(&unfinished)?.sync_all()?;
    std::fs::rename(&unfinished, &copy)?;
    File::open(home)?.sync_all()
}

/// Removes copies that have been there for long enough. One that cannot be removed stays.
pub(super) fn remove_old(home: &Path, now: SystemTime) {
    let Ok(entries) = std::fs::read_dir(home) else { return };
    for entry in entries.filter_map(Result::ok) {
        let is_copy = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let made = entry.metadata().and_then(|about| about.modified());
        let is_old = made.is_ok_and(|made| now.duration_since(made).is_ok_and(|age| age > KEPT));
        if is_copy && is_old {
            // It takes room and does no harm.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_copy_counts_and_goes_after_a_month() {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("store");
        std::fs::create_dir_all(store.join("sled")).unwrap();
        std::fs::write(store.join("journal"), b"as it was").unwrap();
        // A try that was killed.
        std::fs::create_dir_all(home.path().join("store-before-lists.unfinished/journal")).unwrap();
        keep_copy(home.path(), &store, "lists").unwrap();
        std::fs::write(store.join("journal"), b"changed by half").unwrap();
        keep_copy(home.path(), &store, "lists").unwrap();
        let copy = home.path().join("store-before-lists");
        assert_eq!(std::fs::read(copy.join("journal")).unwrap(), b"as it was");
        let files = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        assert_eq!((files(&copy), files(home.path())), (1, 2), "nothing else is left");
        remove_old(home.path(), SystemTime::now() + KEPT / 2);
        assert!(copy.exists());
        remove_old(home.path(), SystemTime::now() + KEPT * 2);
        assert!(!copy.exists() && store.exists());
    }
}
