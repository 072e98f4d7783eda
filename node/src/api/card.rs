//! My card.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::{CardChange, Own};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{CardForm, FieldForm, ReachForm, TierName};
use super::{Api, Problem, ProblemBody, line};
use crate::machine::now;

/// Through whose eyes.
#[derive(Deserialize, IntoParams)]
pub(super) struct Eyes {
    /// `public`, `contacts`, `named`, or a person; left out for my own.
    #[serde(rename = "as")]
    eyes: Option<String>,
}

/// Shows my card, whole or as somebody sees it.
#[utoipa::path(get, path = "/card", params(Eyes), tag = "card",
    responses((status = 200, body = CardForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn show(
    State(api): State<Api>,
    eyes: Result<Query<Eyes>, QueryRejection>,
) -> Result<Json<CardForm>, Problem> {
    let Query(Eyes { eyes }) = eyes?;
    let own = Own::load(api.handle.view())?;
    let Some(eyes) = eyes else { return Ok(Json(whole(&api, &own)?)) };
    Ok(Json(CardForm::from(&own.card.view(tier_of(&api, &eyes)?, now()))))
}

/// What somebody sees: a tier by its name, or that of a person.
pub(super) fn tier_of(api: &Api, eyes: &str) -> Result<Tier, Problem> {
    Ok(match eyes {
        "public" => Tier::Public,
        "contacts" => Tier::Contacts,
        "named" => Tier::Named,
        who => api.handle.roster().find(who)?.tier,
    })
}

fn whole(api: &Api, own: &Own) -> Result<CardForm, Problem> {
    let fields = own.card.fields.iter().map(|own| FieldForm {
        field: own.field.kind.name().to_owned(),
        value: own.field.value.to_string(),
        tier: Some(own.tier.into()),
    });
    let roster = api.handle.roster();
    let reach = ReachForm { contacts: roster.audience(Tier::Contacts)?, named: roster.audience(Tier::Named)? };
    Ok(CardForm { name: own.card.name.to_string(), fields: fields.collect(), reach: Some(reach) })
}

/// One change of a field.
#[derive(Deserialize, ToSchema)]
pub(super) struct FieldChange {
    /// Which field, such as `org`; `name` for the name.
    field: String,
    /// What it says from now on; left out or empty to remove it.
    value: Option<String>,
    /// Who may see it; left out to keep it as it is.
    tier: Option<TierName>,
}

/// Changes to my card, made all at once or not at all.
#[derive(Deserialize, ToSchema)]
pub(super) struct Changes {
    /// The changes, in order.
    #[schema(max_items = 100)]
    changes: Vec<FieldChange>,
}

/// What came of a change.
#[derive(Serialize, ToSchema)]
pub(super) struct Changed {
    /// False if the card was like that already.
    changed: bool,
    /// Contacts who see the card, and are told.
    contacts: usize,
}

/// Changes my card.
#[utoipa::path(patch, path = "/card", request_body = Changes, tag = "card",
    responses((status = 200, body = Changed), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn change(
    State(api): State<Api>,
    body: Result<Json<Changes>, JsonRejection>,
) -> Result<Json<Changed>, Problem> {
    let changes = body?.0.changes.iter().map(change_of).collect::<Result<Vec<_>, _>>()?;
    let changed = api.handle.act(move |turn| turn.change_card(changes)).await?;
    let contacts = api.handle.roster().counts()?.contacts;
    Ok(Json(Changed { changed, contacts }))
}

fn change_of(change: &FieldChange) -> Result<CardChange, Problem> {
    let value = change.value.as_deref().filter(|value| !value.trim().is_empty());
    if change.field.eq_ignore_ascii_case("name") {
        let name = value.ok_or_else(|| Problem::bad_input("name: a card has a name", Some("give a name")))?;
        return Ok(CardChange::Name(line("name", name)?));
    }
    let Some(kind) = FieldKind::from_name(&change.field) else {
        let known: Vec<&str> = FieldKind::KNOWN.iter().map(|kind| kind.name()).collect();
        return Err(Problem::bad_input(
            format!("a card has no field {:?}", change.field),
            Some(&format!("fields are: name, {}", known.join(", "))),
        ));
    };
    let value = value.map(|value| line(kind.name(), value)).transpose()?;
    Ok(CardChange::Field(kind, value, change.tier.map(Tier::from)))
}
