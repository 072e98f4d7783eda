//! Who may speak with the API.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kith_protocol::crypto::same;
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{Api, Problem};

/// Adds the bearer token to the description.
pub(super) struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Lets a request through if it names this machine and carries the token.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !names_this_machine(request.headers()) {
        return Problem::foreign_host().into_response();
    }
    if !carries(request.headers(), &api.token) {
        return Problem::no_token().into_response();
    }
    next.run(request).await
}

/// A page of somebody else can make a browser ask this node under a name that it controls (DNS rebinding), so the
/// name must be one that only this machine has: localhost, or an address. An address in the Host header cannot be
/// rebound, since no name was looked up for it.
fn names_this_machine(headers: &HeaderMap) -> bool {
    // Within the process there is no host.
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn carries(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| same(given.as_bytes(), token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_can_rebind_are_this_machine() {
        let names = |host: &str| names_this_machine(&HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        for host in ["localhost:7518", "LOCALHOST", "127.0.0.1:7518", "[::1]:7518", "192.168.1.7"] {
            assert!(names(host), "{host}");
        }
        for host in ["mallory.example:7518", "localhost.mallory.example", "127.0.0.1.mallory.example", ""] {
            assert!(!names(host), "{host}");
        }
    }
}
