//! Kind 8, between two contacts: somebody whom the sender met, written down for a colleague.

use crate::card::Field;
use crate::limits;
use crate::text::{Line, Name, Note};
use crate::time::Timestamp;

crate::wire_map! {
    /// A third person, as far as the sender may pass them on. Nothing here is signed by that person, and the reader
    /// takes it for what it is: written down, and unconfirmed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HandOver {
        /// The name they go by at the sender.
        1 => pub name: Name,
        /// Lines of a card that they gave to everybody; at most [`limits::CARD_FIELDS`].
        2 => pub lines: Vec<Field>,
        /// The text of a foreign code of theirs, as it was read.
        3 => pub foreign: Note,
        /// What the sender noted.
        4 => pub note: Note,
        /// At which event the sender met them.
        5 => pub event: Option<Line<{ limits::NAME }>>,
        /// When the sender met them, by the sender's clock. For words, never for a decision.
        6 => pub met: Timestamp,
    }
}

impl HandOver {
    /// True if the letter keeps the bounds that its encoding alone does not.
    pub fn is_bounded(&self) -> bool {
        self.lines.len() <= limits::CARD_FIELDS
    }
}
