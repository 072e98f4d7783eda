//! People write to each other, and hand over whom they met.

use kith_protocol::card::Tier;
use kith_protocol::engine::Notice;
use kith_protocol::engine::captures::{Capture, Whom};
use kith_protocol::engine::correspondence::WordsState;
use kith_protocol::engine::events::Where;
use kith_protocol::engine::handover::handed_over;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::people::{PersonChange, notes_about};
use kith_protocol::engine::person::Standing;
use kith_protocol::id::PersonId;
use kith_protocol::limits;
use kith_protocol::store::Table;
use kith_protocol::text::{Line, Name, Note, Words};
use kith_tests::sim::{Crash, Weather, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

#[test]
fn ana_writes_to_bo_and_bo_writes_back() {
    let (mut world, ana, bo) = ana_and_bo(1);
    world.run_for(DAY);
    world.writes(ana, bo, "It was good to meet you.\nThe quote comes on Friday.");
    world.run_for(60);
    assert_eq!(world.texts(bo, ana), ["It was good to meet you.\nThe quote comes on Friday."]);
    assert_eq!(world.letters(ana, bo)[0].state, WordsState::Delivered);
    assert_eq!(world.asked_about(bo, ana), [ItemKind::Wrote]);
    assert!(world.told(bo).any(|notice| matches!(notice, Notice::Wrote { .. })));
    assert_eq!(world.knows(ana, bo).unwrap().touched, world.letters(ana, bo)[0].at, "she was in touch");
    world.run_for(HOUR);
    world.writes(bo, ana, "Thank you!");
    world.run_for(60);
    assert!(world.inbox(bo).is_empty(), "who has answered has read");
    assert_eq!(world.texts(ana, bo), world.texts(bo, ana));
    world.accepts(ana, bo);
    assert_eq!(world.texts(ana, bo).len(), 2, "what is read stays");
    world.check();
}

#[test]
fn what_is_written_to_somebody_who_is_away_waits_and_gives_up_at_its_date() {
    let (mut world, ana, bo) = ana_and_bo(2);
    world.goes_offline(bo);
    world.writes(ana, bo, "Are you there?");
    world.run_for(3 * DAY);
    assert_eq!(world.letters(ana, bo)[0].state, WordsState::Waiting);
    world.comes_online(bo);
    world.run_for(2 * HOUR);
    assert_eq!(world.letters(ana, bo)[0].state, WordsState::Delivered);
    world.goes_offline(bo);
    world.writes(ana, bo, "And now?");
    world.run_for(31 * DAY);
    assert_eq!(world.letters(ana, bo)[1].state, WordsState::GaveUp);
    assert_eq!(world.texts(bo, ana), ["Are you there?"]);
    assert!(world.inbox(bo).is_empty(), "what nobody looked at goes from the inbox, and stays with Ana");
    world.check();
}

#[test]
fn letters_go_to_contacts_who_are_not_blocked() {
    let (mut world, ana, bo) = ana_and_bo(3);
    world.changes(bo, ana, PersonChange::Block(true));
    let refused = world.tries_to_write(bo, ana, "Hello?").unwrap_err().to_string();
    assert!(refused.contains("blocked"), "{refused}");
    world.writes(ana, bo, "Have I done something?");
    world.run_for(60);
    assert!(world.texts(bo, ana).is_empty() && world.inbox(bo).is_empty(), "it looks to Ana as if he did nothing");
    let chi = world.person("Chi");
    let badge = world.prints(chi, "badge");
    world.scans(ana, &badge);
    world.run_for(60);
    let pending = world.people(ana).into_iter().find(|person| person.standing == Standing::Pending).unwrap().id;
    let words = Words::new("Hello Chi").unwrap();
    let refused = world.tries(ana, |turn| turn.write_to(pending, words.clone()).map(drop)).unwrap_err().to_string();
    assert!(refused.contains("contacts only"), "{refused}");
    for _ in 1..limits::WORDS_WAITING {
        world.goes_offline(bo);
        world.writes(ana, bo, "?");
    }
    world.writes(ana, bo, "?");
    assert!(world.tries_to_write(ana, bo, "?").is_err(), "what she writes leaves room for what her node has to say");
    world.check();
}

#[test]
fn a_correspondence_keeps_the_newest_letters_and_goes_with_the_person() {
    let (mut world, ana, bo) = ana_and_bo(4);
    for number in 0..limits::CORRESPONDENCE + 5 {
        world.writes(ana, bo, &format!("number {number}"));
        world.run_for(HOUR);
    }
    let texts = world.texts(ana, bo);
    assert_eq!(texts.len(), limits::CORRESPONDENCE);
    assert_eq!(texts[0], "number 5");
    assert_eq!(world.texts(bo, ana), texts);
    world.forgets(bo, ana);
    world.run_for(HOUR);
    assert_eq!(world.entries(bo, Table::Correspondence), 0);
    world.check();
}

/// Bo wrote Dee down, from a paper card, with a note.
fn bo_meets_dee(world: &mut World, bo: Who) -> PersonId {
    let foreign = Note::new("BEGIN:VCARD\nVERSION:3.0\nFN:Dee Wong\nTEL:+49 170 1\nEND:VCARD").unwrap();
    let capture = Capture {
        place: Where::At(Line::new("Hannover Messe").unwrap()),
        note: Note::new("wants a quote for valves").unwrap(),
        ..Capture::of(Whom::Foreign(Name::new("Dee Wong").unwrap(), foreign))
    };
    world.captures(bo, &capture).1
}

#[test]
fn bo_hands_over_whom_he_met_and_ana_writes_them_down_or_does_not() {
    let (mut world, ana, bo) = ana_and_bo(5);
    let dee = bo_meets_dee(&mut world, bo);
    world.goes_offline(ana);
    world.hands_over(bo, dee, ana, None).unwrap();
    world.run_for(DAY);
    world.comes_online(ana);
    world.run_for(2 * HOUR);
    let item = world.inbox(ana).remove(0);
    assert_eq!(item.kind, ItemKind::HandedOver);
    let handed = handed_over(&world.home(ana).store, &item).unwrap().unwrap().whom;
    assert_eq!((handed.name.as_str(), handed.note.as_str()), ("Dee Wong", "wants a quote for valves"));
    assert_eq!(world.people(ana).len(), 1, "nobody is written down before she says so");
    world.decides(ana, &item, true, None);
    let taken = world.finds(ana, "Dee");
    assert_eq!(taken.standing, Standing::Unconfirmed);
    assert_eq!(taken.provenance(), "handed over by Bo, met at Hannover Messe, unconfirmed");
    assert!(taken.foreign.unwrap().as_str().contains("TEL:+49 170 1"));
    let notes = notes_about(&world.home(ana).store, taken.id).unwrap();
    assert_eq!(notes[0].text.as_str(), "Bo wrote: wants a quote for valves");
    assert!(world.inbox(ana).is_empty() && world.entries(ana, Table::Handovers) == 0);
    world.hands_over(bo, dee, ana, Some("again")).unwrap();
    world.run_for(60);
    world.run_for(31 * DAY);
    assert!(world.inbox(ana).is_empty() && world.entries(ana, Table::Handovers) == 0, "nobody decided");
    assert_eq!(world.people(ana).len(), 2);
    world.check();
}

#[test]
fn whom_others_met_is_handed_on_without_where() {
    let (mut world, ana, bo) = ana_and_bo(8);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    let dee = bo_meets_dee(&mut world, bo);
    world.hands_over(bo, dee, ana, None).unwrap();
    world.run_for(HOUR);
    world.accepts(ana, bo);
    let dee = world.finds(ana, "Dee").id;
    world.hands_over(ana, dee, chi, Some("")).unwrap();
    world.run_for(HOUR);
    world.accepts(chi, ana);
    assert_eq!(world.finds(chi, "Dee").provenance(), "handed over by Ana, unconfirmed", "Ana met her nowhere");
}

#[test]
fn what_a_contact_gave_to_bo_alone_does_not_go_along() {
    let (mut world, ana, bo) = ana_and_bo(6);
    let (chi, eva) = (world.person("Chi"), world.person("Eva"));
    meet(&mut world, chi, bo);
    let badge = world.prints(eva, "badge");
    world.scans(bo, &badge);
    world.run_for(60);
    world.accepts(eva, bo);
    world.run_for(60);
    let hand = |world: &mut World, who: Who| {
        let id = world.knows(bo, who).unwrap().id;
        world.hands_over(bo, id, ana, None).unwrap();
        world.run_for(60);
        let item = world.inbox(ana).pop().unwrap();
        handed_over(&world.home(ana).store, &item).unwrap().unwrap().whom
    };
    assert_eq!(world.card(bo, chi).unwrap().tier, Tier::Contacts);
    let handed = hand(&mut world, chi);
    assert_eq!((handed.name.as_str(), handed.lines.len()), ("Chi", 0), "she gave that to Bo");
    assert_eq!(world.card(bo, eva).unwrap().tier, Tier::Public);
    let handed = hand(&mut world, eva);
    assert_eq!(handed.lines[0].value.as_str(), "Eva & Co", "anybody may have that");
    let itself = world.knows(bo, ana).unwrap().id;
    assert!(world.hands_over(bo, itself, ana, None).is_err());
    world.changes(bo, ana, PersonChange::Block(true));
    let chi = world.knows(bo, chi).unwrap().id;
    assert!(world.hands_over(bo, chi, ana, None).unwrap_err().to_string().contains("blocked"));
    world.check();
}

/// What both hold in the end.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    texts: [Vec<String>; 2],
    states: Vec<WordsState>,
    people: usize,
    left: usize,
}

