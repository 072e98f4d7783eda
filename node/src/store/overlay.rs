//! Changes that are durable in the journal and wait in memory to be brought into sled together.
//!
//! What sled is given one commit at a time it works on again for the next, which mostly changes the same names, and a
//! person waits for each commit. So the index puts commits here, answers from here first, and hands sled many of them
//! at a time. Nothing rests on what lies here: after a crash the journal has it.

use std::cmp::Ordering;
use std::ops::Bound;

use super::entry::Changes;

/// Names that may wait: enough that what changes with every letter reaches sled once for many of them, and few enough
/// that views, which wait while sled takes them, do not wait long.
const NAMES: usize = 1_024;
/// Bytes of names and stored forms that may wait: next to the 8 MiB that sled itself keeps in memory, little.
const BYTES: usize = 512 * 1024;

/// Entries of an index by rising name.
pub(super) type Chunk = Vec<(Vec<u8>, Vec<u8>)>;

/// The last change of every name since sled was brought up to date.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    changes: Changes,
    bytes: usize,
    /// True if sled does not know the newest commit. One that changes nothing must become known too.
    is_behind: bool,
    /// A test lets sled fail when it is to be brought up to date.
    #[cfg(test)]
    pub fails: bool,
}

impl Overlay {
    /// Puts a commit on top.
    pub fn put(&mut self, changes: Changes) {
        self.is_behind = true;
        for (name, stored) in changes {
            let length = name.len();
            self.bytes += length + size(stored.as_ref());
            if let Some(old) = self.changes.insert(name, stored) {
                self.bytes -= length + size(old.as_ref());
            }
        }
    }

    /// What waits for sled, if anything does.
    pub fn waiting(&self) -> Option<&Changes> {
        self.is_behind.then_some(&self.changes)
    }

    /// True if more waits than should. It never gets far: at most the one commit beyond.
    pub fn is_full(&self) -> bool {
        self.changes.len() > NAMES || self.bytes > BYTES
    }

    /// Forgets everything, which sled has now.
    pub fn settled(&mut self) {
        *self = Self::default();
    }

    /// The change of a name, if it has one: its stored form, or none if it was removed.
    pub fn get(&self, name: &[u8]) -> Option<Option<&Vec<u8>>> {
        self.changes.get(name).map(Option::as_ref)
    }

    /// The first entries, at most `most`, of what is `below` with the changes on top. `below` gives entries from
    /// `start` on by rising name. Only those count whose names begin with `prefix`, before which `start` must not lie.
    pub fn chunk<N: AsRef<[u8]>, E>(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        most: usize,
        below: impl Iterator<Item = Result<(N, N), E>>,
    ) -> Result<Chunk, E> {
        let above = self.changes.range::<[u8], _>((start, Bound::Unbounded));
        let mut above = above.take_while(|(name, _)| name.starts_with(prefix)).peekable();
        let mut below = below.take_while(|entry| fits(entry, prefix)).fuse();
        let (mut chunk, mut old) = (Chunk::new(), None);
        while chunk.len() < most {
            if old.is_none() {
                old = below.next().transpose()?;
            }
            let order = match (above.peek(), &old) {
                (Some((name, _)), Some((old_name, _))) => name[..].cmp(old_name.as_ref()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            if order.is_gt() {
                chunk.extend(old.take().map(|(name, stored)| (name.as_ref().to_vec(), stored.as_ref().to_vec())));
                continue;
            }
            if order.is_eq() {
                old = None;
            }
            // What was removed is left out, and the search goes on: an empty chunk means that nothing follows.
            if let Some((name, Some(stored))) = above.next() {
                chunk.push((name.clone(), stored.clone()));
            }
        }
        Ok(chunk)
    }
}

fn size(stored: Option<&Vec<u8>>) -> usize {
    stored.map_or(0, Vec::len)
}

/// An entry that cannot be read is passed on.
fn fits<N: AsRef<[u8]>, E>(entry: &Result<(N, N), E>, prefix: &[u8]) -> bool {
    entry.as_ref().map_or(true, |(name, _)| name.as_ref().starts_with(prefix))
}
