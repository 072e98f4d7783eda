//! Codes of every kind, as pictures, links, texts and on standard input.

use std::collections::BTreeSet;
use std::path::Path;

use kith_node::codes::draw::Drawing;
use kith_tests::e2e::{Someone, run};

/// Foreign codes: what is in them, and what the person is called afterwards.
const FOREIGN: [(&str, &str); 8] = [
    ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Chi Tran\r\nTEL:+84 90 123\r\nEND:VCARD\r\n", "Chi Tran"),
    ("BEGIN:VCARD\nVERSION:4.0\nFN:Émile Zola\nEMAIL:emile@example.com\nEND:VCARD", "Émile Zola"),
    ("MECARD:N:Tanaka,Hiro;TEL:0312345678;EMAIL:hiro@example.jp;;", "Hiro Tanaka"),
    ("mailto:dora@example.com", "dora@example.com"),
    ("tel:+49-511-89-0", "+49-511-89-0"),
    ("https://www.linkedin.com/in/eva-novak-12345?utm_source=share", "eva-novak-12345"),
    ("https://shop.example.com/menu", "shop.example.com"),
    ("Franz Kafka, Prague", "Franz Kafka, Prague"),
];

fn draw(text: &str, file: &Path) {
    std::fs::write(file, Drawing::new(text).unwrap().png(8)).unwrap();
}

#[test]
fn codes_of_other_programs_become_people_to_be_confirmed() {
    let bo = Someone::at_home("Bo Lindqvist");
    let picture = bo.beside("code.png");
    for (code, name) in FOREIGN {
        draw(code, &picture);
        let scanned = bo.kith(["scan", picture.to_str().unwrap(), "--event", "Hannover Messe", "--json"]).ok().json();
        assert_eq!(
            (&scanned["outcome"], &scanned["person"]["standing"]),
            (&"written_down".into(), &"unconfirmed".into())
        );
        assert_eq!(scanned["person"]["name"], name, "{code:?}");
        let details = bo.kith(["person", "show", scanned["person"]["id"].as_str().unwrap(), "--json"]).ok().json();
        // Nothing of the code is lost, however little of it was understood.
        let kept = details["foreign"].as_str().unwrap();
        assert_eq!(kept, code.replace("\r\n", "\n").trim(), "{details}");
    }
    let all = bo.kith(["people"]).ok().out;
    assert_eq!(
        all.matches("from a code of another kind at Hannover Messe, unconfirmed").count(),
        FOREIGN.len(),
        "{all}"
    );
}

#[test]
fn a_code_comes_as_picture_link_text_or_on_standard_input() {
    let ana = Someone::up("Ana Sousa");
    let png = ana.beside("code.png");
    let shown = ana.kith(["invite", "--png", png.to_str().unwrap(), "--json"]).ok().json();
    assert!(shown["qr_version"].as_u64().unwrap() <= 6, "{shown}");
    let code = shown["link"].as_str().unwrap();
    let jpeg = ana.beside("code.jpg");
    image::open(&png).unwrap().into_rgb8().save(&jpeg).unwrap();
    let (bytes, link) = (std::fs::read(&png).unwrap(), format!("https://kith.example/c#{}", &code[5..]));
    let spaced = format!("  {}\n", code.to_lowercase());
    type Way<'w> = (&'w str, Box<dyn Fn(&Someone) -> kith_tests::e2e::Said + 'w>);
    let mut ways: Vec<Way<'_>> = Vec::new();
    for given in [png.to_str().unwrap(), jpeg.to_str().unwrap(), code, &link, &spaced] {
        ways.push(("argument", Box::new(move |bo| bo.kith(["scan", given, "--json"]))));
    }
    for input in [&bytes, code.as_bytes(), link.as_bytes()] {
        ways.push(("standard input", Box::new(move |bo| run(&mut bo.command(["scan", "-", "--json"]), input))));
    }
    for (way, scan) in ways {
        let bo = Someone::at_home("Bo Lindqvist");
        let scanned = scan(&bo).ok();
        let result = scanned.json();
        assert_eq!(
            (&result["outcome"], &result["person"]["name"]),
            (&"pending".into(), &"Ana Sousa".into()),
            "{way}: {scanned}"
        );
    }
}

#[test]
fn a_code_shown_again_is_the_same_code() {
    let ana = Someone::up("Ana Sousa");
    let shown = ana.kith(["invite", "--for", "the tall one", "--tier", "public", "--json"]).ok().json();
    let again = ana.kith(["invite", "show", &shown["id"].as_str().unwrap()[..5], "--json"]).ok().json();
    assert_eq!(shown, again);
    assert_eq!((&again["meant_for"], &again["tier"]), (&"the tall one".into(), &"public".into()));
    ana.kith(["invite", "show", "abc"]).fails(4, &["no code \"abc\"", "hint: give at least four"]);
    ana.kith(["invite", "show", ""]).fails(4, &["hint: "]);
    let nowhere = ana.beside("nowhere").join("code.png");
    ana.kith(["invite", "--png", nowhere.to_str().unwrap()]).fails(1, &[nowhere.to_str().unwrap()]);
}

