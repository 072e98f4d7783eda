//! What passes between contacts, and how a contact ends.

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::Notice;
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::person::Standing;
use kith_protocol::store::Table;
use kith_protocol::text::{Name, Note};
use kith_tests::sim::{Scan, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

#[test]
fn a_change_reaches_those_who_may_see_it_and_nobody_else() {
    let mut world = World::new(1);
    let [ana, bo, chi, dee] = ["Ana", "Bo", "Chi", "Dee"].map(|name| world.person(name));
    for (other, tier) in [(bo, Tier::Public), (chi, Tier::Contacts), (dee, Tier::Named)] {
        let code = world.shows(ana, Some("Fair"), false, tier, None);
        world.scans(other, &code);
        world.run_for(60);
    }
    let letters = |world: &World| world.figures.sent;
    let changed = |world: &World, who| world.told(who).filter(|n| matches!(n, Notice::CardChanged { .. })).count();
    world.changes_card(ana, FieldKind::PersonalEmail, Some("ana@new-home.example"));
    world.run_for(60);
    assert_eq!((changed(&world, bo), changed(&world, chi), changed(&world, dee)), (0, 0, 1));
    assert_eq!(world.reads(dee, ana, FieldKind::PersonalEmail).as_deref(), Some("ana@new-home.example"));
    world.changes_card(ana, FieldKind::Phone, Some("+351 1"));
    world.run_for(60);
    assert_eq!((changed(&world, bo), changed(&world, chi), changed(&world, dee)), (0, 1, 2));
    assert_eq!(world.reads(bo, ana, FieldKind::Phone), None);
    let before = letters(&world);
    world.changes_card(ana, FieldKind::Phone, Some("+351 1"));
    world.run_for(60);
    assert_eq!(letters(&world), before, "no change, no letter");
    world.check();
}

#[test]
fn ten_changes_while_bo_is_away_are_one_letter() {
    let (mut world, ana, bo) = ana_and_bo(2);
    world.goes_offline(bo);
    world.run_for(60);
    for number in 0..10 {
        world.changes_card(ana, FieldKind::Title, Some(&format!("Title {number}")));
    }
    assert_eq!(world.waiting(ana, bo).len(), 1);
    world.comes_online(bo);
    world.run_for(2 * HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Title 9"));
    world.check();
}

#[test]
fn ana_shows_bo_more_and_then_less() {
    let (mut world, ana, bo) = ana_and_bo(3);
    world.changes(ana, bo, PersonChange::Tier(Tier::Named));
    world.run_for(60);
    assert_eq!(world.reads(bo, ana, FieldKind::PersonalEmail).as_deref(), Some("ana@home.example"));
    world.changes(ana, bo, PersonChange::Tier(Tier::Public));
    world.run_for(60);
    assert_eq!(world.reads(bo, ana, FieldKind::PersonalEmail), None);
    assert_eq!(world.reads(bo, ana, FieldKind::Email), None);
    assert_eq!(world.reads(bo, ana, FieldKind::Organisation).as_deref(), Some("Ana & Co"));
    world.check();
}

#[test]
fn a_blocked_person_notices_nothing_and_gets_nothing() {
    let (mut world, ana, bo) = ana_and_bo(4);
    world.changes(ana, bo, PersonChange::Block(true));
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title), None);
    assert_eq!(world.reads(ana, bo, FieldKind::Title), None);
    assert!(world.outbox(bo).is_empty(), "to Bo it looks as if his letter had come");
    let code = world.shows_live(ana, "Fair");
    world.scans(bo, &code);
    world.run_for(HOUR);
    assert!(world.inbox(ana).is_empty());
    assert_eq!(world.knows(ana, bo).unwrap().encounters.len(), 1);
    world.check();

    world.changes(ana, bo, PersonChange::Block(false));
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "unblocked, Bo is up to date");
    world.check();
}

