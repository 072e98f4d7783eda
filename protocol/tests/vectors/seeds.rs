//! Where the fuzzer starts: every message above, under the targets that read it.

use std::collections::BTreeSet;

use kith_protocol::hello::{Request, Response};
use kith_protocol::letter::Envelope;
use kith_protocol::wire;

use super::cast::{self, ana, bo};
use super::{files, values};

/// Target, name of the file, bytes.
pub fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = values();
    seeds.extend(records());
    seeds.extend(letters());
    seeds.extend(consents());
    seeds.extend(codes());
    for file in ["hello.json", "answers.json"] {
        let (_, file) = files::all().into_iter().find(|(name, _)| *name == file).unwrap();
        seeds.extend(file.vectors.into_iter().map(|vector| ("hello", slug(&vector.name), vector.raw)));
    }
    for (at, text) in
        ["Ana María Núñez", "e\u{301}\r\n\u{202E}x", "👩🏽‍🔧 Jo", "王小明\u{2003}x", "\u{1100}\u{1161}\u{11a8}"]
            .into_iter()
            .enumerate()
    {
        seeds.push(("text", format!("text{at}"), text.as_bytes().to_vec()));
    }
    seeds.push(("text", "words".into(), ana().words.words().join(" ").into_bytes()));
    seeds.push(("text", "id".into(), ana().history().id().to_string().into_bytes()));
    seeds.push((
        "history",
        "script".into(),
        vec![0, 0, 1, 2, 3, 1, 4, 1, 2, 1, 5, 1, 6, 1, 5, 2, 0x80, 0, 0x83, 2, 4, 0],
    ));
    seeds
}

fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// The numbers are those of `tests/support/values.rs`.
fn values() -> Vec<(&'static str, String, Vec<u8>)> {
    let claim = Envelope {
        history: Some(bo().history().to_bytes()),
        events: Vec::new(),
        letter: wire::Bytes::new(cast::claim_letter().bytes().to_vec()).unwrap(),
    };
    let mut values = vec![
        (0, wire::encode(&ana().history().to_bytes().inception)),
        (1, wire::encode(&*ana().rotation())),
        (2, wire::encode(&*ana().compromise())),
        (3, wire::encode(&*ana().grant())),
        (4, wire::encode(&*ana().card())),
        (5, wire::encode(&cast::meeting())),
        (6, wire::encode(&*cast::claim_letter())),
        (7, wire::encode(&ana().compromised().to_bytes())),
        (8, wire::encode(&claim)),
    ];
    let bodies = cast::bodies().into_iter().filter(|(_, body)| !body.to_bytes().is_empty());
    // Some kinds of letter share a type; the fuzzer needs one of each type.
    let mut seen = BTreeSet::new();
    let bodies = bodies.map(|(_, body)| (values::of_body(body.kind()), body.to_bytes()));
    values.extend(bodies.filter(|(number, _)| seen.insert(*number)));
    values.extend([
        (14, wire::encode(&*cast::vouch())),
        (15, wire::encode(&cast::vouch_content())),
        (16, wire::encode(&*cast::acceptance())),
        (17, wire::encode(&cast::vouched())),
        (18, wire::encode(&cast::vouch_export())),
        (20, wire::encode(&*cast::ask())),
        (21, wire::encode(&*cast::consent())),
        (22, wire::encode(&*cast::introduction())),
        (23, wire::encode(&cast::opened_consent())),
    ]);
    values.push((36, wire::encode(&cast::pass())));
    values.push((49, wire::encode(&cast::whereabouts())));
    values.push((50, wire::encode(&cast::disowned())));
    values.extend(mailboxes());
    let named = |(number, bytes): (u8, Vec<u8>)| ("values", format!("value{number}"), [vec![number], bytes].concat());
    values.into_iter().map(named).collect()
}

