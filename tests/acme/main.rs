//! Certificates of a public authority: the real program asks a real authority on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may end in a panic; nothing here is shipped"
)]

mod authority;
mod browser;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use authority::{Authority, has_pebble};
use kith_tests::e2e::{PATIENCE, RunningNode, Someone, free_port};
use serde_json::Value;

const DOMAIN: &str = "kith.ana.example";
/// Longer than any test.
const LONG: u64 = 90 * 24 * 3600;
/// Short enough to be renewed while a test waits.
const SHORT: u64 = 18;

/// Ana, whose node is to have a certificate.
fn ana() -> Someone {
    let mut ana = Someone::new("Ana Sousa");
    ana.web = free_port();
    ana
}

/// Starts Ana's node, for which the machine trusts what is in this file.
fn starts(ana: &mut Someone, domain: &str, directory: &str, trusted: &Path) {
    let mut up = ana.up_command();
    up.args(["--tls", "acme", "--acme-email", "ana@ana.example", "--acme-directory", directory]);
    up.args(["--web-url", &format!("https://{domain}/")]).env("SSL_CERT_FILE", trusted);
    ana.node = Some(RunningNode::start(&mut up, ana.beside("log")).unwrap());
}

/// What the doctor says of the certificate.
fn finding(ana: &Someone) -> Value {
    let findings = ana.api().ask("GET", "/doctor", None).unwrap().body;
    findings.as_array().unwrap().iter().find(|finding| finding["subject"] == "certificate").unwrap().clone()
}

