//! I say yes: a code for one asker, sealed to them, and said again or withdrawn when my node, card or keys change.

use super::super::deadline::Ends;
use super::super::error::{Error, Result};
use super::super::inbox::ItemKind;
use super::super::invites::Binding;
use super::super::mailboxes::consent_hints;
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::turn::Turn;
use super::{IntroKey, Proposed, ProposedState, not_found, proposed};
use crate::card::Tier;
use crate::introduction::{Ask, Consent, OpenedConsent};
use crate::letter::introduction::{ConsentLetter, IntroductionLetter};
use crate::limits;
use crate::record::Signed;

impl Turn<'_> {
    /// I say yes: the asker gets my card at a tier, and a code that nobody else can use.
    pub fn consent(&mut self, key: IntroKey, tier: Option<Tier>) -> Result<()> {
        let mut proposed = self.my_proposed(key)?;
        proposed.tier = Some(tier.unwrap_or_default());
        match proposed.state {
            ProposedState::Suggested => {
                proposed.state = ProposedState::Willing;
                proposed.changed = self.now;
                self.drop_item(ItemKind::Suggested, key)?;
                self.txn.save(&proposed);
                self.tell(proposed.introducer, IntroductionLetter::Willing(proposed.id), proposed.expires)
            }
            _ if proposed.can_be_answered() => self.give_consent(proposed),
            _ => Err(Error::NotNow("this introduction is not waiting on you")),
        }
    }

    pub(super) fn give_consent(&mut self, mut proposed: Proposed) -> Result<()> {
        let name = proposed.name();
        let (Some(asker), Some(ask)) = (proposed.asker, proposed.ask_id()) else { return Err(not_found(proposed.id)) };
        let expires = proposed.expires.plus(limits::CONSENT_GRACE);
        let binding = Binding { introduction: name, asker };
        let invite = self.make_code_for(ask, binding, proposed.tier.unwrap_or_default(), expires)?;
        self.drop_item(ItemKind::Meet, name)?;
        proposed.invite = Some(invite);
        proposed.state = ProposedState::Consented;
        proposed.later = None;
        proposed.changed = self.now;
        self.clear_deadline(proposed.until, Ends::Introduction(name));
        proposed.until = expires;
        self.set_deadline(expires, Ends::Introduction(name));
        self.txn.save(&proposed);
        self.notice(Notice::Introduction { introduction: name });
        self.send_consent(&proposed)
    }

    pub(super) fn send_consent(&mut self, proposed: &Proposed) -> Result<()> {
        let (Some(record), Some(invite)) = (&proposed.ask, proposed.invite) else { return Ok(()) };
        let Ok(signed) = Signed::<Ask>::from_bytes(record.as_slice()) else { return Ok(()) };
        let (ask, reply_key) = (signed.record_id(), signed.unverified().reply_key);
        let own = self.own()?;
        let code = self.invite_code(invite)?;
        let consent = self.keys.sign(Consent {
            id: proposed.id,
            ask,
            key: code.key,
            secret: code.secret,
            expires: code.expires,
            card: own.view(proposed.tier.unwrap_or_default()),
            hints: consent_hints(&self.txn, &own)?,
            node: Some(own.peer),
        });
        let opened = OpenedConsent { history: own.history().to_bytes(), consent: bounded(consent.bytes()) };
        let sealed = opened.seal(ask, &reply_key, &self.random.bytes());
        let sealed = sealed.map_err(|_| Error::NotNow("their ask has a key that nothing can be sealed to"))?;
        let letter = IntroductionLetter::Consent(ConsentLetter { id: proposed.id, sealed });
        self.tell(proposed.introducer, letter, proposed.until)
    }

    /// My node has moved, or my keys or card have changed: who may come with an introduction has to know. The letter takes
    /// the place of one that still waits.
    pub(in super::super) fn refresh_consents(&mut self) -> Result<()> {
        for proposed in proposed(&self.txn)?.into_iter().filter(|one| one.state == ProposedState::Consented) {
            if self.has_room_for(proposed.introducer)? {
                self.send_consent(&proposed)?;
            }
        }
        Ok(())
    }

    /// My key fell into other hands, and with it the codes that I gave: who still wants to meet me asks again.
    pub(in super::super) fn withdraw_consents(&mut self) -> Result<()> {
        for proposed in proposed(&self.txn)?.into_iter().filter(|one| one.state == ProposedState::Consented) {
            self.withdraw_introduction(proposed.name())?;
        }
        Ok(())
    }
}
