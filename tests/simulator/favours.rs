//! Who asks whom to be introduced to whom, and what they make of it.

use std::collections::BTreeMap;

use kith_protocol::card::Tier;
use kith_protocol::engine::inbox::{Item, ItemKind};
use kith_protocol::engine::introduction::asker::AskEdit;
use kith_protocol::engine::introduction::introducer::Notes;
use kith_protocol::engine::introduction::{
    self, AskOptions, AskState, CarryState, HeldOutcome, IntroKey, Meant, Over, Part, ProposedState,
};
use kith_protocol::engine::{Error, Turn};
use kith_protocol::introduction::Purpose;
use kith_protocol::text::{Line, Text};
use kith_tests::sim::{Who, World};

const DAY: u64 = 86_400;

/// What came of all introductions, by part and end.
#[derive(Default)]
pub struct Ends(pub BTreeMap<String, usize>);

impl Ends {
    /// Counts what every home keeps.
    pub fn of(world: &World) -> Self {
        let mut ends = Self::default();
        for who in world.whos() {
            for one in world.asked(who) {
                ends.count("asker", format!("{:?}", one.state), one.over);
            }
            for one in world.carried(who) {
                ends.count("introducer", format!("{:?}", one.state), one.over);
            }
            for one in world.proposed(who) {
                ends.count("target", format!("{:?}", one.state), one.over);
            }
        }
        ends
    }

    fn count(&mut self, part: &str, state: String, over: Option<Over>) {
        let end = over.map_or(state, |over| format!("{over:?}"));
        *self.0.entry(format!("{part} {end}")).or_default() += 1;
    }

    /// How often an end was reached.
    pub fn times(&self, end: &str) -> usize {
        self.0.get(end).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<String> = self.0.iter().map(|(end, times)| format!("{end} {times}")).collect();
        f.write_str(&all.join(", "))
    }
}

/// The contacts of somebody who are contacts both ways.
pub fn contacts(world: &World, who: Who) -> Vec<Who> {
    let people = world.people(who).into_iter().filter(|person| person.is_contact() && !person.blocked);
    people.filter_map(|person| person.identity.and_then(|id| world.who_is(id))).collect()
}

/// Somebody asks a contact to introduce them to another contact of that one, whom they can only describe.
pub fn ask(world: &mut World, asker: Who, lots: [usize; 2]) {
    let Some((introducer, target)) = pair(world, asker, lots) else { return };
    let meant = Meant::Words(Line::new(&world.home(target).name).unwrap());
    let person = world.knows(asker, introducer).unwrap().id;
    let asked = world.tries(asker, |turn| {
        // After a crash they ask again, and have then asked already.
        turn.ask_introduction(AskOptions {
            introducer: person,
            meant: meant.clone(),
            purpose: Purpose::Partner,
            why: Text::default(),
            blurb: Text::new("We serve the same market.")?,
            tier: Some(Tier::Contacts),
            life: None,
        })
    });
    expected(asked.map(drop));
}

/// Somebody thinks that two contacts of theirs should meet.
pub fn suggest(world: &mut World, introducer: Who, lots: [usize; 2]) {
    let known = contacts(world, introducer);
    let (Some(&one), Some(&other)) = (known.get(lots[0] % known.len().max(1)), known.get(lots[1] % known.len().max(1)))
    else {
        return;
    };
    if one == other {
        return;
    }
    let [asker, target] = [one, other].map(|who| world.knows(introducer, who).unwrap().id);
    let note = || Line::new("Somebody who serves the same market.").unwrap();
    let suggested = world.tries(introducer, |turn| {
        turn.suggest(asker, target, Notes { about_asker: note(), about_target: note() }, None)
    });
    expected(suggested.map(drop));
}

/// An introducer and a target from where the asker stands.
fn pair(world: &World, asker: Who, lots: [usize; 2]) -> Option<(Who, Who)> {
    let introducers = contacts(world, asker);
    let introducer = *introducers.get(lots[0] % introducers.len().max(1))?;
    let targets: Vec<Who> = contacts(world, introducer).into_iter().filter(|&target| target != asker).collect();
    Some((introducer, *targets.get(lots[1] % targets.len().max(1))?))
}

