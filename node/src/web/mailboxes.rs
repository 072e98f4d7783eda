//! Whose nodes hold letters for me while mine is off.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use serde_json::json;

use super::contacts::Contacts;
use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html_as};
use super::people::details;
use super::trouble::{Answer, Trouble};
use super::undo::{Going, let_go};
use super::{Web, time as t, words as w};
use crate::api::{Finding, MailboxForm, path};

/// What the doctor calls the letters that my node holds.
const HELD: &str = "held for others";

#[derive(Template)]
#[template(path = "mailboxes.html")]
struct Page {
    frame: Frame,
    wrong: Option<Trouble>,
    mailboxes: Vec<MailboxForm>,
    /// Contacts whose nodes may be asked.
    contacts: Contacts,
    has_contacts: bool,
    /// What my node holds for others, if it holds anything.
    held: Option<Finding>,
}

/// Shows them, and contacts to choose from.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let frame = Frame::new(&web, Tab::More, w::MAILBOXES).after(&web, &asked);
    page(&web, frame, "", None).await
}

async fn page(web: &Web, frame: Frame, chosen: &str, wrong: Option<Trouble>) -> Answer {
    let mut mailboxes = all(web).await?;
    mailboxes.retain(|mailbox| !web.undo.hides(&going(&mailbox.id)));
    let mut contacts = Contacts { chosen: chosen.to_owned(), ..Contacts::of(web, "").await? };
    let has_contacts = !contacts.list.is_empty();
    // Whose node said no may be asked again.
    let is_in_use = |id: &str| mailboxes.iter().any(|one| one.id == id && one.state != "refused");
    contacts.list.retain(|contact| !is_in_use(&contact.id));
    let findings: Vec<Finding> = web.inside.get("/doctor").await?;
    let held = findings.into_iter().find(|finding| finding.subject == HELD);
    let status = wrong.as_ref().map_or(StatusCode::OK, |wrong| wrong.status);
    html_as(status, &Page { frame, wrong, mailboxes, contacts, has_contacts, held })
}

async fn all(web: &Web) -> Result<Vec<MailboxForm>, Trouble> {
    web.inside.get("/mailboxes").await
}

/// Asks the node of a contact.
pub(super) async fn choose(State(web): State<Web>, Form(form): Form) -> Answer {
    // One that is about to go must not count beside the new one.
    for mailbox in all(&web).await? {
        web.undo.settle(&going(&mailbox.id)).await;
    }
    let chosen = form.text("host");
    match web.inside.send(Method::POST, "/mailboxes", &json!({ "who": chosen })).await {
        Ok(()) => go_to(&web, "mailboxes?said=asked"),
        Err(wrong) => page(&web, Frame::new(&web, Tab::More, w::MAILBOXES), chosen, Some(wrong)).await,
    }
}

/// Gives one up.
pub(super) async fn leave(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let id = details(&web, &who).await?.person.id;
    let (path, hides) = (path(&["mailboxes", &id]), going(&id));
    let_go(&web, Going { method: Method::DELETE, path, body: json!({}), hides, back: "mailboxes" }, "mailbox_left")
        .await
}

/// The mark of a mailbox that is about to go.
fn going(id: &str) -> String {
    format!("mailbox {id}")
}
