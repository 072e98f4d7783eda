//! Taking in what the other carries: a code before the camera, in a picture, as text, or a name that is typed.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::{Web, words as w};
use crate::api::model::EventForm;
use crate::api::{CaptureResult, OutcomeName, query};
use crate::machine::random;
use serde_json::json;

#[derive(Template)]
#[template(path = "scan.html")]
struct Page {
    frame: Frame,
    /// The event that is on: who is scanned belongs to it.
    event: Option<String>,
}

/// Shows every way to take somebody in.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let event = event_on(&web).await?;
    html(&Page { frame: Frame::new(&web, Tab::Qr, w::SCAN).after(&web, &asked), event })
}

/// The name of the event that is on.
pub(super) async fn event_on(web: &Web) -> Result<Option<String>, Trouble> {
    let on: Vec<EventForm> = web.inside.get("/events?on=true").await?;
    Ok(on.into_iter().next().map(|event| event.name))
}

/// Takes in a pasted or typed text.
pub(super) async fn text(State(web): State<Web>, Form(form): Form) -> Answer {
    let key = fresh_key();
    let body = json!({ "text": form.text("text"), "event": form.get("event"), "name": form.get("name"), "key": key });
    let result: CaptureResult = web.inside.post("/scans", &body).await?;
    scanned(&web, &result, &key)
}

/// Takes in a picture.
pub(super) async fn picture(State(web): State<Web>, upload: Result<Multipart, MultipartRejection>) -> Answer {
    let mut upload =
        upload.map_err(|error| Trouble { status: error.status(), message: error.body_text(), hint: None })?;
    let (mut picture, mut event) = (None, None);
    while let Some(field) = upload.next_field().await.map_err(|error| refused(&error))? {
        match field.name() {
            Some("picture") => picture = Some(field.bytes().await.map_err(|error| refused(&error))?),
            Some("event") => event = Some(field.text().await.map_err(|error| refused(&error))?),
            _ => {}
        }
    }
    let picture = picture
        .filter(|picture| !picture.is_empty())
        .ok_or_else(|| Trouble { hint: Some(w::NO_PICTURE_HINT.to_owned()), ..Trouble::bad_request(w::NO_PICTURE) })?;
    let event = event.filter(|event| !event.trim().is_empty());
    let key = fresh_key();
    let asked = query(&[("event", event.as_deref()), ("key", Some(&key))]);
    let result: CaptureResult = web.inside.send_bytes(&format!("/scans/picture{asked}"), picture.into()).await?;
    scanned(&web, &result, &key)
}

fn refused(error: &axum::extract::multipart::MultipartError) -> Trouble {
    Trouble { status: error.status(), message: error.body_text(), hint: None }
}

/// Names a capture, so that its sheet finds the person whom it came to.
pub(super) fn fresh_key() -> String {
    data_encoding::HEXLOWER.encode(&random::<16>())
}

/// Goes on to the sheet for what was said.
fn scanned(web: &Web, result: &CaptureResult, key: &str) -> Answer {
    let said = match result.outcome {
        OutcomeName::Pending => "scanned",
        OutcomeName::ScannedBefore => "scanned_before",
        OutcomeName::WrittenDown => "written_down",
    };
    go_to(web, &format!("captures/{key}?said={said}"))
}
