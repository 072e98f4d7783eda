//! The in-memory twin of the node's storage, for simulations and tests.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use super::{Read, Store, StoreError, Table, Visit, Write};

/// A storage that forgets everything when it is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryStore {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries in all tables.
    pub fn len(&self) -> usize {
        self.tables.values().map(BTreeMap::len).sum()
    }

    /// True if nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Read for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.get(&table).and_then(|entries| entries.get(key)).cloned())
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let Some(entries) = self.tables.get(&table) else { return Ok(()) };
        let start = prefix.max(from);
        for (key, value) in entries.range::<[u8], _>((Bound::Included(start), Bound::Unbounded)) {
            if !key.starts_with(prefix) || visit(key, value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

impl Store for MemoryStore {
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        if !writes.iter().all(Write::is_bounded) {
            return Err(StoreError::TooLarge);
        }
        for Write { table, key, value } in writes {
            let entries = self.tables.entry(*table).or_default();
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_store_conforms() {
        crate::store::conformance::check(MemoryStore::new);
    }
}
