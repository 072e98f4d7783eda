//! What went wrong, as a page.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, Tab, html};
use super::{FORM, Web, words as w};
use crate::access::{Caller, Entered};

/// What went wrong, and what to do about it.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub status: StatusCode,
    pub message: String,
    pub hint: Option<String>,
}

/// A page, or what went wrong on the way to it.
pub(super) type Answer = Result<Response, Trouble>;

impl Trouble {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into(), hint: None }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into(), hint: None }
    }

    pub(super) fn too_large() -> Self {
        let (message, hint) = (w::FORM_TOO_LARGE.to_owned(), Some(w::FORM_TOO_LARGE_HINT.to_owned()));
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, message, hint }
    }

    pub(super) fn not_found() -> Self {
        let (message, hint) = (w::NO_SUCH_PAGE.to_owned(), Some(w::NO_SUCH_PAGE_HINT.to_owned()));
        Self { status: StatusCode::NOT_FOUND, message, hint }
    }
}

/// Becomes a page in [`show`], which knows where the app is mounted and what was typed.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn no_such_page() -> Trouble {
    Trouble::not_found()
}

/// One field of a form that was refused.
struct Typed {
    name: String,
    label: String,
    value: String,
    is_long: bool,
    /// What a person did not type: it is sent again and not shown.
    is_hidden: bool,
    /// What no page shows again: it is typed once more.
    is_secret: bool,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Page {
    frame: Frame,
    trouble: Trouble,
    /// Where the form is sent again.
    action: String,
    /// What was typed, so that nobody types it twice.
    typed: Vec<Typed>,
    /// Where to go from here.
    back: &'static str,
}

#[derive(Template)]
#[template(path = "outside-trouble.html")]
struct Outside {
    frame: Frame,
    trouble: Trouble,
    /// There is a public page to go on to.
    has_card: bool,
}

/// Shows what went wrong as a page. A form that was refused is shown again with what was typed into it.
pub(super) async fn show(State(web): State<Web>, request: Request, next: Next) -> Response {
    let action = request.uri().path().trim_start_matches('/').to_owned();
    if is_stranger(&request) {
        return show_outside(State(web), request, next).await;
    }
    let (request, form) = match is_form(&request) {
        true => match keep_form(request).await {
            Ok(kept) => kept,
            Err(trouble) => return page(&web, trouble, action, Vec::new()),
        },
        false => (request, Bytes::new()),
    };
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Trouble>() {
        Some(trouble) => page(&web, trouble, action, typed(&form)),
        None => response,
    }
}

/// True for somebody who came by the guard and is not signed in.
fn is_stranger(request: &Request) -> bool {
    let extensions = request.extensions();
    extensions.get::<Caller>().is_some() && extensions.get::<Entered>().is_none()
}

/// The same for strangers, who see nothing of the app.
pub(super) async fn show_outside(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(trouble) = response.extensions_mut().remove::<Trouble>() else { return response };
    log(&trouble);
    let status = trouble.status;
    let has_card = web.public_page().is_some();
    let page = Outside { frame: Frame::new(&web, Tab::None, w::TROUBLE), trouble, has_card };
    match html(&page) {
        Ok(page) => (status, page).into_response(),
        Err(_) => status.into_response(),
    }
}

fn log(trouble: &Trouble) {
    if trouble.status.is_server_error() {
        tracing::error!(message = trouble.message, "a page failed");
    }
}

fn is_form(request: &Request) -> bool {
    let content = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::POST && content.starts_with("application/x-www-form-urlencoded")
}

async fn keep_form(request: Request) -> Result<(Request, Bytes), Trouble> {
    let (parts, body) = request.into_parts();
    let form = axum::body::to_bytes(body, FORM).await.map_err(|_| Trouble::too_large())?;
    Ok((Request::from_parts(parts, Body::from(form.clone())), form))
}

/// Fields that no person types.
const HIDDEN: [&str; 11] = ["sheet", "back", "done", "again", "touch", "who", "via", "to", "one", "other", "next_page"];
/// Fields whose content no page shows.
const SECRET: [&str; 2] = ["password", "recovery_words"];
/// A value that is shown in a field of several lines.
const LONG: usize = 60;

fn typed(form: &Bytes) -> Vec<Typed> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(form).unwrap_or_default();
    let typed = pairs.into_iter().map(|(name, value)| {
        let is_secret = SECRET.contains(&name.as_str());
        let value = if is_secret { String::new() } else { value };
        let is_long = value.len() > LONG || value.contains('\n');
        let (label, is_hidden) = (w::field(&name).to_owned(), HIDDEN.contains(&name.as_str()));
        Typed { label, is_hidden, is_secret, name, value, is_long }
    });
    typed.collect()
}

fn page(web: &Web, trouble: Trouble, action: String, typed: Vec<Typed>) -> Response {
    log(&trouble);
    let status = trouble.status;
    let back = if action == "scan/picture" { "scan" } else { "./" };
    let page = Page { back, frame: Frame::new(web, Tab::None, w::TROUBLE), trouble, action, typed };
    match html(&page) {
        Ok(page) => (status, page).into_response(),
        Err(trouble) => (trouble.status, trouble.message).into_response(),
    }
}
