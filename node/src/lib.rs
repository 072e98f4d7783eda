//! Everything of Kith that touches the world.
//!
//! ```text
//!                    network ─┐                    ┌─ store (journal, sled)
//!                             ├─► driver ─► engine ┤
//! serve ─► (web ─►) api ──────┘     (one thread)   └─ effects, back to the network
//! ```
//!
//! Data flows one way: what happened comes to the [`driver`], the engine makes a step of it, the step becomes
//! durable in the [`store`], and only then its effects go out to the [`network`]. Pages and queries read beside
//! that, from a view.

pub mod access;
pub mod api;
pub mod backup;
pub mod codes;
pub mod driver;
pub mod formats;
pub mod going_on;
pub mod here;
pub mod home;
#[cfg(test)]
mod house;
pub mod machine;
pub mod mail;
pub mod mailbox;
pub mod network;
pub mod node;
pub mod recovering;
pub mod room;
pub mod roster;
pub mod serve;
pub mod store;
pub mod web;
