//! Events: trade shows and meetings that scans belong to.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Method;
use serde_json::json;

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::paging::Pages;
use super::trouble::{Answer, Trouble};
use super::undo::{Going, let_go};
use super::{Web, time as t, words as w};
use crate::api::model::{EventForm, EventPage};
use crate::api::{MET_ON_A_PAGE, path, query};

#[derive(Template)]
#[template(path = "events.html")]
struct List {
    frame: Frame,
    events: Vec<EventForm>,
}

/// Lists events, the latest first.
pub(super) async fn list(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let mut events: Vec<EventForm> = web.inside.get("/events").await?;
    events.reverse();
    events.retain(|event| !web.undo.hides(&event.id));
    html(&List { frame: Frame::new(&web, Tab::More, w::EVENTS).after(&web, &asked), events })
}

/// Adds an event.
pub(super) async fn add(State(web): State<Web>, Form(form): Form) -> Answer {
    let body = json!({
        "name": form.text("name"),
        "first": form.text("first"),
        "last": form.get("last"),
        "place": form.get("place"),
    });
    let event: EventForm = web.inside.post("/events", &body).await?;
    go_to(&web, &format!("events/{}?said=saved", event.id))
}

#[derive(Template)]
#[template(path = "event.html")]
struct One {
    frame: Frame,
    page: EventPage,
    pages: Pages,
}

/// Shows an event and who was met there.
pub(super) async fn show(State(web): State<Web>, Path(which): Path<String>, Asked(asked): Asked) -> Answer {
    let number = asked.number("page")?.unwrap_or_default();
    let of = |page: u64| query(&[("page", Some(&page.to_string()))]);
    let page: EventPage = web.inside.get(&format!("{}{}", path(&["events", &which]), of(number))).await?;
    let link = |number: u64| format!("events/{}{}", page.event.id, of(number));
    let one = One {
        frame: Frame::new(&web, Tab::More, page.event.name.clone()).after(&web, &asked),
        pages: Pages::around(number, MET_ON_A_PAGE, page.total, link),
        page,
    };
    html(&one)
}

/// Changes an event.
pub(super) async fn change(State(web): State<Web>, Path(which): Path<String>, Form(form): Form) -> Answer {
    let body = json!({
        "name": form.get("name"),
        "first": form.get("first"),
        "last": form.get("last"),
        "place": form.raw("place"),
    });
    let event: EventForm = web.inside.patch(&path(&["events", &which]), &body).await?;
    go_to(&web, &format!("events/{}?said=saved", event.id))
}

/// Removes an event; who was met there stays.
pub(super) async fn remove(State(web): State<Web>, Path(which): Path<String>) -> Answer {
    let page: EventPage = web.inside.get(&path(&["events", &which])).await?;
    let id = page.event.id;
    let (path, hides) = (path(&["events", &id]), id);
    let going = Going { method: Method::DELETE, path, body: json!({}), hides, back: "events" };
    let_go(&web, going, "removed").await
}

/// Who was met there, for other programs.
pub(super) async fn download(State(web): State<Web>, Path((which, file)): Path<(String, String)>) -> Answer {
    let kind = match file.as_str() {
        "people.csv" => "csv",
        "people.vcf" => "vcf",
        _ => return Err(Trouble::not_found()),
    };
    let page: EventPage = web.inside.get(&path(&["events", &which])).await?;
    web.inside.file(&format!("/people/{kind}{}", query(&[("event", Some(&page.event.name))]))).await
}
