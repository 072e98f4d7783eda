//! Introductions, as people make them.

use kith_protocol::card::Tier;
use kith_protocol::engine::Error;
use kith_protocol::engine::introduction::introducer::Notes;
use kith_protocol::engine::introduction::{
    self, AskOptions, AskState, Asked, Carried, CarryState, HeldOutcome, IntroKey, Meant, Proposed, ProposedState,
};
use kith_protocol::id::IntroId;
use kith_protocol::introduction::Purpose;
use kith_protocol::text::{Line, Text};

use super::home::Who;
use super::world::World;

fn sentence(text: &str) -> Line<280> {
    Line::new(text).expect("a story uses plain words")
}

impl World {
    /// Asks a contact to be introduced to somebody, in words.
    pub fn asks(&mut self, asker: Who, introducer: Who, about: &str) -> IntroKey {
        let meant = Meant::Words(Line::new(about).expect("a story uses plain words"));
        self.tries_to_ask(asker, introducer, meant, Tier::Contacts).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Asks in a way of one's own.
    pub fn tries_to_ask(&mut self, asker: Who, introducer: Who, meant: Meant, tier: Tier) -> Result<IntroKey, Error> {
        let introducer = self.knows(asker, introducer).expect("they know each other").id;
        let before = self.asked(asker).len();
        let asked = self.tries(asker, |turn| {
            // After a crash the person looks whether it was done.
            let mut all = introduction::asked(turn.read())?;
            all.sort_by_key(|one| (one.asked, one.id));
            if let Some(done) = all.pop().filter(|_| all.len() + 1 > before) {
                return Ok(done);
            }
            turn.ask_introduction(AskOptions {
                introducer,
                meant: meant.clone(),
                purpose: Purpose::Client,
                why: Text::new("She buys what I make.")?,
                blurb: Text::new("I make ball valves for ships, and have done so for twenty years.")?,
                tier: Some(tier),
                life: None,
            })
        })?;
        Ok(asked.name())
    }

    /// The introducer passes on what the asker wants, to somebody.
    pub fn passes(&mut self, introducer: Who, asker: Who, to: Who) -> IntroKey {
        let carried = self.carries_for(introducer, asker);
        self.tries_to_pass(introducer, carried.name(), to).unwrap_or_else(|error| panic!("{error}"));
        carried.name()
    }

    /// Passes on in a way that may be refused.
    pub fn tries_to_pass(&mut self, introducer: Who, key: IntroKey, to: Who) -> Result<Carried, Error> {
        let to = self.knows(introducer, to).map(|person| person.id);
        self.tries(introducer, |turn| {
            // After a crash the person looks whether it was done.
            let done = introduction::carried(turn.read())?.into_iter().find(|one| one.name() == key);
            match done.filter(|one| one.is_with_target() && one.target == to) {
                Some(done) => Ok(done),
                None => turn.pass_ask(key, to, sentence("I bought from her for years.")),
            }
        })
    }

    /// The target says yes and gives what a tier shows.
    pub fn consents(&mut self, target: Who, introducer: Who, tier: Tier) {
        let proposed = self.is_proposed(target, introducer);
        self.witness_consent(target, &proposed, tier);
        let name = proposed.name();
        self.does(target, |turn| {
            // After a crash the person looks whether it was done.
            let all = introduction::proposed(turn.read())?;
            let waits = all.iter().any(|one| one.name() == name && one.state == proposed.state);
            if waits { turn.consent(name, Some(tier)) } else { Ok(()) }
        });
    }

    /// Writes down what the two ends of an introduction agreed to: the asker by asking, the target now.
    pub fn witness_consent(&mut self, target: Who, proposed: &Proposed, tier: Tier) {
        let Some(asker) = proposed.asker.and_then(|id| self.who_is(id)) else { return };
        self.witness_tiers(asker, target, tier);
    }

    /// Writes down that two would meet, whatever the asker chose to show.
    pub fn witness_tiers(&mut self, asker: Who, target: Who, tier: Tier) {
        self.consents.accepted(target, asker, tier);
        let most = self.asked(asker).iter().map(|asked| asked.tier).max().unwrap_or_default();
        self.consents.accepted(asker, target, most);
    }

    /// Suggests to two contacts that they meet.
    pub fn suggests(&mut self, introducer: Who, asker: Who, target: Who) -> IntroKey {
        let [one, other] = [asker, target].map(|who| self.knows(introducer, who).expect("they know each other").id);
        let carried = self.does(introducer, |turn| {
            let notes = Notes {
                about_asker: sentence("Somebody who makes valves for ships."),
                about_target: sentence("Somebody who buys for a shipyard."),
            };
            turn.suggest(one, other, notes, None)
        });
        carried.name()
    }

    /// Says that a suggestion is welcome, as the asker of it.
    pub fn takes_suggestion(&mut self, asker: Who, introducer: Who) {
        let asked = self.has_asked(asker, introducer);
        self.does(asker, |turn| turn.take_suggestion(asked.name(), Some(Tier::Contacts), Text::default()));
    }

    /// Takes back what was asked, passed on or agreed to.
    pub fn withdraws_introduction(&mut self, who: Who, key: IntroKey) {
        self.does(who, |turn| turn.withdraw_introduction(key));
    }

    /// Says no.
    pub fn declines_introduction(&mut self, who: Who, key: IntroKey) {
        self.does(who, |turn| turn.decline_introduction(key));
    }

    /// Says how it went.
    pub fn thanks(&mut self, who: Who, key: IntroKey, words: &str) {
        self.does(who, |turn| {
            turn.tell_outcome(key, HeldOutcome { met: true, useful: true, thanks: Some(sentence(words)) })
        });
    }

    /// What somebody asked for.
    pub fn asked(&self, who: Who) -> Vec<Asked> {
        introduction::asked(&self.home(who).store).unwrap()
    }

    /// What somebody carries.
    pub fn carried(&self, who: Who) -> Vec<Carried> {
        introduction::carried(&self.home(who).store).unwrap()
    }

    /// What was proposed to somebody.
    pub fn proposed(&self, who: Who) -> Vec<Proposed> {
        introduction::proposed(&self.home(who).store).unwrap()
    }

    /// The newest ask of somebody to an introducer.
    pub fn has_asked(&self, asker: Who, introducer: Who) -> Asked {
        let person = self.knows(asker, introducer).expect("they know each other").id;
        let mut asked: Vec<Asked> = self.asked(asker).into_iter().filter(|one| one.introducer == person).collect();
        asked.sort_by_key(|one| (one.asked, one.id));
        asked.pop().unwrap_or_else(|| panic!("{} asked {} nothing", self.home(asker).name, self.home(introducer).name))
    }

    /// What the introducer carries for an asker and has not passed on.
    pub fn carries_for(&self, introducer: Who, asker: Who) -> Carried {
        let person = self.knows(introducer, asker).expect("they know each other").id;
        let all = self.carried(introducer);
        let mut open = all.iter().filter(|one| one.asker == person && one.is_open() && !one.is_with_target());
        let found = open.next().cloned();
        found.unwrap_or_else(|| panic!("{} carries nothing for {}", self.home(introducer).name, self.home(asker).name))
    }

    /// What an introducer has put before somebody.
    pub fn is_proposed(&self, target: Who, introducer: Who) -> Proposed {
        let person = self.knows(target, introducer).expect("they know each other").id;
        let found = self.proposed(target).into_iter().find(|one| one.introducer == person && one.waits());
        found.unwrap_or_else(|| panic!("{} has nothing before {}", self.home(introducer).name, self.home(target).name))
    }

    /// The ask with that id.
    pub fn has_asked_id(&self, asker: Who, id: IntroId) -> Asked {
        self.asked(asker).into_iter().find(|one| one.id == id).expect("they asked")
    }

    /// The state of an ask at its asker.
    pub fn ask_state(&self, asker: Who, id: IntroId) -> AskState {
        self.has_asked_id(asker, id).state
    }

    /// The state of an introduction at its introducer.
    pub fn carry_state(&self, introducer: Who, id: IntroId) -> Option<CarryState> {
        self.carried(introducer).into_iter().find(|one| one.id == id).map(|one| one.state)
    }

    /// The state of an introduction at its target.
    pub fn proposed_state(&self, target: Who, id: IntroId) -> Option<ProposedState> {
        self.proposed(target).into_iter().find(|one| one.id == id).map(|one| one.state)
    }
}
