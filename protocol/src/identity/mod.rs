//! Who somebody is: a history of keys, not a key.
//!
//! - [`words`](crate::words) make the keys k0, k1, k2 …
//! - [`History`]: the inception that gives the id, and the rotations after it.
//! - [`NodeGrant`]: which machine speaks for the identity, for two weeks.

mod grant;
mod history;

pub use grant::{GrantError, NodeGrant};
pub use history::{
    Compromise, History, HistoryBytes, HistoryError, Inception, Learned, NextKey, Reason, Rotation, Seen,
};
