//! Contacts in one hall, whose network has no way out.

use kith_protocol::address::{Hint, Reach};
use kith_protocol::card::FieldKind;
use kith_tests::sim::{Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

/// Where somebody is now, which others may not know.
fn place(world: &World, who: Who) -> Vec<Hint> {
    world.home(who).address.iter().cloned().collect()
}

/// Both were off, and their addresses are new: neither can tell the other, and nobody outside can.
fn both_come_elsewhere(world: &mut World, both: [Who; 2]) {
    world.dht_shows_nothing();
    for who in both {
        world.stop(who);
    }
    for who in both {
        world.moves_while_off(who);
    }
}

fn hear_each_other(world: &mut World, one: Who, other: Who) {
    for (who, of) in [(one, other), (other, one)] {
        let (name, at) = (world.says_name(of).unwrap(), place(world, of));
        assert!(world.hears(who, name, at));
    }
}

#[test]
fn ana_and_bo_find_each_other_in_a_hall_and_what_waits_goes_at_once() {
    let (mut world, ana, bo) = ana_and_bo(1);
    both_come_elsewhere(&mut world, [ana, bo]);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_ne!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "nobody knows where the other is");
    assert_eq!(world.says_name(ana), None, "nothing is said unless she wants it");
    for who in [ana, bo] {
        world.looks_around(who, true);
    }
    hear_each_other(&mut world, ana, bo);
    world.run_for(5);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    world.run_for(HOUR);
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn a_call_that_looked_elsewhere_is_followed_by_one_at_once() {
    let (mut world, ana, bo) = ana_and_bo(2);
    both_come_elsewhere(&mut world, [ana, bo]);
    for who in [ana, bo] {
        world.looks_around(who, true);
    }
    // The call is under way to where Ana was.
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    let (name, at) = (world.says_name(ana).unwrap(), place(&world, ana));
    assert!(world.hears(bo, name, at));
    world.run_for(30);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    world.check();
}

#[test]
fn who_is_heard_no_more_is_looked_for_where_they_said() {
    let (mut world, ana, bo) = ana_and_bo(3);
    world.looks_around(ana, true);
    world.looks_around(bo, true);
    let nowhere = Hint { port: 9, ..place(&world, ana)[0].clone() };
    let name = world.says_name(ana).unwrap();
    assert!(world.hears(bo, name, vec![nowhere.clone()]));
    assert_eq!(nearby(&world, bo), 1);
    assert!(world.hears(bo, name, vec![]));
    assert_eq!(nearby(&world, bo), 0);
    world.restarts(ana);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    world.check();
}

fn nearby(world: &World, who: Who) -> usize {
    world.home(who).engine.as_ref().unwrap().nearby().len()
}

#[test]
fn whoever_says_the_name_of_another_is_called_and_not_believed() {
    let (mut world, ana, bo) = ana_and_bo(4);
    let mallory = world.person("Mallory");
    both_come_elsewhere(&mut world, [ana, bo]);
    for who in [ana, bo] {
        world.looks_around(who, true);
    }
    let (name, hers) = (world.says_name(ana).unwrap(), place(&world, mallory));
    assert!(world.hears(bo, name, hers));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert!(
        world.knows(mallory, bo).is_none()
            && !world.home(bo).engine.as_ref().unwrap().is_connected(world.knows(bo, ana).unwrap().id)
    );
    // Mallory goes on; Ana is heard, too.
    let both = [place(&world, mallory), place(&world, ana)].concat();
    assert!(world.hears(bo, name, both));
    hear_each_other(&mut world, ana, bo);
    world.run_for(HOUR);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    world.check();
}

#[test]
fn names_change_each_day_and_contacts_know_them_all_the_same() {
    let (mut world, ana, bo) = ana_and_bo(5);
    let chi = world.person("Chi");
    for who in [ana, bo, chi] {
        world.looks_around(who, true);
    }
    let today = world.says_name(ana).unwrap();
    world.run_for(DAY);
    let tomorrow = world.says_name(ana).unwrap();
    assert_ne!(today, tomorrow);
    let at = place(&world, ana);
    assert!(world.hears(bo, tomorrow, at.clone()));
    assert!(!world.hears(chi, tomorrow, at.clone()), "Chi is a stranger to her");
    world.sets_clock(bo, -20 * 3_600);
    assert!(world.hears(bo, tomorrow, at), "whatever Bo's clock says");
}

#[test]
fn whom_ana_lets_go_does_not_recognise_her_tomorrow() {
    let (mut world, ana, bo) = ana_and_bo(6);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    for who in [ana, bo, chi] {
        world.looks_around(who, true);
    }
    world.forgets(ana, bo);
    world.run_for(2 * HOUR);
    let (name, at) = (world.says_name(ana).unwrap(), place(&world, ana));
    assert!(!world.hears(bo, name, at.clone()), "Bo was forgotten");
    assert!(world.hears(chi, name, at), "Chi was told");
    world.check();
}

#[test]
fn a_home_from_before_is_found_after_its_first_start() {
    let (mut world, ana, bo) = ana_and_bo(7);
    world.looks_around(ana, true);
    world.looks_around(bo, true);
    world.loses_presence_seed(ana);
    world.restarts(ana);
    world.run_for(2 * HOUR);
    let (name, at) = (world.says_name(ana).unwrap(), place(&world, ana));
    assert!(world.hears(bo, name, at));
}

#[test]
fn a_code_that_is_shown_in_event_mode_names_an_address_for_the_neighbours() {
    let (mut world, ana, _) = ana_and_bo(8);
    let everywhere = (1..=4).map(|port| Hint { port, ..place(&world, ana)[0].clone() });
    let here = Hint { reach: Reach::Lan, ..place(&world, ana)[0].clone() };
    let all: Vec<Hint> = everywhere.chain([here]).collect();
    world.listens_at(ana, &all);
    let names_neighbours = |world: &mut World| {
        let code = world.shows_live(ana, "Fair").read();
        code.hints.iter().position(|hint| hint.reach == Reach::Lan)
    };
    assert_eq!(names_neighbours(&mut world), None, "four others take all the room");
    world.looks_around(ana, true);
    assert_eq!(names_neighbours(&mut world), Some(1));
}
