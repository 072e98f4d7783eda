//! What people say of each other.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::inbox::Item;
use kith_protocol::engine::person::Person;
use kith_protocol::engine::vouches::{
    HeldVouch, VouchKey, VouchOptions, VouchShown, vouches_about, vouches_about_me, vouches_by_me,
};
use kith_protocol::engine::{Own, people};
use kith_protocol::limits;
use kith_protocol::text::Label;
use kith_protocol::vouch::Strength;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::model::{BasisName, InterestName, ReachName, VouchForm, VouchesForm, vouch_id};
use super::{Api, Kind, Problem, ProblemBody, line, optional_line};
use crate::here;
use crate::machine::now;
use crate::roster::Roster;
use crate::store::View;

/// A strength that is not chosen.
const USUAL_STRENGTH: u8 = 2;

/// About whom.
#[derive(Deserialize, IntoParams)]
pub(super) struct Whom {
    /// Only what is said of this person, by me and by others.
    about: Option<String>,
}

/// Lists what I say of others and what others say of me, or all that I may see of one person; the newest first.
#[utoipa::path(get, path = "/vouches", params(Whom), tag = "vouches",
    responses((status = 200, body = VouchesForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    whom: Result<Query<Whom>, QueryRejection>,
) -> Result<Json<VouchesForm>, Problem> {
    let view = api.handle.view();
    let Query(Whom { about: whom }) = whom?;
    Ok(Json(match whom {
        None => VouchesForm {
            given: forms(view, vouches_by_me(view)?)?,
            about_me: forms(view, vouches_about_me(view)?)?,
            about: Vec::new(),
        },
        Some(who) => VouchesForm { about: about(view, &api.handle.roster().find(&who)?)?, ..VouchesForm::default() },
    }))
}

/// What is said of a person, the newest first.
pub(super) fn about(view: &View, person: &Person) -> Result<Vec<VouchForm>, Problem> {
    match person.identity {
        Some(identity) => forms(view, vouches_about(view, identity)?),
        None => Ok(Vec::new()),
    }
}

/// What is said no more is kept so that it cannot come back, and shown to nobody.
fn forms(view: &View, held: Vec<HeldVouch>) -> Result<Vec<VouchForm>, Problem> {
    let said = held.iter().filter(|held| held.content().is_some());
    let mut shown = said.map(|held| VouchShown::of(view, held, now())).collect::<Result<Vec<_>, _>>()?;
    shown.sort_by_key(|shown| std::cmp::Reverse((shown.issued, shown.key)));
    Ok(shown.into_iter().map(VouchForm::from).collect())
}

/// The vouch that something in the inbox is about, if it is still said.
pub(super) fn of_item(view: &View, item: &Item) -> Result<Option<VouchForm>, Problem> {
    let Some(slot) = item.vouch else { return Ok(None) };
    let issuer = people::person(view, item.person)?.identity;
    let held =
        vouches_about_me(view)?.into_iter().find(|held| Some(held.key.issuer) == issuer && held.key.slot == slot);
    Ok(forms(view, held.into_iter().collect())?.pop())
}

/// What I want to say of somebody.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewVouch {
    /// Of whom: a contact.
    who: String,
    /// On what my word rests.
    basis: BasisName,
    /// My words.
    words: String,
    /// What they are good at.
    #[serde(default)]
    #[schema(max_items = 8)]
    skills: Vec<String>,
    /// Since which year.
    since: Option<u16>,
    /// Until which year; left out if it goes on.
    until: Option<u16>,
    /// How strongly, from 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    strength: Option<u8>,
    /// What I have to gain; always said, also when it is nothing.
    interest: InterestName,
    /// What exactly that is.
    interest_words: Option<String>,
    /// How far I let it be shown; to contacts of either if left out.
    reach: Option<ReachName>,
}

impl NewVouch {
    fn options(&self, roster: &Roster) -> Result<VouchOptions, Problem> {
        let strength = self.strength.unwrap_or(USUAL_STRENGTH);
        let strength = Strength::new(strength)
            .ok_or_else(|| Problem::bad_input("strength: it goes from 1 to 3", Some("leave it out if in doubt")))?;
        let interest_words = optional_line("interest_words", self.interest_words.as_deref())?;
        if self.interest == InterestName::Other && interest_words.is_none() {
            let hint = Some("say it with interest_words (--interest-words)");
            return Err(Problem::bad_input("interest_words: say what your interest is", hint));
        }
        let (since, until) = years(self.since, self.until)?;
        Ok(VouchOptions {
            person: roster.find(&self.who)?.id,
            basis: self.basis.into(),
            words: line("words", &self.words)?,
            skills: self.skills()?,
            since,
            until,
            strength,
            interest: self.interest.into(),
            interest_words,
            reach: self.reach.unwrap_or(ReachName::Contacts).into(),
            life: None,
        })
    }

    fn skills(&self) -> Result<Vec<Label>, Problem> {
        if self.skills.len() > limits::VOUCH_SKILLS {
            return Err(Problem::bad_input(format!("skill: a vouch names at most {}", limits::VOUCH_SKILLS), None));
        }
        self.skills.iter().map(|skill| line("skill", skill)).collect()
    }
}

