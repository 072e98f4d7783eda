//! Cards and lists for other programs.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kith_protocol::engine::follow_up::follow_up;
use kith_protocol::engine::person::Person;
use kith_protocol::engine::{self, Own, events, people};
use kith_protocol::folding::fold;
use kith_protocol::id::PersonId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::card::tier_of;
use super::{Api, Problem, ProblemBody};
use crate::formats::{Contact, csv, vcard3};
use crate::machine::now;
use crate::roster;
use crate::store::View;

type Writing = fn(&View, &Person) -> engine::Result<String>;

/// People that are read for one piece of a list.
const PIECE: usize = 100;
const VCARD: &str = "text/vcard; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";

/// How much of a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Size {
    /// All of it.
    #[default]
    Full,
    /// What fits into a small code: at most 300 bytes.
    Small,
}

/// Through whose eyes, and how much.
#[derive(Deserialize, IntoParams)]
pub(super) struct Eyes {
    /// `public`, `contacts`, `named`, or a person; left out for `public`.
    #[serde(rename = "as")]
    eyes: Option<String>,
    /// `full` or `small`.
    #[serde(default)]
    #[param(inline)]
    form: Size,
}

/// My card as a vCard 3.0, as somebody sees it.
#[utoipa::path(get, path = "/card/vcf", params(Eyes), tag = "card",
    responses((status = 200, content_type = "text/vcard", body = String), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn card(
    State(api): State<Api>,
    eyes: Result<Query<Eyes>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Eyes { eyes, form }) = eyes?;
    let tier = tier_of(&api, eyes.as_deref().unwrap_or("public"))?;
    let contact = Contact::of_card(&Own::load(api.handle.view())?.card.view(tier, now()));
    let text = match form {
        Size::Full => vcard3::write(&contact),
        Size::Small => vcard3::write_small(&contact),
    };
    Ok(file(VCARD, "card.vcf", text.into()))
}

/// What I know of a person as a vCard 3.0, without my notes.
#[utoipa::path(get, path = "/people/{who}/vcf", params(("who" = String, Path, description = "name, petname, or the beginning of an id")), tag = "people",
    responses((status = 200, content_type = "text/vcard", body = String), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn person(State(api): State<Api>, Path(who): Path<String>) -> Result<Response, Problem> {
    let view = api.handle.view();
    let person = api.handle.roster().find(&who)?;
    Ok(file(VCARD, "person.vcf", as_vcard(view, &person)?.into()))
}

/// Whom a list holds.
#[derive(Deserialize, IntoParams)]
pub(super) struct Whom {
    /// Only people that I came across there.
    event: Option<String>,
    /// Only people with this tag.
    tag: Option<String>,
}

/// People as vCards 3.0, by name, without my notes.
#[utoipa::path(get, path = "/people/vcf", params(Whom), tag = "people",
    responses((status = 200, content_type = "text/vcard", body = String), (status = 400, body = ProblemBody)))]
pub(super) async fn people_vcf(
    State(api): State<Api>,
    whom: Result<Query<Whom>, QueryRejection>,
) -> Result<Response, Problem> {
    list(&api, &whom?.0, VCARD, "people.vcf", String::new(), as_vcard)
}

/// People as comma-separated values, by name, with my notes.
#[utoipa::path(get, path = "/people/csv", params(Whom), tag = "people",
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = ProblemBody)))]
pub(super) async fn people_csv(
    State(api): State<Api>,
    whom: Result<Query<Whom>, QueryRejection>,
) -> Result<Response, Problem> {
    list(&api, &whom?.0, CSV, "people.csv", csv::header(), as_row)
}

fn as_vcard(view: &View, person: &Person) -> engine::Result<String> {
    let card = people::card_of(view, person.id)?;
    Ok(vcard3::write(&Contact::of_person(person, card.as_ref(), &[])))
}

fn as_row(view: &View, person: &Person) -> engine::Result<String> {
    let (card, notes) = (people::card_of(view, person.id)?, people::notes_about(view, person.id)?);
    let contact = Contact::of_person(person, card.as_ref(), &notes).followed_up(&follow_up(view, person.id)?);
    Ok(csv::row(&contact))
}

/// Writes people piece by piece, as fast as they are read: a long list is never in memory as text.
fn list(
    api: &Api,
    whom: &Whom,
    kind: &'static str,
    name: &str,
    first: String,
    write: Writing,
) -> Result<Response, Problem> {
    let query = roster::Query {
        tags: whom.tag.iter().cloned().collect(),
        met: names_of(api.handle.view(), whom.event.as_deref())?,
        ..roster::Query::default()
    };
    let found = api.handle.roster().all(&query)?;
    let pieces: Vec<Vec<PersonId>> = found.chunks(PIECE).map(<[PersonId]>::to_vec).collect();
    let view = api.handle.view().clone();
    let pieces = pieces.into_iter().map(move |people| people.iter().map(|id| written(&view, *id, write)).collect());
    let pieces = std::iter::once(Ok(first)).chain(pieces);
    Ok(file(kind, name, Body::from_stream(stream::iter(pieces))))
}

/// All names of an event, since people were met under earlier ones; an event that is not planned has the one name.
fn names_of(view: &View, event: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(name) = event.filter(|event| !event.trim().is_empty()) else { return Ok(Vec::new()) };
    let wanted = fold(name);
    let planned = events::events(view)?.into_iter().find(|event| event.names().any(|own| fold(own.as_str()) == wanted));
    Ok(planned.map_or_else(|| vec![name.to_owned()], |event| event.names().map(ToString::to_string).collect()))
}

fn written(view: &View, id: PersonId, write: Writing) -> engine::Result<String> {
    match people::person(view, id) {
        Ok(person) => write(view, &person),
        // Forgotten while the list was on its way.
        Err(engine::Error::NotFound { .. }) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn file(kind: &'static str, name: &str, body: Body) -> Response {
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))], body)
        .into_response()
}
