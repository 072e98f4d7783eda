//! What I vouch of others.

use super::super::error::{Error, Result};
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::people;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldVouch, VouchKey, between, unless_full, vouches_by_me};
use crate::id::{IdentityId, PersonId, VouchSlot};
use crate::identity::History;
use crate::letter::vouch::VouchNews;
use crate::limits;
use crate::text::{Label, Line};
use crate::time::Timestamp;
use crate::vouch::{Acceptance, Basis, ContentBytes, Evidence, Interest, Strength, Vouch, VouchContent, VouchReach};
use crate::wire::{self, Bytes};

/// What I want to say of somebody.
#[derive(Clone, Debug)]
pub struct VouchOptions {
    /// Of whom: a contact.
    pub person: PersonId,
    /// On what my word rests.
    pub basis: Basis,
    /// My words.
    pub words: Line<{ limits::SENTENCE }>,
    /// What they are good at; at most [`limits::VOUCH_SKILLS`].
    pub skills: Vec<Label>,
    /// Since which year.
    pub since: Option<u16>,
    /// Until which year; none if it goes on.
    pub until: Option<u16>,
    /// How strongly.
    pub strength: Strength,
    /// What I have to gain.
    pub interest: Interest,
    /// What exactly that is; needed for [`Interest::Other`].
    pub interest_words: Option<Line<{ limits::INTEREST }>>,
    /// How far I let it be shown.
    pub reach: VouchReach,
    /// How long it counts, in seconds; [`limits::VOUCH_LIFE`] if not given, and at most.
    pub life: Option<u64>,
}

impl VouchOptions {
    /// What is said, as its bytes.
    fn content(&self) -> Result<ContentBytes> {
        let content = VouchContent {
            basis: self.basis,
            skills: self.skills.clone(),
            since: self.since,
            until: self.until,
            words: self.words.clone(),
            strength: self.strength,
            interest: self.interest,
            interest_words: self.interest_words.clone(),
        };
        if content.skills.len() > limits::VOUCH_SKILLS {
            return Err(Error::Full("skills in this vouch"));
        }
        if content.interest == Interest::Other && content.interest_words.is_none() {
            return Err(Error::NotNow("say in words what your interest is"));
        }
        if !content.is_bounded() {
            return Err(Error::NotNow("the years do not fit: from 1900 on, and the first before the last"));
        }
        Bytes::new(wire::encode(&content)).map_err(|_| TOO_LONG)
    }
}

const TOO_LONG: Error = Error::Full("words in this vouch");

/// What stands in a record beside its place.
struct Terms {
    content: Option<ContentBytes>,
    reach: VouchReach,
    expires: Option<Timestamp>,
    evidence: Vec<Evidence>,
}

