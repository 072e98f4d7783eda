//! People in a home: finding them, and what one keeps about them.

use kith_tests::e2e::Someone;

#[test]
fn bo_keeps_his_people() {
    let bo = Someone::at_home("Bo Lindqvist");
    let id = bo.kith(["person", "add", "Chi Tran", "--event", "Hannover Messe", "--json"]).ok().json()["id"].clone();
    let id = id.as_str().unwrap();
    bo.kith(["person", "note", "Chi", "wants a quote for ball valves"]).ok();
    bo.kith(["person", "tag", "chi tran", "welders"]).ok();
    bo.kith(["person", "cadence", "Chi", "30"]).ok();
    bo.kith(["person", "touch", &id[..4]]).ok();
    bo.kith(["person", "name", "Chi", "Chi of the ninth hall"]).ok();
    let shown = bo.kith(["person", "show", "ninth"]).ok().out;
    for words in ["Chi of the ninth hall", "calls themselves Chi Tran", "written down at Hannover Messe", "ball valves"]
    {
        assert!(shown.contains(words), "{words:?} is missing: {shown}");
    }
    for query in [&["people", "valves"][..], &["people", "hannover"], &["people", "--tag", "welders"], &["people"]] {
        assert!(bo.kith(query).ok().out.contains("Chi of the ninth hall"), "{query:?}");
    }
    assert!(bo.kith(["people", "--tag", "bakers"]).ok().err.contains("Nobody fits."));
    bo.kith(["person", "tag", "Chi", "welders", "--remove"]).ok();
    bo.kith(["person", "name", "Chi", ""]).ok();
    assert!(bo.kith(["people"]).ok().out.contains("Chi Tran"));
    assert_eq!(bo.kith(["person", "show", id, "--json"]).ok().json()["cadence_days"], 30);
    bo.kith(["person", "cadence", "Chi", "0"]).ok();
    bo.kith(["person", "forget", "Chi"]).ok();
    bo.kith(["person", "show", "Chi"]).fails(4, &["Chi"]);
    assert!(bo.kith(["people"]).ok().err.contains("Nobody yet"));
}

#[test]
fn an_unknown_or_ambiguous_person_ends_with_4_and_candidates_are_listed() {
    let bo = Someone::at_home("Bo Lindqvist");
    for name in ["Chi Tran", "Chi Nguyen", "Chi Tran"] {
        bo.kith(["person", "add", name]).ok();
    }
    bo.kith(["person", "show", "Zoe"]).fails(4, &["no person \"Zoe\"", "hint: kith people lists everybody"]);
    bo.kith(["person", "show", "Chi"]).fails(4, &["Chi Tran (", "Chi Nguyen (", "hint: "]);
    let said = bo.kith(["person", "forget", "chi tran"]).fails(4, &["Chi Tran ("]);
    assert!(!said.err.contains("Nguyen"), "only the two who are called so: {said}");
    // The id in brackets, as it is shown, says which one.
    let id = said.err.split('(').nth(1).unwrap().split(')').next().unwrap();
    bo.kith(["person", "show", id]).ok();
    bo.kith(["person", "note", id, "the one with the hat"]).ok();
    bo.kith(["card", "show", "--as", "Zoe"]).fails(4, &["Zoe"]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 3);
}

#[test]
fn bo_says_that_whom_he_wrote_down_twice_is_one_person() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["person", "add", "Chi", "--event", "Hannover Messe", "--note", "wants a quote", "--tag", "welders"]).ok();
    bo.kith(["scan", "MECARD:N:Tran,Chi;TEL:+491701234567;;"]).ok();
    bo.kith(["person", "join", "Chi", "Zoe"]).fails(4, &["no person \"Zoe\"", "hint: "]);
    bo.kith(["person", "join", "Chi", "Chi"]).fails(1, &["one person already", "hint: "]);
    let said = bo.kith(["person", "join", "Chi", "Chi Tran"]).ok().out;
    assert!(said.starts_with("One person now: Chi Tran ("), "{said}");
    let shown = bo.kith(["person", "show", "Chi"]).ok().out;
    for words in ["written down at Hannover Messe", "wants a quote", "welders", "+491701234567", "written down as Chi"]
    {
        assert!(shown.contains(words), "{words:?} is missing: {shown}");
    }
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 1);
}

#[test]
fn names_of_all_scripts_are_kept_and_found() {
    let bo = Someone::at_home("Bo Lindqvist");
    let names = [
        "Jörg Weiß / Söhne?",
        "李小龍",
        "Юлия Kovač",
        "محمد العربي",
        "נעמי",
        "ニコラス Tran 3",
        "O'Neill & \"Sons\" #1",
        "👩🏽‍🔧 Zoë",
        "--help",
    ];
    for name in names {
        bo.kith(["person", "add", "--", name]).ok();
        let shown = bo.kith(["person", "show", "--json", "--", name]).ok().json();
        assert_eq!(shown["name"], name);
        bo.kith(["person", "note", "--", name, "met at the fair"]).ok();
    }
    assert_eq!(bo.kith(["people", "fair", "--json"]).ok().json()["total"], names.len());
    assert_eq!(bo.kith(["person", "show", "jorg", "--json"]).ok().json()["name"], names[0], "found without accents");
}

#[test]
fn empty_and_endless_texts_are_refused_with_a_word_why() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["person", "add", "Chi Tran"]).ok();
    let endless = "n".repeat(10_000);
    bo.kith(["person", "add", ""]).fails(2, &["name: the text is empty", "hint: write something"]);
    bo.kith(["person", "add", " \t\n"]).fails(2, &["empty"]);
    bo.kith(["person", "add", &endless]).fails(2, &["10000 bytes, at most 160 fit", "hint: shorten it"]);
    bo.kith(["person", "note", "Chi", ""]).fails(2, &["empty"]);
    bo.kith(["person", "note", "Chi", &endless]).fails(2, &["10000 bytes, at most 8000 fit"]);
    bo.kith(["person", "tag", "Chi", ""]).fails(2, &["empty"]);
    bo.kith(["person", "tag", "Chi", &endless]).fails(2, &["at most 64 fit"]);
    bo.kith(["card", "set", "org", &endless]).fails(2, &["at most 200 fit"]);
    bo.kith(["card", "set", "name", &endless]).fails(2, &["at most 160 fit"]);
    bo.kith(["card", "set", "org", "invisible\u{202e}txt"]).fails(2, &["U+202E", "hint: leave out"]);
    bo.kith(["person", "cadence", "Chi", "4000"]).fails(2, &["DAYS: at most ten years", "hint: 3650"]);
    bo.kith(["person", "show", ""]).fails(4, &[]);
    bo.kith(["person", "show", &endless]).fails(4, &[]);
    bo.kith(["people", &endless]).ok();
    bo.kith(["invite", "--event", &endless]).fails(2, &["event", "at most 160 fit"]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 1);
    let other = Someone::new("Bo");
    other.kith(["init", "--name", ""]).fails(2, &["name: the text is empty"]);
    other.kith(["init", "--name", &endless]).fails(2, &["at most 160 fit"]);
    other.kith(["init", "--name", "Bo", "--org", &endless]).fails(2, &["org: ", "at most 200 fit"]);
    assert!(!other.folder().exists(), "everything is checked before anything is made");
}
