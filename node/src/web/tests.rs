mod inbox;
mod own_node;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use kith_protocol::text::Name;
use tower::ServiceExt;

use super::{Undo, pages};
use crate::access::{Access, Ways};
use crate::api::{self, Api};
use crate::home::Home;
use crate::node::Desk;
use crate::store::VaultKey;

/// Ana's pages, without the door in front of them.
struct Ana {
    pages: Router,
    api: Router,
    undo: Undo,
    access: Access,
    _desk: Desk,
    folder: tempfile::TempDir,
}

struct Seen {
    status: StatusCode,
    place: String,
    text: String,
}

impl Ana {
    fn new() -> Self {
        Self::reached(None)
    }

    fn reached(web_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (open, _) = home.create(Name::new("Ana Sousa").unwrap()).unwrap();
        let desk = Desk::open(open).unwrap();
        let web_url = web_url.map(|url| url.parse().unwrap());
        let access = Access::new(&home, b"ana", Ways { web_url, ..Ways::default() }).unwrap();
        let api = Api::new(desk.handle(), home, access.clone(), VaultKey::new([0; 32]), false).unwrap();
        let (pages, undo) = pages(api.clone(), api::router(api.clone()));
        Self { pages, api: api::router(api), undo, access, _desk: desk, folder }
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let form = serde_urlencoded::to_string(fields).unwrap();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Seen {
        let answer = self.pages.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        Seen { status, place: place.unwrap_or_default(), text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The id of the person whom a sheet is about.
    async fn sheet_of(&self, place: &str) -> String {
        let sheet = self.get(place).await.text;
        let (_, link) = sheet.split_once("<a href=\"people/").unwrap_or_else(|| panic!("{place}: {sheet}"));
        link.split('"').next().unwrap().to_owned()
    }

    /// Writes somebody down and says under which id.
    async fn meets(&self, name: &str) -> String {
        let added = self.post("/people", &[("name", name), ("note", "met at the stand")]).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
        self.sheet_of(&added.place).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_makes_a_card_in_four_fields_and_shows_a_code() {
    let ana = Ana::new();
    let first = ana.get("/").await;
    assert!(first.text.contains("action=\"welcome\"") && first.text.contains("value=\"Ana Sousa\""), "{}", first.text);
    let fields = [("name", "Ana Sousa"), ("org", "Sousa Valves"), ("title", "Owner"), ("reach", "ana@sousa.example")];
    let made = ana.post("/welcome", &fields).await;
    assert_eq!((made.status, made.place.as_str()), (StatusCode::SEE_OTHER, "/qr"));
    let to_code = ana.get("/qr").await;
    let code = ana.get(&to_code.place).await;
    assert!(code.text.contains("<svg") && code.text.contains("Next person"), "{}", code.text);
    assert_eq!(ana.get("/qr").await.status, StatusCode::OK, "the code that waits is shown again");
    let public = ana.get("/card/as?eyes=public").await.text;
    assert!(public.contains("Sousa Valves") && !public.contains("ana@sousa.example"), "{public}");
    assert!(ana.get("/card/as?eyes=contacts").await.text.contains("ana@sousa.example"));
    assert!(!ana.get("/").await.text.contains("action=\"welcome\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_today_where_the_phone_is() {
    let ana = Ana::new();
    let today = |zone: &str| jiff::Timestamp::now().in_tz(zone).unwrap().date();
    // Fourteen hours ahead and eleven behind: never the same day.
    let (east, west) = ("Pacific/Kiritimati", "Pacific/Pago_Pago");
    ana.post("/events", &[("name", "Hannover Messe"), ("first", &today(east).to_string())]).await;
    let seen = async |zone: &str| {
        let request = Request::get("/events").header("cookie", format!("other=1; kith_zone={zone}"));
        ana.send(request.body(Body::empty()).unwrap()).await.text
    };
    assert!(seen(east).await.contains("now, "), "it is the first day there");
    assert!(!seen(west).await.contains("now, "), "it has not begun there");
    assert!(seen("Nowhere/At_All").await.contains("Hannover Messe"), "an unknown zone is that of the node");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_is_text_and_nothing_else() {
    let ana = Ana::new();
    let bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let who = ana.meets(bad).await;
    ana.post(
        &format!("/people/{who}/capture"),
        &[("need", bad), ("promise", bad), ("tag", bad), ("note", bad), ("next", bad)],
    )
    .await;
    ana.post(&format!("/people/{who}/change"), &[("petname", bad)]).await;
    let card: Vec<(&str, &str)> = ["name", "org", "title", "headline"].iter().map(|field| (*field, bad)).collect();
    assert_eq!(ana.post("/card", &card).await.status, StatusCode::SEE_OTHER);
    let day = jiff::Zoned::now().date().to_string();
    let event = ana.post("/events", &[("name", bad), ("first", &day), ("place", bad)]).await;
    let event = event.place.split('?').next().unwrap().to_owned();
    let scanned =
        ana.post("/scan", &[("text", &format!("BEGIN:VCARD\nVERSION:3.0\nFN:{bad}\nNOTE:{bad}\nEND:VCARD"))]).await;
    assert_eq!(scanned.status, StatusCode::SEE_OTHER, "{}", scanned.text);
    let foreign = format!("/people/{}", ana.sheet_of(&scanned.place).await);
    let code = ana.post("/qr", &[("kind", "printed"), ("event", bad), ("meant_for", bad)]).await.place;
    let (person, sheet) = (format!("/people/{who}"), format!("/people/{who}/capture"));
    let (asks, thanks, vouch) =
        (format!("/exchange/ask?who={who}"), format!("/people/{who}/thanks"), format!("/people/{who}/vouch"));
    let forget = format!("/people/{who}/forget");
    let search = format!("/people?{}", serde_urlencoded::to_string([("q", bad), ("tag", bad)]).unwrap());
    let shown = [
        "/?skip=1",
        "/people",
        &search,
        &person,
        &sheet,
        &thanks,
        &vouch,
        &forget,
        &asks,
        "/card",
        "/card/as?eyes=public",
        "/events",
        &event,
        &foreign,
        &code,
        "/codes",
        "/qr/other",
        "/scan",
        "/fair",
        "/offline",
        "/exchange",
        "/more",
        "/node",
        "/event-mode",
        "/mailboxes",
        "/mail",
        "/key",
    ];
    for path in shown {
        let page = ana.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"), "{path}: {}", page.text);
    }
    assert!(ana.get(&person).await.text.contains("&#60;script&#62;"), "it is shown as it was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_refused_comes_back_with_what_was_typed() {
    let ana = Ana::new();
    let refused = ana.post("/people", &[("name", " "), ("note", "needs twenty \"ball\" valves")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("needs twenty &#34;ball&#34; valves"), "{}", refused.text);
    assert!(refused.text.contains("action=\"people\""), "{}", refused.text);
    let long = "x".repeat(70_000);
    let refused = ana.post("/people", &[("name", "Bo"), ("note", &long)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let lost = ana.get("/nowhere").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(lost.text.contains("There is no such page"), "{}", lost.text);
    assert_eq!(ana.get("/people/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ana.get("/assets/..%2fmod.rs").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_of_no_person_is_said_to_be_one() {
    let ana = Ana::new();
    let refused = ana.post("/scan", &[("text", "WIFI:T:WPA;S:fair;P:correct horse;;")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("this is the code of a Wi-Fi network, not of a person"), "{}", refused.text);
    assert!(ana.get("/people").await.text.contains("Nobody yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_comes_back_within_ten_seconds_and_not_after() {
    let ana = Ana::new();
    let bo = ana.meets("Bo Lindqvist").await;
    let going = ana.post(&format!("/people/{bo}/forget"), &[]).await;
    assert!(going.place.starts_with("/people?said=forgotten&undo="), "{}", going.place);
    let list = ana.get(&going.place).await.text;
    assert!(!list.contains("Bo Lindqvist") && list.contains("Undo"), "{list}");
    let undo = going.place.rsplit('=').next().unwrap().to_owned();
    assert_eq!(ana.post(&format!("/undo/{undo}"), &[]).await.place, "/people?said=undone");
    assert!(ana.get("/people").await.text.contains("Bo Lindqvist"));
    assert_eq!(ana.post(&format!("/undo/{undo}"), &[]).await.status, StatusCode::GONE);
    ana.post(&format!("/people/{bo}/forget"), &[]).await;
    // The node stops: what was to go goes.
    ana.undo.finish_all().await;
    assert_eq!(ana.get(&format!("/people/{bo}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_written_down_twice_becomes_one_person_by_a_form() {
    let ana = Ana::new();
    let card = [("text", "BEGIN:VCARD\nVERSION:3.0\nFN:Bo Lindqvist\nTEL:+46 701\nEND:VCARD")];
    let scanned = ana.post("/scan", &card).await;
    let first = ana.sheet_of(&scanned.place).await;
    let (second, chi) = (ana.meets("bo lindqvist").await, ana.meets("Chi Tran").await);
    let page = ana.get(&format!("/people/{second}")).await.text;
    assert!(page.contains(&format!("action=\"people/{second}/join\"")), "{page}");
    assert!(page.contains(&format!("<option value=\"{first}\">Bo Lindqvist")), "{page}");
    assert!(!page.contains(&chi) && !page.contains(&format!("<option value=\"{second}\"")), "{page}");
    let joined = ana.post(&format!("/people/{second}/join"), &[("one", first.as_str())]).await;
    assert_eq!(joined.place, format!("/people/{first}?said=joined"), "{}", joined.text);
    let page = ana.get(&joined.place).await.text;
    for words in ["One person now.", "met at the stand", "TEL:+46 701"] {
        assert!(page.contains(words), "{words} is missing: {page}");
    }
    assert_eq!(ana.get(&format!("/people/{second}")).await.status, StatusCode::NOT_FOUND);
    let refused = ana.post(&format!("/people/{chi}/join"), &[("name", "Zoe")]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(refused.text.contains("value=\"Zoe\""), "what was typed comes back: {}", refused.text);
    let joined = ana.post(&format!("/people/{chi}/join"), &[("name", "bo lindqvist")]).await;
    assert_eq!(joined.place, format!("/people/{first}?said=joined"), "{}", joined.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_sub_path_every_way_leads_below_it() {
    let ana = Ana::reached(Some("https://example.org/apps/kith/"));
    assert!(ana.get("/people").await.text.contains("<base href=\"/apps/kith/\">"));
    let added = ana.post("/people", &[("name", "Bo")]).await;
    assert!(added.place.starts_with("/apps/kith/captures/"), "{}", added.place);
    let manifest: serde_json::Value = serde_json::from_str(&ana.get("/manifest.webmanifest").await.text).unwrap();
    assert_eq!(manifest["scope"], "/apps/kith/");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_keeps_what_was_said_and_today_asks_for_it() {
    let ana = Ana::new();
    let bo = ana.meets("Bo Lindqvist").await;
    let sheet = format!("/people/{bo}/capture");
    let said = [("sheet", "1"), ("need", "valves for two ships"), ("promise", "the drawings"), ("tag", "hot")];
    assert_eq!(ana.post(&sheet, &said).await.place, "/people?said=kept");
    let today = ana.get("/").await.text;
    for text in ["Bo Lindqvist", "valves for two ships", "the drawings"] {
        assert!(today.contains(text), "{text} is missing: {today}");
    }
    let thanks = ana.get(&format!("/people/{bo}/thanks")).await.text;
    assert!(thanks.contains("valves for two ships") && thanks.contains("Dear Bo"), "{thanks}");
    let done = ana.post(&format!("/people/{bo}/change"), &[("done", "1")]).await;
    assert!(done.place.ends_with("said=step_done"), "{}", done.place);
    assert!(!ana.get("/").await.text.contains("valves for two ships"));
}
