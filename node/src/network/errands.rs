//! Leaving parcels in other people's mailboxes.

use std::collections::{HashMap, VecDeque};

use kith_protocol::address::Hint;
use kith_protocol::engine::{Errand, Left};
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::mailbox::{Leave, Request, Response};
use libp2p::PeerId;
use libp2p::request_response::OutboundRequestId;

use super::event::Event;
use super::hosts::Host;
use super::peer;
use super::task::Task;

struct Parcel {
    errand: Errand,
    leave: Leave,
    /// It was sent over a connection that was closed before there was an answer.
    again: bool,
}

/// What is to be left at one host.
struct Round {
    addresses: Vec<Hint>,
    /// Who answered there.
    peer: Option<PeerId>,
    waiting: VecDeque<Parcel>,
    under_way: usize,
}

/// Parcels on their way to mailboxes.
#[derive(Default)]
pub(super) struct Errands {
    rounds: HashMap<Host, Round>,
    sent: HashMap<OutboundRequestId, (Host, Parcel)>,
}

impl Errands {
    /// True if parcels are left at this peer now.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        self.rounds.values().any(|round| round.peer == Some(*peer))
    }

    fn len(&self) -> usize {
        self.rounds.values().map(|round| round.waiting.len() + round.under_way).sum()
    }
}

impl Task {
    /// Leaves a parcel. Every errand has one outcome.
    pub(super) fn leave_parcel(&mut self, errand: Errand, host: Option<KithPeer>, addresses: &[Hint], leave: Leave) {
        if host == Some(self.me) {
            return self.leave_here(errand, leave);
        }
        let is_somebody = host.is_none_or(|host| peer::to_libp2p(&host).is_some());
        if !is_somebody || self.errands.len() >= self.limits.errands {
            return self.outlet.emit(Event::ParcelLeft { errand, outcome: Left::Unreachable });
        }
        let host = host.map_or_else(|| Host::At(addresses.to_vec()), Host::Known);
        let fresh = || Round { addresses: Vec::new(), peer: None, waiting: VecDeque::new(), under_way: 0 };
        let round = self.errands.rounds.entry(host.clone()).or_insert_with(fresh);
        round.addresses = addresses.to_vec();
        round.waiting.push_back(Parcel { errand, leave, again: false });
        self.run_errands(&host);
    }

    /// The host of a round is there.
    pub(super) fn run_errands_of(&mut self, host: &Host, peer: PeerId) {
        if let Some(round) = self.errands.rounds.get_mut(host) {
            round.peer = Some(peer);
            self.run_errands(host);
        }
    }

    fn run_errands(&mut self, host: &Host) {
        let Some(round) = self.errands.rounds.get_mut(host) else { return };
        let Some(peer) =
            round.peer.filter(|peer| self.swarm.is_connected(peer) && !self.swarm.behaviour().gate.is_leaving(peer))
        else {
            round.peer = None;
            let addresses = round.addresses.clone();
            return self.seek_host(host.clone(), &addresses);
        };
        while round.under_way < self.limits.errands_per_host {
            let Some(parcel) = round.waiting.pop_front() else { return };
            round.under_way += 1;
            let id = self.swarm.behaviour_mut().mailbox.send_request(&peer, Request::Leave(parcel.leave.clone()));
            self.errands.sent.insert(id, (host.clone(), parcel));
        }
    }

    /// A host said something to a parcel, or nothing. False if the request was another one.
    pub(super) fn on_errand_answered(&mut self, request: OutboundRequestId, response: Option<&Response>) -> bool {
        let Some((host, parcel)) = self.errands.sent.remove(&request) else { return false };
        self.errand_answered(parcel.errand, response);
        if let Some(round) = self.errands.rounds.get_mut(&host) {
            round.under_way = round.under_way.saturating_sub(1);
            self.end_round_or_go_on(&host);
        }
        true
    }

    /// Tells the driver what became of a parcel.
    pub(super) fn errand_answered(&mut self, errand: Errand, response: Option<&Response>) {
        let outcome = match response {
            Some(Response::Stored(door)) => Left::Stored(door.clone()),
            Some(Response::No) => Left::Refused,
            Some(Response::Full) => Left::Full,
            Some(Response::Done | Response::Parcels(_) | Response::Found(_)) | None => Left::Unreachable,
        };
        self.outlet.emit(Event::ParcelLeft { errand, outcome });
    }

    /// The connection is gone, and with it maybe an answer: the parcel is sent once more over another, since who has it
    /// already says so. False if it was, or if this was no parcel.
    pub(super) fn try_errand_again(&mut self, request: OutboundRequestId) -> bool {
        if self.errands.sent.get(&request).is_none_or(|(_, parcel)| parcel.again) {
            return false;
        }
        let Some((host, parcel)) = self.errands.sent.remove(&request) else { return false };
        let Some(round) = self.errands.rounds.get_mut(&host) else { return false };
        round.under_way = round.under_way.saturating_sub(1);
        round.waiting.push_front(Parcel { again: true, ..parcel });
        self.run_errands(&host);
        true
    }

    fn end_round_or_go_on(&mut self, host: &Host) {
        let Some(round) = self.errands.rounds.get(host) else { return };
        if round.waiting.is_empty() && round.under_way == 0 {
            let peer = round.peer;
            self.errands.rounds.remove(host);
            if let Some(peer) = peer {
                self.close_unless_needed(peer);
            }
        } else if !round.waiting.is_empty() {
            self.run_errands(host);
        }
    }

    /// Nobody is there. What was sent over an earlier connection has its own end.
    pub(super) fn errands_failed(&mut self, host: &Host) {
        let Some(round) = self.errands.rounds.get_mut(host) else { return };
        for parcel in std::mem::take(&mut round.waiting) {
            let errand = parcel.errand;
            self.outlet.emit(Event::ParcelLeft { errand, outcome: Left::Unreachable });
        }
        self.end_round_or_go_on(host);
    }
}
