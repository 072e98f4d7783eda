//! What waits on me.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use kith_protocol::engine::correspondence::correspondence_with;
use kith_protocol::engine::disowned::came_by_given_up_until;
use kith_protocol::engine::guests::{LeftCard, left_behind};
use kith_protocol::engine::handover::handed_over;
use kith_protocol::engine::inbox::{Item, ItemKind, items};
use kith_protocol::engine::invites::invite;
use kith_protocol::engine::person::Person;
use kith_protocol::engine::{Error, people};
use kith_protocol::id::ItemId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::introductions::Looking;
use super::model::{CardForm, HandOverForm, ItemContext, ItemForm, LeftCardForm, PersonForm, TierName, WrittenForm};
use super::{Api, Kind, Problem, ProblemBody, vouches};
use crate::roster::Listed;
use crate::store::View;

/// Lists what waits on me: whose word counts no more, what people ask, what visitors left; each the oldest first.
#[utoipa::path(get, path = "/inbox", tag = "inbox", responses((status = 200, body = Vec<ItemForm>)))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<ItemForm>>, Problem> {
    Ok(Json(first(&api, usize::MAX)?.0))
}

/// At most so many of what waits on me, in that order, and how many there are.
pub(super) fn first(api: &Api, most: usize) -> Result<(Vec<ItemForm>, usize), Problem> {
    let view = api.handle.view();
    let mut waiting = items(view)?;
    waiting.sort_by_key(place_of);
    let total = waiting.len();
    if waiting.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let connected = api.handle.status().connected;
    let mut looking = Looking::at(&api.handle)?;
    let mut forms = Vec::new();
    for item in waiting.into_iter().take(most) {
        if let Some(left) = left_behind(view, &item)? {
            forms.push(of_left(&item, &left));
            continue;
        }
        let person = match people::person(view, item.person) {
            Ok(person) => person,
            // Forgotten at this very moment, and the item with them.
            Err(Error::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let card = people::card_of(view, person.id)?;
        let letter = letter_of(view, &item, &person)?;
        let code = match item.invite {
            Some(id) => invite(view, id)?,
            None => None,
        };
        let person = PersonForm::of(&Listed::of(&person, card.as_ref()), connected.contains(&person.id));
        let introduction = match item.introduction {
            Some(key) => looking.one(key)?,
            None => None,
        };
        let about = ItemContext {
            card: card.as_ref().filter(|_| shows_card(&item)).map(CardForm::from),
            message: None,
            introduction,
            vouch: vouches::of_item(view, &item)?,
            letter,
            handover: handed_over(view, &item)?.map(|handed| HandOverForm::from(&handed.whom)),
        };
        forms.push(ItemForm::of(&item, person, about, code.as_ref()));
    }
    Ok((forms, total))
}

/// Whom not to believe is read before what they say. What strangers left waits behind what people ask.
const fn place_of(item: &Item) -> u8 {
    match item.kind {
        ItemKind::KeyGivenUp | ItemKind::Fork => 0,
        ItemKind::LeftCard => 2,
        _ => 1,
    }
}

/// The card of somebody who is new to me, or says so. One that came with a key which was given up may be of whoever has that
/// key.
const fn shows_card(item: &Item) -> bool {
    let is_about_contact = matches!(item.kind, ItemKind::Wrote | ItemKind::HandedOver | ItemKind::KeyGivenUp);
    !is_about_contact && item.introduction.is_none() && item.vouch.is_none()
}

/// A card that a visitor left; they are none of my people yet.
fn of_left(item: &Item, left: &LeftCard) -> ItemForm {
    let person = PersonForm::of(&Listed::of_left(left), false);
    let LeftCardForm { card, message, .. } = left.into();
    ItemForm::of(item, person, ItemContext { card: Some(card), message, ..ItemContext::default() }, None)
}

/// The newest letter of theirs, where that is what waits.
fn letter_of(view: &View, item: &Item, person: &Person) -> Result<Option<WrittenForm>, Problem> {
    if item.kind != ItemKind::Wrote {
        return Ok(None);
    }
    let letters = correspondence_with(view, item.person)?;
    let given_up = came_by_given_up_until(view, person)?;
    let newest = letters.iter().rev().find(|letter| !letter.is_mine());
    Ok(newest.map(|letter| WrittenForm::of(letter, given_up)))
}

/// How something is accepted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Acceptance {
    /// What of my card they get; left out for what the code promised.
    tier: Option<TierName>,
}

/// Says yes.
#[utoipa::path(post, path = "/inbox/{id}/accept", params(("id" = String, Path, description = "id or the beginning of it")),
    request_body = Acceptance, tag = "inbox",
    responses((status = 200, body = PersonForm), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn accept(
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Result<Json<Acceptance>, JsonRejection>,
) -> Result<Json<PersonForm>, Problem> {
    let (id, tier) = (find(&api, &id)?, body?.0.tier);
    let item = api.handle.act(move |turn| turn.accept(id, tier.map(Into::into))).await;
    let hint = "kith inbox says what can be done about it, with the commands";
    let item = item.map_err(|refused| Problem::from(refused).advise(Kind::Conflict, hint))?;
    concerned(&api, &item)
}

/// Says no, or nothing.
#[utoipa::path(post, path = "/inbox/{id}/ignore", params(("id" = String, Path, description = "id or the beginning of it")), tag = "inbox",
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn ignore(State(api): State<Api>, Path(id): Path<String>) -> Result<axum::http::StatusCode, Problem> {
    let id = find(&api, &id)?;
    api.handle.act(move |turn| turn.ignore(id)).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

fn concerned(api: &Api, item: &Item) -> Result<Json<PersonForm>, Problem> {
    let person = people::person(api.handle.view(), item.person)?;
    Ok(Json(api.listed(&person)?))
}

fn find(api: &Api, id: &str) -> Result<ItemId, Problem> {
    let waiting = items(api.handle.view())?;
    super::by_id("inbox item", id, waiting, |item| item.id.to_string()).map(|item| item.id)
}

#[cfg(test)]
mod tests {
    use kith_protocol::id::PersonId;
    use kith_protocol::time::Timestamp;

    use super::*;

    const MONDAY: Timestamp = Timestamp::from_secs(1_776_643_200);

    /// What waits about Ana since so many seconds after Monday.
    fn about_ana(kind: ItemKind, after: u64) -> Item {
        Item {
            id: ItemId([1; 10]),
            kind,
            person: PersonId([1; 10]),
            at: MONDAY.plus(after),
            until: MONDAY.plus(after + 86_400),
            invite: None,
            meeting: None,
            introduction: None,
            vouch: None,
            letter: None,
        }
    }

    #[test]
    fn that_anas_key_was_given_up_is_read_before_what_came_by_it() {
        let kinds = [ItemKind::LeftCard, ItemKind::Wrote, ItemKind::ConfirmScan, ItemKind::KeyGivenUp];
        let mut waiting: Vec<Item> = kinds.into_iter().zip(0..).map(|(kind, after)| about_ana(kind, after)).collect();
        waiting.sort_by_key(place_of);
        let order: Vec<ItemKind> = waiting.iter().map(|item| item.kind).collect();
        assert_eq!(order, [ItemKind::KeyGivenUp, ItemKind::Wrote, ItemKind::ConfirmScan, ItemKind::LeftCard]);
    }

    #[test]
    fn nor_does_the_card_stand_there_that_may_be_the_thiefs() {
        assert!(!shows_card(&about_ana(ItemKind::KeyGivenUp, 0)));
        assert!(!shows_card(&about_ana(ItemKind::Wrote, 0)));
        assert!(shows_card(&about_ana(ItemKind::ConfirmScan, 0)), "whoever scanned is shown with what they gave");
    }
}
