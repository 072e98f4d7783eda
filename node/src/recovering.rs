//! Going on from nothing but 24 words: contacts are asked for what they keep.
//!
//! Whoever shows a code gives back a capsule, if they hold one. It names some of my contacts with the secrets that I share
//! with them, and each of those keeps a capsule that names others. So one contact leads to all who are there at this hour.
//! All this goes over a network that is nobody's: there is no home before everything is found.
//!
//! Where nobody shows a code, the address of one contact's node does: its key, which the handshake tells, and the words give
//! the secret of a door that it opened for who has them ([`RecoveryDoor`]).
//!
//! Whoever goes on from a backup asks in the same way for people whom they met since it was made, beginning with the contacts
//! in it.

mod place;

pub use place::{NoPlace, Place};

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use kith_protocol::address::Hint;
use kith_protocol::card::OwnCard;
use kith_protocol::engine::{self, Answer, Effect, Engine, Own, Recovery};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IdentityId, Locator, PeerId, SessionId};
use kith_protocol::identity::{History, NodeGrant};
use kith_protocol::invite::Invite;
use kith_protocol::record::Signed;
use kith_protocol::recovery::{Acquaintance, Addressee, Capsule, GivenBack, Keeper, RecoveryDoor};
use kith_protocol::store::{Store, StoreError};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::home::{Home, HomeError};
use crate::machine::{now, random};
use crate::network::{self, CallFailure, Config, Event, Limits, Network, NetworkError};

/// How long the first contact is waited for.
const FIRST: Duration = Duration::from_secs(30);
/// How long the others are waited for, all together.
const OTHERS: Duration = Duration::from_secs(30);
/// Calls at the same time.
const AT_ONCE: usize = 16;
/// People who are taken back, those of the first capsules: all of them are stored in one commit.
const MOST: usize = 512;
/// People met since a backup who are taken back in one commit, each with a capsule for them.
const TAKEN_AT_ONCE: usize = 64;
/// Contacts in a backup who are asked whom I met since.
const ASKED: usize = 256;
/// Capsules under one keeper id that are tried: whoever has heard of the id may have put theirs there.
const TRIED: u32 = 64;

/// Why somebody is not back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Nobody answered where the code leads, or at the address.
    #[error("the node of {0} was not reached")]
    NotReached(Asked),
    /// Their node answered, and has nothing that these words open.
    #[error("{0} keeps nothing for these words")]
    NothingKept(Asked),
    /// Who is there has no door for who has these words.
    #[error("a node is at this address, and has no door for these words")]
    NotLetIn,
    /// Another node is there than the address says.
    #[error("another node is at this address than the one that it names")]
    SomebodyElse,
    /// The network does not start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The folder cannot become the home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// What was found is no home.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The storage cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who is back, and how much of what they had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The name on the card.
    pub name: Name,
    /// Contacts that are contacts again.
    pub contacts: usize,
    /// Contacts who were there and gave back what they keep.
    pub answered: usize,
}

/// The contact who is asked first.
#[derive(Clone, Debug)]
pub enum First {
    /// Whoever shows this code.
    Shows(Invite),
    /// Whoever is there.
    IsAt(Place),
}

/// How the one who was asked first was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// By a code.
    ByCode,
    /// By an address.
    ByAddress,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ByCode => "the one who shows this code",
            Self::ByAddress => "whoever is at this address",
        })
    }
}

impl First {
    const fn asked(&self) -> Asked {
        match self {
            Self::Shows(_) => Asked::ByCode,
            Self::IsAt(_) => Asked::ByAddress,
        }
    }

    fn target(self) -> Target {
        match self {
            Self::Shows(code) => {
                let to = Addressee { id: code.key.0, key: code.key, secret: code.shared_secret() };
                Target { whom: Whom::Known(to), is_contact: false, is_again: false, peer: None, hints: code.hints }
            }
            Self::IsAt(Place { hints, peer }) => {
                Target { whom: Whom::BehindDoor, is_contact: false, is_again: false, peer, hints }
            }
        }
    }
}

