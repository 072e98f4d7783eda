//! Two valid key histories of one identity.
//!
//! The first one seen goes on counting, the contradiction is kept as evidence and shown, and whoever meets
//! the person again settles it by a live scan. Nobody is frozen.

use super::entity::{self, Entity};
use super::error::Result;
use super::inbox::{About, ItemKind};
use super::incoming::history_of;
use super::notice::Notice;
use super::person::Person;
use super::turn::Turn;
use crate::id::{IdentityId, PersonId};
use crate::identity::{History, HistoryBytes, Learned};
use crate::limits;
use crate::record::RecordBytes;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::wire::Bytes;

crate::wire_map! {
    /// The evidence: two events that their identity signed for the same place.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ForkEvidence {
        /// Whose.
        1 => pub identity: IdentityId,
        /// Counts the evidence about this identity.
        2 => pub number: u8,
        /// The event seen first, as a record.
        3 => pub first: RecordBytes,
        /// The event that contradicts it, as a record.
        4 => pub second: RecordBytes,
        /// When the contradiction was seen.
        5 => pub seen: Timestamp,
        /// The whole other history, if it came along: a live scan may settle on it.
        6 => pub other: Option<HistoryBytes>,
        /// I know which one is theirs.
        7 => pub settled: bool,
    }
}

impl Entity for ForkEvidence {
    const TABLE: Table = Table::Forks;

    fn key(&self) -> Vec<u8> {
        [&self.identity.0[..], &[self.number]].concat()
    }
}

/// What contradicts the history of an identity.
pub fn forks_of(read: &dyn Read, identity: IdentityId) -> Result<Vec<ForkEvidence>> {
    Ok(entity::list(read, &identity.0, limits::FORKS)?)
}

