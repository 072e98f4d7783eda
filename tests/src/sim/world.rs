//! The world: everybody's homes, the time, and what is going to happen.

use std::collections::BTreeMap;

use kith_protocol::address::Hint;
use kith_protocol::crypto::sha256;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::day_record::DayKey;
use kith_protocol::engine::{self, Answer, Beginning, Engine, Errand, Error, Left, Step, Ticket, Turn};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IdentityId, Locator, PeerId, SessionId};
use kith_protocol::mailbox::Leave;
use kith_protocol::store::{MemoryStore, Store, Table};
use kith_protocol::time::Timestamp;
use kith_protocol::words::RecoveryWords;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::check::Consents;
use super::dht::Dht;
use super::home::{Crash, Home, Who};
use super::mailboxes::Mailboxes;
use super::network::{Asked, Link, Weather};
use super::queue::{Millis, Queue};

/// What can happen.
pub(super) enum Event {
    Wake { who: Who, run: u64 },
    Rings { who: Who, run: u64, locator: Locator, secret: SharedSecret, peer: Option<PeerId>, addresses: Vec<Hint> },
    CallFails { who: Who, run: u64, locator: Locator },
    Opened { who: Who, run: u64, session: SessionId, locator: Locator },
    Closed { who: Who, run: u64, session: SessionId },
    Arrives { asked: Asked, sealed: Vec<u8> },
    Answered { asked: Asked, answer: Answer },
    Unanswered { asked: Asked },
    Collects { who: Who, run: u64, host: PeerId },
    Leaves { who: Who, run: u64, errand: Errand, host: Option<PeerId>, at: Vec<Hint>, leave: Box<Leave> },
    Posted { who: Who, run: u64, key: DayKey, is_taken: bool },
    Sought { who: Who, run: u64, key: DayKey },
    ParcelLeft { who: Who, run: u64, errand: Errand, outcome: Left },
    Starts { who: Who, run: u64 },
    Act(Box<dyn FnOnce(&mut World)>),
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Letters given to the network.
    pub sent: u64,
    /// Letters that arrived and were answered.
    pub answered: u64,
    /// Of these, with "later".
    pub later: u64,
    /// Letters that were handled.
    pub handled: u64,
    /// Steps of all engines.
    pub steps: u64,
}

/// A world of people.
pub struct World {
    /// Milliseconds since the beginning.
    pub now: Millis,
    /// How badly letters are carried from now on.
    pub weather: Weather,
    /// What the run came to so far.
    pub figures: Figures,
    pub(super) random: StdRng,
    pub(super) homes: Vec<Home>,
    /// The libp2p keys of machines.
    pub(super) machines: BTreeMap<PeerId, SigningKey>,
    /// Who has which identity; of several homes with one, the first.
    pub(super) ids: BTreeMap<IdentityId, Who>,
    pub(super) queue: Queue<Event>,
    pub(super) links: BTreeMap<SessionId, Link>,
    pub(super) attempts: u64,
    pub(super) tickets: u64,
    pub(super) open_tickets: BTreeMap<Ticket, Asked>,
    pub(super) answers: BTreeMap<Ticket, Answer>,
    pub(super) consents: Consents,
    /// What strangers keep.
    pub dht: Dht,
    trace: [u8; 32],
}

/// When every world begins: 2027-01-15 08:00 UTC.
const BEGINNING: u64 = 1_800_000_000;
/// Wakings of one home within one millisecond that nobody needs.
const SPINS: u32 = 2_000;

impl World {
    /// A world without people, in fine weather. The same seed makes the same world, to the last byte.
    pub fn new(seed: u64) -> Self {
        Self {
            now: 0,
            weather: Weather::FINE,
            figures: Figures::default(),
            random: StdRng::seed_from_u64(seed),
            homes: Vec::new(),
            machines: BTreeMap::new(),
            ids: BTreeMap::new(),
            queue: Queue::new(),
            links: BTreeMap::new(),
            attempts: 0,
            tickets: 0,
            open_tickets: BTreeMap::new(),
            answers: BTreeMap::new(),
            consents: Consents::default(),
            dht: Dht::default(),
            trace: [0; 32],
        }
    }

    /// Everybody.
    pub fn whos(&self) -> impl Iterator<Item = Who> + use<> {
        (0..self.homes.len()).map(Who)
    }

    /// The home of somebody.
    pub fn home(&self, who: Who) -> &Home {
        &self.homes[who.0]
    }

    /// The home of somebody, to be tampered with.
    pub fn home_mut(&mut self, who: Who) -> &mut Home {
        &mut self.homes[who.0]
    }

    /// A number that depends on the seed of the world.
    pub fn choose(&mut self, below: usize) -> usize {
        self.random.random_range(0..below)
    }

    /// A digest of every step of everybody so far.
    pub const fn trace(&self) -> [u8; 32] {
        self.trace
    }

    /// The time by somebody's clock.
    pub fn clock(&self, who: Who) -> Timestamp {
        let secs = BEGINNING + self.now / 1000;
        Timestamp::from_secs(secs.saturating_add_signed(self.home(who).skew))
    }

