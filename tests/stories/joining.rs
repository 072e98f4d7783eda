//! One person who stands twice among somebody's people is joined by their own word, and by nothing else.

use kith_protocol::card::Tier;
use kith_protocol::engine::Error;
use kith_protocol::engine::captures::{Capture, Outcome, Whom};
use kith_protocol::engine::follow_up::{FollowUpChange, follow_up};
use kith_protocol::engine::guests::LeftSecret;
use kith_protocol::engine::handover::handed_over;
use kith_protocol::engine::introduction::Meant;
use kith_protocol::engine::people::{PersonChange, notes_about};
use kith_protocol::engine::person::{Person, ScanProblem, Standing, Way};
use kith_protocol::engine::scans::Scanned;
use kith_protocol::id::{CaptureKey, PersonId};
use kith_protocol::limits;
use kith_protocol::store::Table;
use kith_protocol::text::{Label, Line, Name, Note, Text};
use kith_tests::sim::{Scan, Visitor, Who, World};

use crate::{DAY, meet};

/// What Ana noted when she scanned the code that was used already.
const NOTE: &str = "sells valves, has a stall in hall 12";

fn three(seed: u64) -> (World, [Who; 3]) {
    let mut world = World::new(seed);
    let people = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    (world, people)
}

/// Ana scans a code of Bo's that Chi has used: it leads nowhere.
fn ana_comes_too_late(world: &mut World, [ana, bo, chi]: [Who; 3]) -> PersonId {
    let code = world.shows_live(bo, "Hannover Messe");
    world.scans(chi, &code);
    world.run_for(30);
    assert!(world.are_contacts(bo, chi));
    let scan = Scan { tier: Tier::Contacts, event: Some("Hall 12"), note: NOTE };
    let failed = match world.tries_to_scan(ana, &code, scan) {
        Ok(Scanned::New(person) | Scanned::Before(person)) => person,
        Err(error) => panic!("the scan waits for its answer: {error}"),
    };
    world.run_for(30);
    let person = world.finds(ana, "Bo");
    assert_eq!((person.id, person.scan.unwrap().problem), (failed, Some(ScanProblem::Used)));
    failed
}

fn joins(world: &mut World, who: Who, from: PersonId, into: PersonId) -> Person {
    world.does(who, |turn| turn.join_person(from, into))
}

#[track_caller]
fn is_refused(world: &mut World, who: Who, from: PersonId, into: PersonId, words: &str) {
    let before = world.people(who);
    let refused = world.tries(who, |turn| turn.join_person(from, into)).unwrap_err().to_string();
    assert!(refused.contains(words), "{refused}");
    assert_eq!(world.people(who), before, "{refused}");
}

fn notes(world: &World, who: Who, person: PersonId) -> Vec<String> {
    let notes = notes_about(&world.home(who).store, person).unwrap();
    notes.iter().map(|note| note.text.as_str().to_owned()).collect()
}

fn ways(person: &Person) -> Vec<Way> {
    person.encounters.iter().map(|one| one.way).collect()
}

fn foreign(name: &str, text: &str) -> Capture {
    Capture::of(Whom::Foreign(Name::new(name).unwrap(), Note::new(text).unwrap()))
}

#[test]
fn ana_comes_too_late_to_a_code_and_then_holds_bo_and_says_that_they_are_one() {
    let (mut world, people) = three(1);
    let [ana, bo, _] = people;
    let failed = ana_comes_too_late(&mut world, people);
    let need = Text::new("a stand next to ours").unwrap();
    for change in [
        PersonChange::Tag(Label::new("valves").unwrap()),
        PersonChange::Petname(Some(Name::new("Bo of hall 12").unwrap())),
        PersonChange::Cadence(Some(90)),
        PersonChange::FollowUp(FollowUpChange::Need(need.clone())),
    ] {
        world.does(ana, |turn| turn.change_person(failed, change.clone()));
    }
    world.run_for(DAY);
    meet(&mut world, bo, ana);
    assert_eq!(world.people(ana).len(), 2, "nothing is joined by itself");
    let held = world.knows(ana, bo).unwrap();
    let joined = joins(&mut world, ana, failed, held.id);

    assert_eq!(world.people(ana), std::slice::from_ref(&joined));
    assert_eq!(world.knows(ana, bo).unwrap(), joined);
    assert!(joined.is_contact() && joined.scan.is_none() && joined.tier == held.tier);
    assert_eq!(joined.display_name(), "Bo of hall 12");
    assert_eq!(joined.tags, [Label::new("valves").unwrap()]);
    assert_eq!(joined.cadence, Some(90));
    assert_eq!(notes(&world, ana, held.id), [NOTE]);
    assert_eq!(ways(&joined), [Way::IScanned, Way::Written], "a scan that led nowhere is no meeting");
    assert_eq!(joined.encounters[1].event.as_ref().map(Line::as_str), Some("Hall 12"));
    assert!(joined.encounters[1].at < joined.encounters[0].at, "its day is kept");
    assert_eq!(joined.provenance(), held.provenance());
    let doing = follow_up(&world.home(ana).store, held.id).unwrap();
    assert_eq!(doing.need, need);
    assert_eq!(doing.next.unwrap().what, None, "to write after the second meeting");
    assert_eq!(world.entries(ana, Table::FollowUps), 1);

    // They write to each other as before, and two months later there is one Bo.
    world.writes(bo, ana, "Thank you for the quote.");
    world.run_for(60 * DAY);
    assert_eq!(world.texts(ana, bo), ["Thank you for the quote."]);
    assert_eq!(world.people(ana).len(), 1);
    world.check();
}

