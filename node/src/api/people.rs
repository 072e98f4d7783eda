//! My people.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::correspondence::{WrittenWords, correspondence_with};
use kith_protocol::engine::disowned::{came_by_given_up_until, is_key_given_up};
use kith_protocol::engine::follow_up::{Due, FollowUpChange, NextStep, follow_up};
use kith_protocol::engine::joining::is_joinable;
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::person::Person;
use kith_protocol::engine::{forks, meetings, outbox, people};
use kith_protocol::limits;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::captures::{Along, take_name};
use super::introductions::Looking;
use super::local;
use super::model::standing_of;
use super::model::{
    CardForm, EncounterForm, FollowUpForm, MeetingForm, NoteForm, PathForm, PersonDetails, PersonForm, TierName,
    WaitingForm, WrittenForm,
};
use super::{Api, Kind, Problem, ProblemBody, line, optional_line, text, vouches};
use crate::here::Local;
use crate::machine::now;
use crate::roster::{self, Order};

/// Letters that are shown of a person; the rest is on pages of its own.
const LETTERS: usize = 20;

/// A page of people.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PeoplePage {
    /// Who, in the order that was asked for.
    pub people: Vec<PersonForm>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Lists people, fifty on a page.
#[utoipa::path(get, path = "/people", tag = "people", params(
    ("query" = Option<String>, Query, description = "words, each of which is looked for in names, cards, tags, events and notes"),
    ("called" = Option<String>, Query, description = "only people one of whose names begins so, up to case and accents"),
    ("tag" = Option<Vec<String>>, Query, description = "only people with this tag; with all of them, if it is there several times"),
    ("met" = Option<String>, Query, description = "only people whom I came across at this event"),
    ("standing" = Option<String>, Query, description = "only people of this standing: unconfirmed, pending, asking, contact or ended"),
    ("overdue" = Option<bool>, Query, description = "true for those alone with whom I want to be in touch by now"),
    ("order" = Option<String>, Query, description = "name, or touched for those first with whom I was in touch last"),
    ("page" = Option<usize>, Query, description = "the page, from 0")),
    responses((status = 200, body = PeoplePage), (status = 400, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    whom: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<PeoplePage>, Problem> {
    let found = api.handle.roster().page(&query_of(whom?.0)?)?;
    let connected = api.handle.status().connected;
    let people = found.people.iter().map(|person| PersonForm::of(person, connected.contains(&person.id))).collect();
    Ok(Json(PeoplePage { people, total: found.total }))
}

fn query_of(whom: Vec<(String, String)>) -> Result<roster::Query, Problem> {
    let mut query = roster::Query::default();
    for (condition, value) in whom.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        let bad = |hint| Problem::bad_input(format!("{condition}: {value:?} is none"), Some(hint));
        match condition.as_str() {
            "query" => query.words = value,
            "called" => query.called = value,
            "tag" => query.tags.push(value),
            "met" => query.met.push(value),
            "standing" => {
                let standing = standing_of(&value);
                query.standing = Some(standing.ok_or_else(|| bad("unconfirmed, pending, asking, contact, ended"))?);
            }
            "overdue" => query.overdue = value.parse::<bool>().map_err(|_| bad("true or false"))?.then(now),
            "order" => query.order = order_of(&value).ok_or_else(|| bad("name or touched"))?,
            "page" => query.page = value.parse().map_err(|_| bad("a number from 0"))?,
            _ => {}
        }
    }
    Ok(query)
}

fn order_of(name: &str) -> Option<Order> {
    match name {
        "name" => Some(Order::Name),
        "touched" => Some(Order::Touched),
        _ => None,
    }
}

/// Somebody to be written down.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewPerson {
    /// Their name.
    name: String,
    /// What goes along.
    #[serde(flatten)]
    along: Along,
}

