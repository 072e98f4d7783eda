//! My people.

use clap::{Args, Subcommand};

use super::{Along, Tier};

/// My people.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct People {
    /// Write them for other programs
    #[command(subcommand)]
    pub command: Option<PeopleCommand>,
    /// Looked for in names, cards, tags, events and notes
    pub query: Option<String>,
    /// Only people with this tag
    #[arg(long)]
    pub tag: Option<String>,
    /// The page, from 1; fifty people on each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub page: u32,
}

/// Writing people for other programs.
#[derive(Subcommand)]
pub enum PeopleCommand {
    /// Write a list, as text
    #[command(group = clap::ArgGroup::new("form").required(true))]
    Export {
        /// Comma-separated values with my notes, for a spreadsheet
        #[arg(long, group = "form")]
        csv: bool,
        /// vCards 3.0 without my notes, for a phone
        #[arg(long, group = "form")]
        vcard: bool,
        /// Only people that I came across there
        #[arg(long)]
        event: Option<String>,
        /// Only people with this tag
        #[arg(long)]
        tag: Option<String>,
    },
}

/// One person. WHO is a name, a petname, or the beginning of an id.
#[derive(Subcommand)]
pub enum Person {
    /// Show everything that I keep about them
    Show {
        /// Who
        who: String,
    },
    /// Write somebody down who has no Kith
    Add {
        /// Their name
        name: String,
        /// What goes along
        #[command(flatten)]
        along: Along,
    },
    /// What they need; empty for nothing
    Need {
        /// Who
        who: String,
        /// What
        text: String,
    },
    /// What I promised; empty for nothing
    Promise {
        /// Who
        who: String,
        /// What
        text: String,
    },
    /// What I do next; empty for nothing
    Next {
        /// Who
        who: String,
        /// What
        text: String,
        /// When that is due, as 2026-12-01 or 2026-12-01T08:00:00Z [default: a day from now]
        #[arg(long, value_name = "WHEN")]
        due: Option<String>,
    },
    /// Put the next step off
    Postpone {
        /// Who
        who: String,
        /// Until when, as 2026-12-01 or 2026-12-01T08:00:00Z
        due: String,
    },
    /// The next step is done, so we were in touch
    Done {
        /// Who
        who: String,
    },
    /// Call them by a name of my own; empty for theirs
    Name {
        /// Who
        who: String,
        /// The name
        petname: String,
    },
    /// Add a tag, or take one away
    Tag {
        /// Who
        who: String,
        /// The tag
        tag: String,
        /// Take it away
        #[arg(long)]
        remove: bool,
    },
    /// Add a note
    Note {
        /// Who
        who: String,
        /// The note
        text: String,
    },
    /// Write to a contact
    Write {
        /// Who
        who: String,
        /// The letter, at most 2,000 characters
        text: String,
    },
    /// Hand somebody whom I met over to a contact who should look after them
    #[command(name = "hand-over")]
    HandOver {
        /// Who
        who: String,
        /// To which contact
        #[arg(long)]
        to: String,
        /// What to say of them, instead of my first note about them
        #[arg(long)]
        note: Option<String>,
    },
    /// Say that they are somebody else among my people: all that I wrote of them goes over
    Join {
        /// Who was written down, or whose code led nowhere
        who: String,
        /// Who they are
        into: String,
    },
    /// We were in touch just now
    Touch {
        /// Who
        who: String,
    },
    /// How often I want to be in touch
    Cadence {
        /// Who
        who: String,
        /// Days; 0 for never
        days: u32,
    },
    /// What of my card they see
    Tier {
        /// Who
        who: String,
        /// The tier
        tier: Tier,
    },
    /// Nothing of theirs reaches me any more; they are not told
    Block {
        /// Who
        who: String,
        /// Let them through again
        #[arg(long)]
        undo: bool,
    },
    /// Forget them; a contact is told to forget me too
    Forget {
        /// Who
        who: String,
    },
}
