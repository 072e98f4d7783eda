//! A backup: everything that one home holds, in one file that the recovery words alone open.
//!
//! ```text
//! file   = "KITH-B1\n" ‖ enc 32 ‖ frames ‖ SHA-256 of everything before
//! frame  = length of sealed u32, the top bit set in the last ‖ sealed
//! sealed = the next message of an HPKE context that began with enc (see `crypto::stream`), purpose "kith/1/backup"
//! ```
//!
//! The messages are CBOR: [`Head`], then any number of [`Part`]s, then [`End`]. The digest tells whether a file is whole
//! without the words; it proves nothing against somebody who changes the file, which only the sealing does.
//!
//! It is sealed to a public key, so a node that runs can write one each night and keeps nothing that opens it. Values of
//! secret tables stand in it as they are: what protects them in a home is a key that dies with the machine.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::crypto::seal::{DecryptionKey, EncryptionKey};
use crate::crypto::stream::{OpeningStream, SealingStream, TAG};
use crate::id::IdentityId;
use crate::limits;
use crate::store::Table;
use crate::text::Name;
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};

const MAGIC: &[u8; 8] = b"KITH-B1\n";
/// What a file of a later version begins with.
const MAGIC_OF_ANY: &[u8; 6] = b"KITH-B";
const PURPOSE: &str = "kith/1/backup";
const LAST: u32 = 1 << 31;
/// Bytes of entries after which a part is sealed.
const PART: usize = 64 * 1024;
/// Entries after which a part is sealed.
const ENTRIES: usize = 1_024;
/// The longest sealed message: a part that was one byte short, the largest entry, and what CBOR adds to each entry.
const SEALED: usize = PART + limits::STORE_KEY + limits::STORE_VALUE + 16 * (ENTRIES + 1) + TAG;

/// Why a backup cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It begins like something else.
    #[error("this is no Kith backup")]
    NotABackup,
    /// A later version of Kith wrote it.
    #[error("this backup was written by a newer version of Kith")]
    TooNew,
    /// It is cut short, or a byte of it is not what was written.
    #[error("this backup is damaged: {0}")]
    Damaged(&'static str),
    /// The words do not open it.
    #[error("these words do not open this backup")]
    WrongWords,
    /// The key that it is to be sealed to is none.
    #[error("nothing can be sealed to the key of this home")]
    BadKey,
    /// The system said no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

crate::wire_map! {
    /// Whose backup it is, and from when.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Head {
        /// When it was made.
        1 => pub made: Timestamp,
        /// Whose it is.
        2 => pub identity: IdentityId,
        /// The name on the card.
        3 => pub name: Name,
        /// Which of the owner's machines it was made on; see [`crate::identity::NodeGrant::generation`].
        4 => pub generation: u32,
    }
}

crate::wire_map! {
    /// One stored value.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Entry {
        /// The number of its table.
        1 => pub table: u8,
        /// Its key.
        2 => pub key: Bytes<{ limits::STORE_KEY }>,
        /// The value; one of a secret table is a secret.
        3 => pub value: Bytes<{ limits::STORE_VALUE }>,
    }
}

crate::wire_map! {
    /// Some of the entries.
    #[derive(Clone, PartialEq, Eq, Default)]
    struct Part {
        1 => entries: Vec<Entry>,
    }
}

crate::wire_map! {
    /// How many entries there were.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct End {
        1 => entries: u64,
    }
}

/// Writes a backup, entry after entry.
pub struct BackupWriter<W> {
    out: Hashing<W>,
    stream: SealingStream,
    part: Part,
    size: usize,
    entries: u64,
}

impl<W: Write> BackupWriter<W> {
    /// Begins a backup that whoever has the words of `to` can open. `seed` is fresh randomness.
    pub fn begin(out: W, to: &EncryptionKey, head: &Head, seed: [u8; 32]) -> Result<Self, BackupError> {
        let (stream, enc) = SealingStream::begin(to, PURPOSE, seed).map_err(|_| BackupError::BadKey)?;
        let mut out = Hashing { inner: out, hash: Sha256::new() };
        out.write(MAGIC)?;
        out.write(&enc)?;
        let mut writer = Self { out, stream, part: Part::default(), size: 0, entries: 0 };
        writer.frame(&wire::encode(head), false)?;
        Ok(writer)
    }

    /// Puts one value.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), BackupError> {
        let too_large = |_: WireError| BackupError::Damaged("a value is larger than any that is stored");
        let key = Bytes::new(key.to_vec()).map_err(too_large)?;
        self.size += key.as_slice().len() + value.len();
        let value = Bytes::new(value.to_vec()).map_err(too_large)?;
        self.part.entries.push(Entry { table: table.number(), key, value });
        self.entries += 1;
        if self.size >= PART || self.part.entries.len() >= ENTRIES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), BackupError> {
        let part = std::mem::take(&mut self.part);
        self.size = 0;
        self.frame(&wire::encode(&part), false)
    }

    fn frame(&mut self, plain: &[u8], is_last: bool) -> Result<(), BackupError> {
        let sealed = self.stream.seal(plain, is_last).map_err(|_| BackupError::BadKey)?;
        let length = u32::try_from(sealed.len()).unwrap_or(LAST);
        self.out.write(&(length | if is_last { LAST } else { 0 }).to_be_bytes())?;
        self.out.write(&sealed)
    }

    /// Ends the backup and gives back where it was written to, which the caller makes durable.
    pub fn finish(mut self) -> Result<W, BackupError> {
        if !self.part.entries.is_empty() {
            self.flush()?;
        }
        self.frame(&wire::encode(&End { entries: self.entries }), true)?;
        let Hashing { mut inner, hash } = self.out;
        inner.write_all(&hash.finalize())?;
        inner.flush()?;
        Ok(inner)
    }
}

