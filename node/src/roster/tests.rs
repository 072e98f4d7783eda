use std::collections::BTreeSet;
use std::ops::ControlFlow;

use kith_protocol::engine::captures::{Capture, Whom};
use kith_protocol::engine::events::Where;
use kith_protocol::engine::follow_up::{Due, FollowUpChange, NextStep};
use kith_protocol::engine::people::{PersonChange, notes_about};
use kith_protocol::engine::person::Standing;
use kith_protocol::folding::{fold, sort_key};
use kith_protocol::limits;
use kith_protocol::text::{Label, Line, Name, Note, Text};
use kith_protocol::time::{Date, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::driver::{Driver, Handle, Offline};
use crate::home::Home;
use crate::machine::now;

/// Ana's home, without a network.
struct Ana {
    runtime: tokio::runtime::Runtime,
    driver: Option<Driver>,
    _folder: tempfile::TempDir,
}

impl Ana {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (open, _) = Home::at(folder.path()).create(Name::new("Ana").unwrap()).unwrap();
        let (_, store, _, _lock) = open.into_parts();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let driver = runtime.block_on(async { Driver::start(store, Offline, None).unwrap() });
        Self { runtime, driver: Some(driver), _folder: folder }
    }

    fn handle(&self) -> Handle {
        self.driver.as_ref().unwrap().handle()
    }

    fn add(&self, name: &str, event: Option<&str>, note: &str) -> PersonId {
        let (name, note) = (Name::new(name).unwrap(), Note::new(note).unwrap());
        let place = event.map_or(Where::Nowhere, |event| Where::At(Line::new(event).unwrap()));
        let capture = Capture { place, note, ..Capture::of(Whom::Written(name)) };
        let handle = self.handle();
        self.runtime.block_on(handle.act(move |turn| turn.capture(capture))).unwrap().1
    }

    fn change(&self, id: PersonId, change: PersonChange) {
        let handle = self.handle();
        self.runtime.block_on(handle.act(move |turn| turn.change_person(id, change))).unwrap();
    }

    fn forget(&self, id: PersonId) {
        let handle = self.handle();
        self.runtime.block_on(handle.act(move |turn| turn.forget_person(id))).unwrap();
    }

    fn list(&self, query: &Query) -> (Vec<String>, usize) {
        let page = self.handle().roster().page(query).unwrap();
        (page.people.into_iter().map(|person| person.name.into()).collect(), page.total)
    }

    fn names(&self, words: &str) -> Vec<String> {
        self.list(&Query { words: words.to_owned(), ..Query::default() }).0
    }
}

impl Drop for Ana {
    fn drop(&mut self) {
        self.runtime.block_on(self.driver.take().unwrap().stop()).unwrap();
    }
}

fn petname(name: &str) -> PersonChange {
    PersonChange::Petname(Some(Name::new(name).unwrap()))
}

#[test]
fn whoever_is_renamed_is_found_under_the_new_name_at_once() {
    let ana = Ana::new();
    let bo = ana.add("Bo Lindqvist", None, "");
    assert_eq!(ana.names("lindqvist"), ["Bo Lindqvist"]);
    for number in 0..50 {
        let name = format!("Bo of hall {number}");
        ana.change(bo, petname(&name));
        assert_eq!(ana.names(&format!("hall {number}")), [name.as_str()]);
        assert_eq!(ana.handle().roster().find(&name).unwrap().id, bo);
    }
    ana.forget(bo);
    assert_eq!(ana.names("bo"), [""; 0]);
    assert_eq!(ana.handle().roster().counts().unwrap(), Counts::default());
}

#[test]
fn who_asks_while_others_change_sees_what_was_answered_before() {
    let ana = Ana::new();
    let people: Vec<PersonId> = (0..4).map(|number| ana.add(&format!("Chi {number}"), None, "")).collect();
    std::thread::scope(|scope| {
        for (place, id) in people.iter().enumerate() {
            let ana = &ana;
            scope.spawn(move || {
                for round in 0..20 {
                    let name = format!("Chi {place} round {round}");
                    ana.change(*id, petname(&name));
                    let found = ana.names(&format!("{place} {round}"));
                    assert!(found.contains(&name), "{name} is not in {found:?}");
                }
            });
        }
    });
}

