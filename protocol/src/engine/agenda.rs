//! What is due and who was met where, in the order of time, so that nobody reads ten thousand people for a list
//! of ten.
//!
//! The agenda is an index: every entry follows from a person and what is to be done for them. It is brought up
//! to date at the end of each step that changed one of the two, whoever changed them, so no rule has to think of it.
//! A step pays for it with two reads for each person that it changed; a list pays for the entries that it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::entity::{self, Entity};
use super::error::Result;
use super::follow_up::{Due, FollowUp};
use super::people::is_shown;
use super::person::{Person, Standing};
use super::turn::Turn;
use crate::crypto::sha256;
use crate::folding::fold;
use crate::id::PersonId;
use crate::limits;
use crate::store::{Read, StoreError, Table, Write};
use crate::text::Name;
use crate::time::{Date, Timestamp};
use crate::wire;

/// Entries of one kind begin with its number: steps that are due at a moment, steps that are due on a date, people of
/// whom nothing was heard, people who were met at an event.
const AT: u8 = 1;
const ON: u8 = 2;
const SILENCE: u8 = 3;
const MET: u8 = 4;

const LAST: Timestamp = Timestamp::from_secs(limits::LATEST_TIME);

/// A moment, and a date as it stands in the calendar where somebody is. What is due on a date knows no moment, and what
/// is due at a moment knows no date: so both are needed to say what is due by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The moment.
    pub at: Timestamp,
    /// The date.
    pub on: Date,
}

/// Next steps that are due by then, in the order of time: so many are left out, and then at most so many follow. When a
/// date ends is for the caller to say, who knows where that is.
pub fn steps_due(
    read: &dyn Read,
    by: By,
    end_of: &dyn Fn(Date) -> Timestamp,
    skip: usize,
    most: usize,
) -> Result<Vec<(Due, PersonId)>> {
    let enough = skip.saturating_add(most);
    let at = page(read, &[AT], by.at, 0, enough)?.into_iter().map(|(at, person)| (at, Due::At(at), person));
    let on = page(read, &[ON], day(by.on), 0, enough)?.into_iter().map(|(noted, person)| {
        let date = Date::from_number(noted.day().number());
        (end_of(date), Due::On(date), person)
    });
    let mut all: Vec<_> = at.chain(on).collect();
    all.sort_by_key(|(when, _, person)| (*when, *person));
    Ok(all.into_iter().skip(skip).take(most).map(|(_, due, person)| (due, person)).collect())
}

/// How many next steps are due by then, and were not yet due by the time before; counted no further than `most`.
pub fn count_steps(read: &dyn Read, before: Option<By>, by: By, most: usize) -> Result<usize> {
    let after = |at: Timestamp| at.plus(1);
    let (from, on) = before.map_or_else(Default::default, |before| (after(before.at), day(before.on.plus(1))));
    let at = count(read, &[AT], from, by.at, most)?;
    Ok(at + count(read, &[ON], on, day(by.on), most.saturating_sub(at))?)
}

/// People I wanted to be in touch with by a moment and was not, the longest overdue first: since when, and who.
pub fn silent(read: &dyn Read, by: Timestamp, skip: usize, most: usize) -> Result<Vec<(Timestamp, PersonId)>> {
    page(read, &[SILENCE], by, skip, most)
}

/// How many people I wanted to be in touch with by a moment and was not, counted no further than `most`.
pub fn count_silent(read: &dyn Read, by: Timestamp, most: usize) -> Result<usize> {
    count(read, &[SILENCE], Timestamp::default(), by, most)
}

/// How a date is noted in a key: by the first second that it would have in UTC.
const fn day(date: Date) -> Timestamp {
    Timestamp::from_secs(date.number().saturating_mul(limits::DAY))
}

/// Who was met under the name of an event, and when first, in that order.
pub(super) fn met_at(read: &dyn Read, event: &Name, skip: usize, most: usize) -> Result<Vec<(Timestamp, PersonId)>> {
    page(read, &met_prefix(event), LAST, skip, most)
}

/// How many people were met under the name of an event, counted no further than `most`.
pub(super) fn count_met(read: &dyn Read, event: &Name, most: usize) -> Result<usize> {
    count(read, &met_prefix(event), Timestamp::default(), LAST, most)
}

