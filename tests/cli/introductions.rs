//! Ana asks Bo for Chi: three homes, never more than two nodes up at once; and all that can be asked wrongly.

use kith_node::here::{Local, date_text};
use kith_tests::e2e::{Api, Someone, faketime, skip};
use serde_json::Value;

const BLURB: &str = "I make ball valves that can be cleaned in place. May I show you one?";

/// Ana and Chi, who each hold Bo and not each other. Bo's node is up, theirs are not.
fn the_three() -> (Someone, Someone, Someone) {
    let (mut ana, bo, mut chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::at_home("Chi Tran"));
    ana.kith(["card", "set", "org", "Sousa Valves"]).ok();
    ana.meets(&bo, "Hannover Messe");
    settle(&ana, &bo);
    ana.stop();
    chi.kith(["card", "set", "email", "chi@ninh.example"]).ok();
    chi.kith(["card", "set", "mobile", "+84 90 123", "--tier", "named"]).ok();
    chi.start();
    chi.meets(&bo, "Brau Beviale");
    settle(&chi, &bo);
    chi.stop();
    (ana, bo, chi)
}

/// Waits until nothing is on its way between two.
#[track_caller]
pub fn settle(one: &Someone, other: &Someone) {
    for (from, to) in [(one, other), (other, one)] {
        let path = format!("/people/{}", to.name.replace(' ', "%20"));
        from.api().until(&format!("{} takes {}'s letters", to.name, from.name), |api| {
            let answer = api.ask("GET", &path, None).ok()?;
            answer.body["waiting"].as_array()?.is_empty().then_some(())
        });
    }
}

fn ask(who: &Someone, about: &str) -> Value {
    let line = ["intro", "ask", "--about", about, "--via", "Bo", "--purpose", "client", "--why", "valves wear out"];
    who.kith(line.iter().chain(&["--blurb", BLURB, "--json"])).ok().json()
}

/// The short id of an introduction.
fn id(form: &Value) -> String {
    form["id"].as_str().unwrap()[..8].to_owned()
}

/// Waits until an item of this kind is in the inbox.
#[track_caller]
pub fn until_asked(api: &Api, kind: &str) -> Value {
    api.until(&format!("{kind} waits"), |api| {
        api.get("/inbox").as_array()?.iter().find(|item| item["kind"] == kind).cloned()
    })
}

/// Waits until an introduction is in this state, and returns it.
#[track_caller]
fn until_state(who: &Someone, id: &str, state: &str) -> Value {
    who.api().until(&format!("{}: {state}", who.name), |api| {
        let answer = api.ask("GET", &format!("/introductions/{id}"), None).ok()?;
        (answer.is_ok() && answer.body["state"] == state).then_some(answer.body)
    })
}

/// Every one of `words` is in a text, wherever its lines are broken.
#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    let in_one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(in_one_line.contains(word), "{word:?} is missing: {text}");
    }
}

