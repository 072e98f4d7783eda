//! The letters of an introduction: kinds 16 to 31.
//!
//! ```text
//! asker ── ask ──► introducer ── propose ──► target
//! asker ◄─ offer ─ introducer ◄─ consent ─── target
//! asker ═══ claim, welcome: the letters of a scan ═══ target
//! ```

use crate::id::IntroId;
use crate::identity::HistoryBytes;
use crate::introduction::{Ask, SealedConsent};
use crate::limits;
use crate::record::{RecordBytes, Signed};
use crate::text::Line;
use crate::time::Timestamp;
use crate::vouch::Vouched;
use crate::wire::{self, WireError};

/// What an introducer, or somebody who answers one, says in a sentence.
pub type Sentence = Line<{ limits::SENTENCE }>;

crate::wire_map! {
    /// Asker to introducer: "please introduce me".
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AskLetter {
        /// The ask.
        1 => pub ask: RecordBytes,
        /// The asker's public card: all of it that a target sees before it consents.
        2 => pub card: RecordBytes,
    }
}

crate::wire_map! {
    /// Introducer to asker: "not like this; say it differently".
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Returned {
        /// The introduction.
        1 => pub id: IntroId,
        /// What to change.
        2 => pub note: Sentence,
    }
}

crate::wire_map! {
    /// Introducer to target: "somebody asks for you".
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Propose {
        /// The ask, as the asker signed it.
        1 => pub ask: RecordBytes,
        /// The asker's key history.
        2 => pub history: HistoryBytes,
        /// The asker's public card.
        3 => pub card: RecordBytes,
        /// What the introducer says of it.
        4 => pub note: Sentence,
        /// How the introducer knows the asker, in words.
        5 => pub known: Option<Line<{ limits::LINE }>>,
        /// What the introducer vouches of the asker.
        6 => pub vouched: Option<Vouched>,
    }
}

crate::wire_map! {
    /// Target to introducer: "yes". A later one for the same introduction takes the place of the first: the target's
    /// node has moved.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ConsentLetter {
        /// The introduction.
        1 => pub id: IntroId,
        /// What the asker needs, sealed to the asker.
        2 => pub sealed: SealedConsent,
    }
}

crate::wire_map! {
    /// Target to introducer: "not now; I decide by then". The introducer alone sees it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Later {
        /// The introduction.
        1 => pub id: IntroId,
        /// When the target looks at it again.
        2 => pub until: Timestamp,
    }
}

crate::wire_map! {
    /// Introducer to asker: "here is what they give you".
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Offer {
        /// The introduction.
        1 => pub id: IntroId,
        /// The consent, as the target sealed it.
        2 => pub sealed: SealedConsent,
        /// The introducer's statement.
        3 => pub introduction: RecordBytes,
        /// How the introducer knows the target, in words.
        4 => pub known: Option<Line<{ limits::LINE }>>,
        /// What the introducer vouches of the target.
        5 => pub vouched: Option<Vouched>,
    }
}

crate::wire_choice! {
    /// Which end of an introduction somebody would be.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum End {
        /// The one who writes first.
        0 => Asker,
        /// The one who is written to.
        1 => Target,
    }
}

crate::wire_map! {
    /// Introducer to both, who had the idea: "you two should meet". Names nobody but in the introducer's own words.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Suggest {
        /// The introduction.
        1 => pub id: IntroId,
        /// Which end the reader would be.
        2 => pub end: End,
        /// Who the other is and why.
        3 => pub note: Sentence,
        /// Until when it is open.
        4 => pub expires: Timestamp,
    }
}

crate::wire_map! {
    /// Asker or target to introducer: how it went.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Outcome {
        /// The introduction.
        1 => pub id: IntroId,
        /// The two have met or talked.
        2 => pub met: bool,
        /// It was of use.
        3 => pub useful: bool,
        /// Thanks, in words.
        4 => pub thanks: Option<Sentence>,
    }
}

crate::wire_map! {
    /// A letter that says nothing but which introduction it is about.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct About {
        /// The introduction.
        1 => pub id: IntroId,
    }
}

/// What a letter about an introduction says, by its kind.
#[allow(clippy::large_enum_variant, reason = "a letter is in memory for a moment, and one at a time")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntroductionLetter {
    /// Kind 16.
    Ask(AskLetter),
    /// Kind 17.
    Returned(Returned),
    /// Kind 18.
    Propose(Propose),
    /// Kind 19.
    Consent(ConsentLetter),
    /// Kind 20, target to introducer: "no". The introducer alone sees it.
    Declined(IntroId),
    /// Kind 21.
    Later(Later),
    /// Kind 22.
    Offer(Offer),
    /// Kind 23.
    Suggest(Suggest),
    /// Kind 24, target to introducer: "I would", in answer to a suggestion; an asker answers it with an ask.
    Willing(IntroId),
    /// Kind 25, either end to introducer: "we hold each other".
    Done(IntroId),
    /// Kind 26.
    Outcome(Outcome),
    /// Kind 27, asker to introducer, introducer to target, or target to introducer: "not any more".
    Withdrawn(IntroId),
}