fn page(read: &dyn Read, prefix: &[u8], by: Timestamp, skip: usize, most: usize) -> Result<Vec<(Timestamp, PersonId)>> {
    let (mut found, mut skipped) = (Vec::new(), 0);
    scan(read, prefix, Timestamp::default(), by, |at, person| {
        if skipped < skip {
            skipped += 1;
        } else if found.len() < most {
            found.push((at, person));
        } else {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn count(read: &dyn Read, prefix: &[u8], from: Timestamp, by: Timestamp, most: usize) -> Result<usize> {
    let mut count = 0;
    if most > 0 {
        scan(read, prefix, from, by, |_, _| {
            count += 1;
            if count < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    Ok(count)
}

/// Visits the entries of a kind from one moment to another, both included.
fn scan(
    read: &dyn Read,
    prefix: &[u8],
    from: Timestamp,
    by: Timestamp,
    mut visit: impl FnMut(Timestamp, PersonId) -> ControlFlow<()>,
) -> Result<()> {
    let start = [prefix, &from.secs().to_be_bytes()].concat();
    let mut is_damaged = false;
    read.scan(Table::Agenda, prefix, &start, &mut |key, _| match read_key(prefix, key) {
        Some((at, _)) if at > by => ControlFlow::Break(()),
        Some((at, person)) => visit(at, person),
        None => {
            is_damaged = true;
            ControlFlow::Break(())
        }
    })?;
    if is_damaged { Err(StoreError::Damaged("an entry of the agenda".into()).into()) } else { Ok(()) }
}

fn read_key(prefix: &[u8], key: &[u8]) -> Option<(Timestamp, PersonId)> {
    let (secs, person) = key.strip_prefix(prefix)?.split_first_chunk::<8>()?;
    Some((Timestamp::from_secs(u64::from_be_bytes(*secs)), PersonId(person.try_into().ok()?)))
}

fn key(prefix: &[u8], at: Timestamp, person: PersonId) -> Vec<u8> {
    [prefix, &at.secs().to_be_bytes(), &person.0].concat()
}

/// Names that differ in case or accents alone are one event. A key is short, and a name may be long: so it is hashed.
fn met_prefix(event: &Name) -> Vec<u8> {
    let hash = sha256(&[fold(event.as_str()).as_bytes()]);
    [&[MET][..], hash.first_chunk::<16>().map_or(&[][..], |start| start)].concat()
}

/// The entries that follow from a person and what is to be done for them.
fn entries(person: &Person, follow_up: Option<&FollowUp>) -> BTreeSet<Vec<u8>> {
    let mut entries = BTreeSet::new();
    if !is_shown(person) {
        return entries;
    }
    for (event, at) in first_meetings(person) {
        entries.insert(key(&event, at, person.id));
    }
    // Who is gone or blocked, and who waits for me in the inbox, is nobody to write to.
    if person.blocked || matches!(person.standing, Standing::Ended | Standing::Asking) {
        return entries;
    }
    if let Some(days) = person.cadence {
        let ends = person.touched.plus(u64::from(days) * limits::DAY);
        entries.insert(key(&[SILENCE], ends, person.id));
    }
    if let Some(next) = follow_up.and_then(|follow_up| follow_up.next.as_ref()) {
        entries.insert(match next.due {
            Due::At(at) => key(&[AT], at, person.id),
            Due::On(date) => key(&[ON], day(date), person.id),
        });
    }
    entries
}

/// Under which events somebody was met, and when first at each.
fn first_meetings(person: &Person) -> BTreeMap<Vec<u8>, Timestamp> {
    let mut first = BTreeMap::new();
    for encounter in &person.encounters {
        if let Some(event) = &encounter.event {
            let met = first.entry(met_prefix(event)).or_insert(encounter.at);
            *met = encounter.at.min(*met);
        }
    }
    first
}

fn entries_in(read: &dyn Read, person: PersonId) -> Result<BTreeSet<Vec<u8>>> {
    let Some(known) = entity::load::<Person>(read, &person.0)? else { return Ok(BTreeSet::new()) };
    Ok(entries(&known, entity::load::<FollowUp>(read, &person.0)?.as_ref()))
}

impl Turn<'_> {
    /// Brings the agenda up to date with what this turn changed.
    pub(super) fn keep_agenda(&mut self) -> Result<()> {
        let people = self.txn.changed(Table::People).chain(self.txn.changed(Table::FollowUps));
        let people: BTreeSet<PersonId> = people.filter_map(|key| key.try_into().ok().map(PersonId)).collect();
        for person in people {
            let (before, after) = (entries_in(self.txn.under(), person)?, entries_in(&self.txn, person)?);
            for gone in before.difference(&after) {
                self.txn.remove(Table::Agenda, gone);
            }
            for new in after.difference(&before) {
                self.txn.put(Table::Agenda, new, Vec::new());
            }
        }
        Ok(())
    }
}

crate::wire_map! {
    /// Which form the agenda of this home has.
    pub(super) struct AgendaForm {
        1 => pub form: u32,
    }
}

impl Entity for AgendaForm {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        Self::KEY.to_vec()
    }
}

impl AgendaForm {
    const KEY: &'static [u8] = b"agenda";
    /// The form that this version writes.
    pub(super) const NOW: Self = Self { form: 1 };
}

/// What is to be written, in this order, so that a home from before the agenda has one; nothing if it has. May be
/// committed in parts: the last one says that it is whole.
pub fn missing_agenda(read: &dyn Read) -> Result<Vec<Write>> {
    if entity::load::<AgendaForm>(read, AgendaForm::KEY)?.is_some_and(|made| made.form == AgendaForm::NOW.form) {
        return Ok(Vec::new());
    }
    let mut writes = Vec::new();
    entity::each::<Person>(read, b"", b"", |person| {
        // A home from before the agenda has no follow-ups either.
        let made = entries(&person, None).into_iter();
        writes.extend(made.map(|key| Write { table: Table::Agenda, key, value: Some(Vec::new()) }));
        ControlFlow::Continue(())
    })?;
    let (key, value) = (AgendaForm::KEY.to_vec(), Some(wire::encode(&AgendaForm::NOW)));
    writes.push(Write { table: Table::Meta, key, value });
    Ok(writes)
}
