//! A mail to the owner once a day, if something waits for them, by a mail server of theirs.
//!
//! ```text
//! keeper ── is it time? ──► record    the last day that was dealt with, and what went wrong
//!   │    ── what waits? ──► digest    counted by kinds; what a lock screen may show
//!   └───── sending ──► wire           TLS, bounds in bytes and time; the library speaks SMTP over it
//! ```
//!
//! A mail is never sent twice for one day: the day is written down as dealt with before the words leave. What fails
//! before that is tried again on the same day. Whatever the server does, it holds up nothing else.

mod digest;
mod keeper;
mod plan;
mod record;
mod sending;
mod stream;
mod trouble;
mod wire;

#[cfg(test)]
mod tests;

pub use keeper::{Keeping, Mail, Wanted};
pub use plan::{BadPlan, Login, Password, Plan, Server};
pub use record::Record;
pub use trouble::Unsent;
