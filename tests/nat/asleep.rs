//! A lid that stays closed until others have given up.

use std::time::{Duration, Instant};

use kith_node::network::Limits;
use kith_tests::lab::{Lab, Nat};

use super::relayed::{
    introduces, times_reserved, until_connected_through, until_reached_through, until_reserved_again,
};
use super::run_node_with;

/// How long Bo's node passes things on before it is asked again. People have an hour, which is how long the test would take.
const RESERVATION: Duration = Duration::from_secs(40);
/// A renewal is due after three quarters of it, and this is late even for that.
const LATE: Duration = Duration::from_secs(5);

/// Not a test: the node of Bo, whose reservations are short.
#[test]
fn a_node_with_short_reservations() {
    run_node_with(Limits { reservation: RESERVATION, ..Limits::default() });
}

#[test]
fn ana_wakes_after_her_reservation_ended_and_is_reached_again() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public_run_by("asleep::a_node_with_short_reservations", "Bo Lindqvist");
    let (ana, chi) = (lab.home("Ana Sousa", Nat::Symmetric), lab.home("Chi Nguyen", Nat::Symmetric));
    for who in [&ana, &chi] {
        who.meets(&bo);
        until_reached_through(who, &[&bo]);
    }
    introduces(&bo, &ana, &chi);
    ana.sends(&chi, "Good night.");
    let before = times_reserved(&ana);
    let lid = Instant::now();
    ana.sleeps();
    ana.forgotten_by_router();
    for who in [&bo, &chi] {
        who.until_sees(&ana, "Ana is away", |ana| ana["connected"] == false);
    }
    std::thread::sleep((RESERVATION + LATE).saturating_sub(lid.elapsed()));
    chi.writes(&ana, "Good morning.");
    println!("Ana slept for {:?}", lid.elapsed());
    ana.wakes();
    println!("it arrived {:?} after Ana woke", ana.until_reads(&chi, "Good morning."));
    until_reserved_again(&ana, before, &bo);
    println!("a letter took {:?}", chi.sends(&ana, "Did you sleep well?"));
    println!("an answer took {:?}", ana.sends(&chi, "I did."));
    until_connected_through(&ana, &chi, &bo);
    until_reached_through(&chi, &[&bo]);
    assert_eq!(times_reserved(&chi), 1, "who stays awake has a reservation renewed, and loses none");
}
