//! A node with a thousand contacts, none of whom can be reached, started and left alone.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kith_node::home::Home;

use crate::figures::{Series, head, judge, row};
use crate::{Options, crowd, machine, pair};

const PEOPLE: u32 = 1_000;
/// Starts that are timed.
const STARTS: usize = 10;
/// How long the node is left alone before it is weighed.
const REST: Duration = Duration::from_secs(60);
/// Most memory, in MB.
const MOST_MEMORY: f64 = 45.0;
/// Longest start, in milliseconds.
const LONGEST_START: f64 = 500.0;

/// Measures and prints; true if the targets are met.
pub fn run(options: &Options) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let home = Home::at(folder.path().join("ana"));
    let made = Instant::now();
    crowd::make(&home, PEOPLE);
    println!("\nA node with {PEOPLE} contacts (made in {:.1} s)", made.elapsed().as_secs_f64());
    machine::describe(folder.path());
    let mut ready = Series::default();
    for _ in 0..options.runs.unwrap_or(STARTS) {
        let (node, took) = start(&options.program, home.folder());
        ready.add(took);
        stop(node);
    }
    head("");
    row("start of the process to \"node is running\"", &ready);
    let (node, _) = start(&options.program, home.folder());
    std::thread::sleep(REST);
    let of = |field| machine::status_of(node.id(), field).unwrap_or_default();
    let resident = of("VmRSS") as f64 * 1024.0 / 1e6;
    println!("after {} s: {} threads, peak {:.1} MB", REST.as_secs(), of("Threads"), of("VmHWM") as f64 * 1024.0 / 1e6);
    stop(node);
    let slowest = ready.quantile(1.0).as_secs_f64() * 1e3;
    let in_time = judge("slowest start", slowest, LONGEST_START, " ms");
    judge("resident memory", resident, MOST_MEMORY, " MB") && in_time
}

/// Starts the program; returns when it says that it runs.
fn start(program: &Path, home: &Path) -> (Child, Duration) {
    let port = pair::free_port();
    let start = Instant::now();
    let mut node = Command::new(program)
        .args(["up", "--web", "127.0.0.1:0", "--home"])
        .arg(home)
        .args(["--listen", &format!("/ip4/127.0.0.1/tcp/{port}")])
        .args(["--listen", &format!("/ip4/127.0.0.1/udp/{port}/quic-v1")])
        .env("KITH_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build it first, or say --program", program.display()));
    let mut said = BufReader::new(node.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.ends_with("node is running.")), "the node did not start");
    let took = start.elapsed();
    // Whoever speaks must be heard, or it stops speaking.
    std::thread::spawn(move || said.for_each(drop));
    (node, took)
}

/// Stops a node as Ctrl-C does.
fn stop(mut node: Child) {
    let told = Command::new("kill").args(["-TERM", &node.id().to_string()]).status().unwrap();
    assert!(told.success());
    node.wait().unwrap();
}
