//! The storage as a whole.

mod crashes;
mod faults;
mod overlay;
mod snapshot;
mod upkeep;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use kith_protocol::limits;
use kith_protocol::store::{MemoryStore, Read, Store, StoreError, Table, Write, conformance};
use proptest::prelude::*;

use super::testing::{ForgetfulDisk, Operation};
use super::*;

fn vault() -> VaultKey {
    VaultKey::new([7; 32])
}

fn open(folder: &Path) -> FileStore {
    FileStore::open(folder, vault()).expect("a healthy home opens").0
}

fn open_on(disk: &ForgetfulDisk, folder: &Path) -> Result<(FileStore, OpenReport), StoreError> {
    FileStore::open_on(Arc::new(disk.clone()), folder, vault())
}

fn put(table: Table, key: &str, value: impl AsRef<[u8]>) -> Write {
    Write { table, key: key.as_bytes().to_vec(), value: Some(value.as_ref().to_vec()) }
}

fn remove(table: Table, key: &str) -> Write {
    Write { table, key: key.as_bytes().to_vec(), value: None }
}

/// Values by table and key.
type Held = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Everything that is stored.
fn all(store: &impl Read) -> Held {
    let mut found = BTreeMap::new();
    for &table in Table::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            found.insert((table, key.to_vec()), value.to_vec());
            ControlFlow::Continue(())
        };
        store.scan(table, b"", b"", &mut visit).expect("a scan of a healthy home");
    }
    found
}

/// A value that is told from every other by its first bytes.
fn letter(number: usize, size: usize) -> Vec<u8> {
    let mut value = format!("letter {number} ").into_bytes();
    value.resize(size.max(value.len()), (number % 251) as u8);
    value
}

/// Every file below a folder with its content.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn the_file_store_conforms() {
    // The suite takes only the store, so the folders are kept alive here until it is done.
    let homes = std::cell::RefCell::new(Vec::new());
    conformance::check(|| {
        let home = tempfile::tempdir().unwrap();
        let store = open(home.path());
        homes.borrow_mut().push(home);
        store
    });
}

#[test]
fn reopening_returns_everything() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    for number in 0..200 {
        let table = Table::ALL[number % Table::ALL.len()];
        store.commit(&[put(table, &format!("{number}"), letter(number, number * 40))]).unwrap();
    }
    store.commit(&[remove(Table::ALL[3], "3")]).unwrap();
    let before = all(&store);
    assert_eq!(before.len(), 199);
    drop(store);
    let (store, report) = FileStore::open(home.path(), vault()).unwrap();
    assert_eq!(all(&store), before, "after being dropped");
    assert_eq!((report.index, report.torn_bytes), (IndexState::Kept, 0));
    store.close().unwrap();
    let (store, report) = FileStore::open(home.path(), vault()).unwrap();
    assert_eq!(all(&store), before, "after being closed");
    assert_eq!((report.index, report.replayed), (IndexState::Kept, 0));
}

#[test]
fn the_journal_is_synced_before_a_receipt_is_sent() {
    let home = tempfile::tempdir().unwrap();
    let disk = ForgetfulDisk::new();
    let (mut store, _) = open_on(&disk, home.path()).unwrap();
    store.commit(&[put(Table::Handled, "first", "")]).unwrap();
    disk.take_trace();
    store.commit(&[put(Table::Handled, "letter of Bo", letter(1, 6_000))]).unwrap();
    disk.note("receipt");
    let trace = disk.take_trace();
    let at = |operation: &Operation| {
        trace.iter().rposition(|done| done == operation).unwrap_or_else(|| panic!("no {operation:?} in {trace:?}"))
    };
    let sync = |name: String| Operation::Sync { name };
    let segment = at(&sync(segment::file_name(1)));
    let journal = at(&sync(journal::file_name(1)));
    let receipt = at(&Operation::Note("receipt".to_owned()));
    assert!(segment < journal && journal < receipt, "{trace:?}");
    assert_eq!(trace.iter().filter(|done| **done == sync(journal::file_name(1))).count(), 1, "one sync: {trace:?}");
    assert!(matches!(trace[segment + 1], Operation::Write { .. }), "the frame follows the segment's sync: {trace:?}");
}

#[test]
fn a_commit_of_nothing_touches_nothing() {
    let home = tempfile::tempdir().unwrap();
    let disk = ForgetfulDisk::new();
    let (mut store, _) = open_on(&disk, home.path()).unwrap();
    disk.take_trace();
    store.commit(&[]).unwrap();
    assert_eq!(disk.take_trace(), []);
}

#[test]
fn a_step_beyond_the_bound_of_a_frame_is_refused_whole() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let count = COMMIT / limits::STORE_VALUE + 1;
    let step: Vec<Write> = (0..count)
        .map(|number| put(Table::Outbox, &format!("{number}"), letter(number, limits::STORE_VALUE)))
        .collect();
    assert!(matches!(store.commit(&step), Err(StoreError::TooLarge)));
    assert!(all(&store).is_empty());
    store.commit(&step[..count - 2]).expect("a step within the bound");
    assert_eq!(all(&store).len(), count - 2);
}

