//! The day after an upgrade: homes, codes and backups of every version that was released, in the hands of this one. What a
//! version left, and how it was made, is in `tests/fixtures/README.md`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use kith_tests::e2e::{RunningNode, Someone, faketime, mail_server_at, skip};
use serde_json::Value;

use crate::access::browse;
use crate::introductions::{says, settle, until_asked};

const DAY: i64 = 24 * 3_600;

/// What a version left.
struct Left {
    folder: PathBuf,
    told: Value,
    /// How far clocks are off for which it is the day after.
    clock: &'static str,
}

impl Left {
    /// What each version left; nothing where nobody's clock can be set.
    fn by_every_version() -> Vec<Self> {
        if faketime().is_none() {
            skip("what earlier versions left", "faketime is not installed");
            return Vec::new();
        }
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folders = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
        let left: Vec<Self> =
            folders.filter(|folder| folder.join("homes.tar.gz").exists()).map(Self::lies_in).collect();
        assert!(!left.is_empty(), "there is no home of any version");
        left
    }

    fn lies_in(folder: PathBuf) -> Self {
        println!("what lies in {}", folder.display());
        let told: Value = serde_json::from_slice(&std::fs::read(folder.join("left.json")).unwrap()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let off = told["made"].as_i64().unwrap() + DAY - i64::try_from(now).unwrap();
        // A few bytes for the length of a test.
        Self { folder, told, clock: format!("{off:+}").leak() }
    }

    /// Somebody's home as it was left.
    fn home_of(&self, name: &'static str) -> Someone {
        let someone = self.newcomer(name);
        let stage = someone.folder().parent().unwrap();
        let short = name.split(' ').next().unwrap().to_lowercase();
        let mut tar = Command::new("tar");
        tar.arg("--extract").arg("--gzip").arg("--file").arg(self.folder.join("homes.tar.gz"));
        assert!(tar.arg("--directory").arg(stage).arg(&short).status().unwrap().success(), "{tar:?}");
        std::fs::rename(stage.join(short), someone.folder()).unwrap();
        someone
    }

    /// Somebody without a home, on the same day.
    fn newcomer(&self, name: &'static str) -> Someone {
        let mut someone = Someone::new(name);
        someone.clock = Some(self.clock);
        someone
    }

    /// A file of what was left.
    fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }
}

