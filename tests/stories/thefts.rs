//! Machines that were copied, lost or away: no word of the wrong one, and no key of before, parts two contacts for ever.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::{Engine, Own, history_of, replaced_since};
use kith_protocol::id::PeerId;
use kith_protocol::identity::Reason;
use kith_protocol::store::{MemoryStore, Store, Table, Write};
use kith_protocol::wire;
use kith_tests::sim::{Scan, Who, World};

use crate::{DAY, HOUR, ana_and_bo};

/// Both write, and both read it within hours.
fn write_to_each_other(world: &mut World, ana: Who, bo: Who) {
    world.writes(ana, bo, "It is me.");
    world.writes(bo, ana, "Good to hear.");
    world.run_for(2 * HOUR);
    for (who, other, text) in [(bo, ana, "It is me."), (ana, bo, "Good to hear.")] {
        let has_it = world.texts(who, other).iter().any(|one| one == text);
        assert!(has_it, "{}\n\n{}", world.story_of(ana, bo), world.story_of(bo, ana));
    }
}

/// What a thief makes of a copied disk: a home on another machine, whose grant has the highest number that there is.
fn with_the_highest_number(mut disk: MemoryStore, world: &World, of: Who) -> MemoryStore {
    let own = Own { generation: u32::MAX - 1, ..Own::load(&disk).unwrap() };
    disk.commit(&[Write { table: Table::Meta, key: b"own".to_vec(), value: Some(wire::encode(&own)) }]).unwrap();
    let now = world.clock(of);
    let mut engine = Engine::open(&disk).unwrap();
    let (_, step) = engine.turn(&disk, now, [9; 32], |turn| turn.restored(PeerId([9; 32]), now)).unwrap();
    disk.commit(&step.writes).unwrap();
    disk
}

/// Ana is off; the thief has told Bo that she goes on at a machine of his, and that no grant counts before his.
fn the_thief_spoke_first(seed: u64) -> (World, Who, Who) {
    let (mut world, ana, bo) = ana_and_bo(seed);
    world.dht_shows_nothing();
    world.goes_offline(ana);
    let disk = with_the_highest_number(world.copies(ana), &world, ana);
    let thief = world.runs_copy(ana, disk, "thief");
    world.looks_nowhere(thief);
    world.writes(thief, bo, "I have a new laptop.");
    world.run_for(HOUR);
    assert_eq!(world.texts(bo, ana), ["I have a new laptop."], "Bo cannot know better yet");
    (world, ana, bo)
}

#[test]
fn a_thief_who_took_the_highest_number_and_said_that_ana_moved_gives_way_to_her_next_key() {
    for reason in [Reason::Routine, Reason::Compromised] {
        let (mut world, ana, bo) = the_thief_spoke_first(1);
        world.rotates(ana, reason);
        world.comes_online(ana);
        world.run_for(2 * HOUR);
        write_to_each_other(&mut world, ana, bo);
    }
}

/// She goes on at the machine of before, and the one that took its place hears of it and stops.
#[test]
fn two_machines_of_ana_end_up_as_one() {
    let (mut world, ana, bo) = ana_and_bo(9);
    world.dht_shows_nothing();
    world.goes_offline(ana);
    let now = world.clock(ana);
    let mut disk = world.copies(ana);
    let mut engine = Engine::open(&disk).unwrap();
    let (_, step) = engine.turn(&disk, now, [9; 32], |turn| turn.restored(PeerId([8; 32]), now)).unwrap();
    disk.commit(&step.writes).unwrap();
    let other = world.runs_copy(ana, disk, "Ana's other machine");
    world.run_for(HOUR);
    world.comes_online(ana);
    world.writes(ana, bo, "From the first one.");
    world.run_for(HOUR);
    assert!(replaced_since(&world.home(ana).store).unwrap().is_some(), "the other one counts");
    world.goes_on_here(ana);
    world.run_for(HOUR);
    world.writes(other, bo, "From the other one.");
    world.run_for(2 * HOUR);
    assert!(replaced_since(&world.home(other).store).unwrap().is_some(), "{}", world.story_of(other, bo));
    write_to_each_other(&mut world, ana, bo);
}

/// Mallory has found Ana's words of before and a disk of hers, and makes a history that contradicts Ana's.
#[test]
fn a_scan_with_words_of_before_takes_nothing_of_anas_place() {
    let (mut world, ana, bo) = ana_and_bo(10);
    let badge = world.prints(bo, "Badge");
    let disk = world.copies(ana);
    let found = world.changes_words(ana);
    world.run_for(HOUR);
    let mallory = world.runs_copy(ana, disk, "Mallory");
    world.looks_nowhere(mallory);
    world.goes_offline(mallory);
    world.does(mallory, |turn| turn.rotate(&found, None, Reason::Compromised));
    world.changes_card(mallory, FieldKind::Title, Some("Call me on my new number"));
    world.changes_card(bo, FieldKind::Phone, Some("1"));
    world.run_for(HOUR);
    world.comes_online(mallory);
    world.tries_to_scan(mallory, &badge, Scan::default()).unwrap();
    let before = world.figures.sent;
    world.run_for(3 * HOUR);
    let sent = world.figures.sent - before;
    assert!(sent < 40, "who is asked to wait asks more and more rarely: {sent}");
    assert_eq!(world.asked_about(bo, ana), [ItemKind::Fork], "Bo is asked");
    assert_eq!(world.reads(bo, ana, FieldKind::Title), None);
    assert_eq!(world.reads(mallory, bo, FieldKind::Phone), None, "she gets nothing");
    write_to_each_other(&mut world, ana, bo);
    // Bo lets the question lie. Ana meets him and scans his code.
    let code = world.shows_live(bo, "Dinner");
    world.scans(ana, &code);
    world.run_for(HOUR);
    for item in world.inbox(bo).into_iter().filter(|item| item.kind == ItemKind::ConfirmScan) {
        world.decides(bo, &item, true, None);
    }
    world.run_for(HOUR);
    let counts = history_of(&world.home(bo).store, world.home(ana).id).unwrap().unwrap();
    assert_eq!(counts.head(), world.history(ana).head(), "a yes to Ana is no yes to Mallory");
    write_to_each_other(&mut world, ana, bo);
    // He scans a code of hers, too, as he was told to: which history is hers is no question any more.
    let code = world.shows_live(ana, "Dinner");
    world.scans(bo, &code);
    world.run_for(HOUR);
    assert!(!world.asked_about(bo, ana).contains(&ItemKind::Fork), "{:?}", world.asked_about(bo, ana));
    write_to_each_other(&mut world, ana, bo);
}

