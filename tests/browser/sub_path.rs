//! Homes below paths of one name, behind a proxy that other programs use too.

use std::net::Ipv4Addr;

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{Someone, free_port};

use crate::phone::{Phone, has_chromium};
use crate::proxy::{Behind, PROXY, Path, Proxy};

/// Pages that lead everywhere.
const PAGES: [&str; 21] = [
    "?skip=1",
    "qr",
    "qr/other",
    "codes",
    "scan",
    "people",
    "people/new",
    "exchange",
    "exchange/ask",
    "events",
    "card",
    "fair",
    "offline",
    "more",
    "access",
    "event-mode",
    "mailboxes",
    "mail",
    "key",
    "key/change?why=stolen&fresh=1",
    "node",
];

/// Somebody whose node is below a path of a proxy.
fn below(name: &'static str, port: u16, base: &str) -> Someone {
    let mut someone = Someone::new(name);
    someone.web = free_port();
    let (url, proxy) = (format!("http://127.0.0.1:{port}{base}/"), PROXY.to_string());
    someone.also = ["--web-url", &url, "--trust-proxy", &proxy].map(str::to_owned).into();
    someone.start();
    someone
}

/// Comes in by a code of the owner's.
#[track_caller]
fn comes_in(phone: &Phone, someone: &Someone, node: &str) {
    let code = someone.kith(["phone", "--json"]).ok().json()["code"].as_str().unwrap().to_owned();
    phone.goes_to(&format!("{node}/enter"));
    phone.types("Code", &code);
    phone.presses("Come in");
    phone.sees("Your card");
    assert_eq!(phone.address(), format!("{node}/"));
}

/// Makes the phone ready for a fair at the node that is shown.
#[track_caller]
fn prepares(phone: &Phone, node: &str) {
    phone.goes_to(&format!("{node}/fair"));
    phone.presses("Prepare this device");
    phone.sees("100 codes are on this device.");
    phone.sees("The app opens without network.");
    let scope = phone.waits_for_script("navigator.serviceWorker.ready.then((worker) => done(worker.scope));");
    assert_eq!(scope, format!("{node}/"));
}

/// Every link and every form of the page leads below the home.
#[track_caller]
fn leads_nowhere_else(phone: &Phone, node: &str) {
    let ways = phone.script(
        "return [...document.links].map((link) => link.href).concat([...document.forms].map((form) => form.action));",
    );
    for way in ways.as_array().unwrap() {
        let way = way.as_str().unwrap();
        assert!(way.strip_prefix(node).is_some_and(|rest| rest.starts_with('/')), "{} leads to {way}", phone.address());
    }
}

#[test]
fn two_homes_below_one_name_work_and_keep_out_of_each_others_way() {
    if !has_chromium() {
        return;
    }
    let port = free_port();
    let (mut ana, bo) = (below("Ana", port, "/ana"), below("Bo", port, "/apps/bo"));
    let homes = vec![
        Behind { base: "/ana", web: ana.web, path: Path::Stays },
        Behind { base: "/apps/bo", web: bo.web, path: Path::IsCut },
    ];
    let _proxy = Proxy::start(port, homes);
    let name = format!("http://127.0.0.1:{port}");
    let (anas, bos) = (format!("{name}/ana"), format!("{name}/apps/bo"));
    let phone = Phone::at(anas.clone(), Setup::new(Engine::Chromium));

    // Whoever opens a page of the one signs in there, and comes to that page.
    phone.goes_to(&format!("{anas}/people?order=touched"));
    phone.sees("Sign in");
    phone.is_at("/ana/login?next=/people%3Forder%3Dtouched");
    comes_in(&phone, &ana, &anas);
    phone.goes_to(&format!("{bos}/people"));
    phone.sees("Sign in");
    comes_in(&phone, &bo, &bos);
    for node in [&anas, &bos] {
        phone.goes_to(&format!("{node}/more"));
        phone.settles();
        phone.visit();
        for page in PAGES {
            phone.goes_to(&format!("{node}/{page}"));
            phone.settles();
            leads_nowhere_else(&phone, node);
        }
        phone.visit().stays_at(node);
        assert_eq!(phone.complaints(), Vec::<String>::new());
    }
    for node in [&anas, &bos] {
        phone.goes_to(&format!("{node}/people/new"));
        phone.types("Name", "Dee Okafor");
        phone.presses("Write somebody down");
        phone.sees("Written down, unconfirmed.");
        phone.presses("Keep");
        phone.sees("Kept.");
        phone.presses("Dee Okafor");
        phone.presses("Forget");
        phone.presses("Forget");
        phone.presses("Undo");
        phone.sees("It stays.");
        prepares(&phone, node);
    }
    phone.goes_to(&format!("{name}/"));
    phone.sees("The neighbour got: nothing");

    // Ana's node is away; what she notes comes home when it is back.
    ana.stop();
    phone.opens("people");
    phone.sees("No network: what you keep waits here, and goes home by itself.");
    phone.shows_code();
    phone.types("Name", "Eva");
    phone.presses("Keep");
    phone.sees("1 wait on this device");
    phone.goes_to(&format!("{bos}/offline"));
    phone.sees("0 wait on this device");
    phone.sees("Your node is reached.");
    ana.start();
    phone.opens("");
    phone.looks_at("people", "2 people");
    phone.sees("Eva");

    // Leaving the one leaves the other as it is.
    phone.opens("access");
    phone.presses("Sign out");
    phone.sees("Password");
    assert!(phone.address().starts_with(&format!("{anas}/login")), "{}", phone.address());
    phone.opens("people");
    phone.sees("Sign in");
    phone.goes_to(&format!("{bos}/fair"));
    phone.sees("100 codes are on this device.");
    phone.sees("The app opens without network.");
    phone.goes_to(&format!("{bos}/people"));
    phone.sees("Dee Okafor");
}

#[test]
fn mallory_who_writes_where_she_comes_from_is_stopped_and_others_are_not() {
    let port = free_port();
    let ana = below("Ana", port, "/ana");
    let proxy = Proxy::start(port, vec![Behind { base: "/ana", web: ana.web, path: Path::Stays }]);
    let guess = |from: Ipv4Addr, forged: &str| {
        let request = format!(
            "POST /ana/login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {forged}\r\nForwarded: for={forged}\r\n\
             X-Real-IP: {forged}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n\
             password=looms"
        );
        proxy.asked_from(from, &request)
    };
    let mallory = Ipv4Addr::new(127, 0, 0, 6);
    let stopped = (1..=12).find(|hop| {
        let answer = guess(mallory, &format!("203.0.113.{hop}"));
        assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 429"), "{answer}");
        answer.starts_with("HTTP/1.1 429")
    });
    assert!(stopped.is_some(), "Mallory guesses for ever");
    let other = guess(Ipv4Addr::new(127, 0, 0, 7), "127.0.0.6");
    assert!(other.starts_with("HTTP/1.1 403"), "nobody else is stopped for her: {other}");
}
