//! Large values: append-only files beside the journal, which holds only where they lie.
//!
//! `segment-<number, 16 hex digits>.ks` is nothing but values, one after another; a pointer knows length and
//! checksum. A value is synced before the frame that points at it, so bytes that no pointer knows are waste of
//! a crash or of a removed value, and are overwritten with zeroes after a checkpoint (see `upkeep`).

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use kith_protocol::limits;
use kith_protocol::store::StoreError;

use super::disk::{Disk, DiskFile, refusal};
use super::entry::Pointer;
use super::journal;

/// A segment that would grow beyond this is closed and the next begun.
pub(super) const SEGMENT: u64 = 16 * 1024 * 1024;
/// Segments that are kept open for reading.
const OPEN: usize = 16;

/// The name of a segment's file.
pub(super) fn file_name(number: u32) -> String {
    format!("segment-{number:016x}.ks")
}

/// The segments in a folder, rising.
pub(super) fn files(names: &[String]) -> Vec<u32> {
    let numbers = names.iter().filter_map(|name| journal::numbered(name, "segment-", ".ks"));
    let mut numbers: Vec<u32> = numbers.filter_map(|number| number.try_into().ok()).collect();
    numbers.sort_unstable();
    numbers
}

/// Reads values, from any thread.
#[derive(Debug)]
pub(super) struct Reader {
    disk: Arc<dyn Disk>,
    open: Mutex<BTreeMap<u32, Arc<dyn DiskFile>>>,
}

impl Reader {
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, open: Mutex::default() }
    }

    /// The value at a place, checked.
    pub fn read(&self, place: Pointer) -> Result<Vec<u8>, StoreError> {
        let name = file_name(place.segment);
        let damaged = |what| StoreError::Damaged(format!("{name} {what} at byte {}", place.offset));
        // A sealed value is a little longer than the bound of a plain one.
        if place.length as usize > 2 * limits::STORE_VALUE {
            return Err(damaged("holds no value of this length"));
        }
        let file = self.file(place.segment).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged("is missing and was needed"),
            _ => refusal(error),
        })?;
        let mut value = vec![0; place.length as usize];
        file.read_at(place.offset.into(), &mut value).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("is cut short"),
            _ => refusal(error),
        })?;
        if crc32c::crc32c(&value) != place.crc {
            return Err(damaged("is damaged"));
        }
        Ok(value)
    }

    fn file(&self, number: u32) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&number) {
            return Ok(Arc::clone(file));
        }
        let file: Arc<dyn DiskFile> = self.disk.open(&file_name(number))?.into();
        if open.len() >= OPEN {
            // The oldest segment is the least likely to be asked for again.
            open.pop_first();
        }
        open.insert(number, Arc::clone(&file));
        Ok(file)
    }

    fn forget(&self, number: u32) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }
}

/// The segment that is written to.
#[derive(Debug)]
struct Active {
    number: u32,
    file: Box<dyn DiskFile>,
}

/// Appends values; owned by the storage's thread.
#[derive(Debug)]
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    active: Option<Active>,
    next: u32,
    /// Length of every segment.
    sizes: BTreeMap<u32, u64>,
}

impl Segments {
    /// Opens the segments in the folder and goes on in the last one.
    pub fn open(disk: Arc<dyn Disk>, numbers: &[u32]) -> Result<Self, StoreError> {
        let mut sizes = BTreeMap::new();
        let mut active = None;
        for &number in numbers {
            let file = disk.open(&file_name(number)).map_err(refusal)?;
            sizes.insert(number, file.size().map_err(refusal)?);
            active = Some(Active { number, file });
        }
        let next = match numbers.last() {
            Some(last) => last.checked_add(1).ok_or(StoreError::TooLarge)?,
            None => 1,
        };
        Ok(Self { disk, active, next, sizes })
    }

    /// Length of every segment.
    pub fn sizes(&self) -> &BTreeMap<u32, u64> {
        &self.sizes
    }

    /// The segment that is written to.
    pub fn active(&self) -> Option<u32> {
        self.active.as_ref().map(|active| active.number)
    }

    /// Appends all `values` and syncs them; after an error all is as before.
    pub fn append(&mut self, values: &[&[u8]]) -> Result<Vec<Pointer>, StoreError> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let (sizes, active) = (self.sizes.clone(), self.active());
        let written = self.write(values);
        if written.is_err() {
            self.undo(sizes, active);
        }
        written.map_err(refusal)
    }

    fn write(&mut self, values: &[&[u8]]) -> io::Result<Vec<Pointer>> {
        let mut pointers = Vec::with_capacity(values.len());
        for value in values {
            let (active, offset) = self.room_for(value.len() as u64)?;
            active.file.write_at(offset, value)?;
            let too_far = |_| io::Error::from(io::ErrorKind::FileTooLarge);
            pointers.push(Pointer {
                segment: active.number,
                offset: offset.try_into().map_err(too_far)?,
                length: value.len().try_into().map_err(too_far)?,
                crc: crc32c::crc32c(value),
            });
            let number = active.number;
            self.sizes.insert(number, offset + value.len() as u64);
        }
        if let Some(active) = &self.active {
            active.file.sync()?;
        }
        Ok(pointers)
    }

    /// The active segment and its end; a new one if the value would make it too long.
    fn room_for(&mut self, length: u64) -> io::Result<(&Active, u64)> {
        let end = self.active().and_then(|number| self.sizes.get(&number)).copied();
        match (self.active.take(), end) {
            (Some(active), Some(end)) if end + length <= SEGMENT => Ok((self.active.insert(active), end)),
            (full, _) => {
                if let Some(full) = full {
                    full.file.sync()?;
                }
                let number = self.next;
                self.next = number.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
                self.sizes.insert(number, 0);
                let file = self.disk.create(&file_name(number))?;
                self.disk.sync_folder()?;
                Ok((self.active.insert(Active { number, file }), 0))
            }
        }
    }

    fn undo(&mut self, sizes: BTreeMap<u32, u64>, active: Option<u32>) {
        for number in self.sizes.keys().filter(|number| !sizes.contains_key(number)) {
            // What stays is waste without a pointer, found and removed after the next open.
            let _ = self.disk.remove(&file_name(*number));
        }
        // Without the old file at hand the next value simply begins a new segment.
        self.active = active.and_then(|number| {
            let file = self.disk.open(&file_name(number)).ok()?;
            let _ = file.set_size(*sizes.get(&number)?);
            Some(Active { number, file })
        });
        self.sizes = sizes;
    }

    /// Removes segments that no value lies in.
    pub fn remove(&mut self, numbers: &[u32], reader: &Reader) -> Result<(), StoreError> {
        for number in numbers {
            self.disk.remove(&file_name(*number)).map_err(refusal)?;
            self.sizes.remove(number);
            reader.forget(*number);
            if self.active() == Some(*number) {
                self.active = None;
            }
        }
        if numbers.is_empty() { Ok(()) } else { self.disk.sync_folder().map_err(refusal) }
    }
}
