//! A checkpoint: everything that was stored after a commit, in one file, so that older journal files can go.
//!
//! ```text
//! file = checkpoint-<sequence, 16 hex digits>.kc
//!      = "KITH-C1\n" ‖ sequence u64 ‖ checksum of that commit's frame u32 ‖ entries by rising name
//!        ‖ 0 ‖ count of entries u64 ‖ CRC-32C of everything before u32
//! ```
//!
//! It is made of the checkpoint before and closed journal files only, never of the index, so a fault of the index
//! cannot spread. It is synced before it gets its name: a file with a checkpoint's name is whole or damaged.

use kith_protocol::store::StoreError;

use super::disk::{Disk, DiskFile, refusal};
use super::entry::{self, Changes, Entry};
use super::journal::{self, Content};

const MAGIC: &[u8; 8] = b"KITH-C1\n";
/// Under this name a checkpoint is prepared.
pub(super) const PREPARED: &str = "checkpoint.tmp";
/// Bytes read or written at a time. Larger than any entry.
const CHUNK: usize = 256 * 1024;

/// The name of the checkpoint after this commit.
pub(super) fn file_name(sequence: u64) -> String {
    format!("checkpoint-{sequence:016x}.kc")
}

/// The commits after which there are checkpoints, rising.
pub(super) fn files(names: &[String]) -> Vec<u64> {
    let mut all: Vec<u64> = names.iter().filter_map(|name| journal::numbered(name, "checkpoint-", ".kc")).collect();
    all.sort_unstable();
    all
}

/// The name of an entry and its stored form.
pub(super) type Kept = (Vec<u8>, Vec<u8>);

/// A commit: its sequence and the checksum of its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    pub sequence: u64,
    pub crc: u32,
}

/// Reads a checkpoint from its beginning. Its checksum is known to be good only once [`Reader::next`] gave none.
pub(super) struct Reader {
    name: String,
    file: Box<dyn DiskFile>,
    size: u64,
    /// Where the next chunk begins.
    at: u64,
    buffer: Vec<u8>,
    /// How much of the buffer was used.
    used: usize,
    crc: u32,
    count: u64,
    last: Vec<u8>,
    /// The commit after which it was made.
    pub commit: Commit,
}

impl Reader {
    pub fn open(disk: &dyn Disk, sequence: u64) -> Result<Self, StoreError> {
        let name = file_name(sequence);
        let file = disk.open(&name).map_err(refusal)?;
        let size = file.size().map_err(refusal)?;
        let commit = Commit { sequence, crc: 0 };
        let mut reader =
            Self { name, file, size, at: 0, buffer: Vec::new(), used: 0, crc: 0, count: 0, last: Vec::new(), commit };
        reader.fill()?;
        let header = reader.consume(|bytes| {
            let magic = entry::take_bytes(bytes, MAGIC.len())?;
            Some((magic == MAGIC, entry::take_u64(bytes)?, entry::take_u32(bytes)?))
        });
        match header {
            Some((true, found, crc)) if found == sequence => reader.commit.crc = crc,
            _ => return Err(reader.damaged("has no good header")),
        }
        Ok(reader)
    }

    /// The next entry, or none at an end that is proved by count and checksum.
    pub fn next(&mut self) -> Result<Option<Kept>, StoreError> {
        if self.buffer.len() - self.used < CHUNK / 2 {
            self.fill()?;
        }
        if self.rest().first() == Some(&0) {
            return self.finish().map(|()| None);
        }
        match self.consume(entry::take) {
            Some((name, Some(stored))) if name > self.last => {
                self.count += 1;
                self.last.clone_from(&name);
                Ok(Some((name, stored)))
            }
            _ => Err(self.damaged("is damaged")),
        }
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let count = self.consume(|bytes| entry::take_bytes(bytes, 1).and_then(|_| entry::take_u64(bytes)));
        let crc = self.crc;
        let stated = self.consume(entry::take_u32);
        let is_end = self.at == self.size && self.rest().is_empty();
        if count == Some(self.count) && stated == Some(crc) && is_end {
            return Ok(());
        }
        Err(self.damaged("is damaged"))
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    fn consume<T>(&mut self, take: impl FnOnce(&mut &[u8]) -> Option<T>) -> Option<T> {
        let before = self.buffer.get(self.used..)?;
        let mut after = before;
        let taken = take(&mut after)?;
        let length = before.len() - after.len();
        self.crc = crc32c::crc32c_append(self.crc, before.get(..length)?);
        self.used += length;
        Some(taken)
    }

    fn fill(&mut self) -> Result<(), StoreError> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let more = (self.size - self.at).min(CHUNK as u64);
        let start = self.buffer.len();
        self.buffer.resize(start + more as usize, 0);
        let chunk = self.buffer.get_mut(start..).unwrap_or_default();
        self.file.read_at(self.at, chunk).map_err(refusal)?;
        self.at += more;
        Ok(())
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::Damaged(format!("{} {what}", self.name))
    }
}

