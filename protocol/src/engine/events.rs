//! Events that I go to: trade shows, meetings. What is scanned and shown there carries the event's name; the
//! name is the link, so encounters stay as they are whatever becomes of the event.

use super::agenda;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::turn::Turn;
use crate::folding::fold;
use crate::id::{EventId, PersonId};
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Line, Name};
use crate::time::{Date, Timestamp};

crate::wire_map! {
    /// An event.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Event {
        /// Its id in this home.
        1 => pub id: EventId,
        /// Its name. No two events have the same one, up to case and accents.
        2 => pub name: Name,
        /// Its first day, there.
        3 => pub first: Date,
        /// Its last day, there; not before the first.
        4 => pub last: Date,
        /// Where it is.
        5 => pub place: Option<Line<{ limits::LINE }>>,
        /// Names that it had before; people were met under them. At most [`limits::EVENT_NAMES`].
        6 => pub earlier: Vec<Name>,
    }
}

impl Entity for Event {
    const TABLE: Table = Table::Events;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Event {
    /// True if the event is on at this date.
    pub fn is_on(&self, date: Date) -> bool {
        (self.first..=self.last).contains(&date)
    }

    /// True if the event goes by this name, or went by it.
    pub fn is_called(&self, name: &str) -> bool {
        let name = fold(name);
        self.names().any(|own| fold(own.as_str()) == name)
    }

    /// Its name and the earlier ones.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.name).chain(&self.earlier)
    }
}

/// What an event is to be, or to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlan {
    /// Its name.
    pub name: Name,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// Where it is.
    pub place: Option<Line<{ limits::LINE }>>,
}

/// Where something happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Where {
    /// At the event that is on at this date, if one is.
    On(Date),
    /// At an event of this name, whether or not I keep one.
    At(Name),
    /// At no event.
    #[default]
    Nowhere,
}

/// All events, in the order of their days.
pub fn events(read: &dyn Read) -> Result<Vec<Event>> {
    let mut all: Vec<Event> = entity::list(read, b"", limits::EVENTS)?;
    all.sort_by(|one, other| (one.first, one.last, &one.name).cmp(&(other.first, other.last, &other.name)));
    Ok(all)
}

/// One event.
pub fn event(read: &dyn Read, id: EventId) -> Result<Event> {
    entity::load(read, &id.0)?.ok_or_else(|| Error::NotFound { what: "event", name: id.short() })
}

/// The event that is on at a date. Of several it is the one that began last, and of those the one that ends first: the
/// dinner, not the week around it.
pub fn event_on(read: &dyn Read, date: Date) -> Result<Option<Event>> {
    let on = events(read)?.into_iter().filter(|event| event.is_on(date));
    Ok(on.min_by_key(|event| (std::cmp::Reverse(event.first), event.last)))
}

/// The first event that begins after a date.
pub fn event_after(read: &dyn Read, date: Date) -> Result<Option<Event>> {
    Ok(events(read)?.into_iter().find(|event| event.first > date))
}

/// Who was met at an event, and when first, in that order: so many are left out, and then at most so many follow.
pub fn people_at(read: &dyn Read, event: &Event, skip: usize, most: usize) -> Result<Vec<(Timestamp, PersonId)>> {
    if event.earlier.is_empty() {
        return agenda::met_at(read, &event.name, skip, most);
    }
    Ok(under_all_names(read, event)?.into_iter().skip(skip).take(most).collect())
}

/// How many people were met at an event, counted no further than `most`.
pub fn count_at(read: &dyn Read, event: &Event, most: usize) -> Result<usize> {
    if event.earlier.is_empty() {
        return agenda::count_met(read, &event.name, most);
    }
    Ok(under_all_names(read, event)?.len().min(most))
}

fn under_all_names(read: &dyn Read, event: &Event) -> Result<Vec<(Timestamp, PersonId)>> {
    let mut met = Vec::new();
    for name in event.names() {
        met.extend(agenda::met_at(read, name, 0, usize::MAX)?);
    }
    met.sort_unstable();
    let mut seen = std::collections::BTreeSet::new();
    met.retain(|(_, person)| seen.insert(*person));
    Ok(met)
}

impl Turn<'_> {
    /// Adds an event.
    pub fn add_event(&mut self, plan: EventPlan) -> Result<Event> {
        let others = events(&self.txn)?;
        if others.len() >= limits::EVENTS {
            return Err(Error::Full("events"));
        }
        let EventPlan { name, first, last, place } = plan;
        let event = Event { id: EventId(self.random.bytes()), name, first, last, place, earlier: Vec::new() };
        check(&event, &others)?;
        self.txn.save(&event);
        Ok(event)
    }

    /// Changes an event. Who was met under its old name still belongs to it.
    pub fn change_event(&mut self, id: EventId, plan: EventPlan) -> Result<Event> {
        let before = event(&self.txn, id)?;
        let mut earlier = before.earlier;
        let (old, new) = (fold(before.name.as_str()), fold(plan.name.as_str()));
        earlier.retain(|name| fold(name.as_str()) != new);
        if old != new {
            earlier.push(before.name);
        }
        if earlier.len() > limits::EVENT_NAMES {
            return Err(Error::Full("earlier names of this event"));
        }
        let EventPlan { name, first, last, place } = plan;
        let event = Event { id, name, first, last, place, earlier };
        let others: Vec<Event> = events(&self.txn)?.into_iter().filter(|other| other.id != id).collect();
        check(&event, &others)?;
        self.txn.save(&event);
        Ok(event)
    }

    /// Forgets an event. Encounters keep its name, so that it can be added again.
    pub fn remove_event(&mut self, id: EventId) -> Result<()> {
        let event = event(&self.txn, id)?;
        self.txn.forget(&event);
        Ok(())
    }

    /// The name of the event at which something happens.
    pub fn event_name(&self, place: Where) -> Result<Option<Name>> {
        match place {
            Where::On(date) => Ok(event_on(&self.txn, date)?.map(|event| event.name)),
            Where::At(name) => Ok(Some(name)),
            Where::Nowhere => Ok(None),
        }
    }
}

fn check(event: &Event, others: &[Event]) -> Result<()> {
    if event.last < event.first {
        return Err(Error::NotNow("an event does not end before it begins"));
    }
    if event.last.since(event.first) >= limits::EVENT_DAYS {
        return Err(Error::NotNow("an event is a year long at most"));
    }
    if others.iter().any(|other| event.names().any(|name| other.is_called(name.as_str()))) {
        return Err(Error::NotNow("there is an event of that name already"));
    }
    Ok(())
}
