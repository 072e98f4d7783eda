//! Entries that turn out to be one and the same person.
//!
//! A code names nobody, so whose it was is known from an answer alone. A scan that is answered joins the person who
//! answers. A scan that was refused, or not answered, names nobody either; but the receipt of a claim comes from the
//! machine at which it was opened, and a contact's grant names their machine. So it is known later whose code it was,
//! if not at once. Only my own words move, on my own machine: nobody is shown more for it.

use super::deadline::Ends;
use super::entity::Entity;
use super::error::Result;
use super::people::notes_about;
use super::person::{Person, PersonNote, Reach, Scan, Standing};
use super::presence::read_grant;
use super::turn::Turn;
use crate::folding::fold;
use crate::id::{PeerId, PersonId, SessionId};
use crate::invite::code_name;
use crate::limits;
use crate::store::Read;

/// Notes that may come of follow-ups when two entries join, and of a name of mine.
const NOTES_OF_JOINING: usize = 4;

impl Scan {
    /// The machine of whoever made the code, as far as it is known.
    fn machine(&self) -> Option<PeerId> {
        self.node.or(self.door.as_ref().map(|door| door.peer))
    }
}

impl Turn<'_> {
    /// The person behind a code is one I know: what hangs on the pending one moves over. The caller saves who is known,
    /// and adds how we met.
    pub(super) fn join(&mut self, pending: &Person, mut known: Person, is_newer: bool) -> Result<Person> {
        self.move_notes(pending.id, known.id)?;
        for tag in pending.tags.iter().filter(|tag| !known.tags.contains(tag)).cloned().collect::<Vec<_>>() {
            if known.tags.len() < limits::TAGS {
                known.tags.push(tag);
            }
        }
        let other = pending.petname.clone().filter(|other| known.petname.as_ref() != Some(other));
        match (known.petname.is_some(), other) {
            (true, Some(other)) => self.keep_as_note(known.id, &format!("I called them {other}, too"))?,
            (false, other) => known.petname = other,
            (true, None) => {}
        }
        known.cadence = known.cadence.or(pending.cadence);
        known.they_have = known.they_have.or(pending.they_have);
        known.created = known.created.min(pending.created);
        self.join_follow_ups(pending.id, known.id, is_newer)?;
        self.forget_left(pending.id);
        self.person_gone()?;
        self.txn.forget(pending);
        self.live.waiting.remove(&pending.id);
        self.live.pauses.remove(&pending.id);
        Ok(known)
    }

    fn move_notes(&mut self, from: PersonId, into: PersonId) -> Result<()> {
        for note in notes_about(&self.txn, from)? {
            self.txn.forget(&note);
            let mut moved = PersonNote { person: into, ..note };
            // Both may have a note of this second, and each counted its own.
            while self.txn.load::<PersonNote>(&moved.key())?.is_some() {
                moved.number = moved.number.wrapping_add(1);
            }
            self.txn.save(&moved);
        }
        Ok(())
    }

    /// My first letter was opened over this session, so the machine there is of whoever made the code. An introduction says
    /// itself who must answer, and where.
    pub(super) fn first_letter_opened(&self, person: &mut Person, session: SessionId) {
        let Some(peer) = self.live.sessions.get(&session).map(|open| open.peer) else { return };
        if let Some(scan) = person.scan.as_mut().filter(|scan| scan.introduction.is_none()) {
            scan.node.get_or_insert(peer);
        }
    }

    /// A scan led nowhere. If it was of a contact it joins them; else it waits until whoever made the code is one. Gives
    /// who it is with from now on.
    pub(super) fn file_failed_scan(&mut self, failed: &Person) -> Result<PersonId> {
        let Some(machine) = failed.scan.as_ref().and_then(Scan::machine) else { return Ok(failed.id) };
        self.live.failed.entry(machine).or_default().insert(failed.id);
        let mut whose: Vec<Person> = Vec::new();
        for known in self.live.nodes.get(&machine).into_iter().flatten() {
            whose.extend(self.txn.load::<Person>(&known.0)?.filter(|known| was_of(failed, known)));
        }
        // Several may name one machine, of whom at most one is right.
        let (Some(known), true) = (whose.pop(), whose.is_empty()) else { return Ok(failed.id) };
        let joined = known.id;
        match self.join_failed(failed, known)? {
            Some(known) => {
                self.txn.save(&known);
                Ok(joined)
            }
            None => Ok(failed.id),
        }
    }

    /// Somebody is a contact from now on, or was met again: scans of codes of theirs that led nowhere join them. The
    /// caller saves what comes back.
    pub(super) fn join_failed_scans(&mut self, mut known: Person) -> Result<Person> {
        let Some(reach) = self.txn.load::<Reach>(&known.id.0)? else { return Ok(known) };
        let machines: Vec<PeerId> =
            read_grant(&reach).map(|grant| grant.peer).into_iter().chain(reach.former.iter().copied()).collect();
        for machine in machines {
            for failed in self.failed_at(machine)? {
                if was_of(&failed, &known)
                    && let Some(joined) = self.join_failed(&failed, known.clone())?
                {
                    known = joined;
                }
            }
        }
        Ok(known)
    }

    /// Those whose code was made at a machine, and led nowhere.
    fn failed_at(&mut self, machine: PeerId) -> Result<Vec<Person>> {
        let filed = self.live.failed.get(&machine).cloned().unwrap_or_default();
        let mut failed = Vec::new();
        for id in filed {
            match self.txn.load::<Person>(&id.0)? {
                Some(person) => failed.push(person),
                None => self.live.failed_is_gone(machine, id),
            }
        }
        Ok(failed)
    }

    /// Nothing of mine may be lost, so without room for all notes both stay.
    fn join_failed(&mut self, failed: &Person, known: Person) -> Result<Option<Person>> {
        let Some(scan) = &failed.scan else { return Ok(None) };
        let notes = notes_about(&self.txn, failed.id)?.len() + notes_about(&self.txn, known.id)?.len();
        if notes + NOTES_OF_JOINING > limits::NOTES {
            return Ok(None);
        }
        self.remove_all_waiting(failed.id)?;
        self.clear_deadline(scan.gives_up, Ends::Scan(failed.id));
        self.forget_pair(failed.id)?;
        let is_newer = known.encounters.iter().all(|one| one.at < scan.at);
        let mut known = self.join(failed, known, is_newer)?;
        failed.encounters.iter().cloned().for_each(|encounter| known.had_met(encounter));
        Ok(Some(known))
    }
}