/// Reads a backup, part after part.
pub struct BackupReader<R> {
    frames: Frames<R>,
    stream: OpeningStream,
    entries: u64,
}

impl<R: Read> BackupReader<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    /// [`BackupError::WrongWords`] if the first message does not open: who ran [`check`] before knows that no byte of it
    /// was lost.
    pub fn begin(input: R, with: &DecryptionKey) -> Result<(Self, Head), BackupError> {
        let mut frames = Frames::begin(input)?;
        let mut stream = OpeningStream::begin(with, PURPOSE, &frames.enc).map_err(|_| BackupError::WrongWords)?;
        let (sealed, is_last) = frames.next()?.ok_or(BackupError::Damaged("it has no beginning"))?;
        let plain = stream.open(&sealed, is_last).map_err(|_| BackupError::WrongWords)?;
        let head = wire::decode(&plain).map_err(|_| BackupError::Damaged("its beginning cannot be read"))?;
        Ok((Self { frames, stream, entries: 0 }, head))
    }

    /// The next entries; none once all were read and nothing is missing.
    pub fn next_part(&mut self) -> Result<Option<Vec<Entry>>, BackupError> {
        let damaged = BackupError::Damaged("a part of it does not open");
        let Some((sealed, is_last)) = self.frames.next()? else {
            return Err(BackupError::Damaged("it has no end"));
        };
        let Ok(plain) = self.stream.open(&sealed, is_last).map(Zeroizing::new) else { return Err(damaged) };
        if is_last {
            let end: End = wire::decode(&plain).map_err(|_| BackupError::Damaged("its end cannot be read"))?;
            let is_whole = self.frames.next()?.is_none() && end.entries == self.entries;
            return if is_whole { Ok(None) } else { Err(BackupError::Damaged("entries are missing")) };
        }
        let part: Part = wire::decode(&plain).map_err(|_| BackupError::Damaged("a part of it cannot be read"))?;
        self.entries += part.entries.len() as u64;
        Ok(Some(part.entries))
    }
}

/// Says whether every byte of a backup is there and as it was written, which needs no words.
pub fn check(input: impl Read) -> Result<(), BackupError> {
    let mut frames = Frames::begin(input)?;
    while frames.next()?.is_some() {}
    Ok(())
}

/// The frames of a file, and its digest.
struct Frames<R> {
    input: Hashing<R>,
    enc: [u8; 32],
    is_over: bool,
}

impl<R: Read> Frames<R> {
    fn begin(input: R) -> Result<Self, BackupError> {
        let mut input = Hashing { inner: input, hash: Sha256::new() };
        let mut magic = [0; 8];
        input.read(&mut magic).map_err(|error| match error {
            BackupError::Damaged(_) => BackupError::NotABackup,
            other => other,
        })?;
        if magic != *MAGIC {
            let is_ours = magic.starts_with(MAGIC_OF_ANY);
            return Err(if is_ours { BackupError::TooNew } else { BackupError::NotABackup });
        }
        let mut enc = [0; 32];
        input.read(&mut enc)?;
        Ok(Self { input, enc, is_over: false })
    }

    /// The next frame, and whether it is the last; none behind the last, when the digest is right and nothing follows.
    fn next(&mut self) -> Result<Option<(Vec<u8>, bool)>, BackupError> {
        if self.is_over {
            return self.digest().map(|()| None);
        }
        let mut length = [0; 4];
        self.input.read(&mut length)?;
        let length = u32::from_be_bytes(length);
        self.is_over = length & LAST != 0;
        let length = (length & !LAST) as usize;
        if length > SEALED {
            return Err(BackupError::Damaged("a part is longer than any that is written"));
        }
        let mut sealed = vec![0; length];
        self.input.read(&mut sealed)?;
        Ok(Some((sealed, self.is_over)))
    }

    fn digest(&mut self) -> Result<(), BackupError> {
        let expected: [u8; 32] = self.input.hash.clone().finalize().into();
        let mut stated = [0; 32];
        self.input.read(&mut stated)?;
        if stated != expected {
            return Err(BackupError::Damaged("its checksum is wrong"));
        }
        match self.input.inner.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(BackupError::Damaged("something follows its end")),
        }
    }
}

/// Hashes what passes.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.hash.update(bytes);
        Ok(self.inner.write_all(bytes)?)
    }
}

impl<R: Read> Hashing<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::Damaged("it is cut short"),
            _ => BackupError::Io(error),
        })?;
        self.hash.update(&*bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
