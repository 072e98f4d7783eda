//! The suite that every storage passes. It panics with what went wrong, so it is for tests alone.
#![allow(clippy::expect_used, clippy::panic, reason = "a test suite speaks by panicking")]

use std::ops::ControlFlow;

use super::{Read, Store, StoreError, Table, Write};
use crate::limits;

/// Runs every check, each on a fresh storage.
pub fn check<S: Store>(fresh: impl Fn() -> S) {
    what_was_put_is_read(&mut fresh());
    the_last_write_of_a_step_wins(&mut fresh());
    a_scan_is_ordered_bounded_and_can_stop(&mut fresh());
    tables_are_apart(&mut fresh());
    an_oversize_step_changes_nothing(&mut fresh());
    values_of_every_size_come_back(&mut fresh());
}

fn put(table: Table, key: &[u8], value: &[u8]) -> Write {
    Write { table, key: key.to_vec(), value: Some(value.to_vec()) }
}

fn remove(table: Table, key: &[u8]) -> Write {
    Write { table, key: key.to_vec(), value: None }
}

fn keys(store: &impl Read, table: Table, prefix: &[u8], from: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut visit = |key: &[u8], _: &[u8]| {
        found.push(key.to_vec());
        if found.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    store.scan(table, prefix, from, &mut visit).expect("a scan of a healthy storage");
    found
}

fn what_was_put_is_read(store: &mut impl Store) {
    store.commit(&[put(Table::People, b"ana", b"1"), put(Table::Secrets, b"key", b"hidden")]).expect("commit");
    assert_eq!(store.get(Table::People, b"ana").expect("get").as_deref(), Some(&b"1"[..]));
    assert_eq!(store.get(Table::Secrets, b"key").expect("get").as_deref(), Some(&b"hidden"[..]));
    assert_eq!(store.get(Table::People, b"an").expect("get"), None);
    store.commit(&[remove(Table::People, b"ana"), remove(Table::People, b"never there")]).expect("commit");
    assert_eq!(store.get(Table::People, b"ana").expect("get"), None);
}

fn the_last_write_of_a_step_wins(store: &mut impl Store) {
    store
        .commit(&[put(Table::Notes, b"k", b"1"), remove(Table::Notes, b"k"), put(Table::Notes, b"k", b"2")])
        .expect("commit");
    assert_eq!(store.get(Table::Notes, b"k").expect("get").as_deref(), Some(&b"2"[..]));
}

fn a_scan_is_ordered_bounded_and_can_stop(store: &mut impl Store) {
    let writes: Vec<Write> =
        [&b"a2"[..], b"b1", b"a1", b"a\xff\xff", b"a", b""].iter().map(|key| put(Table::Outbox, key, b"v")).collect();
    store.commit(&writes).expect("commit");
    assert_eq!(keys(store, Table::Outbox, b"a", b"", 99), [&b"a"[..], b"a1", b"a2", b"a\xff\xff"]);
    assert_eq!(keys(store, Table::Outbox, b"a", b"a2", 99), [&b"a2"[..], b"a\xff\xff"]);
    assert_eq!(keys(store, Table::Outbox, b"a", b"", 2), [&b"a"[..], b"a1"]);
    assert_eq!(keys(store, Table::Outbox, b"", b"", 99).len(), 6);
    assert_eq!(keys(store, Table::Outbox, b"c", b"", 99).len(), 0);
}

fn tables_are_apart(store: &mut impl Store) {
    let writes: Vec<Write> = Table::ALL.iter().map(|&table| put(table, b"same", &[table.number()])).collect();
    store.commit(&writes).expect("commit");
    for &table in Table::ALL {
        assert_eq!(store.get(table, b"same").expect("get"), Some(vec![table.number()]), "{table:?}");
        assert_eq!(keys(store, table, b"", b"", 99).len(), 1, "{table:?}");
    }
}

fn an_oversize_step_changes_nothing(store: &mut impl Store) {
    let large = vec![0; limits::STORE_VALUE + 1];
    let refused = store.commit(&[put(Table::Meta, b"small", b"1"), put(Table::Meta, b"large", &large)]);
    assert!(matches!(refused, Err(StoreError::TooLarge)), "{refused:?}");
    assert_eq!(store.get(Table::Meta, b"small").expect("get"), None);
    let long_key = vec![0; limits::STORE_KEY + 1];
    assert!(matches!(store.commit(&[put(Table::Meta, &long_key, b"1")]), Err(StoreError::TooLarge)));
    store.commit(&[put(Table::Meta, b"small", b"1")]).expect("a refused step leaves the storage usable");
}

fn values_of_every_size_come_back(store: &mut impl Store) {
    for size in [0, 1, limits::INLINE_VALUE, limits::INLINE_VALUE + 1, limits::LETTER, limits::STORE_VALUE] {
        for table in [Table::Outbox, Table::Secrets] {
            let value: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let key = (size as u64).to_be_bytes();
            // A sealed value may be a little longer than the one given, so secrets stop short of the bound.
            if table == Table::Secrets && size == limits::STORE_VALUE {
                continue;
            }
            store.commit(&[put(table, &key, &value)]).expect("commit");
            assert!(store.get(table, &key).expect("get").as_deref() == Some(&value[..]), "{size} bytes in {table:?}");
        }
    }
}
