//! My part when somebody asks for me.

use super::super::deadline::Ends;
use super::super::entity::Entity;
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::incoming::history_of;
use super::super::invites::{Binding, OwnInvite};
use super::super::mailboxes::consent_hints;
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::people;
use super::super::person::{Encounter, Person, Way};
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, not_found, proposed, read_ask, verify_ask};
use crate::card::Tier;
use crate::id::{IdentityId, IntroId, InviteId, PersonId, RecordId};
use crate::identity::History;
use crate::introduction::{Ask, Consent, Introduction, OpenedConsent};
use crate::letter::introduction::{ConsentLetter, IntroductionLetter, Later, Propose, Sentence, Suggest};
use crate::limits;
use crate::record::{RecordBytes, Signed, Verified};
use crate::store::Table;
use crate::text::Line;
use crate::time::Timestamp;
use crate::vouch::Vouched;

crate::wire_choice! {
    /// Where an introduction to me stands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ProposedState {
        /// The introducer had the idea; I have not answered.
        0 => Suggested,
        /// I would, in answer to that idea. If the other would too, I have consented.
        1 => Willing,
        /// Somebody asks for me; it waits on me.
        2 => Waiting,
        /// The same person asks for me through another introducer, about whom I am asked already.
        3 => Joined,
        /// I decide later.
        4 => Later,
        /// I said yes; the asker's first letter has not come.
        5 => Consented,
        /// We hold each other.
        6 => Connected,
        /// It came to nothing.
        7 => Over,
    }
}

crate::wire_map! {
    /// An introduction that was proposed to me.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Proposed {
        /// By whom.
        1 => pub introducer: PersonId,
        /// Its id.
        2 => pub id: IntroId,
        /// Who asks; not known while it is but the introducer's idea.
        3 => pub asker: Option<IdentityId>,
        /// What they ask, as they signed it.
        4 => pub ask: Option<RecordBytes>,
        /// Their public card.
        5 => pub card: Option<RecordBytes>,
        /// What the introducer says.
        6 => pub note: Sentence,
        /// How the introducer knows them, in the introducer's words.
        7 => pub known: Option<Line<{ limits::LINE }>>,
        /// What the introducer vouches of them.
        8 => pub vouched: Option<Vouched>,
        /// Where it stands.
        9 => pub state: ProposedState,
        /// What of my card they get, once I said yes.
        10 => pub tier: Option<Tier>,
        /// The code that I made for them alone.
        11 => pub invite: Option<InviteId>,
        /// When I want to look at it again.
        12 => pub later: Option<Timestamp>,
        /// Until when it is open.
        13 => pub expires: Timestamp,
        /// The person that came of it.
        14 => pub contact: Option<PersonId>,
        /// How it went, as I told the introducer.
        15 => pub outcome: Option<HeldOutcome>,
        /// Why it came to nothing.
        16 => pub over: Option<Over>,
        /// The introducer's statement, as the asker showed it.
        17 => pub introduction: Option<RecordBytes>,
        /// When it last changed.
        18 => pub changed: Timestamp,
        /// When it ends by itself, or is forgotten.
        19 => pub until: Timestamp,
    }
}

impl Entity for Proposed {
    const TABLE: Table = Table::Introductions;

    fn key(&self) -> Vec<u8> {
        self.name().bytes()
    }
}

impl Proposed {
    /// Something before me of which nothing is known but who brought it and what they say.
    fn begun(introducer: PersonId, id: IntroId, note: Sentence, now: Timestamp, expires: Timestamp) -> Self {
        Self {
            introducer,
            id,
            asker: None,
            ask: None,
            card: None,
            note,
            known: None,
            vouched: None,
            state: ProposedState::Suggested,
            tier: None,
            invite: None,
            later: None,
            expires,
            contact: None,
            outcome: None,
            over: None,
            introduction: None,
            changed: now,
            until: expires,
        }
    }

    /// What names it.
    pub const fn name(&self) -> IntroKey {
        IntroKey { part: Part::Target, id: self.id, person: self.introducer }
    }

    /// What is asked, if it is.
    pub fn read_ask(&self) -> Option<Ask> {
        self.ask.as_ref().and_then(read_ask)
    }

