//! My part when I ask.

use super::super::deadline::Ends;
use super::super::entity::Entity;
use super::super::error::{Error, Result};
use super::super::inbox::{About, ItemKind};
use super::super::keys::ReplyKey;
use super::super::notice::Notice;
use super::super::own::bounded;
use super::super::people;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, asked, not_found};
use crate::card::Tier;
use crate::crypto::seal::DecryptionKey;
use crate::crypto::sign::SecretSeed;
use crate::folding::fold;
use crate::id::{IdentityId, IntroId, PersonId, RecordId};
use crate::identity::History;
use crate::introduction::{Ask, Purpose};
use crate::letter::introduction::{AskLetter, IntroductionLetter, Returned, Sentence, Suggest};
use crate::limits;
use crate::record::{RecordBytes, Signed, Verified};
use crate::store::Table;
use crate::text::{Line, Text};
use crate::time::Timestamp;
use crate::vouch::Vouched;

crate::wire_choice! {
    /// Where an introduction that I want stands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum AskState {
        /// The introducer had the idea; I have not answered.
        0 => Suggested,
        /// I asked. Until its date I hear a yes, or nothing.
        1 => Open,
        /// The introducer wants it said differently.
        2 => Returned,
        /// The target said yes; my first letter is on its way to them.
        3 => Connecting,
        /// We hold each other.
        4 => Connected,
        /// It came to nothing.
        5 => Over,
    }
}

crate::wire_map! {
    /// An introduction that I want.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Asked {
        /// Whom I ask.
        1 => pub introducer: PersonId,
        /// Its id.
        2 => pub id: IntroId,
        /// Whom I want to meet, in words.
        3 => pub target: Line<{ limits::LINE }>,
        /// The one among my people that I mean.
        4 => pub person: Option<PersonId>,
        /// Their identity, if I know it from elsewhere.
        5 => pub target_id: Option<IdentityId>,
        /// What for.
        6 => pub purpose: Purpose,
        /// Why them.
        7 => pub why: Text<{ limits::SENTENCE }>,
        /// What they are to read.
        8 => pub blurb: Text<{ limits::BLURB }>,
        /// What of my card they get when we are connected.
        9 => pub tier: Tier,
        /// When I asked.
        10 => pub asked: Timestamp,
        /// Until when it is open: the date that I was shown.
        11 => pub expires: Timestamp,
        /// The id of my ask.
        12 => pub ask: Option<RecordId>,
        /// Where it stands.
        13 => pub state: AskState,
        /// What the introducer said: what to change, or who the other is.
        14 => pub note: Option<Sentence>,
        /// The person that came of it.
        15 => pub contact: Option<PersonId>,
        /// How the introducer knows them, in the introducer's words.
        16 => pub known: Option<Line<{ limits::LINE }>>,
        /// The introducer's statement.
        17 => pub introduction: Option<RecordBytes>,
        /// What the introducer vouches of them.
        18 => pub vouched: Option<Vouched>,
        /// How it went, as I told the introducer.
        19 => pub outcome: Option<HeldOutcome>,
        /// Why it came to nothing.
        20 => pub over: Option<Over>,
        /// When it last changed.
        21 => pub changed: Timestamp,
        /// When it ends by itself, or is forgotten.
        22 => pub until: Timestamp,
        /// True if the person that came of it was not there before.
        23 => pub is_new_person: bool,
    }
}

/// Whom an ask names that answers a suggestion: the introducer knows, and the asker does not yet.
const SUGGESTED: &str = "whom you have in mind";

impl Entity for Asked {
    const TABLE: Table = Table::Introductions;

    fn key(&self) -> Vec<u8> {
        self.name().bytes()
    }
}

impl Asked {
    /// An ask of which nothing is known but whom it goes to and what it is about.
    fn begun(
        introducer: PersonId,
        id: IntroId,
        target: Line<{ limits::LINE }>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            introducer,
            id,
            target,
            person: None,
            target_id: None,
            purpose: Purpose::Other,
            why: Text::default(),
            blurb: Text::default(),
            tier: Tier::default(),
            asked: now,
            expires,
            ask: None,
            state: AskState::Open,
            note: None,
            contact: None,
            known: None,
            introduction: None,
            vouched: None,
            outcome: None,
            over: None,
            changed: now,
            until: expires,
            is_new_person: false,
        }
    }

    /// What names it.
    pub const fn name(&self) -> IntroKey {
        IntroKey { part: Part::Asker, id: self.id, person: self.introducer }
    }

    /// True if the introducer had the idea.
    pub fn is_suggested(&self) -> bool {
        self.state == AskState::Suggested || self.target.as_str() == SUGGESTED
    }

    /// True while a yes may come. One that was given in time may come after the date, when a node was off.
    pub(super) fn waits_for_offer(&self) -> bool {
        self.is_open() || self.state == AskState::Connecting || self.over == Some(Over::Expired)
    }

    /// True if it takes one of the places that an introducer has for me. Until its date an ask does, whatever became
    /// of it at the other end.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, AskState::Open | AskState::Returned)
    }
}

