//! The capsule that each of my contacts keeps for me, so that 24 words and one contact bring me back.
//!
//! ```text
//! sealed = enc 32 ‖ the one message of an HPKE context that began with enc, purpose "kith/1/capsule"
//! plain  = length 2 ‖ capsule ‖ zeros          filled up to one of two sizes
//! ```
//!
//! It is sealed to the key that backups are sealed to: my home makes it, and only the words open it. Contacts find it under a
//! **keeper id**: the id of another identity that comes from the words and signs nothing but the wish to have it back. So
//! who begins anew need not know who they are, and who does not have the words cannot ask.
//!
//! Whoever can sit down with a contact scans a live code and asks under its secret. Whoever has nothing but the address of a
//! contact's node asks at a [`RecoveryDoor`].

mod door;

pub use door::RecoveryDoor;

use crate::address::Hint;
use crate::card::{OwnCard, Tier};
use crate::crypto::seal::{DecryptionKey, EncryptionKey};
use crate::crypto::stream::{OpeningStream, SealingStream, TAG};
use crate::hello::SharedSecret;
use crate::id::{IdentityId, LetterId};
use crate::identity::{History, HistoryBytes};
use crate::letter::{Body, Letter, SealError, Sealed, seal};
use crate::limits;
use crate::mailbox::Pass;
use crate::nearby::PresenceSeed;
use crate::record::{RecordBytes, Signer, Verified};
use crate::text::Name;
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};
use crate::words::RecoveryWords;

const PURPOSE: &str = "kith/1/capsule";
/// The sizes that a plaintext is filled up to, so that its length says little of how many people I know.
const SIZES: [usize; 2] = [limits::CAPSULE / 4 - 32 - TAG, limits::CAPSULE - 32 - TAG];
/// What of the larger size is left for the capsule itself.
pub const ROOM: usize = limits::CAPSULE - 32 - TAG - 2;
/// How long a wish is good for, in seconds: it is answered at once or not at all.
const WISH_LIFE: u64 = 10 * 60;

crate::wire_map! {
    /// What of me is kept elsewhere.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Capsule {
        /// When it was made.
        1 => pub made: Timestamp,
        /// My card.
        2 => pub card: OwnCard,
        /// Some of my contacts; all of them if they are few.
        3 => pub people: Vec<Acquaintance>,
        /// The number of the key that I signed with then: whoever gives back a shorter history leaves something out.
        4 => pub key: u8,
    }
}

crate::wire_map! {
    /// What I need of a contact to be in touch again.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Acquaintance {
        /// Their key history.
        1 => pub history: HistoryBytes,
        /// The secret that we share.
        2 => pub pair: SharedSecret,
        /// Their node grant.
        3 => pub grant: RecordBytes,
        /// Where their node is; at most [`limits::CAPSULE_HINTS`].
        4 => pub hints: Vec<Hint>,
        /// Where letters for them may be left; at most one.
        5 => pub mailboxes: Vec<Pass>,
        /// What they are called.
        6 => pub name: Name,
        /// What of my card they see.
        7 => pub tier: Tier,
        /// Where they say in the DHT where they are; none from a node of an earlier version.
        8 => pub presence: Option<PresenceSeed>,
    }
}

crate::wire_map! {
    /// What a contact gives back.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GivenBack {
        /// My key history, as far as they have seen it.
        1 => pub history: HistoryBytes,
        /// The newest capsule of mine that they have.
        2 => pub sealed: Bytes<{ limits::CAPSULE }>,
    }
}

/// Why a capsule was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapsuleError {
    /// Sealed to other words, or changed.
    #[error("these words do not open it")]
    WrongWords,
    /// Opened, and not what a capsule looks like.
    #[error("what a contact kept is not well formed: {0}")]
    Inside(#[from] WireError),
}

impl Capsule {
    /// Seals it to the key that backups are sealed to; `None` if it is larger than [`ROOM`], or the key is none. `seed` is
    /// used for this alone.
    pub fn seal(&self, to: &EncryptionKey, seed: [u8; 32]) -> Option<Bytes<{ limits::CAPSULE }>> {
        let capsule = wire::encode(self);
        let length = u16::try_from(capsule.len()).ok()?;
        let size = SIZES.into_iter().find(|size| capsule.len() + 2 <= *size)?;
        let mut plain = zeroize::Zeroizing::new([&length.to_be_bytes()[..], &capsule].concat());
        plain.resize(size, 0);
        let (mut stream, enc) = SealingStream::begin(to, PURPOSE, seed).ok()?;
        let sealed = stream.seal(&plain, true).ok()?;
        Bytes::new([&enc[..], &sealed].concat()).ok()
    }

