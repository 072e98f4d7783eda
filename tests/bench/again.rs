//! This very program, started again for a part of a benchmark that needs a process of its own.

use std::path::PathBuf;
use std::process::Command;

use crate::Options;

/// Names the part.
const PART: &str = "KITH_BENCH_PART";

/// This program.
pub fn this_program() -> PathBuf {
    std::env::current_exe().expect("a path of this program")
}

/// The part that this process was started for, if it was started for one.
pub fn part() -> Option<String> {
    std::env::var(PART).ok()
}

/// A process for one part of a benchmark, which prints what it finds.
pub fn process(bench: &str, part: &str, options: &Options) -> Command {
    let mut command = Command::new(this_program());
    ask_the_same(&mut command, bench, options);
    command.env(PART, part);
    command
}

/// Asks a process for a benchmark as this one was asked for it. It ends with 1 if a target is missed.
pub fn ask_the_same(command: &mut Command, bench: &str, options: &Options) {
    command.args([bench, "--check", "--folder"]).arg(&options.folder).arg("--program").arg(&options.program);
    if let Some(runs) = options.runs {
        command.args(["--runs", &runs.to_string()]);
    }
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
}

/// Runs such a process to its end; true if it met its targets.
pub fn is_met(mut process: Command) -> bool {
    process.status().is_ok_and(|ended| ended.success())
}