/// Whom I want to meet.
#[derive(Clone, Debug)]
pub enum Meant {
    /// One of my people who is no contact.
    Person(PersonId),
    /// Somebody that I can only describe.
    Words(Line<{ limits::LINE }>),
}

/// What I ask.
#[derive(Clone, Debug)]
pub struct AskOptions {
    /// Who is to introduce me.
    pub introducer: PersonId,
    /// To whom.
    pub meant: Meant,
    /// What for.
    pub purpose: Purpose,
    /// Why them.
    pub why: Text<{ limits::SENTENCE }>,
    /// What they are to read.
    pub blurb: Text<{ limits::BLURB }>,
    /// What of my card they get when we are connected; contacts' view if not given.
    pub tier: Option<Tier>,
    /// How long it is open, in seconds; [`limits::ASK_USUAL_LIFE`] if not given.
    pub life: Option<u64>,
}

/// Changes to an ask that was returned; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct AskEdit {
    /// To whom, in words.
    pub target: Option<Line<{ limits::LINE }>>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Why them.
    pub why: Option<Text<{ limits::SENTENCE }>>,
    /// What they are to read.
    pub blurb: Option<Text<{ limits::BLURB }>>,
}

impl Turn<'_> {
    /// Asks a contact to introduce me to somebody.
    pub fn ask_introduction(&mut self, options: AskOptions) -> Result<Asked> {
        let introducer = people::person(&self.txn, options.introducer)?;
        if !introducer.is_contact() || introducer.blocked {
            return Err(Error::NotNow("only a contact can introduce you"));
        }
        let (target, person, target_id) = self.meant(&options)?;
        self.check_open_asks(introducer.id, &target, target_id)?;
        if !self.has_room(Part::Asker, introducer.id)? {
            return Err(Error::Full("introductions that you asked for"));
        }
        let life = options.life.unwrap_or(limits::ASK_USUAL_LIFE).clamp(limits::HOUR, limits::ASK_LIFE);
        let id = IntroId(self.random.bytes());
        let mut asked = Asked {
            person,
            target_id,
            purpose: options.purpose,
            why: options.why,
            blurb: options.blurb,
            tier: options.tier.unwrap_or_default(),
            ..Asked::begun(introducer.id, id, target, self.now, self.now.plus(life))
        };
        self.make_reply_key(&asked);
        self.set_deadline(asked.until, Ends::Introduction(asked.name()));
        self.send_ask(&mut asked, &introducer)?;
        Ok(asked)
    }

    fn meant(&self, options: &AskOptions) -> Result<(Line<{ limits::LINE }>, Option<PersonId>, Option<IdentityId>)> {
        match &options.meant {
            Meant::Words(words) => Ok((words.clone(), None, None)),
            Meant::Person(id) if *id == options.introducer => {
                Err(Error::NotNow("nobody can introduce you to themselves; you are contacts already"))
            }
            Meant::Person(id) => {
                let person = people::person(&self.txn, *id)?;
                if person.is_contact() {
                    return Err(Error::NotNow("you hold each other already: write to them yourself"));
                }
                Ok((Line::new(person.name.as_str())?, Some(person.id), person.identity))
            }
        }
    }

    fn check_open_asks(
        &self,
        introducer: PersonId,
        target: &Line<{ limits::LINE }>,
        target_id: Option<IdentityId>,
    ) -> Result<()> {
        let open = asked(&self.txn)?.into_iter().filter(|asked| asked.introducer == introducer && asked.is_open());
        let open: Vec<Asked> = open.collect();
        let is_same = |asked: &Asked| {
            fold(asked.target.as_str()) == fold(target.as_str()) || target_id.is_some() && asked.target_id == target_id
        };
        if open.iter().any(is_same) {
            return Err(Error::NotNow("you have asked them for this already, and it is still open"));
        }
        if open.len() >= limits::OPEN_ASKS {
            return Err(Error::Full("open asks to this person: wait for one, or withdraw one"));
        }
        Ok(())
    }

    fn make_reply_key(&mut self, asked: &Asked) {
        let seed = SecretSeed(self.random.bytes());
        self.txn.save(&ReplyKey { introducer: asked.introducer, id: asked.id, seed });
    }

    pub(super) fn reply_key(&self, asked: &Asked) -> Result<Option<DecryptionKey>> {
        let stored = self.txn.load::<ReplyKey>(&ReplyKey::name(asked.introducer, asked.id))?;
        Ok(stored.map(|stored| DecryptionKey::from_seed(&stored.seed)))
    }

    /// Signs what I ask as it is now, and sends it.
    fn send_ask(&mut self, asked: &mut Asked, introducer: &Person) -> Result<()> {
        let (Some(identity), Some(reply)) = (introducer.identity, self.reply_key(asked)?) else {
            return Err(not_found(asked.id));
        };
        let ask = self.keys.sign(Ask {
            id: asked.id,
            introducer: identity,
            target: asked.target.clone(),
            target_id: asked.target_id,
            purpose: asked.purpose,
            why: asked.why.clone(),
            blurb: asked.blurb.clone(),
            asked: asked.asked,
            expires: asked.expires,
            reply_key: reply.public(),
        });
        asked.ask = Some(ask.id());
        self.txn.save(asked);
        let card = self.own()?.view(Tier::Public);
        let letter = AskLetter { ask: bounded(ask.bytes()), card };
        self.tell(introducer.id, IntroductionLetter::Ask(letter), asked.expires)
    }

    /// Says it differently, as the introducer wished, and asks again.
    pub fn edit_ask(&mut self, key: IntroKey, edit: AskEdit) -> Result<Asked> {
        let mut asked = self.my_ask(key)?;
        // One that was not given back may be before the target already, as it was signed.
        if asked.state != AskState::Returned {
            return Err(Error::NotNow("they have not given it back to you: withdraw it and ask anew"));
        }
        let introducer = people::person(&self.txn, asked.introducer)?;
        asked.target = edit.target.unwrap_or(asked.target);
        asked.purpose = edit.purpose.unwrap_or(asked.purpose);
        asked.why = edit.why.unwrap_or(asked.why);
        asked.blurb = edit.blurb.unwrap_or(asked.blurb);
        asked.state = AskState::Open;
        asked.note = None;
        asked.changed = self.now;
        self.drop_item(ItemKind::AskReturned, asked.name())?;
        self.send_ask(&mut asked, &introducer)?;
        Ok(asked)
    }

    /// What nobody has seen yet of an old key is worth nothing once the key is disowned: asks are signed again.
    pub(in super::super) fn sign_asks_again(&mut self) -> Result<()> {
        for mut asked in asked(&self.txn)?.into_iter().filter(Asked::is_open) {
            let introducer = people::person(&self.txn, asked.introducer)?;
            if self.has_room_for(introducer.id)? {
                self.send_ask(&mut asked, &introducer)?;
            }
        }
        Ok(())
    }

    pub(super) fn my_ask(&self, key: IntroKey) -> Result<Asked> {
        self.txn.load::<Asked>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    pub(super) fn ask_of(&self, introducer: &Person, id: IntroId) -> Result<Option<Asked>> {
        let key = IntroKey { part: Part::Asker, id, person: introducer.id };
        Ok(self.txn.load::<Asked>(&key.bytes())?)
    }

    /// The introducer wants it said differently.
    pub(super) fn returned_arrived(&mut self, introducer: &Person, returned: Returned) -> Result<()> {
        let Some(asked) = self.ask_of(introducer, returned.id)? else { return Ok(()) };
        if asked.state != AskState::Open {
            return Ok(());
        }
        let (name, until) = (asked.name(), asked.expires);
        let note = Some(returned.note);
        self.txn.save(&Asked { state: AskState::Returned, note, changed: self.now, ..asked });
        self.notice(Notice::Introduction { introduction: name });
        self.ask_me_if_room(ItemKind::AskReturned, introducer.id, About::introduction(until, name))
    }

    /// The introducer thinks that I should meet somebody.
    pub(super) fn suggested_to_asker(&mut self, introducer: &Person, suggest: Suggest) -> Result<()> {
        let name = IntroKey { part: Part::Asker, id: suggest.id, person: introducer.id };
        let is_known = self.txn.load::<Asked>(&name.bytes())?.is_some();
        let expires = self.bounded_date(suggest.expires);
        if is_known
            || !self.has_room(Part::Asker, introducer.id)?
            || expires < self.now
            || self.is_crowded_by(introducer.id)?
        {
            return Ok(());
        }
        // What the introducer says of them is for me alone: my ask goes to them, and must not repeat it.
        let Some(target) = Line::cut(SUGGESTED) else { return Ok(()) };
        let begun = Asked::begun(introducer.id, suggest.id, target, self.now, expires);
        self.txn.save(&Asked { state: AskState::Suggested, note: Some(suggest.note), ..begun });
        self.set_deadline(expires, Ends::Introduction(name));
        self.notice(Notice::Introduction { introduction: name });
        self.ask_me_if_room(ItemKind::Suggested, introducer.id, About::introduction(expires, name))
    }

    /// I would like to meet whom the introducer suggested: that is an ask of mine.
    pub fn take_suggestion(&mut self, key: IntroKey, tier: Option<Tier>, blurb: Text<{ limits::BLURB }>) -> Result<()> {
        let mut asked = self.my_ask(key)?;
        if asked.state != AskState::Suggested {
            return Err(Error::NotNow("this suggestion is not open any more"));
        }
        let introducer = people::person(&self.txn, asked.introducer)?;
        asked.state = AskState::Open;
        asked.tier = tier.unwrap_or_default();
        asked.blurb = blurb;
        asked.asked = self.now;
        // By the reader's clock an ask must not live too long.
        asked.expires = asked.expires.min(self.now.plus(limits::ASK_LIFE));
        asked.changed = self.now;
        self.make_reply_key(&asked);
        self.drop_item(ItemKind::Suggested, key)?;
        self.send_ask(&mut asked, &introducer)
    }

    /// The date of an open ask is here. The reply key stays for as long as a yes that was given in time may take.
    pub(super) fn ask_expired(&mut self, mut asked: Asked) -> Result<()> {
        let name = asked.name();
        self.drop_item(ItemKind::AskReturned, name)?;
        asked.state = AskState::Over;
        asked.over = Some(Over::Expired);
        asked.changed = self.now;
        asked.until = asked.expires.plus(limits::CONSENT_GRACE).max(self.now);
        self.set_deadline(asked.until, Ends::Introduction(name));
        self.txn.save(&asked);
        self.notice(Notice::Introduction { introduction: name });
        Ok(())
    }

    /// An ask that is over has come to a date: first its reply key goes, and then all of it.
    pub(super) fn ask_kept_long_enough(&mut self, mut asked: Asked) -> Result<()> {
        if self.reply_key(&asked)?.is_none() {
            self.txn.forget(&asked);
            return Ok(());
        }
        self.drop_reply_key(&asked);
        asked.until = self.keep_until(asked.until, asked.name());
        self.txn.save(&asked);
        Ok(())
    }

    /// My first letter to the target leads nowhere: they withdrew, or their node is not to be found.
    /// True if that was an introduction of mine.
    pub(in super::super) fn asked_failed(&mut self, key: IntroKey) -> Result<bool> {
        match self.txn.load::<Asked>(&key.bytes())? {
            Some(asked) if asked.state == AskState::Connecting => {
                self.end_asked(asked, Over::Expired)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Somebody who was only there for an introduction that came to nothing goes with it.
    pub(super) fn end_asked(&mut self, mut asked: Asked, over: Over) -> Result<()> {
        let name = asked.name();
        self.drop_item(ItemKind::AskReturned, name)?;
        self.drop_item(ItemKind::Suggested, name)?;
        self.drop_reply_key(&asked);
        let was_connecting = asked.state == AskState::Connecting;
        let contact = asked.contact.filter(|_| was_connecting);
        asked.state = AskState::Over;
        asked.over = Some(over);
        asked.changed = self.now;
        asked.contact = asked.contact.filter(|_| !was_connecting);
        asked.until = self.keep_until(asked.until, name);
        self.txn.save(&asked);
        self.notice(Notice::Introduction { introduction: name });
        match contact {
            Some(person) => self.let_pending_go(person, asked.is_new_person),
            None => Ok(()),
        }
    }

    pub(super) fn drop_reply_key(&mut self, asked: &Asked) {
        self.txn.remove(Table::Secrets, &ReplyKey::name(asked.introducer, asked.id));
    }

    /// True if an introducer has as much before me as may wait.
    pub(super) fn is_crowded_by(&self, introducer: PersonId) -> Result<bool> {
        let suggested = asked(&self.txn)?
            .into_iter()
            .filter(|one| one.introducer == introducer && one.state == AskState::Suggested);
        let proposed =
            super::proposed(&self.txn)?.into_iter().filter(|one| one.introducer == introducer && one.waits());
        Ok(suggested.count() + proposed.count() >= limits::OPEN_PROPOSALS)
    }
}

/// A record checked against a history.
pub(super) fn verified<T: crate::record::Statement>(record: &RecordBytes, history: &History) -> Option<Verified<T>> {
    history.verify(Signed::<T>::from_bytes(record.as_slice()).ok()?).ok()
}