/// From which year until which something was so.
fn years(since: Option<u16>, until: Option<u16>) -> Result<(Option<u16>, Option<u16>), Problem> {
    let (since, until) = (year("since", since)?, year("until", until)?);
    let this_year = jiff::Timestamp::now().to_zoned(here::zone()).year();
    if since.is_some_and(|since| i32::from(since) > i32::from(this_year)) {
        return Err(Problem::bad_input("since: that year is still to come", Some("give the year in which it began")));
    }
    if since.zip(until).is_some_and(|(since, until)| until < since) {
        return Err(Problem::bad_input("until: it ends before it began", Some("leave it out if it goes on")));
    }
    Ok((since, until))
}

/// A year that somebody can remember.
fn year(field: &str, year: Option<u16>) -> Result<Option<u16>, Problem> {
    match year {
        Some(year) if !(1900..=2200).contains(&year) => {
            Err(Problem::bad_input(format!("{field}: {year} is no year to speak of"), Some("years go from 1900")))
        }
        year => Ok(year),
    }
}

/// Says something of a contact. They are asked whether it may be shown.
#[utoipa::path(post, path = "/vouches", request_body = NewVouch, tag = "vouches",
    responses((status = 201, body = VouchForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn give(
    State(api): State<Api>,
    body: Result<Json<NewVouch>, JsonRejection>,
) -> Result<(StatusCode, Json<VouchForm>), Problem> {
    let options = body?.0.options(api.handle.roster())?;
    let held = api.handle.act(move |turn| turn.vouch(options)).await;
    let hint = "kith people says who is a contact; kith vouch list what you have said";
    let held = held.map_err(|refused| Problem::from(refused).advise(Kind::Conflict, hint))?;
    Ok((StatusCode::CREATED, form(&api, &held)?))
}

fn form(api: &Api, held: &HeldVouch) -> Result<Json<VouchForm>, Problem> {
    Ok(Json(VouchShown::of(api.handle.view(), held, now())?.into()))
}

/// Says the same for longer: two years from now.
#[utoipa::path(post, path = "/vouches/{id}/renew", params(("id" = String, Path, description = "id or the beginning of it")), tag = "vouches",
    responses((status = 200, body = VouchForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn renew(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<VouchForm>, Problem> {
    let key = mine(&api, &id)?;
    let held = api.handle.act(move |turn| turn.renew_vouch(key, None)).await?;
    form(&api, &held)
}

/// Says it no more.
#[utoipa::path(post, path = "/vouches/{id}/revoke", params(("id" = String, Path, description = "id or the beginning of it")), tag = "vouches",
    responses((status = 200, body = VouchForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn revoke(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<VouchForm>, Problem> {
    let key = mine(&api, &id)?;
    let held = api.handle.act(move |turn| turn.revoke_vouch(key)).await?;
    form(&api, &held)
}

/// How far it may be shown.
#[derive(Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Showing {
    /// At most so far; `us_two` takes an earlier word back.
    reach: ReachName,
}

impl Default for Showing {
    fn default() -> Self {
        Self { reach: ReachName::Contacts }
    }
}

/// Says how far what somebody says of me may be shown.
#[utoipa::path(post, path = "/vouches/{id}/accept", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Showing, tag = "vouches",
    responses((status = 200, body = VouchForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn accept(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<Showing>, JsonRejection>,
) -> Result<Json<VouchForm>, Problem> {
    let (key, Showing { reach }) = (about_me(&api, &id)?, body?.0);
    let view = api.handle.view();
    let issuer = people::by_identity(view, key.issuer)?;
    let issuer = issuer.ok_or_else(|| Problem::not_found("vouch", &id, Some("kith vouch list shows them")))?.id;
    api.handle.act(move |turn| turn.accept_vouch(issuer, key.slot, reach.into())).await?;
    let held = vouches_about_me(view)?.into_iter().find(|held| held.key == key);
    let held = held.ok_or_else(|| Problem::not_found("vouch", &id, Some("it has just gone")))?;
    form(&api, &held)
}

/// The vouch of mine that an id means.
fn mine(api: &Api, id: &str) -> Result<VouchKey, Problem> {
    let view = api.handle.view();
    let (me, key) = (Own::load(view)?.id(), find(view, id)?);
    if key.issuer == me { Ok(key) } else { Err(not_yours("somebody else says this of you", "kith vouch accept ID")) }
}

/// The vouch about me that an id means.
fn about_me(api: &Api, id: &str) -> Result<VouchKey, Problem> {
    let view = api.handle.view();
    let (me, key) = (Own::load(view)?.id(), find(view, id)?);
    if key.subject == me { Ok(key) } else { Err(not_yours("you say this of somebody else", "kith vouch revoke ID")) }
}

fn not_yours(message: &str, instead: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(&format!("{instead} is for this one")))
}

fn find(view: &View, id: &str) -> Result<VouchKey, Problem> {
    let mut all = vouches_by_me(view)?;
    all.extend(vouches_about_me(view)?);
    all.retain(|held| held.content().is_some());
    super::by_id("vouch", id, all, |held| vouch_id(held.key)).map(|held| held.key)
}