#[test]
fn ana_who_was_silenced_by_a_thief_goes_on_with_her_words() {
    let (mut world, ana, bo) = the_thief_spoke_first(2);
    world.comes_online(ana);
    world.writes(ana, bo, "Are you there?");
    world.run_for(HOUR);
    assert!(replaced_since(&world.home(ana).store).unwrap().is_some(), "he says that she goes on elsewhere");
    world.goes_on_here(ana);
    world.run_for(2 * HOUR);
    write_to_each_other(&mut world, ana, bo);
    assert!(world.texts(bo, ana).iter().any(|text| text == "Are you there?"), "what waited is not lost");
}

#[test]
fn from_an_old_copy_of_the_disk_the_next_key_counts_before_newer_grants_of_the_one_before() {
    for reason in [Reason::Routine, Reason::Compromised] {
        let (mut world, ana, bo) = ana_and_bo(3);
        world.dht_shows_nothing();
        let disk = world.copies(ana);
        world.run_for(21 * DAY);
        world.restores(ana, disk);
        world.rotates(ana, reason);
        world.run_for(2 * HOUR);
        write_to_each_other(&mut world, ana, bo);
    }
}

/// Each has changed the key that letters are sealed to, and destroyed the one that the other knows.
#[test]
fn two_who_did_not_reach_each_other_for_ten_weeks_write_again() {
    let (mut world, ana, bo) = ana_and_bo(4);
    world.dht_shows_nothing();
    world.splits(&[bo]);
    world.run_for(70 * DAY);
    world.heals();
    world.run_for(2 * HOUR);
    write_to_each_other(&mut world, ana, bo);
}

#[test]
fn from_a_backup_of_ten_weeks_ago_ana_is_heard() {
    let (mut world, ana, bo) = ana_and_bo(5);
    world.dht_shows_nothing();
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.run_for(70 * DAY);
    world.restores_backup_of(ana, backup, made);
    world.run_for(2 * HOUR);
    write_to_each_other(&mut world, ana, bo);
}

/// A backup from before a change of the key: what it signs would count, and nobody could answer. So it stops and says so.
#[test]
fn from_a_backup_of_before_her_last_key_ana_is_told_and_goes_on_with_her_words() {
    let (mut world, ana, bo) = ana_and_bo(6);
    world.dht_shows_nothing();
    let (backup, made) = (world.copies(ana), world.clock(ana));
    for _ in 0..3 {
        world.rotates(ana, Reason::Routine);
        world.run_for(DAY);
    }
    world.restores_backup_of(ana, backup, made);
    world.run_for(HOUR);
    assert!(replaced_since(&world.home(ana).store).unwrap().is_some(), "Bo's node tells hers");
    world.goes_on_here(ana);
    world.run_for(2 * HOUR);
    assert_eq!(world.history(ana).current(), 4, "after all that there were");
    write_to_each_other(&mut world, ana, bo);
}

/// The copy has the keys that letters are sealed to until Ana changes them: it takes them, and gives receipts.
#[test]
fn what_a_copy_of_the_disk_took_comes_again_after_the_change_of_the_key() {
    let (mut world, ana, bo) = ana_and_bo(7);
    world.goes_offline(ana);
    let disk = world.copies(ana);
    let thief = world.runs_copy(ana, disk, "thief");
    world.looks_nowhere(thief);
    world.run_for(HOUR);
    world.writes(bo, ana, "The offer is 40,000.");
    world.run_for(HOUR);
    assert_eq!(world.texts(thief, bo), ["The offer is 40,000."]);
    assert!(world.waiting(bo, ana).is_empty(), "Bo's node has a receipt");
    world.rotates(ana, Reason::Compromised);
    world.comes_online(ana);
    world.run_for(3 * HOUR);
    assert_eq!(world.texts(ana, bo), ["The offer is 40,000."], "{}", world.story_of(bo, ana));
}

/// Who copied Ana's disk can say hello to Bo as her, from any machine, and then say nothing.
#[test]
fn whoever_holds_the_line_in_anas_name_keeps_no_letter_from_her() {
    let (mut world, ana, bo) = ana_and_bo(8);
    world.goes_offline(ana);
    world.run_for(60);
    world.knocks_everywhere(bo);
    world.writes(bo, ana, "See you at nine.");
    world.run_for(HOUR);
    world.comes_online(ana);
    world.run_for(2 * HOUR);
    assert_eq!(world.texts(ana, bo), ["See you at nine."], "{}", world.story_of(bo, ana));
}
