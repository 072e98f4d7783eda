//! Letting browsers in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The password of the web app.
#[derive(Args)]
pub struct Password {
    /// A file whose first line is the password, instead of a question on the terminal
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
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
