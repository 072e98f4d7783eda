//! Backups, coming back from one, and changing keys.

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

/// Sign with the next key from now on.
#[derive(Args)]
pub struct Rotate {
    /// My machine, or a copy of its disk, may be in other hands: of what the old key signed only what was already seen
    /// stands, and all my codes are withdrawn
    #[arg(long)]
    pub stolen: bool,
    /// Others may have read my recovery words: fresh ones take their place
    #[arg(long)]
    pub fresh_words: bool,
    /// A file that holds the 24 words, instead of typing them in
    #[arg(long, value_name = "FILE")]
    pub words_file: Option<PathBuf>,
}

/// Go on after the machine was lost or stolen: from a contact's code or address, or from a backup, with a new key. With neither, a home
/// that stopped because it goes on elsewhere goes on here.
#[derive(Args)]
pub struct Recover {
    /// A code that a contact shows: a picture, a link, a text, or - for standard input. Or an address of their node, as kith
    /// status shows them
    #[arg(conflicts_with = "backup")]
    pub code: Option<String>,
    /// A backup to go on from instead
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
    /// A file that holds the 24 words, instead of typing them in
    #[arg(long, value_name = "FILE")]
    pub words_file: Option<PathBuf>,
}
