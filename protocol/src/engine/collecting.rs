//! What lay in my mailboxes: letters, handled as if they had come over a session, and answers to letters of mine.

use super::effect::{Answer, Effect, Refusal};
use super::error::Result;
use super::incoming::Verdict;
use super::leaving::Place;
use super::live::Party;
use super::outbox::{Waiting, waiting_for};
use super::person::{Person, Standing};
use super::slip::AnswerSlip;
use super::turn::Turn;
use crate::address::Reach;
use crate::crypto::same;
use crate::id::{IdentityId, LetterId, Locator, PeerId, PersonId, SessionId};
use crate::letter::answers::{AnswerTo, Answers};
use crate::letter::body::kind;
use crate::letter::{Body, Letter, Receipts};
use crate::limits;
use crate::mailbox::{Parcel, Pass};

/// No session has this id: what was collected came over none.
pub(super) const NO_SESSION: SessionId = SessionId([0; 16]);

/// How often a parcel that says nothing yet is put back. Its sender has it all the same.
const PUT_BACK: u32 = 20;

/// How often a letter that was not accepted is left again, since keys may have changed meanwhile.
const OVERTAKEN: u32 = 2;

/// What is needed to answer a letter after it was handled.
struct Collected {
    letter: LetterId,
    kind: u8,
    sender: IdentityId,
    receipts: Receipts,
    /// Where who scanned a code of mine can be told.
    passes: Vec<Pass>,
}

impl Turn<'_> {
    /// Something lay in a mailbox of mine. It is taken out once the step is durable, or put back.
    pub fn parcel_arrived(&mut self, host: PeerId, number: u64, label: Locator, parcel: &[u8]) -> Result<()> {
        if self.live.silent {
            return Ok(());
        }
        let party = self.party_with_label(host, label)?;
        let is_settled = match (party, AnswerSlip::from_bytes(parcel)) {
            // Somebody whom I know no more.
            (None, _) => true,
            (Some(party), Some(slip)) => self.slip_arrived(party, slip).map(|()| true)?,
            (Some(party), None) => self.letter_collected(party, parcel)?,
        };
        if is_settled || self.is_put_back_for_the_last_time(host, number) {
            self.live.put_back.remove(&(host, number));
            self.effect(Effect::TakeParcel { host, number });
        } else {
            self.effect(Effect::PutBack { host, number });
        }
        Ok(())
    }

    fn is_put_back_for_the_last_time(&mut self, host: PeerId, number: u64) -> bool {
        let times = self.live.put_back.entry((host, number)).or_default();
        *times += 1;
        *times > PUT_BACK
    }

    /// False if nothing can be said of the letter now.
    fn letter_collected(&mut self, party: Party, sealed: &[u8]) -> Result<bool> {
        let Ok(opened) = self.open(NO_SESSION, party, sealed)? else { return Ok(false) };
        let collected = Collected {
            letter: opened.letter.unverified().id,
            kind: opened.letter.unverified().kind,
            sender: opened.letter.claimed_signer().id,
            receipts: opened.receipts(),
            passes: passes_in(opened.letter.unverified()),
        };
        let answer = match self.judge(NO_SESSION, party, opened)? {
            Verdict::Later => return Ok(false),
            Verdict::Handled => Answer::Handled(collected.receipts.handled()),
            Verdict::Refused(reason) => Answer::Refused(reason, collected.receipts.refused(reason.number())),
            Verdict::KeysMissing => Answer::KeysMissing,
            // Over a session alone.
            Verdict::KeyChanged(_) => return Ok(false),
        };
        match party {
            Party::Invite(_) => self.answer_claim(&collected, answer)?,
            Party::Pair(person) | Party::Scanned(person) | Party::Former(person) => {
                self.answer_letter(person, &collected, &answer)?;
            }
            // No mailbox leads to such a door.
            Party::Keeper(..) => {}
        }
        Ok(true)
    }

    /// Who is a contact now learns it from the welcome; all others by a slip, which says no more than an answer over a
    /// session would.
    fn answer_claim(&mut self, collected: &Collected, answer: Answer) -> Result<()> {
        let person = self.person_of(collected.sender)?;
        if person.as_ref().is_some_and(|person| person.is_contact() && matches!(answer, Answer::Handled(_))) {
            return Ok(());
        }
        let slip = AnswerSlip { letter: collected.letter, answer };
        let Ok(parcel) = Parcel::new(slip.to_bytes()) else { return Ok(()) };
        let to = person.map_or(PersonId([0; 10]), |person| person.id);
        // Half of the room stays for letters, whoever claims what.
        if let Some(pass) = collected.passes.first()
            && self.live.errands.len() < limits::ERRANDS / 2
        {
            self.leave_parcel(to, None, Place::with_pass(pass), parcel);
        }
        Ok(())
    }

    fn answer_letter(&mut self, named: PersonId, collected: &Collected, answer: &Answer) -> Result<()> {
        let Some(answer) = answer_to(collected.letter, answer).filter(|_| collected.kind != kind::ANSWERS) else {
            return Ok(());
        };
        // The sender of a welcome is known by now; before, there was only who had scanned.
        let person = match self.person_of(collected.sender)? {
            // Whom I left, or who left me, is told so, and waits for nothing any more.
            Some(person) if person.standing == Standing::Ended => return Ok(()),
            Some(person) => person.id,
            None => named,
        };
        let waiting = waiting_for(&self.txn, person)?.into_iter().find(|waiting| waiting.kind == kind::ANSWERS);
        let mut answers = match waiting.map(|waiting| Body::of(&waiting.as_letter())) {
            Some(Ok(Body::Answers(answers))) => answers,
            _ => Answers::default(),
        };
        answers.add(answer);
        self.send(person, &Body::Answers(answers), limits::LETTER_LIFE)?;
        Ok(())
    }

    /// A contact tells what became of letters of mine.
    pub(super) fn answers_arrived(&mut self, person: &Person, answers: &Answers) -> Result<()> {
        for answer in answers.all.iter().take(limits::ANSWERS) {
            let key = [&person.id.0[..], &answer.letter.0].concat();
            let (Some(waiting), Some(outcome)) = (self.txn.load::<Waiting>(&key)?, outcome_of(*answer)) else {
                continue;
            };
            match outcome {
                Outcome::Handled => self.taken(&waiting)?,
                Outcome::KeysMissing => {
                    self.txn.save(&Waiting { stored: None, ..waiting });
                    self.show_all_keys(person.id)?;
                }
                Outcome::Refused(Refusal::NotAccepted) if self.may_be_overtaken(&waiting) => {
                    self.txn.save(&Waiting { stored: None, ..waiting });
                    self.pause(person.id);
                }
                Outcome::Refused(reason) => self.refused(&waiting, reason)?,
            }
            self.letter_gone(person.id)?;
        }
        Ok(())
    }

    /// It may have been signed with a key that I have changed since: twice it is left again under the keys of the day.
    fn may_be_overtaken(&mut self, letter: &Waiting) -> bool {
        let times = self.live.in_vain.entry(letter.id).or_default();
        *times += 1;
        *times <= OVERTAKEN
    }

    /// An answer to my claim. It counts if it has the receipt that only who opened the claim can make.
    fn slip_arrived(&mut self, party: Party, slip: AnswerSlip) -> Result<()> {
        let (Party::Pair(person) | Party::Scanned(person)) = party else { return Ok(()) };
        let key = [&person.0[..], &slip.letter.0].concat();
        let Some(waiting) = self.txn.load::<Waiting>(&key)?.filter(Waiting::is_first) else { return Ok(()) };
        let Some(known) = self.txn.load::<Person>(&person.0)? else { return Ok(()) };
        let Some(route) = self.route(&known)?.filter(|route| route.is_first) else { return Ok(()) };
        // Sealing the same letter again gives the same bytes, and so the same receipts.
        let Some((sealed, shows)) = self.seal(&waiting, &known, &route, &route.secret)? else { return Ok(()) };
        match slip.answer {
            Answer::Handled(receipt) if same(&receipt, &sealed.receipts.handled()) => {
                self.delivered(NO_SESSION, &waiting, shows)?;
            }
            Answer::Refused(reason, receipt) if same(&receipt, &sealed.receipts.refused(reason.number())) => {
                self.refused(&waiting, reason)?;
            }
            _ => return Ok(()),
        }
        self.letter_gone(person)
    }
}

