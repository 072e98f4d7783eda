//! The first letter after a cold start, on each of its ways: directly, through a relay, by a mailbox; beside the steps of
//! bare libp2p that each way needs.
//!
//! It is measured twice. From a network of Bo's that begins with nothing, to the end of the letter (`networks.rs`): what the
//! ways themselves cost. And from the start of Bo's program, in whose outbox the letter waits, until Ana's node shows it
//! (`programs.rs`): what a person waits for. The bare steps are the same both times (`steps.rs`). They begin with nothing,
//! too, and end when 4 KiB are where they are to be.

mod networks;
mod programs;
mod scene;
mod steps;
mod watcher;

use std::time::Duration;

use crate::figures::{Series, head, ratio, row};
use crate::{Options, again};

/// Bytes of the letter: the size class of most.
const LETTER: usize = 4096;
/// The part of this benchmark that has a process of its own.
const PROGRAMS: &str = "programs";

/// How a letter gets to Ana.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From node to node.
    Directly,
    /// Passed on by the node of a contact while she is there.
    ThroughRelay,
    /// Held by the node of a contact until she collects it.
    ByMailbox,
}

impl Way {
    const ALL: [Self; 3] = [Self::Directly, Self::ThroughRelay, Self::ByMailbox];

    const fn in_words(self) -> &'static str {
        match self {
            Self::Directly => "directly",
            Self::ThroughRelay => "through a relay",
            Self::ByMailbox => "by mailbox",
        }
    }
}

/// Of each way, what Kith took, and what its bare steps took.
#[derive(Default)]
struct Seen([[Series; 2]; 3]);

impl Seen {
    fn add(&mut self, way: Way, kith: Duration, bare: Duration) {
        let [of_kith, of_bare] = &mut self.0[way as usize];
        of_kith.add(kith);
        of_bare.add(bare);
    }

    fn print(&self) {
        head("");
        for (way, [kith, bare]) in Way::ALL.iter().zip(&self.0) {
            let way = way.in_words();
            row(&format!("Kith, {way}"), kith);
            row(&format!("bare, {way}"), bare);
            println!("{:<52} {:>8.2} ×", format!("median, {way}, Kith / bare"), ratio(kith.median(), bare.median()));
        }
    }
}

/// Measures and prints. There is no target: what a way costs is what its reader wants to know.
pub fn run(options: &Options) -> bool {
    if let Some((home, from)) = watcher::of_this_process() {
        watcher::watch(&home, &from);
        return true;
    }
    if again::part().as_deref() == Some(PROGRAMS) {
        programs::run(options);
        return true;
    }
    networks::run(options);
    let mut programs = again::process("ways", PROGRAMS, options);
    // This is where people whom `kith_tests` knows have their homes, and which program they run.
    programs.env("TMPDIR", &options.folder).env("KITH_BIN", &options.program);
    again::is_met(programs)
}
