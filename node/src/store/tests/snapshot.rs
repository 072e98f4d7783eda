//! Reading everything of one moment while commits go on.

use super::*;

fn seen(snapshot: Snapshot) -> Held {
    let mut held = Held::new();
    snapshot
        .each(&mut |table, key, value| {
            held.insert((table, key.to_vec()), value.to_vec());
            Ok::<(), StoreError>(())
        })
        .unwrap();
    held
}

#[test]
fn a_snapshot_is_of_its_moment_whatever_is_committed_and_forgotten_since() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let large = letter(1, 90_000);
    store.commit(&[put(Table::People, "bo", "Bo"), put(Table::Outbox, "1", &large)]).unwrap();
    store.checkpoint_now().unwrap();
    store.commit(&[put(Table::Secrets, "pair", "what Ana and Bo share"), put(Table::People, "chi", "Chi")]).unwrap();
    store.commit(&[remove(Table::People, "chi")]).unwrap();
    let before = all(&store);
    let snapshot = store.snapshot().unwrap();
    for round in 0..40 {
        store.commit(&[remove(Table::Outbox, "1"), put(Table::People, "bo", format!("Bo {round}"))]).unwrap();
        store.commit(&[put(Table::Outbox, &round.to_string(), letter(round, 90_000))]).unwrap();
    }
    store.checkpoint_now().unwrap();
    let now = all(&store);
    assert_eq!(seen(snapshot), before);
    store.checkpoint_now().unwrap();
    assert_eq!(seen(store.snapshot().unwrap()), now);
    store.close().unwrap();
    assert_eq!(all(&open(home.path())), now);
}

#[test]
fn upkeep_goes_on_when_nobody_holds_a_snapshot_any_more() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let fill = |store: &mut FileStore, from: usize| {
        for round in from..from + 300 {
            store.commit(&[put(Table::Outbox, "1", letter(round, 100_000))]).unwrap();
        }
    };
    let snapshot = store.snapshot().unwrap();
    fill(&mut store, 0);
    assert_eq!(store.checkpoint, None);
    assert_eq!(seen(snapshot).len(), 0);
    store.checkpoint_now().unwrap();
    assert!(store.checkpoint.is_some());
}
