//! `kith`: one's own node at the command line.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the part that speaks to people")]

mod args;
mod client;
mod commands;
mod demo;
mod out;
mod passphrase;
mod recovery;
mod trouble;

use std::process::ExitCode;

use clap::Parser;

use args::Arguments;

/// What the system's own allocator took for a burst stays with the arena of the thread that had it: a node with a
/// thousand contacts rested at 53 MB, of which a third was free. This one gives it back.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long what is still under way at the end has.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Clap prints help to stdout with 0, and what is wrong to stderr with 2.
        Err(answer) => answer.exit(),
    };
    let json = arguments.json;
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            trouble.print(json);
            trouble.exit_code()
        }
    }
}

fn run(arguments: Arguments) -> Result<(), trouble::Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| trouble::Trouble::failed(format!("no threads can be started: {error}")))?;
    let outcome = runtime.block_on(commands::run(arguments));
    // A name that nobody resolves is looked up on a thread that nothing stops, and is not waited for.
    runtime.shutdown_timeout(LAST_WORDS);
    outcome
}