#[test]
fn what_others_are_told_of_bo_is_what_it_was() {
    let (mut world, people) = three(2);
    let [ana, bo, chi] = people;
    let failed = ana_comes_too_late(&mut world, people);
    meet(&mut world, ana, chi);
    let badge = world.prints(bo, "Badge 2027");
    world.scans(ana, &badge);
    world.run_for(60);
    world.accepts(bo, ana);
    world.run_for(60);
    let held = world.knows(ana, bo).unwrap();
    let joined = joins(&mut world, ana, failed, held.id);
    assert_eq!(joined.known_to_others(), held.known_to_others());
    assert_eq!(joined.known_to_others().unwrap().as_str(), "by a printed code");
    assert_eq!(joined.provenance(), held.provenance());
    assert!(world.meetings(ana, bo).is_empty() && world.meetings(bo, ana).is_empty());
    world.hands_over(ana, held.id, chi, Some("")).unwrap();
    world.run_for(60);
    let item = world.inbox(chi).pop().unwrap();
    let handed = handed_over(&world.home(chi).store, &item).unwrap().unwrap().whom;
    assert_eq!((handed.event, handed.met), (held.encounters[0].event.clone(), held.encounters[0].at));
    world.check();
}

#[test]
fn whom_ana_wrote_down_from_two_cards_is_one_and_nothing_is_lost() {
    let (mut world, [ana, ..]) = three(3);
    let text = "x".repeat(limits::NOTE);
    let key = CaptureKey([7; 16]);
    let capture = Capture {
        key: Some(key),
        need: Text::new("a lathe").unwrap(),
        note: Note::new("tall").unwrap(),
        ..foreign("Dee W.", &text)
    };
    let from = world.captures(ana, &capture).1;
    let other = Capture {
        need: Text::new("valves").unwrap(),
        note: Note::new("from Porto").unwrap(),
        ..foreign("Dee Wong", "TEL:+49 170 1")
    };
    // In the same second: both are the first note of their second.
    let into = world.captures(ana, &other).1;
    let before = world.finds(ana, "Dee Wong");
    let joined = joins(&mut world, ana, from, into);
    assert_eq!(world.people(ana), std::slice::from_ref(&joined));
    assert_eq!(joined.foreign, before.foreign);
    assert_eq!(joined.provenance(), before.provenance());
    assert_eq!(ways(&joined), [Way::ForeignCode; 2]);
    assert_eq!(follow_up(&world.home(ana).store, into).unwrap().need.as_str(), "valves");
    let notes = notes(&world, ana, into);
    for said in ["tall", "from Porto", "They needed: a lathe", "Also written down as Dee W."] {
        assert_eq!(notes.iter().filter(|note| *note == said).count(), 1, "{said}");
    }
    let kept: String = notes.iter().filter(|note| note.ends_with('x')).map(String::as_str).collect();
    assert_eq!((notes.len(), kept), (6, format!("As it came, unconfirmed:\n{text}")));
    assert_eq!(world.captures(ana, &capture), (Outcome::WrittenDown, into), "a phone that sends it again");
    world.check();
}

