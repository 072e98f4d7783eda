//! Letters from person to person, and people who are handed over.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::correspondence::correspondence_with;
use kith_protocol::engine::disowned::came_by_given_up_until;
use kith_protocol::text::{Note, Words};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::WrittenForm;
use super::{Api, Kind, Problem, ProblemBody};
use crate::driver::Refused;

/// Letters on one page.
pub(crate) const PAGE: usize = 50;

/// Which letters.
#[derive(Deserialize, IntoParams)]
pub(super) struct Which {
    /// The page, from 0.
    page: Option<usize>,
}

/// A page of a correspondence.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct LettersPage {
    /// The letters, the newest first.
    pub letters: Vec<WrittenForm>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Shows what a person and I wrote to each other, the newest first, fifty on a page.
#[utoipa::path(get, path = "/people/{who}/letters", params(("who" = String, Path, description = "name, petname, or the beginning of an id"), Which), tag = "people",
    responses((status = 200, body = LettersPage), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    Path(who): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<LettersPage>, Problem> {
    let skip = which?.0.page.unwrap_or_default().saturating_mul(PAGE);
    let person = api.handle.roster().find(&who)?;
    let all = correspondence_with(api.handle.view(), person.id)?;
    let given_up = came_by_given_up_until(api.handle.view(), &person)?;
    let letters = all.iter().rev().skip(skip).take(PAGE).map(|one| WrittenForm::of(one, given_up)).collect();
    Ok(Json(LettersPage { letters, total: all.len() }))
}

/// What I write.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewLetter {
    /// The words, at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Writes to a contact.
#[utoipa::path(post, path = "/people/{who}/letters", params(("who" = String, Path, description = "name, petname, or the beginning of an id")),
    request_body = NewLetter, tag = "people",
    responses((status = 201, body = WrittenForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn write(
    State(api): State<Api>,
    Path(who): Path<String>,
    body: Result<Json<NewLetter>, JsonRejection>,
) -> Result<(StatusCode, Json<WrittenForm>), Problem> {
    let words = Words::new(&body?.0.text).map_err(|error| Problem::text("text", &error))?;
    let id = api.handle.roster().find(&who)?.id;
    let written = api.handle.act(move |turn| turn.write_to(id, words)).await.map_err(advised)?;
    Ok((StatusCode::CREATED, Json(WrittenForm::of(&written, None))))
}

fn advised(refused: Refused) -> Problem {
    let problem = Problem::from(refused).advise(Kind::Conflict, "kith people says what each of them is to you");
    problem.advise(Kind::Full, "wait until their node was here, and took what waits for it")
}

/// To whom somebody is handed over.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewHandOver {
    /// A contact: name, petname, or the beginning of an id.
    to: String,
    /// What to say of them; left out for my first note about them, empty for nothing.
    note: Option<String>,
}

/// Hands a person over to a contact who should look after them: the name, what they gave to everybody, what I read
/// from a code of another kind, the event, and a note. What a contact gave to me alone does not go along.
#[utoipa::path(post, path = "/people/{who}/hand-over", params(("who" = String, Path, description = "name, petname, or the beginning of an id")),
    request_body = NewHandOver, tag = "people",
    responses((status = 204), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn hand_over(
    State(api): State<Api>,
    Path(who): Path<String>,
    body: Result<Json<NewHandOver>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let NewHandOver { to, note } = body?.0;
    let note = note.map(|note| Note::new(&note)).transpose().map_err(|error| Problem::text("note", &error))?;
    let whom = api.handle.roster().find(&who)?.id;
    let to = api.handle.roster().find(&to)?.id;
    api.handle.act(move |turn| turn.hand_over(whom, to, note)).await.map_err(advised)?;
    Ok(StatusCode::NO_CONTENT)
}
