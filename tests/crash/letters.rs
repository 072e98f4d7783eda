//! SIGKILL at random moments while two people use their nodes and letters flow between them.
//!
//! Three things must hold. What a node acknowledged is there after the kill. What a node showed of the other is
//! there too, at the other as well, since nothing leaves a node before it is durable. And nothing is done twice.
//!
//! No scan waits until the one before it is answered: in the end they all are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kith_tests::e2e::{Api, Seed, Someone, is_long};
use serde_json::{Value, json};

/// Kills come at most this long after a round has begun.
const LATEST_MICROS: u64 = 25_000;
/// A person keeps a hundred encounters and five hundred notes of another; the test stays below.
const ENCOUNTERS: u64 = 90;
const NOTES: u64 = 400;
/// How long letters may take to arrive after the last kill: some retries, with their growing pauses.
const SETTLED: Duration = Duration::from_secs(60);

/// One side of the test: somebody, and what they know of what their node must hold.
struct Side {
    someone: Someone,
    /// The id of the other one in this home.
    other: String,
    /// The newest title that the node acknowledged.
    acknowledged: u64,
    /// The newest title that was asked for; the node may hold it or not.
    asked: u64,
    /// The newest title of the other one that this node showed.
    shown: u64,
    /// Notes about the other one: true if the node acknowledged it.
    notes: BTreeMap<String, bool>,
    changes: u64,
}

/// What a node has done in a round, and what it was asked.
#[derive(Default)]
struct Tally {
    acknowledged: Option<u64>,
    asked: Option<u64>,
    shown: u64,
    notes: Vec<(String, bool)>,
    changes: u64,
}

fn title(card: &Value) -> u64 {
    let fields = card["fields"].as_array().into_iter().flatten();
    let mut titles = fields.filter(|field| field["field"] == "title").filter_map(|field| field["value"].as_str());
    titles.next().and_then(|value| value.strip_prefix("title ")?.parse().ok()).unwrap_or_default()
}

impl Side {
    fn new(someone: Someone, other: &str) -> Self {
        let other = someone.api().until_contact(other)["id"].as_str().unwrap().to_owned();
        let notes = BTreeMap::new();
        Self { someone, other, acknowledged: 0, asked: 0, shown: 0, notes, changes: 0 }
    }

    /// Uses the node until it is killed or the round is over.
    fn use_node(&self, round: u64, may_note: bool, over: &AtomicBool) -> Tally {
        let (api, path) = (self.someone.api(), format!("/people/{}", self.other));
        let mut tally = Tally { shown: self.shown, ..Tally::default() };
        let mut next = self.asked;
        while !over.load(Ordering::Relaxed) {
            next += 1;
            tally.asked = Some(next);
            let change = json!({ "changes": [{ "field": "title", "value": format!("title {next}") }] });
            if !done(&api, "PATCH", "/card", &change) {
                break;
            }
            tally.acknowledged = Some(next);
            tally.changes += 1;
            if may_note && tally.notes.is_empty() {
                let note = format!("note {round}");
                let is_done = done(&api, "PATCH", &path, &json!({ "note": note }));
                tally.notes.push((note, is_done));
            }
            match api.ask("GET", &path, None) {
                Ok(answer) if answer.is_ok() => tally.shown = tally.shown.max(title(&answer.body["card"])),
                _ => break,
            }
        }
        tally
    }

    fn remember(&mut self, tally: Tally) {
        self.acknowledged = tally.acknowledged.unwrap_or(self.acknowledged);
        self.asked = tally.asked.unwrap_or(self.asked);
        self.shown = tally.shown;
        self.notes.extend(tally.notes);
        self.changes += tally.changes;
    }

    /// What the node holds after it came back, against what it said before.
    fn check(&self, round: u64, others_asked: u64) {
        let (api, name) = (self.someone.api(), self.someone.name);
        let own = title(&api.get("/card"));
        assert!(own >= self.acknowledged, "round {round}: {name} lost a change: {own} of {}", self.acknowledged);
        assert!(own <= self.asked, "round {round}: {name} holds what nobody asked for: {own} of {}", self.asked);
        let details = api.get(&format!("/people/{}", self.other));
        let theirs = title(&details["card"]);
        assert!(theirs >= self.shown, "round {round}: {name} lost what was shown: {theirs} of {}", self.shown);
        assert!(theirs <= others_asked, "round {round}: {name} shows what was never said: {theirs} of {others_asked}");
        for (note, acknowledged) in &self.notes {
            let times =
                details["notes"].as_array().unwrap().iter().filter(|kept| kept["text"] == note.as_str()).count();
            let expected = if *acknowledged { 1..=1 } else { 0..=1 };
            assert!(expected.contains(&times), "round {round}: {name} keeps {note:?} {times} times");
        }
    }
}

fn done(api: &Api, method: &str, path: &str, body: &Value) -> bool {
    match api.ask(method, path, Some(body)) {
        Ok(answer) => {
            assert!(answer.is_ok(), "{method} {path}: {answer:?}");
            true
        }
        Err(_) => false,
    }
}

/// A scan of a fresh code of Ana's by Bo. True once Bo's node acknowledged it; he tries again after a kill.
fn scan(link: &str, event: &str, bo: &Api) -> bool {
    done(bo, "POST", "/scans", &json!({ "text": link, "event": event }))
}

