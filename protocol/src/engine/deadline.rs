//! Everything that waits has an end, kept in one table ordered by time.

use std::ops::ControlFlow;

use super::error::Result;
use super::introduction::IntroKey;
use super::turn::Turn;
use super::vouches::VouchKey;
use crate::id::{CaptureKey, IdentityId, InviteId, ItemId, LetterId, PersonId};
use crate::store::{Read, StoreError, Table};
use crate::time::Timestamp;

/// What ends at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ends {
    /// A letter in the outbox gives up.
    Letter(PersonId, LetterId),
    /// A handled letter is forgotten.
    Handled(IdentityId, LetterId),
    /// A code of mine is forgotten.
    Invite(InviteId),
    /// Something that waited on me goes away.
    Item(ItemId),
    /// My node grant wants renewal.
    Grant,
    /// An encryption key of mine is destroyed.
    EncryptionKey(u32),
    /// A presence letter that was held back for its pace may go.
    Presence,
    /// More contacts are to be told.
    Round,
    /// A scan of mine that nobody answered is given up.
    Scan(PersonId),
    /// An introduction ends, comes back, or is forgotten.
    Introduction(IntroKey),
    /// A vouch ends.
    Vouch(VouchKey),
    /// A capture that was taken in is forgotten.
    Capture(CaptureKey),
    /// Mailboxes are looked at again.
    Mailboxes,
    /// Letters to somebody, which arrived long ago, are forgotten.
    Sent(PersonId),
    /// New contacts get a capsule.
    Capsules,
    /// The record of where I am is put into the DHT again.
    Posting,
    /// I look again whether the key of somebody was given up.
    Watch(IdentityId),
}

impl Ends {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Letter(person, letter) => [&[1][..], &person.0, &letter.0].concat(),
            Self::Handled(sender, letter) => [&[2][..], &sender.0, &letter.0].concat(),
            Self::Invite(invite) => [&[3][..], &invite.0].concat(),
            Self::Item(item) => [&[4][..], &item.0].concat(),
            Self::Grant => vec![5],
            Self::EncryptionKey(number) => [&[6][..], &number.to_be_bytes()].concat(),
            Self::Presence => vec![7],
            Self::Round => vec![17],
            Self::Scan(person) => [&[8][..], &person.0].concat(),
            Self::Introduction(key) => [&[9][..], &key.bytes()].concat(),
            Self::Vouch(key) => [&[10][..], &key.bytes()].concat(),
            Self::Capture(key) => [&[16][..], &key.0].concat(),
            Self::Mailboxes => vec![18],
            Self::Sent(person) => [&[19][..], &person.0].concat(),
            Self::Capsules => vec![20],
            Self::Posting => vec![21],
            Self::Watch(identity) => [&[22][..], &identity.0].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        Some(match kind {
            1 => {
                let (person, letter) = rest.split_first_chunk::<10>()?;
                Self::Letter(PersonId(*person), LetterId(letter.try_into().ok()?))
            }
            2 => {
                let (sender, letter) = rest.split_first_chunk::<32>()?;
                Self::Handled(IdentityId(*sender), LetterId(letter.try_into().ok()?))
            }
            3 => Self::Invite(InviteId(rest.try_into().ok()?)),
            4 => Self::Item(ItemId(rest.try_into().ok()?)),
            5 => Self::Grant,
            6 => Self::EncryptionKey(u32::from_be_bytes(rest.try_into().ok()?)),
            7 => Self::Presence,
            17 => Self::Round,
            8 => Self::Scan(PersonId(rest.try_into().ok()?)),
            9 => Self::Introduction(IntroKey::from_bytes(rest)?),
            10 => Self::Vouch(VouchKey::from_bytes(rest)?),
            16 => Self::Capture(CaptureKey(rest.try_into().ok()?)),
            18 => Self::Mailboxes,
            19 => Self::Sent(PersonId(rest.try_into().ok()?)),
            20 => Self::Capsules,
            21 => Self::Posting,
            22 => Self::Watch(IdentityId(rest.try_into().ok()?)),
            _ => return None,
        })
    }

    fn key(self, at: Timestamp) -> Vec<u8> {
        [&at.secs().to_be_bytes()[..], &self.to_bytes()].concat()
    }
}

/// Deadlines that one step deals with; the rest follow in the next one.
const AT_ONCE: usize = 256;

