//! Whole programs: from the start of Bo's, in whose outbox the letter waits, until Ana's node shows it.
//!
//! Each node is a process of its own on a machine of its own (`scene.rs`). So all that a person waits for is in it: the
//! process, the home, addresses, finding out which way is there, Ana's commit, and the answer of her API. The bare steps go
//! over loopback and through no router; nothing of what routers take is on their side, nor of the log, which is a longer one
//! than people have.

use super::scene::Scene;
use super::steps::Steps;
use super::{Seen, Way};
use crate::{Options, machine, runtime};

const RUNS: usize = 30;
/// Letters in one scene. A node passes on 30 circuits of one source before it slows it down, and what Chi's may pass on is
/// little where letters go by mailbox alone.
const OF_ONE_SCENE: usize = 15;

/// Measures and prints; says so where there is nothing to measure it in.
pub fn run(options: &Options) {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let numbers: Vec<usize> = (0..options.runs.unwrap_or(RUNS)).collect();
    println!("\nThe first letter after a cold start of the program, {} times", numbers.len());
    machine::describe(folder.path());
    let runtime = runtime();
    let (mut steps, mut seen) = (runtime.block_on(Steps::start(folder.path())), Seen::default());
    for way in Way::ALL {
        for numbers in numbers.chunks(OF_ONE_SCENE) {
            let Some(mut scene) = Scene::set(way) else { return };
            for number in numbers {
                let took = scene.first_letter(*number);
                seen.add(way, took, runtime.block_on(steps.take(way)));
            }
        }
    }
    steps.stop();
    seen.print();
}
