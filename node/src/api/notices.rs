//! What happens, as it happens.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;

use super::Api;
use crate::driver::Handle;

/// Tells what happens from now on, as server-sent events: each is a notice in JSON. A listener that lags behind
/// gets an event named `missed` and looks at the state of things anew.
#[utoipa::path(get, path = "/notices", tag = "node", responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn notices(State(api): State<Api>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    news(&api.handle)
}

/// The notices of a node as server-sent events.
pub(crate) fn news(handle: &Handle) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let stream = stream::unfold(handle.notices(), |mut notices| async move {
        let event = match notices.recv().await {
            Ok(notice) => Event::default().event("notice").json_data(&notice).unwrap_or_default(),
            Err(RecvError::Lagged(_)) => Event::default().event("missed"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), notices))
    });
    // The first event says that the subscription stands: what happens after it is not missed.
    let first = stream::once(async { Ok(Event::default().event("listening")) });
    Sse::new(futures::StreamExt::chain(first, stream)).keep_alive(KeepAlive::default())
}
