//! A hundred people, and then a thousand, live with Kith for a month of virtual time, with real keys and letters, in
//! bad weather.
//!
//! `cargo test --release -p kith-tests --test simulator -- --nocapture` runs one month and prints what came of
//! it. With `KITH_LONG=1` the smaller one runs ten times, each from its own seed; `KITH_SEED=n` begins at another one,
//! and so repeats a month that failed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a simulation may end in a panic and says what it saw"
)]

mod favours;
mod life;

use std::time::Instant;

use kith_tests::e2e::is_long;
use life::{Life, Month, Seen};

/// A month with every kind of trouble, and real keys.
const USUAL: Month = Month {
    people: 100,
    days: 30,
    scans: 700,
    changes: 200,
    troubles: 250,
    rotations: 8,
    favours: 400,
    partings: 20,
    restores: 10,
};
/// A whole trade show of people.
const LARGE: Month = Month {
    people: 1_000,
    days: 30,
    scans: 10_000,
    changes: 2_500,
    troubles: 1_500,
    rotations: 20,
    favours: 4_500,
    partings: 500,
    restores: 40,
};
/// A smaller month, run twice to see that it is the same.
const SMALL: Month = Month {
    people: 30,
    days: 8,
    scans: 120,
    changes: 40,
    troubles: 60,
    rotations: 3,
    favours: 60,
    partings: 5,
    restores: 3,
};

/// What may come of an introduction where nobody lies.
const ENDS: [&str; 15] = [
    "asker Connected",
    "asker Expired",
    "asker Withdrawn",
    "asker Declined",
    "asker Apart",
    "introducer Connected",
    "introducer Expired",
    "introducer Withdrawn",
    "introducer Declined",
    "introducer Apart",
    "target Connected",
    "target Expired",
    "target Withdrawn",
    "target Declined",
    "target Apart",
];

fn first_seed() -> u64 {
    std::env::var("KITH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn live(seed: u64, month: Month) -> Seen {
    println!("seed {seed}; again with KITH_SEED={seed} cargo test --release -p kith-tests --test simulator");
    let start = Instant::now();
    let mut life = Life::begin(seed, month);
    life.pass();
    let (seen, real) = (life.settle(), start.elapsed());
    println!("  {} people, {} days in {:.1} s: {seen}", month.people, month.days, real.as_secs_f64());
    seen
}

#[test]
fn a_month_of_a_hundred_people() {
    let months = if is_long() { 10 } else { 1 };
    for seed in first_seed()..first_seed() + months {
        let seen = live(seed, USUAL);
        assert!(seen.contacts > 250 && seen.meetings > 150, "too little happened to mean anything");
        assert!(seen.introductions > 150, "too few introductions to mean anything");
    }
}

#[test]
fn a_month_of_a_thousand_people() {
    let seen = live(first_seed(), LARGE);
    assert!(seen.letters >= 100_000, "too few letters: {}", seen.letters);
    assert!(seen.introductions >= 2_000, "too few introductions: {}", seen.introductions);
    for end in ENDS {
        assert!(seen.ends.times(end) >= 50, "{end}: {} times, of all ends {}", seen.ends.times(end), seen.ends);
    }
}

#[test]
fn the_same_seed_makes_the_same_month_and_another_seed_another() {
    let trace = |seed| {
        let mut life = Life::begin(seed, SMALL);
        life.pass();
        life.settle();
        life.trace()
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
