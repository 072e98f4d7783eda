//! The pages for getting in and out.

mod settings;

pub(crate) use settings::must_prove;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::header::{LOCATION, RETRY_AFTER, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use serde::Deserialize;

use super::frame::{Frame, Tab};
use super::{assets, words as w};
use crate::access::{Access, Caller, Entered, NotIn, Token, label};

/// The longest form: a password, escaped.
const FORM: usize = 8 * 1024;

/// The pages for getting in and out.
pub(crate) fn router(access: Access) -> Router {
    settings::router()
        .route("/login", get(login).post(sign_in))
        .route("/enter", get(enter).post(entered))
        .route("/enter/{ticket}", get(enter))
        .route("/sign-out", post(sign_out))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(access)
}

/// What is around a page of these.
pub(super) fn frame(access: &Access, tab: Tab, title: &str) -> Frame {
    let base = format!("{}/", access.base()).into();
    Frame { base, tab, title: title.to_owned(), said: None, undo: None, version: assets::version() }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'p> {
    frame: Frame,
    wrong: Option<&'static str>,
    next: &'p str,
}

#[derive(Template)]
#[template(path = "enter.html")]
struct Enter<'p> {
    frame: Frame,
    wrong: Option<&'static str>,
    /// The code of a link; without one it is typed.
    ticket: &'p str,
}

#[derive(Template)]
#[template(path = "go_on.html")]
struct GoOn<'p> {
    place: &'p str,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    title: &'static str,
    about: &'static str,
}

/// What the forms of these pages hold.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Fields {
    pub password: String,
    /// The new password once more.
    pub again: String,
    code: String,
    pub next: String,
}

pub(super) type Filled = Result<Form<Fields>, FormRejection>;

/// What the queries of these pages hold.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    pub next: String,
}

/// Shows how to sign in; whoever is signed in goes on.
async fn login(
    State(access): State<Access>,
    Query(asked): Query<Asked>,
    entered: Option<Extension<Entered>>,
) -> Response {
    let next = local(&asked.next);
    if entered.is_some() {
        return go_to(&access, next);
    }
    page(StatusCode::OK, &Login { frame: frame(&access, Tab::None, w::SIGN_IN), wrong: None, next })
}

/// Takes the password.
async fn sign_in(
    State(access): State<Access>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Filled,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    let next = local(&form.next);
    match access.enter_by_password(caller.address, form.password, browser(&headers)).await {
        Ok(token) => let_in(&access, &token, caller, next),
        Err(why) => {
            let (frame, wrong) = (frame(&access, Tab::None, w::SIGN_IN), Some(reason(&why, w::NOT_RIGHT_PASSWORD)));
            refuse(&why, page(status(&why), &Login { frame, wrong, next }))
        }
    }
}

/// Shows a form with one button. Reading it uses nothing up and tells nothing: programs look at links before people do.
async fn enter(State(access): State<Access>, ticket: Option<Path<String>>) -> Response {
    let ticket = ticket.map(|Path(ticket)| ticket).unwrap_or_default();
    page(StatusCode::OK, &Enter { frame: frame(&access, Tab::None, w::COME_IN), wrong: None, ticket: &ticket })
}

/// Takes a link or a code.
async fn entered(
    State(access): State<Access>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Filled,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return rejection.into_response(),
    };
    match access.enter_by_ticket(caller.address, &form.code, browser(&headers)).await {
        Ok(token) => let_in(&access, &token, caller, local(&form.next)),
        Err(why) => {
            let (frame, wrong) = (frame(&access, Tab::None, w::COME_IN), Some(reason(&why, w::NOT_RIGHT_CODE)));
            refuse(&why, page(status(&why), &Enter { frame, wrong, ticket: "" }))
        }
    }
}

