//! How a phone or computer comes to trust the certificate authority of this node.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::Html;
use axum::routing::get;
use kith_protocol::crypto::sha256;

use super::ca::Authority;
use crate::web::{STYLE, words as w};

#[derive(Template)]
#[template(path = "trust.html")]
struct Page {
    name: String,
    /// The SHA-256 of the certificate, as systems show it.
    fingerprint: String,
}

#[derive(Template)]
#[template(path = "kith.mobileconfig.xml")]
struct Profile {
    name: String,
    certificate: String,
    /// Both stay the same for one authority, so that installing it twice replaces it.
    profile_id: String,
    payload_id: String,
}

/// The page, the certificate, and the profile for Apple's systems.
pub(super) fn router(authority: Arc<Authority>) -> Router {
    let page = page(&authority);
    let profile = profile(&authority).render().unwrap_or_default();
    let profile =
        file("application/x-apple-aspen-config", "attachment; filename=\"kith.mobileconfig\"", profile.into());
    let certificate = authority.certificate().to_vec();
    let certificate = file("application/x-x509-ca-cert", "attachment; filename=\"kith-ca.crt\"", certificate);
    Router::new()
        .route("/trust", get(move || async move { page }))
        .route("/trust.css", get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/kith-ca.crt", get(move || async move { certificate }))
        .route("/kith.mobileconfig", get(move || async move { profile }))
}

/// The same, and the page for every other path.
pub(super) fn lobby(authority: Arc<Authority>) -> Router {
    let page = page(&authority);
    router(authority).fallback(move || async move { page })
}

type File = ([(HeaderName, &'static str); 2], Vec<u8>);

fn file(content: &'static str, disposition: &'static str, bytes: Vec<u8>) -> File {
    ([(CONTENT_TYPE, content), (CONTENT_DISPOSITION, disposition)], bytes)
}

fn page(authority: &Authority) -> Html<String> {
    let page = Page { name: authority.name().to_owned(), fingerprint: authority.fingerprint() };
    Html(page.render().unwrap_or_default())
}

fn profile(authority: &Authority) -> Profile {
    let id = |part: &str| uuid(&sha256(&[part.as_bytes(), authority.certificate()]));
    Profile {
        name: authority.name().to_owned(),
        certificate: data_encoding::BASE64.encode(authority.certificate()),
        profile_id: id("profile"),
        payload_id: id("payload"),
    }
}

/// A UUID of its own making (RFC 9562, version 8).
fn uuid(digest: &[u8; 32]) -> String {
    let hex = data_encoding::HEXUPPER.encode(digest);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}
