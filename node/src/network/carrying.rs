//! Putting records into the DHT and looking there, through contacts' nodes; and doing as much for contacts.
//!
//! Who keeps a record sees the node that put it there, and who is asked for one sees the node that asks. So neither is
//! done by the node whose record it is, or whose owner wants it, as long as a contact's node does it for them. That one
//! learns which of its contacts has a record under which key, and who looks for it; not what it says.

use std::collections::{HashMap, HashSet, VecDeque};

use kith_protocol::address::Hint;
use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::mailbox::{Request, Response};
use libp2p::request_response::{OutboundRequestId, ResponseChannel};
use libp2p::{PeerId, identify, kad};
use tokio::time::Instant;

use super::dht::{self, Found, Ticket};
use super::event::Event;
use super::hosts::Host;
use super::pace::Pace;
use super::task::Task;
use super::{Limits, addresses, peer};

/// Nodes whose word on one wish is heard, one after another.
const HEARD: usize = 3;
/// Nodes that are called for one wish: many of them are off.
const CALLED: usize = 16;
/// Walks of ours at once for one contact.
const FOR_ONE: usize = 4;
/// Of these, nodes that put a record there: one of them may only say that it did.
const POSTED: usize = 2;

/// What this node wants of the DHT.
#[derive(Clone)]
enum Aim {
    Post(Box<DayRecord>),
    Seek(DayKey),
}

impl Aim {
    fn request(&self) -> Request {
        match self {
            Self::Post(record) => Request::Post(record.clone()),
            Self::Seek(key) => Request::Seek(*key),
        }
    }
}

struct Wish {
    aim: Aim,
    untried: VecDeque<(KithPeer, Vec<Hint>)>,
    /// Who is being called or asked.
    carrier: Option<KithPeer>,
    /// Nodes that said something to it.
    heard: usize,
    /// Somebody looked.
    is_sure: bool,
    /// Nodes that put the record there.
    posted: usize,
    /// It was tried from here.
    by_itself: bool,
}

/// Who waits for a walk of ours.
enum Asker {
    Peer(PeerId, ResponseChannel<Response>),
    Own(u64),
}

/// Wishes of our own, and those of contacts.
pub(super) struct Carrying {
    wishes: HashMap<u64, Wish>,
    next: u64,
    sent: HashMap<OutboundRequestId, (u64, PeerId)>,
    askers: HashMap<Ticket, Asker>,
    pace: Pace,
    kept: Pace,
    most: usize,
}

impl Carrying {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            wishes: HashMap::new(),
            next: 0,
            sent: HashMap::new(),
            askers: HashMap::new(),
            pace: Pace::new(limits.carried_for_peer, limits.carried_for_source),
            kept: Pace::new(limits.kept_of_peer, limits.kept_of_source),
            most: limits.carried,
        }
    }

    /// True if the peer does something for us now, or we for it.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        self.sent.values().any(|(_, carrier)| carrier == peer) || self.walks_for(peer) > 0
    }

    /// Walks that this peer waits for.
    pub(super) fn walks_for(&self, peer: &PeerId) -> usize {
        self.askers.values().filter(|asker| matches!(asker, Asker::Peer(of, _) if of == peer)).count()
    }
}

impl Task {
    /// Puts a record into the DHT.
    pub(super) fn post(&mut self, record: Box<DayRecord>) {
        self.wish(Aim::Post(record), None);
    }

    /// Looks for a record in the DHT, by other nodes than this one.
    pub(super) fn seek(&mut self, key: DayKey, not_by: Option<KithPeer>) {
        self.wish(Aim::Seek(key), not_by);
    }

    fn wish(&mut self, aim: Aim, not_by: Option<KithPeer>) {
        let number = self.carrying.next;
        self.carrying.next += 1;
        let mut untried = self.carriers();
        untried.retain(|(kith, _)| Some(*kith) != not_by);
        let wish = Wish { aim, untried, carrier: None, heard: 0, is_sure: false, posted: 0, by_itself: false };
        if self.carrying.wishes.len() >= self.carrying.most {
            return self.end_wish(wish, None);
        }
        self.carrying.wishes.insert(number, wish);
        self.go_on_with(number);
    }

