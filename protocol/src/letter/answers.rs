//! Kind 9, between two people: what became of letters that came through a mailbox.
//!
//! Over a session each letter is answered where it came. What was collected from a mailbox is answered by this letter, so
//! that its sender need not keep it any longer. It is not answered itself; whoever misses it leaves their letter again.

use crate::id::LetterId;
use crate::limits;

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
