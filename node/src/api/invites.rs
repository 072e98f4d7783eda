//! Codes that I show.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::Own;
use kith_protocol::engine::code_lists::{codes_made, open_codes};
use kith_protocol::engine::invites::{InviteOptions, OwnInvite, invite};
use kith_protocol::id::InviteId;
use kith_protocol::invite::Invite;
use kith_protocol::limits;
use kith_protocol::store::Table;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::captures::place;
use super::model::{InviteForm, Prepared, PreparedCode, ShownInvite, TierName, time};
use super::{Api, Elsewhere, Kind, Problem, ProblemBody, text};
use crate::codes::draw::Drawing;
use crate::machine::now;

/// What a new code is to be.
#[derive(Deserialize, ToSchema)]
#[serde(default)]
#[derive(Default)]
pub(super) struct NewInvite {
    /// For many people, rather than for one here and now.
    printed: bool,
    /// The event at which a live code is shown: left out for the one that is on, empty for none. The label of a printed
    /// code.
    event: Option<String>,
    /// The date where it is shown, which says which event is on; left out for the date where the node is.
    date: Option<String>,
    /// For whom, in my words.
    meant_for: Option<String>,
    /// What of my card its scanners get.
    tier: Option<TierName>,
    /// How long it is shown, in seconds.
    #[schema(minimum = 60)]
    life: Option<u64>,
}