#[test]
fn forgetting_takes_everything_on_both_sides_but_what_the_other_wrote_down_alone() {
    let (mut world, ana, bo) = ana_and_bo(5);
    world.changes(bo, ana, PersonChange::Petname(Some(Name::new("Ana from the fair").unwrap())));
    world.changes(bo, ana, PersonChange::Note(Note::new("likes valves").unwrap()));
    world.goes_offline(bo);
    world.forgets(ana, bo);
    assert!(world.people(ana).is_empty(), "gone from the list at once");
    world.run_for(DAY);
    world.comes_online(bo);
    world.run_for(HOUR);
    assert!(world.told(bo).any(|notice| matches!(notice, Notice::Withdrawn { .. })));
    let left = world.finds(bo, "Ana from the fair");
    assert_eq!(left.standing, Standing::Ended);
    assert!(world.card(bo, ana).is_none());
    for table in [Table::People, Table::Identities, Table::Cards, Table::Reach, Table::Meetings, Table::Histories] {
        assert_eq!(world.entries(ana, table), 0, "{table:?}");
    }
    world.check();
}

#[test]
fn who_was_forgotten_and_is_met_again_is_a_contact_again() {
    for seed in 0..10 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.goes_offline(bo);
        world.run_for(60);
        world.forgets(ana, bo);
        world.run_for(60);
        // Bo has not heard of it when they meet again.
        let code = world.shows_live(bo, "Automate");
        world.scans(ana, &code);
        world.run_for(60);
        world.comes_online(bo);
        world.run_for(HOUR);
        assert!(world.are_contacts(ana, bo), "seed {seed}");
        world.run_for(40 * DAY);
        assert!(world.are_contacts(ana, bo), "seed {seed}: the old farewell does not come after all");
        world.check();
    }
}

#[test]
fn a_farewell_reaches_bo_after_three_weeks_off() {
    let (mut world, ana, bo) = ana_and_bo(6);
    world.stop(bo);
    world.run_for(60);
    world.forgets(ana, bo);
    world.run_for(20 * DAY);
    world.start(bo);
    world.run_for(DAY);
    assert!(!world.holds(bo, ana) && world.card(bo, ana).is_none());
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn a_person_who_ended_gets_no_more_than_what_is_chosen_anew() {
    let mut world = World::new(7);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows(ana, Some("Fair"), false, Tier::Named, None);
    world.scans(bo, &code);
    world.run_for(60);
    world.ignores(ana, bo);
    world.run_for(60);
    let badge = world.prints(ana, "Badge");
    world.tries_to_scan(bo, &badge, Scan { tier: Tier::Contacts, ..Scan::default() }).unwrap();
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    assert_eq!(world.card(bo, ana).unwrap().tier, Tier::Public);
    world.check();
}

#[test]
fn three_people_in_a_row_know_only_their_neighbours() {
    let mut world = World::new(8);
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    meet(&mut world, ana, bo);
    meet(&mut world, bo, chi);
    world.run_for(DAY);
    assert!(world.knows(ana, chi).is_none() && world.knows(chi, ana).is_none());
    world.check();
}

#[test]
fn a_farewell_that_waits_is_not_lost_when_its_reader_asks_anew_and_gets_no_answer() {
    let (mut world, ana, bo) = ana_and_bo(9);
    world.hides(bo);
    world.run_for(HOUR);
    world.restarts(ana);
    world.restarts(bo);
    world.run_for(60);
    // Bo cannot be called, and has no reason to call.
    world.forgets(ana, bo);
    world.run_for(DAY);
    assert!(world.holds(bo, ana));
    let badge = world.prints(ana, "Badge");
    world.scans(bo, &badge);
    world.run_for(5);
    if !world.asked_about(ana, bo).is_empty() {
        world.ignores(ana, bo);
    }
    world.run_for(HOUR);
    assert!(!world.holds(bo, ana), "Bo learns that Ana took her card back");
    world.run_for(40 * DAY);
    assert!(world.people(ana).is_empty());
    world.check();
}