/// The kind numbers.
pub mod kind {
    /// [`super::AskLetter`].
    pub const ASK: u8 = 16;
    /// [`super::Returned`].
    pub const RETURNED: u8 = 17;
    /// [`super::Propose`].
    pub const PROPOSE: u8 = 18;
    /// [`super::ConsentLetter`].
    pub const CONSENT: u8 = 19;
    /// [`super::IntroductionLetter::Declined`].
    pub const DECLINED: u8 = 20;
    /// [`super::Later`].
    pub const LATER: u8 = 21;
    /// [`super::Offer`].
    pub const OFFER: u8 = 22;
    /// [`super::Suggest`].
    pub const SUGGEST: u8 = 23;
    /// [`super::IntroductionLetter::Willing`].
    pub const WILLING: u8 = 24;
    /// [`super::IntroductionLetter::Done`].
    pub const DONE: u8 = 25;
    /// [`super::Outcome`].
    pub const OUTCOME: u8 = 26;
    /// [`super::IntroductionLetter::Withdrawn`].
    pub const WITHDRAWN: u8 = 27;
}

impl IntroductionLetter {
    /// The number of the kind.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Ask(_) => kind::ASK,
            Self::Returned(_) => kind::RETURNED,
            Self::Propose(_) => kind::PROPOSE,
            Self::Consent(_) => kind::CONSENT,
            Self::Declined(_) => kind::DECLINED,
            Self::Later(_) => kind::LATER,
            Self::Offer(_) => kind::OFFER,
            Self::Suggest(_) => kind::SUGGEST,
            Self::Willing(_) => kind::WILLING,
            Self::Done(_) => kind::DONE,
            Self::Outcome(_) => kind::OUTCOME,
            Self::Withdrawn(_) => kind::WITHDRAWN,
        }
    }

    /// Which introduction it is about, as far as it says so: nobody has checked it.
    pub(crate) fn about(&self) -> Option<IntroId> {
        let ask = |ask: &RecordBytes| Some(Signed::<Ask>::from_bytes(ask.as_slice()).ok()?.unverified().id);
        match self {
            Self::Ask(body) => ask(&body.ask),
            Self::Propose(body) => ask(&body.ask),
            Self::Returned(Returned { id, .. })
            | Self::Consent(ConsentLetter { id, .. })
            | Self::Later(Later { id, .. })
            | Self::Offer(Offer { id, .. })
            | Self::Suggest(Suggest { id, .. })
            | Self::Outcome(Outcome { id, .. })
            | Self::Declined(id)
            | Self::Willing(id)
            | Self::Done(id)
            | Self::Withdrawn(id) => Some(*id),
        }
    }

    /// True if a later letter says all that this one says.
    pub(crate) fn is_replaced_by(&self, later: &Self) -> bool {
        // What is taken back need not arrive at all, and must not arrive after that.
        let is_taken_back = matches!(later, Self::Withdrawn(_)) && !matches!(self, Self::Outcome(_) | Self::Done(_));
        (self.kind() == later.kind() || is_taken_back) && self.about().is_some() && self.about() == later.about()
    }

    /// The bytes of the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ask(body) => wire::encode(body),
            Self::Returned(body) => wire::encode(body),
            Self::Propose(body) => wire::encode(body),
            Self::Consent(body) => wire::encode(body),
            Self::Later(body) => wire::encode(body),
            Self::Offer(body) => wire::encode(body),
            Self::Suggest(body) => wire::encode(body),
            Self::Outcome(body) => wire::encode(body),
            Self::Declined(id) | Self::Willing(id) | Self::Done(id) | Self::Withdrawn(id) => {
                wire::encode(&About { id: *id })
            }
        }
    }

    /// Reads the body of a kind; `None` for a kind that is none of these.
    pub(super) fn of(number: u8, bytes: &[u8]) -> Result<Option<Self>, WireError> {
        let about = |letter: fn(IntroId) -> Self| wire::decode::<About>(bytes).map(|about| letter(about.id));
        Ok(Some(match number {
            kind::ASK => Self::Ask(wire::decode(bytes)?),
            kind::RETURNED => Self::Returned(wire::decode(bytes)?),
            kind::PROPOSE => Self::Propose(wire::decode(bytes)?),
            kind::CONSENT => Self::Consent(wire::decode(bytes)?),
            kind::DECLINED => about(Self::Declined)?,
            kind::LATER => Self::Later(wire::decode(bytes)?),
            kind::OFFER => Self::Offer(wire::decode(bytes)?),
            kind::SUGGEST => Self::Suggest(wire::decode(bytes)?),
            kind::WILLING => about(Self::Willing)?,
            kind::DONE => about(Self::Done)?,
            kind::OUTCOME => Self::Outcome(wire::decode(bytes)?),
            kind::WITHDRAWN => about(Self::Withdrawn)?,
            _ => return Ok(None),
        }))
    }
}
