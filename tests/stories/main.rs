//! What people do with Kith, and what they notice of it: told with two or three people in a small world.
//!
//! Run one story with `cargo test --release -p kith-tests --test stories <part of its name>`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a story may end in a panic")]

mod calamities;
mod codes;
mod contacts;
mod correspondence;
mod crashes;
mod drill;
mod finding_again;
mod follow_up;
mod guests;
mod introducers;
mod introductions;
mod joining;
mod keys;
mod letters;
mod mailboxes;
mod mallory;
mod meeting;
mod nearby;
mod reaching;
mod recovering;
mod restoring;
mod scans;
mod slander;
mod spam;
mod thefts;
mod vouches;

use kith_protocol::engine::{Answer, Refusal};
use kith_tests::sim::{Who, World};

/// Ana and Bo, who met at a fair and confirmed it.
fn ana_and_bo(seed: u64) -> (World, Who, Who) {
    let mut world = World::new(seed);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    meet(&mut world, ana, bo);
    assert!(world.met(ana, bo) && world.has_delivered_all());
    (world, ana, bo)
}

/// The second one scans the first one's live code, and the first one confirms.
fn meet(world: &mut World, shower: Who, scanner: Who) {
    let code = world.shows_live(shower, "Hannover Messe");
    world.scans(scanner, &code);
    world.run_for(30);
    world.accepts(shower, scanner);
    world.run_for(30);
    assert!(world.are_contacts(shower, scanner));
}

/// Why an answer refuses a letter, if it does.
fn refusal(answer: &Answer) -> Option<Refusal> {
    match answer {
        Answer::Refused(reason, _) => Some(*reason),
        _ => None,
    }
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
