//! A second reading of the encoding, written apart from the first: CBOR into a tree and back.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// A CBOR item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Uint(u64),
    /// −1 − n.
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Item>),
    Map(Vec<(Item, Item)>),
    Bool(bool),
}

/// Reads one item of the types that Kith uses; `None` for all others, and for bytes after the end.
pub fn read(bytes: &[u8]) -> Option<Item> {
    let mut decoder = Decoder::new(bytes);
    let item = item(&mut decoder, 0)?;
    (decoder.position() == bytes.len()).then_some(item)
}

fn item(decoder: &mut Decoder<'_>, depth: usize) -> Option<Item> {
    if depth > 16 {
        return None;
    }
    Some(match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Item::Uint(decoder.u64().ok()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let number = i128::from(decoder.int().ok()?);
            Item::Negative(u64::try_from(-1 - number).ok()?)
        }
        Type::Bytes => Item::Bytes(decoder.bytes().ok()?.to_vec()),
        Type::String => Item::Text(decoder.str().ok()?.to_owned()),
        Type::Bool => Item::Bool(decoder.bool().ok()?),
        Type::Array => {
            let len = decoder.array().ok()??;
            Item::List((0..len).map(|_| item(decoder, depth + 1)).collect::<Option<_>>()?)
        }
        Type::Map => {
            let len = decoder.map().ok()??;
            let entry = |decoder: &mut Decoder<'_>| Some((item(decoder, depth + 1)?, item(decoder, depth + 1)?));
            Item::Map((0..len).map(|_| entry(decoder)).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

impl Item {
    /// The deterministic encoding, with the keys of every map in order; a key that stands twice stays so.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Uint(value) => drop(Encoder::new(&mut bytes).u64(*value)),
            Self::Negative(value) => {
                // Heads with major type 1 are those of unsigned integers with one more bit.
                drop(Encoder::new(&mut bytes).u64(*value));
                bytes[0] |= 0x20;
            }
            Self::Bytes(value) => drop(Encoder::new(&mut bytes).bytes(value)),
            Self::Text(value) => drop(Encoder::new(&mut bytes).str(value)),
            Self::Bool(value) => drop(Encoder::new(&mut bytes).bool(*value)),
            Self::List(items) => {
                drop(Encoder::new(&mut bytes).array(items.len() as u64));
                items.iter().for_each(|item| bytes.extend(item.write()));
            }
            Self::Map(entries) => {
                drop(Encoder::new(&mut bytes).map(entries.len() as u64));
                let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.write(), value.write())).collect();
                entries.sort();
                entries.iter().for_each(|(key, value)| bytes.extend([&key[..], value].concat()));
            }
        }
        bytes
    }

    /// True if a key stands twice in some map.
    pub fn repeats_a_key(&self) -> bool {
        match self {
            Self::List(items) => items.iter().any(Self::repeats_a_key),
            Self::Map(entries) => {
                let mut keys: Vec<_> = entries.iter().map(|(key, _)| key.write()).collect();
                keys.sort();
                keys.windows(2).any(|pair| pair[0] == pair[1])
                    || entries.iter().any(|(key, value)| key.repeats_a_key() || value.repeats_a_key())
            }
            _ => false,
        }
    }

    /// The same without what stands under keys below zero.
    #[must_use]
    pub fn without_hints(&self) -> Self {
        match self {
            Self::List(items) => Self::List(items.iter().map(Self::without_hints).collect()),
            Self::Map(entries) => {
                let known = entries.iter().filter(|(key, _)| !matches!(key, Self::Negative(_)));
                Self::Map(known.map(|(key, value)| (key.clone(), value.without_hints())).collect())
            }
            other => other.clone(),
        }
    }

    /// How deep the item nests: 0 for a number.
    pub fn depth(&self) -> usize {
        let inner: Vec<usize> = match self {
            Self::List(items) => items.iter().map(Self::depth).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(key, value)| [key.depth(), value.depth()]).collect(),
            _ => return 0,
        };
        inner.into_iter().max().map_or(0, |inner| inner + 1)
    }

    /// The longest list or map in it.
    pub fn longest(&self) -> usize {
        match self {
            Self::List(items) => items.iter().map(Self::longest).max().unwrap_or(0).max(items.len()),
            Self::Map(entries) => {
                let inner = entries.iter().map(|(key, value)| key.longest().max(value.longest())).max();
                inner.unwrap_or(0).max(entries.len())
            }
            _ => 0,
        }
    }
}
