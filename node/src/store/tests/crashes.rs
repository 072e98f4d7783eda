//! Power cuts, torn tails and damaged bytes.

use super::*;

/// The steps of a life: small and large values, secrets, removals, some of them together.
fn step(number: usize) -> Vec<Write> {
    let key = |nth: usize| format!("{}", nth % 17);
    let mut writes = vec![
        put(Table::Handled, &key(number), letter(number, 30 + number % 900)),
        put(Table::Meta, "count", number.to_string()),
    ];
    if number.is_multiple_of(3) {
        writes.push(put(Table::Outbox, &key(number / 3), letter(number, 4_500 + number * 97 % 20_000)));
    }
    if number.is_multiple_of(4) {
        writes.push(put(Table::Secrets, &key(number / 4), letter(number, 32)));
    }
    if number.is_multiple_of(5) {
        writes.push(remove(Table::Outbox, &key(number / 2)));
    }
    writes
}

/// What is stored after the first steps.
fn after(steps: usize) -> Held {
    let mut memory = MemoryStore::new();
    for number in 0..steps {
        memory.commit(&step(number)).unwrap();
    }
    all(&memory)
}

/// What a crash may do to the folder of the index, which lies on a real disk.
fn harm_index(home: &Path, seed: u64) {
    let folder = home.join(index::FOLDER);
    match seed % 5 {
        0 => drop(std::fs::remove_dir_all(&folder)),
        1 => std::fs::write(folder.join("snap.0000000000000007.generating"), b"half a snapshot").unwrap(),
        2 => {
            let file = std::fs::OpenOptions::new().write(true).open(folder.join("db")).unwrap();
            let length = file.metadata().unwrap().len();
            file.set_len(length * (seed % 7) / 7).unwrap();
        }
        _ => {}
    }
}

#[test]
fn two_hundred_power_cuts_lose_nothing_that_was_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let mut disk = ForgetfulDisk::new();
    let mut acknowledged = 0;
    for seed in 0..200u64 {
        let (mut store, report) =
            open_on(&disk, home.path()).unwrap_or_else(|error| panic!("crash {seed}: does not open: {error}"));
        let found = all(&store);
        // One more step may be whole on the disk without having been acknowledged.
        if found != after(acknowledged) {
            acknowledged += 1;
            assert!(found == after(acknowledged), "crash {seed}: neither step {acknowledged} nor the one before");
        }
        assert!(report.took < Duration::from_secs(20));
        // The cut comes at a random operation, within a commit or a checkpoint that runs beside it.
        disk.fail_after(1 + seed * 7 % 41, testing::Fault::Broken);
        for turn in 0..12 {
            if turn == seed % 12 {
                // Fails if the cut comes within it.
                let _ = store.start_upkeep();
            }
            if store.commit(&step(acknowledged)).is_err() {
                break;
            }
            acknowledged += 1;
        }
        if seed % 3 == 0 {
            // Only the process dies; what it did not sync is still there, until the next power cut.
            drop(store);
            disk.heal();
        } else {
            let after_the_cut = disk.crash(seed);
            drop(store);
            disk = after_the_cut;
        }
        harm_index(home.path(), seed);
    }
    assert!(acknowledged > 500, "{acknowledged} steps are too few to say much");
}

#[test]
fn a_cut_between_two_commits_leaves_exactly_the_acknowledged_ones() {
    for seed in 0..40 {
        let home = tempfile::tempdir().unwrap();
        let disk = ForgetfulDisk::new();
        let (mut store, _) = open_on(&disk, home.path()).unwrap();
        for number in 0..10 {
            store.commit(&step(number)).unwrap();
        }
        let disk = disk.crash(seed);
        drop(store);
        std::fs::remove_dir_all(home.path().join(index::FOLDER)).unwrap();
        let (store, _) = open_on(&disk, home.path()).unwrap();
        assert!(all(&store) == after(10), "crash {seed}");
    }
}

/// A home on a forgetful disk that was left after ten steps, with the bytes of its journal.
fn ten_steps() -> (tempfile::TempDir, ForgetfulDisk, Vec<u8>) {
    let home = tempfile::tempdir().unwrap();
    let disk = ForgetfulDisk::new();
    let (mut store, _) = open_on(&disk, home.path()).unwrap();
    for number in 0..10 {
        store.commit(&step(number)).unwrap();
    }
    // So that the index is a witness of all of them.
    store.settle();
    drop(store);
    let journal = disk.content(&journal::file_name(1)).unwrap();
    (home, disk, journal)
}

