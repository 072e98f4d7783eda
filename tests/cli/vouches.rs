//! What people say of each other, at the command line.

use kith_tests::e2e::Someone;

const WORDS: &str = "Delivers when she says, and calls when she cannot.";

/// What Bo says of somebody, and what he has to gain.
fn vouch<'v>(who: &'v str, interest: &'v [&str]) -> Vec<&'v str> {
    let line = ["vouch", who, "--basis", "supplier", "--words", WORDS, "--skill", "valves", "--since", "2019"];
    line.iter().chain(interest).copied().collect()
}

#[test]
fn bo_vouches_for_ana_who_says_how_far_it_is_shown_and_bo_takes_it_back() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let said = bo.kith(vouch("Ana", &["--interest", "financial", "--interest-words", "she gives me a discount"])).ok();
    for words in
        ["You vouch for Ana Sousa as your supplier, since 2019", "money flows between the two of you", "a discount"]
    {
        assert!(said.out.replace("\n                  ", " ").contains(words), "{words:?} is missing: {said}");
    }
    let item = ana.api().until("Ana is asked", |api| {
        api.get("/inbox").as_array()?.iter().find(|item| item["kind"] == "vouched").cloned()
    });
    assert_eq!(item["vouch"]["interest"], "financial", "{item}");
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(
        inbox.contains("Bo Lindqvist vouches for you. May it be shown?") && inbox.contains("Delivers when"),
        "{inbox}"
    );
    let id = item["vouch"]["id"].as_str().unwrap();
    ana.kith(["vouch", "revoke", id]).fails(1, &["somebody else says this of you", "hint: "]);
    let accepted = ana.kith(["vouch", "accept", &id[..8], "--json"]).ok().json();
    assert_eq!((&accepted["state"], &accepted["accepted"]), (&"contacts".into(), &"contacts".into()));
    bo.api().until("Bo is told", |api| (api.get("/vouches")["given"][0]["state"] == "contacts").then_some(()));
    assert!(ana.kith(["inbox", "--json"]).ok().json().as_array().unwrap().iter().all(|item| item["kind"] != "vouched"));
    assert!(bo.kith(["person", "show", "Ana"]).ok().out.contains("vouch "));
    assert_eq!(bo.kith(["vouch", "list", "--about", "Ana", "--json"]).ok().json()["about"][0]["words"], WORDS);
    bo.kith(["vouch", "accept", id]).fails(1, &["you say this of somebody else"]);
    bo.kith(["vouch", "revoke", id]).ok();
    ana.api().until("Ana is told", |api| api.get("/vouches")["about_me"].as_array()?.is_empty().then_some(()));
    bo.kith(["vouch", "revoke", id]).fails(4, &["no vouch", "hint: "]);
}

#[test]
fn a_vouch_that_cannot_be_is_refused_with_a_word_why() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["person", "add", "Ana Sousa"]).ok();
    let endless = "n".repeat(10_000);
    let none = ["--interest", "none"];
    bo.kith(vouch("Ana", &[])).fails(2, &["--interest"]);
    bo.kith(vouch("Ana", &["--interest", "other"])).fails(2, &["say what your interest is", "hint: "]);
    bo.kith(vouch("Ana", &none)).fails(1, &["only vouch for a contact", "hint: kith people"]);
    bo.kith(vouch("Zoe", &none)).fails(4, &["no person \"Zoe\""]);
    bo.kith([&vouch("Ana", &none)[..], &["--strength", "4"]].concat()).fails(2, &["4"]);
    bo.kith([&vouch("Ana", &none)[..], &["--until", "1066"]].concat()).fails(2, &["until: 1066 is no year"]);
    bo.kith([&vouch("Ana", &none)[..], &["--until", "2001"]].concat()).fails(2, &["until: it ends before it began"]);
    let to_come = ["vouch", "Ana", "--basis", "met", "--words", "x", "--interest", "none", "--since", "2200"];
    bo.kith(to_come).fails(2, &["since: that year is still to come", "hint: "]);
    bo.kith([&vouch("Ana", &none)[..], &["--skill", &endless]].concat()).fails(2, &["skill: ", "at most 64 fit"]);
    bo.kith(["vouch", "Ana", "--basis", "met", "--words", &endless, "--interest", "none"]).fails(2, &["words: "]);
    bo.kith(["vouch"]).fails(2, &["WHO"]);
    bo.kith(["vouch", "accept", "abcd"]).fails(4, &["no vouch \"abcd\"", "hint: "]);
    bo.kith(["vouch", "renew", "abcd"]).fails(4, &["no vouch"]);
    assert!(bo.kith(["vouch", "list"]).ok().err.contains("Nobody has said anything yet"));
}

#[test]
fn shells_are_told_what_can_be_typed() {
    let bo = Someone::new("Bo Lindqvist");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bo.kith(["completions", shell]).ok().out;
        assert!(script.contains("kith") && script.contains("outcome"), "{shell}");
    }
    bo.kith(["completions", "tcsh"]).fails(2, &["tcsh"]);
    assert!(!bo.folder().exists(), "no home is needed");
}
