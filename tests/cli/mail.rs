//! A mail to Ana herself, by a mail server of her machine.

use std::time::Duration;

use kith_tests::e2e::{MAIL_PASSWORD as PASSWORD, PATIENCE, Someone, mail_server};

#[test]
fn bo_wrote_and_a_mail_says_so_in_the_morning_and_says_no_more_than_ana_wants() {
    let (url, mails) = mail_server();
    let (mut ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    bo.kith(["person", "write", "Ana", "Zinc is cheaper in spring."]).ok();
    ana.api().until("Bo's letter", |api| {
        let inbox = api.get("/inbox");
        inbox.as_array()?.iter().any(|item| item["kind"] == "wrote").then_some(())
    });
    assert!(ana.kith(["mail"]).ok().err.contains("No mail is sent: kith mail set"));
    ana.kith(["mail", "test"]).fails(1, &["no mail is set up", "hint: kith mail set"]);
    assert!(ana.kith(["doctor"]).ok().out.contains("mail: none is sent"));
    let password = ana.beside("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let set =
        ["mail", "set", "--server", &url, "--from", "kith@sousa.example", "--to", "ana@sousa.example", "--at", "0:00"];
    let login = ["--login", "ana", "--password-file", password.to_str().unwrap()];

    // The node looks at the clock when it starts, and it is past midnight.
    ana.stop();
    let said = ana.kith(set.iter().chain(&login)).ok();
    assert!(
        said.out.contains("To ana@sousa.example each day at 00:00") && said.err.contains("while kith up runs"),
        "{said}"
    );
    ana.start();
    let mail = mails.recv_timeout(PATIENCE).unwrap();
    assert!(mail.contains("1 contact wrote to you\n"), "{mail}");
    assert!(!mail.contains("Lindqvist") && !mail.contains("Zinc"), "{mail}");
    ana.api().until("it is remembered", |api| api.get("/mail").get("sent").map(|_| ()));
    ana.kill();
    ana.start();

    ana.kith(set.iter().chain(&login).chain(&["--mail-names"])).ok();
    let tried = ana.kith(["mail", "test"]).ok();
    assert!(tried.out.contains("Sent. The server says: 250 taken as 4711"), "{tried}");
    let mail = mails.recv_timeout(PATIENCE).unwrap();
    assert!(mail.contains("1 contact wrote to you: Bo Lindqvist\n") && !mail.contains("Zinc"), "{mail}");
    let shown = ana.kith(["mail"]).ok();
    assert!(shown.out.contains("with names") && shown.out.contains("the password sealed in the home"), "{shown}");
    assert!(ana.kith(["doctor"]).ok().out.contains("the last one was sent"));

    ana.kith(["mail", "off"]).ok();
    assert!(!std::fs::read_to_string(ana.folder().join("mail.json")).unwrap().contains("sealed"));
    assert!(mails.recv_timeout(Duration::ZERO).is_err(), "one in the morning, and one to try it out");
}

#[test]
fn a_wrong_password_and_wrong_words_are_said_and_the_password_is_not() {
    let (url, _mails) = mail_server();
    let ana = Someone::at_home("Ana Sousa");
    let addresses = ["--from", "kith@sousa.example", "--to", "ana@sousa.example"];
    let set = |more: &[&str], password: Option<&str>| {
        let mut command = ana.command(["mail", "set"].iter().chain(&addresses).chain(more));
        command.envs(password.map(|password| ("KITH_MAIL_PASSWORD", password)));
        kith_tests::e2e::run(&mut command, b"")
    };
    set(&["--server", "mail.sousa.example"], None).fails(2, &["no mail server", "smtps://"]);
    set(&["--server", &url, "--at", "25:00"], None).fails(2, &["no time of the day"]);
    set(&["--server", &url, "--login", "ana"], None).fails(2, &["nobody is there to ask", "KITH_MAIL_PASSWORD"]);
    set(&["--server", &url, "--login", "ana"], Some("wrong-horse")).ok();
    let tried = ana.kith(["mail", "test"]);
    let told = data_encoding::BASE64.encode(b"\0ana\0wrong-horse");
    assert!(!tried.err.contains("wrong-horse") && !tried.err.contains(&told), "{tried}");
    tried.fails(1, &["does not take the login: it answers 535", "hint: look at name and password"]);
    let mut by_service = ana.command(["mail", "test"]);
    set(&["--server", &url, "--login", "ana", "--by-credential"], None).ok();
    ana.kith(["mail", "test"]).fails(1, &["the password is not there", "kith-mail-password"]);
    let credentials = ana.beside("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::write(credentials.join("kith-mail-password"), PASSWORD).unwrap();
    kith_tests::e2e::run(by_service.env("CREDENTIALS_DIRECTORY", &credentials), b"").ok();
}
