//! Commits that wait in memory in front of sled.

use std::ops::Bound;

use super::checkpoint::Commit;
use super::entry::Changes;
use super::*;

/// What an index should hold.
type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn apply_to(model: &mut Model, changes: &Changes) {
    for (name, stored) in changes {
        match stored {
            Some(stored) => drop(model.insert(name.clone(), stored.clone())),
            None => drop(model.remove(name)),
        }
    }
}

/// Names of a few letters, so that changes meet, some of which begin with others.
fn any_name() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![1u8, 2, b'a', 0xff]), 1..4)
}

fn any_prefix() -> impl Strategy<Value = Vec<u8>> {
    any_name().prop_map(|mut name| {
        name.pop();
        name
    })
}

fn any_changes() -> impl Strategy<Value = Changes> {
    let stored = prop::option::weighted(0.5, prop::collection::vec(any::<u8>(), 1..20));
    prop::collection::btree_map(any_name(), stored, 0..12)
}

fn any_bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        any_name().prop_map(Bound::Included),
        any_name().prop_map(Bound::Excluded),
        // sled also holds the tally, which is behind no bound that is ever asked for.
        Just(Bound::Excluded(vec![0])),
    ]
}

fn start_of(bound: &Bound<Vec<u8>>) -> &Vec<u8> {
    match bound {
        Bound::Included(name) | Bound::Excluded(name) => name,
        Bound::Unbounded => unreachable!("a scan begins somewhere"),
    }
}

