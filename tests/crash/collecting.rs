//! SIGKILL at random moments to the node of somebody for whom letters lie with another, while it collects them.
//!
//! Whatever moment it was, each letter is there once in the end, its sender hears of it, and nothing stays behind.

use std::collections::BTreeSet;
use std::time::Duration;

use kith_tests::e2e::{Api, Seed, Someone};
use serde_json::{Value, json};

const LETTERS: usize = 30;
/// The first kill comes at most this long after the node runs, the second one at most twice as long, and so on.
const STEP_MICROS: u64 = 20_000;
/// So many come in any case, the first of them before anybody has looked: on a machine on which all letters are there at
/// once nothing would be killed otherwise.
const LEAST_KILLS: u64 = 5;
/// By then a node has had a minute in all, and two seconds at once, for what takes it one.
const MOST_KILLS: u64 = 100;
/// How long it may take until all hear of it: some calls, with the pauses between them.
const SETTLED: Duration = Duration::from_secs(60);

/// What two wrote to each other.
fn letters(api: &Api, with: &str) -> Vec<Value> {
    api.get(&format!("/people/{with}/letters"))["letters"].as_array().unwrap().clone()
}

/// Ana, Bo and Chi, whose node holds letters for Ana, as Bo knows.
fn cast() -> (Someone, Someone, Someone) {
    let (ana, bo, chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Chi Nguyen"));
    bo.meets(&ana, "Hannover Messe");
    ana.meets(&chi, "Hannover Messe");
    ana.kith(["mailbox", "use", "Chi"]).ok();
    ana.api().until("Chi's node holds letters", |api| (api.get("/mailboxes")[0]["state"] == "open").then_some(()));
    ana.api().until("Bo was told", |api| api.get("/people/Bo")["waiting"].as_array()?.is_empty().then_some(()));
    (ana, bo, chi)
}

/// Bo writes all of them while Ana's node is off, and then his is off, too: there is one way to her.
fn leaves_all(bo: &mut Someone) -> BTreeSet<String> {
    let written: BTreeSet<String> = (0..LETTERS).map(|number| format!("Letter {number} about valves.")).collect();
    for text in &written {
        bo.api().post("/people/Ana/letters", &json!({ "text": text }));
    }
    bo.api().until("all lie there", |api| {
        let all = letters(api, "Ana");
        (all.len() == LETTERS && all.iter().all(|letter| letter["state"] == "in_mailbox")).then_some(())
    });
    bo.stop();
    written
}

/// What Ana's node shows; none of it twice, and all that it showed before.
fn reads(ana: &Someone, before: &BTreeSet<String>) -> BTreeSet<String> {
    let all = letters(&ana.api(), "Bo");
    let texts: BTreeSet<String> = all.iter().map(|letter| letter["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts.len(), all.len(), "a letter is there twice: {all:#?}");
    let lost: Vec<_> = before.difference(&texts).collect();
    assert!(lost.is_empty(), "these were shown before: {lost:?}");
    texts
}

#[test]
fn each_letter_is_there_once_however_often_the_node_that_collects_is_killed() {
    let mut seed = Seed::new(9);
    let (mut ana, mut bo, chi) = cast();
    ana.stop();
    let written = leaves_all(&mut bo);
    assert!(chi.api().metric("kith_held_bytes").unwrap() > Some(0), "Chi's node holds them");
    let (mut read, mut kills, mut amid) = (BTreeSet::new(), 0, 0);
    loop {
        ana.start();
        if kills > 0 {
            read = reads(&ana, &read);
            amid += u64::from(read.len() < LETTERS);
        }
        if read.len() == LETTERS && kills >= LEAST_KILLS {
            break;
        }
        assert!(kills < MOST_KILLS, "{} of {LETTERS} letters are there after {kills} kills", read.len());
        kills += 1;
        // The moment is the point: there is no event to wait for.
        std::thread::sleep(Duration::from_micros(seed.below(kills * STEP_MICROS)));
        ana.kill();
    }
    println!("{LETTERS} letters were collected over {kills} kills, {amid} of them before the last letter was there");
    assert!(
        amid > 0,
        "all letters were there before the first of {kills} kills: it was no kill while they are collected"
    );
    assert_eq!(read, written);
    bo.start();
    let told = bo.api().until_within(SETTLED, |api| {
        let all = letters(api, "Ana");
        let waits = all.iter().filter(|letter| letter["state"] != "delivered").count();
        if waits == 0 { Ok(()) } else { Err(format!("Bo has not heard of {waits}")) }
    });
    told.unwrap();
    let emptied = chi.api().until_within(SETTLED, |api| match api.metric("kith_held_bytes").unwrap() {
        Some(0) => Ok(()),
        bytes => Err(format!("{bytes:?} bytes lie there still")),
    });
    emptied.unwrap();
    assert_eq!(reads(&ana, &read), written, "no copy came after that");
}
