//! What a contact and I write to each other.

use super::entity::{self, Entity};
use super::error::{Error, Result};
use super::inbox::{About, ItemKind};
use super::incoming::Verdict;
use super::notice::Notice;
use super::outbox::{Waiting, waiting_for};
use super::people;
use super::person::Person;
use super::turn::Turn;
use crate::id::{LetterId, PersonId};
use crate::letter::body::kind;
use crate::letter::note::NoteLetter;
use crate::letter::{Body, Letter};
use crate::limits;
use crate::store::{Read, Table};
use crate::text::Words;
use crate::time::Timestamp;

crate::wire_choice! {
    /// Whose words they are, and how far mine came.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum WordsState {
        /// Theirs.
        0 => Came,
        /// Mine; they wait for the other's node.
        1 => Waiting,
        /// Mine; the other's node has them.
        2 => Delivered,
        /// Mine; the other's node did not take them.
        3 => Refused,
        /// Mine; they waited until their date.
        4 => GaveUp,
        /// Mine; a mailbox of theirs holds them.
        5 => InMailbox,
    }
}

crate::wire_map! {
    /// One letter of a correspondence.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WrittenWords {
        /// With whom.
        1 => pub person: PersonId,
        /// The letter.
        2 => pub letter: LetterId,
        /// When I wrote it, or when theirs came.
        3 => pub at: Timestamp,
        /// When it was written, by the writer's clock.
        4 => pub written: Timestamp,
        /// Whose it is, and how far it came.
        5 => pub state: WordsState,
        /// What it says.
        6 => pub words: Words,
        /// Counts the letters of one second, in the order in which they were written here or came.
        7 => pub number: u32,
    }
}

impl Entity for WrittenWords {
    const TABLE: Table = Table::Correspondence;

    fn key(&self) -> Vec<u8> {
        key(self.person, self.at, self.letter)
    }
}

impl WrittenWords {
    /// True if I wrote it.
    pub fn is_mine(&self) -> bool {
        self.state != WordsState::Came
    }
}

fn key(person: PersonId, at: Timestamp, letter: LetterId) -> Vec<u8> {
    [&person.0[..], &at.secs().to_be_bytes(), &letter.0].concat()
}

/// What somebody and I wrote to each other, the oldest first; at most [`limits::CORRESPONDENCE`].
pub fn correspondence_with(read: &dyn Read, person: PersonId) -> Result<Vec<WrittenWords>> {
    let mut all: Vec<WrittenWords> = entity::list(read, &person.0, limits::CORRESPONDENCE)?;
    all.sort_by_key(|one| (one.at, one.number, one.letter));
    Ok(all)
}

impl Turn<'_> {
    /// I write to a contact.
    ///
    /// # Errors
    /// If they are no contact or blocked, or if [`limits::WORDS_WAITING`] letters wait for them.
    pub fn write_to(&mut self, id: PersonId, words: Words) -> Result<WrittenWords> {
        let mut person = self.addressee(id, kind::NOTE, limits::WORDS_WAITING)?;
        person.touched = self.now;
        self.txn.save(&person);
        let letter = self.send(id, &Body::Note(NoteLetter { words: words.clone() }), limits::LETTER_LIFE)?;
        let (at, written, state) = (self.now, self.now, WordsState::Waiting);
        let mine = WrittenWords { person: id, letter, at, written, state, words, number: 0 };
        let mine = self.keep_words(mine)?;
        self.drop_question(ItemKind::Wrote, id, None)?;
        Ok(mine)
    }

    /// The contact that a letter of this kind is to go to, if fewer than `most` of them wait for them.
    pub(super) fn addressee(&self, id: PersonId, kind: u8, most: usize) -> Result<Person> {
        let person = people::person(&self.txn, id)?;
        if !person.is_contact() {
            return Err(Error::NotNow("letters go to contacts only, and the two of you are none"));
        }
        if person.blocked {
            return Err(Error::NotNow("you have blocked them: let them through again first"));
        }
        let waits = waiting_for(&self.txn, id)?.iter().filter(|waiting| waiting.kind == kind).count();
        if waits >= most {
            return Err(Error::Full("letters waiting for this person"));
        }
        Ok(person)
    }

    /// A contact wrote to me. Who writes more in a day than anybody reads is asked to wait.
    pub(super) fn words_arrived(&mut self, mut person: Person, letter: &Letter, note: NoteLetter) -> Result<Verdict> {
        let day_ago = self.now.minus(limits::DAY);
        let lately = correspondence_with(&self.txn, person.id)?;
        let lately = lately.iter().filter(|one| !one.is_mine() && one.at > day_ago).count();
        if lately >= limits::WORDS_A_DAY {
            return Ok(Verdict::Later);
        }
        person.touched = self.now;
        self.txn.save(&person);
        let (at, written, state) = (self.now, letter.sent, WordsState::Came);
        self.keep_words(WrittenWords {
            person: person.id,
            letter: letter.id,
            at,
            written,
            state,
            words: note.words,
            number: 0,
        })?;
        self.notice(Notice::Wrote { person: person.id });
        self.ask_me_if_room(ItemKind::Wrote, person.id, About::until(self.now.plus(limits::LETTER_LIFE)))?;
        Ok(Verdict::Handled)
    }

    /// Keeps a letter of a correspondence; beyond the bound the oldest goes.
    fn keep_words(&mut self, mut new: WrittenWords) -> Result<WrittenWords> {
        let all = correspondence_with(&self.txn, new.person)?;
        if all.len() >= limits::CORRESPONDENCE
            && let Some(oldest) = all.first()
        {
            self.txn.forget(oldest);
        }
        let before = all.last().filter(|last| last.at == new.at);
        new.number = before.map_or(0, |before| before.number.saturating_add(1));
        self.txn.save(&new);
        Ok(new)
    }

    /// Words of mine came to their reader, or came to nothing.
    pub(super) fn my_words_are(&mut self, letter: &Waiting, state: WordsState) -> Result<()> {
        if letter.kind != kind::NOTE {
            return Ok(());
        }
        let key = key(letter.person, letter.written, letter.id);
        if let Some(mine) = self.txn.load::<WrittenWords>(&key)? {
            // What arrived once has arrived, even if its reader asked for it again and was not found.
            if mine.state != WordsState::Delivered {
                self.txn.save(&WrittenWords { state, ..mine });
            }
        }
        Ok(())
    }

    pub(super) fn forget_correspondence(&mut self, person: PersonId) -> Result<()> {
        for one in correspondence_with(&self.txn, person)? {
            self.txn.forget(&one);
        }
        Ok(())
    }
}
