//! Our mailboxes at other people's nodes: kept open, collected and emptied.

use std::collections::{BTreeMap, HashMap};

use kith_protocol::address::Hint;
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::mailbox::{Close, Keep, MailboxKey, Request, Response};
use libp2p::PeerId;
use libp2p::request_response::OutboundRequestId;
use tokio::time::Instant;

use super::event::Event;
use super::hosts::Host;
use super::keeping::{Asked, Keeping, Said, Way};
use super::peer;
use super::task::Task;

/// Mailboxes that are kept or closed at once. The engine keeps a few, and changes them now and then.
const MOST: usize = 16;

/// A mailbox that is to be given up.
struct Closing {
    key: MailboxKey,
    /// Where it was said.
    peer: Option<PeerId>,
}

enum Sent {
    Kept { connection: u64, asked: Asked },
    Close,
}

/// Those that are kept, and those that are being given up.
#[derive(Default)]
pub(super) struct Mailboxes {
    kept: BTreeMap<KithPeer, Keeping>,
    closing: HashMap<KithPeer, Closing>,
    sent: HashMap<OutboundRequestId, (KithPeer, Sent)>,
    connections: u64,
}

impl Mailboxes {
    /// True if a mailbox of ours is at this peer, or is being given up there.
    pub(super) fn need(&self, peer: &PeerId) -> bool {
        let is_kept = self.kept.values().any(|kept| kept.way == Way::There(*peer));
        is_kept || self.closing.values().any(|closing| closing.peer == Some(*peer))
    }

    /// When something must be done.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.kept.values().filter_map(|kept| kept.next_deadline(now)).min()
    }

    fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    fn host_at(&self, peer: &PeerId) -> Option<KithPeer> {
        self.kept.iter().find(|(_, kept)| kept.way == Way::There(*peer)).map(|(host, _)| *host)
    }
}

impl Task {
    /// Keeps a mailbox, or says something else to its host.
    pub(super) fn open_mailbox(&mut self, host: KithPeer, addresses: Vec<Hint>, keep: Keep) {
        let is_somebody = host != self.me && peer::to_libp2p(&host).is_some();
        let has_room = self.mailboxes.kept.contains_key(&host) || self.mailboxes.kept.len() < MOST;
        let known = self.mailboxes.kept.get_mut(&host).filter(|kept| kept.is_of(&keep.key));
        match known {
            Some(kept) => {
                if kept.addresses != addresses {
                    kept.hurry();
                }
                kept.addresses = addresses;
                kept.renew(keep);
                if kept.way == Way::Refused {
                    kept.way = Way::Seeking;
                }
            }
            None if is_somebody && has_room => {
                let connection = self.mailboxes.next_connection();
                self.mailboxes.kept.insert(host, Keeping::new(addresses, keep, connection));
            }
            None => return self.outlet.emit(Event::MailboxRefused { host }),
        }
        self.tend_mailbox(host);
    }

    /// Collects nothing there any more, and says so if that is possible now.
    pub(super) fn close_mailbox(&mut self, host: KithPeer, key: MailboxKey) {
        let kept = self.mailboxes.kept.get(&host).filter(|kept| kept.is_of(&key));
        // If it is not kept, the host may be connected all the same.
        let addresses = kept.map(|kept| kept.addresses.clone());
        if addresses.is_some() {
            self.mailboxes.kept.remove(&host);
        }
        if self.mailboxes.closing.len() < MOST {
            self.mailboxes.closing.insert(host, Closing { key, peer: None });
            self.seek_host(Host::Known(host), &addresses.unwrap_or_default());
        }
    }

    /// A parcel is safe with the driver.
    pub(super) fn take_parcel(&mut self, host: KithPeer, number: u64) {
        if let Some(kept) = self.mailboxes.kept.get_mut(&host) {
            kept.take(number);
            self.tend_mailbox(host);
        }
    }

    /// The driver makes nothing of a parcel yet.
    pub(super) fn put_back_parcel(&mut self, host: KithPeer, number: u64) {
        if let Some(kept) = self.mailboxes.kept.get_mut(&host) {
            kept.put_back(number, Instant::now());
            self.tend_mailbox(host);
        }
    }

    /// Does what can be done for a mailbox now.
    fn tend_mailbox(&mut self, host: KithPeer) {
        let (now, is_crowded) = (Instant::now(), self.outlet.is_crowded());
        let Some(kept) = self.mailboxes.kept.get_mut(&host) else { return };
        match kept.way {
            Way::Pausing(until) if until > now => {}
            Way::Refused => {}
            Way::Seeking | Way::Pausing(_) => {
                kept.way = Way::Seeking;
                let addresses = kept.addresses.clone();
                self.seek_host(Host::Known(host), &addresses);
            }
            Way::There(peer) => {
                while let Some((asked, request)) = kept.next(now, is_crowded) {
                    let sent = Sent::Kept { connection: kept.connection, asked };
                    let id = self.swarm.behaviour_mut().mailbox.send_request(&peer, request);
                    self.mailboxes.sent.insert(id, (host, sent));
                }
            }
        }
    }

