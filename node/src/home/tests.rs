use kith_protocol::identity::Reason;
use kith_protocol::store::{Store, Table, Write};
use kith_protocol::text::Name;
use kith_protocol::words::RecoveryWords;

use super::*;
use crate::machine::{now, random};

fn name() -> Name {
    Name::new("Ana").unwrap()
}

#[test]
fn a_home_is_made_once_and_opened_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("ana"));
    assert!(matches!(home.open(), Err(HomeError::Missing(_))));
    let (open, words) = home.create(name()).unwrap();
    home.announce(&Running { api: ([127, 0, 0, 1], 1).into(), pid: 1 }).unwrap();
    assert!(matches!(home.open(), Err(HomeError::InUse(_))), "two processes would tear it apart");
    let id = engine::Own::load(&open.store).unwrap().id();
    drop(open);
    assert!(matches!(home.create(name()), Err(HomeError::Exists(_))));
    let open = home.open().unwrap();
    let own = engine::Own::load(&open.store).unwrap();
    assert_eq!(own.id(), id);
    assert!(engine::own::words_fit(&own, &words));
}

#[test]
fn the_words_are_there_until_their_owner_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (_open, words) = home.create(name()).unwrap();
    let written = std::fs::read_to_string(home.words_file()).unwrap();
    assert_eq!(RecoveryWords::parse(&written), Ok(words));
    assert!(home.forget_words().unwrap());
    assert!(!home.forget_words().unwrap());
}

#[test]
fn only_the_owner_can_read_what_is_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (_open, _) = home.create(name()).unwrap();
    home.api_token().unwrap();
    for secret in ["keys", "recovery-words.txt", "api-token"] {
        let mode = std::fs::metadata(folder.path().join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
}

#[test]
fn a_damaged_key_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    drop(home.create(name()).unwrap());
    let mut bytes = std::fs::read(home.keys_file()).unwrap();
    bytes[20] ^= 1;
    std::fs::write(home.keys_file(), bytes).unwrap();
    assert!(matches!(home.open(), Err(HomeError::Damaged(path)) if path.ends_with("keys")));
}

#[test]
fn a_node_that_was_killed_does_not_count_as_running() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (open, _) = home.create(name()).unwrap();
    let running = Running { api: ([127, 0, 0, 1], 1).into(), pid: 1 };
    home.announce(&running).unwrap();
    assert_eq!(home.running().map(|running| running.api), Some(running.api));
    drop(open);
    assert!(home.running().is_none());
}

#[test]
fn commands_in_one_home_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (open, _) = home.create(name()).unwrap();
    let second = std::thread::spawn({
        let home = home.clone();
        move || home.open().map(drop)
    });
    drop(open);
    second.join().unwrap().expect("the first one is soon done");
}

#[test]
fn fresh_words_that_count_are_kept_and_others_go() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (mut open, words) = home.create(name()).unwrap();
    home.forget_words().unwrap();
    // The power went before the change was durable: nobody is to write these down.
    let never = RecoveryWords::from_entropy(random());
    home.write_fresh_words(&never).unwrap();
    home.settle_fresh_words(&engine::Own::load(&open.store).unwrap()).unwrap();
    assert!(!home.words_file().exists() && !folder.path().join("fresh-words.txt").exists());
    // The power went after it: opening the home puts them where words lie.
    let fresh = RecoveryWords::from_entropy(random());
    home.write_fresh_words(&fresh).unwrap();
    let mut engine = engine::Engine::open(&open.store).unwrap();
    let now = now();
    let change = |turn: &mut engine::Turn<'_>| turn.rotate(&words, Some(&fresh), Reason::Routine);
    let ((), step) = engine.turn(&open.store, now, random(), change).unwrap();
    open.store.commit(&step.writes).unwrap();
    drop(open);
    let open = home.open().unwrap();
    let written = std::fs::read_to_string(home.words_file()).unwrap();
    assert_eq!(RecoveryWords::parse(&written), Ok(fresh));
    home.settle_fresh_words(&engine::Own::load(&open.store).unwrap()).unwrap();
    assert!(home.words_file().exists(), "settled for good");
}

