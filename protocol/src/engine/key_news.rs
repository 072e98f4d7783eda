//! What answers to letters say of keys that one of two has not heard of.
//!
//! A letter that I cannot open is sealed to a key that I have no more, or never had: as by an old backup, mine or theirs. And a
//! letter of an earlier key is by a machine that went on from before its owner changed it. Neither gets any further by
//! being sent again, so the answer says what the other end needs.

use super::effect::Answer;
use super::entity::Entity;
use super::error::{Error, Result};
use super::incoming::history_of_person;
use super::live::Party;
use super::person::Person;
use super::restore::CARD_AHEAD;
use super::turn::Turn;
use crate::id::PersonId;
use crate::identity::{History, Learned, Reason, Seen};
use crate::letter::answers::KeyNews;
use crate::limits;
use crate::store::Table;
use crate::wire::{self, Bytes};
use crate::words::RecoveryWords;

crate::wire_map! {
    /// Changes of my key that this machine did not make.
    struct Ahead {
        1 => events: Vec<Bytes<{ limits::RECORD }>>,
    }
}

impl Entity for Ahead {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        AHEAD.to_vec()
    }
}

const AHEAD: &[u8] = b"ahead";

impl Turn<'_> {
    /// The answer to a letter that opens under none of my keys. A contact's may be sealed to one that I lack.
    pub(super) fn answer_unopened(&self, party: Party) -> Result<Answer> {
        let Party::Pair(person) = party else { return Ok(Answer::Later) };
        // Who is blocked does not notice: what they write has no effect, wherever they seal it to.
        let Some(person) = self.txn.load::<Person>(&person.0)?.filter(Person::is_contact) else {
            return Ok(Answer::Later);
        };
        let (history, grant) = (&self.keys.history, self.own()?.grant);
        let events = history.since(Seen { rotations: 0, notices: 0 });
        let count = events.len();
        // Who seals to a key of before may have lost all else of before, too.
        let all = KeyNews::of(events, Some(grant.clone()));
        let unseen = || KeyNews::of(history.since(person.they_have.unwrap_or(history.seen())), Some(grant));
        let news = if all.events.len() == count { all } else { unseen() };
        Ok(news.to_bytes().map_or(Answer::Later, Answer::SealAnew))
    }

    /// The answer to a letter of a key that its sender has changed since, who does not seem to know.
    pub(super) fn answer_to_earlier_key(history: &History, key: u8) -> Option<Bytes<{ limits::KEY_NEWS }>> {
        KeyNews::of(history.since(Seen { rotations: key, notices: 0 }), None).to_bytes()
    }

    /// A contact cannot open what I seal to them, and says which grant to seal it to.
    pub(super) fn seal_anew(&mut self, person: PersonId, said: &[u8]) -> Result<()> {
        let (Ok(news), Some(person)) = (wire::decode::<KeyNews>(said), self.txn.load::<Person>(&person.0)?) else {
            return Ok(());
        };
        let history = history_of_person(&self.txn, &person)?;
        let (Some(mut history), Some(grant)) = (history, news.grant.as_ref()) else { return Ok(()) };
        let events = news.events.into_iter().map(Bytes::into_vec);
        match self.learn_events(&person, &mut history, events)? {
            None => self.grant_arrived(&person, &history, grant),
            Some(_) => Ok(()),
        }
    }

    /// A contact shows changes of my key that I do not know of. Only my words make such a change, so my home went on
    /// elsewhere, or this one was put back to before it: true, and nothing more is said here.
    pub(super) fn has_changed_since(&mut self, said: &[u8]) -> Result<bool> {
        let Ok(news) = wire::decode::<KeyNews>(said) else { return Ok(false) };
        let mut history = self.keys.history.clone();
        learn(&mut history, &news.events);
        if history.current() <= self.keys.history.current() {
            return Ok(false);
        }
        self.my_key_goes_on(&history)?;
        Ok(true)
    }

    /// My history goes on from what this machine knows.
    pub(super) fn my_key_goes_on(&mut self, history: &History) -> Result<()> {
        let events = history.since(self.keys.history.seen());
        let events = events.into_iter().filter_map(|event| Bytes::new(event).ok()).collect();
        self.txn.save(&Ahead { events });
        self.goes_on_elsewhere()
    }

    /// A home that fell silent is the one that goes on, says its owner with the words: with a key that comes after all of
    /// which it has heard.
    ///
    /// # Errors
    /// [`Error::NotNow`] if it is not silent, or these are not the words.
    pub fn goes_on_here(&mut self, words: &RecoveryWords) -> Result<()> {
        let mut own = self.own()?;
        if own.replaced.take().is_none() {
            return Err(Error::NotNow("this home goes on here already"));
        }
        if let Some(ahead) = self.txn.load::<Ahead>(AHEAD)? {
            let mut history = self.keys.history.clone();
            learn(&mut history, &ahead.events);
            own.history = history.to_bytes();
            self.keys.history = history;
            self.txn.forget(&ahead);
        }
        own.generation = self.next_generation(own.generation);
        own.card.seq = (own.card.seq + CARD_AHEAD).max(self.now.secs());
        self.txn.save(&own);
        self.live.silent = false;
        self.rotate(words, None, Reason::Compromised)
    }
}

/// Takes in what fits. What contradicts what was seen first is left out: it is evidence only if its owner shows it.
pub(super) fn learn(history: &mut History, events: &[Bytes<{ limits::RECORD }>]) {
    for event in events {
        if !matches!(history.learn(event.as_slice()), Ok(Learned::New | Learned::Known)) {
            break;
        }
    }
}
