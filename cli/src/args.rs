//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Your card, the people you met, and who can introduce whom: on your own node.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 needs a running node, 4 not found or ambiguous.
#[derive(Parser)]
#[command(name = "kith", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// The folder that holds everything of yours [default: ~/.local/share/kith]
    #[arg(long, global = true, env = "KITH_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Run my node; the first run makes an identity
    Up(Up),
    /// Make an identity without running a node
    Init(Init),
    /// Real nodes act out a trade show on this machine
    Demo(Demo),
    /// What my node is and does
    Status,
    /// Look at everything that can go wrong, and say what to do
    Doctor,
    /// My card
    #[command(subcommand)]
    Card(Card),
    /// Make a code for others to scan, or look after the ones I made
    Invite(Invite),
    /// Take in a code: a picture, a link, a text, or - for standard input
    Scan(Scan),
    /// What waits on me
    Inbox(Inbox),
    /// My people
    People(People),
    /// One person
    #[command(subcommand)]
    Person(Person),
    /// My 24 recovery words
    Words(Words),
}

/// Run my node.
#[derive(Args)]
pub struct Up {
    /// My name, for the first run
    #[arg(long)]
    pub name: Option<String>,
    /// Where to listen, such as /ip4/0.0.0.0/tcp/7517; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    pub listen: Vec<String>,
    /// Where the API listens, such as 127.0.0.1:7518
    #[arg(long, value_name = "ADDR")]
    pub web: Option<SocketAddr>,
    /// How to write the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// How to write a log.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Make an identity.
#[derive(Args)]
pub struct Init {
    /// My name
    #[arg(long)]
    pub name: String,
    /// Where I work
    #[arg(long)]
    pub org: Option<String>,
    /// My job title
    #[arg(long)]
    pub title: Option<String>,
    /// My work e-mail
    #[arg(long)]
    pub email: Option<String>,
    /// My mobile phone
    #[arg(long)]
    pub phone: Option<String>,
}

/// Act out a trade show.
#[derive(Args)]
pub struct Demo {
    /// Leave the nodes running at the end, and say how to talk to them
    #[arg(long)]
    pub keep: bool,
}

/// My card.
#[derive(Subcommand)]
pub enum Card {
    /// Show it, whole or through other eyes
    Show {
        /// public, contacts, named, or a person
        #[arg(long = "as", value_name = "WHO")]
        eyes: Option<String>,
    },
    /// Set a field, such as name, org, title, email, mobile, website
    Set {
        /// Which field
        field: String,
        /// What it says; empty to remove it
        value: String,
        /// Who may see it
        #[arg(long)]
        tier: Option<Tier>,
    },
}

/// Who may see something.
#[derive(Clone, Copy, ValueEnum)]
pub enum Tier {
    /// Anyone who has my code or link
    Public,
    /// My contacts
    Contacts,
    /// People that I name one by one
    Named,
}

impl Tier {
    /// As the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Contacts => "contacts",
            Self::Named => "named",
        }
    }
}

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
    /// The event at which it is shown, or the label of a printed code
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
    List,
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
    /// The event at which I scanned it
    #[arg(long)]
    pub event: Option<String>,
    /// What I want to remember
    #[arg(long)]
    pub note: Option<String>,
    /// What of my card they get
    #[arg(long)]
    pub tier: Option<Tier>,
    /// What to call somebody whose code says no name
    #[arg(long)]
    pub name: Option<String>,
}

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

/// My people.
#[derive(Args)]
pub struct People {
    /// Looked for in names, cards, tags, events and notes
    pub query: Option<String>,
    /// Only people with this tag
    #[arg(long)]
    pub tag: Option<String>,
    /// The page, from 1; a hundred people on each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub page: u32,
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
        /// Where I met them
        #[arg(long)]
        event: Option<String>,
        /// What I want to remember
        #[arg(long)]
        note: Option<String>,
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

/// My recovery words.
#[derive(Args)]
pub struct Words {
    /// I have written them down: delete the file in which they lie
    #[arg(long)]
    pub done: bool,
}
