//! A home comes back from a backup, on another machine or on the same one.
//!
//! Between the backup and now things happened that nobody here knows of, and the machine that the backup was made on may
//! still run. So the new one has a libp2p key of its own and a later generation, whose grant counts before any of the
//! other's; what may have been used meanwhile is used no more; and nothing is said that may be old, but for the one thing
//! that is new: where I am.

use std::ops::ControlFlow;

use super::entity;
use super::error::Result;
use super::invites::OwnInvite;
use super::rounds::Round;
use super::turn::Turn;
use crate::id::PeerId;
use crate::time::Timestamp;

/// How far the number of my card goes ahead: further than anybody changes a card between a backup and its use, so that
/// the next change counts as later than any that was forgotten.
pub(super) const CARD_AHEAD: u64 = 1 << 20;

impl Turn<'_> {
    /// This home was restored from a backup that was `made` then, and this machine has a fresh libp2p key.
    pub fn restored(&mut self, peer: PeerId, made: Timestamp) -> Result<()> {
        let mut own = self.own()?;
        own.generation = self.next_generation(own.generation);
        own.peer = peer;
        own.hints = Vec::new();
        own.replaced = None;
        own.card.seq += CARD_AHEAD;
        self.withdraw_live_codes()?;
        self.renew_presence_seed();
        // Whether to be heard is a matter of where this machine is.
        self.set_event_mode(false)?;
        // What contacts keep may know of more people than the backup does.
        self.grant_anew(&mut own, false)?;
        self.begin_round(Round { resume: Some(made), ..Round::default() })
    }

    /// Two machines that were restored from one backup must not have one number: so it is the time, in seconds, as long
    /// as that is later than the number before.
    pub(super) fn next_generation(&self, before: u32) -> u32 {
        u32::try_from(self.now.secs()).unwrap_or_default().max(before.saturating_add(1))
    }

    /// A live code is for one person, who may have claimed it meanwhile.
    fn withdraw_live_codes(&mut self) -> Result<()> {
        let mut live = Vec::new();
        entity::each::<OwnInvite>(&self.txn, b"", b"", |invite| {
            live.extend((invite.is_open() && invite.is_shown() && !invite.printed).then_some(invite.id));
            ControlFlow::Continue(())
        })?;
        live.into_iter().try_for_each(|invite| self.revoke_invite(invite).map(drop))
    }
}
