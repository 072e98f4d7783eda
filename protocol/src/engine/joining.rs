//! One person who stands twice among my people, joined by my word alone.
//!
//! A code that led nowhere names nobody, and neither does what I wrote down: so nothing but my own word says that two
//! entries are one person. What goes over are my own words, on my own machine. Nobody is told of it, and nobody is told
//! more for it: a scan that led nowhere stays what I wrote down, and is no meeting with whom I hold now.

use super::deadline::Ends;
use super::entity::Entity;
use super::error::{Error, Result};
use super::guests::can_take_back;
use super::introduction::{self, Asked};
use super::outbox::waiting_for;
use super::people::{add_tag, is_shown, notes_about, person};
use super::person::{Encounter, Person, PersonNote, Standing, Way};
use super::turn::Turn;
use crate::folding::fold;
use crate::id::PersonId;
use crate::invite::code_name;
use crate::limits;
use crate::store::Read;
use crate::text::{Name, Note, cut_at_grapheme};

/// Their answer decides who they are.
const OPEN: &str = "their answer may still come: once it is here, or its date is past, they can be joined";

/// True if I can say that somebody is another person of mine.
pub fn is_joinable(read: &dyn Read, person: &Person) -> Result<bool> {
    Ok(obstacle(read, person)?.is_none())
}

/// Why somebody cannot go over to another person, if they cannot: all that is here of them must be my own words.
fn obstacle(read: &dyn Read, person: &Person) -> Result<Option<&'static str>> {
    Ok(match person.standing {
        Standing::Contact | Standing::Ended | Standing::Asking => {
            Some("of them there is more than your own words: join the other one to them")
        }
        Standing::Pending if may_answer(person) => Some(OPEN),
        Standing::Unconfirmed | Standing::Pending if person.blocked => Some("they are blocked: let them through first"),
        Standing::Unconfirmed | Standing::Pending => {
            let is_asked_for = |ask: &Asked| ask.is_open() && ask.person == Some(person.id);
            if can_take_back(read, person.id)? {
                Some("they can take back what they left on your page, so it stays by itself")
            } else if introduction::asked(read)?.iter().any(is_asked_for) {
                Some("you have asked for an introduction to them: withdraw that first")
            } else if !waiting_for(read, person.id)?.is_empty() {
                Some("a letter to them is under way")
            } else {
                None
            }
        }
    })
}

/// Why nobody can go over to somebody, if nobody can.
fn obstacle_there(into: &Person) -> Option<&'static str> {
    match into.standing {
        _ if into.blocked => Some("they are blocked: let them through first"),
        // Without a yes they are forgotten, and all that I wrote with them.
        Standing::Asking => Some("they wait for your answer: give it first"),
        Standing::Pending if may_answer(into) => Some(OPEN),
        _ => None,
    }
}

fn may_answer(person: &Person) -> bool {
    person.scan.as_ref().is_some_and(|scan| scan.problem.is_none())
}

