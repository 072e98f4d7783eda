//! Kind 9, between two people: what became of letters that came through a mailbox.
//!
//! Over a session each letter is answered where it came. What was collected from a mailbox is answered by this letter, so
//! that its sender need not keep it any longer. It is not answered itself; whoever misses it leaves their letter again.

use crate::id::LetterId;
use crate::limits;
use crate::wire::{self, Bytes};

crate::wire_map! {
    /// Answers to letters.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Answers {
        /// The newest last; at most [`limits::ANSWERS`].
        1 => pub all: Vec<AnswerTo>,
    }
}

crate::wire_map! {
    /// What became of one letter.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AnswerTo {
        /// Which.
        1 => pub letter: LetterId,
        /// The number of the answer, as its first byte is on the wire.
        2 => pub answer: u8,
    }
}

crate::wire_map! {
    /// What an answer over a session says of keys that the sender of a letter does not know of.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct KeyNews {
        /// Key events, as records: the rotations in order, then the notices.
        1 => pub events: Vec<Bytes<{ limits::RECORD }>>,
        /// The node grant of who says so.
        2 => pub grant: Option<Bytes<{ limits::RECORD }>>,
    }
}

impl KeyNews {
    /// As many of the events as fit.
    pub fn of(events: Vec<Vec<u8>>, grant: Option<Bytes<{ limits::RECORD }>>) -> Self {
        let mut news = Self { events: events.into_iter().filter_map(|event| Bytes::new(event).ok()).collect(), grant };
        while wire::encode(&news).len() > limits::KEY_NEWS && news.events.pop().is_some() {}
        news
    }

    /// As they stand in an answer; none if even the grant does not fit.
    pub fn to_bytes(&self) -> Option<Bytes<{ limits::KEY_NEWS }>> {
        Bytes::new(wire::encode(self)).ok()
    }
}

impl Answers {
    /// True if there are not too many.
    pub const fn is_bounded(&self) -> bool {
        self.all.len() <= limits::ANSWERS
    }

    /// Adds one; beyond the bound the oldest goes.
    pub fn add(&mut self, answer: AnswerTo) {
        self.all.retain(|one| one.letter != answer.letter);
        self.all.push(answer);
        if self.all.len() > limits::ANSWERS {
            self.all.remove(0);
        }
    }
}
