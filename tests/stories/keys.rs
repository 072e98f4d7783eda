//! Keys that change, are stolen, fork, or are missing.

use kith_protocol::card::FieldKind;
use kith_protocol::crypto::sha256;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::forks::forks_of;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::{Answer, Notice, Own, Refusal, history_of};
use kith_protocol::identity::{History, Reason, Rotation};
use kith_protocol::letter::body::kind;
use kith_protocol::record::{Signer, Verified};
use kith_protocol::store::{Store, Table, Write};
use kith_protocol::words::RecoveryWords;
use kith_protocol::{wire, wire_map};
use kith_tests::sim::{Mallory, Scan, Weather, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet, refusal};

#[test]
fn letters_in_flight_both_ways_survive_a_change_of_key() {
    for reason in [Reason::Routine, Reason::Compromised] {
        for seed in 0..100 {
            let (mut world, ana, bo) = ana_and_bo(seed);
            world.weather = Weather { delay: (10, 15_000), loss: 100, doubled: 100 };
            world.changes_card(ana, FieldKind::Title, Some("Owner"));
            world.changes_card(bo, FieldKind::Title, Some("Buyer"));
            let code = world.shows_live(bo, "Dinner");
            world.scans(ana, &code);
            let pause = seed % 7;
            world.run_for(pause);
            world.rotates(ana, reason);
            world.changes_card(bo, FieldKind::Phone, Some("1"));
            world.run_for(2);
            world.rotates(bo, reason);
            world.changes_card(ana, FieldKind::Phone, Some("2"));
            world.run_for(2 * HOUR);
            if world.asked_about(bo, ana).contains(&ItemKind::ConfirmScan) {
                world.accepts(bo, ana);
            }
            world.run_for(2 * HOUR);
            let seen = |who, other| [FieldKind::Title, FieldKind::Phone].map(|kind| world.reads(who, other, kind));
            assert_eq!(seen(bo, ana), [Some("Owner".into()), Some("2".into())], "{reason:?}, seed {seed}");
            assert_eq!(seen(ana, bo), [Some("Buyer".into()), Some("1".into())], "{reason:?}, seed {seed}");
            assert!(world.has_delivered_all(), "{reason:?}, seed {seed}");
            let refused = world
                .told(ana)
                .chain(world.told(bo))
                .find(|n| matches!(n, Notice::Refused { kind: of, .. } if *of != kind::CLAIM));
            assert_eq!(refused, None, "{reason:?}, seed {seed}");
            // A code that burnt with Bo's key leaves an entry that says so; there is one Bo all the same.
            let contacts = world.people(ana).iter().filter(|person| person.is_contact()).count();
            assert_eq!(contacts, 1, "{reason:?}, seed {seed}");
            world.check();
        }
    }
}

#[test]
fn a_meeting_in_flight_survives_that_the_old_key_is_disowned() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let code = world.shows_live(ana, "Fair");
        world.scans(bo, &code);
        world.run_for(60);
        world.weather = Weather { delay: (10, 5_000), ..Weather::FINE };
        world.accepts(ana, bo);
        world.rotates(ana, Reason::Compromised);
        world.run_for(HOUR);
        assert!(world.meetings(bo, ana).iter().any(|held| held.mine.is_some()), "seed {seed}: the letter came");
        assert!(world.has_delivered_all(), "seed {seed}");
        world.check();
    }
}

#[test]
fn codes_burn_when_a_key_was_stolen_and_stay_when_it_was_not() {
    for (reason, works) in [(Reason::Routine, true), (Reason::Compromised, false)] {
        let mut world = World::new(1);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let badge = world.prints(ana, "Badge");
        world.rotates(ana, reason);
        world.scans(bo, &badge);
        world.run_for(60);
        assert_eq!(!world.asked_about(ana, bo).is_empty(), works, "{reason:?}");
        world.check();
    }
}

/// Ana and Bo; a thief has copied Ana's disk, and Bo has seen that she disowned the key on it.
fn after_a_theft() -> (World, Who, Who, Who) {
    let (mut world, ana, bo) = ana_and_bo(2);
    let disk = world.copies(ana);
    world.rotates(ana, Reason::Compromised);
    world.run_for(60);
    let thief = world.runs_copy(ana, disk, "thief");
    (world, ana, bo, thief)
}

#[test]
fn a_thief_with_the_old_disk_changes_nothing_at_bo() {
    let (mut world, ana, bo, thief) = after_a_theft();
    let before = world.card(bo, ana);
    world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    world.run_for(DAY);
    assert_eq!(world.card(bo, ana), before);
    assert!(world.told(thief).any(|notice| *notice == Notice::Replaced), "a program that keeps to the rules stops");
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(2 * HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "Ana herself is heard");
}

#[test]
fn a_thief_who_scans_bos_code_with_the_old_key_is_not_taken_for_ana() {
    let (mut world, ana, bo, thief) = after_a_theft();
    let before = (world.card(bo, ana), world.knows(bo, ana));
    let badge = world.prints(bo, "Badge");
    world.tries_to_scan(thief, &badge, Scan::default()).unwrap();
    world.run_for(HOUR);
    assert_eq!((world.card(bo, ana), world.knows(bo, ana)), before);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
}

