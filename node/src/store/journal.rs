//! The journal: every commit is one frame at the end of an append-only file, synced once.
//!
//! ```text
//! file  = journal-<first sequence, 16 hex digits>.kj
//!       = "KITH-J1\n" ‖ salt u32 ‖ CRC-32C of both u32 ‖ frames ‖ zeroes
//! frame = length of payload u32 ‖ CRC-32C u32 ‖ sequence u64 ‖ payload (entries, see `entry`)
//! ```
//!
//! The checksum of a frame begins with the salt of its file and covers length, sequence and payload. The salt is
//! random so that nobody can send us a letter whose body, met inside a half-written frame, passes for a frame.
//!
//! Files grow by zeroed steps: a sync that need not change the file's length is a third cheaper (measured on
//! ext4). Only one frame is ever unsynced, so a bad frame is a torn tail only at the very end of the last file;
//! a bad frame with a good one behind it is damage, and so is any in an earlier file.

use std::sync::Arc;

use kith_protocol::store::StoreError;

use super::disk::{self, Disk, DiskFile, refusal};
use super::{entry, vault};

/// The largest payload: a step is never split, so a larger one is refused.
pub(super) const FRAME: usize = 8 * 1024 * 1024;
/// How much a file grows at a time.
const GROWTH: u64 = 1024 * 1024;
const MAGIC: &[u8; 8] = b"KITH-J1\n";
const FILE_HEADER: usize = 16;
const FRAME_HEADER: usize = 16;
/// The largest file that is read: it is rolled long before.
const FILE: u64 = 256 * 1024 * 1024;
/// Under this name a file is prepared.
pub(super) const PREPARED: &str = "journal.tmp";

/// The name of the file whose first frame has this sequence.
pub(super) fn file_name(first: u64) -> String {
    format!("journal-{first:016x}.kj")
}

/// The sequences that a folder's journal files begin with, rising.
pub(super) fn files(names: &[String]) -> Vec<u64> {
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| numbered(name, "journal-", ".kj")).collect();
    firsts.sort_unstable();
    firsts
}

/// The number of 16 hex digits between `before` and `after`.
///
/// Numbers that no home reaches are not ours, so that sums of ours cannot overflow.
pub(super) fn numbered(name: &str, before: &str, after: &str) -> Option<u64> {
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    (digits.len() == 16 && number < 1 << 62).then_some(number)
}

/// One commit as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'b> {
    pub sequence: u64,
    pub crc: u32,
    payload: &'b [u8],
}

impl Frame<'_> {
    /// The changes of this commit.
    pub fn changes(&self) -> Result<entry::Changes, StoreError> {
        let mut rest = self.payload;
        let mut changes = entry::Changes::new();
        while !rest.is_empty() {
            let (name, stored) = entry::take(&mut rest).ok_or_else(|| {
                StoreError::Damaged(format!("commit {} of the journal has an unknown form", self.sequence))
            })?;
            changes.insert(name, stored);
        }
        Ok(changes)
    }
}

/// A journal file in memory.
#[derive(Debug)]
pub(super) struct Content {
    first: u64,
    salt: u32,
    bytes: Vec<u8>,
    /// Where the good frames end.
    end: usize,
    last: u64,
    last_crc: u32,
    /// Bytes behind `end` that were written but are no frame.
    torn: u64,
}

impl Content {
    /// Reads a file and checks every frame. Only the last file of a journal may have a torn tail.
    pub fn read(disk: &dyn Disk, first: u64, is_last: bool) -> Result<Self, StoreError> {
        let name = file_name(first);
        let bytes = disk::read_whole(disk, &name, FILE)?;
        let salt = salt_of(&bytes).ok_or_else(|| StoreError::Damaged(format!("{name} has no good header")))?;
        let mut content =
            Self { first, salt, bytes, end: FILE_HEADER, last: first.saturating_sub(1), last_crc: 0, torn: 0 };
        while let Some((end, sequence, crc)) =
            content.frame_at(content.end).map(|(end, frame)| (end, frame.sequence, frame.crc))
        {
            if sequence != content.last + 1 {
                return Err(StoreError::Damaged(format!("{name} lacks commit {}", content.last + 1)));
            }
            (content.end, content.last, content.last_crc) = (end, sequence, crc);
        }
        let tail = content.bytes.get(content.end..).unwrap_or_default();
        content.torn = tail.iter().rposition(|&byte| byte != 0).map_or(0, |at| at as u64 + 1);
        if content.torn > 0 && (!is_last || content.has_frame_behind_the_end()) {
            return Err(StoreError::Damaged(format!("{name} is damaged at byte {}", content.end)));
        }
        Ok(content)
    }