impl Turn<'_> {
    /// Keeps the evidence and puts it before me.
    pub(super) fn fork_seen(&mut self, person: &Person, first: &[u8], second: &[u8]) -> Result<()> {
        self.keep_evidence(person, first, second, None, false)
    }

    /// What was settled is a question again only if they stand before me.
    fn keep_evidence(
        &mut self,
        person: &Person,
        first: &[u8],
        second: &[u8],
        other: Option<&History>,
        in_person: bool,
    ) -> Result<()> {
        let Some(identity) = person.identity else { return Ok(()) };
        let known = forks_of(&self.txn, identity)?;
        let (Ok(first), Ok(second)) = (Bytes::new(first.to_vec()), Bytes::new(second.to_vec())) else { return Ok(()) };
        // A whole history always finds a place: it may be the one that is settled on.
        let number = match known.iter().find(|evidence| evidence.second == second) {
            Some(same) if same.settled && !in_person => return Ok(()),
            Some(same) if same.other.is_some() || other.is_none() => return Ok(()),
            Some(same) => same.number,
            None if known.len() < limits::FORKS => u8::try_from(known.len()).unwrap_or(u8::MAX),
            None if other.is_none() => return Ok(()),
            None => u8::try_from(limits::FORKS - 1).unwrap_or(u8::MAX),
        };
        let other = other.map(History::to_bytes);
        self.txn.save(&ForkEvidence { identity, number, first, second, seen: self.now, other, settled: false });
        self.notice(Notice::ForkSeen { person: person.id });
        self.ask_me(ItemKind::Fork, person.id, About::until(self.now.plus(limits::LETTER_LIFE)))
    }

    /// The history that counts for somebody who shows one: all that is known and shown; where the two contradict
    /// each other, what is shown. So nobody gets round what I know by leaving it out.
    pub(super) fn counting_history(&self, shown: History) -> Result<History> {
        let Some(mut known) = history_of(&self.txn, shown.id())? else { return Ok(shown) };
        Ok(if learn_all(&mut known, &shown).is_none() { known } else { shown })
    }

    /// Brings a whole history together with the one that is known. Where they contradict each other the known
    /// one stays, unless `settles` says that its owner has just been met.
    pub(super) fn merge_history(&mut self, person: &Person, shown: &History, settles: bool) -> Result<()> {
        let Some(mut known) = history_of(&self.txn, shown.id())? else {
            self.save_history(shown);
            return Ok(());
        };
        match learn_all(&mut known, shown) {
            None => self.save_history(&known),
            Some((first, second)) => {
                self.keep_evidence(person, &first, &second, Some(shown), settles)?;
                if settles {
                    self.save_history(&in_the_place_of(&known, shown));
                }
            }
        }
        if settles { self.fork_is_settled(person.id, shown.id()) } else { Ok(()) }
    }

    /// I know which history is theirs: that there was another stays as evidence, and is no question any more.
    fn fork_is_settled(&mut self, person: PersonId, identity: IdentityId) -> Result<()> {
        for evidence in forks_of(&self.txn, identity)? {
            self.txn.save(&ForkEvidence { other: None, settled: true, ..evidence });
        }
        self.drop_question(ItemKind::Fork, person, None)
    }

    /// I met the person and it was them: the history that they showed counts from now on.
    pub(super) fn settle_fork(&mut self, person: &Person) -> Result<()> {
        let Some(identity) = person.identity else { return Ok(()) };
        let Some(counts) = history_of(&self.txn, identity)? else { return Ok(()) };
        let others = forks_of(&self.txn, identity)?.into_iter().rev().filter_map(|evidence| evidence.other);
        let mut others = others.filter_map(|other| History::from_bytes(&other).ok());
        // Never back to a part of what counts already.
        if let Some(shown) = others.find(|shown| learn_all(&mut counts.clone(), shown).is_some()) {
            self.save_history(&in_the_place_of(&counts, &shown));
            self.fork_is_settled(person.id, identity)?;
            self.pump(person.id)?;
        }
        Ok(())
    }

    /// Somebody whom I know shows a history that contradicts the one that counts. It is evidence, and a question; until I
    /// have said that it was them nothing of what they show counts or is answered, and they are to ask again.
    pub(super) fn is_contradicted(&mut self, known: Option<&Person>, shown: &History, in_person: bool) -> Result<bool> {
        let (Some(person), Some(mut counts)) = (known, history_of(&self.txn, shown.id())?) else { return Ok(false) };
        let Some((first, second)) = learn_all(&mut counts, shown) else { return Ok(false) };
        self.keep_evidence(person, &first, &second, Some(shown), in_person)?;
        if in_person {
            // They stand before me, though I let the question go once.
            self.ask_me(ItemKind::Fork, person.id, About::until(self.now.plus(limits::LETTER_LIFE)))?;
        }
        Ok(true)
    }
}

/// The history that counts from now on. A key that both have, and that was given up in whatever way, stays given up.
fn in_the_place_of(known: &History, shown: &History) -> History {
    let mut counts = shown.clone();
    let is_shared = |number: &u8| known.key(*number) == shown.key(*number);
    for notice in &known.to_bytes().compromises {
        // Those of keys that only the known one has are refused.
        let _ = counts.learn(notice.as_slice());
    }
    if let Some(number) = known.disowned().and_then(|newest| (0..=newest).rev().find(is_shared)) {
        counts.disown(number);
    }
    counts
}

/// Adds what a whole history shows to the known one, up to where it contradicts it: that event comes back with
/// the one that was seen first.
fn learn_all(known: &mut History, shown: &History) -> Option<(Vec<u8>, Vec<u8>)> {
    let events = shown.to_bytes();
    for event in events.rotations.iter().chain(&events.compromises) {
        match known.learn(event.as_slice()) {
            Ok(Learned::Fork { first, second }) => return Some((first, second)),
            Ok(_) => {}
            // Checked histories of one identity differ in a rotation first, so this cannot be reached.
            Err(_) => break,
        }
    }
    None
}
