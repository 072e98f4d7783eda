//! What waits on me.

use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::invites::OwnInvite;
use super::notice::Notice;
use super::person::{Person, Standing};
use super::turn::Turn;
use crate::card::Tier;
use crate::id::{InviteId, ItemId, PersonId};
use crate::limits;
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_choice! {
    /// What is asked of me.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ItemKind {
        /// Somebody scanned my live code: was it the person in front of me?
        0 => ConfirmScan,
        /// Somebody scanned a printed code of mine: do I share back?
        1 => ShareBack,
        /// Somebody's scan of a live code came when it was stale: was it somebody I met?
        2 => LateClaim,
        /// Two key histories of one person contradict each other.
        3 => Fork,
    }
}

crate::wire_map! {
    /// One thing that waits.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Item {
        /// Its id in this home.
        1 => pub id: ItemId,
        /// What is asked.
        2 => pub kind: ItemKind,
        /// Concerning whom.
        3 => pub person: PersonId,
        /// Since when it waits.
        4 => pub at: Timestamp,
        /// When it goes away by itself.
        5 => pub until: Timestamp,
        /// The code it is about.
        6 => pub invite: Option<InviteId>,
        /// Names the meeting that I sign when I say yes.
        7 => pub meeting: Option<[u8; 16]>,
    }
}

/// The scan that a question is about.
pub(super) struct About {
    pub until: Timestamp,
    pub invite: Option<InviteId>,
    pub meeting: Option<[u8; 16]>,
}

impl About {
    /// No scan.
    pub(super) const fn until(until: Timestamp) -> Self {
        Self { until, invite: None, meeting: None }
    }
}

impl Entity for Item {
    const TABLE: Table = Table::Inbox;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

/// Everything that waits, the oldest first.
pub fn items(read: &dyn Read) -> Result<Vec<Item>> {
    let mut items: Vec<Item> = entity::list(read, b"", limits::INBOX)?;
    items.sort_by_key(|item| (item.at, item.id));
    Ok(items)
}

impl Turn<'_> {
    /// Puts a question before me. If the same one waits already, it is about the newest scan from now on.
    pub(super) fn ask_me(&mut self, kind: ItemKind, person: PersonId, about: About) -> Result<()> {
        let About { until, invite, meeting } = about;
        let waiting = items(&self.txn)?;
        let same = waiting.iter().find(|item| item.kind == kind && item.person == person);
        let (id, at) = same.map_or_else(|| (ItemId(self.random.bytes()), self.now), |same| (same.id, same.at));
        match same {
            Some(same) => self.clear_deadline(same.until, Ends::Item(id)),
            None if waiting.len() >= limits::INBOX => return Err(Error::Full("things waiting in the inbox")),
            None => self.notice(Notice::Waiting { item: id, person }),
        }
        self.set_deadline(until, Ends::Item(id));
        self.txn.save(&Item { id, kind, person, at, until, invite, meeting });
        Ok(())
    }

    /// Who asked for my card and then became a contact in another way has their answer.
    pub(super) fn settle_requests(&mut self, person: &Person) -> Result<()> {
        for item in items(&self.txn)?.into_iter().filter(|item| item.person == person.id) {
            if matches!(item.kind, ItemKind::ShareBack | ItemKind::LateClaim) {
                let (item, _, invite) = self.take_item(item.id)?;
                if let Some(invite) = invite {
                    self.welcome(person, &invite, item.kind == ItemKind::LateClaim)?;
                }
            }
        }
        Ok(())
    }

    /// I say yes. A tier says what of my card they get, where that is still to be chosen.
    pub fn accept(&mut self, item: ItemId, tier: Option<Tier>) -> Result<Item> {
        let (item, mut person, invite) = self.take_item(item)?;
        if let Some(tier) = tier {
            person.tier = tier;
        }
        match item.kind {
            ItemKind::ConfirmScan => self.confirm_meeting(&person, &item, invite.as_ref())?,
            ItemKind::ShareBack | ItemKind::LateClaim => {
                person.standing = Standing::Contact;
                self.txn.save(&person);
                self.notice(Notice::ContactMade { person: person.id });
                if let Some(invite) = &invite {
                    self.welcome(&person, invite, item.kind == ItemKind::LateClaim)?;
                }
                if item.kind == ItemKind::LateClaim {
                    self.confirm_meeting(&person, &item, invite.as_ref())?;
                }
            }
            ItemKind::Fork => self.settle_fork(&person)?,
        }
        Ok(item)
    }

    fn confirm_meeting(&mut self, person: &Person, item: &Item, invite: Option<&OwnInvite>) -> Result<()> {
        self.settle_fork(person)?;
        match (invite, item.meeting) {
            (Some(invite), Some(nonce)) => self.sign_meeting(person, invite.event.clone(), invite.created.day(), nonce),
            _ => Ok(()),
        }
    }

    /// I say no: "not this person", or simply nothing. Who asked learns of it only where we were contacts.
    pub fn ignore(&mut self, item: ItemId) -> Result<Item> {
        let (item, person, _) = self.take_item(item)?;
        match item.kind {
            ItemKind::ConfirmScan => self.withdraw_from(person)?,
            ItemKind::ShareBack | ItemKind::LateClaim => self.forget_person(person.id)?,
            ItemKind::Fork => {}
        }
        Ok(item)
    }

    fn take_item(&mut self, item: ItemId) -> Result<(Item, Person, Option<OwnInvite>)> {
        let not_found = || Error::NotFound { what: "inbox item", name: item.short() };
        let item = self.txn.load::<Item>(&item.0)?.ok_or_else(not_found)?;
        let person = self.txn.load::<Person>(&item.person.0)?.ok_or_else(not_found)?;
        let invite = match item.invite {
            Some(invite) => self.txn.load::<OwnInvite>(&invite.0)?,
            None => None,
        };
        self.txn.forget(&item);
        self.clear_deadline(item.until, Ends::Item(item.id));
        Ok((item, person, invite))
    }

    /// Nobody decided in time: who waited for an answer is forgotten, a meeting simply has no record.
    pub(super) fn let_item_go(&mut self, item: ItemId) -> Result<()> {
        let Some(item) = self.txn.load::<Item>(&item.0)? else { return Ok(()) };
        self.txn.forget(&item);
        match item.kind {
            ItemKind::ShareBack | ItemKind::LateClaim => self.forget_person(item.person),
            ItemKind::ConfirmScan | ItemKind::Fork => Ok(()),
        }
    }

    /// Takes away what waits on me about a person.
    pub(super) fn drop_items_about(&mut self, person: PersonId) -> Result<()> {
        for item in items(&self.txn)?.into_iter().filter(|item| item.person == person) {
            self.txn.forget(&item);
            self.clear_deadline(item.until, Ends::Item(item.id));
        }
        Ok(())
    }
}
