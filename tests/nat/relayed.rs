//! Nobody reaches either of the two, and a contact of both can be reached by everybody.

use kith_tests::lab::{Lab, Nat, Resident};

/// Waits until somebody is reached through so many of their contacts.
#[track_caller]
pub fn until_reached_through(who: &Resident, relays: &[&Resident]) {
    let (_, took) = who.until("contacts pass things on", |who| {
        let through = who.says(&["status"])["reached_through"].as_array().cloned().unwrap_or_default();
        let all = relays.iter().all(|relay| through.contains(&relay.name().into()));
        (all && through.len() == relays.len()).then_some(())
    });
    println!("{} is reached through {} after {took:?}", who.name(), relays.len());
}

/// How often somebody's node was told that another one passes things on for it.
pub fn times_reserved(who: &Resident) -> usize {
    who.logged().matches("reached through a relay").count()
}

/// Waits until somebody is reached through a relay once more than before, and through this one alone.
#[track_caller]
pub fn until_reserved_again(who: &Resident, before: usize, relay: &Resident) {
    let again = |who: &Resident| (times_reserved(who) > before).then_some(());
    println!("{} was reached again {:?} after that", who.name(), who.until("another reservation", again).1);
    until_reached_through(who, &[relay]);
}

/// Waits until both say that they are connected, and through whose node.
#[track_caller]
pub fn until_connected_through(ana: &Resident, chi: &Resident, relay: &Resident) {
    let words = format!("connected through the node of {}", relay.name());
    for (who, other) in [(ana, chi), (chi, ana)] {
        let says_so = |who: &Resident| who.prints(&["person", "show", other.name()]).contains(&words).then_some(());
        println!("{}: {words} {:?} after that", who.name(), who.until(&words, says_so).1);
    }
}

/// Bo introduces the two to each other, who have never been in one place.
#[track_caller]
pub fn introduces(bo: &Resident, ana: &Resident, chi: &Resident) {
    let ask = ["intro", "ask", "--about", "a buyer", "--via", bo.name(), "--purpose", "client", "--why", "valves"];
    let asked = ana.says(&[&ask[..], &["--blurb", "I make valves."]].concat());
    let id = &asked["id"].as_str().unwrap()[..8];
    let is_asked = |who: &Resident, kind: &str| {
        who.until(kind, |who| who.says(&["inbox"]).as_array()?.iter().any(|item| item["kind"] == kind).then_some(()));
    };
    is_asked(bo, "introduce");
    bo.prints(&["intro", "pass", id, "--to", chi.name(), "--note", "I buy from her."]);
    is_asked(chi, "meet");
    chi.prints(&["intro", "accept", id, "--tier", "public"]);
    let took = ana.until_sees(chi, "a contact", |person| person["standing"] == "contact");
    println!("introduced {took:?} after the yes");
}

#[test]
fn two_homes_speak_through_bo() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public("Bo Lindqvist");
    let (ana, chi) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Chi Nguyen", Nat::Symmetric));
    ana.meets(&bo);
    chi.meets(&bo);
    for who in [&ana, &chi] {
        until_reached_through(who, &[&bo]);
    }
    introduces(&bo, &ana, &chi);
    println!("a letter took {:?}", ana.sends(&chi, "Good to be in touch."));
    println!("an answer took {:?}", chi.sends(&ana, "Likewise."));
    for (who, other) in [(&ana, &chi), (&chi, &ana)] {
        let shown = who.prints(&["person", "show", other.name()]);
        assert!(shown.contains("connected through the node of Bo Lindqvist"), "{shown}");
    }
}

/// Two homes behind usual routers, who met somewhere, and their contacts in the open.
fn the_two(lab: &Lab, relays: &[&Resident]) -> (Resident, Resident) {
    let (ana, chi) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Chi Nguyen", Nat::Symmetric));
    for who in [&ana, &chi] {
        for relay in relays {
            who.meets(relay);
        }
        until_reached_through(who, relays);
    }
    introduces(relays[0], &ana, &chi);
    (ana, chi)
}

#[test]
fn ten_long_letters_go_over_as_many_circuits_as_they_need() {
    let Some(lab) = Lab::new() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    bo.stop();
    // A mailbox would take what does not fit.
    bo.start_with(&["--hold-letters", "nobody"]);
    let (ana, chi) = the_two(&lab, &[&bo]);
    let letters: Vec<String> = (0..10).map(|number| format!("{number} {}", "ไ".repeat(1_990))).collect();
    let begun = std::time::Instant::now();
    for letter in &letters {
        ana.writes(&chi, letter);
    }
    for letter in &letters {
        chi.until_reads(&ana, letter);
    }
    println!("ten letters of 16 KiB took {:?}", begun.elapsed());
    let spent = ana.logged().matches("a circuit is spent").count();
    assert!(spent > 0, "ten letters of 16 KiB do not fit into a circuit");
}

#[test]
fn bo_is_away_and_comes_back() {
    let Some(lab) = Lab::new() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let (ana, chi) = the_two(&lab, &[&bo]);
    let before = [&ana, &chi].map(times_reserved);
    bo.kill();
    ana.until_sees(&chi, "the circuit is gone", |chi| chi["connected"] == false);
    ana.writes(&chi, "Are you there?");
    let shown = ana.says(&["person", "show", chi.name()]);
    assert!(shown["waiting"].as_array().is_some_and(|waiting| !waiting.is_empty()), "{shown}");
    bo.start();
    println!("it arrived {:?} after Bo came back", chi.until_reads(&ana, "Are you there?"));
    // His node holds letters, too, so that one arrives need not mean that it passes anything on.
    for (who, before) in [&ana, &chi].into_iter().zip(before) {
        until_reserved_again(who, before, &bo);
    }
    println!("an answer took {:?}", chi.sends(&ana, "I am."));
    println!("and what is said to it {:?}", ana.sends(&chi, "So am I."));
    until_connected_through(&ana, &chi, &bo);
}

#[test]
fn dee_takes_over_when_bo_goes() {
    let Some(lab) = Lab::new() else { return };
    let (mut bo, dee) = (lab.public("Bo Lindqvist"), lab.public("Dee Wong"));
    let (ana, chi) = the_two(&lab, &[&bo, &dee]);
    bo.kill();
    println!("it took {:?} without Bo", ana.sends(&chi, "Are you there?"));
    // Over a circuit that Bo took with him the letter waits until the silence is noticed, and then lies in a mailbox:
    // it is the answer to it that makes the next circuit.
    until_connected_through(&ana, &chi, &dee);
}
