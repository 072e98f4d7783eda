//! What happened in a step, for logs and open pages. Names people by their local id and holds no contents.

use super::effect::Refusal;
use super::introduction::IntroKey;
use crate::id::{InviteId, ItemId, PersonId};

/// Something that a person may want to know.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// Somebody and I hold each other now.
    ContactMade {
        /// Who.
        person: PersonId,
    },
    /// Somebody I hold already met me again.
    MetAgain {
        /// Who.
        person: PersonId,
    },
    /// A meeting record now has both signatures.
    MeetingSigned {
        /// With whom.
        person: PersonId,
    },
    /// Something waits on me.
    Waiting {
        /// What.
        item: ItemId,
        /// Concerning whom.
        person: PersonId,
    },
    /// A code of mine was used.
    InviteUsed {
        /// Which.
        invite: InviteId,
    },
    /// Somebody changed their card.
    CardChanged {
        /// Who.
        person: PersonId,
    },
    /// Somebody withdrew.
    Withdrawn {
        /// Who.
        person: PersonId,
    },
    /// A letter came to its recipient.
    Delivered {
        /// To whom.
        person: PersonId,
        /// The number of its kind.
        kind: u8,
    },
    /// A letter lies in a mailbox of its recipient, who is not there.
    LeftInMailbox {
        /// Whose.
        person: PersonId,
    },
    /// My home goes on at another machine, and this one falls silent.
    Replaced,
    /// A letter was refused for good.
    Refused {
        /// By whom.
        person: PersonId,
        /// The number of its kind.
        kind: u8,
        /// Why.
        reason: Refusal,
    },
    /// A letter reached the date on which it gives up.
    GaveUp {
        /// To whom it was.
        person: PersonId,
        /// The number of its kind.
        kind: u8,
    },
    /// Somebody wrote to me.
    Wrote {
        /// Who.
        person: PersonId,
    },
    /// Somebody handed a third person over to me.
    HandedOver {
        /// Who.
        person: PersonId,
    },
    /// Something changed in an introduction.
    Introduction {
        /// Which.
        introduction: IntroKey,
    },
    /// Somebody vouches for me, or does so no more.
    Vouched {
        /// Who.
        person: PersonId,
    },
    /// Somebody said how far a vouch of mine may be shown.
    VouchAccepted {
        /// Who.
        person: PersonId,
    },
    /// A vouch between somebody and me came to its date.
    VouchEnded {
        /// Who gave it, or is its subject.
        person: PersonId,
    },
    /// Somebody's key was given up: nothing more is believed of whoever has it.
    KeyGivenUp {
        /// Whose.
        person: PersonId,
    },
    /// Two key histories of one identity contradict each other.
    ForkSeen {
        /// Whose.
        person: PersonId,
    },
}
