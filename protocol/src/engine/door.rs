//! Doors: which locator means which shared secret.

use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::Result;
use super::keys::{self, InviteSecrets, PairSecrets};
use super::live::Party;
use super::turn::Turn;
use crate::hello::SharedSecret;
use crate::id::{InviteId, Locator, PersonId};
use crate::store::{Read, Table};

crate::wire_choice! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) enum DoorKind {
        0 => Invite,
        1 => Pair,
        2 => Scanned,
    }
}

crate::wire_map! {
    /// One locator.
    pub(super) struct Door {
        1 => pub locator: Locator,
        2 => pub kind: DoorKind,
        /// The invite or the person.
        3 => pub of: [u8; 10],
    }
}

impl Entity for Door {
    const TABLE: Table = Table::Doors;

    fn key(&self) -> Vec<u8> {
        self.locator.0.to_vec()
    }
}

impl Door {
    pub(super) fn party(&self) -> Party {
        match self.kind {
            DoorKind::Invite => Party::Invite(InviteId(self.of)),
            DoorKind::Pair => Party::Pair(PersonId(self.of)),
            DoorKind::Scanned => Party::Scanned(PersonId(self.of)),
        }
    }
}

impl Turn<'_> {
    /// From now on hellos under this secret are answered for `party`. The secret of a code that I scanned
    /// opens no door of mine; it is only remembered for calling.
    pub(super) fn open_door(&mut self, secret: &SharedSecret, party: Party) {
        let locator = secret.locator();
        let (kind, of) = match party {
            Party::Invite(invite) => (DoorKind::Invite, invite.0),
            Party::Pair(person) => (DoorKind::Pair, person.0),
            // No door is opened for the machine of before alone.
            Party::Scanned(person) | Party::Former(person) => (DoorKind::Scanned, person.0),
            // Those are in `recovery_doors`: one locator may lead to several.
            Party::Keeper(..) => return,
        };
        self.txn.save(&Door { locator, kind, of });
        if kind != DoorKind::Scanned {
            self.effect(Effect::OpenDoor { locator, secret: secret.clone() });
        }
    }

    pub(super) fn close_door(&mut self, locator: Locator) {
        self.txn.remove(Table::Doors, &locator.0);
        self.effect(Effect::CloseDoor { locator });
    }

    /// Who a locator means.
    pub(super) fn party_at(&self, locator: Locator) -> Result<Option<Party>> {
        match self.txn.load::<Door>(&locator.0)? {
            Some(door) => Ok(Some(door.party())),
            None => self.keeper_at(locator),
        }
    }

    /// Closes every door of a person, ends what is open, and forgets what we shared.
    pub(super) fn forget_pair(&mut self, person: PersonId) -> Result<()> {
        self.hang_up_on(person);
        if let Some(pair) = self.txn.load::<PairSecrets>(&keys::pair_key(person))? {
            for locator in pair.locators() {
                self.close_door(locator);
            }
            self.txn.forget(&pair);
        }
        Ok(())
    }

    /// Announces every door to a network that has just started.
    pub(super) fn open_all_doors(&mut self) -> Result<()> {
        let mut secrets = Vec::new();
        entity::each::<InviteSecrets>(&self.txn, b"invite", b"", |stored| {
            secrets.push(stored.opening().1);
            std::ops::ControlFlow::Continue(())
        })?;
        // The newest of everybody come before the earlier ones: the network has a bound of its own.
        let mut earlier = Vec::new();
        entity::each::<PairSecrets>(&self.txn, b"pair", b"", |pair| {
            secrets.extend(pair.all().take(1).cloned());
            earlier.extend(pair.all().skip(1).cloned());
            std::ops::ControlFlow::Continue(())
        })?;
        for secret in secrets.into_iter().chain(earlier) {
            self.effect(Effect::OpenDoor { locator: secret.locator(), secret });
        }
        Ok(())
    }
}

/// What I share with a person.
pub(super) fn pair_secrets(read: &dyn Read, person: PersonId) -> Result<Option<PairSecrets>> {
    Ok(entity::load(read, &keys::pair_key(person))?)
}
