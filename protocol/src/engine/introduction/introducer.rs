//! My part when I bring two people together.

use super::super::deadline::Ends;
use super::super::entity::{self, Entity};
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::incoming::history_of;
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::people;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, carried, not_found, part_byte, read_ask, verify_ask};
use crate::id::{IntroId, PersonId};
use crate::identity::History;
use crate::introduction::{Ask, Introduction, consent_digest};
use crate::letter::introduction::{
    AskLetter, ConsentLetter, End, IntroductionLetter, Later, Offer, Propose, Returned, Sentence, Suggest,
};
use crate::limits;
use crate::record::{RecordBytes, Verified};
use crate::store::Table;
use crate::time::Timestamp;

crate::wire_choice! {
    /// Where an introduction that I carry stands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum CarryState {
        /// Somebody asked me; it waits on me.
        0 => Asked,
        /// I gave it back to be said differently.
        1 => Returned,
        /// I had the idea and asked both; I wait for two yeses.
        2 => Suggested,
        /// I asked the target.
        3 => Proposed,
        /// The target wants to decide later. I alone know.
        4 => Later,
        /// The target said no. I alone know; I may pass it to somebody else.
        5 => Declined,
        /// The target said yes, and the asker was told.
        6 => Offered,
        /// They hold each other.
        7 => Connected,
        /// It came to nothing.
        8 => Over,
    }
}

crate::wire_map! {
    /// An introduction that I carry.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Carried {
        /// Who asks, or would.
        1 => pub asker: PersonId,
        /// Its id.
        2 => pub id: IntroId,
        /// The ask, as its asker signed it; none while I wait for an answer to my suggestion.
        3 => pub ask: Option<RecordBytes>,
        /// The asker's public card.
        4 => pub card: Option<RecordBytes>,
        /// Whom I chose as its target.
        5 => pub target: Option<PersonId>,
        /// What I said to the target, to both, or to the asker when I gave it back.
        6 => pub note: Option<Sentence>,
        /// Where it stands.
        7 => pub state: CarryState,
        /// It was my idea.
        8 => pub suggested: bool,
        /// The target would, in answer to my suggestion.
        9 => pub willing: bool,
        /// When I, or the target, want to look at it again.
        10 => pub later: Option<Timestamp>,
        /// Until when it is open.
        11 => pub expires: Timestamp,
        /// My statement, once both said yes.
        12 => pub introduction: Option<RecordBytes>,
        /// How it went, as the asker says.
        13 => pub asker_says: Option<HeldOutcome>,
        /// How it went, as the target says.
        14 => pub target_says: Option<HeldOutcome>,
        /// Why it came to nothing.
        15 => pub over: Option<Over>,
        /// When it last changed.
        16 => pub changed: Timestamp,
        /// When it ends by itself, or is forgotten.
        17 => pub until: Timestamp,
    }
}

impl Entity for Carried {
    const TABLE: Table = Table::Introductions;

    fn key(&self) -> Vec<u8> {
        self.name().bytes()
    }
}

impl Carried {
    /// Something to carry of which nothing is known but who would be its asker.
    fn begun(asker: PersonId, id: IntroId, now: Timestamp, expires: Timestamp) -> Self {
        Self {
            asker,
            id,
            ask: None,
            card: None,
            target: None,
            note: None,
            state: CarryState::Asked,
            suggested: false,
            willing: false,
            later: None,
            expires,
            introduction: None,
            asker_says: None,
            target_says: None,
            over: None,
            changed: now,
            until: expires,
        }
    }

    /// What names it.
    pub const fn name(&self) -> IntroKey {
        IntroKey { part: Part::Introducer, id: self.id, person: self.asker }
    }

    /// What was asked, if it was.
    pub fn read_ask(&self) -> Option<Ask> {
        self.ask.as_ref().and_then(read_ask)
    }

    /// True while something may come of it.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, CarryState::Connected | CarryState::Over)
    }

    /// True while its target has it before them, or has said yes to it.
    pub const fn is_with_target(&self) -> bool {
        matches!(self.state, CarryState::Proposed | CarryState::Later | CarryState::Offered)
    }

    /// True if it takes one of the places that its asker has with me: until its date, whatever I did with it, unless the
    /// asker withdrew or got a yes. So a place tells nothing.
    fn holds_a_place(&self, now: Timestamp) -> bool {
        let is_settled = matches!(self.state, CarryState::Offered | CarryState::Connected);
        !self.suggested && self.expires > now && !is_settled && self.over != Some(Over::Withdrawn)
    }

    /// True while I may pass it on: nobody has it, or somebody said no. Who had said yes has given their word away.
    const fn can_be_passed(&self) -> bool {
        matches!(self.state, CarryState::Asked | CarryState::Declined) && self.introduction.is_none()
    }

    /// True if a yes of the target is still of use: one that was given in time may come after the date.
    fn waits_for_consent(&self, now: Timestamp) -> bool {
        let was_late = self.over == Some(Over::Expired) && self.expires.plus(limits::CONSENT_GRACE) > now;
        self.is_with_target() || was_late && self.target.is_some() && self.ask.is_some()
    }
}

