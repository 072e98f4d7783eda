//! Holding mailboxes for others: the server's side of /kith/mailbox/1.
//!
//! A request goes to the thread that holds them, and its stream waits for the answer. An owner may stay while its mailbox
//! is here; whoever leaves something is a stranger, and soon gone.

use std::collections::{HashMap, HashSet};

use kith_protocol::engine::Errand;
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::mailbox::{Leave, Request, Response};
use libp2p::PeerId;
use libp2p::request_response::{InboundRequestId, ResponseChannel};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use super::pace::Pace;
use super::task::Task;
use super::{Limits, peer};
use crate::mailbox::{Answers, Ask, Holder};

/// What the holder says, by the numbers of requests.
pub(super) type Answered = UnboundedReceiver<(u64, Response)>;

/// Who waits for an answer of the holder.
enum Asker {
    Peer {
        peer: PeerId,
        request: InboundRequestId,
        channel: ResponseChannel<Response>,
        may_stay: bool,
        /// Bytes of what they leave, if they do.
        parcel: Option<u64>,
    },
    /// This node itself leaves something in a mailbox that it holds.
    Own(Errand),
}

/// The requests under way, and the owners who are here.
pub(super) struct Holding {
    holder: Option<Holder>,
    answers: Answers,
    askers: HashMap<u64, Asker>,
    numbers: HashMap<InboundRequestId, u64>,
    owners: HashSet<PeerId>,
    pace: Pace,
    next: u64,
    /// Until when it may not be known who is admitted.
    settled: Instant,
}

impl Holding {
    pub(super) fn new(limits: &Limits, holder: Option<Holder>) -> (Self, Answered) {
        let (answers, answered) = unbounded_channel();
        let (askers, numbers, owners) = (HashMap::new(), HashMap::new(), HashSet::new());
        let pace = Pace::new(limits.deposits_of_peer, limits.deposits_of_source);
        let settled = Instant::now() + limits.settling;
        (Self { holder, answers, askers, numbers, owners, pace, next: 0, settled }, answered)
    }

    /// True if it is known by now whose nodes may ask for things.
    pub(super) fn is_settled(&self, now: Instant) -> bool {
        now >= self.settled
    }

    /// True if the peer waits for an answer, or its mailbox is here.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        let asks = |asker: &Asker| matches!(asker, Asker::Peer { peer: of, .. } if of == peer);
        self.is_owner(peer) || self.askers.values().any(asks)
    }

    /// True if the peer may stay because its mailbox is here.
    pub(super) fn is_owner(&self, peer: &PeerId) -> bool {
        self.owners.contains(peer)
    }

    fn ask(&mut self, from: KithPeer, is_admitted: bool, request: Request, asker: Asker) -> Result<(), Asker> {
        let Some(holder) = &self.holder else { return Err(asker) };
        let number = self.next;
        let ask = Ask { from, is_admitted, request, number, answers: self.answers.clone() };
        if holder.ask(ask).is_err() {
            return Err(asker);
        }
        self.next += 1;
        if let Asker::Peer { request, .. } = &asker {
            self.numbers.insert(*request, number);
        }
        self.askers.insert(number, asker);
        Ok(())
    }
}

impl Task {
    /// Somebody asks something of this node as a host. If it is none it says no.
    pub(super) fn on_asked_as_host(
        &mut self,
        peer: PeerId,
        id: InboundRequestId,
        request: Request,
        channel: ResponseChannel<Response>,
    ) {
        if matches!(request, Request::Post(_) | Request::Seek(_)) {
            return self.on_asked_to_carry(peer, &request, channel);
        }
        let Some(from) = peer::from_libp2p(&peer).filter(|_| self.holding.holder.is_some()) else {
            // It holds nothing for anybody.
            return self.respond_as_host(channel, Response::No);
        };
        let source = self.swarm.behaviour().gate.source(&peer);
        let now = Instant::now();
        let parcel = match &request {
            Request::Leave(leave) => Some(leave.parcel.as_slice().len() as u64),
            _ => None,
        };
        if let Some(parcel) = parcel
            && !(self.holding.pace.admit(peer, source, now) && self.relaying.budget.has(parcel, now))
        {
            return self.respond_as_host(channel, Response::Full);
        }
        let is_admitted = self.relaying.admitted.contains(&peer);
        let is_keep = matches!(request, Request::Keep(_));
        if is_keep && !is_admitted && !self.holding.is_settled(Instant::now()) {
            drop(channel);
            return self.close_unless_needed(peer);
        }
        let may_stay = is_admitted && is_keep;
        let asker = Asker::Peer { peer, request: id, channel, may_stay, parcel };
        if let Err(Asker::Peer { channel, .. }) = self.holding.ask(from, is_admitted, request, asker) {
            self.respond_as_host(channel, Response::Full);
        }
    }

    pub(super) fn respond_as_host(&mut self, channel: ResponseChannel<Response>, response: Response) {
        if self.swarm.behaviour_mut().mailbox.send_response(channel, response).is_err() {
            tracing::debug!("an answer came after its stream was gone");
        }
    }

    /// The holder answered.
    pub(super) fn on_held(&mut self, number: u64, response: Response) {
        match self.holding.askers.remove(&number) {
            Some(Asker::Peer { peer, request, channel, may_stay, parcel }) => {
                if let (Some(parcel), Response::Stored(_)) = (parcel, &response) {
                    self.relaying.budget.spend(parcel, Instant::now());
                }
                self.holding.numbers.remove(&request);
                // Whoever is gone by now is no owner who is here.
                if may_stay && response == Response::Done && self.swarm.is_connected(&peer) {
                    self.holding.owners.insert(peer);
                    self.keep_if_needed(peer);
                }
                self.respond_as_host(channel, response);
            }
            Some(Asker::Own(errand)) => self.errand_answered(errand, Some(&response)),
            None => {}
        }
    }

    /// A stream ended before its answer. Somebody who says nothing right is not kept.
    pub(super) fn on_asking_ended(&mut self, peer: PeerId, request: InboundRequestId) {
        if let Some(number) = self.holding.numbers.remove(&request) {
            self.holding.askers.remove(&number);
            if let Some(holder) = &self.holding.holder {
                holder.forget(number);
            }
        }
        self.close_unless_needed(peer);
    }

    /// Leaves something in a mailbox that this very node holds.
    pub(super) fn leave_here(&mut self, errand: Errand, leave: Leave) {
        if self.holding.ask(self.me, false, Request::Leave(leave), Asker::Own(errand)).is_err() {
            self.errand_answered(errand, None);
        }
    }

    /// Nothing is held for this node any more.
    pub(super) fn hold_nothing_for(&mut self, kith: KithPeer) {
        if let Some(holder) = &self.holding.holder {
            holder.dismiss(kith);
        }
        if let Some(peer) = peer::to_libp2p(&kith) {
            self.owner_gone(&peer);
        }
    }

    /// A contact went on at another machine: what is held for the one before is held for this one.
    pub(super) fn hold_for_successor(&mut self, before: KithPeer, successor: KithPeer) {
        if let Some(holder) = &self.holding.holder {
            holder.succeed(before, successor);
        }
        if let Some(peer) = peer::to_libp2p(&before) {
            self.owner_gone(&peer);
        }
    }

    /// The owner of a mailbox is not here any more.
    pub(super) fn owner_gone(&mut self, peer: &PeerId) {
        self.holding.owners.remove(peer);
    }
}
