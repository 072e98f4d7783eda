//! How an ask of mine ends: at its date, in vain, or by a word; and what of it is kept for how long.

use super::super::super::deadline::Ends;
use super::super::super::error::Result;
use super::super::super::inbox::ItemKind;
use super::super::super::notice::Notice;
use super::super::super::turn::Turn;
use super::super::{IntroKey, Over};
use super::{AskState, Asked};
use crate::limits;

impl Turn<'_> {
    /// The date of an open ask is here. The reply key stays for as long as a yes that was given in time may take.
    pub(in super::super) fn ask_expired(&mut self, mut asked: Asked) -> Result<()> {
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
    pub(in super::super) fn ask_kept_long_enough(&mut self, mut asked: Asked) -> Result<()> {
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
    pub(in super::super::super) fn asked_failed(&mut self, key: IntroKey) -> Result<bool> {
        match self.txn.load::<Asked>(&key.bytes())? {
            Some(asked) if asked.state == AskState::Connecting => {
                self.end_asked(asked, Over::Expired)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Somebody who was only there for an introduction that came to nothing goes with it.
    pub(in super::super) fn end_asked(&mut self, mut asked: Asked, over: Over) -> Result<()> {
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
}
