//! Changes that are not committed yet, seen together with what lies under them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::entity::{self, Entity};
use crate::store::{Read, StoreError, Table, Visit, Write};
use crate::wire;

/// A storage with changes on top: reads see the changes, the storage does not.
pub struct Txn<'s> {
    under: &'s dyn Read,
    changes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl<'s> Txn<'s> {
    /// No changes yet.
    pub fn new(under: &'s dyn Read) -> Self {
        Self { under, changes: BTreeMap::new() }
    }

    /// What lies under the changes.
    pub fn under(&self) -> &'s dyn Read {
        self.under
    }

    /// True if there are no changes.
    pub fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// Puts a value.
    pub fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.insert((table, key.to_vec()), Some(value));
    }

    /// Removes a key.
    pub fn remove(&mut self, table: Table, key: &[u8]) {
        self.changes.insert((table, key.to_vec()), None);
    }

    /// Puts a typed value in its place.
    pub fn save<E: Entity>(&mut self, value: &E) {
        self.put(E::TABLE, &value.key(), wire::encode(value));
    }

    /// Takes a typed value away.
    pub fn forget<E: Entity>(&mut self, value: &E) {
        self.remove(E::TABLE, &value.key());
    }

    /// The typed value with this key.
    pub fn load<E: Entity>(&self, key: &[u8]) -> Result<Option<E>, StoreError> {
        entity::load(self, key)
    }

    /// The keys of a table that are put or removed.
    pub fn changed(&self, table: Table) -> impl Iterator<Item = &[u8]> {
        let from = (table, Vec::new());
        let in_table = self.changes.range(from..).take_while(move |((other, _), _)| *other == table);
        in_table.map(|((_, key), _)| key.as_slice())
    }

    /// Takes over the changes of a step that was made on top of this one.
    pub fn absorb(&mut self, writes: &[Write]) {
        for Write { table, key, value } in writes {
            self.changes.insert((*table, key.clone()), value.clone());
        }
    }

    /// The changes, in the order of tables and keys.
    pub fn into_writes(self) -> Vec<Write> {
        self.changes.into_iter().map(|((table, key), value)| Write { table, key, value }).collect()
    }
}

impl Read for Txn<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(&(table, key.to_vec())) {
            Some(change) => Ok(change.clone()),
            None => self.under.get(table, key),
        }
    }

    fn scan(&self, table: Table, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let start = (table, prefix.max(from).to_vec());
        let mut ours = self
            .changes
            .range(start..)
            .take_while(|((in_table, key), _)| *in_table == table && key.starts_with(prefix))
            .map(|((_, key), value)| (key.as_slice(), value.as_deref()))
            .peekable();
        let mut stopped = false;
        self.under.scan(table, prefix, from, &mut |key, value| {
            while let Some((earlier, change)) = ours.next_if(|(ours, _)| *ours < key) {
                if change.is_some_and(|value| visit(earlier, value).is_break()) {
                    stopped = true;
                    return ControlFlow::Break(());
                }
            }
            let flow = match ours.next_if(|(ours, _)| *ours == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((_, Some(changed))) => visit(key, changed),
                None => visit(key, value),
            };
            stopped = flow.is_break();
            flow
        })?;
        if !stopped {
            for (key, change) in ours {
                if change.is_some_and(|value| visit(key, value).is_break()) {
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store};

    fn keys(read: &dyn Read) -> Vec<String> {
        let mut keys = Vec::new();
        read.scan(Table::People, b"", b"", &mut |key, value| {
            keys.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
            ControlFlow::Continue(())
        })
        .unwrap();
        keys
    }

    #[test]
    fn a_scan_sees_the_changes_in_their_places() {
        let mut store = MemoryStore::new();
        let mut first = Txn::new(&store);
        for key in ["b", "d", "f"] {
            first.put(Table::People, key.as_bytes(), b"old".to_vec());
        }
        let writes = first.into_writes();
        store.commit(&writes).unwrap();

        let mut txn = Txn::new(&store);
        for key in ["a", "d", "g"] {
            txn.put(Table::People, key.as_bytes(), b"new".to_vec());
        }
        txn.remove(Table::People, b"b");
        txn.remove(Table::People, b"zz");
        txn.put(Table::Notes, b"c", b"other table".to_vec());
        assert_eq!(keys(&txn), ["a=new", "d=new", "f=old", "g=new"]);
        let mut stacked = Txn::new(&txn);
        stacked.put(Table::People, b"f", b"top".to_vec());
        assert_eq!(keys(&stacked), ["a=new", "d=new", "f=top", "g=new"]);
    }
}
