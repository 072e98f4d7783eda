//! The kinds of letter.

use super::Letter;
use super::answers::Answers;
use super::handover::HandOver;
use super::introduction::IntroductionLetter;
use super::note::NoteLetter;
use super::vouch::VouchLetter;
use crate::address::Hint;
use crate::crypto::seal::EncryptionKey;
use crate::crypto::sign::{SecretSeed, VerifyKey};
use crate::id::IdentityId;
use crate::limits;
use crate::mailbox::Pass;
use crate::nearby::PresenceSeed;
use crate::record::RecordBytes;
use crate::text::Line;
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};

crate::wire_map! {
    /// Scanner to shower, sealed to the key of the code: "I scanned your code; this is me."
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Claim {
        /// The scanner's card view, as the scanner chose to share it.
        1 => pub card: RecordBytes,
        /// The scanner's node grant.
        2 => pub grant: RecordBytes,
        /// The scanner's part of the pair secret; the other part is the secret of the code.
        3 => pub pair_seed: SecretSeed,
        /// Where the scanner's node may be reached.
        4 => pub hints: Vec<Hint>,
        /// When the code was scanned, by the scanner's clock. For words, never for a decision.
        5 => pub scanned_at: Timestamp,
        /// The introducer's statement, where the code came through an introduction.
        6 => pub introduction: Option<RecordBytes>,
        /// Where letters for the scanner may be left; at most [`limits::MAILBOXES`].
        7 => pub mailboxes: Vec<Pass>,
        /// What the names of the scanner's node on a local network follow from.
        8 => pub presence: Option<PresenceSeed>,
    }
}

crate::wire_map! {
    /// Shower to scanner: "Welcome; this is me." Naming the invite key, it binds the code to the identity.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Welcome {
        /// The key of the code that was scanned.
        1 => pub invite: EncryptionKey,
        /// The shower's card view.
        2 => pub card: RecordBytes,
        /// The shower's node grant.
        3 => pub grant: RecordBytes,
        /// Where the shower's node may be reached.
        4 => pub hints: Vec<Hint>,
        /// The event at which the code was shown, or the label of the printed code.
        5 => pub event: Option<Line<{ limits::NAME }>>,
        /// True if the claim came after the code had been stale.
        6 => pub late: bool,
        /// Where letters for the shower may be left; at most [`limits::MAILBOXES`].
        7 => pub mailboxes: Vec<Pass>,
        /// What the names of the shower's node on a local network follow from.
        8 => pub presence: Option<PresenceSeed>,
    }
}

crate::wire_map! {
    /// "My node is here now", replaced by any later one.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Presence {
        /// The current node grant.
        1 => pub grant: RecordBytes,
        /// Counts the presence letters of a generation; an older one than the newest seen is ignored.
        2 => pub counter: u64,
        /// Where the node may be reached.
        3 => pub hints: Vec<Hint>,
        /// Where letters for it may be left; at most [`limits::MAILBOXES`].
        4 => pub mailboxes: Vec<Pass>,
        /// What its names on a local network follow from.
        5 => pub seed: Option<PresenceSeed>,
    }
}

crate::wire_map! {
    /// "My card has changed."
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CardNews {
        /// The new view.
        1 => pub card: RecordBytes,
    }
}

crate::wire_map! {
    /// "We met": a signed meeting record.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MeetingNews {
        /// The record, signed by the sender of the letter.
        1 => pub record: RecordBytes,
    }
}

crate::wire_map! {
    /// "I go on from a backup; send me again what I have acknowledged since."
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Resume {
        /// When the backup was made, by the clock of its maker.
        1 => pub since: Timestamp,
        /// The grant of the sender, if that of the reader was given up: each may have lost the other's.
        2 => pub grant: Option<RecordBytes>,
    }
}

crate::wire_map! {
    /// "Keep this for me, in case that I lose everything but my words."
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KeepCapsule {
        /// Under which id it will be asked for; see [`crate::recovery`].
        1 => pub keeper: IdentityId,
        /// The capsule, which only its owner's words open.
        2 => pub sealed: Bytes<{ limits::CAPSULE }>,
        /// Who has the key to it may ask at a door of its own, see [`crate::recovery::RecoveryDoor`]; none from a home
        /// whose words were not typed in since there are such doors.
        3 => pub door: Option<VerifyKey>,
    }
}

crate::wire_map! {
    /// "Give me back what you keep for me": signed by the keeper, and answered with it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Recover {
        /// How many of those under this keeper id are passed over.
        1 => pub skip: u32,
    }
}