    /// Somebody with a fresh identity, online, with a right clock and an address that everybody can dial.
    pub fn somebody(&mut self, name: &str) -> Who {
        let words = RecoveryWords::from_entropy(self.random.random());
        self.somebody_with(name, words)
    }

    /// Somebody with these recovery words.
    pub fn somebody_with(&mut self, name: &str, words: RecoveryWords) -> Who {
        let peer = self.fresh_machine();
        let mut store = MemoryStore::new();
        let beginning = Beginning { words: &words, name: kith_protocol::text::Name::new(name).unwrap(), peer };
        let now = Timestamp::from_secs(BEGINNING + self.now / 1000);
        let step = engine::create(&store, now, self.random.random(), beginning).unwrap();
        store.commit(&step.writes).unwrap();
        self.move_in(name, words, peer, store)
    }

    /// The libp2p id of a machine that nobody had before.
    pub(super) fn fresh_machine(&mut self) -> PeerId {
        let key = SigningKey::from_seed(&SecretSeed(self.random.random()));
        let peer = PeerId(*key.verify_key().as_bytes());
        self.machines.insert(peer, key);
        peer
    }

    /// A home from a storage that is there already.
    pub(super) fn move_in(&mut self, name: &str, words: RecoveryWords, peer: PeerId, store: MemoryStore) -> Who {
        let who = Who(self.homes.len());
        let engine = Engine::open(&store).unwrap();
        self.ids.entry(engine.id()).or_insert(who);
        self.homes.push(Home {
            name: name.to_owned(),
            words,
            id: engine.id(),
            store,
            engine: None,
            peer,
            skew: 0,
            address: Some(Home::fresh_address(who.0, 0)),
            online: true,
            part: 0,
            run: 0,
            notices: Vec::new(),
            steps: 0,
            crash: None,
            handled: BTreeMap::new(),
            mailboxes: Mailboxes::default(),
            names: Default::default(),
            doors: BTreeMap::new(),
            sessions: Default::default(),
            asked: BTreeMap::new(),
            wake: None,
            spins: 0,
        });
        self.start(who);
        who
    }

    /// Switches a node on: opens the storage and starts the network.
    pub fn start(&mut self, who: Who) {
        let home = self.home_mut(who);
        home.run += 1;
        home.engine = Some(Engine::open(&home.store).expect("a home that was closed can be opened"));
        let hints: Vec<Hint> = home.address.iter().cloned().collect();
        let run = home.run;
        // A machine that a story made up has some key or other.
        let peer = self.home(who).peer;
        let key = self.machines.get(&peer).cloned().unwrap_or_else(|| SigningKey::from_seed(&SecretSeed(peer.0)));
        self.input(who, |turn| turn.network_started(&key));
        for act in [0, 1] {
            if self.home(who).run == run && self.home(who).engine.is_some() {
                let hints = hints.clone();
                self.input(who, |turn| if act == 0 { turn.addresses_changed(hints) } else { turn.time_passed() });
            }
        }
    }

    /// Switches a node off, without any goodbye.
    pub fn stop(&mut self, who: Who) {
        let sessions = std::mem::take(&mut self.home_mut(who).sessions);
        let home = self.home_mut(who);
        home.run += 1;
        home.engine = None;
        home.wake = None;
        home.mailboxes.switched_off();
        home.names = Default::default();
        home.doors.clear();
        home.asked.clear();
        for session in sessions {
            self.cut(session);
        }
    }

    /// Plans an act.
    pub fn after(&mut self, secs: u64, act: impl FnOnce(&mut Self) + 'static) {
        self.queue.plan(self.now + secs * 1000, Event::Act(Box::new(act)));
    }

    /// Lets time pass.
    pub fn run_for(&mut self, secs: u64) {
        let until = self.now + secs * 1000;
        while let Some((at, event)) = self.queue.take(until) {
            self.now = at;
            self.happens(event);
        }
        self.now = until;
    }

