//! The entries, in order and counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use kith_protocol::card::Tier;
use kith_protocol::engine::person::Standing;
use kith_protocol::id::PersonId;

use super::entry::Entry;

/// All entries.
#[derive(Debug, Default)]
pub(super) struct State {
    by_id: BTreeMap<PersonId, Arc<Entry>>,
    by_name: Vec<Arc<Entry>>,
    /// Contacts by what they see of my card.
    contacts: [usize; Tier::ALL.len()],
}

impl State {
    /// Everybody at once, which is quicker than one by one.
    pub fn of(mut by_name: Vec<Arc<Entry>>) -> Self {
        by_name.sort_by(|one, other| one.place().cmp(&other.place()));
        let by_id = by_name.iter().map(|entry| (entry.listed.id, Arc::clone(entry))).collect();
        let mut state = Self { by_id, ..Self::default() };
        by_name.iter().for_each(|entry| state.count(entry, true));
        Self { by_name, ..state }
    }

    /// Puts a new entry of a person in the place of the old one; without a new one they are gone.
    pub fn put(&mut self, id: PersonId, entry: Option<Arc<Entry>>) {
        if let Some(old) = self.by_id.remove(&id) {
            self.count(&old, false);
            if let Ok(place) = self.place(&old) {
                self.by_name.remove(place);
            }
        }
        if let Some(entry) = entry {
            self.count(&entry, true);
            let place = self.place(&entry).unwrap_or_else(|place| place);
            self.by_name.insert(place, Arc::clone(&entry));
            self.by_id.insert(id, entry);
        }
    }

    /// Everybody, by name.
    pub fn by_name(&self) -> &[Arc<Entry>] {
        &self.by_name
    }

    /// How many contacts see my card as each tier does.
    pub const fn contacts(&self) -> &[usize] {
        &self.contacts
    }

    fn place(&self, entry: &Entry) -> Result<usize, usize> {
        self.by_name.binary_search_by(|one| one.place().cmp(&entry.place()))
    }

    fn count(&mut self, entry: &Entry, comes: bool) {
        let Some(tier) = seen_by_contact(entry) else { return };
        if let Some(contacts) = self.contacts.get_mut(tier as usize) {
            *contacts = if comes { *contacts + 1 } else { contacts.saturating_sub(1) };
        }
    }
}

fn seen_by_contact(entry: &Entry) -> Option<Tier> {
    (entry.listed.standing == Standing::Contact).then_some(entry.listed.tier)
}
