//! An ask is before me: whether I take it, and what I do with it if I do not pass it on.

use super::super::super::deadline::Ends;
use super::super::super::error::{Error, Result};
use super::super::super::inbox::{About, ItemKind};
use super::super::super::notice::Notice;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{IntroKey, Over, Part, carried, verify_ask};
use super::{Carried, CarryState};
use crate::identity::History;
use crate::introduction::Ask;
use crate::letter::introduction::{AskLetter, IntroductionLetter, Returned, Sentence};
use crate::limits;
use crate::time::Timestamp;

impl Turn<'_> {
    /// A contact asks me to introduce them. Who has too many open asks is not told: their ask waits for its date.
    pub(in super::super) fn ask_arrived(
        &mut self,
        asker: &Person,
        history: &History,
        letter: AskLetter,
    ) -> Result<bool> {
        let Some(ask) = verify_ask(&letter.ask, &letter.card, history) else { return Ok(false) };
        if ask.introducer != self.keys.signer.id || ask.target_id == Some(self.keys.signer.id) {
            return Ok(false);
        }
        let name = IntroKey { part: Part::Introducer, id: ask.id, person: asker.id };
        match self.txn.load::<Carried>(&name.bytes())? {
            Some(carried) => self.asked_again(carried, letter, &ask)?,
            None if self.may_ask(asker, &ask)? => self.take_ask(asker, letter, &ask)?,
            None => {}
        }
        Ok(true)
    }

    fn may_ask(&self, asker: &Person, ask: &Ask) -> Result<bool> {
        if ask.expires < self.now || !self.has_room(Part::Introducer, asker.id)? {
            return Ok(false);
        }
        let all = carried(&self.txn)?;
        let mut open = all.iter().filter(|one| one.asker == asker.id && one.holds_a_place(self.now));
        let is_same = |one: &Carried| {
            let target = one.read_ask().and_then(|ask| ask.target_id);
            target.is_some() && target == ask.target_id
        };
        Ok(!open.clone().any(is_same) && open.by_ref().count() < limits::OPEN_ASKS)
    }

    fn take_ask(&mut self, asker: &Person, letter: AskLetter, ask: &Ask) -> Result<()> {
        let expires = self.bounded_date(ask.expires);
        let begun = Carried::begun(asker.id, ask.id, self.now, expires);
        let carried = Carried { ask: Some(letter.ask), card: Some(letter.card), ..begun };
        self.txn.save(&carried);
        self.set_deadline(expires, Ends::Introduction(carried.name()));
        self.notice(Notice::Introduction { introduction: carried.name() });
        self.ask_me_if_room(ItemKind::Introduce, asker.id, About::introduction(expires, carried.name()))
    }

    /// The asker says it differently, signs it with another key, or answers my suggestion. What the target has before
    /// them already stays as it is.
    fn asked_again(&mut self, mut carried: Carried, letter: AskLetter, ask: &Ask) -> Result<()> {
        let is_answer = carried.state == CarryState::Suggested;
        let was_with_me = carried.state == CarryState::Returned;
        // Without being asked to they may change nothing but the key that they sign with: what I read is what I pass on.
        let before = carried.read_ask();
        let is_same = before.as_ref() == Some(ask) && carried.can_be_passed();
        let is_better = was_with_me && before.is_some_and(|before| before.target_id == ask.target_id);
        if !is_answer && !is_same && !is_better {
            return Ok(());
        }
        carried.ask = Some(letter.ask);
        carried.card = Some(letter.card);
        carried.changed = self.now;
        if was_with_me {
            carried.state = CarryState::Asked;
        }
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        match (is_answer, was_with_me) {
            (true, _) => self.both_said_yes(carried),
            (_, true) => {
                let about = About::introduction(carried.expires, carried.name());
                self.ask_me_if_room(ItemKind::Introduce, carried.asker, about)
            }
            _ => Ok(()),
        }
    }

    /// I give an ask back, to be said differently.
    pub fn return_ask(&mut self, key: IntroKey, note: Sentence) -> Result<Carried> {
        let mut carried = self.my_carried(key)?;
        if carried.state != CarryState::Asked {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        carried.state = CarryState::Returned;
        carried.note = Some(note.clone());
        carried.changed = self.now;
        self.rest_until(&mut carried, None);
        self.drop_item(ItemKind::Introduce, key)?;
        self.txn.save(&carried);
        let letter = IntroductionLetter::Returned(Returned { id: carried.id, note });
        self.tell(carried.asker, letter, carried.expires)?;
        Ok(carried)
    }

    /// I look at an ask again at that time; nobody is told.
    pub(in super::super) fn put_off_ask(&mut self, key: IntroKey, until: Timestamp) -> Result<()> {
        let mut carried = self.my_carried(key)?;
        if carried.state != CarryState::Asked {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        if until >= carried.expires {
            return Err(Error::NotNow("it is over by then: decide before its date"));
        }
        carried.later = Some(until);
        self.rest_until(&mut carried, Some(until));
        self.drop_item(ItemKind::Introduce, key)?;
        self.txn.save(&carried);
        Ok(())
    }

    /// I do not introduce them. The asker hears nothing, and their ask ends at its date.
    pub(in super::super) fn decline_ask(&mut self, key: IntroKey) -> Result<()> {
        let carried = self.my_carried(key)?;
        match carried.state {
            CarryState::Asked | CarryState::Returned | CarryState::Declined => {
                self.end_carried(carried, Over::Declined)
            }
            _ => Err(Error::NotNow("this introduction is not waiting on you")),
        }
    }
}
