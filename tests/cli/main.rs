//! Kith at the command line: stories told with real processes, and what goes wrong in them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may end in a panic; nothing here is shipped"
)]

mod access;
mod backup;
mod beginning;
mod bounds;
mod codes;
mod demo;
mod earlier_versions;
mod event_mode;
mod exports;
mod follow_up;
mod introductions;
mod keys;
mod letters;
mod mail;
mod mailboxes;
mod meeting;
mod passphrase;
mod people;
mod secrets;
mod shell;
mod stopping;
mod strange;
mod vouches;
