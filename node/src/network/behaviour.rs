//! What a node does on its connections.

use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{autonat, identify, memory_connection_limits, ping, relay, request_response};

use super::Limits;
use super::addresses;
use super::budget::Budget;
use super::careful::Careful;
use super::dht::Dht;
use super::gate::Gate;
use super::hello_codec::{self, HelloCodec};
use super::identifying::Identifying;
use super::letter_codec::{self, LetterCodec, OpenSessions};
use super::mailbox_codec::{self, MailboxCodec};
use super::probing::Probing;
use super::punching::Punching;
use super::relaying::{self, Admitted};

/// How long it is tried to reach somebody who asks whether others do, of the ten seconds that both sides wait (AutoNAT v2 in
/// the library). Long enough for a slow mobile link.
const DIAL_BACK: Duration = Duration::from_secs(6);

/// The protocols of a node and the bounds on its connections.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    /// First, because it may refuse a connection before the others make room for it.
    memory: memory_connection_limits::Behaviour,
    pub gate: Gate,
    identify: Identifying,
    ping: ping::Behaviour,
    relayed: relay::client::Behaviour,
    pub relay: relay::Behaviour,
    pub punching: Punching,
    pub probing: Probing,
    pub probed: Careful<autonat::v2::server::Behaviour>,
    pub hello: request_response::Behaviour<HelloCodec>,
    pub letter: request_response::Behaviour<LetterCodec>,
    pub mailbox: request_response::Behaviour<MailboxCodec>,
    pub dht: Dht,
}

impl Behaviour {
    /// `relayed` belongs to the transport of the same kind, `admitted` may have things passed on, `open` may send letters.
    pub(super) fn new(
        keypair: &Keypair,
        limits: &Limits,
        relayed: relay::client::Behaviour,
        (admitted, budget): (Admitted, Budget),
        open: OpenSessions,
    ) -> Self {
        let full = request_response::ProtocolSupport::Full;
        let hello = request_response::Config::default()
            .with_request_timeout(limits.hello)
            .with_max_concurrent_streams(limits.streams);
        let letter = request_response::Config::default()
            .with_request_timeout(limits.answer)
            .with_max_concurrent_streams(limits.streams);
        let mailbox = request_response::Config::default()
            .with_request_timeout(limits.host_answer)
            .with_max_concurrent_streams(limits.mailbox_streams);
        Self {
            memory: memory_connection_limits::Behaviour::with_max_bytes(limits.memory),
            gate: Gate::new(limits),
            identify: Identifying::new(identity(keypair)),
            ping: ping::Behaviour::default(),
            relayed,
            punching: Punching::new(keypair.public().to_peer_id()),
            probing: Probing::new(),
            probed: Careful::new(autonat::v2::server::Behaviour::default()).with_patience(DIAL_BACK),
            relay: relaying::behaviour(keypair.public().to_peer_id(), limits, admitted, &budget),
            hello: request_response::Behaviour::with_codec(HelloCodec, [(hello_codec::PROTOCOL, full.clone())], hello),
            letter: request_response::Behaviour::with_codec(
                LetterCodec::new(open, limits.reading),
                [(letter_codec::PROTOCOL, full.clone())],
                letter,
            ),
            mailbox: request_response::Behaviour::with_codec(
                MailboxCodec::new(limits.reading),
                [(mailbox_codec::PROTOCOL, full)],
                mailbox,
            ),
            dht: Dht::new(keypair.public().to_peer_id(), addresses::is_somewhere_public, crate::machine::now),
        }
    }
}

/// What every peer is told who is connected directly: nothing about the version of this program, and none of the addresses that we listen
/// on, which would show the inside of a home. Nothing that peers say about themselves is remembered.
fn identity(keypair: &Keypair) -> identify::Config {
    identify::Config::new("/kith/1".to_owned(), keypair.public())
        .with_agent_version("kith".to_owned())
        .with_hide_listen_addrs(true)
        .with_cache_size(0)
}
