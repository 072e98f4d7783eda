//! The public page: my public card, and a form with which visitors leave theirs. Strangers come here, so nothing of
//! the app is on it, and nothing that a visitor could not read off the card.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::PoisonError;

use askama::Template;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use kith_protocol::engine::guests::LeftSecret;
use kith_protocol::limits;
use serde_json::json;

use super::form::{Fields, Form};
use super::frame::{Frame, Tab, html};
use super::trouble::{self, Answer, Trouble};
use super::{Web, time as t, words as w};
use crate::access::{Caller, Rates};
use crate::api::model::{CardForm, Left, LeftCardForm, time};
use crate::api::path;
use crate::machine::{now, random};

/// A fair has one address for everybody in the hall: twenty may leave a card at once, and six in an hour after that; a
/// hundred and six in an hour from everywhere. A proxy that is not named makes everybody one address, of this machine.
pub(super) const VISITS: Rates = Rates { burst: 20, again: 600, again_local: None, burst_all: 100, again_all: 600 };
/// The longest form: all texts at their bounds, escaped.
const FORM: usize = 16 * 1024;
/// Seconds to wait when too many cards wait for a decision: nothing is told of when that will be.
const TOMORROW: u64 = limits::DAY;

/// The public page as a service.
pub(super) fn router(web: Web) -> Router {
    Router::new()
        .route("/c", get(show).post(leave))
        .route("/c/card.vcf", get(vcard))
        .route("/c/left/{secret}", get(left).post(take_back))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(middleware::from_fn_with_state(web.clone(), trouble::show_outside))
        .with_state(web)
}

/// What a visitor typed.
#[derive(Default)]
struct Typed {
    secret: String,
    name: String,
    org: String,
    title: String,
    email: String,
    phone: String,
    message: String,
}

impl Typed {
    /// An empty form. What takes the card back is drawn before it is sent, so that a form that is sent twice is one
    /// card with one link.
    fn nothing() -> Self {
        Self { secret: LeftSecret(random()).to_text(), ..Self::default() }
    }

    fn of(form: &Fields) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let given = form.get("secret").filter(|secret| LeftSecret::from_text(secret).is_some());
        Self {
            secret: given.map_or_else(|| LeftSecret(random()).to_text(), str::to_owned),
            name: text("name"),
            org: text("org"),
            title: text("title"),
            email: text("email"),
            phone: text("phone"),
            message: text("message"),
        }
    }
}

#[derive(Template)]
#[template(path = "public.html")]
struct Page {
    frame: Frame,
    card: CardForm,
    typed: Typed,
    wrong: Option<String>,
    privacy: String,
}

/// Shows my public card and the form.
async fn show(State(web): State<Web>) -> Answer {
    page(&web, Typed::nothing(), None).await
}

async fn page(web: &Web, typed: Typed, wrong: Option<String>) -> Answer {
    let card = card(web).await?;
    let privacy = w::left_privacy(&card.name, &t::full_day(&time(now().plus(limits::LEFT_CARD_KEPT))));
    html(&Page { frame: Frame::new(web, Tab::None, card.name.clone()), card, typed, wrong, privacy })
}

async fn card(web: &Web) -> Result<CardForm, Trouble> {
    web.inside.get("/card?as=public").await
}

/// My public card for a phone's address book.
async fn vcard(State(web): State<Web>) -> Answer {
    web.inside.file("/card/vcf?as=public").await
}

#[derive(Template)]
#[template(path = "left.html")]
struct LeftPage {
    frame: Frame,
    kept: String,
    secret: String,
}