fn show(event: &str, ana: &Api) -> Option<String> {
    let answer = ana.ask("POST", "/invites", Some(&json!({ "event": event }))).ok()?;
    assert!(answer.is_ok(), "{answer:?}");
    Some(answer.body["link"].as_str()?.to_owned())
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice_however_often_nodes_are_killed() {
    let rounds: u64 = if is_long() { 500 } else { 60 };
    let (begun, mut seed) = (Instant::now(), Seed::new(1));
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let (mut ana, mut bo) = (Side::new(ana, "Bo Lindqvist"), Side::new(bo, "Ana Sousa"));
    let (mut kills, mut shown, mut scanned) = (0_u32, Vec::new(), Vec::new());
    for round in 0..rounds {
        let scans = round * ENCOUNTERS / rounds.max(ENCOUNTERS) > shown.len() as u64;
        let notes = round * NOTES / rounds.max(NOTES) > ana.notes.len() as u64;
        let event = format!("fair {round}");
        let over = AtomicBool::new(false);
        let (at, victims) = (seed.below(LATEST_MICROS), seed.below(3));
        let (by_ana, by_bo, meeting) = std::thread::scope(|scope| {
            let by_ana = scope.spawn(|| ana.use_node(round, notes, &over));
            let by_bo = scope.spawn(|| bo.use_node(round, notes, &over));
            let meeting = scope.spawn(|| {
                let link = scans.then(|| show(&event, &ana.someone.api())).flatten()?;
                let is_scanned = scan(&link, &event, &bo.someone.api());
                Some((link, is_scanned))
            });
            std::thread::sleep(Duration::from_micros(at));
            for victim in [(0, &ana), (1, &bo)].into_iter().filter(|(who, _)| victims == 2 || victims == *who) {
                kill_process(victim.1.someone.node.as_ref().unwrap().pid());
                kills += 1;
            }
            over.store(true, Ordering::Relaxed);
            (by_ana.join().unwrap(), by_bo.join().unwrap(), meeting.join().unwrap())
        });
        ana.remember(by_ana);
        bo.remember(by_bo);
        for (who, side) in [(0, &mut ana), (1, &mut bo)] {
            if victims == 2 || victims == who {
                side.someone.kill();
                side.someone.start();
            }
        }
        ana.check(round, bo.asked);
        bo.check(round, ana.asked);
        if let Some((link, is_scanned)) = meeting {
            shown.push(event.clone());
            assert!(is_scanned || scan(&link, &event, &bo.someone.api()), "round {round}: Bo's node does not answer");
            scanned.push(event);
        }
    }
    // A last restart ends the pauses between calls, which grow with every call in vain.
    for side in [&mut ana, &mut bo] {
        side.someone.stop();
        side.someone.start();
    }
    let (anas, bos) = settle(&ana, &bo);
    for (side, details) in [(&ana, &anas), (&bo, &bos)] {
        check_meetings(side, details, &scanned);
    }
    println!(
        "{rounds} rounds, {kills} kills: {} changes by Ana, {} by Bo, {} notes, {} scans; none lost, none done twice, \
         every home opened; {:?}",
        ana.changes,
        bo.changes,
        ana.notes.len() + bo.notes.len(),
        scanned.len(),
        begun.elapsed(),
    );
}

fn kill_process(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Waits until every letter has arrived, and returns what Ana and Bo keep about each other.
fn settle(ana: &Side, bo: &Side) -> (Value, Value) {
    let settled = |side: &Side, other: &Side| {
        let newest = title(&other.someone.api().get("/card"));
        let found = side.someone.api().until_within(SETTLED, |api| {
            let details = api.get(&format!("/people/{}", side.other));
            let (status, people) = (api.get("/status"), api.get("/people"));
            let theirs = other.someone.api().get("/people");
            let is_settled = title(&details["card"]) == newest && status["outbox"] == 0 && status["people"] == 1;
            if is_settled {
                Ok(details)
            } else {
                Err(format!(
                    "newest: {newest}\n{status:#}\n{people:#}\nat {}: {theirs:#}\n{details}",
                    other.someone.name
                ))
            }
        });
        found.unwrap_or_else(|state| panic!("{} has not everything: {state}", side.someone.name))
    };
    // What one still has to say may change the other: both are looked at again once both are quiet.
    settled(ana, bo);
    settled(bo, ana);
    (settled(ana, bo), settled(bo, ana))
}

/// Every scan is one encounter on both sides.
fn check_meetings(side: &Side, details: &Value, scanned: &[String]) {
    let name = side.someone.name;
    let encounters: Vec<&str> =
        details["encounters"].as_array().unwrap().iter().filter_map(|e| e["how"].as_str()).collect();
    assert_eq!(encounters.len(), scanned.len() + 1, "{name}: {encounters:?}");
    for event in scanned {
        let how = format!("scanned live at {event}");
        let times = encounters.iter().filter(|encounter| **encounter == how).count();
        assert_eq!(times, 1, "{name} met {event:?} {times} times: {encounters:?}");
    }
    let mut events: Vec<&str> =
        details["meetings"].as_array().unwrap().iter().filter_map(|m| m["event"].as_str()).collect();
    let meetings = events.len();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), meetings, "{name}: a meeting was signed twice");
}
