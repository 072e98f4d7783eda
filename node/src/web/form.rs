//! What a browser sends: forms and queries.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::trouble::Trouble;
use super::words as w;

/// The fields of a form or a query, by name. A field that was left empty counts as not given.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(encoded: &[u8]) -> Result<Self, Trouble> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(encoded).map_err(|error| Trouble::bad_request(error.to_string()))?;
        // Browsers end the lines of a text with both characters (HTML, §4.10.11 of the form submission rules).
        Ok(Self(pairs.into_iter().map(|(name, value)| (name, value.replace("\r\n", "\n"))).collect()))
    }

    /// What was typed into a field, if anything was.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// What was typed into a field that the form has, also if it is nothing.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// What was typed, or nothing; the API says what is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// A number, if one was typed.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Trouble> {
        let odd = |value: &str| Trouble::bad_request(w::no_number(w::field(name), value));
        self.get(name).map(|value| value.parse().map_err(|_| odd(value))).transpose()
    }

    /// True if a box was ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }
}

/// The fields of a form.
pub(super) struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &S) -> Result<Self, Trouble> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error: BytesRejection| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Trouble::too_large(),
            status => Trouble { status, message: error.body_text(), hint: None },
        })?;
        Ok(Self(Fields::of(&body)?))
    }
}

/// The fields of a query.
pub(super) struct Asked(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        Ok(Self(Fields::of(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}
