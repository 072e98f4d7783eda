//! What the home remembers of its backups.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The shortest time between two backups that are made by themselves, in seconds.
pub const LEAST: u64 = 3_600;

/// Backups that are made by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The folder that they are written to.
    pub to: PathBuf,
    /// Seconds between two, [`LEAST`] or more.
    pub every: u64,
}

/// When the last backup was made, and what went wrong since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// When the last one was made, by whatever way, in seconds since 1970.
    pub made: Option<u64>,
    /// How long it was, in bytes.
    pub size: u64,
    /// When the last one was made by itself.
    pub planned: Option<u64>,
    /// The file that this was.
    pub file: Option<PathBuf>,
    /// The device on which its folder lay then; unknown in homes of before.
    pub device: Option<u64>,
    /// Why the last try failed.
    pub trouble: Option<String>,
}