/// Writes somebody down who has no Kith.
#[utoipa::path(post, path = "/people", request_body = NewPerson, tag = "people",
    responses((status = 201, body = PersonForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn add(
    State(api): State<Api>,
    body: Result<Json<NewPerson>, JsonRejection>,
) -> Result<(StatusCode, Json<PersonForm>), Problem> {
    let NewPerson { name, along } = body?.0;
    let added = take_name(&api, &name, &along).await?;
    Ok((StatusCode::CREATED, Json(added.person)))
}

/// Shows everything that I keep about a person.
#[utoipa::path(get, path = "/people/{who}", params(("who" = String, Path, description = "name, petname, or the beginning of an id")), tag = "people",
    responses((status = 200, body = PersonDetails), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn show(State(api): State<Api>, Path(who): Path<String>) -> Result<Json<PersonDetails>, Problem> {
    let person = api.handle.roster().find(&who)?;
    Ok(Json(details(&api, &person)?))
}

fn details(api: &Api, person: &Person) -> Result<PersonDetails, Problem> {
    let view = api.handle.view();
    let forked = match person.identity {
        Some(identity) => !forks::forks_of(view, identity)?.is_empty(),
        None => false,
    };
    Ok(PersonDetails {
        person: api.listed(person)?,
        path: PathForm::to(person.id, &api.handle.status(), view),
        identity: person.identity.as_ref().map(ToString::to_string),
        own_name: person.name.to_string(),
        petname: person.petname.as_ref().map(ToString::to_string),
        card: people::card_of(view, person.id)?.as_ref().map(CardForm::from),
        they_see: person.tier.into(),
        encounters: person.encounters.iter().map(EncounterForm::from).collect(),
        meetings: meetings::meetings_with(view, person.id)?.iter().map(MeetingForm::from).collect(),
        letters: newest(&correspondence_with(view, person.id)?, came_by_given_up_until(view, person)?),
        notes: people::notes_about(view, person.id)?.iter().map(NoteForm::from).collect(),
        introductions: Looking::at(&api.handle)?.with(person)?,
        vouches: vouches::about(view, person)?,
        waiting: outbox::waiting_for(view, person.id)?.iter().map(WaitingForm::from).collect(),
        cadence_days: person.cadence,
        follow_up: FollowUpForm::of(&follow_up(view, person.id)?, &Local::here()),
        blocked: person.blocked,
        joinable: is_joinable(view, person)?,
        forked,
        key_given_up: is_key_given_up(view, person)?,
        foreign: person.foreign.as_ref().map(ToString::to_string),
    })
}

fn newest(letters: &[WrittenWords], given_up: Option<Timestamp>) -> Vec<WrittenForm> {
    let newest = letters.iter().skip(letters.len().saturating_sub(LETTERS));
    newest.map(|letter| WrittenForm::of(letter, given_up)).collect()
}

/// Changes to what I keep about a person, made all at once or not at all.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Changes {
    /// What I call them; empty to use their own name.
    petname: Option<String>,
    /// A tag to add.
    tag: Option<String>,
    /// A tag to take away.
    untag: Option<String>,
    /// A note to add.
    note: Option<String>,
    /// True if we were in touch just now.
    touch: bool,
    /// How often I want to be in touch, in days; 0 for never.
    #[schema(maximum = 3650)]
    cadence_days: Option<u32>,
    /// What of my card they see.
    tier: Option<TierName>,
    /// True if nothing of theirs is to reach me.
    block: Option<bool>,
    /// What they need; empty for nothing.
    need: Option<String>,
    /// What I promised; empty for nothing.
    promise: Option<String>,
    /// What I do next, due in a day or at the time given; empty for nothing.
    next: Option<String>,
    /// When the next step is due: a moment or a date. Alone it postpones the step that waits.
    due: Option<String>,
    /// True if the next step is done; that is a touch. What is given as the next step then follows it.
    done: bool,
}

/// Changes what I keep about a person.
#[utoipa::path(patch, path = "/people/{who}", params(("who" = String, Path, description = "name, petname, or the beginning of an id")),
    request_body = Changes, tag = "people",
    responses((status = 200, body = PersonDetails), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn change(
    State(api): State<Api>,
    Path(who): Path<String>,
    body: Result<Json<Changes>, JsonRejection>,
) -> Result<Json<PersonDetails>, Problem> {
    let changes = changes_of(&body?.0)?;
    let id = api.handle.roster().find(&who)?.id;
    api.handle
        .act(move |turn| changes.into_iter().try_for_each(|change| turn.change_person(id, change).map(drop)))
        .await?;
    Ok(Json(details(&api, &people::person(api.handle.view(), id)?)?))
}

fn changes_of(changes: &Changes) -> Result<Vec<PersonChange>, Problem> {
    let mut all = Vec::new();
    if let Some(petname) = &changes.petname {
        all.push(PersonChange::Petname(optional_line("petname", Some(petname))?));
    }
    if let Some(tag) = &changes.tag {
        all.push(PersonChange::Tag(line("tag", tag)?));
    }
    if let Some(tag) = &changes.untag {
        all.push(PersonChange::Untag(line("untag", tag)?));
    }
    if let Some(note) = &changes.note {
        let note = kith_protocol::text::Note::new(note).map_err(|error| Problem::text("note", &error))?;
        if note.is_empty() {
            return Err(Problem::text("note", &kith_protocol::text::TextError::Empty));
        }
        all.push(PersonChange::Note(note));
    }
    if changes.touch {
        all.push(PersonChange::Touch);
    }
    if let Some(days) = changes.cadence_days {
        if days > 3650 {
            return Err(Problem::bad_input("cadence_days: at most ten years", Some("3650 days at most, 0 for never")));
        }
        all.push(PersonChange::Cadence(Some(days).filter(|days| *days > 0)));
    }
    all.extend(changes.tier.map(|tier| PersonChange::Tier(tier.into())));
    all.extend(changes.block.map(PersonChange::Block));
    all.extend(follow_up_changes(changes)?.into_iter().map(PersonChange::FollowUp));
    Ok(all)
}

fn follow_up_changes(changes: &Changes) -> Result<Vec<FollowUpChange>, Problem> {
    let mut all = Vec::new();
    if let Some(need) = &changes.need {
        all.push(FollowUpChange::Need(text("need", Some(need))?));
    }
    if let Some(promise) = &changes.promise {
        all.push(FollowUpChange::Promise(text("promise", Some(promise))?));
    }
    if changes.done {
        all.push(FollowUpChange::Done);
    }
    let due = changes.due.as_deref().map(|due| local::due("due", due)).transpose()?;
    match (&changes.next, due) {
        (Some(next), due) => {
            let due = due.unwrap_or_else(|| Due::At(now().plus(limits::WRITE_WITHIN)));
            let what = optional_line("next", Some(next))?;
            all.push(FollowUpChange::Next(what.map(|what| NextStep { due, what: Some(what) })));
        }
        (None, Some(due)) => all.push(FollowUpChange::Postpone(due)),
        (None, None) => {}
    }
    Ok(all)
}

/// Forgets a person; a contact is told to forget me too.
#[utoipa::path(delete, path = "/people/{who}", params(("who" = String, Path, description = "name, petname, or the beginning of an id")), tag = "people",
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn forget(State(api): State<Api>, Path(who): Path<String>) -> Result<StatusCode, Problem> {
    let id = api.handle.roster().find(&who)?.id;
    api.handle.act(move |turn| turn.forget_person(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who somebody is.
#[derive(Deserialize, ToSchema)]
pub(super) struct SamePerson {
    /// The other one among my people: name, petname, or the beginning of an id.
    into: String,
}

/// Says that somebody of whom I have nothing but my own words is another person of mine: a scan that led nowhere, or
/// somebody who was written down. Notes, tags, what is to be done, and where we met go over to that one, whom the answer
/// shows; the entry goes away. Nobody is told, and it cannot be undone.
#[utoipa::path(post, path = "/people/{who}/join", params(("who" = String, Path, description = "name, petname, or the beginning of an id")),
    request_body = SamePerson, tag = "people",
    responses((status = 200, body = PersonDetails), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn join(
    State(api): State<Api>,
    Path(who): Path<String>,
    body: Result<Json<SamePerson>, JsonRejection>,
) -> Result<Json<PersonDetails>, Problem> {
    let SamePerson { into } = body?.0;
    let from = api.handle.roster().find(&who)?.id;
    let into = api.handle.roster().find(&into)?.id;
    let joined = api.handle.act(move |turn| turn.join_person(from, into)).await;
    let hint = "kith people says what each of them is to you";
    let joined = joined.map_err(|refused| Problem::from(refused).advise(Kind::Conflict, hint))?;
    Ok(Json(details(&api, &joined)?))
}
