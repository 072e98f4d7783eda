use std::path::Path;

use kith_protocol::time::Timestamp;

use super::keeper::{due, make_ready, remove_leftovers, remove_old};
use super::*;
use crate::machine::now;

fn at(moment: &str) -> Timestamp {
    Timestamp::from_secs(moment.parse::<jiff::Timestamp>().unwrap().as_second().try_into().unwrap())
}

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
    let last = folder.path().join("kith-anasousa-20261120T030000Z.backup");
    remove_old(folder.path(), "kith-anasousa-", &last, at("2026-11-20T03:00:05Z")).unwrap();
    let left = names(folder.path());
    assert_eq!(left.len(), 14 + others.len() + 1, "{left:?}");
    let is_left = |name: &str| left.iter().any(|one| one == name);
    assert!(others.into_iter().all(is_left) && is_left("kith-anasousa-20000101T000000Z.backup"), "{left:?}");
    assert!(is_left("kith-anasousa-20261107T030000Z.backup") && !is_left("kith-anasousa-20261106T030000Z.backup"));
}

#[test]
fn what_a_wrong_clock_dated_later_than_now_goes_first_and_the_last_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let write = |date: &str| {
        let file = folder.path().join(format!("kith-anasousa-{date}T030000Z.backup"));
        std::fs::write(&file, "").unwrap();
        file
    };
    (1..=14).for_each(|day| drop(write(&format!("203001{day:02}"))));
    let mut last = Default::default();
    for day in 1..=3 {
        last = write(&format!("202611{day:02}"));
        remove_old(folder.path(), "kith-anasousa-", &last, at(&format!("2026-11-{day:02}T03:00:05Z"))).unwrap();
    }
    let left = names(folder.path());
    assert_eq!(left.len(), 14, "{left:?}");
    assert!(left.iter().filter(|name| name.contains("202611")).count() == 3 && last.exists(), "{left:?}");
    // The battery of the clock is empty: it is 1970 again.
    let oldest = write("19700101");
    remove_old(folder.path(), "kith-anasousa-", &oldest, at("1970-01-01T03:00:05Z")).unwrap();
    assert!(oldest.exists() && names(folder.path()).len() == 14);
}

#[test]
fn a_folder_is_made_for_a_new_plan_alone_and_never_the_way_to_it() {
    let disk = tempfile::tempdir().unwrap();
    let folder = disk.path().join("backups");
    let after = |last: &Path| Record { file: Some(last.to_owned()), ..Record::default() };
    assert!(matches!(make_ready(&folder.join("of").join("ana"), &Record::default()), Err(Unmade::NoFolder(_))));
    make_ready(&folder, &Record::default()).unwrap();
    let last = folder.join("kith-anasousa-20261101T030000Z.backup");
    make_ready(&folder, &after(&last)).unwrap();
    let on_another_disk = Record { device: Some(u64::MAX), ..after(&last) };
    let empty = make_ready(&folder, &on_another_disk).unwrap_err();
    assert!(empty.to_string().contains("not mounted") && names(&folder).is_empty(), "{empty}");
    std::fs::remove_dir(&folder).unwrap();
    let missing = make_ready(&folder, &after(&last)).unwrap_err();
    assert!(missing.to_string().contains("not mounted") && !folder.exists(), "{missing}");
    make_ready(&folder, &after(&disk.path().join("elsewhere").join("last.backup"))).unwrap();
}

#[test]
fn what_a_killed_program_was_writing_is_removed() {
    let home = tempfile::tempdir().unwrap();
    for left in ["taken-away.backup", "taken-away.unfinished", "keys"] {
        std::fs::write(home.path().join(left), "left").unwrap();
    }
    remove_leftovers(&home.path().join("taken-away.backup"));
    assert_eq!(names(home.path()), ["keys"]);
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

#[test]
fn what_the_disk_of_the_home_does_not_take_is_said_of_that_disk() {
    let told = |kind: std::io::ErrorKind| {
        let unmade = Unmade::from(std::io::Error::from(kind)).in_home("/srv/kith".into());
        (unmade.to_string(), unmade.hint())
    };
    let (said, hint) = told(std::io::ErrorKind::StorageFull);
    assert!(
        said.contains("/srv/kith does not take it") && hint.contains("room on the disk of the home"),
        "{said} {hint}"
    );
    let (said, hint) = told(std::io::ErrorKind::ReadOnlyFilesystem);
    assert!(said.contains("/srv/kith") && hint.contains("kith --home THERE backup FILE"), "{said} {hint}");
}
