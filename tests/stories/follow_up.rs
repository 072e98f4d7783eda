//! Ana at a fair and on the days after it: what she noted is there, once, and says when.

use kith_protocol::engine::agenda::{self, By};
use kith_protocol::engine::captures::{Capture, Next, Outcome, Whom};
use kith_protocol::engine::events::{self, EventPlan, Where};
use kith_protocol::engine::follow_up::{Due, FollowUp, FollowUpChange, follow_up};
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::person::Standing;
use kith_protocol::id::{CaptureKey, PersonId};
use kith_protocol::store::{Read, Store, Table, Write};
use kith_protocol::text::{Label, Line, Name, Note, Text};
use kith_protocol::time::{Date, Timestamp};
use kith_tests::sim::{Code, Crash, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

/// What Ana types at the stand: need, promise, a tag and a note.
fn noted(whom: Whom, key: u8) -> Capture {
    Capture {
        key: Some(CaptureKey([key; 16])),
        need: Text::new("valves for two ships").unwrap(),
        promise: Text::new("the drawings").unwrap(),
        tags: vec![Label::new("hot").unwrap()],
        note: Note::new("rows at the weekend").unwrap(),
        ..Capture::of(whom)
    }
}

fn code_of(code: &Code) -> Whom {
    Whom::Code(Box::new(code.read()))
}

fn written(name: &str) -> Whom {
    Whom::Written(Name::new(name).unwrap())
}

fn today(world: &World, who: Who) -> Date {
    Date::from_number(world.clock(who).day().number())
}

/// The fair is on today and for three days more.
fn goes_to(world: &mut World, who: Who, name: &str) -> events::Event {
    let first = today(world, who);
    let plan = EventPlan { name: Name::new(name).unwrap(), first, last: first.plus(3), place: None };
    world.does(who, |turn| turn.add_event(plan.clone()))
}

fn doing(world: &World, who: Who, person: PersonId) -> FollowUp {
    follow_up(&world.home(who).store, person).unwrap()
}

/// Next steps of somebody that are due by now, by day's end in UTC.
fn due(world: &World, who: Who) -> Vec<(Due, PersonId)> {
    let by = By { at: world.clock(who), on: today(world, who) };
    let end_of = |date: Date| Timestamp::from_secs((date.number() + 1) * DAY - 1);
    agenda::steps_due(&world.home(who).store, by, &end_of, 0, 100).unwrap()
}

fn silent(world: &World, who: Who) -> Vec<PersonId> {
    let silent = agenda::silent(&world.home(who).store, world.clock(who), 0, 100).unwrap();
    silent.into_iter().map(|(_, person)| person).collect()
}

fn met_at(world: &World, who: Who, event: &events::Event) -> Vec<PersonId> {
    let met = events::people_at(&world.home(who).store, event, 0, 100).unwrap();
    met.into_iter().map(|(_, person)| person).collect()
}

#[test]
fn bo_scans_at_the_fair_and_ana_is_on_his_day_tomorrow() {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let fair = goes_to(&mut world, bo, "Hannover Messe");
    let code = world.shows(ana, None, false, Default::default(), None);
    let capture = Capture { place: Where::On(today(&world, bo)), ..noted(code_of(&code), 1) };
    world.takes_in(bo, &code, &capture);
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    let she = world.knows(bo, ana).unwrap();
    assert_eq!((she.standing, she.provenance()), (Standing::Contact, "scanned live at Hannover Messe".to_owned()));
    assert_eq!(met_at(&world, bo, &fair), [she.id]);
    let noted = doing(&world, bo, she.id);
    assert_eq!((noted.need.as_str(), noted.promise.as_str()), ("valves for two ships", "the drawings"));
    assert_eq!(noted.next.as_ref().unwrap().in_words(), "write to them");
    assert_eq!(due(&world, bo), [], "today she is not due");
    let he = world.knows(ana, bo).unwrap().id;
    assert!(doing(&world, ana, he).next.is_some(), "Ana confirmed Bo: she writes to him too");
    world.run_for(DAY);
    assert_eq!(due(&world, bo).len(), 1, "tomorrow she is");
    world.changes(bo, ana, PersonChange::FollowUp(FollowUpChange::Done));
    assert_eq!(due(&world, bo), []);
    assert_eq!(world.knows(bo, ana).unwrap().touched, world.clock(bo), "what is done is a touch");
    world.check();
}

#[test]
fn any_touch_ends_the_silence() {
    let (mut world, ana, bo) = ana_and_bo(2);
    let touches = [
        PersonChange::Touch,
        PersonChange::Note(Note::new("called about the drawings").unwrap()),
        PersonChange::FollowUp(FollowUpChange::Done),
    ];
    world.changes(ana, bo, PersonChange::Cadence(Some(30)));
    let he = world.knows(ana, bo).unwrap().id;
    for touch in touches {
        world.run_for(29 * DAY);
        assert_eq!(silent(&world, ana), []);
        world.run_for(2 * DAY);
        assert_eq!(silent(&world, ana), [he], "before {touch:?}");
        world.changes(ana, bo, touch.clone());
        assert_eq!(silent(&world, ana), [], "after {touch:?}");
    }
    world.run_for(31 * DAY);
    meet(&mut world, ana, bo);
    assert_eq!(silent(&world, ana), [], "who met has been in touch");
    world.run_for(31 * DAY);
    world.changes(ana, bo, PersonChange::Cadence(None));
    assert_eq!(silent(&world, ana), [], "never again is never");
    world.check();
}

#[test]
fn the_same_capture_twice_is_one_person_with_the_time_of_the_first() {
    let (mut world, ana, bo) = ana_and_bo(3);
    let fair = goes_to(&mut world, bo, "Hannover Messe");
    let (chi, morning) = (world.person("Chi"), world.clock(bo));
    let code = world.shows(chi, None, false, Default::default(), None);
    world.goes_offline(bo);
    world.run_for(9 * HOUR);
    world.comes_online(bo);
    let place = Where::On(Date::from_number(morning.day().number()));
    let late = |capture: Capture| Capture { at: Some(morning), place: place.clone(), ..capture };
    let (scan, name) = (late(noted(code_of(&code), 1)), late(noted(written("Dee Okafor"), 2)));
    let scanned = world.takes_in(bo, &code, &scan);
    assert_eq!(world.takes_in(bo, &code, &scan), scanned);
    let wrote = world.captures(bo, &name);
    world.run_for(HOUR);
    assert_eq!(world.captures(bo, &name), wrote);
    assert_eq!(world.people(bo).len(), 3, "Ana, Chi and Dee");
    for person in [world.finds(bo, "Chi"), world.finds(bo, "Dee")] {
        assert_eq!(person.encounters.len(), 1);
        assert_eq!((person.encounters[0].at, person.encounters[0].late), (morning, false), "as it was at the fair");
        assert_eq!(doing(&world, bo, person.id).next.unwrap().due, Due::At(Timestamp::from_secs(morning.secs() + DAY)));
    }
    assert_eq!(met_at(&world, bo, &fair).len(), 3, "Ana, who was met there before there was such an event, too");
    assert!(world.holds(bo, ana));
    world.check();
}

#[test]
fn a_phone_that_syncs_after_the_answer_came_is_told_of_the_person_it_became() {
    let (mut world, ana, bo) = ana_and_bo(4);
    let he_knows = world.knows(bo, ana).unwrap().id;
    world.changes(bo, ana, PersonChange::FollowUp(FollowUpChange::Need(Text::new("a new lathe").unwrap())));
    let step = kith_protocol::engine::follow_up::NextStep {
        due: Due::On(today(&world, bo)),
        what: Some(Line::new("bring the samples").unwrap()),
    };
    world.changes(bo, ana, PersonChange::FollowUp(FollowUpChange::Next(Some(step))));
    let code = world.shows_live(ana, "Dinner");
    let capture = noted(code_of(&code), 7);
    let (outcome, pending) = world.takes_in(bo, &code, &capture);
    assert_eq!(outcome, Outcome::Pending);
    world.run_for(HOUR);
    assert_ne!(pending, he_knows);
    assert_eq!(world.takes_in(bo, &code, &capture), (Outcome::Pending, he_knows), "it was Ana all along");
    let now = doing(&world, bo, he_knows);
    assert_eq!(now.need.as_str(), "valves for two ships");
    assert_eq!(now.next.unwrap().in_words(), "bring the samples", "what he wrote himself stays");
    let notes = kith_protocol::engine::people::notes_about(&world.home(bo).store, he_knows).unwrap();
    let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
    assert!(texts.contains(&"They needed: a new lathe") && texts.contains(&"rows at the weekend"), "{texts:?}");
    assert_eq!(world.people(bo).len(), 1);
    assert_eq!(world.entries(bo, Table::FollowUps), 1, "nothing is left of who was waited for");
    world.check();
}

#[test]
fn a_code_that_was_scanned_before_brings_what_was_noted_to_the_person() {
    let mut world = World::new(5);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    let first = world.scans(bo, &code);
    let again = world.takes_in(bo, &code, &noted(code_of(&code), 1));
    assert_eq!(again, (Outcome::ScannedBefore, first));
    assert_eq!(doing(&world, bo, first).need.as_str(), "valves for two ships");
    let nothing = Capture { next: Next::Nothing, ..noted(written("Chi"), 2) };
    let (_, chi) = world.captures(bo, &nothing);
    assert_eq!(doing(&world, bo, chi).next, None);
}

#[test]
fn who_is_forgotten_gone_or_blocked_is_not_due() {
    let (mut world, ana, bo) = ana_and_bo(6);
    world.changes(ana, bo, PersonChange::Cadence(Some(1)));
    let (_, chi) = world.captures(ana, &noted(written("Chi"), 1));
    world.run_for(2 * DAY);
    assert_eq!((due(&world, ana).len(), silent(&world, ana).len()), (2, 1));
    world.changes(ana, bo, PersonChange::Block(true));
    assert_eq!((due(&world, ana).len(), silent(&world, ana).len()), (1, 0));
    world.changes(ana, bo, PersonChange::Block(false));
    assert_eq!((due(&world, ana).len(), silent(&world, ana).len()), (2, 1));
    world.forgets(bo, ana);
    world.run_for(HOUR);
    assert_eq!((due(&world, ana).len(), silent(&world, ana).len()), (1, 0), "Bo withdrew");
    world.does(ana, |turn| turn.forget_person(chi));
    assert_eq!(due(&world, ana), []);
    assert!(world.tries(ana, |turn| turn.capture(noted(written("Chi"), 1))).is_err(), "her phone brings it again");
    let keys = world.entries(ana, Table::Captures);
    world.run_for(62 * DAY);
    assert_eq!((keys, world.entries(ana, Table::Captures)), (1, 0), "no phone can bring it any more");
}

/// Everything that Bo has of the fair, without ids that depend on chance.
#[derive(Debug, PartialEq, Eq)]
struct Fair {
    people: Vec<(String, Standing, usize, Option<Timestamp>)>,
    doing: Vec<(String, String, Option<Due>)>,
    tables: [usize; 4],
}

/// At the fair Bo scans Ana and writes Chi down, on a phone that brings both until they are taken in.
fn at_the_fair(crash: Option<(u64, Crash)>) -> (Fair, u64) {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    goes_to(&mut world, bo, "Hannover Messe");
    let start = world.home(bo).steps;
    if let Some((step, crash)) = crash {
        world.home_mut(bo).crash = Some((start + step, crash));
    }
    let (code, at) = (world.shows_live(ana, "Hannover Messe"), world.clock(bo));
    let place = Where::On(today(&world, bo));
    for capture in [noted(code_of(&code), 1), noted(written("Chi"), 2)] {
        let capture = Capture { at: Some(at), place: place.clone(), ..capture };
        // Its answer may have been lost, so the phone brings it once more.
        for _ in 0..2 {
            world.takes_in(bo, &code, &capture);
        }
    }
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    let steps = world.home(bo).steps - start;
    world.check();
    (fair(&world, bo), steps)
}

fn fair(world: &World, who: Who) -> Fair {
    let mut people = world.people(who);
    people.sort_by_key(|person| person.name.clone());
    let line = |person: &kith_protocol::engine::person::Person| {
        let at = person.encounters.first().map(|encounter| encounter.at);
        (person.name.to_string(), person.standing, person.encounters.len(), at)
    };
    let doing = people.iter().map(|person| doing(world, who, person.id));
    Fair {
        people: people.iter().map(line).collect(),
        doing: doing
            .map(|all| (all.need.to_string(), all.promise.to_string(), all.next.map(|next| next.due)))
            .collect(),
        tables: [Table::FollowUps, Table::Agenda, Table::Captures, Table::Notes].map(|table| world.entries(who, table)),
    }
}

#[test]
fn a_crash_at_any_step_of_a_capture_leaves_one_person_and_one_next_step() {
    let (expected, steps) = at_the_fair(None);
    assert_eq!(expected.people.len(), 2, "{expected:?}");
    assert_eq!(expected.tables, [2, 4, 2, 2], "two steps that are due, two people at one event: {expected:?}");
    for step in 0..steps + 4 {
        for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
            assert_eq!(at_the_fair(Some((step, crash))).0, expected, "{crash:?} at step {step}");
        }
    }
}

