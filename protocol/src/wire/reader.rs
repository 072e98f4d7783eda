//! Typed reading of bytes that [`super::check`] has accepted.

use minicbor::Decoder;
use minicbor::data::Type;

use super::{Wire, WireError};

/// Reads items one after another.
pub struct Reader<'b> {
    decoder: Decoder<'b>,
}

impl<'b> Reader<'b> {
    /// Starts at the first byte.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { decoder: Decoder::new(bytes) }
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64, WireError> {
        self.decoder.u64().map_err(wrong)
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'b [u8], WireError> {
        self.decoder.bytes().map_err(wrong)
    }

    /// A text string.
    pub fn text(&mut self) -> Result<&'b str, WireError> {
        self.decoder.str().map_err(wrong)
    }

    /// A boolean.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        self.decoder.bool().map_err(wrong)
    }

    /// The head of an array: how many items follow.
    pub fn array(&mut self) -> Result<usize, WireError> {
        let len = self.decoder.array().map_err(wrong)?.ok_or(WireError::Indefinite)?;
        usize::try_from(len).map_err(|_| WireError::TooLarge("a list"))
    }

    /// Bytes that are not read yet.
    pub fn remaining(&self) -> usize {
        self.decoder.input().len().saturating_sub(self.decoder.position())
    }

    /// Ends the reading; nothing may be left.
    pub fn finish(self) -> Result<(), WireError> {
        if self.remaining() == 0 { Ok(()) } else { Err(WireError::Trailing) }
    }
}

fn wrong(error: minicbor::decode::Error) -> WireError {
    if error.is_end_of_input() { WireError::Truncated } else { WireError::WrongType }
}

/// Reads the fields of a map in the order of their keys.
///
/// Keys are in order (the strict check saw to it), so the next key decides: the one asked for, a later one
/// (the field is absent), or an earlier one that nobody asked for (unknown).
pub struct MapReader<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: u64,
    next: Option<i64>,
}

impl<'r, 'b> MapReader<'r, 'b> {
    /// Reads the head of a map.
    pub fn new(reader: &'r mut Reader<'b>) -> Result<Self, WireError> {
        let left = reader.decoder.map().map_err(wrong)?.ok_or(WireError::Indefinite)?;
        Ok(Self { reader, left, next: None })
    }

    /// Reads the field with this key, which must be larger than the key before.
    pub fn field<T: Wire>(&mut self, key: i64) -> Result<T, WireError> {
        match self.peek()? {
            Some(next) if next == key => {
                self.next = None;
                let value = T::decode(self.reader)?;
                // The empty value has one encoding: none.
                if value.is_absent() { Err(WireError::OutOfRange("an empty field")) } else { Ok(value) }
            }
            Some(next) if (0..key).contains(&next) => Err(WireError::UnknownKey(next)),
            _ => T::absent().ok_or(WireError::Missing(key)),
        }
    }

    /// Ends the map: what is left may only be hints with keys below zero.
    pub fn finish(mut self) -> Result<(), WireError> {
        while let Some(next) = self.peek()? {
            if next >= 0 {
                return Err(WireError::UnknownKey(next));
            }
            self.next = None;
            self.reader.decoder.skip().map_err(wrong)?;
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<i64>, WireError> {
        if self.next.is_none() && self.left > 0 {
            self.left -= 1;
            let key = match self.reader.decoder.datatype().map_err(wrong)? {
                Type::String | Type::Bytes | Type::Array | Type::Map | Type::Bool => return Err(WireError::WrongType),
                _ => self.reader.decoder.i64().map_err(wrong)?,
            };
            self.next = Some(key);
        }
        Ok(self.next)
    }
}
