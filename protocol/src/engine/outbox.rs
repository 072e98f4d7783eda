//! Letters that wait for their receipt, and how they get on their way.
//!
//! The outbox keeps what a letter says, not its sealed form: each attempt signs and seals it afresh under the
//! keys of the day, with the id it always had. Nothing leaves the outbox but by receipt, by refusal, or on
//! the date on which it gives up.

use super::deadline::Ends;
use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::live::{Call, Flight, Pause};
use super::person::Person;
use super::route::Route;
use super::turn::Turn;
use crate::hello::SharedSecret;
use crate::id::{LetterId, PersonId, SessionId};
use crate::identity::{History, HistoryBytes, Seen};
use crate::letter::body::kind;
use crate::letter::{self, Body, Letter, Sealed};
use crate::limits;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::wire::Bytes;

crate::wire_map! {
    /// A letter that waits.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Waiting {
        /// Whom it is to.
        1 => pub person: PersonId,
        /// Its id.
        2 => pub id: LetterId,
        /// The number of its kind.
        3 => pub kind: u8,
        /// What it says.
        4 => pub body: Bytes<{ limits::LETTER }>,
        /// When it was written.
        5 => pub written: Timestamp,
        /// When it gives up.
        6 => pub expires: Timestamp,
        /// From which every sealing draws.
        7 => pub seed: [u8; 32],
        /// Since when a mailbox holds it.
        8 => pub stored: Option<Timestamp>,
    }
}

impl Entity for Waiting {
    const TABLE: Table = Table::Outbox;

    fn key(&self) -> Vec<u8> {
        [&self.person.0[..], &self.id.0].concat()
    }
}

impl Waiting {
    /// The first letter to somebody whose code I scanned goes under the secret of the code.
    pub(super) const fn is_first(&self) -> bool {
        self.kind == kind::CLAIM
    }

    /// Of these kinds one letter waits at most: a later one replaces it, and a farewell takes all away.
    pub(super) const fn waits_alone(kind: u8) -> bool {
        matches!(
            kind,
            kind::CLAIM
                | kind::PRESENCE
                | kind::CARD
                | kind::WITHDRAW
                | kind::ANSWERS
                | kind::RESUME
                | kind::KEEP_CAPSULE
        )
    }

    /// An answer first: without it the other end can do nothing with the rest. Who is asked to send again should know
    /// where to, and under which key.
    const fn rank(&self) -> u8 {
        match self.kind {
            kind::WELCOME => 0,
            kind::RESUME => 2,
            _ => 1,
        }
    }

    /// Letters that go to somebody whose grant is over. With my presence they learn where to send theirs; who
    /// waits for an answer cannot send any; a farewell and a wish to resume give nothing away. To a key that was given up
    /// only those two go: whoever has lost the grant that came after it gets it no other way.
    const fn goes_without_grant(&self, is_given_up: bool) -> bool {
        matches!(self.kind, kind::WITHDRAW | kind::RESUME)
            || !is_given_up && matches!(self.kind, kind::PRESENCE | kind::WELCOME)
    }

    /// A later letter of these kinds says all that an earlier one said; the answer to another code does not.
    fn is_replaced_by(&self, later: &Body) -> bool {
        match later {
            Body::Claim(_)
            | Body::Presence(_)
            | Body::Card(_)
            | Body::Answers(_)
            | Body::Resume(_)
            | Body::KeepCapsule(_) => self.kind == later.kind(),
            Body::Welcome(welcome) => {
                matches!(Body::of(&self.as_letter()), Ok(Body::Welcome(waits)) if waits.invite == welcome.invite)
            }
            Body::Introduction(later) => match Body::of(&self.as_letter()) {
                Ok(Body::Introduction(waits)) => waits.is_replaced_by(later),
                _ => false,
            },
            Body::Vouch(later) => match Body::of(&self.as_letter()) {
                Ok(Body::Vouch(waits)) => waits.is_replaced_by(later),
                _ => false,
            },
            Body::Meeting(_) | Body::Withdraw | Body::Note(_) | Body::HandOver(_) | Body::Recover(_) => false,
        }
    }
}

/// The letters that wait for a person.
pub fn waiting_for(read: &dyn Read, person: PersonId) -> Result<Vec<Waiting>> {
    Ok(entity::list(read, &person.0, limits::OUTBOX_PER_PERSON + limits::OUTBOX_NEWEST)?)
}

/// How many more letters of the kinds that add up may wait for a person.
pub(super) fn room_for(read: &dyn Read, person: PersonId) -> Result<usize> {
    Ok(room(&waiting_for(read, person)?))
}

