//! TLS by the node's own certificate authority, which a person installs once on a device.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{Someone, free_port, run, skip};

use crate::phone::{Phone, has_chromium};

/// What plain HTTP answers where TLS is spoken.
fn download(port: u16, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..head]));
    answer.split_off(head + 4)
}

/// Installs a certificate as an authority for everything that a person of this home browses.
fn trusts(home: &Path, certificate: &Path) {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).unwrap();
    let database = format!("sql:{}", database.display());
    let certutil = |args: &[&str]| run(Command::new("certutil").args(["-d", &database]).args(args), b"").ok();
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-n", "Kith", "-t", "C,,", "-i", certificate.to_str().unwrap()]);
}

#[test]
fn a_browser_that_trusts_the_nodes_own_authority_keeps_the_app() {
    if !has_chromium() {
        return;
    }
    if !Path::new("/usr/bin/certutil").exists() {
        return skip("trusting a certificate authority", "certutil is missing (libnss3-tools)");
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    let node = format!("https://127.0.0.1:{}", ana.web);
    ana.also = ["--tls", "own", "--web-url", &format!("{node}/")].map(str::to_owned).into();
    ana.start();

    let phone = Phone::at(node.clone(), Setup::new(Engine::Chromium));
    phone.goes_in_vain_to(&format!("{node}/login"));
    phone.goes_to(&format!("http://127.0.0.1:{}/", ana.web));
    phone.sees("Trust this node");
    phone.is_accessible();
    phone.fits_the_width();
    phone.photographs("trust-first");
    drop(phone);

    let (home, certificate) = (tempfile::tempdir().unwrap(), ana.beside("kith-ca.crt"));
    std::fs::write(&certificate, download(ana.web, "/kith-ca.crt")).unwrap();
    trusts(home.path(), &certificate);
    let phone = Phone::at(node, Setup::new(Engine::Chromium).home(home.path()));
    let code = ana.kith(["phone", "--json"]).ok().json()["code"].as_str().unwrap().to_owned();
    phone.opens("enter");
    phone.types("Code", &code);
    phone.presses("Come in");
    phone.sees("Your card");
    phone.opens("fair");
    phone.presses("Prepare this device");
    phone.sees("This device is prepared for 14 days.");
    phone.sees("The app opens without network.");
    let scope = phone.waits_for_script("navigator.serviceWorker.ready.then((worker) => done(worker.scope));");
    assert_eq!(scope, format!("{}/", phone.node()));
    phone.visit().stays_at(phone.node());

    ana.stop();
    phone.opens("");
    phone.sees("No network");
}
