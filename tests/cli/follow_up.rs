//! A fair and the day after it, at the command line.

use std::path::Path;

use kith_tests::e2e::Someone;

const KEY: &str = "00112233445566778899aabbccddeeff";

#[test]
fn bo_notes_at_the_stand_what_he_does_the_day_after() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["event", "add", "Always", "--from", "2020-01-01", "--to", "2020-12-31"]).ok();
    bo.kith(["event", "set", "always", "--name", "Hannover Messe", "--place", "Hall 7"]).ok();
    assert!(bo.kith(["event", "list"]).ok().out.contains("Hannover Messe  2020-01-01 to 2020-12-31, Hall 7; met 0"));
    let card = "mailto:chi@tran.example";
    let at_the_stand =
        ["scan", card, "--name", "Chi Tran", "--event", "Hannover Messe", "--need", "valves for two ships"];
    let noted = ["--promise", "the drawings", "--tag", "hot", "--tag", "ships", "--due", "2020-02-01", "--key", KEY];
    for _ in 0..2 {
        bo.kith(at_the_stand.iter().chain(&noted)).ok();
    }
    assert_eq!(bo.kith(["people", "--tag", "ships", "--json"]).ok().json()["total"], 1, "the same again is done once");
    let today = bo.kith(["today"]).ok().out;
    for words in
        ["1 overdue", "Chi Tran  write to them (overdue since 2020-02-01)", "needs: valves", "promised: the dra"]
    {
        assert!(today.contains(words), "{words:?} is missing: {today}");
    }
    bo.kith(["person", "postpone", "Chi", "2999-01-01"]).ok();
    assert!(bo.kith(["today"]).ok().err.contains("Nothing due."));
    bo.kith(["person", "next", "Chi", "call her", "--due", "2020-02-02"]).ok();
    bo.kith(["person", "need", "Chi", "a crane"]).ok();
    bo.kith(["person", "promise", "Chi", ""]).ok();
    let shown = bo.kith(["person", "show", "Chi"]).ok().out;
    assert!(shown.contains("they need: a crane") && shown.contains("next: call her (overdue"), "{shown}");
    assert!(!shown.contains("promised"), "{shown}");
    bo.kith(["person", "done", "Chi"]).ok();
    bo.kith(["person", "done", "Chi"]).fails(1, &["there is no next step"]);
    assert!(bo.kith(["event", "show", "hannover messe"]).ok().out.contains("Chi Tran"));
    bo.kith(["event", "remove", "Hannover Messe"]).ok();
    assert_eq!(bo.kith(["event", "list", "--json"]).ok().json(), serde_json::json!([]));
    assert!(bo.kith(["person", "show", "Chi"]).ok().out.contains("at Hannover Messe"), "where they met stays");
}

#[test]
fn dates_that_are_none_and_events_that_are_not_there_say_so() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["event", "add", "Fair", "--from", "20.4.2026"])
        .fails(2, &["--from: \"20.4.2026\" is no date", "2026-12-01"]);
    bo.kith(["event", "add", "Fair", "--from", "2026-04-20", "--to", "2026-04-19"])
        .fails(2, &["before it begins", "hint: "]);
    bo.kith(["event", "show", "Fair"]).fails(4, &["no event \"Fair\""]);
    bo.kith(["person", "add", "Chi", "--due", "soon"]).fails(2, &["due: "]);
    bo.kith(["person", "add", "Chi", "--key", "1"]).fails(2, &["32 hexadecimal digits"]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 0);
}

/// What an earlier version left, written by it: Ana had met Bo and Chi at the fair.
fn home_before_events() -> Someone {
    let ana = Someone::new("Ana Sousa");
    let left = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/home-before-events");
    std::fs::create_dir_all(ana.folder().join("store")).unwrap();
    for file in ["keys", "store/checkpoint-0000000000000004.kc", "store/journal-0000000000000005.kj"] {
        std::fs::copy(left.join(file), ana.folder().join(file)).unwrap();
    }
    ana
}

#[test]
fn a_home_from_before_events_opens_and_knows_who_was_met_where() {
    let ana = home_before_events();
    assert!(ana.kith(["person", "show", "Bo"]).ok().out.contains("wants a quote"));
    ana.kith(["event", "add", "Hannover Messe", "--from", "2026-11-26"]).ok();
    let fair = ana.kith(["event", "show", "Hannover Messe", "--json"]).ok().json();
    let names: Vec<&str> =
        fair["list"].as_array().unwrap().iter().filter_map(|one| one["person"]["name"].as_str()).collect();
    assert_eq!(names, ["Bo Lindqvist", "Chi Tran"], "{fair}");
    ana.kith(["person", "next", "Bo", "send the quote", "--due", "2020-01-01"]).ok();
    assert_eq!(ana.kith(["today", "--json"]).ok().json()["steps"]["overdue"], 1);
}
