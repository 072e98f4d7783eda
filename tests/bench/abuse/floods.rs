//! Strangers who open connections as fast as they can, from many addresses.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent, dummy};
use libp2p::{Swarm, noise, tcp, yamux};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use super::part::{Scene, Work};
use super::place;

/// Sockets that one flood holds open at once; beyond that the oldest goes.
const HELD: usize = 1_000;
/// What a handshake begins with, up to the middle of its first message.
const HALF: &[u8] = b"\x13/multistream/1.0.0\n\x07/noise\n\0\x20half of an ephemeral";
/// Addresses from which strangers come and go.
const COMERS: u32 = 64;
/// Dials at once while first packets are collected.
const AT_ONCE: usize = 200;

async fn connect(number: u32, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind(place::source(number)).ok()?;
    let connecting = tokio::time::timeout(Duration::from_secs(1), socket.connect(to));
    connecting.await.ok()?.ok()
}

/// Opens TCP connections and says nothing, or half of what a handshake begins with.
pub async fn open(scene: Scene, work: Work, half: bool) {
    let mut held = VecDeque::new();
    for number in 0.. {
        work.one_more().await;
        if let Some(mut stream) = connect(number, scene.at).await {
            if half {
                let _ = stream.write_all(HALF).await;
            }
            held.push_back(stream);
        }
        if held.len() > HELD {
            held.pop_front();
        }
    }
}

/// First packets of so many QUIC handshakes, as a client of the library sends them. Sent again after ten seconds, when a
/// node has forgotten them, they are new ones.
pub async fn first_packets(wanted: usize) -> Vec<Vec<Vec<u8>>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to: libp2p::Multiaddr =
        format!("/ip4/127.0.0.1/udp/{}/quic-v1", socket.local_addr().unwrap().port()).parse().unwrap();
    let mut seen: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    let mut buffer = [0; 2_048];
    while seen.len() < wanted {
        let mut swarm = libp2p::SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_quic_config(|mut config| {
                config.handshake_timeout = Duration::from_secs(60);
                config
            })
            .with_behaviour(|_| dummy::Behaviour)
            .unwrap()
            .build();
        for _ in 0..AT_ONCE {
            swarm.dial(to.clone()).unwrap();
        }
        let listening = async {
            while let Ok((length, _)) = socket.recv_from(&mut buffer).await {
                // After a byte of flags and four of the version comes the length of the id, and the id.
                let packet = buffer[..length].to_vec();
                let id = packet.get(6..6 + usize::from(packet[5])).unwrap_or_default().to_vec();
                let of_one = seen.entry(id).or_default();
                if of_one.len() < 2 {
                    of_one.push(packet);
                }
            }
        };
        let dialling = async { while swarm.next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_millis(100), async { tokio::join!(listening, dialling) }).await;
    }
    seen.into_values().collect()
}

/// Begins QUIC handshakes from many addresses and takes no notice of the answers.
pub async fn begin_quic(scene: Scene, work: Work, packets: Vec<Vec<Vec<u8>>>) {
    let mut sockets = Vec::new();
    for number in 0..256 {
        sockets.push(UdpSocket::bind(place::source(number * 7 + 1)).await.unwrap());
    }
    for (number, packets) in packets.iter().cycle().enumerate() {
        work.one_more().await;
        let socket = &sockets[number % sockets.len()];
        for packet in packets {
            let _ = socket.try_send_to(packet, scene.at);
        }
        // What is answered must be read, or the kernel keeps it.
        while socket.try_recv_from(&mut [0; 2_048]).is_ok() {
            work.was_answered();
        }
    }
}

/// How strangers come.
#[derive(Clone, Copy)]
pub enum Way {
    /// By QUIC, each from an address of their own.
    Quic,
    /// By TCP, all from one address: the library calls from the port that it listens on, but not from the address.
    Tcp,
}

/// Somebody with a key of their own.
pub async fn somebody<B: NetworkBehaviour>(number: u32, way: Way, behaviour: B) -> Swarm<B> {
    let mut swarm = libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_quic()
        .with_behaviour(|_| behaviour)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(600)))
        .build();
    let own = place::source(number).ip();
    let at = match way {
        Way::Quic => format!("/ip4/{own}/udp/0/quic-v1"),
        Way::Tcp => format!("/ip4/{own}/tcp/0"),
    };
    swarm.listen_on(at.parse().unwrap()).unwrap();
    while !matches!(swarm.select_next_some().await, SwarmEvent::NewListenAddr { .. }) {}
    swarm
}

/// Strangers who do finish the handshake, and then sit there.
pub async fn sit(scene: Scene, work: Work, way: Way) {
    let mut sitting: VecDeque<JoinHandle<()>> = VecDeque::new();
    for number in 0.. {
        work.one_more().await;
        let (to, work) = (scene.by(way), work.clone());
        sitting.push_back(tokio::spawn(async move {
            let mut swarm = somebody(number, way, dummy::Behaviour).await;
            let _ = swarm.dial(to);
            loop {
                if let SwarmEvent::ConnectionEstablished { .. } = swarm.select_next_some().await {
                    work.was_answered();
                }
            }
        }));
        if sitting.len() > 300 {
            sitting.pop_front().unwrap().abort();
        }
    }
}

/// Strangers who finish one and go, one after the other at each of many addresses.
pub async fn come_and_go(scene: Scene, work: Work) {
    let all = (0..COMERS).map(|number| {
        let (scene, work) = (scene.clone(), work.clone());
        tokio::spawn(async move {
            let mut swarm = somebody(number, Way::Quic, dummy::Behaviour).await;
            loop {
                work.one_more().await;
                let _ = swarm.dial(scene.by(Way::Quic));
                loop {
                    match swarm.select_next_some().await {
                        SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                            work.was_answered();
                            let _ = swarm.disconnect_peer_id(peer_id);
                        }
                        SwarmEvent::ConnectionClosed { .. } | SwarmEvent::OutgoingConnectionError { .. } => break,
                        _ => {}
                    }
                }
            }
        })
    });
    futures::future::join_all(all).await;
}
