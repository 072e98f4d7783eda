//! Ana keeps a mailbox at Chi's node, and Bo leaves parcels there. Chi's node says what the story wants.

use std::time::Duration;

use kith_protocol::address::{Hint, Reach};
use kith_protocol::engine::{Effect, Errand, Left};
use kith_protocol::id::Locator;
use kith_protocol::mailbox::{Close, Collect, Held, Keep, Leave, MailboxKey, Request, Response, SealedDoor};
use kith_protocol::wire::Bytes;
use libp2p::request_response::ResponseChannel;

use super::host::Host;
use super::support::{Node, QUIET};
use crate::network::{Event, Limits};

fn key() -> MailboxKey {
    MailboxKey::new([7; 32])
}

fn keep() -> Keep {
    Keep { key: key(), slots: Vec::new(), void: Vec::new() }
}

fn held(number: u64) -> Held {
    Held { number, label: Locator([1; 16]), parcel: Bytes::new(vec![u8::try_from(number).unwrap(); 512]).unwrap() }
}

fn leave(byte: u8) -> Leave {
    let parcel = Bytes::new(vec![byte; 512]).unwrap();
    Leave { mailbox: Some(key().id()), label: Locator([1; 16]), token: [2; 16], parcel, replaces: false }
}

fn no_door() -> SealedDoor {
    Bytes::new(Vec::new()).unwrap()
}

impl Node {
    pub async fn opens(&self, host: &Host) {
        self.run(Effect::OpenMailbox { host: host.peer, addresses: host.hints.clone(), keep: keep() }).await;
    }

    async fn leaves(&self, byte: u8, host: &Host) {
        let (errand, addresses) = (Errand(byte.into()), host.hints.clone());
        self.run(Effect::LeaveParcel { errand, host: Some(host.peer), addresses, leave: leave(byte) }).await;
    }

    pub async fn left(&mut self) -> (Errand, Left) {
        match self.next().await {
            Event::ParcelLeft { errand, outcome } => (errand, outcome),
            other => panic!("expected what became of a parcel, got {other:?}"),
        }
    }

    pub async fn finds(&mut self) -> u64 {
        match self.next().await {
            Event::ParcelArrived { number, .. } => number,
            other => panic!("expected a parcel, got {other:?}"),
        }
    }
}

/// Ana with a mailbox open at Chi's, and the Collect that waits there.
async fn open() -> (Node, Host, ResponseChannel<Response>) {
    let (mut ana, mut chi) = (Node::start(1, &[]).await, Host::start().await);
    ana.opens(&chi).await;
    assert_eq!(chi.answer(Response::Done).await, Request::Keep(keep()));
    assert_eq!(ana.next().await, Event::MailboxOpened { host: chi.peer });
    let waiting = collects(&mut chi, 0).await;
    (ana, chi, waiting)
}

