//! Backups, and going on from one when the machine is gone.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kith_node::home::{Home, HomeError};
use kith_protocol::store::{Store, Table, Write};
use kith_tests::e2e::{Api, Someone, faketime, kith_bin, run, skip};
use serde_json::Value;

/// How long a file is waited for; nothing tells of it.
const PATIENCE: Duration = Duration::from_secs(20);

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The words, as their owner wrote them on paper.
fn paper(of: &Someone) -> std::path::PathBuf {
    let paper = of.beside("paper");
    std::fs::copy(of.folder().join("recovery-words.txt"), &paper).unwrap();
    of.kith(["words", "--done"]).ok();
    paper
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn anas_machine_is_gone_and_she_goes_on_from_last_nights_backup() {
    let (mut ana, mut bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    let (paper, backup) = (paper(&ana), ana.beside("last-night.backup"));
    bo.meets(&ana, "Hannover Messe");
    ana.kith(["person", "note", "Bo", "wants a quote by Friday"]).ok();
    ana.kith(["card", "set", "org", "Sousa Weaving"]).ok();
    let code = ana.shows("Hannover Messe");
    let made = ana.kith(["backup", text(&backup)]).ok();
    assert!(made.out.contains("Your recovery words alone open it"), "{made}");
    assert!(ana.kith(["verify", text(&backup)]).ok().out.contains("is whole"));
    let health = ana.kith(["doctor"]).ok().out;
    assert!(health.contains("backup") && health.contains("the last one was made"), "{health}");
    let bytes = std::fs::read(&backup).unwrap();
    for secret in ["Sousa", "Lindqvist", "quote"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret:?} can be read");
    }
    // After the backup she changes her card, and then the machine is gone.
    ana.kith(["card", "set", "title", "Owner"]).ok();
    bo.api().until("Bo reads her new title", |api| {
        api.get("/people/Ana")["card"].to_string().contains("Owner").then_some(())
    });
    // Bo's node has her receipt for a letter that no backup knows of.
    bo.kith(["person", "write", "Ana", "It was good to meet you."]).ok();
    bo.api().until("his letter arrived", |api| api.get("/people/Ana")["waiting"].as_array()?.is_empty().then_some(()));
    ana.stop();
    std::fs::remove_dir_all(ana.folder()).unwrap();
    bo.kith(["person", "write", "Ana", "Is Friday still good?"]).ok();

    let mut new = Someone::new("Ana Sousa");
    let restored = new.kith(["restore", text(&backup), "--words-file", text(&paper)]).ok();
    assert!(restored.out.contains("Ana Sousa is back") && restored.out.contains("Run kith up"), "{restored}");
    assert!(restored.out.contains("Settings do not come back"), "{restored}");
    let inside = new.kith(["person", "show", "Bo"]).ok().out;
    assert!(inside.contains("wants a quote by Friday") && inside.contains("Hannover Messe"), "{inside}");
    let open = new.kith(["invite", "list", "--open"]).ok();
    assert!(open.err.contains("No code of yours is out"), "the code may have been used meanwhile: {open}");
    new.start();
    for letter in ["Is Friday still good?", "It was good to meet you."] {
        new.api()
            .until(letter, |api| api.get("/people/Bo/letters")["letters"].to_string().contains(letter).then_some(()));
    }
    assert_eq!(new.api().get("/people/Bo/letters")["total"], 2, "each once");
    new.kith(["card", "set", "title", "Founder"]).ok();
    bo.api().until("Bo reads what she is now", |api| {
        api.get("/people/Ana")["card"].to_string().contains("Founder").then_some(())
    });
    // Whoever kept the code of before gets nothing by it.
    let chi = Someone::up("Chi Tran");
    chi.kith(["scan", &code]).ok();
    assert_eq!(new.kith(["people", "--json"]).ok().json()["total"], 1);
    bo.stop();
}

#[test]
fn whom_ana_met_since_the_backup_is_back_by_bos_word() {
    if faketime().is_none() {
        skip("people met since a backup", "faketime is not installed");
        return;
    }
    let (mut ana, mut bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    let (paper, backup) = (paper(&ana), ana.beside("last-night.backup"));
    bo.meets(&ana, "Hannover Messe");
    ana.kith(["backup", text(&backup)]).ok();
    let eva = Someone::up("Eva Novak");
    eva.meets(&ana, "Hannover Messe");
    eva.kith(["person", "write", "Ana", "Call me about the looms."]).ok();
    eva.api().until("her letter arrived", |api| api.get("/people/Ana")["waiting"].as_array()?.is_empty().then_some(()));
    // Within the hour Bo is given what he keeps for her.
    ana.stop();
    bo.stop();
    ana.clock = Some("+1h");
    ana.start();
    let waits = |api: &Api| api.get("/people/Bo")["waiting"].to_string().contains("what they keep for me, sealed");
    ana.api().until("it waits for Bo", |api| waits(api).then_some(()));
    bo.start();
    ana.api().until("Bo keeps it", |api| (!waits(api)).then_some(()));
    ana.stop();
    std::fs::remove_dir_all(ana.folder()).unwrap();

    let mut new = Someone::new("Ana Sousa");
    let restored = new.kith(["restore", text(&backup), "--words-file", text(&paper)]).ok();
    assert!(restored.out.contains("Contacts again whom you met since: Eva Novak."), "{restored}");
    assert!(new.kith(["people"]).ok().out.contains("Eva Novak"));
    new.start();
    new.api().until("what Eva wrote comes again", |api| {
        api.get("/people/Eva/letters")["letters"].to_string().contains("Call me about the looms.").then_some(())
    });
    new.kith(["person", "write", "Eva", "I will, on Friday."]).ok();
    eva.api().until("Eva reads her", |api| {
        api.get("/people/Ana/letters")["letters"].to_string().contains("I will, on Friday.").then_some(())
    });
}

#[test]
fn the_old_laptop_still_runs_and_stops_once_bos_node_told_it_so() {
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    let (paper, backup) = (paper(&ana), ana.beside("last-night.backup"));
    bo.meets(&ana, "Hannover Messe");
    ana.kith(["backup", text(&backup)]).ok();
    let mut new = Someone::new("Ana Sousa");
    new.kith(["restore", text(&backup), "--words-file", text(&paper)]).ok();
    new.start();
    new.api()
        .until("Bo knows the new machine", |api| api.get("/people/Bo")["waiting"].as_array()?.is_empty().then_some(()));
    ana.kith(["person", "write", "Bo", "From the old laptop."]).ok();
    let ended = ana.node.as_mut().unwrap().wait("it was replaced");
    assert_eq!(ended.code(), Some(5), "a service manager is not to start it again");
    assert!(ana.logged().contains("this home goes on at another machine"), "{}", ana.logged());
    // It does not even try to listen, which would fail here.
    let elsewhere = ["up", "--listen", "/ip4/192.0.2.1/tcp/7517"];
    ana.kith(elsewhere).fails(5, &["this home goes on at another machine", "hint: what came here since"]);
    let told = ana.kith(["doctor"]);
    assert!(told.code == Some(1) && told.out.contains("node: stopped for good on "), "not run kith up: {told}");
    let stopped = ["this home stopped for good on ", "hint: nothing leaves this home any more", "kith recover"];
    ana.kith(["invite"]).fails(1, &stopped);
    ana.kith(["invite", "prepare", "--count", "2"]).fails(1, &stopped);
    ana.kith(["status"]).fails(3, &stopped);
    ana.kith(["open"]).fails(3, &stopped);
    let wrote = ana.kith(["person", "write", "Bo", "Is anybody there?"]).ok();
    assert!(stopped.iter().all(|said| wrote.err.contains(said)) && !wrote.err.contains("kith up"), "{wrote}");
    new.kith(["person", "write", "Bo", "From the new one."]).ok();
    bo.api().until("Bo reads the new one", |api| {
        (api.get("/people/Ana/letters")["letters"][0]["text"] == "From the new one.").then_some(())
    });
    assert_eq!(bo.api().get("/people/Ana/letters")["total"], 1, "what the old laptop said counts no more");
}

#[test]
fn a_backup_made_while_no_node_runs_is_as_good() {
    let ana = Someone::at_home("Ana Sousa");
    let (paper, backup) = (paper(&ana), ana.beside("ana.backup"));
    ana.kith(["person", "add", "Chi", "--need", "ball valves"]).ok();
    let made = ana.kith(["backup", text(&backup), "--json"]).ok().json();
    assert_eq!(made["bytes"], std::fs::metadata(&backup).unwrap().len());
    let same = run(&mut ana.command(["backup", "-"]), b"").ok();
    assert!(same.out.starts_with("KITH-B1"), "also to standard output");
    let here = backup.parent().unwrap();
    run(ana.command(["backup", "here.backup"]).current_dir(here), b"").ok();
    assert!(here.join("here.backup").exists() && !here.join("here.unfinished").exists(), "in the folder of the shell");
    let new = Someone::new("Ana Sousa");
    let restored = new.kith(["restore", text(&backup), "--words-file", text(&paper), "--json"]).ok().json();
    assert_eq!(restored["name"], "Ana Sousa");
    assert!(new.kith(["person", "show", "Chi"]).ok().out.contains("ball valves"));
    let [before, after] = [&ana, &new].map(|home| std::fs::read(home.folder().join("keys")).unwrap());
    assert_ne!(before, after, "the new machine has keys of its own");
}

#[test]
fn what_cannot_be_restored_says_why_and_leaves_nothing() {
    let (ana, bo) = (Someone::at_home("Ana Sousa"), Someone::at_home("Bo Lindqvist"));
    let (paper, bos_paper, backup) = (paper(&ana), paper(&bo), ana.beside("ana.backup"));
    ana.kith(["backup", text(&backup)]).ok();
    let bytes = std::fs::read(&backup).unwrap();
    let new = Someone::new("Ana Sousa");
    let damaged = new.beside("damaged.backup");
    let restore = |file: &Path, words: &Path| new.kith(["restore", text(file), "--words-file", text(words)]);
    restore(&backup, &bos_paper).fails(1, &["these words do not open this backup", "hint: use the words of the"]);
    for (cut, wrong) in [(bytes.len() - 7, "cut short"), (30, "cut short"), (3, "no Kith backup")] {
        std::fs::write(&damaged, &bytes[..cut]).unwrap();
        restore(&damaged, &paper).fails(1, &[wrong, "damaged.backup"]);
    }
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&damaged, &flipped).unwrap();
    restore(&damaged, &paper).fails(1, &["damaged", "hint: take another copy"]);
    new.kith(["verify", text(&damaged)]).fails(1, &["its checksum is wrong"]);
    std::fs::write(&damaged, b"KITH-B9\n and whatever comes then").unwrap();
    restore(&damaged, &paper).fails(1, &["a newer version of Kith"]);
    restore(&new.beside("nowhere"), &paper).fails(1, &["nowhere"]);
    new.kith(["restore", text(&backup)]).fails(2, &["nobody is there to ask", "--words-file"]);
    std::fs::write(&damaged, "only three words").unwrap();
    restore(&backup, &damaged).fails(2, &["there are 3 words; recovery words are 24"]);
    ana.kith(["restore", text(&backup), "--words-file", text(&paper)]).fails(1, &["there is a home", "--home"]);
    assert!(!new.folder().join("keys").exists(), "nothing of all that made a home");
    restore(&backup, &paper).ok();
    new.kith(["words", "--check", "--words-file", text(&paper)]).ok();
    new.kith(["words", "--check", "--words-file", text(&bos_paper)]).fails(1, &["the words of another identity"]);
    ana.kith(["backup", text(&ana.beside("nowhere").join("ana.backup"))]).fails(1, &["nowhere"]);
}

#[test]
fn a_node_makes_backups_by_itself_and_says_when_it_cannot() {
    let mut ana = Someone::new("Ana Sousa");
    let folder = ana.beside("backups");
    ana.also = ["--backup-to", text(&folder), "--every", "1h"].map(str::to_owned).to_vec();
    ana.start();
    let files = || -> Vec<_> {
        let found = std::fs::read_dir(&folder).into_iter().flatten().map(|file| file.unwrap().path());
        found.filter(|file| file.extension().is_some_and(|end| end == "backup")).collect()
    };
    let first = until("the first backup", || files().pop());
    ana.kith(["verify", text(&first)]).ok();
    until("it is remembered", || ana.api().get("/status").get("last_backup").map(|_| ()));
    ana.stop();
    // The plan is kept, and so is when the last one was made.
    ana.also.clear();
    ana.start();
    let health = ana.kith(["doctor"]).ok().out;
    assert!(health.contains(text(&folder)) && health.contains("if this disk dies, both are gone"), "{health}");
    assert_eq!(files(), std::slice::from_ref(&first), "an hour has not passed");
    std::fs::remove_file(&first).unwrap();
    let health = ana.kith(["doctor"]).ok().out;
    assert!(health.contains("was moved away from there"), "{health}");
    ana.stop();

    // The disk is not mounted, and nothing is written where it was.
    std::fs::remove_dir(&folder).unwrap();
    ana.clock = Some("+3h");
    ana.start();
    until("that the folder is gone", || {
        ana.kith(["doctor"]).out.contains("maybe its disk is not mounted").then_some(())
    });
    assert!(!folder.exists());
    ana.stop();

    let blocked = ana.beside("blocked");
    std::fs::write(&blocked, "a file, not a folder").unwrap();
    ana.also = ["--backup-to", text(&blocked), "--every", "1h"].map(str::to_owned).to_vec();
    ana.start();
    let told = until("that it cannot", || {
        let said = ana.kith(["doctor"]);
        said.out.contains(&format!("there is no folder {}", text(&blocked))).then_some(said)
    });
    assert!(told.out.contains("--backup-to") && told.err.contains("backup"), "{told}");
    ana.kith(["backup", text(&ana.beside("by-hand.backup"))]).ok();
    let told = ana.kith(["doctor"]);
    assert!(told.code == Some(1) && told.out.contains("there is no folder"), "one by hand mends nothing: {told}");
    ana.stop();
    ana.also = ["--backup-to", "none"].map(str::to_owned).to_vec();
    ana.start();
    let told = ana.kith(["doctor"]).ok();
    assert!(told.out.contains("the last one was made") && !told.out.contains("there is no folder"), "{told}");
    ana.kith(["up", "--backup-to", "x", "--every", "5m"]).fails(2, &["no time such as 12h or 1d"]);
}

#[test]
fn where_another_disk_is_nothing_is_written_until_somebody_put_a_backup_there() {
    let mut ana = Someone::new("Ana Sousa");
    let folder = ana.beside("backups");
    ana.also = ["--backup-to", text(&folder), "--every", "1h"].map(str::to_owned).to_vec();
    ana.start();
    let remembered = ana.folder().join("backups.json");
    let read = || serde_json::from_slice::<Value>(&std::fs::read(&remembered).ok()?).ok();
    let mut record = until("the first backup", || read().filter(|record| record["device"].is_u64()));
    ana.stop();
    // As it looks when its disk is not mounted: a folder on another device, and empty.
    record["device"] = u64::MAX.into();
    std::fs::write(&remembered, record.to_string()).unwrap();
    std::fs::remove_file(record["file"].as_str().unwrap()).unwrap();
    ana.clock = Some("+3h");
    ana.start();
    let told = until("that it is another disk", || {
        let said = ana.kith(["doctor"]);
        said.out.contains("since then: the folder").then_some(said)
    });
    assert!(told.code == Some(1) && told.out.contains("lies on another disk than before"), "{told}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    ana.kith(["backup", text(&folder.join("first.backup"))]).ok();
    ana.stop();
    ana.start();
    until("the next one", || (std::fs::read_dir(&folder).unwrap().count() == 2).then_some(()));
    until("it is remembered", || read().filter(|record| record["device"] != u64::MAX));
    let told = ana.kith(["doctor"]);
    assert!(!told.out.contains("another disk than before"), "{told}");
}

#[test]
fn a_home_of_an_earlier_version_asks_for_its_words_once() {
    let ana = crate::codes::home_before_code_lists();
    let file = ana.beside("ana.backup");
    ana.kith(["backup", text(&file)]).fails(1, &["does not know what to seal a backup to", "kith words --check"]);
    assert!(!file.exists() && !file.with_extension("unfinished").exists());
}

#[test]
fn a_backup_of_the_first_form_can_still_be_restored() {
    let left = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/backup-1");
    let ana = Someone::new("Ana Sousa");
    let (backup, words) = (left.join("ana.backup"), left.join("words"));
    ana.kith(["restore", text(&backup), "--words-file", text(&words)]).ok();
    assert!(ana.kith(["person", "show", "Chi"]).ok().out.contains("ball valves"));
    assert!(ana.kith(["card", "show"]).ok().out.contains("Sousa Weaving"));
    assert!(ana.kith(["invite", "list", "--open"]).ok().out.contains("the hall"));
}

/// A restore that ended when some people were stored.
fn break_off(of: &Someone) {
    let person = Write { table: Table::People, key: b"dee".to_vec(), value: Some(b"Dee".to_vec()) };
    let broken = Home::at(of.folder()).begin_anew(|store, _| -> Result<(), HomeError> {
        store.commit(&[person])?;
        Err(HomeError::NotHashed)
    });
    assert!(broken.is_err());
}

#[test]
fn after_a_restore_that_was_broken_off_nobody_new_moves_in_by_itself() {
    let ana = Someone::at_home("Ana Sousa");
    let (paper, backup) = (paper(&ana), ana.beside("ana.backup"));
    ana.kith(["person", "add", "Chi", "--need", "ball valves"]).ok();
    ana.kith(["backup", text(&backup)]).ok();
    let new = Someone::new("Ana Sousa");
    break_off(&new);
    let said = ["a restore was broken off in", "hint: run kith restore or kith recover again", "kith init --name"];
    run(&mut new.up_command(), b"").fails(5, &said);
    new.kith(["up"]).fails(5, &said);
    new.kith(["people"]).fails(5, &said);
    new.kith(["recover", "--words-file", text(&paper)]).fails(5, &said);
    new.kith(["restore", text(&backup), "--words-file", text(&paper)]).ok();
    assert!(new.kith(["person", "show", "Chi"]).ok().out.contains("ball valves"));
    assert_eq!(new.kith(["people", "--json"]).ok().json()["total"], 1);
    // Who wants to begin as somebody new says so.
    let other = Someone::new("Eva Roth");
    break_off(&other);
    other.kith(["init", "--name", "Eva Roth"]).ok();
    assert_eq!(other.kith(["people", "--json"]).ok().json()["total"], 0);
}

#[test]
fn a_backup_that_could_not_be_written_does_not_count_as_made() {
    let ana = Someone::up("Ana Sousa");
    let file = ana.beside("ana.backup");
    // The disk takes a kilobyte at most, and no more.
    let mut full = Command::new("sh");
    full.args(["-c", r#"ulimit -f 1; exec "$0" "$@""#]).arg(kith_bin());
    full.arg("--home").arg(ana.folder()).arg("backup").arg(&file);
    let said = run(&mut full, b"");
    assert!(said.code != Some(0) && !file.exists(), "{said}");
    let counted = || ana.api().get("/status").get("last_backup").is_some();
    assert!(!counted(), "nobody has it");
    ana.kith(["backup", text(&file)]).ok();
    assert!(counted());
}
