//! A machine learns that its home goes on at another one, and falls silent.
//!
//! Who restores a backup has a later grant, and contacts take the later one. The machine of before may still run: it holds
//! the same keys, so what it says would count, and what it collects would be missing at the other one. A contact that hears
//! from it answers nothing but the later grant; and it believes that alone, since only its own identity can sign one.

use super::effect::Effect;
use super::error::Result;
use super::incoming::history_of_person;
use super::live::{Live, Party, Session};
use super::notice::Notice;
use super::own::{Own, verify_grant};
use super::person::{Person, Reach};
use super::presence::{Place, read_grant};
use super::turn::Turn;
use crate::id::{PeerId, PersonId};
use crate::limits;
use crate::record::{RecordBytes, Signed};
use crate::store::Read;
use crate::time::Timestamp;

/// Machines that somebody spoke for before the one that their newest grant names, with the one that it replaces.
pub(super) fn former_machines(known: Option<&Reach>, newest: PeerId) -> Vec<PeerId> {
    let Some(known) = known else { return Vec::new() };
    let before = read_grant(known).map(|grant| grant.peer).filter(|peer| *peer != newest);
    let mut former = known.former.clone();
    former.retain(|peer| *peer != newest && Some(*peer) != before);
    former.extend(before);
    let surplus = former.len().saturating_sub(limits::FORMER_MACHINES);
    former.drain(..surplus);
    former
}

/// Since when this home goes on elsewhere, if it does.
pub fn replaced_since(read: &dyn Read) -> Result<Option<Timestamp>> {
    Ok(Own::load(read)?.replaced)
}

impl Turn<'_> {
    /// True if somebody goes on at another machine than this one. Not if it was a thief who said so.
    pub(super) fn is_former_machine(&self, person: PersonId, peer: PeerId) -> Result<bool> {
        let reach = self.txn.load::<Reach>(&person.0)?.filter(|reach| reach.former.contains(&peer));
        let (Some(reach), Some(person)) = (reach, self.txn.load::<Person>(&person.0)?) else { return Ok(false) };
        let history = history_of_person(&self.txn, &person)?;
        // A change of the key ends all grants before it, and with them what they say of machines.
        Ok(history
            .is_some_and(|history| Place::known(&reach, &history).is_some_and(|known| known.is_of_current(&history))))
    }

    /// Somebody goes on at another machine: what is open with the ones before ends, and who calls again is told why.
    pub(super) fn hang_up_on_former(&mut self, person: PersonId, former: &[PeerId]) {
        let is_former = |session: &Session| session.party == Party::Pair(person) && former.contains(&session.peer);
        let over = self.live.sessions.iter().filter(|(_, session)| is_former(session)).map(|(id, _)| *id);
        for session in over.collect::<Vec<_>>() {
            self.live.sessions.remove(&session);
            self.effect(Effect::HangUp { session });
        }
    }

    /// The grant that replaced a machine of somebody.
    pub(super) fn newest_grant(&self, person: PersonId) -> Result<Option<RecordBytes>> {
        Ok(self.txn.load::<Reach>(&person.0)?.map(|reach| reach.grant))
    }

    /// A contact shows a grant that is said to be mine. True if it is, and later than the one that I have.
    pub(super) fn shown_own_grant(&mut self, grant: &RecordBytes) -> Result<bool> {
        let own = self.own()?;
        let Some(shown) = verify_grant(grant.as_slice(), &self.keys.history, self.now) else { return Ok(false) };
        let Ok(mine) = Signed::<crate::identity::NodeGrant>::from_bytes(own.grant.as_slice()) else { return Ok(false) };
        let is_later = shown.generation > mine.unverified().generation && shown.peer != own.peer;
        if is_later {
            self.goes_on_elsewhere()?;
        }
        Ok(is_later)
    }

    /// My home goes on at another machine: nothing more is said here.
    pub(super) fn goes_on_elsewhere(&mut self) -> Result<()> {
        let mut own = self.own()?;
        if own.replaced.is_none() {
            own.replaced = Some(self.now);
            self.txn.save(&own);
            self.notice(Notice::Replaced);
            self.fall_silent();
        }
        Ok(())
    }

    /// Ends everything that is under way.
    pub(super) fn fall_silent(&mut self) {
        let sessions: Vec<_> = self.live.sessions.keys().copied().collect();
        for session in sessions {
            self.effect(Effect::HangUp { session });
        }
        self.effect(Effect::LookAround { on: false });
        *self.live = Live { silent: true, ..Live::default() };
    }
}
