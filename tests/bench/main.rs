//! What Kith takes, beside the least that the same work could take on this machine.
//!
//! ```text
//! cargo bench -p kith-tests --bench bench -- scan      a scan, until both sides hold each other
//! cargo bench -p kith-tests --bench bench -- letter    a letter to somebody on the line, to its receipt
//! cargo bench -p kith-tests --bench bench -- rest      a node with a thousand contacts, at rest
//! cargo bench -p kith-tests --bench bench -- mailbox   ten thousand letters held for a thousand people
//! cargo bench -p kith-tests --bench bench -- ways      the first letter after a cold start, directly, by relay, by mailbox
//! cargo bench -p kith-tests --bench bench -- abuse     letters between contacts while strangers and others attack
//! cargo bench -p kith-tests --bench bench -- pages     what the owner of ten thousand contacts looks at
//! ```
//!
//! Each prints a table. `--check` ends with 1 if a target is missed; `--runs N` sets how often it is measured, and
//! `--folder DIR` where the homes lie, since the disk below that folder is part of what is measured; `--only PART` leaves
//! out pages whose path, or attacks whose name, does not hold it. `rest`, `ways` and `abuse` start the program, which must be
//! built before, or named with `--program`. Both sides of a comparison run in turns, so that whatever else the machine does
//! hits both. Some parts have a process of their own, which is this program once more (`again.rs`).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark may end in a panic; nothing here is shipped"
)]

mod abuse;
mod again;
mod bare;
mod crowd;
mod figures;
mod letter;
mod machine;
mod mailbox;
mod pages;
mod pair;
mod rest;
mod scan;
mod tapped;
mod ways;

use std::path::PathBuf;
use std::process::ExitCode;

/// The allocator of the program.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What was asked for at the command line.
pub struct Options {
    /// How often a thing is measured; each benchmark has its own usual number.
    pub runs: Option<usize>,
    /// Where homes and files lie.
    pub folder: PathBuf,
    /// Of the pages, only those whose path holds this; of the attacks, those whose name does.
    pub only: Option<String>,
    /// The program, for whatever starts it.
    pub program: PathBuf,
}

const USAGE: &str = "bench (scan | letter | rest | mailbox | ways | abuse | pages)… [--check] [--runs N] [--folder DIR] [--only PART] [--program PATH]";

fn main() -> ExitCode {
    let mut options = Options { runs: None, only: None, folder: std::env::temp_dir(), program: program() };
    let (mut names, mut check) = (Vec::new(), false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value: {USAGE}"));
        match argument.as_str() {
            "--check" => check = true,
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--runs" => options.runs = Some(value().parse().expect("--runs is a number")),
            "--folder" => options.folder = value().into(),
            "--only" => options.only = Some(value()),
            "--program" => options.program = value().into(),
            _ => names.push(argument),
        }
    }
    if names.is_empty() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let mut met = true;
    for name in names {
        met &= match name.as_str() {
            "scan" => scan::run(&options),
            "letter" => letter::run(&options),
            "rest" => rest::run(&options),
            "mailbox" => mailbox::run(&options),
            "ways" => ways::run(&options),
            "abuse" => abuse::run(&options),
            "pages" => pages::run(&options),
            _ => {
                eprintln!("{name} is no benchmark: {USAGE}");
                return ExitCode::from(2);
            }
        };
    }
    if check && !met { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The program that is built into the folder above the one where benchmarks are built.
fn program() -> PathBuf {
    again::this_program().parent().expect("a folder of this program").with_file_name("kith")
}

/// A runtime as a node has it.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
