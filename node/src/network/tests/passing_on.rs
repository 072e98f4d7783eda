//! What a relay passes on for two who speak a protocol of their own, and nothing of ours.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Event, Message, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, noise, relay, tcp, yamux};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout};

use super::relayed::relay_for;
use super::support::PATIENCE;
use crate::network::budget::Budget;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/pushing/1");
/// A circuit may carry 96 of them: these fit, with all that goes beside them.
const FITS: usize = 80 * 1024;
/// These do not fit any more.
const REST: usize = 17 * 1024;
/// Circuits of one source at once, and how long it waits for one more.
const BURST: u64 = 30;
const PACE: u64 = 20;

/// As many bytes as somebody likes, one way; a byte is the answer to all of them.
#[derive(Clone, Default)]
struct Pushing;

impl Codec for Pushing {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = u8;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<u8> {
        let mut byte = [0];
        io.read_exact(&mut byte).await?;
        Ok(byte[0])
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, byte: u8) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&[byte]).await
    }
}

#[derive(NetworkBehaviour)]
struct End {
    relay: relay::client::Behaviour,
    pushing: request_response::Behaviour<Pushing>,
}

fn end() -> Swarm<End> {
    let pushing = request_response::Behaviour::new([(PROTOCOL, ProtocolSupport::Full)], Default::default());
    libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_relay_client(noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_, relay| End { relay, pushing })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build()
}

/// Mallory, and where she is reached: through a relay of ours, which says what it does.
async fn mallory() -> (PeerId, Multiaddr, UnboundedReceiver<relay::Event>) {
    let mut mallory = end();
    let me = *mallory.local_peer_id();
    let (relay, address, said) = relay_for(&[me], &Budget::new(u64::MAX)).await;
    mallory.listen_on(format!("{address}/p2p/{relay}/p2p-circuit").parse().unwrap()).unwrap();
    let is_reached = async { while !matches!(mallory.select_next_some().await, SwarmEvent::NewListenAddr { .. }) {} };
    timeout(PATIENCE, is_reached).await.expect("a reservation");
    tokio::spawn(async move {
        loop {
            if let SwarmEvent::Behaviour(EndEvent::Pushing(Event::Message {
                message: Message::Request { channel, .. },
                ..
            })) = mallory.select_next_some().await
            {
                // The circuit may be gone.
                let _ = mallory.behaviour_mut().pushing.send_response(channel, 1);
            }
        }
    });
    (me, format!("{address}/p2p/{relay}/p2p-circuit/p2p/{me}").parse().unwrap(), said)
}

/// Pushes so much; true if all of it came.
async fn pushes(friend: &mut Swarm<End>, to: &PeerId, bytes: usize) -> bool {
    friend.behaviour_mut().pushing.send_request(to, vec![7; bytes]);
    let outcome = async {
        loop {
            match friend.select_next_some().await {
                SwarmEvent::Behaviour(EndEvent::Pushing(Event::Message {
                    message: Message::Response { .. }, ..
                })) => return true,
                SwarmEvent::Behaviour(EndEvent::Pushing(Event::OutboundFailure { .. })) => return false,
                _ => {}
            }
        }
    };
    timeout(PATIENCE, outcome).await.expect("an answer, or none")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_ends_when_more_went_over_it_than_may() {
    let (mallory, at, mut said) = mallory().await;
    let mut friend = end();
    friend.dial(at).unwrap();
    let connected = async {
        loop {
            if let SwarmEvent::ConnectionEstablished { peer_id, .. } = friend.select_next_some().await
                && peer_id == mallory
            {
                return;
            }
        }
    };
    timeout(PATIENCE, connected).await.expect("a circuit");
    assert!(pushes(&mut friend, &mallory, FITS).await, "so much may go over it");
    // The end of it may arrive before the circuit is gone, and the answer does not.
    let _ = pushes(&mut friend, &mallory, REST).await;
    let gone = async {
        while friend.is_connected(&mallory) {
            friend.select_next_some().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the circuit breaks");
    let why = async {
        loop {
            if let Some(relay::Event::CircuitClosed { error, .. }) = said.recv().await {
                return error;
            }
        }
    };
    let why = timeout(PATIENCE, why).await.expect("the relay closed it").expect("not because anybody wanted to");
    assert!(why.to_string().contains("Max circuit bytes"), "{why}");
}

/// Opens a circuit to Mallory and closes it again; false if the relay denies it.
async fn opens_a_circuit(
    friend: &mut Swarm<End>,
    mallory: PeerId,
    at: &Multiaddr,
    said: &mut UnboundedReceiver<relay::Event>,
) -> bool {
    friend.dial(at.clone()).unwrap();
    let outcome = async {
        loop {
            tokio::select! {
                event = friend.select_next_some() => {
                    if let SwarmEvent::ConnectionEstablished { peer_id, .. } = event
                        && peer_id == mallory
                    {
                        let _ = friend.disconnect_peer_id(mallory);
                    }
                }
                event = said.recv() => match event.expect("the relay runs") {
                    relay::Event::CircuitReqDenied { .. } => return false,
                    relay::Event::CircuitClosed { .. } => return true,
                    _ => {}
                },
            }
        }
    };
    timeout(PATIENCE, outcome).await.expect("a circuit, or none")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_opens_no_more_circuits_than_it_may() {
    let (mallory, at, mut said) = mallory().await;
    let (begun, mut friend, mut opened) = (Instant::now(), end(), 0);
    while opened < 2 * BURST && opens_a_circuit(&mut friend, mallory, &at, &mut said).await {
        opened += 1;
    }
    // On a machine that is slow there is one more for each pace.
    let most = BURST + begun.elapsed().as_secs() / PACE;
    assert!((BURST..=most).contains(&opened), "{opened} circuits in {:?}", begun.elapsed());
    // Another key makes no other source.
    assert!(!opens_a_circuit(&mut end(), mallory, &at, &mut said).await, "from the same address");
}