impl Turn<'_> {
    /// I vouch for a contact, who is told and may say how far it is shown. What supports it is found by itself.
    pub fn vouch(&mut self, options: VouchOptions) -> Result<HeldVouch> {
        let (person, subject) = self.subject(options.person)?;
        let content = options.content()?;
        let key = self.free_slot(subject)?;
        let terms = self.terms(&person, content, options.reach, options.life)?;
        self.state_and_tell(&person, key, terms)
    }

    /// I say it differently, or let it be shown further or less far. Other words need a new acceptance.
    pub fn change_vouch(&mut self, key: VouchKey, options: VouchOptions) -> Result<HeldVouch> {
        self.my_vouch(key)?;
        let (person, subject) = self.subject(options.person)?;
        if subject != key.subject {
            return Err(Error::NotNow("this vouch is about somebody else"));
        }
        let terms = self.terms(&person, options.content()?, options.reach, options.life)?;
        self.state_and_tell(&person, key, terms)
    }

    /// I say the same for longer: until `life` seconds from now, at most and if not given [`limits::VOUCH_LIFE`].
    pub fn renew_vouch(&mut self, key: VouchKey, life: Option<u64>) -> Result<HeldVouch> {
        let (_, vouch) = self.my_vouch(key)?;
        let Some(content) = vouch.content.clone() else { return Err(Error::NotNow("this vouch is revoked")) };
        let Some(person) = self.person_of(key.subject)? else { return Err(not_found(key.slot)) };
        let (person, _) = self.subject(person.id)?;
        let terms = self.terms(&person, content, vouch.reach(), life)?;
        if terms.expires <= vouch.expires {
            return Err(Error::NotNow("this vouch is good for longer already"));
        }
        self.state_and_tell(&person, key, terms)
    }

    /// I say it no more. Their node drops it; so does everybody who learns of this.
    pub fn revoke_vouch(&mut self, key: VouchKey) -> Result<HeldVouch> {
        let (held, vouch) = self.my_vouch(key)?;
        if vouch.content.is_none() {
            return Ok(held);
        }
        let terms = Terms { content: None, reach: VouchReach::UsTwo, expires: None, evidence: Vec::new() };
        match self.person_of(key.subject)? {
            Some(person) => self.state_and_tell(&person, key, terms),
            None => Err(not_found(key.slot)),
        }
    }

    /// A contact whom I may speak of.
    fn subject(&self, person: PersonId) -> Result<(Person, IdentityId)> {
        let person = people::person(&self.txn, person)?;
        match person.identity {
            Some(identity) if person.is_contact() && !person.blocked => Ok((person, identity)),
            _ => Err(Error::NotNow("you can only vouch for a contact")),
        }
    }

    fn my_vouch(&self, key: VouchKey) -> Result<(HeldVouch, Vouch)> {
        let held = self.held_vouch(key)?.filter(|held| held.key.issuer == self.keys.signer.id);
        let held = held.ok_or_else(|| not_found(key.slot))?;
        let vouch = held.read().ok_or_else(|| not_found(key.slot))?;
        Ok((held, vouch))
    }

    /// A place for one more vouch: one that I revoked, so that its number goes on, or a fresh one.
    fn free_slot(&mut self, subject: IdentityId) -> Result<VouchKey> {
        let issuer = self.keys.signer.id;
        let mine = vouches_by_me(&self.txn)?;
        let live = mine.iter().filter(|held| held.content().is_some()).count();
        if live >= limits::VOUCHES {
            return Err(Error::Full("vouches that you gave"));
        }
        let of_them = between(&self.txn, subject, issuer)?;
        if let Some(revoked) = of_them.iter().find(|held| held.content().is_none()) {
            return Ok(revoked.key);
        }
        if of_them.len() >= limits::VOUCHES_OF_ONE {
            return Err(Error::Full("vouches of yours for this person: change or revoke one"));
        }
        loop {
            let slot = VouchSlot(self.random.bytes());
            if mine.iter().all(|held| held.key.slot != slot) {
                return Ok(VouchKey { subject, issuer, slot });
            }
        }
    }

    fn terms(&self, person: &Person, content: ContentBytes, reach: VouchReach, life: Option<u64>) -> Result<Terms> {
        let life = life.unwrap_or(limits::VOUCH_LIFE).clamp(limits::HOUR, limits::VOUCH_LIFE);
        let evidence = self.evidence_about(person.id)?;
        Ok(Terms { content: Some(content), reach, expires: Some(self.now.plus(life)), evidence })
    }

    fn state_and_tell(&mut self, person: &Person, key: VouchKey, terms: Terms) -> Result<HeldVouch> {
        let held = self.state_vouch(key, terms)?;
        self.tell_my_vouch(person, &held)?;
        Ok(held)
    }

    /// Signs what stands in a slot from now on, and keeps it.
    fn state_vouch(&mut self, key: VouchKey, terms: Terms) -> Result<HeldVouch> {
        let before = self.held_vouch(key)?;
        let seq = before.as_ref().and_then(HeldVouch::read).map_or(1, |vouch| vouch.seq.saturating_add(1));
        let (until, acceptance) = match before {
            Some(before) => (before.until, before.acceptance),
            None => (self.now, None),
        };
        let vouch = self.keys.sign(Vouch {
            subject: key.subject,
            slot: key.slot,
            seq,
            issued: self.now,
            reach: Some(terms.reach).filter(|reach| *reach != VouchReach::UsTwo),
            expires: terms.expires,
            evidence: terms.evidence,
            content: terms.content,
        });
        if vouch.bytes().len() > limits::VOUCH {
            return Err(TOO_LONG);
        }
        let held = HeldVouch {
            key,
            record: bounded(vouch.bytes()),
            // Whether it still fits is looked at wherever it is used.
            acceptance: acceptance.filter(|_| vouch.content.is_some()),
            until: until.max(vouch.expires.unwrap_or(until)),
        };
        self.keep_vouch(&held)?;
        Ok(held)
    }

    /// The subject says how far a vouch of mine may be shown. False if what they sent proves nothing.
    pub(super) fn acceptance_arrived(&mut self, person: &Person, history: &History, news: VouchNews) -> Result<bool> {
        let Some(acceptance) = Acceptance::verify(&news.record, history, self.now) else { return Ok(false) };
        let issuer = self.keys.signer.id;
        if acceptance.issuer != issuer {
            return Ok(false);
        }
        let key = VouchKey { subject: history.id(), issuer, slot: acceptance.slot };
        let Some(held) = self.held_vouch(key)? else { return Ok(true) };
        let fits = held.read().is_some_and(|vouch| acceptance.fits(&vouch, issuer));
        // What a key said that fell into other hands since gives way to any word that counts.
        let is_later = held.signed_acceptance().is_none_or(|before| {
            acceptance.since > before.unverified().since || history.is_compromised(before.claimed_signer().key)
        });
        if fits && is_later {
            self.txn.save(&HeldVouch { acceptance: Some(news.record), ..held });
            self.notice(Notice::VouchAccepted { person: person.id });
        }
        Ok(true)
    }

    /// The key that my vouches and acceptances are signed with fell into other hands: nobody who has not seen them
    /// believes them any more, so they are signed again and sent to those whom they concern.
    pub(in super::super) fn sign_vouches_again(&mut self) -> Result<()> {
        for held in vouches_by_me(&self.txn)? {
            let (Some(vouch), Some(person)) = (held.read(), self.person_of(held.key.subject)?) else { continue };
            let reach = vouch.reach();
            let Vouch { content, expires, evidence, .. } = vouch;
            let held = self.state_vouch(held.key, Terms { content, reach, expires, evidence })?;
            unless_full(self.tell_my_vouch(&person, &held))?;
        }
        self.sign_acceptances_again()
    }
}

pub(super) fn not_found(slot: VouchSlot) -> Error {
    Error::NotFound { what: "vouch", name: slot.to_string() }
}
