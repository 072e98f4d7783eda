//! Putting an introduction on one screen: what is stored of it, and what is known of the people in it.

use kith_protocol::card::Tier;
use kith_protocol::engine::introduction::{self, AskState, Asked, Carried, IntroKey, Mine, Proposed, read_public_card};
use kith_protocol::engine::people;
use kith_protocol::engine::vouches::{self, VouchShown};
use kith_protocol::id::PersonId;
use kith_protocol::introduction::Ask;
use kith_protocol::time::Timestamp;
use kith_protocol::vouch::{VouchReach, Vouched};

use super::Looking;
use super::ends::Ends;
use super::lines::is_told;
use super::words;
use crate::api::Problem;
use crate::api::model::{
    CardForm, EndForm, IntroductionForm, IntroductionLine, OutcomeForm, SharedField, SharesForm, VouchForm, time,
};
use crate::machine::now;
use crate::store::View;

impl Looking<'_> {
    /// All that there is to know of one.
    pub(super) fn form(&mut self, mine: &Mine) -> Result<IntroductionForm, Problem> {
        let (line, ends) = self.line(mine)?;
        match mine {
            Mine::Asked(asked) => self.asked(asked, line, ends),
            Mine::Carried(carried) => self.carried(carried, line, ends),
            Mine::Proposed(proposed) => self.proposed(proposed, line, ends),
        }
    }

    fn asked(&self, asked: &Asked, line: IntroductionLine, ends: Ends) -> Result<IntroductionForm, Problem> {
        let is_told = is_told(asked);
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
            over: asked.over.map(|over| words::over_name(over).to_owned()),
            outcomes: asked.outcome.iter().map(|outcome| OutcomeForm::of(&ends.asker, outcome)).collect(),
            actions: words::asked_actions(asked),
            ..bare(line, ends)
        })
    }

    fn carried(&self, carried: &Carried, line: IntroductionLine, ends: Ends) -> Result<IntroductionForm, Problem> {
        let ask = carried.read_ask();
        let says = [(&ends.asker, &carried.asker_says), (&ends.target, &carried.target_says)];
        let outcomes = says.into_iter().filter_map(|(end, says)| Some(OutcomeForm::of(end, says.as_ref()?))).collect();
        Ok(IntroductionForm {
            card: carried.card.as_ref().and_then(read_public_card).as_ref().map(CardForm::from),
            note: carried.note.as_ref().map(ToString::to_string),
            vouches: if line.open { self.mine(carried.asker)? } else { Vec::new() },
            later: carried.later.filter(|_| line.open).map(time),
            over: carried.over.map(|over| words::over_name(over).to_owned()),
            outcomes,
            actions: words::carried_actions(carried),
            ..asked_for(bare(line, ends), ask.as_ref())
        })
    }

    fn proposed(&self, proposed: &Proposed, line: IntroductionLine, ends: Ends) -> Result<IntroductionForm, Problem> {
        let ask = proposed.read_ask();
        let card = proposed.card.as_ref().and_then(read_public_card);
        Ok(IntroductionForm {
            card: card.as_ref().map(CardForm::from),
            note: Some(proposed.note.to_string()),
            known: proposed.known.as_ref().map(ToString::to_string),
            vouches: self.shown(proposed.vouched.as_ref(), proposed.introducer, &ends.asker)?,
            shares: if line.open { Some(self.shares(proposed.tier.unwrap_or_default())?) } else { None },
            later: proposed.later.filter(|_| line.open).map(time),
            over: proposed.over.map(|over| words::over_name(over).to_owned()),
            outcomes: proposed.outcome.iter().map(|outcome| OutcomeForm::of(&ends.target, outcome)).collect(),
            actions: words::proposed_actions(proposed),
            ..asked_for(bare(line, ends), ask.as_ref())
        })
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

/// Until when an introduction is open.
pub(super) fn expires(view: &View, key: IntroKey) -> Result<Timestamp, Problem> {
    Ok(match introduction::one(view, key)? {
        Mine::Asked(asked) => asked.expires,
        Mine::Carried(carried) => carried.expires,
        Mine::Proposed(proposed) => proposed.expires,
    })
}

fn not_empty(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
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