impl Turn<'_> {
    /// A contact asks me to introduce them. Who has too many open asks is not told: their ask waits for its date.
    pub(super) fn ask_arrived(&mut self, asker: &Person, history: &History, letter: AskLetter) -> Result<bool> {
        let Some(ask) = verify_ask(&letter.ask, &letter.card, history) else { return Ok(false) };
        if ask.introducer != self.keys.signer.id || ask.target_id == Some(self.keys.signer.id) {
            return Ok(false);
        }
        let name = IntroKey { part: Part::Introducer, id: ask.id, person: asker.id };
        match self.txn.load::<Carried>(&name.bytes())? {
            Some(carried) => self.asked_again(carried, letter, &ask)?,
            None if self.may_ask(asker, &ask)? => self.take_ask(asker, letter, &ask)?,
            None => {}
        }
        Ok(true)
    }

    fn may_ask(&self, asker: &Person, ask: &Ask) -> Result<bool> {
        if ask.expires < self.now || !self.has_room(Part::Introducer, asker.id)? {
            return Ok(false);
        }
        let all = carried(&self.txn)?;
        let mut open = all.iter().filter(|one| one.asker == asker.id && one.holds_a_place(self.now));
        let is_same = |one: &Carried| {
            let target = one.read_ask().and_then(|ask| ask.target_id);
            target.is_some() && target == ask.target_id
        };
        Ok(!open.clone().any(is_same) && open.by_ref().count() < limits::OPEN_ASKS)
    }

    fn take_ask(&mut self, asker: &Person, letter: AskLetter, ask: &Ask) -> Result<()> {
        let expires = self.bounded_date(ask.expires);
        let begun = Carried::begun(asker.id, ask.id, self.now, expires);
        let carried = Carried { ask: Some(letter.ask), card: Some(letter.card), ..begun };
        self.txn.save(&carried);
        self.set_deadline(expires, Ends::Introduction(carried.name()));
        self.notice(Notice::Introduction { introduction: carried.name() });
        self.ask_me_if_room(ItemKind::Introduce, asker.id, About::introduction(expires, carried.name()))
    }

    /// The asker says it differently, signs it with another key, or answers my suggestion. What the target has before
    /// them already stays as it is.
    fn asked_again(&mut self, mut carried: Carried, letter: AskLetter, ask: &Ask) -> Result<()> {
        let is_answer = carried.state == CarryState::Suggested;
        let was_with_me = carried.state == CarryState::Returned;
        // Without being asked to they may change nothing but the key that they sign with: what I read is what I pass on.
        let before = carried.read_ask();
        let is_same = before.as_ref() == Some(ask) && carried.can_be_passed();
        let is_better = was_with_me && before.is_some_and(|before| before.target_id == ask.target_id);
        if !is_answer && !is_same && !is_better {
            return Ok(());
        }
        carried.ask = Some(letter.ask);
        carried.card = Some(letter.card);
        carried.changed = self.now;
        if was_with_me {
            carried.state = CarryState::Asked;
        }
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        match (is_answer, was_with_me) {
            (true, _) => self.both_said_yes(carried),
            (_, true) => {
                let about = About::introduction(carried.expires, carried.name());
                self.ask_me_if_room(ItemKind::Introduce, carried.asker, about)
            }
            _ => Ok(()),
        }
    }

    fn my_carried(&self, key: IntroKey) -> Result<Carried> {
        self.txn.load::<Carried>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    /// The open introduction with this id whose target is that person.
    pub(super) fn carried_to(&self, target: &Person, id: IntroId) -> Result<Option<Carried>> {
        let prefix = [&[part_byte(Part::Introducer)][..], &id.0].concat();
        let all: Vec<Carried> = entity::list(&self.txn, &prefix, limits::INTRODUCTIONS)?;
        Ok(all.into_iter().find(|one| one.target == Some(target.id)))
    }

    /// I pass an ask to a contact of mine, with a sentence of my own.
    pub fn pass_ask(&mut self, key: IntroKey, to: Option<PersonId>, note: Sentence) -> Result<Carried> {
        let mut carried = self.my_carried(key)?;
        let ask = carried.read_ask().filter(|_| carried.can_be_passed());
        let ask = ask.ok_or(Error::NotNow("this introduction is not waiting on you"))?;
        let target = self.target_of(&carried, &ask, to)?;
        let same = |one: &Carried| {
            let is_asked = one.is_with_target() || one.state == CarryState::Suggested;
            one.asker == carried.asker && one.target == Some(target.id) && is_asked
        };
        if super::carried(&self.txn)?.iter().any(same) {
            return Err(Error::NotNow("an ask of the same person is before them already"));
        }
        carried.target = Some(target.id);
        carried.note = Some(note);
        self.propose(carried)
    }

    fn target_of(&self, carried: &Carried, ask: &Ask, to: Option<PersonId>) -> Result<Person> {
        let named = match ask.target_id {
            Some(identity) => self.person_of(identity)?,
            None => None,
        };
        let chosen = match (to, named) {
            (Some(to), Some(named)) if to != named.id => {
                return Err(Error::NotNow("they asked for somebody else; give it back if you know a better person"));
            }
            (Some(to), _) => people::person(&self.txn, to)?,
            (None, Some(named)) => named,
            (None, None) => return Err(Error::NotNow("say to whom: they described somebody in words")),
        };
        if ask.target_id.is_some() && chosen.identity != ask.target_id {
            return Err(Error::NotNow("they asked for somebody whom you do not hold"));
        }
        if chosen.id == carried.asker {
            return Err(Error::NotNow("nobody can be introduced to themselves"));
        }
        if !chosen.is_contact() || chosen.blocked {
            return Err(Error::NotNow("only a contact of yours can be asked"));
        }
        Ok(chosen)
    }

    fn propose(&mut self, mut carried: Carried) -> Result<Carried> {
        let asker = people::person(&self.txn, carried.asker)?;
        let (Some(identity), Some(target)) = (asker.identity, carried.target) else {
            return Err(not_found(carried.id));
        };
        let history = history_of(&self.txn, identity)?.ok_or_else(|| not_found(carried.id))?;
        let (Some(ask), Some(card), Some(note)) = (carried.ask.clone(), carried.card.clone(), carried.note.clone())
        else {
            return Err(not_found(carried.id));
        };
        let known = asker.known_to_others();
        let vouched = self.my_vouch_for(identity)?;
        carried.state = CarryState::Proposed;
        carried.later = None;
        carried.changed = self.now;
        self.rest_until(&mut carried, None);
        self.drop_item(ItemKind::Introduce, carried.name())?;
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        let letter = Propose { ask, history: history.to_bytes(), card, note, known, vouched };
        self.tell(target, IntroductionLetter::Propose(letter), carried.expires)?;
        Ok(carried)
    }

    /// Sets when an open introduction is looked at next: at `at`, if that comes before its date.
    fn rest_until(&mut self, carried: &mut Carried, at: Option<Timestamp>) {
        let until = at.unwrap_or(carried.expires).min(carried.expires);
        self.clear_deadline(carried.until, Ends::Introduction(carried.name()));
        self.set_deadline(until, Ends::Introduction(carried.name()));
        carried.until = until;
    }

    /// I give an ask back, to be said differently.
    pub fn return_ask(&mut self, key: IntroKey, note: Sentence) -> Result<Carried> {
        let mut carried = self.my_carried(key)?;
        if carried.state != CarryState::Asked {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        carried.state = CarryState::Returned;
        carried.note = Some(note.clone());
        carried.changed = self.now;
        self.rest_until(&mut carried, None);
        self.drop_item(ItemKind::Introduce, key)?;
        self.txn.save(&carried);
        let letter = IntroductionLetter::Returned(Returned { id: carried.id, note });
        self.tell(carried.asker, letter, carried.expires)?;
        Ok(carried)
    }

    /// I look at an ask again at that time; nobody is told.
    pub(super) fn put_off_ask(&mut self, key: IntroKey, until: Timestamp) -> Result<()> {
        let mut carried = self.my_carried(key)?;
        if carried.state != CarryState::Asked {
            return Err(Error::NotNow("this introduction is not waiting on you"));
        }
        if until >= carried.expires {
            return Err(Error::NotNow("it is over by then: decide before its date"));
        }
        carried.later = Some(until);
        self.rest_until(&mut carried, Some(until));
        self.drop_item(ItemKind::Introduce, key)?;
        self.txn.save(&carried);
        Ok(())
    }

    /// I do not introduce them. The asker hears nothing, and their ask ends at its date.
    pub(super) fn decline_ask(&mut self, key: IntroKey) -> Result<()> {
        let carried = self.my_carried(key)?;
        match carried.state {
            CarryState::Asked | CarryState::Returned | CarryState::Declined => {
                self.end_carried(carried, Over::Declined)
            }
            _ => Err(Error::NotNow("this introduction is not waiting on you")),
        }
    }

    /// I think that two contacts of mine should meet, and ask both in my own words, without a name or a card. Two
    /// yeses begin an introduction in which the target has consented already.
    pub fn suggest(&mut self, asker: PersonId, target: PersonId, notes: Notes, life: Option<u64>) -> Result<Carried> {
        let [one, other] = [people::person(&self.txn, asker)?, people::person(&self.txn, target)?];
        if one.id == other.id {
            return Err(Error::NotNow("nobody can be introduced to themselves"));
        }
        if [&one, &other].into_iter().any(|person| !person.is_contact() || person.blocked) {
            return Err(Error::NotNow("both must be contacts of yours"));
        }
        let same = |one: &Carried| {
            one.is_open() && [(asker, target), (target, asker)].contains(&(one.asker, one.target.unwrap_or(asker)))
        };
        if carried(&self.txn)?.iter().any(same) {
            return Err(Error::NotNow("an introduction of these two is open already"));
        }
        if !self.has_room(Part::Introducer, asker)? {
            return Err(Error::Full("introductions that you carry"));
        }
        let expires = self.now.plus(life.unwrap_or(limits::ASK_USUAL_LIFE).clamp(limits::HOUR, limits::ASK_LIFE));
        let id = IntroId(self.random.bytes());
        let carried = Carried {
            target: Some(target),
            note: Some(notes.about_asker.clone()),
            state: CarryState::Suggested,
            suggested: true,
            ..Carried::begun(asker, id, self.now, expires)
        };
        self.txn.save(&carried);
        self.set_deadline(expires, Ends::Introduction(carried.name()));
        let ends = [(asker, End::Asker, notes.about_target), (target, End::Target, notes.about_asker)];
        for (person, end, note) in ends {
            let letter = IntroductionLetter::Suggest(Suggest { id: carried.id, end, note, expires });
            self.tell(person, letter, expires)?;
        }
        Ok(carried)
    }

    /// The target of my suggestion would.
    pub(super) fn willing_arrived(&mut self, target: &Person, id: IntroId) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, id)? else { return Ok(()) };
        if carried.state != CarryState::Suggested {
            return Ok(());
        }
        carried.willing = true;
        carried.changed = self.now;
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        self.both_said_yes(carried)
    }

    fn both_said_yes(&mut self, carried: Carried) -> Result<()> {
        if carried.willing && carried.ask.is_some() {
            self.propose(carried)?;
        }
        Ok(())
    }

    /// The target said yes: I say to the asker whom I brought together, and hand on what I cannot read.
    pub(super) fn consent_arrived(&mut self, target: &Person, history: &History, letter: ConsentLetter) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, letter.id)? else { return Ok(()) };
        if !carried.waits_for_consent(self.now) {
            return Ok(());
        }
        let asker = people::person(&self.txn, carried.asker)?;
        let Some(introduction) = self.state_introduction(&carried, &asker, history, &letter)? else { return Ok(()) };
        let record = bounded(introduction.bytes());
        let is_first = carried.state != CarryState::Offered;
        carried.state = CarryState::Offered;
        carried.introduction = Some(record.clone());
        carried.over = None;
        carried.changed = self.now;
        // The asker's first letter may find the target long after the date; then both say so.
        let answered = carried.expires.plus(limits::CONSENT_GRACE);
        self.clear_deadline(carried.until, Ends::Introduction(carried.name()));
        self.set_deadline(answered, Ends::Introduction(carried.name()));
        carried.until = answered;
        self.txn.save(&carried);
        if is_first {
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        let offer = Offer {
            id: carried.id,
            sealed: letter.sealed,
            introduction: record,
            known: target.known_to_others(),
            vouched: self.my_vouch_for(history.id())?,
        };
        self.tell(carried.asker, IntroductionLetter::Offer(offer), answered)
    }

    fn state_introduction(
        &self,
        carried: &Carried,
        asker: &Person,
        target: &History,
        letter: &ConsentLetter,
    ) -> Result<Option<Verified<Introduction>>> {
        let Some(identity) = asker.identity else { return Ok(None) };
        let Some(history) = history_of(&self.txn, identity)? else { return Ok(None) };
        let signed = carried.ask.as_ref().and_then(|ask| super::asker::verified::<Ask>(ask, &history));
        let Some(ask) = signed else { return Ok(None) };
        Ok(Some(self.keys.sign(Introduction {
            id: carried.id,
            asker: identity,
            target: target.id(),
            asker_head: history.head(),
            target_head: target.head(),
            ask: ask.id(),
            consent: consent_digest(&letter.sealed),
            at: self.now,
        })))
    }

    /// The target said no, or not any more. I alone hear of it.
    pub(super) fn declined_arrived(&mut self, person: &Person, id: IntroId) -> Result<()> {
        if let Some(mut carried) = self.carried_to(person, id)?.filter(Carried::is_open) {
            if carried.state == CarryState::Suggested {
                return self.end_carried(carried, Over::Expired);
            }
            carried.state = CarryState::Declined;
            carried.later = None;
            carried.changed = self.now;
            self.rest_until(&mut carried, None);
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
            return Ok(());
        }
        // Or the asker of my suggestion would rather not.
        let key = IntroKey { part: Part::Introducer, id, person: person.id };
        match self.txn.load::<Carried>(&key.bytes())? {
            Some(carried) if carried.state == CarryState::Suggested => self.end_carried(carried, Over::Expired),
            _ => Ok(()),
        }
    }

    /// The target decides later.
    pub(super) fn later_arrived(&mut self, target: &Person, later: &Later) -> Result<()> {
        let Some(mut carried) = self.carried_to(target, later.id)? else { return Ok(()) };
        if matches!(carried.state, CarryState::Proposed | CarryState::Later) {
            carried.state = CarryState::Later;
            carried.later = Some(later.until.min(carried.expires));
            carried.changed = self.now;
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        Ok(())
    }

    /// One of the two says that they hold each other.
    pub(super) fn done_arrived(&mut self, person: &Person, id: IntroId) -> Result<()> {
        let Some(mut carried) = self.carried_with(person, id)? else { return Ok(()) };
        if carried.state == CarryState::Offered {
            carried.state = CarryState::Connected;
            carried.changed = self.now;
            carried.until = self.keep_until(carried.until, carried.name());
            self.txn.save(&carried);
            self.notice(Notice::Introduction { introduction: carried.name() });
        }
        Ok(())
    }

    /// One of the two says how it went.
    pub(super) fn outcome_arrived(&mut self, person: &Person, id: IntroId, outcome: HeldOutcome) -> Result<()> {
        let Some(mut carried) = self.carried_with(person, id)? else { return Ok(()) };
        if !matches!(carried.state, CarryState::Offered | CarryState::Connected) {
            return Ok(());
        }
        let says = if carried.asker == person.id { &mut carried.asker_says } else { &mut carried.target_says };
        *says = Some(outcome);
        carried.changed = self.now;
        if carried.state == CarryState::Offered {
            carried.state = CarryState::Connected;
            carried.until = self.keep_until(carried.until, carried.name());
        }
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: carried.name() });
        Ok(())
    }

    /// The introduction with this id at one end of which that person is.
    fn carried_with(&self, person: &Person, id: IntroId) -> Result<Option<Carried>> {
        let key = IntroKey { part: Part::Introducer, id, person: person.id };
        match self.txn.load::<Carried>(&key.bytes())? {
            Some(carried) => Ok(Some(carried)),
            None => self.carried_to(person, id),
        }
    }

    /// Ends what I carry. Whoever has it before them is told that it is not asked any more.
    pub(super) fn end_carried(&mut self, mut carried: Carried, over: Over) -> Result<()> {
        let name = carried.name();
        self.drop_item(ItemKind::Introduce, name)?;
        let was_with_target = carried.is_with_target() || carried.state == CarryState::Suggested;
        carried.state = CarryState::Over;
        carried.over = Some(over);
        carried.changed = self.now;
        carried.until = self.keep_until(carried.until, name);
        self.txn.save(&carried);
        self.notice(Notice::Introduction { introduction: name });
        // At its date everybody knows without a word.
        match carried.target.filter(|_| was_with_target && over != Over::Expired) {
            Some(target) => self.tell_if_contact(target, IntroductionLetter::Withdrawn(carried.id)),
            None => Ok(()),
        }
    }
}

/// What an introducer who has the idea says to each of the two.
#[derive(Clone, Debug)]
pub struct Notes {
    /// To the target, about who would write to them.
    pub about_asker: Sentence,
    /// To the asker, about whom they would write to.
    pub about_target: Sentence,
}
