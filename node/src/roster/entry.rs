//! One person as lists know them.

use kith_protocol::card::{CardView, FieldKind, Tier};
use kith_protocol::engine;
use kith_protocol::engine::follow_up::{FollowUp, follow_up};
use kith_protocol::engine::guests::LeftCard;
use kith_protocol::engine::people::{self, Called, folded_names};
use kith_protocol::engine::person::{Person, Scan, ScanProblem, Standing};
use kith_protocol::folding::{fold, sort_key};
use kith_protocol::id::PersonId;
use kith_protocol::limits;
use kith_protocol::store::StoreError;
use kith_protocol::text::{Label, Line};
use kith_protocol::time::Timestamp;

use crate::store::View;

/// Folded text of one person that is held in memory: names, tags, events, an ordinary card and some notes. Whoever has
/// more is looked up in the storage when a word is not found in it.
const TEXT: usize = 2 * 1024;

/// Where people met.
type Event = Line<{ limits::NAME }>;

/// What a list shows of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Their id.
    pub id: PersonId,
    /// What to call them.
    pub name: Box<str>,
    /// What we are to each other.
    pub standing: Standing,
    /// How I know them, in words.
    pub how: Box<str>,
    /// The organisation on the card they gave me.
    pub org: Option<Box<str>>,
    /// The title on it.
    pub title: Option<Box<str>>,
    /// My tags.
    pub tags: Box<[Label]>,
    /// The events at which we came across each other, each once, the first one first.
    pub met: Box<[Event]>,
    /// What of my card they see.
    pub tier: Tier,
    /// When we last had to do with each other.
    pub touched: Timestamp,
    /// How often I want to be in touch, in days.
    pub cadence: Option<u32>,
    /// A code of theirs that I scanned and that is not answered.
    pub scan: Option<Box<ScanListed>>,
}

/// What a list shows of a scan that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanListed {
    /// Why it leads nowhere, if it does.
    pub problem: Option<ScanProblem>,
    /// True if my first letter still waits.
    pub unsent: bool,
    /// True if the code was a printed one.
    pub printed: bool,
    /// When we give up.
    pub gives_up: Timestamp,
}

impl Listed {
    /// What a list shows of a person and the card they gave me.
    pub fn of(person: &Person, card: Option<&CardView>) -> Self {
        let line = |kind| {
            let field = card?.fields.iter().find(|field| field.kind == kind)?;
            Some(field.value.as_str().into())
        };
        let mut met: Vec<Event> = Vec::new();
        for event in person.encounters.iter().filter_map(|encounter| encounter.event.as_ref()) {
            if !met.contains(event) {
                met.push(event.clone());
            }
        }
        Self {
            id: person.id,
            name: person.display_name().into(),
            standing: person.standing,
            how: person.provenance().into(),
            org: line(FieldKind::Organisation),
            title: line(FieldKind::Title),
            tags: person.tags.clone().into(),
            met: met.into(),
            tier: person.tier,
            touched: person.touched,
            cadence: person.cadence,
            scan: person.scan.as_ref().map(|scan| Box::new(ScanListed::of(scan))),
        }
    }

    /// What a list would show of a visitor who left a card, if it were accepted.
    pub fn of_left(left: &LeftCard) -> Self {
        let line = |kind| left.lines.iter().find(|field| field.kind == kind).map(|field| field.value.as_str().into());
        Self {
            id: left.person,
            name: left.name.as_str().into(),
            standing: Standing::Unconfirmed,
            how: left.encounter().in_words().into(),
            org: line(FieldKind::Organisation),
            title: line(FieldKind::Title),
            tags: Box::default(),
            met: Box::default(),
            tier: Tier::Public,
            touched: left.at,
            cadence: None,
            scan: None,
        }
    }

    /// What a list shows of a person, with the card read from the storage.
    ///
    /// # Errors
    /// What the storage says.
    pub fn read(view: &View, person: &Person) -> Result<Self, StoreError> {
        let card = people::card_of(view, person.id).map_err(engine::Error::in_storage)?;
        Ok(Self::of(person, card.as_ref()))
    }

    /// True if it is longer than I want since we were in touch.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let due = |days: u32| self.touched.plus(u64::from(days) * limits::DAY);
        self.cadence.is_some_and(|days| due(days) <= now)
    }
}

impl ScanListed {
    const fn of(scan: &Scan) -> Self {
        let Scan { problem, printed, gives_up, .. } = scan;
        Self { problem: *problem, unsent: scan.claim.is_some(), printed: *printed, gives_up: *gives_up }
    }
}

/// What a list shows, and what it is ordered and searched by.
#[derive(Debug)]
pub(super) struct Entry {
    pub listed: Listed,
    sort: Box<str>,
    /// Folded texts, one on a line: names, tags, events, card, foreign code, need, promise, next step, notes.
    pub text: Box<str>,
    /// How much of the text are names.
    names: usize,
    /// True if there is more text than is held.
    pub has_more: bool,
}

impl Entry {
    /// The entry of a person, if they are shown.
    pub fn read(view: &View, person: &Person) -> Result<Option<Self>, StoreError> {
        if !people::is_shown(person) {
            return Ok(None);
        }
        let card = people::card_of(view, person.id).map_err(engine::Error::in_storage)?;
        let listed = Listed::of(person, card.as_ref());
        let names = folded_names(person);
        let whole = text(view, person, card.as_ref(), &listed.met)?;
        let end = (0..=TEXT.min(whole.len())).rev().find(|end| whole.is_char_boundary(*end)).unwrap_or_default();
        Ok(Some(Self {
            sort: sort_key(&listed.name).into(),
            listed,
            text: whole.get(..end).unwrap_or_default().into(),
            names: names.len(),
            has_more: end < whole.len(),
        }))
    }

    /// What lists are ordered by: the name, then the id.
    pub fn place(&self) -> (&str, PersonId) {
        (&self.sort, self.listed.id)
    }

    pub fn called(&self) -> Called<'_> {
        Called { id: self.listed.id, shown: &self.listed.name, names: self.text.get(..self.names).unwrap_or_default() }
    }

    /// The whole text, however long.
    pub fn whole_text(&self, view: &View) -> Result<String, StoreError> {
        match people::person(view, self.listed.id) {
            Ok(person) => {
                let card = people::card_of(view, person.id).map_err(engine::Error::in_storage)?;
                text(view, &person, card.as_ref(), &self.listed.met)
            }
            // Forgotten at this very moment.
            Err(engine::Error::NotFound { .. }) => Ok(String::new()),
            Err(error) => Err(error.in_storage()),
        }
    }
}

fn text(view: &View, person: &Person, card: Option<&CardView>, met: &[Event]) -> Result<String, StoreError> {
    let mut text = folded_names(person);
    let mut add = |more: &str| {
        text.push('\n');
        text.push_str(&fold(more));
    };
    person.tags.iter().for_each(|tag| add(tag.as_str()));
    met.iter().for_each(|event| add(event.as_str()));
    card.into_iter().flat_map(|card| &card.fields).for_each(|field| add(field.value.as_str()));
    person.foreign.iter().for_each(|foreign| add(foreign.as_str()));
    let FollowUp { need, promise, next, .. } = follow_up(view, person.id).map_err(engine::Error::in_storage)?;
    [need, promise].iter().filter(|words| !words.is_empty()).for_each(|words| add(words.as_str()));
    next.and_then(|next| next.what).iter().for_each(|what| add(what.as_str()));
    for note in people::notes_about(view, person.id).map_err(engine::Error::in_storage)? {
        add(note.text.as_str());
    }
    text.push('\n');
    Ok(text)
}
