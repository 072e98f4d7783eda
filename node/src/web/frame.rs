//! What all pages have around them.

use std::sync::Arc;

use askama::Template;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse};

use super::form::Fields;
use super::trouble::{Answer, Trouble};
use super::{Web, assets, words as w};

/// The places of the bar at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Today,
    People,
    Qr,
    Exchange,
    More,
    /// A page of no place.
    None,
}

/// What is around a page.
pub(super) struct Frame {
    /// Where the app is mounted; every link is relative to it.
    pub base: Arc<str>,
    pub tab: Tab,
    pub title: String,
    /// What was just done.
    pub said: Option<&'static str>,
    /// By which number what was just done can be undone.
    pub undo: Option<u64>,
    /// Changes when an asset does, so that browsers may keep them for good.
    pub version: &'static str,
}

impl Frame {
    pub(super) fn new(web: &Web, tab: Tab, title: impl Into<String>) -> Self {
        Self { base: web.base.clone(), tab, title: title.into(), said: None, undo: None, version: assets::version() }
    }

    /// With a word on what was just done, and the way to undo it, as the page before it told.
    pub(super) fn after(self, web: &Web, asked: &Fields) -> Self {
        let undo = asked.number("undo").ok().flatten().filter(|number| web.undo.is_open(*number));
        Self { said: asked.get("said").and_then(w::said), undo, ..self }
    }

    /// `page` for the place that is shown, so that a screen reader says so.
    pub(super) fn current(&self, place: &str) -> &'static str {
        let here = match self.tab {
            Tab::Today => "today",
            Tab::People => "people",
            Tab::Qr => "qr",
            Tab::Exchange => "exchange",
            Tab::More => "more",
            Tab::None => "",
        };
        if here == place { "page" } else { "false" }
    }
}

/// A page.
pub(super) fn html(page: &impl Template) -> Answer {
    let text = page.render().map_err(|error| Trouble::failed(error.to_string()))?;
    Ok(Html(text).into_response())
}

/// A page under another status than that all is well.
pub(super) fn html_as(status: StatusCode, page: &impl Template) -> Answer {
    Ok((status, html(page)?).into_response())
}

/// Goes on to another page of the app after a form was taken, so that loading it again does nothing twice.
pub(super) fn go_to(web: &Web, path: &str) -> Answer {
    let place = HeaderValue::from_str(&format!("{}{path}", web.base));
    let place = place.map_err(|error| Trouble::failed(error.to_string()))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response())
}