#[test]
fn who_is_more_than_anas_own_words_stays_apart() {
    let (mut world, people) = three(4);
    let [ana, bo, chi] = people;
    let eva = world.person("Eva");
    let failed = ana_comes_too_late(&mut world, people);
    meet(&mut world, bo, ana);
    let held = world.knows(ana, bo).unwrap().id;
    is_refused(&mut world, ana, held, failed, "more than your own words");
    is_refused(&mut world, ana, failed, failed, "one person already");
    is_refused(&mut world, ana, failed, PersonId([9; 10]), "no person");

    let dee = world.writes_down(ana, "Dee", "");
    let code = world.shows_live(chi, "Dinner");
    world.goes_offline(chi);
    let pending = world.scans(ana, &code);
    is_refused(&mut world, ana, pending, held, "answer may still come");
    is_refused(&mut world, ana, dee, pending, "answer may still come");

    let badge = world.prints(ana, "badge");
    world.scans(eva, &badge);
    world.run_for(60);
    let asking = world.knows(ana, eva).unwrap();
    assert_eq!(asking.standing, Standing::Asking);
    is_refused(&mut world, ana, asking.id, held, "more than your own words");
    is_refused(&mut world, ana, dee, asking.id, "wait for your answer");

    for (blocked, from, into) in [(failed, failed, held), (held, failed, held)] {
        world.does(ana, |turn| turn.change_person(blocked, PersonChange::Block(true)));
        is_refused(&mut world, ana, from, into, "blocked");
        world.does(ana, |turn| turn.change_person(blocked, PersonChange::Block(false)));
    }

    world.forgets(bo, ana);
    world.run_for(60);
    let gone = world.knows(ana, bo).unwrap();
    assert_eq!(gone.standing, Standing::Ended);
    is_refused(&mut world, ana, gone.id, dee, "more than your own words");
    joins(&mut world, ana, failed, gone.id);
    assert_eq!(notes(&world, ana, gone.id), [NOTE], "whom Ana held once is who she knew");
    world.comes_online(chi);
    world.run_for(60);
    world.check();
}

#[test]
fn what_a_visitor_can_take_back_stays_by_itself_and_an_ask_is_withdrawn_first() {
    let (mut world, [ana, bo, _]) = three(5);
    meet(&mut world, bo, ana);
    let held = world.knows(ana, bo).unwrap().id;
    let visitor =
        Visitor { secret: LeftSecret([1; 20]), name: "Eva", email: "eva@work.example", message: "We need valves." };
    world.leaves(ana, visitor);
    let item = world.inbox(ana).pop().unwrap();
    world.decides(ana, &item, true, None);
    let eva = world.finds(ana, "Eva").id;
    is_refused(&mut world, ana, eva, held, "take back");
    let written = world.writes_down(ana, "Eva Lang", "rows at the weekend");
    joins(&mut world, ana, written, eva);
    world.takes_back(ana, visitor);
    assert_eq!(world.finds(ana, "Eva").foreign, None, "what she left goes");
    assert_eq!(notes(&world, ana, eva)[0], "rows at the weekend", "what Ana wrote stays");
    joins(&mut world, ana, eva, held);

    let dee = world.writes_down(ana, "Dee", "");
    let ask = world.tries_to_ask(ana, bo, Meant::Person(dee), Tier::Contacts).unwrap();
    let other = world.writes_down(ana, "Dee Wong", "");
    is_refused(&mut world, ana, dee, other, "asked for an introduction");
    world.withdraws_introduction(ana, ask);
    joins(&mut world, ana, dee, other);
    assert_eq!(world.has_asked_id(ana, ask.id).person, Some(other));
    world.run_for(60);
    world.check();
}

#[test]
fn without_room_nothing_changes() {
    let (mut world, [ana, ..]) = three(6);
    let from = world.writes_down(ana, "Dee", "tall");
    let into = world.writes_down(ana, "Dee Wong", "");
    for number in 1..limits::NOTES {
        let note = Note::new(&format!("number {number}")).unwrap();
        world.does(ana, |turn| turn.change_person(into, PersonChange::Note(note.clone())));
    }
    let refused = world.tries(ana, |turn| turn.join_person(from, into)).unwrap_err();
    assert!(matches!(refused, Error::Full("notes about this person")), "the other name is a note, too: {refused}");
    assert_eq!((notes(&world, ana, from).len(), notes(&world, ana, into).len()), (1, limits::NOTES - 1));

    let full = world.writes_down(ana, "Dee", "");
    for number in 0..limits::TAGS {
        let tag = Label::new(&format!("tag {number}")).unwrap();
        world.does(ana, |turn| turn.change_person(full, PersonChange::Tag(tag.clone())));
    }
    let tag = Label::new("tall").unwrap();
    world.does(ana, |turn| turn.change_person(from, PersonChange::Tag(tag.clone())));
    is_refused(&mut world, ana, from, full, "tags on this person");
    assert_eq!(notes(&world, ana, from), ["tall"]);
    world.does(ana, |turn| turn.change_person(from, PersonChange::Untag(tag.clone())));
    joins(&mut world, ana, from, full);
    world.check();
}