#[test]
fn a_name_in_look_alike_letters_is_found_and_told_apart() {
    let ana = Ana::new();
    let sousa = ana.add("Eva Sousa", None, "");
    ana.add("Eva Ѕоuѕа", None, "");
    assert_eq!(ana.names("sousa").len(), 2);
    let refused = ana.handle().roster().find("eva sousa").unwrap_err();
    assert!(matches!(refused, engine::Error::Ambiguous { .. }), "neither is taken for the other: {refused}");
    assert_eq!(ana.handle().roster().find(&sousa.to_string()).unwrap().id, sousa);
}

#[test]
fn a_list_comes_in_pages_by_name_or_by_the_last_touch() {
    let ana = Ana::new();
    let people: Vec<PersonId> = (0..120).map(|number| ana.add(&format!("Chi {number:03}"), None, "")).collect();
    let page = |page| ana.list(&Query { page, ..Query::default() });
    assert_eq!((page(0).0.len(), page(2).0.len(), page(3).0.len()), (PAGE, 20, 0));
    assert_eq!((page(0).1, page(9).1, page(usize::MAX).1), (120, 120, 120));
    assert_eq!(page(1).0[0], "Chi 050");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    ana.change(people[77], PersonChange::Touch);
    let touched = ana.list(&Query { order: Order::Touched, ..Query::default() }).0;
    assert_eq!(touched[..2], ["Chi 077", "Chi 000"], "the last touched first, then by name");
}

#[test]
fn what_is_too_long_to_be_held_is_found_all_the_same() {
    let ana = Ana::new();
    let bo = ana.add("Bo", Some("Hannover Messe"), &"long story ".repeat(500));
    ana.change(bo, PersonChange::Note(Note::new("in the end he bought valves").unwrap()));
    ana.change(bo, PersonChange::Tag(Label::new("Welders, Bremen").unwrap()));
    assert_eq!(ana.names("valves story hannover"), ["Bo"]);
    assert_eq!(ana.names("valves pumps"), [""; 0]);
    let (tags, met) = (vec!["welders, bremen".to_owned()], vec!["HANNOVER MESSE".to_owned()]);
    assert_eq!(ana.list(&Query { tags, met, ..Query::default() }).1, 1);
}

#[test]
fn what_they_need_and_i_promised_is_found_until_it_is_done() {
    let ana = Ana::new();
    let bo = ana.add("Bo", None, "");
    let words = |text: &str| Text::new(text).unwrap();
    let due = Due::On(Date::from_number(30_000));
    let step = NextStep { due, what: Some(Line::new("visit the foundry").unwrap()) };
    for change in [
        FollowUpChange::Need(words("ball valves DN 50")),
        FollowUpChange::Promise(words("the Bremen catalogue")),
        FollowUpChange::Next(Some(step)),
    ] {
        ana.change(bo, PersonChange::FollowUp(change));
    }
    for words in ["valves", "bremen CATALOGUE", "foundry valves"] {
        assert_eq!(ana.names(words), ["Bo"], "{words}");
    }
    ana.change(bo, PersonChange::FollowUp(FollowUpChange::Need(words(""))));
    ana.change(bo, PersonChange::FollowUp(FollowUpChange::Done));
    assert_eq!((ana.names("valves").len(), ana.names("foundry").len(), ana.names("bremen").len()), (0, 0, 1));
}

#[derive(Clone, Debug)]
enum Act {
    Add(String, Option<String>, String),
    Change(prop::sample::Index, PersonChange),
    Forget(prop::sample::Index),
    Look(Query),
}

const WORDS: &[&str] =
    &["Ana", "Аnа", "Bo", "Lindqvist", "Zoë", "zoe", "Тимур", "тим", "valves", "val", "Hannover", "n", "李小龍", "b a"];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..4).prop_map(|words| words.join(" "))
}

fn any_act() -> impl Strategy<Value = Act> {
    let any_index = any::<prop::sample::Index>;
    let label = || word().prop_map(|word| Label::new(&word).unwrap());
    let note = (words(), prop_oneof![Just(1), Just(1), Just(400)]);
    let note = note.prop_map(|(words, times)| Note::new(&format!("{words} ").repeat(times)).unwrap_or_default());
    let change = prop_oneof![
        prop::option::of(words().prop_map(|name| Name::new(&name).unwrap())).prop_map(PersonChange::Petname),
        label().prop_map(PersonChange::Tag),
        label().prop_map(PersonChange::Untag),
        note.prop_map(PersonChange::Note),
        prop::option::of(1..4u32).prop_map(PersonChange::Cadence),
    ];
    prop_oneof![
        3 => (words(), prop::option::of(word()), words()).prop_map(|(name, event, note)| Act::Add(name, event, note)),
        4 => (any_index(), change).prop_map(|(who, change)| Act::Change(who, change)),
        1 => any_index().prop_map(Act::Forget),
        4 => any_query().prop_map(Act::Look),
    ]
}

