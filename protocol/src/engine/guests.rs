//! Cards that visitors leave on my public page.
//!
//! A visitor has no node and proves nothing: what they left waits in the inbox, and becomes somebody whom I wrote down
//! only when I say so. They hold a secret with which they take it back at any time, before I decided and after. The
//! secret is made before the card is sent, so a form that is sent twice is taken in once.

use std::ops::ControlFlow;

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::follow_up::follow_up;
use super::inbox::{About, Item, ItemKind};
use super::people::notes_about;
use super::person::{Encounter, Person, Standing, Way};
use super::turn::Turn;
use crate::card::{Field, FieldKind, Tier};
use crate::crypto::{cut, same, sha256};
use crate::folding::fold;
use crate::id::PersonId;
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Name, Note, Text, TextError, cut_at_grapheme};
use crate::time::Timestamp;
use crate::wire::{Reader, Wire, WireError, Writer};

/// What a visitor says besides the lines of a card: at most [`limits::LEFT_MESSAGE`] characters, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Text<{ limits::LEFT_MESSAGE_BYTES }>);

impl Message {
    /// Cleans what a person typed, as [`Text::new`] does.
    ///
    /// # Errors
    /// If it is too long, or holds a character that a text may not hold.
    pub fn new(text: &str) -> std::result::Result<Self, TextError> {
        let text = Text::new(text)?;
        match text.as_str().chars().count() {
            got if got > limits::LEFT_MESSAGE => Err(TextError::TooManyCharacters { got, most: limits::LEFT_MESSAGE }),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Wire for Message {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
    }

    fn decode(reader: &mut Reader<'_>) -> std::result::Result<Self, WireError> {
        Self::new(Text::<{ limits::LEFT_MESSAGE_BYTES }>::decode(reader)?.as_str()).map_err(|_| WireError::BadText)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

/// What lets a visitor take back what they left. It is in no storage: only its hash is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LeftSecret(pub [u8; 20]);

impl LeftSecret {
    /// Reads what [`LeftSecret::to_text`] wrote, in either case.
    pub fn from_text(text: &str) -> Option<Self> {
        BASE32_NOPAD_NOCASE.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// 32 lower-case letters and digits.
    pub fn to_text(&self) -> String {
        BASE32_NOPAD.encode(&self.0).to_ascii_lowercase()
    }

    fn digest(&self) -> [u8; 32] {
        sha256(&[&self.0])
    }
}

impl std::fmt::Debug for LeftSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeftSecret")
    }
}

/// A card as a visitor leaves it.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// What takes it back.
    pub secret: LeftSecret,
    /// Their name.
    pub name: Name,
    /// Lines of their card, at most [`limits::LEFT_LINES`].
    pub lines: Vec<Field>,
    /// What they say besides.
    pub message: Message,
}

crate::wire_map! {
    /// A card that a visitor left.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LeftCard {
        /// Who they are among my people once I said yes, and the beginning of the digest: so the secret leads here.
        1 => pub person: PersonId,
        /// Their name as they typed it.
        2 => pub name: Name,
        /// Lines of their card as they typed them.
        3 => pub lines: Vec<Field>,
        /// What they say besides.
        4 => pub message: Message,
        /// When they left it.
        5 => pub at: Timestamp,
        /// When it goes away, unless I keep it.
        6 => pub until: Timestamp,
        /// SHA-256 of the secret that takes it back.
        7 => digest: [u8; 32],
        /// I said yes: it stays as long as the person does.
        8 => pub kept: bool,
    }
}

impl Entity for LeftCard {
    const TABLE: Table = Table::LeftCards;

    fn key(&self) -> Vec<u8> {
        key(self.kept, self.person)
    }
}

/// Cards that wait stand together, so that they are counted without the others.
const WAITING: u8 = 0;
const KEPT: u8 = 1;

fn key(kept: bool, person: PersonId) -> Vec<u8> {
    [&[if kept { KEPT } else { WAITING }][..], &person.0].concat()
}

impl LeftCard {
    /// How I come across them.
    pub const fn encounter(&self) -> Encounter {
        Encounter { at: self.at, way: Way::LeftCard, event: None, late: false, by: None }
    }

    /// What it says, for search and export: `field: value` lines, a blank line, and the message.
    fn as_text(&self) -> Note {
        let lines = self.lines.iter().map(|field| format!("{}: {}", field.kind.name(), field.value));
        let head: Vec<String> = std::iter::once(format!("name: {}", self.name)).chain(lines).collect();
        let text = format!("{}\n\n{}", head.join("\n"), self.message.as_str());
        Note::new(cut_at_grapheme(&text, limits::NOTE)).unwrap_or_default()
    }

