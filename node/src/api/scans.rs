//! Codes of others: a text, or a picture of one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::person::{Person, Way};
use kith_protocol::engine::scans::{ScanOptions, Scanned, read_code};
use kith_protocol::engine::{CodeError, people};
use kith_protocol::invite::InviteError;
use kith_protocol::text::{Line, Name, Note};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{PersonForm, TierName};
use super::{Api, Kind, Problem, ProblemBody, line, optional_line, text};
use crate::codes::foreign::{self, Code};
use crate::codes::read::{self, ReadError};
use crate::driver::Handle;

/// What goes along with a scan.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
pub(super) struct Along {
    /// The event at which it was scanned.
    event: Option<String>,
    /// What to remember.
    note: Option<String>,
    /// What of my card they get.
    tier: Option<TierName>,
    /// What to call somebody whose code says no name.
    name: Option<String>,
}

/// A scanned, pasted or typed text.
#[derive(Deserialize, ToSchema)]
pub(super) struct ScannedText {
    /// The text.
    #[schema(max_length = 8192)]
    text: String,
    /// What goes along.
    #[serde(flatten)]
    along: Along,
}

/// What a scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A Kith code: my card is on its way.
    Pending,
    /// A Kith code that I had scanned before.
    ScannedBefore,
    /// A code of another kind: an unconfirmed person was written down.
    WrittenDown,
}

/// What a scan came to, and with whom.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ScanResult {
    /// What it came to.
    pub outcome: Outcome,
    /// With whom.
    pub person: PersonForm,
    /// False if no node runs in this home, so that letters wait until one does.
    pub running: bool,
}

/// Takes in a code as text: a Kith code or link, a vCard, MECARD, mailto, tel, a profile link, or any text.
#[utoipa::path(post, path = "/scans", request_body = ScannedText, tag = "scans",
    responses((status = 201, body = ScanResult), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn scan(
    State(api): State<Api>,
    body: Result<Json<ScannedText>, JsonRejection>,
) -> Result<(StatusCode, Json<ScanResult>), Problem> {
    let ScannedText { text, along } = body?.0;
    if text.trim().is_empty() {
        return Err(Problem::bad_input("text: the text is empty", Some("scan or paste a code")));
    }
    if text.len() > read::MOST_TEXT {
        let message = format!("text: the text has {} bytes, at most {} fit", text.len(), read::MOST_TEXT);
        return Err(Problem::bad_input(message, Some("import address books with kith import")));
    }
    let result = take_in(&api, &text, &along).await?;
    Ok((StatusCode::CREATED, Json(result)))
}

/// Takes in a picture (PNG or JPEG, at most 20 MiB) that shows a code.
#[utoipa::path(post, path = "/scans/picture", params(Along), request_body(content = Vec<u8>, content_type = "application/octet-stream"), tag = "scans",
    responses((status = 201, body = ScanResult), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn scan_picture(
    State(api): State<Api>,
    along: Result<Query<Along>, QueryRejection>,
    picture: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<ScanResult>), Problem> {
    let (along, picture) = (along?.0, picture?);
    let codes = {
        let _one_at_a_time = api.pictures.acquire().await;
        let read = tokio::task::spawn_blocking(move || read::read(&picture)).await;
        read.map_err(|_| Problem::failed("the picture could not be read", None))?.map_err(bad_picture)?
    };
    let text = the_one_code(&codes)?;
    let result = take_in(&api, text, &along).await?;
    Ok((StatusCode::CREATED, Json(result)))
}

fn bad_picture(error: ReadError) -> Problem {
    let status = match error {
        ReadError::TooLarge { .. } | ReadError::TooManyPixels { .. } | ReadError::TooMuchMemory { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let hint = match error {
        ReadError::NoCode => "hold the camera closer and straight, with the whole code in the picture",
        ReadError::TooLarge { .. } | ReadError::TooManyPixels { .. } | ReadError::TooMuchMemory { .. } => {
            "cut the picture to the code, or take a smaller one"
        }
        _ => "send a PNG or JPEG picture",
    };
    Problem::new(status, Kind::BadPicture, error.to_string(), Some(hint))
}

/// One code; of several, the only Kith code.
fn the_one_code(codes: &[String]) -> Result<&str, Problem> {
    let mut kith = codes.iter().filter(|code| matches!(foreign::understand(code), Code::Kith(_)));
    match (codes, kith.next(), kith.next()) {
        ([only], ..) | (_, Some(only), None) => Ok(only),
        _ => {
            let message = format!("the picture shows {} codes", codes.len());
            let hint = Some("take a picture of one of them");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Kind::BadPicture, message, hint))
        }
    }
}

async fn take_in(api: &Api, text: &str, along: &Along) -> Result<ScanResult, Problem> {
    let (outcome, person) = match foreign::understand(text) {
        Code::Kith(payload) => scan_kith(&api.handle, &payload, along).await?,
        _ if text.trim().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("kith:")) => {
            return Err(kith_protocol::engine::Error::Code(CodeError::Unreadable(InviteError::Foreign)).into());
        }
        other => (Outcome::WrittenDown, write_down(&api.handle, other, text, along).await?),
    };
    Ok(ScanResult { outcome, person: api.listed(&person)?, running: api.has_network })
}

async fn scan_kith(handle: &Handle, payload: &str, along: &Along) -> Result<(Outcome, Person), Problem> {
    let invite = read_code(&format!("KITH:{payload}"))?;
    let options = ScanOptions {
        tier: along.tier.map(Into::into),
        event: optional_line("event", along.event.as_deref())?,
        note: text("note", along.note.as_deref())?,
    };
    let scanned = handle.act(move |turn| {
        let (outcome, id) = match turn.scan(&invite, options)? {
            Scanned::New(id) => (Outcome::Pending, id),
            Scanned::Before(id) => (Outcome::ScannedBefore, id),
        };
        // Read within the step: a moment later the answer may be here, and the person be one I know already.
        Ok((outcome, people::person(turn.read(), id)?))
    });
    Ok(scanned.await?)
}

/// Writes down whoever a foreign code speaks of.
async fn write_down(handle: &Handle, code: Code, raw: &str, along: &Along) -> Result<Person, Problem> {
    let given = along.name.as_deref().map(|name| line("name", name)).transpose()?;
    let name = given
        .or_else(|| name_in(&code))
        .or_else(|| Name::cut(raw))
        .ok_or_else(|| Problem::bad_input("the code says no name", Some("give one with the field name")))?;
    let event = optional_line("event", along.event.as_deref())?;
    let note: Note = text("note", along.note.as_deref())?;
    let foreign = kept(raw);
    Ok(handle.act(move |turn| turn.add_person(name, Way::ForeignCode, event, Some(foreign), note)).await?)
}

fn name_in(code: &Code) -> Option<Name> {
    match code {
        Code::Card(card) => {
            let handle = card.handle.as_ref().map(Line::as_str);
            let reach = card.emails.first().or(card.phones.first()).map(Line::as_str);
            card.name.clone().or_else(|| handle.or(reach).and_then(Name::cut))
        }
        Code::Link(link) => Name::cut(link.host.as_str()),
        Code::Text(text) => Name::cut(text.as_str().lines().next().unwrap_or_default()),
        Code::Kith(_) => None,
    }
}

/// The text as it was read, without the characters that no text of ours may have.
fn kept(raw: &str) -> Note {
    let clean: String = raw.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let cut = kith_protocol::text::cut_at_grapheme(&clean, kith_protocol::limits::NOTE);
    Note::new(cut).or_else(|_| Note::new(&cut.chars().filter(char::is_ascii).collect::<String>())).unwrap_or_default()
}