/// Makes a home of the words and of what contacts keep, beginning with this one.
///
/// # Errors
/// If somebody lives in the folder, or nothing was given back.
pub async fn recover(home: &Home, first: First, words: &RecoveryWords) -> Result<Recovered, RecoverError> {
    let asked = first.asked();
    let mut search = Search::new(words)?;
    search.waiting.push_back(first.target());
    let (found, end) = search.run().await?;
    let nothing = match end {
        End::Answered => RecoverError::NothingKept(asked),
        End::NotLetIn if asked == Asked::ByAddress => RecoverError::NotLetIn,
        End::SomebodyElse if asked == Asked::ByAddress => RecoverError::SomebodyElse,
        End::NotLetIn | End::SomebodyElse | End::NotReached => RecoverError::NotReached(asked),
    };
    let Found { history, key, card: (_, card), people, answered } = found.ok_or(nothing)?;
    let recovered = Recovered { name: card.name.clone(), contacts: people.len(), answered };
    home.begin_anew(|store, peer| {
        let people = people.into_values().collect();
        let recovery = Recovery { words, history, key, card, people, peer };
        let step = engine::recover(&*store, now(), random(), recovery)?;
        Ok::<_, RecoverError>(store.commit(&step.writes)?)
    })?;
    Ok(recovered)
}

/// Who was met since a backup was made, and is a contact again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetSince {
    /// What they are called.
    pub people: Vec<Name>,
    /// Contacts that the backup knows.
    pub contacts: usize,
    /// Those who gave back what they keep, of all of these.
    pub answered: usize,
}

/// Asks the contacts of a home, which was restored from a backup that was `made` then, whom its owner met since. Those are
/// contacts again, and asked for what they wrote. The home must not be in use. Whoever has the machine of before could have put
/// people of theirs there, so this is for one that is gone.
///
/// # Errors
/// If these are not its words, or there is no network to ask over.
pub async fn ask_whom_i_met_since(
    home: &Home,
    words: &RecoveryWords,
    made: Timestamp,
) -> Result<MetSince, RecoverError> {
    let (_, store, _, _lock) = home.open()?.into_parts();
    let mut store = store;
    let own = Own::load(&store)?;
    let mut search = Search::new(words)?;
    search.since = made;
    search.found = Some(Found::of(&own));
    engine::acquaintances(&store, ASKED)?.into_iter().for_each(|one| search.meet(one));
    let known: BTreeSet<IdentityId> = search.found.iter().flat_map(|found| found.people.keys().copied()).collect();
    let (found, _) = search.run().await?;
    let (people, answered) = found.map_or_else(Default::default, |found| (found.people, found.answered));
    let met: Vec<_> = people.into_iter().filter(|(id, _)| !known.contains(id)).map(|(_, one)| one).collect();
    let mut people = Vec::new();
    for some in met.chunks(TAKEN_AT_ONCE) {
        let mut engine = Engine::open(&store)?;
        let (taken, step) = engine.turn(&store, now(), random(), |turn| turn.met_since(some.to_vec()))?;
        store.commit(&step.writes)?;
        people.extend(taken);
    }
    store.close()?;
    Ok(MetSince { people, contacts: known.len(), answered })
}

/// Somebody to ask.
struct Target {
    whom: Whom,
    /// True if they stand in what others gave back.
    is_contact: bool,
    /// They were called once in vain.
    is_again: bool,
    peer: Option<PeerId>,
    hints: Vec<Hint>,
}

/// Whom a wish is for.
enum Whom {
    Known(Addressee),
    /// Whoever answers, at the door for who has the words.
    BehindDoor,
}

/// Somebody who was reached and asked.
struct Asking {
    to: Addressee,
    is_contact: bool,
    /// How many of their capsules were passed over.
    skip: u32,
}

/// How far it came with those who were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    NotReached,
    /// Another node was there.
    SomebodyElse,
    /// A node was there, and did not answer the hello.
    NotLetIn,
    Answered,
}

/// What was found so far.
struct Found {
    history: History,
    /// The number of the newest key that a capsule names.
    key: u8,
    /// Of the newest one: when it was made, and my card.
    card: (Timestamp, OwnCard),
    people: BTreeMap<IdentityId, Acquaintance>,
    answered: usize,
}