/// Reads a whole checkpoint and says after which commit it was made.
pub(super) fn verify(disk: &dyn Disk, sequence: u64) -> Result<Commit, StoreError> {
    let mut reader = Reader::open(disk, sequence)?;
    while reader.next()?.is_some() {}
    Ok(reader.commit)
}

struct Writer {
    file: Box<dyn DiskFile>,
    at: u64,
    buffer: Vec<u8>,
    crc: u32,
    count: u64,
}

impl Writer {
    fn create(disk: &dyn Disk, commit: Commit) -> Result<Self, StoreError> {
        let file = disk.create(PREPARED).map_err(refusal)?;
        let mut buffer = Vec::with_capacity(CHUNK + entry::STORED);
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(&commit.sequence.to_be_bytes());
        buffer.extend_from_slice(&commit.crc.to_be_bytes());
        Ok(Self { file, at: 0, buffer, crc: 0, count: 0 })
    }

    fn put(&mut self, name: &[u8], stored: &[u8]) -> Result<(), StoreError> {
        entry::put(&mut self.buffer, name, Some(stored))?;
        self.count += 1;
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.file.write_at(self.at, &self.buffer).map_err(refusal)?;
        self.at += self.buffer.len() as u64;
        self.crc = crc32c::crc32c_append(self.crc, &self.buffer);
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self, disk: &dyn Disk, sequence: u64) -> Result<(), StoreError> {
        self.buffer.push(0);
        self.buffer.extend_from_slice(&self.count.to_be_bytes());
        self.flush()?;
        self.buffer.extend_from_slice(&self.crc.to_be_bytes());
        self.flush()?;
        self.file.sync().map_err(refusal)?;
        disk.rename(PREPARED, &file_name(sequence)).map_err(refusal)?;
        disk.sync_folder().map_err(refusal)
    }
}

/// Writes the checkpoint after `commit`: the one before it, if any, and the journal files since. `visit` sees
/// every entry of the new one.
pub(super) fn merge(
    disk: &dyn Disk,
    before: Option<u64>,
    journals: &[u64],
    commit: Commit,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<(), StoreError> {
    let changes = changes_of(disk, journals, commit)?;
    let mut writer = Writer::create(disk, commit)?;
    merged(disk, before, &changes, &mut |name, stored| {
        visit(name, stored);
        writer.put(name, stored)
    })?;
    writer.finish(disk, commit.sequence)
}

/// Visits what a checkpoint, if any, and changes since hold together, by rising name.
pub(super) fn merged<E: From<StoreError>>(
    disk: &dyn Disk,
    before: Option<u64>,
    changes: &Changes,
    put: &mut impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut old = before.map(|sequence| Reader::open(disk, sequence)).transpose()?;
    let mut next_old = || old.as_mut().map_or(Ok(None), Reader::next);
    let mut kept = next_old()?;
    for (name, stored) in changes {
        while let Some((old_name, old_stored)) = kept.take_if(|(old_name, _)| &*old_name < name) {
            put(&old_name, &old_stored)?;
            kept = next_old()?;
        }
        if kept.as_ref().is_some_and(|(old_name, _)| old_name == name) {
            kept = next_old()?;
        }
        if let Some(stored) = stored {
            put(name, stored)?;
        }
    }
    while let Some((name, stored)) = kept {
        put(&name, &stored)?;
        kept = next_old()?;
    }
    Ok(())
}

/// The last change of every name in the journal files, which must end with `commit`.
fn changes_of(disk: &dyn Disk, journals: &[u64], commit: Commit) -> Result<Changes, StoreError> {
    let mut changes = Changes::new();
    let mut last = Commit::default();
    for &first in journals {
        let content = Content::read(disk, first, false)?;
        for frame in content.frames() {
            let new: Vec<Entry> = frame.changes()?.into_iter().collect();
            changes.extend(new);
            last = Commit { sequence: frame.sequence, crc: frame.crc };
        }
    }
    if last != commit {
        return Err(StoreError::Damaged(format!("the journal does not end with commit {}", commit.sequence)));
    }
    Ok(changes)
}