    /// The good frames.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut at = FILE_HEADER;
        std::iter::from_fn(move || {
            let (end, frame) = (at < self.end).then(|| self.frame_at(at)).flatten()?;
            at = end;
            Some(frame)
        })
    }

    fn frame_at(&self, at: usize) -> Option<(usize, Frame<'_>)> {
        let (frame, length) = header_at(&self.bytes, at)?;
        let start = at + FRAME_HEADER;
        let payload = self.bytes.get(start..start.checked_add(length)?)?;
        let good = checksum(self.salt, frame.sequence, payload) == frame.crc;
        good.then_some((start + length, Frame { payload, ..frame }))
    }

    /// True if a later commit lies somewhere behind the bad frame, which then was written whole once.
    fn has_frame_behind_the_end(&self) -> bool {
        // A sequence in this narrow range is met by chance once in 2^44 places, so few checksums are computed.
        let later = self.last + 2..self.last + 2 + (1 << 20);
        (self.end + 1..self.bytes.len()).any(|at| {
            header_at(&self.bytes, at).is_some_and(|(frame, _)| later.contains(&frame.sequence))
                && self.frame_at(at).is_some()
        })
    }

    fn is_empty(&self) -> bool {
        self.end == FILE_HEADER && self.torn == 0
    }
}

fn salt_of(bytes: &[u8]) -> Option<u32> {
    let (mut header, _) = bytes.split_first_chunk::<FILE_HEADER>().map(|(header, rest)| (&header[..], rest))?;
    let checked = header.get(..12)?;
    let magic = entry::take_bytes(&mut header, MAGIC.len())?;
    let salt = entry::take_u32(&mut header)?;
    (magic == MAGIC && entry::take_u32(&mut header)? == crc32c::crc32c(checked)).then_some(salt)
}

/// The frame header at a place, with an empty payload, and the length of the payload. No frame is empty.
fn header_at(bytes: &[u8], at: usize) -> Option<(Frame<'_>, usize)> {
    let mut header = bytes.get(at..at.checked_add(FRAME_HEADER)?)?;
    let length = entry::take_u32(&mut header)? as usize;
    let crc = entry::take_u32(&mut header)?;
    let sequence = entry::take_u64(&mut header)?;
    (1..=FRAME).contains(&length).then_some((Frame { sequence, crc, payload: &[] }, length))
}

fn checksum(salt: u32, sequence: u64, payload: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(salt, &(payload.len() as u64).to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(crc, &sequence.to_be_bytes()), payload)
}

/// All journal files that are newer than the checkpoint.
#[derive(Debug)]
pub(super) struct Contents {
    files: Vec<Content>,
    /// Bytes of a torn tail.
    pub torn: u64,
}

impl Contents {
    /// Reads the files beginning with these sequences; the first must follow `checkpoint`.
    pub fn read(disk: &dyn Disk, firsts: &[u64], checkpoint: u64) -> Result<Self, StoreError> {
        let mut files: Vec<Content> = Vec::new();
        let mut firsts = firsts.to_vec();
        if let &[_, .., last] = firsts.as_slice()
            && Content::read(disk, last, true)?.is_empty()
        {
            // Begun by a roll that may have failed just then, so that the file before it went on.
            disk.remove(&file_name(last)).map_err(refusal)?;
            firsts.pop();
        }
        for (place, &first) in firsts.iter().enumerate() {
            let content = Content::read(disk, first, place + 1 == firsts.len())?;
            let expected = files.last().map_or(checkpoint, |before| before.last) + 1;
            if first != expected {
                return Err(StoreError::Damaged(format!("{} is missing", file_name(expected))));
            }
            files.push(content);
        }
        if files.is_empty() {
            return Err(StoreError::Damaged(format!("{} is missing", file_name(checkpoint + 1))));
        }
        let torn = files.last().map_or(0, |last| last.torn);
        Ok(Self { files, torn })
    }

    /// All frames, in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.files.iter().flat_map(Content::frames)
    }
}

/// A frame was not written.
#[derive(Debug)]
pub(super) struct NotWritten {
    /// Why.
    pub cause: StoreError,
    /// True if the file is again as it was before.
    pub is_cut: bool,
}

/// The journal, open at its end.
#[derive(Debug)]
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    /// Sequence of the first frame of this file.
    pub first: u64,
    salt: u32,
    /// Where the good frames end.
    end: u64,
    /// Length of the file.
    size: u64,
    /// Sequence of the last frame.
    pub last: u64,
    /// Checksum of the last frame.
    pub last_crc: u32,
    /// First sequences of the files before this one.
    pub closed: Vec<u64>,
    closed_bytes: u64,
}

impl Journal {
    /// Begins a journal or its next file; `last_crc` is of the frame before.
    pub fn create(disk: Arc<dyn Disk>, first: u64, last_crc: u32) -> Result<Self, StoreError> {
        let mut salt = [0; 4];
        vault::random(&mut salt)?;
        let mut header = [&MAGIC[..], &salt].concat();
        header.extend_from_slice(&crc32c::crc32c(&header).to_be_bytes());
        let file = Self::prepare(&*disk, first, &header).map_err(refusal)?;
        Ok(Self {
            disk,
            file,
            first,
            salt: u32::from_be_bytes(salt),
            end: FILE_HEADER as u64,
            size: FILE_HEADER as u64,
            last: first.saturating_sub(1),
            last_crc,
            closed: Vec::new(),
            closed_bytes: 0,
        })
    }

