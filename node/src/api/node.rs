//! The node itself.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kith_protocol::engine::Own;
use kith_protocol::store::Table;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event_mode::{self, EventModeForm};
use super::model::{name_of, time};
use super::{Api, Problem, ProblemBody};
use crate::network::{number, written};
use crate::roster::Counts;

/// What a node is and does.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StatusForm {
    /// True if it has a network, false if only the home is open.
    pub running: bool,
    /// The name on the card.
    pub name: String,
    /// The identity.
    pub identity: String,
    /// The number of the key that signs now; the first was 0.
    #[serde(default)]
    pub key: u8,
    /// The folder of the home.
    pub home: String,
    /// The version of the program.
    pub version: String,
    /// Where it listens.
    pub listening: Vec<String>,
    /// The number of its libp2p key, its PeerId: who has that, too, knows that nobody else is at an address.
    #[serde(default)]
    pub node: String,
    /// Where others reach it, best first, as `kith recover` takes it: the first that is not of a local network or this machine,
    /// from elsewhere.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Contacts whose nodes pass things on for this one, so that others can reach it.
    #[serde(default)]
    pub reached_through: Vec<String>,
    /// Contacts.
    pub contacts: usize,
    /// People of every kind.
    pub people: usize,
    /// Contacts whose nodes are connected now.
    pub connected: usize,
    /// Things that wait on me.
    pub inbox: usize,
    /// Looking for contacts on local networks, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_mode: Option<EventModeForm>,
    /// Letters that wait for their recipients.
    pub outbox: usize,
    /// Until when contacts believe that this machine speaks for me; renewed by itself.
    pub grant_ends: String,
    /// When the last backup was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<String>,
}

/// Says what the node is and does.
#[utoipa::path(get, path = "/status", tag = "node", responses((status = 200, body = StatusForm)))]
pub(super) async fn status(State(api): State<Api>) -> Result<Json<StatusForm>, Problem> {
    api.handle.goes_on()?;
    let (view, live) = (api.handle.view(), api.handle.status());
    let own = Own::load(view)?;
    let Counts { people, contacts } = api.handle.roster().counts()?;
    Ok(Json(StatusForm {
        running: api.has_network,
        name: own.card.name.to_string(),
        identity: own.id().to_string(),
        key: own.history().current(),
        home: api.home.folder().display().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        reached_through: live.relays.iter().filter_map(|relay| name_of(view, *relay)).collect(),
        node: number(&own.peer),
        addresses: live.hints.iter().map(|hint| written(hint, &own.peer)).collect(),
        listening: live.listening,
        contacts,
        people,
        connected: live.connected.len(),
        event_mode: Some(event_mode::form(&api)?).filter(|mode| mode.on),
        inbox: view.count(Table::Inbox),
        outbox: view.count(Table::Outbox),
        grant_ends: time(own.grant_ends),
        last_backup: api.backups.record().made.map(|made| time(Timestamp::from_secs(made))),
    }))
}

/// The words are written down: deletes the file in which they lie.
#[utoipa::path(post, path = "/words/done", tag = "node", responses((status = 204), (status = 500, body = ProblemBody)))]
pub(super) async fn words_done(State(api): State<Api>) -> Result<StatusCode, Problem> {
    api.home.forget_words().map_err(|error| Problem::failed(error.to_string(), None))?;
    Ok(StatusCode::NO_CONTENT)
}
