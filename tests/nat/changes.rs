//! What changes while nodes run: the address of a home, a lid that is closed, a port that is passed on.

use kith_tests::lab::{Lab, Nat, Resident};

use super::relayed::{introduces, times_reserved, until_reached_through, until_reserved_again};

/// Two homes that came together through Bo and can be connected directly.
fn two_homes(lab: &Lab, bo: &Resident) -> (Resident, Resident) {
    let (ana, chi) = (lab.home("Ana Sousa", Nat::PortPreserving), lab.home("Chi Nguyen", Nat::PortPreserving));
    for who in [&ana, &chi] {
        who.meets(bo);
        until_reached_through(who, &[bo]);
    }
    introduces(bo, &ana, &chi);
    (ana, chi)
}

#[test]
fn ana_passes_her_port_on_and_is_reached_by_everybody() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public("Bo Lindqvist");
    let (ana, chi) = (lab.home("Ana Sousa", Nat::Forwarded), lab.home("Chi Nguyen", Nat::Symmetric));
    ana.meets(&bo);
    let is_confirmed = |ana: &Resident| {
        let findings = ana.says(&["doctor"]);
        let address = findings.as_array()?.iter().find(|finding| finding["subject"] == "address")?.clone();
        address["finding"].as_str()?.starts_with("reached from everywhere at 203.0.113.").then_some(())
    };
    println!("confirmed after {:?}", ana.until("Ana's address is confirmed", is_confirmed).1);
    // Chi knows nobody yet, and the code alone leads to Ana.
    println!("met after {:?}", chi.meets(&ana));
}

#[test]
fn letters_find_ana_after_her_home_got_another_address() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public("Bo Lindqvist");
    let (ana, chi) = two_homes(&lab, &bo);
    ana.sends(&chi, "Good to be in touch.");
    let before = times_reserved(&ana);
    ana.gets_another_address();
    println!("to Ana it took {:?}", chi.sends(&ana, "Are you there?"));
    println!("from Ana it took {:?}", ana.sends(&chi, "I am."));
    println!("to Bo it took {:?}", ana.sends(&bo, "I have moved."));
    // Bo's node holds letters, too, so that they arrive need not mean that she is reached.
    until_reserved_again(&ana, before, &bo);
}

#[test]
fn letters_find_ana_after_a_long_sleep() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public("Bo Lindqvist");
    let (ana, chi) = two_homes(&lab, &bo);
    ana.sends(&chi, "Good night.");
    let before = times_reserved(&ana);
    ana.sleeps();
    ana.forgotten_by_router();
    for who in [&bo, &chi] {
        who.until_sees(&ana, "Ana is away", |ana| ana["connected"] == false);
    }
    chi.writes(&ana, "Good morning.");
    ana.wakes();
    println!("it arrived {:?} after Ana woke", ana.until_reads(&chi, "Good morning."));
    println!("an answer took {:?}", ana.sends(&chi, "Good morning, Chi."));
    until_reserved_again(&ana, before, &bo);
}
