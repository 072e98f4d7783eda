//! Handing somebody whom I met over to a contact who should look after them.

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::inbox::{About, Item, ItemKind};
use super::incoming::Verdict;
use super::notice::Notice;
use super::people;
use super::person::{Encounter, Person, Way};
use super::turn::Turn;
use crate::card::{Field, Tier};
use crate::id::{LetterId, PersonId};
use crate::letter::Body;
use crate::letter::body::kind;
use crate::letter::handover::HandOver;
use crate::limits;
use crate::store::{Read, Table};
use crate::text::{Name, Note, cut_at_grapheme};

crate::wire_map! {
    /// Somebody whom a contact handed over to me, until I decide.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HandedOver {
        /// Who hands over.
        1 => pub from: PersonId,
        /// The letter that it came with.
        2 => pub letter: LetterId,
        /// Whom.
        3 => pub whom: HandOver,
    }
}

impl Entity for HandedOver {
    const TABLE: Table = Table::Handovers;

    fn key(&self) -> Vec<u8> {
        key(self.from, self.letter)
    }
}

fn key(from: PersonId, letter: LetterId) -> Vec<u8> {
    [&from.0[..], &letter.0].concat()
}

/// Whom an inbox item is about, if it is about somebody handed over.
pub fn handed_over(read: &dyn Read, item: &Item) -> Result<Option<HandedOver>> {
    match item.letter {
        Some(letter) => Ok(entity::load(read, &key(item.person, letter))?),
        None => Ok(None),
    }
}

impl Turn<'_> {
    /// Hands somebody over to a contact, with a note; none for the first one that I wrote about them. What goes along is
    /// what they gave to everybody and what I read from a code of another kind: what they gave to me as a contact is
    /// theirs to give.
    ///
    /// # Errors
    /// If `to` is no contact or blocked, or if [`limits::HANDOVERS_WAITING`] wait for them.
    pub fn hand_over(&mut self, id: PersonId, to: PersonId, note: Option<Note>) -> Result<LetterId> {
        let whom = people::person(&self.txn, id)?;
        if id == to || !people::is_shown(&whom) {
            return Err(Error::NotNow("somebody is handed over to somebody else"));
        }
        let mut colleague = self.addressee(to, kind::HAND_OVER, limits::HANDOVERS_WAITING)?;
        colleague.touched = self.now;
        self.txn.save(&colleague);
        // Where somebody else met them is not for me to tell: the reader would take it for mine.
        let first = whom.encounters.iter().find(|one| one.way != Way::HandedOver);
        let letter = HandOver {
            name: name_of(&whom),
            lines: self.public_lines(id)?,
            foreign: whom.foreign.clone().unwrap_or_default(),
            note: note.map_or_else(|| self.first_note(id), Ok)?,
            event: first.and_then(|first| first.event.clone()),
            met: first.map_or(whom.created, |first| first.at),
        };
        self.send(to, &Body::HandOver(letter), limits::LETTER_LIFE)
    }

    /// The lines of a card that was given to everybody. A card for contacts does not say which of its lines are public,
    /// so none of them is taken for it.
    fn public_lines(&self, id: PersonId) -> Result<Vec<Field>> {
        let card = people::card_of(&self.txn, id)?;
        Ok(card.filter(|card| card.tier == Tier::Public).map(|card| card.fields).unwrap_or_default())
    }

    fn first_note(&self, id: PersonId) -> Result<Note> {
        Ok(people::notes_about(&self.txn, id)?.into_iter().next().map(|note| note.text).unwrap_or_default())
    }

    /// A contact hands somebody over to me. It waits in the inbox and nowhere else, so with no room there they wait.
    pub(super) fn handover_arrived(&mut self, person: &Person, letter: LetterId, whom: HandOver) -> Result<Verdict> {
        if !whom.is_bounded() {
            return Ok(Verdict::Refused(super::Refusal::NotAccepted));
        }
        let waiting = entity::count(&self.txn, Table::Handovers, &person.id.0, limits::HANDOVERS_WAITING)?;
        if waiting >= limits::HANDOVERS_WAITING {
            return Ok(Verdict::Later);
        }
        let about = About::letter(self.now.plus(limits::LETTER_LIFE), letter);
        match self.ask_me(ItemKind::HandedOver, person.id, about) {
            Err(Error::Full(_)) => return Ok(Verdict::Later),
            asked => asked?,
        }
        self.txn.save(&HandedOver { from: person.id, letter, whom });
        self.notice(Notice::HandedOver { person: person.id });
        Ok(Verdict::Handled)
    }

    /// I take over: somebody more to write to, unconfirmed.
    pub(super) fn take_over(&mut self, item: &Item, from: &Person) -> Result<Option<PersonId>> {
        let Some(handed) = self.take_handed(item)? else { return Ok(None) };
        let whom = handed.whom;
        let by = Some(name_of(from));
        let mut person = self.new_person(whom.name.clone(), Tier::Public, self.now)?;
        // A clock of theirs that is ahead must not make me believe that we were in touch tomorrow.
        let at = whom.met.min(self.now);
        person.met(Encounter { at, way: Way::HandedOver, event: whom.event.clone(), late: false, by });
        person.foreign = Some(what_is_known(&whom)).filter(|known| !known.is_empty());
        self.txn.save(&person);
        self.add_note(person.id, self.now, noted_by(from, &whom.note))?;
        self.write_to_them(person.id, self.now)?;
        Ok(Some(person.id))
    }

    /// The letter behind an item is not kept any longer than the item.
    pub(super) fn take_handed(&mut self, item: &Item) -> Result<Option<HandedOver>> {
        let handed = handed_over(&self.txn, item)?;
        if let Some(handed) = &handed {
            self.txn.forget(handed);
        }
        Ok(handed)
    }
}

fn name_of(person: &Person) -> Name {
    person.petname.as_ref().unwrap_or(&person.name).clone()
}

/// The note with whose words they are, since it stands among mine.
fn noted_by(from: &Person, note: &Note) -> Note {
    if note.is_empty() {
        return Note::default();
    }
    let text = format!("{} wrote: {note}", name_of(from));
    Note::new(cut_at_grapheme(&text, limits::NOTE)).unwrap_or_default()
}

/// The foreign text with the public lines below it, one `field: value` each.
fn what_is_known(whom: &HandOver) -> Note {
    let lines = whom.lines.iter().map(|field| format!("{}: {}", field.kind.name(), field.value));
    let foreign = Some(whom.foreign.as_str()).filter(|text| !text.is_empty()).map(str::to_owned);
    let text: Vec<String> = foreign.into_iter().chain(lines).collect();
    Note::new(cut_at_grapheme(&text.join("\n"), limits::NOTE)).unwrap_or_default()
}
