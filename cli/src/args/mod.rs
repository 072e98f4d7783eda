//! What can be typed, each noun in its file.

mod access;
mod backup;
mod capture;
mod card;
mod codes;
mod event;
mod inbox;
mod intro;
mod mail;
mod mailbox;
mod node;
mod people;
mod vouch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use access::{Password, Sessions, SessionsCommand, SetPassphrase};
pub use backup::{Backup, Recover, Restore, Rotate, Verify};
pub use capture::Along;
pub use card::{Card, Format, Tier};
pub use codes::{Invite, InviteCommand, NewInvite, Scan};
pub use event::{Event, EventChange, OnOff};
pub use inbox::{Inbox, InboxCommand};
pub use intro::{Intro, NewAsk};
pub use mail::{Mail, MailCommand, SetMail};
pub use mailbox::{Mailbox, MailboxCommand};
pub use node::{Demo, HoldLetters, Init, LogFormat, PortMapping, Tls, Up, Words};
pub use people::{People, PeopleCommand, Person};
pub use vouch::{NewVouch, Vouch, VouchCommand, api_name};

/// Your card, the people you met, and who can introduce whom: on your own node.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 needs a running node, 4 not found or ambiguous, 5 failed and fails
/// again until somebody does something about it.
#[derive(Parser)]
#[command(name = "kith", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// The folder that holds everything of yours [default: ~/.local/share/kith]
    #[arg(long, global = true, env = "KITH_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// A file whose first line is the passphrase of my keys, if they have one
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
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
    /// What the day has for me
    Today,
    /// What waits on me
    Inbox(Inbox),
    /// Events that I go to
    #[command(subcommand)]
    Event(Event),
    /// My people
    People(People),
    /// One person
    #[command(subcommand)]
    Person(Person),
    /// Say what is true of a contact, or look after what is said
    Vouch(Vouch),
    /// Introductions: ask for one, carry one, be asked
    #[command(subcommand)]
    Intro(Intro),
    /// Whose nodes hold letters for me while mine is off
    Mailbox(Mailbox),
    /// A mail to myself once a day, if something waits
    Mail(Mail),
    /// Print a link that signs a browser on this machine in
    Open,
    /// Show a code that signs a phone in
    Phone,
    /// Set the password of the web app
    Password(Password),
    /// The browsers that are signed in
    Sessions(Sessions),
    /// Put the keys of my home behind a passphrase, which each start asks for
    Passphrase(SetPassphrase),
    /// My 24 recovery words
    Words(Words),
    /// Sign with my next key from now on, which needs my recovery words
    Rotate(Rotate),
    /// Write everything of mine into one file that my recovery words alone open
    Backup(Backup),
    /// Look whether a backup is whole
    Verify(Verify),
    /// Make a home of a backup, on this machine or another
    Restore(Restore),
    /// Go on with my words alone, or a backup of a stolen machine
    Recover(Recover),
    /// Print what a shell needs to complete these commands
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}