#[test]
fn a_home_from_before_the_agenda_gets_one_that_is_the_same() {
    let (mut world, ana, bo) = ana_and_bo(8);
    let fair = goes_to(&mut world, ana, "Hannover Messe");
    world.changes(ana, bo, PersonChange::Cadence(Some(1)));
    world.changes(ana, bo, PersonChange::FollowUp(FollowUpChange::Next(None)));
    world.run_for(2 * DAY);
    let seen = (silent(&world, ana), met_at(&world, ana, &fair));
    assert_eq!((seen.0.len(), seen.1.len()), (1, 1));
    let mut old = world.copies(ana);
    let mut gone = vec![Write { table: Table::Meta, key: b"agenda".to_vec(), value: None }];
    old.scan(Table::Agenda, b"", b"", &mut |key, _| {
        gone.push(Write { table: Table::Agenda, key: key.to_vec(), value: None });
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    old.commit(&gone).unwrap();
    let missing = agenda::missing_agenda(&old).unwrap();
    old.commit(&missing).unwrap();
    assert_eq!(agenda::missing_agenda(&old).unwrap(), [], "it is made once");
    world.restores(ana, old);
    assert_eq!((silent(&world, ana), met_at(&world, ana, &fair)), seen);
}

#[test]
fn of_two_events_on_one_day_the_shorter_is_where_ana_is() {
    let mut world = World::new(9);
    let ana = world.person("Ana");
    goes_to(&mut world, ana, "Hannover Messe");
    let first = today(&world, ana);
    let dinner = EventPlan { name: Name::new("Dinner").unwrap(), first, last: first, place: None };
    world.does(ana, |turn| turn.add_event(dinner.clone()));
    let on = |date| events::event_on(&world.home(ana).store, date).unwrap().map(|event| event.name.to_string());
    let days = [first, first.plus(1), first.plus(3), first.plus(4)].map(on);
    let names = days.each_ref().map(|name| name.as_deref().unwrap_or("none"));
    assert_eq!(names, ["Dinner", "Hannover Messe", "Hannover Messe", "none"]);
}
