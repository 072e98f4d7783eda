//! Letters to a contact, and handing somebody over to one.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::contacts::Contacts;
use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::paging::Pages;
use super::people::details;
use super::trouble::Answer;
use super::{Web, time as t, words as w};
use crate::api::model::{PersonDetails, PersonForm};
use crate::api::{LETTERS_ON_A_PAGE, LettersPage, path, query};

#[derive(Template)]
#[template(path = "letters.html")]
struct Letters {
    frame: Frame,
    person: PersonForm,
    page: LettersPage,
    pages: Pages,
}

/// Shows what a person and I wrote to each other.
pub(super) async fn show(State(web): State<Web>, Path(who): Path<String>, Asked(asked): Asked) -> Answer {
    let person = details(&web, &who).await?.person;
    let number = asked.number("page")?.unwrap_or_default();
    let of = |number: u64| query(&[("page", Some(&number.to_string()))]);
    let page: LettersPage = web.inside.get(&format!("{}{}", path(&["people", &who, "letters"]), of(number))).await?;
    let link = |number: u64| format!("people/{}/letters{}", person.id, of(number));
    let pages = Pages::around(number, LETTERS_ON_A_PAGE, page.total, link);
    let frame = Frame::new(&web, Tab::People, person.name.clone()).after(&web, &asked);
    html(&Letters { frame, person, page, pages })
}

/// Writes to a contact.
pub(super) async fn write(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    let _: Value = web.inside.post(&path(&["people", &who, "letters"]), &json!({ "text": form.text("text") })).await?;
    if form.is_ticked("done") {
        // The step may be done already: the letter has gone, and nobody should send it twice for that.
        let done: Result<PersonDetails, _> = web.inside.patch(&path(&["people", &who]), &json!({ "done": true })).await;
        if let Err(trouble) = done {
            tracing::debug!(message = trouble.message, "a step was not done");
        }
    }
    go_to(&web, &format!("people/{}?said=written", details(&web, &who).await?.person.id))
}

#[derive(Template)]
#[template(path = "hand-over.html")]
struct HandOver {
    frame: Frame,
    person: PersonForm,
    contacts: Contacts,
    /// My first note about them.
    note: String,
}

/// Shows a form for handing somebody over.
pub(super) async fn ask_hand_over(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let details = details(&web, &who).await?;
    let contacts = Contacts::of(&web, "").await?.without(&details.person.id);
    let note = details.notes.first().map(|note| note.text.clone()).unwrap_or_default();
    html(&HandOver { frame: Frame::new(&web, Tab::People, w::HAND_OVER), person: details.person, contacts, note })
}

/// Hands somebody over.
pub(super) async fn hand_over(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    let body = json!({ "to": form.text("to"), "note": form.raw("note") });
    let _: Value = web.inside.post(&path(&["people", &who, "hand-over"]), &body).await?;
    go_to(&web, &format!("people/{}?said=handed_over", details(&web, &who).await?.person.id))
}
