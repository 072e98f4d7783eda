//! What people say of each other: saying it, and how far what is said of me may be shown.

use askama::Template;
use axum::extract::{Path, State};
use serde_json::json;

use super::form::{Asked, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::people::details;
use super::trouble::{Answer, Trouble};
use super::{Web, words as w};
use crate::api::model::{PersonForm, ReachName, VouchForm, VouchesForm, choice_name};
use crate::api::path;

/// Where the form about a vouch came from, if not from a person's page.
const OF_ME: &str = "me";

#[derive(Template)]
#[template(path = "vouch.html")]
struct Vouch {
    frame: Frame,
    person: PersonForm,
}

/// Shows a form for vouching.
pub(super) async fn ask(State(web): State<Web>, Path(who): Path<String>) -> Answer {
    let person = details(&web, &who).await?.person;
    html(&Vouch { frame: Frame::new(&web, Tab::People, w::VOUCH), person })
}

/// Vouches for a person.
pub(super) async fn give(State(web): State<Web>, Path(who): Path<String>, Form(form): Form) -> Answer {
    let skills: Vec<&str> = form.text("skills").split(',').map(str::trim).filter(|skill| !skill.is_empty()).collect();
    let body = json!({
        "who": who,
        "basis": form.get("basis"),
        "words": form.text("words"),
        "skills": skills,
        "since": form.number("since")?,
        "until": form.number("until")?,
        "strength": form.number("strength")?,
        "interest": form.get("interest"),
        "interest_words": form.get("interest_words"),
        "reach": form.get("reach"),
    });
    let _: VouchForm = web.inside.post("/vouches", &body).await?;
    go_to(&web, &format!("people/{}?said=vouched", details(&web, &who).await?.person.id))
}

#[derive(Template)]
#[template(path = "said-of-me.html")]
struct OfMe {
    frame: Frame,
    vouches: Vec<VouchForm>,
}

/// Lists what others say of me, with how far each may be shown.
pub(super) async fn of_me(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let all: VouchesForm = web.inside.get("/vouches").await?;
    let frame = Frame::new(&web, Tab::More, w::SAID_OF_ME).after(&web, &asked);
    html(&OfMe { frame, vouches: all.about_me })
}

impl OfMe {
    /// True if this is how far I let it be shown.
    fn is_shown(&self, vouch: &VouchForm, reach: &str) -> bool {
        choice_name(&vouch.accepted.unwrap_or(ReachName::UsTwo)) == reach
    }
}

/// Renews or revokes what I said, or says how far what was said of me may be shown.
pub(super) async fn about(
    State(web): State<Web>,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form,
) -> Answer {
    let body = match action.as_str() {
        "renew" | "revoke" => json!({}),
        "accept" => json!({ "reach": form.get("reach") }),
        _ => return Err(Trouble::not_found()),
    };
    let _: VouchForm = web.inside.post(&path(&["vouches", &id, &action]), &body).await?;
    let back = form.get("back").filter(|back| back.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match back {
        Some(who) if who != OF_ME => go_to(&web, &format!("people/{who}?said=saved")),
        _ => go_to(&web, "vouches?said=saved"),
    }
}
