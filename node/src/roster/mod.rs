//! Everybody I know, in memory, as lists need them: ordered, counted, and ready to be searched.
//!
//! The storage has the truth. What lies here is read from it when it is first asked for, and after that person by
//! person: the driver says whose entry a commit has changed, in no more time than it takes to write an id down, and
//! whoever asks next reads those anew. So no list reads everybody, the driver waits for nobody who looks at one, and an
//! answer never speaks of less than was durable when it was asked for.

mod entry;
mod query;
mod state;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kith_protocol::card::Tier;
use kith_protocol::engine;
use kith_protocol::engine::people::{self, choose};
use kith_protocol::engine::person::Person;
use kith_protocol::id::PersonId;
use kith_protocol::store::{Read, StoreError, Table, Write};

pub use entry::{Listed, ScanListed};
pub use query::{Order, Page, Query};

use crate::store::View;
use entry::Entry;
use state::State;

/// People on one page of a list.
pub const PAGE: usize = 50;

/// How many people there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of every kind.
    pub people: usize,
    /// Contacts.
    pub contacts: usize,
}

/// The people of a home, for lists.
#[derive(Debug)]
pub struct Roster {
    view: View,
    state: RwLock<Option<State>>,
    /// Whose entries are older than the storage; nothing while nobody has asked for a list yet.
    changed: Mutex<Option<BTreeSet<PersonId>>>,
}

impl Roster {
    /// Reads nobody yet.
    pub(crate) const fn new(view: View) -> Self {
        Self { view, state: RwLock::new(None), changed: Mutex::new(None) }
    }

    /// Notes whom these writes concern. To be told once views find the writes, and before anybody is told of them.
    pub(crate) fn note(&self, writes: &[Write]) {
        if let Some(changed) = self.changed().as_mut() {
            changed.extend(writes.iter().filter_map(concerned));
        }
    }

    /// A page of those who fit, and how many fit.
    ///
    /// # Errors
    /// What the storage says, here and in all that follows.
    pub fn page(&self, query: &Query) -> Result<Page, StoreError> {
        self.read(|state| query.run(state.by_name(), &self.view))?
    }

    /// All who fit, whatever page the query is of.
    pub fn all(&self, query: &Query) -> Result<Vec<PersonId>, StoreError> {
        self.read(|state| query.all(state.by_name(), &self.view))?
    }

    /// How many there are.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|state| Counts { people: state.by_name().len(), contacts: state.contacts().iter().sum() })
    }

    /// How many contacts see what is on my card for this tier.
    pub fn audience(&self, tier: Tier) -> Result<usize, StoreError> {
        self.read(|state| state.contacts().iter().skip(tier as usize).sum())
    }

    /// The one person that `who` names; see [`people::find`].
    ///
    /// # Errors
    /// If nobody is meant, or several may be.
    pub fn find(&self, who: &str) -> engine::Result<Person> {
        // Pages name people by id, and that needs no list.
        if let Some(id) = PersonId::from_text(who)
            && let Ok(person) = people::person(&self.view, id)
        {
            return Ok(person);
        }
        let id = self.read(|state| choose(who, state.by_name().iter().map(|entry| entry.called())))??;
        people::person(&self.view, id)
    }

    /// Reads everybody, so that the first list need not.
    pub fn warm(&self) -> Result<(), StoreError> {
        self.read(|_| ())
    }

    fn read<R>(&self, look: impl FnOnce(&State) -> R) -> Result<R, StoreError> {
        let mut is_asked_again = false;
        loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            // What changes while we catch up is newer than this question.
            if let Some(state) = state.as_ref().filter(|_| is_asked_again || self.is_current()) {
                return Ok(look(state));
            }
            drop(state);
            self.catch_up()?;
            is_asked_again = true;
        }
    }

    fn is_current(&self) -> bool {
        self.changed().as_ref().is_some_and(BTreeSet::is_empty)
    }

    fn catch_up(&self) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever changes from here on is noted again, and read again by who asks next.
        let changed = self.changed().replace(BTreeSet::new());
        // After an error everybody is read anew.
        let next = match (state.take(), changed) {
            (Some(mut state), Some(changed)) => {
                for id in changed {
                    state.put(id, self.entry(id)?);
                }
                state
            }
            _ => self.everybody()?,
        };
        *state = Some(next);
        Ok(())
    }

    fn entry(&self, id: PersonId) -> Result<Option<Arc<Entry>>, StoreError> {
        match people::person(&self.view, id) {
            Ok(person) => Entry::read(&self.view, &person).map(|entry| entry.map(Arc::new)),
            Err(engine::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.in_storage()),
        }
    }

    fn everybody(&self) -> Result<State, StoreError> {
        let mut ids = Vec::new();
        self.view.scan(Table::People, b"", b"", &mut |key, _| {
            ids.extend(key.try_into().ok().map(PersonId));
            ControlFlow::Continue(())
        })?;
        let mut entries = Vec::with_capacity(ids.len());
        for id in ids {
            entries.extend(self.entry(id)?);
        }
        Ok(State::of(entries))
    }

    fn changed(&self) -> MutexGuard<'_, Option<BTreeSet<PersonId>>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose entry a write changes: people, their cards, my notes about
/// them and what I do for them have the person's id first.
fn concerned(write: &Write) -> Option<PersonId> {
    let is_listed = matches!(write.table, Table::People | Table::Cards | Table::Notes | Table::FollowUps);
    write.key.first_chunk().filter(|_| is_listed).map(|id| PersonId(*id))
}
