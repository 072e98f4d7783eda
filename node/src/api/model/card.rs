//! Cards, and who may see what of them.

use kith_protocol::card::{CardView, Field, Tier};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who may see something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierName {
    /// Anyone who has my code or link.
    Public,
    /// My contacts.
    Contacts,
    /// People that I name one by one.
    Named,
}

impl From<Tier> for TierName {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Public => Self::Public,
            Tier::Contacts => Self::Contacts,
            Tier::Named => Self::Named,
        }
    }
}

impl From<TierName> for Tier {
    fn from(tier: TierName) -> Self {
        match tier {
            TierName::Public => Self::Public,
            TierName::Contacts => Self::Contacts,
            TierName::Named => Self::Named,
        }
    }
}

/// One line of a card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldForm {
    /// What it is about, such as `org` or `email`.
    pub field: String,
    /// What it says.
    pub value: String,
    /// Who may see it; on my own card only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierName>,
}

/// A card.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CardForm {
    /// The name.
    pub name: String,
    /// Its lines.
    pub fields: Vec<FieldForm>,
    /// How many see it; on my own card only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<ReachForm>,
}

/// How many of my contacts see what.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReachForm {
    /// Contacts who see what is for contacts.
    pub contacts: usize,
    /// Contacts who see what is for named people too.
    pub named: usize,
}

impl From<&CardView> for CardForm {
    fn from(view: &CardView) -> Self {
        let field = |field: &Field| FieldForm {
            field: field.kind.name().to_owned(),
            value: field.value.to_string(),
            tier: None,
        };
        Self { name: view.name.to_string(), fields: view.fields.iter().map(field).collect(), reach: None }
    }
}
