//! What a home of an earlier version lacks, which it gets when it is opened.

use std::time::SystemTime;

use kith_protocol::engine;
use kith_protocol::store::{Read, Store, Write};

use super::{HomeError, OpenHome, before};

/// Changes of a migration that are committed at once: a fraction of what a commit holds.
const AT_ONCE: usize = 4_096;

/// What a home of an earlier version may lack, under names for the copies that are kept of it.
type Change = (&'static str, fn(&dyn Read) -> engine::Result<Vec<Write>>);
const CHANGES: [Change; 2] =
    [("agenda", engine::agenda::missing_agenda), ("code-lists", engine::code_lists::missing_code_lists)];

impl OpenHome {
    /// A home of an earlier version gets what this one keeps beside what was there; what was there is kept as it was for a
    /// while. After a crash in between, opening does it again.
    pub(super) fn bring_up_to_date(&mut self) -> Result<(), HomeError> {
        before::remove_old(&self.home.folder, SystemTime::now());
        for (change, missing) in CHANGES {
            let changes = missing(&self.store)?;
            if !changes.is_empty() {
                let failed = |reason| self.home.file_error(&self.home.store_folder(), reason);
                before::keep_copy(&self.home.folder, &self.home.store_folder(), change).map_err(failed)?;
            }
            for part in changes.chunks(AT_ONCE) {
                self.store.commit(part)?;
            }
        }
        Ok(())
    }
}
