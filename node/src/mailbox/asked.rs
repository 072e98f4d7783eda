//! What the thread that holds mailboxes is asked, and how it answers.

use kith_protocol::id::PeerId;
use kith_protocol::mailbox::{Request, Response};
use tokio::sync::mpsc::UnboundedSender;

/// Where answers go, each with the number of its request.
pub type Answers = UnboundedSender<(u64, Response)>;

/// A request, and who waits for the answer.
#[derive(Debug)]
pub struct Ask {
    /// The peer that asks.
    pub from: PeerId,
    /// True if it may have a mailbox here.
    pub is_admitted: bool,
    /// What it asks.
    pub request: Request,
    /// Names it in the answer.
    pub number: u64,
    /// Where the answer goes.
    pub answers: Answers,
}

/// What the thread is told.
pub(super) enum Command {
    Ask(Ask),
    Dismiss(PeerId),
    Succeed(PeerId, PeerId),
    Forget(u64),
    Stop,
}

/// Answers a request.
pub(super) fn say(answers: &Answers, number: u64, response: Response) {
    // Whoever asked may be gone.
    let _ = answers.send((number, response));
}
