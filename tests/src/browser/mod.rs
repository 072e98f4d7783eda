//! Real browsers, as people hold them: a window the size of a phone on a node's pages.
//!
//! A [`Window`] is one browser with a driver of its own (W3C WebDriver over loopback). Things on a page are found by
//! what a person reads or hears: the label of a field, the words on a button. Everything waits until it is there, at
//! most [`PATIENCE`](crate::e2e::PATIENCE), and says what the page showed instead.
//!
//! Chromium stands for the phones of most people, WebKitGTK is the nearest there is to an iPhone on Debian.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper of tests ends a test with a panic that says what went wrong"
)]

mod acting;
mod axe;
mod driver;
mod film;
mod screens;
mod seeing;
mod session;
mod setup;
mod traffic;

pub use film::film;
pub use setup::{Engine, Setup, Theme};
pub use traffic::{Request, Visit};

use std::path::PathBuf;

use session::Session;

/// A browser that shows one page. It closes when it is dropped.
#[derive(Debug)]
pub struct Window {
    session: Session,
    setup: Setup,
}

/// The folder `target` of the workspace.
fn target() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))
}
