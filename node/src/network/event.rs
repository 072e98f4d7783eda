//! What the network tells the driver.

use kith_protocol::address::Hint;
use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::engine::{Answer, Errand, Left, Ticket};
use kith_protocol::id::{LetterId, Locator, PeerId, SessionId};
use kith_protocol::nearby::PresenceSeed;

/// Something that happened. Every `Call` ends in [`SessionOpened`](Event::SessionOpened) or
/// [`CallFailed`](Event::CallFailed), every `Send` in [`LetterAnswered`](Event::LetterAnswered), every `Post` in [`Posted`](Event::Posted), every `Seek` in [`Sought`](Event::Sought); the answers of
/// a session come before its [`SessionClosed`](Event::SessionClosed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Where this node listens; announced again whenever it changes.
    Listening {
        /// For codes and letters: best first, at most as many as a person may have.
        hints: Vec<Hint>,
        /// Where it listens itself, as libp2p writes it, for people to read.
        multiaddrs: Vec<String>,
    },
    /// A hello succeeded; letters may follow.
    SessionOpened {
        /// The session.
        session: SessionId,
        /// Of the secret it was opened with; or the name of the call, where that had no secret yet.
        locator: Locator,
        /// The other end.
        peer: PeerId,
        /// True if we called.
        initiator: bool,
        /// The other end's address, as libp2p writes it, for people to read.
        remote: String,
        /// The node that passes letters on, if not even one connection is direct.
        via: Option<PeerId>,
    },
    /// Letters of a session take another way now.
    PathChanged {
        /// The session.
        session: SessionId,
        /// The node that passes letters on, if not even one connection is direct.
        via: Option<PeerId>,
    },
    /// The session is over.
    SessionClosed {
        /// The session.
        session: SessionId,
    },
    /// A call opened no session.
    CallFailed {
        /// Names the call.
        locator: Locator,
        /// Why.
        reason: CallFailure,
    },
    /// A letter came in and waits for an `Answer` to its ticket.
    LetterArrived {
        /// The session it belongs to.
        session: SessionId,
        /// Names it in the answer.
        ticket: Ticket,
        /// The sealed letter: one of [`LETTER_CLASSES`](kith_protocol::limits::LETTER_CLASSES) long.
        sealed: Vec<u8>,
    },
    /// A mailbox of ours is open at this node, and collected from now on.
    MailboxOpened {
        /// The node that holds it.
        host: PeerId,
    },
    /// This node holds no mailbox for us.
    MailboxRefused {
        /// The node.
        host: PeerId,
    },
    /// A node with a mailbox of ours is not reached. It is tried again.
    MailboxLost {
        /// The node that holds it.
        host: PeerId,
    },
    /// A parcel lay in a mailbox of ours; it stays there until `TakeParcel`.
    ParcelArrived {
        /// The node that holds it.
        host: PeerId,
        /// Its number there.
        number: u64,
        /// Under which label it was left.
        label: Locator,
        /// A sealed letter, or a slip: of a length that [`is_parcel`](kith_protocol::mailbox::is_parcel) allows.
        parcel: Vec<u8>,
    },
    /// What became of a `LeaveParcel`.
    ParcelLeft {
        /// Names it.
        errand: Errand,
        /// What became of it.
        outcome: Left,
    },
    /// A name that follows from an expected seed was heard on a network that we are on, or is not heard any more.
    Nearby {
        /// The seed.
        seed: PresenceSeed,
        /// Where; nowhere any more if there are none.
        at: Vec<Hint>,
    },
    /// What became of the record of a `Post`.
    Posted {
        /// The key under which it lies.
        key: DayKey,
        /// True if it lies with somebody.
        is_taken: bool,
    },
    /// What came of a `Seek`.
    Sought {
        /// The key.
        key: DayKey,
        /// What lies there, if that was found: signed with the key, and of these days.
        found: Option<Box<DayRecord>>,
        /// True unless nobody could be asked, or had time for it.
        is_sure: bool,
    },
    /// A letter that we sent has its answer.
    LetterAnswered {
        /// The session it was sent over.
        session: SessionId,
        /// The letter.
        letter: LetterId,
        /// The answer; `None` if none came.
        outcome: Option<Answer>,
    },
}

/// Why a call opened no session. Of several reasons the one that says most is given: the last in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum CallFailure {
    /// Too many calls are under way, or the system has no randomness for us.
    #[error("too much is under way")]
    Busy,
    /// There was no address that this node can dial.
    #[error("there is no address to dial")]
    NoAddress,
    /// Nobody accepted a connection.
    #[error("nobody answered at any address")]
    Unreachable,
    /// The time for the call was over.
    #[error("it took too long")]
    Timeout,
    /// Somebody else than expected answered.
    #[error("somebody else answered")]
    WrongPeer,
    /// A connection was made and the hello was closed without a word.
    #[error("the hello was not answered")]
    NotAnswered,
}