impl Found {
    /// What a home knows without asking anybody.
    fn of(own: &Own) -> Self {
        let history = own.history();
        let (key, card) = (history.current(), (Timestamp::from_secs(0), own.card.clone()));
        Self { history, key, card, people: BTreeMap::new(), answered: 0 }
    }
}

struct Search<'w> {
    words: &'w RecoveryWords,
    keeper: Keeper,
    network: Network,
    events: mpsc::Receiver<Event>,
    waiting: VecDeque<Target>,
    calling: BTreeMap<Locator, Target>,
    asking: BTreeMap<SessionId, Asking>,
    end: End,
    /// What was kept before says nothing: whoever stands there may have been forgotten meanwhile.
    since: Timestamp,
    found: Option<Found>,
}

impl<'w> Search<'w> {
    fn new(words: &'w RecoveryWords) -> Result<Self, RecoverError> {
        let keypair_seed = kith_protocol::crypto::sign::SecretSeed(random());
        let limits = Limits::default();
        let (network, events) = network::start(Config { keypair_seed, listen: Vec::new(), limits, holder: None })?;
        let (waiting, calling, asking) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new());
        let (keeper, since) = (Keeper::of(words), Timestamp::from_secs(0));
        Ok(Self { words, keeper, network, events, waiting, calling, asking, end: End::NotReached, since, found: None })
    }

    /// Asks until everybody has answered, or nobody does any more. What was found, and how far it came.
    async fn run(mut self) -> Result<(Option<Found>, End), RecoverError> {
        let mut until = Instant::now() + FIRST;
        loop {
            self.call_others().await?;
            if self.calling.is_empty() && self.asking.is_empty() {
                break;
            }
            let Ok(Some(event)) = timeout_at(until, self.events.recv()).await else { break };
            let found_before = self.found.is_some();
            self.happens(event).await?;
            if self.found.is_some() && !found_before {
                until = Instant::now() + OTHERS;
            }
        }
        self.network.shutdown().await;
        Ok((self.found, self.end))
    }

    async fn call_others(&mut self) -> Result<(), RecoverError> {
        while self.calling.len() + self.asking.len() < AT_ONCE
            && let Some(target) = self.waiting.pop_front()
        {
            self.call(target).await?;
        }
        Ok(())
    }

    async fn call(&mut self, target: Target) -> Result<(), RecoverError> {
        let (peer, addresses) = (target.peer, target.hints.clone());
        match &target.whom {
            Whom::Known(to) => {
                let (locator, secret) = (to.secret.locator(), to.secret.clone());
                self.calling.insert(locator, target);
                self.network.run(Effect::Call { locator, secret, peer, addresses }).await?;
            }
            Whom::BehindDoor => {
                let (name, words) = (Locator(random()), self.words.clone());
                let secret = move |node: &PeerId| RecoveryDoor::of_words(&words, node).map(|door| door.secret());
                self.calling.insert(name, target);
                self.network.call_whoever(name, Box::new(secret), peer, addresses).await?;
            }
        }
        Ok(())
    }

    async fn happens(&mut self, event: Event) -> Result<(), RecoverError> {
        match event {
            Event::SessionOpened { session, locator, peer, .. } => {
                if let Some(target) = self.calling.remove(&locator) {
                    self.end = End::Answered;
                    self.meets(session, target, peer).await?;
                }
            }
            Event::CallFailed { locator, reason } => {
                let target = self.calling.remove(&locator);
                match reason {
                    CallFailure::NotAnswered => self.end = self.end.max(End::NotLetIn),
                    // A relay that was just being left, or too much at once; whoever took all the time had it.
                    CallFailure::Busy | CallFailure::Unreachable => {
                        let again = target.filter(|target| !target.is_again);
                        self.waiting.extend(again.map(|target| Target { is_again: true, ..target }));
                    }
                    CallFailure::WrongPeer => self.end = self.end.max(End::SomebodyElse),
                    CallFailure::NoAddress | CallFailure::Timeout => {}
                }
            }
            Event::LetterAnswered { session, outcome, .. } => {
                if let Some(asking) = self.asking.remove(&session) {
                    self.answered(session, asking, outcome).await?;
                }
            }
            Event::SessionClosed { session } => {
                self.asking.remove(&session);
            }
            // What they have for me comes again once I am at home.
            Event::LetterArrived { ticket, .. } => {
                self.network.run(Effect::Answer { ticket, answer: Answer::Later }).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The one who was called answered: now it is known who is behind a door.
    async fn meets(&mut self, session: SessionId, target: Target, peer: PeerId) -> Result<(), RecoverError> {
        let to = match target.whom {
            Whom::Known(to) => Some(to),
            Whom::BehindDoor => RecoveryDoor::of_words(self.words, &peer).map(|door| door.addressee()),
        };
        // There is one: the hello went under its secret.
        let Some(to) = to else { return Ok(()) };
        self.ask(session, Asking { to, is_contact: target.is_contact, skip: 0 }).await
    }

    async fn ask(&mut self, session: SessionId, asking: Asking) -> Result<(), RecoverError> {
        // A key that nothing can be sealed to is nobody's.
        let Ok(wish) = self.keeper.wish(&asking.to, asking.skip, now(), random()) else { return Ok(()) };
        self.asking.insert(session, asking);
        self.network.run(Effect::Send { session, letter: wish.id, sealed: wish.sealed.bytes }).await?;
        Ok(())
    }

    async fn answered(
        &mut self,
        session: SessionId,
        asking: Asking,
        outcome: Option<Answer>,
    ) -> Result<(), RecoverError> {
        let Some(Answer::GivenBack(bytes)) = outcome else {
            return Ok(self.network.run(Effect::HangUp { session }).await?);
        };
        let is_mine = self.take(bytes.as_slice());
        if !is_mine && asking.skip + 1 < TRIED {
            return self.ask(session, Asking { skip: asking.skip + 1, ..asking }).await;
        }
        // Whoever is asked first is asked again as the contact that they are, and counted then.
        if let Some(found) = self.found.as_mut().filter(|_| is_mine && asking.is_contact) {
            found.answered += 1;
        }
        Ok(self.network.run(Effect::HangUp { session }).await?)
    }

    /// True if the words open it and fit the history that comes with it.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let Ok(given) = wire::decode::<GivenBack>(bytes) else { return false };
        let Ok(history) = History::from_bytes(&given.history) else { return false };
        let Ok(capsule) = Capsule::open(given.sealed.as_slice(), &self.words.backup_key()) else { return false };
        if history.rotate(self.words).is_err() {
            return false;
        }
        let Capsule { made, card, people, key } = capsule;
        if made < self.since {
            return true;
        }
        match &mut self.found {
            None => self.found = Some(Found { history, key, card: (made, card), people: BTreeMap::new(), answered: 0 }),
            Some(found) => {
                found.key = found.key.max(key);
                if history.id() == found.history.id() && history.current() > found.history.current() {
                    found.history = history;
                }
                if made > found.card.0 {
                    found.card = (made, card);
                }
            }
        }
        for one in people {
            self.meet(one);
        }
        true
    }

    /// A contact of before: taken back, and asked in turn.
    fn meet(&mut self, one: Acquaintance) {
        let Some(found) = &mut self.found else { return };
        let Some((id, target)) = target_of(&one) else { return };
        if found.people.len() < MOST && id != found.history.id() && !found.people.contains_key(&id) {
            found.people.insert(id, one);
            self.waiting.push_back(target);
        }
    }
}

/// Where a contact can be asked; `None` if what is known of them does not hold together.
fn target_of(one: &Acquaintance) -> Option<(IdentityId, Target)> {
    let history = History::from_bytes(&one.history).ok()?;
    let grant = history.verify(Signed::<NodeGrant>::from_bytes(one.grant.as_slice()).ok()?).ok()?;
    let secret: SharedSecret = one.pair.clone();
    let to = Addressee { id: history.id().0, key: grant.encryption, secret };
    let (whom, peer) = (Whom::Known(to), Some(grant.peer));
    Some((history.id(), Target { whom, is_contact: true, is_again: false, peer, hints: one.hints.clone() }))
}
