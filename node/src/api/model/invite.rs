//! Codes that I show.

use kith_protocol::engine::invites::{InviteState, OwnInvite};
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{TierName, time};

/// A code of mine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InviteForm {
    /// Its id.
    pub id: String,
    /// `live` or `printed`.
    pub kind: String,
    /// `open`, `used`, `revoked` or `expired`.
    pub state: String,
    /// When it was made.
    pub created: String,
    /// Until when it is shown.
    pub expires: String,
    /// The event, or the label of a printed code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// For whom it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant_for: Option<String>,
    /// What of my card its scanners get.
    pub tier: TierName,
    /// Claims that were taken.
    pub uses: u32,
    /// Claims by others after it had been used.
    pub refused: u32,
}

impl InviteForm {
    /// The form of a code at a moment.
    pub fn of(invite: &OwnInvite, now: Timestamp) -> Self {
        let state = match invite.state {
            InviteState::Used => "used",
            InviteState::Revoked => "revoked",
            InviteState::Open if now > invite.expires => "expired",
            InviteState::Open => "open",
        };
        Self {
            id: invite.id.to_string(),
            kind: if invite.printed { "printed" } else { "live" }.to_owned(),
            state: state.to_owned(),
            created: time(invite.created),
            expires: time(invite.expires),
            event: invite.event.as_ref().map(ToString::to_string),
            meant_for: Some(invite.meant_for.to_string()).filter(|text| !text.is_empty()),
            tier: invite.tier.into(),
            uses: invite.uses,
            refused: invite.refused,
        }
    }
}

/// A code of mine with what is to be shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownInvite {
    /// The code's record.
    #[serde(flatten)]
    pub invite: InviteForm,
    /// The text inside the QR code, which can also be sent and pasted.
    pub link: String,
    /// The version of the QR code at error correction level M.
    pub qr_version: u8,
    /// False if the code names no address, since the node has never been up: who scans it cannot find the node.
    pub has_address: bool,
}

/// A code that a device shows by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PreparedCode {
    /// Its id.
    pub id: String,
    /// The text inside the QR code.
    pub link: String,
    /// The QR code as an SVG picture.
    pub svg: String,
    /// Until when it is good.
    pub expires: String,
}

/// What a device takes along.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Prepared {
    /// My name, as the codes say it.
    pub name: String,
    /// The time of the node, for a device to compare its own with.
    pub now: String,
    /// Until when all of them are good.
    pub until: String,
    /// False if the node has never been up: then they lead nowhere.
    pub has_address: bool,
    /// The codes, each for one person.
    pub codes: Vec<PreparedCode>,
}
