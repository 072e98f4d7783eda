//! How QUIC is spoken: version 1, streams in both directions and nothing else, TLS as libp2p has it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::tls;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, EndpointConfig, NoneTokenStore, ServerConfig, TransportConfig, ValidationTokenConfig, VarInt,
};
use quinn_proto::RandomConnectionIdGenerator;
use rustls::NoKeyLog;
use rustls::client::Resumption;
use rustls::server::NoServerSessionStorage;

use super::super::{Limits, NetworkError};
use super::patience::Impatient;
use super::reset::ResetKey;

/// What TLS is told that the other side is called. Nobody sees or checks it: who they are is in the certificate.
pub(super) const NAME: &str = "l";

/// Unread bytes that a peer may have on one stream: two of the largest letters.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Unread bytes that a peer may have on one connection: eight of the largest letters.
const CONNECTION_WINDOW: u32 = 512 * 1024;
/// A connection on which nothing comes for so long is lost, in milliseconds. Short, so that a network that went away is noticed.
const SILENCE_MS: u32 = 10_000;
/// After so long without a packet one is sent to keep the connection, and the way through routers, open.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Bytes of the id of a connection: none is ever guessed or met twice.
const ID_BYTES: usize = 8;
/// Handshakes that wait for the door to look at them. One more is passed over.
const WAITING: usize = 256;
/// Bytes that are kept of what such a handshake goes on to send: a first flight with keys of the size of ML-KEM, and some.
const WAITING_BYTES: u64 = 16 * 1024;
/// The same of all of them together.
const ALL_WAITING_BYTES: u64 = 1024 * 1024;

/// What sockets and connections are made with.
pub(super) struct Settings {
    keypair: Keypair,
    pub(super) server: ServerConfig,
    pub(super) client: ClientConfig,
}

impl Settings {
    /// The settings of a node with this key.
    ///
    /// # Errors
    ///
    /// The key gives no certificate.
    pub(super) fn new(keypair: &Keypair, limits: &Limits) -> Result<Self, NetworkError> {
        let transport = Arc::new(transport(limits));
        Ok(Self {
            keypair: keypair.clone(),
            server: server(keypair, transport.clone()).map_err(|error| NetworkError::Key(error.to_string()))?,
            client: client(keypair, transport).map_err(|error| NetworkError::Key(error.to_string()))?,
        })
    }

    /// Those of a socket at this address.
    pub(super) fn endpoint(&self, at: SocketAddr) -> EndpointConfig {
        // With a key that outlives the process, peers learn at once that it was started anew (RFC 9000 §10.3).
        let key = ResetKey::of(&self.keypair, at);
        let mut endpoint = key.map_or_else(EndpointConfig::default, |key| EndpointConfig::new(Arc::new(key)));
        // quinn's own ids tell one process that they are its own, so that it would leave those of the process before
        // unanswered; and with a key that stays, whoever watches several networks could tell that they are of one node.
        endpoint.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(ID_BYTES)));
        endpoint.supported_versions(vec![1]);
        endpoint
    }
}

type Unusable = Box<dyn std::error::Error>;

fn server(keypair: &Keypair, transport: Arc<TransportConfig>) -> Result<ServerConfig, Unusable> {
    let mut tls = tls::make_server_config(keypair)?;
    tls.send_tls13_tickets = 0;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.key_log = Arc::new(NoKeyLog);
    let tls = Impatient(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut tokens = ValidationTokenConfig::default();
    // All nodes would show them to each other; and who shows one need not show where they are.
    tokens.sent(0);
    let mut server = ServerConfig::with_crypto(Arc::new(tls));
    server
        .transport_config(transport)
        .validation_token_config(tokens)
        // The gate and the doors know a connection by its address.
        .migration(false)
        .max_incoming(WAITING)
        .incoming_buffer_size(WAITING_BYTES)
        .incoming_buffer_size_total(ALL_WAITING_BYTES);
    Ok(server)
}

fn client(keypair: &Keypair, transport: Arc<TransportConfig>) -> Result<ClientConfig, Unusable> {
    let mut tls = tls::make_client_config(keypair, None)?;
    // All have the same name, so tickets and tokens of one would be shown to another.
    tls.resumption = Resumption::disabled();
    tls.enable_sni = false;
    tls.key_log = Arc::new(NoKeyLog);
    let mut client = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    client.transport_config(transport).token_store(Arc::new(NoneTokenStore));
    Ok(client)
}

fn transport(limits: &Limits) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        // Both protocols, identify and ping, both ways.
        .max_concurrent_bidi_streams(VarInt::from_u32(u32::try_from(2 * limits.streams + 8).unwrap_or(u32::MAX)))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        // And as much of ours that they have not acknowledged.
        .send_window(u64::from(CONNECTION_WINDOW))
        .keep_alive_interval(Some(SIGN_OF_LIFE))
        .max_idle_timeout(Some(VarInt::from_u32(SILENCE_MS).into()))
        // Whoever watches the line could tell the time of a round trip.
        .allow_spin(false);
    transport
}
