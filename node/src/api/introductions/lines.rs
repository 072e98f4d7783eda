//! An introduction in a list: who asks whom, where it stands, and who must act.

use kith_protocol::engine::introduction::{
    self, AskState, Asked, Carried, CarryState, IntroKey, Mine, Part, Proposed, ProposedState, read_public_card,
};
use kith_protocol::engine::person::Person;
use kith_protocol::engine::{Error, people};
use kith_protocol::id::{IntroId, PersonId};
use kith_protocol::time::Timestamp;

use super::Looking;
use super::ends::Ends;
use super::words::{self, Way};
use crate::api::Problem;
use crate::api::model::{EndForm, IntroductionLine, StageName, choice_name, time};

impl Looking<'_> {
    /// What a list shows, and who is in it.
    pub(super) fn line(&mut self, mine: &Mine) -> Result<(IntroductionLine, Ends), Problem> {
        match mine {
            Mine::Asked(asked) => self.line_of_asked(asked),
            Mine::Carried(carried) => self.line_of_carried(carried),
            Mine::Proposed(proposed) => self.line_of_proposed(proposed),
        }
    }

    fn line_of_asked(&mut self, asked: &Asked) -> Result<(IntroductionLine, Ends), Problem> {
        let target = match asked.contact.filter(|_| is_told(asked)) {
            Some(contact) => self.person(contact)?,
            None => self.described(asked.person, asked.target.as_str())?,
        };
        let ends = Ends { asker: self.me(), introducer: self.person(asked.introducer)?, target };
        let waits = match (asked.state, asked.contact) {
            (AskState::Connecting, Some(contact)) => self.first_letter_waits(contact)?,
            _ => self.waits(asked.introducer, asked.id)?,
        };
        let names = ends.names(waits);
        let line = IntroductionLine {
            state: choice_name(&asked.state),
            state_in_words: names.asked_state(asked),
            summary: names.asked(asked),
            stage: stage_of_asked(asked),
            open: is_ask_open(asked),
            until: is_ask_open(asked).then(|| time(if is_told(asked) { asked.until } else { asked.expires })),
            ..bare(asked.name(), asked.changed)
        };
        Ok((line, ends))
    }

    fn line_of_carried(&mut self, carried: &Carried) -> Result<(IntroductionLine, Ends), Problem> {
        let target = match (carried.target, carried.read_ask()) {
            (Some(target), _) => self.person(target)?,
            (None, Some(ask)) => self.named_in(&ask)?,
            (None, None) => EndForm::default(),
        };
        let ends = Ends { asker: self.person(carried.asker)?, introducer: self.me(), target };
        let wrote_to = match carried.state {
            CarryState::Proposed => carried.target.unwrap_or(carried.asker),
            _ => carried.asker,
        };
        let names = ends.names(self.waits(wrote_to, carried.id)?);
        let is_offered = carried.state == CarryState::Offered;
        let line = IntroductionLine {
            state: choice_name(&carried.state),
            state_in_words: names.carried_state(carried),
            summary: names.carried(carried),
            stage: stage_of_carried(carried),
            open: carried.is_open(),
            until: carried.is_open().then(|| time(if is_offered { carried.until } else { carried.expires })),
            ..bare(carried.name(), carried.changed)
        };
        Ok((line, ends))
    }

    fn line_of_proposed(&mut self, proposed: &Proposed) -> Result<(IntroductionLine, Ends), Problem> {
        let asker = match (proposed.contact, proposed.asker) {
            (Some(contact), _) => self.person(contact)?,
            (None, Some(identity)) => {
                let card = proposed.card.as_ref().and_then(read_public_card);
                self.stranger(identity, card.as_ref().map(|card| card.name.as_str()))?
            }
            (None, None) => EndForm { name: "somebody".to_owned(), ..EndForm::default() },
        };
        let ends = Ends { asker, introducer: self.person(proposed.introducer)?, target: self.me() };
        let names = ends.names(self.waits(proposed.introducer, proposed.id)?);
        let is_agreed = proposed.state == ProposedState::Consented;
        let line = IntroductionLine {
            state: choice_name(&proposed.state),
            state_in_words: names.proposed_state(proposed),
            summary: names.proposed(proposed),
            stage: stage_of_proposed(proposed),
            open: proposed.is_open(),
            until: proposed.is_open().then(|| time(if is_agreed { proposed.until } else { proposed.expires })),
            ..bare(proposed.name(), proposed.changed)
        };
        Ok((line, ends))
    }

    /// How my last letter to a person about an introduction is doing.
    fn waits(&mut self, person: PersonId, id: IntroId) -> Result<Option<Way>, Problem> {
        if !self.waiting.contains_key(&person) {
            self.waiting.insert(person, introduction::waiting_about(self.view, person)?);
        }
        let is_waiting = self.waiting.get(&person).is_some_and(|waiting| waiting.contains(&id));
        Ok(is_waiting.then(|| self.way_to(person)))
    }

    fn way_to(&self, person: PersonId) -> Way {
        if self.connected.contains(&person) { Way::Going } else { Way::Waiting }
    }

    /// How my first letter to somebody who said yes is doing.
    fn first_letter_waits(&self, contact: PersonId) -> Result<Option<Way>, Problem> {
        match people::person(self.view, contact) {
            Ok(person) => Ok(person.scan.and_then(|scan| scan.claim).map(|_| self.way_to(contact))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A line that says which introduction it is, and nothing else.
fn bare(key: IntroKey, changed: Timestamp) -> IntroductionLine {
    IntroductionLine {
        id: key.id.to_string(),
        part: words::part_name(key.part).to_owned(),
        state: String::new(),
        state_in_words: String::new(),
        summary: String::new(),
        stage: StageName::Done,
        open: false,
        until: None,
        changed: time(changed),
    }
}

/// Who must act: I do, or others; or nobody any more.
pub(super) fn stage(mine: &Mine) -> StageName {
    match mine {
        Mine::Asked(asked) => stage_of_asked(asked),
        Mine::Carried(carried) => stage_of_carried(carried),
        Mine::Proposed(proposed) => stage_of_proposed(proposed),
    }
}

const fn stage_of_asked(asked: &Asked) -> StageName {
    match asked.state {
        AskState::Suggested | AskState::Returned => StageName::NeedsMe,
        AskState::Open | AskState::Connecting => StageName::Waiting,
        // Whoever introduced us has not heard how it went.
        AskState::Connected if asked.outcome.is_none() => StageName::NeedsMe,
        AskState::Connected | AskState::Over => StageName::Done,
    }
}

fn stage_of_carried(carried: &Carried) -> StageName {
    match carried.state {
        CarryState::Asked => StageName::NeedsMe,
        CarryState::Declined if words::may_ask_another(carried) => StageName::NeedsMe,
        CarryState::Returned
        | CarryState::Declined
        | CarryState::Suggested
        | CarryState::Proposed
        | CarryState::Later
        | CarryState::Offered => StageName::Waiting,
        CarryState::Connected | CarryState::Over => StageName::Done,
    }
}

const fn stage_of_proposed(proposed: &Proposed) -> StageName {
    match proposed.state {
        ProposedState::Suggested | ProposedState::Waiting | ProposedState::Joined | ProposedState::Later => {
            StageName::NeedsMe
        }
        ProposedState::Willing | ProposedState::Consented => StageName::Waiting,
        ProposedState::Connected if proposed.outcome.is_none() => StageName::NeedsMe,
        ProposedState::Connected | ProposedState::Over => StageName::Done,
    }
}

/// False if a person has no part in an introduction, which is seen without reading who has.
pub(super) fn may_concern(mine: &Mine, person: &Person) -> bool {
    let is = |id: Option<PersonId>| id == Some(person.id);
    match mine {
        Mine::Asked(asked) => is(Some(asked.introducer)) || is(asked.contact) || is(asked.person),
        Mine::Carried(carried) => is(Some(carried.asker)) || is(carried.target) || carried.target.is_none(),
        Mine::Proposed(proposed) => {
            let is_asker = proposed.asker.is_some() && proposed.asker == person.identity;
            is(Some(proposed.introducer)) || is(proposed.contact) || is_asker
        }
    }
}

/// True if something may come of it.
pub(super) fn is_open(mine: &Mine) -> bool {
    match mine {
        Mine::Asked(asked) => is_ask_open(asked),
        Mine::Carried(carried) => carried.is_open(),
        Mine::Proposed(proposed) => proposed.is_open(),
    }
}

const fn is_ask_open(asked: &Asked) -> bool {
    !matches!(asked.state, AskState::Connected | AskState::Over)
}

/// What I am in it.
pub(super) const fn part_in(mine: &Mine) -> Part {
    match mine {
        Mine::Asked(_) => Part::Asker,
        Mine::Carried(_) => Part::Introducer,
        Mine::Proposed(_) => Part::Target,
    }
}

pub(super) const fn changed(mine: &Mine) -> Timestamp {
    match mine {
        Mine::Asked(asked) => asked.changed,
        Mine::Carried(carried) => carried.changed,
        Mine::Proposed(proposed) => proposed.changed,
    }
}

/// True if the asker has heard who the target is.
pub(super) const fn is_told(asked: &Asked) -> bool {
    matches!(asked.state, AskState::Connecting | AskState::Connected)
}
