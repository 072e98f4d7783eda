//! A server with a public address, and a firewall in front of it that nobody opened, or not at once.

use kith_tests::lab::{Lab, Resident};

use super::opened::{sees_directly, until_says};

/// Somebody who rented a server and forgot its firewall.
fn behind_a_firewall(lab: &Lab, name: &'static str) -> Resident {
    let server = lab.public(name);
    server.closes_firewall();
    until_says(&server, "address", |said| said.contains("not tried by anybody yet"));
    server
}

#[track_caller]
fn until_reached(who: &Resident) {
    until_says(who, "address", |said| said.starts_with("reached from everywhere at 203.0.113."));
}

#[test]
fn ana_forgot_the_firewall_of_her_server_and_is_told_and_reached_all_the_same() {
    let Some(lab) = Lab::new() else { return };
    let (bo, dee) = (lab.public("Bo Lindqvist"), lab.public("Dee Wong"));
    // Who is called tells nothing of how they are reached: somebody has to be asked.
    bo.meets(&dee);
    let mut ana = behind_a_firewall(&lab, "Ana Sousa");
    for server in [&bo, &dee] {
        println!("met after {:?}", ana.meets(server));
    }
    // One of the two is not enough, so the other one is called.
    until_says(&ana, "address", |said| said.contains("others tried 203.0.113.") && said.contains("did not get in"));
    until_says(&ana, "relay", |said| said.starts_with("the node"));
    until_reached(&bo);
    println!("a letter took {:?}", bo.sends(&ana, "Good to have met you."));
    let advice = ana.prints(&["doctor"]);
    assert!(
        advice.contains("open TCP and UDP port 7517 in the firewall; a restart of the node tries at once"),
        "{advice}"
    );
    // She does as she was told. By itself her node would be in no hurry: it asks again after ten minutes.
    ana.opens_firewall();
    ana.stop();
    ana.start();
    until_reached(&ana);
    until_says(&ana, "relay", |said| said.starts_with("none is needed"));
}

#[test]
fn ana_opens_her_firewall_and_hears_from_a_contact_that_others_get_in() {
    let Some(lab) = Lab::new() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let ana = behind_a_firewall(&lab, "Ana Sousa");
    println!("met after {:?}", ana.meets(&bo));
    until_says(&ana, "address", |said| said.starts_with("one node tried 203.0.113."));
    until_says(&ana, "relay", |said| said.starts_with("the node of Bo Lindqvist"));
    // Nobody tells her node: it calls Bo's now and then, to be tried once more.
    ana.opens_firewall();
    until_reached(&ana);
    // Eva knows nobody yet, and who could pass things on is gone.
    bo.kill();
    let eva = lab.public("Eva Haddad");
    println!("met after {:?}", eva.meets(&ana));
    println!("a letter took {:?}", eva.sends(&ana, "Good to have met you."));
    sees_directly(&eva, &ana);
}