impl Turn<'_> {
    pub(super) fn set_deadline(&mut self, at: Timestamp, ends: Ends) {
        self.txn.put(Table::Deadlines, &ends.key(at), Vec::new());
    }

    pub(super) fn clear_deadline(&mut self, at: Timestamp, ends: Ends) {
        self.txn.remove(Table::Deadlines, &ends.key(at));
    }

    /// Deals with what is due.
    pub(super) fn end_what_is_due(&mut self) -> Result<()> {
        for (key, ends) in due(&self.txn, self.now)? {
            self.txn.remove(Table::Deadlines, &key);
            let tells_many = matches!(ends, Ends::Presence | Ends::Grant | Ends::Round | Ends::Capsules);
            match ends {
                Ends::Letter(person, letter) => self.give_up_letter(person, letter)?,
                Ends::Handled(sender, letter) => self.forget_handled(sender, letter)?,
                Ends::Invite(invite) => self.forget_invite(invite)?,
                Ends::Item(item) => self.let_item_go(item)?,
                Ends::Grant => self.renew_grant()?,
                Ends::EncryptionKey(number) => self.destroy_encryption_key(number)?,
                Ends::Presence => self.announce_to_others()?,
                Ends::Round => self.continue_round()?,
                Ends::Scan(person) => self.give_up_scan(person)?,
                Ends::Introduction(key) => self.introduction_due(key)?,
                Ends::Vouch(key) => self.vouch_due(key)?,
                Ends::Capture(key) => self.forget_capture(key)?,
                Ends::Mailboxes => self.mailboxes_due(),
                Ends::Sent(person) => self.sent_due(person)?,
                Ends::Capsules => self.capsules_due()?,
                Ends::Posting => self.post_presence()?,
                Ends::Watch(identity) => self.watch_due(identity)?,
            }
            // Two of these would not fit into one commit; the rest is due at once in the next step.
            if tells_many {
                break;
            }
        }
        Ok(())
    }
}

/// When the next deadline is.
pub(super) fn next(read: &dyn Read) -> Result<Option<Timestamp>> {
    let mut next = None;
    read.scan(Table::Deadlines, b"", b"", &mut |key, _| {
        next = time_of(key);
        ControlFlow::Break(())
    })?;
    Ok(next)
}

fn due(read: &dyn Read, now: Timestamp) -> Result<Vec<(Vec<u8>, Ends)>> {
    let mut due = Vec::new();
    let mut damaged = false;
    read.scan(Table::Deadlines, b"", b"", &mut |key, _| {
        match time_of(key) {
            Some(at) if at > now => return ControlFlow::Break(()),
            _ => {}
        }
        match key.get(8..).and_then(Ends::from_bytes) {
            Some(ends) => due.push((key.to_vec(), ends)),
            None => damaged = true,
        }
        if damaged || due.len() >= AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if damaged { Err(StoreError::Damaged("a deadline".into()).into()) } else { Ok(due) }
}

fn time_of(key: &[u8]) -> Option<Timestamp> {
    key.first_chunk::<8>().map(|secs| Timestamp::from_secs(u64::from_be_bytes(*secs)))
}

#[cfg(test)]
mod tests {
    use super::super::introduction::Part;
    use super::*;
    use crate::id::{IntroId, VouchSlot};

    #[test]
    fn every_kind_of_end_comes_back_from_its_key() {
        let all = [
            Ends::Letter(PersonId([1; 10]), LetterId([2; 16])),
            Ends::Handled(IdentityId([3; 32]), LetterId([4; 16])),
            Ends::Invite(InviteId([5; 10])),
            Ends::Item(ItemId([6; 10])),
            Ends::Grant,
            Ends::EncryptionKey(7),
            Ends::Presence,
            Ends::Round,
            Ends::Scan(PersonId([8; 10])),
            Ends::Introduction(IntroKey { part: Part::Target, id: IntroId([9; 16]), person: PersonId([10; 10]) }),
            Ends::Vouch(VouchKey {
                subject: IdentityId([11; 32]),
                issuer: IdentityId([12; 32]),
                slot: VouchSlot([13; 4]),
            }),
            Ends::Capture(CaptureKey([14; 16])),
            Ends::Mailboxes,
            Ends::Sent(PersonId([15; 10])),
            Ends::Capsules,
            Ends::Posting,
            Ends::Watch(IdentityId([16; 32])),
        ];
        for ends in all {
            let key = ends.key(Timestamp::from_secs(9));
            assert_eq!(time_of(&key), Some(Timestamp::from_secs(9)));
            assert_eq!(key.get(8..).and_then(Ends::from_bytes), Some(ends));
        }
    }
}