/// Makes a code.
#[utoipa::path(post, path = "/invites", request_body = NewInvite, tag = "invites",
    responses((status = 201, body = ShownInvite), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn create(
    State(api): State<Api>,
    body: Result<Json<NewInvite>, JsonRejection>,
) -> Result<(StatusCode, Json<ShownInvite>), Problem> {
    let new = body?.0;
    somebody_will_answer(&api)?;
    if new.life.is_some_and(|life| life < 60) {
        return Err(Problem::bad_input("life: a code is shown for a minute at least", None));
    }
    let mut options = InviteOptions {
        printed: new.printed,
        event: None,
        meant_for: text("meant_for", new.meant_for.as_deref())?,
        tier: new.tier.map(Into::into),
        life: new.life,
    };
    // A badge outlives the day on which it is made.
    let label = if new.printed { new.event.as_deref().or(Some("")) } else { new.event.as_deref() };
    let place = place(label, new.date.as_deref())?;
    let made = api.handle.act(move |turn| {
        options.event = turn.event_name(place)?;
        turn.create_invite(options)
    });
    let (invite, code) = made.await?;
    Ok((StatusCode::CREATED, Json(shown(&invite, &code)?)))
}

/// Who scans a code of a home that goes on elsewhere waits for nobody.
fn somebody_will_answer(api: &Api) -> Result<(), Problem> {
    match Elsewhere::of(api.handle.view())? {
        Some(elsewhere) => Err(elsewhere.into()),
        None => Ok(()),
    }
}

/// Codes for a device that goes where there is no network.
#[derive(Deserialize, ToSchema)]
pub(super) struct Preparing {
    /// How many.
    #[schema(minimum = 0, maximum = 100)]
    count: usize,
    /// The event at which they are shown.
    #[serde(default)]
    event: Option<String>,
    /// What of my card their scanners get.
    #[serde(default)]
    tier: Option<TierName>,
    /// Ids of codes that the device has left and drops: they are withdrawn in the same step.
    #[serde(default)]
    #[schema(max_items = 100)]
    replaces: Vec<String>,
}

/// Codes that may be made at once: a busy stand's two days.
const PREPARED: usize = 100;

/// Makes live codes that are good for 14 days, for a device that shows them without network.
#[utoipa::path(post, path = "/invites/prepare", request_body = Preparing, tag = "invites",
    responses((status = 201, body = Prepared), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn prepare(
    State(api): State<Api>,
    body: Result<Json<Preparing>, JsonRejection>,
) -> Result<(StatusCode, Json<Prepared>), Problem> {
    let Preparing { count, event, tier, replaces } = body?.0;
    somebody_will_answer(&api)?;
    // What is gone already needs no withdrawing.
    let replaces: Vec<InviteId> = replaces.iter().take(PREPARED).filter_map(|id| InviteId::from_text(id)).collect();
    if count > PREPARED {
        return Err(Problem::bad_input(format!("count: at most {PREPARED} codes are made at once"), None));
    }
    let mut options = InviteOptions {
        meant_for: text("meant_for", Some(FOR_A_DEVICE))?,
        tier: tier.map(Into::into),
        life: Some(limits::GRANT_LIFE),
        ..InviteOptions::default()
    };
    let place = place(event.as_deref(), None)?;
    let made = api.handle.act(move |turn| {
        for id in replaces {
            if invite(turn.read(), id)?.is_some_and(|invite| invite.is_open()) {
                turn.revoke_invite(id)?;
            }
        }
        options.event = turn.event_name(place)?;
        (0..count).map(|_| turn.create_invite(options.clone())).collect()
    });
    let made: Vec<(OwnInvite, Invite)> = made.await.map_err(|refused| {
        Problem::from(refused).advise(Kind::Full, "withdraw codes that are out: kith invite list --open")
    })?;
    let codes = made.iter().map(|(invite, code)| prepared(invite, code)).collect::<Result<Vec<_>, _>>()?;
    let own = Own::load(api.handle.view())?;
    let until = now().plus(limits::GRANT_LIFE);
    let prepared = Prepared {
        name: own.card.name.to_string(),
        now: time(now()),
        until: time(until),
        has_address: made.iter().all(|(_, code)| !code.hints.is_empty()),
        codes,
    };
    Ok((StatusCode::CREATED, Json(prepared)))
}

const FOR_A_DEVICE: &str = "a device without network";

fn prepared(invite: &OwnInvite, code: &Invite) -> Result<PreparedCode, Problem> {
    let link = code.to_code();
    let drawing = Drawing::new(&link).map_err(|error| Problem::failed(error.to_string(), None))?;
    Ok(PreparedCode { id: invite.id.to_string(), svg: drawing.svg(), expires: time(invite.expires), link })
}

fn shown(invite: &OwnInvite, code: &Invite) -> Result<ShownInvite, Problem> {
    let link = code.to_code();
    // A code has at most 154 characters, which every version from 6 on holds.
    let qr_version = Drawing::version_of(&link).map_err(|error| Problem::failed(error.to_string(), None))?;
    Ok(ShownInvite { invite: InviteForm::of(invite, now()), link, qr_version, has_address: !code.hints.is_empty() })
}

/// Codes on one page.
const PAGE: usize = 50;

/// Which codes.
#[derive(Deserialize, IntoParams)]
pub(super) struct Which {
    /// Only those that can still be used.
    open: Option<bool>,
    /// Only those behind this one in the list: its id, or the beginning of it.
    after: Option<String>,
    /// At most so many: fifty, or fewer.
    #[param(minimum = 1, maximum = 50)]
    most: Option<usize>,
}

/// A page of my codes.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct InvitesPage {
    /// The codes, the newest first.
    pub invites: Vec<InviteForm>,
    /// How many there are on all pages.
    pub total: usize,
    /// True if there are more behind these.
    pub more: bool,
}

/// Lists my codes, the newest first, fifty on a page.
#[utoipa::path(get, path = "/invites", params(Which), tag = "invites",
    responses((status = 200, body = InvitesPage), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn list(
    State(api): State<Api>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<InvitesPage>, Problem> {
    let Which { open, after, most } = which?.0;
    let most = most.map_or(PAGE, |most| most.clamp(1, PAGE));
    let after = after.map(|id| find(&api, &id)).transpose()?;
    let (view, now) = (api.handle.view(), now());
    let (mut shown, total) = if open.unwrap_or_default() {
        let mut all = open_codes(view, now)?;
        let total = all.len();
        all.sort_by_key(OwnInvite::newest_first);
        all.retain(|invite| after.as_ref().is_none_or(|after| invite.newest_first() > after.newest_first()));
        (all, total)
    } else {
        (codes_made(view, after.as_ref(), most + 1)?, view.count(Table::CodesMade))
    };
    let more = shown.len() > most;
    shown.truncate(most);
    Ok(Json(InvitesPage { invites: shown.iter().map(|invite| InviteForm::of(invite, now)).collect(), total, more }))
}

/// Shows a code again.
#[utoipa::path(get, path = "/invites/{id}", params(("id" = String, Path, description = "id or the beginning of it")), tag = "invites",
    responses((status = 200, body = ShownInvite), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn code(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ShownInvite>, Problem> {
    let invite = find(&api, &id)?;
    let id = invite.id;
    let code = api.handle.act(move |turn| turn.invite_code(id)).await?;
    Ok(Json(shown(&invite, &code)?))
}

/// Withdraws a code.
#[utoipa::path(post, path = "/invites/{id}/revoke", params(("id" = String, Path, description = "id or the beginning of it")), tag = "invites",
    responses((status = 200, body = InviteForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn revoke(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<InviteForm>, Problem> {
    let id: InviteId = find(&api, &id)?.id;
    let revoked = api.handle.act(move |turn| turn.revoke_invite(id)).await?;
    Ok(Json(InviteForm::of(&revoked, now())))
}

fn find(api: &Api, id: &str) -> Result<OwnInvite, Problem> {
    // Links have the whole id; people type the beginning of it.
    let whole = InviteId::from_text(id).map(|id| invite(api.handle.view(), id)).transpose()?.flatten();
    match whole.filter(OwnInvite::is_shown) {
        Some(invite) => Ok(invite),
        None => super::by_id("code", id, codes_made(api.handle.view(), None, usize::MAX)?, |code| code.id.to_string()),
    }
}
