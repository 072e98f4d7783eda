//! Everything is gone but the words.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::{Error, Own, history_of};
use kith_protocol::identity::Reason;
use kith_protocol::recovery::Capsule;
use kith_tests::sim::{Mallory, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet, refusal};

/// Ana, Bo and Chi know each other; capsules have gone around.
fn three(seed: u64) -> (World, Who, Who, Who) {
    let (mut world, ana, bo) = ana_and_bo(seed);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    meet(&mut world, bo, chi);
    world.run_for(2 * HOUR);
    (world, ana, bo, chi)
}

#[test]
fn with_her_words_and_bo_ana_is_back_with_all_her_contacts() {
    let (mut world, ana, bo, chi) = three(1);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.writes(bo, ana, "It was good to meet you.");
    world.run_for(8 * DAY);
    let id = world.home(ana).id;
    let old = world.home(ana).peer;
    world.stop(ana);
    world.writes(chi, ana, "Are you there?");
    let code = world.shows_live(bo, "At Bo's table");
    world.recovers_by(ana, &code).unwrap();
    world.run_for(HOUR);
    assert_eq!(Own::load(&world.home(ana).store).unwrap().id(), id);
    for other in [bo, chi] {
        assert!(world.are_contacts(ana, other));
        assert_eq!(world.reads(other, ana, FieldKind::Title).as_deref(), Some("Owner"));
        assert_eq!(world.history(ana), history_of(&world.home(other).store, id).unwrap().unwrap());
    }
    assert_eq!(world.texts(ana, bo), ["It was good to meet you."], "what he wrote in the last month comes again");
    assert_eq!(world.texts(ana, chi), ["Are you there?"]);
    world.writes(ana, chi, "Now I am.");
    world.changes_card(chi, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.texts(chi, ana), ["Are you there?", "Now I am."]);
    assert_eq!(world.reads(ana, chi, FieldKind::Title).as_deref(), Some("Buyer"));
    assert_ne!(world.home(ana).peer, old);
    assert!(world.has_delivered_all());
}

#[test]
fn the_thief_of_the_machine_is_refused_by_all_once_ana_is_back() {
    let (mut world, ana, bo, chi) = three(2);
    world.run_for(8 * DAY);
    let badge = world.prints(ana, "Badge");
    let disk = world.copies(ana);
    world.stop(ana);
    let thief = world.runs_copy(ana, disk, "thief");
    let code = world.shows_live(bo, "At Bo's table");
    world.recovers_by(ana, &code).unwrap();
    world.run_for(HOUR);
    let before = [bo, chi].map(|who| world.card(who, ana));
    world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    world.run_for(DAY);
    assert_eq!([bo, chi].map(|who| world.card(who, ana)), before, "contacts believe the thief nothing");
    // A newcomer scans the old badge, which leads to the thief, whose grant lives a week more.
    let dee = world.person("Dee");
    world.scans(dee, &badge);
    world.run_for(15 * DAY);
    let words = world.home(ana).words.clone();
    let old_key = Mallory::thief("Ana", world.history(ana), &words, 0);
    let eva = world.person("Eva");
    let hers = world.shows_live(eva, "Fair");
    let (_, _, answer) = world.claims(&old_key, &hers).unwrap();
    assert!(refusal(&answer).is_some(), "who sees her history believes the old key nothing: {answer:?}");
}

#[test]
fn a_key_that_was_changed_before_is_no_obstacle_nor_are_fresh_words() {
    for fresh in [false, true] {
        let (mut world, ana, bo, chi) = three(3);
        world.rotates(ana, Reason::Routine);
        let before = fresh.then(|| world.changes_words(ana));
        world.run_for(8 * DAY);
        world.stop(ana);
        let code = world.shows_live(bo, "At Bo's table");
        if let Some(before) = before {
            assert!(world.asks_back(&before, &code, 0).is_none(), "the words of before are worth nothing here");
        }
        world.recovers_by(ana, &code).unwrap();
        world.run_for(HOUR);
        world.changes_card(ana, FieldKind::Title, Some("Founder"));
        world.run_for(HOUR);
        assert_eq!(world.reads(chi, ana, FieldKind::Title).as_deref(), Some("Founder"), "fresh words: {fresh}");
    }
}

