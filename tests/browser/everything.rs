//! Every page, with names as long as they may be: read by axe, no wider than a small phone, in light and in dark.

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::Someone;
use serde_json::json;

use crate::phone::{Phone, has_chromium};

/// As long as a name may be, without a place to break it.
const ENDLESS: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzender";
const RIGHT_TO_LEFT: &str = "عبد الرحمن بن محمد الخوارزمي";

/// A node on which everything has happened once.
fn lived_in() -> (Someone, Someone, Someone) {
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(Someone::up);
    for (field, value) in [
        ("org", ENDLESS),
        ("title", "Head of sales"),
        ("headline", "Cloth for rough seas, sails, tents and whatever else must not tear in a storm"),
        ("email", "ana.with.a.very.long.address.indeed.it.does.not.end@subdomain.of.sousa.example"),
        ("website", "https://sousa.example/a/path/that/goes/on/and/on/and/on/without/any/place/to/break/it"),
    ] {
        ana.kith(["card", "set", field, value]).ok();
        bo.kith(["card", "set", field, value, "--tier", "public"]).ok();
    }
    ana.meets(&bo, ENDLESS);
    ana.meets(&chi, "Hannover Messe");
    let api = ana.api();
    api.post("/mailboxes", &json!({ "who": "Bo" }));
    bo.api().post("/mailboxes", &json!({ "who": "Ana" }));
    let put = |path, body| assert!(api.ask("PUT", path, Some(&body)).unwrap().is_ok(), "{path}");
    put("/event-mode", json!({ "on": true }));
    put(
        "/mail",
        json!({
            "server": format!("smtps://{}.example", ENDLESS.replace('ä', "ae")), "from": "ana@sousa.example",
            "to": "ana.with.a.very.long.address.indeed.it.does.not.end@subdomain.of.sousa.example", "at": "07:30",
            "login": "ana", "password": "four looms",
        }),
    );
    for name in [ENDLESS, RIGHT_TO_LEFT, "Dee"] {
        api.post("/people", &json!({ "name": name, "event": "Hannover Messe", "note": format!("{ENDLESS} said so") }));
    }
    api.post("/vouches", &json!({
        "who": "Bo", "basis": "supplier", "words": format!("{ENDLESS} floats."), "skills": ["boats", ENDLESS.get(..60)],
        "since": 2021, "strength": 3, "interest": "none", "reach": "public",
    }));
    chi.kith([
        "intro",
        "ask",
        "--about",
        ENDLESS,
        "--via",
        "Ana",
        "--purpose",
        "advice",
        "--why",
        ENDLESS,
        "--blurb",
        ENDLESS,
    ])
    .ok();
    ana.kith([
        "intro",
        "ask",
        "--about",
        "a welder",
        "--via",
        "Bo",
        "--purpose",
        "advice",
        "--why",
        "frames",
        "--blurb",
        "Hello",
    ])
    .ok();
    api.until("Chi asks", |api| api.get("/inbox").as_array().is_some_and(|list| !list.is_empty()).then_some(()));
    (ana, bo, chi)
}

/// Looks at a page in every way.
#[track_caller]
fn looks_at(phone: &Phone, page: &str, name: &str, wrong: &mut Vec<String>) {
    phone.opens(page);
    phone.settles();
    phone.photographs(name);
    for (what, look) in
        [("width", (|phone| phone.fits_the_width()) as fn(&Phone)), ("axe", |phone| phone.is_accessible())]
    {
        if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(phone))) {
            let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            wrong.push(format!("{name}, {what}: {why}"));
        }
    }
    let mut complaints = phone.complaints();
    // That a page is not there is said on the console too.
    complaints.retain(|complaint| name != "nowhere" || !complaint.contains("404"));
    if !complaints.is_empty() {
        wrong.push(format!("{name}, console: {complaints:?}"));
    }
}

#[test]
fn every_page_is_for_everybody() {
    if !has_chromium() {
        return;
    }
    let (ana, _bo, _chi) = lived_in();
    let phone = Phone::of(&ana);
    let people = ana.api().get("/people");
    let id = |name: &str| {
        let person = people["people"]
            .as_array()
            .unwrap()
            .iter()
            .find(|person| person["name"].as_str().unwrap().starts_with(name));
        person.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (bo, endless, other) = (id("Bo"), id("Donau"), id("عبد"));
    let intros = ana.api().get("/introductions");
    let mut pages: Vec<(String, String)> = [
        ("", "today"),
        ("qr", "qr"),
        ("qr/other", "qr-other"),
        ("codes", "codes"),
        ("scan", "scan"),
        ("people", "people"),
        ("people?q=nobody-is-called-so", "people-none"),
        ("people/new", "person-new"),
        ("exchange", "exchange"),
        ("exchange?of=waiting", "exchange-waiting"),
        ("exchange?of=done", "exchange-done"),
        ("today?of=inbox", "today-inbox"),
        ("today?of=steps", "today-steps"),
        ("today?of=silent", "today-silent"),
        ("exchange/ask", "ask"),
        ("exchange/suggest", "suggest"),
        ("card", "card"),
        ("card/as?eyes=public", "preview"),
        ("vouches", "said-of-me"),
        ("more", "more"),
        ("events", "events"),
        ("fair", "fair"),
        ("offline", "offline"),
        ("node", "node"),
        ("event-mode", "event-mode"),
        ("mailboxes", "mailboxes"),
        ("mail", "mail"),
        ("key?changed=0&why=stolen&fresh=1&said=key_changed", "key-changed"),
        ("key/change?why=stolen&fresh=1", "key-change"),
        ("access", "access"),
        ("prove", "prove"),
        ("nowhere", "nowhere"),
    ]
    .map(|(page, name)| (page.to_owned(), name.to_owned()))
    .into();
    for (id, name) in [(&bo, "person-contact"), (&endless, "person-endless"), (&other, "person-right-to-left")] {
        pages.push((format!("people/{id}"), name.to_owned()));
    }
    for what in ["capture", "vouch", "forget", "thanks", "letters", "hand-over"] {
        pages.push((format!("people/{bo}/{what}"), format!("person-{what}")));
    }
    for (at, intro) in intros.as_array().unwrap().iter().enumerate() {
        pages.push((format!("exchange/{}", intro["id"].as_str().unwrap()), format!("introduction-{at}")));
    }
    let event = json!({ "name": format!("{ENDLESS} Fair"), "first": "2030-04-20", "place": ENDLESS });
    let event = ana.api().post("/events", &event)["id"].as_str().unwrap().to_owned();
    pages.push((format!("events/{event}"), "event".to_owned()));
    let mut wrong = Vec::new();
    for (page, name) in &pages {
        looks_at(&phone, page, name, &mut wrong);
    }
    phone.visit().stays_at(phone.node());

    let nobody = Someone::up("Eva");
    let fresh = Phone::of(&nobody);
    for (page, name) in [
        ("", "first-run"),
        ("?skip=1", "today-empty"),
        ("people", "people-empty"),
        ("exchange", "exchange-empty"),
        ("exchange/ask", "ask-empty"),
        ("exchange/suggest", "suggest-empty"),
        ("codes", "codes-empty"),
        ("mailboxes", "mailboxes-empty"),
        ("mail", "mail-none"),
        ("event-mode", "event-mode-off"),
        ("key", "key"),
    ] {
        looks_at(&fresh, page, name, &mut wrong);
    }
    let door = Phone::at(fresh.node().to_owned(), Setup::new(Engine::Chromium));
    for (page, name) in [("login", "sign-in"), ("enter", "enter"), ("enter/some-link", "enter-by-link")] {
        looks_at(&door, page, name, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} findings:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