/// True if a scan that led nowhere was of a code of this contact, who has, or had, the machine at which it was made. Whoever
/// films a code and passes my letter on to its maker can have it look as if it was made at theirs: so the name of the
/// code must be the contact's, too.
fn was_of(failed: &Person, known: &Person) -> bool {
    let Some(scan) = failed.scan.as_ref().filter(|scan| scan.problem.is_some()) else { return false };
    if failed.standing != Standing::Pending || failed.blocked || failed.id == known.id || !known.is_contact() {
        return false;
    }
    match scan.who {
        Some(who) => known.identity == Some(who),
        None => code_name(known.name.as_str()).is_some_and(|name| fold(name.as_str()) == fold(failed.name.as_str())),
    }
}

/// Scans that led nowhere and whose maker may yet become a contact, by the machine at which the code was made.
pub(super) fn failed_scans(read: &dyn Read) -> Result<Vec<(PeerId, PersonId)>> {
    let led_nowhere = |person: &Person| person.scan.as_ref().is_some_and(|scan| scan.problem.is_some());
    let failed = super::people::select(read, led_nowhere)?;
    let machine = |person: &Person| person.scan.as_ref().and_then(Scan::machine);
    Ok(failed.iter().filter_map(|person| Some((machine(person)?, person.id))).collect())
}
