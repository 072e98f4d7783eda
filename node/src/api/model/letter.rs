//! Letters that wait.

use kith_protocol::engine::outbox::Waiting;
use kith_protocol::letter::body::kind;
use kith_protocol::letter::{introduction, vouch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

/// A letter that waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaitingForm {
    /// What it is.
    pub what: String,
    /// Since when.
    pub since: String,
    /// When it gives up.
    pub gives_up: String,
}

impl From<&Waiting> for WaitingForm {
    fn from(waiting: &Waiting) -> Self {
        Self {
            what: letter_in_words(waiting.kind).to_owned(),
            since: time(waiting.written),
            gives_up: time(waiting.expires),
        }
    }
}

/// What a letter of a kind is, in words.
pub const fn letter_in_words(number: u8) -> &'static str {
    match number {
        kind::CLAIM => "my card, in answer to their code",
        kind::WELCOME => "my card, in answer to their scan",
        kind::PRESENCE => "where my node is",
        kind::CARD => "a change of my card",
        kind::MEETING => "my signature that we met",
        kind::WITHDRAW => "that we are no contacts any more",
        introduction::kind::ASK => "my ask for an introduction",
        introduction::kind::RETURNED => "their ask, to be said differently",
        introduction::kind::PROPOSE => "that somebody asks for them",
        introduction::kind::CONSENT => "my yes to an introduction",
        introduction::kind::OFFER => "a yes to their ask for an introduction",
        introduction::kind::SUGGEST => "that they should meet somebody",
        introduction::kind::OUTCOME => "how an introduction went",
        introduction::kind::DECLINED
        | introduction::kind::LATER
        | introduction::kind::WILLING
        | introduction::kind::DONE
        | introduction::kind::WITHDRAWN => "a word about an introduction",
        vouch::kind::VOUCH => "what I say of them",
        vouch::kind::ACCEPTANCE => "how far their vouch may be shown",
        _ => "a letter",
    }
}
