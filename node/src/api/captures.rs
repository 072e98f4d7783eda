//! What I note of somebody at the moment we meet.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kith_protocol::engine::captures::{Capture, Next, Outcome, Whom, captured};
use kith_protocol::engine::events::Where;
use kith_protocol::engine::people;
use kith_protocol::id::CaptureKey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::local;
use super::model::{FollowUpForm, PersonForm, TierName};
use super::scans::{MOST_TEXT, whom_of_code};
use super::{Api, Problem, ProblemBody, line, optional_line, text};
use crate::here::Local;

/// What goes along with a scan, a code of another kind, or a name that was written down.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, IntoParams)]
#[serde(default)]
pub struct Along {
    /// The event at which we met; left out for the one that is on, empty for none.
    pub event: Option<String>,
    /// The date where we met, as 2026-04-20, which says which event was on; left out for the date where the node is.
    pub date: Option<String>,
    /// What to remember.
    pub note: Option<String>,
    /// What of my card they get.
    pub tier: Option<TierName>,
    /// What to call somebody whose code says no name.
    pub name: Option<String>,
    /// What they need.
    pub need: Option<String>,
    /// What I promised.
    pub promise: Option<String>,
    /// Tags for them.
    #[param(ignore)]
    pub tags: Vec<String>,
    /// What I do next; left out for writing to them, empty for nothing.
    pub next: Option<String>,
    /// When the next step is due: a moment or a date; left out for a day from now.
    pub due: Option<String>,
    /// When we met, if not now: at most 30 days ago. A clock that is ahead, or further behind, is not believed.
    pub at: Option<String>,
    /// Names this capture, 32 hexadecimal digits: the same one again is done once and answered the same.
    #[schema(min_length = 32, max_length = 32)]
    #[param(min_length = 32, max_length = 32)]
    pub key: Option<String>,
}

/// Tags where there is no place for a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Tags {
    /// Tags for them, with commas between them.
    pub tag: String,
}

impl Tags {
    /// The tags, one by one.
    pub fn list(&self) -> impl Iterator<Item = String> {
        self.tag.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned)
    }
}

/// Somebody I met: whoever showed this code, or whom I write down by name.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCapture {
    /// The text of their code, of whatever kind; left out to write down a name.
    #[schema(max_length = 8192)]
    code: Option<String>,
    /// What goes along.
    #[serde(flatten)]
    along: Along,
}

/// What a capture came to, and with whom.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CaptureResult {
    /// `pending` for a Kith code, `scanned_before`, or `written_down` for everything else.
    pub outcome: OutcomeName,
    /// With whom.
    pub person: PersonForm,
    /// What is to be done for them.
    pub follow_up: FollowUpForm,
    /// False if no node runs in this home, so that letters wait until one does.
    pub running: bool,
}

/// What a capture came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeName {
    /// A Kith code: my card is on its way.
    Pending,
    /// A Kith code that I had scanned before.
    ScannedBefore,
    /// A code of another kind, or a name: an unconfirmed person was written down.
    WrittenDown,
}

impl From<Outcome> for OutcomeName {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pending => Self::Pending,
            Outcome::ScannedBefore => Self::ScannedBefore,
            Outcome::WrittenDown => Self::WrittenDown,
        }
    }
}