/// Takes in what a visitor leaves.
async fn leave(State(web): State<Web>, caller: Option<Extension<Caller>>, Form(form): Form) -> Answer {
    let typed = Typed::of(&form);
    if typed.name.is_empty() {
        return again(&web, typed, StatusCode::BAD_REQUEST, w::NEEDS_NAME.to_owned()).await;
    }
    let from = caller.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Extension(caller)| caller.address);
    let admitted = web.visits.lock().unwrap_or_else(PoisonError::into_inner).take(from, now());
    if let Err(wait) = admitted {
        return wait_a_while(&web, typed, wait, w::LEFT_TOO_OFTEN).await;
    }
    let body = json!({
        "secret": typed.secret,
        "name": typed.name,
        "org": typed.org,
        "title": typed.title,
        "email": typed.email,
        "phone": typed.phone,
        "message": typed.message,
    });
    match web.inside.post::<Left>("/left-cards", &body).await {
        Ok(left) => {
            let kept = w::left_until(&card(&web).await?.name, &t::full_day(&left.until));
            html(&LeftPage { frame: Frame::new(&web, Tab::None, w::LEFT), kept, secret: left.secret })
        }
        Err(trouble) if trouble.status == StatusCode::CONFLICT => {
            wait_a_while(&web, typed, TOMORROW, w::LEFT_FULL).await
        }
        Err(trouble) if trouble.status.is_client_error() => {
            let wrong = in_words_of_the_form(&trouble.message);
            again(&web, typed, trouble.status, wrong).await
        }
        // Why is no matter of a visitor.
        Err(trouble) => again(&web, typed, trouble.status, w::LEFT_FAILED.to_owned()).await,
    }
}

/// Shows the form with what was typed, and what is wrong with it.
async fn again(web: &Web, typed: Typed, status: StatusCode, wrong: String) -> Answer {
    Ok((status, page(web, typed, Some(wrong)).await?).into_response())
}

async fn wait_a_while(web: &Web, typed: Typed, wait: u64, why: &str) -> Answer {
    let page = again(web, typed, StatusCode::TOO_MANY_REQUESTS, why.to_owned()).await?;
    Ok(([(RETRY_AFTER, HeaderValue::from(wait))], page).into_response())
}

/// The API names fields as programs know them.
fn in_words_of_the_form(message: &str) -> String {
    match message.split_once(": ") {
        Some((field, what)) => format!("{}: {what}", w::field(field)),
        None => message.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "left-card.html")]
struct LeftCardPage {
    frame: Frame,
    left: LeftCardForm,
    kept: String,
    secret: String,
}

/// Shows a visitor what they left.
async fn left(State(web): State<Web>, Path(secret): Path<String>) -> Answer {
    let left: LeftCardForm = match web.inside.get(&path(&["left-cards", &secret])).await {
        Ok(left) => left,
        Err(trouble) if trouble.status == StatusCode::NOT_FOUND => {
            return gone(&web, StatusCode::NOT_FOUND, w::NOTHING_LEFT, Some(w::NOTHING_LEFT_HOW));
        }
        Err(trouble) => return Err(trouble),
    };
    let kept = w::left_until(&card(&web).await?.name, &t::full_day(&left.until));
    html(&LeftCardPage { frame: Frame::new(&web, Tab::None, w::WHAT_YOU_LEFT), left, kept, secret })
}

/// Deletes what a visitor left. Twice is as good as once.
async fn take_back(State(web): State<Web>, Path(secret): Path<String>) -> Answer {
    match web.inside.send(Method::DELETE, &path(&["left-cards", &secret]), &json!({})).await {
        Err(trouble) if trouble.status != StatusCode::NOT_FOUND => Err(trouble),
        _ => gone(&web, StatusCode::OK, w::DELETED, None),
    }
}

#[derive(Template)]
#[template(path = "left-gone.html")]
struct Gone {
    frame: Frame,
    how: Option<&'static str>,
}

fn gone(web: &Web, status: StatusCode, title: &'static str, how: Option<&'static str>) -> Answer {
    let page: Response = html(&Gone { frame: Frame::new(web, Tab::None, title), how })?;
    Ok((status, page).into_response())
}

#[cfg(test)]
mod tests;
