//! Two who lost each other's addresses find each other by what strangers keep for a day.

use kith_protocol::card::FieldKind;
use kith_protocol::nearby::Day;
use kith_tests::sim::{Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

fn reads_title(world: &World, who: Who, of: Who) -> Option<String> {
    world.reads(who, of, FieldKind::Title)
}

/// Both machines were off and come back somewhere else.
fn both_move(world: &mut World, both: [Who; 2]) {
    both.into_iter().for_each(|who| world.stop(who));
    both.into_iter().for_each(|who| world.moves_while_off(who));
}

#[test]
fn both_moved_while_they_were_off_and_what_waits_still_arrives() {
    let (mut world, ana, bo) = ana_and_bo(1);
    both_move(&mut world, [ana, bo]);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
    assert!(world.has_delivered_all());
    let lookups = world.lookups_of(ana, bo) + world.lookups_of(bo, ana);
    assert!((1..=8).contains(&lookups), "{lookups} lookups");
    world.check();
}

#[test]
fn whoever_answers_is_never_looked_for() {
    let (mut world, ana, bo) = ana_and_bo(2);
    for title in ["Buyer", "Head of purchasing"] {
        world.changes_card(bo, FieldKind::Title, Some(title));
        world.run_for(DAY);
        assert_eq!(reads_title(&world, ana, bo).as_deref(), Some(title));
    }
    assert_eq!(world.lookups_of(ana, bo) + world.lookups_of(bo, ana), 0);
}

#[test]
fn somebody_who_is_off_for_a_week_is_looked_for_now_and_then() {
    let (mut world, ana, bo) = ana_and_bo(3);
    world.stop(ana);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(7 * DAY);
    let lookups = world.lookups_of(ana, bo);
    // Today's key and yesterday's, once an hour, and one call in vain for each.
    assert!((50..=2 * 7 * 24).contains(&lookups), "{lookups} lookups in a week");
    world.moves_while_off(ana);
    world.run_for(2 * HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
}

#[test]
fn who_has_slept_since_before_midnight_is_found_where_they_went_to_sleep() {
    let (mut world, ana, bo) = ana_and_bo(4);
    // Ana's machine goes somewhere else and is on until the evening; Bo's was off all the while.
    world.stop(bo);
    world.stop(ana);
    world.moves_while_off(ana);
    let midnight = u64::from(Day::of(world.clock(ana)).0 + 1) * DAY;
    let evening = midnight - 60 - world.clock(ana).secs();
    world.run_for(evening);
    world.stop(ana);
    world.run_for(2 * HOUR);
    world.moves_while_off(bo);
    assert!(!world.knows_address(bo, ana));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert!(world.knows_address(bo, ana), "Bo's node knows where to call when she wakes");
    world.start(ana);
    world.run_for(HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
}

#[test]
fn presence_arrives_by_letter_where_the_dht_shows_nothing() {
    let (mut world, ana, bo) = ana_and_bo(5);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    meet(&mut world, bo, chi);
    world.run_for(HOUR);
    world.dht_shows_nothing();
    // Chi's node holds mailboxes for both, so it does not matter that neither knows where the other is.
    both_move(&mut world, [ana, bo]);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn whom_ana_let_go_does_not_find_her() {
    let (mut world, ana, bo) = ana_and_bo(6);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    let known = world.reach_of(bo, ana).and_then(|reach| reach.presence).unwrap();
    world.forgets(ana, bo);
    world.run_for(2 * HOUR);
    let today = Day::of(world.clock(ana));
    let told = world.reach_of(chi, ana).and_then(|reach| reach.presence).unwrap();
    assert_ne!(told, known);
    assert!(world.dht.keeps(told.key_of(today).unwrap()), "Chi would find her");
    world.run_for(DAY);
    let tomorrow = Day(today.0 + 1);
    assert!(world.dht.keeps(told.key_of(tomorrow).unwrap()), "Chi would find her the next day");
    assert!(!world.dht.keeps(known.key_of(tomorrow).unwrap()), "Bo would not");
}

#[test]
fn who_is_shown_the_record_of_another_believes_nothing() {
    let (mut world, ana, bo) = ana_and_bo(7);
    let mallory = world.person("Mallory");
    meet(&mut world, bo, mallory);
    world.run_for(HOUR);
    let before = world.reach_of(bo, ana).unwrap();
    let key = |world: &World, of: Who| {
        let seed = world.reach_of(bo, of).and_then(|reach| reach.presence).unwrap();
        seed.key_of(Day::of(world.clock(bo))).unwrap()
    };
    let (wanted, hers) = (key(&world, ana), key(&world, mallory));
    world.shows_instead(wanted, hers);
    // Ana is off, so Bo looks for her.
    world.stop(ana);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert!(world.lookups_of(ana, bo) > 0);
    assert_eq!(world.reach_of(bo, ana).unwrap(), before);
    world.start(ana);
    world.run_for(HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
}

#[test]
fn a_home_from_before_is_found_after_its_first_start() {
    let (mut world, ana, bo) = ana_and_bo(8);
    world.has_seed_without_secret(ana);
    world.restarts(ana);
    world.run_for(2 * HOUR);
    both_move(&mut world, [ana, bo]);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(reads_title(&world, ana, bo).as_deref(), Some("Buyer"));
}
