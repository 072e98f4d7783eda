//! Entries that turn out to be one person: a code that led nowhere, and then another one of the same person.

use kith_protocol::card::Tier;
use kith_protocol::engine::Notice;
use kith_protocol::engine::follow_up::{FollowUpChange, follow_up};
use kith_protocol::engine::people::{PersonChange, notes_about};
use kith_protocol::engine::person::{Person, ScanProblem, Way};
use kith_protocol::engine::scans::Scanned;
use kith_protocol::id::PersonId;
use kith_protocol::limits;
use kith_protocol::text::{Label, Line, Note, Text};
use kith_tests::sim::{Code, Crash, Scan, Weather, Who, World};

use crate::{DAY, HOUR, meet};

/// What Chi noted when she scanned the code that was used already.
const NOTE: &str = "sells valves, has a stall in hall 12";

fn three(seed: u64) -> (World, [Who; 3]) {
    let mut world = World::new(seed);
    let people = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    (world, people)
}

/// A live code of Ana's that Bo has used.
fn used_code(world: &mut World, ana: Who, bo: Who) -> Code {
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(30);
    assert!(world.are_contacts(ana, bo));
    code
}

fn scans_with_note(world: &mut World, who: Who, code: &Code) -> PersonId {
    let scan = Scan { tier: Tier::Contacts, event: Some("Hall 12"), note: NOTE };
    match world.tries_to_scan(who, code, scan) {
        Ok(Scanned::New(person) | Scanned::Before(person)) => person,
        Err(error) => panic!("the scan waits for its answer: {error}"),
    }
}

/// Chi scans the code that Bo has used: it leads nowhere.
fn chi_comes_too_late(world: &mut World, [ana, bo, chi]: [Who; 3]) -> PersonId {
    let code = used_code(world, ana, bo);
    let failed = scans_with_note(world, chi, &code);
    world.run_for(30);
    let person = world.finds(chi, "Ana");
    assert_eq!(person.scan.and_then(|scan| scan.problem), Some(ScanProblem::Used));
    failed
}

/// Chi scans a badge of Ana's, and Ana shares back.
fn by_badge(world: &mut World, ana: Who, chi: Who) {
    let badge = world.prints(ana, "Badge 2027");
    world.scans(chi, &badge);
    world.run_for(60);
    world.accepts(ana, chi);
    world.run_for(60);
}

fn notes(world: &World, who: Who, person: PersonId) -> Vec<String> {
    let notes = notes_about(&world.home(who).store, person).unwrap();
    notes.iter().map(|note| note.text.as_str().to_owned()).collect()
}

fn ways(person: &Person) -> Vec<Way> {
    person.encounters.iter().map(|one| one.way).collect()
}

/// The one Ana that Chi has.
fn only_ana(world: &World, ana: Who, chi: Who, story: &str) -> Person {
    let names: Vec<String> = world.people(chi).iter().map(|one| one.display_name().to_owned()).collect();
    assert_eq!(names, ["Ana"], "{story}: {}", world.story_of(chi, ana));
    let person = world.knows(chi, ana).unwrap();
    assert!(person.is_contact(), "{story}");
    assert!(person.scan.is_none(), "{story}");
    person
}

#[test]
fn chi_comes_too_late_to_a_code_and_then_scans_the_badge_and_has_one_ana() {
    for restarts in [false, true] {
        let (mut world, [ana, bo, chi]) = three(1);
        let failed = chi_comes_too_late(&mut world, [ana, bo, chi]);
        let need = Text::new("a stand next to ours").unwrap();
        for change in [
            PersonChange::Tag(Label::new("valves").unwrap()),
            PersonChange::FollowUp(FollowUpChange::Need(need.clone())),
        ] {
            world.does(chi, |turn| turn.change_person(failed, change.clone()));
        }
        if restarts {
            world.restarts(chi);
            world.run_for(HOUR);
        }
        by_badge(&mut world, ana, chi);
        let person = only_ana(&world, ana, chi, "after the badge");
        assert_eq!(world.finds(chi, "ana").id, person.id, "nobody is asked which Ana is meant");
        assert_eq!(notes(&world, chi, person.id), [NOTE]);
        assert_eq!(person.tags.iter().map(Label::as_str).collect::<Vec<_>>(), ["valves"]);
        assert_eq!(follow_up(&world.home(chi).store, person.id).unwrap().need, need);
        assert_eq!(ways(&person), [Way::IScannedPrinted, Way::IScanned]);
        assert_eq!(person.encounters[1].event.as_ref().map(Line::as_str), Some("Hall 12"));
        assert!(person.encounters[1].at < person.encounters[0].at, "the day of the first scan is kept");
        assert_eq!(
            person.provenance(),
            "via their printed code (Badge 2027)",
            "the scan that led nowhere says nothing"
        );
        assert_eq!(world.card(chi, ana).unwrap().tier, Tier::Public);
        world.run_for(60 * DAY);
        only_ana(&world, ana, chi, "two months later");
        world.check();
    }
}

#[test]
fn what_led_nowhere_joins_whichever_way_the_contact_is_made() {
    for way in ["a fresh code of Ana's", "a code of Chi's", "a badge of Chi's"] {
        let (mut world, [ana, bo, chi]) = three(2);
        chi_comes_too_late(&mut world, [ana, bo, chi]);
        match way {
            "a fresh code of Ana's" => meet(&mut world, ana, chi),
            "a code of Chi's" => meet(&mut world, chi, ana),
            _ => by_badge(&mut world, chi, ana),
        }
        let person = only_ana(&world, ana, chi, way);
        assert_eq!(notes(&world, chi, person.id), [NOTE], "{way}");
        assert_eq!(person.encounters.len(), 2, "{way}");
        world.check();
    }
}

