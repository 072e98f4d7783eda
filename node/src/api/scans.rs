//! Codes of others: a text, or a picture of one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use kith_protocol::engine::CodeError;
use kith_protocol::engine::captures::Whom;
use kith_protocol::engine::scans::read_code;
use kith_protocol::invite::InviteError;
use kith_protocol::text::{Line, Name, Note};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::captures::{Along, CaptureResult, Tags, take_code};
use super::{Api, Kind, Problem, ProblemBody, line};
use crate::codes::foreign::{self, Code, Nobody};
use crate::codes::read::{self, Effort, ReadError};

/// The longest text of a code, in bytes.
pub(super) const MOST_TEXT: usize = read::MOST_TEXT;

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

/// Takes in a code as text: a Kith code or link, a vCard, MECARD, mailto, tel, a profile link, or any text.
/// What is plainly of no person, such as the code of a Wi-Fi network, is refused.
#[utoipa::path(post, path = "/scans", request_body = ScannedText, tag = "scans",
    responses((status = 201, body = CaptureResult), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn scan(
    State(api): State<Api>,
    body: Result<Json<ScannedText>, JsonRejection>,
) -> Result<(StatusCode, Json<CaptureResult>), Problem> {
    let ScannedText { text, along } = body?.0;
    let result = take_code(&api, &text, &along).await?;
    Ok((StatusCode::CREATED, Json(result)))
}

/// Takes in a picture (PNG or JPEG, at most 20 MiB) that shows a code.
#[utoipa::path(post, path = "/scans/picture", params(Along, Tags), request_body(content = Vec<u8>, content_type = "application/octet-stream"), tag = "scans",
    responses((status = 201, body = CaptureResult), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn scan_picture(
    State(api): State<Api>,
    along: Result<Query<Along>, QueryRejection>,
    tags: Result<Query<Tags>, QueryRejection>,
    picture: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<CaptureResult>), Problem> {
    let (mut along, tags, picture) = (along?.0, tags?.0, picture?);
    along.tags.extend(tags.list());
    let codes = codes_on(&api, picture, Effort::Search).await?.map_err(bad_picture)?;
    let text = the_one_code(&codes)?;
    let result = take_code(&api, text, &along).await?;
    Ok((StatusCode::CREATED, Json(result)))
}

/// What a picture shows.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SeenCodes {
    /// The texts of its codes; none if it shows none that can be read.
    #[schema(max_items = 16)]
    pub codes: Vec<String>,
}

/// Reads the codes of one frame of a camera, quickly: the next frame may be better. Nothing is taken in.
#[utoipa::path(post, path = "/scans/glance", request_body(content = Vec<u8>, content_type = "application/octet-stream"), tag = "scans",
    responses((status = 200, body = SeenCodes), (status = 400, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn glance(
    State(api): State<Api>,
    picture: Result<Bytes, BytesRejection>,
) -> Result<Json<SeenCodes>, Problem> {
    seen(&api, picture?, Effort::Look).await
}

/// Reads the codes of a picture. Nothing is taken in.
#[utoipa::path(post, path = "/scans/read", request_body(content = Vec<u8>, content_type = "application/octet-stream"), tag = "scans",
    responses((status = 200, body = SeenCodes), (status = 400, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn read_picture(
    State(api): State<Api>,
    picture: Result<Bytes, BytesRejection>,
) -> Result<Json<SeenCodes>, Problem> {
    seen(&api, picture?, Effort::Search).await
}

async fn seen(api: &Api, picture: Bytes, effort: Effort) -> Result<Json<SeenCodes>, Problem> {
    match codes_on(api, picture, effort).await? {
        Ok(codes) => Ok(Json(SeenCodes { codes })),
        Err(ReadError::NoCode) => Ok(Json(SeenCodes { codes: Vec::new() })),
        Err(error) => Err(bad_picture(error)),
    }
}

async fn codes_on(api: &Api, picture: Bytes, effort: Effort) -> Result<Result<Vec<String>, ReadError>, Problem> {
    let _one_at_a_time = api.pictures.acquire().await;
    let read = tokio::task::spawn_blocking(move || read::read_with(&picture, effort)).await;
    read.map_err(|_| Problem::failed("the picture could not be read", None))
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

/// Whom a code is about, and by which name if it says none.
pub(super) fn whom_of_code(text: &str, name: Option<&str>) -> Result<Whom, Problem> {
    match foreign::understand(text) {
        Code::Kith(payload) => Ok(Whom::Code(Box::new(read_code(&format!("KITH:{payload}"))?))),
        _ if text.trim().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("kith:")) => {
            Err(kith_protocol::engine::Error::Code(CodeError::Unreadable(InviteError::Foreign)).into())
        }
        Code::Nobody(nobody) if nobody.is_named() || name.is_none() => Err(of_nobody(nobody)),
        other => {
            let given = name.map(|name| line("name", name)).transpose()?;
            let name = given.or_else(|| name_in(&other)).or_else(|| Name::cut(text));
            let missing = || {
                Problem::bad_input("the code says no name", Some("say their name with it: --name, or the field name"))
            };
            Ok(Whom::Foreign(name.ok_or_else(missing)?, kept(text)))
        }
    }
}

/// What is in such a code is not said again: it may be a password.
fn of_nobody(nobody: Nobody) -> Problem {
    let hint = Some(if nobody.is_named() {
        "scan the code that they show, or write them down by their name"
    } else {
        "say their name with it: --name, or the field name"
    });
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Kind::BadCode, nobody.in_words(), hint)
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
        Code::Kith(_) | Code::Nobody(_) => None,
    }
}

/// The text as it was read, without the characters that no text of ours may have.
fn kept(raw: &str) -> Note {
    let clean: String = raw.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let cut = kith_protocol::text::cut_at_grapheme(&clean, kith_protocol::limits::NOTE);
    Note::new(cut).or_else(|_| Note::new(&cut.chars().filter(char::is_ascii).collect::<String>())).unwrap_or_default()
}
