//! Putting an introduction on one screen: what is stored of it, and what is known of the people in it.

use std::collections::BTreeMap;

use kith_protocol::card::Tier;
use kith_protocol::engine::introduction::{
    self, AskState, Asked, Carried, CarryState, IntroKey, Mine, Part, Proposed, ProposedState, keys, read_public_card,
};
use kith_protocol::engine::person::Person;
use kith_protocol::engine::vouches::{self, VouchShown};
use kith_protocol::engine::{Error, Own, people};
use kith_protocol::id::{IdentityId, IntroId, PersonId};
use kith_protocol::introduction::Ask;
use kith_protocol::time::Timestamp;
use kith_protocol::vouch::{VouchReach, Vouched};

use super::words::{self, Names, Way};
use crate::api::Problem;
use crate::api::model::{
    CardForm, EndForm, IntroductionForm, IntroductionLine, OutcomeForm, SharedField, SharesForm, VouchForm,
    choice_name, time,
};
use crate::driver::{Handle, now};
use crate::roster::{PAGE, Roster};
use crate::store::View;

/// Reads introductions, and what belongs on their screens, each thing once.
pub(in crate::api) struct Looking<'v> {
    view: &'v View,
    own: Own,
    /// People whose nodes are connected with mine.
    connected: Vec<PersonId>,
    /// Everybody I know.
    roster: &'v Roster,
    /// The introductions about which letters to a person wait.
    waiting: BTreeMap<PersonId, Vec<IntroId>>,
}

/// Everybody in an introduction.
struct Ends {
    asker: EndForm,
    introducer: EndForm,
    target: EndForm,
}

impl Ends {
    fn names(&self, waits: Option<Way>) -> Names<'_> {
        let Self { asker, introducer, target } = self;
        Names { asker: &asker.name, introducer: &introducer.name, target: &target.name, waits }
    }
}

impl<'v> Looking<'v> {
    pub(in crate::api) fn at(handle: &'v Handle) -> Result<Self, Problem> {
        let (view, connected) = (handle.view(), handle.status().connected);
        Ok(Self { view, own: Own::load(view)?, connected, roster: handle.roster(), waiting: BTreeMap::new() })
    }

    /// Introductions, the one that changed last first: all that are wanted, or one page of them.
    pub(super) fn list(
        &mut self,
        is_wanted: impl Fn(&Mine) -> bool,
        page: Option<usize>,
    ) -> Result<Vec<IntroductionForm>, Problem> {
        let (skip, take) = page.map_or((0, usize::MAX), |page| (page.saturating_mul(PAGE), PAGE));
        let all = self.newest_first()?;
        all.iter().filter(|one| is_wanted(one)).skip(skip).take(take).map(|one| self.form(one)).collect()
    }

    fn newest_first(&self) -> Result<Vec<Mine>, Problem> {
        let mut mine = Vec::new();
        for key in keys(self.view)? {
            mine.extend(self.load(key)?);
        }
        mine.sort_by_key(|one| std::cmp::Reverse(changed(one)));
        Ok(mine)
    }

    /// All introductions in which a person has a part.
    pub(in crate::api) fn with(&mut self, person: &Person) -> Result<Vec<IntroductionLine>, Problem> {
        let id = person.id.to_string();
        let has_part = |form: &IntroductionForm| {
            [&form.asker, &form.introducer, &form.target].iter().any(|end| end.person.as_ref() == Some(&id))
        };
        let mut lines = Vec::new();
        for mine in self.newest_first()?.iter().filter(|mine| may_concern(mine, person)) {
            lines.extend(Some(self.form(mine)?).filter(has_part).map(|form| form.line));
        }
        Ok(lines)
    }

    /// One introduction; nothing if it went at this very moment.
    pub(in crate::api) fn one(&mut self, key: IntroKey) -> Result<Option<IntroductionForm>, Problem> {
        self.load(key)?.map(|mine| self.form(&mine)).transpose()
    }

