//! Codes: mine and theirs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Along, Tier};

/// Codes that I show.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Invite {
    /// Look after codes
    #[command(subcommand)]
    pub command: Option<InviteCommand>,
    /// What the code is to be
    #[command(flatten)]
    pub new: NewInvite,
}

/// A new code.
#[derive(Args)]
pub struct NewInvite {
    /// For many people: a badge, a slide, a footer
    #[arg(long)]
    pub printed: bool,
    /// The event at which it is shown, empty for none [default: the one that is on]; the label of a printed code
    #[arg(long)]
    pub event: Option<String>,
    /// For whom, in my own words
    #[arg(long = "for", value_name = "NOTE")]
    pub meant_for: Option<String>,
    /// What of my card its scanners get
    #[arg(long)]
    pub tier: Option<Tier>,
    /// Write the code as a PNG picture
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Write the code as an SVG picture
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Looking after codes.
#[derive(Subcommand)]
pub enum InviteCommand {
    /// List them, the newest first
    List {
        /// Only those that can still be used
        #[arg(long)]
        open: bool,
        /// Only those behind this one in the list: its id, or the beginning of it
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Show one again
    Show {
        /// Its id, or the beginning of it
        id: String,
        /// Write the code as a PNG picture
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,
        /// Write the code as an SVG picture
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Make many at once, each for one person: for a device or a box of cards at a stand
    Prepare {
        /// How many
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
        count: u8,
        /// The event at which they are shown, empty for none [default: the one that is on]
        #[arg(long)]
        event: Option<String>,
        /// What of my card their scanners get
        #[arg(long)]
        tier: Option<Tier>,
        /// Write each as an SVG picture into this folder
        #[arg(long, value_name = "DIR")]
        svg_dir: Option<PathBuf>,
    },
    /// Withdraw one, so that nobody can use it any more
    Revoke {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// Take in a code.
#[derive(Args)]
pub struct Scan {
    /// A PNG or JPEG picture, a link, a text, or - for standard input
    pub code: String,
    /// What of my card they get
    #[arg(long)]
    pub tier: Option<Tier>,
    /// What to call somebody whose code says no name
    #[arg(long)]
    pub name: Option<String>,
    /// What goes along
    #[command(flatten)]
    pub along: Along,
}