    fn is_this_run(&self, who: Who, run: u64) -> bool {
        self.home(who).run == run && self.home(who).engine.is_some()
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wake { who, run } if self.is_this_run(who, run) => self.wakes(who),
            Event::Rings { who, run, locator, secret, peer, addresses } if self.is_this_run(who, run) => {
                self.rings(who, locator, &secret, peer, &addresses);
            }
            Event::CallFails { who, run, locator } if self.is_this_run(who, run) => {
                self.input(who, |turn| turn.call_failed(locator));
            }
            Event::Opened { who, run, session, locator } if self.is_this_run(who, run) => {
                if self.home(who).sessions.contains(&session) {
                    let peer = self.links.get(&session).map(|link| self.home(link.other(who)).peer);
                    let peer = peer.unwrap_or(PeerId([0; 32]));
                    self.input(who, |turn| turn.session_opened(session, locator, peer));
                } else {
                    self.input(who, |turn| turn.call_failed(locator));
                }
            }
            Event::Closed { who, run, session } if self.is_this_run(who, run) => {
                self.input(who, |turn| turn.session_closed(session));
            }
            Event::Arrives { asked, sealed } => self.arrives(asked, &sealed),
            Event::Answered { asked, answer } => self.answered(asked, Some(answer)),
            Event::Unanswered { asked } => self.answered(asked, None),
            Event::Collects { who, run, host } if self.is_this_run(who, run) => self.collects(who, host),
            Event::Leaves { who, run, errand, host, at, leave } if self.is_this_run(who, run) => {
                self.is_left(who, errand, host, &at, &leave);
            }
            Event::ParcelLeft { who, run, errand, outcome } if self.is_this_run(who, run) => {
                self.input(who, |turn| turn.parcel_left(errand, outcome));
            }
            Event::Posted { who, run, key, is_taken } if self.is_this_run(who, run) => {
                self.input(who, |turn| turn.posted(key, is_taken));
            }
            Event::Sought { who, run, key } if self.is_this_run(who, run) => self.sought(who, key),
            Event::Starts { who, run } => {
                if self.home(who).run == run {
                    self.start(who);
                }
            }
            Event::Act(act) => act(self),
            Event::Wake { .. }
            | Event::Rings { .. }
            | Event::CallFails { .. }
            | Event::Opened { .. }
            | Event::Collects { .. }
            | Event::Leaves { .. }
            | Event::ParcelLeft { .. }
            | Event::Posted { .. }
            | Event::Sought { .. }
            | Event::Closed { .. } => {}
        }
    }

    fn wakes(&mut self, who: Who) {
        if self.home(who).wake != Some(self.now) {
            return;
        }
        let now = self.now;
        let home = self.home_mut(who);
        home.wake = None;
        home.spins += 1;
        assert!(home.spins < SPINS, "{} is woken again and again at {now}", home.name);
        self.input(who, |turn| turn.time_passed());
    }

    /// Something happens to a node. Nothing that happens may end in an error.
    pub(super) fn input(&mut self, who: Who, act: impl FnOnce(&mut Turn<'_>) -> engine::Result<()>) {
        if let Some(Err(error)) = self.step(who, act) {
            panic!("the engine of {} failed at {}: {error}", self.home(who).name, self.now);
        }
    }

    /// One step of somebody's engine, made durable and carried out. `None` if the machine crashed in it.
    pub fn step<R>(
        &mut self,
        who: Who,
        act: impl FnOnce(&mut Turn<'_>) -> engine::Result<R>,
    ) -> Option<Result<R, Error>> {
        let (now, seed) = (self.clock(who), self.random.random());
        let home = self.home_mut(who);
        let engine = home.engine.as_mut().expect("the node runs");
        let (done, step) = match engine.turn(&home.store, now, seed, act) {
            Ok(done) => done,
            Err(error) => return Some(Err(error)),
        };
        let number = home.steps;
        home.steps += 1;
        let crash = home.crash.take_if(|(at, _)| *at == number).map(|(_, crash)| crash);
        if crash == Some(Crash::BeforeCommit) {
            self.crashes(who);
            return None;
        }
        self.commit(who, number, &step);
        if crash == Some(Crash::BeforeEffects) {
            self.crashes(who);
            return None;
        }
        self.run_effects(who, step.effects);
        self.plan_waking(who);
        Some(Ok(done))
    }

    fn commit(&mut self, who: Who, number: u64, step: &Step) {
        let now = self.now;
        let home = self.home_mut(who);
        home.store.commit(&step.writes).expect("the memory has room");
        home.notices.extend(step.notices.iter().map(|notice| (now, notice.clone())));
        let mut handled = 0;
        let mut digest = sha256(&[&number.to_be_bytes(), &now.to_be_bytes(), &who.0.to_be_bytes()]);
        for write in &step.writes {
            if write.table == Table::Handled && write.key.len() > 32 && write.value.is_some() {
                *home.handled.entry(write.key.clone()).or_default() += 1;
                handled += 1;
            }
            let value = write.value.as_deref().unwrap_or(b"gone");
            digest = sha256(&[&digest, &[write.table.number()], &write.key, value]);
        }
        let effects = step.effects.len().to_be_bytes();
        self.figures.steps += 1;
        self.figures.handled += handled;
        self.trace = sha256(&[&self.trace, &digest, &effects]);
    }

    fn crashes(&mut self, who: Who) {
        self.stop(who);
        let run = self.home(who).run;
        self.queue.plan(self.now + 1000, Event::Starts { who, run });
    }

    fn plan_waking(&mut self, who: Who) {
        let now = self.now;
        let home = self.home_mut(who);
        let Some(engine) = home.engine.as_ref() else { return };
        let Some(next) = engine.next_wakeup(&home.store).expect("a storage in memory answers") else { return };
        let secs = next.secs().saturating_add_signed(-home.skew).saturating_sub(BEGINNING);
        let at = (secs * 1000).max(now);
        if home.wake.is_none_or(|planned| at < planned || planned < now) {
            home.spins = if at == now { home.spins } else { 0 };
            home.wake = Some(at);
            let run = home.run;
            self.queue.plan(at, Event::Wake { who, run });
        }
    }
}
