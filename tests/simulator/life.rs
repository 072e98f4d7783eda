//! What people do in a month, drawn by lot.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::identity::Reason;
use kith_tests::sim::{Code, Crash, Scan, Weather, Who, World};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::favours::{self, Ends};

/// How much happens.
#[derive(Clone, Copy)]
pub struct Month {
    /// People.
    pub people: usize,
    /// Days that pass.
    pub days: u64,
    /// Codes that are scanned, three of four live.
    pub scans: usize,
    /// Cards that are changed.
    pub changes: usize,
    /// Restarts, moves, crashes, and networks that are lost for hours.
    pub troubles: usize,
    /// Keys that are changed, every second one because it was stolen.
    pub rotations: usize,
    /// Introductions that somebody asks for; beside them, one in six is an introducer's idea.
    pub favours: usize,
    /// Contacts who forget each other.
    pub partings: usize,
    /// Homes that go to another machine by a copy of everything.
    pub restores: usize,
}

/// What came of it.
pub struct Seen {
    pub letters: u64,
    pub handled: u64,
    pub steps: u64,
    pub contacts: usize,
    pub meetings: usize,
    pub introductions: usize,
    pub ends: Ends,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { letters, handled, steps, contacts, meetings, introductions, ends } = self;
        writeln!(
            f,
            "{letters} letters sent, {handled} handled, {steps} steps, {contacts} contacts, {meetings} meetings"
        )?;
        write!(f, "  {introductions} introductions: {ends}")
    }
}

/// Pairs that scanned, and pairs of which one said no.
#[derive(Default)]
struct Memory {
    scanned: BTreeSet<(Who, Who)>,
    refused: BTreeSet<(Who, Who)>,
}

/// A world and what is going to happen in it.
pub struct Life {
    world: World,
    month: Month,
    memory: Rc<RefCell<Memory>>,
}

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
/// Without new trouble, everything that waits arrives within so many days.
const CALM: u64 = 3;

impl Life {
    /// Everybody gets a home, and fate is drawn.
    pub fn begin(seed: u64, month: Month) -> Self {
        let mut world = World::new(seed);
        let mut lot = StdRng::seed_from_u64(!seed);
        let people: Vec<Who> = (0..month.people).map(|number| world.person(&format!("Person {number}"))).collect();
        for who in people.iter().step_by(3) {
            world.sets_clock(*who, lot.random_range(-12 * 3_600..=12 * 3_600));
        }
        for who in people.iter().skip(1).step_by(5) {
            world.hides(*who);
        }
        world.weather = Weather::BAD;
        let badges: Vec<Code> = people.iter().step_by(5).map(|who| world.prints(*who, "Badge")).collect();
        let mut life = Self { world, month, memory: Rc::default() };
        life.plan_scans(&mut lot, &people, &badges);
        life.plan_decisions(&mut lot, &people);
        life.plan_changes(&mut lot, &people);
        life.plan_favours(&mut lot, &people);
        life.plan_troubles(&mut lot, &people);
        life
    }

    /// The digest of all steps.
    pub fn trace(&self) -> [u8; 32] {
        self.world.trace()
    }

    fn moment(&self, lot: &mut StdRng) -> u64 {
        lot.random_range(HOUR..self.month.days * DAY)
    }

    fn plan_scans(&mut self, lot: &mut StdRng, people: &[Who], badges: &[Code]) {
        for _ in 0..self.month.scans {
            let (at, memory) = (self.moment(lot), self.memory.clone());
            let (scanner, shower) = (pick(lot, people), pick(lot, people));
            let tier = pick(lot, &Tier::ALL);
            let badge = (lot.random_range(0..4) == 0).then(|| pick(lot, badges));
            self.world.after(at, move |world| {
                let shower = badge.as_ref().map_or(shower, |badge| badge.owner);
                if scanner == shower || !runs(world, scanner) || !runs(world, shower) {
                    return;
                }
                let code = badge.unwrap_or_else(|| world.shows(shower, Some("Fair"), false, tier, None));
                let scan = Scan { tier, event: None, note: "met at the stand" };
                if world.tries_to_scan(scanner, &code, scan).is_ok() {
                    memory.borrow_mut().scanned.insert((scanner, shower));
                }
            });
        }
    }

    /// Everybody looks at their inbox a few times a week and says yes four times out of five.
    fn plan_decisions(&mut self, lot: &mut StdRng, people: &[Who]) {
        for &who in people {
            let mut at = lot.random_range(0..DAY);
            while at < self.month.days * DAY {
                at += lot.random_range(2 * HOUR..3 * DAY);
                let (choice, memory) = (lot.random_range(0..20), self.memory.clone());
                self.world.after(at, move |world| decide(world, who, choice, &memory));
            }
        }
    }

