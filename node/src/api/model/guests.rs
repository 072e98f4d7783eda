//! Cards that visitors leave.

use kith_protocol::engine::guests::LeftCard;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CardForm, FieldForm, time};

/// How a visitor takes back what they left.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Left {
    /// What takes it back. It is told once, and stored nowhere.
    pub secret: String,
    /// Until when it is kept, unless it is accepted.
    pub until: String,
}

/// What a visitor left. Nothing of it is confirmed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeftCardForm {
    /// Their name, and the lines of their card.
    pub card: CardForm,
    /// What they say besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When they left it.
    pub at: String,
    /// Until when it is kept, unless it is accepted.
    pub until: String,
}

impl From<&LeftCard> for LeftCardForm {
    fn from(left: &LeftCard) -> Self {
        let fields = left.lines.iter().map(|field| FieldForm {
            field: field.kind.name().to_owned(),
            value: field.value.to_string(),
            tier: None,
        });
        Self {
            card: CardForm { name: left.name.to_string(), fields: fields.collect(), reach: None },
            message: Some(left.message.as_str().to_owned()).filter(|message| !message.is_empty()),
            at: time(left.at),
            until: time(left.until),
        }
    }
}