/// What is said to mailboxes and by them, without the byte of its kind.
fn mailboxes() -> Vec<(u8, Vec<u8>)> {
    let (_, file) = files::all().into_iter().find(|(name, _)| *name == "mailboxes.json").unwrap();
    let number = |name: &str| match name {
        "leave with a pass" => Some(37),
        "keep" => Some(38),
        "collect" => Some(39),
        "take" => Some(40),
        "close" => Some(41),
        "parcels" => Some(43),
        _ => None,
    };
    let door = file.vectors.iter().find(|vector| vector.name == "door").map(|vector| (42, vector.raw.clone()));
    let others = file.vectors.iter().filter_map(|vector| Some((number(&vector.name)?, vector.raw[1..].to_vec())));
    others.chain(door).collect()
}

/// The numbers are those of `tests/fuzz/fuzz_targets/records.rs`.
fn records() -> Vec<(&'static str, String, Vec<u8>)> {
    let records = [
        ana().rotation().bytes().to_vec(),
        ana().compromise().bytes().to_vec(),
        ana().grant().bytes().to_vec(),
        ana().card().bytes().to_vec(),
        ana().sign(cast::meeting()).bytes().to_vec(),
        cast::claim_letter().bytes().to_vec(),
        cast::vouch().bytes().to_vec(),
        cast::acceptance().bytes().to_vec(),
        wire::encode(&cast::vouch_export()),
        cast::ask().bytes().to_vec(),
        cast::consent().bytes().to_vec(),
        cast::introduction().bytes().to_vec(),
    ];
    let named = |(number, bytes): (u8, Vec<u8>)| ("records", format!("record{number}"), [vec![number], bytes].concat());
    (0..).zip(records).map(named).collect()
}

/// Kind, then what the envelope or the body is.
fn letters() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = vec![("letters", "raw".to_owned(), [vec![0], cast::sealed_withdraw().bytes].concat())];
    for (name, letter, history) in
        [("claim", cast::claim_letter(), Some(bo().history().to_bytes())), ("withdraw", cast::withdraw_letter(), None)]
    {
        let letter = wire::Bytes::new(letter.bytes().to_vec()).unwrap();
        let envelope = wire::encode(&Envelope { history, events: Vec::new(), letter });
        seeds.push(("letters", format!("envelope-{name}"), [vec![1], envelope].concat()));
    }
    for (name, body) in cast::bodies() {
        seeds.push(("letters", format!("body-{}", slug(name)), [vec![2, body.kind()], body.to_bytes()].concat()));
    }
    seeds
}

/// Depth, then what is sealed: nothing yet, the consent, or the consent with length and padding.
fn consents() -> Vec<(&'static str, String, Vec<u8>)> {
    let opened = wire::encode(&cast::opened_consent());
    let length = u16::try_from(opened.len()).unwrap().to_be_bytes();
    let mut padded = [&length[..], &opened].concat();
    padded.resize(padded.len().next_multiple_of(kith_protocol::limits::CONSENT_STEP), 0);
    vec![
        ("consents", "raw".into(), [vec![0], cast::sealed_consent().into_vec()].concat()),
        ("consents", "opened".into(), [vec![1], opened].concat()),
        ("consents", "padded".into(), [vec![2], padded].concat()),
    ]
}

fn codes() -> Vec<(&'static str, String, Vec<u8>)> {
    let (live, printed) = (cast::live_code(), cast::printed_code());
    vec![
        ("codes", "payload-live".into(), [vec![0], live.to_bytes()].concat()),
        ("codes", "payload-printed".into(), [vec![0], printed.to_bytes()].concat()),
        ("codes", "code".into(), [vec![1], live.to_code().into_bytes()].concat()),
        ("codes", "link".into(), [vec![1], printed.to_link("ana.example").into_bytes()].concat()),
        ("codes", "hint".into(), [vec![2], ana().hint().to_bytes()].concat()),
        ("codes", "hint-relayed".into(), [vec![2], cast::relayed().to_bytes()].concat()),
        ("codes", "hello".into(), [vec![1], b"https://a.example/c#".to_vec()].concat()),
    ]
}

#[test]
fn a_hello_seed_is_a_hello() {
    let seeds = all();
    let open = seeds.iter().find(|seed| seed.1 == "open").unwrap();
    assert!(Request::from_bytes(&open.2).is_ok());
    assert!(Response::from_bytes(&[4]).is_ok());
}
