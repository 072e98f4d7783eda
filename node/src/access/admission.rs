//! Whether a request may go through: the name that it asks for, where it comes from, and whose it is.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, HeaderValue, Method};

use super::client::{Caller, Peer};
use super::sessions::SessionId;
use super::{Access, WebUrl, hosts, origin};

/// Who was let in; an extension of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// A program with the token of the home.
    Program,
    /// A browser.
    Browser(SessionId),
}

/// Why a request is not let through.
pub(crate) enum Refusal {
    /// The request names another host.
    Host,
    /// A page of somebody else made it.
    Foreign,
    /// Nobody is signed in.
    Nobody,
}

impl Access {
    /// Who makes a request, and who that is; nobody, if `is_open` says that nobody needs to be signed in for it.
    pub(crate) async fn admit(
        &self,
        peer: Option<Peer>,
        method: &Method,
        headers: &HeaderMap,
        is_open: bool,
    ) -> Result<(Caller, Option<Entered>), Refusal> {
        if !names_this_node(self, peer, headers) {
            return Err(Refusal::Host);
        }
        let caller = caller(self, peer, headers);
        let tokens = self.0.jar.tokens(headers, caller.secure);
        let entered = match bearer(headers) {
            Some(given) if self.is_bearer(given) => Some(Entered::Program),
            // A token that is wrong is no reason to look for a cookie.
            Some(_) => None,
            None => self.session(&tokens).await.map(Entered::Browser),
        };
        // No page of somebody else knows the token of the home.
        let web_url = self.0.ways.web_url.as_ref();
        if entered != Some(Entered::Program)
            && !origin::is_safe(method)
            && !origin::is_own(headers, !tokens.is_empty(), web_url)
        {
            return Err(Refusal::Foreign);
        }
        if entered.is_none() && !is_open { Err(Refusal::Nobody) } else { Ok((caller, entered)) }
    }
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
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(hosts::name_of);
    let is_set = |url: &WebUrl| url.is_https() && host.is_some_and(|host| host.eq_ignore_ascii_case(url.host()));
    caller.secure |= access.0.ways.web_url.as_ref().is_some_and(is_set);
    caller
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
}
