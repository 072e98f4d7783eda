//! Whether the node lives, for a program that looks after it.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// `GET /healthz`: told to everybody, and tells nothing else.
pub(super) fn router() -> Router {
    Router::new().route("/healthz", get(|| async { ([(CONTENT_TYPE, "application/json")], r#"{"status":"up"}"#) }))
}
