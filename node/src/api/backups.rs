//! Backups, and the words that open them.

use std::fs::File;
use std::io::Read;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kith_protocol::limits;
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::model::when;
use super::node::{Finding, Health};
use super::{Api, Kind, Problem, ProblemBody};
use crate::backup::{Backups, Unmade};
use crate::driver::now;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;
/// Days after which a backup is called old, if none are made by themselves.
const OLD: u64 = 30;

/// Everything that the home holds, in one file that the recovery words alone open.
#[utoipa::path(get, path = "/backup", tag = "node",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 409, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn take(State(api): State<Api>) -> Result<Response, Problem> {
    let (file, size) = api.backups.make().await?;
    let name = format!("attachment; filename=\"kith-{}.backup\"", now().secs());
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CONTENT_LENGTH, size.to_string()),
    ];
    let taking = Taking { file, left: size, size, backups: api.backups.clone() };
    Ok((headers, Body::from_stream(stream::try_unfold(taking, Taking::next))).into_response())
}

/// A backup on its way out.
struct Taking {
    file: File,
    left: u64,
    size: u64,
    backups: Backups,
}

impl Taking {
    /// The next piece. With the last one the backup counts as made.
    async fn next(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
            self.file.read_exact(&mut piece).map(|()| (piece, self))
        });
        let (piece, mut taking) = read.await.map_err(std::io::Error::other)??;
        taking.left -= piece.len() as u64;
        if taking.left == 0 {
            taking.backups.was_taken(taking.size);
        }
        Ok(Some((piece.into(), taking)))
    }
}

impl From<Unmade> for Problem {
    fn from(unmade: Unmade) -> Self {
        let (hint, message) = (unmade.hint(), unmade.to_string());
        match unmade {
            Unmade::NoKey => Self::new(StatusCode::CONFLICT, Kind::Conflict, message, Some(hint)),
            Unmade::Refused(refused) => refused.into(),
            _ => Self::failed(message, Some(hint)),
        }
    }
}

/// Words to be looked at.
#[derive(Deserialize, ToSchema)]
pub(super) struct TypedWords {
    /// The 24 words.
    #[schema(max_length = 1024)]
    words: String,
}

/// Says whether these are the recovery words of this home. From then on backups can be made, if they could not before.
#[utoipa::path(post, path = "/words/check", request_body = TypedWords, tag = "node",
    responses((status = 204), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn check_words(
    State(api): State<Api>,
    body: Result<Json<TypedWords>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let typed = Zeroizing::new(body?.0.words);
    let words = RecoveryWords::parse(&typed).map_err(|error| Problem::bad_input(format!("words: {error}"), None))?;
    api.handle.act(move |turn| turn.know_words(&words)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How old the last backup is.
pub(super) fn finding(api: &Api) -> Finding {
    let (record, plan) = (api.backups.record(), api.backups.plan());
    let made = record.made.map(Timestamp::from_secs);
    let told = made.map_or_else(|| "there is none".to_owned(), |made| format!("the last one was made {}", when(made)));
    if let Some(trouble) = record.trouble {
        let advice = "see that the folder of --backup-to is there, may be written, and has room";
        return Finding::new("backup", Health::Bad, format!("{told}; since then: {trouble}"), Some(advice));
    }
    let longest = plan.map_or(OLD * limits::DAY, |plan| plan.every.saturating_mul(2).saturating_add(limits::DAY));
    let is_old = made.is_none_or(|made| now().since(made) > longest);
    let by_itself = plan.map(|plan| format!(", into {}", plan.to.display())).unwrap_or_default();
    let advice = "kith backup FILE makes one; kith up --backup-to DIR makes one each day. Keep them on another machine";
    let health = if is_old { Health::Warning } else { Health::Good };
    Finding::new("backup", health, format!("{told}{by_itself}"), is_old.then_some(advice))
}
