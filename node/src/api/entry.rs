//! Getting in: links, codes, the password, and the browsers that are signed in.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::time;
use super::{Api, Kind, Problem, ProblemBody};
use crate::access::Reach;
use crate::access::{Entered, NotIn, PHONE_USES, SessionId, TICKET_LIFE};
use crate::machine::now;

/// A browser that is signed in.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionForm {
    /// Names it; of no use for signing in.
    pub id: String,
    /// What it is called, such as "Firefox on Android".
    pub label: String,
    /// True for the browser that asks.
    pub this_one: bool,
    /// When it signed in.
    pub created: String,
    /// When it was last used, to the hour.
    pub seen: String,
    /// When it ends if it is not used any more.
    pub ends: String,
}

/// A way in.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct WayIn {
    /// Where to go.
    pub url: String,
    /// The code alone, to be typed, if it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How often it counts.
    pub uses: u8,
    /// Until when it counts.
    pub ends: String,
    /// Where to get the certificate of the node first, if it makes its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// At least ten characters, at most 512 bytes.
    password: String,
}

/// What ended.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Ended {
    /// How many browsers were signed out.
    pub ended: usize,
}

/// Who asks; nobody is named where a command works in a home without a node.
pub(super) type By = Option<Extension<Entered>>;

/// Lists the browsers that are signed in.
#[utoipa::path(get, path = "/sessions", tag = "access", responses((status = 200, body = Vec<SessionForm>)))]
pub(super) async fn sessions(State(api): State<Api>, by: By) -> Json<Vec<SessionForm>> {
    let own = browser(&by);
    let form = |session: crate::access::Session| SessionForm {
        this_one: Some(&session.id()) == own,
        id: session.id().as_str().to_owned(),
        created: time(session.created),
        seen: time(session.seen),
        ends: time(session.ends()),
        label: session.label,
    };
    Json(api.access.sessions().into_iter().map(form).collect())
}

/// Signs a browser out.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "access", params(("id", description = "Its id")),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn end_session(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    match api.access.end(&id).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Problem::not_found("browser", &id, Some("kith sessions lists those that are signed in"))),
        Err(error) => Err(NotIn::Home(error).into()),
    }
}

/// Signs all browsers out but the one that asks.
#[utoipa::path(post, path = "/sessions/end-others", tag = "access",
    responses((status = 200, body = Ended), (status = 500, body = ProblemBody)))]
pub(super) async fn end_others(State(api): State<Api>, by: By) -> Result<Json<Ended>, Problem> {
    let ended = api.access.end_others(browser(&by)).await.map_err(NotIn::Home)?;
    Ok(Json(Ended { ended }))
}

/// Makes a link that lets the owner in once, from a browser on the machine of the node.
#[utoipa::path(post, path = "/access/link", tag = "access",
    responses((status = 201, body = WayIn), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn link(State(api): State<Api>, by: By) -> Result<(StatusCode, Json<WayIn>), Problem> {
    may_let_in(&api, &by)?;
    let place = api.access.ways().place.ok_or_else(no_node)?;
    let url = format!("http://{}{}/{}", place.local, api.access.base(), api.access.owner_link());
    let way = WayIn { url, code: None, uses: 1, ends: time(now().plus(TICKET_LIFE)), trust: None };
    Ok((StatusCode::CREATED, Json(way)))
}

/// Makes a code that lets a phone in: once in its browser, once in the app on its home screen.
#[utoipa::path(post, path = "/access/phone", tag = "access",
    responses((status = 201, body = WayIn), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn phone(State(api): State<Api>, by: By) -> Result<(StatusCode, Json<WayIn>), Problem> {
    may_let_in(&api, &by)?;
    api.access.ways().place.ok_or_else(no_node)?;
    let reach = Reach::of(&api.access, &api.handle.status().listening).ok_or_else(only_here)?;
    let (code, ends) = api.access.phone_code();
    let url = format!("{}enter/{code}", reach.url);
    let way = WayIn { url, code: Some(code), uses: PHONE_USES, ends: time(ends), trust: reach.trust };
    Ok((StatusCode::CREATED, Json(way)))
}

/// Sets the password, or changes it. All browsers but the one that asks are signed out.
#[utoipa::path(put, path = "/access/password", tag = "access", request_body = NewPassword,
    responses((status = 204), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn set_password(
    State(api): State<Api>,
    by: By,
    new: Result<Json<NewPassword>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    may_let_in(&api, &by)?;
    let Json(NewPassword { password }) = new?;
    api.access.set_password(password, browser(&by)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn browser(by: &By) -> Option<&SessionId> {
    match by {
        Some(Extension(Entered::Browser(session))) => Some(session),
        _ => None,
    }
}

/// A stolen cookie must not become a password, another browser, another key, or a password in the hands of another server.
pub(super) fn may_let_in(api: &Api, by: &By) -> Result<(), Problem> {
    if browser(by).is_none_or(|session| api.access.recently_proved(session)) {
        return Ok(());
    }
    let hint = "sign in again, then repeat it within five minutes";
    Err(Problem::new(StatusCode::FORBIDDEN, Kind::NotAllowed, "this needs a fresh sign-in", Some(hint)))
}

fn no_node() -> Problem {
    Problem::new(StatusCode::CONFLICT, Kind::Conflict, "no node runs in this home", Some("start it with kith up"))
}

fn only_here() -> Problem {
    let hint = "let it listen for others: kith up --web 0.0.0.0:7518 --tls own, or name your proxy: kith up --web-url https://…/";
    let message = "only browsers on this machine reach the node";
    Problem::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint))
}

impl From<NotIn> for Problem {
    fn from(why: NotIn) -> Self {
        let message = why.to_string();
        match why {
            NotIn::Wrong => Self::new(StatusCode::FORBIDDEN, Kind::NotAllowed, message, None),
            NotIn::TooMany { .. } => Self::new(StatusCode::TOO_MANY_REQUESTS, Kind::Full, message, None),
            NotIn::Password(_) => Self::bad_input(message, Some("three or four words make a good one")),
            NotIn::Home(_) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, Kind::Failed, message, Some("make room on the disk"))
            }
        }
    }
}
