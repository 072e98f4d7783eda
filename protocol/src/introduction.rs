//! An introduction in signed statements: what the asker writes, what the target gives, what the introducer says.
//!
//! ```text
//! ask          = record by the asker       who is asked for what, by when, and a reply key made for it alone
//! consent      = record by the target      a single-use code for this asker, and the card that goes with it
//! introduction = record by the introducer  "I brought these two together", with the digests of the keys it knows
//! sealed consent = HPKE to the reply key ( length 2 ‖ { history of the target, consent } ‖ zeros )
//! ```
//!
//! The introducer carries the sealed consent and cannot read it. What the asker does with it is what anybody does
//! who has scanned a live code: one first letter to the key inside, answered by a welcome.

use crate::address::Hint;
use crate::crypto::seal::{self, CannotOpen, DecryptionKey, EncryptionKey};
use crate::crypto::{derive, sha256};
use crate::id::{IdentityId, IntroId, PeerId, RecordId};
use crate::identity::HistoryBytes;
use crate::invite::InviteSecret;
use crate::limits;
use crate::record::{RecordBytes, Statement};
use crate::text::{Line, Text};
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};

crate::wire_choice! {
    /// What an asker wants of a target.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Purpose {
        /// Advice.
        0 => Advice,
        /// To sell to them.
        1 => Client,
        /// To do something together.
        2 => Partner,
        /// To hire, or be hired.
        3 => Hiring,
        /// Something else, which the words say.
        4 => Other,
    }
}

crate::wire_map! {
    /// "Please introduce me." The introducer forwards it as it is, so it says nothing that only the introducer may read.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Ask {
        /// The introduction.
        1 => pub id: IntroId,
        /// Who is asked to introduce: nobody else can use this ask.
        2 => pub introducer: IdentityId,
        /// To whom, in the asker's words.
        3 => pub target: Line<{ limits::LINE }>,
        /// To whom exactly, if the asker knows the identity from elsewhere.
        4 => pub target_id: Option<IdentityId>,
        /// What for.
        5 => pub purpose: Purpose,
        /// Why this target.
        6 => pub why: Text<{ limits::SENTENCE }>,
        /// What the target is to read, in the asker's words.
        7 => pub blurb: Text<{ limits::BLURB }>,
        /// When it was written.
        8 => pub asked: Timestamp,
        /// Until when it is open: at most [`limits::ASK_LIFE`] later.
        9 => pub expires: Timestamp,
        /// To which the target seals a consent.
        10 => pub reply_key: EncryptionKey,
    }
}

impl Statement for Ask {
    const KIND: &'static str = "ask";
}

impl Ask {
    /// True if the ask lives no longer than asks may.
    pub const fn is_bounded(&self) -> bool {
        self.expires.since(self.asked) <= limits::ASK_LIFE && self.expires.secs() >= self.asked.secs()
    }
}

crate::wire_map! {
    /// "Yes, with this." Binds a code that only this asker can use to the target's identity.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Consent {
        /// The introduction.
        1 => pub id: IntroId,
        /// The id of the ask that it answers.
        2 => pub ask: RecordId,
        /// The key of the code.
        3 => pub key: EncryptionKey,
        /// The secret of the code.
        4 => pub secret: InviteSecret,
        /// Until when the code is good.
        5 => pub expires: Timestamp,
        /// The target's card at the tier that the target chose.
        6 => pub card: RecordBytes,
        /// Where the target's node may be reached.
        7 => pub hints: Vec<Hint>,
        /// The target's node: whoever is reached through another node must be asked for by name.
        8 => pub node: Option<PeerId>,
    }
}

impl Statement for Consent {
    const KIND: &'static str = "consent";
}

crate::wire_map! {
    /// "I brought these two together": both ends keep it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Introduction {
        /// The introduction.
        1 => pub id: IntroId,
        /// Who asked.
        2 => pub asker: IdentityId,
        /// Who consented.
        3 => pub target: IdentityId,
        /// Digest of the newest key event of the asker that the introducer knows.
        4 => pub asker_head: [u8; 32],
        /// The same of the target.
        5 => pub target_head: [u8; 32],
        /// The id of the ask.
        6 => pub ask: RecordId,
        /// SHA-256 of the sealed consent.
        7 => pub consent: [u8; 32],
        /// When it was signed.
        8 => pub at: Timestamp,
    }
}

