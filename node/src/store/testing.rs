//! A disk that forgets what was not synced, for tests of what is built on one.
//!
//! It keeps for every file what is durable and what is not, and the same for names. [`ForgetfulDisk::crash`] keeps a
//! random part of the rest, as a power cut may: a prefix, or scattered sectors. It can refuse operations after a
//! number of them, and writes down their order.
#![allow(clippy::expect_used, reason = "a lock is poisoned only by a test that failed already")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::disk::{Disk, DiskFile};

/// Bytes that a medium writes as one.
const SECTOR: usize = 512;

/// Something that was done to a disk. Reading is not written down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named as the operation of `Disk` or `DiskFile`")]
pub enum Operation {
    Create {
        name: String,
    },
    Write {
        name: String,
        offset: u64,
        length: usize,
    },
    SetSize {
        name: String,
        size: u64,
    },
    Sync {
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    SyncFolder,
    /// A test says that something else happened here, such as a receipt that was sent.
    Note(String),
}

/// How a disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing more fits (`ENOSPC`): files do not grow; of a write that does not fit, half is written.
    Full,
    /// Everything that changes the disk fails (`EIO`), after half of a write.
    Broken,
    /// Everything that changes the disk is refused (`EROFS`).
    ReadOnly,
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::Full => io::ErrorKind::StorageFull.into(),
            Self::Broken => io::Error::from_raw_os_error(5),
            Self::ReadOnly => io::ErrorKind::ReadOnlyFilesystem.into(),
        }
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetSize(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::SetSize(size) => content.resize(*size, 0),
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                if let Some(place) = content.get_mut(*offset..end) {
                    place.copy_from_slice(bytes);
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Inode {
    durable: Vec<u8>,
    now: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Naming {
    Create(String, u64),
    Rename(String, String, u64),
    Remove(String),
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Create(name, inode) => drop(names.insert(name.clone(), *inode)),
            Self::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
            Self::Remove(name) => drop(names.remove(name)),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    pending_names: Vec<Naming>,
    /// How many crashes there were: handles from before one are dead.
    life: u64,
    trace: Vec<Operation>,
    fault: Option<(u64, Fault)>,
}

impl State {
    /// Counts an operation and writes it down, or refuses it. `grows`: a full disk has no room for it.
    fn admit(&mut self, operation: Operation, grows: bool) -> io::Result<()> {
        match &mut self.fault {
            Some((0, fault)) if grows || *fault != Fault::Full => return Err(fault.error()),
            Some((0, _)) | None => {}
            Some((left, _)) => *left -= 1,
        }
        self.trace.push(operation);
        Ok(())
    }

    fn named(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct ForgetfulDisk {
    state: Arc<Mutex<State>>,
    life: u64,
}

impl ForgetfulDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power and gives the disk as it is found afterwards. This one and all its open files are dead.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let mut state = self.lock();
        let mut dice = Dice(seed);
        let mut names = std::mem::take(&mut state.durable_names);
        for naming in std::mem::take(&mut state.pending_names) {
            if dice.roll(2) == 0 {
                naming.apply(&mut names);
            }
        }
        state.inodes.retain(|inode, _| names.values().any(|named| named == inode));
        for inode in state.inodes.values_mut() {
            keep_some(inode, &mut dice);
        }
        state.names.clone_from(&names);
        state.durable_names = names;
        state.fault = None;
        state.life += 1;
        let life = state.life;
        drop(state);
        Self { state: Arc::clone(&self.state), life }
    }

    /// After `operations` more that change something, the disk fails in this way.
    pub fn fail_after(&self, operations: u64, fault: Fault) {
        self.lock().fault = Some((operations, fault));
    }

    /// The disk works again.
    pub fn heal(&self) {
        self.lock().fault = None;
    }

    /// Writes into the trace that something happened outside of the disk.
    pub fn note(&self, what: &str) {
        self.lock().trace.push(Operation::Note(what.to_owned()));
    }

    /// What was done since the trace was last taken, in order.
    pub fn take_trace(&self) -> Vec<Operation> {
        std::mem::take(&mut self.lock().trace)
    }

    /// The content of a file as it is now.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        Some(state.inodes.get(state.names.get(name)?)?.now.clone())
    }

    /// Replaces a file by durable bytes, as damage or a person might.
    pub fn overwrite(&self, name: &str, bytes: &[u8]) {
        let mut state = self.lock();
        let Ok(inode) = state.named(name) else { return };
        let inode = state.inodes.entry(inode).or_default();
        *inode = Inode { durable: bytes.to_vec(), now: bytes.to_vec(), pending: Vec::new() };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test failed while it held the disk")
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.life == self.life { Ok(state) } else { Err(io::ErrorKind::NotConnected.into()) }
    }

    fn file(&self, inode: u64, name: &str) -> Box<dyn DiskFile> {
        Box::new(ForgetfulFile { disk: self.clone(), inode, name: name.to_owned() })
    }
}

/// Keeps a random part of what was not synced.
fn keep_some(inode: &mut Inode, dice: &mut Dice) {
    let pending = std::mem::take(&mut inode.pending);
    if dice.roll(2) == 0 {
        // In order, the last one torn.
        let kept = dice.roll(pending.len() as u64 + 1) as usize;
        pending.iter().take(kept).for_each(|change| change.apply(&mut inode.durable));
        if let Some(Change::Write { offset, bytes }) = pending.get(kept) {
            let length = dice.roll(bytes.len() as u64 + 1) as usize;
            let bytes = bytes.iter().copied().take(length).collect();
            Change::Write { offset: *offset, bytes }.apply(&mut inode.durable);
        }
    } else {
        // Sector by sector, in any order.
        for change in pending {
            match change {
                Change::SetSize(_) if dice.roll(2) == 0 => change.apply(&mut inode.durable),
                Change::SetSize(_) => {}
                Change::Write { offset, bytes } => {
                    for (place, sector) in bytes.chunks(SECTOR).enumerate().filter(|_| dice.roll(2) == 0) {
                        let offset = offset + place * SECTOR;
                        Change::Write { offset, bytes: sector.to_vec() }.apply(&mut inode.durable);
                    }
                }
            }
        }
    }
    inode.now.clone_from(&inode.durable);
}

/// A small generator (SplitMix64), so that a seed tells the whole story.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }
}

impl Disk for ForgetfulDisk {
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.alive()?.named(name)?;
        Ok(self.file(inode, name))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.alive()?;
        state.admit(Operation::Create { name: name.to_owned() }, true)?;
        state.next_inode += 1;
        let inode = state.next_inode;
        state.inodes.insert(inode, Inode::default());
        state.names.insert(name.to_owned(), inode);
        state.pending_names.push(Naming::Create(name.to_owned(), inode));
        Ok(self.file(inode, name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.alive()?.names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.alive()?;
        let inode = state.named(from)?;
        state.admit(Operation::Rename { from: from.to_owned(), to: to.to_owned() }, false)?;
        let naming = Naming::Rename(from.to_owned(), to.to_owned(), inode);
        naming.apply(&mut state.names);
        state.pending_names.push(naming);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.alive()?;
        state.named(name)?;
        state.admit(Operation::Remove { name: name.to_owned() }, false)?;
        state.names.remove(name);
        state.pending_names.push(Naming::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.alive()?;
        state.admit(Operation::SyncFolder, false)?;
        state.pending_names.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct ForgetfulFile {
    disk: ForgetfulDisk,
    inode: u64,
    name: String,
}

impl ForgetfulFile {
    fn with<T>(&self, run: impl FnOnce(&mut State, &str) -> io::Result<T>) -> io::Result<T> {
        run(&mut *self.disk.alive()?, &self.name)
    }
}

impl DiskFile for ForgetfulFile {
    fn size(&self) -> io::Result<u64> {
        self.with(|state, _| Ok(state.inodes.entry(self.inode).or_default().now.len() as u64))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.with(|state, _| {
            let content = &state.inodes.entry(self.inode).or_default().now;
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let found = content.get(start..start.saturating_add(buffer.len()));
            buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|state, name| {
            let size = state.inodes.entry(self.inode).or_default().now.len();
            let end = offset + bytes.len() as u64;
            let operation = Operation::Write { name: name.to_owned(), offset, length: bytes.len() };
            let admitted = state.admit(operation, end > size as u64);
            let fails_clean = matches!(&state.fault, Some((_, Fault::ReadOnly)));
            let length = match &admitted {
                Ok(()) => bytes.len(),
                Err(_) if fails_clean => 0,
                Err(_) => bytes.len() / 2,
            };
            let bytes = bytes.iter().copied().take(length).collect();
            let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
            change(state, self.inode, Change::Write { offset, bytes });
            admitted
        })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.with(|state, name| {
            let now = state.inodes.entry(self.inode).or_default().now.len() as u64;
            state.admit(Operation::SetSize { name: name.to_owned(), size }, size > now)?;
            change(state, self.inode, Change::SetSize(usize::try_from(size).unwrap_or(usize::MAX)));
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state, name| {
            state.admit(Operation::Sync { name: name.to_owned() }, false)?;
            let inode = state.inodes.entry(self.inode).or_default();
            for change in std::mem::take(&mut inode.pending) {
                change.apply(&mut inode.durable);
            }
            Ok(())
        })
    }
}

fn change(state: &mut State, inode: u64, change: Change) {
    let inode = state.inodes.entry(inode).or_default();
    change.apply(&mut inode.now);
    inode.pending.push(change);
}