#[test]
fn a_thief_whose_code_bo_scans_is_not_taken_for_ana() {
    let (mut world, ana, bo, thief) = after_a_theft();
    let before = world.card(bo, ana);
    let code = world.shows_live(thief, "Fair");
    world.tries_to_scan(bo, &code, Scan::default()).unwrap();
    world.run_for(HOUR);
    assert_eq!(world.card(bo, ana), before);
    assert_eq!(world.knows(bo, ana).unwrap().encounters.len(), 1);
}

#[test]
fn recovering_twice_makes_the_same_history() {
    let mut world = World::new(3);
    let ana = world.person("Ana");
    let (one, other) = (world.recovers(ana, "one"), world.recovers(ana, "other"));
    for who in [ana, one, other] {
        world.rotates(who, Reason::Routine);
        world.rotates(who, Reason::Compromised);
    }
    assert_eq!(world.home(one).id, world.home(ana).id);
    assert_eq!(world.history(one).to_bytes(), world.history(ana).to_bytes());
    assert_eq!(world.history(other).to_bytes(), world.history(ana).to_bytes());
}

wire_map! {
    /// The current signing key as it lies in a home.
    struct StoredKey {
        1 => seed: SecretSeed,
    }
}

/// A home on a copy of Ana's disk in which somebody with her words wrote another history: the same first change
/// of key, but with another promise for the second.
fn forked(world: &mut World, ana: Who) -> (Who, RecoveryWords) {
    let (hers, others) = (world.home(ana).words.clone(), world.fresh_words());
    let begin = History::begin(&hers);
    let rotation = Rotation {
        previous: begin.head(),
        number: 1,
        key: hers.key(1).verify_key(),
        rotation_key: hers.rotation_key(1).verify_key(),
        next: sha256(&[others.rotation_key(2).verify_key().as_bytes()]),
    };
    let rotation = Verified::sign(rotation, Signer { id: begin.id(), key: 1 }, &hers.rotation_key(1));
    let mut history = begin;
    history.learn(rotation.bytes()).unwrap();

    let mut disk = world.copies(ana);
    let mut own = Own::load(&disk).unwrap();
    own.history = history.to_bytes();
    let put = |table, key: &[u8], value| Write { table, key: key.to_vec(), value: Some(value) };
    let key = StoredKey { seed: hers.key_seed(1) };
    disk.commit(&[put(Table::Meta, b"own", wire::encode(&own)), put(Table::Secrets, b"signing", wire::encode(&key))])
        .unwrap();
    let twin = world.runs_copy(ana, disk, "twin");
    let words = others.clone();
    world.does(twin, |turn| turn.rotate(&words, None, Reason::Routine));
    (twin, others)
}

#[test]
fn two_histories_of_ana_are_kept_as_evidence_and_the_first_goes_on() {
    let (mut world, ana, bo) = ana_and_bo(4);
    world.stop(bo);
    let (twin, _) = forked(&mut world, ana);
    world.rotates(ana, Reason::Routine);
    world.start(bo);
    world.stop(twin);
    world.run_for(HOUR);
    world.start(twin);
    world.changes_card(twin, FieldKind::Title, Some("Twin"));
    world.run_for(DAY);
    let id = world.home(ana).id;
    assert_eq!(forks_of(&world.home(bo).store, id).unwrap().len(), 1);
    assert_eq!(world.asked_about(bo, ana), [ItemKind::Fork]);
    assert_eq!(world.reads(bo, ana, FieldKind::Title), None, "the second history says nothing to Bo");
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(DAY);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "nobody is frozen");
}

#[test]
fn bo_meets_the_true_ana_and_her_history_counts_from_then_on() {
    for ana_shows in [true, false] {
        // Here the twin is the true Ana: the machine that Bo heard of first was in other hands.
        let (mut world, ana, bo) = ana_and_bo(5);
        world.stop(bo);
        let (twin, _) = forked(&mut world, ana);
        world.rotates(ana, Reason::Routine);
        world.stop(twin);
        world.start(bo);
        world.run_for(HOUR);
        world.stop(ana);
        world.start(twin);
        if ana_shows {
            let code = world.shows_live(twin, "Dinner");
            world.scans(bo, &code);
            world.run_for(HOUR);
        } else {
            let code = world.shows_live(bo, "Dinner");
            world.scans(twin, &code);
            world.run_for(HOUR);
            let counts = history_of(&world.home(bo).store, world.home(ana).id).unwrap().unwrap();
            assert_eq!(counts, world.history(ana), "not before Bo says that it was her");
            world.accepts(bo, ana);
            world.run_for(HOUR);
        }
        let counts = history_of(&world.home(bo).store, world.home(ana).id).unwrap().unwrap();
        assert_eq!(counts, world.history(twin), "she showed: {ana_shows}");
        world.changes_card(twin, FieldKind::Title, Some("Owner"));
        world.run_for(HOUR);
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "she showed: {ana_shows}");
        assert!(!forks_of(&world.home(bo).store, world.home(ana).id).unwrap().is_empty(), "the evidence stays");
    }
}