#[test]
fn settings_that_cannot_be_read_are_no_settings_that_were_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    drop(home.create(name()).unwrap());
    assert!(home.settings().unwrap().listen.is_empty(), "a new home has none");
    // As the version before wrote them.
    let before = r#"{"listen": ["/ip4/10.8.0.2/tcp/7517"], "web": "127.0.0.1:7600", "web_url": null}"#;
    std::fs::write(folder.path().join("settings.json"), before).unwrap();
    let settings = home.settings().unwrap();
    assert_eq!((settings.listen.len(), settings.asked_listen), (1, None));
    std::fs::write(folder.path().join("settings.json"), &before[..40]).unwrap();
    let error = home.settings().unwrap_err();
    assert!(matches!(&error, HomeError::DamagedSettings(path) if path.ends_with("settings.json")), "{error}");
}

#[test]
fn keys_that_cannot_be_read_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    drop(home.create(name()).unwrap());
    let mut bytes = std::fs::read(home.keys_file()).unwrap();
    bytes[20] ^= 1;
    std::fs::write(home.keys_file(), &bytes).unwrap();
    let begun = home.begin_anew(|_, _| Ok::<(), HomeError>(()));
    assert!(matches!(&begun, Err(HomeError::Damaged(path)) if path.ends_with("keys")), "{begun:?}");
    assert_eq!(std::fs::read(home.keys_file()).unwrap(), bytes);
}

/// Somebody's people are stored, and then the power goes.
fn break_off(home: &Home) {
    let chi = Write { table: Table::People, key: b"chi".to_vec(), value: Some(b"Chi Tran".to_vec()) };
    let broken = home.begin_anew(|store, _| -> Result<(), HomeError> {
        store.commit(&[chi])?;
        Err(HomeError::NotHashed)
    });
    assert!(matches!(broken, Err(HomeError::NotHashed)), "{broken:?}");
}

fn people(open: &OpenHome) -> usize {
    open.store.view().count(Table::People)
}

#[test]
fn what_a_broken_off_restore_left_is_said_and_nobody_new_inherits_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    break_off(&home);
    assert!(matches!(home.open(), Err(HomeError::BrokenOff(_))));
    let keys = std::fs::read(home.keys_file()).unwrap();
    let (open, words) = home.create(name()).unwrap();
    assert_eq!(people(&open), 0);
    assert_ne!(std::fs::read(home.keys_file()).unwrap(), keys, "what was sealed for the one before opens to nobody");
    drop(open);
    let open = home.open().unwrap();
    assert!(engine::own::words_fit(&engine::Own::load(&open.store).unwrap(), &words));
    assert!(!folder.path().join("store-left").exists());
}

#[test]
fn what_an_earlier_try_left_is_removed_whole_also_after_a_kill_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let left = folder.path().join("store-left");
    break_off(&home);
    // Killed when half of it was removed.
    std::fs::rename(home.store_folder(), &left).unwrap();
    std::fs::remove_dir_all(left.join("sled")).unwrap();
    assert!(matches!(home.open(), Err(HomeError::Missing(_))), "nothing of it is left to go on with");
    break_off(&home);
    assert!(!left.exists());
    std::fs::create_dir(&left).unwrap();
    drop(home.create(name()).unwrap());
    assert!(!left.exists() && matches!(home.create(name()), Err(HomeError::Exists(_))));
}

#[test]
fn a_storage_whose_keys_are_gone_is_kept_and_nobody_new_moves_in_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (_, words) = home.create(name()).unwrap();
    std::fs::remove_file(home.keys_file()).unwrap();
    assert!(matches!(home.open(), Err(HomeError::KeysGone(_))));
    assert!(matches!(home.create(name()), Err(HomeError::KeysGone(_))));
    break_off(&home);
    let aside = folder.path().join("store-without-keys");
    assert!(std::fs::read_dir(aside.join("store")).unwrap().count() > 0);
    let kept = std::fs::read_to_string(aside.join("recovery-words.txt")).unwrap();
    assert_eq!(kept.trim(), words.words().join(" "), "the only words that open her backups");
    assert!(!home.words_file().exists(), "they are not those of whoever lives here next");
    // It may happen again.
    std::fs::remove_file(home.keys_file()).unwrap();
    break_off(&home);
    assert!(folder.path().join("store-without-keys-2").exists());
    let (open, _) = home.create(name()).unwrap();
    assert_eq!(people(&open), 0);
}

#[test]
fn keys_whose_storage_was_moved_away_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    drop(home.create(name()).unwrap());
    let keys = std::fs::read(home.keys_file()).unwrap();
    let elsewhere = folder.path().join("store.bad");
    std::fs::rename(home.store_folder(), &elsewhere).unwrap();
    assert!(matches!(home.open(), Err(HomeError::Missing(_))));
    drop(home.create(name()).unwrap());
    assert_eq!(std::fs::read(folder.path().join("keys-without-store/keys")).unwrap(), keys);
}