/// Waits until the doctor says this of the certificate.
#[track_caller]
fn until(ana: &Someone, health: &str, words: &str) -> Value {
    let begun = Instant::now();
    loop {
        let said = finding(ana);
        if said["health"] == health && said["finding"].as_str().unwrap().contains(words) {
            return said;
        }
        assert!(begun.elapsed() < PATIENCE, "{said} instead of {health}, {words:?}\n{}", ana.logged());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn ana_names_her_domain_and_browsers_trust_her_node() {
    if !has_pebble() {
        return;
    }
    let mut ana = ana();
    let mut authority = Authority::start(ana.web, LONG);
    starts(&mut ana, DOMAIN, &authority.directory(), &authority.trusted());
    until(&ana, "good", "counts until");
    let root = authority.root();
    let (page, first) = browser::get(ana.web, DOMAIN, &root, "/login").unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Password"), "{page}");
    let proof = browser::greet(ana.web, DOMAIN, &root, b"acme-tls/1");
    assert!(browser::alert(proof).contains("AccessDenied"), "the proof is shown only as long as somebody looks for it");

    let kept = ana.folder().join("acme.json");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let kept: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    let (key, account) = (kept["certificate"]["key"].as_str().unwrap(), kept["account"].as_str().unwrap());
    assert!(!ana.logged().contains(&key[40..]) && !ana.logged().contains(&account[80..120]), "{}", ana.logged());
    let orders = |authority: &Authority| authority.logged().matches("Added order").count();
    assert_eq!(orders(&authority), 1, "{}", authority.logged());

    ana.stop();
    // What was said once counts from now on.
    let mut up = ana.up_command();
    ana.node = Some(RunningNode::start(up.env("SSL_CERT_FILE", authority.trusted()), ana.beside("log")).unwrap());
    until(&ana, "good", "counts until");
    let (_, again) = browser::get(ana.web, DOMAIN, &root, "/login").unwrap();
    assert!(first == again, "a restart shows the same certificate");
    assert_eq!(orders(&authority), 1, "{}", authority.logged());

    // Another domain, and an authority that has forgotten the account.
    ana.stop();
    authority.closes();
    authority.opens();
    starts(&mut ana, "ana.example", &authority.directory(), &authority.trusted());
    until(&ana, "good", "counts until");
    browser::get(ana.web, "ana.example", &authority.root(), "/login").unwrap();
}

#[test]
fn a_certificate_is_renewed_in_time_and_its_authority_may_be_away_meanwhile() {
    if !has_pebble() {
        return;
    }
    let mut ana = ana();
    let mut authority = Authority::start(ana.web, SHORT);
    starts(&mut ana, DOMAIN, &authority.directory(), &authority.trusted());
    until(&ana, "good", "counts until");
    let root = authority.root();
    let (_, first) = browser::get(ana.web, DOMAIN, &root, "/login").unwrap();
    let begun = Instant::now();
    // At every moment there is one that counts.
    while browser::get(ana.web, DOMAIN, &root, "/login").unwrap().1 == first {
        assert!(begun.elapsed() < Duration::from_secs(SHORT), "it was not renewed: {}", ana.logged());
        std::thread::sleep(Duration::from_millis(100));
    }
    authority.closes();
    let said = until(&ana, "warning", "cannot be reached");
    assert!(said["finding"].as_str().unwrap().contains("counts until"), "{said}");
    assert!(browser::get(ana.web, DOMAIN, &root, "/login").unwrap().0.starts_with("HTTP/1.1 200"));
}

#[test]
fn without_its_authority_a_node_runs_for_its_own_machine_and_says_why() {
    let mut ana = ana();
    // Any certificate will do: nobody is there to show one.
    let trusted = ana.beside("trusted.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&trusted, own.pem()).unwrap();
    starts(&mut ana, DOMAIN, &format!("https://localhost:{}/dir", free_port()), &trusted);
    let said = ana.node.as_ref().unwrap().said();
    assert!(said.contains("as soon as its certificate has come"), "{said}");
    let said = until(&ana, "bad", "there is none");
    assert!(said["finding"].as_str().unwrap().contains("localhost cannot be reached"), "{said}");
    assert!(said["advice"].as_str().unwrap().contains("--acme-directory"), "{said}");
    assert!(ana.logged().contains("localhost cannot be reached"), "{}", ana.logged());
    assert_eq!(ana.kith(["doctor"]).code, Some(1));

    for protocol in [&b"http/1.1"[..], b"acme-tls/1"] {
        let alert = browser::alert(browser::greet(ana.web, DOMAIN, &trusted, protocol));
        assert!(alert.contains("AccessDenied"), "{alert}");
    }
    let mut plain = TcpStream::connect(("127.0.0.1", ana.web)).unwrap();
    // In one piece: the node hangs up in the middle of anything longer.
    plain.write_all(format!("GET / HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert_eq!(answer.first(), Some(&21), "an alert and nothing else: {answer:?}");
    let way = ana.kith(["phone", "--json"]).ok().json();
    assert!(way["trust"].is_null(), "there is nothing to install: {way}");
}

#[test]
fn an_authority_that_finds_somebody_else_at_the_domain_is_understood() {
    if !has_pebble() {
        return;
    }
    let mut bo = Someone::new("Bo Lindqvist");
    bo.web = free_port();
    bo.also = ["--tls", "own"].map(str::to_owned).into();
    bo.start();
    let mut ana = ana();
    let authority = Authority::start(bo.web, LONG);
    starts(&mut ana, DOMAIN, &authority.directory(), &authority.trusted());
    let said = until(&ana, "bad", "did not find it");
    assert!(said["advice"].as_str().unwrap().contains("port 443"), "{said}");
    assert!(ana.logged().contains("did not find it"), "{}", ana.logged());
    let refused = browser::greet(ana.web, DOMAIN, &authority.trusted(), b"http/1.1");
    assert!(browser::alert(refused).contains("AccessDenied"));
}

#[test]
fn what_no_authority_can_do_is_refused_at_once() {
    let ana = Someone::at_home("Ana Sousa");
    let up = |args: &[&str]| ana.kith([&["up", "--tls", "acme"], args].concat());
    up(&[]).fails(2, &["needs a domain", "--web-url"]);
    up(&["--web-url", "http://kith.ana.example/"]).fails(2, &["plain http"]);
    for near in ["https://ana-laptop.local/", "https://192.168.1.7/", "https://198.51.100.7/"] {
        up(&["--web-url", near]).fails(2, &["no public authority", "--tls own"]);
    }
    let url = ["--web-url", "https://kith.ana.example/"];
    up(&[&url[..], &["--acme-email", "ana"]].concat()).fails(2, &["\"ana\" is no e-mail address", "ana@example.org"]);
    up(&[&url[..], &["--acme-directory", "http://acme.example/dir"]].concat())
        .fails(2, &["no address of an authority"]);
    ana.kith(["up", "--acme-email", "ana@ana.example"]).fails(2, &["--tls acme"]);
    let said = ana.kith(["up", "--tls", "acme", "--json"]).json_error();
    assert_eq!(said["kind"], "usage");
    // What was refused was not kept.
    let mut ana = ana;
    ana.start();
}
