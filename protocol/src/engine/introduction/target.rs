//! My part when somebody asks for me: what I keep of it, who else carries the same, and how it ends.
//!
//! What is brought before me is in `proposals`, my yes in `consenting`, and the asker who comes with it in `claim`.
//! They lie beside this file, since git leaves out whatever lies in a folder that is called `target`.

use super::super::entity::Entity;
use super::super::error::Result;
use super::super::inbox::{About, ItemKind};
use super::super::invites::OwnInvite;
use super::super::notice::Notice;
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, not_found, proposed, read_ask};
use crate::card::Tier;
use crate::id::{IdentityId, IntroId, InviteId, PersonId, RecordId};
use crate::introduction::Ask;
use crate::letter::introduction::Sentence;
use crate::limits;
use crate::record::{RecordBytes, Signed};
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
    pub(super) fn begun(introducer: PersonId, id: IntroId, note: Sentence, now: Timestamp, expires: Timestamp) -> Self {
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
    pub(super) fn ask_id(&self) -> Option<RecordId> {
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
    pub(super) const fn can_be_answered(&self) -> bool {
        matches!(self.state, ProposedState::Waiting | ProposedState::Joined | ProposedState::Later)
    }
}

impl Turn<'_> {
    /// Open introductions of the same person but this one: there is one question before me, whoever carries it.
    pub(super) fn others_of(&self, asker: IdentityId, name: IntroKey) -> Result<Vec<Proposed>> {
        let same = |one: &Proposed| {
            let is_open = one.can_be_answered() || one.state == ProposedState::Consented;
            one.asker == Some(asker) && one.name() != name && is_open
        };
        Ok(proposed(&self.txn)?.into_iter().filter(same).collect())
    }

    pub(super) fn my_proposed(&self, key: IntroKey) -> Result<Proposed> {
        self.txn.load::<Proposed>(&key.bytes())?.ok_or_else(|| not_found(key.id))
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
