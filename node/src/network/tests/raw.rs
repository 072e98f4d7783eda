//! A libp2p peer that says what it likes on our protocols.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use kith_protocol::hello::{Ends, Initiator, Prove, Request, Response};
use kith_protocol::id::{PeerId as KithPeer, SessionId};
use libp2p::request_response::{self, Codec, Message, OutboundFailure, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, noise, tcp, yamux};
use tokio::time::timeout;

use super::support::{PATIENCE, secret};
use crate::network::{frame, hello_codec, letter_codec, mailbox_codec, peer};

/// Bytes for a stream, exactly as they are; `open` goes on with a byte now and then until
/// the other end has had enough.
#[derive(Debug)]
pub struct Bytes {
    pub bytes: Vec<u8>,
    pub open: bool,
}

#[derive(Clone, Default)]
pub struct Lying;

impl Codec for Lying {
    type Protocol = StreamProtocol;
    type Request = Bytes;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Bytes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Bytes) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&request.bytes).await?;
        io.flush().await?;
        if !request.open {
            return Ok(());
        }
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            io.write_all(&[0]).await?;
            io.flush().await?;
        }
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, _: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

#[derive(NetworkBehaviour)]
pub struct Protocols {
    hello: request_response::Behaviour<Lying>,
    letter: request_response::Behaviour<Lying>,
    mailbox: request_response::Behaviour<Lying>,
}

pub struct Raw {
    pub swarm: Swarm<Protocols>,
}

impl Raw {
    pub fn new() -> Self {
        let only = |protocol| [(protocol, ProtocolSupport::Outbound)];
        let config = request_response::Config::default;
        let swarm = libp2p::SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_| Protocols {
                hello: request_response::Behaviour::new(only(hello_codec::PROTOCOL), config()),
                letter: request_response::Behaviour::new(only(letter_codec::PROTOCOL), config()),
                mailbox: request_response::Behaviour::new(only(mailbox_codec::PROTOCOL), config()),
            })
            .unwrap()
            .with_swarm_config(|c| c.with_idle_connection_timeout(PATIENCE))
            .build();
        Self { swarm }
    }

    pub fn me(&self) -> KithPeer {
        peer::from_libp2p(self.swarm.local_peer_id()).unwrap()
    }

    /// Dials and waits for the connection.
    pub async fn connect(&mut self, address: &str) -> PeerId {
        self.swarm.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
        timeout(PATIENCE, async {
            loop {
                match self.swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { peer_id, .. } => return peer_id,
                    SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                    _ => {}
                }
            }
        })
        .await
        .expect("a connection")
    }

    /// Waits until the other end closes the connection.
    pub async fn closed(&mut self) {
        let closed =
            async { while !matches!(self.swarm.select_next_some().await, SwarmEvent::ConnectionClosed { .. }) {} };
        timeout(PATIENCE, closed).await.expect("the connection to be closed");
    }

    /// Says something as a hello; gives what came back, or why nothing did.
    pub async fn hello(&mut self, to: &PeerId, bytes: Vec<u8>, open: bool) -> Result<Vec<u8>, OutboundFailure> {
        self.swarm.behaviour_mut().hello.send_request(to, Bytes { bytes, open });
        self.outcome().await
    }

    /// Says something as a letter; gives what came back, or why nothing did.
    pub async fn letter(&mut self, to: &PeerId, bytes: Vec<u8>, open: bool) -> Result<Vec<u8>, OutboundFailure> {
        self.swarm.behaviour_mut().letter.send_request(to, Bytes { bytes, open });
        self.outcome().await
    }

    /// Says something to a host of mailboxes; gives what came back, or why nothing did.
    pub async fn mailbox(&mut self, to: &PeerId, bytes: Vec<u8>, open: bool) -> Result<Vec<u8>, OutboundFailure> {
        self.swarm.behaviour_mut().mailbox.send_request(to, Bytes { bytes, open });
        self.outcome().await
    }

    async fn outcome(&mut self) -> Result<Vec<u8>, OutboundFailure> {
        use request_response::Event;
        timeout(PATIENCE, async {
            loop {
                let event = match self.swarm.select_next_some().await {
                    SwarmEvent::Behaviour(
                        ProtocolsEvent::Hello(event) | ProtocolsEvent::Letter(event) | ProtocolsEvent::Mailbox(event),
                    ) => event,
                    _ => continue,
                };
                match event {
                    Event::Message { message: Message::Response { response, .. }, .. } => return Ok(response),
                    Event::OutboundFailure { error, .. } => return Err(error),
                    _ => {}
                }
            }
        })
        .await
        .expect("an end of the stream")
    }

    /// An honest hello under `secret(byte)`.
    pub async fn say_hello(&mut self, to: &PeerId, byte: u8) -> SessionId {
        let (prove, session) = self.begin_hello(to, byte).await;
        self.finish_hello(to, prove).await;
        session
    }

    /// The first two messages of one; gives the third, and the session that it leads to.
    pub async fn begin_hello(&mut self, to: &PeerId, byte: u8) -> (Prove, SessionId) {
        let ends = Ends { initiator: self.me(), responder: peer::from_libp2p(to).unwrap() };
        let (initiator, open) = Initiator::begin(secret(byte), ends, [byte; 16]);
        let reply = self.hello(to, framed(&Request::Open(open).to_bytes()), false).await.unwrap();
        let Ok(Response::Reply(reply)) = Response::from_bytes(&reply[frame::HEADER..]) else { panic!("{reply:?}") };
        initiator.prove(&reply).unwrap()
    }

    /// The last two.
    pub async fn finish_hello(&mut self, to: &PeerId, prove: Prove) {
        let welcome = self.hello(to, framed(&Request::Prove(prove).to_bytes()), false).await.unwrap();
        assert_eq!(Response::from_bytes(&welcome[frame::HEADER..]), Ok(Response::Welcome));
    }
}

/// The bytes with their true length in front.
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}
