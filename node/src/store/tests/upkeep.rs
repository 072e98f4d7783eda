//! Checkpoints, forgetting, and the life of segments.

use super::*;

fn names(home: &Path, end: &str) -> Vec<String> {
    let mut names = RealDisk::new(home).unwrap().list().unwrap();
    names.retain(|name| name.ends_with(end));
    names.sort();
    names
}

#[test]
fn what_was_removed_is_in_no_file_after_forgetting() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let (small, large) = ("Mallory, met by mistake", b"a long letter of Mallory ".repeat(200));
    store.commit(&[put(Table::People, "mallory", small), put(Table::Outbox, "1", &large)]).unwrap();
    store.commit(&[put(Table::Outbox, "2", letter(2, 90_000)), put(Table::People, "bo", "Bo stays")]).unwrap();
    store.checkpoint_now().unwrap();
    store.commit(&[remove(Table::People, "mallory"), remove(Table::Outbox, "1")]).unwrap();
    let is_anywhere = |what: &[u8], but: &str| {
        let mut files = files_below(home.path());
        files.retain(|(file, _)| but.is_empty() || !file.contains(but));
        files.into_iter().find(|(_, bytes)| contains(bytes, what)).map(|(file, _)| file)
    };
    assert!(is_anywhere(small.as_bytes(), "").is_some() && is_anywhere(b"a long letter of Mallory", "").is_some());
    store.checkpoint_now().unwrap();
    assert_eq!(is_anywhere(small.as_bytes(), "/sled/"), None, "after a checkpoint only the index may remember");
    assert_eq!(is_anywhere(b"a long letter of Mallory", ""), None, "a segment that lives on is erased in place");
    store.forget().unwrap();
    assert_eq!(is_anywhere(small.as_bytes(), ""), None);
    assert!(is_anywhere(b"Bo stays", "").is_some());
    store.close().unwrap();
    assert_eq!(is_anywhere(small.as_bytes(), ""), None, "after closing");
    let store = open(home.path());
    assert_eq!(store.get(Table::Outbox, b"2").unwrap(), Some(letter(2, 90_000)));
    assert_eq!(store.get(Table::People, b"mallory").unwrap(), None);
}

#[test]
fn a_checkpoint_replaces_the_journal_and_the_checkpoint_before() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    for round in 1..=3u64 {
        store.commit(&[put(Table::Meta, "round", round.to_string())]).unwrap();
        store.checkpoint_now().unwrap();
        assert_eq!(names(home.path(), ".kc"), [checkpoint::file_name(round)]);
        assert_eq!(names(home.path(), ".kj"), [journal::file_name(round + 1)]);
    }
    store.checkpoint_now().expect("a checkpoint of nothing new is no work");
    assert_eq!(names(home.path(), ".kc"), [checkpoint::file_name(3)]);
}

#[test]
fn a_long_journal_is_folded_while_commits_go_on() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let mut number = 0;
    while store.checkpoint.is_none() {
        let step: Vec<Write> =
            (0..100).map(|nth| put(Table::Notes, &format!("{nth}"), letter(number + nth, 900))).collect();
        store.commit(&step).unwrap();
        number += 100;
        assert!(number < 1_000_000, "no checkpoint was made");
    }
    let held = all(&store);
    drop(store);
    std::fs::remove_dir_all(home.path().join(index::FOLDER)).unwrap();
    assert!(all(&open(home.path())) == held);
}

#[test]
fn dead_segments_are_removed_and_sparse_ones_moved() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let size = limits::STORE_VALUE;
    let in_one = segment::SEGMENT as usize / size;
    for number in 0..in_one * 2 + 1 {
        store.commit(&[put(Table::Outbox, &format!("{number:04}"), letter(number, size))]).unwrap();
    }
    let segments = |home| names(home, ".ks").len();
    assert_eq!(segments(home.path()), 3);
    for number in 0..in_one * 2 {
        // All of the first segment goes, and of the second all but every eighth value.
        if number < in_one || number % 8 != 0 {
            store.commit(&[remove(Table::Outbox, &format!("{number:04}"))]).unwrap();
        }
    }
    let held = all(&store);
    store.checkpoint_now().unwrap();
    assert_eq!(names(home.path(), ".ks"), [segment::file_name(3)], "what lived moved to the last one");
    assert_eq!(all(&store), held);
    drop(store);
    std::fs::remove_dir_all(home.path().join(index::FOLDER)).unwrap();
    assert!(all(&open(home.path())) == held, "from checkpoint and journal alone");
}
