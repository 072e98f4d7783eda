//! News as they come, for pages that are open.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures::Stream;

use super::Web;
use crate::api;

/// Tells an open page that something happened; it asks for itself anew then.
pub(super) async fn news(State(web): State<Web>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    api::news(web.api.handle())
}
