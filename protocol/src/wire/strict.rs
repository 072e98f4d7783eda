//! The one place that decides whether bytes are deterministic CBOR.

use super::WireError;
use crate::limits::{CBOR_DEPTH, CBOR_ITEMS};

/// Checks that `bytes` are exactly one item in the deterministic encoding of RFC 8949 §4.2.1, made only of
/// integers, byte strings, UTF-8 text, arrays, maps and booleans, at most [`CBOR_DEPTH`] deep.
pub fn check(bytes: &[u8]) -> Result<(), WireError> {
    let rest = item(bytes, 0)?;
    if rest.is_empty() { Ok(()) } else { Err(WireError::Trailing) }
}

/// Checks one item and returns what follows it.
fn item(bytes: &[u8], depth: usize) -> Result<&[u8], WireError> {
    if depth > CBOR_DEPTH {
        return Err(WireError::TooLarge("the nesting"));
    }
    let (head, rest) = Head::read(bytes)?;
    match head.major {
        0 | 1 => Ok(rest),
        2 => skip(rest, head.value),
        3 => text(rest, head.value),
        4 => (0..bounded(head.value)?).try_fold(rest, |rest, _| item(rest, depth + 1)),
        5 => map(rest, bounded(head.value)?, depth),
        // Of the simple values only false (20) and true (21).
        7 if head.value == 20 || head.value == 21 => Ok(rest),
        _ => Err(WireError::ForbiddenType),
    }
}

fn map(mut rest: &[u8], entries: u64, depth: usize) -> Result<&[u8], WireError> {
    let mut previous: Option<&[u8]> = None;
    for _ in 0..entries {
        let after_key = item(rest, depth + 1)?;
        let key = rest.get(..rest.len() - after_key.len()).ok_or(WireError::Truncated)?;
        match previous.map(|previous| previous.cmp(key)) {
            Some(std::cmp::Ordering::Equal) => return Err(WireError::DuplicateKey),
            Some(std::cmp::Ordering::Greater) => return Err(WireError::KeyOrder),
            _ => previous = Some(key),
        }
        rest = item(after_key, depth + 1)?;
    }
    Ok(rest)
}

fn bounded(items: u64) -> Result<u64, WireError> {
    if items > CBOR_ITEMS { Err(WireError::TooLarge("a list")) } else { Ok(items) }
}

fn skip(bytes: &[u8], len: u64) -> Result<&[u8], WireError> {
    let len = usize::try_from(len).map_err(|_| WireError::Truncated)?;
    bytes.get(len..).ok_or(WireError::Truncated)
}

fn text(bytes: &[u8], len: u64) -> Result<&[u8], WireError> {
    let rest = skip(bytes, len)?;
    let text = bytes.get(..bytes.len() - rest.len()).ok_or(WireError::Truncated)?;
    std::str::from_utf8(text).map_err(|_| WireError::BadText)?;
    Ok(rest)
}

/// The first bytes of an item: its major type and its argument.
struct Head {
    major: u8,
    value: u64,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<(Self, &[u8]), WireError> {
        let (&first, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
        let major = first >> 5;
        let (value, rest, least) = match first & 0x1f {
            short @ 0..=23 => (u64::from(short), rest, 0),
            24 => argument::<1>(rest, 24)?,
            25 => argument::<2>(rest, 0x100)?,
            26 => argument::<4>(rest, 0x1_0000)?,
            27 => argument::<8>(rest, 0x1_0000_0000)?,
            31 => return Err(WireError::Indefinite),
            _ => return Err(WireError::ForbiddenType),
        };
        // Under major type 7 a longer argument is a float or a simple value that we do not use.
        if major == 7 && first & 0x1f > 23 {
            return Err(WireError::ForbiddenType);
        }
        if value < least { Err(WireError::NotShortest) } else { Ok((Self { major, value }, rest)) }
    }
}

/// Reads an `N`-byte big-endian argument; `least` is the smallest value that needs so many bytes.
fn argument<const N: usize>(bytes: &[u8], least: u64) -> Result<(u64, &[u8], u64), WireError> {
    let (argument, rest) = bytes.split_first_chunk::<N>().ok_or(WireError::Truncated)?;
    let value = argument.iter().fold(0u64, |value, &byte| (value << 8) | u64::from(byte));
    Ok((value, rest, least))
}