/// A file beside a home, with what somebody has on paper or in mind.
fn written(of: &Someone, name: &str, text: &Value) -> String {
    let file = of.beside(name);
    std::fs::write(&file, text.as_str().unwrap()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Starts a node and says nothing that was said before.
#[track_caller]
fn start_again(who: &mut Someone, also: &[&str]) {
    let mut up = who.command(["up"].iter().chain(also));
    let node = RunningNode::start(&mut up, who.beside("log"));
    who.node = Some(node.unwrap_or_else(|said| panic!("{}: {said}", who.name)));
}

/// Waits until somebody reads what another wrote.
#[track_caller]
fn until_read(who: &Someone, from: &str, texts: &[&str]) {
    who.api().until(&format!("{} reads {texts:?}", who.name), |api| {
        let letters = api.get(&format!("/people/{from}/letters"))["letters"].to_string();
        texts.iter().all(|text| letters.contains(text)).then_some(())
    });
}

#[test]
fn everybody_and_everything_is_there_before_any_node_runs() {
    for left in Left::by_every_version() {
        let ana = left.home_of("Ana Sousa");
        ana_has_whom_she_met(&ana);
        let words = written(&ana, "words", &left.told["words"]["ana"]);
        ana.kith(["words", "--check", "--words-file", &words]).ok();
        let mail = ana.kith(["mail"]).ok().out;
        says(&mail, &["To ana@sousa.example each day at 06:15", "with names", "the password sealed in the home"]);
        assert!(ana.kith(["sessions"]).ok().out.contains("Firefox on Linux"));

        let chi = left.home_of("Chi Tran");
        says(&chi.kith(["people"]).ok().out, &["Ana Sousa contact; introduced by Bo Lindqvist"]);
        says(&chi.kith(["person", "show", "Ana"]).ok().out, &["mobile +351 912 345 678", "Bo Lindqvist vouches for"]);

        // Her machine went without a word, and the last that she noted was in the journal alone.
        let eva = left.home_of("Eva Novak");
        assert!(eva.kith(["person", "show", "Ana"]).ok().out.contains("has valves for us"));

        let bo = left.home_of("Bo Lindqvist");
        bo.kith(["people"]).fails(2, &["nobody is there to ask", "--passphrase-file"]);
        let wrong = written(&bo, "wrong", &"another one altogether".into());
        bo.kith(["people", "--passphrase-file", &wrong]).fails(5, &["this is not the passphrase"]);
        let passphrase = written(&bo, "passphrase", &left.told["passphrase"]);
        let given = bo.kith(["vouch", "list", "--passphrase-file", &passphrase]).ok().out;
        says(&given, &["You vouch for Ana Sousa as your supplier", "Supported by a meeting that both signed"]);
    }
}

/// Whom Ana met and what they did, as far as it is in every backup too.
#[track_caller]
fn ana_has_whom_she_met(ana: &Someone) {
    let people = ana.kith(["people"]).ok().out;
    says(&people, &["Bo Lindqvist contact; scanned live at Hannover Messe #breweries"]);
    says(&people, &["Chi Tran contact; introduced by Bo Lindqvist", "Eva Novak contact; scanned live"]);
    says(&people, &["Dee Wong from a code of another kind at Hannover Messe, unconfirmed"]);
    let bo = ana.kith(["person", "show", "Bo"]).ok().out;
    says(&bo, &["Hannover Messe: signed by both of you", "next: send the quote", "wants a quote by Friday"]);
    says(&bo, &["Here is the quote. 🔩🔩🔩", "Thank you for the quote."]);
    says(&bo, &["Is Friday still good? (waits until their node can be reached)"]);
    says(&bo, &["waiting for them: my ask for an introduction"]);
    let dee = ana.kith(["person", "show", "Dee"]).ok().out;
    says(&dee, &["they need: valves for two ships", "promised: the drawings"]);
    says(&ana.kith(["card", "show"]).ok().out, &["org Sousa Valves [public]", "mobile +351 912 345 678 [contacts]"]);
    says(&ana.kith(["event", "list"]).ok().out, &["Hannover Messe", "Hall 7; met 3"]);

    let vouches = ana.kith(["vouch", "list"]).ok().out;
    says(&vouches, &["Bo Lindqvist about you: accepted, for contacts of either", "Delivers when she says"]);
    let introductions = ana.kith(["intro", "list", "--json"]).ok().json();
    let states: Vec<_> = introductions.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open", "connected"], "{introductions}");
    let intro = |which: usize| ana.kith(["intro", "show", introductions[which]["id"].as_str().unwrap()]).ok().out;
    says(
        &intro(0),
        &["You ask Bo Lindqvist to introduce you to somebody who runs a foundry.", "May I ask you how you"],
    );
    says(&intro(1), &["you and Chi Tran hold each other", "you say: met, of use. “She took a sample!”"]);

    let codes = ana.kith(["invite", "list"]).ok().out;
    let badge = codes.lines().find(|line| line.contains("the badge")).unwrap_or_else(|| panic!("{codes}"));
    says(badge, &["printed open not used", "for whoever reads my badge"]);
    let used = codes.lines().filter(|line| line.split_whitespace().nth(2) == Some("used"));
    assert_eq!(used.count(), 2, "by Bo and by Eva: {codes}");
}

#[test]
fn nodes_go_on_where_they_were_and_what_waited_arrives() {
    let versions = Left::by_every_version();
    let _mails = (!versions.is_empty()).then(|| mail_server_at("127.75.0.1:7525"));
    for left in versions {
        let mut ana = left.home_of("Ana Sousa");
        start_again(&mut ana, &[]);
        ana_finds_her_settings(&ana);
        ana_is_let_in(&ana, &left.told);
        let sent = ana.kith(["mail", "test"]).ok().out;
        assert!(sent.contains("250 taken as 4711"), "the server knows the password that was sealed: {sent}");

        // Bo's node is still off: what he wrote to Eva lies at Ana's.
        let mut eva = left.home_of("Eva Novak");
        start_again(&mut eva, &[]);
        until_read(&eva, "Bo", &["Zinc is cheaper in spring.", "Shall we order?"]);
        ana.api()
            .until("nothing lies there any more", |api| (api.metric("kith_held_bytes").ok()? == Some(0)).then_some(()));

        let mut bo = left.home_of("Bo Lindqvist");
        let passphrase = written(&bo, "passphrase", &left.told["passphrase"]);
        start_again(&mut bo, &["--passphrase-file", &passphrase]);
        until_read(&bo, "Ana", &["Is Friday still good?"]);
        let asked = until_asked(&bo.api(), "introduce");
        assert_eq!(asked["introduction"]["wanted"], "somebody who runs a foundry", "{asked}");
        settle(&ana, &bo);
        bo.kith(["person", "write", "Ana", "It is."]).ok();
        until_read(&ana, "Bo", &["It is."]);

        ana_says_yes_to_eva(&ana, &eva);
        her_codes_still_lead_to_her(&left, &ana);
        ana.stop();
        ana_comes_back_with_her_words_and_bo(&left, &bo);
    }
}

/// What was once said to `kith up` counts.
#[track_caller]
fn ana_finds_her_settings(ana: &Someone) {
    let status = ana.kith(["status", "--json"]).ok().json();
    let there: Vec<&str> = status["listening"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(there, ["/ip4/127.75.0.1/tcp/7517", "/ip4/127.75.0.1/udp/7517/quic-v1"]);
    let doctor = ana.kith(["doctor"]).out;
    for words in ["127.75.0.1:7518", "router: not asked to open a port", "hold 1.0 kB of 67 MB", "a password is set"] {
        assert!(doctor.contains(words), "{words:?} is missing: {doctor}");
    }
    assert_eq!(ana.api().metric("kith_passed_on_most_bytes").unwrap(), Some(2 << 30));
}

/// Browsers that were signed in still are, and passwords count.
#[track_caller]
fn ana_is_let_in(ana: &Someone, told: &Value) {
    let seen = browse(ana, "GET", "/", told["cookie"].as_str().unwrap(), "");
    assert!(seen.starts_with("HTTP/1.1 200") && seen.contains("Eva Novak"), "{seen}");
    let password = told["password"].as_str().unwrap().replace(' ', "+");
    let entered = browse(ana, "POST", "/login", "", &format!("password={password}"));
    assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
}

/// What waited in the inbox since before the upgrade can be answered.
#[track_caller]
fn ana_says_yes_to_eva(ana: &Someone, eva: &Someone) {
    let item = until_asked(&ana.api(), "confirm_scan");
    assert_eq!(item["person"]["name"], eva.name, "{item}");
    ana.kith(["inbox", "accept", item["id"].as_str().unwrap()]).ok();
    eva.api().until("both signed that they met", |_| {
        eva.kith(["person", "show", "Ana"]).ok().out.contains("signed by both of you").then_some(())
    });
}

/// A badge that was photographed, and a code for one person out of a box.
#[track_caller]
fn her_codes_still_lead_to_her(left: &Left, ana: &Someone) {
    let (mut dora, mut fay) = (left.newcomer("Dora Keller"), left.newcomer("Fay Okoro"));
    dora.start();
    dora.kith(["scan", &left.file("badge.png")]).ok();
    let item = until_asked(&ana.api(), "share_back");
    ana.kith(["inbox", "accept", item["id"].as_str().unwrap()]).ok();
    dora.api().until_contact(ana.name);
    fay.start();
    fay.kith(["scan", left.told["codes"]["for_one"].as_str().unwrap()]).ok();
    fay.api().until_contact(ana.name);
    ana.api().until_contact(fay.name);
}

/// Her home is gone with her machine. What Bo's node kept for her is of the version before.
#[track_caller]
fn ana_comes_back_with_her_words_and_bo(left: &Left, bo: &Someone) {
    let new = left.newcomer("Ana Sousa");
    let words = written(&new, "words", &left.told["words"]["ana"]);
    // Nor has that any door yet for who has nothing but an address.
    let at = bo.kith(["status", "--json"]).ok().json()["addresses"][0].as_str().unwrap().to_owned();
    new.kith(["recover", &at, "--words-file", &words]).fails(1, &["no door for these words", "kith invite"]);
    let back = new.kith(["recover", &bo.shows(""), "--words-file", &words]).ok().out;
    assert!(back.contains("Ana Sousa is back"), "{back}");
    let people = new.kith(["people"]).ok().out;
    for name in ["Bo Lindqvist", "Chi Tran", "Eva Novak"] {
        assert!(people.contains(name), "{name} is missing: {people}");
    }
}

#[test]
fn a_backup_brings_everybody_and_everything_back() {
    for left in Left::by_every_version() {
        let new = left.newcomer("Ana Sousa");
        let words = written(&new, "words", &left.told["words"]["ana"]);
        let others = written(&new, "words of Bo", &left.told["words"]["bo"]);
        let backup = left.file("ana.backup");
        assert!(new.kith(["verify", &backup]).ok().out.contains("is whole"));
        new.kith(["restore", &backup, "--words-file", &others]).fails(1, &["these words do not open this backup"]);
        let back = new.kith(["restore", &backup, "--words-file", &words]).ok().out;
        assert!(back.contains("Ana Sousa is back"), "{back}");
        ana_has_whom_she_met(&new);
        let open = new.kith(["invite", "list", "--open"]).ok().out;
        assert!(open.lines().count() == 1 && open.contains("the badge"), "codes for one person may be used: {open}");
    }
}