    fn plan_changes(&mut self, lot: &mut StdRng, people: &[Who]) {
        for number in 0..self.month.changes {
            let (at, who) = (self.moment(lot), pick(lot, people));
            let kind = pick(lot, &[FieldKind::Title, FieldKind::Phone, FieldKind::PersonalEmail]);
            self.world.after(at, move |world| {
                if runs(world, who) {
                    world.changes_card(who, kind, Some(&format!("value {number}")));
                }
            });
        }
        for number in 0..self.month.rotations {
            let (at, who) = (self.moment(lot), pick(lot, people));
            let reason = if number % 2 == 0 { Reason::Routine } else { Reason::Compromised };
            self.world.after(at, move |world| {
                if runs(world, who) {
                    world.rotates(who, reason);
                    world.recovers_alike(who);
                }
            });
        }
    }

    fn plan_favours(&mut self, lot: &mut StdRng, people: &[Who]) {
        for number in 0..self.month.favours {
            let (at, who) = (self.moment(lot), pick(lot, people));
            let lots = [lot.random_range(0..1_000), lot.random_range(0..1_000)];
            self.world.after(at, move |world| match runs(world, who) {
                true if number % 6 == 0 => favours::suggest(world, who, lots),
                true => favours::ask(world, who, lots),
                false => {}
            });
        }
        for _ in 0..self.month.partings {
            let (at, who, memory) = (self.moment(lot), pick(lot, people), self.memory.clone());
            let (number, first) = (lot.random_range(0..1_000), lot.random_range(0..people.len()));
            self.world.after(at, move |world| match favours::introducer_of_somebody(world, first) {
                // Every second time in the middle of an introduction.
                Some((target, introducer)) if number % 2 == 0 => part(world, introducer, target, &memory),
                _ => {
                    let contacts = favours::contacts(world, who);
                    if let Some(&other) = contacts.get(number % contacts.len().max(1)) {
                        part(world, who, other, &memory);
                    }
                }
            });
        }
    }

    fn plan_troubles(&mut self, lot: &mut StdRng, people: &[Who]) {
        for _ in 0..self.month.troubles {
            let (at, who) = (self.moment(lot), pick(lot, people));
            let (kind, hours) = (lot.random_range(0..6), lot.random_range(1..48));
            let crash = pick(lot, &[Crash::BeforeCommit, Crash::BeforeEffects]);
            self.world.after(at, move |world| trouble(world, who, kind, hours, crash));
        }
        for _ in 0..self.month.restores {
            let (at, who) = (self.moment(lot), pick(lot, people));
            self.world.after(at, move |world| {
                if runs(world, who) {
                    world.stop(who);
                    let copy = world.copies(who);
                    world.moves_to(who, copy);
                }
            });
        }
        for _ in 0..self.month.days / 5 {
            let at = self.moment(lot);
            let apart: Vec<Who> = people.iter().copied().filter(|_| lot.random_range(0..3) == 0).collect();
            let hours = lot.random_range(1..24);
            self.world.after(at, move |world| {
                world.splits(&apart);
                world.after(hours * HOUR, World::heals);
            });
        }
    }

    /// The month passes; what must hold at any time is checked every day.
    pub fn pass(&mut self) {
        for _ in 0..self.month.days {
            self.world.run_for(DAY);
            self.world.check();
            favours::check(&self.world);
        }
    }

    /// Nothing more goes wrong, and after a few days everything has arrived.
    pub fn settle(&mut self) -> Seen {
        self.world.heals();
        self.world.weather = Weather::FINE;
        for who in self.world.whos() {
            self.world.home_mut(who).crash = None;
            self.world.comes_online(who);
            if self.world.home(who).engine.is_none() {
                self.world.start(who);
            }
        }
        self.world.run_for(CALM * DAY);
        self.world.check();
        self.check_nothing_waits();
        self.check_pairs();
        let (mut contacts, mut meetings) = (0, 0);
        for (one, other) in self.pairs() {
            contacts += usize::from(self.world.are_contacts(one, other));
            meetings += usize::from(self.world.met(one, other));
        }
        let figures = self.world.figures;
        Seen {
            letters: figures.sent,
            handled: figures.handled,
            steps: figures.steps,
            contacts,
            meetings,
            introductions: favours::begun(&self.world),
            ends: Ends::of(&self.world),
        }
    }

