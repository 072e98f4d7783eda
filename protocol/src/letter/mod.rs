//! Letters: everything that passes between two people.
//!
//! ```text
//! sealed   = 0x01 ‖ HPKE( length 2 ‖ envelope ‖ zeros )      512 B, 1, 4, 16 or 60 KiB in all
//! envelope = { 1: whole key history?, 2: [key events]?, 3: record "letter" }
//! letter   = { 1: to, 2: letter id, 3: kind, 4: body, 5: sent, 6: expires }   signed by the sender
//! ```
//!
//! Nothing outside the seal names anybody. Key events stand outside the signed letter since they prove
//! themselves, and since the key that signs the letter may be one that they reveal.

pub mod answers;
pub mod body;
pub mod handover;
pub mod introduction;
pub mod note;
mod receipt;
pub mod vouch;

pub use body::Body;
pub use receipt::Receipts;

use crate::crypto::seal::{self, BadKey, CannotOpen, Crossing, DecryptionKey, EncryptionKey};
use crate::id::{IdentityId, LetterId};
use crate::identity::HistoryBytes;
use crate::limits::{self, LETTER_CLASSES};
use crate::record::{RecordError, Signed, Statement, Verified};
use crate::time::Timestamp;
use crate::wire::{self, Bytes, WireError};

/// The first byte of a sealed letter.
pub const VERSION: u8 = 1;

/// What a sealed letter of a class can hold at most: its class less version, seal and length.
pub const fn room(class: usize) -> usize {
    class - 1 - seal::OVERHEAD - 2
}

crate::wire_map! {
    /// What a sender signs.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Letter {
        /// Who it is for: an identity, or the key of an invite when the identity behind it is not known yet.
        1 => pub to: [u8; 32],
        /// Its id.
        2 => pub id: LetterId,
        /// The number of its kind, see [`Body`].
        3 => pub kind: u8,
        /// The body of that kind.
        4 => pub body: Bytes<{ limits::LETTER }>,
        /// When it was written.
        5 => pub sent: Timestamp,
        /// After this it is refused.
        6 => pub expires: Timestamp,
    }
}

impl Statement for Letter {
    const KIND: &'static str = "letter";
}

impl Letter {
    /// SHA-256 of kind and body: what a receipt and the memory of a handled letter speak of.
    pub fn body_hash(&self) -> [u8; 32] {
        crate::crypto::sha256(&[&[self.kind], self.body.as_slice()])
    }

    /// True if the letter is for this identity.
    pub fn is_for(&self, id: IdentityId) -> bool {
        self.to == id.0
    }
}

crate::wire_map! {
    /// What is inside the seal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Envelope {
        /// The sender's whole key history, in a first letter.
        1 => pub history: Option<HistoryBytes>,
        /// Those of the sender's key events that the recipient has not receipted.
        2 => pub events: Vec<Bytes<{ limits::RECORD }>>,
        /// The letter, as a record.
        3 => pub letter: Bytes<{ limits::LETTER }>,
    }
}

/// A sealed letter and what its recipient can prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The bytes to carry, of one of the sizes [`LETTER_CLASSES`].
    pub bytes: Vec<u8>,
    /// What the recipient answers.
    pub receipts: Receipts,
}

/// Why a letter was not sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Larger than the largest class.
    #[error("the letter is too long")]
    TooLong,
    /// The recipient's key is unusable.
    #[error(transparent)]
    BadKey(#[from] BadKey),
}

/// Seals a letter with the key events that go along.
pub fn seal(
    letter: &Verified<Letter>,
    history: Option<HistoryBytes>,
    events: Vec<Bytes<{ limits::RECORD }>>,
    to: &EncryptionKey,
    psk: &[u8; 32],
    seed: &[u8; 32],
) -> Result<Sealed, SealError> {
    let record = Bytes::new(letter.bytes().to_vec()).map_err(|_| SealError::TooLong)?;
    let plain = pad(&wire::encode(&Envelope { history, events, letter: record }))?;
    let Crossing { bytes, receipt_key } = seal::seal(to, psk, &plain, seed)?;
    Ok(Sealed { bytes: [&[VERSION][..], &bytes].concat(), receipts: Receipts::new(receipt_key, letter) })
}

/// Puts the length in front and fills up to the smallest class that fits.
fn pad(envelope: &[u8]) -> Result<Vec<u8>, SealError> {
    let class = LETTER_CLASSES.into_iter().find(|&class| envelope.len() <= room(class)).ok_or(SealError::TooLong)?;
    let len = u16::try_from(envelope.len()).map_err(|_| SealError::TooLong)?;
    let mut plain = [&len.to_be_bytes()[..], envelope].concat();
    plain.resize(2 + room(class), 0);
    Ok(plain)
}

/// An opened letter whose signature is still to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The sender's whole history, if it came along.
    pub history: Option<HistoryBytes>,
    /// Key events that came along.
    pub events: Vec<Vec<u8>>,
    /// The letter.
    pub letter: Signed<Letter>,
    receipt_key: [u8; 32],
}

