//! Real people at real command lines: `kith` processes, homes in temporary folders, sockets on loopback.
//!
//! The program under test is the one that `KITH_BIN` names, else `target/release/kith` beside the tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper of tests ends a test with a panic that says what went wrong"
)]

mod api;
mod command;
mod mail;
mod node;
mod seed;
mod someone;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

pub(crate) use api::read_head;
pub use api::{Answer, Api, Notices};
pub use command::{Said, run};
pub use mail::{MAIL_PASSWORD, mail_server, mail_server_at};
pub use node::RunningNode;
pub use seed::Seed;
pub use someone::{Someone, stand_in};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub fn kith_bin() -> PathBuf {
    if let Some(named) = std::env::var_os("KITH_BIN") {
        return named.into();
    }
    // A test lies in target/release/deps.
    let test = std::env::current_exe().expect("a test knows where it lies");
    let built = test.ancestors().nth(2).map(|folder| folder.join("kith")).expect("a test lies in target/release/deps");
    assert!(built.exists(), "{} is missing: run cargo build --release first", built.display());
    built
}

/// A port that is free for TCP and UDP on loopback. The ports lie below those that systems give to outgoing
/// connections, so that a port stays free between two runs of a node.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run at the same time in other processes begin elsewhere: a node that finds its port taken does not run.
    let slot: u32 = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok().and_then(|slot| slot.parse().ok()).unwrap_or(0);
    let start = u16::try_from(slot % 8 * 2_500 + std::process::id() % 25 * 100).unwrap_or(0);
    for _ in 0..20_000 {
        let port = 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
        if tcp.is_ok() && udp.is_ok() {
            return port;
        }
    }
    panic!("no port is free for TCP and UDP together");
}

/// True where a missing tool must fail a test rather than skip it.
pub fn on_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// True if the long form of a test was asked for.
pub fn is_long() -> bool {
    std::env::var_os("KITH_LONG").is_some_and(|value| value == "1")
}

/// Says that a part of a test needs what this machine does not have. Fails on CI, where it must not be missing.
pub fn skip(what: &str, why: &str) {
    assert!(!on_ci(), "{what} cannot be tested here: {why}");
    left_out(what, why);
}

/// Says that something is left out. What a test that passed has printed is shown to nobody, so it is written down as well,
/// a line each, where `KITH_SKIPPED` says: the ledger of tests/run ends with it.
pub fn left_out(what: &str, why: &str) {
    println!("SKIPPED: {what}: {why}");
    let Some(list) = std::env::var_os("KITH_SKIPPED").map(PathBuf::from) else { return };
    // In one piece: other tests write there, too.
    let line = format!("{what}: {}\n", why.replace('\n', " "));
    let written = std::fs::File::options().create(true).append(true).open(&list);
    let written = written.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", list.display()));
}

/// The library of faketime(1) that sets the clock wrong for one process. The command itself stays in front of the
/// process, where it would take the signals.
pub fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists())
}
