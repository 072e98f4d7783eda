//! What scripts rely on: JSON everywhere, exit codes, closed pipes, no terminal.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use kith_tests::e2e::{Someone, kith_bin, run};

#[test]
fn everything_that_prints_can_print_json() {
    let ana = Someone::new("Ana Sousa");
    let words = ana.kith(["init", "--name", "Ana Sousa", "--json"]).ok().json()["words_file"].clone();
    assert!(words.as_str().unwrap().ends_with("recovery-words.txt"));
    let mut ana = ana;
    ana.start();
    let invite = ana.kith(["invite", "--event", "Hannover Messe", "--for", "the tall one", "--json"]).ok().json();
    let id = invite["id"].as_str().unwrap().to_owned();
    let chi = ana.kith(["person", "add", "Chi Tran", "--json"]).ok().json()["id"].as_str().unwrap().to_owned();
    let calls: [&[&str]; 23] = [
        &["status"],
        &["doctor"],
        &["words"],
        &["card", "show"],
        &["card", "show", "--as", "public"],
        &["card", "set", "org", "Sousa Valves Lda"],
        &["invite", "list"],
        &["invite", "show", &id],
        &["invite", "revoke", &id],
        &["scan", "mailto:dora@example.com"],
        &["inbox"],
        &["people"],
        &["people", "nobody"],
        &["person", "show", &chi],
        &["person", "join", "dora", &chi],
        &["person", "name", &chi, "Chi"],
        &["person", "tag", &chi, "welders"],
        &["person", "note", &chi, "wants a quote"],
        &["person", "touch", &chi],
        &["person", "cadence", &chi, "30"],
        &["person", "tier", &chi, "named"],
        &["person", "block", &chi],
        &["person", "forget", &chi],
    ];
    for call in calls {
        ana.kith([call, &["--json"]].concat()).ok().json();
    }
    ana.kith(["words", "--done", "--json"]).ok().json();
}

#[test]
fn every_failure_can_be_json_on_standard_error() {
    let ana = Someone::at_home("Ana Sousa");
    let failures: [(&[&str], i32, &str); 6] = [
        (&["status"], 3, "not_running"),
        (&["person", "show", "Zoe"], 4, "not_found"),
        (&["invite", "revoke", "aaaa"], 4, "not_found"),
        (&["inbox", "accept", "aaaa"], 4, "not_found"),
        (&["scan", "KITH:AAAA"], 1, "failed"),
        (&["card", "set", "shoe-size", "43"], 2, "usage"),
    ];
    for (call, code, kind) in failures {
        let error = ana.kith([call, &["--json"]].concat()).fails(code, &[]).json_error();
        assert_eq!(error["kind"], kind, "{call:?}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{call:?}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let ana = Someone::at_home("Ana Sousa");
    ana.kith(["frobnicate"]).fails(2, &["frobnicate"]);
    ana.kith(["person", "show"]).fails(2, &["WHO"]);
    ana.kith(["invite", "--tier", "friends"]).fails(2, &["friends", "contacts"]);
    ana.kith(["people", "--page", "0"]).fails(2, &["0"]);
    assert!(ana.kith(["--help"]).ok().out.contains("Exit codes: 0 done, 1 failed, 2 wrong usage"));
    assert!(ana.kith(["--version"]).ok().out.starts_with("kith "));
}

#[test]
fn no_unit_starts_again_what_fails_for_good() {
    let units = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("packaging").join("systemd");
    for unit in ["kith.service", "user/kith.service"] {
        let unit = std::fs::read_to_string(units.join(unit)).unwrap();
        assert!(unit.lines().any(|line| line == "RestartPreventExitStatus=2 5"), "{unit}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let mut ana = Someone::up("Ana Sousa");
    for number in 0..50 {
        let person = serde_json::json!({ "name": format!("Person {number}"), "note": "n".repeat(3_000) });
        ana.api().post("/people", &person);
    }
    for args in [&["people"][..], &["people", "--json"], &["--help"]] {
        let mut child = ana.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success() && said.is_empty(), "{args:?}: {:?} {said}", ended.status);
    }
    // The same under a running node whose terminal was closed.
    let mut up = ana.up_command();
    ana.stop();
    let mut child = up.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    drop(child.stderr.take());
    assert!(line.ends_with("node is running.\n"), "{line}");
    ana.kith(["invite"]).ok();
    ana.kith(["status"]).ok();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn without_a_terminal_nothing_waits_for_an_answer_and_nothing_is_coloured() {
    let ana = Someone::new("Ana Sousa");
    let mut up = ana.command(["up", "--web", "127.0.0.1:0"]);
    let said = run(&mut up, b"Ana Sousa\n").fails(2, &["needs a name"]);
    assert!(said.took < std::time::Duration::from_secs(5), "{said}");
    let mut ana = ana;
    ana.start();
    let invite = ana.kith(["invite"]).ok();
    assert_eq!(invite.out.lines().count(), 1, "only the code, for a pipe: {invite}");
    assert!(invite.out.starts_with("KITH:"), "{invite}");
    let all = ana.logged() + &ana.node.as_ref().unwrap().said() + &invite.err;
    assert!(!all.contains('\u{1b}'), "{all}");
    ana.stop();
    let log = ana.logged();
    assert!(log.ends_with("Stopping.\n"), "{log}");
}

#[test]
fn a_log_in_json_is_json() {
    let ana = Someone::at_home("Ana Sousa");
    let mut up = ana.up_command();
    let mut child = up.args(["--log", "json"]).env("KITH_LOG", "debug").stdin(Stdio::null());
    child = child.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    ana.kith(["invite"]).ok();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let (mut records, mut others) = (0, Vec::new());
    for line in log.lines() {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(_) => records += 1,
            Err(_) => others.push(line),
        }
    }
    assert!(records > 0, "{log}");
    assert_eq!(others, ["Stopping."], "{log}");
}

#[test]
fn help_is_there_for_every_command() {
    let out = run(Command::new(kith_bin()).arg("--help"), b"").ok().out;
    let commands = out.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        run(Command::new(kith_bin()).args([name, "--help"]), b"").ok();
    }
}

#[test]
fn a_program_that_watches_the_node_reads_numbers_that_name_nobody() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    let api = std::fs::read_to_string(ana.folder().join("running.json")).unwrap();
    let api: serde_json::Value = serde_json::from_str(&api).unwrap();
    let token = std::fs::read_to_string(ana.folder().join("api-token")).unwrap();
    let ask = |path: &str, token: &str| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--include", "--max-time", "20", "--header"]);
        command.arg(format!("authorization: Bearer {token}"));
        command.arg(format!("http://{}{path}", api["api"].as_str().unwrap()));
        run(&mut command, b"").ok().out
    };
    assert!(ask("/healthz", "").ends_with(r#"{"status":"up"}"#));
    assert!(ask("/metrics", "wrong").starts_with("HTTP/1.1 401"), "not without the token");
    let told = ask("/metrics", &token);
    assert!(told.starts_with("HTTP/1.1 200") && told.contains("content-type: text/plain; version=0.0.4"), "{told}");
    for line in ["kith_contacts 1", "kith_connected 1", "kith_outbox ", "kith_home_bytes ", "# TYPE kith_inbox gauge"] {
        assert!(told.contains(&format!("\n{line}")), "{line}: {told}");
    }
    assert!(!told.contains("Bo") && !told.contains("Ana"), "{told}");
}
