//! Prints the tables of `tests/src/dht/curve.md`.
//!
//! ```text
//! cargo run --release -p kith-tests --example dht                        all of it, in half a minute
//! cargo run --release -p kith-tests --example dht -- quick               up to 10^5 nodes
//! cargo run --release -p kith-tests --example dht -- grown NODES AGAIN   over tables that came about by joining and AGAIN refreshes
//! cargo run --release -p kith-tests --example dht -- retried             what a second node to put and to ask through is worth
//! ```
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "it prints tables")]

use std::time::Instant;

use kith_tests::dht::dice::Dice;
use kith_tests::dht::population::{Conditions, Population, When};
use kith_tests::dht::{Spread, Survey, get, line_through, put, survey, table_sizes};

/// Records put in each network, and how often each is asked for.
const KEYS: usize = 1_000;
const READERS: usize = 2;

/// Share gone before the put and again before the get, and share hostile.
const TROUBLES: [(f64, f64); 6] = [(0.0, 0.0), (0.0, 0.1), (0.0, 0.2), (0.2, 0.0), (0.2, 0.1), (0.2, 0.2)];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
    let most = match words.first().map(String::as_str) {
        Some("grown") => return grown(number(1).unwrap_or(300), number(2).unwrap_or(1)),
        Some("retried") => return retried(),
        Some("quick") => 100_000,
        _ => 10_000_000,
    };
    let mut surveys = Vec::new();
    for nodes in [300, 1_000, 10_000, 100_000, 1_000_000, 10_000_000].into_iter().filter(|nodes| *nodes <= most) {
        let mut population = Population::new(Conditions::calm(nodes));
        tables("drawn", &population);
        header();
        for (gone, hostile) in TROUBLES {
            population.set_conditions(troubled(nodes, gone, hostile));
            surveys.push(row(&population));
        }
        println!("all hostile nodes cunning:");
        for hostile in [0.1, 0.2] {
            population.set_conditions(Conditions { cunning: true, ..troubled(nodes, 0.0, hostile) });
            row(&population);
        }
        println!("with 20 ghosts in each lie:");
        population.set_conditions(Conditions { ghosts: 20, ..troubled(nodes, 0.0, 0.2) });
        row(&population);
    }
    println!("\nlines against log2 N");
    TROUBLES.iter().for_each(|(gone, hostile)| fit(&surveys, *gone, *hostile));
}

/// Records put by several nodes and asked for by several until one finds them, among liars that work together.
fn retried() {
    for nodes in [100_000, 1_000_000, 10_000_000] {
        let mut population = Population::new(Conditions::calm(nodes));
        for hostile in [0.1, 0.2] {
            population.set_conditions(Conditions { cunning: true, ..troubled(nodes, 0.0, hostile) });
            let mut dice = Dice::new(&[9]);
            for (puts, gets) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3)] {
                let found = (0..KEYS).filter(|_| found_again(&population, puts, gets, &mut dice)).count();
                let share = 100.0 * found as f64 / KEYS as f64;
                println!("{nodes} nodes, {hostile} cunning: put by {puts}, asked by up to {gets}: {share:.1} %");
            }
        }
    }
}

fn found_again(population: &Population, puts: usize, gets: usize, dice: &mut Dice) -> bool {
    let key = dice.roll();
    let mut holders = Vec::new();
    for _ in 0..puts {
        holders.extend(put(population, population.somebody(dice, When::Put), key).holders);
    }
    (0..gets).any(|_| get(population, population.somebody(dice, When::Get), key, &holders).copies > 0)
}

fn troubled(nodes: usize, gone: f64, hostile: f64) -> Conditions {
    Conditions { hostile, gone_before_put: gone, gone_after_put: gone, ..Conditions::calm(nodes) }
}

/// The same puts and gets over tables that came about by joining and some refreshes.
fn grown(nodes: usize, refreshes: usize) {
    let start = Instant::now();
    let mut population = Population::grown(Conditions::calm(nodes), refreshes);
    println!("grown in {:.0} s", start.elapsed().as_secs_f64());
    tables(&format!("grown {refreshes}"), &population);
    header();
    for (hostile, gone) in [(0.0, 0.0), (0.2, 0.0), (0.2, 0.2)] {
        population.set_conditions(troubled(nodes, gone, hostile));
        row(&population);
    }
    println!("all hostile nodes cunning:");
    for hostile in [0.1, 0.2] {
        population.set_conditions(Conditions { cunning: true, ..troubled(nodes, 0.0, hostile) });
        row(&population);
    }
}

fn tables(name: &str, population: &Population) {
    let sizes = table_sizes(population, 1_000);
    let Spread { mean, min, max, .. } = sizes.entries;
    let buckets: Vec<String> = sizes.buckets.iter().map(|entries| format!("{entries:.1}")).collect();
    let nodes = population.conditions().nodes;
    println!(
        "{nodes} {name}: {mean:.1} entries ({min} to {max}); fullest eighth {:.2}; by bucket {}",
        sizes.fullest_eighth,
        buckets.join(" ")
    );
}

fn header() {
    println!(
        "| nodes | hostile | gone | found | 3 copies | holders | lost puts | get: requests | rounds | first copy | put: requests | rounds | stalled | took |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
}

fn row(population: &Population) -> Survey {
    let start = Instant::now();
    let survey = survey(population, KEYS, READERS);
    let both = |spread: Spread| format!("{:.1} / {}", spread.mean, spread.p95);
    let Conditions { nodes, hostile, gone_after_put, .. } = survey.conditions;
    println!(
        "| {nodes} | {hostile} | {gone_after_put} | {:.2} % | {:.2} % | {:.1} ({}) | {} | {} | {} | {} | {} | {} | {:.1} % ({} gets) | {:.1} s |",
        100.0 * survey.found_share(),
        100.0 * survey.enough as f64 / survey.gets as f64,
        survey.holders.mean,
        survey.holders.min,
        survey.lost_puts,
        both(survey.get_requests),
        both(survey.get_rounds),
        both(survey.first_copy),
        both(survey.put_requests),
        both(survey.put_rounds),
        100.0 * survey.stalled_puts as f64 / KEYS as f64,
        survey.stalled_gets,
        start.elapsed().as_secs_f64(),
    );
    survey
}

fn fit(surveys: &[Survey], gone: f64, hostile: f64) {
    let of_this = |survey: &&Survey| survey.conditions.hostile == hostile && survey.conditions.gone_after_put == gone;
    let line = |of: fn(&Survey) -> f64| {
        let points: Vec<(f64, f64)> = surveys
            .iter()
            .filter(of_this)
            .map(|survey| ((survey.conditions.nodes as f64).log2(), of(survey)))
            .collect();
        let (start, slope) = line_through(&points);
        let off = points.iter().map(|(x, y)| (start + slope * x - y).abs()).fold(0.0, f64::max);
        format!("{start:.2} + {slope:.3}·log2 N (off by ≤ {off:.2})")
    };
    println!("gone {gone}, hostile {hostile}:");
    println!("  get rounds     {}", line(|survey| survey.get_rounds.mean));
    println!("  first copy     {}", line(|survey| survey.first_copy.mean));
    println!("  get requests   {}", line(|survey| survey.get_requests.mean));
    println!("  put rounds     {}", line(|survey| survey.put_rounds.mean));
    println!("  put requests   {}", line(|survey| survey.put_requests.mean));
}