/// Somebody who has an introduction before them, and who brought it; the first from a number on.
pub fn introducer_of_somebody(world: &World, first: usize) -> Option<(Who, Who)> {
    let all: Vec<Who> = world.whos().collect();
    let (before, after) = all.split_at(first.min(all.len()));
    after.iter().chain(before).find_map(|&who| {
        let proposed = world.proposed(who).into_iter().find(|one| one.waits())?;
        let introducer = world.people(who).into_iter().find(|person| person.id == proposed.introducer)?;
        Some((who, world.who_is(introducer.identity?)?))
    })
}

/// What people may be told in the middle of life: that it is too late, or too much.
fn expected(done: Result<(), Error>) {
    match done {
        Ok(()) | Err(Error::NotNow(_) | Error::Full(_) | Error::NotFound { .. }) => {}
        Err(error) => panic!("an introduction failed: {error}"),
    }
}

/// Somebody decides what waits on them about an introduction; `choice` is a lot from 0 to 19.
pub fn decide(world: &mut World, who: Who, item: &Item, choice: u32) {
    let Some(key) = item.introduction else { return };
    match item.kind {
        ItemKind::Introduce => carry(world, who, key, choice),
        ItemKind::Meet => meet(world, who, key, choice),
        ItemKind::Suggested => {
            let yes = choice > 6;
            if yes && key.part == Part::Target {
                witness_suggestion(world, who, key);
            }
            act(world, who, move |turn| match (yes, key.part) {
                (false, _) => turn.decline_introduction(key),
                (true, Part::Asker) => turn.take_suggestion(key, Some(Tier::Contacts), Text::default()),
                (true, _) => turn.consent(key, Some(Tier::Contacts)),
            });
        }
        ItemKind::AskReturned => act(world, who, move |turn| {
            let blurb = Some(Text::new("We serve the same market, from the other end.")?);
            turn.edit_ask(key, AskEdit { blurb, ..AskEdit::default() }).map(drop)
        }),
        _ => {}
    }
}

/// Both ends of a suggestion are known to who watches, though not to each other.
fn witness_suggestion(world: &mut World, target: Who, key: IntroKey) {
    let introducer = world.people(target).into_iter().find(|person| person.id == key.person);
    let Some(introducer) = introducer.and_then(|person| person.identity).and_then(|id| world.who_is(id)) else {
        return;
    };
    let carried = world.carried(introducer).into_iter().find(|one| one.id == key.id);
    let Some(asker) = carried.map(|one| one.asker) else { return };
    let asker = world.people(introducer).into_iter().find(|person| person.id == asker);
    if let Some(asker) = asker.and_then(|person| person.identity).and_then(|id| world.who_is(id)) {
        world.witness_tiers(asker, target, Tier::Contacts);
    }
}

fn carry(world: &mut World, who: Who, key: IntroKey, choice: u32) {
    let carried = world.carried(who).into_iter().find(|one| one.name() == key);
    let Some(ask) = carried.and_then(|one| one.read_ask()) else { return };
    let meant = world.people(who).into_iter().find(|person| person.name.as_str() == ask.target.as_str());
    let now = world.clock(who);
    match (choice, meant) {
        (0..=12, Some(target)) => {
            act(world, who, move |turn| turn.pass_ask(key, Some(target.id), Line::new("I know them both.")?).map(drop))
        }
        (13..=14, _) => act(world, who, move |turn| turn.decline_introduction(key)),
        (15, _) => act(world, who, move |turn| turn.return_ask(key, Line::new("Say more.")?).map(drop)),
        (16, _) => act(world, who, move |turn| turn.put_off_introduction(key, now.plus(2 * DAY))),
        // Silence.
        _ => {}
    }
}

fn meet(world: &mut World, who: Who, key: IntroKey, choice: u32) {
    let now = world.clock(who);
    match choice {
        0..=11 => {
            if let Some(proposed) = world.proposed(who).into_iter().find(|one| one.name() == key) {
                world.witness_consent(who, &proposed, Tier::Contacts);
            }
            act(world, who, move |turn| turn.consent(key, Some(Tier::Contacts)));
        }
        12..=14 => act(world, who, move |turn| turn.decline_introduction(key)),
        15..=16 => act(world, who, move |turn| turn.put_off_introduction(key, now.plus(DAY))),
        _ => {}
    }
}

