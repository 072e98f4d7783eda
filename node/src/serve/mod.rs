//! Serving the web app and the API to browsers and programs: sockets, TLS, and what comes before a page.

pub mod acme;
pub mod ca;
mod credentials;
mod guard;
mod headers;
mod health;
mod listener;
mod places;
mod secret;
mod server;
mod stream;
mod trust;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::sync::watch;
use tower::ServiceExt;

pub use credentials::{Credentials, Opened};
pub use listener::Listener;
pub use server::{Server, Sockets};

use crate::access::{Access, Entrance, Peer};
use crate::web::entry;
use ca::Authority;

/// Everything that is served: pages and the API behind the guard, under the sub-path and without it; and whether the node
/// goes on.
///
/// The guard stands in front of the routers, since it takes the sub-path off before they look at the path.
pub fn app(
    access: &Access,
    pages: Router,
    api: Router,
    authority: Option<Arc<Authority>>,
    goes_on: impl Fn() -> bool + Clone + Send + Sync + 'static,
) -> Router {
    let pages = pages.merge(entry::router(access.clone())).merge(health::router(goes_on));
    let pages = match &authority {
        Some(authority) => pages.merge(trust::router(Arc::clone(authority))),
        None => pages,
    };
    let lobby = authority.map(trust::lobby);
    // No route leads to the API: what a route takes from the path would come to the handlers as a parameter more.
    let all = Router::new().fallback(move |request: Request| {
        let is_api = guard::is_api(request.uri().path());
        if is_api { api.oneshot(request) } else { pages.oneshot(request) }
    });
    let guarded =
        Router::new().fallback_service(all).layer(middleware::from_fn_with_state(access.clone(), guard::guard));
    match lobby {
        Some(lobby) => {
            guarded.layer(middleware::from_fn(move |request, next| keep_in_lobby(lobby.clone(), request, next)))
        }
        None => guarded,
    }
}

/// Whoever speaks plain HTTP where TLS is spoken sees how to trust this node, and nothing else.
async fn keep_in_lobby(lobby: Router, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    if peer.is_none_or(|peer| peer.0.entrance != Entrance::Lobby) {
        return next.run(request).await;
    }
    let mut answer = lobby.oneshot(request).await.into_response();
    headers::add(answer.headers_mut());
    answer
}

/// Ends what would go on for ever, so that a page that is open keeps no node from stopping.
async fn end_streams(State(mut stop): State<watch::Receiver<bool>>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let content = answer.headers().get(CONTENT_TYPE).and_then(|content| content.to_str().ok());
    if !content.is_some_and(|content| content.starts_with("text/event-stream")) {
        return answer;
    }
    let stopped = async move {
        // A sender that was dropped means the same as one that spoke.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    answer.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(stopped))))
}

/// Serves until told to stop.
pub(crate) async fn run(listener: Listener, app: Router, mut stop: watch::Receiver<bool>) {
    let ending = stop.clone();
    let stopped = async move {
        // See above.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let app = app.layer(middleware::from_fn_with_state(ending, end_streams));
    let service = app.into_make_service_with_connect_info::<Peer>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the web app has stopped");
    }
}

#[cfg(test)]
mod tests;
