//! The DHT of presence records, /kith/kad/1: Kademlia with signed records of one size, which lie a day.
//!
//! Nodes that others can reach keep it; the others put and look through those of their contacts (`carrying`). The library
//! does the walking. What is ours: what may lie there (`shelf`), that no record names who put it there, whose addresses are
//! dialled, and that a lookup believes signatures and nobody's word.

mod queries;
mod shelf;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::task::{Context, Poll};
use std::time::Duration;

use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::time::Timestamp;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::kad::{self, Mode};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol, identify};
use tokio::time::Interval;

use queries::Queries;
pub(super) use queries::{Found, Ticket};
use shelf::Shelf;

pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/kith/kad/1");

/// How long a walk may take; most end within two seconds.
const WALK: Duration = Duration::from_secs(20);
/// How long one node may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often the tables are refreshed: Kademlia, §2.3, says hourly.
const REFRESH: Duration = Duration::from_secs(60 * 60);
/// The longest message: twenty peers with their addresses, or a record.
const MESSAGE: usize = 16 * 1024;
/// Addresses of one peer that are remembered or dialled: two transports, by IPv4 and IPv6.
const ADDRESSES: usize = 4;
/// Addresses at which one peer is dialled, as several walks heard of it: some of them may lie.
const DIALLED: usize = 16;
/// How often it is looked whether a walk, or somebody who is asked in one, takes too long.
const LOOK: Duration = Duration::from_secs(1);
/// Connections of walks at once. Those that nothing happens on are closed like all others.
const CONNECTIONS: usize = 256;
/// Nodes of one bucket whose ids share so many bits more than all of the bucket do stand together: a sixteenth of it.
const NEIGHBOURHOOD: u32 = 4;
/// Of those that many are taken into the bucket of twenty; by chance there is hardly ever one more.
const NEIGHBOURS: usize = 5;

#[derive(Debug, thiserror::Error)]
#[error("too many connections are made for walks")]
struct TooManyWalks;

