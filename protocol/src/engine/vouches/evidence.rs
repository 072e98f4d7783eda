//! What supports a vouch: records that I hold of having met the person, or of an introduction with them in it.

use super::super::entity::Entity;
use super::super::error::Result;
use super::super::introduction::{self, AskState, CarryState, ProposedState};
use super::super::meetings::meetings_with;
use super::super::turn::Turn;
use crate::id::{PersonId, RecordId};
use crate::introduction::Introduction;
use crate::limits;
use crate::meeting::Meeting;
use crate::record::{RecordBytes, Signed, Statement};
use crate::time::Timestamp;
use crate::vouch::{Evidence, EvidenceKind};

/// The id of a record, read from where it was stored after it was checked.
pub(super) fn id_of<T: Statement>(record: &RecordBytes) -> Option<RecordId> {
    Some(Signed::<T>::from_bytes(record.as_slice()).ok()?.record_id())
}

impl Turn<'_> {
    /// What I can point at when I vouch for somebody, the newest of each kind first.
    pub(super) fn evidence_about(&self, person: PersonId) -> Result<Vec<Evidence>> {
        let mut evidence = self.meetings_as_evidence(person)?;
        evidence.extend(self.introductions_as_evidence(person)?);
        evidence.truncate(limits::VOUCH_EVIDENCE);
        Ok(evidence)
    }

    fn meetings_as_evidence(&self, person: PersonId) -> Result<Vec<Evidence>> {
        let mut meetings = meetings_with(&self.txn, person)?;
        meetings.retain(|held| held.is_complete());
        meetings.sort_by_key(|held| (std::cmp::Reverse(held.meeting.day), held.key()));
        let mine = meetings.iter().filter_map(|held| id_of::<Meeting>(held.mine.as_ref()?));
        Ok(mine.map(|record| Evidence { kind: EvidenceKind::Meeting, record }).collect())
    }

    /// Introductions that came to something: those that I carried, and the one by which we know each other.
    fn introductions_as_evidence(&self, person: PersonId) -> Result<Vec<Evidence>> {
        let mut found: Vec<(Timestamp, RecordBytes)> = Vec::new();
        for one in introduction::carried(&self.txn)? {
            let concerns = one.asker == person || one.target == Some(person);
            if concerns && one.state == CarryState::Connected {
                found.extend(one.introduction.map(|record| (one.changed, record)));
            }
        }
        for one in introduction::asked(&self.txn)? {
            if one.contact == Some(person) && one.state == AskState::Connected {
                found.extend(one.introduction.map(|record| (one.changed, record)));
            }
        }
        for one in introduction::proposed(&self.txn)? {
            if one.contact == Some(person) && one.state == ProposedState::Connected {
                found.extend(one.introduction.map(|record| (one.changed, record)));
            }
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let ids = found.iter().filter_map(|(_, record)| id_of::<Introduction>(record));
        Ok(ids.map(|record| Evidence { kind: EvidenceKind::Introduction, record }).collect())
    }
}
