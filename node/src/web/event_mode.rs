//! Looking for contacts on the networks that the node is on.

use askama::Template;
use axum::extract::State;
use axum::http::Method;
use serde_json::json;

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::Answer;
use super::{Web, time as t, words as w};
use crate::api::EventModeForm;

#[derive(Template)]
#[template(path = "event-mode.html")]
struct Page {
    frame: Frame,
    mode: EventModeForm,
}

/// Shows whether it is on, and who is heard.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let mode = web.inside.get("/event-mode").await?;
    html(&Page { frame: Frame::new(&web, Tab::More, w::EVENT_MODE).after(&web, &asked), mode })
}

/// Turns it on or off.
pub(super) async fn set(State(web): State<Web>, Form(form): Form) -> Answer {
    let on = form.get("on") == Some("yes");
    web.inside.send(Method::PUT, "/event-mode", &json!({ "on": on })).await?;
    go_to(&web, if on { "event-mode?said=event_mode_on" } else { "event-mode?said=event_mode_off" })
}
