//! I ask: whom, and how often; what I sign and send; and saying it differently when it comes back.

use super::super::super::deadline::Ends;
use super::super::super::error::{Error, Result};
use super::super::super::inbox::{About, ItemKind};
use super::super::super::notice::Notice;
use super::super::super::own::bounded;
use super::super::super::people;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{IntroKey, Part, asked, not_found};
use super::{AskEdit, AskOptions, AskState, Asked, Meant};
use crate::card::Tier;
use crate::folding::fold;
use crate::id::{IdentityId, IntroId, PersonId};
use crate::introduction::Ask;
use crate::letter::introduction::{AskLetter, IntroductionLetter, Returned};
use crate::limits;
use crate::text::Line;

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

    /// Signs what I ask as it is now, and sends it.
    pub(super) fn send_ask(&mut self, asked: &mut Asked, introducer: &Person) -> Result<()> {
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
    pub(in super::super::super) fn sign_asks_again(&mut self) -> Result<()> {
        for mut asked in asked(&self.txn)?.into_iter().filter(Asked::is_open) {
            let introducer = people::person(&self.txn, asked.introducer)?;
            if self.has_room_for(introducer.id)? {
                self.send_ask(&mut asked, &introducer)?;
            }
        }
        Ok(())
    }

    /// The introducer wants it said differently.
    pub(in super::super) fn returned_arrived(&mut self, introducer: &Person, returned: Returned) -> Result<()> {
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
}
