//! Two people of whom nobody is reached, or who are never there at the same time.

use kith_tests::lab::{Lab, Nat, Resident};

use crate::relayed::until_reached_through;

/// Waits until somebody's letters are held by the node of a contact.
#[track_caller]
fn until_held_by(who: &Resident, host: &Resident) {
    let (_, took) = who.until("a mailbox", |who| {
        let all = who.says(&["mailbox"]);
        let is_held = |mailbox: &serde_json::Value| mailbox["name"] == host.name() && mailbox["state"] == "open";
        all.as_array()?.iter().any(is_held).then_some(())
    });
    println!("the node of {} holds letters for {} after {took:?}", host.name(), who.name());
}

/// Waits until what somebody wrote lies in a mailbox of its recipient.
#[track_caller]
fn until_left(who: &Resident, to: &Resident, words: &str) {
    let is_left = |person: &serde_json::Value| {
        let letters = person["letters"].as_array();
        letters.is_some_and(|all| all.iter().any(|one| one["text"] == words && one["state"] == "in_mailbox"))
    };
    let took = who.until_sees(to, "left in a mailbox", is_left);
    println!("what {} wrote lies in a mailbox after {took:?}", who.name());
}

#[test]
fn two_strangers_with_different_hosts_connect_from_one_scan() {
    let Some(lab) = Lab::new() else { return };
    let (chi, dee) = (lab.public("Chi Nguyen"), lab.public("Dee Wong"));
    let (ana, bo) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Bo Lindqvist", Nat::Symmetric));
    ana.meets(&chi);
    bo.meets(&dee);
    for (who, host) in [(&ana, &chi), (&bo, &dee)] {
        until_held_by(who, host);
        until_reached_through(who, &[host]);
    }
    println!("one scan made them contacts in {:?}", bo.meets(&ana));
    println!("a letter took {:?}", bo.sends(&ana, "Good to be in touch."));
    println!("an answer took {:?}", ana.sends(&bo, "Likewise."));
    assert!(bo.prints(&["doctor"]).contains("the node of Dee Wong holds letters for you"));
}

#[test]
fn two_who_are_never_there_together_read_what_the_other_wrote() {
    let Some(lab) = Lab::new() else { return };
    let chi = lab.public("Chi Nguyen");
    let (mut ana, mut bo) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Bo Lindqvist", Nat::Symmetric));
    for who in [&ana, &bo] {
        who.meets(&chi);
        until_held_by(who, &chi);
    }
    bo.meets(&ana);
    ana.kill();
    bo.writes(&ana, "Zinc is cheaper in spring.");
    until_left(&bo, &ana, "Zinc is cheaper in spring.");
    bo.kill();
    ana.start();
    println!("Ana reads it {:?} after she is back", ana.until_reads(&bo, "Zinc is cheaper in spring."));
    ana.writes(&bo, "Then let us wait.");
    until_left(&ana, &bo, "Then let us wait.");
    ana.kill();
    bo.start();
    println!("Bo reads it {:?} after he is back", bo.until_reads(&ana, "Then let us wait."));
    let (_, took) = bo.until("Ana's node has what he wrote", |bo| {
        let seen = bo.sees(&ana)?;
        seen["letters"].as_array()?.iter().any(|one| one["state"] == "delivered").then_some(())
    });
    println!("and heard that she has his {took:?} later");
}