/// What a letter says, by its kind.
#[allow(clippy::large_enum_variant, reason = "a letter is in memory for a moment, and one at a time")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Kind 1.
    Claim(Claim),
    /// Kind 2.
    Welcome(Welcome),
    /// Kind 3.
    Presence(Presence),
    /// Kind 4.
    Card(CardNews),
    /// Kind 5.
    Meeting(MeetingNews),
    /// Kind 6, without a body: "we are no contacts any more; forget what I gave you".
    Withdraw,
    /// Kind 7.
    Note(NoteLetter),
    /// Kind 8.
    HandOver(HandOver),
    /// Kind 9.
    Answers(Answers),
    /// Kind 10.
    Resume(Resume),
    /// Kind 11.
    KeepCapsule(KeepCapsule),
    /// Kind 12.
    Recover(Recover),
    /// Kinds 16 to 31.
    Introduction(IntroductionLetter),
    /// Kinds 32 to 47.
    Vouch(VouchLetter),
}

/// The kind numbers.
pub mod kind {
    /// [`super::Claim`].
    pub const CLAIM: u8 = 1;
    /// [`super::Welcome`].
    pub const WELCOME: u8 = 2;
    /// [`super::Presence`].
    pub const PRESENCE: u8 = 3;
    /// [`super::CardNews`].
    pub const CARD: u8 = 4;
    /// [`super::MeetingNews`].
    pub const MEETING: u8 = 5;
    /// [`super::Body::Withdraw`].
    pub const WITHDRAW: u8 = 6;
    /// [`super::NoteLetter`].
    pub const NOTE: u8 = 7;
    /// [`super::HandOver`].
    pub const HAND_OVER: u8 = 8;
    /// [`super::Answers`].
    pub const ANSWERS: u8 = 9;
    /// [`super::Resume`].
    pub const RESUME: u8 = 10;
    /// [`super::KeepCapsule`].
    pub const KEEP_CAPSULE: u8 = 11;
    /// [`super::Recover`].
    pub const RECOVER: u8 = 12;
}

impl Body {
    /// The number of the kind.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Claim(_) => kind::CLAIM,
            Self::Welcome(_) => kind::WELCOME,
            Self::Presence(_) => kind::PRESENCE,
            Self::Card(_) => kind::CARD,
            Self::Meeting(_) => kind::MEETING,
            Self::Withdraw => kind::WITHDRAW,
            Self::Note(_) => kind::NOTE,
            Self::HandOver(_) => kind::HAND_OVER,
            Self::Answers(_) => kind::ANSWERS,
            Self::Resume(_) => kind::RESUME,
            Self::KeepCapsule(_) => kind::KEEP_CAPSULE,
            Self::Recover(_) => kind::RECOVER,
            Self::Introduction(letter) => letter.kind(),
            Self::Vouch(letter) => letter.kind(),
        }
    }

    /// The bytes of the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Claim(body) => wire::encode(body),
            Self::Welcome(body) => wire::encode(body),
            Self::Presence(body) => wire::encode(body),
            Self::Card(body) => wire::encode(body),
            Self::Meeting(body) => wire::encode(body),
            Self::Withdraw => Vec::new(),
            Self::Note(body) => wire::encode(body),
            Self::HandOver(body) => wire::encode(body),
            Self::Answers(body) => wire::encode(body),
            Self::Resume(body) => wire::encode(body),
            Self::KeepCapsule(body) => wire::encode(body),
            Self::Recover(body) => wire::encode(body),
            Self::Introduction(letter) => letter.to_bytes(),
            Self::Vouch(letter) => letter.to_bytes(),
        }
    }

    /// Reads the body of a letter.
    pub fn of(letter: &Letter) -> Result<Self, WireError> {
        let bytes = letter.body.as_slice();
        match letter.kind {
            kind::CLAIM => wire::decode(bytes).map(Self::Claim),
            kind::WELCOME => wire::decode(bytes).map(Self::Welcome),
            kind::PRESENCE => wire::decode(bytes).map(Self::Presence),
            kind::CARD => wire::decode(bytes).map(Self::Card),
            kind::MEETING => wire::decode(bytes).map(Self::Meeting),
            kind::WITHDRAW if bytes.is_empty() => Ok(Self::Withdraw),
            kind::WITHDRAW => Err(WireError::Trailing),
            kind::NOTE => wire::decode(bytes).map(Self::Note),
            kind::HAND_OVER => wire::decode(bytes).map(Self::HandOver),
            kind::ANSWERS => wire::decode(bytes).map(Self::Answers),
            kind::RESUME => wire::decode(bytes).map(Self::Resume),
            kind::KEEP_CAPSULE => wire::decode(bytes).map(Self::KeepCapsule),
            kind::RECOVER => wire::decode(bytes).map(Self::Recover),
            number => {
                if let Some(letter) = IntroductionLetter::of(number, bytes)? {
                    return Ok(Self::Introduction(letter));
                }
                let letter = VouchLetter::of(number, bytes)?;
                letter.map(Self::Vouch).ok_or(WireError::OutOfRange("the kind of a letter"))
            }
        }
    }
}
