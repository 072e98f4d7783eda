//! Disks that are full, broken or not to be written.

use super::testing::Fault;
use super::*;

/// A store on a forgetful disk that holds one small and one large value, and what it holds.
fn begun(home: &Path) -> (FileStore, ForgetfulDisk, Held) {
    let disk = ForgetfulDisk::new();
    let (mut store, _) = open_on(&disk, home).unwrap();
    store.commit(&[put(Table::People, "bo", "Bo"), put(Table::Outbox, "hi", letter(0, 6_000))]).unwrap();
    let before = all(&store);
    (store, disk, before)
}

/// More than the journal has zeroed ahead, so that it must grow.
fn growing_step() -> Vec<Write> {
    (0..1_300).map(|number| put(Table::Notes, &format!("{number}"), letter(number, 1_000))).collect()
}

#[test]
fn a_full_disk_refuses_a_step_whole_and_takes_it_once_there_is_room() {
    for step in [growing_step(), vec![put(Table::Meta, "a", "b"), put(Table::Outbox, "big", letter(1, 50_000))]] {
        for operations in 0..3 {
            let home = tempfile::tempdir().unwrap();
            let (mut store, disk, before) = begun(home.path());
            disk.fail_after(operations, Fault::Full);
            match store.commit(&step) {
                Ok(()) => assert_eq!(all(&store).len(), before.len() + step.len(), "{operations} operations on"),
                Err(StoreError::Full) => {
                    assert_eq!(all(&store), before);
                    assert!(matches!(store.commit(&step), Err(StoreError::Full)), "still full");
                    disk.heal();
                    store.commit(&step).expect("there is room again");
                }
                Err(other) => panic!("{operations} operations on: {other}"),
            }
            let held = all(&store);
            let disk = disk.crash(operations);
            drop(store);
            std::fs::remove_dir_all(home.path().join(index::FOLDER)).unwrap();
            let (store, _) = open_on(&disk, home.path()).unwrap();
            assert_eq!(all(&store), held, "after a power cut");
        }
    }
}

#[test]
fn the_last_room_on_a_disk_serves_commits_that_need_no_growth() {
    let home = tempfile::tempdir().unwrap();
    let (mut store, disk, _) = begun(home.path());
    disk.fail_after(0, Fault::Full);
    store.commit(&[put(Table::People, "chi", "Chi")]).expect("room that was zeroed ahead is there");
    store.commit(&[remove(Table::People, "bo")]).expect("removing is possible on a full disk");
}

#[test]
fn a_disk_that_breaks_at_any_operation_leaves_what_was_acknowledged() {
    for operations in 0..12 {
        let home = tempfile::tempdir().unwrap();
        let (mut store, disk, mut held) = begun(home.path());
        disk.fail_after(operations, Fault::Broken);
        let mut refused = None;
        for number in 0..12 {
            match store
                .commit(&[put(Table::Meta, "n", letter(number, 10)), put(Table::Outbox, "x", letter(number, 6_000))])
            {
                Ok(()) => held = all(&store),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        assert!(matches!(refused, Some(StoreError::Disk(_))), "{refused:?}");
        assert_eq!(all(&store), held, "what it holds is what it held before");
        disk.heal();
        assert!(matches!(store.commit(&[put(Table::Meta, "n", "")]), Err(StoreError::Failed)), "no trust after that");
        drop(store);
        let (mut store, _) = open_on(&disk, home.path()).expect("a disk that works again");
        store.commit(&[put(Table::Meta, "again", "yes")]).unwrap();
    }
}

#[test]
fn a_home_that_cannot_be_written_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (mut store, disk, before) = begun(home.path());
    disk.fail_after(0, Fault::ReadOnly);
    assert!(matches!(store.commit(&[put(Table::Meta, "n", "")]), Err(StoreError::ReadOnly)));
    assert_eq!(all(&store), before);
    drop(store);
    let new = ForgetfulDisk::new();
    new.fail_after(0, Fault::ReadOnly);
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(matches!(open_on(&new, elsewhere.path()), Err(StoreError::ReadOnly)));
}

#[test]
fn a_checkpoint_that_fails_harms_nothing() {
    for operations in 0..14 {
        for fault in [Fault::Full, Fault::Broken] {
            let home = tempfile::tempdir().unwrap();
            let (mut store, disk, held) = begun(home.path());
            disk.fail_after(operations, fault);
            let made = store.checkpoint_now();
            disk.heal();
            store.commit(&[put(Table::Meta, "after", "it")]).expect("commits go on");
            store.checkpoint_now().unwrap_or_else(|error| panic!("{operations} {fault:?} {made:?}: {error}"));
            store.close().unwrap();
            let (store, _) = open_on(&disk.crash(operations), home.path()).unwrap();
            assert_eq!(all(&store).len(), held.len() + 1, "{operations} operations, {fault:?}");
        }
    }
}

#[test]
fn a_home_whose_index_cannot_be_kept_is_answered_from_memory() {
    let home = tempfile::tempdir().unwrap();
    let (store, disk, held) = begun(home.path());
    drop(store);
    // A home that is no folder: nothing can be created in it, whoever asks.
    let (mut store, report) = open_on(&disk, Path::new("/dev/null")).unwrap();
    assert!(matches!(report.index, IndexState::InMemory { .. }), "{report:?}");
    assert_eq!(all(&store), held);
    store.commit(&[put(Table::Meta, "still", "works")]).unwrap();
    store.checkpoint_now().unwrap();
    drop(store);
    let (store, _) = open_on(&disk, home.path()).unwrap();
    assert_eq!(all(&store).len(), held.len() + 1);
}

#[test]
fn an_index_that_fails_later_is_replaced_by_memory_without_losing_the_commit() {
    let home = tempfile::tempdir().unwrap();
    let (mut store, _disk, held) = begun(home.path());
    store.commit(&[put(Table::Meta, "durable", "yes")]).unwrap();
    let view = store.view();
    store.go_on_in_memory("a test says so");
    assert!(store.shared.index.is_in_memory());
    assert_eq!(all(&store).len(), held.len() + 1);
    store.commit(&[put(Table::Meta, "later", "too")]).unwrap();
    assert_eq!(view.get(Table::Meta, b"later").unwrap().as_deref(), Some(&b"too"[..]));
}
