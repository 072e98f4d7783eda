//! The numbers of the network layer, each with its reason. Those of the protocol are in
//! [`kith_protocol::limits`].

use std::time::Duration;

use kith_protocol::limits;

/// Bounds of one [`Network`](super::Network). The default suits a home computer and a small server.
///
/// File descriptors: at most `handshakes + strangers + connections_per_peer × sessions + calls × 16`, and 256 × 16 for
/// walks through the DHT while they dial, in practice a few dozen; TCP alone uses one for each connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Incoming connections whose handshake is under way. One more makes the oldest of the busiest source go:
    /// an honest handshake needs a few round trips, so 128 survive several hundred attempts a second. By QUIC no more than
    /// that are taken up, each source at most as many as are left, and who comes then must wait (`quic/door.rs`).
    pub handshakes: usize,
    /// How long a handshake, in or out, may take. Long enough for a slow mobile link.
    pub handshake: Duration,
    /// Incoming connections without a session. They cost about 100 KiB each and are short-lived.
    pub strangers: usize,
    /// How long a stranger may stay without finishing a hello.
    pub stranger: Duration,
    /// Connections with one peer: one is usual, two when both dial at once, more while a network changes. One
    /// more makes the oldest go.
    pub connections_per_peer: usize,
    /// Streams of one protocol on one connection, both ways together: one letter each way in every session that a
    /// peer may have, or all that may be in flight both ways in eight of them.
    pub streams: usize,
    /// A connection on which nothing happens is closed after this; letters call again.
    pub idle: Duration,
    /// Open sessions in all. One more makes the oldest of the peer with most of them go.
    pub sessions: usize,
    /// Open sessions with one peer: one for each call that may be under way at once, called from either end. Who scanned
    /// many codes of one person has a session under each. One more makes the oldest go.
    pub sessions_per_peer: usize,
    /// Secrets under which hellos are answered: one for each person and for each open code, two for each whose capsule is kept,
    /// and some of earlier scans. Those of people and codes come first at the start. 64 bytes each.
    pub doors: usize,
    /// Hellos that wait for their third message. Each cost its peer the proof of a secret.
    pub hellos: usize,
    /// Of these, with one peer: as many as an honest node calls at once.
    pub hellos_per_peer: usize,
    /// How long one half of a hello may take.
    pub hello: Duration,
    /// Calls under way at once.
    pub calls: usize,
    /// How long a call may take, over all its addresses.
    pub call: Duration,
    /// Head start of an address before the next one is dialled beside it (RFC 8305 §8 recommends 250 ms).
    pub head_start: Duration,
    /// Nodes that pass things on for us at once, when others may not reach ours: two, so that one may be lost.
    pub relays: usize,
    /// Nodes that are remembered as able to do so.
    pub relay_candidates: usize,
    /// Nodes of contacts for which things are passed on at once. Each costs a connection.
    pub reservations: usize,
    /// How long such a reservation counts. It is renewed when three quarters of this are over.
    pub reservation: Duration,
    /// How long a port that a router opened stays so when nobody asks again, in whole seconds: as long as it leads to a
    /// machine that went away without a word. It is asked for again when a sixth of this is over.
    pub port_lease: Duration,
    /// Between two looks whether the router has it open still: it may have been restarted, or its line has another address.
    /// A router takes longer than this to start.
    pub port_look: Duration,
    /// Connections passed on at once: each costs two streams and 16 KiB.
    pub circuits: usize,
    /// Bytes that are passed on for others in a day, over circuits and in mailboxes: a tenth of what a small server may
    /// send for its price, and a hundred thousand circuits.
    pub passed_on: u64,
    /// Letters sent or received in one session that wait for their answer.
    pub letters_per_session: usize,
    /// Letters received in all that wait for the driver's answer: 30 MiB if all are of the largest size.
    pub letters: usize,
    /// Bytes of letters that are being read at once.
    pub reading: usize,
    /// How long a letter's answer is waited for.
    pub answer: Duration,
    /// How long a host of a mailbox may take to answer: it may be asked to wait for something to hand out.
    pub host_answer: Duration,
    /// Streams of mailboxes on one connection, both ways together: errands and what an owner says, each way.
    pub mailbox_streams: usize,
    /// Parcels on their way to mailboxes: 15 MiB if all are of the largest size.
    pub errands: usize,
    /// Of these, requests under way at one host; the others wait for their turn.
    pub errands_per_host: usize,
    /// How long after the start it may not be known yet whose nodes may have mailboxes here. Whoever is not known by then is
    /// not answered, and asks again, where later it is refused.
    pub settling: Duration,
    /// Parcels that one peer may leave here in a minute: whoever was away for a day has less to say.
    pub deposits_of_peer: usize,
    /// Parcels that may come from one place (an IPv4 address, a /48 of IPv6) in a minute: a company behind one router.
    pub deposits_of_source: usize,
    /// Walks through the DHT under way at once, for contacts and for this node; each costs some twenty connections.
    pub carried: usize,
    /// Walks that one contact's node may ask for in a minute: whoever comes back to forty contacts who all moved.
    pub carried_for_peer: usize,
    /// Walks that may be asked for from one place in a minute.
    pub carried_for_source: usize,
    /// Records that one peer may give this node to keep in a minute: one that puts them there for many contacts.
    pub kept_of_peer: usize,
    /// Records that may come from one place in a minute: each costs a tenth of a millisecond to look at.
    pub kept_of_source: usize,
    /// Events on their way to the driver, and effects on their way from it.
    pub channel: usize,
    /// Events that wait because that channel is full. From half of it on, hellos are not answered.
    pub parked: usize,
    /// Memory of the whole process, in bytes, beyond which no further connection is made.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshakes: 128,
            handshake: Duration::from_secs(10),
            strangers: 64,
            stranger: Duration::from_secs(10),
            connections_per_peer: 4,
            streams: 128,
            idle: Duration::from_secs(60),
            sessions: limits::SESSIONS,
            sessions_per_peer: 2 * limits::CALLS,
            doors: 262_144,
            hellos: 256,
            hellos_per_peer: limits::CALLS,
            hello: Duration::from_secs(10),
            calls: limits::CALLS,
            call: Duration::from_secs(20),
            head_start: Duration::from_millis(250),
            relays: 2,
            relay_candidates: 256,
            reservations: 256,
            reservation: Duration::from_secs(60 * 60),
            port_lease: Duration::from_secs(60 * 60),
            port_look: Duration::from_secs(60),
            circuits: 64,
            passed_on: 10 * 1024 * 1024 * 1024,
            letters_per_session: limits::IN_FLIGHT,
            letters: 512,
            reading: 16 * 1024 * 1024,
            answer: Duration::from_secs(limits::RECEIPT_WAIT),
            host_answer: Duration::from_secs(limits::MAILBOX_WAIT + 10),
            mailbox_streams: 32,
            errands: 256,
            errands_per_host: 8,
            settling: Duration::from_secs(10),
            deposits_of_peer: 256,
            deposits_of_source: 1_024,
            carried: 32,
            carried_for_peer: 64,
            carried_for_source: 256,
            kept_of_peer: 128,
            kept_of_source: 512,
            channel: 256,
            parked: 4_096,
            memory: 1024 * 1024 * 1024,
        }
    }
}
