//! A router that opens a port because the node asks it to, and others that do not.

use kith_tests::e2e::skip;
use kith_tests::lab::{Lab, Nat, Resident};

/// A lab with routers that open ports.
pub(crate) fn lab() -> Option<Lab> {
    if !Nat::can_open_ports() {
        skip("a router that opens ports", "miniupnpd is missing");
        return None;
    }
    Lab::new()
}

/// What the doctor says of something.
pub(crate) fn says_of(who: &Resident, subject: &str) -> Option<String> {
    let findings = who.says(&["doctor"]);
    let finding = findings.as_array()?.iter().find(|finding| finding["subject"] == subject)?.clone();
    Some(finding["finding"].as_str()?.to_owned())
}

/// Waits until the doctor says this of it, and prints all that it says until then.
#[track_caller]
pub(crate) fn until_says(who: &Resident, subject: &str, is_so: impl Fn(&str) -> bool) -> String {
    let mut before = None;
    let look = |who: &Resident| {
        let said = says_of(who, subject);
        if said != before {
            println!("{}: {subject}: {}", who.name(), said.as_deref().unwrap_or("nothing"));
            before.clone_from(&said);
        }
        said.filter(|said| is_so(said))
    };
    let (said, took) = who.until(subject, look);
    println!("{}: {subject}: {said}, after {took:?}", who.name());
    said
}

/// Somebody is connected with another one, and nobody's node is in between.
#[track_caller]
pub(crate) fn sees_directly(who: &Resident, other: &Resident) {
    let seen = who.sees(other).unwrap_or_else(|| panic!("{} does not know {}", who.name(), other.name()));
    assert_eq!(seen["path"]["direct"], true, "{} and {}: {}", who.name(), other.name(), seen["path"]);
}

#[test]
fn ana_is_reached_by_everybody_without_having_touched_her_router() {
    let Some(lab) = lab() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    let mut ana = lab.home("Ana Sousa", Nat::OpensPorts);
    until_says(&ana, "router", |said| said.ends_with("nobody outside has come in by it so far"));
    ana.meets(&bo);
    until_says(&ana, "router", |said| said.ends_with("others came in by it"));
    until_says(&ana, "address", |said| said.starts_with("reached from everywhere at 44.128.113."));
    // Eva knows nobody yet, and who could pass things on is gone: the code leads to Ana's own address or nowhere.
    bo.kill();
    let eva = lab.public("Eva Haddad");
    println!("met after {:?}", eva.meets(&ana));
    println!("a letter took {:?}", eva.sends(&ana, "Good to have met you."));
    for (who, other) in [(&eva, &ana), (&ana, &eva)] {
        sees_directly(who, other);
    }
    // Whoever comes from behind a router that opens nothing gets to her as well.
    let chi = lab.home("Chi Nguyen", Nat::Symmetric);
    println!("met after {:?}", chi.meets(&ana));
    assert!(ana.opened_by_router().contains("7517"), "{}", ana.opened_by_router());
    ana.stop();
    assert!(!ana.opened_by_router().contains("7517"), "{}", ana.opened_by_router());
    ana.start_with(&["--port-mapping", "off"]);
    // Long enough for a node that asks after all: the router answers within a second.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(says_of(&ana, "router").unwrap(), "not asked to open a port");
    assert!(!ana.opened_by_router().contains("7517"), "{}", ana.opened_by_router());
}

#[test]
fn a_router_that_opens_nothing_or_in_vain_is_told_apart() {
    let Some(lab) = lab() else { return };
    let bo = lab.public("Bo Lindqvist");
    let (ana, chi) = (lab.home("Ana Sousa", Nat::PortPreserving), lab.home("Chi Nguyen", Nat::OpensPortsInVain));
    until_says(&bo, "router", |said| said == "nothing that it would have to open");
    until_says(&ana, "router", |said| said.starts_with("none here opens ports"));
    until_says(&chi, "router", |said| said.contains("is itself behind another one"));
    for who in [&ana, &chi] {
        println!("met after {:?}", who.meets(&bo));
    }
}
