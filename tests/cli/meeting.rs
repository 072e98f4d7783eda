//! Two and three people with real nodes, and codes that are used, withdrawn, old, or filmed by somebody else.

use kith_tests::e2e::{Someone, faketime, skip};
use serde_json::Value;

/// What became of the one scan that somebody waits for.
fn scan_state(person: &Value) -> String {
    person["scan"]["state"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn until_told(scanner: &Someone, words: &str) {
    scanner.api().until(&format!("{} is told {words:?}", scanner.name), |api| {
        let people = api.get("/people")["people"].clone();
        people.as_array()?.iter().any(|person| scan_state(person).contains(words)).then_some(())
    });
}

#[test]
fn ana_and_bo_swap_cards_and_sign_that_they_met() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    ana.kith(["card", "set", "email", "ana@sousa.example"]).ok();
    let picture = ana.beside("code.png");
    let shown = ana.kith(["invite", "--event", "Hannover Messe", "--png", picture.to_str().unwrap()]).ok();
    assert!(shown.err.contains("A code for one person, Hannover Messe, until "), "{shown}");
    let scanned = bo.kith(["scan", picture.to_str().unwrap(), "--note", "wants a quote"]).ok();
    assert!(scanned.out.starts_with("Scanned Ana Sousa ("), "{scanned}");
    let at_bo = bo.api().until_contact("Ana Sousa");
    ana.api().until_contact("Bo Lindqvist");
    assert!(at_bo["card"].to_string().contains("ana@sousa.example"), "{at_bo}");
    assert!(bo.kith(["scan", picture.to_str().unwrap()]).ok().out.contains("scanned this code before"));
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(inbox.contains("Bo Lindqvist scanned your code (Hannover Messe). Was it the person"), "{inbox}");
    let accepted = ana.kith(["inbox", "accept", &inbox[..8]]).ok();
    assert!(accepted.out.starts_with("Accepted: Bo Lindqvist"), "{accepted}");
    bo.api().until("both signed", |api| {
        let meeting = api.get("/people/Ana")["meetings"][0].clone();
        (meeting["signed_by_me"] == true && meeting["signed_by_them"] == true).then_some(())
    });
    let shown = bo.kith(["person", "show", "Ana"]).ok().out;
    assert!(shown.contains("Hannover Messe: signed by both of you") && shown.contains("wants a quote"), "{shown}");
    assert!(ana.kith(["inbox"]).ok().err.contains("Nothing waits on you."));
    let list = ana.kith(["invite", "list", "--json"]).ok().json()["invites"][0].clone();
    assert_eq!((&list["state"], &list["uses"]), (&"used".into(), &1.into()));
    // Bo forgets Ana: she is told to forget him too, and keeps what she wrote herself.
    ana.kith(["person", "note", "Bo", "tall"]).ok();
    bo.kith(["person", "forget", "Ana"]).ok();
    ana.api().until("Ana is told", |api| (api.get("/people/Bo")["standing"] == "ended").then_some(()));
    assert!(ana.kith(["person", "show", "Bo"]).ok().out.contains("tall"));
}

#[test]
fn a_code_that_was_filmed_works_once_and_ana_is_told_of_the_second_try() {
    let (ana, bo, mallory) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Mallory"));
    let code = ana.shows("Hannover Messe");
    bo.kith(["scan", &code]).ok();
    ana.api().until_contact("Bo Lindqvist");
    mallory.kith(["scan", &code]).ok();
    until_told(&mallory, "somebody else had used this code already; ask for a fresh one");
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(inbox.contains("The code was tried once more afterwards: somebody may have filmed it."), "{inbox}");
    assert_eq!(ana.kith(["people", "--json"]).ok().json()["total"], 1, "Mallory got nothing");
    let list = ana.kith(["invite", "list"]).ok().out;
    assert!(list.contains("used once, tried once more afterwards"), "{list}");
    // It was Mallory after all who had it first: Ana takes her card back.
    ana.kith(["inbox", "ignore", &inbox[..8]]).ok();
    bo.api().until("Bo is told", |api| (api.get("/people/Ana")["standing"] == "ended").then_some(()));
}

#[test]
fn a_code_that_was_withdrawn_leads_nowhere() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    let shown = ana.kith(["invite", "--json"]).ok().json();
    let (id, code) = (shown["id"].as_str().unwrap(), shown["link"].as_str().unwrap());
    assert!(ana.kith(["invite", "revoke", &id[..6]]).ok().out.starts_with("Withdrawn."));
    assert!(ana.kith(["invite", "show", id]).ok().err.starts_with("Withdrawn: nobody can use this code"));
    bo.kith(["scan", code, "--note", "stand 12"]).ok();
    until_told(&bo, "this code was withdrawn; ask for a fresh one");
    // The person stays, with what Bo noted; a fresh code makes them a contact.
    assert!(bo.kith(["person", "show", "Ana"]).ok().out.contains("stand 12"));
    let failed = bo.api().get("/people/Ana")["id"].as_str().unwrap().to_owned();
    bo.kith(["scan", &ana.shows("Hannover Messe")]).ok();
    ana.api().until_contact("Bo Lindqvist");
    // Until Bo says that they are one, nobody is sure of it.
    let held = bo.api().until("Bo holds Ana", |api| {
        let people = api.get("/people")["people"].clone();
        let held = people.as_array()?.iter().find(|person| person["standing"] == "contact")?;
        Some(held["id"].as_str()?.to_owned())
    });
    bo.kith(["person", "join", "Ana Sousa", &held]).fails(4, &[&held[..4], "hint: "]);
    bo.kith(["person", "join", &held, &failed]).fails(1, &["more than your own words", "hint: "]);
    bo.kith(["person", "join", &failed, &held]).ok();
    let ana_now = bo.api().get("/people/Ana");
    assert_eq!((&ana_now["standing"], &ana_now["notes"][0]["text"]), (&"contact".into(), &"stand 12".into()));
}

