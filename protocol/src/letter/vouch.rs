//! The letters about vouches: kinds 32 to 47.

use crate::id::VouchSlot;
use crate::record::{RecordBytes, Signed};
use crate::vouch::{Acceptance, Vouch};
use crate::wire::{self, WireError};

crate::wire_map! {
    /// A record of the sender's.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct VouchNews {
        /// A vouch, or an acceptance.
        1 => pub record: RecordBytes,
    }
}

/// What a letter about a vouch says, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VouchLetter {
    /// Kind 32, issuer to subject: "this is what I say of you", or that it is said no more.
    Vouch(VouchNews),
    /// Kind 33, subject to issuer: "and so far it may be shown".
    Acceptance(VouchNews),
}

/// The kind numbers.
pub mod kind {
    /// [`super::VouchLetter::Vouch`].
    pub const VOUCH: u8 = 32;
    /// [`super::VouchLetter::Acceptance`].
    pub const ACCEPTANCE: u8 = 33;
}

impl VouchLetter {
    /// The number of the kind.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Vouch(_) => kind::VOUCH,
            Self::Acceptance(_) => kind::ACCEPTANCE,
        }
    }

    /// Which vouch it is about, as far as it says so: nobody has checked it.
    fn about(&self) -> Option<VouchSlot> {
        match self {
            Self::Vouch(news) => Some(Signed::<Vouch>::from_bytes(news.record.as_slice()).ok()?.unverified().slot),
            Self::Acceptance(news) => {
                Some(Signed::<Acceptance>::from_bytes(news.record.as_slice()).ok()?.unverified().slot)
            }
        }
    }

    /// True if a later letter to the same person says all that this one says.
    pub(crate) fn is_replaced_by(&self, later: &Self) -> bool {
        self.kind() == later.kind() && self.about().is_some() && self.about() == later.about()
    }

    /// The bytes of the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Vouch(news) | Self::Acceptance(news) => wire::encode(news),
        }
    }

    /// Reads the body of a kind; `None` for a kind that is none of these.
    pub(super) fn of(number: u8, bytes: &[u8]) -> Result<Option<Self>, WireError> {
        Ok(Some(match number {
            kind::VOUCH => Self::Vouch(wire::decode(bytes)?),
            kind::ACCEPTANCE => Self::Acceptance(wire::decode(bytes)?),
            _ => return Ok(None),
        }))
    }
}
