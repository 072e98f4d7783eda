//! Which of my codes are out, and in which order all were made, so that nobody reads ten thousand codes for a list of
//! ten.
//!
//! Both lists are indexes: every entry follows from a code, and is brought up to date at the end of each step that
//! changed one, whichever rule it was. Codes that were made for an introduction are nobody's to see and have no entry.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::entity::{self, Entity};
use super::error::Result;
use super::invites::OwnInvite;
use super::turn::Turn;
use crate::id::InviteId;
use crate::limits;
use crate::store::{Read, StoreError, Table, Write};
use crate::time::Timestamp;
use crate::wire;

/// Codes that can be claimed at this moment, those that end first before the others. There are no more than
/// [`limits::OPEN_LIVE_INVITES`] and [`limits::OPEN_PRINTED_INVITES`] together.
pub fn open_codes(read: &dyn Read, now: Timestamp) -> Result<Vec<OwnInvite>> {
    let mut ids = open_ids(read, false, now, limits::OPEN_LIVE_INVITES)?;
    ids.extend(open_ids(read, true, now, limits::OPEN_PRINTED_INVITES)?);
    load(read, ids)
}

/// How many codes of a kind can be claimed at this moment, counted no further than `most`.
pub(super) fn count_open(read: &dyn Read, printed: bool, now: Timestamp, most: usize) -> Result<usize> {
    Ok(open_ids(read, printed, now, most)?.len())
}

fn open_ids(read: &dyn Read, printed: bool, now: Timestamp, most: usize) -> Result<Vec<InviteId>> {
    let from = [&open_prefix(printed)[..], &sorted(now)].concat();
    ids(read, Table::OpenCodes, &open_prefix(printed), &from, most)
}

/// My codes, whatever became of them, the newest first: those behind this one, at most so many.
pub fn codes_made(read: &dyn Read, after: Option<&OwnInvite>, most: usize) -> Result<Vec<OwnInvite>> {
    // The shortest key behind another has one byte more.
    let from = after.map(|after| [&made_key(after)[..], &[0]].concat()).unwrap_or_default();
    load(read, ids(read, Table::CodesMade, b"", &from, most)?)
}

fn load(read: &dyn Read, ids: Vec<InviteId>) -> Result<Vec<OwnInvite>> {
    // Who reads beside the engine may find an entry whose code was forgotten meanwhile.
    ids.into_iter().filter_map(|id| entity::load(read, &id.0).transpose()).map(|loaded| Ok(loaded?)).collect()
}

/// The ids in which the keys of a list end.
fn ids(read: &dyn Read, list: Table, prefix: &[u8], from: &[u8], most: usize) -> Result<Vec<InviteId>> {
    let (mut found, mut is_damaged) = (Vec::new(), false);
    if most > 0 {
        read.scan(list, prefix, from, &mut |key, _| {
            match key.last_chunk() {
                Some(id) => found.push(InviteId(*id)),
                None => is_damaged = true,
            }
            if is_damaged || found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    if is_damaged { Err(StoreError::Damaged("an entry in a list of codes".into()).into()) } else { Ok(found) }
}

fn open_prefix(printed: bool) -> [u8; 1] {
    [u8::from(printed)]
}

/// A time as a key that sorts as times do.
fn sorted(time: Timestamp) -> Vec<u8> {
    time.secs().to_be_bytes().to_vec()
}

/// Sorts as [`OwnInvite::newest_first`] does.
fn made_key(invite: &OwnInvite) -> Vec<u8> {
    [&(u64::MAX - invite.created.secs()).to_be_bytes()[..], &invite.id.0].concat()
}

/// The entries that follow from a code.
fn entries(invite: &OwnInvite) -> BTreeSet<(Table, Vec<u8>)> {
    let mut entries = BTreeSet::new();
    if invite.is_shown() {
        entries.insert((Table::CodesMade, made_key(invite)));
        if invite.is_open() {
            let ends = sorted(invite.expires);
            entries.insert((Table::OpenCodes, [&open_prefix(invite.printed)[..], &ends, &invite.id.0].concat()));
        }
    }
    entries
}

fn entries_in(read: &dyn Read, invite: InviteId) -> Result<BTreeSet<(Table, Vec<u8>)>> {
    Ok(entity::load::<OwnInvite>(read, &invite.0)?.as_ref().map(entries).unwrap_or_default())
}

impl Turn<'_> {
    /// Brings the lists up to date with what this turn changed.
    pub(super) fn keep_code_lists(&mut self) -> Result<()> {
        let changed = self.txn.changed(Table::Invites).filter_map(|key| key.try_into().ok().map(InviteId));
        for invite in changed.collect::<Vec<_>>() {
            let (before, after) = (entries_in(self.txn.under(), invite)?, entries_in(&self.txn, invite)?);
            for (table, gone) in before.difference(&after) {
                self.txn.remove(*table, gone);
            }
            for (table, new) in after.difference(&before) {
                self.txn.put(*table, new, Vec::new());
            }
        }
        Ok(())
    }
}

crate::wire_map! {
    /// Which form the lists of codes in this home have.
    pub(super) struct CodeListsForm {
        1 => pub form: u32,
    }
}

impl Entity for CodeListsForm {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        Self::KEY.to_vec()
    }
}

impl CodeListsForm {
    const KEY: &'static [u8] = b"code lists";
    /// The form that this version writes.
    pub(super) const NOW: Self = Self { form: 1 };
}

/// What is to be written, in this order, so that a home from before these lists has them; nothing if it has. May be
/// committed in parts: the last one says that they are whole.
pub fn missing_code_lists(read: &dyn Read) -> Result<Vec<Write>> {
    let made = entity::load::<CodeListsForm>(read, CodeListsForm::KEY)?;
    if made.is_some_and(|made| made.form == CodeListsForm::NOW.form) {
        return Ok(Vec::new());
    }
    let mut writes = Vec::new();
    entity::each::<OwnInvite>(read, b"", b"", |invite| {
        let made = entries(&invite).into_iter();
        writes.extend(made.map(|(table, key)| Write { table, key, value: Some(Vec::new()) }));
        ControlFlow::Continue(())
    })?;
    let (key, value) = (CodeListsForm::KEY.to_vec(), Some(wire::encode(&CodeListsForm::NOW)));
    writes.push(Write { table: Table::Meta, key, value });
    Ok(writes)
}
