//! What people say of each other: given, accepted, renewed, revoked, shown.

use super::entity::Entity;
use super::error::Result;
use super::person::Person;
use super::turn::Turn;
use crate::id::{IdentityId, PersonId, VouchSlot};
use crate::identity::History;
use crate::letter::body::RecordBytes;
use crate::letter::vouch::VouchLetter;
use crate::store::Table;
use crate::vouch::{VouchReach, Vouched};

crate::wire_map! {
    /// Names a vouch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct VouchKey {
        /// Of whom.
        1 => pub subject: IdentityId,
        /// By whom.
        2 => pub issuer: IdentityId,
        /// Which of the issuer's.
        3 => pub slot: VouchSlot,
    }
}

impl VouchKey {
    /// The bytes under which it is stored.
    pub fn bytes(self) -> Vec<u8> {
        [&self.subject.0[..], &self.issuer.0, &self.slot.0].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (subject, rest) = bytes.split_first_chunk::<32>()?;
        let (issuer, slot) = rest.split_first_chunk::<32>()?;
        let slot = VouchSlot(slot.try_into().ok()?);
        Some(Self { subject: IdentityId(*subject), issuer: IdentityId(*issuer), slot })
    }
}

crate::wire_map! {
    /// A vouch that I gave, or that is about me, or that I was shown.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HeldVouch {
        /// What names it.
        1 => pub key: VouchKey,
        /// The issuer's record, as it was signed.
        2 => pub record: RecordBytes,
        /// The subject's record, if it is here.
        3 => pub acceptance: Option<RecordBytes>,
    }
}

impl Entity for HeldVouch {
    const TABLE: Table = Table::Vouches;

    fn key(&self) -> Vec<u8> {
        self.key.bytes()
    }
}

impl Turn<'_> {
    /// A vouch has come to its date.
    pub(super) fn vouch_due(&mut self, key: VouchKey) -> Result<()> {
        self.txn.remove(Table::Vouches, &key.bytes());
        Ok(())
    }

    /// A contact vouches for me, or says how far a vouch of mine may be shown.
    pub(super) fn vouch_letter_arrived(&mut self, _: &Person, _: &History, _: VouchLetter) -> Result<()> {
        Ok(())
    }

    /// What somebody said of me may be shown so far.
    pub fn accept_vouch(&mut self, _: PersonId, _: VouchSlot, _: VouchReach) -> Result<()> {
        Ok(())
    }

    /// What we said of each other goes with a person who is forgotten.
    pub(super) fn forget_vouches_with(&mut self, _: PersonId) -> Result<()> {
        Ok(())
    }

    /// What I vouch of somebody, as far as it may be shown to a contact of mine.
    pub(super) fn my_vouch_for(&self, _: IdentityId) -> Result<Option<Vouched>> {
        Ok(None)
    }

    /// What an introducer vouches of the other end, checked: none if it proves nothing.
    pub(super) fn shown_vouch(&mut self, _: Option<Vouched>, _: &Person, _: &History) -> Result<Option<Vouched>> {
        Ok(None)
    }
}