async fn collects(chi: &mut Host, from: u64) -> ResponseChannel<Response> {
    match chi.asked().await {
        (Request::Collect(Collect { after, .. }), channel) => {
            assert_eq!(after, from);
            channel
        }
        (other, _) => panic!("expected to be collected from, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_errand_has_its_outcome_and_then_the_host_is_left() {
    let (mut bo, mut chi) = (Node::bo().await, Host::start().await);
    let door: SealedDoor = Bytes::new(vec![5; 100]).unwrap();
    let said = [
        (Response::Stored(door.clone()), Left::Stored(door)),
        (Response::No, Left::Refused),
        (Response::Full, Left::Full),
        (Response::Done, Left::Unreachable),
    ];
    for (byte, (response, outcome)) in (0..).zip(said) {
        bo.leaves(byte, &chi).await;
        assert_eq!(chi.answer(response).await, Request::Leave(leave(byte)));
        assert_eq!(bo.left().await, (Errand(byte.into()), outcome));
    }
    chi.is_left().await;
    bo.leaves(9, &chi).await;
    drop(chi.asked().await);
    assert_eq!(bo.left().await, (Errand(9), Left::Unreachable), "closed without a word");
    chi.is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_known_by_its_front_door_alone_is_found() {
    let (mut bo, mut chi) = (Node::bo().await, Host::start().await);
    let addresses: Vec<Hint> = chi.hints.iter().map(|hint| Hint { reach: Reach::FrontDoor, ..hint.clone() }).collect();
    bo.run(Effect::LeaveParcel { errand: Errand(1), host: None, addresses, leave: leave(1) }).await;
    chi.answer(Response::Stored(no_door())).await;
    assert_eq!(bo.left().await, (Errand(1), Left::Stored(no_door())));
    chi.is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_away_and_one_that_cannot_be_are_unreachable() {
    let (mut bo, chi) = (Node::bo().await, Host::start().await);
    let somebody_else = Effect::LeaveParcel {
        errand: Errand(1),
        host: Some(Node::start(8, &[]).await.peer()),
        addresses: chi.hints.clone(),
        leave: leave(1),
    };
    bo.run(somebody_else).await;
    assert_eq!(bo.left().await, (Errand(1), Left::Unreachable), "somebody else lives there now");
    for host in [None, Some(bo.peer()), Some(chi.peer)] {
        bo.run(Effect::LeaveParcel { errand: Errand(2), host, addresses: Vec::new(), leave: leave(1) }).await;
        assert_eq!(bo.left().await, (Errand(2), Left::Unreachable));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_parcels_are_on_their_way_at_once() {
    let limits = Limits { errands: 5, errands_per_host: 2, ..Limits::default() };
    let (mut bo, mut chi) = (Node::start_with(2, &[], limits).await, Host::start().await);
    for byte in 0..6 {
        bo.leaves(byte, &chi).await;
    }
    assert_eq!(bo.left().await, (Errand(5), Left::Unreachable), "one too many");
    let (first, second) = (chi.asked().await, chi.asked().await);
    tokio::time::sleep(QUIET).await;
    assert!(chi.is_asked_nothing(), "two at a time");
    for (_, channel) in [first, second] {
        chi.say(channel, Response::Stored(no_door()));
    }
    for _ in 0..3 {
        chi.answer(Response::Stored(no_door())).await;
    }
    for _ in 0..5 {
        assert!(matches!(bo.left().await, (_, Left::Stored(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_mailbox_comes_to_ana_and_is_taken_once_it_is_safe() {
    let (mut ana, mut chi, waiting) = open().await;
    chi.say(waiting, Response::Parcels(vec![held(1), held(2)]));
    assert_eq!([ana.finds().await, ana.finds().await], [1, 2]);
    let waiting = collects(&mut chi, 2).await;
    ana.run(Effect::TakeParcel { host: chi.peer, number: 2 }).await;
    let Request::Take(take) = chi.answer(Response::Done).await else { panic!("expected a Take") };
    assert_eq!(take.numbers, [2]);
    chi.say(waiting, Response::Parcels(vec![held(3)]));
    assert_eq!(ana.finds().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_comes_back_is_told_everything_and_hands_out_again_what_was_not_taken() {
    let (mut ana, mut chi, waiting) = open().await;
    chi.say(waiting, Response::Parcels(vec![held(1)]));
    assert_eq!(ana.finds().await, 1);
    collects(&mut chi, 1).await;
    chi.hang_up();
    assert_eq!(ana.next().await, Event::MailboxLost { host: chi.peer });
    assert_eq!(chi.answer(Response::Done).await, Request::Keep(keep()));
    assert_eq!(ana.next().await, Event::MailboxOpened { host: chi.peer });
    let waiting = collects(&mut chi, 0).await;
    chi.say(waiting, Response::Parcels(vec![held(1)]));
    assert_eq!(ana.finds().await, 1);
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_refuses_is_left_alone_until_ana_says_it_again() {
    let (mut ana, mut chi) = (Node::start(1, &[]).await, Host::start().await);
    ana.opens(&chi).await;
    chi.answer(Response::No).await;
    assert_eq!(ana.next().await, Event::MailboxRefused { host: chi.peer });
    chi.is_left().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(chi.is_asked_nothing());
    ana.opens(&chi).await;
    chi.answer(Response::Done).await;
    assert_eq!(ana.next().await, Event::MailboxOpened { host: chi.peer });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_away_is_missed_once_and_found_when_it_is_told_of_elsewhere() {
    let (mut ana, chi) = (Node::start(1, &[]).await, Host::start().await);
    let nowhere = Effect::OpenMailbox { host: chi.peer, addresses: Vec::new(), keep: keep() };
    ana.run(nowhere.clone()).await;
    assert_eq!(ana.next().await, Event::MailboxLost { host: chi.peer });
    tokio::time::sleep(Duration::from_secs(3)).await;
    ana.stays_quiet().await;
    let mut chi = chi;
    ana.opens(&chi).await;
    chi.answer(Response::Done).await;
    assert_eq!(ana.next().await, Event::MailboxOpened { host: chi.peer });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_given_up_is_closed_and_the_host_is_left() {
    let (mut ana, mut chi, _waiting) = open().await;
    ana.run(Effect::CloseMailbox { host: chi.peer, key: key() }).await;
    assert_eq!(chi.answer(Response::Done).await, Request::Close(Close { key: key() }));
    chi.is_left().await;
    ana.stays_quiet().await;
}