/// What an earlier version left, written by it: Bo had used one code, one was withdrawn, nobody came for one, and one
/// hangs in the hall.
pub fn home_before_code_lists() -> Someone {
    let ana = Someone::new("Ana Sousa");
    let left = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/home-before-code-lists");
    std::fs::create_dir_all(ana.folder().join("store")).unwrap();
    for file in ["keys", "store/checkpoint-000000000000000b.kc", "store/journal-000000000000000c.kj"] {
        std::fs::copy(left.join(file), ana.folder().join(file)).unwrap();
    }
    ana
}

#[test]
fn a_home_from_before_the_lists_of_codes_has_them_when_it_is_opened() {
    let ana = home_before_code_lists();
    let all = ana.kith(["invite", "list"]).ok().out;
    let states: BTreeSet<&str> = all.lines().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(states, ["expired", "revoked", "open", "used"].into(), "{all}");
    let open = ana.kith(["invite", "list", "--open"]).ok().out;
    assert!(open.lines().count() == 1 && open.contains("the hall"), "{open}");
    let id = &open[..8];
    ana.kith(["invite", "revoke", id]).ok();
    assert!(ana.kith(["invite", "list", "--open"]).ok().err.contains("No code of yours is out"));
    assert!(ana.kith(["person", "show", "Bo"]).ok().out.contains("send the quote"), "what else was there stays");
    // As the earlier version left it, so that it can be gone back to.
    let left = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/home-before-code-lists/store");
    for file in std::fs::read_dir(&left).unwrap().map(|file| file.unwrap()) {
        let copy = ana.folder().join("store-before-code-lists").join(file.file_name());
        assert_eq!(std::fs::read(file.path()).unwrap(), std::fs::read(copy).unwrap());
    }
    let fresh = Someone::at_home("Chi");
    fresh.kith(["people"]).ok();
    let names = std::fs::read_dir(fresh.folder()).unwrap().map(|file| file.unwrap().file_name());
    let copies: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("store-before")).collect();
    assert!(copies.is_empty(), "nothing came before: {copies:?}");
}

#[test]
fn a_list_of_many_codes_has_pages() {
    let ana = Someone::at_home("Ana Sousa");
    ana.kith(["invite", "prepare", "--count", "51"]).ok();
    let first = ana.kith(["invite", "list"]).ok();
    assert_eq!(first.out.lines().count(), 50, "{first}");
    let last = &first.out.lines().last().unwrap()[..8];
    assert!(first.err.contains(&format!("50 of 51; --after {last} shows the next.")), "{first}");
    let all = ana.kith(["invite", "list", "--after", last]).ok().out;
    assert_eq!(all, ana.kith(["invite", "list", "--open", "--after", last]).ok().out);
    assert!(all.lines().count() == 1 && !first.out.contains(&all[..8]), "{all}");
    assert_eq!(ana.kith(["invite", "list", "--after", &all[..8]]).ok().out, "");
    ana.kith(["invite", "list", "--after", "nope1"]).fails(4, &["no code \"nope1\""]);
}

#[test]
fn a_box_of_codes_is_made_at_once_each_for_one_person() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo"));
    let pictures = ana.beside("codes");
    let folder = pictures.to_str().unwrap();
    let ten = ana.kith(["invite", "prepare", "--count", "10", "--event", "Hannover Messe", "--svg-dir", folder]).ok();
    let links: BTreeSet<&str> = ten.out.lines().collect();
    assert_eq!(links.len(), 10, "{}", ten.out);
    assert!(ten.err.contains("Each is for one person"), "{}", ten.err);
    let drawn =
        std::fs::read_dir(&pictures).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    assert_eq!(drawn.filter(|picture| picture.starts_with("<svg") || picture.contains("<svg ")).count(), 10);
    bo.kith(["scan", links.first().unwrap()]).ok();
    bo.api().until_contact("Ana Sousa");
    let list = ana.kith(["invite", "list", "--json"]).ok().json();
    let states: Vec<&str> =
        list["invites"].as_array().unwrap().iter().map(|code| code["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "used").count(), 1, "{states:?}");
    assert!(!ten.err.contains("leads nowhere"), "{}", ten.err);
    let dee = Someone::at_home("Dee");
    let too_early = dee.kith(["invite", "prepare", "--count", "2"]).ok();
    assert!(too_early.err.contains("never been up") && too_early.err.contains("leads nowhere"), "{}", too_early.err);
    for count in ["0", "101", "many"] {
        ana.kith(["invite", "prepare", "--count", count]).fails(2, &["--count"]);
    }
    let file = ana.beside("a-file");
    std::fs::write(&file, "").unwrap();
    ana.kith(["invite", "prepare", "--count", "1", "--svg-dir", file.to_str().unwrap()]).fails(1, &["a-file"]);
    assert_eq!(ana.kith(["invite", "list", "--json"]).ok().json()["total"], 10, "none was made in vain");
}
