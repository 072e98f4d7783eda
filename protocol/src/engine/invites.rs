//! Codes that I show: making them, withdrawing them, what becomes of them.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::code_lists;
use super::deadline::Ends;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::introduction::IntroKey;
use super::keys::{self, InviteSecrets};
use super::live::Party;
use super::mailboxes::code_hints;
use super::own::Own;
use super::turn::Turn;
use crate::address::Hint;
use crate::card::Tier;
use crate::crypto::seal::{DecryptionKey, EncryptionKey};
use crate::hello::SharedSecret;
use crate::id::{IdentityId, InviteId, RecordId};
use crate::invite::{self, Invite, InviteKind};
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Line, Note};
use crate::time::{Day, Timestamp};

crate::wire_choice! {
    /// What has become of a code.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum InviteState {
        /// It can be claimed.
        0 => Open,
        /// A live code that somebody claimed.
        1 => Used,
        /// I withdrew it.
        2 => Revoked,
    }
}

crate::wire_map! {
    /// A code of mine.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OwnInvite {
        /// Its id in this home.
        1 => pub id: InviteId,
        /// For many, rather than for one person here and now.
        2 => pub printed: bool,
        /// Its public key.
        3 => pub key: EncryptionKey,
        /// When I made it.
        4 => pub created: Timestamp,
        /// Until when it is shown.
        5 => pub expires: Timestamp,
        /// The event at which it is shown, or the label of a printed code.
        6 => pub event: Option<Line<{ limits::NAME }>>,
        /// For whom it was made, in my words.
        7 => pub meant_for: Note,
        /// What of my card its scanners get.
        8 => pub tier: Tier,
        /// What has become of it.
        9 => pub state: InviteState,
        /// Who claimed a live code.
        10 => pub used_by: Option<IdentityId>,
        /// Claims that were taken.
        11 => pub uses: u32,
        /// Claims by others after a live code had been used: somebody may have filmed it.
        12 => pub refused: u32,
        /// The day that `today` counts.
        13 => pub day: Day,
        /// Claims taken on that day.
        14 => pub today: u32,
        /// For whom alone it was made, in an introduction.
        15 => pub binding: Option<Binding>,
    }
}

crate::wire_map! {
    /// Who alone may use a code that I made for an introduction.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Binding {
        /// The introduction.
        1 => pub introduction: IntroKey,
        /// Who asked in it.
        2 => pub asker: IdentityId,
    }
}

impl Entity for OwnInvite {
    const TABLE: Table = Table::Invites;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl OwnInvite {
    /// Until when a claim that was delayed is still taken.
    pub const fn claimable_until(&self) -> Timestamp {
        let has_one_date = self.printed || self.binding.is_some();
        if has_one_date { self.expires } else { self.expires.plus(limits::LATE_CLAIM) }
    }

    /// True if it was neither used nor withdrawn.
    pub fn is_open(&self) -> bool {
        self.state == InviteState::Open
    }

    /// Claims that were taken on this day.
    pub(super) fn taken_on(&self, today: Day) -> u32 {
        if self.day == today { self.today } else { 0 }
    }

    /// Counts a claim that is taken; one that is not new was counted before.
    pub(super) fn count(&mut self, by: IdentityId, is_new: bool, today: Day) {
        self.today = self.taken_on(today) + u32::from(is_new);
        self.day = today;
        self.uses += u32::from(is_new);
        if !self.printed {
            self.state = InviteState::Used;
            self.used_by = Some(by);
        }
    }

    /// What codes are sorted by in lists: the newest first.
    pub const fn newest_first(&self) -> (Reverse<Timestamp>, InviteId) {
        (Reverse(self.created), self.id)
    }

    /// True if it is shown to people, rather than made for one in an introduction.
    pub const fn is_shown(&self) -> bool {
        self.binding.is_none()
    }
}

/// What a new code is to be.
#[derive(Clone, Debug, Default)]
pub struct InviteOptions {
    /// For many people.
    pub printed: bool,
    /// The event, or the label of a printed code.
    pub event: Option<Line<{ limits::NAME }>>,
    /// For whom, in my words.
    pub meant_for: Note,
    /// What of my card its scanners get; contacts' view if not given.
    pub tier: Option<Tier>,
    /// How long it is shown, in seconds; its usual life if not given.
    pub life: Option<u64>,
}

/// A code of mine, if it is still kept.
pub fn invite(read: &dyn Read, id: InviteId) -> Result<Option<OwnInvite>> {
    Ok(entity::load(read, &id.0)?)
}

impl Turn<'_> {
    /// Makes a code.
    pub fn create_invite(&mut self, options: InviteOptions) -> Result<(OwnInvite, Invite)> {
        self.check_room_for(options.printed)?;
        let usual = if options.printed { limits::PRINTED_INVITE_LIFE } else { limits::LIVE_INVITE_LIFE };
        let life = options.life.unwrap_or(usual).min(limits::PRINTED_INVITE_LIFE);
        let secrets = InviteSecrets::new(&mut self.random, options.printed, self.now.plus(life));
        self.make_invite(options, secrets, None)
    }

