//! Ending a node while somebody is slow.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use kith_tests::e2e::Someone;

/// After so long the units kill what was told to stop (`TimeoutStopSec`).
const KILLED: Duration = Duration::from_secs(20);

/// Somebody begins to sign in at the node, and never ends.
fn drips_at(whom: &Someone) -> TcpStream {
    let running = std::fs::read(whom.folder().join("running.json")).unwrap();
    let running: serde_json::Value = serde_json::from_slice(&running).unwrap();
    let address = running["api"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nExpect: 100-continue\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 100", "the node waits for the rest");
    stream.write_all(b"password=").unwrap();
    stream
}

fn tell(whom: &Someone, signal: &str) {
    let pid = whom.node.as_ref().unwrap().pid().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

#[test]
fn who_is_slow_keeps_no_node_from_stopping() {
    let mut ana = Someone::up("Ana Sousa");
    let _slow = drips_at(&ana);
    let begun = Instant::now();
    ana.stop();
    assert!(begun.elapsed() < KILLED, "{:?}", begun.elapsed());
}

#[test]
fn who_says_so_twice_is_not_kept_waiting() {
    let mut ana = Someone::up("Ana Sousa");
    let _slow = drips_at(&ana);
    tell(&ana, "-INT");
    let begun = Instant::now();
    while !ana.logged().contains("Stopping.") {
        assert!(begun.elapsed() < KILLED, "{}", ana.logged());
        std::thread::sleep(Duration::from_millis(5));
    }
    tell(&ana, "-INT");
    let ended = ana.node.as_mut().unwrap().wait("it was told twice");
    assert!(ended.success() && ana.logged().contains("Stopped at once"), "{ended}: {}", ana.logged());
    assert_eq!(ana.kith(["card", "show"]).ok().out, "Ana Sousa\n");
}
