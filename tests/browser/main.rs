//! Kith in real browsers.
//!
//! `tests/run` installs them. Pictures of all pages lie in `target/screens` afterwards, those of failures too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may end in a panic; nothing here is shipped"
)]

mod backup;
mod beginning;
mod correspondence_without_scripts;
mod everything;
mod fair;
mod getting_in;
mod introduction;
mod introduction_without_scripts;
mod meeting;
mod own_authority;
mod own_node;
mod phone;
mod proxy;
mod public_page;
mod rig;
mod sub_path;
mod two_homes;
mod undo;
mod webkit;
mod weight;
mod without_scripts;
