//! Whose nodes hold letters for me.

use clap::{Args, Subcommand};

/// The nodes that hold letters for me while mine is off.
#[derive(Args)]
pub struct Mailbox {
    /// Choose one, or leave one
    #[command(subcommand)]
    pub command: Option<MailboxCommand>,
}

/// Choosing and leaving.
#[derive(Subcommand)]
pub enum MailboxCommand {
    /// Let the node of a contact hold letters for me
    Use {
        /// Whose: name, petname, or the beginning of an id
        who: String,
    },
    /// Let it hold none any more
    Leave {
        /// Whose: name, petname, or the beginning of an id
        who: String,
    },
}
