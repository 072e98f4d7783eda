//! The key that signs for me, and changing it.
//!
//! The 24 words that are typed for it go to the API and nowhere else: no page shows them again, whatever went wrong.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use serde_json::{Value, json};

use super::entry::{encoded, must_prove};
use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html, html_as};
use super::trouble::{Answer, Trouble};
use super::{Web, words as w};
use crate::access::Entered;
use crate::api::{StatusForm, query};

/// Which change it is to be.
#[derive(Clone, Copy)]
struct Change {
    stolen: bool,
    fresh: bool,
}

impl Change {
    fn of(fields: &Fields) -> Self {
        Self { stolen: fields.get("why") == Some("stolen"), fresh: fields.is_ticked("fresh") }
    }

    const fn why(self) -> &'static str {
        if self.stolen { "stolen" } else { "routine" }
    }

    /// As part of an address.
    fn query(self, more: (&str, Option<&str>)) -> String {
        query(&[("why", Some(self.why())), ("fresh", self.fresh.then_some("1")), more])
    }
}

#[derive(Template)]
#[template(path = "key.html")]
struct Page {
    frame: Frame,
    number: u8,
    words_file: Option<String>,
    /// The change that was just made.
    changed: Option<Change>,
}

/// Shows which key it is, what changing it is for, and what was changed just now.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let status: StatusForm = web.inside.get("/status").await?;
    let frame = Frame::new(&web, Tab::More, w::KEY).after(&web, &asked);
    // Who comes back to this page later is not told so again.
    let is_now = asked.get("changed") == Some(status.key.to_string().as_str());
    let changed = is_now.then(|| Change::of(&asked));
    html(&Page { frame, number: status.key, words_file: web.words_file(), changed })
}

#[derive(Template)]
#[template(path = "key-change.html")]
struct Ask {
    frame: Frame,
    wrong: Option<Trouble>,
    change: Change,
    /// True if the words were typed too late to count.
    late: bool,
}

/// Says what will happen, and asks for the words.
pub(super) async fn ask(State(web): State<Web>, Extension(by): Extension<Entered>, Asked(asked): Asked) -> Answer {
    let change = Change::of(&asked);
    if must_prove(web.api.access(), &by) {
        return prove(&web, change, false);
    }
    let frame = Frame::new(&web, Tab::More, w::KEY_CHANGE);
    html(&Ask { frame, wrong: None, change, late: asked.is_ticked("late") })
}

/// Whoever changes a key shows that it is them, as with a password.
fn prove(web: &Web, change: Change, late: bool) -> Answer {
    let next = format!("/key/change{}", change.query(("late", late.then_some("1"))));
    go_to(web, &format!("prove?next={}", encoded(&next)))
}

/// Changes the key.
pub(super) async fn change(State(web): State<Web>, Extension(by): Extension<Entered>, Form(form): Form) -> Answer {
    let change = Change::of(&form);
    if must_prove(web.api.access(), &by) {
        return prove(&web, change, true);
    }
    let Change { stolen, fresh } = change;
    let wanted = json!({ "words": form.text("recovery_words"), "stolen": stolen, "fresh_words": fresh });
    let done: Result<Value, Trouble> = web.inside.post("/keys/rotate", &wanted).await;
    match done {
        Ok(done) => {
            let number = done.get("key").map(Value::to_string);
            go_to(&web, &format!("key{}&said=key_changed", change.query(("changed", number.as_deref()))))
        }
        Err(wrong) => {
            let (frame, status) = (Frame::new(&web, Tab::More, w::KEY_CHANGE), wrong.status);
            html_as(status, &Ask { frame, wrong: Some(wrong), change, late: false })
        }
    }
}
