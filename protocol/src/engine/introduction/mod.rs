//! Introductions: who asked, who carries, who was asked, and where each of them stands.
//!
//! ```text
//! asker                 introducer             target
//!   ask ───────────────►  Asked
//!                         pass: propose ─────►  Waiting
//!                         Offered  ◄────────── consent (a code for this asker alone, sealed to it)
//!   Connecting ◄───────── offer
//!   claim ═══════════════════════════════════►  Connected
//!   Connected  ◄═══════════════════════════════ welcome
//!   done, outcome ──────►  Connected ◄───────── done, outcome
//! ```
//!
//! Every letter goes between two contacts, so never more than two of the three need to be up at once. What the
//! asker is told until the date of the ask is the same whether the target declined, was silent, knows the asker
//! already, or was never asked: nothing. Each part is one entity in one file, which says where to find what is done in
//! it: [`asker`] (with `offer`), [`introducer`], [`target`] (with `proposals`, `consenting` and `claim`); a letter that
//! does not fit the state of one introduction touches no other.

pub mod asker;
mod claim;
mod consenting;
mod ending;
pub mod introducer;
mod letters;
mod offer;
mod proposals;
pub mod target;

pub use asker::{AskEdit, AskOptions, AskState, Asked, Meant};
pub use introducer::{Carried, CarryState, Notes};
pub use target::{Proposed, ProposedState};

use super::entity;
use super::error::{Error, Result};
use super::turn::Turn;
use crate::id::{IntroId, PersonId};
use crate::identity::History;
use crate::introduction::Ask;
use crate::letter::Body;
use crate::letter::introduction::{IntroductionLetter, Sentence};
use crate::limits;
use crate::record::{RecordBytes, Signed, Verified};
use crate::store::{Read, Table};
use crate::time::Timestamp;

crate::wire_choice! {
    /// What I am in an introduction.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Part {
        /// I asked for it.
        0 => Asker,
        /// I bring two people together.
        1 => Introducer,
        /// Somebody asks for me.
        2 => Target,
    }
}

crate::wire_choice! {
    /// Why an introduction came to nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Over {
        /// Its date came. All that an asker learns of a no, too.
        0 => Expired,
        /// Who had begun it withdrew.
        1 => Withdrawn,
        /// I said no.
        2 => Declined,
        /// A letter did not fit: somebody's node is wrong, or lies.
        3 => Broken,
        /// One of those concerned is no contact any more.
        4 => Apart,
    }
}

crate::wire_map! {
    /// How an introduction went, as one end of it says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HeldOutcome {
        /// They met or talked.
        1 => pub met: bool,
        /// It was of use.
        2 => pub useful: bool,
        /// Thanks, in words.
        3 => pub thanks: Option<Sentence>,
    }
}

crate::wire_map! {
    /// Names one introduction from where I stand: an id counts only together with the person it came from or went to,
    /// so that nobody can reach into what others began.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
    pub struct IntroKey {
        /// What I am in it.
        1 => pub part: Part,
        /// Its id.
        2 => pub id: IntroId,
        /// The introducer; for the introducer, the asker.
        3 => pub person: PersonId,
    }
}

impl IntroKey {
    /// The bytes under which it is stored.
    pub fn bytes(self) -> Vec<u8> {
        [&[part_byte(self.part)][..], &self.id.0, &self.person.0].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&part, rest) = bytes.split_first()?;
        let part = [Part::Asker, Part::Introducer, Part::Target].into_iter().find(|one| part_byte(*one) == part)?;
        let (id, person) = rest.split_first_chunk::<16>()?;
        Some(Self { part, id: IntroId(*id), person: PersonId(person.try_into().ok()?) })
    }
}

const fn part_byte(part: Part) -> u8 {
    match part {
        Part::Asker => 0,
        Part::Introducer => 1,
        Part::Target => 2,
    }
}

/// Everything of one part, in no particular order.
fn with_part<E: entity::Entity>(read: &dyn Read, part: Part) -> Result<Vec<E>> {
    Ok(entity::list(read, &[part_byte(part)], limits::INTRODUCTIONS)?)
}

/// The introductions that I asked for.
pub fn asked(read: &dyn Read) -> Result<Vec<Asked>> {
    with_part(read, Part::Asker)
}

/// The introductions that I carry.
pub fn carried(read: &dyn Read) -> Result<Vec<Carried>> {
    with_part(read, Part::Introducer)
}

/// The introductions that were proposed to me.
pub fn proposed(read: &dyn Read) -> Result<Vec<Proposed>> {
    with_part(read, Part::Target)
}