/// The beginning of a key, for logs: whoever is given a record or asked for one sees all of it.
fn short(key: &[u8]) -> String {
    key.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// True if somebody says of themselves that they keep a part of the DHT.
pub(super) fn keeps_a_part(info: &identify::Info) -> bool {
    info.protocols.contains(&PROTOCOL)
}

/// The library's Kademlia, within bounds of our own.
pub(super) struct Dht {
    me: PeerId,
    kad: kad::Behaviour<Shelf>,
    queries: Queries,
    /// Whether this node keeps a part of the DHT.
    serves: bool,
    /// Dials that it asked for and that have not begun.
    asked: HashSet<ConnectionId>,
    /// Connections that were made for walks, or are being made.
    ours: HashSet<ConnectionId>,
    /// Where nodes are that a record is being given to.
    places: HashMap<kad::QueryId, Vec<kad::PeerInfo>>,
    may_dial: fn(&Multiaddr) -> bool,
    now: fn() -> Timestamp,
    refresh: Option<Interval>,
    look: Option<Interval>,
}

impl Dht {
    /// `may_dial` says which addresses of others are dialled, `now` what day it is.
    pub(super) fn new(me: PeerId, may_dial: fn(&Multiaddr) -> bool, now: fn() -> Timestamp) -> Self {
        let mut config = kad::Config::new(PROTOCOL);
        config
            .set_query_timeout(WALK)
            .set_substreams_timeout(ANSWER)
            .set_max_packet_size(MESSAGE)
            .disjoint_query_paths(true)
            .set_record_filtering(kad::StoreInserts::FilterBoth)
            // Who has something there puts it there again; nobody passes on what others put there.
            .set_replication_interval(None)
            .set_publication_interval(None)
            .set_provider_publication_interval(None)
            .set_caching(kad::Caching::Disabled)
            // Who is taken into the tables, and under which addresses, is decided here.
            .set_kbucket_inserts(kad::BucketInserts::Manual)
            .set_periodic_bootstrap_interval(None);
        let mut kad = kad::Behaviour::with_config(me, Shelf::new(me, now), config);
        kad.set_mode(Some(Mode::Client));
        Self {
            me,
            kad,
            queries: Queries::default(),
            serves: false,
            asked: HashSet::new(),
            ours: HashSet::new(),
            places: HashMap::new(),
            may_dial,
            now,
            refresh: None,
            look: None,
        }
    }

    /// Whether to keep a part of the DHT, which only a node can that others reach.
    pub(super) fn serve(&mut self, serves: bool) {
        if self.serves != serves {
            self.serves = serves;
            self.kad.set_mode(Some(if serves { Mode::Server } else { Mode::Client }));
        }
    }

    /// True if a walk can begin here: it keeps a part and knows somebody.
    pub(super) fn is_part(&mut self) -> bool {
        self.serves && self.kad.kbuckets().any(|bucket| bucket.num_entries() > 0)
    }

    /// A node that keeps a part of the DHT may be at these addresses.
    pub(super) fn meet(&mut self, peer: PeerId, addresses: impl IntoIterator<Item = Multiaddr>) {
        if self.serves && !self.is_one_of_a_crowd(peer) {
            for address in addresses.into_iter().filter(self.may_dial).take(ADDRESSES) {
                self.kad.add_address(&peer, address);
            }
        }
    }

    /// The library adds where it was connected, wherever that was, and what a peer says of itself, however much it is.
    fn forget_surplus<'a>(&mut self, peer: PeerId, addresses: impl Iterator<Item = &'a Multiaddr>) {
        let mut kept = 0;
        for address in addresses {
            if (self.may_dial)(address) && kept < ADDRESSES {
                kept += 1;
            } else {
                self.kad.remove_address(&peer, address);
            }
        }
    }

    /// True if the table knows enough others who stand where this one does. Ids are spread evenly unless somebody chose them:
    /// twenty who stand together would fill a bucket, and hide half of all that lies in the DHT.
    fn is_one_of_a_crowd(&mut self, peer: PeerId) -> bool {
        let key = kad::KBucketKey::from(peer);
        let me = kad::KBucketKey::from(self.me);
        let Some(bucket) = me.distance(&key).ilog2() else { return true };
        let Some(entries) = self.kad.kbucket(peer) else { return true };
        let is_near = |other: &kad::KBucketKey<PeerId>| {
            other.distance(&key).ilog2().is_none_or(|distance| distance + NEIGHBOURHOOD < bucket)
        };
        let is_known = entries.iter().any(|entry| *entry.node.key.preimage() == peer);
        !is_known && entries.iter().filter(|entry| is_near(entry.node.key)).count() >= NEIGHBOURS
    }

    /// What the library wants. Whether somebody who was asked, or a walk as a whole, takes too long it finds out only when it is
    /// polled, and with nobody answering nothing else has it polled.
    fn poll_walks(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<kad::Event, THandlerInEvent<Self>>> {
        loop {
            let action = self.kad.poll(cx);
            if action.is_ready() || self.kad.iter_queries().next().is_none() {
                return action;
            }
            let look = || every(LOOK, tokio::time::Instant::now() + LOOK);
            futures::ready!(self.look.get_or_insert_with(look).poll_tick(cx));
        }
    }

    /// Keeps a record here, and puts it where it belongs.
    pub(super) fn post(&mut self, record: DayRecord) -> Ticket {
        let is_kept = self.kad.store_mut().keep(record.clone(), (self.now)());
        let query = self.kad.get_closest_peers(record.key().as_bytes().to_vec());
        self.queries.posts(query, record, is_kept)
    }

    /// Looks for the newest record under a key.
    pub(super) fn seek(&mut self, key: DayKey) -> Ticket {
        let query = self.kad.get_record(kad::RecordKey::new(key.as_bytes()));
        self.queries.seeks(query, key)
    }

    /// Somebody gave a record to keep.
    pub(super) fn keep(&mut self, from: &PeerId, record: &kad::Record) {
        match DayRecord::read(record.key.as_ref(), &record.value) {
            Ok(day) => {
                let key = short(day.key().as_bytes());
                let is_kept = self.kad.store_mut().keep(day, (self.now)());
                tracing::debug!(key, %from, is_kept, "a record was given to this node to keep");
            }
            Err(error) => tracing::debug!(%error, "somebody wants this to be kept, which is no record"),
        }
    }

    /// What an event of the library means for whoever asked. Records that others bring are not looked at here.
    pub(super) fn digest(&mut self, event: kad::Event) -> Option<(Ticket, Found)> {
        match event {
            kad::Event::OutboundQueryProgressed { id, result, step, .. } => self.progressed(id, result, step.last),
            kad::Event::RoutablePeer { peer, address } | kad::Event::PendingRoutablePeer { peer, address } => {
                self.meet(peer, [address]);
                None
            }
            kad::Event::RoutingUpdated { peer, addresses, .. } => {
                self.forget_surplus(peer, addresses.iter());
                None
            }
            _ => None,
        }
    }

    fn progressed(&mut self, id: kad::QueryId, result: kad::QueryResult, is_last: bool) -> Option<(Ticket, Found)> {
        use kad::QueryResult as Result;
        match result {
            Result::GetClosestPeers(nearest) => {
                let peers = match nearest {
                    Ok(found) => found.peers,
                    Err(kad::GetClosestPeersError::Timeout { peers, .. }) => peers,
                };
                self.give(id, peers)
            }
            Result::PutRecord(given) => {
                self.places.remove(&id);
                self.queries.given(id, &given)
            }
            Result::GetRecord(Ok(kad::GetRecordOk::FoundRecord(found))) => {
                if let Some(by) = found.peer {
                    tracing::debug!(key = short(found.record.key.as_ref()), %by, "another node showed a record");
                }
                if self.queries.shown(id, &found.record, (self.now)())
                    && let Some(mut query) = self.kad.query_mut(&id)
                {
                    query.finish();
                }
                None
            }
            Result::GetRecord(_) if is_last => self.queries.sought(id),
            _ => None,
        }
    }

    /// The nearest nodes are known: each is given the record. Without a publisher, which the library would name.
    fn give(&mut self, id: kad::QueryId, mut peers: Vec<kad::PeerInfo>) -> Option<(Ticket, Found)> {
        let record = self.queries.nearest_are_known(id)?;
        peers.truncate(kad::K_VALUE.get());
        let record = kad::Record::new(record.key().as_bytes().to_vec(), record.as_bytes().to_vec());
        let key = short(record.key.as_ref());
        let ids: Vec<PeerId> = peers.iter().map(|peer| peer.peer_id).collect();
        let asked = ids.len();
        tracing::debug!(key, asked, "a record is given to the nodes nearest to it");
        let given = self.kad.put_record_to(record, ids.into_iter(), kad::Quorum::All);
        self.places.insert(given, peers);
        self.queries.gives(id, given, asked);
        None
    }
}

impl NetworkBehaviour for Dht {
    type ConnectionHandler = <kad::Behaviour<Shelf> as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = kad::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_inbound_connection(connection, peer, local, remote)
    }

    /// The library would add what it knows of a peer to every dial, whoever asked for it.
    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        at: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        if !self.asked.remove(&connection) {
            return Ok(Vec::new());
        }
        if self.ours.len() >= CONNECTIONS {
            return Err(ConnectionDenied::new(TooManyWalks));
        }
        self.ours.insert(connection);
        let mut known = self.kad.handle_pending_outbound_connection(connection, peer, at, role)?;
        let is_meant = |place: &&kad::PeerInfo| Some(place.peer_id) == peer;
        known.extend(self.places.values().flatten().filter(is_meant).flat_map(|place| place.addrs.clone()));
        known.retain(self.may_dial);
        known.truncate(DIALLED);
        Ok(known)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        at: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.kad.handle_established_outbound_connection(connection, peer, at, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::DialFailure(failure) => {
                // It may have failed before anybody was asked for addresses.
                self.asked.remove(&failure.connection_id);
                self.ours.remove(&failure.connection_id);
            }
            FromSwarm::ConnectionClosed(closed) => drop(self.ours.remove(&closed.connection_id)),
            // The library would begin to ask around, though it knows nobody.
            FromSwarm::NewListenAddr(_) => return,
            _ => {}
        }
        self.kad.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, on: ConnectionId, event: THandlerOutEvent<Self>) {
        self.kad.on_connection_handler_event(peer, on, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        let refresh = || every(REFRESH, tokio::time::Instant::now() + REFRESH);
        if self.serves && self.refresh.get_or_insert_with(refresh).poll_tick(cx).is_ready() {
            // Who knows nobody has nothing to refresh.
            let _ = self.kad.bootstrap();
        }
        let action = self.poll_walks(cx);
        if let Poll::Ready(ToSwarm::Dial { opts }) = &action {
            self.asked.insert(opts.connection_id());
        }
        action
    }
}

/// Not more often than that, however late one is.
fn every(period: Duration, first: tokio::time::Instant) -> Interval {
    let mut interval = tokio::time::interval_at(first, period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}
