//! Letters and their answers between honest nodes, and a driver that is slow.

use std::time::Duration;

use kith_protocol::engine::{Answer, Effect, Refusal};
use kith_protocol::id::{LetterId, SessionId};
use kith_protocol::limits::{GIVEN_BACK, IN_FLIGHT, LETTER_CLASSES};

use super::support::{Node, QUIC, TCP, meet};
use crate::network::{Event, Limits};
use kith_protocol::wire::Bytes;

#[tokio::test(flavor = "multi_thread")]
async fn letters_and_answers_go_both_ways_on_one_session() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    let session = meet(&mut ana, &mut bo).await;
    for (size, answer) in LETTER_CLASSES.into_iter().zip([
        Answer::Handled([1; 32]),
        Answer::Later,
        Answer::Refused(Refusal::InviteUsed, [7; 32]),
        Answer::Refused(Refusal::Expired, [8; 32]),
        Answer::GivenBack(Bytes::new(vec![3; GIVEN_BACK]).unwrap()),
    ]) {
        let (mut from, mut to) = (&mut bo, &mut ana);
        for _ in 0..2 {
            from.send_sized(session, 6, size).await;
            let (over, ticket, sealed) = to.arrived().await;
            assert_eq!((over, sealed), (session, vec![6; size]));
            to.run(Effect::Answer { ticket, answer: answer.clone() }).await;
            assert_eq!(from.answered().await, (LetterId([6; 16]), Some(answer.clone())));
            std::mem::swap(&mut from, &mut to);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_reported_and_nothing_goes_out() {
    let (mut ana, mut bo) = (Node::ana().await, Node::bo().await);
    let session = meet(&mut ana, &mut bo).await;
    bo.send_sized(session, 1, 513).await;
    assert_eq!(bo.answered().await, (LetterId([1; 16]), None));
    bo.send_sized(session, 2, 61_441).await;
    assert_eq!(bo.answered().await, (LetterId([2; 16]), None));
    bo.send(SessionId([9; 16]), 3).await;
    assert_eq!(bo.answered().await, (LetterId([3; 16]), None));
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_does_not_answer_is_given_up_and_its_late_answer_does_no_harm() {
    let limits = Limits { answer: Duration::from_secs(2), ..Limits::default() };
    let mut ana = Node::start(1, &[TCP, QUIC]).await.with_door(1).await;
    let mut bo = Node::start_with(2, &[], limits).await;
    let session = meet(&mut ana, &mut bo).await;
    bo.send(session, 1).await;
    let (_, late, _) = ana.arrived().await;
    assert_eq!(bo.answered().await, (LetterId([1; 16]), None));
    ana.run(Effect::Answer { ticket: late, answer: Answer::Later }).await;
    bo.send(session, 2).await;
    ana.handle().await;
    assert_eq!(bo.answered().await, (LetterId([2; 16]), Some(Answer::Handled([5; 32]))));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_letters_than_the_driver_may_owe_are_told_later() {
    let few = Limits { letters_per_session: 2, ..Limits::default() };
    let mut ana = Node::start_with(1, &[TCP], few).await.with_door(1).await;
    let mut bo = Node::bo().await;
    let session = meet(&mut ana, &mut bo).await;
    for letter in 0..3 {
        bo.send(session, letter).await;
    }
    assert_eq!(bo.answered().await.1, Some(Answer::Later));
    for _ in 0..2 {
        ana.handle().await;
        assert!(matches!(bo.answered().await.1, Some(Answer::Handled(_))));
    }
}

/// Ana's driver reads no event while Bo sends and sends; nothing waits for it, and once it reads, it misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_reads_nothing_blocks_nobody() {
    let tiny = Limits { channel: 1, parked: 6, ..Limits::default() };
    let mut ana = Node::start_with(1, &[TCP], tiny).await.with_door(1).await;
    let mut bo = Node::bo().await;
    bo.call(1, None, &ana.hints).await;
    let session = bo.opened().await;
    for letter in 0..u8::try_from(IN_FLIGHT).unwrap() {
        bo.send(session, letter).await;
    }
    // One event is in the channel and three are parked: then there is no room to begin anything.
    for _ in 0..IN_FLIGHT - 3 {
        assert_eq!(bo.answered().await.1, Some(Answer::Later));
    }
    let network = ana.network.clone();
    let door = super::support::secret(4);
    let effects = tokio::task::spawn_blocking(move || {
        for _ in 0..50 {
            network.run_blocking(Effect::OpenDoor { locator: door.locator(), secret: door.clone() }).unwrap();
        }
    });
    tokio::time::timeout(super::support::PATIENCE, effects).await.expect("effects are taken all the same").unwrap();
    assert_eq!(ana.opened().await, session);
    for _ in 0..3 {
        ana.handle().await;
        assert!(matches!(bo.answered().await.1, Some(Answer::Handled(_))));
    }
    bo.network.shutdown().await;
    assert_eq!(ana.next().await, Event::SessionClosed { session });
}
