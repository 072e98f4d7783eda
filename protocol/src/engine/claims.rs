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
use crate::id::{InviteId, PersonId, SessionId};
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
            // The same person again, under a fresh letter, since the first answer was lost.
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
        let (pair, way) = match self.admit_claim(&invite, &claimant, known.as_ref(), way)? {
            Admission::Taken(pair, way) => (pair, way),
            Admission::Later => return Ok(Verdict::Later),
            Admission::LetGo => return self.remember_handled(&claimant.letter),
        };
        invite.count(claimant.history.id(), way != ClaimWay::Again, self.now.day());
        self.txn.save(&invite);
        self.notice(Notice::InviteUsed { invite: invite.id });
        let was_contact = known.as_ref().is_some_and(Person::is_contact);
        let mut person = self.take_claimant_in(&invite, &claimant, known, way, &pair)?;
        self.is_on_the_line(session, person.id, &pair);
        self.remember_handled(&claimant.letter)?;
        if person.is_contact() {
            self.welcome(&person, &invite, way == ClaimWay::Late)?;
        }
        // They wait no longer than their letter does.
        let waits = self.now.plus(limits::LETTER_LIFE).min(claimant.letter.expires.max(self.now));
        if let Some(binding) = invite.binding.as_ref().filter(|_| way == ClaimWay::Introduced) {
            self.target_connected(binding, &mut person, claimant.claim.introduction)?;
        }
        let meeting = (!invite.printed).then(|| nonce_of(&pair));
        let about = |until| About::scan(until, invite.id, meeting);
        match way {
            ClaimWay::Live => {
                self.ask_me(ItemKind::ConfirmScan, person.id, about(self.now.plus(limits::LETTER_LIFE)))?;
            }
            ClaimWay::Late if !was_contact => self.ask_me(ItemKind::LateClaim, person.id, about(waits))?,
            ClaimWay::Printed if !was_contact => self.ask_me(ItemKind::ShareBack, person.id, about(waits))?,
            ClaimWay::Late | ClaimWay::Printed | ClaimWay::Introduced | ClaimWay::Again => {}
        }
        self.pump(person.id)?;
        Ok(Verdict::Handled)
    }

    /// Whether there is room for it, and what the two share from then on.
    fn admit_claim(
        &mut self,
        invite: &OwnInvite,
        claimant: &Claimant,
        known: Option<&Person>,
        way: ClaimWay,
    ) -> Result<Admission> {
        if let Some(known) = known
            && !self.has_room_for(known.id)?
        {
            return Ok(Admission::Later);
        }
        if self.is_contradicted(known, &claimant.history, way == ClaimWay::Live)? {
            return Ok(Admission::Later);
        }
        let code =
            self.invite_opening(invite.id)?.map(|(_, shared)| shared).ok_or(Error::NotNow("the code is gone"))?;
        let pair = pair_of(&code, &claimant.claim.pair_seed);
        // The same scan under a fresh letter, since its answer was lost.
        let way = if self.shares(known, &pair)? { ClaimWay::Again } else { way };
        if way == ClaimWay::Again && known.is_some_and(|person| person.standing == Standing::Ended) {
            return Ok(Admission::LetGo);
        }
        let is_one_too_many = invite.printed && invite.taken_on(self.now.day()) >= limits::PRINTED_CLAIMS_A_DAY;
        if is_one_too_many && way != ClaimWay::Again {
            return Ok(Admission::Later);
        }
        Ok(Admission::Taken(pair, way))
    }

    fn take_claimant_in(
        &mut self,
        invite: &OwnInvite,
        claimant: &Claimant,
        known: Option<Person>,
        way: ClaimWay,
        pair: &SharedSecret,
    ) -> Result<Person> {
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
            _ => Some(way.encounter(invite, self.now)),
        };
        self.take_in(
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
        )
    }

    /// Somebody is on the line under this secret, however long I could not reach them.
    fn is_on_the_line(&mut self, session: SessionId, person: PersonId, pair: &SharedSecret) {
        self.session_is_with(session, person, pair);
        self.live.pauses.remove(&person);
    }

    /// A claim that was handled comes over another session, since its answer was lost: what follows on that
    /// session is under the secret that this very claim made, whatever others came since.
    pub(super) fn claim_came_again(&mut self, session: SessionId, invite: InviteId, opened: &Opened) -> Result<()> {
        let Some(person) = self.person_of(opened.letter.claimed_signer().id)? else { return Ok(()) };
        let code = self.invite_opening(invite)?;
        // It has the id and the body of one that was handled.
        if let (Some((_, code)), Ok(Body::Claim(claim))) = (code, Body::of(opened.letter.unverified())) {
            self.is_on_the_line(session, person.id, &pair_of(&code, &claim.pair_seed));
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

/// What becomes of a claim that may be taken.
enum Admission {
    /// It is; with the secret that it makes.
    Taken(SharedSecret, ClaimWay),
    /// There is no room for it now.
    Later,
    /// It is by somebody who left since, and changes nothing.
    LetGo,
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
