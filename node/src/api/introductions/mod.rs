//! Introductions: asking for one, carrying one, being asked.

mod ends;
mod key;
mod lines;
mod look;
mod show;
mod words;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::introduction::{AskEdit, AskOptions, HeldOutcome, IntroKey, Meant, Mine, Notes, Part, keys};
use kith_protocol::engine::{self, Turn};
use kith_protocol::id::PersonId;
use kith_protocol::letter::introduction::Sentence;
use kith_protocol::limits;
use kith_protocol::text::{Text, TextError};
use kith_protocol::time::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub(super) use look::Looking;

use super::model::{ExchangeForm, IntroductionForm, LinesPage, PurposeName, StageName, TierName, when};
use super::today::PageOf;
use super::{Api, Kind, Problem, ProblemBody, line, optional_line, text};
use crate::driver::now;

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

/// An introduction that I want.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewAsk {
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
pub(super) async fn ask(
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
fn required<const MAX: usize>(field: &'static str, given: &str) -> Result<Text<MAX>, Problem> {
    let text: Text<MAX> = text(field, Some(given))?;
    if text.is_empty() { Err(Problem::text(field, &TextError::Empty)) } else { Ok(text) }
}

/// An introduction that is my idea.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewSuggestion {
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
pub(super) async fn suggest(
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
pub(super) struct Passing {
    /// To which contact of mine; left out if the asker named them.
    to: Option<String>,
    /// What I say of it.
    note: String,
}

/// Passes an ask on to its target, with a sentence of mine.
#[utoipa::path(post, path = "/introductions/{id}/pass", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Passing, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn pass(
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
pub(super) struct GivingBack {
    /// What to change.
    note: String,
}

/// Gives an ask back, to be said differently.
#[utoipa::path(post, path = "/introductions/{id}/return", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = GivingBack, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn give_back(
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
pub(super) async fn decline(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<IntroductionForm>, Problem> {
    let key = find(&api, &id)?;
    act(&api, key, move |turn| turn.decline_introduction(key)).await
}

/// When to look at it again.
#[derive(Deserialize, ToSchema)]
pub(super) struct PuttingOff {
    /// A date (`2026-12-01`, its beginning in UTC) or a time in RFC 3339.
    until: String,
}

/// Puts it off.
#[utoipa::path(post, path = "/introductions/{id}/later", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = PuttingOff, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn later(
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

/// A date or a time as people and programs write it.
fn moment(text: &str) -> Result<Timestamp, Problem> {
    let text = text.trim();
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
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
pub(super) struct Yes {
    /// What of my card they get.
    tier: Option<TierName>,
    /// What the other is to read, if the introducer had the idea and I would write first.
    blurb: Option<String>,
}

/// Says yes: to somebody who asks for me, or to an idea of the introducer's.
#[utoipa::path(post, path = "/introductions/{id}/accept", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Yes, tag = "introductions",
    responses((status = 200, body = IntroductionForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn accept(
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
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<IntroductionForm>, Problem> {
    let key = find(&api, &id)?;
    act(&api, key, move |turn| turn.withdraw_introduction(key)).await
}

/// Changes to an ask; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Changes {
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
pub(super) async fn edit(
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
pub(super) struct HowItWent {
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
pub(super) async fn outcome(
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
