//! Reading: what the storage's own thread and the views of other threads have in common.

use std::borrow::Cow;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use kith_protocol::store::{Read, StoreError, Table, Visit};

use super::entry::{self, Stored};
use super::index::{self, Broken, Index};
use super::segment;

/// How often a value is looked up again that was moved while it was read.
const TRIES: usize = 4;

/// Entries of the first chunk of a scan; each later one has four times as many, up to [`index::CHUNK`].
const FIRST_CHUNK: usize = 4;

/// Index and segments, shared by all who read.
#[derive(Debug)]
pub(super) struct Shared {
    pub index: Index,
    pub segments: segment::Reader,
}

impl Shared {
    /// The value under a name; a secret is still sealed.
    pub fn get(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut stored = self.stored(name)?;
        for _ in 0..TRIES {
            let Some(found) = &stored else { return Ok(None) };
            match self.value(found) {
                Ok(value) => return Ok(Some(value.into_owned())),
                // Upkeep may have moved the value between the two looks; then the index says where it is now.
                Err(error) => {
                    let again = self.stored(name)?;
                    if again == stored {
                        return Err(error);
                    }
                    stored = again;
                }
            }
        }
        Err(StoreError::Damaged("a value is moved again and again".to_owned()))
    }

    /// Visits key and value of the names of a table that begin with `prefix` and are not less than `from`.
    pub fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut TryVisit<'_>) -> Result<(), StoreError> {
        let prefix = entry::name(table, prefix);
        let mut start = Bound::Included(entry::name(table, from).max(prefix.clone()));
        // Many a scan wants the first entry only, so the first chunk is small.
        let mut most = FIRST_CHUNK;
        loop {
            // The lock is held for one chunk only, never while `visit` runs.
            let chunk = self.index.chunk(start.as_ref().map(Vec::as_slice), &prefix, most).map_err(broken)?;
            most = (most * 4).min(index::CHUNK);
            let Some((last, _)) = chunk.last() else { return Ok(()) };
            start = Bound::Excluded(last.clone());
            for (name, stored) in chunk {
                let Some(key) = name.get(1..) else { return Ok(()) };
                let value = match self.value(&stored) {
                    Ok(value) => Some(value),
                    Err(_) => self.get(&name)?.map(Cow::Owned),
                };
                if let Some(value) = value
                    && visit(key, &value)?.is_break()
                {
                    return Ok(());
                }
            }
        }
    }

    fn stored(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.index.get(name).map_err(broken)
    }

    fn value<'s>(&self, stored: &'s [u8]) -> Result<Cow<'s, [u8]>, StoreError> {
        match Stored::parse(stored)? {
            Stored::Inline(value) => Ok(Cow::Borrowed(value)),
            Stored::Segment(place) => self.segments.read(place).map(Cow::Owned),
        }
    }
}

/// Called with key and value; may fail.
pub(super) type TryVisit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'v;

fn broken(Broken(why): Broken) -> StoreError {
    StoreError::Damaged(format!("the index: {why}"))
}

/// Reads the storage from any thread, except for secrets, which it refuses with an error.
///
/// Each answer is of the newest commit and is never held up by one that waits for the disk. A scan is no
/// snapshot: a commit that ends while it runs shows in the part that was not yet visited.
#[derive(Clone, Debug)]
pub struct View {
    pub(super) shared: Arc<Shared>,
}

impl View {
    /// How many entries a table has. This reads none of them.
    pub fn count(&self, table: Table) -> usize {
        self.shared.index.count(table.number())
    }
}

impl Read for View {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        refuse_secrets(table)?;
        self.shared.get(&entry::name(table, key))
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        refuse_secrets(table)?;
        self.shared.scan(table, prefix, from, &mut |key, value| Ok(visit(key, value)))
    }
}

fn refuse_secrets(table: Table) -> Result<(), StoreError> {
    if table.is_secret() {
        let kind = std::io::ErrorKind::PermissionDenied;
        return Err(StoreError::Disk(std::io::Error::new(kind, "secrets are not read through a view")));
    }
    Ok(())
}
