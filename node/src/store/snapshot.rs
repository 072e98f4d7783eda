//! Everything that was stored at one moment, read by another thread while commits go on.
//!
//! It is read from the files, like a checkpoint, and not from the index. While somebody holds one, upkeep waits: closed
//! journal files and the checkpoint stay, and nothing in a segment is overwritten. Commits go on into the journal.

use std::sync::Arc;

use kith_protocol::store::{StoreError, Table};
use zeroize::Zeroizing;

use super::checkpoint;
use super::disk::Disk;
use super::entry::{Changes, Stored};
use super::journal::Content;
use super::segment;
use super::vault::VaultKey;

/// What was stored at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) checkpoint: Option<u64>,
    /// Closed journal files since the checkpoint.
    pub(super) closed: Vec<u64>,
    /// What the journal file held that was written to at that moment.
    pub(super) tail: Changes,
    pub(super) vault: VaultKey,
    /// Upkeep waits as long as this is held.
    pub(super) _hold: Arc<()>,
}

/// Called with table, key and value; secrets come opened.
pub type VisitAll<'v, E> = dyn FnMut(Table, &[u8], &[u8]) -> Result<(), E> + 'v;

impl Snapshot {
    /// Visits every value, by rising table and key.
    ///
    /// # Errors
    /// What `visit` says, or what is wrong with a file.
    pub fn each<E: From<StoreError>>(self, visit: &mut VisitAll<'_, E>) -> Result<(), E> {
        let mut changes = Changes::new();
        for &first in &self.closed {
            for frame in Content::read(&*self.disk, first, false)?.frames() {
                changes.extend(frame.changes()?);
            }
        }
        changes.extend(self.tail);
        let segments = segment::Reader::new(Arc::clone(&self.disk));
        checkpoint::merged(&*self.disk, self.checkpoint, &changes, &mut |name, stored| {
            let value = match Stored::parse(stored)? {
                Stored::Inline(value) => Zeroizing::new(value.to_vec()),
                Stored::Segment(place) => Zeroizing::new(segments.read(place)?),
            };
            let unknown = || StoreError::Damaged("a value in a table of no known number".to_owned());
            let (number, key) = name.split_first().ok_or_else(unknown)?;
            let table = Table::from_number(*number).ok_or_else(unknown)?;
            match table.is_secret() {
                true => visit(table, key, &Zeroizing::new(self.vault.open(name, &value)?)),
                false => visit(table, key, &value),
            }
        })
    }
}
