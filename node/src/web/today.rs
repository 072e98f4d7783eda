//! Today: what waits on me, and what is due.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::paging::Pages;
use super::trouble::{Answer, Trouble};
use super::undo::{by_post, let_go};
use super::{Web, time as t, words as w};
use crate::api::model::{CardForm, Doing, DoingPage, ItemForm, TodayForm};
use crate::api::{DOINGS_ON_A_PAGE, path, query};

/// Questions on one page.
const QUESTIONS: usize = 50;

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
    day.steps.list.retain(|one| is_shown(&web, one));
    day.silent.list.retain(|one| is_shown(&web, one));
    let frame = Frame::new(&web, Tab::Today, w::TODAY).after(&web, &asked);
    html(&Page { frame, day })
}

/// Everything of one part of a day.
enum All {
    Inbox { list: Vec<ItemForm>, more: usize },
    Doings { list: Vec<Doing>, pages: Pages },
}

#[derive(Template)]
#[template(path = "today-all.html")]
struct AllPage {
    frame: Frame,
    all: All,
}

/// Lists everything of one part of a day.
pub(super) async fn all(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let (title, all) = match asked.text("of") {
        "inbox" => (w::WAITS_ON_YOU, questions(&web).await?),
        "steps" => (w::NEXT_STEPS, doings(&web, &asked, "steps").await?),
        "silent" => (w::SILENT, doings(&web, &asked, "silent").await?),
        _ => return go_to(&web, ""),
    };
    html(&AllPage { frame: Frame::new(&web, Tab::Today, title).after(&web, &asked), all })
}

/// What waits, up to what anybody answers at one sitting.
async fn questions(web: &Web) -> Result<All, Trouble> {
    let mut list: Vec<ItemForm> = web.inside.get("/inbox").await?;
    list.retain(|item| !web.undo.hides(&item.id));
    let more = list.len().saturating_sub(QUESTIONS);
    list.truncate(QUESTIONS);
    Ok(All::Inbox { list, more })
}

async fn doings(web: &Web, asked: &Fields, part: &str) -> Result<All, Trouble> {
    let number = asked.number("page")?.unwrap_or(0);
    let page = query(&[("page", Some(&number.to_string()))]);
    let mut found: DoingPage = web.inside.get(&format!("/today/{part}{page}")).await?;
    found.list.retain(|one| is_shown(web, one));
    let link = |page: u64| format!("today{}", query(&[("of", Some(part)), ("page", Some(&page.to_string()))]));
    Ok(All::Doings { list: found.list, pages: Pages::around(number, DOINGS_ON_A_PAGE, found.total, link) })
}

/// False for somebody, or a step, that is about to go away.
fn is_shown(web: &Web, one: &Doing) -> bool {
    let id = &one.person.id;
    !web.undo.hides(id) && !web.undo.hides(&format!("step {id}"))
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
