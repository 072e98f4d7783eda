//! What is said of a home that goes on elsewhere, wherever somebody asks something of it.

use axum::http::StatusCode;
use kith_protocol::engine::{Error, replaced_since};
use kith_protocol::store::Read;
use kith_protocol::time::Timestamp;

use super::model::when;
use super::{Kind, Problem};

/// A home that stopped for good, since it goes on at another machine, or its key was changed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Since when this one is silent.
    since: Timestamp,
}

impl Elsewhere {
    /// What to do about it.
    pub const ADVICE: &'static str = "nothing leaves this home any more. Go on there; or, if this machine is to go on and \
                                      no other, run kith recover, which asks for your words";

    /// Whether a home goes on elsewhere.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(read: &dyn Read) -> Result<Option<Self>, Error> {
        Ok(replaced_since(read)?.map(|since| Self { since }))
    }

    /// What has become of the node.
    pub(super) fn finding(self) -> String {
        let since = when(self.since);
        format!("stopped for good on {since}: this home goes on at another machine, or its key was changed there")
    }

    /// The same of the home, for whoever asked something else of it.
    pub fn message(self) -> String {
        let since = when(self.since);
        format!("this home stopped for good on {since}: it goes on at another machine, or its key was changed there")
    }
}

impl From<Elsewhere> for Problem {
    fn from(elsewhere: Elsewhere) -> Self {
        Self::new(StatusCode::CONFLICT, Kind::Conflict, elsewhere.message(), Some(Elsewhere::ADVICE))
    }
}