#[test]
fn chi_holds_ana_and_scans_a_code_that_was_used_and_has_one_ana() {
    let (mut world, [ana, bo, chi]) = three(3);
    meet(&mut world, ana, chi);
    let held = world.knows(chi, ana).unwrap().id;
    let code = used_code(&mut world, ana, bo);
    scans_with_note(&mut world, chi, &code);
    world.run_for(30);
    let person = only_ana(&world, ana, chi, "after the scan");
    assert_eq!(person.id, held);
    assert_eq!(notes(&world, chi, held), [NOTE]);
    assert_eq!(ways(&person), [Way::IScanned, Way::IScanned]);
    let refused = world.told(chi).any(|notice| matches!(notice, Notice::Refused { person, .. } if *person == held));
    assert!(refused, "Chi is told that the code was used, by the name she has for Ana");
    world.check();
}

#[test]
fn two_scans_are_on_their_way_one_is_late_and_one_is_taken_in_any_order() {
    for seed in 0..20 {
        let (mut world, [ana, bo, chi]) = three(seed);
        let used = used_code(&mut world, ana, bo);
        let fresh = world.shows_live(ana, "Hannover Messe");
        world.weather = Weather { delay: (10, 2_000), ..Weather::FINE };
        world.goes_offline(chi);
        let codes = if seed % 2 == 0 { [&used, &fresh] } else { [&fresh, &used] };
        for code in codes {
            scans_with_note(&mut world, chi, code);
            world.run_for(seed % 3);
        }
        world.comes_online(chi);
        if seed % 4 == 3 {
            world.run_for(seed % 5);
            world.restarts(chi);
        }
        world.run_for(2 * HOUR);
        let story = format!("seed {seed}");
        let person = only_ana(&world, ana, chi, &story);
        assert_eq!(notes(&world, chi, person.id), [NOTE, NOTE], "{story}");
        assert_eq!(person.encounters.len(), 2, "{story}");
        assert!(world.has_delivered_all(), "{story}");
        world.check();
    }
}

#[test]
fn a_crash_at_any_step_leaves_two_entries_or_one_and_never_less_than_chi_wrote() {
    for kind in [Crash::BeforeCommit, Crash::BeforeEffects] {
        for step in 0..12 {
            let (mut world, [ana, bo, chi]) = three(4);
            chi_comes_too_late(&mut world, [ana, bo, chi]);
            let crash_at = world.home(chi).steps + step;
            world.home_mut(chi).crash = Some((crash_at, kind));
            let badge = world.prints(ana, "Badge 2027");
            world.scans(chi, &badge);
            world.run_for(2 * HOUR);
            world.accepts(ana, chi);
            world.run_for(2 * HOUR);
            let story = format!("{kind:?} at step {step}");
            let person = only_ana(&world, ana, chi, &story);
            assert_eq!(notes(&world, chi, person.id), [NOTE], "{story}");
            assert_eq!(person.encounters.len(), 2, "{story}");
            world.check();
        }
    }
}

#[test]
fn a_badge_that_nobody_answered_joins_when_they_meet() {
    let (mut world, [ana, _, chi]) = three(5);
    let badge = world.prints(ana, "Badge 2027");
    scans_with_note(&mut world, chi, &badge);
    world.run_for(35 * DAY);
    let waited = world.finds(chi, "Ana");
    assert_eq!(waited.scan.and_then(|scan| scan.problem), Some(ScanProblem::Unanswered));
    meet(&mut world, ana, chi);
    let person = only_ana(&world, ana, chi, "after they met");
    assert_eq!(notes(&world, chi, person.id), [NOTE]);
    assert_eq!(ways(&person), [Way::IScanned, Way::IScannedPrinted]);
    world.check();
}

#[test]
fn another_person_of_the_same_name_is_another_person() {
    let (mut world, [ana, bo, chi]) = three(6);
    let failed = chi_comes_too_late(&mut world, [ana, bo, chi]);
    let namesake = world.person("Ana");
    meet(&mut world, namesake, chi);
    let other = world.knows(chi, namesake).unwrap();
    assert_ne!(other.id, failed);
    assert!(notes(&world, chi, other.id).is_empty(), "what Chi noted about one is not about the other");
    assert_eq!(world.people(chi).len(), 2);
    meet(&mut world, ana, chi);
    assert_eq!(world.people(chi).len(), 2);
    assert_eq!(notes(&world, chi, world.knows(chi, ana).unwrap().id), [NOTE]);
    world.check();
}

#[test]
fn without_room_for_all_notes_both_entries_stay() {
    let (mut world, [ana, bo, chi]) = three(7);
    let failed = chi_comes_too_late(&mut world, [ana, bo, chi]);
    for number in 1..limits::NOTES {
        let note = Note::new(&format!("number {number}")).unwrap();
        world.does(chi, |turn| turn.change_person(failed, PersonChange::Note(note.clone())));
    }
    by_badge(&mut world, ana, chi);
    assert!(world.holds(chi, ana));
    assert_eq!(world.people(chi).len(), 2);
    assert_eq!(notes(&world, chi, failed).len(), limits::NOTES, "nothing is lost");
    world.check();
}

#[test]
fn who_was_blocked_as_a_scan_that_led_nowhere_stays_apart() {
    let (mut world, [ana, bo, chi]) = three(8);
    let failed = chi_comes_too_late(&mut world, [ana, bo, chi]);
    world.does(chi, |turn| turn.change_person(failed, PersonChange::Block(true)));
    meet(&mut world, ana, chi);
    assert_eq!(world.people(chi).len(), 2, "a block is not forgotten by the way");
    world.check();
}
