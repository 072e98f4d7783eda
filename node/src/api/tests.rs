use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use kith_protocol::text::Name;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::home::Home;
use crate::node::Desk;

mod follow_up;

struct Ana {
    desk: Desk,
    token: String,
    _folder: tempfile::TempDir,
}

impl Ana {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (open, _) = home.create(Name::new("Ana Sousa").unwrap()).unwrap();
        let desk = Desk::open(open).unwrap();
        Self { desk, token: home.api_token().unwrap(), _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Body::from(body.map(|body| body.to_string()).unwrap_or_default()))
            .unwrap();
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.desk.router().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_told() {
    let ana = Ana::new();
    for (header, value) in [("x-nothing", "x"), ("authorization", "Bearer wrong"), ("authorization", "Basic x")] {
        let request = Request::get("/api/v1/status").header(header, value).body(Body::empty()).unwrap();
        let (status, body) = ana.send(request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(body["kind"], "not_allowed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_changed_whole_or_not_at_all_and_seen_through_other_eyes() {
    let ana = Ana::new();
    let change = json!({"changes": [
        {"field": "org", "value": "Sousa Valves"},
        {"field": "email", "value": "ana@sousa.example"},
        {"field": "personal-email", "value": "ana@home.example"},
    ]});
    let (status, body) = ana.ask("PATCH", "/card", Some(change)).await;
    assert_eq!((status, &body["changed"]), (StatusCode::OK, &json!(true)));
    let bad = json!({"changes": [{"field": "org", "value": "Other"}, {"field": "shoe size", "value": "38"}]});
    let (status, body) = ana.ask("PATCH", "/card", Some(bad)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["hint"].as_str().unwrap().contains("headline"), "{body}");
    let (_, public) = ana.ask("GET", "/card?as=public", None).await;
    assert_eq!(public["fields"], json!([{"field": "org", "value": "Sousa Valves"}]));
    let (_, contacts) = ana.ask("GET", "/card?as=contacts", None).await;
    assert_eq!(contacts["fields"].as_array().unwrap().len(), 2);
    let (status, _) = ana.ask("GET", "/card?as=Nobody", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_codes_say_what_is_wrong_with_them() {
    let ana = Ana::new();
    let (status, shown) = ana.ask("POST", "/invites", Some(json!({"event": "Hannover Messe"}))).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(shown["qr_version"].as_u64().unwrap() <= 6, "{shown}");
    let code = shown["link"].as_str().unwrap();

    let (status, body) = ana.ask("POST", "/scans", Some(json!({"text": code}))).await;
    assert_eq!((status, &body["kind"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("bad_code")));
    assert_eq!(body["message"], "this is your own code");

    for (text, says) in [("KITH:7777", "too"), ("kith:!", "not a Kith code"), ("", "empty")] {
        let (status, body) = ana.ask("POST", "/scans", Some(json!({"text": text}))).await;
        assert!(status.is_client_error(), "{text}: {status}");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(says) || message.contains("damaged"), "{text}: {message}");
        assert!(body["hint"].is_string(), "{text}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_code_becomes_an_unconfirmed_person_with_its_text_kept() {
    let ana = Ana::new();
    let vcard = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Weiß;Jörg;;;\r\nFN:Jörg Weiß\r\nORG:Weiß GmbH\r\nEND:VCARD\r\n";
    let scan = json!({"text": vcard, "event": "Hannover Messe", "note": "wants a quote"});
    let (status, body) = ana.ask("POST", "/scans", Some(scan)).await;
    assert_eq!((status, &body["outcome"]), (StatusCode::CREATED, &json!("written_down")));
    assert_eq!(body["person"]["name"], "Jörg Weiß");
    let (_, person) = ana.ask("GET", "/people/jorg", None).await;
    assert!(person["foreign"].as_str().unwrap().contains("ORG:Weiß GmbH"), "{person}");
    assert_eq!(person["notes"][0]["text"], "wants a quote");
    assert_eq!(person["standing"], "unconfirmed");
    let (_, found) = ana.ask("GET", "/people?query=hannover", None).await;
    assert_eq!(found["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_written_down_twice_is_one_person_by_anas_word() {
    let ana = Ana::new();
    let vcard = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jörg Weiß\r\nEND:VCARD\r\n";
    ana.ask("POST", "/scans", Some(json!({"text": vcard, "event": "Hannover Messe", "note": "wants a quote"}))).await;
    ana.ask("POST", "/people", Some(json!({"name": "Jörg", "event": "", "tags": ["valves"]}))).await;
    let (_, found) = ana.ask("GET", "/people?called=JORG", None).await;
    assert_eq!(found["total"], 2, "{found}");
    let (_, found) = ana.ask("GET", "/people?called=jorg%20w", None).await;
    assert_eq!((&found["total"], &found["people"][0]["name"]), (&json!(1), &json!("Jörg Weiß")));
    let join = "/people/J%C3%B6rg%20Wei%C3%9F/join";
    for (into, status, kind) in [
        (json!({"into": "Zoe"}), StatusCode::NOT_FOUND, "not_found"),
        (json!({"into": "Jörg Weiß"}), StatusCode::CONFLICT, "conflict"),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY, "bad_input"),
    ] {
        let (got, body) = ana.ask("POST", join, Some(into)).await;
        assert_eq!((got, &body["kind"]), (status, &json!(kind)), "{body}");
        assert!(body["hint"].is_string(), "{body}");
    }
    let (status, joined) = ana.ask("POST", join, Some(json!({"into": "jorg"}))).await;
    assert_eq!((status, &joined["name"], &joined["joinable"]), (StatusCode::OK, &json!("Jörg"), &json!(true)));
    assert!(joined["foreign"].as_str().unwrap().contains("FN:Jörg Weiß"), "{joined}");
    let notes: Vec<&str> =
        joined["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert_eq!(notes, ["wants a quote", "Also written down as Jörg Weiß"]);
    let (_, found) = ana.ask("GET", "/people?met=hannover%20messe", None).await;
    assert_eq!((&found["total"], &found["people"][0]["tags"]), (&json!(1), &json!(["valves"])), "{found}");
    let (_, found) = ana.ask("GET", "/people", None).await;
    assert_eq!(found["total"], 1, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_network_becomes_nobody_and_its_password_is_not_kept() {
    let ana = Ana::new();
    for text in ["WIFI:T:WPA;S:fair;P:correct horse;;", "5901234123457", &"a:x:0:0::/:/bin/sh\n".repeat(40)] {
        for (path, scan) in [("/scans", json!({"text": text})), ("/captures", json!({"code": text}))] {
            let (status, body) = ana.ask("POST", path, Some(scan)).await;
            assert_eq!((status, &body["kind"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("bad_code")), "{body}");
            assert!(body["hint"].is_string() && !body.to_string().contains("correct horse"), "{body}");
        }
    }
    let (_, found) = ana.ask("GET", "/people", None).await;
    assert_eq!(found["total"], 0, "{found}");
    let (status, body) = ana.ask("POST", "/scans", Some(json!({"text": "+32 470 12 34 56", "name": "Bo"}))).await;
    assert_eq!((status, &body["person"]["name"]), (StatusCode::CREATED, &json!("Bo")), "whose number it is was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_as_the_last_answer_left_it() {
    let ana = Ana::new();
    ana.ask("POST", "/people", Some(json!({"name": "Bo Lindqvist", "event": "Hannover Messe"}))).await;
    ana.ask("POST", "/people", Some(json!({"name": "Eva Ѕоusа"}))).await;
    let (_, found) = ana.ask("GET", "/people?query=sousa", None).await;
    assert_eq!(found["total"], 1);
    let warning = found["people"][0]["name_warning"].as_str().unwrap();
    assert!(warning.contains("Cyrillic"), "{warning}");
    for change in
        [json!({"petname": "Bo of the ninth hall"}), json!({"tag": "welders"}), json!({"tag": "Berlin, 2026"})]
    {
        ana.ask("PATCH", "/people/Bo", Some(change)).await;
    }
    for (wanted, total) in [
        ("query=hall+ninth", 1),
        ("query=hall+tenth", 0),
        ("met=hannover%20messe", 1),
        ("tag=welders&tag=Berlin,%202026", 1),
        ("tag=welders&tag=bakers", 0),
        ("standing=unconfirmed&order=touched", 2),
        ("standing=contact", 0),
        ("overdue=true", 0),
        ("overdue=false&page=1", 2),
    ] {
        let (_, found) = ana.ask("GET", &format!("/people?{wanted}"), None).await;
        assert_eq!(found["total"], total, "{wanted}: {found}");
    }
    for wrong in ["standing=friend", "order=luck", "overdue=maybe", "page=-1"] {
        let (status, body) = ana.ask("GET", &format!("/people?{wrong}"), None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {body}");
    }
    let (_, status) = ana.ask("GET", "/status", None).await;
    assert_eq!((&status["people"], &status["contacts"]), (&json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_name_or_id_and_never_by_guess() {
    let ana = Ana::new();
    for name in ["Bo Li", "Bo Anders", "王小明"] {
        ana.ask("POST", "/people", Some(json!({"name": name}))).await;
    }
    let (status, body) = ana.ask("GET", "/people/bo", None).await;
    assert_eq!((status, &body["kind"]), (StatusCode::CONFLICT, &json!("ambiguous")));
    assert!(body["message"].as_str().unwrap().contains("Bo Anders"), "{body}");
    let (_, bo) = ana.ask("GET", "/people/Bo%20Li", None).await;
    let id = bo["id"].as_str().unwrap();
    let (status, _) = ana.ask("GET", &format!("/people/{}", &id[..6]), None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = ana.ask("DELETE", &format!("/people/{id}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = ana.ask("GET", &format!("/people/{id}"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn oversize_and_odd_input_is_refused_with_a_reason() {
    let ana = Ana::new();
    let long = "x".repeat(10_000);
    let cases = [
        ("POST", "/people", Some(json!({"name": long})), StatusCode::BAD_REQUEST),
        ("POST", "/people", Some(json!({"name": "Ana\u{202E}oB"})), StatusCode::BAD_REQUEST),
        ("POST", "/people", Some(json!({"name": ""})), StatusCode::BAD_REQUEST),
        ("POST", "/people", Some(json!([])), StatusCode::UNPROCESSABLE_ENTITY),
        ("POST", "/people", Some(json!({"name": "x".repeat(200_000)})), StatusCode::PAYLOAD_TOO_LARGE),
        ("POST", "/invites", Some(json!({"tier": "everybody"})), StatusCode::UNPROCESSABLE_ENTITY),
        ("GET", "/people?page=x", None, StatusCode::BAD_REQUEST),
        ("GET", "/nothing", None, StatusCode::NOT_FOUND),
        ("DELETE", "/status", None, StatusCode::METHOD_NOT_ALLOWED),
    ];
    for (method, path, body, expected) in cases {
        let (status, answer) = ana.ask(method, path, body).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert!(answer["message"].is_string(), "{method} {path}: {answer}");
    }
}

/// An ask of Ana's that is well formed.
fn an_ask(via: &str) -> Value {
    json!({"about": "a brewer", "via": via, "purpose": "client", "why": "valves wear out", "blurb": "I make valves"})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_introduction_that_cannot_be_is_refused_with_a_reason_and_advice() {
    let ana = Ana::new();
    ana.ask("POST", "/people", Some(json!({"name": "Bo Lindqvist"}))).await;
    let with = |field: &str, value: Value| {
        let mut ask = an_ask("Bo");
        ask[field] = value;
        Some(ask)
    };
    let long = json!("x".repeat(10_000));
    let cases = [
        (with("via", json!("Zoe")), StatusCode::NOT_FOUND, "no person"),
        (with("via", json!("Bo")), StatusCode::CONFLICT, "only a contact can introduce you"),
        (with("why", long.clone()), StatusCode::BAD_REQUEST, "why: the text has 10000 bytes, at most 280 fit"),
        (with("blurb", long.clone()), StatusCode::BAD_REQUEST, "blurb: the text has 10000 bytes, at most 600 fit"),
        (with("about", long), StatusCode::BAD_REQUEST, "about: "),
        (with("blurb", json!(" ")), StatusCode::BAD_REQUEST, "blurb: the text is empty"),
        (with("days", json!(0)), StatusCode::BAD_REQUEST, "days: an ask is open for 1 to 14 days"),
        (with("days", json!(15)), StatusCode::BAD_REQUEST, "days: "),
        (with("who", json!("Bo")), StatusCode::BAD_REQUEST, "say either who it is or what they are like"),
        (with("about", Value::Null), StatusCode::BAD_REQUEST, "say either"),
        (with("purpose", json!("love")), StatusCode::UNPROCESSABLE_ENTITY, "love"),
    ];
    for (body, expected, says) in cases {
        let shown = body.clone();
        let (status, answer) = ana.ask("POST", "/introductions", body).await;
        assert_eq!(status, expected, "{shown:?}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{says}: {answer}");
    }
    for (path, body) in [
        ("/introductions/abcd/pass", json!({"note": "x"})),
        ("/introductions/abcd/later", json!({"until": "2026-12-01"})),
        ("/introductions/abcd/outcome", json!({})),
    ] {
        let (status, answer) = ana.ask("POST", path, Some(body)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
        assert!(answer["hint"].as_str().unwrap().contains("kith intro list"), "{answer}");
    }
    let (status, answer) = ana.ask("GET", "/introductions?part=friend", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    assert_eq!(ana.ask("GET", "/introductions", None).await.1, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vouch_always_says_what_its_issuer_has_to_gain() {
    let ana = Ana::new();
    ana.ask("POST", "/people", Some(json!({"name": "Bo Lindqvist"}))).await;
    let vouch = |interest: Value, strength: u8| json!({"who": "Bo", "basis": "client", "words": "pays in time", "interest": interest, "strength": strength});
    let silent = json!({"who": "Bo", "basis": "client", "words": "pays in time"});
    let cases = [
        (silent, StatusCode::UNPROCESSABLE_ENTITY, "interest"),
        (vouch(json!("other"), 2), StatusCode::BAD_REQUEST, "say what your interest is"),
        (vouch(json!("none"), 4), StatusCode::BAD_REQUEST, "from 1 to 3"),
        (vouch(json!("none"), 3), StatusCode::CONFLICT, "only vouch for a contact"),
    ];
    for (body, expected, says) in cases {
        let (status, answer) = ana.ask("POST", "/vouches", Some(body)).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{says}: {answer}");
    }
    let (status, _) = ana.ask("POST", "/vouches/abcd/revoke", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, all) = ana.ask("GET", "/vouches", None).await;
    assert_eq!(all, json!({"given": [], "about_me": [], "about": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_path_and_is_only_told_with_the_token() {
    let ana = Ana::new();
    let (_, document) = ana.ask("GET", "/openapi.json", None).await;
    assert_eq!(document, serde_json::to_value(super::openapi()).unwrap());
    let paths = document["paths"].as_object().unwrap();
    let wanted =
        ["/status", "/card", "/invites", "/scans", "/scans/picture", "/inbox", "/people/{who}", "/introductions"];
    let of_one = ["pass", "return", "decline", "later", "accept", "withdraw", "edit", "outcome"];
    let acts = of_one.iter().map(|act| format!("/introductions/{{id}}/{act}"));
    let vouches = ["renew", "revoke", "accept"].iter().map(|act| format!("/vouches/{{id}}/{act}"));
    let others = [
        "/introductions/suggest",
        "/introductions/{id}",
        "/vouches",
        "/captures",
        "/events",
        "/events/{which}",
        "/today",
        "/today/steps",
        "/today/silent",
        "/left-cards",
        "/left-cards/{secret}",
    ];
    for path in wanted.iter().chain(&others).map(ToString::to_string).chain(acts).chain(vouches) {
        assert!(paths.contains_key(&format!("/api/v1{path}")), "{path} is not described");
    }
}

mod exports {
    use super::*;

    impl Ana {
        async fn text(&self, path: &str) -> (StatusCode, String, String) {
            let request =
                Request::get(format!("/api/v1{path}")).header("authorization", format!("Bearer {}", self.token));
            let response = self.desk.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            (status, kind.unwrap_or_default(), String::from_utf8(bytes.to_vec()).unwrap())
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_card_goes_to_a_phone_as_far_as_its_owner_may_see_it() {
        let ana = Ana::new();
        let change = json!({"changes": [
            {"field": "org", "value": "Sousa Valves"},
            {"field": "mobile", "value": "+351 912"},
        ]});
        ana.ask("PATCH", "/card", Some(change)).await;
        let (status, kind, public) = ana.text("/card/vcf").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/vcard; charset=utf-8"));
        assert!(public.contains("ORG:Sousa Valves\r\n") && !public.contains("TEL"), "{public}");
        let (_, _, contacts) = ana.text("/card/vcf?as=contacts&form=small").await;
        assert!(contacts.contains("TEL;TYPE=CELL:+351 912\r\n") && contacts.len() <= 300, "{contacts}");
        for (path, expected) in
            [("/card/vcf?as=Nobody", 404), ("/card/vcf?form=tiny", 400), ("/people/Nobody/vcf", 404)]
        {
            assert_eq!(ana.text(path).await.0, expected, "{path}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_people_of_a_fair_go_into_a_file() {
        let ana = Ana::new();
        for at in 0..230 {
            let event = if at % 2 == 0 { "Hannover Messe" } else { "Web Summit" };
            let person = json!({"name": format!("Person {at:03}"), "event": event, "note": "wants a quote"});
            ana.ask("POST", "/people", Some(person)).await;
        }
        ana.ask("PATCH", "/people/Person%20004", Some(json!({"tag": "valves"}))).await;
        let (status, kind, csv) = ana.text("/people/csv?event=hannover%20MESSE").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
        assert_eq!(csv.lines().count(), 1 + 115);
        assert!(csv.contains("Person,004,") && csv.contains("valves,Hannover Messe,") && csv.contains("wants a quote"));
        let (_, _, cards) = ana.text("/people/vcf").await;
        assert_eq!(cards.matches("BEGIN:VCARD\r\nVERSION:3.0\r\n").count(), 230);
        assert!(!cards.contains("quote"), "a phone passes on what it holds");
        let (_, _, one) = ana.text("/people/vcf?tag=valves").await;
        assert_eq!(one.matches("BEGIN:VCARD").count(), 1);
        let (_, _, same) = ana.text("/people/Person%20004/vcf").await;
        assert_eq!(one, same);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_takes_nothing_in_any_more_says_so() {
    let ana = Ana::new();
    let health = |findings: &Value| {
        let findings = findings.as_array().unwrap();
        findings.iter().find(|finding| finding["subject"] == "node").unwrap()["health"].clone()
    };
    assert_eq!(ana.ask("GET", "/status", None).await.0, StatusCode::OK);
    let broken: Result<(), _> = ana.desk.handle().act(|_| panic!("a mistake in the program")).await;
    broken.unwrap_err();
    ana.desk.handle().ended().await;
    let (status, body) = ana.ask("GET", "/status", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert!(body["message"].as_str().unwrap().contains("mistake in the program"), "{body}");
    let (_, findings) = ana.ask("GET", "/doctor", None).await;
    assert_eq!(health(&findings), "bad", "{findings}");
}

impl Ana {
    async fn has_backup(&self) -> bool {
        let (_, status) = self.ask("GET", "/status", None).await;
        status["last_backup"].is_string()
    }

    /// Takes a backup to its end, and says how long it is.
    async fn takes_backup(&self, path: &str) -> usize {
        let request = Request::get(format!("/api/v1{path}")).header("authorization", format!("Bearer {}", self.token));
        let response = self.desk.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().collect().await.unwrap().to_bytes().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_counts_as_made_when_somebody_has_it() {
    let ana = Ana::new();
    let bytes = ana.takes_backup("/backup?confirms=true").await;
    assert!(!ana.has_backup().await, "nobody said that it is kept");
    let kept = async |bytes: usize| ana.ask("POST", "/backup/kept", Some(json!({ "bytes": bytes }))).await.0;
    assert_eq!(kept(bytes + 1).await, StatusCode::CONFLICT);
    assert_eq!(kept(bytes).await, StatusCode::NO_CONTENT);
    assert!(ana.has_backup().await);
    assert_eq!(kept(bytes).await, StatusCode::CONFLICT, "that was said");
    // A browser says nothing.
    let bo = Ana::new();
    bo.takes_backup("/backup").await;
    assert!(bo.has_backup().await);
}
