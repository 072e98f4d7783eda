//! Ana's mornings: what her node writes to her, and what it does when her mail server is away, wrong or Mallory's.

mod server;

use jiff::Zoned;
use jiff::civil;
use kith_protocol::engine::inbox::{Item, ItemKind};
use kith_protocol::id::{ItemId, PersonId};
use kith_protocol::store::{Store, Table, Write};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::wire::encode;
use zeroize::Zeroizing;

use super::plan::{Password, Plan, Security};
use super::{BadPlan, Mail, Unsent, Wanted};
use crate::home::Home;
use crate::node::Desk;
use crate::store::VaultKey;
use server::{MailServer, Manner};

const PASSWORD: &str = "correct horse battery";

struct Ana {
    mail: Mail,
    desk: Desk,
    home: Home,
    vault: VaultKey,
    _folder: tempfile::TempDir,
}

/// Something that waits since the night.
fn ask(kind: ItemKind, number: u8) -> Item {
    let (at, until) = (Timestamp::from_secs(1_776_640_000), Timestamp::from_secs(1_777_600_000));
    let (id, person) = (ItemId([number; 10]), PersonId([1; 10]));
    Item { id, kind, person, at, until, invite: None, meeting: None, introduction: None, vouch: None, letter: None }
}

impl Ana {
    /// Ana, on whom this waits, and whose mail goes by this server, with a password.
    fn with(waits: &[ItemKind], server: &MailServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (mut open, _) = home.create(Name::new("Ana Sousa").unwrap()).unwrap();
        let vault = open.store.vault();
        for (number, kind) in (1..).zip(waits) {
            let item = ask(*kind, number);
            let (key, value) = (item.id.0.to_vec(), Some(encode(&item)));
            open.store.commit(&[Write { table: Table::Inbox, key, value }]).unwrap();
        }
        let desk = Desk::open(open).unwrap();
        let mail = Mail::by(desk.handle(), home.clone(), vault.clone(), server.wire());
        let ana = Self { mail, desk, home, vault, _folder: folder };
        ana.sets(server, PASSWORD);
        ana
    }

    fn sets(&self, server: &MailServer, password: &str) {
        let wanted = Wanted {
            server: "smtps://localhost:465",
            from: "kith@sousa.example",
            to: "ana@sousa.example",
            at: "07:30",
            names: false,
            login: Some("ana"),
            password: Some(Zeroizing::new(password.to_owned())),
            keep_password: false,
        };
        let plan = Plan { server: server.named(), ..self.mail.read(wanted).unwrap() };
        self.mail.set(Some(plan)).unwrap();
    }

    /// Her node was started again.
    fn restarted(&self, server: &MailServer) -> Mail {
        let mail = Mail::by(self.desk.handle(), self.home.clone(), self.vault.clone(), server.wire());
        // A stored server that is on this machine is spoken to in the clear; the test says how.
        let plan = Plan { server: server.named(), ..mail.plan().unwrap() };
        *mail.inner.plan.write().unwrap() = Some(plan);
        mail
    }

    fn trouble(&self) -> String {
        self.mail.record().trouble.map(|trouble| format!("{} → {}", trouble.message, trouble.hint)).unwrap_or_default()
    }
}

