//! Two people stand in front of each other and scan.

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::Notice;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::person::Standing;
use kith_tests::sim::{Scan, Weather, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

#[test]
fn bo_scans_anas_live_code_without_a_network_and_hours_later_both_hold_each_other() {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    world.goes_offline(bo);
    let code = world.shows_live(ana, "Hannover Messe");
    let scan = Scan { tier: Tier::Named, event: None, note: "owes me a coffee" };
    world.tries_to_scan(bo, &code, scan).unwrap();
    assert_eq!(world.finds(bo, "Ana").standing, Standing::Pending);
    world.run_for(600);
    assert!(world.knows(ana, bo).is_none());

    world.comes_online(bo);
    world.run_for(HOUR);
    assert!(world.are_contacts(ana, bo));
    assert_eq!(world.card(bo, ana).unwrap().tier, Tier::Contacts);
    assert_eq!(world.reads(bo, ana, FieldKind::PersonalEmail), None);
    assert_eq!(world.reads(ana, bo, FieldKind::PersonalEmail).as_deref(), Some("bo@home.example"));
    let shown = world.knows(bo, ana).unwrap();
    let provenance = shown.provenance();
    assert!(provenance.starts_with("scanned live at Hannover Messe"), "{provenance}");
}

#[test]
fn after_ana_confirms_both_hold_a_meeting_that_both_signed() {
    let mut world = World::new(2);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::ConfirmScan]);
    assert!(!world.met(ana, bo));
    world.accepts(ana, bo);
    world.run_for(60);
    assert!(world.met(ana, bo));
    let (hers, his) = (world.meetings(ana, bo), world.meetings(bo, ana));
    assert_eq!((hers.len(), his.len()), (1, 1));
    assert_eq!(hers[0].meeting.event.as_ref().unwrap().as_str(), "Hannover Messe");
    assert_eq!((&hers[0].mine, &hers[0].theirs), (&his[0].theirs, &his[0].mine));
    assert!(world.inbox(ana).is_empty() && world.inbox(bo).is_empty());
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn not_this_person_takes_both_cards_back() {
    let mut world = World::new(3);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    assert!(world.are_contacts(ana, bo));
    world.ignores(ana, bo);
    world.run_for(60);
    assert!(!world.holds(ana, bo) && !world.holds(bo, ana));
    assert!(world.card(ana, bo).is_none() && world.card(bo, ana).is_none());
    assert!(world.meetings(ana, bo).is_empty() && world.meetings(bo, ana).is_empty());
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn ana_confirms_while_bo_is_away_and_he_learns_all_of_it_in_the_right_order() {
    // The answer and the meeting wait in one outbox; whichever the network takes first, none may be lost.
    for seed in 0..20 {
        let mut world = World::new(seed);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        world.weather = Weather { delay: (10, 3_000), ..Weather::FINE };
        let code = world.shows_live(ana, "Hannover Messe");
        world.scans(bo, &code);
        while world.knows(ana, bo).is_none() {
            world.run_for(1);
        }
        world.goes_offline(bo);
        world.accepts(ana, bo);
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.run_for(HOUR);
        world.comes_online(bo);
        world.run_for(2 * HOUR);
        assert!(world.are_contacts(ana, bo), "seed {seed}");
        assert!(world.met(ana, bo), "seed {seed}");
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "seed {seed}");
        assert!(world.has_delivered_all(), "seed {seed}");
        world.check();
    }
}

#[test]
fn the_scanner_may_note_an_event_of_their_own() {
    let mut world = World::new(4);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows(ana, None, false, Tier::Contacts, None);
    let scan = Scan { tier: Tier::Contacts, event: Some("Dinner at Li's"), note: "" };
    world.tries_to_scan(bo, &code, scan).unwrap();
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    assert!(world.met(ana, bo), "a meeting without an event is a meeting all the same");
    world.check();
}

