//! I go on from nothing but my words and what a contact kept for me.
//!
//! The machine of before is lost, and may be in other hands. So the key changes, with notice, and all contacts are told at
//! once. What only I had is gone: notes, letters, vouches, codes. What contacts wrote lately comes again.

use super::Engine;
use super::contact::KnownBefore;
use super::error::{Error, Result};
use super::own::{self, Own};
use super::person::Person;
use super::restore::CARD_AHEAD;
use super::rounds::Round;
use super::turn::{Step, Turn};
use super::txn::Txn;
use crate::card::OwnCard;
use crate::id::PeerId;
use crate::identity::{History, NodeGrant, Reason};
use crate::record::Signed;
use crate::recovery::Acquaintance;
use crate::store::Read;
use crate::text::Name;
use crate::time::Timestamp;
use crate::words::RecoveryWords;

/// What there is to go on from.
pub struct Recovery<'r> {
    /// The recovery words.
    pub words: &'r RecoveryWords,
    /// My key history, as a contact has seen it.
    pub history: History,
    /// The number of the newest key that any capsule names: the history goes on to there.
    pub key: u8,
    /// My card.
    pub card: OwnCard,
    /// Contacts whose secrets were kept.
    pub people: Vec<Acquaintance>,
    /// The libp2p key of this machine.
    pub peer: PeerId,
}

/// Makes a home in an empty storage.
///
/// # Errors
/// [`Error::IdentityExists`] if there is one, or [`Error::NotNow`] if the words do not fit the history.
pub fn recover(read: &dyn Read, now: Timestamp, seed: [u8; 32], recovery: Recovery<'_>) -> Result<Step> {
    let mut random = crate::crypto::Random::new(seed);
    let Recovery { words, mut history, key, mut card, people, peer } = recovery;
    let next = |history: &History| history.rotate(words).map_err(|_| Error::NotNow(own::OTHER_WORDS));
    // What nobody gave back follows from the words; without it the next key would be one that the thief has.
    while history.current() < key {
        let rotation = next(&history)?;
        history.learn(rotation.bytes())?;
    }
    next(&history)?;
    // Who recovers twice from one capsule has changed the card since the first time.
    card.seq = (card.seq + CARD_AHEAD).max(now.secs());
    let begun = own::begin(read, now, random.bytes(), own::Start { words, history, card, peer })?;
    let mut whole = Txn::new(read);
    whole.absorb(&begun.writes);
    let (_, step) = Engine::open(&whole)?.turn(&whole, now, random.bytes(), |turn| turn.recovered(words, people))?;
    whole.absorb(&step.writes);
    Ok(Step { writes: whole.into_writes(), ..Step::default() })
}

impl Turn<'_> {
    fn recovered(&mut self, words: &RecoveryWords, people: Vec<Acquaintance>) -> Result<()> {
        let mut own = self.own()?;
        own.generation = self.next_generation(own.generation);
        self.txn.save(&own);
        for one in people {
            self.take_back(&own, one)?;
        }
        self.rotate(words, None, Reason::Compromised)
    }

    /// A backup is back, and contacts kept these whom I met since it was made: those whom I do not know are contacts again, and
    /// asked for what they wrote. What they are called.
    pub fn met_since(&mut self, people: Vec<Acquaintance>) -> Result<Vec<Name>> {
        let own = self.own()?;
        let all_they_wrote = Some(Timestamp::from_secs(0));
        let news = Round { grant: true, capsules: true, resume: all_they_wrote, ..Round::default() };
        let mut taken = Vec::new();
        for one in people {
            if let Some(person) = self.take_back(&own, one)? {
                taken.push(person.name.clone());
                self.tell_news(&own, person, &news)?;
            }
        }
        Ok(taken)
    }

    /// Somebody is a contact again, as far as they can be: their card comes from themselves. `None` if I know them, or what is
    /// known of them does not hold together.
    fn take_back(&mut self, own: &Own, one: Acquaintance) -> Result<Option<Person>> {
        let Ok(history) = History::from_bytes(&one.history) else { return Ok(None) };
        if history.id() == own.id() || self.person_of(history.id())?.is_some() {
            return Ok(None);
        }
        let grant = Signed::<NodeGrant>::from_bytes(one.grant.as_slice()).ok();
        let Some(grant) = grant.and_then(|grant| history.verify(grant).ok()) else { return Ok(None) };
        let Acquaintance { pair, hints, mailboxes, name, tier, presence, .. } = one;
        let grant = &grant;
        let known = KnownBefore { history: &history, grant, hints, mailboxes, pair, name, tier, presence };
        self.hold_again(known).map(Some)
    }
}
