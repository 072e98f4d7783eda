//! What people say of each other: given, accepted, renewed, revoked, shown.
//!
//! ```text
//! issuer                                subject
//!   give, change, renew ── vouch ──────►  asks me, if it says something new
//!   may be shown so far ◄─ acceptance ──  accept, lower, withdraw
//!   revoke ─────────────── vouch ──────►  gone, with the acceptance
//! ```
//!
//! A vouch lives in a slot of its issuer; of two records in a slot the later one counts, at everybody who holds them.
//! Whoever else gets to see one sees the subject's acceptance of exactly these words beside it, or does not see it.
//! When a contact ends, what was said stands until its date at both ends, but it is shown to nobody and nothing passes
//! between the two: should they meet again, each says again how things stand.

mod evidence;
mod giving;
mod receiving;
mod showing;
mod view;

pub use giving::VouchOptions;
pub use view::{VouchShown, VouchState};

use std::ops::ControlFlow;

use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::notice::Notice;
use super::own::Own;
use super::person::Person;
use super::turn::Turn;
use crate::id::{IdentityId, PersonId, VouchSlot};
use crate::letter::Body;
use crate::letter::vouch::{VouchLetter, VouchNews};
use crate::limits;
use crate::record::{RecordBytes, Signed};
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::vouch::{Acceptance, Vouch, VouchContent, VouchReach, Vouched};

crate::wire_map! {
    /// Names a vouch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
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
    /// A vouch that I gave, or that is about me, or that I was shown. A revoked one stays as well, so that an older copy
    /// cannot come back.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HeldVouch {
        /// What names it.
        1 => pub key: VouchKey,
        /// The issuer's record, as it was signed.
        2 => pub record: RecordBytes,
        /// The subject's newest record about this slot, if it is here. It counts only while it fits what is said.
        3 => pub acceptance: Option<RecordBytes>,
        /// When it is forgotten: the latest date that any record in this slot had.
        4 => pub until: Timestamp,
    }
}

impl Entity for HeldVouch {
    const TABLE: Table = Table::Vouches;

    fn key(&self) -> Vec<u8> {
        self.key.bytes()
    }
}

impl HeldVouch {
    /// What the issuer signed, read from where it was stored after it was checked.
    pub fn read(&self) -> Option<Vouch> {
        self.signed().map(|signed| signed.unverified().clone())
    }

    fn signed(&self) -> Option<Signed<Vouch>> {
        Signed::from_bytes(self.record.as_slice()).ok()
    }

    /// What is said; `None` if it is revoked.
    pub fn content(&self) -> Option<VouchContent> {
        self.read()?.content().ok()?
    }

    /// The subject's word for what is said now, read from where it was stored after it was checked.
    pub fn accepted(&self) -> Option<Acceptance> {
        let acceptance = self.signed_acceptance()?.unverified().clone();
        acceptance.fits(&self.read()?, self.key.issuer).then_some(acceptance)
    }

    fn signed_acceptance(&self) -> Option<Signed<Acceptance>> {
        Signed::from_bytes(self.acceptance.as_ref()?.as_slice()).ok()
    }

    /// How far it may be shown: as far as both let it.
    pub fn reach(&self) -> VouchReach {
        let accepted = self.accepted().map_or(VouchReach::UsTwo, |acceptance| acceptance.reach);
        self.read().map_or(VouchReach::UsTwo, |vouch| vouch.reach().min(accepted))
    }

    /// What is shown to others, if there is enough to show it.
    fn as_shown(&self) -> Option<Vouched> {
        Some(Vouched { vouch: self.record.clone(), acceptance: self.acceptance.clone()? })
    }
}

/// What I vouch of others, also what I revoked.
pub fn vouches_by_me(read: &dyn Read) -> Result<Vec<HeldVouch>> {
    let me = Own::load(read)?.id();
    select(read, |key| key.issuer == me)
}

/// What others vouch of me, also what they revoked.
pub fn vouches_about_me(read: &dyn Read) -> Result<Vec<HeldVouch>> {
    let me = Own::load(read)?.id();
    vouches_about(read, me)
}

/// What I and others vouch of an identity, as far as I hold it.
pub fn vouches_about(read: &dyn Read, identity: IdentityId) -> Result<Vec<HeldVouch>> {
    Ok(entity::list(read, &identity.0, limits::VOUCHES_KEPT)?)
}

