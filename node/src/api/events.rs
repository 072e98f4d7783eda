//! Events that I go to.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::events::{self, Event, EventPlan};
use kith_protocol::folding::fold;
use kith_protocol::limits;
use kith_protocol::time::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::local::{Here, date};
use super::model::{EventForm, EventPage};
use super::today::COUNTED;
use super::{Api, Kind, Problem, ProblemBody, line, optional_line, today};
use crate::driver::Refused;
use crate::here::Local;

/// People on one page.
pub(crate) const PAGE: usize = 100;

/// An event with its people counted.
pub(super) fn form(api: &Api, event: &Event, local: &Local) -> Result<EventForm, Problem> {
    Ok(EventForm::of(event, events::count_at(api.handle.view(), event, COUNTED)?, local))
}

/// Which events.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct Which {
    /// True for the one alone that is on, to which a capture belongs that names none.
    on: bool,
}

/// Lists events in the order of their days.
#[utoipa::path(get, path = "/events", params(Here, Which), tag = "events",
    responses((status = 200, body = Vec<EventForm>), (status = 400, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    which: Result<Query<Which>, QueryRejection>,
    here: Result<Query<Here>, QueryRejection>,
) -> Result<Json<Vec<EventForm>>, Problem> {
    let (Which { on }, local) = (which?.0, here?.0.local()?);
    let all = match on {
        true => events::event_on(api.handle.view(), local.date)?.into_iter().collect(),
        false => events::events(api.handle.view())?,
    };
    Ok(Json(all.iter().map(|event| form(&api, event, &local)).collect::<Result<_, _>>()?))
}

/// An event that I am going to.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewEvent {
    /// Its name. No two events have the same one, up to case and accents.
    name: String,
    /// Its first day there, as 2026-04-20.
    first: String,
    /// Its last day there; left out if it is the first.
    last: Option<String>,
    /// Where it is.
    place: Option<String>,
}

/// Adds an event.
#[utoipa::path(post, path = "/events", request_body = NewEvent, tag = "events",
    responses((status = 201, body = EventForm), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn add(
    State(api): State<Api>,
    body: Result<Json<NewEvent>, JsonRejection>,
) -> Result<(StatusCode, Json<EventForm>), Problem> {
    let new = body?.0;
    let first = date("first", &new.first)?;
    let plan = EventPlan {
        name: line("name", &new.name)?,
        first,
        last: new.last.as_deref().map_or(Ok(first), |last| date("last", last))?,
        place: optional_line("place", new.place.as_deref())?,
    };
    in_order(plan.first, plan.last)?;
    let event = api.handle.act(move |turn| turn.add_event(plan)).await.map_err(taken)?;
    Ok((StatusCode::CREATED, Json(form(&api, &event, &Local::here())?)))
}

/// The days of an event follow each other.
fn in_order(first: Date, last: Date) -> Result<(), Problem> {
    if last < first {
        let hint = "its last day is the first or a later one";
        return Err(Problem::bad_input("an event does not end before it begins", Some(hint)));
    }
    if last.since(first) >= limits::EVENT_DAYS {
        let hint = "add it once for each time that it takes place";
        return Err(Problem::bad_input("an event is a year long at most", Some(hint)));
    }
    Ok(())
}

/// What is left to be refused is a name that another one has.
fn taken(refused: Refused) -> Problem {
    Problem::from(refused).advise(Kind::Conflict, "choose another name, or change the event that has it")
}

/// Which people of an event.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct PageOf {
    /// The page, from 0.
    page: usize,
}

/// Shows an event and who was met there, in that order, a hundred on a page.
#[utoipa::path(get, path = "/events/{which}", params(("which" = String, Path, description = "name, or the beginning of an id"), Here, PageOf), tag = "events",
    responses((status = 200, body = EventPage), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn show(
    State(api): State<Api>,
    Path(which): Path<String>,
    page: Result<Query<PageOf>, QueryRejection>,
    here: Result<Query<Here>, QueryRejection>,
) -> Result<Json<EventPage>, Problem> {
    let (page, local) = (page?.page, here?.0.local()?);
    let event = find(&api, &which)?;
    let (view, skip) = (api.handle.view(), page.saturating_mul(PAGE));
    let met = events::people_at(view, &event, skip, PAGE)?;
    let total = events::count_at(view, &event, skip.saturating_add(COUNTED))?;
    let list = today::doings(&api, &local, met.into_iter().map(|(at, person)| (person, Some(at))))?;
    let event = form(&api, &event, &local)?;
    Ok(Json(EventPage { event, list, total }))
}

/// What is to be changed; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct EventChanges {
    /// Another name. Who was met under the old one still belongs to the event.
    name: Option<String>,
    /// Another first day.
    first: Option<String>,
    /// Another last day.
    last: Option<String>,
    /// Another place; empty for none.
    place: Option<String>,
}

/// Changes an event.
#[utoipa::path(patch, path = "/events/{which}", params(("which" = String, Path, description = "name, or the beginning of an id")), request_body = EventChanges, tag = "events",
    responses((status = 200, body = EventForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn change(
    State(api): State<Api>,
    Path(which): Path<String>,
    body: Result<Json<EventChanges>, JsonRejection>,
) -> Result<Json<EventForm>, Problem> {
    let changes = body?.0;
    let name = changes.name.as_deref().map(|name| line("name", name)).transpose()?;
    let first = changes.first.as_deref().map(|first| date("first", first)).transpose()?;
    let last = changes.last.as_deref().map(|last| date("last", last)).transpose()?;
    let place = changes.place.as_deref().map(|place| optional_line("place", Some(place))).transpose()?;
    let now = find(&api, &which)?;
    in_order(first.unwrap_or(now.first), last.unwrap_or(now.last))?;
    let id = now.id;
    let changed = api.handle.act(move |turn| {
        let before = events::event(turn.read(), id)?;
        let plan = EventPlan {
            name: name.unwrap_or(before.name),
            first: first.unwrap_or(before.first),
            last: last.unwrap_or(before.last),
            place: place.unwrap_or(before.place),
        };
        turn.change_event(id, plan)
    });
    Ok(Json(form(&api, &changed.await.map_err(taken)?, &Local::here())?))
}

/// Forgets an event. Who was met there stays, with its name.
#[utoipa::path(delete, path = "/events/{which}", params(("which" = String, Path, description = "name, or the beginning of an id")), tag = "events",
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn remove(State(api): State<Api>, Path(which): Path<String>) -> Result<StatusCode, Problem> {
    let id = find(&api, &which)?.id;
    api.handle.act(move |turn| turn.remove_event(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The event of this name; else the one whose id begins so.
pub(crate) fn find(api: &Api, which: &str) -> Result<Event, Problem> {
    let all = events::events(api.handle.view())?;
    let name = fold(which);
    if let Some(event) = all.iter().find(|event| fold(event.name.as_str()) == name) {
        return Ok(event.clone());
    }
    super::by_id("event", which, all, |event| event.id.to_string())
}