#[test]
fn no_secret_is_readable_in_any_file() {
    let home = tempfile::tempdir().unwrap();
    let secret = b"the root key that only Ana may know";
    let mut store = open(home.path());
    store.commit(&[put(Table::Secrets, "root", secret), put(Table::People, "bo", "Bo is public")]).unwrap();
    store.commit(&[put(Table::Secrets, "long", secret.repeat(200))]).unwrap();
    let check = |when: &str| {
        let files = files_below(home.path());
        for (file, bytes) in &files {
            assert!(!contains(bytes, secret), "{file} holds the secret {when}");
        }
        assert!(files.iter().any(|(_, bytes)| contains(bytes, b"Bo is public")), "the search finds what is there");
    };
    check("after the commit");
    store.checkpoint_now().unwrap();
    check("after a checkpoint");
    store.close().unwrap();
    check("after closing");
    let store = open(home.path());
    assert_eq!(store.get(Table::Secrets, b"root").unwrap().as_deref(), Some(&secret[..]));
    assert_eq!(store.get(Table::Secrets, b"long").unwrap(), Some(secret.repeat(200)));
}

#[test]
fn another_vault_key_does_not_open_the_home() {
    let home = tempfile::tempdir().unwrap();
    open(home.path()).commit(&[put(Table::Secrets, "root", "hidden")]).unwrap();
    let refused = FileStore::open(home.path(), VaultKey::new([8; 32]));
    assert!(matches!(&refused, Err(StoreError::Damaged(_))), "{refused:?}");
    assert_eq!(open(home.path()).get(Table::Secrets, b"root").unwrap().as_deref(), Some(&b"hidden"[..]));
}

#[test]
fn a_view_reads_from_another_thread_and_knows_no_secrets() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let bo = letter(1, 5_000);
    store.commit(&[put(Table::People, "bo", &bo), put(Table::Secrets, "root", "hidden")]).unwrap();
    let view = store.view();
    let reader = std::thread::spawn(move || {
        assert!(view.get(Table::Secrets, b"root").is_err());
        assert!(view.scan(Table::Secrets, b"", b"", &mut |_, _| panic!("a secret was shown")).is_err());
        view.get(Table::People, b"bo").unwrap()
    });
    assert_eq!(reader.join().unwrap(), Some(bo));
}

#[test]
fn a_view_keeps_reading_while_values_are_moved_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let kept = letter(0, 6_000);
    store.commit(&[put(Table::Cards, "kept", &kept)]).unwrap();
    let view = store.view();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let reader = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut reads = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(view.get(Table::Cards, b"kept").expect("always readable"), Some(kept.clone()));
                reads += all_but_secrets(&view);
            }
            reads
        }
    });
    for number in 0..300 {
        store.commit(&[put(Table::Outbox, "letter", letter(number, 100_000))]).unwrap();
        if number % 60 == 59 {
            store.forget().unwrap();
        }
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reader.join().expect("the reader met no error") > 0);
}

fn all_but_secrets(view: &View) -> usize {
    let mut count = 0;
    for &table in Table::ALL.iter().filter(|table| !table.is_secret()) {
        let visit = &mut |_: &[u8], _: &[u8]| {
            count += 1;
            ControlFlow::Continue(())
        };
        view.scan(table, b"", b"", visit).expect("always readable");
    }
    count
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Write>),
    Reopen,
    Close,
    Checkpoint,
    Forget,
    LoseIndex,
}

fn any_write() -> impl Strategy<Value = Write> {
    let key = prop::collection::vec(prop::sample::select(vec![0u8, 1, b'a', 0xff]), 0..4);
    let size = prop_oneof![4 => 0..40usize, 2 => 4_070..4_130usize, 1 => 20_000..60_000usize];
    let value = prop::option::weighted(0.7, (any::<u8>(), size).prop_map(|(byte, size)| vec![byte; size]));
    let table = prop::sample::select(vec![Table::Meta, Table::Secrets, Table::Outbox, Table::Notes]);
    (table, key, value).prop_map(|(table, key, value)| Write { table, key, value })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(any_write(), 0..8).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
        1 => Just(Step::Close),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Forget),
        1 => Just(Step::LoseIndex),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_sequence_of_steps_holds_what_memory_holds(steps in prop::collection::vec(any_step(), 1..40)) {
        let home = tempfile::tempdir().unwrap();
        let disk = ForgetfulDisk::new();
        let reopened = || open_on(&disk, home.path()).expect("a healthy home opens").0;
        let (mut store, mut memory) = (Some(reopened()), MemoryStore::new());
        for step in steps {
            let mut now = store.take().unwrap();
            match step {
                Step::Commit(writes) => {
                    now.commit(&writes).unwrap();
                    memory.commit(&writes).unwrap();
                }
                Step::Checkpoint => now.checkpoint_now().unwrap(),
                Step::Forget => now.forget().unwrap(),
                Step::Close => {
                    now.close().unwrap();
                    now = reopened();
                }
                Step::Reopen => {
                    drop(now);
                    now = reopened();
                }
                Step::LoseIndex => {
                    drop(now);
                    std::fs::remove_dir_all(home.path().join(index::FOLDER)).unwrap();
                    now = reopened();
                }
            }
            prop_assert_eq!(all(&now), all(&memory));
            store = Some(now);
        }
    }
}
