//! What must never be seen outside the home: words, codes, the token, what cards and notes say.

use kith_protocol::invite::Invite;
use kith_tests::e2e::{Said, Someone};

const NOTE: &str = "thinks of selling the firm";
const MAIL: &str = "ana.private@sousa.example";
const PHONE: &str = "+351 912 345 678";

/// Looks for a secret however it may have been written: as it is, as hex, as a list of numbers.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, text: &str) {
        self.0.push((what, text.to_lowercase()));
    }

    fn add_bytes(&mut self, what: &'static str, bytes: &[u8]) {
        self.add(what, &bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>());
        let numbers: Vec<String> = bytes.iter().take(6).map(ToString::to_string).collect();
        self.add(what, &numbers.join(", "));
        self.add(what, &numbers.join(","));
    }

    #[track_caller]
    fn are_not_in(&self, place: &str, text: &str) {
        let text = text.to_lowercase();
        for (what, secret) in &self.0 {
            if let Some(at) = text.find(secret.as_str()) {
                let around: String = text.get(at.saturating_sub(300)..).unwrap_or(&text).chars().take(600).collect();
                panic!("{what} is in {place}: … {around} …");
            }
        }
    }
}

fn words_of(someone: &Someone) -> Vec<String> {
    let words = std::fs::read_to_string(someone.folder().join("recovery-words.txt")).unwrap();
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn no_secret_is_in_what_is_logged_or_said() {
    let mut ana = Someone::new("Ana Sousa").logging("trace");
    let mut bo = Someone::new("Bo Lindqvist").logging("trace");
    ana.start();
    bo.start();
    let mut said: Vec<Said> = Vec::new();
    said.push(ana.kith(["card", "set", "email", MAIL]).ok());
    said.push(ana.kith(["card", "set", "mobile", PHONE]).ok());
    let code = ana.shows("Hannover Messe");
    said.push(bo.kith(["scan", &code, "--note", NOTE]).ok());
    bo.api().until_contact("Ana Sousa");
    ana.api().until_contact("Bo Lindqvist");
    let item = ana.api().get("/inbox")[0]["id"].as_str().unwrap().to_owned();
    said.push(ana.kith(["inbox", "accept", &item]).ok());
    bo.api()
        .until("both signed", |api| api.get("/people/Ana")["meetings"][0]["signed_by_them"].as_bool().filter(|is| *is));
    let mallory = Someone::up("Mallory");
    said.push(mallory.kith(["scan", &code]).ok());
    bo.kill();
    said.push(ana.kith(["card", "set", "mobile", ""]).ok());
    bo.start();
    bo.api()
        .until("Bo sees the change", |api| (!api.get("/people/Ana")["card"].to_string().contains("351")).then_some(()));
    for command in [&["status"][..], &["doctor"], &["words"], &["invite", "list"], &["people"], &["people", "--json"]] {
        said.push(ana.kith(command).ok());
        said.push(bo.kith(command).ok());
    }
    said.push(ana.kith(["init", "--name", "Ana"]).fails(1, &[]));
    said.push(ana.kith(["scan", &code[..70]]).fails(1, &[]));
    said.push(ana.kith(["scan", &code]).fails(1, &[]));

    let mut secrets = Secrets(Vec::new());
    for someone in [&ana, &bo] {
        let words = words_of(someone);
        words.windows(2).for_each(|pair| secrets.add("recovery words", &pair.join(" ")));
        let quoted: Vec<String> = words[..2].iter().map(|word| format!("\"{word}\"")).collect();
        secrets.add("recovery words", &quoted.join(", "));
        secrets.add("the token", &std::fs::read_to_string(someone.folder().join("api-token")).unwrap());
        let keys = std::fs::read(someone.folder().join("keys")).unwrap();
        secrets.add_bytes("the vault key", &keys[8..40]);
        secrets.add_bytes("the node key", &keys[40..72]);
    }
    let invite = Invite::from_text(&code).unwrap();
    secrets.add("the code", &code[5..25]);
    secrets.add("the code", &code[65..85]);
    secrets.add_bytes("the secret of the code", &invite.secret);
    secrets.add("a note", NOTE);
    secrets.add("a card", MAIL);
    secrets.add("a card", PHONE);
    ana.stop();
    bo.stop();
    for someone in [&ana, &bo] {
        let log = someone.logged();
        assert!(log.contains("TRACE") && log.len() > 100_000, "the log says little: {} bytes", log.len());
        println!("{}: {} lines of log", someone.name, log.lines().count());
        secrets.are_not_in(&format!("{}'s log", someone.name), &log);
    }
    for said in said {
        secrets.are_not_in(&said.line, &said.out);
        secrets.are_not_in(&said.line, &said.err);
    }
}

#[test]
fn nobody_else_can_read_a_home() {
    use std::os::unix::fs::PermissionsExt;
    let mut ana = Someone::up("Ana Sousa");
    ana.shows("Hannover Messe");
    ana.kill();
    ana.start();
    let mode = std::fs::metadata(ana.folder()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
