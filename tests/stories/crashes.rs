//! A crash at every step of a scan and of an introduction, before and after the step is durable, at every end.

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::introduction::{AskState, CarryState, ProposedState};
use kith_protocol::id::IntroId;
use kith_tests::sim::{Crash, Weather, Who, World};

use crate::HOUR;
use crate::introductions::three;

/// What both ends hold in the end, without ids that depend on chance.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    contacts: bool,
    met: bool,
    people: (usize, usize),
    encounters: (usize, usize),
    title: Option<String>,
    left: usize,
}

fn scan(plan: Option<(usize, u64, Crash)>) -> (World, Outcome, [u64; 2]) {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let start = [ana, bo].map(|who| world.home(who).steps);
    if let Some((end, step, crash)) = plan {
        let who = [ana, bo][end];
        world.home_mut(who).crash = Some((start[end] + step, crash));
    }
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(HOUR);
    let steps = [ana, bo].map(|who| world.home(who).steps);
    let outcome = outcome(&world, ana, bo);
    (world, outcome, [steps[0] - start[0], steps[1] - start[1]])
}

fn outcome(world: &World, ana: Who, bo: Who) -> Outcome {
    let encounters = |who, other| world.knows(who, other).map_or(0, |person| person.encounters.len());
    Outcome {
        contacts: world.are_contacts(ana, bo),
        met: world.met(ana, bo),
        people: (world.people(ana).len(), world.people(bo).len()),
        encounters: (encounters(ana, bo), encounters(bo, ana)),
        title: world.reads(bo, ana, FieldKind::Title),
        left: world.outbox(ana).len() + world.outbox(bo).len() + world.inbox(ana).len() + world.inbox(bo).len(),
    }
}

#[test]
fn a_crash_at_any_step_changes_nothing_in_the_end() {
    let (_, expected, steps) = scan(None);
    println!("steps without a crash: Ana {}, Bo {}", steps[0], steps[1]);
    assert!(expected.contacts && expected.met && expected.left == 0, "{expected:?}");
    let mut crashes = 0;
    for end in [0, 1] {
        // A crashed node has a few steps more, at its next start: they are crashed too.
        for step in 0..steps[end] + 4 {
            for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
                let (world, outcome, _) = scan(Some((end, step, crash)));
                let whose = ["Ana", "Bo"][end];
                assert_eq!(outcome, expected, "{crash:?} at step {step} of {whose}");
                world.check();
                crashes += 1;
            }
        }
    }
    println!("{crashes} crashes, one outcome");
}

#[test]
fn many_crashes_in_bad_weather_change_nothing_in_the_end() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        world.weather = Weather::BAD;
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let code = world.shows_live(ana, "Hannover Messe");
        world.scans(bo, &code);
        let crash = |world: &mut World| {
            let who = [ana, bo][world.choose(2)];
            let kind = [Crash::BeforeCommit, Crash::BeforeEffects][world.choose(2)];
            let step = world.home(who).steps + world.choose(3) as u64;
            world.home_mut(who).crash = Some((step, kind));
            world.run_for(20);
        };
        for _ in 0..10 {
            crash(&mut world);
        }
        world.run_for(HOUR);
        world.accepts(ana, bo);
        for _ in 0..10 {
            crash(&mut world);
        }
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.run_for(3 * HOUR);
        let outcome = outcome(&world, ana, bo);
        assert!(outcome.contacts && outcome.met && outcome.left == 0, "seed {seed}: {outcome:?}");
        assert_eq!((outcome.people, outcome.encounters), ((1, 1), (1, 1)), "seed {seed}");
        assert_eq!(outcome.title.as_deref(), Some("Owner"), "seed {seed}");
        world.check();
    }
}

/// What the three of an introduction hold in the end.
#[derive(Debug, PartialEq, Eq)]
struct Introduced {
    contacts: bool,
    people: [usize; 3],
    how: [Option<String>; 2],
    states: (AskState, Option<CarryState>, Option<ProposedState>),
    thanked: bool,
    left: usize,
}

