//! The page on who is signed in, the password, and showing again that it is you.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};

use super::{Asked, Filled, encoded, frame, go_to, local, page, reason, refuse, status};
use crate::access::{Access, Caller, Entered, NotIn, SessionId};
use crate::api::model::time;
use crate::web::frame::{Frame, Tab};
use crate::web::time::moment;
use crate::web::words as w;

/// The page and its forms.
pub(super) fn router() -> Router<Access> {
    Router::new()
        .route("/access", get(show))
        .route("/access/password", post(set_password))
        .route("/access/sessions/end-others", post(end_others))
        .route("/access/sessions/{id}/end", post(end))
        .route("/prove", get(ask).post(prove))
}

/// A browser in the list.
struct Row {
    id: String,
    label: String,
    seen: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "access.html")]
struct Settings {
    frame: Frame,
    wrong: Option<&'static str>,
    sessions: Vec<Row>,
    has_password: bool,
}

#[derive(Template)]
#[template(path = "prove.html")]
struct Prove<'p> {
    frame: Frame,
    wrong: Option<&'static str>,
    next: &'p str,
}

async fn show(State(access): State<Access>, Extension(entered): Extension<Entered>) -> Response {
    settings(&access, &entered, StatusCode::OK, None)
}

fn settings(access: &Access, entered: &Entered, status: StatusCode, wrong: Option<&'static str>) -> Response {
    let own = browser(entered);
    let rows = access.sessions().into_iter().map(|session| Row {
        is_this: Some(&session.id()) == own,
        id: session.id().as_str().to_owned(),
        seen: moment(&time(session.seen)),
        label: session.label,
    });
    let (sessions, has_password) = (rows.collect(), access.has_password());
    page(status, &Settings { frame: frame(access, Tab::More, w::ACCESS), wrong, sessions, has_password })
}

async fn set_password(State(access): State<Access>, Extension(entered): Extension<Entered>, form: Filled) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let own = browser(&entered);
    if must_prove(&access, &entered) {
        return go_to(&access, &format!("/prove?next={}", encoded("/access")));
    }
    if form.password != form.again {
        return settings(&access, &entered, StatusCode::BAD_REQUEST, Some(w::NOT_THE_SAME));
    }
    match access.set_password(form.password, own).await {
        Ok(()) => go_to(&access, "/access"),
        Err(why) => settings(&access, &entered, status(&why), Some(reason(&why, w::ODD_LENGTH))),
    }
}

async fn end(State(access): State<Access>, Extension(entered): Extension<Entered>, Path(id): Path<String>) -> Response {
    ended(&access, &entered, access.end(&id).await.err())
}

async fn end_others(State(access): State<Access>, Extension(entered): Extension<Entered>) -> Response {
    ended(&access, &entered, access.end_others(browser(&entered)).await.err())
}

fn ended(access: &Access, entered: &Entered, failed: Option<crate::home::HomeError>) -> Response {
    let Some(error) = failed else { return go_to(access, "/access") };
    tracing::error!(%error, "a browser could not be signed out");
    settings(access, entered, StatusCode::INSUFFICIENT_STORAGE, Some(w::NOT_STORED))
}

async fn ask(State(access): State<Access>, Query(asked): Query<Asked>) -> Response {
    let frame = frame(&access, Tab::None, w::PROVE);
    page(StatusCode::OK, &Prove { frame, wrong: None, next: local(&asked.next) })
}

async fn prove(
    State(access): State<Access>,
    Extension(caller): Extension<Caller>,
    Extension(entered): Extension<Entered>,
    form: Filled,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let next = local(&form.next);
    let proved = match browser(&entered) {
        Some(session) => access.prove(caller.address, session, form.password).await,
        // A program has the token, and with it the home.
        None => Ok::<(), NotIn>(()),
    };
    match proved {
        Ok(()) => go_to(&access, next),
        Err(why) => {
            let (frame, wrong) = (frame(&access, Tab::None, w::PROVE), Some(reason(&why, w::NOT_RIGHT_PASSWORD)));
            refuse(&why, page(status(&why), &Prove { frame, wrong, next }))
        }
    }
}

/// True for a browser that did not show in the last five minutes who uses it: a stolen cookie must not become a
/// password, a phone or another key.
pub(crate) fn must_prove(access: &Access, entered: &Entered) -> bool {
    browser(entered).is_some_and(|session| !access.recently_proved(session))
}

fn browser(entered: &Entered) -> Option<&SessionId> {
    match entered {
        Entered::Browser(session) => Some(session),
        Entered::Program => None,
    }
}
