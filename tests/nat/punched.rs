//! From a relay to a direct connection, where the routers allow it.

use std::time::Duration;

use kith_tests::e2e::is_long;
use kith_tests::lab::{Lab, Nat};

use super::relayed::{introduces, until_reached_through};

/// Routers in front of two homes between which a direct connection can be made.
const PUNCHABLE: [(Nat, Nat); 5] = [
    (Nat::PortPreserving, Nat::PortPreserving),
    (Nat::PortPreserving, Nat::AddressRestricted),
    (Nat::AddressRestricted, Nat::PortPreserving),
    (Nat::AddressRestricted, Nat::AddressRestricted),
    (Nat::Ip6Only, Nat::Ip6Only),
];
/// Between which none can be made.
const NOT_PUNCHABLE: [(Nat, Nat); 3] =
    [(Nat::Symmetric, Nat::Symmetric), (Nat::Symmetric, Nat::PortPreserving), (Nat::PortPreserving, Nat::Symmetric)];
/// All three attempts of the library take less.
const ATTEMPTS: Duration = Duration::from_secs(35);

/// Lets two homes meet through Bo; true if they end up connected directly. Letters pass all the while.
fn ends_direct(one: Nat, other: Nat) -> Option<bool> {
    let lab = Lab::new()?;
    // A code has room for two addresses beside a short name: one for each kind of network.
    let bo = lab.public("Bo Ek");
    let (ana, chi) = (lab.home("Ana Sousa", one), lab.home("Chi Nguyen", other));
    for who in [&ana, &chi] {
        who.meets(&bo);
        until_reached_through(who, &[&bo]);
    }
    introduces(&bo, &ana, &chi);
    println!("a letter took {:?}", ana.sends(&chi, "Good to be in touch."));
    let begun = std::time::Instant::now();
    let is_direct = || {
        let paths = [(&ana, &chi), (&chi, &ana)].map(|(who, other)| who.sees(other));
        paths.iter().all(|seen| seen.as_ref().is_some_and(|seen| seen["path"]["direct"] == true))
    };
    let gave_up = || [&ana, &chi].iter().any(|who| who.logged().contains("no direct connection"));
    while !is_direct() && !gave_up() && begun.elapsed() < ATTEMPTS {
        std::thread::sleep(Duration::from_millis(100));
    }
    let direct = is_direct();
    println!("{one:?} and {other:?}: direct {direct} after {:?}", begun.elapsed());
    println!("another took {:?}", ana.sends(&chi, "Here is the quote."));
    println!("an answer took {:?}", chi.sends(&ana, "Thank you."));
    Some(direct)
}

#[test]
fn homes_that_can_get_through_to_each_other_do() {
    let rounds = if is_long() { 8 } else { 1 };
    let pairs = PUNCHABLE.iter().cycle().take(rounds * PUNCHABLE.len());
    let ended: Vec<bool> = pairs.filter_map(|(one, other)| ends_direct(*one, *other)).collect();
    let direct = ended.iter().filter(|direct| **direct).count();
    println!("{direct} of {} ended up direct", ended.len());
    assert!(direct * 100 >= ended.len() * 95, "{direct} of {} ended up direct", ended.len());
}

#[test]
fn homes_that_cannot_stay_with_the_relay() {
    for (one, other) in NOT_PUNCHABLE {
        assert_ne!(ends_direct(one, other), Some(true), "{one:?} and {other:?}: how?");
    }
}

/// A home with IPv6 alone and one with IPv4 alone, and a guest network without UDP: letters pass, whichever way.
#[test]
fn homes_in_strange_networks_get_their_letters() {
    let strange = [(Nat::Ip6Only, Nat::PortPreserving), (Nat::NoUdp, Nat::PortPreserving)];
    for (one, other) in strange {
        ends_direct(one, other);
    }
}
