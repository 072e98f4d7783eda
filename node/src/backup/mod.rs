//! Backups: one file with everything that a home holds, which the recovery words alone open. What stands in it is in
//! [`kith_protocol::backup`].
//!
//! ```text
//! writing    a snapshot of the storage becomes a file, while the node goes on
//! keeper     a file each night, and those of long ago removed
//! record     what the home remembers of its backups
//! place      whether the folder of the plan is the one of before, and what lies there
//! restoring  a file becomes a home
//! ```

mod keeper;
mod place;
mod record;
mod restoring;
mod writing;

#[cfg(test)]
mod tests;

pub use keeper::{Away, Backups, Keeping};
pub(crate) use place::{Folder, LastFile, Place};
pub use record::{LEAST, Record};
pub use restoring::{Machine, RestoreError, restore};
pub(crate) use writing::OTHER_DISK;
pub use writing::Unmade;

pub use crate::home::Plan;
