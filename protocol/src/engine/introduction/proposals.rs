//! Somebody is proposed or suggested to me: whether it comes before me, and what I answer if it is no yes.

use super::super::deadline::Ends;
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::notice::Notice;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{IntroKey, Over, Part, Proposed, ProposedState, verify_ask};
use crate::id::IdentityId;
use crate::identity::History;
use crate::introduction::Ask;
use crate::letter::introduction::{IntroductionLetter, Later, Propose, Suggest};
use crate::time::Timestamp;

impl Turn<'_> {
    /// A contact says that somebody asks for me. False if it is no ask that may be shown to me.
    pub(super) fn propose_arrived(&mut self, introducer: &Person, propose: Propose) -> Result<bool> {
        let Ok(shown) = History::from_bytes(&propose.history) else { return Ok(false) };
        let Some(ask) = verify_ask(&propose.ask, &propose.card, &shown) else { return Ok(false) };
        // What I know beyond what was shown ends it without a word: the introducer is not to learn whom I know.
        let history = self.counting_history(shown)?;
        if verify_ask(&propose.ask, &propose.card, &history).is_none() {
            return Ok(true);
        }
        let (me, asker) = (self.keys.signer.id, history.id());
        let is_for_us = Some(ask.introducer) == introducer.identity && ask.target_id.is_none_or(|target| target == me);
        if !is_for_us || asker == me || Some(asker) == introducer.identity {
            return Ok(false);
        }
        let name = IntroKey { part: Part::Target, id: ask.id, person: introducer.id };
        match self.txn.load::<Proposed>(&name.bytes())? {
            Some(proposed) => self.proposed_again(proposed, introducer, &history, propose)?,
            None if self.may_propose(introducer, asker, &ask)? => {
                self.take_proposal(introducer, &history, &ask, propose)?;
            }
            None => {}
        }
        Ok(true)
    }

    /// Somebody I hold already, or listen to no more, needs no introduction; the introducer sees no difference.
    fn may_propose(&self, introducer: &Person, asker: IdentityId, ask: &Ask) -> Result<bool> {
        let known = self.person_of(asker)?.is_some_and(|person| person.is_contact() || person.blocked);
        Ok(!known
            && ask.expires >= self.now
            && self.has_room(Part::Target, introducer.id)?
            && !self.is_crowded_by(introducer.id)?)
    }

    fn take_proposal(&mut self, introducer: &Person, history: &History, ask: &Ask, propose: Propose) -> Result<()> {
        let asker = history.id();
        let expires = self.bounded_date(ask.expires);
        let name = IntroKey { part: Part::Target, id: ask.id, person: introducer.id };
        let other = self.others_of(asker, name)?.into_iter().next();
        let vouched = self.shown_vouch(propose.vouched, introducer, history)?;
        let new = Proposed {
            asker: Some(asker),
            ask: Some(propose.ask),
            card: Some(propose.card),
            known: propose.known,
            vouched,
            state: if other.is_some() { ProposedState::Joined } else { ProposedState::Waiting },
            ..Proposed::begun(introducer.id, ask.id, propose.note, self.now, expires)
        };
        self.txn.save(&new);
        self.set_deadline(expires, Ends::Introduction(new.name()));
        self.notice(Notice::Introduction { introduction: new.name() });
        if other.is_some() {
            return Ok(());
        }
        self.ask_me_if_room(ItemKind::Meet, introducer.id, About::introduction(expires, new.name()))
    }

    /// The introducer says again what they said, or what they only had in mind before: my yes may be lost with their disk. Another
    /// ask under the same id fits nothing and ends it.
    fn proposed_again(
        &mut self,
        mut proposed: Proposed,
        introducer: &Person,
        history: &History,
        propose: Propose,
    ) -> Result<()> {
        let asker = history.id();
        let is_answer = proposed.state == ProposedState::Willing;
        if !is_answer {
            let differs = proposed.ask.as_ref() != Some(&propose.ask);
            return match proposed.state {
                _ if differs && proposed.waits() => self.end_proposed(proposed, Over::Broken),
                ProposedState::Consented if !differs && self.has_room_for(introducer.id)? => {
                    self.send_consent(&proposed)
                }
                _ => Ok(()),
            };
        }
        // Whom I hold already I meet again. Whom I do not listen to gets what a change of mind would give.
        if self.person_of(asker)?.is_some_and(|person| person.blocked) {
            return self.withdraw_introduction(proposed.name());
        }
        proposed.asker = Some(asker);
        proposed.ask = Some(propose.ask);
        proposed.card = Some(propose.card);
        proposed.known = propose.known;
        proposed.vouched = self.shown_vouch(propose.vouched, introducer, history)?;
        self.give_consent(proposed)
    }

    /// The introducer thinks that somebody should meet me.
    pub(super) fn suggested_to_target(&mut self, introducer: &Person, suggest: Suggest) -> Result<()> {
        let name = IntroKey { part: Part::Target, id: suggest.id, person: introducer.id };
        let is_known = self.txn.load::<Proposed>(&name.bytes())?.is_some();
        let expires = self.bounded_date(suggest.expires);
        if is_known
            || expires < self.now
            || !self.has_room(Part::Target, introducer.id)?
            || self.is_crowded_by(introducer.id)?
        {
            return Ok(());
        }
        self.txn.save(&Proposed::begun(introducer.id, suggest.id, suggest.note, self.now, expires));
        self.set_deadline(expires, Ends::Introduction(name));
        self.notice(Notice::Introduction { introduction: name });
        self.ask_me_if_room(ItemKind::Suggested, introducer.id, About::introduction(expires, name))
    }

    /// I say no. The introducer alone hears of it.
    pub(super) fn decline_proposal(&mut self, key: IntroKey) -> Result<()> {
        let proposed = self.my_proposed(key)?;
        if !proposed.waits() {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        let mut all = match proposed.asker {
            Some(asker) => self.others_of(asker, proposed.name())?,
            None => Vec::new(),
        };
        all.push(proposed);
        for one in all {
            let (introducer, id) = (one.introducer, one.id);
            self.end_proposed(one, Over::Declined)?;
            self.tell_if_contact(introducer, IntroductionLetter::Declined(id))?;
        }
        Ok(())
    }

    /// I decide later. The introducer alone hears of it.
    pub(super) fn put_off_proposal(&mut self, key: IntroKey, until: Timestamp) -> Result<()> {
        let mut proposed = self.my_proposed(key)?;
        if !proposed.can_be_answered() {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        if until >= proposed.expires {
            return Err(Error::NotNow("it is over by then: decide before its date"));
        }
        proposed.state = ProposedState::Later;
        proposed.later = Some(until);
        proposed.changed = self.now;
        self.clear_deadline(proposed.until, Ends::Introduction(key));
        proposed.until = until;
        self.set_deadline(until, Ends::Introduction(key));
        self.drop_item(ItemKind::Meet, key)?;
        self.txn.save(&proposed);
        self.tell(proposed.introducer, IntroductionLetter::Later(Later { id: proposed.id, until }), proposed.expires)
    }

    /// The time that I named has come.
    pub(super) fn look_again(&mut self, mut proposed: Proposed) -> Result<()> {
        let name = proposed.name();
        proposed.state = ProposedState::Waiting;
        proposed.until = proposed.expires;
        self.set_deadline(proposed.until, Ends::Introduction(name));
        self.txn.save(&proposed);
        self.ask_me_if_room(ItemKind::Meet, proposed.introducer, About::introduction(proposed.expires, name))
    }
}
