//! Codes that I show, and the claims of those who scanned them.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::code_lists;
use super::contact::{Newcomer, pair_of};
use super::deadline::Ends;
use super::effect::Refusal;
use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::inbox::{About, ItemKind};
use super::incoming::Verdict;
use super::introduction::IntroKey;
use super::keys::{self, InviteSecrets};
use super::live::Party;
use super::mailboxes::{are_bounded, code_hints};
use super::meetings::nonce_of;
use super::notice::Notice;
use super::own::{Own, verify_card, verify_grant};
use super::person::{Encounter, Person, Standing, Way};
use super::turn::Turn;
use crate::address::Hint;
use crate::card::Tier;
use crate::crypto::seal::{DecryptionKey, EncryptionKey};
use crate::crypto::sign::SecretSeed;
use crate::hello::SharedSecret;
use crate::id::{IdentityId, InviteId, SessionId};
use crate::identity::History;
use crate::invite::{self, Invite, InviteKind};
use crate::letter::body::{Claim, Welcome};
use crate::letter::{Body, Letter, Opened};
use crate::limits;
use crate::record::Verified;
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
        self.make_invite(options, self.now.plus(life), None)
    }

    /// Makes a code that only one person can use, with the word of who introduced them.
    pub(super) fn make_code_for(&mut self, binding: Binding, tier: Tier, expires: Timestamp) -> Result<InviteId> {
        let options = InviteOptions { tier: Some(tier), ..InviteOptions::default() };
        let (invite, _) = self.make_invite(options, expires, Some(binding))?;
        Ok(invite.id)
    }

    fn make_invite(
        &mut self,
        options: InviteOptions,
        expires: Timestamp,
        binding: Option<Binding>,
    ) -> Result<(OwnInvite, Invite)> {
        let seed = SecretSeed(self.random.bytes());
        let key = DecryptionKey::from_seed(&seed).public();
        let secrets = InviteSecrets {
            invite: InviteId(self.random.bytes()),
            key: seed,
            secret: self.random.bytes(),
            printed: options.printed,
            expires,
        };
        let own_invite = OwnInvite {
            id: secrets.invite,
            printed: options.printed,
            key,
            created: self.now,
            expires,
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

    /// Somebody claims a code of mine.
    pub(super) fn claim_arrived(&mut self, session: SessionId, invite: InviteId, opened: Opened) -> Result<Verdict> {
        let Some(invite) = self.txn.load::<OwnInvite>(&invite.0)? else {
            return Ok(Verdict::Refused(Refusal::InviteExpired));
        };
        let shown = opened.history.as_ref().and_then(|whole| History::from_bytes(whole).ok());
        let Some(shown) = shown else { return Ok(Verdict::Refused(Refusal::NotAccepted)) };
        let history = self.counting_history(shown)?;
        let Some(claimant) = Claimant::check(&invite, history, opened, self.now) else {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        };
        if claimant.history.id() == self.keys.signer.id {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        }
        if let Some(verdict) = self.judge_time(&claimant.letter) {
            return Ok(verdict);
        }
        // Who used it already comes again with the same claim; the introduction may be forgotten by now.
        if let Some(binding) = &invite.binding
            && invite.used_by != Some(claimant.history.id())
            && !self.is_made_for(binding, &claimant)?
        {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        }
        let known = self.person_of(claimant.history.id())?;
        if known.as_ref().is_some_and(|person| person.blocked) {
            return self.remember_handled(&claimant.letter);
        }
        match self.judge_claim(&invite, &claimant) {
            Ok(way) => self.take_claim(session, invite, claimant, known, way),
            Err(refusal) => Ok(self.refuse_claim(invite, refusal)),
        }
    }

    /// A code of an introduction is worth nothing in other hands, and nothing without the introducer's word.
    fn is_made_for(&self, binding: &Binding, claimant: &Claimant) -> Result<bool> {
        let statement = claimant.claim.introduction.as_ref();
        Ok(claimant.history.id() == binding.asker && self.is_introduced(binding, &claimant.history, statement)?)
    }

    /// Whether a claim is taken, and how. The issuer alone judges the time.
    fn judge_claim(&self, invite: &OwnInvite, claimant: &Claimant) -> std::result::Result<ClaimWay, Refusal> {
        match invite.state {
            InviteState::Revoked => return Err(Refusal::InviteRevoked),
            InviteState::Used if invite.used_by != Some(claimant.history.id()) => return Err(Refusal::InviteUsed),
            // The same person again, under a fresh letter: the first answer was lost and they renewed it.
            InviteState::Used => return Ok(ClaimWay::Again),
            InviteState::Open => {}
        }
        match (invite.printed, self.now <= invite.expires) {
            (true, false) => Err(Refusal::InviteExpired),
            (true, true) => Ok(ClaimWay::Printed),
            (false, true) if invite.binding.is_some() => Ok(ClaimWay::Introduced),
            (false, true) => Ok(ClaimWay::Live),
            (false, false) if self.now <= invite.claimable_until() => Ok(ClaimWay::Late),
            (false, false) => Err(Refusal::InviteExpired),
        }
    }

    fn refuse_claim(&mut self, mut invite: OwnInvite, refusal: Refusal) -> Verdict {
        if refusal == Refusal::InviteUsed {
            invite.refused = invite.refused.saturating_add(1);
            self.txn.save(&invite);
        }
        Verdict::Refused(refusal)
    }

    fn take_claim(
        &mut self,
        session: SessionId,
        mut invite: OwnInvite,
        claimant: Claimant,
        known: Option<Person>,
        way: ClaimWay,
    ) -> Result<Verdict> {
        if let Some(known) = &known
            && !self.has_room_for(known.id)?
        {
            return Ok(Verdict::Later);
        }
        if self.is_contradicted(known.as_ref(), &claimant.history, way == ClaimWay::Live)? {
            return Ok(Verdict::Later);
        }
        let code =
            self.invite_opening(invite.id)?.map(|(_, shared)| shared).ok_or(Error::NotNow("the code is gone"))?;
        let pair = pair_of(&code, &claimant.claim.pair_seed);
        // The same scan under a fresh letter: the first answer was lost, and they renewed it.
        let way = if self.shares(known.as_ref(), &pair)? { ClaimWay::Again } else { way };
        if way == ClaimWay::Again && known.as_ref().is_some_and(|person| person.standing == Standing::Ended) {
            return self.remember_handled(&claimant.letter);
        }
        let today = if invite.day == self.now.day() { invite.today } else { 0 };
        if invite.printed && today >= limits::PRINTED_CLAIMS_A_DAY && way != ClaimWay::Again {
            return Ok(Verdict::Later);
        }
        invite.day = self.now.day();
        invite.today = today + u32::from(way != ClaimWay::Again);
        invite.uses += u32::from(way != ClaimWay::Again);
        if !invite.printed {
            invite.state = InviteState::Used;
            invite.used_by = Some(claimant.history.id());
        }
        self.txn.save(&invite);
        self.notice(Notice::InviteUsed { invite: invite.id });

        let is_contact = known.as_ref().is_some_and(Person::is_contact);
        let at_once = is_contact || matches!(way, ClaimWay::Live | ClaimWay::Introduced);
        let (standing, tier) = match (&known, way) {
            (Some(person), ClaimWay::Again) => (person.standing, person.tier),
            _ if at_once => (Standing::Contact, invite.tier),
            _ => (Standing::Asking, invite.tier),
        };
        let encounter = match (way, &invite.binding) {
            (ClaimWay::Again, _) => None,
            (ClaimWay::Introduced, Some(binding)) => Some(self.introduced_encounter(binding)?),
            _ => Some(way.encounter(&invite, self.now)),
        };
        let mut person = self.take_in(
            known,
            Newcomer {
                history: &claimant.history,
                card: &claimant.card,
                grant: &claimant.grant,
                hints: &claimant.claim.hints,
                mailboxes: &claimant.claim.mailboxes,
                presence: claimant.claim.presence.as_ref(),
                pair: pair.clone(),
                scanned: claimant.claim.scanned_at,
                code: None,
                standing,
                tier,
                encounter,
                written: claimant.letter.sent,
                // Only the person can say whether it was them who scanned; see `inbox`.
                settles_fork: false,
            },
        )?;
        self.session_is_with(session, person.id, &pair);
        // They are on the line now, however long I could not reach them.
        self.live.pauses.remove(&person.id);
        self.remember_handled(&claimant.letter)?;
        if person.is_contact() {
            self.welcome(&person, &invite, way == ClaimWay::Late)?;
        }
        if let Some(binding) = invite.binding.as_ref().filter(|_| way == ClaimWay::Introduced) {
            self.target_connected(binding, &mut person, claimant.claim.introduction)?;
        }
        let meeting = (!invite.printed).then(|| nonce_of(&pair));
        let about = |until| About::scan(until, invite.id, meeting);
        let usual = self.now.plus(limits::LETTER_LIFE);
        // They wait no longer than their letter does.
        let waits = usual.min(claimant.letter.expires.max(self.now));
        match way {
            ClaimWay::Live => self.ask_me(ItemKind::ConfirmScan, person.id, about(usual))?,
            ClaimWay::Late if !is_contact => self.ask_me(ItemKind::LateClaim, person.id, about(waits))?,
            ClaimWay::Printed if !is_contact => self.ask_me(ItemKind::ShareBack, person.id, about(waits))?,
            ClaimWay::Late | ClaimWay::Printed | ClaimWay::Introduced | ClaimWay::Again => {}
        }
        // They are on the line, whatever waits for them.
        self.pump(person.id)?;
        Ok(Verdict::Handled)
    }

    /// A claim that was handled comes over another session, since its answer was lost: what follows on that
    /// session is under the secret that this very claim made, whatever others came since.
    pub(super) fn claim_came_again(&mut self, session: SessionId, invite: InviteId, opened: &Opened) -> Result<()> {
        let Some(person) = self.person_of(opened.letter.claimed_signer().id)? else { return Ok(()) };
        let code = self.invite_opening(invite)?;
        // It has the id and the body of one that was handled.
        if let (Some((_, code)), Ok(Body::Claim(claim))) = (code, Body::of(opened.letter.unverified())) {
            self.session_is_with(session, person.id, &pair_of(&code, &claim.pair_seed));
            self.live.pauses.remove(&person.id);
        }
        self.pump(person.id)
    }

    /// True if I share this secret with that person already.
    fn shares(&self, person: Option<&Person>, secret: &SharedSecret) -> Result<bool> {
        let Some(person) = person else { return Ok(false) };
        let pair = super::door::pair_secrets(&self.txn, person.id)?;
        Ok(pair.is_some_and(|pair| pair.has(secret)))
    }

    /// Answers a claim with who I am.
    pub(super) fn welcome(&mut self, person: &Person, invite: &OwnInvite, late: bool) -> Result<()> {
        let own = self.own()?;
        let welcome = Welcome {
            invite: invite.key,
            card: own.view(person.tier),
            grant: own.grant.clone(),
            hints: own.hints,
            event: invite.event.clone(),
            late,
            mailboxes: self.passes_for(person.id)?,
            presence: self.presence_seed()?,
        };
        self.send(person.id, &Body::Welcome(welcome), limits::LETTER_LIFE)?;
        Ok(())
    }
}

/// How a claim came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ClaimWay {
    Live,
    Late,
    Printed,
    /// With the word of somebody who introduced us.
    Introduced,
    Again,
}

impl ClaimWay {
    fn encounter(self, invite: &OwnInvite, now: Timestamp) -> Encounter {
        let way = if invite.printed { Way::TheyScannedPrinted } else { Way::TheyScanned };
        Encounter { at: now, way, event: invite.event.clone(), late: self == Self::Late, by: None }
    }
}

/// Who claims a code, checked as far as it can be.
struct Claimant {
    history: History,
    letter: Verified<Letter>,
    claim: Claim,
    card: Verified<crate::card::CardView>,
    grant: Verified<crate::identity::NodeGrant>,
}

impl Claimant {
    fn check(invite: &OwnInvite, history: History, opened: Opened, now: Timestamp) -> Option<Self> {
        let letter = history.verify(opened.letter).ok()?;
        if letter.to != invite.key.0 {
            return None;
        }
        let Ok(Body::Claim(claim)) = Body::of(&letter) else { return None };
        if claim.hints.len() > limits::ADDRESSES || !are_bounded(&claim.mailboxes) {
            return None;
        }
        let card = verify_card(claim.card.as_slice(), &history)?;
        let grant = verify_grant(claim.grant.as_slice(), &history, now)?;
        Some(Self { history, letter, claim, card, grant })
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
