//! The task that speaks and listens while the node looks around.
//!
//! It is a task of its own, so that whatever is shouted on a network keeps nobody from their letters: it reads so many
//! messages a second and no more, and passes on nothing but names of contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use futures::StreamExt;
use if_watch::tokio::IfWatcher;
use kith_protocol::address::{Hint, Host, Reach};
use kith_protocol::nearby::{Day, PresenceSeed};
use libp2p::Multiaddr;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::names::Names;
use super::packet::{self, Said};
use super::sightings::Sightings;
use super::socket::Ground;
use crate::machine::now;
use crate::network::addresses;

/// Between two questions on one network. Who hears another one's question need not ask, since all hear the answers.
const QUESTIONS: Duration = Duration::from_secs(20);
/// After the first question, while the other ends may not be ready yet.
const FIRST_QUESTIONS: u32 = 4;
/// Between two of these, then twice as long, and so on.
const NEXT_QUESTION: Duration = Duration::from_secs(1);
/// Between two answers on one network, however often it is asked: a hall with hundreds of nodes shares the air.
const ANSWERS: Duration = Duration::from_secs(2);
/// Messages that are read in one span of time; more are left to the system, which drops them.
const BUDGET: u32 = 100;
/// That span.
const SPAN: Duration = Duration::from_millis(100);
/// Between two looks at the calendar: a laptop may have slept over midnight.
const CALENDAR: Duration = Duration::from_secs(30);

/// What the lookout is there for.
#[derive(Debug, Default)]
pub(super) struct Aims {
    /// What our own names follow from.
    pub own: Option<PresenceSeed>,
    /// What the names follow from that are listened for.
    pub expected: BTreeSet<PresenceSeed>,
    /// Where this node listens.
    pub listening: BTreeSet<Multiaddr>,
}

/// Who was heard where; nowhere any more if there are no addresses.
pub(super) type Sighting = (PresenceSeed, Vec<Hint>);

/// What is still to be said on one network.
#[derive(Debug)]
struct Talk {
    asked: u32,
    ask: Instant,
    answered: Option<Instant>,
    answer: Option<Instant>,
}

pub(super) struct Lookout {
    ground: Ground,
    watcher: IfWatcher,
    watches: bool,
    aims: watch::Receiver<Aims>,
    found: mpsc::Sender<Sighting>,
    names: Names,
    sightings: Sightings,
    talks: BTreeMap<Ipv4Addr, Talk>,
    day: Day,
    calendar: Instant,
    budget: u32,
    refill: Instant,
}

