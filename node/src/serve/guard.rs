//! What every request passes, pages and API alike.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::LOCATION;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::headers;
use crate::access::{Access, Peer, Refusal};
use crate::api::Problem;
use crate::web::entry;

/// Paths that need nobody to be signed in, and what lies below them.
const OPEN: [&str; 4] = ["/assets", "/c", "/enter", "/login"];
/// The same, without what lies below them.
///
/// The page that opens without network shows nothing of its own: a device whose sign-in is over keeps it all the same.
const OPEN_FILES: [&str; 7] =
    ["/healthz", "/sw.js", "/manifest.webmanifest", "/offline", "/trust", "/kith-ca.crt", "/kith.mobileconfig"];
/// Longest path that is kept while somebody signs in.
const NEXT: usize = 500;

/// Lets a request through if it names this node, comes from where it may, and from somebody.
pub(super) async fn guard(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0);
    take_off_base(request.uri_mut(), access.base());
    let (is_api, is_open) = (is_api(request.uri().path()), is_open(request.uri().path()));
    let admitted = access.admit(peer, request.method(), request.headers(), is_open).await;
    let mut response = match admitted {
        Ok((caller, entered)) => {
            request.extensions_mut().insert(caller);
            if let Some(entered) = entered {
                request.extensions_mut().insert(entered);
            }
            next.run(request).await
        }
        Err(Refusal::Host) if is_api => Problem::foreign_host().into_response(),
        Err(Refusal::Foreign) if is_api => Problem::foreign_page().into_response(),
        Err(Refusal::Nobody) if is_api => Problem::no_token().into_response(),
        Err(Refusal::Host) => entry::foreign_host(),
        Err(Refusal::Foreign) => entry::foreign_page(),
        Err(Refusal::Nobody) => to_login(&access, &request),
    };
    headers::add(response.headers_mut());
    response
}

/// What programs ask for, rather than people.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

fn is_open(path: &str) -> bool {
    let is_below = |open: &str| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    OPEN.iter().any(|open| is_below(open)) || OPEN_FILES.contains(&path)
}

/// A proxy passes the sub-path on, or takes it off: both are understood.
fn take_off_base(uri: &mut Uri, base: &str) {
    if base.is_empty() {
        return;
    }
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let Some(rest) = path.strip_prefix(base) else { return };
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    // `/kithother` is not below `/kith`.
    let is_below = matches!(path.as_bytes().get(base.len()), None | Some(b'/' | b'?'));
    if let Some(taken_off) = rest.parse::<PathAndQuery>().ok().filter(|_| is_below) {
        *uri = Uri::from(taken_off);
    }
}

/// Sends a browser to sign in, and lets it come back after that.
fn to_login(access: &Access, request: &Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    let wanted = if is_page && path.len() <= NEXT { path } else { "/" };
    let place = format!("{}/login?next={}", access.base(), entry::encoded(wanted));
    // Whoever follows a link from elsewhere comes without the cookie, also if they are signed in: it is SameSite=Strict.
    // A page of this node that goes on by itself brings it along.
    if request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return entry::go_on(&place);
    }
    match HeaderValue::from_str(&place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
