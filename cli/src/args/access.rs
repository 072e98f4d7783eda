//! Letting browsers in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The password of the web app.
#[derive(Args)]
pub struct Password {
    /// A file whose first line is the password, instead of a question on the terminal
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// The passphrase of my keys.
#[derive(Args)]
pub struct SetPassphrase {
    /// A file whose first line is the new passphrase, instead of a question on the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Without a passphrase from now on
    #[arg(long)]
    pub remove: bool,
}

/// Browsers that are signed in.
#[derive(Args)]
pub struct Sessions {
    /// Sign out
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
}

/// Signing out.
#[derive(Subcommand)]
pub enum SessionsCommand {
    /// Sign one browser out
    End {
        /// Its id
        id: String,
    },
    /// Sign all of them out
    EndAll,
}
