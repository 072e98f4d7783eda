//! What shows that an attack came to Ana's node. One that reaches nothing would pass every other test.

use super::part::Came;
use super::stage::Stage;

/// Where it shows.
#[derive(Clone, Copy)]
pub enum Trace {
    /// Connections that her node has taken.
    Taken,
    /// Bytes that came to lie in mailboxes at her node.
    Held,
    /// Bytes that her node passed on.
    PassedOn,
    /// Answers of her node that came back to the attacker.
    Answers,
    /// Slow streams that her node had not closed after a second.
    Streams,
    /// Connections that her node makes at once.
    Dials,
}

impl Trace {
    /// What of it Ana's node itself shows at this moment.
    pub fn at(self, stage: &Stage) -> u64 {
        match self {
            Self::Taken => stage.taken(),
            Self::Held => stage.metric("kith_held_bytes"),
            Self::PassedOn => stage.metric("kith_passed_on_bytes"),
            Self::Answers | Self::Streams | Self::Dials => 0,
        }
    }

    /// How much of it is to be put down to an attack.
    pub fn left_by(self, before: u64, during: u64, came: Option<&Came>, dials: usize) -> u64 {
        match self {
            Self::Taken | Self::Held | Self::PassedOn => during.saturating_sub(before),
            Self::Answers | Self::Streams => came.map_or(0, |came| came.answers),
            Self::Dials => dials as u64,
        }
    }

    /// In words, behind a number.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Held => "bytes held",
            Self::PassedOn => "bytes passed on",
            Self::Answers => "answers",
            Self::Streams => "slow streams kept",
            Self::Dials => "dials",
        }
    }
}
