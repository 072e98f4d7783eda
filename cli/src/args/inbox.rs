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
        /// Whom somebody hands over is this person of mine: what is said of them becomes a note there
        #[arg(long = "as", value_name = "WHO", conflicts_with = "tier")]
        held: Option<String>,
    },
    /// Say no, or nothing
    Ignore {
        /// The item's id, or the beginning of it
        id: String,
    },
}
