//! What others vouch of me.

use super::super::entity;
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::people;
use super::super::person::Person;
use super::super::turn::Turn;
use super::giving::not_found;
use super::{HeldVouch, VouchKey, between, unless_full, vouches_about_me};
use crate::id::{PersonId, VouchSlot};
use crate::identity::History;
use crate::letter::vouch::{VouchLetter, VouchNews};
use crate::limits;
use crate::record::Verified;
use crate::store::Table;
use crate::time::Timestamp;
use crate::vouch::{Acceptance, Vouch, VouchReach, content_digest};

impl Turn<'_> {
    /// A contact vouches for me, or says how far a vouch of mine may be shown. False if what they sent proves nothing
    /// and so cannot be taken; what merely comes too late is taken and changes nothing.
    pub(in super::super) fn vouch_letter_arrived(
        &mut self,
        person: &Person,
        history: &History,
        letter: VouchLetter,
    ) -> Result<bool> {
        match letter {
            VouchLetter::Vouch(news) => self.vouch_arrived(person, history, news),
            VouchLetter::Acceptance(news) => self.acceptance_arrived(person, history, news),
        }
    }

    fn vouch_arrived(&mut self, person: &Person, history: &History, news: VouchNews) -> Result<bool> {
        let Some(vouch) = Vouch::verify(&news.record, history, self.now) else { return Ok(false) };
        if vouch.subject != self.keys.signer.id {
            return Ok(false);
        }
        let key = VouchKey { subject: vouch.subject, issuer: history.id(), slot: vouch.slot };
        match self.held_vouch(key)? {
            Some(held) if takes_place_of(&vouch, &held, history) => self.take_vouch(person, key, &vouch, Some(held))?,
            None if self.is_of_use(&vouch) && self.has_room_for_vouch(key)? => {
                self.take_vouch(person, key, &vouch, None)?
            }
            // An older copy, one whose date has come on the way, or more than I keep.
            _ => {}
        }
        Ok(true)
    }

    /// A revocation is of use too: what it revokes may still be on its way.
    fn is_of_use(&self, vouch: &Vouch) -> bool {
        vouch.content.is_none() || vouch.is_live(self.now)
    }

    fn has_room_for_vouch(&self, key: VouchKey) -> Result<bool> {
        let about_me = entity::count(&self.txn, Table::Vouches, &key.subject.0, limits::VOUCHES_OF_ME)?;
        let of_theirs = between(&self.txn, key.subject, key.issuer)?.len();
        Ok(about_me < limits::VOUCHES_OF_ME && of_theirs < limits::VOUCHES_OF_ONE)
    }

    fn take_vouch(
        &mut self,
        person: &Person,
        key: VouchKey,
        vouch: &Verified<Vouch>,
        before: Option<HeldVouch>,
    ) -> Result<()> {
        let now_said = vouch.content.as_ref().filter(|_| vouch.is_live(self.now));
        let said_before = before.as_ref().and_then(HeldVouch::read).and_then(|vouch| vouch.content);
        let acceptance = before.as_ref().and_then(|before| before.acceptance.clone());
        let held = HeldVouch {
            key,
            record: bounded(vouch.bytes()),
            // A vouch that is said no more is not accepted any more, should the same words come again.
            acceptance: acceptance.filter(|_| now_said.is_some()),
            until: self.forget_at(vouch, before.map(|before| before.until)),
        };
        self.keep_vouch(&held)?;
        match (now_said, said_before) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                self.drop_vouch_item(person.id, key.slot)?;
                self.notice(Notice::Vouched { person: person.id });
                Ok(())
            }
            (Some(now), Some(before)) if *now == before => self.ask_longer(person, &held),
            (Some(_), _) => {
                self.notice(Notice::Vouched { person: person.id });
                self.ask_whether_to_show(person, &held)
            }
        }
    }

    /// A vouch is forgotten when no record of its slot can count any more. Where I have seen none but one without a
    /// date, an older one may have one that is as far away as any can be.
    fn forget_at(&self, vouch: &Vouch, before: Option<Timestamp>) -> Timestamp {
        let unknown = vouch.issued.plus(limits::VOUCH_LIFE).min(self.now.plus(limits::VOUCH_LIFE));
        let of_this = vouch.expires.or(before).unwrap_or(unknown);
        before.unwrap_or(of_this).max(of_this).max(self.now)
    }

    /// Words that I accepted before need no new word of mine, also when other words stood between.
    fn ask_whether_to_show(&mut self, person: &Person, held: &HeldVouch) -> Result<()> {
        match held.accepted() {
            Some(_) => self.drop_vouch_item(person.id, held.key.slot),
            None => self.ask_me(ItemKind::Vouched, person.id, About::vouch(held.until, held.key.slot)),
        }
    }

    /// The same words for longer: a question that waits goes on waiting, and one that was answered is not asked again.
    fn ask_longer(&mut self, person: &Person, held: &HeldVouch) -> Result<()> {
        match self.vouch_item(person.id, held.key.slot)? {
            Some(_) => self.ask_me(ItemKind::Vouched, person.id, About::vouch(held.until, held.key.slot)),
            None => Ok(()),
        }
    }

    /// What somebody said of me may be shown so far at most; [`VouchReach::UsTwo`] takes an earlier word back.
    pub fn accept_vouch(&mut self, person: PersonId, slot: VouchSlot, reach: VouchReach) -> Result<()> {
        let person = people::person(&self.txn, person)?;
        let issuer = person.identity.ok_or_else(|| not_found(slot))?;
        let key = VouchKey { subject: self.keys.signer.id, issuer, slot };
        let held = self.held_vouch(key)?.ok_or_else(|| not_found(slot))?;
        if !held.read().is_some_and(|vouch| vouch.is_live(self.now)) {
            return Err(Error::NotNow("this is said no more"));
        }
        self.drop_vouch_item(person.id, slot)?;
        let held = self.sign_acceptance(held, reach);
        self.tell_my_acceptance(&person, &held)
    }

    fn sign_acceptance(&mut self, held: HeldVouch, reach: VouchReach) -> HeldVouch {
        let Some(content) = held.read().and_then(|vouch| vouch.content) else { return held };
        // Two words of one second must still have an order.
        let after = held.signed_acceptance().map_or(self.now, |before| before.unverified().since.plus(1));
        let acceptance = self.keys.sign(Acceptance {
            issuer: held.key.issuer,
            slot: held.key.slot,
            content: content_digest(&content),
            reach,
            since: self.now.max(after),
        });
        let held = HeldVouch { acceptance: Some(bounded(acceptance.bytes())), ..held };
        self.txn.save(&held);
        held
    }

    /// See [`Turn::sign_vouches_again`].
    pub(super) fn sign_acceptances_again(&mut self) -> Result<()> {
        for held in vouches_about_me(&self.txn)? {
            if let (Some(accepted), Some(person)) = (held.accepted(), self.person_of(held.key.issuer)?) {
                let held = self.sign_acceptance(held, accepted.reach);
                unless_full(self.tell_my_acceptance(&person, &held))?;
            }
        }
        Ok(())
    }
}

/// A later record of a slot takes the place of an earlier one. What was signed with a key that fell into other hands
/// gives way to whatever counts: a thief may have used up the numbers.
pub(super) fn takes_place_of(vouch: &Vouch, held: &HeldVouch, issuer: &History) -> bool {
    held.signed()
        .is_none_or(|before| vouch.seq > before.unverified().seq || issuer.is_compromised(before.claimed_signer().key))
}