    /// Writes the header under another name, so that a file with a journal's name always has a good one.
    fn prepare(disk: &dyn Disk, first: u64, header: &[u8]) -> std::io::Result<Box<dyn DiskFile>> {
        let written = (|| {
            let file = disk.create(PREPARED)?;
            file.write_at(0, header)?;
            file.sync()?;
            disk.rename(PREPARED, &file_name(first))?;
            disk.sync_folder()?;
            Ok(file)
        })();
        if written.is_err() {
            // Whichever of the two names is there; an empty file that stays is known for what it is at open.
            let _ = disk.remove(PREPARED);
            let _ = disk.remove(&file_name(first));
        }
        written
    }

    /// Opens the end of what was read, and cuts off a torn tail. `checkpoint_crc` is the checksum of the last
    /// frame in the checkpoint.
    pub fn open(disk: Arc<dyn Disk>, contents: &Contents, checkpoint_crc: u32) -> Result<Self, StoreError> {
        let (active, closed) = contents.files.split_last().ok_or(StoreError::Failed)?;
        let file = disk.open(&file_name(active.first)).map_err(refusal)?;
        let mut journal = Self {
            disk,
            file,
            first: active.first,
            salt: active.salt,
            end: active.end as u64,
            size: active.bytes.len() as u64,
            last: active.last,
            last_crc: contents.frames().last().map_or(checkpoint_crc, |frame| frame.crc),
            closed: closed.iter().map(|content| content.first).collect(),
            closed_bytes: closed.iter().map(|content| content.end as u64).sum(),
        };
        if active.torn > 0 {
            journal.cut().map_err(refusal)?;
        } else {
            // A process that was killed before its sync may have left a whole frame that is not durable yet.
            journal.file.sync().map_err(refusal)?;
        }
        Ok(journal)
    }

    /// Bytes in frames since the last checkpoint.
    pub fn bytes(&self) -> u64 {
        self.closed_bytes + self.end - FILE_HEADER as u64
    }

    /// True if this file holds no frame yet.
    pub fn is_fresh(&self) -> bool {
        self.end == FILE_HEADER as u64
    }

    /// Appends a frame and syncs it.
    pub fn append(&mut self, payload: &[u8]) -> Result<(), NotWritten> {
        if payload.is_empty() || payload.len() > FRAME {
            return Err(NotWritten { cause: StoreError::TooLarge, is_cut: true });
        }
        let sequence = self.last + 1;
        let crc = checksum(self.salt, sequence, payload);
        let mut frame = Vec::with_capacity(FRAME_HEADER + payload.len());
        frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        frame.extend_from_slice(&crc.to_be_bytes());
        frame.extend_from_slice(&sequence.to_be_bytes());
        frame.extend_from_slice(payload);
        if let Err(error) = self.write(&frame) {
            let is_cut = self.cut().is_ok();
            return Err(NotWritten { cause: refusal(error), is_cut });
        }
        self.end += frame.len() as u64;
        (self.last, self.last_crc) = (sequence, crc);
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> std::io::Result<()> {
        let end = self.end + frame.len() as u64;
        if end > self.size {
            self.grow(end);
        }
        self.file.write_at(self.end, frame)?;
        self.file.sync()?;
        self.size = self.size.max(end);
        Ok(())
    }

    /// Writes zeroes ahead. If there is no room for them there may still be room for the frame.
    fn grow(&mut self, needed: u64) {
        let size = needed + GROWTH;
        let zeroes = vec![0; usize::try_from(size - self.size).unwrap_or(0)];
        match self.file.write_at(self.size, &zeroes) {
            Ok(()) => self.size = size,
            Err(_) => drop(self.file.set_size(self.size)),
        }
    }

    /// Cuts everything behind the last good frame.
    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_size(self.end)?;
        self.size = self.end;
        self.file.sync()
    }

    /// Goes on in a new file, so that the old ones can be merged into a checkpoint.
    pub fn roll(&mut self) -> Result<(), StoreError> {
        if self.is_fresh() {
            return Ok(());
        }
        let mut next = Self::create(Arc::clone(&self.disk), self.last + 1, self.last_crc)?;
        // Zeroes that stay do no harm, so neither success nor durability matters here.
        let _ = self.file.set_size(self.end);
        next.closed = std::mem::take(&mut self.closed);
        next.closed.push(self.first);
        next.closed_bytes = self.bytes();
        *self = next;
        Ok(())
    }

    /// Forgets the closed files that the checkpoint after this commit replaced.
    pub fn superseded(&mut self, sequence: u64) {
        self.closed.retain(|&first| first > sequence);
        if self.closed.is_empty() {
            self.closed_bytes = 0;
        }
    }
}
