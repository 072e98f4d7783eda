//! Two hundred people live with Kith for a month of virtual time, with real keys and letters, in bad weather.
//!
//! `cargo test --release -p kith-tests --test simulator -- --nocapture` runs one month and prints what came of
//! it. With `KITH_LONG=1` it runs ten, each from its own seed; `KITH_SEED=n` begins at another one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a simulation may end in a panic and says what it saw"
)]

mod life;

use std::time::Instant;

use life::{Life, Month};

/// The month of a usual run.
const USUAL: Month = Month { people: 200, days: 30, scans: 1_200, changes: 400, troubles: 500, rotations: 12 };
/// A smaller month, run twice to see that it is the same.
const SMALL: Month = Month { people: 30, days: 8, scans: 80, changes: 40, troubles: 60, rotations: 3 };

fn first_seed() -> u64 {
    std::env::var("KITH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

#[test]
fn a_month_of_two_hundred_people() {
    let months = if std::env::var_os("KITH_LONG").is_some() { 10 } else { 1 };
    for seed in first_seed()..first_seed() + months {
        let start = Instant::now();
        let mut life = Life::begin(seed, USUAL);
        life.pass();
        let (seen, real) = (life.settle(), start.elapsed());
        println!("seed {seed}: {seen}, {} days in {:.1} s", USUAL.days, real.as_secs_f64());
        assert!(seen.contacts > 500 && seen.meetings > 300, "too little happened to mean anything");
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
