//! Letters that wait, and letters that people wrote.

use kith_protocol::engine::correspondence::{WordsState, WrittenWords};
use kith_protocol::engine::outbox::Waiting;
use kith_protocol::letter::body::kind;
use kith_protocol::letter::{introduction, vouch};
use kith_protocol::time::Timestamp;
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
    /// True if it may have come by a key that was given up since, so that somebody else may have written it. Known until their next
    /// key is.
    #[serde(default)]
    pub key_given_up: bool,
}

impl WrittenForm {
    /// The form of a letter, from or to somebody whose letters came by a key given up since until `given_up`, if any did.
    pub fn of(written: &WrittenWords, given_up: Option<Timestamp>) -> Self {
        let key_given_up = !written.is_mine() && given_up.is_some_and(|until| written.at <= until);
        let in_words =
            if key_given_up { "may have come by a key given up since" } else { words_in_words(written.state) };
        Self {
            by_me: written.is_mine(),
            at: time(written.at),
            text: written.words.as_str().to_owned(),
            state: super::choice_name(&written.state),
            state_in_words: in_words.to_owned(),
            key_given_up,
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

#[cfg(test)]
mod tests {
    use kith_protocol::id::{LetterId, PersonId};
    use kith_protocol::text::Words;

    use super::*;

    #[test]
    fn what_came_before_the_key_was_given_up_says_so_and_nothing_else_does() {
        let monday = Timestamp::from_secs(1_776_643_200);
        let letter = |state, at| WrittenWords {
            person: PersonId([1; 10]),
            letter: LetterId([2; 16]),
            at,
            written: at,
            state,
            words: Words::new("My bank has changed.").unwrap(),
            number: 0,
        };
        let form = |state, at, given_up| WrittenForm::of(&letter(state, at), given_up);
        for at in [monday.minus(1), monday] {
            let before = form(WordsState::Came, at, Some(monday));
            assert!(before.key_given_up && before.state == "came", "{before:?}");
            assert_eq!(before.state_in_words, "may have come by a key given up since");
        }
        for other in [
            form(WordsState::Came, monday.plus(1), Some(monday)),
            form(WordsState::Came, monday, None),
            form(WordsState::Delivered, monday, Some(monday)),
        ] {
            assert!(!other.key_given_up && !other.state_in_words.contains("given up"), "{other:?}");
        }
    }
}