#[test]
fn recovering_twice_forks_nothing() {
    let (mut world, ana, bo, chi) = three(4);
    world.run_for(8 * DAY);
    for by in [bo, chi] {
        let code = world.shows_live(by, "At the table");
        world.recovers_by(ana, &code).unwrap();
        world.run_for(HOUR);
    }
    world.recovers_alike(ana);
    for other in [bo, chi] {
        let seen = history_of(&world.home(other).store, world.home(ana).id).unwrap().unwrap();
        assert_eq!(seen.head(), world.history(ana).head());
    }
    world.changes_card(ana, FieldKind::Title, Some("Founder"));
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Founder"));
    assert_eq!(world.reads(chi, ana, FieldKind::Title).as_deref(), Some("Founder"));
}

#[test]
fn mallory_gets_nothing_back_that_is_not_hers() {
    let (mut world, ana, bo, _) = three(5);
    let mallory = world.person("Mallory");
    meet(&mut world, bo, mallory);
    world.run_for(2 * HOUR);
    let code = world.shows_live(bo, "Fair");
    let strangers = world.fresh_words();
    assert!(world.asks_back(&strangers, &code, 0).is_none());
    let hers = world.home(mallory).words.clone();
    let kept = world.asks_back(&hers, &code, 0).unwrap();
    let ana_words = world.home(ana).words.clone();
    assert!(Capsule::open(kept.sealed.as_slice(), &ana_words.backup_key()).is_err());
    assert!(world.asks_back(&hers, &code, 1).is_none() && world.asks_back(&hers, &code, u32::MAX).is_none());
    // Words of another time do not fit the history that comes with the capsule.
    let old = world.changes_words(mallory);
    world.stop(mallory);
    assert!(world.asks_back(&old, &code, 0).is_some(), "Bo has not heard of the fresh ones");
    world.home_mut(mallory).words = old;
    world.recovers_by(mallory, &code).unwrap();
    world.run_for(HOUR);
}

#[test]
fn whom_ana_forgot_keeps_nothing_of_hers() {
    let (mut world, ana, bo, chi) = three(6);
    world.forgets(ana, bo);
    world.run_for(HOUR);
    let words = world.home(ana).words.clone();
    let code = world.shows_live(bo, "Fair");
    assert!(world.asks_back(&words, &code, 0).is_none());
    let code = world.shows_live(chi, "Fair");
    let kept = world.asks_back(&words, &code, 0).unwrap();
    assert!(Capsule::open(kept.sealed.as_slice(), &words.backup_key()).is_ok());
    world.stop(ana);
    let wrong: Result<(), Error> = world.recovers_by(ana, &code);
    wrong.unwrap();
}

#[test]
fn a_thief_who_gives_contacts_capsules_of_his_own_does_not_keep_ana_from_coming_back() {
    let (mut world, ana, bo, chi) = three(7);
    world.run_for(20 * DAY);
    let disk = world.copies(ana);
    let words = world.home(ana).words.clone();
    world.stop(ana);
    // A renewal of the grant sends capsules: one of a home that knows nobody but Bo, and then another.
    let thief = world.runs_copy(ana, disk, "thief");
    world.forgets(thief, chi);
    world.run_for(8 * DAY);
    world.stop(thief);
    let code = world.shows_live(bo, "At Bo's table");
    let known = |kept: kith_protocol::recovery::GivenBack| {
        Capsule::open(kept.sealed.as_slice(), &words.backup_key()).unwrap().people.len()
    };
    let newest = known(world.asks_back(&words, &code, 0).unwrap());
    let before = known(world.asks_back(&words, &code, 1).unwrap());
    assert_eq!((newest, before), (1, 2), "the one of before the theft is still there");
}

#[test]
fn bo_was_away_when_ana_changed_her_key_and_chi_knows_of_it() {
    let (mut world, ana, bo, chi) = three(8);
    world.stop(bo);
    world.rotates(ana, Reason::Routine);
    world.run_for(HOUR);
    let disk = world.copies(ana);
    world.stop(ana);
    world.start(bo);
    let thief = world.runs_copy(ana, disk, "thief");
    world.stop(thief);
    // Bo's history is short; the key that Chi's capsule names says so.
    let codes = [bo, chi].map(|who| world.shows_live(who, "At the table"));
    let words = world.home(ana).words.clone();
    let keys = codes.each_ref().map(|code| {
        let kept = world.asks_back(&words, code, 0).unwrap();
        Capsule::open(kept.sealed.as_slice(), &words.backup_key()).unwrap().key
    });
    assert_eq!(keys, [0, 1]);
    world.recovers_with(ana, &codes).unwrap();
    world.start(thief);
    world.run_for(HOUR);
    world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    world.changes_card(ana, FieldKind::Title, Some("Founder"));
    world.run_for(DAY);
    for other in [bo, chi] {
        assert_eq!(world.reads(other, ana, FieldKind::Title).as_deref(), Some("Founder"));
    }
}
