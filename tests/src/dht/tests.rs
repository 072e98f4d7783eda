use std::collections::HashSet;

use super::buckets::shared_bits;
use super::query::{Held, Reply};
use super::*;

fn honest(nodes: usize) -> Population {
    Population::new(Conditions::calm(nodes))
}

#[test]
fn a_lookup_ends_at_the_nodes_that_are_truly_nearest() {
    for nodes in [15, 300, 10_000] {
        let population = honest(nodes);
        let mut dice = Dice::new(&[7]);
        for _ in 0..50 {
            let (publisher, key) = (population.somebody(&mut dice, When::Put), dice.roll());
            let put = put(&population, publisher, key);
            let nearest = population.nearest(key, K, |id| id != publisher);
            assert_eq!(put.holders, nearest, "{nodes} nodes, key {key:x}");
            assert_eq!(put.well_placed, nearest.len());
        }
    }
}

#[test]
fn nearest_agrees_with_looking_at_everybody() {
    let population = honest(500);
    let mut dice = Dice::new(&[8]);
    for _ in 0..50 {
        let key = dice.roll();
        let mut all = population.nearest(0, 500, |_| true);
        assert_eq!(all.len(), 500);
        all.sort_unstable_by_key(|id| id ^ key);
        assert_eq!(population.nearest(key, 7, |_| true), all[..7]);
        let even: Vec<u64> = all.iter().copied().filter(|id| id % 2 == 0).take(7).collect();
        assert_eq!(population.nearest(key, 7, |id| id % 2 == 0), even);
    }
}

#[test]
fn buckets_split_everybody_else_and_hold_at_most_twenty_of_the_right_part() {
    let population = honest(3_000);
    let mut dice = Dice::new(&[9]);
    for _ in 0..20 {
        let owner = population.somebody(&mut dice, When::Put);
        let deepest = population.deepest(owner);
        let mut others = 0;
        for shared in 0..64 {
            let candidates = population.candidates(owner, shared);
            assert!(candidates.iter().all(|id| shared_bits(*id, owner) == shared));
            assert!(candidates.is_empty() || shared <= deepest);
            others += candidates.len();
            let bucket = population.bucket(owner, shared);
            assert_eq!(bucket.len(), candidates.len().min(K));
            assert_eq!(bucket.iter().collect::<HashSet<_>>().len(), bucket.len(), "nobody twice");
            assert!(bucket.iter().all(|id| candidates.contains(id)));
            assert_eq!(bucket, population.bucket(owner, shared), "the same draw again");
        }
        assert_eq!(others, 2_999);
    }
}

#[test]
fn a_far_bucket_is_drawn_from_its_whole_part() {
    let population = honest(3_000);
    let owners = population.nearest(0, 400, |_| true);
    let drawn: HashSet<u64> = owners.iter().flat_map(|owner| population.bucket(*owner, 0)).collect();
    let half = population.candidates(owners[0], 0).len();
    // 8,000 draws from 1,500: a node is missed with probability e^-5.3.
    assert!(drawn.len() as f64 > half as f64 * 0.98, "{} of {half}", drawn.len());
}

#[test]
fn a_node_names_the_nearest_it_knows_and_never_the_asker() {
    let population = honest(1_000);
    let mut dice = Dice::new(&[10]);
    for _ in 0..50 {
        let (owner, key) = (population.somebody(&mut dice, When::Put), dice.roll());
        let mut all: Vec<u64> = (0..64).flat_map(|shared| population.bucket(owner, shared)).collect();
        all.sort_unstable_by_key(|id| id ^ key);
        assert_eq!(population.known(owner, key, None), all[..K]);
        assert_eq!(population.known(owner, key, Some(all[0])), all[1..=K]);
    }
}

#[test]
fn less_fill_thins_the_near_buckets_only() {
    let full = table_sizes(&honest(300), 300);
    let thin = table_sizes(&Population::new(Conditions { fill: 0.7, ..Conditions::calm(300) }), 300);
    assert_eq!((full.buckets[0], thin.buckets[0]), (20.0, 20.0));
    let near = |sizes: &TableSizes| sizes.buckets[4..].iter().sum::<f64>();
    let ratio = near(&thin) / near(&full);
    assert!((0.65..0.75).contains(&ratio), "{ratio}");
}

#[test]
fn in_a_calm_network_everything_is_found_and_a_get_stops_at_three_copies() {
    let survey = survey(&honest(10_000), 50, 4);
    assert_eq!((survey.found, survey.enough), (200, 200));
    assert!(survey.get_requests.mean < survey.put_requests.mean / 2.0, "{survey:?}");
}

#[test]
fn nothing_is_found_if_the_twenty_nearest_are_liars() {
    let mut population = honest(2_000);
    let key = 0x1234_5678_9abc_def0;
    population.besiege(key, K);
    let mut dice = Dice::new(&[11]);
    let put = put(&population, population.somebody(&mut dice, When::Put), key);
    assert!(put.holders.is_empty());
    let get = get(&population, population.somebody(&mut dice, When::Get), key, &put.holders);
    assert_eq!((get.copies, get.first_copy), (0, None));
    assert!(get.garbage >= 10, "garbage is seen and not taken for a record: {get:?}");
}

