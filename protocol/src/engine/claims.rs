//! The claims of those who scanned a code of mine: whether one is taken, and what follows.

use super::contact::{Newcomer, pair_of};
use super::effect::Refusal;
use super::error::{Error, Result};
use super::inbox::{About, ItemKind};
use super::incoming::Verdict;
use super::invites::{Binding, InviteState, OwnInvite};
use super::mailboxes::are_bounded;
use super::meetings::nonce_of;
use super::notice::Notice;
use super::own::{verify_card, verify_grant};
use super::person::{Encounter, Person, Standing, Way};
use super::turn::Turn;
use crate::card::CardView;
use crate::hello::SharedSecret;
use crate::id::{InviteId, SessionId};
use crate::identity::{History, NodeGrant};
use crate::letter::body::{Claim, Welcome};
use crate::letter::{Body, Letter, Opened};
use crate::limits;
use crate::record::Verified;
use crate::time::Timestamp;

impl Turn<'_> {
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
    card: Verified<CardView>,
    grant: Verified<NodeGrant>,
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
