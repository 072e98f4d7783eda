//! What waits on me.

use clap::{Args, Subcommand};

use super::Tier;

/// What waits on me.
#[derive(Args)]
pub struct Inbox {
    /// Decide
    #[command(subcommand)]
    pub command: Option<InboxCommand>,
}

/// Deciding.
#[derive(Subcommand)]
pub enum InboxCommand {
    /// Say yes
    Accept {
        /// The item's id, or the beginning of it
        id: String,
        /// What of my card they get
        #[arg(long)]
        tier: Option<Tier>,
    },
    /// Say no, or nothing
    Ignore {
        /// The item's id, or the beginning of it
        id: String,
    },
}
