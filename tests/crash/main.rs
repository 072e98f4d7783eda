//! What survives when a node is killed, its index torn, its disk full or its folder closed to it.
//!
//! Every node is a real process. `KITH_LONG=1` runs many more rounds, `KITH_SEED=n` another order of things.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may end in a panic; nothing here is shipped"
)]

mod collecting;
mod disk;
mod index;
mod letters;
mod mailbox;
mod opening;
mod reaching;
