//! Introductions: asking for one, carrying one, being asked.

pub(super) mod acts;
pub(super) mod begin;
mod ends;
mod key;
mod lines;
mod look;
mod show;
mod words;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::introduction::{IntroKey, Mine, keys};
use serde::Deserialize;
use utoipa::IntoParams;

pub(super) use look::Looking;

use super::model::{ExchangeForm, IntroductionForm, LinesPage, StageName};
use super::today::PageOf;
use super::{Api, Kind, Problem, ProblemBody};

const WHERE_IT_STANDS: &str = "kith intro show ID says where it stands and what you can do";

/// Which introductions to list.
#[derive(Deserialize, IntoParams)]
pub(super) struct Which {
    /// Only those in which I am this: `asker`, `introducer` or `target`.
    part: Option<String>,
    /// Only those of which something may come, or only the others.
    open: Option<bool>,
    /// A page of fifty, from 0; all of them if it is left out.
    page: Option<usize>,
}

/// Lists introductions, the one that changed last first.
#[utoipa::path(get, path = "/introductions", params(Which), tag = "introductions",
    responses((status = 200, body = Vec<IntroductionForm>), (status = 400, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Vec<IntroductionForm>>, Problem> {
    let Query(Which { part, open, page }) = which?;
    let bad = |part: &str| {
        let hint = Some("parts are asker, introducer and target");
        Problem::bad_input(format!("nobody is {part:?} in an introduction"), hint)
    };
    let part = part.map(|part| key::part_of(&part).ok_or_else(|| bad(&part))).transpose()?;
    let is_wanted = |mine: &Mine| {
        part.is_none_or(|part| lines::part_in(mine) == part) && open.is_none_or(|open| lines::is_open(mine) == open)
    };
    Ok(Json(Looking::at(&api.handle)?.list(is_wanted, page)?))
}

/// Shows an introduction with all that there is to know for deciding about it.
#[utoipa::path(get, path = "/introductions/{id}", params(("id" = String, Path, description = "id or the beginning of it")), tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn show(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<IntroductionForm>, Problem> {
    form(&api, find(&api, &id)?)
}

/// Shows what needs me, what waits on others, and what is done: the first ten of each, the one that changed last first.
#[utoipa::path(get, path = "/exchange", tag = "introductions", responses((status = 200, body = ExchangeForm)))]
pub(super) async fn exchange(State(api): State<Api>) -> Result<Json<ExchangeForm>, Problem> {
    Looking::at(&api.handle)?.overview().map(Json)
}

/// Lists the introductions of one stage, fifty on a page, the one that changed last first.
#[utoipa::path(get, path = "/exchange/{stage}", params(("stage" = StageName, Path, description = "who must act"), PageOf),
    tag = "introductions", responses((status = 200, body = LinesPage), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn of_stage(
    State(api): State<Api>,
    Path(stage): Path<String>,
    page: Result<Query<PageOf>, QueryRejection>,
) -> Result<Json<LinesPage>, Problem> {
    let hint = Some("stages are needs_me, waiting and done");
    let stage = StageName::named(&stage).ok_or_else(|| Problem::not_found("stage", &short(&stage), hint))?;
    Looking::at(&api.handle)?.page(stage, page?.page).map(Json)
}

fn form(api: &Api, key: IntroKey) -> Result<Json<IntroductionForm>, Problem> {
    let form = Looking::at(&api.handle)?.one(key)?;
    form.map(Json).ok_or_else(|| Problem::not_found("introduction", &key.id.short(), Some("it has just gone")))
}

/// The one introduction that a name means.
fn find(api: &Api, name: &str) -> Result<IntroKey, Problem> {
    let wanted = name.trim().to_ascii_lowercase();
    let mut found: Vec<IntroKey> =
        keys(api.handle.view())?.into_iter().filter(|key| key::is_meant(*key, &wanted)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => {
            let hint = Some("kith intro list shows them; give at least four characters of an id");
            Err(Problem::not_found("introduction", &short(&wanted), hint))
        }
        (Some(last), false) => {
            found.push(last);
            let candidates: Vec<String> = found.iter().take(10).map(|key| key::full_name(*key)).collect();
            let message = format!("{wanted:?} could be {}", candidates.join(" or "));
            Err(Problem::new(StatusCode::CONFLICT, Kind::Ambiguous, message, Some("use one of these names")))
        }
    }
}

/// What somebody typed, cut to what an answer repeats.
fn short(typed: &str) -> String {
    typed.chars().take(64).collect()
}
