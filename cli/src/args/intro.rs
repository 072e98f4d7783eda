//! Introductions.

use clap::{Args, Subcommand, ValueEnum};

use super::Tier;

/// Introductions. ID is the id of one, or the beginning of it.
#[derive(Subcommand)]
pub enum Intro {
    /// Ask a contact to introduce me to somebody
    Ask(NewAsk),
    /// Ask two contacts whether they would like to meet; neither is told who the other is
    Make {
        /// Who would write first
        one: String,
        /// Who would be written to
        other: String,
        /// What I say to the first about the other, and to both unless --note-for-b is given
        #[arg(long)]
        note: String,
        /// What I say to the other about the first
        #[arg(long, value_name = "NOTE")]
        note_for_b: Option<String>,
        /// How many days it is open
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=14))]
        days: Option<u64>,
    },
    /// List them, the one that changed last first
    List {
        /// Only those in which I am this
        #[arg(long)]
        part: Option<Part>,
        /// Only those of which something may come
        #[arg(long)]
        open: bool,
    },
    /// Show everything about one
    Show {
        /// Which
        id: String,
    },
    /// Pass an ask on, with a sentence of my own
    Pass {
        /// Which
        id: String,
        /// To which contact of mine, if the asker only described somebody
        #[arg(long, value_name = "WHO")]
        to: Option<String>,
        /// What I say of it
        #[arg(long)]
        note: String,
    },
    /// Give an ask back, to be said differently
    Return {
        /// Which
        id: String,
        /// What to change
        #[arg(long)]
        note: String,
    },
    /// Say no; only who must know of it does
    Decline {
        /// Which
        id: String,
    },
    /// Look at it again later
    Later {
        /// Which
        id: String,
        /// A date such as 2026-12-01, or a time such as 2026-12-01T08:00:00Z
        #[arg(long, value_name = "DATE")]
        until: String,
    },
    /// Say yes
    Accept {
        /// Which
        id: String,
        /// What of my card they get
        #[arg(long)]
        tier: Option<Tier>,
        /// What the other is to read, if a contact had the idea and I would write first
        #[arg(long)]
        blurb: Option<String>,
    },
    /// Take back what I began or agreed to
    Withdraw {
        /// Which
        id: String,
    },
    /// Say an ask differently, and ask again
    Edit {
        /// Which
        id: String,
        /// To whom, in words
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// What for
        #[arg(long)]
        purpose: Option<Purpose>,
        /// Why them
        #[arg(long)]
        why: Option<String>,
        /// What they are to read
        #[arg(long)]
        blurb: Option<String>,
    },
    /// Tell the introducer how it went, and thank them
    Outcome {
        /// Which
        id: String,
        /// We have met or talked
        #[arg(long)]
        met: bool,
        /// It was of use
        #[arg(long)]
        useful: bool,
        /// Thanks, in words
        #[arg(long, value_name = "WORDS")]
        thanks: Option<String>,
    },
}

/// An ask.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("whom").required(true))]
pub struct NewAsk {
    /// To whom: one of my people who is no contact
    #[arg(group = "whom")]
    pub who: Option<String>,
    /// To whom, in words
    #[arg(long, value_name = "TEXT", group = "whom")]
    pub about: Option<String>,
    /// The contact who is to introduce me
    #[arg(long, value_name = "WHO")]
    pub via: String,
    /// What for
    #[arg(long)]
    pub purpose: Purpose,
    /// Why them
    #[arg(long)]
    pub why: String,
    /// What they are to read: my words, forwarded as they are
    #[arg(long)]
    pub blurb: String,
    /// What of my card they get when we are connected
    #[arg(long)]
    pub tier: Option<Tier>,
    /// How many days it is open [default: 7]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=14))]
    pub days: Option<u64>,
}

/// What an introduction is for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Purpose {
    /// Advice
    Advice,
    /// To sell to them
    Client,
    /// To do something together
    Partner,
    /// To hire, or be hired
    Hiring,
    /// Something else, which the words say
    Other,
}

/// What I am in an introduction.
#[derive(Clone, Copy, ValueEnum)]
pub enum Part {
    /// I asked
    Asker,
    /// I bring two together
    Introducer,
    /// I am asked for
    Target,
}
