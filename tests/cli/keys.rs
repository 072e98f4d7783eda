//! Changing keys and recovery words.

use std::time::{Duration, SystemTime};

use kith_tests::e2e::Someone;

/// The words, as their owner wrote them on paper.
pub fn paper(of: &Someone, name: &str) -> String {
    let paper = of.beside(name);
    std::fs::copy(of.folder().join("recovery-words.txt"), &paper).unwrap();
    of.kith(["words", "--done"]).ok();
    paper.to_str().unwrap().to_owned()
}

#[test]
fn anas_words_may_have_been_read_and_fresh_ones_take_their_place() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let old = paper(&ana, "paper");
    let before = ana.beside("before.backup").to_str().unwrap().to_owned();
    ana.kith(["backup", &before]).ok();
    assert!(ana.kith(["doctor"]).out.contains("the last one was made"));
    let rotated = ana.kith(["rotate", "--fresh-words", "--words-file", &old]).ok();
    assert!(
        rotated.out.contains("You sign with a new key") && rotated.out.contains("fresh recovery words"),
        "{rotated}"
    );
    let doctor = ana.kith(["doctor"]);
    assert!(doctor.out.contains("write the 24 words on paper"), "{doctor}");
    assert!(rotated.out.contains("delete them"), "{rotated}");
    assert!(doctor.out.contains("there is none since the words were changed"), "{doctor}");
    let fresh = paper(&ana, "fresh paper");
    ana.kith(["words", "--check", "--words-file", &fresh]).ok();
    ana.kith(["words", "--check", "--words-file", &old]).fails(1, &["words of another identity"]);
    ana.kith(["rotate", "--words-file", &old]).fails(1, &["words of before"]);
    assert!(!ana.folder().join("fresh-words.txt").exists());
    // Bo goes on with the same person.
    ana.kith(["card", "set", "title", "Owner"]).ok();
    bo.api().until("Bo reads what she signed with the new key", |api| {
        api.get("/people/Ana")["card"].to_string().contains("Owner").then_some(())
    });
    // A backup of from now on opens with the fresh words.
    let backup = ana.beside("ana.backup").to_str().unwrap().to_owned();
    ana.kith(["backup", &backup]).ok();
    assert!(ana.kith(["doctor"]).out.contains("the last one was made"), "with the words of now");
    let new = Someone::new("Ana Sousa");
    new.kith(["restore", &backup, "--words-file", &old]).fails(1, &["do not open this backup"]);
    new.kith(["restore", &backup, "--words-file", &fresh]).ok();
}

#[test]
fn after_a_theft_codes_lead_nowhere_and_contacts_stay() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    ana.kith(["invite", "--printed", "--event", "Badge"]).ok();
    let rotated = ana.kith(["rotate", "--stolen", "--words-file", &words, "--json"]).ok().json();
    assert_eq!((&rotated["key"], &rotated["words_file"]), (&1.into(), &serde_json::Value::Null));
    assert!(ana.kith(["invite", "list", "--open"]).ok().err.contains("No code of yours is out"));
    ana.kith(["words", "--check", "--words-file", &words]).ok();
    bo.kith(["person", "write", "Ana", "Are you all right?"]).ok();
    ana.api().until("Bo writes under the new key", |api| {
        api.get("/people/Bo/letters")["letters"].to_string().contains("Are you all right?").then_some(())
    });
}

