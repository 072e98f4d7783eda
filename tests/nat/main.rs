//! Homes behind routers, as they really are: every node is a real process in a network namespace of its own.
//!
//! Needs root, `ip` and `nft`; see `kith_tests::lab`. Nothing leaves the machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may end in a panic; nothing here is shipped"
)]

mod asleep;
mod changes;
mod found_again;
mod given_up;
mod lan;
mod mailboxes;
mod opened;
mod opened_again;
mod punched;
mod reachable;
mod relayed;
