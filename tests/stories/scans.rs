//! Many codes of the same person, scanned faster than they can be answered.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::scans::Scanned;
use kith_tests::sim::{Crash, Scan, Weather, Who, World};

use crate::{HOUR, ana_and_bo};

/// Codes scanned one way in a story.
const SCANS: usize = 15;

/// What must hold in the end: one contact on both sides with every scan, and letters that flow both ways.
fn all_is_settled(world: &mut World, ana: Who, bo: Who, scans: usize, story: &str) {
    for (who, other) in [(ana, bo), (bo, ana)] {
        let state = || format!("{story}:\n{}\n{}", world.story_of(who, other), world.story_of(other, who));
        assert_eq!(world.people(who).len(), 1, "{}", state());
        assert!(world.holds(who, other), "{}", state());
        assert_eq!(world.knows(who, other).unwrap().encounters.len(), scans + 1, "{}", state());
    }
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(60);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "{story}");
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "{story}");
    assert!(world.has_delivered_all(), "{story}");
    world.check();
}

#[test]
fn bo_scans_fifteen_codes_while_ana_is_away_and_nodes_restart() {
    for seed in 0..20 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.weather = Weather { delay: (10, 2_000), ..Weather::FINE };
        let codes: Vec<_> = (0..SCANS).map(|fair| world.shows_live(ana, &format!("Fair {fair}"))).collect();
        world.stop(ana);
        for code in &codes {
            world.scans(bo, code);
            world.run_for(seed % 3);
        }
        world.start(ana);
        for who in [bo, ana, bo] {
            let secs = world.choose(4) as u64;
            world.run_for(secs);
            world.restarts(who);
        }
        world.run_for(120);
        let bo_knows = world.knows(bo, ana).unwrap().id;
        for code in &codes {
            let again = world.tries_to_scan(bo, code, Scan::default()).unwrap();
            assert_eq!(again, Scanned::Before(bo_knows), "seed {seed}: the same code again");
        }
        all_is_settled(&mut world, ana, bo, SCANS, &format!("seed {seed}"));
    }
}

#[test]
fn ana_and_bo_scan_fifteen_codes_of_each_other_while_nodes_restart() {
    for seed in 0..20 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.weather = Weather { delay: (10, 2_000), ..Weather::FINE };
        let hers: Vec<_> = (0..SCANS).map(|fair| world.shows_live(ana, &format!("Fair {fair}"))).collect();
        let his: Vec<_> = (0..SCANS).map(|fair| world.shows_live(bo, &format!("Dinner {fair}"))).collect();
        world.goes_offline(ana);
        for (hers, his) in hers.iter().zip(&his) {
            world.scans(bo, hers);
            world.scans(ana, his);
            world.run_for(seed % 2);
        }
        world.comes_online(ana);
        for who in [ana, bo, bo, ana] {
            let secs = world.choose(4) as u64;
            world.run_for(secs);
            world.restarts(who);
        }
        world.run_for(120);
        all_is_settled(&mut world, ana, bo, 2 * SCANS, &format!("seed {seed}"));
    }
}

#[test]
fn fifteen_codes_one_after_the_other_with_a_restart_after_each_scan() {
    for seed in 0..10 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.weather = Weather { delay: (10, 500), ..Weather::FINE };
        for fair in 0..SCANS {
            let (shower, scanner) = if seed % 2 == 0 || fair % 2 == 0 { (ana, bo) } else { (bo, ana) };
            let code = world.shows_live(shower, &format!("Fair {fair}"));
            world.scans(scanner, &code);
            let steps = world.choose(3) as u64;
            world.run_for(steps);
            let who = [ana, bo][world.choose(2)];
            world.restarts(who);
        }
        world.run_for(120);
        all_is_settled(&mut world, ana, bo, SCANS, &format!("seed {seed}"));
    }
}

/// A node that crashed is back after a moment.
fn until_it_runs(world: &mut World, who: Who) {
    while !world.home(who).is_up() {
        world.run_for(1);
    }
}

#[test]
fn many_scans_with_loss_and_crashes_come_to_the_same() {
    for seed in 0..20 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.weather = Weather::BAD;
        for fair in 0..SCANS {
            for (shower, scanner) in [(ana, bo), (bo, ana)] {
                until_it_runs(&mut world, shower);
                let code = world.shows_live(shower, &format!("Fair {fair}"));
                until_it_runs(&mut world, scanner);
                world.scans(scanner, &code);
            }
            let who = [ana, bo][world.choose(2)];
            let kind = [Crash::BeforeCommit, Crash::BeforeEffects][world.choose(2)];
            let step = world.home(who).steps + world.choose(12) as u64;
            world.home_mut(who).crash = Some((step, kind));
            let secs = world.choose(8) as u64;
            world.run_for(secs);
        }
        world.run_for(2 * HOUR);
        world.weather = Weather::FINE;
        world.run_for(HOUR);
        all_is_settled(&mut world, ana, bo, 2 * SCANS, &format!("seed {seed}"));
    }
}