impl Statement for Introduction {
    const KIND: &'static str = "introduction";
}

/// A consent that nobody but the asker can open.
pub type SealedConsent = Bytes<{ limits::CONSENT }>;

/// What an introducer's statement says of a sealed consent.
pub fn consent_digest(sealed: &SealedConsent) -> [u8; 32] {
    sha256(&[sealed.as_slice()])
}

crate::wire_map! {
    /// What is inside a sealed consent.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OpenedConsent {
        /// The target's whole key history.
        1 => pub history: HistoryBytes,
        /// The consent, as a record.
        2 => pub consent: RecordBytes,
    }
}

/// Why a consent was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// Larger than any consent may be.
    #[error("the consent is too long")]
    TooLong,
    /// The reply key cannot be sealed to.
    #[error(transparent)]
    BadKey(#[from] seal::BadKey),
    /// Not sealed to this key for this ask, or changed on the way.
    #[error(transparent)]
    CannotOpen(#[from] CannotOpen),
    /// Sealed rightly, but what is inside is no consent.
    #[error("the consent is not well formed: {0}")]
    Inside(#[from] WireError),
}

/// Both ends know the ask, and so does the introducer: this separates consents from letters and from each other, and
/// is no secret.
fn psk(ask: RecordId) -> [u8; 32] {
    derive(&ask.0, b"", "kith/1/consent")
}

impl OpenedConsent {
    /// Seals a consent to the reply key of an ask.
    pub fn seal(&self, ask: RecordId, to: &EncryptionKey, seed: &[u8; 32]) -> Result<SealedConsent, ConsentError> {
        let inside = wire::encode(self);
        let len = u16::try_from(inside.len()).map_err(|_| ConsentError::TooLong)?;
        let mut plain = [&len.to_be_bytes()[..], &inside].concat();
        plain.resize(plain.len().next_multiple_of(limits::CONSENT_STEP), 0);
        let sealed = seal::seal(to, &psk(ask), &plain, seed)?;
        Bytes::new(sealed.bytes).map_err(|_| ConsentError::TooLong)
    }

    /// Opens a sealed consent.
    pub fn open(sealed: &SealedConsent, ask: RecordId, with: &DecryptionKey) -> Result<Self, ConsentError> {
        let plain = seal::open(with, &psk(ask), sealed.as_slice())?.bytes;
        let (len, rest) = plain.split_first_chunk::<2>().ok_or(WireError::Truncated)?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (inside, padding) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
        let is_short = padding.len() < limits::CONSENT_STEP && plain.len().is_multiple_of(limits::CONSENT_STEP);
        if !is_short || padding.iter().any(|&byte| byte != 0) {
            return Err(WireError::Trailing.into());
        }
        Ok(wire::decode(inside)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sign::SecretSeed;

    fn ana() -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed([4; 32]))
    }

    fn consent(card: usize) -> OpenedConsent {
        let words = crate::words::RecoveryWords::from_entropy([7; 32]);
        let history = crate::identity::History::begin(&words).to_bytes();
        OpenedConsent { history, consent: Bytes::new(vec![7; card]).unwrap() }
    }

    const ASK: RecordId = RecordId([9; 32]);

    #[test]
    fn the_asker_alone_opens_a_consent_and_only_for_that_ask() {
        let sealed = consent(700).seal(ASK, &ana().public(), &[1; 32]).unwrap();
        assert_eq!(OpenedConsent::open(&sealed, ASK, &ana()), Ok(consent(700)));
        let bo = DecryptionKey::from_seed(&SecretSeed([5; 32]));
        assert_eq!(OpenedConsent::open(&sealed, ASK, &bo), Err(CannotOpen.into()));
        assert_eq!(OpenedConsent::open(&sealed, RecordId([8; 32]), &ana()), Err(CannotOpen.into()));
    }

    #[test]
    fn the_length_of_a_consent_says_little() {
        let length = |card| consent(card).seal(ASK, &ana().public(), &[1; 32]).unwrap().as_slice().len();
        assert_eq!(length(460), length(800));
        assert!(length(460) < length(1_200));
    }
}
