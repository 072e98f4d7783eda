//! A letter comes in: opened, checked, handled once, answered.

use super::collecting::NO_SESSION;
use super::deadline::Ends;
use super::effect::{Answer, Effect, Refusal, Ticket};
use super::entity::{self, Entity};
use super::error::Result;
use super::keys::PairSecrets;
use super::live::Party;
use super::outbox::waiting_for;
use super::person::{Person, Reach};
use super::turn::Turn;
use crate::crypto::seal::DecryptionKey;
use crate::hello::SharedSecret;
use crate::id::{IdentityId, LetterId, PersonId, SessionId};
use crate::identity::{History, HistoryBytes};
use crate::letter::body::kind;
use crate::letter::introduction::IntroductionLetter;
use crate::letter::{self, Body, Letter, OpenError, Opened};
use crate::limits;
use crate::record::Verified;
use crate::store::{Read, Table};
use crate::time::Timestamp;
use crate::wire::Bytes;

crate::wire_map! {
    /// A letter that was handled.
    pub(super) struct Handled {
        1 => pub sender: IdentityId,
        2 => pub letter: LetterId,
        3 => pub body: [u8; 32],
        4 => pub until: Timestamp,
    }
}

impl Entity for Handled {
    const TABLE: Table = Table::Handled;

    fn key(&self) -> Vec<u8> {
        handled_key(self.sender, self.letter)
    }
}

crate::wire_map! {
    /// How many handled letters of a sender are remembered.
    struct HandledCount {
        1 => sender: IdentityId,
        2 => count: u32,
    }
}

impl Entity for HandledCount {
    const TABLE: Table = Table::Handled;

    fn key(&self) -> Vec<u8> {
        self.sender.0.to_vec()
    }
}

fn handled_key(sender: IdentityId, letter: LetterId) -> Vec<u8> {
    [&sender.0[..], &letter.0].concat()
}

crate::wire_map! {
    /// The key history of somebody.
    struct KnownHistory {
        1 => id: IdentityId,
        2 => history: HistoryBytes,
        /// The number of the newest key that was given up; none in a home of before.
        3 => disowned: Option<u8>,
    }
}

impl KnownHistory {
    fn of(history: &History) -> Self {
        Self { id: history.id(), history: history.to_bytes(), disowned: history.disowned() }
    }

    fn read(&self) -> History {
        let mut history = History::restore(&self.history);
        if let Some(number) = self.disowned {
            history.disown(number);
        }
        history
    }
}

impl Entity for KnownHistory {
    const TABLE: Table = Table::Histories;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

/// The key history of an identity, as far as it is known.
pub fn history_of(read: &dyn Read, id: IdentityId) -> Result<Option<History>> {
    Ok(entity::load::<KnownHistory>(read, &id.0)?.map(|known| known.read()))
}

/// The key history of a person; none of somebody whose identity I do not know.
pub(super) fn history_of_person(read: &dyn Read, person: &Person) -> Result<Option<History>> {
    person.identity.map_or(Ok(None), |identity| history_of(read, identity))
}

/// What becomes of a letter, before it is put into an answer.
pub(super) enum Verdict {
    /// It was handled: now, or earlier.
    Handled,
    Refused(Refusal),
    Later,
    KeysMissing,
    /// They have changed the key since, and do not seem to know: these are the events.
    KeyChanged(Bytes<{ limits::KEY_NEWS }>),
}

impl Turn<'_> {
    /// A sealed letter came over a session. It is answered by an effect, once the step is durable.
    pub fn letter_arrived(&mut self, session: SessionId, ticket: Ticket, sealed: &[u8]) -> Result<()> {
        let answer = match self.live.sessions.get(&session).map(|session| session.party) {
            Some(Party::Former(person)) => self.answer_former(session, person, sealed)?,
            Some(party) => self.answer_to(session, party, sealed)?,
            None => Answer::Later,
        };
        self.effect(Effect::Answer { ticket, answer });
        Ok(())
    }

    /// A machine that was replaced is told so, and nothing that it says counts, but for changes of the key: those are the
    /// owner's, who may have gone on at this very machine after a thief said otherwise.
    fn answer_former(&mut self, session: SessionId, person: PersonId, sealed: &[u8]) -> Result<Answer> {
        let opened = self.open(session, Party::Former(person), sealed)?.ok();
        let ahead = opened.map(|opened| self.learn_from_former(person, &opened)).transpose()?.flatten();
        let peer = self.live.sessions.get(&session).map(|session| session.peer);
        if let Some(peer) = peer
            && !self.is_former_machine(person, peer)?
        {
            self.live.sessions.remove(&session);
            self.effect(Effect::HangUp { session });
            return Ok(Answer::Later);
        }
        if let Some(news) = ahead {
            return Ok(Answer::KeyChanged(news));
        }
        let grant = self.newest_grant(person)?.and_then(|grant| Bytes::new(grant.into_vec()).ok());
        Ok(grant.map_or(Answer::Later, Answer::Replaced))
    }

