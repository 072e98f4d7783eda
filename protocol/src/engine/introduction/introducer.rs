//! My part when I bring two people together: what I keep of it, how it is found, and how it ends.
//!
//! Asks that come to me are in `asks`, passing one on is in `proposing`, an idea of my own in `suggesting`, and what
//! the two of them say to it in `answers`.

mod answers;
mod asks;
mod proposing;
mod suggesting;

use super::super::deadline::Ends;
use super::super::entity::{self, Entity};
use super::super::error::Result;
use super::super::inbox::ItemKind;
use super::super::notice::Notice;
use super::super::person::Person;
use super::super::turn::Turn;
use super::{HeldOutcome, IntroKey, Over, Part, not_found, part_byte, read_ask};
use crate::id::{IntroId, PersonId};
use crate::introduction::Ask;
use crate::letter::introduction::{IntroductionLetter, Sentence};
use crate::limits;
use crate::record::RecordBytes;
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
    fn my_carried(&self, key: IntroKey) -> Result<Carried> {
        self.txn.load::<Carried>(&key.bytes())?.ok_or_else(|| not_found(key.id))
    }

    /// The open introduction with this id whose target is that person.
    pub(super) fn carried_to(&self, target: &Person, id: IntroId) -> Result<Option<Carried>> {
        let prefix = [&[part_byte(Part::Introducer)][..], &id.0].concat();
        let all: Vec<Carried> = entity::list(&self.txn, &prefix, limits::INTRODUCTIONS)?;
        Ok(all.into_iter().find(|one| one.target == Some(target.id)))
    }

    /// Sets when an open introduction is looked at next: at `at`, if that comes before its date.
    fn rest_until(&mut self, carried: &mut Carried, at: Option<Timestamp>) {
        let until = at.unwrap_or(carried.expires).min(carried.expires);
        self.clear_deadline(carried.until, Ends::Introduction(carried.name()));
        self.set_deadline(until, Ends::Introduction(carried.name()));
        carried.until = until;
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