#[test]
fn ana_asks_bo_for_chi_and_never_are_all_three_up() {
    let (mut ana, mut bo, mut chi) = the_three();
    // Ana asks with no node running at all.
    bo.stop();
    let asked = ask(&ana, "somebody who buys for a brewery");
    let intro = id(&asked);
    assert_eq!((&asked["part"], &asked["state"]), (&"asker".into(), &"open".into()));
    assert_eq!(asked["state_in_words"], "waits until Bo Lindqvist's node can be reached");
    ana.start();
    bo.start();
    let item = until_asked(&bo.api(), "introduce");
    assert_eq!(item["introduction"]["blurb"], BLURB);
    settle(&ana, &bo);
    let listed = ana.kith(["intro", "list", "--open"]).ok().out;
    says(&listed, &["You ask Bo Lindqvist to introduce you to somebody who", "hear a yes, or nothing until "]);
    // All that Bo needs is on one screen.
    let inbox = bo.kith(["inbox"]).ok().out;
    says(&inbox, &["Ana Sousa asks you to introduce them to somebody who buys", "they want to sell something"]);
    says(
        &inbox,
        &["valves wear out", "cleaned in place", "Sousa Valves", "scanned live at Hannover Messe", "open until"],
    );
    // Bo gives it back, and Ana says it better.
    bo.kith(["intro", "return", &intro, "--note", "Say how large the brewery is."]).ok();
    until_asked(&ana.api(), "ask_returned");
    says(
        &ana.kith(["inbox"]).ok().out,
        &["if you say it differently", "Say how large the brewery is.", "kith intro edit"],
    );
    let edited = ana.kith(["intro", "edit", &intro, "--why", "They have forty tanks."]).ok();
    says(&edited.out, &["They have forty tanks."]);
    until_state(&bo, &intro, "asked");
    ana.stop();
    // Chi is asked while Ana is away, and says yes while Bo is away.
    let passed = bo.kith(["intro", "pass", &intro, "--to", "Chi", "--note", "I bought from her for six years."]).ok();
    says(&passed.out, &["waits until Chi Tran's node can be reached"]);
    chi.start();
    until_asked(&chi.api(), "meet");
    let inbox = chi.kith(["inbox"]).ok().out;
    says(&inbox, &["Ana Sousa asks to meet you, through Bo Lindqvist.", "They have forty tanks.", "cleaned in place"]);
    says(&inbox, &["I bought from her for six years.", "they have met", "Sousa Valves"]);
    says(&inbox, &["your name, and what your contacts see", "email: chi@ninh.example (one contact sees it)"]);
    assert!(!inbox.contains("+84"), "what is for named people alone is not on offer: {inbox}");
    settle(&bo, &chi);
    bo.stop();
    let accepted = chi.kith(["intro", "accept", &intro, "--tier", "public"]).ok();
    says(&accepted.out, &["you said yes; it waits until Bo Lindqvist's node can be reached"]);
    assert!(chi.kith(["invite", "list"]).ok().err.contains("You have made no codes yet"), "the code is for Ana alone");
    bo.start();
    until_state(&bo, &intro, "offered");
    chi.stop();
    ana.start();
    let form = until_state(&ana, &intro, "connecting");
    says(form["state_in_words"].as_str().unwrap(), &["Chi Tran said yes; your first letter"]);
    settle(&ana, &bo);
    bo.stop();
    chi.start();
    let at_ana = ana.api().until_contact("Chi Tran");
    let at_chi = chi.api().until_contact("Ana Sousa");
    assert_eq!(at_ana["how"], "introduced by Bo Lindqvist");
    assert_eq!(at_chi["how"], "introduced by Bo Lindqvist");
    assert!(!at_ana["card"].to_string().contains("chi@"), "Chi chose the public tier: {at_ana}");
    until_state(&ana, &intro, "connected");
    // The loop to Bo is closed while Chi is away.
    let thanked = ana.kith(["intro", "outcome", &intro, "--met", "--useful", "--thanks", "She took a sample!"]).ok();
    says(&thanked.out, &["you say: met, of use. “She took a sample!”"]);
    chi.stop();
    bo.start();
    bo.api().until("Bo is thanked", |api| {
        let form = api.get(&format!("/introductions/{intro}"));
        (form["outcomes"][0]["thanks"] == "She took a sample!").then_some(())
    });
    says(
        &bo.kith(["intro", "show", &intro]).ok().out,
        &["Ana Sousa and Chi Tran hold each other", "Ana Sousa says: met"],
    );
    says(&ana.kith(["person", "show", "Chi"]).ok().out, &["introduction ", "you and Chi Tran hold each other"]);
}

#[test]
fn a_no_reads_like_silence_until_the_date_and_after_it() {
    if faketime().is_none() {
        skip("dates that come", "faketime is not installed");
        return;
    }
    let (mut ana, bo, mut chi) = the_three();
    let (refused, unheard) = (id(&ask(&ana, "a brewer")), id(&ask(&ana, "a baker")));
    ana.start();
    until_state(&bo, &refused, "asked");
    until_state(&bo, &unheard, "asked");
    settle(&ana, &bo);
    let before = [&refused, &unheard].map(|id| ana.kith(["intro", "show", id, "--json"]).ok().json());
    chi.start();
    bo.kith(["intro", "pass", &refused, "--to", "Chi", "--note", "A good one."]).ok();
    until_asked(&chi.api(), "meet");
    chi.kith(["intro", "decline", &refused]).ok();
    let told = until_state(&bo, &refused, "declined");
    says(told["state_in_words"].as_str().unwrap(), &["Chi Tran said no; you alone know"]);
    settle(&ana, &bo);
    assert_eq!([&refused, &unheard].map(|id| ana.kith(["intro", "show", id, "--json"]).ok().json()), before);
    chi.stop();
    ana.stop();
    ana.clock = Some("+8d");
    ana.start();
    let after = [&refused, &unheard].map(|id| until_state(&ana, id, "over"));
    for form in &after {
        assert_eq!((&form["state_in_words"], &form["over"]), (&"not this time".into(), &"expired".into()), "{form}");
    }
    let nameless = after.map(|form| {
        let form = form.to_string();
        form.replace("brewer", "X")
            .replace("baker", "X")
            .replace(&before[0]["id"].to_string(), "")
            .replace(&before[1]["id"].to_string(), "")
    });
    let without_times = |form: &str| form.split("\"changed\"").next().unwrap().to_owned();
    assert_eq!(without_times(&nameless[0]), without_times(&nameless[1]));
}

