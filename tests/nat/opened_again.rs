//! A port that a router opened, and the bad luck that such ports have.

use std::time::Duration;

use kith_node::network::Limits;
use kith_tests::lab::{Lab, Nat, Resident};

use super::opened::{lab, sees_directly, until_says};
use super::run_node_with;

/// How long the router of one test keeps a port open when nobody asks again. People have an hour.
const LEASE: Duration = Duration::from_secs(6);
/// Between two looks at the router of another. People have a minute, which is how long they would wait here, too.
const LOOK: Duration = Duration::from_secs(2);

/// Not a test: the node of Ana, whose port is open for a moment unless it asks again.
#[test]
fn a_node_with_a_short_lease() {
    run_node_with(Limits { port_lease: LEASE, ..Limits::default() });
}

/// Not a test: the node of Ana, which looks at its router all the time.
#[test]
fn a_node_that_looks_often() {
    run_node_with(Limits { port_look: LOOK, ..Limits::default() });
}

/// What the router passes on to Ana: a port for each transport.
fn passed_on(ana: &Resident) -> Vec<String> {
    let rules = ana.opened_by_router();
    let rules = rules.lines().filter(|line| line.contains("dnat"));
    let mut all: Vec<_> = rules.map(|line| line.trim().to_owned()).collect();
    all.sort();
    all
}

#[track_caller]
fn until_passed_on(ana: &Resident) {
    let (_, took) = ana.until("the port is open", |ana| (passed_on(ana).len() == 2).then_some(()));
    println!("open after {took:?}");
}

#[track_caller]
fn until_reached(ana: &Resident) {
    until_says(ana, "router", |said| said.ends_with("others came in by it"));
    until_says(ana, "address", |said| said.starts_with("reached from everywhere at 44.128.113."));
}

/// A stranger comes, and nobody is there who could pass anything on.
#[track_caller]
fn is_met_by_a_stranger(lab: &Lab, ana: &Resident, name: &'static str) {
    let stranger = lab.public(name);
    println!("{name}: met after {:?}", stranger.meets(ana));
    println!("{name}: a letter took {:?}", stranger.sends(ana, "Good to have met you."));
    sees_directly(&stranger, ana);
}

#[test]
fn the_router_is_asked_again_before_it_forgets() {
    let Some(lab) = lab() else { return };
    let mut ana = lab.home_run_by("opened_again::a_node_with_a_short_lease", "Ana Sousa", Nat::OpensPorts);
    until_passed_on(&ana);
    // Whether it is asked in time shows when the time of the first question is over, and that of the second.
    std::thread::sleep(2 * LEASE + LEASE / 2);
    assert_eq!(passed_on(&ana).len(), 2, "{}", ana.opened_by_router());
    ana.kill();
    let (_, took) = ana.until("the port is closed", |ana| passed_on(ana).is_empty().then_some(()));
    println!("closed {took:?} after the node was killed");
}

#[test]
fn a_router_that_restarts_and_forgot_the_port_opens_it_again() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let mut ana = lab.home_run_by("opened_again::a_node_that_looks_often", "Ana Sousa", Nat::OpensPorts);
    until_passed_on(&ana);
    ana.meets(&bo);
    until_reached(&ana);
    // So short that nobody noticed it.
    ana.router_loses_power();
    assert_eq!(passed_on(&ana).len(), 0, "the router has forgotten");
    ana.router_starts_again();
    until_passed_on(&ana);
    until_reached(&ana);
    // Long enough to be missed.
    ana.router_loses_power();
    until_says(&ana, "router", |said| said.starts_with("none here opens ports"));
    ana.router_starts_again();
    until_passed_on(&ana);
    until_reached(&ana);
    bo.kill();
    is_met_by_a_stranger(&lab, &ana, "Eva Haddad");
}

#[test]
fn a_node_that_was_killed_takes_its_open_port_over() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let mut ana = lab.home("Ana Sousa", Nat::OpensPorts);
    ana.meets(&bo);
    until_reached(&ana);
    let before = passed_on(&ana);
    for _ in 0..2 {
        ana.kill();
        assert_eq!(passed_on(&ana), before, "nobody closed it");
        ana.start();
        until_reached(&ana);
        assert_eq!(passed_on(&ana), before, "the same, and no more");
    }
    bo.kill();
    is_met_by_a_stranger(&lab, &ana, "Eva Haddad");
}

/// How many of the ports that are passed on lead to this end of an address at home.
fn leads(ana: &Resident, end: &str) -> usize {
    passed_on(ana).iter().filter(|rule| rule.contains(end)).count()
}

#[test]
fn the_port_follows_the_machine_to_another_address_at_home() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let ana = lab.home("Ana Sousa", Nat::OpensPortsForAll);
    ana.meets(&bo);
    until_reached(&ana);
    ana.gets_another_address_at_home();
    let has_followed = |ana: &Resident| (leads(ana, ".3:7517") == 2 && leads(ana, ".2:7517") == 0).then_some(());
    println!("it followed after {:?}", ana.until("the port leads to the new address", has_followed).1);
    until_reached(&ana);
    bo.kill();
    is_met_by_a_stranger(&lab, &ana, "Eva Haddad");
}

#[test]
fn a_router_that_closes_a_port_for_nobody_else_opens_the_next_one() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let ana = lab.home("Ana Sousa", Nat::OpensPorts);
    ana.meets(&bo);
    until_reached(&ana);
    ana.gets_another_address_at_home();
    let leads_there = |ana: &Resident| (leads(ana, ".3:7517") == 2).then_some(());
    println!("open after {:?}", ana.until("a port leads to the new address", leads_there).1);
    assert_eq!(leads(&ana, ".2:7517"), 2, "the router takes Ana for somebody else; it ends with its hour");
    until_says(&ana, "router", |said| said.contains(":7518 for TCP and UDP, and others came in by it"));
    bo.kill();
    is_met_by_a_stranger(&lab, &ana, "Eva Haddad");
}

#[test]
fn another_home_has_another_router_and_the_one_before_is_out_of_reach() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let mut ana = lab.home("Ana Sousa", Nat::OpensPorts);
    ana.meets(&bo);
    until_reached(&ana);
    lab.moves(&mut ana, Nat::OpensPorts);
    until_passed_on(&ana);
    assert!(ana.opened_by_router_before().contains("7517"), "nobody can close it; it ends with its hour");
    until_reached(&ana);
    bo.kill();
    is_met_by_a_stranger(&lab, &ana, "Eva Haddad");
}
