//! Going on from nothing but 24 words: contacts are asked for what they keep.
//!
//! Whoever shows a code gives back a capsule, if they hold one. It names some of my contacts with the secrets that I share
//! with them, and each of those keeps a capsule that names others. So one contact leads to all who are there at this hour.
//! All this goes over a network that is nobody's: there is no home before everything is found.
//!
//! Whoever goes on from a backup asks in the same way for people whom they met since it was made, beginning with the contacts
//! in it.

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
use kith_protocol::recovery::{Acquaintance, Addressee, Capsule, GivenBack, Keeper};
use kith_protocol::store::{Store, StoreError};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::home::{Home, HomeError};
use crate::machine::{now, random};
use crate::network::{self, Config, Event, Limits, Network, NetworkError};

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
    /// Nobody answered where the code leads.
    #[error("the node of the one who shows this code was not reached")]
    NotReached,
    /// Their node answered, and has nothing that these words open.
    #[error("the one who shows this code keeps nothing for these words")]
    NothingKept,
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

/// Makes a home of the words and of what contacts keep, beginning with the one who shows the code.
///
/// # Errors
/// If somebody lives in the folder, or nothing was given back.
pub async fn recover(home: &Home, code: &Invite, words: &RecoveryWords) -> Result<Recovered, RecoverError> {
    let mut search = Search::new(words)?;
    let to = Addressee { id: code.key.0, key: code.key, secret: code.shared_secret() };
    search.waiting.push_back(Target { to, peer: None, hints: code.hints.clone() });
    let (found, was_reached) = search.run().await?;
    let nothing = if was_reached { RecoverError::NothingKept } else { RecoverError::NotReached };
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
    to: Addressee,
    peer: Option<PeerId>,
    hints: Vec<Hint>,
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
    /// Who was reached, and how many of their capsules were passed over.
    asked: BTreeMap<SessionId, (Target, u32)>,
    was_reached: bool,
    /// What was kept before says nothing: whoever stands there may have been forgotten meanwhile.
    since: Timestamp,
    found: Option<Found>,
}

impl<'w> Search<'w> {
    fn new(words: &'w RecoveryWords) -> Result<Self, RecoverError> {
        let keypair_seed = kith_protocol::crypto::sign::SecretSeed(random());
        let limits = Limits::default();
        let (network, events) = network::start(Config { keypair_seed, listen: Vec::new(), limits, holder: None })?;
        let (waiting, calling, asked) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new());
        let (keeper, since) = (Keeper::of(words), Timestamp::from_secs(0));
        Ok(Self { words, keeper, network, events, waiting, calling, asked, was_reached: false, since, found: None })
    }

    /// Asks until everybody has answered, or nobody does any more. What was found, and whether anybody was reached.
    async fn run(mut self) -> Result<(Option<Found>, bool), RecoverError> {
        let mut until = Instant::now() + FIRST;
        loop {
            self.call_others().await?;
            if self.calling.is_empty() && self.asked.is_empty() {
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
        Ok((self.found, self.was_reached))
    }

    async fn call_others(&mut self) -> Result<(), RecoverError> {
        while self.calling.len() + self.asked.len() < AT_ONCE
            && let Some(target) = self.waiting.pop_front()
        {
            let (secret, peer, addresses) = (target.to.secret.clone(), target.peer, target.hints.clone());
            let locator = secret.locator();
            self.calling.insert(locator, target);
            self.network.run(Effect::Call { locator, secret, peer, addresses }).await?;
        }
        Ok(())
    }

    async fn happens(&mut self, event: Event) -> Result<(), RecoverError> {
        match event {
            Event::SessionOpened { session, locator, .. } => {
                if let Some(target) = self.calling.remove(&locator) {
                    self.was_reached = true;
                    self.ask(session, target, 0).await?;
                }
            }
            Event::CallFailed { locator, .. } => {
                self.calling.remove(&locator);
            }
            Event::LetterAnswered { session, outcome, .. } => {
                if let Some((target, skip)) = self.asked.remove(&session) {
                    self.answered(session, target, skip, outcome).await?;
                }
            }
            Event::SessionClosed { session } => {
                self.asked.remove(&session);
            }
            // What they have for me comes again once I am at home.
            Event::LetterArrived { ticket, .. } => {
                self.network.run(Effect::Answer { ticket, answer: Answer::Later }).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn ask(&mut self, session: SessionId, target: Target, skip: u32) -> Result<(), RecoverError> {
        // A key that nothing can be sealed to is nobody's.
        let Ok(wish) = self.keeper.wish(&target.to, skip, now(), random()) else { return Ok(()) };
        self.asked.insert(session, (target, skip));
        self.network.run(Effect::Send { session, letter: wish.id, sealed: wish.sealed.bytes }).await?;
        Ok(())
    }

    async fn answered(
        &mut self,
        session: SessionId,
        target: Target,
        skip: u32,
        outcome: Option<Answer>,
    ) -> Result<(), RecoverError> {
        let Some(Answer::GivenBack(bytes)) = outcome else {
            return Ok(self.network.run(Effect::HangUp { session }).await?);
        };
        let is_mine = self.take(bytes.as_slice());
        if !is_mine && skip + 1 < TRIED {
            return self.ask(session, target, skip + 1).await;
        }
        // Whoever shows the code is asked again as the contact that they are, and counted then.
        if let Some(found) = self.found.as_mut().filter(|_| is_mine && target.peer.is_some()) {
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
    Some((history.id(), Target { to, peer: Some(grant.peer), hints: one.hints.clone() }))
}