fn act(world: &mut World, who: Who, act: impl Fn(&mut Turn<'_>) -> Result<(), Error>) {
    expected(world.tries(who, act));
}

/// Somebody looks at what they have under way: thanks for what came of it, and takes back one thing in ten.
pub fn look_after(world: &mut World, who: Who, choice: u32) {
    for asked in world.asked(who) {
        let key = asked.name();
        match asked.state {
            AskState::Connected if asked.outcome.is_none() => thank(world, who, key),
            AskState::Open | AskState::Connecting if choice == 0 => {
                act(world, who, move |turn| turn.withdraw_introduction(key));
            }
            _ => {}
        }
    }
    for carried in world.carried(who).into_iter().filter(|one| one.is_open() && choice == 1) {
        if carried.state != CarryState::Offered {
            let key = carried.name();
            act(world, who, move |turn| turn.withdraw_introduction(key));
        }
    }
    for proposed in world.proposed(who) {
        let key = proposed.name();
        match proposed.state {
            ProposedState::Connected if proposed.outcome.is_none() && choice < 3 => thank(world, who, key),
            ProposedState::Consented | ProposedState::Willing if choice == 2 => {
                act(world, who, move |turn| turn.withdraw_introduction(key));
            }
            _ => {}
        }
    }
}

fn thank(world: &mut World, who: Who, key: IntroKey) {
    act(world, who, move |turn| {
        let thanks = Some(Line::new("Thank you.")?);
        turn.tell_outcome(key, HeldOutcome { met: true, useful: true, thanks })
    });
}

/// What must hold of introductions at any time.
pub fn check(world: &World) {
    for who in world.whos() {
        one_question_for_a_pair(world, who);
        nothing_before_consent(world, who);
        if world.home(who).engine.is_some() {
            everything_ends(world, who);
        }
    }
}

/// However many introducers bring somebody, their target is asked once.
fn one_question_for_a_pair(world: &World, who: Who) {
    let meets = world.inbox(who).into_iter().filter(|item| item.kind == ItemKind::Meet);
    let proposed = world.proposed(who);
    let mut askers: Vec<_> =
        meets.filter_map(|item| proposed.iter().find(|one| Some(one.name()) == item.introduction)?.asker).collect();
    let all = askers.len();
    askers.sort_unstable();
    askers.dedup();
    assert_eq!(askers.len(), all, "{} is asked twice about one person", world.home(who).name);
}

/// A target sees a public card and no more, and nobody knows where a target is who did not say yes.
fn nothing_before_consent(world: &World, who: Who) {
    for proposed in world.proposed(who) {
        let card = proposed.card.as_ref().and_then(introduction::read_public_card);
        let is_public = card.is_none_or(|card| card.tier == Tier::Public);
        assert!(is_public, "{} was shown more than a public card", world.home(who).name);
    }
    for person in world.people(who) {
        let Some(scan) = person.scan.filter(|scan| scan.introduction.is_some()) else { continue };
        let target = scan.who.and_then(|id| world.who_is(id));
        let agreed = target.is_some_and(|target| world.has_agreed(target, who));
        assert!(agreed, "{} knows where somebody is who never said yes", world.home(who).name);
    }
}

/// Whatever is kept has a date, and none is past.
fn everything_ends(world: &World, who: Who) {
    let late = world.clock(who).minus(2);
    let dates = world.asked(who).into_iter().map(|one| one.until);
    let dates = dates.chain(world.carried(who).into_iter().map(|one| one.until));
    let overdue = dates.chain(world.proposed(who).into_iter().map(|one| one.until)).filter(|until| *until < late);
    assert_eq!(overdue.count(), 0, "an introduction of {} is past its date", world.home(who).name);
}

/// How many introductions were asked for or suggested.
pub fn begun(world: &World) -> usize {
    let suggested = |who: Who| world.carried(who).iter().filter(|one| one.suggested && one.ask.is_none()).count();
    world.whos().map(|who| introduction::asked(&world.home(who).store).unwrap().len() + suggested(who)).sum()
}
