//! The files: a log in pieces, written at the end and removed from the beginning.
//!
//! ```text
//! file  = held-<number, 16 hex digits>.km
//!       = "KITH-M1\n" ‖ salt u32 ‖ CRC-32C of both u32 ‖ frames
//! frame = length of payload u32 ‖ CRC-32C u32 ‖ sequence u64 ‖ payload (records, see `record`)
//! ```
//!
//! A frame is what was synced at once. As in the journal of the home, its checksum begins with the salt of its file, so that
//! nobody can leave a parcel here that passes for a frame, and only one frame is ever unsynced: what is bad at the very
//! end of the last file was never acknowledged, and is cut off. What is bad elsewhere is damage, which is stepped over.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::store::disk::{Disk, DiskFile};

/// A file that would begin another frame beyond this is closed and the next begun. With nothing alive at most one remains.
pub(super) const SEGMENT: u64 = 4 * 1024 * 1024;
/// The largest payload.
pub(super) const FRAME: usize = 2 * 1024 * 1024;
const MAGIC: &[u8; 8] = b"KITH-M1\n";
const FILE_HEADER: usize = 16;
const FRAME_HEADER: usize = 16;
/// The largest file that is read.
const FILE: u64 = SEGMENT + FRAME as u64 + 1024;
/// How far a sequence may be from the one before and still be believed.
const NEAR: u64 = 1 << 20;

/// Where bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub segment: u32,
    pub offset: u32,
    pub length: u32,
    pub crc: u32,
}

/// The file that is written to.
#[derive(Debug)]
struct Active {
    number: u32,
    file: Box<dyn DiskFile>,
    salt: u32,
    end: u64,
}

#[derive(Debug)]
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    active: Option<Active>,
    sizes: BTreeMap<u32, u64>,
    next: u32,
    sequence: u64,
}

fn file_name(number: u32) -> String {
    format!("held-{number:016x}.km")
}

fn numbered(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("held-")?.strip_suffix(".km")?;
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 16)?;
    u32::try_from(number).ok()
}

impl Segments {
    /// Reads all files, in their order; `visit` is given every good payload, and where it lies.
    pub fn open(disk: Arc<dyn Disk>, mut visit: impl FnMut(&[u8], u32, u32)) -> io::Result<Self> {
        let mut numbers: Vec<u32> = disk.list()?.iter().filter_map(|name| numbered(name)).collect();
        numbers.sort_unstable();
        let next = numbers.last().map_or(Some(1), |last| last.checked_add(1)).ok_or(io::ErrorKind::FileTooLarge)?;
        let mut all = Self { disk, active: None, sizes: BTreeMap::new(), next, sequence: 0 };
        for &number in &numbers {
            all.read_file(number, numbers.last() == Some(&number), &mut visit)?;
        }
        Ok(all)
    }

    fn read_file(&mut self, number: u32, is_last: bool, visit: &mut impl FnMut(&[u8], u32, u32)) -> io::Result<()> {
        let name = file_name(number);
        let file = self.disk.open(&name)?;
        let mut bytes = vec![0; usize::try_from(file.size()?.min(FILE)).unwrap_or_default()];
        file.read_at(0, &mut bytes)?;
        let Some(salt) = salt_of(&bytes) else {
            return self.set_aside(&name, is_last && bytes.iter().all(|byte| *byte == 0) || bytes.len() < FILE_HEADER);
        };
        let mut end = FILE_HEADER;
        while let Some((start, frame)) = next_frame(&bytes, end, salt, self.sequence) {
            if start != end {
                tracing::error!(file = name, at = end, "a file of the mailboxes is damaged; what is there is lost");
            }
            visit(frame.payload, number, u32::try_from(start + FRAME_HEADER).unwrap_or(u32::MAX));
            (end, self.sequence) = (start + FRAME_HEADER + frame.payload.len(), frame.sequence);
        }
        if is_last && end < bytes.len() {
            tracing::info!(file = name, bytes = bytes.len() - end, "cut off what a crash left unfinished");
            file.set_size(end as u64)?;
            file.sync()?;
        }
        let size = if is_last { end as u64 } else { file.size()? };
        self.sizes.insert(number, size);
        if is_last {
            self.active = Some(Active { number, file, salt, end: size });
        }
        Ok(())
    }

