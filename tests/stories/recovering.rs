//! Everything is gone but the words.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::{Answer, Error, Own, Refusal, history_of};
use kith_protocol::identity::Reason;
use kith_protocol::recovery::{Capsule, GivenBack, Keeper, RecoveryDoor};
use kith_tests::sim::{Mallory, Pen, Who, World};

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
    let known = |kept: GivenBack| Capsule::open(kept.sealed.as_slice(), &words.backup_key()).unwrap().people.len();
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

/// What a contact gave back, as whoever has the words reads it.
fn opened(world: &World, kept: Option<GivenBack>, who: Who) -> Option<Capsule> {
    let words = &world.home(who).words;
    kept.map(|kept| Capsule::open(kept.sealed.as_slice(), &words.backup_key()).unwrap())
}

#[test]
fn the_address_of_bos_node_is_enough_and_says_nothing_to_anybody_else() {
    let (mut world, ana, bo, chi) = three(9);
    let words = world.home(ana).words.clone();
    let kept = world.asks_back_at(&words, bo, 0).expect("there is a door for her");
    let names: Vec<String> =
        opened(&world, kept, ana).expect("he keeps it").people.iter().map(|one| one.name.to_string()).collect();
    assert!(names.contains(&"Bo".to_owned()) && names.contains(&"Chi".to_owned()), "{names:?}");
    // Dee has met nobody, and nobody has met Dee.
    let dee = world.person("Dee");
    let hers = world.home(dee).words.clone();
    assert!(world.asks_back_at(&words, dee, 0).is_none(), "Dee keeps nothing of Ana's");
    assert!(world.asks_back_at(&hers, bo, 0).is_none(), "nor Bo of Dee's");
    // The secret of the door at Chi's leads nowhere at Bo's, whoever has it.
    let at_chi = RecoveryDoor::of_words(&words, &world.home(chi).peer).unwrap();
    assert!(world.knocks(chi, at_chi.secret().locator()).is_some());
    assert!(world.knocks(bo, at_chi.secret().locator()).is_none());
}

#[test]
fn behind_the_door_a_wish_passes_and_nothing_else() {
    let (mut world, ana, bo, _) = three(10);
    let words = world.home(ana).words.clone();
    let door = RecoveryDoor::of_words(&words, &world.home(bo).peer).unwrap().addressee();
    let session = world.knocks(bo, door.secret.locator()).unwrap();
    // Ana's own claim, sealed to the door as if it were the key of a code.
    let (thief, now) = (Mallory::thief("Ana", world.history(ana), &words, 0), world.clock(bo));
    let pen = Pen { to: door.id, with_history: true, ..world.pen(bo, thief.claim([3; 32], now)) };
    let sealed = thief.seals(&pen, &door.key, &door.secret);
    let answer = world.hands_in(bo, session, &sealed);
    assert!(matches!(answer, Answer::Refused(Refusal::NotAccepted, _)), "{answer:?}");
    assert_eq!(world.hands_in(bo, session, &[1; 512]), Answer::Later, "what does not open");
    // Even who was given the secret of the door needs the words for a wish.
    let mallory = world.fresh_words();
    let wish = Keeper::of(&mallory).wish(&door, 0, now, [5; 32]).unwrap();
    let answer = world.hands_in(bo, session, &wish.sealed.bytes);
    assert!(matches!(answer, Answer::Refused(Refusal::NotAccepted, _)), "{answer:?}");
    assert_eq!(world.home(bo).engine.as_ref().unwrap().with_whom(session), None, "nobody takes it for Ana");
    // Whom Bo lets go is not heard any longer, and who is on the line is hung up on.
    world.forgets(bo, ana);
    assert!(!world.home(bo).engine.as_ref().unwrap().sessions().contains(&session));
    assert!(world.knocks(bo, door.secret.locator()).is_none());
}

#[test]
fn bo_has_moved_to_another_machine_and_the_door_has_moved_along() {
    let (mut world, ana, bo, _) = three(11);
    let words = world.home(ana).words.clone();
    let before = RecoveryDoor::of_words(&words, &world.home(bo).peer).unwrap().secret().locator();
    world.goes_offline(ana);
    let backup = world.copies(bo);
    world.restores_backup(bo, backup);
    let kept = world.asks_back_at(&words, bo, 0).expect("Ana has not even heard of the new machine");
    assert!(opened(&world, kept, ana).is_some());
    assert!(world.knocks(bo, before).is_none(), "the door of the machine of before is closed");
    world.stop(bo);
    world.start(bo);
    assert!(world.asks_back_at(&words, bo, 0).is_some(), "and it is open after a restart");
}

#[test]
fn with_fresh_words_and_with_a_farewell_the_door_of_before_is_closed() {
    let (mut world, ana, bo, chi) = three(12);
    let before = world.changes_words(ana);
    world.run_for(HOUR);
    let words = world.home(ana).words.clone();
    assert!(world.asks_back_at(&before, bo, 0).is_none());
    assert!(world.asks_back_at(&words, bo, 0).flatten().is_some());
    world.forgets(ana, bo);
    world.run_for(HOUR);
    assert!(world.asks_back_at(&words, bo, 0).is_none());
    assert!(world.asks_back_at(&words, chi, 0).flatten().is_some());
}

#[test]
fn nobody_closes_anas_door_by_having_something_kept_for_her_key() {
    let (mut world, ana, bo, _) = three(13);
    let mallory = world.person("Mallory");
    meet(&mut world, bo, mallory);
    world.run_for(2 * HOUR);
    // As a contact of Ana's she has heard of the key and of the keeper id, and gives Bo something for them.
    let words = world.home(ana).words.clone();
    world.gives_to_keep(mallory, bo, &words);
    world.run_for(HOUR);
    assert!(world.asks_back_at(&words, bo, 0).flatten().is_some());
    world.forgets(mallory, bo);
    world.run_for(HOUR);
    let kept = world.asks_back_at(&words, bo, 0).expect("the door is still there");
    assert!(opened(&world, kept, ana).is_some(), "and behind it what Ana gave him");
}

#[test]
fn a_thief_who_gives_contacts_another_key_does_not_lock_ana_out() {
    let (mut world, ana, bo, _) = three(14);
    world.run_for(20 * DAY);
    let (disk, words) = (world.copies(ana), world.home(ana).words.clone());
    world.stop(ana);
    let thief = world.runs_copy(ana, disk, "thief");
    let his = world.fresh_words();
    world.gives_to_keep(thief, bo, &his);
    world.run_for(HOUR);
    assert!(world.asks_back_at(&his, bo, 0).is_some());
    let kept = world.asks_back_at(&words, bo, 0).expect("that of before the theft has its door");
    assert!(opened(&world, kept, ana).is_some());
}

#[test]
fn a_home_of_before_there_were_doors_gives_none_until_its_words_are_typed_in() {
    let (mut world, ana, bo) = ana_and_bo(15);
    let words = world.home(ana).words.clone();
    world.forgets_what_doors_follow_from(ana);
    world.run_for(20 * DAY);
    assert!(world.asks_back_at(&words, bo, 0).is_none());
    let code = world.shows_live(bo, "At Bo's table");
    assert!(world.asks_back(&words, &code, 0).is_some(), "a code is enough as before");
    world.does(ana, |turn| turn.know_words(&words));
    world.run_for(60);
    assert!(world.asks_back_at(&words, bo, 0).flatten().is_some());
}
