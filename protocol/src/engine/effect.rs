//! What the engine wants done once its step is durable.

use crate::address::Hint;
use crate::day_record::{DayKey, DayRecord};
use crate::hello::SharedSecret;
use crate::id::{LetterId, Locator, PeerId, SessionId};
use crate::limits;
use crate::mailbox::{Keep, Leave, MailboxKey, SealedDoor};
use crate::nearby::PresenceSeed;
use crate::wire::Bytes;

/// Names one letter that a peer waits for an answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Proof that an answer comes from who could open the letter; see [`crate::letter::Receipts`].
pub type Receipt = [u8; 32];

/// An act upon the world. None is run before the writes of the same step are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// From now on answer hellos that name this locator.
    OpenDoor {
        /// How the initiator names the secret.
        locator: Locator,
        /// The secret itself.
        secret: SharedSecret,
    },
    /// From now on ignore hellos that name this locator.
    CloseDoor {
        /// The locator.
        locator: Locator,
    },
    /// Dial one of the addresses and say hello there. Ends in `session_opened` or `call_failed`.
    Call {
        /// Names the call and the secret to say hello with.
        locator: Locator,
        /// The secret itself.
        secret: SharedSecret,
        /// Who must answer; unknown when all we have is a code.
        peer: Option<PeerId>,
        /// Where to dial, best first.
        addresses: Vec<Hint>,
    },
    /// Send a sealed letter over a session. Ends in `letter_answered`.
    Send {
        /// The session.
        session: SessionId,
        /// Names the letter in the answer.
        letter: LetterId,
        /// The sealed letter.
        sealed: Vec<u8>,
    },
    /// Answer a letter that came in.
    Answer {
        /// Which one.
        ticket: Ticket,
        /// What to say.
        answer: Answer,
    },
    /// From now on pass on to this node what others send it through us; and it may do as much for us. Said again when its
    /// addresses change.
    Admit {
        /// A contact's node.
        peer: PeerId,
        /// Where anybody can reach it; empty if it can pass nothing on.
        direct: Vec<Hint>,
    },
    /// From now on pass nothing on to this node.
    Dismiss {
        /// The node of somebody who is no contact any more, or a contact's former one.
        peer: PeerId,
        /// The contact's present one, if they have one: what is held for the other is held for this one.
        successor: Option<PeerId>,
    },
    /// From now on call this node by names that follow from this seed, for those who listen on a local network.
    BeFound {
        /// The seed, which contacts know.
        seed: PresenceSeed,
    },
    /// From now on listen for the names that follow from this seed. Comes to `seen_nearby`, whenever what is heard changes.
    Expect {
        /// A contact's seed.
        seed: PresenceSeed,
    },
    /// Listen for these names no more.
    ExpectNoMore {
        /// The seed.
        seed: PresenceSeed,
    },
    /// Say the own name on the networks that the node is on, and listen for others; or stop both.
    LookAround {
        /// Whether to.
        on: bool,
    },
    /// Put this into the DHT, through nodes of contacts if there are any. Ends in `posted`.
    Post {
        /// Where I am today, for contacts.
        record: Box<DayRecord>,
    },
    /// Look in the DHT for what lies under a key. Ends in `sought`.
    Seek {
        /// The key of somebody's day.
        key: DayKey,
        /// Whose node is not asked.
        not_by: Option<PeerId>,
    },
    /// End a session.
    HangUp {
        /// The session.
        session: SessionId,
    },
    /// Keep a mailbox of mine at this node: open it there, and go on collecting what lies in it. Said again when the codes
    /// that lead to it change, or the addresses. Ends in `mailbox_opened` or `mailbox_refused`, once or more often;
    /// parcels come as `parcel_arrived`.
    OpenMailbox {
        /// The node that holds it.
        host: PeerId,
        /// Where that node can be reached.
        addresses: Vec<Hint>,
        /// What is said to it.
        keep: Keep,
    },
    /// Collect nothing there any more, and give the mailbox up if that can be said in time.
    CloseMailbox {
        /// The node that holds it.
        host: PeerId,
        /// The key of the mailbox.
        key: MailboxKey,
    },
    /// A parcel is safe here: the host may forget it.
    TakeParcel {
        /// The node that holds it.
        host: PeerId,
        /// Its number there.
        number: u64,
    },
    /// A parcel says nothing yet: it stays where it lies, and is asked for again once others were taken.
    PutBack {
        /// The node that holds it.
        host: PeerId,
        /// Its number there.
        number: u64,
    },
    /// Leave a parcel in the mailbox of somebody. Ends in `parcel_left`.
    LeaveParcel {
        /// Names it in the outcome.
        errand: Errand,
        /// Who must hold the mailbox; unknown when all we have is a code.
        host: Option<PeerId>,
        /// Where that node can be reached.
        addresses: Vec<Hint>,
        /// What is left there.
        leave: Leave,
    },
}