impl Turn<'_> {
    /// Somebody of whom I have nothing but my own words is another person of mine: all of it goes over to that one, and
    /// the entry goes away. Gives who it is with from now on.
    ///
    /// # Errors
    /// If there is more of them than my own words, or an answer may still come; if there is no room for all notes or
    /// tags.
    pub fn join_person(&mut self, from: PersonId, into: PersonId) -> Result<Person> {
        let (from, mut into) = (person(&self.txn, from)?, person(&self.txn, into)?);
        if let Some(gone) = [&from, &into].into_iter().find(|one| !is_shown(one)) {
            return Err(Error::NotFound { what: "person", name: gone.id.short() });
        }
        if from.id == into.id {
            return Err(Error::NotNow("they are one person already"));
        }
        if let Some(obstacle) = obstacle(&self.txn, &from)?.or_else(|| obstacle_there(&into)) {
            return Err(Error::NotNow(obstacle));
        }
        let notes = notes_about(&self.txn, from.id)?.len() + notes_about(&self.txn, into.id)?.len();
        if notes > limits::NOTES {
            return Err(Error::Full("notes about this person"));
        }
        let mut words = self.join_follow_ups(from.id, into.id, from.touched > into.touched)?;
        into.petname = into.petname.or(from.petname.clone());
        words.extend(also_called(&from, &into));
        match from.foreign.clone().filter(|text| into.foreign.as_ref() != Some(text)) {
            Some(text) if into.foreign.is_some() => words.extend(in_notes(&text)),
            Some(text) => into.foreign = Some(text),
            None => {}
        }
        self.move_notes(from.id, into.id)?;
        for text in words {
            self.add_note(into.id, self.now, Note::new(&text)?)?;
        }
        for tag in &from.tags {
            add_tag(&mut into, tag.clone())?;
        }
        from.encounters.iter().map(in_my_words).for_each(|encounter| into.had_met(encounter));
        into.cadence = into.cadence.or(from.cadence);
        into.created = into.created.min(from.created);
        into.touched = into.touched.max(from.touched);
        self.txn.save(&into);
        for ask in introduction::asked(&self.txn)?.into_iter().filter(|ask| ask.person == Some(from.id)) {
            self.txn.save(&Asked { person: Some(into.id), ..ask });
        }
        if let Some(scan) = &from.scan {
            self.clear_deadline(scan.gives_up, Ends::Scan(from.id));
        }
        // Last, since what it does to open sessions is not taken back.
        self.erase(from)?;
        Ok(into)
    }

    /// Notes about somebody are about another person from now on, and keep their dates.
    pub(super) fn move_notes(&mut self, from: PersonId, into: PersonId) -> Result<()> {
        for note in notes_about(&self.txn, from)? {
            self.txn.forget(&note);
            let mut moved = PersonNote { person: into, ..note };
            // Both may have a note of this second, and each counted its own.
            while self.txn.load::<PersonNote>(&moved.key())?.is_some() {
                moved.number = moved.number.wrapping_add(1);
            }
            self.txn.save(&moved);
        }
        Ok(())
    }
}

/// An encounter as I wrote it down. A scan that led nowhere is no meeting that others are told of or that anybody signs,
/// and who never came of an introduction was introduced by nobody.
fn in_my_words(encounter: &Encounter) -> Encounter {
    match encounter.way {
        Way::ForeignCode | Way::Written | Way::HandedOver | Way::LeftCard => encounter.clone(),
        Way::IScanned | Way::IScannedPrinted | Way::TheyScanned | Way::TheyScannedPrinted | Way::Introduced => {
            Encounter { way: Way::Written, late: false, by: None, ..encounter.clone() }
        }
    }
}

/// The names under which somebody stood and the other does not. A name in a code may be cut.
fn also_called(from: &Person, into: &Person) -> Option<String> {
    let cut = code_name(into.name.as_str());
    let mut known: Vec<String> = names(into).map(|name| fold(name.as_str())).collect();
    known.extend(cut.map(|name| fold(name.as_str())));
    let mut others = Vec::new();
    for name in names(from) {
        let folded = fold(name.as_str());
        if !known.contains(&folded) {
            known.push(folded);
            others.push(name.as_str());
        }
    }
    (!others.is_empty()).then(|| format!("Also written down as {}", others.join(" and as ")))
}

fn names(person: &Person) -> impl Iterator<Item = &Name> {
    std::iter::once(&person.name).chain(&person.petname)
}

/// The text of a foreign code in as many notes as it needs.
fn in_notes(foreign: &Note) -> Vec<String> {
    let text = format!("As it came, unconfirmed:\n{foreign}");
    let (mut rest, mut notes) = (text.as_str(), Vec::new());
    while !rest.is_empty() {
        let note = cut_at_grapheme(rest, limits::NOTE);
        let Some(after) = rest.get(note.len()..).filter(|_| !note.is_empty()) else { break };
        notes.push(note.to_owned());
        rest = after;
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_foreign_text_is_in_two_notes_whole() {
        for text in ["x".repeat(limits::NOTE), "é".repeat(limits::NOTE / 2), "👩🏽‍🔧".repeat(limits::NOTE / 15)]
        {
            let notes = in_notes(&Note::new(&text).unwrap());
            assert_eq!(notes.len(), 2);
            assert!(notes.iter().all(|note| Note::new(note).unwrap().as_str() == note), "nothing is cleaned away");
            assert_eq!(notes.concat(), format!("As it came, unconfirmed:\n{text}"));
        }
        assert_eq!(in_notes(&Note::new("TEL:+49 1").unwrap()), ["As it came, unconfirmed:\nTEL:+49 1"]);
    }
}
