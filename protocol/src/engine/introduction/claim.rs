//! The asker comes with the code that I made for them: what proves it, and what follows once we hold each other.

use super::super::error::Result;
use super::super::incoming::history_of;
use super::super::invites::Binding;
use super::super::notice::Notice;
use super::super::people;
use super::super::person::{Encounter, Person, Way};
use super::super::turn::Turn;
use super::{Over, Proposed, ProposedState, verified};
use crate::id::RecordId;
use crate::identity::History;
use crate::introduction::Introduction;
use crate::letter::introduction::IntroductionLetter;
use crate::record::{RecordBytes, Verified};

impl Turn<'_> {
    /// Whether a claim of a code that I made for an introduction comes from the one it was made for, with the word of the
    /// one who carried it.
    pub(in super::super) fn is_introduced(
        &self,
        binding: &Binding,
        asker: &History,
        statement: Option<&RecordBytes>,
    ) -> Result<bool> {
        let Some(proposed) = self.txn.load::<Proposed>(&binding.introduction.bytes())? else { return Ok(false) };
        let introducer = people::person(&self.txn, proposed.introducer)?;
        let Some(of) = introducer.identity else { return Ok(false) };
        let Some(history) = history_of(&self.txn, of)? else { return Ok(false) };
        let statement = statement.and_then(|record| verified::<Introduction>(record, &history));
        let (Some(statement), Some(ask)) = (statement, proposed.ask_id()) else { return Ok(false) };
        Ok(self.fits(&statement, &proposed, binding, ask) && asker.has_event(&statement.asker_head))
    }

    fn fits(&self, statement: &Verified<Introduction>, proposed: &Proposed, binding: &Binding, ask: RecordId) -> bool {
        statement.id == proposed.id
            && statement.asker == binding.asker
            && statement.target == self.keys.signer.id
            && statement.ask == ask
    }

    /// How I came across somebody who used a code that I made for an introduction.
    pub(in super::super) fn introduced_encounter(&self, binding: &Binding) -> Result<Encounter> {
        let by = people::person(&self.txn, binding.introduction.person)?.name;
        Ok(Encounter { at: self.now, way: Way::Introduced, event: None, late: false, by: Some(by) })
    }

    /// The asker came: we hold each other.
    pub(in super::super) fn target_connected(
        &mut self,
        binding: &Binding,
        person: &mut Person,
        statement: Option<RecordBytes>,
    ) -> Result<()> {
        let key = binding.introduction;
        let Some(mut proposed) = self.txn.load::<Proposed>(&key.bytes())? else { return Ok(()) };
        if proposed.state != ProposedState::Consented {
            return Ok(());
        }
        proposed.state = ProposedState::Connected;
        proposed.contact = Some(person.id);
        proposed.introduction = statement;
        proposed.changed = self.now;
        proposed.until = self.keep_until(proposed.until, key);
        self.txn.save(&proposed);
        self.notice(Notice::Introduction { introduction: key });
        // Whoever else brought the same person confirms who they are.
        for other in self.others_of(binding.asker, key)? {
            let by = people::person(&self.txn, other.introducer)?.name;
            person.met(Encounter { at: self.now, way: Way::Introduced, event: None, late: false, by: Some(by) });
            self.end_proposed(other, Over::Expired)?;
        }
        self.txn.save(person);
        self.tell_if_contact(key.person, IntroductionLetter::Done(key.id))
    }
}
