//! Cards that visitors leave on the public page, for the page itself: who may leave one, and how often, is its matter.
//! What the owner decides about them goes through the inbox.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kith_protocol::card::{Field, FieldKind};
use kith_protocol::engine::guests::{Leaving, LeftSecret, Message, left_card};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Left, LeftCardForm, time};
use super::{Api, Kind, Problem, ProblemBody, line, optional_line};
use crate::machine::random;

/// What a visitor leaves.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewLeftCard {
    /// What takes it back, 32 letters and digits in base32, chosen before it is sent; left out for one that is drawn.
    secret: Option<String>,
    /// Their name.
    name: String,
    /// Where they work.
    org: Option<String>,
    /// What they are there.
    title: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
    /// Their number.
    phone: Option<String>,
    /// What they say besides, at most 600 characters.
    #[schema(max_length = 600)]
    message: Option<String>,
}

/// Leaves a card. It waits in the inbox, and is kept for 180 days unless it is accepted. The same secret again is
/// answered as the first time; the same name, e-mail and message within a day takes the place of the earlier one.
#[utoipa::path(post, path = "/left-cards", request_body = NewLeftCard, tag = "left cards",
    responses((status = 201, body = Left), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn leave(
    State(api): State<Api>,
    body: Result<Json<NewLeftCard>, JsonRejection>,
) -> Result<(StatusCode, Json<Left>), Problem> {
    let leaving = leaving(&body?.0)?;
    let secret = leaving.secret;
    let left = api.handle.act(move |turn| turn.leave_card(leaving)).await;
    let left = left.map_err(|refused| Problem::from(refused).advise(Kind::Full, "try again tomorrow"))?;
    let form = Left { secret: secret.to_text(), until: time(left.until) };
    Ok((StatusCode::CREATED, Json(form)))
}

fn leaving(new: &NewLeftCard) -> Result<Leaving, Problem> {
    let secret = match new.secret.as_deref() {
        Some(secret) => {
            LeftSecret::from_text(secret).ok_or_else(|| Problem::bad_input("secret: no such secret", None))?
        }
        None => LeftSecret(random()),
    };
    let typed = [
        (FieldKind::Organisation, &new.org),
        (FieldKind::Title, &new.title),
        (FieldKind::Email, &new.email),
        (FieldKind::Phone, &new.phone),
    ];
    let mut lines = Vec::new();
    for (kind, text) in typed {
        let value = optional_line(kind.name(), text.as_deref())?;
        lines.extend(value.map(|value| Field { kind, value }));
    }
    let message = Message::new(new.message.as_deref().unwrap_or_default());
    let message = message.map_err(|error| Problem::text("message", &error))?;
    Ok(Leaving { secret, name: line("name", &new.name)?, lines, message })
}

/// Shows what a visitor left, to whoever has the secret.
#[utoipa::path(get, path = "/left-cards/{secret}", params(("secret" = String, Path, description = "what takes the card back")), tag = "left cards",
    responses((status = 200, body = LeftCardForm), (status = 404, body = ProblemBody)))]
pub(super) async fn show(State(api): State<Api>, Path(secret): Path<String>) -> Result<Json<LeftCardForm>, Problem> {
    let secret = LeftSecret::from_text(&secret).ok_or_else(gone)?;
    let left = left_card(api.handle.view(), &secret)?.ok_or_else(gone)?;
    Ok(Json(LeftCardForm::from(&left)))
}

/// Takes back what a visitor left. If it was accepted and nothing else is kept of the person, the person goes too; else
/// the lines that they left.
#[utoipa::path(delete, path = "/left-cards/{secret}", params(("secret" = String, Path, description = "what takes the card back")), tag = "left cards",
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn take_back(State(api): State<Api>, Path(secret): Path<String>) -> Result<StatusCode, Problem> {
    let secret = LeftSecret::from_text(&secret).ok_or_else(gone)?;
    let was_there = api.handle.act(move |turn| turn.take_back_left(&secret)).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(gone()) }
}

/// The secret itself is not said again.
fn gone() -> Problem {
    let hint = Some("it was taken back, or its date has come");
    Problem::new(StatusCode::NOT_FOUND, Kind::NotFound, "nothing that was left goes by this secret", hint)
}
