//! SIGKILL at one moment after another to the node of somebody for whom letters lie with another, while it collects them.
//!
//! Whatever moment it was, each letter is there once in the end, its sender hears of it, and nothing stays behind.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use kith_tests::e2e::{Api, Someone};
use serde_json::{Value, json};

const LETTERS: usize = 30;
/// Each kill comes so much later after the start of the program than the one before, until everything was collected: so they come
/// before, while and after it looks, takes in, and says that it has.
const STEP: Duration = Duration::from_millis(3);
/// So many come in any case before nothing lies with Chi any more; a program takes longer than that to open a home.
const LEAST_KILLS: u32 = 5;
/// By then a node has had three seconds at once for what takes it a tenth of one.
const MOST_KILLS: u32 = 1_000;
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

/// What Ana's node shows, none of it twice.
fn reads(ana: &Someone) -> BTreeSet<String> {
    let all = letters(&ana.api(), "Bo");
    let texts: BTreeSet<String> = all.iter().map(|letter| letter["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts.len(), all.len(), "a letter is there twice: {all:#?}");
    texts
}

/// Starts the node and kills it so much later, whether it runs by then or not.
fn is_killed_after(whose: &Someone, delay: Duration) {
    let mut node = whose.up_command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is the point: there is no event to wait for.
    std::thread::sleep(delay);
    node.kill().unwrap();
    node.wait().unwrap();
}

#[test]
fn each_letter_is_there_once_however_often_the_node_that_collects_is_killed() {
    let (mut ana, mut bo, chi) = cast();
    ana.stop();
    let written = leaves_all(&mut bo);
    let lies = || chi.api().metric("kith_held_bytes").unwrap().unwrap();
    let (all, mut kills, mut partly) = (lies(), 0, 0);
    assert!(all > 0, "Chi's node holds them");
    while lies() > 0 {
        assert!(kills < MOST_KILLS, "{} of {all} bytes lie there after {kills} kills", lies());
        is_killed_after(&ana, STEP * kills);
        kills += 1;
        partly += u32::from((1..all).contains(&lies()));
    }
    println!("{LETTERS} letters were collected over {kills} kills, {partly} of them while some lay there still");
    assert!(kills >= LEAST_KILLS);
    ana.start();
    ana.api().until("Ana reads all", |_| (reads(&ana) == written).then_some(()));
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
    assert_eq!(reads(&ana), written, "no copy came after that");
}