impl Lookout {
    pub(super) fn new(aims: watch::Receiver<Aims>, found: mpsc::Sender<Sighting>) -> std::io::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            ground: Ground::open()?,
            watcher: IfWatcher::new()?,
            watches: true,
            aims,
            found,
            names: Names::default(),
            sightings: Sightings::default(),
            talks: BTreeMap::new(),
            day: today(),
            calendar: now + CALENDAR,
            budget: BUDGET,
            refill: now,
        })
    }

    /// Runs until nobody wants to know any more.
    pub(super) async fn run(mut self) {
        let mut buffer = [0; packet::LONGEST];
        self.aims.mark_changed();
        loop {
            let deadline = self.next_deadline();
            tokio::select! {
                changed = self.aims.changed() => match changed {
                    Ok(()) => self.take_aims().await,
                    Err(_) => return,
                },
                change = self.watcher.next(), if self.watches => match change {
                    Some(Ok(change)) => {
                        self.ground.change(change);
                        self.look_at_networks();
                    }
                    // The system tells no more of its networks: those that are known stay.
                    Some(Err(_)) | None => {
                        tracing::warn!("changes of the networks here are not seen any more; event mode off and on looks again");
                        self.watches = false;
                    }
                },
                heard = self.ground.hear(&mut buffer), if self.budget > 0 => {
                    self.budget -= 1;
                    if let Some((length, speaker)) = heard
                        && let Some(said) = buffer.get(..length).and_then(packet::read)
                    {
                        self.heard(said, speaker);
                    }
                }
                () = tokio::time::sleep_until(deadline) => self.on_deadline().await,
            }
            for news in self.sightings.news(Instant::now()) {
                if self.found.send(news).await.is_err() {
                    return;
                }
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let talks = self.talks.values().flat_map(|talk| [Some(talk.ask), talk.answer]).flatten();
        let refill = (self.budget == 0).then_some(self.refill + SPAN);
        talks.chain(refill).chain(self.sightings.next_deadline()).chain([self.calendar]).min().unwrap_or(self.calendar)
    }

    async fn on_deadline(&mut self) {
        let now = Instant::now();
        if self.refill + SPAN <= now {
            (self.budget, self.refill) = (BUDGET, now);
        }
        if self.calendar <= now {
            self.calendar = now + CALENDAR;
            if self.day != today() {
                self.day = today();
                self.take_aims().await;
            }
        }
        self.speak(now);
    }

    /// Something about ourselves or about whom we expect is different from before.
    async fn take_aims(&mut self) {
        let expected = self.aims.borrow_and_update().expected.clone();
        self.sightings.retain(|seed| expected.contains(seed));
        let (names, day) = (std::mem::take(&mut self.names), self.day);
        // Thousands of names take a while.
        let become_those = move || names.become_those_of(&expected, day);
        if let Ok(names) = tokio::task::spawn_blocking(become_those).await {
            self.names = names;
        }
        self.look_at_networks();
    }

    /// Begins to talk on networks where this node listens, and ends it elsewhere.
    fn look_at_networks(&mut self) {
        let now = Instant::now();
        let here: BTreeSet<Ipv4Addr> =
            self.ground.addresses().into_iter().filter(|own| !self.places_on(*own).is_empty()).collect();
        self.talks.retain(|own, _| here.contains(own));
        for own in here {
            let talk = self.talks.entry(own).or_insert(Talk { asked: 0, ask: now, answered: None, answer: None });
            // Whoever is there learns at once of a new address, name or neighbour.
            talk.owe_answer(now);
        }
    }

    /// Where this node listens on the network on which it has this address.
    fn places_on(&self, own: Ipv4Addr) -> Vec<Multiaddr> {
        let is_there = |address: &&Multiaddr| {
            addresses::hint(address).is_some_and(|hint| hint.host == Host::Ip4(own) && hint.reach == Reach::Lan)
        };
        self.aims.borrow().listening.iter().filter(is_there).cloned().collect()
    }

    /// Asks and answers where it is time to.
    fn speak(&mut self, now: Instant) {
        let answers = |own: &Ipv4Addr| {
            let name = self.aims.borrow().own.as_ref().map(|seed| seed.name_of(self.day))?;
            packet::answer(&name, &self.places_on(*own))
        };
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let to_answer = self.talks.iter().filter(|(_, talk)| due(talk.answer));
        let to_answer: Vec<_> = to_answer.map(|(own, _)| (*own, answers(own))).collect();
        for (own, answer) in to_answer {
            if let Some(talk) = self.talks.get_mut(&own) {
                (talk.answered, talk.answer) = (Some(now), None);
            }
            answer.iter().for_each(|answer| self.ground.say(own, answer));
        }
        for (own, talk) in self.talks.iter_mut().filter(|(_, talk)| talk.ask <= now) {
            talk.next_question(now);
            self.ground.say(*own, &packet::question());
        }
    }

    /// Whoever speaks must be on a network of ours, and can say where they are for themselves alone.
    fn heard(&mut self, said: Said, speaker: Ipv4Addr) {
        let now = Instant::now();
        let own = self.ground.network_of(speaker);
        let Some(talk) = own.filter(|own| *own != speaker).and_then(|own| self.talks.get_mut(&own)) else { return };
        match said {
            Said::Question => {
                talk.owe_answer(now);
                if talk.asked > FIRST_QUESTIONS {
                    talk.ask = now + QUESTIONS;
                }
            }
            Said::Names(names) => {
                for (name, hint) in names.into_iter().filter(|(_, hint)| hint.host == Host::Ip4(speaker)) {
                    if let Some(seed) = self.names.whose(&name) {
                        self.sightings.note(seed, hint, now);
                    }
                }
            }
        }
    }
}

impl Talk {
    fn owe_answer(&mut self, now: Instant) {
        let soonest = self.answered.map_or(now, |answered| now.max(answered + ANSWERS));
        self.answer.get_or_insert(soonest);
    }

    fn next_question(&mut self, now: Instant) {
        let pause = if self.asked < FIRST_QUESTIONS { NEXT_QUESTION * (1 << self.asked) } else { QUESTIONS };
        self.ask = now + pause;
        self.asked = self.asked.saturating_add(1);
    }
}

fn today() -> Day {
    Day::of(now())
}