/// All eight steps: ask, pass, consent, offer, claim, welcome, done, thanks.
fn introduction(plan: Option<(usize, u64, Crash)>) -> (World, Introduced, [u64; 3]) {
    let (mut world, people) = three(1);
    let [ana, bo, chi] = people;
    let start = people.map(|who| world.home(who).steps);
    if let Some((whose, step, crash)) = plan {
        world.home_mut(people[whose]).crash = Some((start[whose] + step, crash));
    }
    let key = world.asks(ana, bo, "a buyer in Ghent");
    world.run_for(HOUR);
    world.passes(bo, ana, chi);
    world.run_for(HOUR);
    world.consents(chi, bo, Tier::Contacts);
    world.run_for(HOUR);
    world.thanks(ana, key, "You saved me a year.");
    world.run_for(HOUR);
    let steps = people.map(|who| world.home(who).steps);
    let outcome = introduced(&world, people, key.id);
    (world, outcome, [0, 1, 2].map(|whose| steps[whose] - start[whose]))
}

fn introduced(world: &World, people: [Who; 3], id: IntroId) -> Introduced {
    let [ana, bo, chi] = people;
    let how = |who, other| world.knows(who, other).map(|person| person.provenance());
    let left = people.map(|who| world.outbox(who).len() + world.inbox(who).len());
    Introduced {
        contacts: world.are_contacts(ana, chi),
        people: people.map(|who| world.people(who).len()),
        how: [how(ana, chi), how(chi, ana)],
        states: (world.ask_state(ana, id), world.carry_state(bo, id), world.proposed_state(chi, id)),
        thanked: world.carried(bo).iter().any(|one| one.asker_says.is_some()),
        left: left.iter().sum(),
    }
}

#[test]
fn a_crash_at_any_step_of_an_introduction_changes_nothing_in_the_end() {
    let (_, expected, steps) = introduction(None);
    println!("steps without a crash: Ana {}, Bo {}, Chi {}", steps[0], steps[1], steps[2]);
    assert!(expected.contacts && expected.thanked && expected.left == 0, "{expected:?}");
    let mut crashes = 0;
    for whose in [0, 1, 2] {
        for step in 0..steps[whose] + 4 {
            for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
                let (world, outcome, _) = introduction(Some((whose, step, crash)));
                let who = ["Ana", "Bo", "Chi"][whose];
                assert_eq!(outcome, expected, "{crash:?} at step {step} of {who}");
                world.check();
                crashes += 1;
            }
        }
    }
    println!("{crashes} crashes, one outcome");
}

#[test]
fn many_crashes_in_bad_weather_change_nothing_in_an_introduction() {
    for seed in 0..30 {
        let (mut world, people) = three(seed);
        world.weather = Weather::BAD;
        let crash = |world: &mut World| {
            let who = people[world.choose(3)];
            let kind = [Crash::BeforeCommit, Crash::BeforeEffects][world.choose(2)];
            let step = world.home(who).steps + world.choose(3) as u64;
            world.home_mut(who).crash = Some((step, kind));
            world.run_for(30);
        };
        let [ana, bo, chi] = people;
        let key = world.asks(ana, bo, "a buyer in Ghent");
        (0..5).for_each(|_| crash(&mut world));
        world.run_for(HOUR);
        world.passes(bo, ana, chi);
        (0..5).for_each(|_| crash(&mut world));
        world.run_for(HOUR);
        world.consents(chi, bo, Tier::Contacts);
        (0..8).for_each(|_| crash(&mut world));
        world.run_for(3 * HOUR);
        let outcome = introduced(&world, people, key.id);
        assert!(outcome.contacts && outcome.left == 0, "seed {seed}: {outcome:?}");
        assert_eq!(outcome.people, [2, 2, 2], "seed {seed}");
        world.check();
    }
}