/// The keys of all introductions, to be searched by the beginning of an id.
pub fn keys(read: &dyn Read) -> Result<Vec<IntroKey>> {
    let mut keys = Vec::new();
    read.scan(Table::Introductions, b"", b"", &mut |key, _| {
        keys.extend(IntroKey::from_bytes(key));
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(keys)
}

/// An introduction from where I stand in it.
#[derive(Clone, Debug)]
pub enum Mine {
    /// I asked for it.
    Asked(Box<Asked>),
    /// I carry it.
    Carried(Box<Carried>),
    /// It was proposed to me.
    Proposed(Box<Proposed>),
}

/// All introductions that I have a part in.
pub fn all(read: &dyn Read) -> Result<Vec<Mine>> {
    let asked = asked(read)?.into_iter().map(|asked| Mine::Asked(Box::new(asked)));
    let carried = carried(read)?.into_iter().map(|carried| Mine::Carried(Box::new(carried)));
    let proposed = proposed(read)?.into_iter().map(|proposed| Mine::Proposed(Box::new(proposed)));
    Ok(asked.chain(carried).chain(proposed).collect())
}

/// One introduction.
pub fn one(read: &dyn Read, key: IntroKey) -> Result<Mine> {
    let (name, not_found) = (key.bytes(), || not_found(key.id));
    Ok(match key.part {
        Part::Asker => Mine::Asked(entity::load(read, &name)?.map(Box::new).ok_or_else(not_found)?),
        Part::Introducer => Mine::Carried(entity::load(read, &name)?.map(Box::new).ok_or_else(not_found)?),
        Part::Target => Mine::Proposed(entity::load(read, &name)?.map(Box::new).ok_or_else(not_found)?),
    })
}

/// The introductions about which a letter of mine still waits for a person's node.
pub fn waiting_about(read: &dyn Read, person: PersonId) -> Result<Vec<IntroId>> {
    let about = |letter| match Body::of(&letter) {
        Ok(Body::Introduction(letter)) => letter.about(),
        _ => None,
    };
    let waiting = super::outbox::waiting_for(read, person)?;
    Ok(waiting.iter().filter_map(|waiting| about(waiting.as_letter())).collect())
}

/// An ask as somebody signed it, read from where it was stored after it was checked.
pub fn read_ask(record: &RecordBytes) -> Option<Ask> {
    Signed::<Ask>::from_bytes(record.as_slice()).ok().map(|ask| ask.unverified().clone())
}

/// The public card that came with an ask, read from where it was stored after it was checked.
pub fn read_public_card(record: &RecordBytes) -> Option<crate::card::CardView> {
    Signed::<crate::card::CardView>::from_bytes(record.as_slice()).ok().map(|card| card.unverified().clone())
}

/// Checks an ask and the card beside it against the asker's history: rightly signed, for public eyes, bounded.
fn verify_ask(ask: &RecordBytes, card: &RecordBytes, history: &History) -> Option<Verified<Ask>> {
    let ask = history.verify(Signed::<Ask>::from_bytes(ask.as_slice()).ok()?).ok()?;
    let card = super::own::verify_card(card.as_slice(), history)?;
    let is_usable = crate::crypto::seal::is_usable(&ask.reply_key);
    (ask.is_bounded() && is_usable && card.tier == crate::card::Tier::Public).then_some(ask)
}

/// A record checked against a history.
fn verified<T: crate::record::Statement>(record: &RecordBytes, history: &History) -> Option<Verified<T>> {
    history.verify(Signed::<T>::from_bytes(record.as_slice()).ok()?).ok()
}

fn not_found(id: IntroId) -> Error {
    Error::NotFound { what: "introduction", name: id.short() }
}

impl Turn<'_> {
    /// Puts a letter about an introduction into the outbox. It need not arrive after the introduction is over, but an
    /// answer may be under way for as long as clocks differ.
    fn tell(&mut self, person: PersonId, letter: IntroductionLetter, until: Timestamp) -> Result<()> {
        let life = until.plus(limits::CLOCK_SKEW).since(self.now).min(limits::LETTER_LIFE);
        self.send(person, &Body::Introduction(letter), life.max(limits::HOUR))?;
        Ok(())
    }

    /// True if one more introduction of a part with that contact can be kept.
    fn has_room(&self, part: Part, with: PersonId) -> Result<bool> {
        let kept: Vec<IntroKey> = keys(&self.txn)?.into_iter().filter(|key| key.part == part).collect();
        let with_one = kept.iter().filter(|key| key.person == with).count();
        Ok(kept.len() < limits::INTRODUCTIONS && with_one < limits::INTRODUCTIONS_WITH_ONE)
    }

    /// True if an introducer has as much before me as may wait.
    fn is_crowded_by(&self, introducer: PersonId) -> Result<bool> {
        let suggested = asked(&self.txn)?
            .into_iter()
            .filter(|one| one.introducer == introducer && one.state == AskState::Suggested);
        let proposed = proposed(&self.txn)?.into_iter().filter(|one| one.introducer == introducer && one.waits());
        Ok(suggested.count() + proposed.count() >= limits::OPEN_PROPOSALS)
    }

    /// The date of an introduction that is open, by the clock of the reader: never later than asks may live, so that
    /// nobody occupies a place for longer by a wrong date.
    fn bounded_date(&self, expires: Timestamp) -> Timestamp {
        expires.min(self.now.plus(limits::ASK_LIFE + limits::CLOCK_SKEW))
    }
}
