//! QUIC with libp2p's own on the other side, and with those who only begin.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::core::Endpoint;
use libp2p::core::Transport;
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt};
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, PortUse, TransportEvent};
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::Limits;
use super::socket::Socket;
use super::{Quic, address};

const LOOPBACK: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

type Met = (PeerId, StreamMuxerBox);
type Carrier = Boxed<Met>;
type Event = TransportEvent<<Carrier as Transport>::ListenerUpgrade, std::io::Error>;

fn key(seed: u8) -> Keypair {
    Keypair::ed25519_from_bytes([seed; 32]).unwrap()
}

fn ours(seed: u8) -> Carrier {
    Quic::new(&key(seed), &Limits::default()).unwrap().boxed()
}

fn of_libp2p(seed: u8) -> Carrier {
    let quic = libp2p::quic::tokio::Transport::new(libp2p::quic::Config::new(&key(seed)));
    quic.map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer))).boxed()
}

async fn next(carrier: &mut Carrier) -> Event {
    timeout(PATIENCE, poll_fn(|cx| Pin::new(&mut *carrier).poll(cx))).await.expect("an event")
}

async fn listen(carrier: &mut Carrier, at: &str) -> Multiaddr {
    carrier.listen_on(ListenerId::next(), at.parse().unwrap()).unwrap();
    match next(carrier).await {
        TransportEvent::NewAddress { listen_addr, .. } => listen_addr,
        other => panic!("{other:?} instead of an address"),
    }
}

/// Who comes in next.
async fn incoming(carrier: &mut Carrier) -> <Carrier as Transport>::ListenerUpgrade {
    match next(carrier).await {
        TransportEvent::Incoming { upgrade, .. } => upgrade,
        other => panic!("{other:?} instead of somebody"),
    }
}

fn dial(carrier: &mut Carrier, to: &Multiaddr) -> <Carrier as Transport>::Dial {
    carrier.dial(to.clone(), DialOpts { role: Endpoint::Dialer, port_use: PortUse::Reuse }).unwrap()
}

/// A connection from one to the other, as both have it.
async fn meet(from: &mut Carrier, to: &mut Carrier, at: &Multiaddr) -> (Met, Met) {
    let calling = dial(from, at);
    let taking_up = async { incoming(to).await.await };
    let (called, taken_up) = timeout(PATIENCE, futures::future::join(calling, taking_up)).await.expect("a connection");
    (called.expect("to be taken up"), taken_up.expect("a caller"))
}

