//! The key that I sign with, and changing it.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use kith_protocol::engine::Own;
use kith_protocol::identity::Reason;
use kith_protocol::words::RecoveryWords;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::entry::{By, may_let_in};
use super::{Api, Problem, ProblemBody};
use crate::driver::Refused;
use crate::machine::random;

/// A change of the key.
#[derive(Deserialize, ToSchema)]
pub(super) struct Rotation {
    /// The 24 words.
    #[schema(max_length = 1024)]
    words: String,
    /// The key may be in other hands: of what it signed only what was already seen stands, and all codes burn.
    #[serde(default)]
    stolen: bool,
    /// Others may have read the words: fresh ones take their place.
    #[serde(default)]
    fresh_words: bool,
}

/// What there is after it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Rotated {
    /// The number of the key that signs now; the first was 0.
    pub key: u8,
    /// Where the fresh words lie until they are written down.
    pub words_file: Option<String>,
}

/// Changes to the next key of the recovery words, or of fresh words.
#[utoipa::path(post, path = "/keys/rotate", request_body = Rotation, tag = "node",
    responses((status = 200, body = Rotated), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub(super) async fn rotate(
    State(api): State<Api>,
    by: By,
    body: Result<Json<Rotation>, JsonRejection>,
) -> Result<Json<Rotated>, Problem> {
    may_let_in(&api, &by)?;
    let Rotation { words, stolen, fresh_words } = body?.0;
    let typed = Zeroizing::new(words);
    let words = RecoveryWords::parse(&typed).map_err(|error| Problem::bad_input(format!("words: {error}"), None))?;
    let reason = if stolen { Reason::Compromised } else { Reason::Routine };
    // One at a time: of two the fresh words would lie in one file. And to the end, even if whoever asked has gone.
    let alone = api.rotating.clone().lock_owned().await;
    let change = async move {
        let rotated = change_key(&api, words, fresh_words, reason).await;
        drop(alone);
        rotated
    };
    tokio::spawn(change).await.map_err(failed)?
}

async fn change_key(
    api: &Api,
    words: RecoveryWords,
    fresh_words: bool,
    reason: Reason,
) -> Result<Json<Rotated>, Problem> {
    settle(api)?;
    let fresh = fresh_words.then(|| RecoveryWords::from_entropy(random()));
    if let Some(fresh) = &fresh {
        api.home.write_fresh_words(fresh).map_err(failed)?;
    }
    let done = api.handle.act(move |turn| turn.rotate(&words, fresh.as_ref(), reason)).await;
    if let Err(unknown @ (Refused::NotStored(_) | Refused::Stopping)) = done {
        // Nobody knows which words count until the home is opened again.
        return Err(unknown.into());
    }
    let own = settle(api)?;
    done?;
    let words_file = fresh_words.then(|| api.home.words_file().display().to_string());
    Ok(Json(Rotated { key: own.history().current(), words_file }))
}

/// Whatever became of fresh words, also of those of a request that was broken off: the ones that count are kept.
fn settle(api: &Api) -> Result<Own, Problem> {
    let own = Own::load(api.handle.view()).map_err(failed)?;
    api.home.settle_fresh_words(&own).map_err(failed)?;
    Ok(own)
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::failed(error.to_string(), None)
}
