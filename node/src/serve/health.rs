//! Whether the node lives, for a program that looks after it.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// `GET /health`: told to everybody, and tells nothing else.
pub(super) fn router() -> Router {
    Router::new().route("/health", get(|| async { ([(CONTENT_TYPE, "application/json")], r#"{"status":"up"}"#) }))
}