fn write_and_hand_over(plan: Option<(usize, u64, Crash)>, weather: Weather) -> (Outcome, [u64; 2]) {
    let (mut world, ana, bo) = ana_and_bo(7);
    let dee = bo_meets_dee(&mut world, bo);
    world.run_for(HOUR);
    world.weather = weather;
    let start = [ana, bo].map(|who| world.home(who).steps);
    if let Some((end, step, crash)) = plan {
        world.home_mut([ana, bo][end]).crash = Some((start[end] + step, crash));
    }
    world.writes(ana, bo, "one");
    world.run_for(HOUR);
    world.writes(bo, ana, "two");
    world.run_for(HOUR);
    world.hands_over(bo, dee, ana, None).unwrap();
    world.run_for(HOUR);
    for who in [ana, bo] {
        for item in world.inbox(who) {
            world.decides(who, &item, true, None);
        }
    }
    world.run_for(HOUR);
    let steps = [ana, bo].map(|who| world.home(who).steps);
    let outcome = Outcome {
        texts: [world.texts(ana, bo), world.texts(bo, ana)],
        states: world.letters(ana, bo).iter().chain(&world.letters(bo, ana)).map(|one| one.state).collect(),
        people: world.people(ana).len(),
        left: world.outbox(ana).len() + world.outbox(bo).len() + world.inbox(ana).len() + world.inbox(bo).len(),
    };
    world.check();
    (outcome, [steps[0] - start[0], steps[1] - start[1]])
}

#[test]
fn a_crash_at_any_step_of_writing_and_handing_over_changes_nothing_in_the_end() {
    let (expected, steps) = write_and_hand_over(None, Weather::FINE);
    println!("steps without a crash: Ana {}, Bo {}", steps[0], steps[1]);
    assert_eq!(expected.texts, [["one", "two"], ["one", "two"]]);
    assert!(expected.people == 2 && expected.left == 0, "{expected:?}");
    for end in [0, 1] {
        for step in 0..steps[end] + 4 {
            for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
                let (outcome, _) = write_and_hand_over(Some((end, step, crash)), Weather::FINE);
                assert_eq!(outcome, expected, "{crash:?} at step {step} of {}", ["Ana", "Bo"][end]);
            }
        }
    }
    let (outcome, _) = write_and_hand_over(None, Weather::BAD);
    assert_eq!(outcome.texts, expected.texts, "letters that are lost and doubled come once");
}