/// Names one parcel that is on its way to a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errand(pub u64);

/// What became of a parcel on its way to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The mailbox holds it; with the sealed door of the code, if it was left for one.
    Stored(SealedDoor),
    /// The host knows no such mailbox, or does not take this.
    Refused,
    /// There is no room for more.
    Full,
    /// The host was not reached, or did not answer.
    Unreachable,
}

/// What a node says to a letter: one byte on the wire, and a receipt behind what is final. A final answer without
/// its right receipt is nothing but a try that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Opened, and durably handled now or earlier.
    Handled(Receipt),
    /// Refused for good: it will not be taken later either.
    Refused(Refusal, Receipt),
    /// Not now; try again later.
    Later,
    /// It is signed with a key that is not known here; send it again with the whole key history.
    KeysMissing,
    /// A mailbox holds it for its recipient. Not the end: the letter stays in the outbox until it is handled.
    Stored,
    /// Who sends it has gone on at another machine than this one, and this is the grant that says so.
    Replaced(Bytes<{ limits::GRANT }>),
    /// What was kept for who signs the wish: a [`crate::recovery::GivenBack`].
    GivenBack(Bytes<{ limits::GIVEN_BACK }>),
    /// Its sender has changed the key that signed it, and does not seem to know: a [`crate::letter::answers::KeyNews`].
    KeyChanged(Bytes<{ limits::KEY_NEWS }>),
    /// It cannot be opened here; this is the grant to seal it to: a [`crate::letter::answers::KeyNews`].
    SealAnew(Bytes<{ limits::KEY_NEWS }>),
}

/// Why a letter is refused for good. The sender tells its person in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is past the date it carries, or dated too far in the future.
    Expired,
    /// The code it answers was used by somebody else.
    InviteUsed,
    /// The code it answers was withdrawn.
    InviteRevoked,
    /// The code it answers is past its date.
    InviteExpired,
    /// It cannot be opened here, or is not for who opened it, or breaks a rule.
    NotAccepted,
}

impl Refusal {
    /// The reason with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            16 => Self::Expired,
            17 => Self::InviteUsed,
            18 => Self::InviteRevoked,
            19 => Self::InviteExpired,
            20 => Self::NotAccepted,
            _ => return None,
        })
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Expired => 16,
            Self::InviteUsed => 17,
            Self::InviteRevoked => 18,
            Self::InviteExpired => 19,
            Self::NotAccepted => 20,
        }
    }
}

impl Answer {
    /// The longest answer.
    pub const MOST: usize = 1 + limits::GIVEN_BACK;
    /// The longest answer to whoever has not asked for what is kept.
    pub const USUAL: usize = 1 + limits::KEY_NEWS;

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Handled(receipt) => [&[1][..], receipt].concat(),
            Self::Later => vec![2],
            Self::KeysMissing => vec![3],
            Self::Stored => vec![4],
            Self::Replaced(grant) => [&[5][..], grant.as_slice()].concat(),
            Self::GivenBack(kept) => [&[6][..], kept.as_slice()].concat(),
            Self::KeyChanged(news) => [&[7][..], news.as_slice()].concat(),
            Self::SealAnew(news) => [&[8][..], news.as_slice()].concat(),
            Self::Refused(refusal, receipt) => [&[refusal.number()][..], receipt].concat(),
        }
    }

    /// Reads exactly one answer.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [1, ref receipt @ ..] => receipt.try_into().ok().map(Self::Handled),
            [2] => Some(Self::Later),
            [3] => Some(Self::KeysMissing),
            [4] => Some(Self::Stored),
            [6, ref kept @ ..] if !kept.is_empty() => Bytes::new(kept.to_vec()).ok().map(Self::GivenBack),
            [5, ref grant @ ..] if !grant.is_empty() => Bytes::new(grant.to_vec()).ok().map(Self::Replaced),
            [7, ref news @ ..] if !news.is_empty() => Bytes::new(news.to_vec()).ok().map(Self::KeyChanged),
            [8, ref news @ ..] if !news.is_empty() => Bytes::new(news.to_vec()).ok().map(Self::SealAnew),
            [number, ref receipt @ ..] => Some(Self::Refused(Refusal::from_number(number)?, receipt.try_into().ok()?)),
            [] => None,
        }
    }
}
