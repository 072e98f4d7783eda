//! Keys behind a passphrase.

use std::path::{Path, PathBuf};

use kith_tests::e2e::{Said, Someone, run};

const PASSPHRASE: &str = "valves and more valves";

fn written(of: &Someone, name: &str, text: &str) -> PathBuf {
    let file = of.beside(name);
    std::fs::write(&file, format!("{text}\n")).unwrap();
    file
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a command with a passphrase in the environment.
fn with(of: &Someone, passphrase: &str, args: &[&str]) -> Said {
    run(of.command(args).env("KITH_PASSPHRASE", passphrase), b"")
}

#[test]
fn ana_puts_her_keys_behind_a_passphrase_and_takes_it_away_again() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.kith(["person", "add", "Chi"]).ok();
    let before = std::fs::read(ana.folder().join("keys")).unwrap();
    let file = written(&ana, "passphrase", PASSPHRASE);
    let set = ana.kith(["passphrase", "--new-passphrase-file", text(&file)]).ok();
    assert!(set.out.contains("Each start asks for it") && !set.out.contains(PASSPHRASE), "{set}");
    let keys = std::fs::read(ana.folder().join("keys")).unwrap();
    assert!(
        !before[8..].windows(16).any(|part| keys.windows(16).any(|other| other == part)),
        "nothing of them is left"
    );

    let asked = ["nobody is there to ask", "--passphrase-file", "KITH_PASSPHRASE"];
    ana.kith(["people"]).fails(2, &asked);
    ana.kith(["up"]).fails(2, &asked);
    with(&ana, "another one altogether", &["people"]).fails(5, &["this is not the passphrase", "kith restore"]);
    assert!(with(&ana, PASSPHRASE, &["people"]).ok().out.contains("Chi"));
    assert!(ana.kith(["people", "--passphrase-file", text(&file)]).ok().out.contains("Chi"));
    assert!(ana.kith(["doctor", "--passphrase-file", text(&file)]).ok().out.contains("behind a passphrase"));

    // As a service manager hands it over.
    let credentials = ana.beside("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::write(credentials.join("kith-passphrase"), PASSPHRASE).unwrap();
    let mut command = ana.command(["people"]);
    assert!(run(command.env("CREDENTIALS_DIRECTORY", &credentials), b"").ok().out.contains("Chi"));

    // A node asks when it starts; then everybody speaks to the node.
    ana.also = ["--passphrase-file", text(&file)].map(str::to_owned).to_vec();
    ana.start();
    assert!(ana.kith(["people"]).ok().out.contains("Chi"));
    ana.kith(["passphrase", "--remove"]).fails(1, &["a node runs", "stop it first"]);
    ana.stop();
    assert!(!ana.logged().contains(PASSPHRASE));

    let other = written(&ana, "other", "a lake behind the mountains");
    ana.kith(["passphrase", "--passphrase-file", text(&file), "--new-passphrase-file", text(&other)]).ok();
    with(&ana, PASSPHRASE, &["people"]).fails(5, &["this is not the passphrase"]);
    ana.kith(["passphrase", "--remove"]).fails(2, &["nobody is there to ask"]);
    ana.kith(["passphrase", "--passphrase-file", text(&other), "--remove"]).ok();
    assert!(ana.kith(["people"]).ok().out.contains("Chi"));
}

#[test]
fn a_passphrase_that_is_none_changes_nothing() {
    let ana = Someone::at_home("Ana Sousa");
    let (short, nowhere) = (written(&ana, "short", "valves"), ana.beside("nowhere"));
    ana.kith(["passphrase", "--new-passphrase-file", text(&short)]).fails(2, &["at least 10 characters"]);
    ana.kith(["passphrase", "--new-passphrase-file", text(&nowhere)]).fails(1, &["nowhere"]);
    ana.kith(["passphrase"]).fails(2, &["nobody is there to ask", "--new-passphrase-file", "KITH_NEW_PASSPHRASE"]);
    ana.kith(["people"]).ok();
    Someone::new("Bo").kith(["passphrase", "--remove"]).fails(4, &["there is no home"]);
}

/// The words alone have the home that is here go on, so its keys are opened first.
#[test]
fn who_recovers_with_the_words_alone_is_asked_for_the_passphrase() {
    let ana = Someone::at_home("Ana Sousa");
    let paper = crate::keys::paper(&ana, "paper");
    let file = written(&ana, "passphrase", PASSPHRASE);
    ana.kith(["passphrase", "--new-passphrase-file", text(&file)]).ok();
    let recover = ["recover", "--words-file", &paper];
    ana.kith(recover).fails(2, &["nobody is there to ask", "--passphrase-file", "KITH_PASSPHRASE"]);
    with(&ana, "another one altogether", &recover).fails(5, &["this is not the passphrase"]);
    // Behind it stands what a home that never fell silent is told.
    with(&ana, PASSPHRASE, &recover).fails(1, &["goes on here already", "kith rotate"]);
}

#[test]
fn who_forgot_the_passphrase_goes_on_from_a_backup_where_the_home_was() {
    let ana = Someone::at_home("Ana Sousa");
    let (paper, backup) = (crate::keys::paper(&ana, "paper"), ana.beside("ana.backup"));
    ana.kith(["backup", text(&backup)]).ok();
    let file = written(&ana, "passphrase", PASSPHRASE);
    ana.kith(["passphrase", "--new-passphrase-file", text(&file)]).ok();
    let restore = ["restore", text(&backup), "--words-file", &paper];
    ana.kith(restore).fails(1, &["there is a home in", "hint: move", "aside (keep it), then run this again"]);
    std::fs::rename(ana.folder(), ana.beside("home-before")).unwrap();
    ana.kith(restore).ok();
    assert_eq!(ana.kith(["card", "show"]).ok().out, "Ana Sousa\n");
}
