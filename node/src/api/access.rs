//! Who may speak with the API.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kith_protocol::crypto::same;
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{Api, Problem};
use crate::access::Entered;

/// Adds the bearer token to the description.
pub(super) struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Lets a request through that comes from a browser which is signed in, or carries the token. The guard in front of
/// the whole app has looked at the rest.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
    let has_entered = request.extensions().get::<Entered>().is_some();
    if !has_entered && !carries(request.headers(), &api.token) {
        return Problem::no_token().into_response();
    }
    next.run(request).await
}

fn carries(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| same(given.as_bytes(), token.as_bytes()))
}
