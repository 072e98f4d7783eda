//! What every request passes, pages and API alike.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, LOCATION};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client::{Caller, Peer};
use super::sessions::SessionId;
use super::{Access, headers, origin, pages};
use crate::api::Problem;

/// Paths that need nobody to be signed in, and what lies below them.
const OPEN: [&str; 4] = ["/assets", "/c", "/enter", "/login"];
/// The same, without what lies below them.
///
/// The page that opens without network shows nothing of its own: a device whose sign-in is over keeps it all the same.
const OPEN_FILES: [&str; 7] =
    ["/health", "/sw.js", "/manifest.webmanifest", "/offline", "/trust", "/kith-ca.crt", "/kith.mobileconfig"];
/// Longest path that is kept while somebody signs in.
const NEXT: usize = 500;

/// Who was let in; an extension of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// A program with the token of the home.
    Program,
    /// A browser.
    Browser(SessionId),
}

/// Lets a request through if it names this node, comes from where it may, and from somebody.
pub(crate) async fn guard(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0);
    take_off_base(request.uri_mut(), access.base());
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match admit(&access, peer, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(Refusal::Host) if is_api => Problem::foreign_host().into_response(),
        Err(Refusal::Foreign) if is_api => Problem::foreign_page().into_response(),
        Err(Refusal::Nobody) if is_api => Problem::no_token().into_response(),
        Err(Refusal::Host) => pages::foreign_host(),
        Err(Refusal::Foreign) => pages::foreign_page(),
        Err(Refusal::Nobody) => to_login(&access, &request),
    };
    headers::add(response.headers_mut());
    response
}

enum Refusal {
    /// The request names another host.
    Host,
    /// A page of somebody else made it.
    Foreign,
    /// Nobody is signed in.
    Nobody,
}

async fn admit(access: &Access, peer: Option<Peer>, request: &mut Request) -> Result<(), Refusal> {
    if !names_this_node(access, peer, request.headers()) {
        return Err(Refusal::Host);
    }
    let caller = caller(access, peer, request.headers());
    let tokens = access.0.jar.tokens(request.headers(), caller.secure);
    let entered = match bearer(request.headers()) {
        Some(given) if access.is_bearer(given) => Some(Entered::Program),
        // A token that is wrong is no reason to look for a cookie.
        Some(_) => None,
        None => access.session(&tokens).await.map(Entered::Browser),
    };
    // No page of somebody else knows the token of the home.
    let web_url = access.0.ways.web_url.as_ref();
    if entered != Some(Entered::Program)
        && !origin::is_safe(request.method())
        && !origin::is_own(request.headers(), !tokens.is_empty(), web_url)
    {
        return Err(Refusal::Foreign);
    }
    if entered.is_none() && !is_open(request.uri().path()) {
        return Err(Refusal::Nobody);
    }
    request.extensions_mut().insert(caller);
    if let Some(entered) = entered {
        request.extensions_mut().insert(entered);
    }
    Ok(())
}

fn names_this_node(access: &Access, peer: Option<Peer>, headers: &HeaderMap) -> bool {
    match headers.get(HOST).map(HeaderValue::to_str) {
        Some(Ok(host)) => access.0.hosts.allows(host),
        Some(Err(_)) => false,
        // Within the process there is no host.
        None => peer.is_none(),
    }
}

/// Who asks. Somebody who asked for the name that is set to be reached by TLS came by TLS: the worst that a lie brings
/// is a cookie that the liar's browser does not keep.
fn caller(access: &Access, peer: Option<Peer>, headers: &HeaderMap) -> Caller {
    let mut caller = Caller::of(peer, headers, &access.0.ways.proxies);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(super::hosts::name_of);
    let is_set = |url: &super::WebUrl| url.is_https() && host.is_some_and(|host| host.eq_ignore_ascii_case(url.host()));
    caller.secure |= access.0.ways.web_url.as_ref().is_some_and(is_set);
    caller
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
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
    let place = format!("{}/login?next={}", access.base(), pages::encoded(wanted));
    // Whoever follows a link from elsewhere comes without the cookie, also if they are signed in: it is SameSite=Strict.
    // A page of this node that goes on by itself brings it along.
    if request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return pages::go_on(&place);
    }
    match HeaderValue::from_str(&place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
