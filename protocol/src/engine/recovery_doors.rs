//! Doors for contacts whose capsule I keep, who lost everything but their words and know nothing of me but an address.
//!
//! What they say hello under follows from the key of their words, which came with the capsule, and the key of this machine.
//! So another machine of mine has other doors, and they are made anew when the network starts with another key.

use std::ops::ControlFlow;

use super::effect::Effect;
use super::entity::{self, Entity};
use super::error::Result;
use super::live::Party;
use super::turn::Turn;
use crate::crypto::sign::{SigningKey, VerifyKey};
use crate::hello::SharedSecret;
use crate::id::{Locator, PeerId, PersonId, SessionId};
use crate::recovery::RecoveryDoor;
use crate::store::Table;

crate::wire_map! {
    /// Whom a door is for that belongs to something kept.
    struct KeptDoor {
        1 => person: PersonId,
        /// Which of the capsules of this person: see `capsules`.
        2 => place: u8,
        /// The key of their words.
        3 => owner: VerifyKey,
        /// Where it was when the network last ran; none before it did.
        4 => opened: Option<Opened>,
    }
}

crate::wire_map! {
    /// A door at one machine. It is kept, so that who has thousands of contacts starts without working out each.
    struct Opened {
        1 => node: PeerId,
        2 => secret: SharedSecret,
    }
}

impl Entity for KeptDoor {
    const TABLE: Table = Table::Secrets;

    fn key(&self) -> Vec<u8> {
        kept_door_key(self.person, self.place)
    }
}

const KEPT: &[u8] = b"recovery door";

fn kept_door_key(person: PersonId, place: u8) -> Vec<u8> {
    [KEPT, &person.0, &[place]].concat()
}

crate::wire_map! {
    /// The way from a locator to what is kept. There may be several: others can have had me keep something for the same key.
    struct AtDoor {
        1 => locator: Locator,
        2 => person: PersonId,
        3 => place: u8,
    }
}

impl Entity for AtDoor {
    const TABLE: Table = Table::Doors;

    fn key(&self) -> Vec<u8> {
        [&at_door(self.locator)[..], &self.person.0, &[self.place]].concat()
    }
}

/// Apart from doors that lead to one party.
fn at_door(locator: Locator) -> Vec<u8> {
    [KEPT, &locator.0].concat()
}

impl Turn<'_> {
    /// From now on hellos are answered for who has the words that a capsule is for.
    pub(super) fn open_recovery_door(&mut self, person: PersonId, place: u8, owner: Option<VerifyKey>) {
        let Some(owner) = owner else { return };
        let opened = self.recovery_door_for(&owner);
        if let Some(Opened { secret, .. }) = &opened {
            let locator = secret.locator();
            self.txn.save(&AtDoor { locator, person, place });
            self.effect(Effect::OpenDoor { locator, secret: secret.clone() });
        }
        self.txn.save(&KeptDoor { person, place, owner, opened });
    }

    /// Closes the door of something that is kept no more, unless it is that of something else, too. Returns whom it was for.
    pub(super) fn take_recovery_door(&mut self, person: PersonId, place: u8) -> Result<Option<VerifyKey>> {
        let Some(kept) = self.txn.load::<KeptDoor>(&kept_door_key(person, place))? else { return Ok(None) };
        self.txn.forget(&kept);
        self.hang_up_on_keepers(person, place);
        if let Some(Opened { secret, .. }) = kept.opened {
            let locator = secret.locator();
            self.txn.forget(&AtDoor { locator, person, place });
            if self.keeper_at(locator)?.is_none() {
                self.effect(Effect::CloseDoor { locator });
            }
        }
        Ok(Some(kept.owner))
    }

    /// What they came for is not here any more.
    fn hang_up_on_keepers(&mut self, person: PersonId, place: u8) {
        let party = Party::Keeper(person, place);
        let came: Vec<SessionId> =
            self.live.sessions.iter().filter(|(_, open)| open.party == party).map(|(id, _)| *id).collect();
        for session in came {
            self.live.sessions.remove(&session);
            self.effect(Effect::HangUp { session });
        }
    }

    /// Opens all of them for a network that has just started, where this machine's key has them.
    pub(super) fn open_recovery_doors(&mut self) -> Result<()> {
        let node = self.live.node.as_ref().map(node_id);
        let mut all = Vec::new();
        entity::each::<KeptDoor>(&self.txn, KEPT, b"", |kept| {
            all.push(kept);
            ControlFlow::Continue(())
        })?;
        for kept in all {
            match kept.opened {
                Some(Opened { node: there, secret }) if Some(there) == node => {
                    self.effect(Effect::OpenDoor { locator: secret.locator(), secret });
                }
                _ => {
                    self.take_recovery_door(kept.person, kept.place)?;
                    self.open_recovery_door(kept.person, kept.place, Some(kept.owner));
                }
            }
        }
        Ok(())
    }

    /// Whose capsule is asked for behind this locator.
    pub(super) fn keeper_at(&self, locator: Locator) -> Result<Option<Party>> {
        let mut found = None;
        entity::each::<AtDoor>(&self.txn, &at_door(locator), b"", |at| {
            found = Some(Party::Keeper(at.person, at.place));
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// The door that a session came in by; none if it was closed since.
    pub(super) fn recovery_door_of(&self, session: SessionId) -> Result<Option<RecoveryDoor>> {
        let party = self.live.sessions.get(&session).map(|session| session.party);
        let Some(Party::Keeper(person, place)) = party else { return Ok(None) };
        let kept = self.txn.load::<KeptDoor>(&kept_door_key(person, place))?;
        Ok(kept.and_then(|kept| kept.opened).map(|opened| RecoveryDoor::with(opened.secret)))
    }

    /// None until the network has told this machine's key.
    fn recovery_door_for(&self, owner: &VerifyKey) -> Option<Opened> {
        let node = self.live.node.as_ref()?;
        Some(Opened { node: node_id(node), secret: RecoveryDoor::of_node(node, owner).secret() })
    }
}

fn node_id(node: &SigningKey) -> PeerId {
    PeerId(*node.verify_key().as_bytes())
}
