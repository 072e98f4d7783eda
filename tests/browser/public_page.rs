//! The public page of a node that has a name, as strangers see it.

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{Someone, free_port};

use crate::phone::{Phone, has_chromium};

const HOST: &str = "kith.ana.example";

/// Ana, whose node has a name.
fn ana_has_a_name() -> (Someone, String) {
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    let node = format!("http://{HOST}:{}", ana.web);
    ana.also = ["--web-url".to_owned(), format!("{node}/")].into();
    ana.start();
    ana.kith(["card", "set", "org", "Sousa Weaving", "--tier", "public"]).ok();
    ana.kith(["card", "set", "mobile", "+351 912 345 678", "--tier", "contacts"]).ok();
    (ana, node)
}

#[test]
fn a_visitor_saves_anas_card_and_leaves_and_deletes_their_own_without_scripts() {
    if !has_chromium() {
        return;
    }
    let (ana, node) = ana_has_a_name();
    let visitor = Phone::at(node, Setup::new(Engine::Chromium).host(HOST).without_scripts());
    visitor.opens("c");
    visitor.sees("Sousa Weaving");
    visitor.does_not_see("912 345");
    visitor.types("Name", "Dee Okafor");
    visitor.types("Company", "Okafor Sails");
    visitor.types("E-mail", "dee@okafor.example");
    visitor.types("Message", "We met in hall 4. <b>Call me</b>");
    visitor.presses("Leave my card");
    visitor.sees("Left.");

    let anas = Phone::of(&ana);
    anas.opens("?skip=1");
    anas.sees("Dee Okafor left you their card on your page.");
    anas.sees("We met in hall 4. <b>Call me</b>");
    anas.photographs("today-left-card");

    visitor.presses("Delete what I left");
    visitor.sees("Okafor Sails");
    visitor.presses("Delete what I left");
    visitor.sees("Deleted.");
    anas.opens("?skip=1");
    anas.does_not_see("Dee Okafor");
}

#[test]
fn what_the_page_shows_a_phone_can_read_and_save() {
    if !has_chromium() {
        return;
    }
    let (_ana, node) = ana_has_a_name();
    let visitor = Phone::at(node, Setup::new(Engine::Chromium).host(HOST));
    visitor.opens("c");
    visitor.sees("Sousa Weaving");
    visitor.is_accessible();
    visitor.fits_the_width();
    visitor.photographs("public");
    let card = visitor.waits_for_script(
        "fetch(document.querySelector('a[download]').href)
            .then(async (answer) => done([answer.headers.get('content-type'), await answer.text()]));",
    );
    let (kind, card) = (card[0].as_str().unwrap(), card[1].as_str().unwrap());
    assert!(kind.starts_with("text/vcard"), "{kind}");
    assert!(card.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n") && card.contains("Sousa Weaving"), "{card}");
    assert!(!card.contains("912"), "a stranger gets the public card only: {card}");

    visitor.types("Name", "Dee Okafor");
    visitor.presses("Leave my card");
    visitor.sees("Left.");
    visitor.is_accessible();
    visitor.fits_the_width();
    visitor.photographs("public-left");
    visitor.visit().stays_at(visitor.node());
    // The name is not reached by https here, which a browser says about a header for https.
    let mut complaints = visitor.complaints();
    complaints.retain(|complaint| !complaint.contains("untrustworthy"));
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn what_follows_the_hash_stays_in_bos_browser_and_connects_them() {
    if !has_chromium() {
        return;
    }
    let (ana, node) = ana_has_a_name();
    let bo = Someone::up("Bo");
    let code = ana.shows("Hannover Messe");
    let code = code.rsplit(['#', ':']).next().unwrap();

    let camera = Phone::at(node, Setup::new(Engine::Chromium).host(HOST));
    camera.opens(&format!("c#{code}"));
    camera.sees("You have Kith?");
    camera.is_accessible();
    camera.photographs("public-connect");
    let link = camera.script("return document.querySelector('#connect output').textContent");
    let link = link.as_str().unwrap().to_owned();
    let visit = camera.visit();
    assert!(visit.requests.iter().all(|request| !request.url.contains(code)), "{visit}");
    assert!(!ana.logged().contains(code), "the code is in the log");

    let bos = Phone::of(&bo);
    bos.opens("scan");
    bos.types("Code, link or vCard", &link);
    bos.presses("Take in");
    bos.sees("Your card is on its way.");
    bo.api().until_contact("Ana");
}
