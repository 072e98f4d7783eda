//! The encoding under every record, letter and stored value: deterministic CBOR (RFC 8949 §4.2.1) with
//! integer map keys, decoded strictly.
//!
//! Strict means: shortest integers, definite lengths, keys in order and once, no floats, no tags but where a
//! format says so, no trailing byte, no key that we do not know. Keys below zero are the exception: they are
//! reserved for hints that a reader may ignore, so they are accepted in a signed record and skipped.
//! Two byte strings therefore never decode to the same value unless they differ in such hints, and whoever
//! signs decides alone what the bytes are: we keep the original bytes and never re-encode what others signed.

mod reader;
mod strict;
mod writer;

pub use reader::{MapReader, Reader};
pub use strict::check;
pub use writer::{MapWriter, Writer};

/// Why bytes are not what they claim to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The input ended inside an item.
    #[error("the data ends too early")]
    Truncated,
    /// Bytes were left over after the item.
    #[error("there are bytes after the end")]
    Trailing,
    /// A length or number was not in its shortest form.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// An indefinite length, which deterministic encoding forbids.
    #[error("an item has no definite length")]
    Indefinite,
    /// A float, tag or simple value that the format has no place for.
    #[error("an item has a type that is not used here")]
    ForbiddenType,
    /// Keys of a map were out of order.
    #[error("the keys of a map are out of order")]
    KeyOrder,
    /// The same key stood twice in a map.
    #[error("a key stands twice in a map")]
    DuplicateKey,
    /// A key of zero or more that the format does not know.
    #[error("key {0} is not known in this version")]
    UnknownKey(i64),
    /// A field that must be there was not.
    #[error("field {0} is missing")]
    Missing(i64),
    /// A value was of another type than the field wants.
    #[error("a value has the wrong type")]
    WrongType,
    /// Text that is not UTF-8 or has forbidden characters.
    #[error("a text has characters that are not allowed")]
    BadText,
    /// Too long, too many or too deep.
    #[error("{0} is too large")]
    TooLarge(&'static str),
    /// A value outside its range, or not one of the known choices.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

/// A value with exactly one encoding.
pub trait Wire: Sized {
    /// Appends the encoding of this value.
    fn encode(&self, writer: &mut Writer);

    /// Reads one value.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// What stands for this value when its field is left out, if leaving it out is allowed.
    fn absent() -> Option<Self> {
        None
    }

    /// True if the field is left out when it has this value. There is one encoding of a value, so a decoder
    /// refuses it where it is written down all the same.
    fn is_absent(&self) -> bool {
        false
    }
}

/// The whole encoding of a value.
pub fn encode<T: Wire>(value: &T) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

/// Decodes exactly one value from all of `bytes`.
pub fn decode<T: Wire>(bytes: &[u8]) -> Result<T, WireError> {
    check(bytes)?;
    let mut reader = Reader::new(bytes);
    let value = T::decode(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

impl<T: Wire> Wire for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        if let Some(value) = self {
            value.encode(writer);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        T::decode(reader).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.array(self.len());
        for item in self {
            item.encode(writer);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = reader.array()?;
        // An announced length is only believed as far as the bytes that are there: one per item at least.
        let mut items = Vec::with_capacity(len.min(reader.remaining()));
        for _ in 0..len {
            items.push(T::decode(reader)?);
        }
        Ok(items)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Wire for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.bool(*self);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.bool()
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn is_absent(&self) -> bool {
        !*self
    }
}

macro_rules! wire_uint {
    ($($int:ty),*) => {$(
        impl Wire for $int {
            fn encode(&self, writer: &mut Writer) {
                writer.uint(u64::from(*self));
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
                <$int>::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange("a number"))
            }
        }
    )*};
}
wire_uint!(u8, u16, u32, u64);

impl<const N: usize> Wire for [u8; N] {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        reader.bytes()?.try_into().map_err(|_| WireError::OutOfRange("the length of a byte string"))
    }
}

/// Bytes of a bounded length, encoded as one byte string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Takes the bytes if there are at most `MAX` of them.
    pub fn new(bytes: Vec<u8>) -> Result<Self, WireError> {
        if bytes.len() > MAX { Err(WireError::TooLarge("a byte string")) } else { Ok(Self(bytes)) }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, owned.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Wire for Bytes<MAX> {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::new(reader.bytes()?.to_vec())
    }
}

/// Declares a struct together with its encoding: a map from the numbers in front of the fields.
///
/// `Option`, `Vec` and `bool` fields are left out while empty or false.
#[macro_export]
macro_rules! wire_map {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $key:literal => $fvis:vis $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $ty),* }

        impl $crate::wire::Wire for $name {
            fn encode(&self, writer: &mut $crate::wire::Writer) {
                let mut map = $crate::wire::MapWriter::new();
                $(map.field($key, &self.$field);)*
                map.finish(writer);
            }

            fn decode(reader: &mut $crate::wire::Reader<'_>) -> ::core::result::Result<Self, $crate::wire::WireError> {
                let mut map = $crate::wire::MapReader::new(reader)?;
                $(let $field = map.field::<$ty>($key)?;)*
                map.finish()?;
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Declares an enum whose variants are numbers on the wire; an unknown number is refused.
#[macro_export]
macro_rules! wire_choice {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $key:literal => $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$vmeta])* $variant),* }

        impl $crate::wire::Wire for $name {
            fn encode(&self, writer: &mut $crate::wire::Writer) {
                writer.uint(match self { $(Self::$variant => $key),* });
            }

            fn decode(reader: &mut $crate::wire::Reader<'_>) -> ::core::result::Result<Self, $crate::wire::WireError> {
                match reader.uint()? {
                    $($key => Ok(Self::$variant),)*
                    _ => Err($crate::wire::WireError::OutOfRange(stringify!($name))),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests;
