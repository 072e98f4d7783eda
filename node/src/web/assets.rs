//! Styles, scripts and pictures, compiled in.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::trouble;

struct Asset {
    name: &'static str,
    content: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $content:literal,)*) => {
        const ASSETS: &[Asset] = &[$(
            Asset { name: $name, content: $content, bytes: include_bytes!(concat!("assets/", $name)) },
        )*];
    };
}

assets! {
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "c.js": "text/javascript; charset=utf-8",
    "fair.js": "text/javascript; charset=utf-8",
    "offline.js": "text/javascript; charset=utf-8",
    "queue.js": "text/javascript; charset=utf-8",
    "scan.js": "text/javascript; charset=utf-8",
    "thanks.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "icon-180.png": "image/png",
}

/// The style of all pages, for those that are not made here.
pub(crate) const STYLE: &str = include_str!("assets/style.css");

/// The service worker.
pub(super) const WORKER: &str = include_str!("assets/sw.js");

/// Pages name assets with this, so that a browser may keep them until the program changes.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let sum = ASSETS.iter().fold(0, |sum, asset| crc32c::crc32c_append(sum, asset.bytes));
        // Devices keep this page too.
        let sum = crc32c::crc32c_append(sum, include_bytes!("templates/offline.html"));
        format!("{}-{sum:08x}", env!("CARGO_PKG_VERSION"))
    });
    &VERSION
}

pub(super) async fn asset(Path(name): Path<String>, uri: Uri) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let is_named = uri.query().and_then(|query| query.strip_prefix("v=")) == Some(version());
            let kept = if is_named { "public, max-age=31536000, immutable" } else { "no-cache" };
            let headers = [(CONTENT_TYPE, asset.content), (CACHE_CONTROL, kept)];
            (headers, asset.bytes).into_response()
        }
        None => trouble::no_such_page().await.into_response(),
    }
}
