use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use kith_protocol::text::Name;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::access::{Access, Entrance, Peer, Ways};
use crate::api::{self, Api};
use crate::driver::{Driver, Offline};
use crate::home::Home;
use crate::store::VaultKey;
use crate::{serve, web};

/// Ana's node, as it is reached from outside.
struct Ana {
    app: axum::Router,
    token: String,
    _driver: Driver,
    _folder: tempfile::TempDir,
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// What stands between two texts.
    fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self.text.split_once(before).unwrap_or_else(|| panic!("no {before}: {}", self.text));
        rest.split_once(after).unwrap().0
    }
}

const HOST: &str = "kith.ana.example";
const DEE: &str = "203.0.113.7:4000";

impl Ana {
    async fn at(web_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (open, _) = home.create(Name::new("Ana Sousa").unwrap()).unwrap();
        let (home, store, _, _) = open.into_parts();
        let ways = Ways { web_url: Some(web_url.parse().unwrap()), ..Ways::default() };
        let access = Access::new(&home, b"ana", ways).unwrap();
        let driver = Driver::start(store, Offline, None).unwrap();
        let api = Api::new(driver.handle(), home.clone(), access.clone(), VaultKey::new([0; 32]), false).unwrap();
        let (pages, _) = web::pages(api.clone(), api::router(api.clone()));
        let app = serve::app(&access, pages, api::router(api), None, || true);
        let ana = Self { app, token: home.api_token().unwrap(), _driver: driver, _folder: folder };
        let change = json!({"changes": [
            {"field": "org", "value": "Sousa Valves"},
            {"field": "website", "value": "https://sousa.example"},
            {"field": "mobile", "value": "+351 912 345"},
        ]});
        ana.program("PATCH", "/card", &change).await;
        ana
    }

    async fn public() -> Self {
        Self::at("https://kith.ana.example/").await
    }

    async fn send(&self, request: axum::http::request::Builder, from: &str, body: String) -> Seen {
        let peer = Peer { address: from.parse().unwrap(), entrance: Entrance::Plain };
        let request = request.extension(ConnectInfo(peer)).body(Body::from(body)).unwrap();
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Seen { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A visitor without a cookie.
    async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path).header("host", HOST), DEE, String::new()).await
    }

    async fn post_with(&self, path: &str, form: &[(&str, &str)], from: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::post(path).header("host", HOST);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, from, serde_urlencoded::to_string(form).unwrap()).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Seen {
        self.post_with(path, form, DEE, &[("sec-fetch-site", "same-origin")]).await
    }

    /// A program of Ana's own.
    async fn program(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", HOST);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let seen = self.send(request.header("content-type", "application/json"), DEE, body.to_string()).await;
        serde_json::from_str(&seen.text).unwrap_or(Value::Null)
    }

    async fn inbox(&self) -> Vec<Value> {
        self.program("GET", "/inbox", &Value::Null).await.as_array().unwrap().clone()
    }
}

