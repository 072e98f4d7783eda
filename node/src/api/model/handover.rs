//! People whom a contact handed over.

use kith_protocol::letter::handover::HandOver;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FieldForm, time};

/// Somebody whom a contact met and hands over. Nothing of it is confirmed by them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HandOverForm {
    /// Their name.
    pub name: String,
    /// What they gave to everybody.
    pub fields: Vec<FieldForm>,
    /// The text of a foreign code of theirs, as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// What the contact noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the contact met them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// When, by the contact's clock.
    pub met: String,
}

impl From<&HandOver> for HandOverForm {
    fn from(whom: &HandOver) -> Self {
        let field = |field: &kith_protocol::card::Field| FieldForm {
            field: field.kind.name().to_owned(),
            value: field.value.to_string(),
            tier: None,
        };
        let text = |text: &kith_protocol::text::Note| Some(text.to_string()).filter(|text| !text.is_empty());
        Self {
            name: whom.name.to_string(),
            fields: whom.lines.iter().map(field).collect(),
            foreign: text(&whom.foreign),
            note: text(&whom.note),
            event: whom.event.as_ref().map(ToString::to_string),
            met: time(whom.met),
        }
    }
}
