//! What a node keeps for others to find, and for its next run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::network::Multiaddr;

/// Where a running node can be spoken to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// The address of the API.
    pub api: std::net::SocketAddr,
    /// The process.
    pub pid: u32,
}

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