fn select(read: &dyn Read, wanted: impl Fn(VouchKey) -> bool) -> Result<Vec<HeldVouch>> {
    let keys = keys(read)?.into_iter().filter(|key| wanted(*key));
    let loaded = keys.map(|key| Ok(entity::load::<HeldVouch>(read, &key.bytes())?));
    Ok(loaded.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn keys(read: &dyn Read) -> Result<Vec<VouchKey>> {
    let mut keys = Vec::new();
    read.scan(Table::Vouches, b"", b"", &mut |key, _| {
        keys.extend(VouchKey::from_bytes(key));
        ControlFlow::Continue(())
    })?;
    Ok(keys)
}

/// What one issuer says of one subject.
fn between(read: &dyn Read, subject: IdentityId, issuer: IdentityId) -> Result<Vec<HeldVouch>> {
    let prefix = [subject.0, issuer.0].concat();
    Ok(entity::list(read, &prefix, limits::VOUCHES_OF_ONE)?)
}

/// Nobody asked for this letter, so a full outbox keeps nothing else from happening: they hear of it with the next one.
fn unless_full(told: Result<()>) -> Result<()> {
    match told {
        Err(Error::Full(_)) => Ok(()),
        told => told,
    }
}

impl Turn<'_> {
    fn held_vouch(&self, key: VouchKey) -> Result<Option<HeldVouch>> {
        Ok(self.txn.load(&key.bytes())?)
    }

    /// Keeps what is held in a slot from now on, until its date.
    fn keep_vouch(&mut self, held: &HeldVouch) -> Result<()> {
        if let Some(before) = self.held_vouch(held.key)? {
            self.clear_deadline(before.until, Ends::Vouch(before.key));
        }
        self.set_deadline(held.until, Ends::Vouch(held.key));
        self.txn.save(held);
        Ok(())
    }

    fn drop_vouch(&mut self, held: &HeldVouch) {
        self.clear_deadline(held.until, Ends::Vouch(held.key));
        self.txn.forget(held);
    }

    /// A vouch has come to its date.
    pub(super) fn vouch_due(&mut self, key: VouchKey) -> Result<()> {
        let Some(held) = self.held_vouch(key)? else { return Ok(()) };
        self.txn.forget(&held);
        let me = self.keys.signer.id;
        let other = if key.issuer == me { key.subject } else { key.issuer };
        let Some(person) = self.person_of(other)? else { return Ok(()) };
        if key.subject == me {
            self.drop_vouch_item(person.id, key.slot)?;
        }
        // What was shown to me about others, and what was revoked before, ends without a word.
        if [key.issuer, key.subject].contains(&me) && held.content().is_some() {
            self.notice(Notice::VouchEnded { person: person.id });
        }
        Ok(())
    }

    /// Tells the other end what stands in a slot, if there is somebody to be told: a contact whom I have not blocked.
    fn tell_vouch(&mut self, person: &Person, letter: VouchLetter, until: Timestamp) -> Result<()> {
        if person.is_contact() && !person.blocked {
            let life = until.since(self.now).min(limits::LETTER_LIFE);
            self.send(person.id, &Body::Vouch(letter), life)?;
        }
        Ok(())
    }

    fn tell_my_vouch(&mut self, person: &Person, held: &HeldVouch) -> Result<()> {
        let news = VouchNews { record: held.record.clone() };
        self.tell_vouch(person, VouchLetter::Vouch(news), held.until)
    }

    fn tell_my_acceptance(&mut self, person: &Person, held: &HeldVouch) -> Result<()> {
        match &held.acceptance {
            Some(record) => {
                let news = VouchNews { record: record.clone() };
                self.tell_vouch(person, VouchLetter::Acceptance(news), held.until)
            }
            None => Ok(()),
        }
    }

    /// We hold each other again, or I listen to them again: they may have missed what I said since.
    pub(super) fn say_vouches_again(&mut self, person: &Person) -> Result<()> {
        let Some(them) = person.identity else { return Ok(()) };
        let me = self.keys.signer.id;
        for held in between(&self.txn, them, me)? {
            unless_full(self.tell_my_vouch(person, &held))?;
        }
        for held in between(&self.txn, me, them)? {
            unless_full(self.tell_my_acceptance(person, &held))?;
        }
        Ok(())
    }

    /// What is said by or of a person goes with them when they are forgotten.
    pub(super) fn forget_vouches_with(&mut self, person: PersonId) -> Result<()> {
        let known = self.txn.load::<Person>(&person.0)?;
        let Some(them) = known.and_then(|person| person.identity) else { return Ok(()) };
        for held in select(&self.txn, |key| key.subject == them || key.issuer == them)? {
            self.drop_vouch(&held);
        }
        Ok(())
    }
}