    /// Opens what [`Capsule::seal`] sealed.
    ///
    /// # Errors
    /// If it was sealed to other words, or is no capsule.
    pub fn open(sealed: &[u8], with: &DecryptionKey) -> Result<Self, CapsuleError> {
        let (enc, sealed) = sealed.split_first_chunk::<32>().ok_or(WireError::Truncated)?;
        let mut stream = OpeningStream::begin(with, PURPOSE, enc).map_err(|_| CapsuleError::WrongWords)?;
        let plain = stream.open(sealed, true).map_err(|_| CapsuleError::WrongWords)?;
        let plain = zeroize::Zeroizing::new(plain);
        let (length, rest) = plain.split_first_chunk::<2>().ok_or(WireError::Truncated)?;
        let capsule = rest.get(..usize::from(u16::from_be_bytes(*length))).ok_or(WireError::Truncated)?;
        let capsule: Self = wire::decode(capsule)?;
        let bounded = |one: &Acquaintance| one.hints.len() <= limits::CAPSULE_HINTS && one.mailboxes.len() <= 1;
        if !capsule.people.iter().all(bounded) {
            return Err(WireError::OutOfRange("what is known of a contact").into());
        }
        Ok(capsule)
    }
}

/// The identity under which contacts keep a capsule, and which asks for it.
pub struct Keeper {
    history: History,
    words: RecoveryWords,
}

impl Keeper {
    /// The keeper of these words.
    pub fn of(words: &RecoveryWords) -> Self {
        let words = words.keeper();
        Self { history: History::begin(&words), words }
    }

    /// The keeper id.
    pub const fn id(&self) -> IdentityId {
        self.history.id()
    }

    /// A letter that asks for what is kept, to the key of a code or to a contact whose encryption key is known. Of several
    /// capsules under one keeper id the first `skip` are passed over: others may have put theirs there.
    ///
    /// # Errors
    /// If nothing can be sealed to the key.
    pub fn wish(&self, to: &Addressee, skip: u32, now: Timestamp, seed: [u8; 32]) -> Result<Wish, SealError> {
        let mut random = crate::crypto::Random::new(seed);
        let body = Body::Recover(crate::letter::body::Recover { skip });
        let letter = Letter {
            to: to.id,
            id: LetterId(random.bytes()),
            kind: body.kind(),
            body: Bytes::new(body.to_bytes()).map_err(|_| SealError::TooLong)?,
            sent: now,
            expires: now.plus(WISH_LIFE),
        };
        let id = letter.id;
        let signed = Verified::sign(letter, Signer { id: self.id(), key: 0 }, &self.words.key(0));
        let psk = to.secret.letter_key();
        let sealed = seal(&signed, Some(self.history.to_bytes()), Vec::new(), &to.key, &psk, &random.bytes())?;
        Ok(Wish { id, sealed })
    }
}

/// Whom a wish is sealed to.
pub struct Addressee {
    /// The key of a code or of a door, or the id of an identity.
    pub id: [u8; 32],
    /// The key to seal to.
    pub key: EncryptionKey,
    /// The secret of the code, of the door, or of the pair.
    pub secret: SharedSecret,
}

/// A wish on its way.
pub struct Wish {
    /// The letter's id.
    pub id: LetterId,
    /// The letter, sealed.
    pub sealed: Sealed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(n: u8) -> RecoveryWords {
        RecoveryWords::from_entropy([n; 32])
    }

    fn capsule(people: usize) -> Capsule {
        let bo = words(2);
        let one = Acquaintance {
            history: History::begin(&bo).to_bytes(),
            pair: SharedSecret::new([7; 32]),
            grant: Bytes::new(vec![1; 250]).unwrap(),
            hints: Vec::new(),
            mailboxes: Vec::new(),
            name: Name::new("Bo Lindqvist").unwrap(),
            tier: Tier::Contacts,
            presence: None,
        };
        let card = OwnCard::new(Name::new("Ana Sousa").unwrap());
        Capsule { made: Timestamp::from_secs(9), card, people: vec![one; people], key: 0 }
    }

    #[test]
    fn only_the_words_open_it_and_its_size_says_little() {
        let ana = words(1).backup_key();
        let sealed = capsule(3).seal(&ana.public(), [5; 32]).unwrap();
        assert_eq!(Capsule::open(sealed.as_slice(), &ana), Ok(capsule(3)));
        assert_eq!(Capsule::open(sealed.as_slice(), &words(3).backup_key()), Err(CapsuleError::WrongWords));
        let sizes = [0, 3, 20].map(|people| capsule(people).seal(&ana.public(), [5; 32]).unwrap().as_slice().len());
        assert_eq!(sizes, [limits::CAPSULE / 4, limits::CAPSULE / 4, limits::CAPSULE]);
        assert!(capsule(100).seal(&ana.public(), [5; 32]).is_none(), "more than there is room for");
    }

    #[test]
    fn a_byte_that_was_changed_is_noticed() {
        let ana = words(1).backup_key();
        let sealed = capsule(1).seal(&ana.public(), [5; 32]).unwrap().into_vec();
        for at in [0, 40, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(Capsule::open(&changed, &ana), Err(CapsuleError::WrongWords), "byte {at}");
        }
        assert!(Capsule::open(&sealed[..31], &ana).is_err());
    }

    #[test]
    fn the_keeper_comes_from_the_words_and_is_not_their_owner() {
        assert_eq!(Keeper::of(&words(1)).id(), Keeper::of(&words(1)).id());
        assert_ne!(Keeper::of(&words(1)).id(), Keeper::of(&words(2)).id());
        assert_ne!(Keeper::of(&words(1)).id(), History::begin(&words(1)).id());
    }
}