#[test]
fn a_grant_that_is_over_or_superseded_is_not_taken() {
    let mut world = World::new(6);
    let ana = world.person("Ana");
    let words = world.fresh_words();
    let badge = world.prints(ana, "Badge");
    let mut mallory = Mallory::new("Mallory", &words);
    let old = mallory.history.clone();
    let rotation = old.rotate(&words).unwrap();
    mallory.history.learn(rotation.bytes()).unwrap();
    // The history says key 1, the grant is signed with key 0.
    let (_, _, answer) = world.claims(&mallory, &badge).unwrap();
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted), "superseded");
    let mallory = Mallory::new("Mallory", &words);
    let now = world.clock(ana);
    let invite = badge.read();
    let session = world.knocks(ana, invite.shared_secret().locator()).unwrap();
    for (when, taken) in [(now.minus(16 * DAY), false), (now.plus(2 * DAY), false), (now.minus(14 * DAY), true)] {
        let mut pen = world.pen(ana, mallory.claim([1; 32], when));
        (pen.to, pen.with_history) = (invite.key.0, true);
        let sealed = mallory.seals(&pen, &invite.key, &invite.shared_secret());
        let answer = world.hands_in(ana, session, &sealed);
        assert_eq!(matches!(answer, Answer::Handled(_)), taken, "{answer:?}");
    }
}

#[test]
fn bo_comes_back_from_an_old_backup_and_asks_for_the_keys_that_he_lost() {
    for reason in [Reason::Routine, Reason::Compromised] {
        let (mut world, ana, bo) = ana_and_bo(7);
        let backup = world.copies(bo);
        world.rotates(ana, reason);
        world.run_for(HOUR);
        world.restores(bo, backup);
        world.run_for(HOUR);
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.run_for(HOUR);
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "{reason:?}");
        assert!(world.has_delivered_all(), "{reason:?}: {}{}", world.story_of(bo, ana), world.story_of(ana, bo));
    }
}

#[test]
fn five_changes_of_key_while_bo_is_away_reach_him_together() {
    let (mut world, ana, bo) = ana_and_bo(8);
    world.goes_offline(bo);
    for _ in 0..5 {
        world.run_for(DAY);
        world.rotates(ana, Reason::Routine);
    }
    world.comes_online(bo);
    world.run_for(2 * HOUR);
    let known = history_of(&world.home(bo).store, world.home(ana).id).unwrap().unwrap();
    assert_eq!(known.current(), 5);
    world.changes(bo, ana, PersonChange::Touch);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(60);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    world.check();
}

#[test]
fn wrong_words_change_nothing() {
    let (mut world, ana, bo) = ana_and_bo(9);
    let wrong = world.fresh_words();
    assert!(world.tries(ana, |turn| turn.rotate(&wrong, None, Reason::Routine)).is_err());
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(60);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    world.check();
}

#[test]
fn who_finds_the_words_of_before_cannot_go_on_from_anas_fresh_ones() {
    let (mut world, ana, bo) = ana_and_bo(31);
    let disk = world.copies(ana);
    let found = world.changes_words(ana);
    world.run_for(HOUR);
    assert!(world.tries(ana, |turn| turn.rotate(&found, None, Reason::Routine)).is_err(), "they fit no more");
    assert!(world.tries(ana, |turn| turn.know_words(&found)).is_err());
    let fresh = world.home(ana).words.clone();
    world.tries(ana, |turn| turn.know_words(&fresh)).unwrap();
    // Mallory has the old disk and the old words. Bo saw Ana's change first, so hers is no more than evidence.
    let mallory = world.runs_copy(ana, disk, "Mallory");
    world.does(mallory, |turn| turn.rotate(&found, None, Reason::Routine));
    world.changes_card(mallory, FieldKind::Title, Some("Call me on my new number"));
    world.run_for(DAY);
    assert_eq!(world.reads(bo, ana, FieldKind::Title), None);
    assert_eq!(
        history_of(&world.home(bo).store, world.home(ana).id).unwrap().unwrap().head(),
        world.history(ana).head()
    );
    // Ana goes on.
    world.rotates(ana, Reason::Routine);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(2 * HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    world.check_handled(bo);
}

#[test]
fn a_grant_that_was_signed_while_the_clock_was_ahead_is_made_anew_once_it_is_right() {
    let (mut world, ana, bo) = ana_and_bo(31);
    world.sets_clock(ana, 100 * DAY.cast_signed());
    world.run_for(HOUR);
    world.sets_clock(ana, 0);
    world.run_for(20 * DAY);
    world.writes(bo, ana, "Is it still March with you?");
    world.run_for(HOUR);
    assert_eq!(world.texts(ana, bo), ["Is it still March with you?"]);
    assert!(world.has_delivered_all());
    world.check();
}
