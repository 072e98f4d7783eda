//! Vouches that others get to see: mine in an introduction, others' in one to me.

use super::super::entity;
use super::super::error::Result;
use super::super::incoming::history_of;
use super::super::person::Person;
use super::super::turn::Turn;
use super::receiving::takes_place_of;
use super::{HeldVouch, VouchKey, between};
use crate::id::IdentityId;
use crate::identity::History;
use crate::limits;
use crate::record::Verified;
use crate::store::Table;
use crate::vouch::{Vouch, Vouched};

impl Turn<'_> {
    /// What I vouch of a contact, as far as it may be shown to another contact of mine: the strongest that both of us
    /// let be shown.
    pub(in super::super) fn my_vouch_for(&self, subject: IdentityId) -> Result<Option<Vouched>> {
        let is_contact = self.person_of(subject)?.is_some_and(|person| person.is_contact() && !person.blocked);
        let Some(history) = history_of(&self.txn, subject)?.filter(|_| is_contact) else { return Ok(None) };
        let me = self.own()?.history();
        let mut strongest = None;
        for vouched in between(&self.txn, subject, me.id())?.iter().filter_map(HeldVouch::as_shown) {
            let Some(vouch) = vouched.verify(&me, &history, self.now) else { continue };
            let rank = (vouch.content().ok().flatten().map(|content| content.strength), vouch.issued);
            if strongest.as_ref().is_none_or(|(best, _)| rank > *best) {
                strongest = Some((rank, vouched));
            }
        }
        Ok(strongest.map(|(_, vouched)| vouched))
    }

    /// What an introducer vouches of the other end, checked: none if it proves nothing, or is said no more as far as I
    /// know. It is kept with what else I know of them.
    pub(in super::super) fn shown_vouch(
        &mut self,
        vouched: Option<Vouched>,
        introducer: &Person,
        subject: &History,
    ) -> Result<Option<Vouched>> {
        let (Some(vouched), Some(issuer)) = (vouched, introducer.identity) else { return Ok(None) };
        let Some(issuer) = history_of(&self.txn, issuer)? else { return Ok(None) };
        let Some(vouch) = vouched.verify(&issuer, subject, self.now) else { return Ok(None) };
        let key = VouchKey { subject: subject.id(), issuer: issuer.id(), slot: vouch.slot };
        match self.held_vouch(key)? {
            Some(held) if held.record == vouched.vouch => {}
            Some(held) if !takes_place_of(&vouch, &held, &issuer) => return Ok(None),
            Some(held) => self.keep_shown(key, &vouch, &vouched, Some(held))?,
            None if self.has_room_about(subject.id())? => self.keep_shown(key, &vouch, &vouched, None)?,
            None => {}
        }
        Ok(Some(vouched))
    }

    fn has_room_about(&self, subject: IdentityId) -> Result<bool> {
        let about = entity::count(&self.txn, Table::Vouches, &subject.0, limits::VOUCHES_ABOUT)?;
        let in_all = entity::count(&self.txn, Table::Vouches, b"", limits::VOUCHES_KEPT)?;
        Ok(about < limits::VOUCHES_ABOUT && in_all < limits::VOUCHES_KEPT)
    }

    fn keep_shown(
        &mut self,
        key: VouchKey,
        vouch: &Verified<Vouch>,
        vouched: &Vouched,
        before: Option<HeldVouch>,
    ) -> Result<()> {
        let expires = vouch.expires.unwrap_or(self.now);
        self.keep_vouch(&HeldVouch {
            key,
            record: vouched.vouch.clone(),
            acceptance: Some(vouched.acceptance.clone()),
            until: before.map_or(expires, |before| before.until.max(expires)),
        })
    }
}
