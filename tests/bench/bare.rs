//! The least that the same work takes: libp2p without Kith, files without a storage, cryptography without letters.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use kith_protocol::crypto::seal::{self, DecryptionKey};
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{Behaviour, Codec, Config, Event, Message, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, noise, relay, tcp, yamux};

const ECHO: StreamProtocol = StreamProtocol::new("/bench/echo/1");

/// Bytes with their length in front.
#[derive(Clone, Default)]
pub struct Echo;

impl Codec for Echo {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        read(io).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Vec<u8>> {
        read(io).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &bytes).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &bytes).await
    }
}

async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    io.read_exact(&mut length).await?;
    let mut bytes = vec![0; u16::from_be_bytes(length).into()];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn write(io: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    let framed = [&length.to_be_bytes()[..], bytes].concat();
    io.write_all(&framed).await?;
    io.flush().await
}

/// Somebody who calls, and somebody who echoes, on loopback.
pub struct Wire {
    caller: Caller,
    echoer: tokio::task::JoinHandle<()>,
}

impl Wire {
    /// Begins to listen.
    pub async fn start() -> Self {
        let mut echoer = swarm();
        echoer.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
        let address = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = echoer.select_next_some().await {
                break address;
            }
        };
        Self { caller: Caller { swarm: swarm(), address }, echoer: tokio::spawn(echo(echoer)) }
    }

    /// Somebody else, who begins with nothing.
    pub fn another_caller(&self) -> Caller {
        Caller { swarm: swarm(), address: self.caller.address.clone() }
    }

    /// Dials; done when the connection is authenticated.
    pub async fn dial(&mut self) -> PeerId {
        self.caller.dial().await
    }

    /// Sends so many bytes and waits for them to come back.
    pub async fn echo(&mut self, peer: &PeerId, bytes: usize) {
        self.caller.echo(peer, bytes).await;
    }

    /// Closes the connection.
    pub async fn hang_up(&mut self, peer: &PeerId) {
        // Not connected any more is just as well.
        let _ = self.caller.swarm.disconnect_peer_id(*peer);
        while self.caller.swarm.is_connected(peer) {
            self.caller.swarm.select_next_some().await;
        }
    }

    /// Ends the listener.
    pub fn stop(self) {
        self.echoer.abort();
    }
}

/// Somebody who calls.
pub struct Caller {
    swarm: Swarm<Behaviour<Echo>>,
    address: Multiaddr,
}

impl Caller {
    /// Dials; done when the connection is authenticated.
    pub async fn dial(&mut self) -> PeerId {
        self.swarm.dial(self.address.clone()).unwrap();
        established(&mut self.swarm).await
    }

    /// Sends so many bytes and waits for them to come back.
    pub async fn echo(&mut self, peer: &PeerId, bytes: usize) {
        self.swarm.behaviour_mut().send_request(peer, vec![7; bytes]);
        loop {
            match self.swarm.select_next_some().await {
                SwarmEvent::Behaviour(Event::Message { message: Message::Response { response, .. }, .. }) => {
                    assert_eq!(response.len(), bytes);
                    return;
                }
                SwarmEvent::Behaviour(Event::OutboundFailure { error, .. }) => panic!("{error}"),
                _ => {}
            }
        }
    }
}

async fn established<B: NetworkBehaviour>(swarm: &mut Swarm<B>) -> PeerId {
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => return peer_id,
            SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
}

#[derive(NetworkBehaviour)]
struct EchoOverRelay {
    relayed: relay::client::Behaviour,
    echo: Behaviour<Echo>,
}

/// Somebody who echoes and is reached through a relay alone.
pub struct Relayed {
    at: Multiaddr,
    echoer: tokio::task::JoinHandle<()>,
}