fn end_of_frames(journal: &[u8]) -> usize {
    journal.iter().rposition(|&byte| byte != 0).unwrap() + 1
}

/// Opens without the index, which would be tedious to damage in step.
fn open_anew(disk: &ForgetfulDisk) -> Result<Held, StoreError> {
    let history = History::read(&(Arc::new(disk.clone()) as Arc<dyn Disk>), Path::new("/nowhere"))?;
    let Rebuilt::Whole(index, tally) = history.fill(disk, Index::in_memory())? else { panic!("memory never fails") };
    let mut store = Journal::open(Arc::new(disk.clone()), &history.contents, 0)?;
    store.append(b"a tail that was cut takes new frames").unwrap();
    assert_eq!(tally.applied.sequence + 1, store.last);
    let shared = Shared { index, segments: segment::Reader::new(Arc::new(disk.clone())) };
    let mut found = BTreeMap::new();
    for &table in Table::ALL.iter().filter(|table| !table.is_secret()) {
        shared.scan(table, b"", b"", &mut |key, value| {
            found.insert((table, key.to_vec()), value.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(found)
}

fn without_secrets(mut all: Held) -> Held {
    all.retain(|(table, _), _| !table.is_secret());
    all
}

#[test]
fn a_last_frame_torn_at_any_byte_is_cut_off() {
    let (_home, disk, journal) = ten_steps();
    let end = end_of_frames(&journal);
    disk.overwrite(&journal::file_name(1), &journal);
    let content = journal::Content::read(&disk, 1, true).unwrap();
    let last = content.frames().last().unwrap();
    let mut size = 16;
    last.changes()
        .unwrap()
        .iter()
        .for_each(|(name, stored)| size += 5 + name.len() + stored.as_ref().map_or(0, Vec::len));
    let (before, whole) = (without_secrets(after(9)), without_secrets(after(10)));
    for cut in end - size..=end {
        for keeps_length in [false, true] {
            let mut torn = journal[..cut].to_vec();
            if keeps_length {
                torn.resize(journal.len(), 0);
            }
            disk.overwrite(&journal::file_name(1), &torn);
            let found = open_anew(&disk).unwrap_or_else(|error| panic!("cut at {cut} of {end}: {error}"));
            assert!(found == if cut == end { whole.clone() } else { before.clone() }, "cut at {cut} of {end}");
        }
    }
}

#[test]
fn a_flipped_byte_anywhere_is_damage_or_a_torn_end_but_never_wrong_data() {
    let (home, disk, journal) = ten_steps();
    let end = end_of_frames(&journal);
    let content = journal::Content::read(&disk, 1, true).unwrap();
    let mut last_size = 16;
    let changes = content.frames().last().unwrap().changes().unwrap();
    changes.iter().for_each(|(name, stored)| last_size += 5 + name.len() + stored.as_ref().map_or(0, Vec::len));
    for at in 0..end {
        let mut damaged = journal.clone();
        damaged[at] ^= 0x10;
        disk.overwrite(&journal::file_name(1), &damaged);
        match open_anew(&disk) {
            Err(StoreError::Damaged(what)) => assert!(what.contains(&journal::file_name(1)), "byte {at}: {what}"),
            Err(other) => panic!("byte {at}: {other}"),
            Ok(found) => {
                assert!(at >= end - last_size, "byte {at} of {end} was not noticed");
                assert!(found == without_secrets(after(9)), "byte {at}");
            }
        }
    }
    // With the index there is a witness that the last frame was once whole.
    let mut damaged = journal;
    damaged[end - 1] ^= 0x10;
    disk.overwrite(&journal::file_name(1), &damaged);
    let (_, report) = open_on(&disk, home.path()).unwrap();
    assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{report:?}");
}

#[test]
fn a_flipped_byte_in_a_checkpoint_or_segment_is_damage() {
    let (home, disk, _) = ten_steps();
    open_on(&disk, home.path()).unwrap().0.close().unwrap();
    let names = disk.list().unwrap();
    let checkpoint = names.iter().find(|name| name.ends_with(".kc")).unwrap();
    let good = disk.content(checkpoint).unwrap();
    for at in 0..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        disk.overwrite(checkpoint, &damaged);
        let refused = checkpoint::verify(&disk, 10);
        assert!(
            matches!(&refused, Err(StoreError::Damaged(what)) if what.contains(&**checkpoint)),
            "{at}: {refused:?}"
        );
        disk.overwrite(checkpoint, &good[..at]);
        assert!(checkpoint::verify(&disk, 10).is_err(), "cut at {at}");
    }
    disk.overwrite(checkpoint, &good);
    let segment = disk.content(&segment::file_name(1)).unwrap();
    disk.overwrite(&segment::file_name(1), &segment.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>());
    let (store, _) = open_on(&disk, home.path()).unwrap();
    let read = store.scan(Table::Outbox, b"", b"", &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(&read, Err(StoreError::Damaged(what)) if what.contains("segment-")), "{read:?}");
}

#[test]
fn a_missing_file_is_named() {
    let (home, disk, _) = ten_steps();
    disk.remove(&journal::file_name(1)).unwrap();
    let refused = open_on(&disk, home.path());
    assert!(matches!(&refused, Err(StoreError::Damaged(what)) if what.contains("journal-")), "{refused:?}");
    let (home, disk, _) = ten_steps();
    disk.remove(&segment::file_name(1)).unwrap();
    let refused = open_on(&disk, home.path());
    assert!(matches!(&refused, Err(StoreError::Damaged(what)) if what.contains("segment-")), "{refused:?}");
}

#[test]
fn an_index_that_is_gone_torn_garbage_or_old_is_made_anew() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm, bool); 7] = [
        ("gone", |sled| std::fs::remove_dir_all(sled).unwrap(), true),
        ("emptied", |sled| std::fs::write(sled.join("db"), b"").unwrap(), true),
        ("garbage", |sled| std::fs::write(sled.join("db"), vec![0xa5; 700_000]).unwrap(), true),
        ("garbage settings", |sled| std::fs::write(sled.join("conf"), b"\xff\xfe nonsense").unwrap(), true),
        (
            "a file instead",
            |sled| {
                std::fs::remove_dir_all(sled).unwrap();
                std::fs::write(sled, b"").unwrap();
            },
            true,
        ),
        (
            "unfinished snapshot",
            |sled| std::fs::write(sled.join("snap.00000000ffffffff.generating"), b"x").unwrap(),
            false,
        ),
        ("as good as new", |_| {}, false),
    ];
    for (what, harm, is_rebuilt) in harms {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path());
        (0..10).for_each(|number| store.commit(&step(number)).unwrap());
        store.checkpoint_now().unwrap();
        (10..20).for_each(|number| store.commit(&step(number)).unwrap());
        drop(store);
        harm(&home.path().join(index::FOLDER));
        let (store, report) = FileStore::open(home.path(), vault()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(all(&store) == after(20), "{what}: {report:?}");
        assert_eq!(matches!(report.index, IndexState::Rebuilt { .. }), is_rebuilt, "{what}: {report:?}");
        drop(store);
        assert_eq!(FileStore::open(home.path(), vault()).unwrap().1.index, IndexState::Kept, "{what}, opened again");
    }
}

#[test]
fn an_index_older_than_the_journal_is_brought_up_or_made_anew() {
    let copy = |from: &Path, to: &Path| {
        let _ = std::fs::remove_dir_all(to);
        std::fs::create_dir(to).unwrap();
        for file in ["db", "conf"] {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
    };
    let home = tempfile::tempdir().unwrap();
    let (sled, old) = (home.path().join(index::FOLDER), home.path().join("old"));
    let mut store = open(home.path());
    (0..10).for_each(|number| store.commit(&step(number)).unwrap());
    store.settle();
    drop(store);
    copy(&sled, &old);
    let mut store = open(home.path());
    (10..20).for_each(|number| store.commit(&step(number)).unwrap());
    drop(store);
    copy(&old, &sled);
    let (store, report) = FileStore::open(home.path(), vault()).unwrap();
    assert!(all(&store) == after(20), "{report:?}");
    assert_eq!((report.index, report.replayed), (IndexState::Kept, 10));
    store.close().unwrap();
    copy(&old, &sled);
    let (store, report) = FileStore::open(home.path(), vault()).unwrap();
    assert!(all(&store) == after(20), "{report:?}");
    assert!(matches!(report.index, IndexState::Rebuilt { .. }), "{report:?}");
}
