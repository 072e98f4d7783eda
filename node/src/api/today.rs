//! What a day has for me. Each part is read from the agenda, by as many entries as it shows.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use kith_protocol::engine::follow_up::follow_up;
use kith_protocol::engine::{Error, agenda, events, people};
use kith_protocol::id::PersonId;
use kith_protocol::time::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::local::Here;
use super::model::{Doing, DoingPage, FollowUpForm, StepsAhead, TodayForm, WaitingOnMe, time};
use super::{Api, Problem, ProblemBody, inbox};
use crate::here::{Local, date_text};
use crate::machine::now;

/// Things of the inbox that a day shows.
const ITEMS: usize = 5;
/// People that a part of a day shows.
const PEOPLE: usize = 20;
/// People on a page of one part.
pub(crate) const PAGE: usize = 100;
/// How far anything is counted beyond the pages before it: whoever has more to do needs no exact number, and counting
/// reads all that it counts.
pub(super) const COUNTED: usize = 500;
/// How far ahead a day looks.
const DAYS: u64 = 7;

/// Shows what a day has for me: what waits on me, what I do next, who I lost sight of, and where I am.
#[utoipa::path(get, path = "/today", params(Here), tag = "today",
    responses((status = 200, body = TodayForm), (status = 400, body = ProblemBody)))]
pub(super) async fn today(
    State(api): State<Api>,
    here: Result<Query<Here>, QueryRejection>,
) -> Result<Json<TodayForm>, Problem> {
    look(&api, &here?.0.local()?).map(Json)
}

/// What a day has for me.
pub(crate) fn look(api: &Api, local: &Local) -> Result<TodayForm, Problem> {
    let view = api.handle.view();
    let (list, total) = inbox::first(api, ITEMS)?;
    let on = events::event_on(view, local.date)?;
    let event = on.map_or_else(|| events::event_after(view, local.date), |event| Ok(Some(event)))?;
    Ok(TodayForm {
        date: date_text(local.date),
        inbox: WaitingOnMe { list, total },
        steps: steps_ahead(api, local)?,
        silent: silent(api, local, 0, PEOPLE)?,
        event: event.map(|event| super::events::form(api, &event, local)).transpose()?,
        people: api.handle.roster().counts()?.people,
        words_wait: api.home.words_file().exists(),
    })
}

fn steps_ahead(api: &Api, local: &Local) -> Result<StepsAhead, Problem> {
    let view = api.handle.view();
    let (over, tonight, ahead) = (local.over(), local.within(0), local.within(DAYS));
    let count = |before, by| agenda::count_steps(view, before, by, COUNTED);
    Ok(StepsAhead {
        list: steps(api, local, ahead, 0, PEOPLE)?,
        overdue: count(None, over)?,
        today: count(Some(over), tonight)?,
        week: count(Some(tonight), ahead)?,
    })
}

fn steps(api: &Api, local: &Local, by: agenda::By, skip: usize, most: usize) -> Result<Vec<Doing>, Problem> {
    let due = agenda::steps_due(api.handle.view(), by, &|date| local.end_of(date), skip, most)?;
    doings(api, local, due.into_iter().map(|(_, person)| (person, None)))
}

fn silent(api: &Api, local: &Local, skip: usize, most: usize) -> Result<DoingPage, Problem> {
    let (view, now) = (api.handle.view(), now());
    let found = agenda::silent(view, now, skip, most)?;
    let list = doings(api, local, found.into_iter().map(|(since, person)| (person, Some(since))))?;
    Ok(DoingPage { list, total: agenda::count_silent(view, now, skip.saturating_add(COUNTED))? })
}

/// People with what is to be done for them.
pub(super) fn doings(
    api: &Api,
    local: &Local,
    who: impl Iterator<Item = (PersonId, Option<Timestamp>)>,
) -> Result<Vec<Doing>, Problem> {
    let view = api.handle.view();
    let mut list = Vec::new();
    for (id, since) in who {
        let person = match people::person(view, id) {
            Ok(person) => person,
            // Forgotten at this very moment.
            Err(Error::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let follow_up = FollowUpForm::of(&follow_up(view, id)?, local);
        let person = api.listed(&person)?;
        list.push(Doing { person, follow_up, since: since.map(time) });
    }
    Ok(list)
}

/// Which page.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct PageOf {
    /// The page, from 0.
    pub page: usize,
}

/// Lists next steps, the ones that are due first before the others, a hundred on a page.
#[utoipa::path(get, path = "/today/steps", params(Here, PageOf), tag = "today",
    responses((status = 200, body = DoingPage), (status = 400, body = ProblemBody)))]
pub(super) async fn all_steps(
    State(api): State<Api>,
    page: Result<Query<PageOf>, QueryRejection>,
    here: Result<Query<Here>, QueryRejection>,
) -> Result<Json<DoingPage>, Problem> {
    let (skip, local) = (page?.page.saturating_mul(PAGE), here?.0.local()?);
    let ever = local.within(u64::MAX);
    let list = steps(&api, &local, ever, skip, PAGE)?;
    let total = agenda::count_steps(api.handle.view(), None, ever, skip.saturating_add(COUNTED))?;
    Ok(Json(DoingPage { list, total }))
}

/// Lists people I wanted to be in touch with by now, the longest overdue first, a hundred on a page.
#[utoipa::path(get, path = "/today/silent", params(Here, PageOf), tag = "today",
    responses((status = 200, body = DoingPage), (status = 400, body = ProblemBody)))]
pub(super) async fn all_silent(
    State(api): State<Api>,
    page: Result<Query<PageOf>, QueryRejection>,
    here: Result<Query<Here>, QueryRejection>,
) -> Result<Json<DoingPage>, Problem> {
    let (skip, local) = (page?.page.saturating_mul(PAGE), here?.0.local()?);
    silent(&api, &local, skip, PAGE).map(Json)
}
