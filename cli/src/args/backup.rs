//! Backups, and coming back from one.

use std::path::PathBuf;

use clap::Args;

/// Write a backup.
#[derive(Args)]
pub struct Backup {
    /// The file, or - for standard output
    pub file: PathBuf,
}

/// Make a home of a backup.
#[derive(Args)]
pub struct Restore {
    /// The backup
    pub file: PathBuf,
    /// A file that holds the 24 words, instead of typing them in
    #[arg(long, value_name = "FILE")]
    pub words_file: Option<PathBuf>,
}

/// Look whether a backup is whole.
#[derive(Args)]
pub struct Verify {
    /// The backup
    pub file: PathBuf,
}