#[test]
fn a_printed_code_is_for_many_and_ana_shares_back_with_whom_she_likes() {
    let (ana, bo, chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Chi Tran"));
    let svg = ana.beside("badge.svg");
    let printed =
        ana.kith(["invite", "--printed", "--event", "badge", "--svg", svg.to_str().unwrap(), "--json"]).ok().json();
    assert!(std::fs::read_to_string(svg).unwrap().contains("<svg"));
    assert_eq!(printed["kind"], "printed");
    let code = printed["link"].as_str().unwrap();
    bo.kith(["scan", code]).ok();
    chi.kith(["scan", code]).ok();
    let asked = |who: &str| {
        ana.api().until(&format!("{who} asks"), |api| {
            let inbox = api.get("/inbox");
            let item = inbox.as_array()?.iter().find(|item| item["person"]["name"] == who)?;
            Some(item["id"].as_str()?.to_owned())
        })
    };
    ana.kith(["inbox", "accept", &asked("Bo Lindqvist")]).ok();
    ana.kith(["inbox", "ignore", &asked("Chi Tran")]).ok();
    bo.api().until_contact("Ana Sousa");
    let waits = chi.kith(["people"]).ok().out;
    assert!(waits.contains("arrived; waits until they share back"), "Chi is told nothing: {waits}");
}

#[test]
fn a_scan_without_any_network_waits_and_nothing_is_lost() {
    let (mut ana, mut bo) = (Someone::up("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    let code = ana.shows("Hannover Messe");
    ana.kill();
    let scanned = bo.kith(["scan", &code]).ok();
    assert!(scanned.err.contains("what you sent waits until kith up"), "{scanned}");
    assert!(bo.kith(["people"]).ok().out.contains("waits until their node can be reached"));
    assert!(bo.kith(["person", "show", "Ana"]).ok().out.contains("waiting for them: my card, in answer to their code"));
    bo.start();
    ana.start();
    bo.api().until_contact("Ana Sousa");
    ana.api().until_contact("Bo Lindqvist");
}

#[test]
fn somebody_who_is_blocked_notices_nothing_and_reaches_nobody() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Mallory"));
    bo.meets(&ana, "Hannover Messe");
    ana.kith(["person", "block", "Mallory"]).ok();
    bo.kith(["card", "set", "org", "Evil Ltd"]).ok();
    bo.api().until("the letter is taken", |api| (api.get("/status")["outbox"] == 0).then_some(()));
    assert!(!ana.kith(["person", "show", "Mallory"]).ok().out.contains("Evil Ltd"));
    ana.kith(["person", "block", "Mallory", "--undo"]).ok();
    bo.kith(["card", "set", "org", "Nice Ltd"]).ok();
    ana.api().until("letters come again", |api| {
        api.get("/people/Mallory")["card"].to_string().contains("Nice Ltd").then_some(())
    });
}

/// True if clocks can be set wrong for a process.
fn can_set_clocks() -> bool {
    let has = faketime().is_some();
    if !has {
        skip("clocks that are off", "faketime is not installed");
    }
    has
}

#[test]
fn a_clock_that_is_a_day_off_does_not_keep_people_apart() {
    if !can_set_clocks() {
        return;
    }
    for off in ["+23h", "-23h"] {
        let ana = Someone::up("Ana Sousa");
        let mut bo = Someone::new("Bo Lindqvist");
        bo.clock = Some(off);
        bo.start();
        bo.meets(&ana, "Hannover Messe");
        ana.meets(&bo, "Hannover Messe");
        bo.kith(["card", "set", "title", "Buyer"]).ok();
        ana.api()
            .until("a letter arrives", |api| api.get("/people/Bo")["card"].to_string().contains("Buyer").then_some(()));
        ana.kith(["card", "set", "title", "Owner"]).ok();
        bo.api().until("a letter arrives", |api| {
            api.get("/people/Ana")["card"].to_string().contains("Owner").then_some(())
        });
        println!("clock {off}: contacts, letters both ways");
    }
}

#[test]
fn a_clock_that_went_back_is_seen_by_the_doctor() {
    if !can_set_clocks() {
        return;
    }
    let mut ana = Someone::up("Ana Sousa");
    ana.stop();
    ana.clock = Some("-3d");
    let sick = ana.kith(["doctor"]);
    assert_eq!(sick.code, Some(1), "{sick}");
    assert!(sick.out.contains("BAD   clock: the clock has gone back"), "{sick}");
    ana.clock = Some("+15d");
    let sick = ana.kith(["doctor"]);
    assert!(sick.out.contains("BAD   node grant: ended") && sick.out.contains("run kith up"), "{sick}");
    ana.start();
    ana.kith(["doctor"]).ok();
    ana.stop();
    ana.clock = None;
    ana.start();
    ana.kith(["card", "show"]).ok();
}

#[test]
fn a_live_code_that_was_scanned_when_stale_asks_ana_first() {
    if !can_set_clocks() {
        return;
    }
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    let code = ana.shows("Hannover Messe");
    ana.stop();
    bo.kith(["scan", &code]).ok();
    ana.clock = Some("+20m");
    ana.start();
    let item = ana.api().until("Ana is asked", |api| api.get("/inbox")[0]["id"].as_str().map(str::to_owned));
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(inbox.contains("but the scan was delivered later. Did you meet them?"), "{inbox}");
    ana.kith(["inbox", "accept", &item]).ok();
    let at_bo = bo.api().until_contact("Ana Sousa");
    assert!(at_bo["how"].as_str().unwrap().contains("delivered later"), "{at_bo}");
}

#[test]
fn a_code_that_is_a_month_old_has_expired() {
    if !can_set_clocks() {
        return;
    }
    let (mut ana, mut bo) = (Someone::up("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    let code = ana.shows("Hannover Messe");
    ana.stop();
    // Beyond any doubt about clocks Bo's own node says so.
    bo.clock = Some("+32d");
    bo.kith(["scan", &code]).fails(1, &["expired", "hint: ask for a fresh code"]);
    assert_eq!(bo.kith(["people", "--json"]).ok().json()["total"], 0);
    // Else it is for Ana's to say.
    (ana.clock, bo.clock) = (Some("+732h"), Some("+732h"));
    ana.start();
    bo.start();
    bo.kith(["scan", &code]).ok();
    until_told(&bo, "this code had expired; ask for a fresh one");
    assert_eq!(ana.kith(["people", "--json"]).ok().json()["total"], 0);
}