    /// Contacts' nodes that may do it: first those that are there, and of the others the nearest, as with relays.
    pub(super) fn carriers(&self) -> VecDeque<(KithPeer, Vec<Hint>)> {
        let mut all: Vec<_> = self.relays.candidates().map(|(kith, direct)| (*kith, direct.clone())).collect();
        let is_there = |kith: &KithPeer| peer::to_libp2p(kith).is_some_and(|peer| self.swarm.is_connected(&peer));
        let distance = |kith: &KithPeer| -> Vec<u8> { kith.0.iter().zip(self.me.0).map(|(a, b)| a ^ b).collect() };
        all.sort_by_cached_key(|(kith, _)| (!is_there(kith), distance(kith)));
        all.into_iter().take(CALLED).collect()
    }

    /// Asks the next one; if there is none that said anything, walks from here; if that cannot be, it is over.
    fn go_on_with(&mut self, number: u64) {
        let Some(wish) = self.carrying.wishes.get_mut(&number) else { return };
        wish.carrier = None;
        let is_enough = wish.posted >= POSTED || wish.heard >= HEARD;
        if !is_enough && let Some((kith, addresses)) = wish.untried.pop_front() {
            wish.carrier = Some(kith);
            return self.seek_host(Host::Known(kith), &addresses);
        }
        if wish.heard == 0 && !wish.by_itself && self.swarm.behaviour_mut().dht.is_part() {
            return self.walk_for(number);
        }
        if let Some(wish) = self.carrying.wishes.remove(&number) {
            self.end_wish(wish, None);
        }
    }

    fn walk_for(&mut self, number: u64) {
        let Some(wish) = self.carrying.wishes.get_mut(&number) else { return };
        wish.by_itself = true;
        let dht = &mut self.swarm.behaviour_mut().dht;
        let ticket = match &wish.aim {
            Aim::Post(record) => dht.post((**record).clone()),
            Aim::Seek(key) => dht.seek(*key),
        };
        self.carrying.askers.insert(ticket, Asker::Own(number));
    }

    fn end_wish(&mut self, wish: Wish, found: Option<Box<DayRecord>>) {
        match wish.aim {
            Aim::Post(record) => {
                tracing::debug!(times = wish.posted, "a record of where this node is lies with others, or with nobody");
                self.outlet.emit(Event::Posted { key: record.key(), is_taken: wish.posted > 0 });
            }
            Aim::Seek(key) => {
                let is_sure = wish.is_sure || wish.by_itself || found.is_some();
                self.outlet.emit(Event::Sought { key, found, is_sure });
            }
        }
    }

    /// Wishes that wait for this node.
    fn waiting_for(&self, kith: KithPeer) -> Vec<u64> {
        let sent: HashSet<u64> = self.carrying.sent.values().map(|(number, _)| *number).collect();
        let waits =
            |(number, wish): (&u64, &Wish)| (wish.carrier == Some(kith) && !sent.contains(number)).then_some(*number);
        self.carrying.wishes.iter().filter_map(waits).collect()
    }

    /// A node that may be asked is there.
    pub(super) fn carrier_reached(&mut self, kith: KithPeer, peer: PeerId) {
        for number in self.waiting_for(kith) {
            let Some(wish) = self.carrying.wishes.get(&number) else { continue };
            let request = self.swarm.behaviour_mut().mailbox.send_request(&peer, wish.aim.request());
            self.carrying.sent.insert(request, (number, peer));
        }
    }

    /// It is not there.
    pub(super) fn carrier_missed(&mut self, kith: KithPeer) {
        for number in self.waiting_for(kith) {
            self.go_on_with(number);
        }
    }

    /// A contact's node said what came of a wish, or nothing. False if the request was another one.
    pub(super) fn on_carried(&mut self, request: OutboundRequestId, response: Option<&Response>) -> bool {
        let Some((number, peer)) = self.carrying.sent.remove(&request) else { return false };
        if let Some(wish) = self.carrying.wishes.get_mut(&number) {
            wish.heard += usize::from(response.is_some());
            wish.is_sure |= matches!(response, Some(Response::No));
            match (&wish.aim, response) {
                (Aim::Seek(key), Some(Response::Found(record))) if record.key() == *key => {
                    let record = record.clone();
                    if let Some(wish) = self.carrying.wishes.remove(&number) {
                        self.end_wish(wish, Some(record));
                    }
                }
                (Aim::Post(_), Some(Response::Done)) => {
                    wish.posted += 1;
                    self.go_on_with(number);
                }
                _ => self.go_on_with(number),
            }
        }
        self.close_unless_needed(peer);
        true
    }