    /// Makes the code that only whoever signed this ask can use, with the word of who introduced them.
    pub(super) fn make_code_for(
        &mut self,
        ask: RecordId,
        binding: Binding,
        tier: Tier,
        expires: Timestamp,
    ) -> Result<InviteId> {
        let options = InviteOptions { tier: Some(tier), ..InviteOptions::default() };
        let secrets = InviteSecrets::for_ask(&self.txn, ask, expires)?;
        let (invite, _) = self.make_invite(options, secrets, Some(binding))?;
        Ok(invite.id)
    }

    fn make_invite(
        &mut self,
        options: InviteOptions,
        secrets: InviteSecrets,
        binding: Option<Binding>,
    ) -> Result<(OwnInvite, Invite)> {
        let own_invite = OwnInvite {
            id: secrets.invite,
            printed: secrets.printed,
            key: DecryptionKey::from_seed(&secrets.key).public(),
            created: self.now,
            expires: secrets.expires,
            event: options.event,
            meant_for: options.meant_for,
            tier: options.tier.unwrap_or_default(),
            state: InviteState::Open,
            used_by: None,
            uses: 0,
            refused: 0,
            day: self.now.day(),
            today: 0,
            binding,
        };
        let own = self.own()?;
        let code = code_of(&own, code_hints(&self.txn, &own)?, &own_invite, &secrets);
        self.txn.save(&secrets);
        self.txn.save(&own_invite);
        // Questions about the last claims wait as long as their scanners do, whose clocks may be slow.
        let forgotten = own_invite.expires.plus(limits::LATE_CLAIM + 2 * limits::CLOCK_SKEW);
        self.set_deadline(forgotten, Ends::Invite(own_invite.id));
        self.open_door(&code.shared_secret(), Party::Invite(own_invite.id));
        Ok((own_invite, code))
    }

    fn check_room_for(&self, printed: bool) -> Result<()> {
        let most = if printed { limits::OPEN_PRINTED_INVITES } else { limits::OPEN_LIVE_INVITES };
        let open = code_lists::count_open(&self.txn, printed, self.now, most)?;
        if open >= most { Err(Error::Full("open codes of this kind")) } else { Ok(()) }
    }

    /// The code of an invite, to be shown again.
    pub fn invite_code(&self, invite: InviteId) -> Result<Invite> {
        let not_found = || Error::NotFound { what: "code", name: invite.short() };
        let own_invite = self.txn.load::<OwnInvite>(&invite.0)?.ok_or_else(not_found)?;
        let secrets = self.txn.load(&keys::invite_key(invite))?.ok_or_else(not_found)?;
        let own = self.own()?;
        Ok(code_of(&own, code_hints(&self.txn, &own)?, &own_invite, &secrets))
    }

    /// Withdraws a code: from now on nobody can use it.
    pub fn revoke_invite(&mut self, invite: InviteId) -> Result<OwnInvite> {
        let mut own_invite = self
            .txn
            .load::<OwnInvite>(&invite.0)?
            .ok_or_else(|| Error::NotFound { what: "code", name: invite.short() })?;
        if own_invite.state == InviteState::Used {
            return Err(Error::NotNow("this code was used; if it was the wrong person, ignore them in the inbox"));
        }
        own_invite.state = InviteState::Revoked;
        self.txn.save(&own_invite);
        Ok(own_invite)
    }

    pub(super) fn revoke_all_invites(&mut self) -> Result<()> {
        let mut open = Vec::new();
        // Those for introductions are in no list.
        entity::each::<OwnInvite>(&self.txn, b"", b"", |invite| {
            open.extend(invite.is_open().then_some(invite.id));
            ControlFlow::Continue(())
        })?;
        open.into_iter().try_for_each(|invite| self.revoke_invite(invite).map(drop))
    }

    pub(super) fn forget_invite(&mut self, invite: InviteId) -> Result<()> {
        if let Some((_, secret)) = self.invite_opening(invite)? {
            self.close_door(secret.locator());
        }
        self.txn.remove(Table::Secrets, &keys::invite_key(invite));
        self.txn.remove(Table::Invites, &invite.0);
        Ok(())
    }

    /// What opens a letter that is sealed to a code of mine.
    pub(super) fn invite_opening(&self, invite: InviteId) -> Result<Option<(DecryptionKey, SharedSecret)>> {
        let secrets = self.txn.load::<InviteSecrets>(&keys::invite_key(invite))?;
        Ok(secrets.map(|secrets| secrets.opening()))
    }
}

fn code_of(own: &Own, hints: Vec<Hint>, invite: &OwnInvite, secrets: &InviteSecrets) -> Invite {
    let kind = if invite.printed { InviteKind::Printed } else { InviteKind::Live };
    // A name always has a first character; one grapheme longer than the bound is the only way to have none.
    let name = invite::code_name(own.card.name.as_str());
    Invite {
        kind,
        key: invite.key,
        secret: secrets.secret,
        expires: invite.expires,
        name: name.unwrap_or_else(invite::nameless),
        hints,
    }
}