#[test]
fn words_of_somebody_else_change_nothing() {
    let (ana, bo) = (Someone::at_home("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    let hers = paper(&ana, "paper");
    let his = paper(&bo, "paper");
    ana.kith(["rotate", "--fresh-words", "--words-file", &his]).fails(1, &["words of another identity"]);
    assert!(!ana.folder().join("recovery-words.txt").exists(), "there are no fresh words to write down");
    ana.kith(["rotate", "--words-file", "/dev/null"]).fails(2, &["recovery words are 24"]);
    let rotated = ana.kith(["rotate", "--words-file", &hers]).ok();
    assert!(rotated.err.contains("No node runs"), "{rotated}");
}

#[test]
fn anas_laptop_was_stolen_and_she_comes_back_with_her_words_and_bo() {
    let (mut ana, bo, chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Chi Tran"));
    bo.meets(&ana, "Hannover Messe");
    chi.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    ana.kith(["card", "set", "title", "Owner"]).ok();
    chi.kith(["person", "write", "Ana", "It was good to meet you."]).ok();
    // Each fortnight contacts get what they keep for her, and with a change of key.
    ana.kith(["rotate", "--words-file", &words]).ok();
    for other in ["Bo", "Chi"] {
        ana.api().until("what they keep for her is there", |api| {
            api.get(&format!("/people/{other}"))["waiting"].as_array()?.is_empty().then_some(())
        });
    }
    chi.api()
        .until("his letter is there", |api| api.get("/people/Ana")["waiting"].as_array()?.is_empty().then_some(()));
    ana.stop();
    let code = bo.shows("");
    let mut new = Someone::new("Ana Sousa");
    let strangers = Someone::at_home("Mallory");
    let wrong = paper(&strangers, "paper");
    new.kith(["recover", &code, "--words-file", &wrong])
        .fails(1, &["keeps nothing for these words", "another contact"]);
    new.kith(["recover", "https://example.org/", "--words-file", &words])
        .fails(1, &["no Kith code and no address", "kith invite", "kith status"]);
    new.kith(["recover", "--words-file", &words]).fails(2, &["--backup"]);
    let back = new.kith(["recover", &code, "--words-file", &words]).ok();
    assert!(
        back.out.contains("Ana Sousa is back") && back.out.contains("Contacts that are there again: 2; 2"),
        "{back}"
    );
    assert!(back.out.contains("Settings do not come back"), "{back}");
    new.kith(["recover", &code, "--words-file", &words]).fails(1, &["there is a home in"]);
    let known = new.kith(["people"]).ok().out;
    assert!(known.contains("contact; known from before my machine was lost"), "{known}");
    new.start();
    new.api().until("what Chi wrote comes again", |api| {
        api.get("/people/Chi/letters")["letters"].to_string().contains("It was good to meet you.").then_some(())
    });
    new.kith(["card", "set", "title", "Founder"]).ok();
    for other in [&bo, &chi] {
        other.api().until("they read what she is now", |api| {
            api.get("/people/Ana")["card"].to_string().contains("Founder").then_some(())
        });
    }
    // The thief starts the laptop and writes in her name, as long as it runs: contacts tell it that its key was changed.
    ana.start();
    ana.kith(["person", "write", "Bo", "My bank has changed."]);
    let ended = ana.node.as_mut().unwrap().wait("its key was changed elsewhere");
    assert_eq!(ended.code(), Some(5), "{}", ana.logged());
    new.kith(["person", "write", "Bo", "My laptop is gone."]).ok();
    bo.api().until("Bo reads her, and her alone", |api| {
        let letters = api.get("/people/Ana/letters")["letters"].to_string();
        assert!(!letters.contains("bank"), "{letters}");
        letters.contains("My laptop is gone.").then_some(())
    });
}

/// Where the node of somebody is, as they would read it out.
fn read_out(of: &Someone) -> String {
    let status = of.kith(["status"]).ok().out;
    let mut addresses = status.lines().filter_map(|line| line.trim().strip_prefix("address")).map(str::trim);
    addresses.find(|at| at.starts_with("127.0.0.1:")).expect("it is somewhere").to_owned()
}

#[test]
fn ana_is_in_another_town_and_comes_back_with_her_words_and_what_bo_reads_out_to_her() {
    let (mut ana, bo, chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Chi Tran"));
    let mut dee = Someone::up("Dee Novak");
    bo.meets(&ana, "Hannover Messe");
    chi.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    ana.kith(["rotate", "--words-file", &words]).ok();
    for other in ["Bo", "Chi"] {
        ana.api().until("what they keep for her is there", |api| {
            api.get(&format!("/people/{other}"))["waiting"].as_array()?.is_empty().then_some(())
        });
    }
    ana.stop();
    let mut new = Someone::new("Ana Sousa");
    let (at_bo, at_dee) = (read_out(&bo), read_out(&dee));
    // Dee never met her; then nobody is there at all.
    let lets_nobody_in = ["a node is at this address, and has no door", "the node of a contact", "kith invite"];
    new.kith(["recover", &at_dee, "--words-file", &words]).fails(1, &lets_nobody_in);
    dee.stop();
    new.kith(["recover", &at_dee, "--words-file", &words])
        .fails(1, &["the node of whoever is at this address was not reached", "reachable from here"]);
    let strangers = Someone::at_home("Mallory");
    let wrong = paper(&strangers, "paper");
    new.kith(["recover", &at_bo, "--words-file", &wrong]).fails(1, &lets_nobody_in);
    for (given, exit, said) in [
        ("bo.png", 4, ["\"bo.png\" is no file, no code and no address", "192.0.2.7:7517"]),
        ("nobody.invalid:7517", 1, ["was not reached", "reachable from here"]),
    ] {
        new.kith(["recover", given, "--words-file", &words]).fails(exit, &said);
    }
    // He may send her the number of his node along with it; this one is that of another.
    let with_number = |number: &str| format!("/ip4/127.0.0.1/tcp/{}/p2p/{number}", at_bo.rsplit(':').next().unwrap());
    let another = with_number("12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp");
    new.kith(["recover", &another, "--words-file", &words])
        .fails(1, &["another node is at this address", "leave out what follows /p2p/"]);
    let his = bo.kith(["status", "--json"]).ok().json()["node"].as_str().unwrap().to_owned();
    let back = new.kith(["recover", &with_number(&his), "--words-file", &words]).ok();
    assert!(
        back.out.contains("Ana Sousa is back") && back.out.contains("Contacts that are there again: 2; 2"),
        "{back}"
    );
    new.start();
    new.kith(["person", "write", "Chi", "My laptop is gone; I am here."]).ok();
    chi.api().until("Chi reads it", |api| {
        api.get("/people/Ana/letters")["letters"].to_string().contains("I am here.").then_some(())
    });
    // Bo's door is open still, and once more is no harm.
    new.stop();
    let again = Someone::new("Ana Sousa");
    again.kith(["recover", &at_bo, "--words-file", &words]).ok();
}

#[test]
fn with_a_backup_the_stolen_machine_is_disowned_at_once() {
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    ana.kith(["invite", "--printed", "--event", "Badge"]).ok();
    let backup = ana.beside("ana.backup").to_str().unwrap().to_owned();
    ana.kith(["backup", &backup]).ok();
    ana.stop();
    let mut new = Someone::new("Ana Sousa");
    let back = new.kith(["recover", "--backup", &backup, "--words-file", &words]).ok();
    assert!(back.out.contains("You sign with a new key"), "{back}");
    assert!(new.kith(["invite", "list", "--open"]).ok().err.contains("No code of yours is out"), "badges burn too");
    new.start();
    new.kith(["person", "write", "Bo", "It is me."]).ok();
    bo.api().until("Bo reads her", |api| {
        api.get("/people/Ana/letters")["letters"].to_string().contains("It is me.").then_some(())
    });
}

/// Until the clock shows another second: of two machines that go on from one backup the one that was made later counts, and
/// the time of making has no more than seconds.
fn until_another_second() {
    let second = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let begun = second();
    while second() == begun {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Of all that waits at home for Bo, his node has everything but the wish to hear again what he wrote, which it hears once
/// an hour.
fn until_bo_knows(new: &Someone) {
    new.api().until("Bo knows the new machine", |api| {
        let waiting = api.get("/people/Bo")["waiting"].as_array()?.clone();
        waiting.iter().all(|letter| letter["what"] == "that I go on from a backup").then_some(())
    });
}

/// Each time the key changes in the step in which the home is made, so that no machine speaks under another one.
#[test]
fn whoever_recovers_twice_from_one_backup_contradicts_nobody_and_the_later_machine_goes_on() {
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    let backup = ana.beside("ana.backup").to_str().unwrap().to_owned();
    ana.kith(["backup", &backup]).ok();
    ana.stop();
    let (mut first, mut second) = (Someone::new("Ana Sousa"), Someone::new("Ana Sousa"));
    for (new, text) in [(&mut first, "From the first machine."), (&mut second, "From the second machine.")] {
        let back = new.kith(["recover", "--backup", &backup, "--words-file", &words]).ok();
        assert!(back.out.contains("You sign with a new key"), "{back}");
        until_another_second();
        new.kith(["person", "write", "Bo", text]).ok();
        new.start();
        until_bo_knows(new);
        bo.api().until(text, |api| api.get("/people/Ana/letters")["letters"].to_string().contains(text).then_some(()));
    }
    first.kith(["person", "write", "Bo", "Am I still there?"]);
    let ended = first.node.as_mut().unwrap().wait("her home goes on at the second machine");
    assert_eq!(ended.code(), Some(5), "{}", first.logged());
    assert!(first.logged().contains("this home goes on at another machine"), "{}", first.logged());
    second.kith(["person", "write", "Bo", "I am."]).ok();
    bo.api().until("Bo reads the second machine", |api| {
        api.get("/people/Ana/letters")["letters"].to_string().contains("I am.").then_some(())
    });
    let known = bo.api().get("/people/Ana");
    assert_eq!((&known["forked"], &known["key_given_up"]), (&false.into(), &false.into()), "{known}");
    let letters = bo.api().get("/people/Ana/letters");
    assert_eq!(letters["total"], 3, "what the first machine said after it was replaced counts no more: {letters}");
    assert!(second.node.as_mut().unwrap().is_alive(), "{}", second.logged());
}

/// Ana rotates, her disk dies, and the only backup is from before. What she says under the old key counts, but nobody can
/// answer; so the machine stops and says what to do.
#[test]
fn a_backup_from_before_a_change_of_the_key_goes_on_with_the_words() {
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let words = paper(&ana, "paper");
    ana.kith(["recover", "--words-file", &words]).fails(1, &[]);
    let backup = ana.beside("ana.backup").to_str().unwrap().to_owned();
    ana.kith(["backup", &backup]).ok();
    ana.kith(["rotate", "--words-file", &words]).ok();
    ana.api()
        .until("Bo knows her next key", |api| api.get("/people/Bo")["waiting"].as_array()?.is_empty().then_some(()));
    ana.stop();
    ana.kith(["recover", "--words-file", &words]).fails(1, &["goes on here already", "kith rotate"]);
    let mut new = Someone::new("Ana Sousa");
    new.kith(["restore", &backup, "--words-file", &words]).ok();
    new.start();
    let ended = new.node.as_mut().unwrap().wait("it was told that its key was changed");
    assert_eq!(ended.code(), Some(5));
    assert!(new.logged().contains("its key was changed there"), "{}", new.logged());
    new.node = None;
    let strangers = Someone::at_home("Mallory");
    let wrong = paper(&strangers, "paper");
    new.kith(["recover", "--words-file", &wrong]).fails(1, &["words"]);
    let back = new.kith(["recover", "--words-file", &words]).ok();
    assert!(back.out.contains("Ana Sousa goes on in") && back.out.contains("new key"), "{back}");
    new.start();
    new.kith(["person", "write", "Bo", "It is me."]).ok();
    bo.kith(["person", "write", "Ana", "Good to hear."]).ok();
    for (who, other, text) in [(&bo, "Ana", "It is me."), (&new, "Bo", "Good to hear.")] {
        who.api().until("what the other wrote is there", |api| {
            api.get(&format!("/people/{other}/letters"))["letters"].to_string().contains(text).then_some(())
        });
    }
}
