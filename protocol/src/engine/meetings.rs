//! Meeting records: both sign that they met.
//!
//! Who scanned a live code has pointed a camera at the other: that is their confirmation. Who showed it
//! confirms in the inbox, since a code may have been filmed by a passer-by.

use super::door::pair_secrets;
use super::entity::{self, Entity};
use super::error::Result;
use super::notice::Notice;
use super::own::bounded;
use super::person::{Encounter, Person, Way};
use super::turn::Turn;
use crate::crypto::derive;
use crate::folding::fold;
use crate::hello::SharedSecret;
use crate::id::PersonId;
use crate::identity::History;
use crate::letter::Body;
use crate::letter::body::MeetingNews;
use crate::limits;
use crate::meeting::Meeting;
use crate::record::{RecordBytes, Signed};
use crate::store::{Read, Table};
use crate::text::Line;
use crate::time::Day;

crate::wire_map! {
    /// A meeting and who has signed it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HeldMeeting {
        /// With whom.
        1 => pub person: PersonId,
        /// What both sign.
        2 => pub meeting: Meeting,
        /// The record with my signature.
        3 => pub mine: Option<RecordBytes>,
        /// The record with theirs.
        4 => pub theirs: Option<RecordBytes>,
    }
}

impl Entity for HeldMeeting {
    const TABLE: Table = Table::Meetings;

    fn key(&self) -> Vec<u8> {
        meeting_key(self.person, &self.meeting.nonce)
    }
}

impl HeldMeeting {
    /// True if both have signed.
    pub const fn is_complete(&self) -> bool {
        self.mine.is_some() && self.theirs.is_some()
    }
}

fn meeting_key(person: PersonId, nonce: &[u8; 16]) -> Vec<u8> {
    [&person.0[..], nonce].concat()
}

/// The meetings with a person.
pub fn meetings_with(read: &dyn Read, person: PersonId) -> Result<Vec<HeldMeeting>> {
    Ok(entity::list(read, &person.0, limits::ENCOUNTERS)?)
}

impl Turn<'_> {
    /// My person confirmed who scanned my code: I sign that we met.
    pub(super) fn sign_meeting(
        &mut self,
        person: &Person,
        event: Option<Line<{ limits::NAME }>>,
        day: Day,
        nonce: [u8; 16],
    ) -> Result<()> {
        let Some(them) = person.identity else { return Ok(()) };
        let meeting = Meeting::of(self.keys.signer.id, them, event, day, nonce);
        match self.txn.load::<HeldMeeting>(&meeting_key(person.id, &nonce))? {
            Some(_) => Ok(()),
            None => self.sign_and_send(person.id, meeting, None),
        }
    }

    fn sign_and_send(&mut self, person: PersonId, meeting: Meeting, theirs: Option<RecordBytes>) -> Result<()> {
        let record = bounded(self.keys.sign(meeting.clone()).bytes());
        self.txn.save(&HeldMeeting { person, meeting, mine: Some(record.clone()), theirs });
        self.send(person, &Body::Meeting(MeetingNews { record }), limits::LETTER_LIFE)?;
        Ok(())
    }

    /// What nobody has seen yet of an old key is worth nothing once the key is disowned.
    pub(super) fn sign_waiting_meetings_again(&mut self) -> Result<()> {
        for person in super::session::people_with_letters(&self.txn)? {
            for letter in super::outbox::waiting_for(&self.txn, person)? {
                let Ok(Body::Meeting(news)) = Body::of(&letter.as_letter()) else { continue };
                let Ok(signed) = Signed::<Meeting>::from_bytes(news.record.as_slice()) else { continue };
                let key = meeting_key(person, &signed.unverified().nonce);
                if let Some(held) = self.txn.load::<HeldMeeting>(&key)? {
                    self.remove_waiting(&letter);
                    self.sign_and_send(person, held.meeting, held.theirs)?;
                }
            }
        }
        Ok(())
    }

    /// A contact signed that we met. If it is the meeting that I remember, I sign the same.
    pub(super) fn meeting_arrived(&mut self, person: Person, history: &History, news: &MeetingNews) -> Result<()> {
        let Ok(signed) = Signed::<Meeting>::from_bytes(news.record.as_slice()) else { return Ok(()) };
        let Ok(record) = history.verify(signed) else { return Ok(()) };
        let meeting: Meeting = record.clone().into_statement();
        let theirs = Some(news.record.clone());
        let held = self.txn.load::<HeldMeeting>(&meeting_key(person.id, &meeting.nonce))?;
        match held {
            Some(held) if held.meeting == meeting => {
                self.txn.save(&HeldMeeting { theirs, ..held });
                self.notice(Notice::MeetingSigned { person: person.id });
            }
            None if self.is_ours(&person, history, &meeting)? => {
                self.sign_and_send(person.id, meeting, theirs)?;
                self.notice(Notice::MeetingSigned { person: person.id });
            }
            _ => {}
        }
        Ok(())
    }

    /// True if the statement names the two of us, the scan that made our pair, and a live scan of mine at that
    /// event on that day.
    fn is_ours(&self, person: &Person, history: &History, meeting: &Meeting) -> Result<bool> {
        let us = Meeting::of(self.keys.signer.id, history.id(), meeting.event.clone(), meeting.day, meeting.nonce);
        let pair = pair_secrets(&self.txn, person.id)?;
        let knows_scan = pair.is_some_and(|pair| pair.all().map(nonce_of).any(|nonce| nonce == meeting.nonce));
        let remembers = |encounter: &Encounter| {
            encounter.way == Way::IScanned
                && (same_event(encounter.event.as_ref(), meeting.event.as_ref()) || meeting.event.is_none())
                && encounter.at.day().is_near(meeting.day)
        };
        Ok(us == *meeting && knows_scan && person.encounters.iter().any(remembers))
    }
}

/// True if both name no event, or the same one up to case and accents.
fn same_event(mine: Option<&Line<{ limits::NAME }>>, theirs: Option<&Line<{ limits::NAME }>>) -> bool {
    mine.map(|event| fold(event.as_str())) == theirs.map(|event| fold(event.as_str()))
}

/// One scan makes one pair secret, and so one meeting.
pub(super) fn nonce_of(pair: &SharedSecret) -> [u8; 16] {
    derive(pair.as_bytes(), b"", "kith/1/meeting nonce")
}