impl Relayed {
    /// Reserves at the relay.
    pub async fn start(relay: PeerId, relay_at: &Multiaddr) -> Self {
        let mut echoer = over_relay();
        let at = relay_at.clone().with(Protocol::P2p(relay)).with(Protocol::P2pCircuit);
        echoer.listen_on(at.clone()).unwrap();
        while !matches!(echoer.select_next_some().await, SwarmEvent::NewListenAddr { .. }) {}
        let at = at.with(Protocol::P2p(*echoer.local_peer_id()));
        let echoer = tokio::spawn(async move {
            loop {
                if let SwarmEvent::Behaviour(EchoOverRelayEvent::Echo(Event::Message {
                    message: Message::Request { request, channel, .. },
                    ..
                })) = echoer.select_next_some().await
                {
                    // A caller that is gone needs no answer.
                    let _ = echoer.behaviour_mut().echo.send_response(channel, request);
                }
            }
        });
        Self { at, echoer }
    }

    /// Somebody begins with nothing, dials through the relay, and has so many bytes echoed.
    pub async fn cold_echo(&self, bytes: usize) -> Duration {
        let begun = Instant::now();
        let mut caller = over_relay();
        caller.dial(self.at.clone()).unwrap();
        let expected = self.at.iter().last();
        let peer = loop {
            let peer = established(&mut caller).await;
            if expected == Some(Protocol::P2p(peer)) {
                break peer;
            }
        };
        caller.behaviour_mut().echo.send_request(&peer, vec![7; bytes]);
        loop {
            match caller.select_next_some().await {
                SwarmEvent::Behaviour(EchoOverRelayEvent::Echo(Event::Message {
                    message: Message::Response { .. },
                    ..
                })) => return begun.elapsed(),
                SwarmEvent::Behaviour(EchoOverRelayEvent::Echo(Event::OutboundFailure { error, .. })) => {
                    panic!("{error}")
                }
                _ => {}
            }
        }
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        self.echoer.abort();
    }
}

fn over_relay() -> Swarm<EchoOverRelay> {
    libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_relay_client(noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_, relayed| EchoOverRelay {
            relayed,
            echo: Behaviour::with_codec(Echo, [(ECHO, ProtocolSupport::Full)], Config::default()),
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build()
}

fn swarm() -> Swarm<Behaviour<Echo>> {
    libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Behaviour::with_codec(Echo, [(ECHO, ProtocolSupport::Full)], Config::default()))
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build()
}

async fn echo(mut swarm: Swarm<Behaviour<Echo>>) {
    loop {
        if let SwarmEvent::Behaviour(Event::Message { message: Message::Request { request, channel, .. }, .. }) =
            swarm.select_next_some().await
        {
            // A caller that is gone needs no answer.
            let _ = swarm.behaviour_mut().send_response(channel, request);
        }
    }
}

/// A file that grows by synced appends of 4 KiB.
pub struct Appends {
    file: File,
    end: u64,
}

impl Appends {
    /// A new file in a folder.
    pub fn new(folder: &Path) -> Self {
        Self { file: File::create(folder.join("appends")).unwrap(), end: 0 }
    }

    /// Appends 4 KiB and waits until they are on the disk.
    pub fn append(&mut self) {
        self.file.write_all_at(&[7; 4096], self.end).unwrap();
        self.file.sync_data().unwrap();
        self.end += 4096;
    }
}

/// Keys of two who write to each other.
pub struct Pen {
    signing: SigningKey,
    opening: DecryptionKey,
}

impl Pen {
    /// Keys.
    pub fn new() -> Self {
        Self {
            signing: SigningKey::from_seed(&SecretSeed([1; 32])),
            opening: DecryptionKey::from_seed(&SecretSeed([2; 32])),
        }
    }

    /// Signs and seals so many bytes, opens them and verifies the signature.
    pub fn write_and_read(&self, bytes: usize) {
        let (psk, plain) = ([3; 32], vec![7; bytes]);
        let signature = self.signing.sign(&plain);
        let sealed = seal::seal(&self.opening.public(), &psk, &plain, &[4; 32]).unwrap();
        let opened = seal::open(&self.opening, &psk, &sealed.bytes).unwrap();
        assert!(self.signing.verify_key().verifies(&opened.bytes, &signature));
    }
}
