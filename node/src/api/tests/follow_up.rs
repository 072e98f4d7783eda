//! Ana at a fair, and on the days after it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Ana;
use crate::here::{Local, date_text};
use crate::machine::now;

const KEY: &str = "00112233445566778899aabbccddeeff";

impl Ana {
    async fn does(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, Some(body)).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    async fn sees(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// The date on which Ana is, so many days from now.
    fn date(days: u64) -> String {
        date_text(Local::here().date.plus(days))
    }

    async fn goes_to(&self, name: &str) -> Value {
        let event = json!({"name": name, "first": Self::date(0), "last": Self::date(4), "place": "Hall 7"});
        self.does("POST", "/events", event).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ana_captures_at_the_fair_is_in_one_call_and_on_her_day() {
    let ana = Ana::new();
    let fair = ana.goes_to("Hannover Messe").await;
    assert_eq!((&fair["state"], &fair["people"]), (&json!("now"), &json!(0)));
    let capture = json!({
        "name": "Bo Lindqvist", "need": "valves for two ships", "promise": "the drawings", "tags": ["hot", "ships"],
        "note": "his daughter rows", "next": "send the drawings", "due": Ana::date(2), "key": KEY,
    });
    let first = ana.does("POST", "/captures", capture.clone()).await;
    assert_eq!(first["outcome"], "written_down");
    assert_eq!(ana.does("POST", "/captures", capture).await, first, "the same again is answered the same");
    assert_eq!(ana.sees("/people").await["total"], 1);
    let bo = ana.sees("/people/Bo").await;
    assert_eq!(bo["how"], "written down at Hannover Messe, unconfirmed");
    assert_eq!(bo["tags"], json!(["hot", "ships"]));
    assert_eq!(bo["follow_up"]["need"], "valves for two ships");
    assert_eq!(bo["follow_up"]["promise"], "the drawings");
    assert_eq!(bo["notes"][0]["text"], "his daughter rows");
    let today = ana.sees("/today").await;
    assert_eq!((&today["steps"]["overdue"], &today["steps"]["week"]), (&json!(0), &json!(1)), "{today}");
    let step = &today["steps"]["list"][0];
    assert_eq!((&step["next"]["what"], &step["next"]["when"]), (&json!("send the drawings"), &json!("week")), "{step}");
    assert_eq!((&step["person"]["name"], &step["next"]["due"]), (&json!("Bo Lindqvist"), &json!(Ana::date(2))));
    assert_eq!((&today["event"]["name"], &today["event"]["people"]), (&json!("Hannover Messe"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_may_be_at_another_event_at_none_or_on_another_day() {
    let ana = Ana::new();
    ana.goes_to("Hannover Messe").await;
    let cases = [
        (json!({"name": "Bo"}), "written down at Hannover Messe, unconfirmed"),
        (json!({"name": "Chi", "event": ""}), "written down, unconfirmed"),
        (json!({"name": "Dee", "event": "Dinner"}), "written down at Dinner, unconfirmed"),
        (json!({"name": "Eva", "date": Ana::date(9)}), "written down, unconfirmed"),
    ];
    for (capture, how) in cases {
        let captured = ana.does("POST", "/captures", capture.clone()).await;
        assert_eq!(captured["person"]["how"], how, "{capture}");
    }
    let code = ana.does("POST", "/invites", json!({})).await;
    assert_eq!(code["event"], "Hannover Messe", "a code is shown where Ana is");
    assert_eq!(ana.does("POST", "/invites", json!({"event": ""})).await.get("event"), None);
    assert_eq!(ana.does("POST", "/invites", json!({"printed": true})).await.get("event"), None, "a badge has a label");
    let vcard = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jo Weiß\r\nEND:VCARD\r\n";
    let foreign = ana.does("POST", "/scans", json!({"text": vcard, "need": "a catalogue"})).await;
    assert_eq!(foreign["person"]["how"], "from a code of another kind at Hannover Messe, unconfirmed");
    let fair = ana.sees("/events/hannover%20messe").await;
    let names: Vec<&str> =
        fair["list"].as_array().unwrap().iter().filter_map(|one| one["person"]["name"].as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"Bo") && names.contains(&"Jo Weiß"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_this_morning_keeps_its_time_and_a_clock_that_is_wrong_is_not_believed() {
    let ana = Ana::new();
    let morning = crate::api::model::time(now().minus(5 * 3_600));
    let year_ago = crate::api::model::time(now().minus(365 * 86_400));
    let tomorrow = crate::api::model::time(now().plus(86_400));
    for (name, at, is_believed) in [("Bo", &morning, true), ("Chi", &year_ago, false), ("Dee", &tomorrow, false)] {
        ana.does("POST", "/captures", json!({"name": name, "at": at, "note": "met at the stand"})).await;
        let person = ana.sees(&format!("/people/{name}")).await;
        for time in [&person["encounters"][0]["at"], &person["touched"], &person["notes"][0]["at"]] {
            assert_eq!(time == at, is_believed, "{name}: {person}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_done_put_off_and_followed_by_others() {
    let ana = Ana::new();
    ana.does("POST", "/people", json!({"name": "Bo"})).await;
    let next = |details: &Value| details["follow_up"]["next"].clone();
    let bo = ana.sees("/people/Bo").await;
    assert_eq!((&next(&bo)["what"], &next(&bo)["by_itself"]), (&json!("write to them"), &json!(true)));
    let bo = ana.does("PATCH", "/people/Bo", json!({"due": Ana::date(1)})).await;
    assert_eq!((&next(&bo)["due"], &next(&bo)["when"]), (&json!(Ana::date(1)), &json!("week")));
    let bo = ana.does("PATCH", "/people/Bo", json!({"done": true, "next": "call", "due": Ana::date(0)})).await;
    assert_eq!((&next(&bo)["what"], &next(&bo)["when"]), (&json!("call"), &json!("today")));
    let bo = ana.does("PATCH", "/people/Bo", json!({"done": true})).await;
    assert_eq!(next(&bo), Value::Null);
    let (status, answer) = ana.ask("PATCH", "/people/Bo", Some(json!({"done": true}))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    assert_eq!(ana.sees("/today/steps").await, json!({"list": [], "total": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_one_name_and_days_in_order_and_its_people_outlive_it() {
    let ana = Ana::new();
    ana.goes_to("Hannover Messe").await;
    ana.does("POST", "/captures", json!({"name": "Bo"})).await;
    let bad = [
        (json!({"name": "HANNOVER MESSE", "first": "2026-04-20"}), StatusCode::CONFLICT, "of that name already"),
        (json!({"name": "x", "first": "20.4.2026"}), StatusCode::BAD_REQUEST, "is no date"),
        (
            json!({"name": "x", "first": "2026-04-20", "last": "2026-04-19"}),
            StatusCode::BAD_REQUEST,
            "before it begins",
        ),
        (json!({"name": "x", "first": "2026-04-20", "last": "2028-04-19"}), StatusCode::BAD_REQUEST, "a year long"),
        (json!({"name": " ", "first": "2026-04-20"}), StatusCode::BAD_REQUEST, "empty"),
    ];
    for (event, expected, says) in bad {
        let (status, answer) = ana.ask("POST", "/events", Some(event)).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer["hint"].is_string(), "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    let renamed = ana.does("PATCH", "/events/Hannover%20Messe", json!({"name": "Hanover Fair", "place": ""})).await;
    assert_eq!((&renamed["people"], &renamed["earlier"]), (&json!(1), &json!(["Hannover Messe"])));
    assert_eq!(renamed.get("place"), None);
    ana.does("POST", "/captures", json!({"name": "Chi"})).await;
    assert_eq!(ana.sees("/events/Hanover%20Fair").await["total"], 2);
    let (status, _) = ana.ask("DELETE", "/events/Hanover%20Fair", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(ana.sees("/events").await, json!([]));
    assert_eq!(ana.sees("/people/Chi").await["how"], "written down at Hanover Fair, unconfirmed");
    assert_eq!(ana.goes_to("hanover fair").await["people"], 1, "added again, it has its people");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_captures_are_refused_with_a_reason_and_leave_nothing() {
    let ana = Ana::new();
    let long = "x".repeat(300);
    for (capture, says) in [
        (json!({"name": "Bo", "key": "abc"}), "32 hexadecimal digits"),
        (json!({"name": "Bo", "at": "this morning"}), "is no time"),
        (json!({"name": "Bo", "due": "soon"}), "is no"),
        (json!({"name": "Bo", "need": long}), "need: "),
        (json!({"name": "Bo", "tags": [long]}), "tags: "),
        (json!({"need": "valves"}), "name: "),
        (json!({"code": " "}), "empty"),
    ] {
        let (status, answer) = ana.ask("POST", "/captures", Some(capture)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(ana.sees("/people").await["total"], 0);
    for path in ["/today?offset=9999", "/today?date=never", "/today/steps?page=x", "/events?date=2026"] {
        let (status, _) = ana.ask("GET", path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_somebody_who_was_forgotten_is_not_made_again() {
    let ana = Ana::new();
    let capture = json!({"name": "Bo", "key": KEY});
    ana.does("POST", "/captures", capture.clone()).await;
    let (status, _) = ana.ask("DELETE", "/people/Bo", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = ana.ask("POST", "/captures", Some(capture)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(ana.sees("/people").await["total"], 0);
    assert_eq!(ana.sees("/today").await["steps"]["list"], json!([]));
}
