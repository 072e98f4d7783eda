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
mod closed;
mod found_again;
mod found_at_home;
mod given_up;
mod lan;
mod mailboxes;
mod opened;
mod opened_again;
mod punched;
mod reachable;
mod recovering;
mod relayed;
mod routers;

use kith_node::home::Home;
use kith_node::network::Limits;
use kith_node::node::{Node, NodeOptions};
use kith_protocol::text::Name;
use kith_tests::e2e::stand_in;

/// Runs somebody's node with bounds of its own, if a test asked for that.
fn run_node_with(limits: Limits) {
    let Some((home, name)) = stand_in() else { return };
    let web = Some(([127, 0, 0, 1], 0).into());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (open, _) = Home::at(&home).create(Name::new(&name).unwrap()).unwrap();
        let _node = Node::start(open, NodeOptions { web, limits, ..NodeOptions::default() }).await.unwrap();
        println!("\nStop it with a signal.");
        std::future::pending::<()>().await;
    });
}
