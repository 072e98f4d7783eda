//! Codes that lead to my mailboxes: who has only a code leaves a letter behind the front door that it names.

use super::super::entity::Entity;
use super::super::error::Result;
use super::super::invites::OwnInvite;
use super::super::own::Own;
use super::super::turn::Turn;
use super::{MailboxState, own_mailboxes};
use crate::address::{Hint, Reach};
use crate::hello::SharedSecret;
use crate::id::InviteId;
use crate::limits;
use crate::mailbox::{Door, SealedDoor, Slot};
use crate::store::{Read, Table};

crate::wire_map! {
    /// The codes that lead to my mailboxes, the newest first.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct CodeSlots {
        1 => codes: Vec<InviteId>,
    }
}

impl Entity for CodeSlots {
    const TABLE: Table = Table::Meta;

    fn key(&self) -> Vec<u8> {
        CODE_SLOTS.to_vec()
    }
}

const CODE_SLOTS: &[u8] = b"code-slots";

/// Bytes of all doors in one message, so that the rest fits beside them; codes beyond it have a place and no door.
const DOORS: usize = 40 * 1024;

/// The addresses that go into a code: where my node is, and between what everybody reaches and what only the neighbours
/// do, where letters may be left.
pub(in super::super) fn code_hints(read: &dyn Read, own: &Own) -> Result<Vec<Hint>> {
    let (everywhere, near): (Vec<_>, Vec<_>) = own.hints.iter().cloned().partition(|hint| hint.reach == Reach::Direct);
    let near = near.into_iter().filter(Hint::fits_in_code);
    let all = everywhere.into_iter().chain(front_doors(read)?).chain(near);
    Ok(all.take(limits::INVITE_HINTS).collect())
}

/// The addresses that go into a consent: relays too, since it is sealed.
pub(in super::super) fn consent_hints(read: &dyn Read, own: &Own) -> Result<Vec<Hint>> {
    let doors = front_doors(read)?;
    let own = own.hints.iter().take(limits::ADDRESSES - doors.len().min(limits::ADDRESSES)).cloned();
    Ok(own.chain(doors).take(limits::ADDRESSES).collect())
}

/// Where who has only a code may leave a letter.
pub(in super::super) fn front_doors(read: &dyn Read) -> Result<Vec<Hint>> {
    let mailboxes = own_mailboxes(read)?;
    let open = mailboxes.iter().filter(|mailbox| mailbox.state == MailboxState::Open);
    let first = open.filter_map(|mailbox| mailbox.addresses.first());
    Ok(first.map(|hint| Hint { reach: Reach::FrontDoor, ..hint.clone() }).collect())
}

impl Turn<'_> {
    /// Notes which codes lead to my mailboxes; true if that changed.
    pub(super) fn keep_code_slots(&mut self) -> Result<bool> {
        let changed: Vec<InviteId> =
            self.txn.changed(Table::Invites).filter_map(|key| key.try_into().ok().map(InviteId)).collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let before = self.txn.load::<CodeSlots>(CODE_SLOTS)?.unwrap_or_default();
        let mut slots = before.clone();
        for invite in changed {
            match self.txn.load::<OwnInvite>(&invite.0)? {
                Some(_) if slots.codes.contains(&invite) => {}
                Some(own) if own.is_open() => slots.codes.insert(0, invite),
                Some(_) => {}
                None => slots.codes.retain(|one| *one != invite),
            }
        }
        slots.codes.truncate(limits::MAILBOX_SLOTS);
        let is_changed = slots != before;
        if is_changed {
            self.txn.save(&slots);
        }
        Ok(is_changed)
    }

    /// The places of all codes that can still be claimed.
    pub(super) fn slots(&mut self) -> Result<Vec<Slot>> {
        let own = self.own()?;
        let door = Door { peer: own.peer, hints: own.hints };
        let (mut slots, mut doors) = (Vec::new(), 0);
        for invite in self.codes_with_slots()? {
            let Some(own_invite) = self.txn.load::<OwnInvite>(&invite.0)? else { continue };
            let Some((_, secret)) = self.invite_opening(invite)? else { continue };
            if own_invite.claimable_until() < self.now {
                continue;
            }
            let sealed = if doors < DOORS { door.seal(&secret, self.random.bytes()).ok() } else { None };
            let sealed = sealed.unwrap_or_default();
            doors += sealed.as_slice().len();
            slots.push(slot_of(&own_invite, &secret, sealed));
        }
        Ok(slots)
    }

    pub(super) fn codes_with_slots(&self) -> Result<Vec<InviteId>> {
        Ok(self.txn.load::<CodeSlots>(CODE_SLOTS)?.unwrap_or_default().codes)
    }
}

fn slot_of(invite: &OwnInvite, secret: &SharedSecret, door: SealedDoor) -> Slot {
    Slot {
        label: secret.mailbox_label(),
        token: secret.mailbox_token(),
        until: invite.claimable_until(),
        most: if invite.printed { limits::MAILBOX_PRINTED_CLAIMS } else { limits::MAILBOX_LIVE_CLAIMS },
        door,
    }
}
