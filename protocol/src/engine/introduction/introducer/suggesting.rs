//! I have the idea: both are asked in my own words, and two yeses make it a proposal.

use super::super::super::deadline::Ends;
use super::super::super::error::{Error, Result};
use super::super::super::notice::Notice;
use super::super::super::people;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{Part, carried};
use super::{Carried, CarryState, Notes};
use crate::id::{IntroId, PersonId};
use crate::letter::introduction::{End, IntroductionLetter, Suggest};
use crate::limits;

impl Turn<'_> {
    /// I think that two contacts of mine should meet, and ask both in my own words, without a name or a card. Two
    /// yeses begin an introduction in which the target has consented already.
    pub fn suggest(&mut self, asker: PersonId, target: PersonId, notes: Notes, life: Option<u64>) -> Result<Carried> {
        let [one, other] = [people::person(&self.txn, asker)?, people::person(&self.txn, target)?];
        if one.id == other.id {
            return Err(Error::NotNow("nobody can be introduced to themselves"));
        }
        if [&one, &other].into_iter().any(|person| !person.is_contact() || person.blocked) {
            return Err(Error::NotNow("both must be contacts of yours"));
        }
        let same = |one: &Carried| {
            one.is_open() && [(asker, target), (target, asker)].contains(&(one.asker, one.target.unwrap_or(asker)))
        };
        if carried(&self.txn)?.iter().any(same) {
            return Err(Error::NotNow("an introduction of these two is open already"));
        }
        if !self.has_room(Part::Introducer, asker)? {
            return Err(Error::Full("introductions that you carry"));
        }
        let expires = self.now.plus(life.unwrap_or(limits::ASK_USUAL_LIFE).clamp(limits::HOUR, limits::ASK_LIFE));
        let id = IntroId(self.random.bytes());
        let carried = Carried {
            target: Some(target),
            note: Some(notes.about_asker.clone()),
            state: CarryState::Suggested,
            suggested: true,
            ..Carried::begun(asker, id, self.now, expires)
        };
        self.txn.save(&carried);
        self.set_deadline(expires, Ends::Introduction(carried.name()));
        let ends = [(asker, End::Asker, notes.about_target), (target, End::Target, notes.about_asker)];
        for (person, end, note) in ends {
            let letter = IntroductionLetter::Suggest(Suggest { id: carried.id, end, note, expires });
            self.tell(person, letter, expires)?;
        }
        Ok(carried)
    }

    /// The target of my suggestion would.
    pub(in super::super) fn willing_arrived(&mut self, target: &Person, id: IntroId) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, id)? else { return Ok(()) };
        if carried.state != CarryState::Suggested {
            return Ok(());
        }
        carried.willing = true;
        carried.changed = self.now;
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        self.both_said_yes(carried)
    }

    pub(super) fn both_said_yes(&mut self, carried: Carried) -> Result<()> {
        if carried.willing && carried.ask.is_some() {
            self.propose(carried)?;
        }
        Ok(())
    }
}