fn expected(model: &Model, start: &Bound<Vec<u8>>, prefix: &[u8], most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let from = model.range((start.clone(), Bound::Unbounded)).take_while(|(name, _)| name.starts_with(prefix));
    from.take(most).map(|(name, stored)| (name.clone(), stored.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn an_index_answers_as_a_plain_map_would(
        steps in prop::collection::vec((any_changes(), prop::bool::weighted(0.3)), 1..12),
        starts in prop::collection::vec(any_bound(), 4),
        prefixes in prop::collection::vec(any_prefix(), 4),
    ) {
        let home = tempfile::tempdir().unwrap();
        let index = Index::create(home.path()).unwrap();
        let (mut model, mut tally) = (Model::new(), Tally::default());
        let (mut settled, mut settled_at) = (Model::new(), 0);
        for (sequence, (changes, is_settled)) in (1..).zip(steps) {
            apply_to(&mut model, &changes);
            let names: Vec<Vec<u8>> = changes.keys().cloned().collect();
            index.apply(changes, Commit { sequence, crc: 7 }, &mut tally).unwrap();
            if is_settled {
                index.settle(&tally).unwrap();
                (settled, settled_at) = (model.clone(), sequence);
            }
            prop_assert_eq!(counts_of(&index), counts(&model));
            for name in names {
                prop_assert_eq!(index.get(&name).unwrap(), model.get(&name).cloned());
            }
            for (start, prefix) in starts.iter().flat_map(|start| prefixes.iter().map(move |prefix| (start, prefix))) {
                // As a scan asks: never for what lies before the prefix.
                let start = if start_of(start) < prefix { &Bound::Included(prefix.clone()) } else { start };
                for most in [1, 2, 4, 64] {
                    let chunk = index.chunk(start.as_ref().map(Vec::as_slice), prefix, most).unwrap();
                    prop_assert_eq!(chunk, expected(&model, start, prefix, most), "{:?} {:?} {}", start, prefix, most);
                }
            }
        }
        // What sled holds agrees with its tally, however old both are.
        drop(index);
        let (index, counted) = Index::open(home.path()).unwrap().unwrap();
        prop_assert_eq!(counted.applied.sequence, settled_at);
        prop_assert_eq!(counts_of(&index), counts(&settled));
        let held = index.chunk(Bound::Excluded(&[0]), b"", usize::MAX).unwrap();
        prop_assert_eq!(held.into_iter().collect::<Model>(), settled);
    }
}

/// How many entries each table has, as the index says without reading them.
fn counts_of(index: &Index) -> Vec<usize> {
    (0..=u8::MAX).map(|table| index.count(table)).collect()
}

fn counts(model: &Model) -> Vec<usize> {
    let in_table = |table| model.keys().filter(|name| name.first() == Some(&table)).count();
    (0..=u8::MAX).map(in_table).collect()
}

#[test]
fn what_waits_has_a_bound() {
    let home = tempfile::tempdir().unwrap();
    let index = Index::create(home.path()).unwrap();
    let mut tally = Tally::default();
    let (mut most, mut settled) = (0, 0);
    for sequence in 1..=300_u64 {
        let size = if sequence < 200 { 10 } else { 4_000 };
        let changes: Changes = (0..10)
            .map(|nth| (format!("{:04}", sequence * 10 + nth).into_bytes(), Some(letter(nth as usize, size))))
            .collect();
        index.apply(changes, Commit { sequence, crc: 7 }, &mut tally).unwrap();
        most = most.max(index.waiting());
        settled += usize::from(index.waiting() == 0);
    }
    assert!(most > 1_000 && most <= 1_024, "{most} names waited");
    assert!((6..20).contains(&settled), "sled was brought up to date {settled} times");
}

#[test]
fn commits_that_sled_did_not_learn_of_before_a_crash_are_replayed() {
    let home = tempfile::tempdir().unwrap();
    let disk = ForgetfulDisk::new();
    let (mut store, _) = open_on(&disk, home.path()).unwrap();
    store.commit(&[put(Table::People, "bo", "Bo"), put(Table::People, "chi", "Chi")]).unwrap();
    store.settle();
    store.commit(&[remove(Table::People, "bo"), put(Table::Outbox, "hi", letter(1, 9_000))]).unwrap();
    store.commit(&[put(Table::People, "dee", "Dee")]).unwrap();
    assert_eq!(store.shared.index.waiting(), 3);
    let held = all(&store);
    assert_eq!(held.len(), 3);
    let after_the_cut = disk.crash(1);
    drop(store);
    let (store, report) = open_on(&after_the_cut, home.path()).unwrap();
    assert_eq!((report.index, report.replayed), (IndexState::Kept, 2));
    assert_eq!((all(&store), store.shared.index.waiting()), (held, 0));
}

#[test]
fn an_index_survives_checkpoints_that_begin_while_commits_wait() {
    let home = tempfile::tempdir().unwrap();
    let mut held = Held::new();
    for round in 0..4 {
        let (mut store, report) = FileStore::open(home.path(), vault()).unwrap();
        assert_eq!(all(&store), held, "round {round}");
        if round > 0 {
            assert_eq!((report.index, report.replayed), (IndexState::Kept, 1), "round {round}");
        }
        store.commit(&[put(Table::Meta, "before", round.to_string())]).unwrap();
        assert!(store.shared.index.waiting() > 0);
        store.start_upkeep().unwrap();
        store.commit(&[put(Table::Meta, "meanwhile", round.to_string())]).unwrap();
        store.finish_upkeep().unwrap();
        held = all(&store);
        // The process dies with the second commit waiting, and with a checkpoint that took the first one's frame.
        drop(store);
    }
}

#[test]
fn a_home_that_was_closed_has_nothing_to_replay_whatever_moved_at_the_end() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let in_one = segment::SEGMENT as usize / limits::STORE_VALUE;
    for number in 0..=in_one {
        store.commit(&[put(Table::Outbox, &format!("{number}"), letter(number, limits::STORE_VALUE))]).unwrap();
    }
    (1..in_one).for_each(|number| store.commit(&[remove(Table::Outbox, &format!("{number}"))]).unwrap());
    let held = all(&store);
    store.close().unwrap();
    let (store, report) = FileStore::open(home.path(), vault()).unwrap();
    assert_eq!((report.index, report.replayed), (IndexState::Kept, 0));
    assert_eq!(store.checkpoint.unwrap() + 1, store.last_commit().sequence, "a value was moved behind the checkpoint");
    assert_eq!(all(&store), held);
}

#[test]
fn an_index_that_fails_when_it_is_brought_up_to_date_is_replaced_by_memory() {
    type Settling = fn(&mut FileStore);
    let settlings: [(&str, Settling); 3] = [
        ("a commit when enough waits", |store| {
            let many: Vec<Write> = (0..1_100).map(|nth| put(Table::Notes, &format!("{nth}"), "valves")).collect();
            store.commit(&many).unwrap();
        }),
        ("a checkpoint that begins", |store| store.checkpoint_now().unwrap()),
        ("a commit while a checkpoint is under way", |store| {
            store.commit(&[put(Table::Meta, "more", letter(2, 3_000))]).unwrap();
            store.settle();
        }),
    ];
    for (what, settling) in settlings {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path());
        store.commit(&[put(Table::People, "bo", "Bo"), put(Table::Outbox, "hi", letter(1, 9_000))]).unwrap();
        if what.ends_with("under way") {
            store.start_upkeep().unwrap();
        }
        store.shared.index.fail();
        let before = all(&store);
        settling(&mut store);
        assert!(store.shared.index.is_in_memory(), "{what}");
        let held = all(&store);
        assert!(before.iter().all(|(key, value)| held.get(key) == Some(value)), "{what}");
        store.commit(&[remove(Table::People, "bo")]).unwrap();
        assert_eq!(all(&store).len() + 1, held.len(), "{what}");
        let held = all(&store);
        store.close().unwrap();
        assert_eq!(all(&open(home.path())), held, "{what}, opened again");
    }
}