/// Why a letter was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer version.
    #[error("the letter was made by a newer version of Kith")]
    Version,
    /// Not sealed to this key with this secret, or changed on the way.
    #[error(transparent)]
    CannotOpen(#[from] CannotOpen),
    /// Sealed rightly, but what is inside is no letter.
    #[error("the letter is not well formed: {0}")]
    Inside(#[from] RecordError),
}

impl From<WireError> for OpenError {
    fn from(error: WireError) -> Self {
        Self::Inside(error.into())
    }
}

/// Opens a sealed letter.
pub fn open(sealed: &[u8], with: &DecryptionKey, psk: &[u8; 32]) -> Result<Opened, OpenError> {
    if !LETTER_CLASSES.contains(&sealed.len()) {
        return Err(WireError::OutOfRange("the size of a letter").into());
    }
    let bytes = match sealed.split_first() {
        Some((&VERSION, bytes)) => bytes,
        _ => return Err(OpenError::Version),
    };
    let Crossing { bytes: plain, receipt_key } = seal::open(with, psk, bytes)?;
    let envelope: Envelope = wire::decode(unpad(&plain)?)?;
    let letter = Signed::from_bytes(envelope.letter.as_slice())?;
    let events = envelope.events.into_iter().map(Bytes::into_vec).collect();
    Ok(Opened { history: envelope.history, events, letter, receipt_key })
}

/// What stands before the padding. The padding is all zeros and no longer than its class asks for, so that a
/// letter has one sealed size.
fn unpad(plain: &[u8]) -> Result<&[u8], WireError> {
    let (len, rest) = plain.split_first_chunk::<2>().ok_or(WireError::Truncated)?;
    let len = usize::from(u16::from_be_bytes(*len));
    let (envelope, padding) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
    let fits_smaller = LETTER_CLASSES.into_iter().any(|class| room(class) < rest.len() && len <= room(class));
    if fits_smaller || padding.iter().any(|&byte| byte != 0) { Err(WireError::Trailing) } else { Ok(envelope) }
}

impl Opened {
    /// What may be answered to this letter.
    pub fn receipts(&self) -> Receipts {
        Receipts::new(self.receipt_key, self.letter.unverified())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sign::{SecretSeed, SigningKey};
    use crate::record::Signer;

    fn letter(body: usize) -> Verified<Letter> {
        let letter = Letter {
            to: [2; 32],
            id: LetterId([3; 16]),
            kind: 4,
            body: Bytes::new(vec![7; body]).unwrap(),
            sent: Timestamp::from_secs(1_800_000_000),
            expires: Timestamp::from_secs(1_802_000_000),
        };
        Verified::sign(letter, Signer { id: IdentityId([1; 32]), key: 0 }, &SigningKey::from_seed(&SecretSeed([1; 32])))
    }

    fn bo() -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed([4; 32]))
    }

    fn sealed(body: usize) -> Result<Sealed, SealError> {
        seal(&letter(body), None, Vec::new(), &bo().public(), &[5; 32], &[6; 32])
    }

    #[test]
    fn a_letter_arrives_and_its_receipt_is_the_one_expected() {
        let sealed = sealed(100).unwrap();
        let opened = open(&sealed.bytes, &bo(), &[5; 32]).unwrap();
        assert_eq!(opened.letter.unverified(), &*letter(100));
        assert_eq!(opened.receipts(), sealed.receipts);
    }

    #[test]
    fn sealed_sizes_are_the_five_classes() {
        for body in [0, 200, 300, 1_000, 4_000, 16_000, 60_000] {
            assert!(LETTER_CLASSES.contains(&sealed(body).unwrap().bytes.len()), "body of {body}");
        }
        assert_eq!(sealed(limits::LETTER), Err(SealError::TooLong));
    }

    #[test]
    fn a_letter_adds_at_most_280_bytes_to_its_body() {
        let body = 200;
        let envelope = wire::encode(&Envelope {
            history: None,
            events: Vec::new(),
            letter: Bytes::new(letter(body).bytes().to_vec()).unwrap(),
        });
        let overhead = 1 + seal::OVERHEAD + 2 + envelope.len() - body;
        println!("letter overhead before padding: {overhead} bytes");
        assert!(overhead <= 280, "{overhead} bytes");
    }

    #[test]
    fn bytes_that_are_no_letter_are_refused_by_reason() {
        let good = sealed(10).unwrap().bytes;
        let mut newer = good.clone();
        newer[0] = 2;
        assert_eq!(open(&newer, &bo(), &[5; 32]), Err(OpenError::Version));
        assert_eq!(open(&good, &bo(), &[9; 32]), Err(CannotOpen.into()));
        assert!(open(&good[..511], &bo(), &[5; 32]).is_err());
    }

    #[test]
    fn padding_that_is_not_ours_is_refused() {
        let envelope = [1, 2, 3];
        let plain = pad(&envelope).unwrap();
        assert_eq!(unpad(&plain), Ok(&envelope[..]));
        let mut dirty = plain.clone();
        dirty[100] = 1;
        assert!(unpad(&dirty).is_err());
        let mut oversize = plain;
        oversize.resize(2 + room(1024), 0);
        assert!(unpad(&oversize).is_err(), "a small letter in a large class");
    }
}
