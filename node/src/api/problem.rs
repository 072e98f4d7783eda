//! What went wrong, for programs (kind) and for people (message and hint).

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kith_protocol::engine::{CodeError, Error};
use kith_protocol::invite::InviteError;
use kith_protocol::store::StoreError;
use kith_protocol::text::TextError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::driver::{Ended, Refused};

/// What to do about a node that takes nothing in any more.
pub(super) const ENDED: &str = "stop it and run kith up again; its log says more";

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request is not what it should be.
    BadInput,
    /// There is nothing by that name.
    NotFound,
    /// Several things answer to that name.
    Ambiguous,
    /// It does not fit the state of things.
    Conflict,
    /// A bound is reached.
    Full,
    /// The code that was scanned leads nowhere.
    BadCode,
    /// The picture shows no code, or is none.
    BadPicture,
    /// The token is missing or wrong.
    NotAllowed,
    /// There is no such path or method.
    NoSuchCall,
    /// The disk or the program failed.
    Failed,
}

/// A problem as it is answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// For programs.
    pub kind: Kind,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A problem with the status under which it is answered.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    body: ProblemBody,
}

impl Problem {
    pub(super) fn new(status: StatusCode, kind: Kind, message: impl Into<String>, hint: Option<&str>) -> Self {
        Self { status, body: ProblemBody { kind, message: message.into(), hint: hint.map(str::to_owned) } }
    }

    pub(super) fn bad_input(message: impl Into<String>, hint: Option<&str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Kind::BadInput, message, hint)
    }

    pub(super) fn not_found(what: &str, name: &str, hint: Option<&str>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Kind::NotFound, format!("there is no {what} {name:?}"), hint)
    }

    pub(super) fn text(field: &str, error: &TextError) -> Self {
        let hint = match error {
            TextError::Empty => Some("write something"),
            TextError::TooLong { .. } | TextError::TooManyCharacters { .. } => Some("shorten it"),
            TextError::Forbidden(_) => Some("leave out invisible and direction-changing characters"),
        };
        Self::bad_input(format!("{field}: {error}"), hint)
    }

    /// The same with advice that fits the place, if it is a problem of that kind.
    pub(super) fn advise(mut self, kind: Kind, hint: &str) -> Self {
        if self.body.kind == kind {
            self.body.hint = Some(hint.to_owned());
        }
        self
    }

    pub(crate) fn foreign_host() -> Self {
        let hint = "speak to the node by its address or as localhost";
        Self::new(StatusCode::MISDIRECTED_REQUEST, Kind::NotAllowed, "this node does not go by that name", Some(hint))
    }

    pub(crate) fn foreign_page() -> Self {
        let hint = "send the bearer token, or ask from a page of this node";
        Self::new(StatusCode::FORBIDDEN, Kind::NotAllowed, "a page of somebody else asked for this", Some(hint))
    }

    pub(crate) fn no_token() -> Self {
        let hint = "send the contents of the file api-token in the home as a bearer token, or sign in";
        Self::new(StatusCode::UNAUTHORIZED, Kind::NotAllowed, "the token is missing or wrong", Some(hint))
    }

    pub(super) fn failed(message: impl Into<String>, hint: Option<&str>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Kind::Failed, message, hint)
    }
}

pub(super) async fn no_such_page() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Kind::NoSuchCall, "there is no such path", Some("see /api/v1/openapi.json"))
}

pub(super) async fn no_such_method() -> Problem {
    let hint = Some("see /api/v1/openapi.json");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, Kind::NoSuchCall, "this path does not take that method", hint)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(message = self.body.message, "a request failed");
        }
        (self.status, Json(self.body)).into_response()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rule(error) => error.into(),
            Refused::NotStored(reason) => {
                let hint = "nothing was changed; make room on the disk or check the folder, then try again";
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    Kind::Failed,
                    format!("this could not be stored: {reason}"),
                    Some(hint),
                )
            }
            Refused::NotRead(_) => Self::failed(refused.to_string(), Some("run kith doctor")),
            Refused::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Failed, "the node is stopping", Some("start it again"))
            }
        }
    }
}

impl From<Ended> for Problem {
    fn from(ended: Ended) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Failed, ended.to_string(), Some(ENDED))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::failed(error.to_string(), Some("run kith doctor"))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Store(error) => error.into(),
            Error::NoIdentity => Self::failed(message, Some("run kith init")),
            Error::NotFound { what, .. } => {
                let hint = if what == "person" { Some("kith people lists everybody you know") } else { None };
                Self::new(StatusCode::NOT_FOUND, Kind::NotFound, message, hint)
            }
            Error::Ambiguous { .. } => Self::new(
                StatusCode::CONFLICT,
                Kind::Ambiguous,
                message,
                Some("use the id in brackets, or more of the name"),
            ),
            Error::Full(_) => Self::new(StatusCode::CONFLICT, Kind::Full, message, Some("take some away first")),
            Error::Code(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, Kind::BadCode, message, Some(code_hint(&error)))
            }
            Error::Text(error) => Self::text("text", &error),
            Error::Card(_) | Error::History(_) | Error::NotNow(_) | Error::IdentityExists => {
                Self::new(StatusCode::CONFLICT, Kind::Conflict, message, None)
            }
        }
    }
}

fn code_hint(error: &CodeError) -> &'static str {
    match error {
        CodeError::Own => "let the other person scan it",
        CodeError::Expired => "ask for a fresh code",
        CodeError::Unreadable(InviteError::TooNew) => "update Kith, then scan it again",
        CodeError::Unreadable(InviteError::TooOld) => "ask the other person to update Kith and show a fresh code",
        CodeError::Unreadable(InviteError::Foreign) => "check that the whole text was copied",
        CodeError::Unreadable(InviteError::Damaged(_)) => "scan it again, or check that the whole text was copied",
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let kind = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { Kind::Full } else { Kind::BadInput };
        Self::new(rejection.status(), kind, rejection.body_text(), Some("see /api/v1/openapi.json"))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_input(rejection.body_text(), Some("see /api/v1/openapi.json"))
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let hint = Some("send a picture of at most 20 MiB");
        Self::new(rejection.status(), Kind::BadPicture, rejection.body_text(), hint)
    }
}
