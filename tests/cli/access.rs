//! Letting browsers in.

use std::io::{Read, Write};
use std::net::TcpStream;

use kith_tests::e2e::Someone;

/// What a browser on this machine gets, head and all.
pub fn browse(ana: &Someone, method: &str, path: &str, cookie: &str, form: &str) -> String {
    let address = ana.api().address();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The cookie that an answer sets, as the browser sends it back.
fn cookie(answer: &str) -> String {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap_or_else(|| panic!("{answer}"));
    line.split(';').next().unwrap().to_owned()
}

#[test]
fn a_link_lets_ana_in_once_and_she_signs_that_browser_out_again() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.kith(["open"]).fails(3, &["no node runs", "kith up"]);
    ana.start();
    let said = ana.node.as_ref().unwrap().said();
    assert!(!said.contains("/enter/"), "a link in the log of a service would let its readers in: {said}");
    let link = ana.kith(["open"]).ok().out;
    let ticket = link.trim().rsplit('/').next().unwrap().to_owned();
    assert!(link.starts_with(&format!("http://{}/enter/", ana.api().address())), "{link}");
    let entered = browse(&ana, "POST", "/enter", "", &format!("code={ticket}"));
    assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
    let again = browse(&ana, "POST", "/enter", "", &format!("code={ticket}"));
    assert!(again.starts_with("HTTP/1.1 403"), "{again}");
    let cookie = cookie(&entered);
    assert!(browse(&ana, "GET", "/", &cookie, "").starts_with("HTTP/1.1 200"));
    let sessions = ana.kith(["sessions", "--json"]).ok().json();
    let id = sessions[0]["id"].as_str().unwrap();
    assert!(!cookie.contains(id), "what the list shows lets nobody in");
    ana.kith(["sessions", "end", id]).ok();
    assert!(browse(&ana, "GET", "/", &cookie, "").starts_with("HTTP/1.1 303"));
    ana.kith(["sessions", "end", id]).fails(4, &["there is no browser"]);
}

#[test]
fn the_password_is_asked_for_or_read_from_a_file_and_never_an_argument() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.kith(["password"]).fails(2, &["nobody is there to ask", "--password-file"]);
    let file = ana.beside("password");
    std::fs::write(&file, "short\n").unwrap();
    let set = |file: &std::path::Path| ana.kith(["password", "--password-file", file.to_str().unwrap()]);
    set(&file).fails(2, &["at least 10 characters"]);
    std::fs::write(&file, "valves and more valves\n").unwrap();
    set(&file).ok();
    ana.start();
    let wrong = browse(&ana, "POST", "/login", "", "password=valves");
    assert!(wrong.starts_with("HTTP/1.1 403") && wrong.contains("That is not the password."), "{wrong}");
    let right = browse(&ana, "POST", "/login", "", "password=valves+and+more+valves");
    assert!(right.starts_with("HTTP/1.1 303"), "{right}");
    let doctor = ana.kith(["doctor"]).ok().out;
    assert!(doctor.contains("1 browser is signed in; a password is set"), "{doctor}");
    let kept = std::fs::read_to_string(ana.folder().join("access.json")).unwrap();
    assert!(kept.contains("$argon2id$") && !kept.contains("more valves"), "{kept}");
}

#[test]
fn a_phone_needs_a_node_that_other_machines_reach() {
    let mut ana = Someone::at_home("Ana Sousa");
    ana.start();
    ana.kith(["phone"]).fails(1, &["only browsers on this machine", "--tls own", "--web-url"]);
    ana.stop();
    let mut up = ana.up_command();
    up.args(["--web-url", "https://kith.ana.example/home/", "--trust-proxy", "127.0.0.1"]);
    let node = kith_tests::e2e::RunningNode::start(&mut up, ana.beside("log")).unwrap();
    let way = ana.kith(["phone", "--json"]).ok().json();
    assert!(way["url"].as_str().unwrap().starts_with("https://kith.ana.example/home/enter/"), "{way}");
    assert_eq!((way["code"].as_str().unwrap().len(), &way["uses"]), (9, &2.into()));
    assert!(node.stop().success());
    ana.start();
    let way = ana.kith(["phone", "--json"]).ok().json();
    assert!(way["url"].as_str().unwrap().starts_with("https://kith.ana.example/home/"), "kept: {way}");
}

#[test]
fn with_tls_of_its_own_a_node_is_asked_over_loopback_as_before() {
    let ana = Someone::at_home("Ana Sousa");
    let mut up = ana.up_command();
    up.args(["--tls", "own"]);
    let node = kith_tests::e2e::RunningNode::start(&mut up, ana.beside("log")).unwrap();
    ana.kith(["status"]).ok();
    let link = ana.kith(["open"]).ok().out;
    assert!(link.starts_with("http://127.0.0.1:"), "{link}");
    let ca = std::fs::metadata(ana.folder().join("ca.json")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&ca.permissions()) & 0o777, 0o600);
    // A page that is open keeps no node from stopping.
    let _notices = ana.api().notices().unwrap();
    assert!(node.stop().success());
}
