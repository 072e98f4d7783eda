//! .
pub mod effect;
pub use effect::{Answer, Effect, Receipt, Refusal, Ticket};