    /// The changes of the key that the machine has not heard of, if it signs with an earlier one.
    fn learn_from_former(&mut self, person: PersonId, opened: &Opened) -> Result<Option<Bytes<{ limits::KEY_NEWS }>>> {
        let Some(person) = self.txn.load::<Person>(&person.0)? else { return Ok(None) };
        let signer = opened.letter.claimed_signer();
        if person.identity != Some(signer.id) {
            return Ok(None);
        }
        let Some(mut history) = history_of(&self.txn, signer.id)? else { return Ok(None) };
        self.learn_keys(&person, &mut history, opened)?;
        let is_behind = signer.key < history.current();
        Ok(is_behind.then(|| Self::answer_to_earlier_key(&history, signer.key)).flatten())
    }

    fn answer_to(&mut self, session: SessionId, party: Party, sealed: &[u8]) -> Result<Answer> {
        let opened = match self.open(session, party, sealed)? {
            Ok(opened) => opened,
            // Perhaps sealed under a secret that we are about to learn, or by a version that we are about to get.
            // Who sealed it keeps it, and it gives up at its date.
            Err(_) => return self.answer_unopened(party),
        };
        if opened.letter.unverified().kind == kind::RECOVER {
            return self.answer_wish(session, party, opened);
        }
        let receipts = opened.receipts();
        Ok(match self.judge(session, party, opened)? {
            Verdict::Handled => Answer::Handled(receipts.handled()),
            Verdict::Refused(reason) => Answer::Refused(reason, receipts.refused(reason.number())),
            Verdict::Later => Answer::Later,
            Verdict::KeysMissing => Answer::KeysMissing,
            Verdict::KeyChanged(news) => Answer::KeyChanged(news),
        })
    }

    /// Does what a letter asks for, once.
    pub(super) fn judge(&mut self, session: SessionId, party: Party, opened: Opened) -> Result<Verdict> {
        match (self.judge_letter(&opened)?, party) {
            // Who has the words may ask for a capsule, and has no other business here.
            (_, Party::Keeper(..)) => Ok(Verdict::Refused(Refusal::NotAccepted)),
            (Some(Verdict::Handled), Party::Invite(invite)) => {
                self.claim_came_again(session, invite, &opened)?;
                Ok(Verdict::Handled)
            }
            (Some(verdict), _) => Ok(verdict),
            (None, Party::Invite(invite)) => self.claim_arrived(session, invite, opened),
            (None, Party::Pair(person) | Party::Scanned(person)) => self.letter_from(session, person, opened),
            (None, Party::Former(_)) => Ok(Verdict::Later),
        }
    }

    /// Tries the secrets and keys that the letter can be sealed under, the newest first.
    pub(super) fn open(
        &self,
        session: SessionId,
        party: Party,
        sealed: &[u8],
    ) -> Result<std::result::Result<Opened, OpenError>> {
        match party {
            Party::Invite(invite) => Ok(match self.invite_opening(invite)? {
                Some((key, secret)) => letter::open(sealed, &key, &secret.letter_key()),
                None => Err(crate::crypto::seal::CannotOpen.into()),
            }),
            Party::Keeper(..) => Ok(match self.recovery_door_of(session)? {
                Some(door) => letter::open(sealed, &door.opening(), &door.secret().letter_key()),
                None => Err(crate::crypto::seal::CannotOpen.into()),
            }),
            Party::Pair(person) | Party::Scanned(person) | Party::Former(person) => {
                let pair = super::door::pair_secrets(&self.txn, person)?;
                let of_session = self.live.sessions.get(&session).and_then(|session| session.secret.clone());
                let of_pair = pair.iter().flat_map(PairSecrets::all);
                let others = of_pair.filter(|secret| Some(*secret) != of_session.as_ref());
                Ok(open_with_any(sealed, &self.keys.opening, of_session.iter().chain(others)))
            }
        }
    }