/// Takes in everything that I note of somebody at the moment we meet, all at once or not at all. A capture that was taken
/// in before is answered as it was then; if the person was forgotten since, nothing is done, and there is no such person.
#[utoipa::path(post, path = "/captures", request_body = NewCapture, tag = "captures",
    responses((status = 201, body = CaptureResult), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn capture(
    State(api): State<Api>,
    body: Result<Json<NewCapture>, JsonRejection>,
) -> Result<(StatusCode, Json<CaptureResult>), Problem> {
    let NewCapture { code, along } = body?.0;
    let result = match code {
        Some(code) => take_code(&api, &code, &along).await?,
        None => take_name(&api, along.name.as_deref().unwrap_or_default(), &along).await?,
    };
    Ok((StatusCode::CREATED, Json(result)))
}

/// Says to whom a capture came: somebody whose answer has come since may be a person I knew already.
#[utoipa::path(get, path = "/captures/{key}", params(("key" = String, Path, description = "32 hexadecimal digits")), tag = "captures",
    responses((status = 200, body = PersonForm), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn show(State(api): State<Api>, Path(text): Path<String>) -> Result<Json<PersonForm>, Problem> {
    let captured = captured(api.handle.view(), key(&text)?)?;
    let captured = captured.ok_or_else(|| Problem::not_found("capture", &text, None))?;
    let person = people::person(api.handle.view(), captured.person)?;
    Ok(Json(api.listed(&person)?))
}

/// Takes in the text of a code of whatever kind.
pub(crate) async fn take_code(api: &Api, code: &str, along: &Along) -> Result<CaptureResult, Problem> {
    if code.trim().is_empty() {
        return Err(Problem::bad_input("the text is empty", Some("scan or paste a code")));
    }
    if code.len() > MOST_TEXT {
        let message = format!("the text has {} bytes, at most {MOST_TEXT} fit", code.len());
        return Err(Problem::bad_input(message, Some("give the text of one code, of one person")));
    }
    take_in(api, whom_of_code(code, along.name.as_deref())?, along).await
}

/// Writes a name down.
pub(crate) async fn take_name(api: &Api, name: &str, along: &Along) -> Result<CaptureResult, Problem> {
    take_in(api, Whom::Written(line("name", name)?), along).await
}

async fn take_in(api: &Api, whom: Whom, along: &Along) -> Result<CaptureResult, Problem> {
    let capture = capture_of(whom, along)?;
    let taken = api.handle.act(move |turn| {
        let (outcome, id) = turn.capture(capture)?;
        // Read within the step: a moment later the answer may be here, and the person be one I know already.
        let follow_up = kith_protocol::engine::follow_up::follow_up(turn.read(), id)?;
        Ok((outcome, people::person(turn.read(), id)?, follow_up))
    });
    let (outcome, person, follow_up) = taken.await?;
    Ok(CaptureResult {
        outcome: outcome.into(),
        person: api.listed(&person)?,
        follow_up: FollowUpForm::of(&follow_up, &Local::here()),
        running: api.has_network,
    })
}

fn capture_of(whom: Whom, along: &Along) -> Result<Capture, Problem> {
    let due = along.due.as_deref().map(|due| local::due("due", due)).transpose()?;
    let next = match (optional_line("next", along.next.as_deref())?, along.next.is_some()) {
        (Some(next), _) => Next::Do(Some(next), due),
        (None, true) => Next::Nothing,
        (None, false) if due.is_some() => Next::Do(None, due),
        (None, false) => Next::Write,
    };
    Ok(Capture {
        key: along.key.as_deref().map(key).transpose()?,
        at: along.at.as_deref().map(|at| local::moment("at", at)).transpose()?,
        tier: along.tier.map(Into::into),
        place: place(along.event.as_deref(), along.date.as_deref())?,
        need: text("need", along.need.as_deref())?,
        promise: text("promise", along.promise.as_deref())?,
        tags: along.tags.iter().map(|tag| line("tags", tag)).collect::<Result<_, _>>()?,
        note: text("note", along.note.as_deref())?,
        next,
        ..Capture::of(whom)
    })
}

/// Where something happens: at the named event, at none if the name is empty, at the one that is on if none is given.
pub(super) fn place(event: Option<&str>, date: Option<&str>) -> Result<Where, Problem> {
    let date = date.map_or_else(|| Ok(Local::here().date), |date| local::date("date", date))?;
    Ok(match event {
        None => Where::On(date),
        Some(event) => optional_line("event", Some(event))?.map_or(Where::Nowhere, Where::At),
    })
}

fn key(text: &str) -> Result<CaptureKey, Problem> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok()).map(CaptureKey);
    key.ok_or_else(|| Problem::bad_input("key: a capture is named by 32 hexadecimal digits", None))
}