const CARD: [(&str, &str); 6] = [
    ("name", "Dee Wong"),
    ("org", "Wong Waterworks"),
    ("title", "Buyer"),
    ("email", "dee@wong.example"),
    ("phone", "+49 170 1"),
    ("message", "We need valves.\nBy May."),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_sees_the_public_card_and_nothing_of_the_app() {
    let ana = Ana::public().await;
    for path in ["/c", "/c/nothing", "/c/left/nothing"] {
        let seen = ana.get(path).await;
        for app in ["<nav", "app.js", "manifest", "people", "login", "sign", "Today", "+351"] {
            assert!(!seen.text.contains(app), "{path} shows {app}: {}", seen.text);
        }
        assert_eq!(seen.header("cache-control"), "no-store");
        assert!(seen.headers.get("set-cookie").is_none(), "{path}");
    }
    let seen = ana.get("/c").await;
    assert_eq!(seen.status, StatusCode::OK);
    for shown in [
        "<h1>Ana Sousa</h1>",
        "Sousa Valves",
        r#"<a href="https://sousa.example" rel="noreferrer noopener">"#,
        r#"href="c/card.vcf""#,
        "Leave my card",
        "Ana Sousa gets this",
        r#"<section id="connect""#,
    ] {
        assert!(seen.text.contains(shown), "{shown}: {}", seen.text);
    }
    let connect = seen.between(r#"<section id="connect""#, ">");
    assert!(connect.ends_with(r#"data-select="Marked: copy it now""#) && connect.contains(" hidden "), "{connect}");
    for label in ["Name", "Company", "Title", "E-mail", "Phone", "Message"] {
        assert!(seen.text.contains(&format!("<label>{label}<")), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_keeps_the_card_as_a_contact() {
    let ana = Ana::public().await;
    let seen = ana.get("/c/card.vcf").await;
    assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, "text/vcard; charset=utf-8"));
    assert!(seen.text.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n"), "{}", seen.text);
    assert!(seen.text.contains("ORG:Sousa Valves\r\n") && !seen.text.contains("+351"), "{}", seen.text);
    let others = ana.get("/c/card.vcf?as=contacts").await;
    assert_eq!(others.text, seen.text, "nobody asks through other eyes");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_that_others_can_look_up_there_is_no_such_page() {
    for web_url in ["https://ana.local/", "http://192.168.1.7:7518/"] {
        let ana = Ana::at(web_url).await;
        let host = web_url.split('/').nth(2).unwrap();
        let ask = |path: &'static str| ana.send(Request::get(path).header("host", host), DEE, String::new());
        let unknown = ask("/assets/nothing.css").await;
        for path in ["/c", "/c/card.vcf", "/c/left/nothing"] {
            let seen = ask(path).await;
            assert_eq!((seen.status, &seen.text), (StatusCode::NOT_FOUND, &unknown.text), "{path}");
            assert!(!seen.text.contains("href=\"c\""), "there is no card to go on to: {}", seen.text);
        }
        let request = Request::post("/c").header("host", host).header("sec-fetch-site", "same-origin");
        let seen = ana.send(request, DEE, "name=Dee".to_owned()).await;
        assert_eq!((seen.status, seen.text), (StatusCode::NOT_FOUND, unknown.text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_mistyped_an_address_goes_on_to_the_card() {
    let ana = Ana::public().await;
    for path in ["/c/nothing", "/c/card.pdf"] {
        let seen = ana.get(path).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
        assert!(seen.text.contains("<a href=\"c\">Back to the card</a>"), "{path}: {}", seen.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dee_leaves_her_card_looks_at_it_and_deletes_it_twice() {
    let ana = Ana::public().await;
    let secret = ana.get("/c").await.between(r#"name="secret" value=""#, "\"").to_owned();
    let form: Vec<(&str, &str)> = [("secret", secret.as_str())].into_iter().chain(CARD).collect();
    let seen = ana.post("/c", &form).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(seen.text.contains("<h1>Left.</h1>") && seen.text.contains("It is kept until "), "{}", seen.text);
    let link = format!("/{}", seen.between("<a href=\"", "\">Delete what I left"));
    assert_eq!(link, format!("/c/left/{secret}"));
    assert_eq!(ana.post("/c", &form).await.text, seen.text, "a form that is sent twice");

    let item = ana.inbox().await.remove(0);
    assert_eq!(item["kind"], "left_card");
    assert_eq!(item["card"]["fields"][0], json!({"field": "org", "value": "Wong Waterworks"}));
    assert_eq!(item["message"], "We need valves.\nBy May.");
    assert!(item["question"].as_str().unwrap().starts_with("Dee Wong left you their card"), "{item}");

    let seen = ana.get(&link).await;
    for shown in ["Dee Wong", "Wong Waterworks", "dee@wong.example", "By May.", "<button"] {
        assert!(seen.text.contains(shown), "{shown}: {}", seen.text);
    }
    for _ in 0..2 {
        let seen = ana.post(&link, &[]).await;
        assert!(seen.status == StatusCode::OK && seen.text.contains("<h1>Deleted.</h1>"), "{}", seen.text);
    }
    assert!(ana.inbox().await.is_empty());
    let seen = ana.get(&link).await;
    assert!(seen.status == StatusCode::NOT_FOUND && seen.text.contains("Nothing is left here."), "{}", seen.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ana_keeps_is_found_and_exported_until_dee_takes_it_back() {
    let ana = Ana::public().await;
    let seen = ana.post("/c", &CARD).await;
    let link = format!("/{}", seen.between("<a href=\"", "\">Delete what I left"));
    let item = ana.inbox().await.remove(0);
    let person = ana.program("POST", &format!("/inbox/{}/accept", item["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(person["how"], "left their card on my page, unconfirmed");
    for words in ["waterworks", "valves", "dee@wong.example"] {
        assert_eq!(ana.program("GET", &format!("/people?query={words}"), &Value::Null).await["total"], 1, "{words}");
    }
    let request = Request::get("/api/v1/people/Dee/vcf").header("host", HOST);
    let request = request.header("authorization", format!("Bearer {}", ana.token));
    let vcard = ana.send(request, DEE, String::new()).await.text;
    for line in ["ORG:Wong Waterworks\r\n", "TITLE:Buyer\r\n", "EMAIL;TYPE=INTERNET,WORK:dee@wong.example\r\n"] {
        assert!(vcard.contains(line), "{line}: {vcard}");
    }
    assert!(vcard.contains("NOTE:We need valves.\\nBy May.\\n"), "{vcard}");
    assert!(ana.get(&link).await.text.contains("Wong Waterworks"));
    assert_eq!(ana.post(&link, &[]).await.status, StatusCode::OK);
    assert_eq!(ana.program("GET", "/people", &Value::Null).await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn script_in_any_field_is_text() {
    let ana = Ana::public().await;
    let bad = r#""><script>alert(1)</script>"#;
    let change = json!({"changes": [
        {"field": "name", "value": format!("Ana {bad}")},
        {"field": "headline", "value": bad},
        {"field": "website", "value": "javascript:alert(1)"},
    ]});
    ana.program("PATCH", "/card", &change).await;
    let form = CARD.map(|(field, _)| (field, bad));
    let left = ana.post("/c", &form).await;
    let link = format!("/{}", left.between("<a href=\"c/left", "\">").replacen('/', "c/left/", 1));
    let long = "x".repeat(700);
    let refused: Vec<(&str, &str)> = form.iter().copied().filter(|(field, _)| *field != "message").collect();
    let refused: Vec<(&str, &str)> = refused.into_iter().chain([("message", long.as_str()), ("secret", bad)]).collect();
    for seen in [left, ana.get("/c").await, ana.get(&link).await, ana.post("/c", &refused).await] {
        assert!(!seen.text.contains("<script>") && !seen.text.contains("href=\"javascript"), "{}", seen.text);
        assert!(seen.text.contains("&#60;script&#62;") || seen.text.contains("&lt;script&gt;"), "{}", seen.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_said_and_nothing_that_was_typed_is_lost() {
    let ana = Ana::public().await;
    let long = "é".repeat(601);
    for (field, value, says) in [
        ("name", "", "Name: this one is needed."),
        ("name", "Ana\u{202e}oB", "Name: the text has a character that cannot be shown safely"),
        ("org", &"x".repeat(201), "Company: the text has 201 bytes, at most 200 fit"),
        ("message", &long, "Message: the text has 601 characters, at most 600 fit"),
    ] {
        let form = CARD.map(|(own, typed)| if own == field { (own, value) } else { (own, typed) });
        let seen = ana.post("/c", &form).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{field}");
        assert!(seen.text.contains(says), "{says}: {}", seen.text);
        assert!(seen.text.contains(r#"value="dee@wong.example""#), "{}", seen.text);
    }
    let seen = ana.post("/c", &[("name", "x".repeat(100_000).as_str())]).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(seen.text.contains("more than one form may hold") && !seen.text.contains("<nav"), "{}", seen.text);
    assert!(ana.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_this_page_works_in_every_browser_and_one_of_mallorys_in_none() {
    let ana = Ana::public().await;
    let own: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin"), ("origin", "https://kith.ana.example")],
        &[("origin", "https://kith.ana.example")],
        &[("origin", "http://kith.ana.example")],
        &[],
    ];
    for headers in own {
        assert_eq!(ana.post_with("/c", &CARD, DEE, headers).await.status, StatusCode::OK, "{headers:?}");
    }
    assert_eq!(ana.inbox().await.len(), 1, "the same card");
    let link = format!("/{}", ana.post("/c", &CARD).await.between("<a href=\"", "\">Delete what I left"));
    let mallorys: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://mallory.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://other.ana.example")],
        &[("origin", "https://mallory.example")],
        &[("origin", "null")],
    ];
    for headers in mallorys {
        for path in ["/c", &link] {
            let seen = ana.post_with(path, &CARD, DEE, headers).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(!seen.text.contains("<nav"), "{}", seen.text);
        }
    }
    assert_eq!(ana.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_slowed_down_for_each_and_for_all() {
    let ana = Ana::public().await;
    let leave = async |from: &str, name: &str| {
        let form = [("name", name), ("email", "m@mallory.example")];
        ana.post_with("/c", &form, from, &[("sec-fetch-site", "same-origin")]).await
    };
    for number in 0..20 {
        assert_eq!(leave(DEE, &format!("Mallory {number}")).await.status, StatusCode::OK, "{number}");
    }
    let seen = leave(DEE, "Mallory").await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(seen.header("retry-after").parse::<u64>().unwrap() > 60);
    assert!(seen.text.contains("Too many cards were left from here.") && seen.text.contains(r#"value="Mallory""#));
    let mut taken = 20;
    for house in 1..30 {
        for number in 0..5 {
            let seen = leave(&format!("198.51.100.{house}:4000"), &format!("Mallory {house} {number}")).await;
            taken += usize::from(seen.status == StatusCode::OK);
        }
    }
    assert_eq!(taken, 100, "of everybody together");
    assert_eq!(ana.inbox().await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_looks_at_the_cards_the_page_takes_no_more() {
    let ana = Ana::public().await;
    for number in 0..200 {
        let body = json!({"name": format!("Visitor {number}")});
        assert!(ana.program("POST", "/left-cards", &body).await["secret"].is_string(), "{number}");
    }
    let refused = ana.program("POST", "/left-cards", &json!({"name": "One more"})).await;
    assert_eq!(refused["kind"], "full", "{refused}");
    let seen = ana.post("/c", &CARD).await;
    assert_eq!((seen.status, seen.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "86400"));
    assert!(seen.text.contains("This page cannot take more cards today."), "{}", seen.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_sub_path_every_link_stays_below_it() {
    let ana = Ana::at("https://kith.ana.example/kith/").await;
    let seen = ana.get("/kith/c").await;
    assert!(seen.text.contains(r#"<base href="/kith/">"#) && seen.text.contains(r#"action="c""#), "{}", seen.text);
    let seen = ana.post("/kith/c", &CARD).await;
    let link = format!("/kith/{}", seen.between("<a href=\"", "\">Delete what I left"));
    assert_eq!(ana.get(&link).await.status, StatusCode::OK);
}

/// What follows # is for the visitor's own node. The script that shows it has no way to send it anywhere.
#[test]
fn the_script_of_the_page_asks_nobody_for_anything() {
    let script = include_str!("../assets/c.js");
    for way in [
        "fetch",
        "XMLHttpRequest",
        "sendBeacon",
        "import",
        "WebSocket",
        "EventSource",
        "open(",
        ".src",
        ".action",
        "cookie",
        "Storage",
        "caches",
    ] {
        assert!(!script.contains(way), "{way}");
    }
    assert!(!script.contains("location =") && !script.contains("href =") && !script.contains("submit"));
}