    /// What can be said of a letter before anything is done with it: that it was handled, that its id was used
    /// for another one, or that its sender has to wait.
    fn judge_letter(&self, opened: &Opened) -> Result<Option<Verdict>> {
        let (sender, letter) = (opened.letter.claimed_signer().id, opened.letter.unverified());
        if let Some(known) = self.txn.load::<Handled>(&handled_key(sender, letter.id))? {
            let is_same = known.body == letter.body_hash();
            return Ok(Some(if is_same { Verdict::Handled } else { Verdict::Refused(Refusal::NotAccepted) }));
        }
        let count = self.handled_count(sender)? as usize;
        Ok((count >= limits::HANDLED_PER_PERSON).then_some(Verdict::Later))
    }

    fn handled_count(&self, sender: IdentityId) -> Result<u32> {
        Ok(self.txn.load::<HandledCount>(&sender.0)?.map_or(0, |counted| counted.count))
    }

    /// A letter under the secret of a pair: from somebody I know, or the welcome of somebody whose code I scanned.
    fn letter_from(&mut self, session: SessionId, person: PersonId, opened: Opened) -> Result<Verdict> {
        let Some(person) = self.txn.load::<Person>(&person.0)? else {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        };
        if let Some(pending) = self.pending_for(&person, opened.letter.unverified())? {
            return self.welcome_arrived(session, pending, opened);
        }
        let sender = opened.letter.claimed_signer().id;
        let person = match (person.identity, self.person_of(sender)?) {
            (Some(identity), _) if identity == sender => person,
            // Somebody I know, of whom I scanned another code that they have not answered.
            (None, Some(known)) if person.scan.is_some() => known,
            // What overtook the answer to my scan can be read once the answer is here.
            (None, None) if person.scan.is_some() => return Ok(Verdict::Later),
            _ => return Ok(Verdict::Refused(Refusal::NotAccepted)),
        };
        let Some(mut history) = history_of(&self.txn, sender)? else { return Ok(Verdict::KeysMissing) };
        if let Some(verdict) = self.learn_keys(&person, &mut history, &opened)? {
            return Ok(verdict);
        }
        let key = opened.letter.claimed_signer().key;
        if key > history.current() {
            return Ok(Verdict::KeysMissing);
        }
        // What waited in a mailbox may have been signed before the change.
        if key < history.current()
            && session != NO_SESSION
            && let Some(news) = Self::answer_to_earlier_key(&history, key)
        {
            return Ok(Verdict::KeyChanged(news));
        }
        let Ok(letter) = history.verify(opened.letter) else { return Ok(Verdict::Refused(Refusal::NotAccepted)) };
        if !letter.is_for(self.keys.signer.id) {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        }
        if let Some(verdict) = self.judge_time(&letter) {
            return Ok(verdict);
        }
        self.handle(person, &history, &letter)
    }

    /// Takes in the key events that came along; a fork ends in evidence, and the first seen stays.
    fn learn_keys(&mut self, person: &Person, history: &mut History, opened: &Opened) -> Result<Option<Verdict>> {
        let whole = opened.history.as_ref().map(|whole| [&whole.rotations[..], &whole.compromises].concat());
        let whole = whole.unwrap_or_default().into_iter().map(Bytes::into_vec);
        self.learn_events(person, history, whole.chain(opened.events.iter().cloned()))
    }

    /// The same with events that came in another way.
    pub(super) fn learn_events(
        &mut self,
        person: &Person,
        history: &mut History,
        events: impl Iterator<Item = Vec<u8>>,
    ) -> Result<Option<Verdict>> {
        let before = history.clone();
        for event in events {
            match history.learn(&event) {
                Ok(crate::identity::Learned::Fork { first, second }) => self.fork_seen(person, &first, &second)?,
                Ok(_) => {}
                Err(crate::identity::HistoryError::Gap) => return Ok(Some(Verdict::KeysMissing)),
                Err(_) => return Ok(Some(Verdict::Refused(Refusal::NotAccepted))),
            }
        }
        if *history != before {
            self.save_history(history);
            // If theirs is a grant of a key that was given up now, whoever sees to their node is to look at it.
            if let Some(reach) = self.txn.load::<Reach>(&person.id.0)? {
                self.txn.save(&reach);
            }
        }
        Ok(None)
    }

    pub(super) fn save_history(&mut self, history: &History) {
        self.txn.save(&KnownHistory::of(history));
    }

