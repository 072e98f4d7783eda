//! What is true in Kith.
//!
//! This crate is pure: it has no clock, socket, file, thread or source of randomness. The present moment and
//! random bytes come in as arguments, so that a simulation of a thousand people gives the same trace twice.
//! `SPEC.md` beside this crate says in words and byte vectors what the code here does.

pub mod address;
pub mod backup;
pub mod card;
pub mod crypto;
pub mod day_record;
pub mod disowned;
pub mod engine;
pub mod folding;
pub mod hello;
pub mod id;
pub mod identity;
pub mod introduction;
pub mod invite;
pub mod letter;
pub mod limits;
pub mod mailbox;
pub mod meeting;
pub mod nearby;
pub mod presence;
pub mod record;
pub mod recovery;
pub mod store;
pub mod text;
pub mod time;
pub mod vouch;
pub mod wire;
pub mod words;