    /// Somebody who types the same again, or whose finger slipped, says the same name, e-mail and message.
    fn is_like(&self, other: &Leaving) -> bool {
        fold(self.name.as_str()) == fold(other.name.as_str())
            && self.message == other.message
            && email(&self.lines) == email(&other.lines)
    }
}

fn email(lines: &[Field]) -> Option<String> {
    let line = lines.iter().find(|field| field.kind == FieldKind::Email);
    line.map(|field| field.value.as_str().to_lowercase())
}

/// The card that a secret takes back, if it is still here.
pub fn left_card(read: &dyn Read, secret: &LeftSecret) -> Result<Option<LeftCard>> {
    let digest = secret.digest();
    for kept in [false, true] {
        let found: Option<LeftCard> = entity::load(read, &key(kept, PersonId(cut(&digest))))?;
        if let Some(card) = found.filter(|card| same(&card.digest, &digest)) {
            return Ok(Some(card));
        }
    }
    Ok(None)
}

/// The card that an inbox item is about, if it is about one.
pub fn left_behind(read: &dyn Read, item: &Item) -> Result<Option<LeftCard>> {
    match item.kind {
        ItemKind::LeftCard => Ok(entity::load(read, &key(false, item.person))?),
        _ => Ok(None),
    }
}

/// True if somebody left a card, and can take it back.
pub(super) fn can_take_back(read: &dyn Read, person: PersonId) -> Result<bool> {
    Ok(entity::load::<LeftCard>(read, &key(true, person))?.is_some())
}

impl Turn<'_> {
    /// Takes in what a visitor leaves. The same secret again is answered as the first time. The same name, e-mail and
    /// message within a day takes the place of the earlier one, whose secret leads nowhere then: two who say the same
    /// are not told apart, and neither learns that the other was there.
    ///
    /// # Errors
    /// If [`limits::LEFT_CARDS`] wait for my decision, or the inbox is full.
    pub fn leave_card(&mut self, leaving: Leaving) -> Result<LeftCard> {
        if let Some(before) = left_card(&self.txn, &leaving.secret)? {
            return Ok(before);
        }
        if leaving.lines.len() > limits::LEFT_LINES {
            return Err(Error::Full("lines on this card"));
        }
        self.drop_alike(&leaving)?;
        if entity::count(&self.txn, Table::LeftCards, &[WAITING], limits::LEFT_CARDS)? >= limits::LEFT_CARDS {
            return Err(Error::Full("cards left here that nobody has looked at"));
        }
        let Leaving { secret, name, lines, message } = leaving;
        let (digest, until) = (secret.digest(), self.now.plus(limits::LEFT_CARD_KEPT));
        let person = PersonId(cut(&digest));
        let left = LeftCard { person, name, lines, message, at: self.now, until, digest, kept: false };
        self.ask_me(ItemKind::LeftCard, person, About::until(until))?;
        self.txn.save(&left);
        Ok(left)
    }

    fn drop_alike(&mut self, leaving: &Leaving) -> Result<()> {
        let (mut alike, since) = (None, self.now.minus(limits::LEFT_AGAIN));
        entity::each::<LeftCard>(&self.txn, &[WAITING], b"", |left| {
            if left.at < since || !left.is_like(leaving) {
                return ControlFlow::Continue(());
            }
            alike = Some(left);
            ControlFlow::Break(())
        })?;
        match alike {
            Some(left) => self.drop_waiting(&left),
            None => Ok(()),
        }
    }

    fn drop_waiting(&mut self, left: &LeftCard) -> Result<()> {
        self.txn.forget(left);
        self.drop_question(ItemKind::LeftCard, left.person, None)
    }

    /// I keep it: somebody more to write to, unconfirmed.
    pub(super) fn keep_left(&mut self, item: &Item) -> Result<()> {
        let Some(left) = left_behind(&self.txn, item)? else {
            return Err(Error::NotFound { what: "card left here", name: item.id.short() });
        };
        let mut person = Person { id: left.person, ..self.new_person(left.name.clone(), Tier::Public, left.at)? };
        person.met(left.encounter());
        person.foreign = Some(left.as_text());
        self.txn.save(&person);
        self.write_to_them(person.id, self.now)?;
        self.txn.forget(&left);
        self.txn.save(&LeftCard { kept: true, ..left });
        Ok(())
    }

    /// I do not keep it, or nobody decided until its date.
    pub(super) fn let_left_go(&mut self, item: &Item) {
        self.txn.remove(Table::LeftCards, &key(false, item.person));
    }

    /// The person is forgotten, and what they left with them.
    pub(super) fn forget_left(&mut self, person: PersonId) {
        self.txn.remove(Table::LeftCards, &key(true, person));
    }

    /// The visitor takes back what they left. If I had kept it and have nothing else to do with them, the person goes
    /// too; else the lines that they left go from the person. True if there was something.
    pub fn take_back_left(&mut self, secret: &LeftSecret) -> Result<bool> {
        let Some(left) = left_card(&self.txn, secret)? else { return Ok(false) };
        if left.kept {
            self.txn.forget(&left);
            self.unwrite(left.person)?;
        } else {
            self.drop_waiting(&left)?;
        }
        Ok(true)
    }

    fn unwrite(&mut self, id: PersonId) -> Result<()> {
        let Some(mut person) = self.txn.load::<Person>(&id.0)? else { return Ok(()) };
        if !self.is_otherwise_mine(&person)? {
            return self.forget_person(id);
        }
        person.foreign = None;
        self.txn.save(&person);
        Ok(())
    }

    /// True if something of my own, or another meeting, ties me to somebody who left a card.
    fn is_otherwise_mine(&self, person: &Person) -> Result<bool> {
        let is_known = person.standing != Standing::Unconfirmed || person.encounters.len() > 1;
        let is_marked = person.petname.is_some() || !person.tags.is_empty() || person.cadence.is_some();
        let has_words = !notes_about(&self.txn, person.id)?.is_empty() || follow_up(&self.txn, person.id)?.is_mine();
        Ok(is_known || is_marked || has_words)
    }
}
