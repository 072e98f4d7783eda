//! A crash at every step of a scan, before and after the step is durable, at either end.

use kith_protocol::card::FieldKind;
use kith_tests::sim::{Crash, Weather, Who, World};

use crate::HOUR;

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