    /// A host is there, which may hold a mailbox of ours.
    pub(super) fn mailbox_host_reached(&mut self, host: KithPeer, peer: PeerId) {
        if let Some(closing) = self.mailboxes.closing.get_mut(&host).filter(|closing| closing.peer.is_none()) {
            closing.peer = Some(peer);
            let request = Request::Close(Close { key: closing.key.clone() });
            let id = self.swarm.behaviour_mut().mailbox.send_request(&peer, request);
            self.mailboxes.sent.insert(id, (host, Sent::Close));
        }
        if let Some(kept) = self.mailboxes.kept.get_mut(&host).filter(|kept| kept.way == Way::Seeking) {
            kept.way = Way::There(peer);
            self.tend_mailbox(host);
        }
    }

    /// A host was not reached.
    pub(super) fn mailbox_host_missed(&mut self, host: KithPeer) {
        self.mailboxes.closing.remove(&host);
        if self.mailboxes.kept.get(&host).is_some_and(|kept| kept.way == Way::Seeking) {
            self.mailbox_lost(host);
        }
    }

    /// A host said something to the owner of a mailbox, or nothing.
    pub(super) fn on_host_answered(&mut self, request: OutboundRequestId, response: Option<Response>) {
        let Some((host, sent)) = self.mailboxes.sent.remove(&request) else { return };
        let (connection, asked) = match sent {
            Sent::Kept { connection, asked } => (connection, asked),
            Sent::Close => return self.mailbox_closed(host),
        };
        let Some(kept) = self.mailboxes.kept.get_mut(&host).filter(|kept| kept.connection == connection) else {
            return;
        };
        match response.map_or(Said::Broken, |response| kept.answered(asked, response, Instant::now())) {
            Said::Nothing => {}
            Said::Opened => {
                kept.is_told = false;
                self.outlet.emit(Event::MailboxOpened { host });
            }
            Said::Refused => return self.mailbox_refused(host),
            Said::Parcels(parcels) => {
                for held in parcels {
                    let (number, label, parcel) = (held.number, held.label, held.parcel.into_vec());
                    self.outlet.emit(Event::ParcelArrived { host, number, label, parcel });
                }
            }
            Said::Broken => return self.mailbox_lost(host),
        }
        self.tend_mailbox(host);
    }

    /// One of several connections with a host was closed, and what was said over it is lost: all is said anew, at once. False
    /// if the request was another one.
    pub(super) fn ask_host_again(&mut self, request: OutboundRequestId) -> bool {
        let Some((host, Sent::Kept { connection, .. })) = self.mailboxes.sent.get(&request) else { return false };
        let (host, connection) = (*host, *connection);
        self.mailboxes.sent.remove(&request);
        if self.mailboxes.kept.get(&host).is_some_and(|kept| kept.connection == connection) {
            self.leave_mailbox(host);
            if let Some(kept) = self.mailboxes.kept.get_mut(&host) {
                kept.hurry();
            }
            self.tend_mailbox(host);
        }
        true
    }

    fn mailbox_closed(&mut self, host: KithPeer) {
        if let Some(peer) = self.mailboxes.closing.remove(&host).and_then(|closing| closing.peer) {
            self.close_unless_needed(peer);
        }
    }

    fn mailbox_refused(&mut self, host: KithPeer) {
        if let Some(way) = self.leave_mailbox(host) {
            self.outlet.emit(Event::MailboxRefused { host });
            if let Some(kept) = self.mailboxes.kept.get_mut(&host) {
                (kept.way, kept.is_told) = (Way::Refused, false);
            }
            self.close_way(way);
        }
    }

    fn mailbox_lost(&mut self, host: KithPeer) {
        let Some(way) = self.leave_mailbox(host) else { return };
        if let Some(kept) = self.mailboxes.kept.get_mut(&host).filter(|kept| !kept.is_told) {
            kept.is_told = true;
            self.outlet.emit(Event::MailboxLost { host });
        }
        self.close_way(way);
    }

    /// What was under way with a host is not; returns where it was.
    fn leave_mailbox(&mut self, host: KithPeer) -> Option<Way> {
        let mut jitter = [0; 1];
        // Without randomness the pause is the shortest.
        let _ = getrandom::fill(&mut jitter);
        let connection = self.mailboxes.next_connection();
        let kept = self.mailboxes.kept.get_mut(&host)?;
        let way = kept.way;
        kept.lost(Instant::now(), jitter[0], connection);
        Some(way)
    }

    fn close_way(&mut self, way: Way) {
        if let Way::There(peer) = way {
            self.close_unless_needed(peer);
        }
    }

    /// The last connection with a peer is gone.
    pub(super) fn mailbox_peer_gone(&mut self, peer: &PeerId) {
        if let Some(host) = self.mailboxes.host_at(peer) {
            self.mailbox_lost(host);
        }
    }

    /// This node is somewhere else: hosts that were not reached from there may be from here.
    pub(super) fn hurry_mailboxes(&mut self) {
        for host in self.mailboxes.kept.keys().copied().collect::<Vec<_>>() {
            if let Some(kept) = self.mailboxes.kept.get_mut(&host) {
                kept.hurry();
            }
            self.tend_mailbox(host);
        }
    }

    /// Looks for hosts whose pause is over, and says what waited for its time.
    pub(super) fn tend_mailboxes(&mut self, now: Instant) {
        let is_due = |kept: &Keeping| match kept.way {
            Way::Pausing(until) => until <= now,
            Way::There(_) => true,
            Way::Seeking | Way::Refused => false,
        };
        let due: Vec<_> = self.mailboxes.kept.iter().filter(|(_, kept)| is_due(kept)).map(|(host, _)| *host).collect();
        for host in due {
            self.tend_mailbox(host);
        }
    }
}