/// Ends the session of this browser, and what it holds of the app.
async fn sign_out(
    State(access): State<Access>,
    Extension(caller): Extension<Caller>,
    Extension(entered): Extension<Entered>,
) -> Response {
    if let Entered::Browser(session) = &entered
        && let Err(error) = access.end(session.as_str()).await
    {
        tracing::error!(%error, "a browser could not be signed out");
        return page(StatusCode::INSUFFICIENT_STORAGE, &Refused { title: w::SIGN_OUT, about: w::NOT_STORED });
    }
    let mut response = go_to(&access, "/login");
    if let Some(cookie) = access.no_cookie(caller.secure) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    // Below a sub-path the browser would clear what others keep on the same host.
    if access.base().is_empty() {
        let all = HeaderValue::from_static("\"cache\", \"storage\"");
        response.headers_mut().insert(HeaderName::from_static("clear-site-data"), all);
    }
    response
}

/// The answer to a request under a name that is not this node's.
pub(crate) fn foreign_host() -> Response {
    page(StatusCode::MISDIRECTED_REQUEST, &Refused { title: w::FOREIGN_HOST, about: w::FOREIGN_HOST_ABOUT })
}

/// The answer to a request that a page of somebody else made.
pub(crate) fn foreign_page() -> Response {
    page(StatusCode::FORBIDDEN, &Refused { title: w::FOREIGN_PAGE, about: w::FOREIGN_PAGE_ABOUT })
}

/// A page that goes on by itself, so that the request after it is one of this node's own.
pub(crate) fn go_on(place: &str) -> Response {
    page(StatusCode::OK, &GoOn { place })
}

fn let_in(access: &Access, token: &Token, caller: Caller, next: &str) -> Response {
    let mut response = go_to(access, next);
    if let Some(cookie) = access.cookie(token, caller.secure) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

pub(super) fn go_to(access: &Access, path: &str) -> Response {
    match HeaderValue::from_str(&format!("{}{path}", access.base())) {
        Ok(place) => (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

pub(super) fn status(why: &NotIn) -> StatusCode {
    match why {
        NotIn::Wrong => StatusCode::FORBIDDEN,
        NotIn::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        NotIn::Password(_) => StatusCode::BAD_REQUEST,
        NotIn::Home(_) => StatusCode::INSUFFICIENT_STORAGE,
    }
}

pub(super) fn reason(why: &NotIn, wrong: &'static str) -> &'static str {
    match why {
        NotIn::Wrong | NotIn::Password(_) => wrong,
        NotIn::TooMany { .. } => w::TOO_MANY,
        NotIn::Home(_) => w::NOT_STORED,
    }
}

pub(super) fn refuse(why: &NotIn, mut response: Response) -> Response {
    if let NotIn::TooMany { wait } = why {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*wait));
    }
    if let NotIn::Home(error) = why {
        tracing::error!(%error, "a browser could not be signed in");
    }
    response
}

fn browser(headers: &HeaderMap) -> String {
    label(headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()))
}

pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A path of this node's to go on to; the first page for anything else. Browsers take `//host` and `/\host` for
/// another host, and leave tabs and line ends out before they look.
pub(super) fn local(next: &str) -> &str {
    let is_odd = |char: char| char == '\\' || char.is_control();
    let is_local = next.starts_with('/') && !next.starts_with("//") && !next.contains(is_odd) && next.is_ascii();
    // Signing in again would be a circle.
    let is_door = ["/login", "/enter", "/sign-out"].iter().any(|door| next.starts_with(door));
    if is_local && !is_door { next } else { "/" }
}

/// A path as the value of a query.
pub(crate) fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_elsewhere() {
        for good in ["/", "/people/ana%20sousa?page=2", "/qr"] {
            assert_eq!(local(good), good);
        }
        for bad in [
            "",
            "people",
            "//mallory.example",
            "/\\mallory.example",
            "https://mallory.example/",
            "/\t/mallory.example",
            "/login?next=/",
            "/ümlaut",
            "javascript:alert(1)",
        ] {
            assert_eq!(local(bad), "/", "{bad}");
        }
        assert_eq!(encoded("/people?a=b&c"), "/people%3Fa%3Db%26c");
    }
}