#[test]
fn contacts_who_scan_again_have_met_again() {
    let (mut world, ana, bo) = ana_and_bo(5);
    world.run_for(40 * DAY);
    for (shower, scanner) in [(bo, ana), (ana, bo)] {
        let code = world.shows_live(shower, "Automate Munich");
        world.scans(scanner, &code);
        world.run_for(60);
        world.accepts(shower, scanner);
        world.run_for(60);
    }
    for (who, other) in [(ana, bo), (bo, ana)] {
        assert_eq!(world.people(who).len(), 1, "nobody is there twice");
        assert_eq!(world.knows(who, other).unwrap().encounters.len(), 3);
        let complete = world.meetings(who, other).iter().filter(|held| held.is_complete()).count();
        assert_eq!(complete, 3);
        assert!(world.told(who).any(|notice| matches!(notice, Notice::MetAgain { .. })));
    }
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn both_scan_each_other_at_the_same_moment() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.weather = Weather { delay: (10, 2_000), ..Weather::FINE };
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let (hers, his) = (world.shows_live(ana, "Hannover Messe"), world.shows_live(bo, "Hannover Messe"));
        world.scans(ana, &his);
        world.scans(bo, &hers);
        world.run_for(60);
        assert!(world.are_contacts(ana, bo), "seed {seed}");
        for (who, other) in [(ana, bo), (bo, ana)] {
            world.accepts(who, other);
        }
        world.run_for(120);
        assert_eq!((world.people(ana).len(), world.people(bo).len()), (1, 1), "seed {seed}");
        for (who, other) in [(ana, bo), (bo, ana)] {
            let complete = world.meetings(who, other).iter().filter(|held| held.is_complete()).count();
            assert_eq!(complete, 2, "seed {seed}: each scan is a meeting of its own");
        }
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.changes_card(bo, FieldKind::Title, Some("Buyer"));
        world.run_for(60);
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "seed {seed}");
        assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "seed {seed}");
        assert!(world.has_delivered_all(), "seed {seed}");
        world.check();
    }
}

#[test]
fn one_scans_the_other_back_before_anything_is_confirmed() {
    let mut world = World::new(6);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    let code = world.shows_live(bo, "Hannover Messe");
    world.scans(ana, &code);
    world.run_for(60);
    world.accepts(bo, ana);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    for (who, other) in [(ana, bo), (bo, ana)] {
        let complete = world.meetings(who, other).iter().filter(|held| held.is_complete()).count();
        assert_eq!(complete, 2, "both scans were confirmed");
    }
    world.check();
}

#[test]
fn a_clock_that_is_a_day_off_does_not_matter() {
    for (hers, his) in [(-12, 12), (12, -12), (0, 24), (24, 0), (0, -23), (-23, 0)] {
        let mut world = World::new(7);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        world.sets_clock(ana, hers * 3_600);
        world.sets_clock(bo, his * 3_600);
        meet(&mut world, ana, bo);
        assert!(world.met(ana, bo), "{hers} h and {his} h");
        world.run_for(20 * DAY);
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.run_for(60);
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "{hers} h and {his} h");
        assert!(world.has_delivered_all());
        world.check();
    }
}

#[test]
fn a_bad_network_changes_nothing_but_the_time_it_takes() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        world.weather = Weather { delay: (10, 20_000), loss: 300, doubled: 300 };
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let code = world.shows_live(ana, "Hannover Messe");
        world.scans(bo, &code);
        world.run_for(HOUR);
        world.accepts(ana, bo);
        world.run_for(6 * HOUR);
        assert!(world.are_contacts(ana, bo) && world.met(ana, bo), "seed {seed}");
        assert!(world.has_delivered_all(), "seed {seed}");
        assert_eq!(world.knows(bo, ana).unwrap().encounters.len(), 1);
        assert_eq!(world.knows(ana, bo).unwrap().encounters.len(), 1);
        world.check();
    }
}
