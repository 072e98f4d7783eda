//! Who may leave letters in my mailboxes: each person under a label of their own, with a token that fits it.

use std::ops::ControlFlow;

use super::super::entity;
use super::super::error::Result;
use super::super::live::Party;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{MailboxState, OwnMailbox, own_mailboxes};
use crate::id::{Locator, PeerId, PersonId};
use crate::limits;
use crate::mailbox::{MailboxKey, Pass};
use crate::store::Table;

/// True if a list of passes may be believed.
pub(in super::super) fn are_bounded(passes: &[Pass]) -> bool {
    passes.len() <= limits::MAILBOXES && passes.iter().all(Pass::is_bounded)
}

/// Where letters to me may be left, told to one person; and under which label theirs lie.
fn pass(mailbox: &OwnMailbox, key: &MailboxKey, person: PersonId) -> Pass {
    let label = key.label(person);
    let hints = mailbox.addresses.clone();
    Pass { host: mailbox.host, hints, mailbox: key.id(), label, token: key.token(&label) }
}

impl Turn<'_> {
    /// The passes that a person gets to my mailboxes.
    pub(in super::super) fn passes_for(&mut self, person: PersonId) -> Result<Vec<Pass>> {
        let mut passes = Vec::new();
        if !self.has_mailboxes()? {
            return Ok(passes);
        }
        let mut all = own_mailboxes(&self.txn)?;
        all.sort_by_key(|mailbox| self.is_lost_for_long(mailbox));
        for mailbox in all {
            if mailbox.state != MailboxState::Open || mailbox.keeper == person || passes.len() >= limits::MAILBOXES {
                continue;
            }
            if let Some(key) = self.mailbox_key(mailbox.keeper)? {
                let pass = pass(&mailbox, &key, person);
                self.live.labels.insert(pass.label, person);
                passes.push(pass);
            }
        }
        Ok(passes)
    }

    /// Who is no contact any more may leave nothing more. Whom I blocked may: they are not told.
    pub(super) fn keep_void_labels(&mut self) -> Result<()> {
        let changed: Vec<PersonId> =
            self.txn.changed(Table::People).filter_map(|key| key.try_into().ok().map(PersonId)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut gone = Vec::new();
        for person in changed {
            let was = entity::load::<Person>(self.txn.under(), &person.0)?.is_some_and(|person| person.is_contact());
            let is = self.txn.load::<Person>(&person.0)?.is_some_and(|person| person.is_contact());
            if was != is {
                gone.push((person, is));
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        for mut mailbox in own_mailboxes(&self.txn)? {
            let Some(key) = self.mailbox_key(mailbox.keeper)? else { continue };
            let before = mailbox.void.clone();
            for (person, is_contact) in &gone {
                let label = key.label(*person);
                mailbox.void.retain(|one| *one != label);
                mailbox.void.extend((!is_contact).then_some(label));
            }
            let surplus = mailbox.void.len().saturating_sub(limits::MAILBOX_VOID);
            mailbox.void.drain(..surplus);
            if mailbox.void != before {
                self.txn.save(&mailbox);
                self.tell_host(&mailbox)?;
            }
        }
        Ok(())
    }

    /// Whom a label of my mailboxes means.
    pub(in super::super) fn party_with_label(&mut self, host: PeerId, label: Locator) -> Result<Option<Party>> {
        if !self.live.labels.contains_key(&label) {
            self.learn_labels(host)?;
        }
        if let Some(person) = self.live.labels.get(&label) {
            return Ok(Some(Party::Pair(*person)));
        }
        Ok(self.code_with_label(label).map(Party::Invite))
    }

    /// After a start the labels of all people are worked out again, once for each mailbox.
    fn learn_labels(&mut self, host: PeerId) -> Result<()> {
        let Some(mailbox) = self.mailbox_at(host)? else { return Ok(()) };
        let Some(key) = self.mailbox_key(mailbox.keeper)? else { return Ok(()) };
        if !self.live.labelled.insert(key.id()) {
            return Ok(());
        }
        let mut labels = Vec::new();
        entity::each::<Person>(&self.txn, b"", b"", |person| {
            labels.push((key.label(person.id), person.id));
            ControlFlow::Continue(())
        })?;
        self.live.labels.extend(labels);
        Ok(())
    }
}