    /// A contact's node wants something of the DHT.
    pub(super) fn on_asked_to_carry(&mut self, peer: PeerId, request: &Request, channel: ResponseChannel<Response>) {
        if !self.relaying.admitted.contains(&peer) {
            if self.holding.is_settled(Instant::now()) {
                return self.respond_as_host(channel, Response::No);
            }
            drop(channel);
            return self.close_unless_needed(peer);
        }
        let source = self.swarm.behaviour().gate.source(&peer);
        let of_peer = self.carrying.walks_for(&peer);
        let has_room = of_peer < FOR_ONE && self.carrying.askers.len() < self.carrying.most;
        if !has_room || !self.carrying.pace.admit(peer, source, Instant::now()) {
            return self.respond_as_host(channel, Response::Full);
        }
        let dht = &mut self.swarm.behaviour_mut().dht;
        let ticket = match request {
            Request::Post(record) => dht.post((**record).clone()),
            Request::Seek(key) => dht.seek(*key),
            _ => return self.respond_as_host(channel, Response::No),
        };
        self.carrying.askers.insert(ticket, Asker::Peer(peer, channel));
        self.keep_if_needed(peer);
    }

    /// Something happened in the DHT.
    pub(super) fn on_dht_event(&mut self, event: kad::Event) {
        if let kad::Event::InboundRequest { request: kad::InboundRequest::PutRecord { source, record, .. } } = event {
            let from = self.swarm.behaviour().gate.source(&source);
            if let Some(record) = record.filter(|_| self.carrying.kept.admit(source, from, Instant::now())) {
                self.swarm.behaviour_mut().dht.keep(&source, &record);
            }
            return;
        }
        if let Some((ticket, found)) = self.swarm.behaviour_mut().dht.digest(event) {
            self.on_walked(ticket, found);
        }
    }

    fn on_walked(&mut self, ticket: Ticket, found: Found) {
        match self.carrying.askers.remove(&ticket) {
            Some(Asker::Peer(peer, channel)) => {
                let response = match found {
                    Found::Posted { takers: 0, is_kept: false } => Response::Full,
                    Found::Posted { .. } => Response::Done,
                    Found::Record(record) => Response::Found(record),
                    Found::Nothing => Response::No,
                };
                self.respond_as_host(channel, response);
                // Who asked hangs up; from here the answer might be lost.
                self.keep_if_needed(peer);
            }
            Some(Asker::Own(number)) => {
                let Some(mut wish) = self.carrying.wishes.remove(&number) else { return };
                let record = match found {
                    // What lies here alone is found by nobody who lost this node.
                    Found::Posted { takers, .. } => {
                        wish.posted = takers;
                        None
                    }
                    Found::Record(record) => Some(record),
                    Found::Nothing => None,
                };
                self.end_wish(wish, record);
            }
            None => {}
        }
    }

    /// Keeps a part of the DHT from now on, together with those whose nodes may be a part of it; or not any more.
    pub(super) fn serve_dht(&mut self, serves: bool) {
        let dht = &mut self.swarm.behaviour_mut().dht;
        dht.serve(serves);
        for (kith, direct) in self.relays.candidates() {
            if let Some(peer) = peer::to_libp2p(kith) {
                dht.meet(peer, direct.iter().flat_map(addresses::dialled));
            }
        }
    }

    /// Somebody said of themselves that they keep a part of the DHT.
    pub(super) fn on_identified(&mut self, peer: PeerId, info: identify::Info) {
        if dht::keeps_a_part(&info) && !self.swarm.behaviour().gate.is_relayed(&peer) {
            self.swarm.behaviour_mut().dht.meet(peer, info.listen_addrs);
        }
    }
}
