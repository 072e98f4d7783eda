//! Codes that lead to my mailboxes: who has only a code leaves a letter behind the front door that it names.

use std::collections::BTreeMap;

use super::super::code_lists::{codes_made, open_codes};
use super::super::error::Result;
use super::super::introduction::{ProposedState, proposed};
use super::super::invites::{self, OwnInvite};
use super::super::nearby::event_mode_since;
use super::super::own::Own;
use super::super::turn::Turn;
use super::{MailboxState, own_mailboxes};
use crate::address::{Hint, Reach};
use crate::hello::SharedSecret;
use crate::id::{InviteId, Locator};
use crate::limits;
use crate::mailbox::{Door, SealedDoor, Slot};
use crate::store::{Read, Table};
use crate::time::Timestamp;

/// Bytes of all doors in one message, so that the rest fits beside them; codes beyond it have a place and no door.
const DOORS: usize = 40 * 1024;

/// The addresses that go into a code: where my node is, and between what everybody reaches and what only the neighbours
/// do, where letters may be left. In event mode one that the neighbours reach comes second, so that it is not cut off.
pub(in super::super) fn code_hints(read: &dyn Read, own: &Own) -> Result<Vec<Hint>> {
    let (everywhere, near): (Vec<_>, Vec<_>) = own.hints.iter().cloned().partition(|hint| hint.reach == Reach::Direct);
    let mut near = near.into_iter().filter(Hint::fits_in_code);
    let mut all: Vec<Hint> = everywhere.into_iter().chain(front_doors(read)?).collect();
    if event_mode_since(read)?.is_some() {
        let second = all.len().min(1);
        all.splice(second..second, near.next());
    }
    all.extend(near);
    all.truncate(limits::INVITE_HINTS);
    Ok(all)
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

/// The codes that lead to my mailboxes: badges first, which are out for long; then what introductions wait for; then the
/// newest of those for one person. What becomes of a code is said to whoever claims it, so used ones stay for a while.
fn codes_that_lead_here(read: &dyn Read, now: Timestamp) -> Result<Vec<OwnInvite>> {
    let mut codes: Vec<OwnInvite> = open_codes(read, now)?.into_iter().filter(|code| code.printed).collect();
    for waited_for in proposed(read)?.iter().filter(|one| one.state == ProposedState::Consented) {
        if let Some(invite) = waited_for.invite {
            codes.extend(invites::invite(read, invite)?);
        }
    }
    for code in codes_made(read, None, limits::MAILBOX_SLOTS)? {
        if !codes.iter().any(|one| one.id == code.id) {
            codes.push(code);
        }
    }
    codes.retain(|code| code.claimable_until() >= now);
    codes.truncate(limits::MAILBOX_SLOTS);
    Ok(codes)
}

/// The places of my codes as the nodes were told of them last.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct ToldSlots {
    /// What their doors say.
    door: Option<Door>,
    slots: BTreeMap<InviteId, Slot>,
}

impl Turn<'_> {
    /// True if a code was made or forgotten in this step. What becomes of one changes nothing at the nodes.
    pub(super) fn have_codes_changed(&self) -> Result<bool> {
        for key in self.txn.changed(Table::Invites) {
            let was_there = self.txn.under().get(Table::Invites, key)?.is_some();
            if was_there != self.txn.get(Table::Invites, key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The places of all codes that can still be claimed. Sealing a door takes as long as a letter, so it is done once for
    /// each code and place that my node is at.
    pub(super) fn slots(&mut self) -> Result<Vec<Slot>> {
        let own = self.own()?;
        let door = Door { peer: own.peer, hints: own.hints };
        let mut before = std::mem::take(&mut self.live.told_slots);
        if before.door.as_ref() != Some(&door) {
            before.slots.clear();
        }
        let (mut slots, mut told, mut doors) = (Vec::new(), BTreeMap::new(), 0);
        for code in codes_that_lead_here(&self.txn, self.now)? {
            let slot = match before.slots.remove(&code.id) {
                Some(slot) => slot,
                None => {
                    let Some((_, secret)) = self.invite_opening(code.id)? else { continue };
                    let sealed = if doors < DOORS { door.seal(&secret, self.random.bytes()).ok() } else { None };
                    slot_of(&code, &secret, sealed.unwrap_or_default())
                }
            };
            doors += slot.door.as_slice().len();
            told.insert(code.id, slot.clone());
            slots.push(slot);
        }
        self.live.told_slots = ToldSlots { door: Some(door), slots: told };
        Ok(slots)
    }

    /// The code whose claims lie under this label.
    pub(super) fn code_with_label(&self, label: Locator) -> Option<InviteId> {
        let mut slots = self.live.told_slots.slots.iter();
        slots.find(|(_, slot)| slot.label == label).map(|(invite, _)| *invite)
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