/// Where the sender of a claim can be answered.
fn passes_in(letter: &Letter) -> Vec<Pass> {
    match Body::of(letter) {
        Ok(Body::Claim(claim)) if super::mailboxes::are_bounded(&claim.mailboxes) => {
            let public = |pass: &Pass| pass.hints.iter().all(|hint| hint.reach == Reach::Direct);
            claim.mailboxes.into_iter().filter(public).collect()
        }
        _ => Vec::new(),
    }
}

/// What can be said of a letter in a letter.
enum Outcome {
    Handled,
    KeysMissing,
    Refused(Refusal),
}

const HANDLED: u8 = 1;
const KEYS_MISSING: u8 = 3;

/// The answer as its first byte says it over a session; none that is no reason to write.
const fn answer_to(letter: LetterId, answer: &Answer) -> Option<AnswerTo> {
    let answer = match answer {
        Answer::Handled(_) => HANDLED,
        Answer::KeysMissing => KEYS_MISSING,
        Answer::Refused(refusal, _) => refusal.number(),
        Answer::Later
        | Answer::Stored
        | Answer::Replaced(_)
        | Answer::GivenBack(_)
        | Answer::KeyChanged(_)
        | Answer::SealAnew(_) => return None,
    };
    Some(AnswerTo { letter, answer })
}

fn outcome_of(answer: AnswerTo) -> Option<Outcome> {
    match answer.answer {
        HANDLED => Some(Outcome::Handled),
        KEYS_MISSING => Some(Outcome::KeysMissing),
        number => Refusal::from_number(number).map(Outcome::Refused),
    }
}
