//! How introductions end: by a word, by their date, or with the people concerned; and what is said of them after.

use super::super::deadline::Ends;
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::people;
use super::super::turn::Turn;
use super::{
    AskState, Asked, Carried, CarryState, HeldOutcome, IntroKey, Over, Part, Proposed, ProposedState, keys, not_found,
};
use crate::id::{IdentityId, PersonId};
use crate::letter::introduction::{IntroductionLetter, Outcome};
use crate::limits;
use crate::store::Table;
use crate::time::Timestamp;

impl Turn<'_> {
    /// I take back what I began or agreed to, while nobody has come of it.
    pub fn withdraw_introduction(&mut self, key: IntroKey) -> Result<()> {
        let over = Error::NotNow("this introduction is over");
        match key.part {
            Part::Asker => {
                let asked = self.my_ask(key)?;
                match asked.state {
                    AskState::Connected | AskState::Over => return Err(over),
                    // They may hold me already, and would go on to.
                    AskState::Connecting => {
                        return Err(Error::NotNow(
                            "they said yes, and your first letter is on its way: forget them once you hold each other",
                        ));
                    }
                    AskState::Suggested => return self.decline_introduction(key),
                    AskState::Open | AskState::Returned => {}
                }
                self.end_asked(asked, Over::Withdrawn)?;
            }
            Part::Introducer => {
                let carried = self.load_carried(key)?;
                return match carried.state {
                    CarryState::Connected | CarryState::Over => Err(over),
                    // What I began I withdraw; what somebody asked of me I decline, and their place stays taken.
                    _ if carried.suggested => self.end_carried(carried, Over::Withdrawn),
                    _ => self.end_carried(carried, Over::Declined),
                };
            }
            Part::Target => {
                let proposed = self.load_proposed(key)?;
                match proposed.state {
                    ProposedState::Connected | ProposedState::Over => return Err(over),
                    ProposedState::Consented | ProposedState::Willing => {}
                    _ => return self.decline_introduction(key),
                }
                self.end_proposed(proposed, Over::Withdrawn)?;
            }
        }
        self.tell_if_contact(key.person, IntroductionLetter::Withdrawn(key.id))
    }

    /// I say no to what waits on me.
    pub fn decline_introduction(&mut self, key: IntroKey) -> Result<()> {
        match key.part {
            Part::Introducer => self.decline_ask(key),
            Part::Target => self.decline_proposal(key),
            Part::Asker => {
                let asked = self.my_ask(key)?;
                if asked.state != AskState::Suggested {
                    return Err(Error::NotNow("this is your own ask: withdraw it"));
                }
                self.end_asked(asked, Over::Declined)?;
                self.tell_if_contact(key.person, IntroductionLetter::Declined(key.id))
            }
        }
    }

    /// I look at it again at that time.
    pub fn put_off_introduction(&mut self, key: IntroKey, until: Timestamp) -> Result<()> {
        if until <= self.now {
            return Err(Error::NotNow("that time is past"));
        }
        match key.part {
            Part::Introducer => self.put_off_ask(key, until),
            Part::Target => self.put_off_proposal(key, until),
            Part::Asker => Err(Error::NotNow("this does not wait on you")),
        }
    }

    /// I tell the introducer how it went, and thank them.
    pub fn tell_outcome(&mut self, key: IntroKey, outcome: HeldOutcome) -> Result<()> {
        let not_yet = Error::NotNow("you are not connected through this introduction");
        match key.part {
            Part::Asker => {
                let asked = self.my_ask(key)?;
                if asked.state != AskState::Connected {
                    return Err(not_yet);
                }
                self.txn.save(&Asked { outcome: Some(outcome.clone()), changed: self.now, ..asked });
            }
            Part::Target => {
                let proposed = self.load_proposed(key)?;
                if proposed.state != ProposedState::Connected {
                    return Err(not_yet);
                }
                self.txn.save(&Proposed { outcome: Some(outcome.clone()), changed: self.now, ..proposed });
            }
            Part::Introducer => return Err(Error::NotNow("the two of them say how it went")),
        }
        let HeldOutcome { met, useful, thanks } = outcome;
        self.tell_if_contact(key.person, IntroductionLetter::Outcome(Outcome { id: key.id, met, useful, thanks }))
    }

    fn load_carried(&self, key: IntroKey) -> Result<Carried> {
        self.txn.load::<Carried>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    fn load_proposed(&self, key: IntroKey) -> Result<Proposed> {
        self.txn.load::<Proposed>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    /// The date of an introduction has come: what was open ends, what was put off comes back, what was kept goes.
    pub(in super::super) fn introduction_due(&mut self, key: IntroKey) -> Result<()> {
        match key.part {
            Part::Asker => match self.txn.load::<Asked>(&key.bytes())? {
                Some(asked) if matches!(asked.state, AskState::Connected | AskState::Over) => {
                    self.ask_kept_long_enough(asked)?;
                }
                Some(asked) if asked.is_open() => self.ask_expired(asked)?,
                Some(asked) => self.end_asked(asked, Over::Expired)?,
                None => {}
            },
            Part::Introducer => match self.txn.load::<Carried>(&key.bytes())? {
                Some(carried) if !carried.is_open() => self.txn.forget(&carried),
                Some(carried) if carried.later.is_some() && carried.until < carried.expires => {
                    self.look_at_ask_again(carried)?;
                }
                Some(carried) => self.end_carried(carried, Over::Expired)?,
                None => {}
            },
            Part::Target => match self.txn.load::<Proposed>(&key.bytes())? {
                Some(proposed) if !proposed.is_open() => self.txn.forget(&proposed),
                Some(proposed) if proposed.state == ProposedState::Later && proposed.until < proposed.expires => {
                    self.look_again(proposed)?;
                }
                Some(proposed) => self.end_proposed(proposed, Over::Expired)?,
                None => {}
            },
        }
        Ok(())
    }

    fn look_at_ask_again(&mut self, mut carried: Carried) -> Result<()> {
        let name = carried.name();
        carried.later = None;
        carried.until = carried.expires;
        self.set_deadline(carried.until, Ends::Introduction(name));
        self.txn.save(&carried);
        self.ask_me_if_room(ItemKind::Introduce, carried.asker, About::introduction(carried.expires, name))
    }

    /// From now on an introduction is only kept, so that it can be looked up and thanked for.
    pub(super) fn keep_until(&mut self, before: Timestamp, key: IntroKey) -> Timestamp {
        let until = self.now.plus(limits::INTRODUCTION_KEPT);
        self.clear_deadline(before, Ends::Introduction(key));
        self.set_deadline(until, Ends::Introduction(key));
        until
    }

    /// Tells somebody what they would learn by its date anyhow, if they are still there to be told and are not told too
    /// much already.
    pub(super) fn tell_if_contact(&mut self, person: PersonId, letter: IntroductionLetter) -> Result<()> {
        match people::person(&self.txn, person) {
            Ok(person) if person.is_contact() && self.has_room_for(person.id)? => {
                self.tell(person.id, letter, self.now.plus(limits::LETTER_LIFE - limits::CLOCK_SKEW))
            }
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A person is no contact any more, or is not listened to: what we had under way with or about them ends.
    pub(in super::super) fn end_introductions_with(&mut self, person: PersonId) -> Result<()> {
        for key in keys(&self.txn)? {
            match key.part {
                Part::Asker if key.person == person => {
                    let asked = self.my_ask(key)?;
                    // In the middle of connecting the introducer has done their part, and the target may hold me already.
                    if !matches!(asked.state, AskState::Connecting | AskState::Connected | AskState::Over) {
                        self.end_asked(asked, Over::Apart)?;
                    }
                }
                Part::Target if key.person == person => {
                    let proposed = self.load_proposed(key)?;
                    if proposed.is_open() {
                        self.end_proposed(proposed, Over::Apart)?;
                    }
                }
                Part::Introducer => self.end_carried_with(key, person)?,
                Part::Asker | Part::Target => {}
            }
        }
        Ok(())
    }

    /// Somebody is not listened to any more: what others carry for them ends without a word.
    pub(in super::super) fn end_proposals_for(&mut self, asker: IdentityId) -> Result<()> {
        for proposed in super::proposed(&self.txn)?.into_iter().filter(|one| one.asker == Some(asker)) {
            if proposed.is_open() {
                self.end_proposed(proposed, Over::Apart)?;
            }
        }
        Ok(())
    }

    fn end_carried_with(&mut self, key: IntroKey, person: PersonId) -> Result<()> {
        let carried = self.load_carried(key)?;
        let concerns = carried.asker == person || carried.target == Some(person);
        if concerns && carried.is_open() { self.end_carried(carried, Over::Apart) } else { Ok(()) }
    }

    /// A person is forgotten, and with them what is kept of introductions with them.
    pub(in super::super) fn forget_introductions_with(&mut self, person: PersonId) -> Result<()> {
        self.end_introductions_with(person)?;
        for key in keys(&self.txn)?.into_iter().filter(|key| key.person == person) {
            let until = match key.part {
                Part::Asker => {
                    let asked = self.my_ask(key)?;
                    self.drop_reply_key(&asked);
                    asked.until
                }
                Part::Introducer => self.load_carried(key)?.until,
                Part::Target => self.load_proposed(key)?.until,
            };
            self.clear_deadline(until, Ends::Introduction(key));
            self.txn.remove(Table::Introductions, &key.bytes());
        }
        Ok(())
    }
}