fn any_query() -> impl Strategy<Value = Query> {
    let words = prop_oneof![Just(String::new()), words()];
    let called = prop_oneof![4 => Just(String::new()), 1 => word()];
    let tags = prop_oneof![4 => Just(Vec::new()), 2 => prop::collection::vec(word(), 1..3)];
    let met = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(word(), 1..3)];
    let standing = prop_oneof![4 => Just(None), 1 => Just(Some(Standing::Contact))];
    let overdue =
        prop_oneof![4 => Just(None), 1 => (0..4u64).prop_map(|days| Some(now().plus(days * limits::DAY + 60)))];
    let order = prop_oneof![Just(Order::Name), Just(Order::Touched)];
    (words, called, tags, met, standing, overdue, order, 0..2usize).prop_map(
        |(words, called, tags, met, standing, overdue, order, page)| Query {
            words,
            called,
            tags,
            met,
            standing,
            overdue,
            order,
            page,
        },
    )
}

/// Everybody in the storage, one by one.
fn everybody(view: &View) -> Vec<Person> {
    let mut ids = Vec::new();
    let mut visit = |key: &[u8], _: &[u8]| {
        ids.push(PersonId(key.try_into().unwrap()));
        ControlFlow::Continue(())
    };
    view.scan(Table::People, b"", b"", &mut visit).unwrap();
    ids.into_iter().map(|id| people::person(view, id).unwrap()).collect()
}

/// What a person should be found by, said once more and slowly.
fn fits(view: &View, person: &Person, query: &Query) -> bool {
    let events =
        person.encounters.iter().filter_map(|encounter| encounter.event.as_ref()).map(|event| fold(event.as_str()));
    let tags: BTreeSet<String> = person.tags.iter().map(|tag| fold(tag.as_str())).collect();
    let events: BTreeSet<String> = events.collect();
    let mut texts: Vec<String> = vec![fold(person.name.as_str()), fold(person.display_name())];
    let is_called = texts.iter().any(|name| name.starts_with(&fold(&query.called)));
    texts.extend(tags.iter().chain(&events).cloned());
    texts.extend(notes_about(view, person.id).unwrap().iter().map(|note| fold(note.text.as_str())));
    let due = |days: u32, now: Timestamp| now.secs() >= person.touched.secs() + u64::from(days) * 24 * 60 * 60;
    is_called
        && fold(&query.words).split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
        && query.tags.iter().all(|tag| tags.contains(&fold(tag)))
        && (query.met.is_empty() || query.met.iter().any(|met| events.contains(&fold(met))))
        && query.standing.is_none_or(|standing| person.standing == standing)
        && query.overdue.is_none_or(|now| person.cadence.is_some_and(|days| due(days, now)))
}

fn look(ana: &Ana, query: &Query) {
    let view = ana.handle().view().clone();
    let mut fitting = everybody(&view);
    fitting.retain(|person| fits(&view, person, query));
    fitting.sort_by_key(|person| (sort_key(person.display_name()), person.id));
    if query.order == Order::Touched {
        fitting.sort_by_key(|person| std::cmp::Reverse(person.touched));
    }
    let wanted: Vec<String> =
        fitting.iter().skip(query.page * PAGE).take(PAGE).map(|person| person.display_name().to_owned()).collect();
    assert_eq!(ana.list(query), (wanted, fitting.len()), "{query:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_list_says_what_reading_everybody_says(acts in prop::collection::vec(any_act(), 1..60)) {
        let ana = Ana::new();
        let mut known = Vec::new();
        for act in acts {
            match act {
                Act::Add(name, event, note) => known.push(ana.add(&name, event.as_deref(), &note)),
                Act::Change(who, change) if !known.is_empty() => ana.change(*who.get(&known), change),
                Act::Forget(who) if !known.is_empty() => ana.forget(known.swap_remove(who.index(known.len()))),
                Act::Change(..) | Act::Forget(_) => {}
                Act::Look(query) => look(&ana, &query),
            }
        }
        look(&ana, &Query::default());
        let counts = Counts { people: known.len(), contacts: 0 };
        prop_assert_eq!(ana.handle().roster().counts().unwrap(), counts);
    }
}
