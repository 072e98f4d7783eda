//! Beginning an introduction: asking for one, or bringing two together.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use kith_protocol::engine::introduction::{AskOptions, Meant, Notes};
use kith_protocol::letter::introduction::Sentence;
use kith_protocol::limits;
use kith_protocol::text::{Text, TextError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::form;
use crate::api::model::{IntroductionForm, PurposeName, TierName};
use crate::api::{Api, Kind, Problem, ProblemBody, line, optional_line, text};

/// An introduction that I want.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct NewAsk {
    /// To whom: one of my people who is no contact. Either this or `about`.
    who: Option<String>,
    /// To whom, in words.
    about: Option<String>,
    /// The contact who is to introduce me.
    via: String,
    /// What for.
    purpose: PurposeName,
    /// Why them.
    why: String,
    /// What they are to read, forwarded as it is.
    blurb: String,
    /// What of my card they get when we are connected.
    tier: Option<TierName>,
    /// How many days it is open.
    #[schema(minimum = 1, maximum = 14)]
    days: Option<u64>,
}

/// Asks a contact to introduce me to somebody.
#[utoipa::path(post, path = "/introductions", request_body = NewAsk, tag = "introductions",
    responses((status = 201, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn ask(
    State(api): State<Api>,
    body: Result<Json<NewAsk>, JsonRejection>,
) -> Result<(StatusCode, Json<IntroductionForm>), Problem> {
    let new = body?.0;
    let options = AskOptions {
        introducer: api.handle.roster().find(&new.via)?.id,
        meant: meant(&api, new.who.as_deref(), new.about.as_deref())?,
        purpose: new.purpose.into(),
        why: required("why", &new.why)?,
        blurb: required("blurb", &new.blurb)?,
        tier: new.tier.map(Into::into),
        life: life(new.days)?,
    };
    let asked = api.handle.act(move |turn| turn.ask_introduction(options)).await;
    let asked = asked.map_err(|refused| {
        Problem::from(refused)
            .advise(Kind::Full, "kith intro list --part asker --open shows them")
            .advise(Kind::Conflict, "kith people says who is a contact, kith intro list what you have asked for")
    })?;
    Ok((StatusCode::CREATED, form(&api, asked.name())?))
}

fn meant(api: &Api, who: Option<&str>, about: Option<&str>) -> Result<Meant, Problem> {
    match (who, about) {
        (Some(who), None) => {
            let person = api.handle.roster().find(who).map_err(|error| {
                Problem::from(error).advise(Kind::NotFound, "describe them in words instead: --about \"…\"")
            })?;
            Ok(Meant::Person(person.id))
        }
        (None, Some(about)) => Ok(Meant::Words(line("about", about)?)),
        _ => Err(Problem::bad_input("say either who it is or what they are like", Some("give WHO or --about \"…\""))),
    }
}

fn life(days: Option<u64>) -> Result<Option<u64>, Problem> {
    let most = limits::ASK_LIFE / limits::DAY;
    match days {
        Some(days) if days < 1 || days > most => {
            Err(Problem::bad_input(format!("days: an ask is open for 1 to {most} days"), None))
        }
        days => Ok(days.map(|days| days * limits::DAY)),
    }
}

/// A text that must say something.
pub(super) fn required<const MAX: usize>(field: &'static str, given: &str) -> Result<Text<MAX>, Problem> {
    let text: Text<MAX> = text(field, Some(given))?;
    if text.is_empty() { Err(Problem::text(field, &TextError::Empty)) } else { Ok(text) }
}

/// An introduction that is my idea.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct NewSuggestion {
    /// The contact who would write first.
    one: String,
    /// The contact who would be written to.
    other: String,
    /// What I say to the first about the other, and to the other about the first unless `note_for_other` is given.
    note: String,
    /// What I say to the other about the first.
    note_for_other: Option<String>,
    /// How many days it is open.
    #[schema(minimum = 1, maximum = 14)]
    days: Option<u64>,
}

/// Asks two contacts of mine whether they would like to meet, without telling either who the other is.
#[utoipa::path(post, path = "/introductions/suggest", request_body = NewSuggestion, tag = "introductions",
    responses((status = 201, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn suggest(
    State(api): State<Api>,
    body: Result<Json<NewSuggestion>, JsonRejection>,
) -> Result<(StatusCode, Json<IntroductionForm>), Problem> {
    let new = body?.0;
    let roster = api.handle.roster();
    let (one, other) = (roster.find(&new.one)?.id, roster.find(&new.other)?.id);
    let about_target: Sentence = line("note", &new.note)?;
    let about_asker = optional_line("note_for_other", new.note_for_other.as_deref())?;
    let notes = Notes { about_asker: about_asker.unwrap_or_else(|| about_target.clone()), about_target };
    let life = life(new.days)?;
    let carried = api.handle.act(move |turn| turn.suggest(one, other, notes, life)).await;
    let hint = "kith people says who is a contact, kith intro list what is open";
    let carried = carried.map_err(|refused| Problem::from(refused).advise(Kind::Conflict, hint))?;
    Ok((StatusCode::CREATED, form(&api, carried.name())?))
}
