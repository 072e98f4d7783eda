//! How two nodes are connected.

use kith_protocol::engine::people;
use kith_protocol::id::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::driver::Status;
use crate::store::View;

/// How their node and mine are connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathForm {
    /// True if nothing is passed on by anybody else.
    pub direct: bool,
    /// Whose node passes on what we write, sealed, if I know them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// True if their node is heard on a network that mine is on.
    #[serde(default)]
    pub nearby: bool,
}

impl PathForm {
    /// The path to a person, if we are connected.
    pub fn to(person: PersonId, status: &Status, view: &View) -> Option<Self> {
        let connected = status.connected.contains(&person);
        connected.then(|| match status.relayed.get(&person) {
            None => Self { direct: true, through: None, nearby: status.nearby.contains(&person) },
            Some(relay) => Self { direct: false, through: relay.and_then(|relay| name_of(view, relay)), nearby: false },
        })
    }

    /// In words, to be read after "connected".
    pub fn in_words(&self) -> String {
        match (self.direct, &self.through) {
            (true, _) if self.nearby => "on this network".to_owned(),
            (true, _) => "directly".to_owned(),
            (false, Some(whose)) => format!("through the node of {whose}"),
            (false, None) => "through somebody else's node".to_owned(),
        }
    }
}

/// What a person goes by here.
pub fn name_of(view: &View, person: PersonId) -> Option<String> {
    let person = people::person(view, person).ok()?;
    Some(person.petname.as_ref().unwrap_or(&person.name).to_string())
}
