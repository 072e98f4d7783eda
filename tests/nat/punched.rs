//! From a relay to a direct connection, where the routers allow it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kith_tests::e2e::is_long;
use kith_tests::lab::{Lab, Nat, Resident};

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
const NOT_PUNCHABLE: [(Nat, Nat); 4] = [
    (Nat::Symmetric, Nat::Symmetric),
    (Nat::Symmetric, Nat::PortPreserving),
    (Nat::PortPreserving, Nat::Symmetric),
    (Nat::NoUdp, Nat::Symmetric),
];
/// Between which there is no way but through somebody who has both: IPv4 and IPv6.
const APART: [(Nat, Nat); 2] = [(Nat::Ip6Only, Nat::PortPreserving), (Nat::Ip6Only, Nat::Symmetric)];
/// Between which one may be made by TCP, or to the one port that the other one has.
const STRANGE: [(Nat, Nat); 3] =
    [(Nat::NoUdp, Nat::PortPreserving), (Nat::NoUdp, Nat::NoUdp), (Nat::Symmetric, Nat::AddressRestricted)];
/// All three attempts of the library take less.
const ATTEMPTS: Duration = Duration::from_secs(35);
/// Within so much of a direct connection the others are closed. One on which nothing happens is closed after a minute by
/// itself, which is not what is meant.
const LEFT: Duration = Duration::from_secs(25);

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
    let begun = Instant::now();
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
    let direct = both_say_directly(&ana, &chi, direct, &bo);
    if direct {
        for who in [&ana, &chi] {
            until_one_is_left(who);
        }
    }
    Some(direct)
}

/// Waits until both say that they are connected, and in the same way; true if it is directly, as it must be if it was
/// before.
#[track_caller]
fn both_say_directly(ana: &Resident, chi: &Resident, direct: bool, relay: &Resident) -> bool {
    let through = format!("connected through the node of {}", relay.name());
    let ways = if direct { vec!["connected directly"] } else { vec!["connected directly", through.as_str()] };
    let agree = |ana: &Resident| {
        let shown = [ana.prints(&["person", "show", chi.name()]), chi.prints(&["person", "show", ana.name()])];
        ways.iter().copied().find(|way| shown.iter().all(|shown| shown.contains(way))).map(str::to_owned)
    };
    let (way, took) = ana.until("both say how they are connected", agree);
    println!("both say {way:?} {took:?} after that");
    way == "connected directly"
}

/// How many connections there are with each peer with whom there was one through a relay, as the log says.
fn open_beside_relays(who: &Resident) -> BTreeMap<String, usize> {
    let (log, mut open, mut relayed) = (who.logged(), BTreeMap::new(), BTreeSet::new());
    for line in log.lines().filter(|line| line.contains("a connection opened") || line.contains("a connection closed"))
    {
        let word = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name));
        let (Some(peer), Some(count)) = (word("peer="), word("open=")) else { continue };
        open.insert(peer.to_owned(), count.parse().unwrap());
        if word("relayed=") == Some("true") {
            relayed.insert(peer.to_owned());
        }
    }
    open.retain(|peer, _| relayed.contains(peer));
    open
}

/// Waits until the relay is left: one connection is kept with whoever was connected through one before.
#[track_caller]
fn until_one_is_left(who: &Resident) {
    let begun = Instant::now();
    loop {
        let open = open_beside_relays(who);
        assert!(!open.is_empty(), "{} was connected through a relay before", who.name());
        if open.values().all(|open| *open == 1) {
            return println!("{} has one connection after {:?}", who.name(), begun.elapsed());
        }
        assert!(begun.elapsed() < LEFT, "{}: {open:?} connections with one peer are kept", who.name());
        std::thread::sleep(Duration::from_millis(100));
    }
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
    stay_with_the_relay(&NOT_PUNCHABLE);
}

#[test]
fn homes_that_speak_no_protocol_of_each_other_stay_with_the_relay() {
    stay_with_the_relay(&APART);
}

fn stay_with_the_relay(pairs: &[(Nat, Nat)]) {
    for (one, other) in pairs {
        assert_ne!(ends_direct(*one, *other), Some(true), "{one:?} and {other:?}: how?");
    }
}

/// Guest networks without UDP, and a router that lets in whoever was spoken to: letters pass, whichever way.
#[test]
fn homes_in_strange_networks_get_their_letters() {
    for (one, other) in STRANGE {
        ends_direct(one, other);
    }
}