fn room(waiting: &[Waiting]) -> usize {
    let adding_up = waiting.iter().filter(|letter| !Waiting::waits_alone(letter.kind)).count();
    limits::OUTBOX_PER_PERSON.saturating_sub(adding_up)
}

impl Turn<'_> {
    /// Puts a letter into the outbox and sends it at once if that can be done.
    pub(super) fn send(&mut self, person: PersonId, body: &Body, life: u64) -> Result<LetterId> {
        let letter = self.put_out(person, body, life)?;
        self.pump(person)?;
        Ok(letter)
    }

    /// Puts a letter into the outbox; whoever does so goes on to [`Turn::pump`].
    pub(super) fn put_out(&mut self, person: PersonId, body: &Body, life: u64) -> Result<LetterId> {
        let (replaced, waiting): (Vec<_>, Vec<_>) =
            waiting_for(&self.txn, person)?.into_iter().partition(|waiting| waiting.is_replaced_by(body));
        for replaced in &replaced {
            self.remove_waiting(replaced);
        }
        if !Waiting::waits_alone(body.kind()) && room(&waiting) == 0 {
            return Err(Error::Full("letters waiting for this person"));
        }
        let letter = Waiting {
            person,
            id: LetterId(self.random.bytes()),
            kind: body.kind(),
            body: Bytes::new(body.to_bytes()).map_err(|_| Error::Full("words in this letter"))?,
            written: self.now,
            expires: self.now.plus(life),
            seed: self.random.bytes(),
            stored: None,
        };
        let id = letter.id;
        self.wait_for_receipt(letter);
        Ok(id)
    }

    /// A letter waits, for the first time or again; whoever does so goes on to [`Turn::pump`].
    pub(super) fn wait_for_receipt(&mut self, letter: Waiting) {
        self.set_deadline(letter.expires, Ends::Letter(letter.person, letter.id));
        self.txn.save(&letter);
        self.live.waiting.insert(letter.person);
    }

    /// True if a letter that a letter of theirs asks for can be put out; else they are asked to wait.
    pub(super) fn has_room_for(&self, person: PersonId) -> Result<bool> {
        Ok(room_for(&self.txn, person)? > 0)
    }

    pub(super) fn remove_waiting(&mut self, letter: &Waiting) {
        self.txn.forget(letter);
        self.live.in_vain.remove(&letter.id);
        self.clear_deadline(letter.expires, Ends::Letter(letter.person, letter.id));
    }

    /// Takes everything for a person out of the outbox.
    pub(super) fn remove_all_waiting(&mut self, person: PersonId) -> Result<()> {
        for letter in waiting_for(&self.txn, person)? {
            self.remove_waiting(&letter);
        }
        self.live.waiting.remove(&person);
        Ok(())
    }

    /// Moves a person's letters on: over a session if there is one, else by calling. Somebody whose answer to my
    /// scan I expect is called too, since their node may not find mine.
    pub(super) fn pump(&mut self, person: PersonId) -> Result<()> {
        if self.live.silent {
            return Ok(());
        }
        let known = self.txn.load::<Person>(&person.0)?;
        let mut letters = waiting_for(&self.txn, person)?;
        letters.sort_by_key(|letter| (self.live.in_vain(&letter.id), letter.rank(), letter.written));
        let expected = known.as_ref().is_some_and(Person::is_expected);
        let (Some(known), false) = (known, letters.is_empty() && !expected) else {
            self.live.waiting.remove(&person);
            return Ok(());
        };
        self.live.waiting.insert(person);
        if self.live.is_pausing(person, self.now) {
            let peer = self.node_named_by(person)?;
            let is_there = self.live.sessions_with(person).into_iter().any(|session| self.live.is_with(session, peer));
            return if is_there { Ok(()) } else { self.leave_letters(&known) };
        }
        // With a thousand contacts to be told of a new address, the way to each is looked at when it is their turn.
        let may_call = self.live.calls.len() < limits::CALLS && !self.live.is_calling(person);
        if !may_call && self.live.sessions_with(person).is_empty() {
            return Ok(());
        }
        let Some(route) = self.route(&known)? else { return Ok(()) };
        let is_held_back = !route.grant_counts && !letters.iter().all(|letter| route.takes(letter));
        if is_held_back && self.ask_for_grant(person, route.is_given_up)? {
            return Ok(());
        }
        match self.live.session_for(person, route.is_first, route.secret.locator(), route.peer) {
            Some(session) => {
                letters.iter().try_for_each(|letter| self.send_over(session, letter, &known, &route))?;
                // They may have gone on at that machine; or somebody with an old disk keeps me from calling theirs.
                if !route.is_first && !self.live.is_with(session, route.peer) {
                    self.call(&known, route);
                }
                Ok(())
            }
            // Behind a router that lets nobody in, without a relay: but with a mailbox.
            None if route.leads_to_a_mailbox_alone() && !self.live.nearby.contains_key(&person) => {
                self.pause(person);
                self.leave_letters(&known)?;
                if self.live.is_missed(person) { self.seek(person) } else { Ok(()) }
            }
            None => {
                self.call(&known, route);
                Ok(())
            }
        }
    }

    fn send_over(&mut self, session: SessionId, letter: &Waiting, person: &Person, route: &Route) -> Result<()> {
        let Some(open) = self.live.sessions.get(&session) else { return Ok(()) };
        let fits = route.takes(letter);
        let room = open.flights.len() < limits::IN_FLIGHT && !self.live.is_in_flight(&letter.id);
        if !fits || !room || letter.expires < self.now {
            return Ok(());
        }
        let secret = open.secret.clone().filter(|_| !route.is_first).unwrap_or_else(|| route.secret.clone());
        let Some((sealed, shows)) = self.seal(letter, person, route, &secret)? else { return Ok(()) };
        if let Some(session) = self.live.sessions.get_mut(&session) {
            session.flights.insert(letter.id, Flight { receipts: sealed.receipts, shows });
        }
        self.effect(Effect::Send { session, letter: letter.id, sealed: sealed.bytes });
        Ok(())
    }

    /// Signs and seals a letter under the keys of this moment; `None` while there is nothing to seal it to.
    pub(super) fn seal(
        &mut self,
        waiting: &Waiting,
        person: &Person,
        route: &Route,
        secret: &SharedSecret,
    ) -> Result<Option<(Sealed, Seen)>> {
        let Some(addressee) = &route.addressee else { return Ok(None) };
        let history = &self.keys.history;
        let letter = self.keys.sign(Letter {
            to: addressee.to,
            id: waiting.id,
            kind: waiting.kind,
            body: waiting.body.clone(),
            sent: waiting.written,
            expires: waiting.expires,
        });
        let (whole, events) = key_news(history, person, waiting.kind);
        let psk = secret.letter_key();
        let sealed = letter::seal(&letter, whole, events, &addressee.key, &psk, &waiting.seed);
        Ok(sealed.ok().map(|sealed| (sealed, history.seen())))
    }

    /// Calls a person unless a call is under way, or enough others are.
    fn call(&mut self, person: &Person, route: Route) {
        let busy = self.live.calls.len() >= limits::CALLS || self.live.is_calling(person.id);
        let addresses = self.live.with_nearby(person.id, route.addresses);
        if !busy && !addresses.is_empty() {
            let locator = route.secret.locator();
            let call = Call { person: person.id, since: self.now, is_slow: false, is_outdated: false };
            self.live.calls.insert(locator, call);
            self.effect(Effect::Call { locator, secret: route.secret, peer: route.peer, addresses });
        }
    }

    /// The next try waits a little longer than the last one did. What else was sent before the pause began and fails
    /// in it belongs to the same try.
    pub(super) fn pause(&mut self, person: PersonId) {
        if self.live.is_pausing(person, self.now) {
            return;
        }
        let random = self.random.bytes();
        let pause = self.live.pauses.entry(person).or_default();
        *pause = Pause::longer(*pause, self.now, random);
    }
}

impl Route {
    /// True if the letter can go this way. Before the claim is handled, nothing else can be opened at the other end.
    pub(super) const fn takes(&self, letter: &Waiting) -> bool {
        letter.is_first() == self.is_first && (self.grant_counts || letter.goes_without_grant(self.is_given_up))
    }
}

/// The key events that go along: the whole history with a first letter or if they have seen nothing, else what
/// they have not receipted.
fn key_news(history: &History, person: &Person, letter: u8) -> (Option<HistoryBytes>, Vec<Bytes<{ limits::RECORD }>>) {
    let is_first = matches!(letter, kind::CLAIM | kind::WELCOME);
    match person.they_have {
        Some(seen) if !is_first => {
            let news = history.since(seen).into_iter().filter_map(|event| Bytes::new(event).ok());
            (None, news.collect())
        }
        _ => (Some(history.to_bytes()), Vec::new()),
    }
}
