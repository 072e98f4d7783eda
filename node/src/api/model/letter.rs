//! Letters that wait, and letters that people wrote.

use kith_protocol::engine::correspondence::{WordsState, WrittenWords};
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
    /// Since when a mailbox of theirs holds it, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_mailbox: Option<String>,
    /// When it gives up.
    pub gives_up: String,
}

impl From<&Waiting> for WaitingForm {
    fn from(waiting: &Waiting) -> Self {
        Self {
            what: letter_in_words(waiting.kind).to_owned(),
            since: time(waiting.written),
            in_mailbox: waiting.stored.map(time),
            gives_up: time(waiting.expires),
        }
    }
}

/// A letter from one person to another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WrittenForm {
    /// True if I wrote it.
    pub by_me: bool,
    /// When I wrote it, or when theirs came.
    pub at: String,
    /// What it says.
    pub text: String,
    /// `came`, `waiting`, `in_mailbox`, `delivered`, `refused` or `gave_up`.
    pub state: String,
    /// The same in words.
    pub state_in_words: String,
}

impl From<&WrittenWords> for WrittenForm {
    fn from(written: &WrittenWords) -> Self {
        Self {
            by_me: written.is_mine(),
            at: time(written.at),
            text: written.words.as_str().to_owned(),
            state: super::choice_name(&written.state),
            state_in_words: words_in_words(written.state).to_owned(),
        }
    }
}

const fn words_in_words(state: WordsState) -> &'static str {
    match state {
        WordsState::Came => "they wrote this",
        WordsState::Waiting => "waits until their node can be reached",
        WordsState::InMailbox => "lies in their mailbox, until their node comes for it",
        WordsState::Delivered => "their node has it",
        WordsState::Refused => "their node did not take it",
        WordsState::GaveUp => "their node could not be reached in time",
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
        kind::NOTE => "what I wrote to them",
        kind::HAND_OVER => "somebody whom I hand over to them",
        kind::ANSWERS => "that I have letters of theirs",
        kind::RESUME => "that I go on from a backup",
        kind::KEEP_CAPSULE => "what they keep for me, sealed",
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