    /// A letter from a contact, rightly signed and for me.
    fn handle(&mut self, person: Person, history: &History, letter: &Verified<Letter>) -> Result<Verdict> {
        let Ok(body) = Body::of(letter) else { return Ok(Verdict::Refused(Refusal::NotAccepted)) };
        let listens = !person.blocked && person.is_contact();
        match body {
            Body::Claim(_) | Body::Recover(_) => return Ok(Verdict::Refused(Refusal::NotAccepted)),
            // My farewell has to find them.
            Body::Presence(presence) if listens || !waiting_for(&self.txn, person.id)?.is_empty() => {
                self.presence_arrived(&person, history, &presence)?;
            }
            Body::Answers(answers) => self.answers_arrived(&person, &answers)?,
            Body::Card(news) if listens => self.card_arrived(person, history, &news)?,
            Body::Meeting(_) if listens && !self.has_room_for(person.id)? => return Ok(Verdict::Later),
            Body::Meeting(news) if listens => self.meeting_arrived(person, history, &news)?,
            // One under their present key is on its way, and my statement would name a key that this one does not show.
            Body::Introduction(IntroductionLetter::Consent(_)) if letter.signer().key < history.current() => {}
            Body::Introduction(letter) if listens => match self.introduction_arrived(&person, history, letter)? {
                Verdict::Handled => {}
                not_taken => return Ok(not_taken),
            },
            Body::Vouch(letter) if listens => {
                if !self.vouch_letter_arrived(&person, history, letter)? {
                    return Ok(Verdict::Refused(Refusal::NotAccepted));
                }
            }
            Body::Note(note) if listens => match self.words_arrived(person, letter, note)? {
                Verdict::Handled => {}
                not_taken => return Ok(not_taken),
            },
            Body::HandOver(whom) if listens => match self.handover_arrived(&person, letter.id, whom)? {
                Verdict::Handled => {}
                not_taken => return Ok(not_taken),
            },
            Body::Resume(resume) if listens => match self.resume_arrived(&person, history, &resume)? {
                Verdict::Handled => {}
                not_taken => return Ok(not_taken),
            },
            Body::KeepCapsule(capsule) if listens => self.capsule_arrived(person.id, letter.signer().key, capsule)?,
            Body::Withdraw if listens && person.renewed <= Some(letter.sent) => self.withdrawn(person)?,
            // A second welcome, after they renewed a first letter that I had handled, says nothing new. To
            // somebody I do not listen to it looks as if I were there and did nothing.
            Body::Welcome(_)
            | Body::Presence(_)
            | Body::Card(_)
            | Body::Meeting(_)
            | Body::Withdraw
            | Body::Note(_)
            | Body::HandOver(_)
            | Body::Resume(_)
            | Body::KeepCapsule(_)
            | Body::Introduction(_)
            | Body::Vouch(_) => {}
        }
        self.remember_handled(letter)
    }

    /// Refuses what is over, or dated where no honest clock is.
    pub(super) fn judge_time(&self, letter: &Letter) -> Option<Verdict> {
        let over = self.now > letter.expires.plus(limits::CLOCK_SKEW);
        let early = letter.sent > self.now.plus(limits::CLOCK_SKEW);
        let too_long = letter.expires.since(letter.sent) > limits::LETTER_LIFE + limits::LIVE_INVITE_LIFE;
        (over || early || too_long).then_some(Verdict::Refused(Refusal::Expired))
    }

    /// Remembers that a letter was handled, until no copy of it can be accepted any more.
    pub(super) fn remember_handled(&mut self, letter: &Verified<Letter>) -> Result<Verdict> {
        let sender = letter.signer().id;
        let count = self.handled_count(sender)?;
        let until = letter.expires.plus(limits::HANDLED_GRACE);
        self.txn.save(&HandledCount { sender, count: count + 1 });
        self.txn.save(&Handled { sender, letter: letter.id, body: letter.body_hash(), until });
        self.set_deadline(until, Ends::Handled(sender, letter.id));
        Ok(Verdict::Handled)
    }

    pub(super) fn forget_handled(&mut self, sender: IdentityId, letter: LetterId) -> Result<()> {
        self.txn.remove(Table::Handled, &handled_key(sender, letter));
        if let Some(counted) = self.txn.load::<HandledCount>(&sender.0)? {
            match counted.count.saturating_sub(1) {
                0 => self.txn.forget(&counted),
                count => self.txn.save(&HandledCount { sender, count }),
            }
        }
        Ok(())
    }
}

fn open_with_any<'s>(
    sealed: &[u8],
    keys: &[DecryptionKey],
    secrets: impl Iterator<Item = &'s SharedSecret>,
) -> std::result::Result<Opened, OpenError> {
    let mut outcome = Err(crate::crypto::seal::CannotOpen.into());
    for psk in secrets.map(SharedSecret::letter_key) {
        for key in keys {
            outcome = letter::open(sealed, key, &psk);
            if !matches!(outcome, Err(OpenError::CannotOpen(_))) {
                return outcome;
            }
        }
    }
    outcome
}