    fn load(&self, key: IntroKey) -> Result<Option<Mine>, Problem> {
        match introduction::one(self.view, key) {
            Ok(mine) => Ok(Some(mine)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn form(&mut self, mine: &Mine) -> Result<IntroductionForm, Problem> {
        match mine {
            Mine::Asked(asked) => self.asked(asked),
            Mine::Carried(carried) => self.carried(carried),
            Mine::Proposed(proposed) => self.proposed(proposed),
        }
    }

    fn asked(&mut self, asked: &Asked) -> Result<IntroductionForm, Problem> {
        let is_told = matches!(asked.state, AskState::Connecting | AskState::Connected);
        let target = match asked.contact.filter(|_| is_told) {
            Some(contact) => self.person(contact)?,
            None => self.described(asked.person, asked.target.as_str())?,
        };
        let ends = Ends { asker: self.me(), introducer: self.person(asked.introducer)?, target };
        let waits = match (asked.state, asked.contact) {
            (AskState::Connecting, Some(contact)) => self.first_letter_waits(contact)?,
            _ => self.waits(asked.introducer, asked.id)?,
        };
        let names = ends.names(waits);
        let line = line(
            asked.name(),
            choice_name(&asked.state),
            names.asked_state(asked),
            names.asked(asked),
            is_ask_open(asked),
            asked.changed,
        );
        let was_asked = asked.state != AskState::Suggested;
        Ok(IntroductionForm {
            wanted: (!asked.is_suggested()).then(|| asked.target.to_string()),
            purpose: was_asked.then(|| asked.purpose.into()),
            why: not_empty(asked.why.as_str()),
            blurb: not_empty(asked.blurb.as_str()),
            note: asked.note.as_ref().map(ToString::to_string),
            known: asked.known.as_ref().filter(|_| is_told).map(ToString::to_string),
            vouches: self.shown(asked.vouched.as_ref().filter(|_| is_told), asked.introducer, &ends.target)?,
            shares: if line.open { Some(self.shares(asked.tier)?) } else { None },
            until: line.open.then(|| time(if is_told { asked.until } else { asked.expires })),
            over: asked.over.map(|over| words::over_name(over).to_owned()),
            outcomes: asked.outcome.iter().map(|outcome| OutcomeForm::of(&ends.asker, outcome)).collect(),
            actions: words::asked_actions(asked),
            ..bare(line, ends)
        })
    }

    fn carried(&mut self, carried: &Carried) -> Result<IntroductionForm, Problem> {
        let ask = carried.read_ask();
        let ends = Ends {
            asker: self.person(carried.asker)?,
            introducer: self.me(),
            target: match (carried.target, &ask) {
                (Some(target), _) => self.person(target)?,
                (None, Some(ask)) => self.named_in(ask)?,
                (None, None) => EndForm::default(),
            },
        };
        let wrote_to = match carried.state {
            CarryState::Proposed => carried.target.unwrap_or(carried.asker),
            _ => carried.asker,
        };
        let names = ends.names(self.waits(wrote_to, carried.id)?);
        let line = line(
            carried.name(),
            choice_name(&carried.state),
            names.carried_state(carried),
            names.carried(carried),
            carried.is_open(),
            carried.changed,
        );
        let is_offered = carried.state == CarryState::Offered;
        let says = [(&ends.asker, &carried.asker_says), (&ends.target, &carried.target_says)];
        let outcomes = says.into_iter().filter_map(|(end, says)| Some(OutcomeForm::of(end, says.as_ref()?))).collect();
        Ok(IntroductionForm {
            card: carried.card.as_ref().and_then(read_public_card).as_ref().map(CardForm::from),
            note: carried.note.as_ref().map(ToString::to_string),
            vouches: if line.open { self.mine(carried.asker)? } else { Vec::new() },
            until: line.open.then(|| time(if is_offered { carried.until } else { carried.expires })),
            later: carried.later.filter(|_| line.open).map(time),
            over: carried.over.map(|over| words::over_name(over).to_owned()),
            outcomes,
            actions: words::carried_actions(carried),
            ..asked_for(bare(line, ends), ask.as_ref())
        })
    }

    fn proposed(&mut self, proposed: &Proposed) -> Result<IntroductionForm, Problem> {
        let ask = proposed.read_ask();
        let card = proposed.card.as_ref().and_then(read_public_card);
        let asker = match (proposed.contact, proposed.asker) {
            (Some(contact), _) => self.person(contact)?,
            (None, Some(identity)) => self.stranger(identity, card.as_ref().map(|card| card.name.as_str()))?,
            (None, None) => EndForm { name: "somebody".to_owned(), ..EndForm::default() },
        };
        let ends = Ends { asker, introducer: self.person(proposed.introducer)?, target: self.me() };
        let names = ends.names(self.waits(proposed.introducer, proposed.id)?);
        let line = line(
            proposed.name(),
            choice_name(&proposed.state),
            names.proposed_state(proposed),
            names.proposed(proposed),
            proposed.is_open(),
            proposed.changed,
        );
        let is_agreed = proposed.state == ProposedState::Consented;
        Ok(IntroductionForm {
            card: card.as_ref().map(CardForm::from),
            note: Some(proposed.note.to_string()),
            known: proposed.known.as_ref().map(ToString::to_string),
            vouches: self.shown(proposed.vouched.as_ref(), proposed.introducer, &ends.asker)?,
            shares: if line.open { Some(self.shares(proposed.tier.unwrap_or_default())?) } else { None },
            until: line.open.then(|| time(if is_agreed { proposed.until } else { proposed.expires })),
            later: proposed.later.filter(|_| line.open).map(time),
            over: proposed.over.map(|over| words::over_name(over).to_owned()),
            outcomes: proposed.outcome.iter().map(|outcome| OutcomeForm::of(&ends.target, outcome)).collect(),
            actions: words::proposed_actions(proposed),
            ..asked_for(bare(line, ends), ask.as_ref())
        })
    }

    fn me(&self) -> EndForm {
        let identity = Some(self.own.id().to_string());
        EndForm { name: self.own.card.name.to_string(), me: true, identity, ..EndForm::default() }
    }

    fn person(&self, id: PersonId) -> Result<EndForm, Problem> {
        match people::person(self.view, id) {
            Ok(person) => Ok(end_of(&person)),
            Err(Error::NotFound { .. }) => Ok(EndForm { name: "somebody".to_owned(), ..EndForm::default() }),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody whom I may hold, or whose name is on a card that came with them.
    fn stranger(&self, identity: IdentityId, name: Option<&str>) -> Result<EndForm, Problem> {
        Ok(match people::by_identity(self.view, identity)? {
            Some(person) => end_of(&person),
            None => EndForm {
                name: name.unwrap_or("somebody").to_owned(),
                identity: Some(identity.to_string()),
                ..EndForm::default()
            },
        })
    }

    fn described(&self, person: Option<PersonId>, words: &str) -> Result<EndForm, Problem> {
        match person {
            Some(person) => Ok(EndForm { name: words.to_owned(), ..self.person(person)? }),
            None => Ok(EndForm { name: words.to_owned(), ..EndForm::default() }),
        }
    }

    fn named_in(&self, ask: &Ask) -> Result<EndForm, Problem> {
        match ask.target_id {
            Some(identity) => self.stranger(identity, Some(ask.target.as_str())),
            None => self.described(None, ask.target.as_str()),
        }
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

    /// What an introducer vouches of the other end, whom I may know by no other name than that on their card.
    fn shown(&self, vouched: Option<&Vouched>, by: PersonId, of: &EndForm) -> Result<Vec<VouchForm>, Problem> {
        let Some(vouched) = vouched else { return Ok(Vec::new()) };
        let Some(issuer) = people::person(self.view, by)?.identity else { return Ok(Vec::new()) };
        let shown = VouchShown::of_shown(self.view, issuer, vouched, now())?;
        let named = shown.map(|shown| VouchForm::from(VouchShown { about: of.name.clone(), ..shown }));
        Ok(named.into_iter().collect())
    }

    /// What I vouch of the asker and may be shown: the target sees it beside my words.
    fn mine(&self, asker: PersonId) -> Result<Vec<VouchForm>, Problem> {
        let Some(identity) = people::person(self.view, asker).ok().and_then(|asker| asker.identity) else {
            return Ok(Vec::new());
        };
        let mut forms = Vec::new();
        for held in vouches::vouches_about(self.view, identity)? {
            let is_shown = held.key.issuer == self.own.id() && held.reach() >= VouchReach::Contacts;
            if is_shown && held.read().is_some_and(|vouch| vouch.is_live(now())) {
                forms.push(VouchShown::of(self.view, &held, now())?.into());
            }
        }
        Ok(forms)
    }

    /// What somebody new would see of my card, and how many contacts see each line of it now.
    fn shares(&self, tier: Tier) -> Result<SharesForm, Problem> {
        let mut fields = Vec::new();
        for own in self.own.card.fields.iter().filter(|own| own.tier <= tier) {
            fields.push(SharedField {
                field: own.field.kind.name().to_owned(),
                value: own.field.value.to_string(),
                seen_by: self.roster.audience(own.tier)?,
            });
        }
        Ok(SharesForm { tier: tier.into(), fields })
    }
}

/// False if a person has no part in an introduction, which is seen without reading who has.
fn may_concern(mine: &Mine, person: &Person) -> bool {
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

const fn changed(mine: &Mine) -> Timestamp {
    match mine {
        Mine::Asked(asked) => asked.changed,
        Mine::Carried(carried) => carried.changed,
        Mine::Proposed(proposed) => proposed.changed,
    }
}

/// Until when an introduction is open.
pub(super) fn expires(view: &View, key: IntroKey) -> Result<Timestamp, Problem> {
    Ok(match introduction::one(view, key)? {
        Mine::Asked(asked) => asked.expires,
        Mine::Carried(carried) => carried.expires,
        Mine::Proposed(proposed) => proposed.expires,
    })
}

fn end_of(person: &Person) -> EndForm {
    EndForm {
        name: person.display_name().to_owned(),
        me: false,
        person: Some(person.id.to_string()),
        identity: person.identity.as_ref().map(ToString::to_string),
        how: not_empty(&person.provenance()),
    }
}

fn not_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn line(
    key: IntroKey,
    state: String,
    state_in_words: String,
    summary: String,
    open: bool,
    changed: Timestamp,
) -> IntroductionLine {
    let part = words::part_name(key.part).to_owned();
    IntroductionLine { id: key.id.to_string(), part, state, state_in_words, summary, open, changed: time(changed) }
}

/// A form that says who is in it and nothing else.
fn bare(line: IntroductionLine, ends: Ends) -> IntroductionForm {
    let Ends { asker, introducer, target } = ends;
    IntroductionForm {
        line,
        asker,
        introducer,
        target,
        wanted: None,
        purpose: None,
        why: None,
        blurb: None,
        card: None,
        note: None,
        known: None,
        vouches: Vec::new(),
        shares: None,
        until: None,
        later: None,
        over: None,
        outcomes: Vec::new(),
        actions: Vec::new(),
    }
}

/// Adds what the asker wrote.
fn asked_for(form: IntroductionForm, ask: Option<&Ask>) -> IntroductionForm {
    let Some(ask) = ask else { return form };
    IntroductionForm {
        wanted: Some(ask.target.to_string()),
        purpose: Some(ask.purpose.into()),
        why: not_empty(ask.why.as_str()),
        blurb: not_empty(ask.blurb.as_str()),
        ..form
    }
}

/// The name under which one of several introductions with the same id can be asked for.
pub(super) fn full_name(key: IntroKey) -> String {
    format!("{}:{}:{}", words::part_name(key.part), key.id.short(), key.person.short())
}

/// True if a name means this introduction: the beginning of an id, or of all three parts of [`full_name`].
pub(super) fn is_meant(key: IntroKey, name: &str) -> bool {
    let mut parts = name.split(':');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let (part, id, person) = match second {
        Some(id) => (first, id, third.unwrap_or_default()),
        None => ("", first, ""),
    };
    let is_part = part.is_empty() || part == words::part_name(key.part);
    id.len() >= 4 && is_part && key.id.to_string().starts_with(id) && key.person.to_string().starts_with(person)
}

/// The parts of introductions, by name.
pub(super) fn part_of(name: &str) -> Option<Part> {
    [Part::Asker, Part::Introducer, Part::Target].into_iter().find(|part| words::part_name(*part) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_in_two_parts_is_told_apart_by_its_full_name() {
        let key = |part, person| IntroKey { part, id: IntroId([7; 16]), person: PersonId([person; 10]) };
        let (mine, theirs) = (key(Part::Asker, 1), key(Part::Target, 2));
        let id = mine.id.to_string();
        for name in [&id[..4], &id] {
            assert!(is_meant(mine, name) && is_meant(theirs, name), "{name}");
        }
        for (key, other) in [(mine, theirs), (theirs, mine), (mine, key(Part::Asker, 3))] {
            let name = full_name(key);
            assert!(is_meant(key, &name) && !is_meant(other, &name), "{name}");
        }
        for name in ["", &id[..3], "asker:", "friend:", &format!("introducer:{id}")] {
            assert!(!is_meant(mine, name), "{name}");
        }
    }
}
