//! A disk without room, a folder that cannot be written, and a home that is in use.
//!
//! A full disk is a small tmpfs, a closed folder a read-only bind mount; both are made in a mount namespace of
//! their own, which needs root. So these tests run themselves again within `unshare`.

use std::fs;
use std::path::Path;
use std::process::Command;

use kith_tests::e2e::{Someone, run, skip};
use serde_json::json;

/// Says to a test that it runs within a mount namespace of its own.
const WITHIN: &str = "KITH_TEST_WITHIN_UNSHARE";

/// Runs the test of this name again within a mount namespace of its own. True if this is that run.
fn within_own_mounts(name: &str) -> bool {
    if std::env::var_os(WITHIN).is_some() {
        return true;
    }
    let can = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !can.as_ref().is_ok_and(|output| output.status.success()) {
        skip(name, &format!("mount namespaces need root and unshare: {can:?}"));
        return false;
    }
    let test = std::env::current_exe().unwrap();
    let mut again = Command::new("unshare");
    again.arg("-m").arg(test).args([&format!("disk::{name}"), "--exact", "--nocapture"]).env(WITHIN, "1");
    let said = run(&mut again, b"").ok();
    assert!(said.out.contains("1 passed"), "{said}");
    println!("{}", said.out);
    false
}

#[track_caller]
fn mount(args: &[&str]) {
    let output = Command::new("mount").args(args).output().unwrap();
    assert!(output.status.success(), "mount {args:?}: {output:?}");
}

/// Takes a mount away, so that its folder can be removed. What a node just closed may be busy for a moment.
fn unmount(folder: &Path) {
    let output = Command::new("umount").arg("--lazy").arg(folder).output().unwrap();
    assert!(output.status.success(), "umount {folder:?}: {output:?}");
}

/// Fills the folder's disk to the last byte with a file, which is returned.
fn fill(folder: &Path) -> std::path::PathBuf {
    let ballast = folder.join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    let full = std::io::copy(&mut std::io::repeat(0), &mut file).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    ballast
}

#[test]
fn a_full_disk_is_told_clearly_and_loses_nothing() {
    if !within_own_mounts("a_full_disk_is_told_clearly_and_loses_nothing") {
        return;
    }
    let disk = tempfile::tempdir().unwrap();
    mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.path().to_str().unwrap()]);
    let (mut ana, bo) = (Someone::within(disk.path(), "Ana Sousa"), Someone::up("Bo Lindqvist"));
    ana.start();
    bo.meets(&ana, "Hannover Messe");
    let mut kept = 0;
    let ballast = fill(disk.path());
    // Files on a disk have a little room left in their last block, so that some small things are still taken.
    let refused = loop {
        let person = json!({ "name": format!("Person {kept}"), "note": "n".repeat(7_000) });
        let added = ana.api().ask("POST", "/people", Some(&person));
        let added = added.expect("the node answers with a full disk");
        if !added.is_ok() {
            break added;
        }
        kept += 1;
        assert!(kept < 1_000, "the disk is full, and still all is stored");
    };
    println!("{kept} people were stored on the full disk, then: {}", refused.body);
    assert_eq!(refused.status, 507, "{refused:?}");
    // What is small may still fit: the journal keeps room ahead. What is large does not.
    let note = "n".repeat(7_000);
    ana.kith(["person", "add", "Dee Okafor", "--note", &note]).fails(1, &["full", "hint: ", "make room"]);
    let doctor = ana.kith(["doctor"]);
    assert_eq!(doctor.code, Some(1), "{doctor}");
    assert!(doctor.out.contains("BAD   disk: the home cannot be written"), "{doctor}");
    // What is there can be read, and letters from outside are refused for now, not lost.
    assert_eq!(ana.api().get("/people")["total"], kept + 1);
    bo.kith(["card", "set", "title", "Head of purchasing"]).ok();
    assert!(ana.node.as_mut().unwrap().is_alive(), "{}", ana.logged());

    fs::remove_file(&ballast).unwrap();
    ana.kith(["card", "set", "org", "Sousa Valves Lda"]).ok();
    ana.api().until("Bo's letter arrives once there is room", |api| {
        api.get("/people/Bo")["card"].to_string().contains("Head of purchasing").then_some(())
    });
    bo.api().until("Ana's letter reaches Bo", |api| {
        api.get("/people/Ana")["card"].to_string().contains("Sousa Valves Lda").then_some(())
    });
    assert_eq!(ana.api().get("/people")["total"], kept + 1);

    // The same without a node, and a kill while the disk is full.
    ana.kill();
    let ballast = fill(disk.path());
    let add = |ana: &Someone| ana.kith(["person", "add", "Chi Tran", "--note", &"n".repeat(7_000)]);
    add(&ana).fails(1, &["full", "hint: ", "make room"]);
    // Opening may find a little room, in what it clears away; then the node runs.
    match ana.try_start() {
        Ok(()) => ana.kill(),
        Err(said) => assert!(said.contains("full") || said.contains("No space left"), "{said}"),
    }
    fs::remove_file(&ballast).unwrap();
    ana.start();
    assert_eq!(ana.api().get("/people")["total"], kept + 1);
    add(&ana).ok();
    ana.stop();
    assert_eq!(ana.kith(["people", "--json"]).ok().json()["total"], kept + 2);
    drop(ana);
    unmount(disk.path());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_clearly() {
    if !within_own_mounts("a_folder_that_cannot_be_written_is_told_clearly") {
        return;
    }
    let mut ana = Someone::at_home("Ana Sousa");
    let folder = ana.folder().to_str().unwrap().to_owned();
    mount(&["--bind", &folder, &folder]);
    mount(&["-o", "remount,bind,ro", &folder]);
    let hint = "hint: ";
    ana.kith(["card", "show"]).fails(1, &[&folder, "ead-only", hint]);
    ana.kith(["card", "set", "org", "Sousa Valves Lda"]).fails(1, &[&folder, "ead-only", hint]);
    ana.kith(["words", "--done"]).fails(1, &[&folder, "ead-only", hint]);
    let said = ana.try_start().expect_err("a node needs to write its home");
    assert!(said.contains(&folder) && said.contains("ead-only"), "{said}");
    mount(&["-o", "remount,bind,rw", &folder]);
    assert_eq!(ana.kith(["card", "show"]).ok().out, "Ana Sousa\n");
    unmount(ana.folder());
}

#[test]
fn a_second_process_on_a_home_is_refused_and_does_no_harm() {
    let mut ana = Someone::up("Ana Sousa");
    let second = ana.up_command().output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another process") && said.contains("hint: "), "{said}");
    ana.kith(["init", "--name", "Mallory"]).fails(1, &["in use by another process"]);
    assert_eq!(ana.kith(["card", "show"]).ok().out, "Ana Sousa\n");
    many_at_once(&ana, 0);
    ana.kill();
    many_at_once(&ana, 16);
}

/// Commands take turns, whether a node runs or they open the home themselves.
#[track_caller]
fn many_at_once(ana: &Someone, before: u64) {
    std::thread::scope(|scope| {
        let add = |n| move || ana.kith(["person", "add", &format!("Person {n}")]);
        let all: Vec<_> = (0..16).map(|n| scope.spawn(add(before + n))).collect();
        all.into_iter().for_each(|said| drop(said.join().unwrap().ok()));
    });
    assert_eq!(ana.kith(["people", "--json"]).ok().json()["total"], before + 16);
}
