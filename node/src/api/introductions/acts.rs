//! What one does about an introduction that is there.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kith_protocol::engine::introduction::{AskEdit, HeldOutcome, IntroKey, Part};
use kith_protocol::engine::{self, Turn};
use kith_protocol::id::PersonId;
use kith_protocol::letter::introduction::Sentence;
use kith_protocol::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::begin::required;
use super::{WHERE_IT_STANDS, find, form, show, words};
use crate::api::model::{IntroductionForm, PurposeName, TierName, when};
use crate::api::{Api, Kind, Problem, ProblemBody, line, optional_line, text};
use crate::here;
use crate::machine::now;

/// Does something about an introduction, and shows it as it is afterwards.
async fn act(
    api: &Api,
    key: IntroKey,
    act: impl FnOnce(&mut Turn<'_>) -> engine::Result<()> + Send + 'static,
) -> Result<Json<IntroductionForm>, Problem> {
    let done = api.handle.act(act).await;
    done.map_err(|refused| Problem::from(refused).advise(Kind::Conflict, WHERE_IT_STANDS))?;
    form(api, key)
}

/// How an ask is passed on.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct Passing {
    /// To which contact of mine; left out if the asker named them.
    to: Option<String>,
    /// What I say of it.
    note: String,
}

/// Passes an ask on to its target, with a sentence of mine.
#[utoipa::path(post, path = "/introductions/{id}/pass", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Passing, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn pass(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<Passing>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, Passing { to, note }) = (part(&api, &id, Part::Introducer)?, body?.0);
    let to: Option<PersonId> = match to {
        Some(to) => Some(api.handle.roster().find(&to)?.id),
        None => None,
    };
    let note: Sentence = line("note", &note)?;
    act(&api, key, move |turn| turn.pass_ask(key, to, note).map(drop)).await
}

/// What to change in an ask.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct GivingBack {
    /// What to change.
    note: String,
}

/// Gives an ask back, to be said differently.
#[utoipa::path(post, path = "/introductions/{id}/return", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = GivingBack, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn give_back(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<GivingBack>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, GivingBack { note }) = (part(&api, &id, Part::Introducer)?, body?.0);
    let note: Sentence = line("note", &note)?;
    act(&api, key, move |turn| turn.return_ask(key, note).map(drop)).await
}

/// Says no to what waits on me. Only who must know of it does.
#[utoipa::path(post, path = "/introductions/{id}/decline", params(("id" = String, Path, description = "id or the beginning of it")), tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn decline(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<IntroductionForm>, Problem> {
    let key = find(&api, &id)?;
    act(&api, key, move |turn| turn.decline_introduction(key)).await
}

/// When to look at it again.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct PuttingOff {
    /// A date (`2026-12-01`, its beginning in UTC) or a time in RFC 3339.
    until: String,
}

/// Puts it off.
#[utoipa::path(post, path = "/introductions/{id}/later", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = PuttingOff, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn later(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<PuttingOff>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, until) = (find(&api, &id)?, body?.0.until);
    let until = moment(&until)?;
    if until <= now() {
        return Err(Problem::bad_input(format!("until: {} is past", when(until)), Some("give a date to come")));
    }
    let ends = show::expires(api.handle.view(), key)?;
    if until >= ends {
        let hint = Some("name an earlier time, or say no");
        return Err(Problem::bad_input(format!("until: it ends on {}, before that", when(ends)), hint));
    }
    act(&api, key, move |turn| turn.put_off_introduction(key, until)).await
}

/// A date or a time as people and programs write it. A date is the beginning of that day where they are.
fn moment(text: &str) -> Result<Timestamp, Problem> {
    let text = text.trim();
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok()?.to_zoned(here::zone()).ok();
    let at = match text.len() {
        10 => day(text).map(|day| day.timestamp()),
        _ => text.parse::<jiff::Timestamp>().ok(),
    };
    let secs = at.and_then(|at| u64::try_from(at.as_second()).ok());
    secs.map(Timestamp::from_secs).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        let hint = "write it as 2026-12-01 or 2026-12-01T08:00:00Z";
        Problem::bad_input(format!("until: {shown:?} is no date"), Some(hint))
    })
}

/// How I say yes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::api) struct Yes {
    /// What of my card they get.
    tier: Option<TierName>,
    /// What the other is to read, if the introducer had the idea and I would write first.
    blurb: Option<String>,
}

/// Says yes: to somebody who asks for me, or to an idea of the introducer's.
#[utoipa::path(post, path = "/introductions/{id}/accept", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Yes, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn accept(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<Yes>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, Yes { tier, blurb }) = (find(&api, &id)?, body?.0);
    let (tier, blurb) = (tier.map(Into::into), text("blurb", blurb.as_deref())?);
    match key.part {
        Part::Asker => act(&api, key, move |turn| turn.take_suggestion(key, tier, blurb)).await,
        Part::Target => act(&api, key, move |turn| turn.consent(key, tier)).await,
        Part::Introducer => Err(wrong_part("accept", key, "pass it on with a sentence of yours: kith intro pass")),
    }
}

/// Takes back what I began or agreed to, while nobody has come of it.
#[utoipa::path(post, path = "/introductions/{id}/withdraw", params(("id" = String, Path, description = "id or the beginning of it")), tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<IntroductionForm>, Problem> {
    let key = find(&api, &id)?;
    act(&api, key, move |turn| turn.withdraw_introduction(key)).await
}

/// Changes to an ask; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::api) struct Changes {
    /// To whom, in words.
    about: Option<String>,
    /// What for.
    purpose: Option<PurposeName>,
    /// Why them.
    why: Option<String>,
    /// What they are to read.
    blurb: Option<String>,
}

/// Says an ask differently, and asks again.
#[utoipa::path(post, path = "/introductions/{id}/edit", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Changes, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn edit(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<Changes>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, changes) = (part(&api, &id, Part::Asker)?, body?.0);
    let edit = AskEdit {
        target: optional_line("about", changes.about.as_deref())?,
        purpose: changes.purpose.map(Into::into),
        why: changes.why.as_deref().map(|why| required("why", why)).transpose()?,
        blurb: changes.blurb.as_deref().map(|blurb| required("blurb", blurb)).transpose()?,
    };
    act(&api, key, move |turn| turn.edit_ask(key, edit).map(drop)).await
}

/// How it went.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::api) struct HowItWent {
    /// The two of us have met or talked.
    met: bool,
    /// It was of use to me.
    useful: bool,
    /// Thanks, in words.
    thanks: Option<String>,
}

/// Tells the introducer how it went, and thanks them.
#[utoipa::path(post, path = "/introductions/{id}/outcome", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = HowItWent, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(in crate::api) async fn outcome(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<HowItWent>, JsonRejection>,
) -> Result<Json<IntroductionForm>, Problem> {
    let (key, HowItWent { met, useful, thanks }) = (find(&api, &id)?, body?.0);
    let outcome = HeldOutcome { met, useful, thanks: optional_line("thanks", thanks.as_deref())? };
    act(&api, key, move |turn| turn.tell_outcome(key, outcome)).await
}

/// The introduction that a name means, in which I must have this part.
fn part(api: &Api, name: &str, part: Part) -> Result<IntroKey, Problem> {
    let key = find(api, name)?;
    if key.part == part { Ok(key) } else { Err(wrong_part("do that", key, WHERE_IT_STANDS)) }
}

fn wrong_part(what: &str, key: IntroKey, hint: &str) -> Problem {
    let message = format!("you are the {} here, and cannot {what}", words::part_name(key.part));
    Problem::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint))
}
