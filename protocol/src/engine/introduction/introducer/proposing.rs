//! I pass an ask on: to whom it may go, and what its target gets to read.

use super::super::super::error::{Error, Result};
use super::super::super::inbox::ItemKind;
use super::super::super::incoming::history_of;
use super::super::super::notice::Notice;
use super::super::super::people;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{IntroKey, not_found};
use super::{Carried, CarryState};
use crate::id::PersonId;
use crate::introduction::Ask;
use crate::letter::introduction::{IntroductionLetter, Propose, Sentence};

impl Turn<'_> {
    /// I pass an ask to a contact of mine, with a sentence of my own.
    pub fn pass_ask(&mut self, key: IntroKey, to: Option<PersonId>, note: Sentence) -> Result<Carried> {
        let mut carried = self.my_carried(key)?;
        let ask = carried.read_ask().filter(|_| carried.can_be_passed());
        let ask = ask.ok_or(Error::NotNow("this introduction is not waiting on you"))?;
        let target = self.target_of(&carried, &ask, to)?;
        let same = |one: &Carried| {
            let is_asked = one.is_with_target() || one.state == CarryState::Suggested;
            one.asker == carried.asker && one.target == Some(target.id) && is_asked
        };
        if super::super::carried(&self.txn)?.iter().any(same) {
            return Err(Error::NotNow("an ask of the same person is before them already"));
        }
        carried.target = Some(target.id);
        carried.note = Some(note);
        self.propose(carried)
    }

    fn target_of(&self, carried: &Carried, ask: &Ask, to: Option<PersonId>) -> Result<Person> {
        let named = match ask.target_id {
            Some(identity) => self.person_of(identity)?,
            None => None,
        };
        let chosen = match (to, named) {
            (Some(to), Some(named)) if to != named.id => {
                return Err(Error::NotNow("they asked for somebody else; give it back if you know a better person"));
            }
            (Some(to), _) => people::person(&self.txn, to)?,
            (None, Some(named)) => named,
            (None, None) => return Err(Error::NotNow("say to whom: they described somebody in words")),
        };
        if ask.target_id.is_some() && chosen.identity != ask.target_id {
            return Err(Error::NotNow("they asked for somebody whom you do not hold"));
        }
        if chosen.id == carried.asker {
            return Err(Error::NotNow("nobody can be introduced to themselves"));
        }
        if !chosen.is_contact() || chosen.blocked {
            return Err(Error::NotNow("only a contact of yours can be asked"));
        }
        Ok(chosen)
    }

    pub(super) fn propose(&mut self, mut carried: Carried) -> Result<Carried> {
        let asker = people::person(&self.txn, carried.asker)?;
        let (Some(identity), Some(target)) = (asker.identity, carried.target) else {
            return Err(not_found(carried.id));
        };
        let history = history_of(&self.txn, identity)?.ok_or_else(|| not_found(carried.id))?;
        let (Some(ask), Some(card), Some(note)) = (carried.ask.clone(), carried.card.clone(), carried.note.clone())
        else {
            return Err(not_found(carried.id));
        };
        let known = asker.known_to_others();
        let vouched = self.my_vouch_for(identity)?;
        carried.state = CarryState::Proposed;
        carried.later = None;
        carried.changed = self.now;
        self.rest_until(&mut carried, None);
        self.drop_item(ItemKind::Introduce, carried.name())?;
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        let letter = Propose { ask, history: history.to_bytes(), card, note, known, vouched };
        self.tell(target, IntroductionLetter::Propose(letter), carried.expires)?;
        Ok(carried)
    }
}
