//! Mallory.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use kith_protocol::engine::Answer;
use kith_protocol::hello::{Ends, Initiator, Request};
use kith_protocol::id::SessionId;
use libp2p::request_response::OutboundFailure;
use tokio::net::TcpSocket;
use tokio::sync::watch;

use super::raw::{Raw, framed};
use super::support::{Node, TCP, meet, secret};
use crate::network::{Limits, peer};

/// Ana on TCP alone, with a door for `secret(1)`, Bo, and a Mallory who is connected to Ana.
async fn with_mallory(limits: Limits) -> (Node, Node, Raw, libp2p::PeerId) {
    let ana = Node::start_with(1, &[TCP], limits).await.with_door(1).await;
    let bo = Node::bo().await;
    let mut mallory = Raw::new();
    let to = mallory.connect(&ana.multiaddrs[0]).await;
    (ana, bo, mallory, to)
}

fn letter(session: SessionId, size: usize) -> Vec<u8> {
    framed(&[&session.0[..], &vec![0; size]].concat())
}

async fn bo_is_served(ana: &mut Node, bo: &mut Node, session: SessionId) {
    bo.send(session, 1).await;
    ana.handle().await;
    assert!(matches!(bo.answered().await.1, Some(Answer::Handled(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_replayed_by_another_peer_is_closed_without_a_word() {
    let (mut ana, bo, mut mallory, to) = with_mallory(Limits::default()).await;
    let ends = Ends { initiator: bo.peer(), responder: ana.peer() };
    let (_, recorded) = Initiator::begin(secret(1), ends, [1; 16]);
    let outcome = mallory.hello(&to, framed(&Request::Open(recorded).to_bytes()), false).await;
    assert!(outcome.as_ref().map_or(true, Vec::is_empty), "{outcome:?}");
    if mallory.swarm.is_connected(&to) {
        mallory.closed().await;
    }
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_under_somebody_elses_session_gets_no_answer() {
    let (mut ana, mut bo, mut mallory, to) = with_mallory(Limits::default()).await;
    let of_bo = meet(&mut ana, &mut bo).await;
    ana = ana.with_door(2).await;
    let own = mallory.say_hello(&to, 2).await;
    assert_eq!(ana.opened().await, own);
    for session in [of_bo, SessionId([9; 16])] {
        let outcome = mallory.letter(&to, letter(session, 512), false).await;
        assert!(outcome.as_ref().map_or(true, Vec::is_empty), "{outcome:?}");
        ana.stays_quiet().await;
    }
    bo_is_served(&mut ana, &mut bo, of_bo).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_may_overtake_the_end_of_its_own_hello_and_no_other() {
    let (mut ana, _, mut eager, to) = with_mallory(Limits::default()).await;
    let (prove, session) = eager.begin_hello(&to, 1).await;
    // Mallory knows nothing that would lead to the session, and is another peer.
    let mut mallory = Raw::new();
    let ana_too = mallory.connect(&ana.multiaddrs[0]).await;
    for guess in [session, SessionId([9; 16])] {
        let outcome = mallory.letter(&ana_too, letter(guess, 512), false).await;
        assert!(outcome.as_ref().map_or(true, Vec::is_empty), "{outcome:?}");
    }
    ana.stays_quiet().await;

    let answer = async { eager.letter(&to, letter(session, 512), false).await };
    let handled = async {
        assert_eq!(ana.opened().await, session);
        ana.handle().await
    };
    let (answer, sealed) = futures::join!(answer, handled);
    assert_eq!((answer.unwrap()[2], sealed.len()), (1, 512), "the letter was handled");
    eager.finish_hello(&to, prove).await;
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_about_lengths_and_garbage_end_their_stream_alone() {
    let (mut ana, _, mut mallory, to) = with_mallory(Limits::default()).await;
    let session = mallory.say_hello(&to, 1).await;
    assert_eq!(ana.opened().await, session);
    let class = letter(session, 512);
    let lies = [
        ("no size class", letter(session, 600)),
        ("the longest length", [&[0xff; 2][..], &session.0, &[0; 4096]].concat()),
        ("bytes after the end", [&class[..], &[0]].concat()),
        ("a letter cut short", class[..200].to_vec()),
        ("half a header", vec![2]),
        ("nothing", vec![]),
        ("garbage", vec![0xa5; 9_000]),
    ];
    for (name, lie) in lies {
        let outcome = mallory.letter(&to, lie.clone(), false).await;
        assert!(outcome.as_ref().map_or(true, Vec::is_empty), "{name}: {outcome:?}");
        let outcome = mallory.hello(&to, lie, false).await;
        assert!(outcome.as_ref().map_or(true, Vec::is_empty), "{name} as a hello: {outcome:?}");
    }
    ana.stays_quiet().await;
    // The connection is as good as before.
    let (answer, _) = tokio::join!(mallory.letter(&to, class, false), ana.handle());
    assert_eq!(answer.unwrap(), framed(&Answer::Handled([5; 32]).to_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_too_long_is_refused_at_the_header() {
    // A reader that waited for the rest would do so for many minutes: longer than anybody waits here.
    let patient = Limits { hello: Duration::from_secs(600), answer: Duration::from_secs(600), ..Limits::default() };
    let (mut ana, _, mut mallory, to) = with_mallory(patient).await;
    let session = mallory.say_hello(&to, 1).await;
    assert_eq!(ana.opened().await, session);
    for hello in [false, true] {
        let too_long = vec![0xff, 0xff];
        let outcome =
            if hello { mallory.hello(&to, too_long, true).await } else { mallory.letter(&to, too_long, true).await };
        assert!(is_cut_off(&outcome), "{outcome:?}");
    }
}

/// True if the other end had enough; not if it was waited for in vain.
fn is_cut_off(outcome: &Result<Vec<u8>, OutboundFailure>) -> bool {
    outcome.as_ref().is_err_and(|error| !matches!(error, OutboundFailure::Timeout))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_slowly_is_cut_off() {
    // The rest of it would take a minute and more.
    let limits = Limits { answer: Duration::from_secs(2), ..Limits::default() };
    let (mut ana, mut bo, mut mallory, to) = with_mallory(limits).await;
    let of_bo = meet(&mut ana, &mut bo).await;
    ana = ana.with_door(2).await;
    let session = mallory.say_hello(&to, 2).await;
    assert_eq!(ana.opened().await, session);
    let half = letter(session, 4_096)[..300].to_vec();
    let outcome = mallory.letter(&to, half, true).await;
    assert!(is_cut_off(&outcome), "{outcome:?}");
    ana.stays_quiet().await;
    bo_is_served(&mut ana, &mut bo, of_bo).await;
    let (answer, _) = tokio::join!(mallory.letter(&to, letter(session, 512), false), ana.handle());
    assert_eq!(answer.unwrap(), framed(&Answer::Handled([5; 32]).to_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_says_nothing_is_shown_out() {
    let limits = Limits { stranger: Duration::from_millis(300), ..Limits::default() };
    let (mut ana, mut bo, mut mallory, _) = with_mallory(limits).await;
    let session = meet(&mut ana, &mut bo).await;
    mallory.closed().await;
    assert_eq!(ana.network.strangers().await, 0);
    bo_is_served(&mut ana, &mut bo, session).await;
}

/// Mallory's own address, where the loopback interface has more than one.
fn socket_of_mallory() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    let _ = socket.bind("127.0.0.2:0".parse().unwrap());
    socket
}

/// Opens sockets that never say a word, the newest 300 of them at once, until told to stop; returns how many.
async fn flood(port: u16, mut stop: watch::Receiver<bool>) -> usize {
    let mut open = VecDeque::new();
    let mut count = 0;
    while count < 1_000 || !*stop.borrow_and_update() {
        if let Ok(socket) = socket_of_mallory().connect(([127, 0, 0, 1], port).into()).await {
            open.push_back(socket);
            count += 1;
        }
        if open.len() > 300 {
            open.pop_front();
        }
        tokio::task::yield_now().await;
    }
    count
}

/// Strangers who do complete the handshake and then sit there.
async fn sit_in(address: String, number: usize, mut stop: watch::Receiver<bool>) {
    let mut strangers: FuturesUnordered<_> = (0..number)
        .map(|_| async {
            let mut swarm = Raw::new().swarm;
            let _ = swarm.dial(address.parse::<libp2p::Multiaddr>().unwrap());
            loop {
                swarm.select_next_some().await;
            }
        })
        .collect();
    tokio::select! {
        () = async { while strangers.next().await.is_some() {} } => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_of_mallory_keep_nobody_out() {
    let limits = Limits { strangers: 16, handshakes: 64, ..Limits::default() };
    let mut ana = Node::start_with(1, &[TCP], limits.clone()).await.with_door(1).await.with_door(2).await;
    let mut bo = Node::bo().await;
    let session = meet(&mut ana, &mut bo).await;
    let (stop, stopped) = watch::channel(false);
    let sitting = tokio::spawn(sit_in(ana.multiaddrs[0].clone(), 60, stopped.clone()));
    let flood = tokio::spawn(flood(ana.hints[0].port, stopped));
    for _ in 0..50 {
        bo_is_served(&mut ana, &mut bo, session).await;
        assert!(ana.network.strangers().await <= limits.strangers);
    }
    let mut chi = Node::start(3, &[]).await;
    chi.call(2, None, &ana.hints).await;
    let of_chi = chi.opened().await;
    assert_eq!(ana.opened().await, of_chi);
    bo_is_served(&mut ana, &mut chi, of_chi).await;
    stop.send_replace(true);
    assert!(flood.await.unwrap() >= 1_000);
    sitting.await.unwrap();
    bo_is_served(&mut ana, &mut bo, session).await;
}

#[test]
fn the_raw_peer_has_a_kith_peer_id() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let raw = Raw::new();
    assert_eq!(peer::to_libp2p(&raw.me()).as_ref(), Some(raw.swarm.local_peer_id()));
}
