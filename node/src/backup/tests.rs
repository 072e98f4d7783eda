use std::path::Path;

use super::keeper::{due, remove_old};
use super::*;
use crate::driver::now;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn of_old_backups_two_weeks_are_kept_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=20 {
        std::fs::write(folder.path().join(format!("kith-202611{day:02}T030000Z.backup")), "").unwrap();
    }
    std::fs::write(folder.path().join("kith-notes.txt"), "mine").unwrap();
    std::fs::create_dir(folder.path().join("kith-20000101T000000Z.backup")).unwrap();
    remove_old(folder.path()).unwrap();
    let left = names(folder.path());
    assert_eq!(left.len(), 16, "{left:?}");
    assert!(left.contains(&"kith-notes.txt".to_owned()) && left.contains(&"kith-20000101T000000Z.backup".to_owned()));
    assert!(left.contains(&"kith-20261107T030000Z.backup".to_owned()));
    assert!(!left.contains(&"kith-20261106T030000Z.backup".to_owned()));
}

#[test]
fn a_backup_is_due_a_day_after_the_last_and_at_once_if_there_was_none() {
    let plan = Plan { to: "/nowhere".into(), every: 86_400 };
    let after = |planned| due(&Record { planned, ..Record::default() }, &plan);
    let hour_ago = now().minus(3_600);
    assert!(after(None) <= now());
    assert_eq!(after(Some(hour_ago.secs())), hour_ago.plus(86_400));
    assert!(after(Some(now().plus(1_000_000).secs())) <= now(), "the clock was wrong, and went back");
    let often = Plan { every: 1, ..plan };
    assert_eq!(due(&Record { planned: Some(hour_ago.secs()), ..Record::default() }, &often), hour_ago.plus(LEAST));
}
