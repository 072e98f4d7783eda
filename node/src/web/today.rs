//! Today: what waits on me, and what is due.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::undo::{by_post, let_go};
use super::{Web, time as t, words as w};
use crate::api::model::{CardForm, TodayForm};
use crate::api::path;

#[derive(Template)]
#[template(path = "today.html")]
struct Page {
    frame: Frame,
    day: TodayForm,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
    name: String,
}

/// Shows what waits on me; a card in four fields to somebody who begins.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let mut day: TodayForm = web.inside.get("/today").await?;
    if day.people == 0 && asked.get("skip").is_none() && asked.get("said").is_none() {
        let card: CardForm = web.inside.get("/card").await?;
        if card.fields.is_empty() {
            return html(&Welcome { frame: Frame::new(&web, Tab::Today, w::WELCOME), name: card.name });
        }
    }
    day.inbox.list.retain(|item| !web.undo.hides(&item.id));
    let is_shown = |id: &str| !web.undo.hides(id) && !web.undo.hides(&format!("step {id}"));
    day.steps.list.retain(|one| is_shown(&one.person.id));
    day.silent.list.retain(|one| is_shown(&one.person.id));
    let frame = Frame::new(&web, Tab::Today, w::TODAY).after(&web, &asked);
    html(&Page { frame, day })
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
        "ignore" => let_go(&web, by_post(path(&["inbox", &id, "ignore"]), id, ""), "ignored").await,
        _ => Err(Trouble::not_found()),
    }
}
