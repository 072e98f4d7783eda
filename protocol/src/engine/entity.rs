//! Typed values in a storage.

use std::ops::ControlFlow;

use crate::store::{Read, StoreError, Table};
use crate::wire::{self, Wire};

/// A value that has its own place in a table.
pub trait Entity: Wire {
    /// The table.
    const TABLE: Table;

    /// The key of this value.
    fn key(&self) -> Vec<u8>;
}

/// The value with this key.
pub fn load<E: Entity>(read: &dyn Read, key: &[u8]) -> Result<Option<E>, StoreError> {
    read.get(E::TABLE, key)?.map(|bytes| decode::<E>(&bytes)).transpose()
}

/// Visits the values whose key begins with `prefix` and is not less than `from`, in the order of their keys.
pub fn each<E: Entity>(
    read: &dyn Read,
    prefix: &[u8],
    from: &[u8],
    mut visit: impl FnMut(E) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut damaged = None;
    read.scan(E::TABLE, prefix, from, &mut |_, bytes| match decode::<E>(bytes) {
        Ok(value) => visit(value),
        Err(error) => {
            damaged = Some(error);
            ControlFlow::Break(())
        }
    })?;
    damaged.map_or(Ok(()), Err)
}

/// The values whose key begins with `prefix`, at most `most` of them.
pub fn list<E: Entity>(read: &dyn Read, prefix: &[u8], most: usize) -> Result<Vec<E>, StoreError> {
    let mut found = Vec::new();
    if most > 0 {
        each::<E>(read, prefix, b"", |value| {
            found.push(value);
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    Ok(found)
}

/// How many keys begin with `prefix`, counting no further than `most`.
pub fn count(read: &dyn Read, table: Table, prefix: &[u8], most: usize) -> Result<usize, StoreError> {
    let mut found = 0;
    read.scan(table, prefix, b"", &mut |_, _| {
        found += 1;
        if found < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

fn decode<E: Entity>(bytes: &[u8]) -> Result<E, StoreError> {
    wire::decode(bytes).map_err(|error| StoreError::Damaged(format!("an entry of {:?}: {error}", E::TABLE)))
}
