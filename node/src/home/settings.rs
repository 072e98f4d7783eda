//! What a node keeps for its next run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Home, HomeError};
use crate::network::Multiaddr;

/// The file of the settings.
const SETTINGS: &str = "settings.json";

/// What a node remembers between runs beside its storage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Multiaddrs that it listened on last.
    pub listen: Vec<String>,
    /// Where its owner asked it to listen; `None` if nothing was said, and in homes of versions that did not tell.
    pub asked_listen: Option<Vec<Multiaddr>>,
    /// Where its owner asked the API to listen.
    pub web: Option<std::net::SocketAddr>,
    /// The address by which people reach the web app, if it is not this machine's own.
    pub web_url: Option<String>,
    /// Proxies whose word on the client counts, as addresses or networks.
    pub trust_proxy: Vec<String>,
    /// Who does TLS.
    pub tls: Tls,
    /// The public authority for certificates.
    pub acme: AcmeSettings,
    /// Backups that are made by themselves.
    pub backup: Option<Plan>,
    /// Whether mailboxes are held for contacts; if nothing was said they are.
    pub holds_mailboxes: Option<bool>,
    /// Bytes that are passed on for others in a day, if anything was said.
    pub relay_at_most: Option<u64>,
    /// Bytes that may lie in mailboxes of others, if anything was said.
    pub mailboxes_at_most: Option<u64>,
    /// Whether the router is asked to pass the port on; if nothing was said it is.
    pub opens_ports: Option<bool>,
}

/// Backups that are made by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The folder that they are written to.
    pub to: PathBuf,
    /// Seconds between two, [`crate::backup::LEAST`] or more.
    pub every: u64,
}

/// What a public authority is told, and which one it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AcmeSettings {
    /// Where it can write to.
    pub email: Option<String>,
    /// The address of its directory; `None` for the usual one.
    pub directory: Option<String>,
}

/// Who does TLS between browsers and the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Nobody, or a proxy in front.
    #[default]
    Off,
    /// The node, with a certificate authority of its own.
    Own,
    /// The node, with a certificate for its domain from a public authority.
    Acme,
}

impl Home {
    /// What the node remembers between runs; nothing in a new home.
    ///
    /// # Errors
    /// If it cannot be read. Whoever went on without it would forget it with the next [`Home::remember`].
    pub fn settings(&self) -> Result<Settings, HomeError> {
        let path = self.folder.join(SETTINGS);
        self.read_json(SETTINGS).map(Option::unwrap_or_default).map_err(|error| match error {
            HomeError::Damaged(_) => HomeError::DamagedSettings(path),
            other => other,
        })
    }

    /// Remembers for the next run.
    pub fn remember(&self, settings: &Settings) -> Result<(), HomeError> {
        self.write_json(SETTINGS, settings)
    }
}