/// A moment in April, where Ana is.
fn at(day: i8, hour: i8, minute: i8) -> Zoned {
    civil::date(2026, 4, day).at(hour, minute, 0, 0).in_tz("Europe/Lisbon").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ask_came_overnight_and_one_mail_tells_ana_at_half_past_seven() {
    for security in [Security::Plain, Security::Tls, Security::StartTls] {
        let server = MailServer::open(security, Manner::Good).await;
        let ana = Ana::with(&[ItemKind::Introduce, ItemKind::Meet], &server);
        for minute in [0, 29, 30, 31, 59] {
            ana.mail.look(&at(20, 7, minute)).await;
        }
        ana.restarted(&server).look(&at(20, 12, 0)).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{security:?}: {} {mails:?}", ana.trouble());
        for words in [
            "From: \"Kith\" <kith@sousa.example>\r\n",
            "To: ana@sousa.example\r\n",
            "Subject: Kith: 2 things wait for you\r\n",
            "Date: Mon, 20 Apr 2026 06:30:00 +0000\r\n",
            "* 1 contact asks you to introduce them\r\n* 1 introduction is offered to you\r\n",
        ] {
            assert!(mails[0].replace("From: Kith <", "From: \"Kith\" <").contains(words), "{words:?}: {}", mails[0]);
        }
        ana.mail.look(&at(21, 7, 30)).await;
        assert_eq!(server.mails().len(), 2, "it still waits the day after");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_and_nobody_is_written_to() {
    let server = MailServer::open(Security::Tls, Manner::Good).await;
    let ana = Ana::with(&[], &server);
    ana.mail.look(&at(20, 7, 30)).await;
    assert_eq!((server.visits(), ana.trouble().as_str()), (0, ""));
    assert!(ana.mail.test().await.unwrap().contains("taken as 4711"), "whoever tries it out gets one all the same");
    assert!(server.mails()[0].contains("Nothing waits for you."));
    ana.mail.set(None).unwrap();
    assert_eq!(ana.mail.test().await, Err(Unsent::Off));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_busy_the_mail_comes_later_and_meanwhile_ana_is_told() {
    let server = MailServer::open(Security::StartTls, Manner::IsBusy).await;
    let ana = Ana::with(&[ItemKind::Wrote], &server);
    ana.mail.look(&at(20, 7, 30)).await;
    assert!(ana.trouble().contains("does not take the mail: 451 4.3.0 come back later"), "{}", ana.trouble());
    assert!(!ana.trouble().contains('\u{7}'), "a server moves no terminal");
    ana.mail.look(&at(20, 7, 31)).await;
    assert_eq!(server.visits(), 1, "not at once");
    server.becomes(Manner::RefusesTheWords);
    ana.restarted(&server).look(&at(20, 7, 40)).await;
    assert_eq!((server.visits(), server.mails().len()), (2, 0));
    server.becomes(Manner::Good);
    ana.restarted(&server).look(&at(20, 8, 30)).await;
    ana.restarted(&server).look(&at(20, 9, 30)).await;
    assert_eq!((server.visits(), server.mails().len()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_off_is_said_to_be_away() {
    let server = MailServer::open(Security::Tls, Manner::Good).await;
    let ana = Ana::with(&[ItemKind::Wrote], &server);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut plan = ana.mail.plan().unwrap();
    plan.server.port = nobody;
    ana.mail.set(Some(plan)).unwrap();
    ana.mail.look(&at(20, 7, 30)).await;
    assert!(ana.trouble().starts_with("localhost is not reached: "), "{}", ana.trouble());
    assert!(ana.trouble().ends_with("it is tried again"));
    ana.sets(&server, PASSWORD);
    ana.mail.look(&at(20, 7, 31)).await;
    assert_eq!(server.mails().len(), 1, "what went wrong with other settings delays nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_and_not_tried_all_day_nor_told_to_anybody() {
    let server = MailServer::open(Security::Tls, Manner::KnowsNobody).await;
    let ana = Ana::with(&[ItemKind::Wrote], &server);
    for hour in 8..23 {
        ana.mail.look(&at(20, hour, 0)).await;
    }
    assert_eq!(server.visits(), 1);
    let trouble = ana.trouble();
    assert!(trouble.contains("localhost does not take the login: it answers 535"), "{trouble}");
    let told = data_encoding::BASE64.encode(format!("\0ana\0{PASSWORD}").as_bytes());
    assert!(!trouble.contains(PASSWORD) && !trouble.contains(&told), "{trouble}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_mallorys_server_does_it_comes_to_an_end() {
    for security in [Security::Plain, Security::Tls, Security::StartTls] {
        for manner in [Manner::SaysNothing, Manner::NeverStops, Manner::IsNoMailServer] {
            let server = MailServer::open(security, manner).await;
            let ana = Ana::with(&[ItemKind::Wrote], &server);
            ana.mail.look(&at(20, 7, 30)).await;
            let trouble = ana.trouble();
            let is_said =
                trouble.contains("does not answer in time") || trouble.contains("says what no mail server says");
            assert!(is_said, "{security:?} {manner:?}: {trouble:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_in_the_clear_nor_to_a_stranger() {
    let server = MailServer::open(Security::StartTls, Manner::IsInTheClear).await;
    let ana = Ana::with(&[ItemKind::Wrote], &server);
    ana.mail.look(&at(20, 7, 30)).await;
    assert!(ana.trouble().starts_with("localhost offers no encryption"), "{}", ana.trouble());
    server.becomes(Manner::IsTamperedWith);
    ana.restarted(&server).look(&at(20, 8, 0)).await;
    assert_eq!((server.visits(), server.mails().len()), (2, 0));
    for security in [Security::Tls, Security::StartTls] {
        let (mallorys, other) =
            (MailServer::open(security, Manner::Good).await, MailServer::open(security, Manner::Good).await);
        let ana = Ana::with(&[ItemKind::Wrote], &other);
        ana.sets(&mallorys, PASSWORD);
        ana.mail.look(&at(20, 7, 30)).await;
        assert!(
            ana.trouble().starts_with("nobody whom this machine trusts says that this is localhost"),
            "{}",
            ana.trouble()
        );
        assert!(mallorys.mails().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_vanishes_with_the_mail_gets_no_second_one() {
    let server = MailServer::open(Security::Tls, Manner::Vanishes).await;
    let ana = Ana::with(&[ItemKind::Wrote], &server);
    ana.mail.look(&at(20, 7, 30)).await;
    server.becomes(Manner::Good);
    for hour in 8..23 {
        ana.restarted(&server).look(&at(20, hour, 0)).await;
    }
    assert!(server.mails().is_empty() && ana.trouble().contains("which may have come or not"), "{}", ana.trouble());
    ana.mail.look(&at(21, 7, 30)).await;
    assert_eq!((server.mails().len(), ana.trouble().as_str()), (1, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_lies_sealed_and_goes_with_the_plan() {
    let server = MailServer::open(Security::Tls, Manner::Good).await;
    let ana = Ana::with(&[], &server);
    let file = ana.home.folder().join("mail.json");
    let stored = std::fs::read_to_string(&file).unwrap();
    let hex = data_encoding::HEXLOWER.encode(PASSWORD.as_bytes());
    assert!(stored.contains("sealed") && !stored.contains(PASSWORD) && !stored.contains(&hex), "{stored}");
    assert!(matches!(ana.mail.plan().unwrap().login.unwrap().password, Password::Sealed(_)));
    let stolen = Mail::by(ana.desk.handle(), ana.home.clone(), VaultKey::new([0; 32]), server.wire());
    assert_eq!(stolen.test().await, Err(Unsent::NoPassword), "without the key of the home it opens for nobody");
    ana.mail.set(None).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "null");
}

#[tokio::test(flavor = "multi_thread")]
async fn ana_changes_the_hour_and_keeps_her_password_which_no_other_server_is_told() {
    let server = MailServer::open(Security::Plain, Manner::Good).await;
    let ana = Ana::with(&[], &server);
    let named = server.named().to_string();
    let wanted = |server: &str| {
        let (from, to) = ("kith@sousa.example", "ana@sousa.example");
        let login = Some("ana");
        ana.mail.read(Wanted { server, from, to, at: "8:15", login, keep_password: true, ..Wanted::default() })
    };
    ana.mail.set(Some(wanted(&named).unwrap())).unwrap();
    assert_eq!(ana.mail.plan().unwrap().at, civil::time(8, 15, 0, 0));
    ana.mail.test().await.unwrap();
    for other in ["smtps://mallory.example", "smtp://localhost:1"] {
        assert_eq!(wanted(other), Err(BadPlan::OtherServer), "{other}");
    }
    ana.mail.set(None).unwrap();
    assert_eq!(wanted(&named), Err(BadPlan::NoPassword), "it was forgotten");
}
