//! The fair with no network: making a device ready, and the page that opens without it.

use askama::Template;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde_json::json;

use super::frame::{Frame, Tab, html};
use super::scan::event_on;
use super::trouble::Answer;
use super::{Web, assets, words as w};

#[derive(Template)]
#[template(path = "fair.html")]
struct Fair {
    frame: Frame,
    /// The event that is on.
    event: String,
}

/// Shows how ready this device is, and makes it so.
pub(super) async fn show(State(web): State<Web>) -> Answer {
    let event = event_on(&web).await?.unwrap_or_default();
    html(&Fair { frame: Frame::new(&web, Tab::More, w::FAIR), event })
}

#[derive(Template)]
#[template(path = "offline.html")]
struct Offline {
    frame: Frame,
}

/// The page that opens without network. It is the same for everybody; what it shows comes from the device.
pub(super) async fn offline(State(web): State<Web>) -> Answer {
    html(&Offline { frame: Frame::new(&web, Tab::None, w::OFFLINE) })
}

/// What makes a browser offer to install the app (Web Application Manifest).
pub(super) async fn manifest(State(web): State<Web>) -> Answer {
    let icon = |name: &str| format!("{}assets/{name}?v={}", web.base, assets::version());
    let manifest = json!({
        "id": &*web.base,
        "name": "Kith",
        "short_name": "Kith",
        "start_url": &*web.base,
        "scope": &*web.base,
        "display": "standalone",
        "background_color": "#fbfaf6",
        "theme_color": "#0d5c5a",
        "icons": [
            { "src": icon("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any" },
            { "src": icon("icon-180.png"), "sizes": "180x180", "type": "image/png", "purpose": "any" },
        ],
        "shortcuts": [
            { "name": w::MY_CODE, "url": format!("{}qr", web.base) },
            { "name": w::SCAN, "url": format!("{}scan", web.base) },
        ],
    });
    let headers = [(CONTENT_TYPE, "application/manifest+json"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, manifest.to_string()).into_response())
}

/// The service worker. It lies at the root of the app, since it may only look after what is below it. Its first line
/// changes with the assets, so that browsers fetch what they keep anew when the program has changed.
pub(super) async fn worker() -> Answer {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, format!("// {}\n{}", assets::version(), assets::WORKER)).into_response())
}
