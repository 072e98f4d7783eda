//! The mail of every day.

#![allow(rustdoc::bare_urls, reason = "--help shows these words as they are")]

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A mail that my node sends me once a day if something waits, and only then. It counts by kinds, and says nothing of what
/// anybody wrote.
#[derive(Args)]
pub struct Mail {
    /// Set it, try it out, or end it
    #[command(subcommand)]
    pub command: Option<MailCommand>,
}

/// Setting, trying, ending.
#[derive(Subcommand)]
pub enum MailCommand {
    /// Say by which server, to whom and when
    Set(SetMail),
    /// Send one now, and say what the server answers
    Test,
    /// Send none any more, and forget the password
    Off,
}

/// How it is to be.
#[derive(Args)]
pub struct SetMail {
    /// The mail server: smtps://mail.example.org:465, or smtp://mail.example.org:587 with STARTTLS; in the clear to this
    /// machine alone
    #[arg(long, value_name = "URL")]
    pub server: String,
    /// The address that it is from, which the server must let this login use
    #[arg(long, value_name = "EMAIL")]
    pub from: String,
    /// The address that it goes to
    #[arg(long, value_name = "EMAIL")]
    pub to: String,
    /// The time of the day where the node is
    #[arg(long, value_name = "TIME", default_value = "07:30")]
    pub at: String,
    /// Name the people concerned; mail lies readable at providers and on lock screens
    #[arg(long)]
    pub mail_names: bool,
    /// How I am called at the server; it asks for the password, or takes it from KITH_MAIL_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub login: Option<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE", requires = "login")]
    pub password_file: Option<PathBuf>,
    /// The service manager hands the password over as the credential kith-mail-password; nothing is stored
    #[arg(long, requires = "login", conflicts_with = "password_file")]
    pub by_credential: bool,
}
