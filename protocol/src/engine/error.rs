//! Why the engine did not do what was asked.

use crate::card::CardError;
use crate::identity::HistoryError;
use crate::invite::InviteError;
use crate::store::StoreError;
use crate::text::TextError;

/// Nothing was changed, for this reason.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The storage did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The home has no identity yet.
    #[error("this home has no identity yet")]
    NoIdentity,
    /// The home has an identity already.
    #[error("this home has an identity already")]
    IdentityExists,
    /// Nothing by that name or id.
    #[error("there is no {what} {name:?}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// How it was named.
        name: String,
    },
    /// Several answer to that name.
    #[error("{name:?} could be {}", .candidates.join(" or "))]
    Ambiguous {
        /// How it was named.
        name: String,
        /// Who it could be: name and short id of each, at most ten.
        candidates: Vec<String>,
    },
    /// A bound of [`crate::limits`] is reached.
    #[error("there are too many {0}")]
    Full(&'static str),
    /// A code cannot be used.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// A text is not acceptable.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A card cannot be changed so.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A key history cannot be changed so.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The act does not fit what the person or thing is now.
    #[error("{0}")]
    NotNow(&'static str),
}

impl Error {
    /// For whoever asked for nothing that a rule could refuse: then what is stored is damaged, or cannot be read.
    pub fn in_storage(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            other => StoreError::Damaged(other.to_string()),
        }
    }
}

/// Why a code that was scanned leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] InviteError),
    /// It is my own.
    #[error("this is your own code")]
    Own,
    /// It is past its date.
    #[error("this code has expired")]
    Expired,
}

/// What the engine's functions return.
pub type Result<T> = std::result::Result<T, Error>;