    /// A file without a header: of a crash right after it was made, or damaged.
    fn set_aside(&mut self, name: &str, is_empty: bool) -> io::Result<()> {
        if is_empty {
            return self.disk.remove(name);
        }
        tracing::error!(file = name, "a file of the mailboxes is damaged, and set aside");
        self.disk.rename(name, &format!("{name}.damaged"))
    }

    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        self.sizes.values().sum()
    }

    /// The file that is removed next.
    pub fn oldest(&self) -> Option<u32> {
        self.sizes.keys().next().copied()
    }

    /// True if nothing but the file that is written to is there.
    pub fn is_active(&self, number: u32) -> bool {
        self.active.as_ref().is_some_and(|active| active.number == number)
    }

    /// Where the payload of the next frame will lie.
    pub fn begin(&mut self) -> io::Result<(u32, u32)> {
        if self.active.as_ref().is_none_or(|active| active.end >= SEGMENT) {
            self.roll()?;
        }
        let active = self.active.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let offset = u32::try_from(active.end).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok((active.number, offset + FRAME_HEADER as u32))
    }

    /// Begins another file.
    pub fn roll(&mut self) -> io::Result<()> {
        let mut salt = [0; 4];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let number = self.next;
        let next = number.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
        let header = [&MAGIC[..], &salt].concat();
        let header = [&header[..], &crc32c::crc32c(&header).to_be_bytes()].concat();
        let file = self.disk.create(&file_name(number))?;
        self.next = next;
        file.write_at(0, &header)?;
        file.sync()?;
        self.disk.sync_folder()?;
        let end = FILE_HEADER as u64;
        self.sizes.insert(number, end);
        self.active = Some(Active { number, file, salt: u32::from_be_bytes(salt), end });
        Ok(())
    }

    /// Writes a frame where [`Segments::begin`] said, and syncs it. After an error it is not there, or nobody can tell:
    /// then the files must be read anew.
    pub fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let sequence = self.sequence + 1;
        let active = self.active.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut frame = Vec::with_capacity(FRAME_HEADER + payload.len());
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&checksum(active.salt, sequence, payload).to_be_bytes());
        frame.extend_from_slice(&sequence.to_be_bytes());
        frame.extend_from_slice(payload);
        let written = active.file.write_at(active.end, &frame).and_then(|()| active.file.sync());
        if let Err(error) = written {
            let cut = active.file.set_size(active.end);
            tracing::debug!(?cut, "an unfinished frame is cut off");
            return Err(error);
        }
        active.end += frame.len() as u64;
        self.sizes.insert(active.number, active.end);
        self.sequence = sequence;
        Ok(())
    }

    /// The bytes at a place, checked.
    pub fn read(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; place.length as usize];
        match self.active.as_ref().filter(|active| active.number == place.segment) {
            Some(active) => active.file.read_at(place.offset.into(), &mut bytes)?,
            None => self.disk.open(&file_name(place.segment))?.read_at(place.offset.into(), &mut bytes)?,
        }
        if crc32c::crc32c(&bytes) == place.crc { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Removes a file that nothing is needed of.
    pub fn remove(&mut self, number: u32) -> io::Result<()> {
        self.disk.remove(&file_name(number))?;
        self.sizes.remove(&number);
        self.disk.sync_folder()
    }
}

struct Frame<'b> {
    sequence: u64,
    payload: &'b [u8],
}

fn salt_of(bytes: &[u8]) -> Option<u32> {
    let (header, _) = bytes.split_first_chunk::<FILE_HEADER>()?;
    let (checked, crc) = header.split_last_chunk::<4>()?;
    let (magic, salt) = checked.split_last_chunk::<4>()?;
    let is_good = magic == MAGIC && crc32c::crc32c(checked) == u32::from_be_bytes(*crc);
    is_good.then(|| u32::from_be_bytes(*salt))
}

/// The first good frame from here on, and where it begins.
fn next_frame(bytes: &[u8], from: usize, salt: u32, last: u64) -> Option<(usize, Frame<'_>)> {
    (from..bytes.len().saturating_sub(FRAME_HEADER)).find_map(|at| Some((at, frame_at(bytes, at, salt, last)?)))
}

fn frame_at(bytes: &[u8], at: usize, salt: u32, last: u64) -> Option<Frame<'_>> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (sequence, rest) = rest.split_first_chunk::<8>()?;
    let (length, sequence) = (u32::from_be_bytes(*length) as usize, u64::from_be_bytes(*sequence));
    // The first file that is there may begin anywhere; after that few places pass for a frame and need a checksum.
    let is_near = sequence > last && (last == 0 || sequence - last <= NEAR);
    if !is_near || length == 0 || length > FRAME {
        return None;
    }
    let payload = rest.get(..length)?;
    (checksum(salt, sequence, payload) == u32::from_be_bytes(*crc)).then_some(Frame { sequence, payload })
}

fn checksum(salt: u32, sequence: u64, payload: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(salt, &(payload.len() as u64).to_be_bytes());
    let crc = crc32c::crc32c_append(crc, &sequence.to_be_bytes());
    crc32c::crc32c_append(crc, payload)
}
