//! Whether the node lives, for a program that looks after it.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

/// `GET /healthz`: told to everybody, and tells nothing else. Pages may be answered when nothing is taken in any more, so
/// it asks `goes_on`.
pub(super) fn router(goes_on: impl Fn() -> bool + Clone + Send + Sync + 'static) -> Router {
    Router::new().route("/healthz", get(move || async move { answer(goes_on()) }))
}

fn answer(goes_on: bool) -> impl IntoResponse {
    let (status, body) = match goes_on {
        true => (StatusCode::OK, r#"{"status":"up"}"#),
        false => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"down"}"#),
    };
    (status, [(CONTENT_TYPE, "application/json")], body)
}
