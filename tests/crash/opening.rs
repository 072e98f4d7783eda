//! SIGKILL while a home is being made, restored or opened.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kith_tests::e2e::{Seed, Someone, is_long};

/// Later than this a node runs already, on any machine that the tests run on.
const LATEST_MICROS: u64 = 30_000;

/// Starts a command and kills it after so long.
fn kill_after(command: &mut Command, micros: u64) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is the point: there is no event to wait for.
    std::thread::sleep(Duration::from_micros(micros));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_home_opens_after_every_kill_during_its_opening() {
    let rounds = if is_long() { 300 } else { 40 };
    let (begun, mut seed) = (Instant::now(), Seed::new(2));
    let mut ana = Someone::up("Ana Sousa");
    for number in 0..rounds {
        let value = format!("title {number}");
        ana.kith(["card", "set", "title", &value]).ok();
        ana.kith(["person", "add", &format!("Person {number}")]).ok();
        ana.kill();
        kill_after(&mut ana.up_command(), seed.below(LATEST_MICROS));
        ana.start();
        let card = ana.api().get("/card");
        assert_eq!(card["fields"][0]["value"], value.as_str(), "round {number}: {card}");
        assert_eq!(ana.api().get("/people")["total"], number + 1, "round {number}");
    }
    println!("{rounds} kills during opening: {rounds} homes opened, nothing lost, {:?}", begun.elapsed());
}

#[test]
fn a_home_can_be_made_after_every_kill_during_its_making() {
    let rounds = if is_long() { 300 } else { 40 };
    let (begun, mut seed) = (Instant::now(), Seed::new(3));
    let mut made = 0;
    for number in 0..rounds {
        let mut ana = Someone::new("Ana Sousa");
        kill_after(&mut ana.up_command(), seed.below(LATEST_MICROS));
        let words_file = ana.folder().join("recovery-words.txt");
        let words = || std::fs::read_to_string(&words_file).ok();
        let before = words();
        let shown = ana.kith(["card", "show"]);
        let is_made = shown.code == Some(0);
        if is_made {
            made += 1;
            assert!(before.is_some(), "round {number}: an identity whose words nobody has seen");
        } else {
            shown.fails(4, &["there is no home", "kith init"]);
        }
        ana.start();
        assert_eq!(ana.kith(["card", "show"]).ok().out, "Ana Sousa\n", "round {number}");
        let after = words().expect("the words lie there until they are written down");
        assert_eq!(after.split_whitespace().count(), 24, "round {number}");
        assert!(!is_made || before == Some(after), "round {number}: other words than those of the identity");
    }
    println!("{rounds} kills during making: {made} homes were made before, all open, {:?}", begun.elapsed());
}

#[test]
fn a_home_can_be_restored_after_every_kill_during_its_restoring() {
    let rounds = if is_long() { 150 } else { 20 };
    let (begun, mut seed) = (Instant::now(), Seed::new(4));
    let ana = Someone::at_home("Ana Sousa");
    let (words, backup) = (ana.folder().join("recovery-words.txt"), ana.beside("ana.backup"));
    for number in 0..30 {
        ana.kith(["person", "add", &format!("Person {number}")]).ok();
    }
    ana.kith(["backup", backup.to_str().unwrap()]).ok();
    let restore = ["restore", backup.to_str().unwrap(), "--words-file", words.to_str().unwrap()];
    let mut restored = 0;
    for number in 0..rounds {
        let new = Someone::new("Ana Sousa");
        kill_after(&mut new.command(restore), seed.below(LATEST_MICROS));
        let shown = new.kith(["card", "show"]);
        match shown.code {
            Some(0) => restored += 1,
            Some(5) => drop(shown.fails(5, &["a restore was broken off", "kith restore"])),
            _ => drop(shown.fails(4, &["there is no home"])),
        }
        if new.kith(["card", "show"]).code != Some(0) {
            new.kith(restore).ok();
        }
        assert_eq!(new.kith(["people", "--json"]).ok().json()["total"], 30, "round {number}");
        assert!(!new.folder().join("store-left").exists(), "round {number}");
    }
    println!("{rounds} kills during restoring: {restored} were restored before, all open, {:?}", begun.elapsed());
}
