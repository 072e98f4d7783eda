//! My code, full screen; and the codes that I have out.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::form::{Asked, Fields, Form};
use super::frame::{Frame, Tab, go_to, html};
use super::trouble::{Answer, Trouble};
use super::undo::{by_post, let_go};
use super::{Web, time as t, words as w};
use crate::api::model::{CardForm, InviteForm, ShownInvite};
use crate::api::{InvitesPage, path, query};
use crate::codes::draw::Drawing;

/// Pixels of a module in a saved picture: sharp on paper, small enough to send.
const SCALE: u32 = 12;
const AS_PICTURE: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "image/png"), (CONTENT_DISPOSITION, "attachment; filename=\"kith-code.png\"")];

#[derive(Template)]
#[template(path = "qr.html")]
struct Page {
    frame: Frame,
    shown: ShownInvite,
    /// The code itself.
    svg: String,
    card: CardForm,
    is_printed: bool,
}

/// Shows a code: the one that is named, else the live one that waits for the next person, else a fresh one.
pub(super) async fn show(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let named = asked.get("code").map(str::to_owned);
    let id = match named {
        Some(id) => id,
        None => match waiting(&web).await? {
            Some(id) => id,
            None => return next(State(web), Form(asked)).await,
        },
    };
    let shown: ShownInvite = web.inside.get(&path(&["invites", &id])).await?;
    let tier = w::tier_name(&shown.invite.tier);
    let card = web.inside.get(&format!("/card{}", query(&[("as", Some(tier))]))).await?;
    let is_printed = shown.invite.kind == "printed";
    let svg = drawing(&shown)?.svg();
    html(&Page { frame: Frame::new(&web, Tab::Qr, w::MY_CODE).after(&web, &asked), shown, svg, card, is_printed })
}

/// Minutes that a code must still be good for to be shown to the next person.
const LEAST_LEFT: i64 = 3;

/// How many codes are read at a time to find the last one: mostly it is the first, and two hundred made for a phone may
/// lie above it.
const LOOKED_THROUGH: [&str; 6] = ["1", "50", "50", "50", "50", "50"];

/// The live code that was made last, if nobody has used it.
async fn waiting(web: &Web) -> Result<Option<String>, Trouble> {
    let mut after: Option<String> = None;
    for most in LOOKED_THROUGH {
        let asked = query(&[("after", after.as_deref()), ("most", Some(most))]);
        let page: InvitesPage = web.inside.get(&format!("/invites{asked}")).await?;
        after = page.invites.last().filter(|_| page.more).map(|last| last.id.clone());
        // What was made for somebody in particular, or for a phone that goes to a fair, is not for the next person here.
        let newest = page.invites.into_iter().find(|code| code.kind == "live" && code.meant_for.is_none());
        if let Some(code) = newest {
            let is_fresh = code.state == "open" && code.uses == 0 && t::minutes_left(&code.expires) >= LEAST_LEFT;
            return Ok(is_fresh.then_some(code.id));
        }
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}

fn drawing(shown: &ShownInvite) -> Result<Drawing, Trouble> {
    Drawing::new(&shown.link).map_err(|error| Trouble::failed(error.to_string()))
}

/// Makes a code for the next person, or a printed one, and shows it.
pub(super) async fn next(State(web): State<Web>, Form(form): Form) -> Answer {
    let made: ShownInvite = web.inside.post("/invites", &new_invite(&form)).await?;
    go_to(&web, &format!("qr?code={}", made.invite.id))
}

fn new_invite(form: &Fields) -> Value {
    json!({
        "printed": form.get("kind") == Some("printed"),
        "event": form.get("event"),
        "meant_for": form.get("meant_for"),
        "tier": form.get("tier"),
    })
}

#[derive(Template)]
#[template(path = "qr-other.html")]
struct Other {
    frame: Frame,
    card: CardForm,
    svg: String,
    means: &'static str,
    /// My public card, if this node has one that others can open.
    link: Option<String>,
    is_link: bool,
}

/// Shows a code for somebody who has no Kith: a vCard that their camera keeps, or a link to my public card.
pub(super) async fn other(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let card = web.inside.get("/card?as=public").await?;
    let link = web.public_page();
    let is_link = asked.get("kind") == Some("link") && link.is_some();
    let svg = other_drawing(&web, is_link).await?.svg();
    let means = if is_link { w::OPENS_MY_PAGE } else { w::SAVES_MY_CARD };
    html(&Other { frame: Frame::new(&web, Tab::Qr, w::MY_CODE), card, svg, means, link, is_link })
}

async fn other_drawing(web: &Web, is_link: bool) -> Result<Drawing, Trouble> {
    let text = match web.public_page().filter(|_| is_link) {
        Some(link) => link,
        None => web.inside.text("/card/vcf?as=public&form=small").await?,
    };
    Drawing::new(&text).map_err(|error| Trouble::failed(error.to_string()))
}

/// The same as a picture to save.
pub(super) async fn other_picture(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let drawing = other_drawing(&web, asked.get("kind") == Some("link")).await?;
    Ok((AS_PICTURE, drawing.png(SCALE)).into_response())
}

/// The code as a picture to save.
pub(super) async fn picture(State(web): State<Web>, Path(id): Path<String>) -> Answer {
    let shown: ShownInvite = web.inside.get(&path(&["invites", &id])).await?;
    Ok((AS_PICTURE, drawing(&shown)?.png(SCALE)).into_response())
}

#[derive(Template)]
#[template(path = "codes.html")]
struct Codes {
    frame: Frame,
    codes: Vec<InviteForm>,
    /// Leads to those behind these.
    further: Option<String>,
}

/// Lists the codes that may still be used.
pub(super) async fn list(State(web): State<Web>, Asked(asked): Asked) -> Answer {
    let page = query(&[("open", Some("true")), ("after", asked.get("after"))]);
    let InvitesPage { invites: mut codes, more, .. } = web.inside.get(&format!("/invites{page}")).await?;
    let behind = codes.last().filter(|_| more).map(|last| query(&[("after", Some(&last.id))]));
    codes.retain(|code| !web.undo.hides(&code.id));
    let further = behind.map(|behind| format!("codes{behind}"));
    html(&Codes { frame: Frame::new(&web, Tab::Qr, w::CODES).after(&web, &asked), codes, further })
}

/// Withdraws a code.
pub(super) async fn withdraw(State(web): State<Web>, Path(id): Path<String>) -> Answer {
    let_go(&web, by_post(path(&["invites", &id, "revoke"]), id, "codes"), "withdrawn").await
}