    /// Pairs of people of whom one scanned the other, each once.
    fn pairs(&self) -> BTreeSet<(Who, Who)> {
        let memory = self.memory.borrow();
        memory.scanned.iter().map(|&(one, other)| (one.min(other), one.max(other))).collect()
    }

    /// A letter only waits for somebody whom nothing can bring together with its sender.
    fn check_nothing_waits(&self) {
        let world = &self.world;
        for who in world.whos() {
            for letter in world.outbox(who) {
                let person = kith_protocol::engine::people::person(&world.home(who).store, letter.person).unwrap();
                let other = person.identity.and_then(|id| world.who_is(id));
                let listens = |other: &Who| {
                    let address = world.home(*other).address.as_ref();
                    person.scan.as_ref().is_some_and(|scan| address.is_some_and(|own| scan.hints.contains(own)))
                };
                let unreachable = match other {
                    // Who cannot be dialled calls when they have something to say, and hears it then.
                    Some(other) => !world.knows_address(who, other),
                    None => !world.whos().any(|other| listens(&other)),
                };
                let kind = letter.kind;
                assert!(unreachable, "{} still has a letter of kind {kind} for {person:?}", world.home(who).name);
            }
        }
    }

    /// Whoever holds somebody is held by them; and whoever scanned somebody who did not say no, and is not
    /// still asked, holds them.
    fn check_pairs(&self) {
        let (world, memory) = (&self.world, self.memory.borrow());
        let name = |who: Who| world.home(who).name.clone();
        for &(scanner, shower) in &memory.scanned {
            // Who cannot be dialled hears a farewell when they next have something to say.
            let waits = !world.waiting(scanner, shower).is_empty() || !world.waiting(shower, scanner).is_empty();
            if waits || !world.can_find_each_other(scanner, shower) {
                continue;
            }
            let (here, there) = (world.holds(scanner, shower), world.holds(shower, scanner));
            assert_eq!(
                here,
                there,
                "{} and {} do not agree\n{}\n{}",
                name(scanner),
                name(shower),
                world.story_of(scanner, shower),
                world.story_of(shower, scanner)
            );
            let pair = (scanner.min(shower), scanner.max(shower));
            let asked =
                !world.asked_about(shower, scanner).is_empty() || !world.asked_about(scanner, shower).is_empty();
            let failed = world.people(scanner).iter().any(|person| person.scan.is_some());
            if !memory.refused.contains(&pair) && !asked && !failed {
                assert!(here, "{} and {} both agreed and do not hold each other", name(scanner), name(shower));
            }
        }
    }
}

fn pick<T: Clone>(lot: &mut StdRng, from: &[T]) -> T {
    from[lot.random_range(0..from.len())].clone()
}

fn runs(world: &World, who: Who) -> bool {
    world.home(who).engine.is_some()
}

fn decide(world: &mut World, who: Who, choice: u32, memory: &RefCell<Memory>) {
    if !runs(world, who) {
        return;
    }
    favours::look_after(world, who, choice);
    for item in world.inbox(who) {
        if item.introduction.is_some() {
            favours::decide(world, who, &item, choice);
            continue;
        }
        let yes = choice > 3 || item.kind == ItemKind::Fork;
        let person = world.people(who).into_iter().find(|person| person.id == item.person);
        let other = person.and_then(|person| person.identity).and_then(|id| world.who_is(id));
        if let (false, Some(other)) = (yes, other) {
            memory.borrow_mut().refused.insert((who.min(other), who.max(other)));
        }
        world.decides(who, &item, yes, None);
    }
}

/// Somebody forgets one of their contacts.
fn part(world: &mut World, who: Who, other: Who, memory: &RefCell<Memory>) {
    let Some(person) = world.knows(who, other).filter(|_| runs(world, who)) else { return };
    memory.borrow_mut().refused.insert((who.min(other), who.max(other)));
    // After a crash they may have been forgotten already.
    let _ = world.tries(who, |turn| turn.forget_person(person.id));
}

fn trouble(world: &mut World, who: Who, kind: u32, hours: u64, crash: Crash) {
    if !runs(world, who) {
        return;
    }
    let hidden = world.home(who).address.is_none();
    match kind {
        0 => world.restarts(who),
        1 if !hidden => world.moves(who),
        2 => {
            world.goes_offline(who);
            world.after(hours * HOUR, move |world| world.comes_online(who));
        }
        3 => {
            world.stop(who);
            world.after(hours * HOUR, move |world| {
                if !runs(world, who) {
                    world.start(who);
                }
            });
        }
        _ => {
            let next = world.home(who).steps + hours % 5;
            world.home_mut(who).crash = Some((next, crash));
        }
    }
}
