//! A lid that stays closed until others have given up.

use std::time::{Duration, Instant};

use kith_node::home::Home;
use kith_node::network::Limits;
use kith_node::node::{Node, NodeOptions};
use kith_protocol::text::Name;
use kith_tests::e2e::stand_in;
use kith_tests::lab::{Lab, Nat, Resident};

use super::relayed::{introduces, until_reached_through};

/// How long Bo's node passes things on before it is asked again. People have an hour, which is how long the test would take.
const RESERVATION: Duration = Duration::from_secs(40);
/// A renewal is due after three quarters of it, and this is late even for that.
const LATE: Duration = Duration::from_secs(5);

/// Not a test: the node of Bo, whose reservations are short.
#[test]
fn a_node_with_short_reservations() {
    let Some((home, name)) = stand_in() else { return };
    let limits = Limits { reservation: RESERVATION, ..Limits::default() };
    let web = Some(([127, 0, 0, 1], 0).into());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (open, _) = Home::at(&home).create(Name::new(&name).unwrap()).unwrap();
        let _node = Node::start(open, NodeOptions { web, limits, ..NodeOptions::default() }).await.unwrap();
        println!("\nStop it with a signal.");
        std::future::pending::<()>().await;
    });
}

fn times_reserved(who: &Resident) -> usize {
    who.logged().matches("reached through a relay").count()
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
    let again = |ana: &Resident| (times_reserved(ana) > before).then_some(());
    println!("she was reached again {:?} after that", ana.until("another reservation", again).1);
    until_reached_through(&ana, &[&bo]);
    println!("a letter took {:?}", chi.sends(&ana, "Did you sleep well?"));
    println!("an answer took {:?}", ana.sends(&chi, "I did."));
    for (who, other) in [(&ana, &chi), (&chi, &ana)] {
        let through_bo = |who: &Resident| {
            let shown = who.prints(&["person", "show", other.name()]);
            shown.contains("connected through the node of Bo Lindqvist").then_some(())
        };
        who.until("says how they are connected", through_bo);
    }
    until_reached_through(&chi, &[&bo]);
    assert_eq!(times_reserved(&chi), 1, "who stays awake has a reservation renewed, and loses none");
}
