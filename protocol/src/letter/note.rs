//! Kind 7, between two contacts: words, and nothing else.

use crate::text::Words;

crate::wire_map! {
    /// What somebody writes to somebody.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NoteLetter {
        /// The words.
        1 => pub words: Words,
    }
}
