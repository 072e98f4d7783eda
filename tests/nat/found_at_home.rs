//! Two homes that nobody reaches by themselves, and what passed things on for both is gone: nodes of other contacts carry the
//! records by which they find each other.

use kith_tests::lab::{Lab, Nat, Resident};

use super::found_again::{keys_logged, lab, times_posted, until_posted_again, without_mailboxes};
use super::relayed::{introduces, until_reached_through};

/// Two homes that came together through Bo, and are reached through him alone.
fn two_homes(lab: &Lab, bo: &Resident) -> (Resident, Resident) {
    let (ana, gil) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Gil Moreau", Nat::Symmetric));
    for who in [&ana, &gil] {
        who.meets(bo);
        until_reached_through(who, &[bo]);
    }
    introduces(bo, &ana, &gil);
    (ana, gil)
}

#[test]
fn ana_finds_gil_at_home_by_the_record_that_dees_node_left_for_him_and_chis_node_looked_for() {
    let Some(lab) = lab() else { return };
    let [mut bo, chi, dee] = ["Bo Lindqvist", "Chi Nguyen", "Dee Wong"].map(|name| without_mailboxes(&lab, name));
    chi.meets(&dee);
    let (mut ana, mut gil) = two_homes(&lab, &bo);
    gil.sends(&ana, "See you next year.");
    // Each meets somebody while the other one is off, and cannot tell.
    gil.stop();
    ana.meets(&chi);
    ana.stop();
    gil.start();
    gil.meets(&dee);
    gil.stop();
    // All that either knows of the other leads to Bo, or into a home.
    bo.kill();
    let before = times_posted(&gil);
    gil.start_later();
    until_reached_through(&gil, &[&dee]);
    until_posted_again(&gil, before);
    ana.start_later();
    println!("a letter took {:?} though Ana knew nowhere to go", ana.sends(&gil, "Where have you been?"));
    println!("an answer took {:?}", gil.sends(&ana, "At home."));
    let shown = gil.prints(&["person", "show", ana.name()]);
    assert!(shown.contains("connected through the node of Dee Wong"), "{shown}");
    let doctor = gil.prints(&["doctor"]);
    assert!(doctor.contains("left, sealed, with others"), "{doctor}");
    // Neither home keeps a part of the DHT, or asks there itself.
    let left = keys_logged(&dee, &["a record is given to the nodes nearest to it"]);
    let found = keys_logged(&chi, &["another node showed a record"]);
    assert!(left.intersection(&found).count() > 0, "Dee's node left {left:?} with others, and Chi's found {found:?}");
    for who in [&ana, &gil] {
        assert!(!who.logged().contains("a record was given to this node"), "{} keeps records", who.name());
    }
}