/// Says something on a new stream and hears it back.
async fn talk(caller: &mut StreamMuxerBox, host: &mut StreamMuxerBox) {
    let asking = async {
        let mut stream = poll_fn(|cx| caller.poll_outbound_unpin(cx)).await.unwrap();
        stream.write_all(b"are you there?").await.unwrap();
        stream.close().await.unwrap();
        stream.close().await.expect("to close what is closed");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answering = async {
        let mut stream = poll_fn(|cx| host.poll_inbound_unpin(cx)).await.unwrap();
        let mut question = Vec::new();
        stream.read_to_end(&mut question).await.unwrap();
        stream.write_all(&question).await.unwrap();
        stream.close().await.unwrap();
    };
    let (answer, ()) = timeout(PATIENCE, futures::future::join(asking, answering)).await.expect("an answer");
    assert_eq!(String::from_utf8(answer).unwrap(), "are you there?");
}

#[tokio::test]
async fn a_node_of_libp2p_and_ours_reach_each_other() {
    for listens_at in [LOOPBACK, "/ip6/::1/udp/0/quic-v1"] {
        let (mut ana, mut eva) = (ours(1), of_libp2p(5));
        let (at_ana, at_eva) = (listen(&mut ana, listens_at).await, listen(&mut eva, listens_at).await);

        let ((who, mut called), (from, mut taken_up)) = meet(&mut eva, &mut ana, &at_ana).await;
        assert_eq!((who, from), (key(1).public().to_peer_id(), key(5).public().to_peer_id()), "Eva calls Ana");
        talk(&mut called, &mut taken_up).await;
        talk(&mut taken_up, &mut called).await;
        poll_fn(|cx| called.poll_close_unpin(cx)).await.expect("an end");
        let over = timeout(PATIENCE, poll_fn(|cx| taken_up.poll_inbound_unpin(cx))).await;
        assert!(over.expect("to hear of the end").is_err(), "Ana hears that Eva hung up");

        let ((who, mut called), (from, mut taken_up)) = meet(&mut ana, &mut eva, &at_eva).await;
        assert_eq!((who, from), (key(5).public().to_peer_id(), key(1).public().to_peer_id()), "Ana calls Eva");
        talk(&mut called, &mut taken_up).await;
    }
}

#[tokio::test]
async fn calls_come_from_the_port_that_listens_unless_another_is_wanted() {
    let (mut ana, mut bo) = (ours(1), ours(2));
    let (at_ana, at_bo) = (listen(&mut ana, LOOPBACK).await, listen(&mut bo, LOOPBACK).await);
    for (port_use, is_same) in [(PortUse::Reuse, true), (PortUse::New, false)] {
        let calling = bo.dial(at_ana.clone(), DialOpts { role: Endpoint::Dialer, port_use }).unwrap();
        let calling = tokio::spawn(calling);
        let from = match next(&mut ana).await {
            TransportEvent::Incoming { upgrade, send_back_addr, .. } => {
                upgrade.await.expect("Bo");
                send_back_addr
            }
            other => panic!("{other:?} instead of Bo"),
        };
        calling.await.unwrap().expect("Ana");
        assert_eq!(from == at_bo, is_same, "with {port_use:?} Bo comes from {from}");
    }
}

#[tokio::test]
async fn what_is_no_number_or_no_quic_is_left_to_others() {
    let mut ana = ours(1);
    for address in ["/ip4/127.0.0.1/tcp/7517", "/ip4/0.0.0.0/udp/7517/quic-v1", "/ip4/127.0.0.1/udp/0/quic-v1"] {
        let opts = DialOpts { role: Endpoint::Dialer, port_use: PortUse::Reuse };
        let dialled = ana.dial(address.parse().unwrap(), opts);
        assert!(dialled.is_err(), "{address} was dialled");
    }
}

/// Ana ends as by SIGKILL, without a word, and is there again on the same port.
#[tokio::test]
async fn a_peer_that_was_started_anew_is_noticed_by_the_next_packet() {
    let before = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (said, mut heard) = mpsc::channel(1);
    before.spawn(async move {
        let mut ana = ours(1);
        said.send(listen(&mut ana, LOOPBACK).await).await.unwrap();
        let _bo = incoming(&mut ana).await.await.expect("Bo");
        let () = futures::future::pending().await;
    });
    let at_ana = timeout(PATIENCE, heard.recv()).await.expect("Ana listens").unwrap();
    let mut bo = ours(2);
    let mut with_ana = timeout(PATIENCE, dial(&mut bo, &at_ana)).await.expect("a connection").expect("Ana");
    before.shutdown_background();
    let port = address::socket(&at_ana).unwrap();
    timeout(PATIENCE, async {
        while std::net::UdpSocket::bind(port).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a free port");

    let mut again = ours(1);
    listen(&mut again, &at_ana.to_string()).await;
    let answering = async {
        loop {
            next(&mut again).await;
        }
    };
    let mut stream = poll_fn(|cx| with_ana.1.poll_outbound_unpin(cx)).await.unwrap();
    stream.write_all(b"are you there?").await.unwrap();
    // Less than the ten seconds of silence after which a connection is lost anyway.
    let noticing = timeout(Duration::from_secs(9), poll_fn(|cx| with_ana.1.poll_inbound_unpin(cx)));
    let noticed = tokio::select! {
        noticed = noticing => noticed.expect("Bo to notice"),
        () = answering => unreachable!("Ana answers for ever"),
    };
    let error = noticed.expect_err("the connection is over").to_string();
    assert!(error.contains("reset"), "Bo notices it by a reset, not by {error}");
}

/// First flights of handshakes as Mallory's libp2p would send them to a node, none like another.
async fn first_flights(count: usize) -> Vec<Vec<Vec<u8>>> {
    let sink = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = address::of(sink.local_addr().unwrap());
    let mut mallory = of_libp2p(13);
    let mut calling = JoinSet::new();
    let mut flights: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    let mut packet = [0; 2048];
    while flights.len() < count {
        calling.spawn(dial(&mut mallory, &at));
        let known = flights.len();
        while flights.len() == known {
            let length = timeout(PATIENCE, sink.recv(&mut packet)).await.expect("a packet").unwrap();
            // RFC 9000 §17.2: a byte, the version, then the length of the id of the connection, and the id.
            let id = packet[6..6 + usize::from(packet[5])].to_vec();
            flights.entry(id).or_default().push(packet[..length].to_vec());
        }
    }
    flights.into_values().collect()
}

/// All that comes in until one of them is finished; those that are not, still open.
async fn until_one_is_finished(carrier: &mut Carrier) -> (PeerId, usize) {
    let mut open = futures::stream::FuturesUnordered::new();
    let mut came = 0;
    loop {
        tokio::select! {
            upgrade = incoming(carrier) => {
                came += 1;
                open.push(upgrade);
            }
            Some(finished) = futures::StreamExt::next(&mut open), if !open.is_empty() => {
                return (finished.expect("a handshake").0, came);
            }
        }
    }
}

#[tokio::test]
async fn handshakes_from_invented_addresses_take_a_quarter_of_the_room_and_chi_gets_in() {
    let most = Limits::default().handshakes;
    let mut ana = ours(1);
    let at_ana = listen(&mut ana, LOOPBACK).await;
    let to: SocketAddr = address::socket(&at_ana).unwrap();
    let mut senders = Vec::new();
    for flight in first_flights(most).await {
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for packet in &flight {
            sender.send_to(packet, to).await.unwrap();
        }
        // Nobody reads there, as at an address that is not the sender's.
        senders.push(sender);
    }
    let mut chi = of_libp2p(3);
    let calling = tokio::spawn(dial(&mut chi, &at_ana));
    let (who, came) = timeout(PATIENCE, until_one_is_finished(&mut ana)).await.expect("Chi gets in");
    assert_eq!(who, key(3).public().to_peer_id());
    assert_eq!(came, most / 4 + 1, "a quarter of the room, and Chi, who showed where she is");
    calling.await.unwrap().expect("Ana takes her up");
}

#[tokio::test]
async fn one_address_that_begins_many_leaves_room_for_others() {
    let most = Limits::default().handshakes;
    let mut ana = ours(1);
    let at_ana = listen(&mut ana, LOOPBACK).await;
    let mut mallory = of_libp2p(13);
    let mut calling = JoinSet::new();
    for _ in 0..2 * most {
        calling.spawn(dial(&mut mallory, &at_ana));
    }
    // Nobody looks who they are: all of them stay as they are.
    let mut open = Vec::new();
    while open.len() < most / 2 {
        open.push(incoming(&mut ana).await);
    }
    let mut chi = ours(3);
    listen(&mut chi, "/ip4/127.0.0.2/udp/0/quic-v1").await;
    let chi = tokio::spawn(dial(&mut chi, &at_ana));
    let (who, _) = timeout(PATIENCE, incoming(&mut ana).await).await.expect("Chi is heard").expect("a handshake");
    assert_eq!(who, key(3).public().to_peer_id(), "the next who gets in is Chi, from another address");
    chi.await.unwrap().expect("Ana takes her up");
    let mut dee = ours(4);
    listen(&mut dee, "/ip4/127.0.0.3/udp/0/quic-v1").await;
    let dee = tokio::spawn(dial(&mut dee, &at_ana));
    let (who, _) = timeout(PATIENCE, incoming(&mut ana).await).await.expect("Dee is heard").expect("a handshake");
    assert_eq!(
        who,
        key(4).public().to_peer_id(),
        "and then Dee: Mallory, who asks again and again, has half of the room"
    );
    dee.await.unwrap().expect("Ana takes her up");
}

/// Whatever becomes of a handshake or a connection, what is kept of it is known until quinn has forgotten it.
#[tokio::test]
async fn what_is_over_is_counted_until_it_is_forgotten() {
    let mut ana = Quic::new(&key(1), &Limits::default()).unwrap();
    ana.listen(ListenerId::next(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let socket = ana.calling("127.0.0.1".parse().unwrap(), PortUse::Reuse).unwrap();
    let strays = socket.strays();
    let at_ana = address::of(socket.endpoint().local_addr().unwrap());
    let mut ana = ana.boxed();
    assert!(matches!(next(&mut ana).await, TransportEvent::NewAddress { .. }));
    let mut bo = of_libp2p(2);

    let calling = tokio::spawn(dial(&mut bo, &at_ana));
    drop(incoming(&mut ana).await);
    assert_eq!(strays(), Some(1), "one that was given up before anybody looked who it is");
    drop(calling);

    let (called, taken_up) = meet(&mut bo, &mut ana, &at_ana).await;
    assert_eq!(strays(), Some(1), "one more, in use");
    drop(taken_up);
    assert_eq!(strays(), Some(2), "one that Ana hung up");
    drop(called);
    let (called, taken_up) = meet(&mut bo, &mut ana, &at_ana).await;
    drop(called);
    let mut taken_up = taken_up.1;
    let over = timeout(PATIENCE, poll_fn(|cx| taken_up.poll_inbound_unpin(cx))).await;
    assert!(over.expect("to hear of the end").is_err());
    drop(taken_up);
    let forgotten = async {
        while strays() != Some(0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, forgotten).await.expect("all to be forgotten");
    assert_eq!(socket.endpoint().open_connections(), 0);
    drop((socket, ana));
    assert_eq!(strays(), None, "the socket is gone");
}

#[tokio::test]
async fn calls_go_out_from_a_new_port_once_the_system_took_the_old_one_away() {
    let mut ana = Quic::new(&key(1), &Limits::default()).unwrap();
    let far: Multiaddr = "/ip4/203.0.113.9/udp/7517/quic-v1".parse().unwrap();
    let from = |ana: &mut Quic| ana.calling("203.0.113.9".parse().unwrap(), PortUse::Reuse).unwrap();
    let first = from(&mut ana);
    first.endpoint().close(super::muxer::OVER, &[]);
    let call = ana.dial(far, DialOpts { role: Endpoint::Dialer, port_use: PortUse::Reuse }).unwrap();
    assert!(call.await.is_err());
    let second = from(&mut ana);
    let [before, after] = [first, second].map(|socket| socket.endpoint().local_addr().unwrap());
    assert_ne!(before, after);
}

#[tokio::test]
async fn what_listens_on_loopback_alone_does_not_call_beyond() {
    let mut ana = Quic::new(&key(1), &Limits::default()).unwrap();
    ana.listen(ListenerId::next(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let port = |socket: Socket| socket.endpoint().local_addr().unwrap();
    let nearby = port(ana.calling("127.0.0.1".parse().unwrap(), PortUse::Reuse).unwrap());
    let far = port(ana.calling("203.0.113.9".parse().unwrap(), PortUse::Reuse).unwrap());
    assert!(nearby.ip().is_loopback() && far.ip().is_unspecified(), "from {nearby} and {far}");
    let again = port(ana.calling("203.0.113.9".parse().unwrap(), PortUse::Reuse).unwrap());
    assert_eq!(far, again, "calls to far away share a port");
}
