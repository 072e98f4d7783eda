//! Calls and hellos between honest nodes, and between nodes that share no secret.

use std::time::Duration;

use kith_protocol::address::{Hint, Transports};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::Effect;
use kith_protocol::id::SessionId;

use super::support::{Node, QUIC, TCP, meet, secret};
use crate::network::{CallFailure, Config, Event, Limits, listen_on, start};

const CROWD: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn bo_calls_ana_by_code_and_both_see_the_same_session() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    bo.call(1, None, &ana.hints).await;
    let (at_bo, at_ana) = (bo.next().await, ana.next().await);
    let Event::SessionOpened { session, locator, peer, initiator: true, remote, .. } = at_bo else {
        panic!("{at_bo:?}")
    };
    assert_eq!((locator, peer), (secret(1).locator(), ana.peer()));
    assert!(remote.starts_with("/ip4/127.0.0.1/"), "{remote}");
    let Event::SessionOpened { session: same, peer, initiator: false, .. } = at_ana else { panic!("{at_ana:?}") };
    assert_eq!((same, peer), (session, bo.peer()));
}

#[tokio::test(flavor = "multi_thread")]
async fn either_transport_alone_is_enough() {
    for listen in [TCP, QUIC] {
        let mut ana = Node::start(1, &[listen]).await.with_door(1).await;
        let mut bo = Node::bo().await;
        let session = meet(&mut ana, &mut bo).await;
        bo.send(session, 7).await;
        assert_eq!(ana.handle().await, [7; 512], "{listen}");
        assert!(bo.answered().await.1.is_some(), "{listen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_not_answered_and_ana_notices_nothing() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    bo.call(9, None, &ana.hints).await;
    assert_eq!(bo.call_failed().await, CallFailure::NotAnswered);
    bo.call(9, Some(ana.peer()), &ana.hints).await;
    assert_eq!(bo.call_failed().await, CallFailure::NotAnswered);
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_at_the_address_is_the_wrong_peer() {
    let (mut ana, mut bo, chi) = (Node::ana().await, Node::bo().await, Node::start(3, &[]).await);
    bo.call(1, Some(chi.peer()), &ana.hints).await;
    assert_eq!(bo.call_failed().await, CallFailure::WrongPeer);
    ana.stays_quiet().await;
    // Nor is a stale address in the way of the good one.
    let mut chi = Node::start(3, &[TCP]).await.with_door(1).await;
    let both = [&ana.hints[..], &chi.hints[..]].concat();
    bo.call(1, Some(chi.peer()), &both).await;
    assert_eq!(bo.opened().await, chi.opened().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_door_is_not_answered() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    ana.run(Effect::CloseDoor { locator: secret(1).locator() }).await;
    bo.call(1, Some(ana.peer()), &ana.hints).await;
    assert_eq!(bo.call_failed().await, CallFailure::NotAnswered);
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_nowhere_say_why() {
    let (ana, mut bo) = (Node::ana().await, Node::bo().await);
    bo.call(1, None, &[]).await;
    assert_eq!(bo.call_failed().await, CallFailure::NoAddress);
    let nobody_there: Vec<Hint> = ana.on(Transports::Tcp);
    ana.network.shutdown().await;
    bo.call(1, None, &nobody_there).await;
    assert_eq!(bo.call_failed().await, CallFailure::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_ends() {
    // Somebody listens and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listen_on(silent.local_addr().unwrap().ip(), silent.local_addr().unwrap().port());
    let hint = crate::network::hint(&address[0]).unwrap();
    let limits = Limits { call: Duration::from_secs(1), calls: CROWD, ..Limits::default() };
    let mut bo = Node::start_with(2, &[], limits).await;
    for byte in 0..=u8::try_from(CROWD).unwrap() {
        bo.call(byte, None, std::slice::from_ref(&hint)).await;
    }
    assert_eq!(bo.call_failed().await, CallFailure::Busy, "only so many at once");
    for _ in 0..CROWD {
        assert_eq!(bo.call_failed().await, CallFailure::Timeout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_secret_opens_a_second_session_on_the_same_connection() {
    let (mut ana, mut bo) = (Node::ana().await.with_door(2).await, Node::bo().await);
    let first = meet(&mut ana, &mut bo).await;
    // No address is needed: the connection is there.
    bo.call(2, Some(ana.peer()), &[]).await;
    let second = bo.opened().await;
    assert_eq!(ana.opened().await, second);
    assert_ne!(first, second);
    for session in [first, second] {
        bo.send(session, 3).await;
        ana.handle().await;
        bo.answered().await;
    }
    // A session that is hung up among several leaves the others alone.
    ana.run(Effect::HangUp { session: first }).await;
    assert_eq!(ana.next().await, Event::SessionClosed { session: first });
    bo.send(second, 4).await;
    ana.handle().await;
    assert!(bo.answered().await.1.is_some());
    bo.send(first, 5).await;
    assert_eq!(bo.answered().await.1, None);
    assert_eq!(bo.next().await, Event::SessionClosed { session: first }, "Bo learns by his next letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_codes_of_ana_at_once_are_many_sessions_that_all_work() {
    const CODES: u8 = 32;
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    for code in 2..=CODES {
        ana = ana.with_door(code).await;
    }
    for code in 1..=CODES {
        bo.call(code, None, &ana.hints).await;
    }
    let mut sessions = Vec::new();
    for _ in 1..=CODES {
        sessions.push(bo.opened().await);
        ana.opened().await;
    }
    for session in &sessions {
        bo.send(*session, 3).await;
    }
    for _ in &sessions {
        ana.handle().await;
        assert!(bo.answered().await.1.is_some());
    }
    bo.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_again_replaces_the_session() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    let first = meet(&mut ana, &mut bo).await;
    bo.call(1, Some(ana.peer()), &[]).await;
    for node in [&mut bo, &mut ana] {
        assert_eq!(node.next().await, Event::SessionClosed { session: first });
    }
    assert_eq!(bo.opened().await, ana.opened().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_calling_at_once_leaves_both_with_a_session_that_works() {
    let (mut ana, mut bo) = (Node::ana().await, Node::start(2, &[TCP, QUIC]).await.with_door(1).await);
    ana.call(1, Some(bo.peer()), &bo.hints).await;
    bo.call(1, Some(ana.peer()), &ana.hints).await;
    let mut at_ana = [ana.opened().await, ana.opened().await];
    let mut at_bo = [bo.opened().await, bo.opened().await];
    at_ana.sort();
    at_bo.sort();
    assert_eq!(at_ana, at_bo);
    for session in at_ana {
        ana.send(session, 1).await;
        bo.handle().await;
        assert!(ana.answered().await.1.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_ends_the_session_on_both_sides() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    let session = meet(&mut ana, &mut bo).await;
    bo.run(Effect::HangUp { session }).await;
    for node in [&mut bo, &mut ana] {
        assert_eq!(node.next().await, Event::SessionClosed { session });
    }
    let again = meet(&mut ana, &mut bo).await;
    assert_ne!(again, session);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_said_in_words() {
    let ana = Node::start(1, &[TCP, QUIC]).await;
    for address in &ana.multiaddrs {
        let listen = vec![address.parse().unwrap()];
        let config = Config { keypair_seed: SecretSeed([2; 32]), listen, limits: Limits::default(), holder: None };
        let said = start(config).unwrap_err().to_string();
        assert!(said.starts_with(&format!("cannot listen on {address}: Address already in use")), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ana_starts_again_on_the_same_ports_and_bo_finds_her() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    let session: SessionId = meet(&mut ana, &mut bo).await;
    let (ports, hints) = (ana.multiaddrs.clone(), ana.hints.clone());
    ana.network.shutdown().await;
    assert_eq!(bo.next().await, Event::SessionClosed { session });
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let mut ana = Node::start(1, &ports).await.with_door(1).await;
    assert_eq!(ana.hints, hints);
    for hint in &hints {
        bo.call(1, Some(ana.peer()), std::slice::from_ref(hint)).await;
        let session = bo.opened().await;
        assert_eq!(ana.opened().await, session, "{hint}");
        ana.run(Effect::HangUp { session }).await;
        for node in [&mut bo, &mut ana] {
            assert_eq!(node.next().await, Event::SessionClosed { session });
        }
    }
}
