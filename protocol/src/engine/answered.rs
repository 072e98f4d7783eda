//! What follows from the answer to a letter of mine, and from none.

use super::correspondence::WordsState;
use super::effect::{Answer, Refusal};
use super::error::Result;
use super::live::Party;
use super::notice::Notice;
use super::outbox::Waiting;
use super::person::{Person, ScanProblem};
use super::turn::Turn;
use crate::crypto::same;
use crate::id::{LetterId, PersonId, SessionId};
use crate::identity::Seen;
use crate::letter::body::kind;
use crate::wire::Bytes;

impl Turn<'_> {
    /// A letter was answered, or no answer came.
    pub fn letter_answered(&mut self, session: SessionId, letter: LetterId, outcome: Option<Answer>) -> Result<()> {
        let Some(open) = self.live.sessions.get_mut(&session) else { return Ok(()) };
        let Some(flight) = open.flights.remove(&letter) else { return Ok(()) };
        let (Party::Pair(person) | Party::Scanned(person)) = open.party else { return Ok(()) };
        let is_pair = open.party == Party::Pair(person);
        let key = [&person.0[..], &letter.0].concat();
        let Some(waiting) = self.txn.load::<Waiting>(&key)? else { return self.pump(person) };
        match outcome {
            Some(Answer::Handled(receipt)) if same(&receipt, &flight.receipts.handled()) => {
                self.delivered(session, &waiting, flight.shows)?
            }
            Some(Answer::Refused(reason, receipt)) if same(&receipt, &flight.receipts.refused(reason.number())) => {
                // Or it was signed with a key that I have changed since, and the other end heard of that first.
                let is_overtaken = flight.shows != self.keys.history.seen();
                if reason != Refusal::NotAccepted || !is_overtaken {
                    self.refused(&waiting, reason)?;
                }
            }
            Some(Answer::KeysMissing) => self.show_all_keys(person)?,
            Some(Answer::Replaced(grant)) => {
                let grant = Bytes::new(grant.into_vec()).unwrap_or_default();
                if self.shown_own_grant(&grant)? {
                    return Ok(());
                }
                self.pause(person);
            }
            Some(Answer::KeyChanged(news)) => {
                if self.has_changed_since(news.as_slice())? {
                    return Ok(());
                }
                if flight.shows == self.keys.history.seen() {
                    self.pause(person);
                }
            }
            Some(Answer::SealAnew(news)) => {
                // What they say is worth one more try at once; whoever says it again waits.
                if is_pair && !self.live.is_pausing(person, self.now) {
                    self.seal_anew(person, news.as_slice())?;
                }
                self.pause(person);
            }
            Some(Answer::Stored) => {
                self.txn.save(&Waiting { stored: Some(self.now), ..waiting });
                self.pause(person);
            }
            // Who sits at an old address can say what they like: only who opened the letter has its receipts.
            Some(Answer::Handled(_) | Answer::Refused(..) | Answer::GivenBack(_) | Answer::Later) | None => {
                *self.live.in_vain.entry(letter).or_default() += 1;
                self.pause(person);
                if waiting.is_first() {
                    // Whoever filmed the code can say hello. Another address may have its owner.
                    self.hang_up_on(person);
                }
            }
        }
        self.letter_gone(person)
    }

    pub(super) fn delivered(&mut self, session: SessionId, letter: &Waiting, shows: Seen) -> Result<()> {
        self.taken(letter)?;
        self.live.pauses.remove(&letter.person);
        if let Some(mut person) = self.txn.load::<Person>(&letter.person.0)? {
            if person.they_have != Some(shows) {
                person.they_have = Some(shows);
                self.txn.save(&person);
            }
            if letter.is_first() {
                self.claim_handled(session, person)?;
            }
        }
        Ok(())
    }

    /// Their node has the letter, and has done what follows from it.
    pub(super) fn taken(&mut self, letter: &Waiting) -> Result<()> {
        self.remove_waiting(letter);
        self.keep_sent(letter)?;
        self.my_words_are(letter, WordsState::Delivered)?;
        if letter.kind == kind::PRESENCE {
            self.presence_is_known(letter.person)?;
        }
        self.notice(Notice::Delivered { person: letter.person, kind: letter.kind });
        Ok(())
    }

    pub(super) fn refused(&mut self, letter: &Waiting, reason: Refusal) -> Result<()> {
        self.remove_waiting(letter);
        self.my_words_are(letter, WordsState::Refused)?;
        if letter.is_first() {
            let problem = match reason {
                Refusal::InviteUsed => ScanProblem::Used,
                Refusal::InviteRevoked => ScanProblem::Revoked,
                Refusal::InviteExpired | Refusal::Expired => ScanProblem::Expired,
                Refusal::NotAccepted => ScanProblem::NotAccepted,
            };
            self.claim_failed(letter.person, problem)?;
        }
        self.notice(Notice::Refused { person: letter.person, kind: letter.kind, reason });
        Ok(())
    }

    /// They do not know the key I sign with: from now on show them all events. If they were shown all already,
    /// the next try waits.
    pub(super) fn show_all_keys(&mut self, person: PersonId) -> Result<()> {
        match self.txn.load::<Person>(&person.0)? {
            Some(mut known) if known.they_have.is_some() => {
                known.they_have = None;
                self.txn.save(&known);
            }
            _ => self.pause(person),
        }
        Ok(())
    }

    pub(super) fn give_up_letter(&mut self, person: PersonId, letter: LetterId) -> Result<()> {
        let key = [&person.0[..], &letter.0].concat();
        let Some(waiting) = self.txn.load::<Waiting>(&key)? else { return Ok(()) };
        self.txn.forget(&waiting);
        self.live.in_vain.remove(&letter);
        self.my_words_are(&waiting, WordsState::GaveUp)?;
        if waiting.is_first() {
            self.claim_failed(person, ScanProblem::Unanswered)?;
        }
        self.notice(Notice::GaveUp { person, kind: waiting.kind });
        self.letter_gone(person)
    }
}
