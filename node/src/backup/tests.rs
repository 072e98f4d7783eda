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
        std::fs::write(folder.path().join(format!("kith-anasousa-202611{day:02}T030000Z.backup")), "").unwrap();
    }
    let others =
        ["kith-anasousa-notes.txt", "kith-bolindqv-20261101T030000Z.backup", "kith-bolindqv-20261102.unfinished"];
    for other in others {
        std::fs::write(folder.path().join(other), "").unwrap();
    }
    std::fs::write(folder.path().join("kith-anasousa-20261020T030000Z.unfinished"), "killed").unwrap();
    std::fs::create_dir(folder.path().join("kith-anasousa-20000101T000000Z.backup")).unwrap();
    remove_old(folder.path(), "kith-anasousa-").unwrap();
    let left = names(folder.path());
    assert_eq!(left.len(), 14 + others.len() + 1, "{left:?}");
    let is_left = |name: &str| left.iter().any(|one| one == name);
    assert!(others.into_iter().all(is_left) && is_left("kith-anasousa-20000101T000000Z.backup"), "{left:?}");
    assert!(is_left("kith-anasousa-20261107T030000Z.backup") && !is_left("kith-anasousa-20261106T030000Z.backup"));
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