#[test]
fn one_honest_node_among_the_nearest_is_enough() {
    let mut population = honest(2_000);
    let key = 0x1234_5678_9abc_def0;
    population.besiege(key, K - 1);
    let mut dice = Dice::new(&[12]);
    let put = put(&population, population.somebody(&mut dice, When::Put), key);
    assert_eq!(put.holders, population.nearest(key, K, |_| true)[K - 1..]);
    assert_eq!(get(&population, population.somebody(&mut dice, When::Get), key, &put.holders).copies, 1);
}

#[test]
fn a_fifth_hostile_and_a_fifth_gone_cost_requests_and_copies() {
    let calm = survey(&honest(3_000), 100, 2);
    let (hostile, gone_before_put, gone_after_put) = (0.2, 0.2, 0.2);
    let rough = Conditions { hostile, gone_before_put, gone_after_put, ..Conditions::calm(3_000) };
    let rough = survey(&Population::new(rough), 100, 2);
    assert!(rough.get_requests.mean > 1.2 * calm.get_requests.mean, "{rough:?}");
    assert!((13.0..18.0).contains(&rough.holders.mean), "{rough:?}");
    assert!(rough.found_share() > 0.97);
}

#[test]
fn the_hostile_share_is_what_was_asked_for() {
    let population = Population::new(Conditions { hostile: 0.1, ..Conditions::calm(20_000) });
    let hostile = population.nearest(0, 20_000, |id| population.manner(id) != Manner::Honest);
    assert!((1_850..2_150).contains(&hostile.len()), "{}", hostile.len());
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let conditions = Conditions { hostile: 0.2, gone_after_put: 0.2, ..Conditions::calm(1_000) };
    let run = |seed| format!("{:?}", survey(&Population::new(Conditions { seed, ..conditions.clone() }), 20, 2));
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).split_once("found"), run(4).split_once("found"));
}

#[test]
fn tables_that_grew_by_joining_are_nearly_as_full_as_drawn_ones() {
    let drawn = table_sizes(&honest(300), 300);
    let grown = table_sizes(&Population::grown(Conditions::calm(300), 1), 300);
    let ratio = grown.entries.mean / drawn.entries.mean;
    assert!((0.95..=1.02).contains(&ratio), "{ratio}");
}

#[test]
fn the_line_goes_through_points_on_a_line() {
    let (start, slope) = line_through(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]);
    assert!((start - 1.0).abs() < 1e-9 && (slope - 2.0).abs() < 1e-9);
    assert_eq!(line_through(&[(5.0, 2.0)]), (2.0, 0.0));
}

#[test]
fn what_one_path_hears_stays_with_it() {
    // The nearest of twenty names twenty that are nearer; the other two paths end with whom they started from.
    let start: Vec<u64> = (100..120).collect();
    let names = |asked| if asked == 100 { (1..=20).collect() } else { Vec::new() };
    let walk = walk(0, &start, None, |asked| Some(Reply { held: None, nearer: names(asked) }));
    assert_eq!(walk.nearest, (1..=20).chain(100..120).collect::<Vec<u64>>());
    assert_eq!(walk.requests, 40);
}

#[test]
fn a_lookup_starts_with_three_requests_and_widens_when_it_stalls() {
    let start: Vec<u64> = (100..120).collect();
    let mut asked = 0;
    let walk = walk(0, &start, None, |id| {
        asked += 1;
        assert!(asked > 3 || id < 103, "the three nearest are asked first");
        Some(Reply { held: None, nearer: Vec::new() })
    });
    assert_eq!((walk.requests, walk.rounds), (20, 2));
}

#[test]
fn the_hostile_hold_nothing_and_the_silent_say_nothing() {
    let conditions = Conditions { hostile: 0.3, ..Conditions::calm(300) };
    let mut population = Population::new(conditions.clone());
    let of = |population: &Population, manner| population.nearest(0, 300, |id| population.manner(id) == manner);
    let silent = of(&population, Manner::Silent);
    assert!(silent.iter().all(|id| population.reply(*id, 0, 5, When::Get, &[]).is_none()));
    for liar in of(&population, Manner::Misleading).into_iter().chain(of(&population, Manner::Garbage)) {
        let reply = population.reply(liar, 0, 5, When::Get, &[liar]).unwrap();
        assert_ne!(reply.held, Some(Held::Valid));
        assert!(reply.nearer.iter().all(|id| population.manner(*id) != Manner::Honest));
    }
    population.set_conditions(Conditions { cunning: true, ..conditions });
    assert!(!silent.is_empty() && of(&population, Manner::Silent).is_empty());
}

#[test]
fn buckets_gather_in_one_place_unless_spread_evenly() {
    let eighth = |spread| {
        let conditions = Conditions { spread, ..Conditions::calm(3_000) };
        table_sizes(&Population::new(conditions), 500).fullest_eighth
    };
    assert!((0.22..0.27).contains(&eighth(f64::INFINITY)), "{}", eighth(f64::INFINITY));
    let gathered = eighth(population::SPREAD);
    assert!((0.35..=0.5).contains(&gathered), "no more than two sixteenths of five each, of twenty: {gathered}");
}

#[test]
fn liars_that_all_answer_capture_whole_lookups() {
    let found = |nodes, cunning| {
        let conditions = Conditions { hostile: 0.3, cunning, ..Conditions::calm(nodes) };
        survey(&Population::new(conditions), 100, 4).found_share()
    };
    assert!(found(10_000, false) > 0.98);
    assert!((0.6..0.98).contains(&found(10_000, true)), "{}", found(10_000, true));
    assert!(found(300, true) > 0.98, "a way of one or two steps is hard to capture");
}