#[test]
fn bo_has_the_idea_and_two_yeses_make_an_introduction() {
    let (mut ana, bo, mut chi) = the_three();
    let notes = ["--note", "She buys for forty tanks.", "--note-for-b", "She makes the valves that you look for."];
    let made = bo.kith(["intro", "make", "Ana", "Chi"].iter().chain(&notes).chain(&["--json"])).ok().json();
    let intro = id(&made);
    bo.kith(["intro", "make", "Chi", "Ana", "--note", "again"]).fails(1, &["open already", "hint: "]);
    bo.kith(["intro", "make", "Ana", "Ana", "--note", "x"]).fails(1, &["to themselves"]);
    ana.start();
    until_asked(&ana.api(), "suggested");
    let inbox = ana.kith(["inbox"]).ok().out;
    says(&inbox, &["Bo Lindqvist thinks that you should meet somebody.", "She buys for forty tanks.", "you share"]);
    assert!(!inbox.contains("Chi"), "nobody is named before both said yes: {inbox}");
    ana.kith(["intro", "accept", &intro, "--blurb", BLURB]).ok();
    bo.api().until("Ana's yes is there", |api| {
        let form = api.get(&format!("/introductions/{intro}"));
        form["state_in_words"].as_str()?.contains("Ana Sousa said yes").then_some(())
    });
    settle(&ana, &bo);
    ana.stop();
    chi.start();
    let item = until_asked(&chi.api(), "suggested");
    chi.kith(["inbox", "accept", &item["id"].as_str().unwrap()[..8]]).ok();
    let form = until_state(&chi, &intro, "consented");
    says(form["summary"].as_str().unwrap(), &["Ana Sousa asks to meet you"]);
    assert!(!form.to_string().contains("forty tanks"), "what Bo said of Chi was for Ana alone: {form}");
    ana.start();
    ana.api().until_contact("Chi Tran");
    chi.api().until_contact("Ana Sousa");
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_word_why_and_nothing_is_lost() {
    let (mut ana, bo, _chi) = the_three();
    for name in ["Zed Young", "Zed Old"] {
        ana.kith(["person", "add", name]).ok();
    }
    let endless = "n".repeat(10_000);
    let call = |who: &[&str], via: &str, why: &str| {
        let line = [&["intro", "ask"], who, &["--via", via, "--purpose", "client", "--why", why, "--blurb", BLURB]];
        ana.kith(line.concat())
    };
    let brewer = ["--about", "a brewer"];
    call(&brewer, "Nobody", "x").fails(4, &["no person \"Nobody\"", "hint: kith people lists everybody"]);
    call(&brewer, "Zed", "x").fails(4, &["Zed Young (", "Zed Old (", "hint: "]);
    call(&brewer, "Zed Old", "x").fails(1, &["only a contact can introduce you", "hint: kith people"]);
    call(&["Zoe"], "Bo", "x").fails(4, &["no person \"Zoe\"", "hint: describe them in words instead: --about"]);
    call(&["Bo"], "Bo", "x").fails(1, &["nobody can introduce you to themselves"]);
    call(&["Ana Sousa"], "Bo", "x").fails(4, &["no person"]);
    call(&brewer, "Bo", &endless).fails(2, &["why: ", "10000 bytes, at most 280 fit", "hint: shorten it"]);
    call(&brewer, "Bo", "").fails(2, &["why: the text is empty", "hint: write something"]);
    call(&["--about", &endless], "Bo", "x").fails(2, &["about: ", "at most 200 fit"]);
    call(&["Zed Old", "--about", "a brewer"], "Bo", "x").fails(2, &["--about"]);
    call(&[], "Bo", "x").fails(2, &["<WHO|--about <TEXT>>"]);
    ana.kith(["intro", "ask", "--about", "x", "--via", "Bo"]).fails(2, &["--purpose", "--why", "--blurb"]);
    let error = ana.kith(["intro", "show", "abcd", "--json"]).fails(4, &[]).json_error();
    assert_eq!(error["kind"], "not_found");
    assert!(ana.kith(["intro", "list"]).ok().err.contains("No introductions: kith intro ask"));
    // Five may be open, each for somebody else.
    call(&["Zed Old"], "Bo", "x").ok();
    call(&["Zed Old"], "Bo", "x").fails(1, &["asked them for this already", "hint: "]);
    for target in ["a brewer", "a baker", "a welder", "a printer"] {
        ask(&ana, target);
    }
    call(&["--about", "a sixth"], "Bo", "x").fails(1, &["too many open asks", "hint: kith intro list --part asker"]);
    let all = ana.kith(["intro", "list", "--part", "asker", "--open", "--json"]).ok().json();
    assert_eq!(all.as_array().unwrap().len(), 5, "{all}");
    let mine = id(&all[0]);
    // What is not mine to do.
    ana.kith(["intro", "show", &mine[..3]]).fails(4, &["hint: kith intro list shows them"]);
    ana.kith(["intro", "accept", &mine]).fails(1, &["not open any more", "hint: kith intro show"]);
    ana.kith(["intro", "pass", &mine, "--note", "x"]).fails(1, &["you are the asker here", "hint: "]);
    ana.kith(["intro", "outcome", &mine, "--met"]).fails(1, &["not connected through this introduction", "hint: "]);
    ana.kith(["intro", "decline", &mine]).fails(1, &["your own ask: withdraw it"]);
    ana.kith(["intro", "edit", &mine, "--blurb", &endless]).fails(2, &["blurb: ", "at most 600 fit"]);
    ana.kith(["intro", "withdraw", &mine]).ok();
    ana.kith(["intro", "withdraw", &mine]).fails(1, &["this introduction is over"]);
    assert_eq!(ana.kith(["intro", "show", &mine, "--json"]).ok().json()["state_in_words"], "you withdrew it");
    call(&["--about", "a sixth"], "Bo", "x").ok();
    // And at Bo's.
    ana.start();
    let item = until_asked(&bo.api(), "introduce");
    let intro = id(&item["introduction"]);
    bo.kith(["person", "add", "Zed Old"]).ok();
    bo.kith(["intro", "pass", &intro, "--to", "Zed", "--note", "x"]).fails(1, &["only a contact of yours", "hint: "]);
    bo.kith(["intro", "pass", &intro, "--to", "Ana", "--note", "x"]).fails(1, &["to themselves"]);
    bo.kith(["intro", "pass", &intro, "--to", "Nobody", "--note", "x"]).fails(4, &["no person"]);
    bo.kith(["intro", "pass", &intro, "--note", "x"]).fails(1, &["say to whom"]);
    bo.kith(["intro", "pass", &intro, "--to", "Chi", "--note", &endless]).fails(2, &["note: ", "at most 280 fit"]);
    for (until, why) in [("2020-01-01", "is past"), ("soon", "is no date"), ("2026-13-01", "is no date")] {
        bo.kith(["intro", "later", &intro, "--until", until]).fails(2, &["until: ", why, "hint: "]);
    }
    bo.kith(["intro", "accept", &intro]).fails(1, &["you are the introducer here", "hint: pass it on"]);
    let item = item["id"].as_str().unwrap();
    bo.kith(["inbox", "accept", item]).fails(1, &["pass it on", "hint: kith inbox says"]);
    assert_eq!(until_asked(&bo.api(), "introduce")["introduction"]["state"], "asked", "it waits as before");
    let too_late = ["intro", "later", &intro, "--until", "2200-01-01T00:00:00Z"];
    bo.kith(too_late).fails(2, &["until: it ends on ", "hint: name an earlier time"]);
    let soon = date_text(Local::here().date.plus(2));
    let later = bo.kith(["intro", "later", &intro, "--until", &soon, "--json"]).ok().json();
    let stands = later["state_in_words"].as_str().unwrap();
    assert!(stands.starts_with("you look at it again on") && !stands.contains("00:00"), "a day has no clock: {later}");
}
