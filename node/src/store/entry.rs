//! How one key and its value are written, the same way in journal, checkpoint and index.
//!
//! ```text
//! entry  = length of name u8 (1..=129) ‖ name ‖ length of stored u32 ‖ stored
//! name   = table number u8 ‖ key
//! stored = nothing: the key is removed
//!        | 1 ‖ the value itself, at most limits::INLINE_VALUE bytes
//!        | 2 ‖ segment u32 ‖ offset u32 ‖ length u32 ‖ CRC-32C of the value u32
//! ```
//!
//! Numbers are big-endian. Values of secret tables are sealed before they come here (see `vault`).

use std::collections::BTreeMap;

use kith_protocol::limits;
use kith_protocol::store::{StoreError, Table};

const INLINE: u8 = 1;
const SEGMENT: u8 = 2;

/// The longest name: table number and key.
const NAME: usize = 1 + limits::STORE_KEY;
const _: () = assert!(NAME <= u8::MAX as usize, "a name's length is one byte");
/// The longest stored form.
pub(super) const STORED: usize = 1 + if limits::INLINE_VALUE > 16 { limits::INLINE_VALUE } else { 16 };

/// Changes by name: the stored form, or none to remove the name.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Table number ‖ key.
pub(super) fn name(table: Table, key: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(1 + key.len());
    name.push(table.number());
    name.extend_from_slice(key);
    name
}

/// Where a large value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    pub segment: u32,
    pub offset: u32,
    pub length: u32,
    pub crc: u32,
}

/// A stored form taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored<'b> {
    Inline(&'b [u8]),
    Segment(Pointer),
}

impl<'b> Stored<'b> {
    /// Takes a stored form apart.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("a stored value has no known form".to_owned());
        match bytes.split_first().ok_or_else(damaged)? {
            (&INLINE, value) => Ok(Self::Inline(value)),
            (&SEGMENT, mut rest) if rest.len() == 16 => {
                let mut next = || take_u32(&mut rest).ok_or_else(damaged);
                Ok(Self::Segment(Pointer { segment: next()?, offset: next()?, length: next()?, crc: next()? }))
            }
            _ => Err(damaged()),
        }
    }

    /// The stored form.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Inline(value) => [&[INLINE], *value].concat(),
            Self::Segment(pointer) => {
                let Pointer { segment, offset, length, crc } = pointer;
                let mut bytes = vec![SEGMENT];
                for number in [segment, offset, length, crc] {
                    bytes.extend_from_slice(&number.to_be_bytes());
                }
                bytes
            }
        }
    }
}

/// The pointer in a stored form, if it has one.
pub(super) fn pointer(stored: &[u8]) -> Option<Pointer> {
    match Stored::parse(stored) {
        Ok(Stored::Segment(pointer)) => Some(pointer),
        _ => None,
    }
}

/// Appends an entry.
pub(super) fn put(out: &mut Vec<u8>, name: &[u8], stored: Option<&[u8]>) -> Result<(), StoreError> {
    let stored = stored.unwrap_or_default();
    let name_length = u8::try_from(name.len()).map_err(|_| StoreError::TooLarge)?;
    let stored_length = u32::try_from(stored.len()).map_err(|_| StoreError::TooLarge)?;
    out.push(name_length);
    out.extend_from_slice(name);
    out.extend_from_slice(&stored_length.to_be_bytes());
    out.extend_from_slice(stored);
    Ok(())
}

/// A name and its stored form, if it has one.
pub(super) type Entry = (Vec<u8>, Option<Vec<u8>>);

/// Takes an entry off the front of `bytes`; none if it is cut short or breaks a bound.
pub(super) fn take(bytes: &mut &[u8]) -> Option<Entry> {
    let length = usize::from(*take_bytes(bytes, 1)?.first()?);
    if !(1..=NAME).contains(&length) {
        return None;
    }
    let name = take_bytes(bytes, length)?.to_vec();
    let length = usize::try_from(take_u32(bytes)?).ok().filter(|&length| length <= STORED)?;
    let stored = take_bytes(bytes, length)?;
    Some((name, (!stored.is_empty()).then(|| stored.to_vec())))
}

pub(super) fn take_bytes<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

pub(super) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*taken))
}

pub(super) fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_on_disk_are_these() {
        let mut bytes = Vec::new();
        put(&mut bytes, &name(Table::People, b"ana"), Some(&Stored::Inline(b"hi").bytes())).unwrap();
        put(&mut bytes, &name(Table::Meta, b""), None).unwrap();
        let pointer = Pointer { segment: 1, offset: 2, length: 3, crc: 4 };
        put(&mut bytes, &name(Table::Outbox, b"x"), Some(&Stored::Segment(pointer).bytes())).unwrap();
        assert_eq!(
            bytes,
            b"\x04\x04ana\0\0\0\x03\x01hi\
              \x01\x01\0\0\0\0\
              \x02\x0ax\0\0\0\x11\x02\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04"
        );
        let mut rest = &bytes[..];
        assert_eq!(take(&mut rest), Some((b"\x04ana".to_vec(), Some(b"\x01hi".to_vec()))));
        assert_eq!(take(&mut rest), Some((b"\x01".to_vec(), None)));
        let (_, stored) = take(&mut rest).unwrap();
        assert_eq!(Stored::parse(&stored.unwrap()).unwrap(), Stored::Segment(pointer));
        assert!(rest.is_empty());
    }

    #[test]
    fn an_entry_cut_anywhere_is_no_entry() {
        let mut bytes = Vec::new();
        put(&mut bytes, b"\x04ana", Some(b"\x01hi")).unwrap();
        for cut in 0..bytes.len() {
            assert_eq!(take(&mut &bytes[..cut]), None, "cut at {cut}");
        }
        assert_eq!(take(&mut &b"\0\0\0\0\0"[..]), None, "an empty name has not even a table");
    }
}
