//! What is to be done: next steps, people to be in touch with, events.

use kith_protocol::engine::events::Event;
use kith_protocol::engine::follow_up::{Due, FollowUp, NextStep};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemForm, PersonForm, time};
use crate::here::{Local, date_text};

/// When something is due, in the words of the list that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// It should have been done.
    Overdue,
    /// Until this day ends.
    Today,
    /// Within the seven days after this one.
    Week,
    /// Later than that.
    Later,
}

/// What I do next for somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepForm {
    /// What, in words.
    pub what: String,
    /// True for the step that follows every first meeting by itself.
    pub by_itself: bool,
    /// By when: a moment, or a date if it was given as one.
    pub due: String,
    /// How soon that is.
    pub when: When,
}

impl StepForm {
    /// The form of a step, seen from a day.
    pub fn of(step: &NextStep, local: &Local) -> Self {
        let is_due = |by| local.is_due(step.due, by);
        let when = match () {
            () if is_due(local.over()) => When::Overdue,
            () if is_due(local.within(0)) => When::Today,
            () if is_due(local.within(7)) => When::Week,
            () => When::Later,
        };
        let due = match step.due {
            Due::At(at) => time(at),
            Due::On(date) => date_text(date),
        };
        Self { what: step.in_words().to_owned(), by_itself: step.what.is_none(), due, when }
    }
}

/// What is to be done for somebody.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct FollowUpForm {
    /// What they need.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// What I promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
    /// What I do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<StepForm>,
}

impl FollowUpForm {
    /// The form of what is to be done, seen from a day.
    pub fn of(all: &FollowUp, local: &Local) -> Self {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let next = all.next.as_ref().map(|next| StepForm::of(next, local));
        Self { need: said(all.need.as_str()), promise: said(all.promise.as_str()), next }
    }
}

/// Somebody, and what is to be done for them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Doing {
    /// For whom.
    pub person: PersonForm,
    /// What.
    #[serde(flatten)]
    pub follow_up: FollowUpForm,
    /// Since when it waits: when we met, for the people of an event; when the time to be in touch was over, for people of
    /// whom nothing was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A page of people for whom something is to be done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DoingPage {
    /// Who, and what.
    pub list: Vec<Doing>,
    /// How many there are on all pages; counted to 500 beyond the pages before this one.
    pub total: usize,
}

/// Where an event lies, seen from a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// It is over.
    Past,
    /// It is on.
    Now,
    /// It is still to come.
    Coming,
}

/// An event that I go to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventForm {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its first day there, as a date.
    pub first: String,
    /// Its last day there, as a date.
    pub last: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether it is on.
    pub state: EventState,
    /// How many people I met there; 500 stands for more, too.
    pub people: usize,
    /// Names that it had before, under which people were met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
}

impl EventForm {
    /// The form of an event at which so many were met, seen from a day.
    pub fn of(event: &Event, people: usize, local: &Local) -> Self {
        let state = match () {
            () if event.is_on(local.date) => EventState::Now,
            () if event.first > local.date => EventState::Coming,
            () => EventState::Past,
        };
        Self {
            id: event.id.to_string(),
            name: event.name.to_string(),
            first: date_text(event.first),
            last: date_text(event.last),
            place: event.place.as_ref().map(ToString::to_string),
            state,
            people,
            earlier: event.earlier.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The people of an event.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// The event.
    pub event: EventForm,
    /// Who was met there, in that order, a hundred on a page.
    pub list: Vec<Doing>,
    /// How many there are on all pages; counted to 500 beyond the pages before this one.
    pub total: usize,
}

/// What waits on me, the beginning of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaitingOnMe {
    /// The ones that have waited longest, five at most.
    pub list: Vec<ItemForm>,
    /// How many there are.
    pub total: usize,
}

/// Next steps of the days to come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepsAhead {
    /// The ones that are due first, twenty at most; none that is due later than in seven days.
    pub list: Vec<Doing>,
    /// How many are overdue. Here and below, 500 stands for more, too.
    pub overdue: usize,
    /// How many more are due until this day ends.
    pub today: usize,
    /// How many more are due within the seven days after this one.
    pub week: usize,
}

/// What a day has for me.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TodayForm {
    /// The day.
    pub date: String,
    /// What waits on me.
    pub inbox: WaitingOnMe,
    /// What I do next.
    pub steps: StepsAhead,
    /// People I wanted to be in touch with by now; the longest overdue first, twenty at most.
    pub silent: DoingPage,
    /// The event that is on, else the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventForm>,
    /// How many people I know, of every kind.
    pub people: usize,
    /// True if the recovery words still lie in a file, not written down.
    pub words_wait: bool,
}
