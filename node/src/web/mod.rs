//! The web app.

pub mod access;
pub(crate) mod words;
