//! What people write to each other, and whom they hand over.

use kith_protocol::engine::Error;
use kith_protocol::engine::correspondence::{WrittenWords, correspondence_with};
use kith_protocol::engine::people;
use kith_protocol::id::PersonId;
use kith_protocol::text::{Note, Words};

use super::home::Who;
use super::world::World;

impl World {
    /// Writes to a contact.
    pub fn writes(&mut self, who: Who, to: Who, text: &str) {
        self.tries_to_write(who, to, text).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Writes something that may be refused. After a crash they look whether it was done.
    pub fn tries_to_write(&mut self, who: Who, to: Who, text: &str) -> Result<(), Error> {
        let person = self.person_id(who, to);
        let before = self.letters(who, to).len();
        self.tries(who, |turn| {
            if correspondence_with(turn.read(), person)?.len() > before {
                return Ok(());
            }
            turn.write_to(person, Words::new(text)?).map(drop)
        })
    }

    /// What somebody and another wrote to each other, as somebody has it.
    pub fn letters(&self, who: Who, other: Who) -> Vec<WrittenWords> {
        let person = self.knows(who, other);
        person.map(|person| correspondence_with(&self.home(who).store, person.id).unwrap()).unwrap_or_default()
    }

    /// The same as texts.
    pub fn texts(&self, who: Who, other: Who) -> Vec<String> {
        self.letters(who, other).iter().map(|one| one.words.as_str().to_owned()).collect()
    }

    /// Hands somebody over to a contact.
    pub fn hands_over(&mut self, who: Who, whom: PersonId, to: Who, note: Option<&str>) -> Result<(), Error> {
        let to = self.person_id(who, to);
        let note = note.map(|note| Note::new(note).expect("a short note"));
        let before = people::person(&self.home(who).store, to).expect("they know each other").touched;
        self.tries(who, |turn| {
            // After a crash they look whether it was done.
            let is_done = people::person(turn.read(), to)?.touched > before;
            if is_done { Ok(()) } else { turn.hand_over(whom, to, note.clone()).map(drop) }
        })
    }
}
