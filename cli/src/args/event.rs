//! Events that I go to.

use clap::{Args, Subcommand, ValueEnum};

/// Events. WHICH is a name, or the beginning of an id.
#[derive(Subcommand)]
pub enum Event {
    /// List them in the order of their days
    List,
    /// Add one; what I scan and show while it is on belongs to it
    Add {
        /// Its name
        name: String,
        /// Its first day, as 2026-04-20
        #[arg(long, value_name = "DATE")]
        from: String,
        /// Its last day [default: the first]
        #[arg(long, value_name = "DATE")]
        to: Option<String>,
        /// Where it is
        #[arg(long)]
        place: Option<String>,
    },
    /// Show one and whom I met there, in that order
    Show {
        /// Which
        which: String,
        /// The page, from 1; a hundred people on each
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        page: u32,
    },
    /// Change one
    Set(EventChange),
    /// Look for my contacts on the networks that this machine is on, so that we reach each other without the internet;
    /// kept. Without a word it says whether it is on
    Mode {
        /// Whether to
        #[arg(value_enum)]
        wanted: Option<OnOff>,
    },
    /// Forget one; the people stay, and where I met them
    Remove {
        /// Which
        which: String,
    },
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Say a name of the day aloud, which contacts alone know, and listen for theirs
    On,
    /// Say nothing
    Off,
}

/// What is to be changed.
#[derive(Args)]
pub struct EventChange {
    /// Which
    pub which: String,
    /// Another name
    #[arg(long)]
    pub name: Option<String>,
    /// Another first day
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Another last day
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Another place; empty for none
    #[arg(long)]
    pub place: Option<String>,
}
