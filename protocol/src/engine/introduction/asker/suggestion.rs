//! The introducer has the idea: it comes before me, and if I would, it becomes an ask of mine.

use super::super::super::deadline::Ends;
use super::super::super::error::{Error, Result};
use super::super::super::inbox::{About, ItemKind};
use super::super::super::notice::Notice;
use super::super::super::people;
use super::super::super::person::Person;
use super::super::super::turn::Turn;
use super::super::{IntroKey, Part};
use super::{AskState, Asked, SUGGESTED};
use crate::card::Tier;
use crate::letter::introduction::Suggest;
use crate::limits;
use crate::text::{Line, Text};

impl Turn<'_> {
    /// The introducer thinks that I should meet somebody.
    pub(in super::super) fn suggested_to_asker(&mut self, introducer: &Person, suggest: Suggest) -> Result<()> {
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
}
