//! Today: what waits on me, and what is due.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::{Web, time as t, words as w};
use crate::api::model::{CardForm, ItemForm};
use crate::api::{StatusForm, path};

/// Questions that are shown; the others come up when these are answered.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "today.html")]
struct Page {
    frame: Frame,
    items: Vec<ItemForm>,
    more: usize,
    status: StatusForm,
    words_wait: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
    name: String,
}

/// Shows what waits on me; a card in four fields to somebody who begins.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let status: StatusForm = web.inside.get("/status").await?;
    let card: CardForm = web.inside.get("/card").await?;
    if status.people == 0 && card.fields.is_empty() && asked.get("skip").is_none() {
        return html(&Welcome { frame: Frame::new(&web, Tab::Today, w::WELCOME), name: card.name });
    }
    let mut items: Vec<ItemForm> = web.inside.get("/inbox").await?;
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    let frame = Frame::new(&web, Tab::Today, w::TODAY).saying(asked.get("said"));
    html(&Page { frame, items, more, status, words_wait: web.words_wait() })
}

/// Answers something that waits.
pub(super) async fn answer(
    State(web): State<Web>,
    Path((id, answer)): Path<(String, String)>,
    Form(form): Form,
) -> Answer {
    match answer.as_str() {
        "accept" => {
            let body = json!({ "tier": form.get("tier") });
            let _: Value = web.inside.post(&path(&["inbox", &id, "accept"]), &body).await?;
            go_to(&web, "?said=accepted")
        }
        "ignore" => {
            let _: Value = web.inside.post(&path(&["inbox", &id, "ignore"]), &json!({})).await?;
            go_to(&web, "?said=ignored")
        }
        _ => Err(Trouble::not_found()),
    }
}
