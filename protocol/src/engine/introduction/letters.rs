//! Which letter goes to which part.

use super::super::effect::Refusal;
use super::super::error::Result;
use super::super::incoming::Verdict;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldOutcome, Over, carried};
use crate::id::IntroId;
use crate::identity::History;
use crate::letter::introduction::{ConsentLetter, End, IntroductionLetter, Outcome};

impl Turn<'_> {
    /// A contact writes about an introduction. What proves nothing is refused; what asks for a letter that there is no
    /// room for has to wait; what merely comes too late or twice is taken and changes nothing.
    pub(in super::super) fn introduction_arrived(
        &mut self,
        person: &Person,
        history: &History,
        letter: IntroductionLetter,
    ) -> Result<Verdict> {
        if !self.can_answer(person, &letter)? {
            return Ok(Verdict::Later);
        }
        let is_taken = |taken: bool| if taken { Verdict::Handled } else { Verdict::Refused(Refusal::NotAccepted) };
        match letter {
            IntroductionLetter::Ask(letter) => return self.ask_arrived(person, history, letter).map(is_taken),
            IntroductionLetter::Propose(letter) => return self.propose_arrived(person, letter).map(is_taken),
            IntroductionLetter::Offer(letter) => return self.offer_arrived(person, letter).map(is_taken),
            IntroductionLetter::Returned(letter) => self.returned_arrived(person, letter)?,
            IntroductionLetter::Consent(letter) => self.consent_arrived(person, history, letter)?,
            IntroductionLetter::Declined(id) => self.declined_arrived(person, id)?,
            IntroductionLetter::Later(letter) => self.later_arrived(person, &letter)?,
            IntroductionLetter::Suggest(letter) => match letter.end {
                End::Asker => self.suggested_to_asker(person, letter)?,
                End::Target => self.suggested_to_target(person, letter)?,
            },
            IntroductionLetter::Willing(id) => self.willing_arrived(person, id)?,
            IntroductionLetter::Done(id) => self.done_arrived(person, id)?,
            IntroductionLetter::Outcome(Outcome { id, met, useful, thanks }) => {
                self.outcome_arrived(person, id, HeldOutcome { met, useful, thanks })?;
            }
            IntroductionLetter::Withdrawn(id) => self.withdrawal_arrived(person, id)?,
        }
        Ok(Verdict::Handled)
    }

    /// False if the letter makes me write to somebody for whom too much waits already: to the other end of what I carry,
    /// or back to the introducer whose idea I welcomed.
    fn can_answer(&self, person: &Person, letter: &IntroductionLetter) -> Result<bool> {
        match letter {
            IntroductionLetter::Consent(ConsentLetter { id, .. }) => match self.carried_to(person, *id)? {
                Some(carried) => self.has_room_for(carried.asker),
                None => Ok(true),
            },
            IntroductionLetter::Willing(_) | IntroductionLetter::Propose(_) => self.has_room_for(person.id),
            IntroductionLetter::Ask(_) => {
                let suggested = carried(&self.txn)?.into_iter().filter(|one| one.asker == person.id && one.willing);
                let targets: Vec<_> = suggested.filter_map(|one| one.target).collect();
                targets.into_iter().try_fold(true, |room, target| Ok(room && self.has_room_for(target)?))
            }
            _ => Ok(true),
        }
    }

    /// Whoever began it, or said yes, takes it back: the asker to me who carries it, the introducer to me who was asked, or
    /// the target to me who carries it.
    fn withdrawal_arrived(&mut self, person: &Person, id: IntroId) -> Result<()> {
        use super::{Carried, IntroKey, Part, Proposed};
        let carried = IntroKey { part: Part::Introducer, id, person: person.id };
        if let Some(carried) = self.txn.load::<Carried>(&carried.bytes())?.filter(Carried::is_open) {
            return self.end_carried(carried, Over::Withdrawn);
        }
        let proposed = IntroKey { part: Part::Target, id, person: person.id };
        match self.txn.load::<Proposed>(&proposed.bytes())? {
            Some(proposed) if proposed.is_open() => self.end_proposed(proposed, Over::Withdrawn),
            Some(_) => Ok(()),
            None => self.declined_arrived(person, id),
        }
    }
}
