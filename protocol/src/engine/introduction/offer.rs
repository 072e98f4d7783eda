//! The target said yes, and I, who asked, have it in hand: what it must prove, and what I make of it.

use super::super::deadline::Ends;
use super::super::error::Result;
use super::super::inbox::ItemKind;
use super::super::incoming::history_of;
use super::super::notice::Notice;
use super::super::person::{Encounter, Person, Standing, Way};
use super::super::scans::Introduced;
use super::super::turn::Turn;
use super::{AskState, Asked, IntroKey, Over, verified};
use crate::card::CardView;
use crate::hello::SharedSecret;
use crate::id::PersonId;
use crate::identity::History;
use crate::introduction::{Consent, Introduction, OpenedConsent, consent_digest};
use crate::invite::{InviteKind, shared_secret};
use crate::letter::introduction::{IntroductionLetter, Offer};
use crate::limits;
use crate::record::Verified;
use crate::text::Line;

impl Turn<'_> {
    /// The target said yes: what it gave me is checked, and then taken like the code of somebody who shows it live.
    /// False if the offer proves nothing. One that comes when nothing waits for it changes nothing.
    pub(super) fn offer_arrived(&mut self, introducer: &Person, offer: Offer) -> Result<bool> {
        let Some(asked) = self.ask_of(introducer, offer.id)? else { return Ok(true) };
        if !asked.waits_for_offer() || self.reply_key(&asked)?.is_none() {
            return Ok(true);
        }
        let Some(given) = self.check_offer(introducer, &asked, &offer)? else { return Ok(false) };
        // The introducer is not to learn whom I listen to no more.
        if self.person_of(given.target.id())?.is_some_and(|person| person.blocked) {
            return Ok(true);
        }
        match asked.state {
            AskState::Connecting => self.offered_again(asked, &given)?,
            _ if self.party_at(given.code().locator())?.is_some() => return Ok(false),
            _ => self.connect(asked, introducer, offer, given)?,
        }
        Ok(true)
    }

    fn check_offer(&self, introducer: &Person, asked: &Asked, offer: &Offer) -> Result<Option<Given>> {
        let (Some(ask), Some(key), Some(of)) = (asked.ask, self.reply_key(asked)?, introducer.identity) else {
            return Ok(None);
        };
        let Some(history) = history_of(&self.txn, of)? else { return Ok(None) };
        let Some(introduction) = verified::<Introduction>(&offer.introduction, &history) else { return Ok(None) };
        let Ok(opened) = OpenedConsent::open(&offer.sealed, ask, &key) else { return Ok(None) };
        let Ok(shown) = History::from_bytes(&opened.history) else { return Ok(None) };
        let target = self.counting_history(shown)?;
        let Some(consent) = verified::<Consent>(&opened.consent, &target) else { return Ok(None) };
        let Some(card) = super::super::own::verify_card(consent.card.as_slice(), &target) else { return Ok(None) };
        let me = self.keys.signer.id;
        let statement_fits = introduction.id == asked.id
            && introduction.asker == me
            && introduction.target == target.id()
            && introduction.ask == ask
            && introduction.consent == consent_digest(&offer.sealed)
            && target.has_event(&introduction.target_head)
            && self.keys.history.has_event(&introduction.asker_head);
        let consent_fits = consent.id == asked.id && consent.ask == ask && consent.hints.len() <= limits::ADDRESSES;
        let whom = target.id();
        let is_whom_i_named = asked.target_id.is_none_or(|named| named == whom) && whom != me && whom != of;
        let fits = statement_fits && consent_fits && is_whom_i_named;
        Ok(fits.then_some(Given { target, consent, card }))
    }

    fn connect(&mut self, asked: Asked, introducer: &Person, offer: Offer, given: Given) -> Result<()> {
        let (person, is_new) = self.person_for(&asked, &given)?;
        let encounter = Encounter {
            at: self.now,
            way: Way::Introduced,
            event: None,
            late: false,
            by: Some(Line::new(introducer.name.as_str())?),
        };
        let name = asked.name();
        self.drop_item(ItemKind::AskReturned, name)?;
        self.clear_deadline(asked.until, Ends::Introduction(name));
        let sent_until = given.consent.expires.min(self.now.plus(limits::LETTER_LIFE));
        // The target may take my letter at the last moment, and its welcome lives as long as a letter does: until then
        // we may be contacts at the other end, and I have to be there to hear it.
        let gives_up = sent_until.plus(limits::LETTER_LIFE);
        let until = gives_up.plus(limits::DAY);
        self.set_deadline(until, Ends::Introduction(name));
        let vouched = self.shown_vouch(offer.vouched, introducer, &given.target)?;
        let contact = Some(person.id);
        self.txn.save(&Asked {
            state: AskState::Connecting,
            contact,
            known: offer.known,
            introduction: Some(offer.introduction.clone()),
            vouched,
            over: None,
            changed: self.now,
            until,
            is_new_person: is_new,
            ..asked
        });
        self.notice(Notice::Introduction { introduction: name });
        self.scan_introduced(
            person,
            Introduced {
                key: given.consent.key,
                secret: given.consent.secret,
                expires: given.consent.expires,
                hints: given.consent.hints.clone(),
                node: given.consent.node,
                sent_until,
                gives_up,
                who: given.target.id(),
                introduction: name,
                statement: offer.introduction,
                encounter,
            },
        )
    }

    /// Whom the offer is about among my people: the one I meant, if I only had a name of them, or somebody new.
    fn person_for(&mut self, asked: &Asked, given: &Given) -> Result<(Person, bool)> {
        let meant = match asked.person {
            Some(person) => self.txn.load::<Person>(&person.0)?,
            None => None,
        };
        if let Some(mut person) = meant.filter(|person| person.standing == Standing::Unconfirmed) {
            person.tier = asked.tier;
            return Ok((person, false));
        }
        Ok((self.new_person(given.card.name.clone(), asked.tier, self.now)?, true))
    }

    /// The target's node moved while my letter was looking for it. The first code counts: my letter under it may have
    /// been taken already, and another one is a lie or comes too late.
    fn offered_again(&mut self, asked: Asked, given: &Given) -> Result<()> {
        let person = match asked.contact {
            Some(person) => self.txn.load::<Person>(&person.0)?,
            None => None,
        };
        let Some(mut person) = person else { return Ok(()) };
        match person.scan.as_mut() {
            Some(scan) if scan.key == given.consent.key => {
                scan.hints = given.consent.hints.clone();
                scan.node = given.consent.node;
                self.txn.save(&person);
                self.live.pauses.remove(&person.id);
                self.pump(person.id)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// I forgot whom the introduction was to bring, before they answered.
    pub(in super::super) fn asked_forgotten(&mut self, key: IntroKey) -> Result<()> {
        match self.txn.load::<Asked>(&key.bytes())? {
            Some(asked) if asked.state == AskState::Connecting => {
                self.end_asked(Asked { contact: None, ..asked }, Over::Withdrawn)
            }
            _ => Ok(()),
        }
    }

    /// The target's welcome is here.
    pub(in super::super) fn asked_connected(&mut self, key: IntroKey, person: PersonId) -> Result<()> {
        let Some(mut asked) = self.txn.load::<Asked>(&key.bytes())? else { return Ok(()) };
        asked.state = AskState::Connected;
        asked.contact = Some(person);
        asked.changed = self.now;
        self.drop_reply_key(&asked);
        let until = self.keep_until(asked.until, key);
        self.txn.save(&Asked { until, ..asked });
        self.notice(Notice::Introduction { introduction: key });
        self.tell_if_contact(key.person, IntroductionLetter::Done(key.id))
    }
}

/// What an offer turned out to hold.
struct Given {
    target: History,
    consent: Verified<Consent>,
    card: Verified<CardView>,
}

impl Given {
    /// The shared secret of the code that was made for me.
    fn code(&self) -> SharedSecret {
        shared_secret(InviteKind::Live, &self.consent.key, &self.consent.secret, self.consent.expires)
    }
}