    /// The id of the ask as it is signed.
    fn ask_id(&self) -> Option<RecordId> {
        Some(Signed::<Ask>::from_bytes(self.ask.as_ref()?.as_slice()).ok()?.record_id())
    }

    /// True while it is before me.
    pub const fn waits(&self) -> bool {
        use ProposedState::{Joined, Later, Suggested, Waiting, Willing};
        matches!(self.state, Suggested | Willing | Waiting | Joined | Later)
    }

    /// True while something may come of it.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, ProposedState::Connected | ProposedState::Over)
    }

    /// True while I may say yes or no to somebody who asks.
    const fn can_be_answered(&self) -> bool {
        matches!(self.state, ProposedState::Waiting | ProposedState::Joined | ProposedState::Later)
    }
}

impl Turn<'_> {
    /// A contact says that somebody asks for me. False if it is no ask that may be shown to me.
    pub(super) fn propose_arrived(&mut self, introducer: &Person, propose: Propose) -> Result<bool> {
        let Ok(shown) = History::from_bytes(&propose.history) else { return Ok(false) };
        let Some(ask) = verify_ask(&propose.ask, &propose.card, &shown) else { return Ok(false) };
        // What I know beyond what was shown ends it without a word: the introducer is not to learn whom I know.
        let history = self.counting_history(shown)?;
        if verify_ask(&propose.ask, &propose.card, &history).is_none() {
            return Ok(true);
        }
        let (me, asker) = (self.keys.signer.id, history.id());
        let is_for_us = Some(ask.introducer) == introducer.identity && ask.target_id.is_none_or(|target| target == me);
        if !is_for_us || asker == me || Some(asker) == introducer.identity {
            return Ok(false);
        }
        let name = IntroKey { part: Part::Target, id: ask.id, person: introducer.id };
        match self.txn.load::<Proposed>(&name.bytes())? {
            Some(proposed) => self.proposed_again(proposed, introducer, &history, propose)?,
            None if self.may_propose(introducer, asker, &ask)? => {
                self.take_proposal(introducer, &history, &ask, propose)?;
            }
            None => {}
        }
        Ok(true)
    }

    /// Somebody I hold already, or listen to no more, needs no introduction; the introducer sees no difference.
    fn may_propose(&self, introducer: &Person, asker: IdentityId, ask: &Ask) -> Result<bool> {
        let known = self.person_of(asker)?.is_some_and(|person| person.is_contact() || person.blocked);
        Ok(!known
            && ask.expires >= self.now
            && self.has_room(Part::Target, introducer.id)?
            && !self.is_crowded_by(introducer.id)?)
    }

    fn take_proposal(&mut self, introducer: &Person, history: &History, ask: &Ask, propose: Propose) -> Result<()> {
        let asker = history.id();
        let expires = self.bounded_date(ask.expires);
        let name = IntroKey { part: Part::Target, id: ask.id, person: introducer.id };
        let other = self.others_of(asker, name)?.into_iter().next();
        let vouched = self.shown_vouch(propose.vouched, introducer, history)?;
        let new = Proposed {
            asker: Some(asker),
            ask: Some(propose.ask),
            card: Some(propose.card),
            known: propose.known,
            vouched,
            state: if other.is_some() { ProposedState::Joined } else { ProposedState::Waiting },
            ..Proposed::begun(introducer.id, ask.id, propose.note, self.now, expires)
        };
        self.txn.save(&new);
        self.set_deadline(expires, Ends::Introduction(new.name()));
        self.notice(Notice::Introduction { introduction: new.name() });
        if other.is_some() {
            return Ok(());
        }
        self.ask_me_if_room(ItemKind::Meet, introducer.id, About::introduction(expires, new.name()))
    }

    /// Open introductions of the same person but this one: there is one question before me, whoever carries it.
    fn others_of(&self, asker: IdentityId, name: IntroKey) -> Result<Vec<Proposed>> {
        let same = |one: &Proposed| {
            let is_open = one.can_be_answered() || one.state == ProposedState::Consented;
            one.asker == Some(asker) && one.name() != name && is_open
        };
        Ok(proposed(&self.txn)?.into_iter().filter(same).collect())
    }

    /// The introducer says again what they said, or what they only had in mind before: my yes may be lost with their disk. Another
    /// ask under the same id fits nothing and ends it.
    fn proposed_again(
        &mut self,
        mut proposed: Proposed,
        introducer: &Person,
        history: &History,
        propose: Propose,
    ) -> Result<()> {
        let asker = history.id();
        let is_answer = proposed.state == ProposedState::Willing;
        if !is_answer {
            let differs = proposed.ask.as_ref() != Some(&propose.ask);
            return match proposed.state {
                _ if differs && proposed.waits() => self.end_proposed(proposed, Over::Broken),
                ProposedState::Consented if !differs && self.has_room_for(introducer.id)? => {
                    self.send_consent(&proposed)
                }
                _ => Ok(()),
            };
        }
        // Whom I hold already I meet again. Whom I do not listen to gets what a change of mind would give.
        if self.person_of(asker)?.is_some_and(|person| person.blocked) {
            return self.withdraw_introduction(proposed.name());
        }
        proposed.asker = Some(asker);
        proposed.ask = Some(propose.ask);
        proposed.card = Some(propose.card);
        proposed.known = propose.known;
        proposed.vouched = self.shown_vouch(propose.vouched, introducer, history)?;
        self.give_consent(proposed)
    }

    /// The introducer thinks that somebody should meet me.
    pub(super) fn suggested_to_target(&mut self, introducer: &Person, suggest: Suggest) -> Result<()> {
        let name = IntroKey { part: Part::Target, id: suggest.id, person: introducer.id };
        let is_known = self.txn.load::<Proposed>(&name.bytes())?.is_some();
        let expires = self.bounded_date(suggest.expires);
        if is_known
            || expires < self.now
            || !self.has_room(Part::Target, introducer.id)?
            || self.is_crowded_by(introducer.id)?
        {
            return Ok(());
        }
        self.txn.save(&Proposed::begun(introducer.id, suggest.id, suggest.note, self.now, expires));
        self.set_deadline(expires, Ends::Introduction(name));
        self.notice(Notice::Introduction { introduction: name });
        self.ask_me_if_room(ItemKind::Suggested, introducer.id, About::introduction(expires, name))
    }

    fn my_proposed(&self, key: IntroKey) -> Result<Proposed> {
        self.txn.load::<Proposed>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    /// I say yes: the asker gets my card at a tier, and a code that nobody else can use.
    pub fn consent(&mut self, key: IntroKey, tier: Option<Tier>) -> Result<()> {
        let mut proposed = self.my_proposed(key)?;
        proposed.tier = Some(tier.unwrap_or_default());
        match proposed.state {
            ProposedState::Suggested => {
                proposed.state = ProposedState::Willing;
                proposed.changed = self.now;
                self.drop_item(ItemKind::Suggested, key)?;
                self.txn.save(&proposed);
                self.tell(proposed.introducer, IntroductionLetter::Willing(proposed.id), proposed.expires)
            }
            _ if proposed.can_be_answered() => self.give_consent(proposed),
            _ => Err(Error::NotNow("this introduction is not waiting on you")),
        }
    }

    fn give_consent(&mut self, mut proposed: Proposed) -> Result<()> {
        let name = proposed.name();
        let (Some(asker), Some(ask)) = (proposed.asker, proposed.ask_id()) else { return Err(not_found(proposed.id)) };
        let expires = proposed.expires.plus(limits::CONSENT_GRACE);
        let binding = Binding { introduction: name, asker };
        let invite = self.make_code_for(ask, binding, proposed.tier.unwrap_or_default(), expires)?;
        self.drop_item(ItemKind::Meet, name)?;
        proposed.invite = Some(invite);
        proposed.state = ProposedState::Consented;
        proposed.later = None;
        proposed.changed = self.now;
        self.clear_deadline(proposed.until, Ends::Introduction(name));
        proposed.until = expires;
        self.set_deadline(expires, Ends::Introduction(name));
        self.txn.save(&proposed);
        self.notice(Notice::Introduction { introduction: name });
        self.send_consent(&proposed)
    }

    fn send_consent(&mut self, proposed: &Proposed) -> Result<()> {
        let (Some(record), Some(invite)) = (&proposed.ask, proposed.invite) else { return Ok(()) };
        let Ok(signed) = Signed::<Ask>::from_bytes(record.as_slice()) else { return Ok(()) };
        let (ask, reply_key) = (signed.record_id(), signed.unverified().reply_key);
        let own = self.own()?;
        let code = self.invite_code(invite)?;
        let consent = self.keys.sign(Consent {
            id: proposed.id,
            ask,
            key: code.key,
            secret: code.secret,
            expires: code.expires,
            card: own.view(proposed.tier.unwrap_or_default()),
            hints: consent_hints(&self.txn, &own)?,
            node: Some(own.peer),
        });
        let opened = OpenedConsent { history: own.history().to_bytes(), consent: bounded(consent.bytes()) };
        let sealed = opened.seal(ask, &reply_key, &self.random.bytes());
        let sealed = sealed.map_err(|_| Error::NotNow("their ask has a key that nothing can be sealed to"))?;
        let letter = IntroductionLetter::Consent(ConsentLetter { id: proposed.id, sealed });
        self.tell(proposed.introducer, letter, proposed.until)
    }

    /// My node has moved, or my keys or card have changed: who may come with an introduction has to know. The letter takes
    /// the place of one that still waits.
    pub(in super::super) fn refresh_consents(&mut self) -> Result<()> {
        for proposed in proposed(&self.txn)?.into_iter().filter(|one| one.state == ProposedState::Consented) {
            if self.has_room_for(proposed.introducer)? {
                self.send_consent(&proposed)?;
            }
        }
        Ok(())
    }

    /// My key fell into other hands, and with it the codes that I gave: who still wants to meet me asks again.
    pub(in super::super) fn withdraw_consents(&mut self) -> Result<()> {
        for proposed in proposed(&self.txn)?.into_iter().filter(|one| one.state == ProposedState::Consented) {
            self.withdraw_introduction(proposed.name())?;
        }
        Ok(())
    }

    /// I say no. The introducer alone hears of it.
    pub(super) fn decline_proposal(&mut self, key: IntroKey) -> Result<()> {
        let proposed = self.my_proposed(key)?;
        if !proposed.waits() {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        let mut all = match proposed.asker {
            Some(asker) => self.others_of(asker, proposed.name())?,
            None => Vec::new(),
        };
        all.push(proposed);
        for one in all {
            let (introducer, id) = (one.introducer, one.id);
            self.end_proposed(one, Over::Declined)?;
            self.tell_if_contact(introducer, IntroductionLetter::Declined(id))?;
        }
        Ok(())
    }

    /// I decide later. The introducer alone hears of it.
    pub(super) fn put_off_proposal(&mut self, key: IntroKey, until: Timestamp) -> Result<()> {
        let mut proposed = self.my_proposed(key)?;
        if !proposed.can_be_answered() {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        if until >= proposed.expires {
            return Err(Error::NotNow("it is over by then: decide before its date"));
        }
        proposed.state = ProposedState::Later;
        proposed.later = Some(until);
        proposed.changed = self.now;
        self.clear_deadline(proposed.until, Ends::Introduction(key));
        proposed.until = until;
        self.set_deadline(until, Ends::Introduction(key));
        self.drop_item(ItemKind::Meet, key)?;
        self.txn.save(&proposed);
        self.tell(proposed.introducer, IntroductionLetter::Later(Later { id: proposed.id, until }), proposed.expires)
    }

    /// The time that I named has come.
    pub(super) fn look_again(&mut self, mut proposed: Proposed) -> Result<()> {
        let name = proposed.name();
        proposed.state = ProposedState::Waiting;
        proposed.until = proposed.expires;
        self.set_deadline(proposed.until, Ends::Introduction(name));
        self.txn.save(&proposed);
        self.ask_me_if_room(ItemKind::Meet, proposed.introducer, About::introduction(proposed.expires, name))
    }

    /// Whether a claim of a code that I made for an introduction comes from the one it was made for, with the word of the
    /// one who carried it.
    pub(in super::super) fn is_introduced(
        &self,
        binding: &Binding,
        asker: &History,
        statement: Option<&RecordBytes>,
    ) -> Result<bool> {
        let Some(proposed) = self.txn.load::<Proposed>(&binding.introduction.bytes())? else { return Ok(false) };
        let introducer = people::person(&self.txn, proposed.introducer)?;
        let Some(of) = introducer.identity else { return Ok(false) };
        let Some(history) = history_of(&self.txn, of)? else { return Ok(false) };
        let statement = statement.and_then(|record| super::asker::verified::<Introduction>(record, &history));
        let (Some(statement), Some(ask)) = (statement, proposed.ask_id()) else { return Ok(false) };
        Ok(self.fits(&statement, &proposed, binding, ask) && asker.has_event(&statement.asker_head))
    }

    fn fits(&self, statement: &Verified<Introduction>, proposed: &Proposed, binding: &Binding, ask: RecordId) -> bool {
        statement.id == proposed.id
            && statement.asker == binding.asker
            && statement.target == self.keys.signer.id
            && statement.ask == ask
    }

    /// How I came across somebody who used a code that I made for an introduction.
    pub(in super::super) fn introduced_encounter(&self, binding: &Binding) -> Result<Encounter> {
        let by = people::person(&self.txn, binding.introduction.person)?.name;
        Ok(Encounter { at: self.now, way: Way::Introduced, event: None, late: false, by: Some(by) })
    }

    /// The asker came: we hold each other.
    pub(in super::super) fn target_connected(
        &mut self,
        binding: &Binding,
        person: &mut Person,
        statement: Option<RecordBytes>,
    ) -> Result<()> {
        let key = binding.introduction;
        let Some(mut proposed) = self.txn.load::<Proposed>(&key.bytes())? else { return Ok(()) };
        if proposed.state != ProposedState::Consented {
            return Ok(());
        }
        proposed.state = ProposedState::Connected;
        proposed.contact = Some(person.id);
        proposed.introduction = statement;
        proposed.changed = self.now;
        proposed.until = self.keep_until(proposed.until, key);
        self.txn.save(&proposed);
        self.notice(Notice::Introduction { introduction: key });
        // Whoever else brought the same person confirms who they are.
        for other in self.others_of(binding.asker, key)? {
            let by = people::person(&self.txn, other.introducer)?.name;
            person.met(Encounter { at: self.now, way: Way::Introduced, event: None, late: false, by: Some(by) });
            self.end_proposed(other, Over::Expired)?;
        }
        self.txn.save(person);
        self.tell_if_contact(key.person, IntroductionLetter::Done(key.id))
    }

    /// Ends an introduction to me. Whoever else carries the same person's ask comes to the front.
    pub(super) fn end_proposed(&mut self, mut proposed: Proposed, over: Over) -> Result<()> {
        let name = proposed.name();
        self.drop_item(ItemKind::Meet, name)?;
        self.drop_item(ItemKind::Suggested, name)?;
        if let Some(invite) = proposed.invite.take()
            && self.txn.load::<OwnInvite>(&invite.0)?.is_some_and(|invite| invite.is_open())
        {
            self.revoke_invite(invite)?;
        }
        let held_the_question =
            matches!(proposed.state, ProposedState::Waiting | ProposedState::Later | ProposedState::Consented);
        proposed.state = ProposedState::Over;
        proposed.over = Some(over);
        proposed.changed = self.now;
        proposed.until = self.keep_until(proposed.until, name);
        self.txn.save(&proposed);
        self.notice(Notice::Introduction { introduction: name });
        match proposed.asker.filter(|_| held_the_question && over != Over::Declined) {
            Some(asker) => self.next_to_carry(asker, name),
            None => Ok(()),
        }
    }

    fn next_to_carry(&mut self, asker: IdentityId, name: IntroKey) -> Result<()> {
        let mut others = self.others_of(asker, name)?;
        if others.iter().any(|one| one.state != ProposedState::Joined) {
            return Ok(());
        }
        others.retain(|one| one.state == ProposedState::Joined && one.expires > self.now);
        match others.into_iter().next() {
            Some(mut next) => {
                next.state = ProposedState::Waiting;
                self.txn.save(&next);
                self.ask_me_if_room(ItemKind::Meet, next.introducer, About::introduction(next.expires, next.name()))
            }
            None => Ok(()),
        }
    }
}
