//! Two people say together that they met.

use crate::id::IdentityId;
use crate::limits;
use crate::record::Statement;
use crate::text::Line;
use crate::time::Day;

crate::wire_map! {
    /// "We two met there on that day." Both sign the same bytes, each with their own key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Meeting {
        /// The smaller of the two ids.
        1 => pub first: IdentityId,
        /// The larger of the two ids.
        2 => pub second: IdentityId,
        /// Where, if the shower of the code said so.
        3 => pub event: Option<Line<{ limits::NAME }>>,
        /// The UTC day on which the code was shown.
        4 => pub day: Day,
        /// Derived from the secret of the pair, so that one scan makes one meeting.
        5 => pub nonce: [u8; 16],
    }
}

impl Statement for Meeting {
    const KIND: &'static str = "meeting";
}

impl Meeting {
    /// The statement of two people, whoever of them writes it.
    pub fn of(
        one: IdentityId,
        other: IdentityId,
        event: Option<Line<{ limits::NAME }>>,
        day: Day,
        nonce: [u8; 16],
    ) -> Self {
        Self { first: one.min(other), second: one.max(other), event, day, nonce }
    }
}
