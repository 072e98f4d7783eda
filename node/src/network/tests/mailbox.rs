//! Ana is off. Bo leaves parcels for her at Chi's node, and she collects them. Mallory leaves what he can.

use std::time::Duration;

use kith_protocol::engine::{Effect, Errand, Left};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::PersonId;
use kith_protocol::limits::LETTER;
use kith_protocol::mailbox::{Keep, Leave, MailboxKey, Request, Response, SealedDoor, Slot};
use kith_protocol::wire::Bytes;
use tempfile::TempDir;

use super::raw::{Raw, framed};
use super::support::{Node, PATIENCE, QUIC, TCP};
use crate::machine::now;
use crate::mailbox::{self, Holder};
use crate::network::{Event, Limits, frame};

const BO: PersonId = PersonId([2; 10]);
const EVA: PersonId = PersonId([5; 10]);

fn key() -> MailboxKey {
    MailboxKey::new([7; 32])
}

fn keep() -> Keep {
    Keep { key: key(), slots: Vec::new(), void: Vec::new() }
}

fn letter(from: PersonId, what: u8, size: usize) -> Leave {
    let label = key().label(from);
    let parcel = Bytes::new(vec![what; size]).unwrap();
    Leave { mailbox: Some(key().id()), label, token: key().token(&label), parcel, replaces: false }
}

fn stored() -> Left {
    Left::Stored(Bytes::new(Vec::new()).unwrap())
}

/// Chi's node, and the folder that outlives it.
struct Chi {
    folder: TempDir,
    holder: Holder,
    node: Node,
}

impl Chi {
    async fn start() -> Self {
        Self::start_with(Limits { settling: Duration::ZERO, ..Limits::default() }).await
    }

    async fn start_with(limits: Limits) -> Self {
        Self::start_at(&[TCP, QUIC], limits).await
    }

    async fn start_at(listen: &[&str], limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let holder = Holder::start(folder.path(), mailbox::BYTES).unwrap();
        let node = Node::start_holding(3, listen, limits, Some(holder.clone())).await;
        Self { folder, holder, node }
    }

    async fn admits(&self, whom: &Node) {
        self.node.run(Effect::Admit { peer: whom.peer(), direct: Vec::new() }).await;
        self.node.network.strangers().await;
    }

    /// Waits until so many bytes lie here.
    async fn holds(&self, bytes: u64) {
        let held = async {
            while self.holder.held().bytes != bytes {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, held).await.expect("as many as that");
    }

    /// On the same port.
    async fn restarts(self) -> Self {
        let (folder, port) = (self.folder, self.node.multiaddrs.clone());
        self.node.network.shutdown().await;
        tokio::task::spawn_blocking(|| self.holder.stop()).await.unwrap();
        let holder = Holder::start(folder.path(), mailbox::BYTES).unwrap();
        let ports: Vec<&str> = port.iter().map(String::as_str).collect();
        let node = Node::start_holding(3, &ports, Limits::default(), Some(holder.clone())).await;
        Self { folder, holder, node }
    }
}

impl Node {
    async fn keeps(&mut self, chi: &Chi) {
        self.keeps_with(chi, keep()).await;
    }

    async fn keeps_with(&mut self, chi: &Chi, keep: Keep) {
        let (host, addresses) = (chi.node.peer(), chi.node.hints.clone());
        self.run(Effect::OpenMailbox { host, addresses, keep }).await;
        assert_eq!(self.next().await, Event::MailboxOpened { host });
    }

    async fn leaves_at(&mut self, chi: &Chi, leave: Leave) -> Left {
        let (host, addresses) = (Some(chi.node.peer()), chi.node.hints.clone());
        self.run(Effect::LeaveParcel { errand: Errand(1), host, addresses, leave }).await;
        self.left().await.1
    }

    async fn takes(&self, chi: &Chi, number: u64) {
        self.run(Effect::TakeParcel { host: chi.node.peer(), number }).await;
    }
}

/// Ana kept a mailbox at Chi's once, and is off now.
async fn ana_was_here(chi: &Chi) {
    let mut ana = Node::start(1, &[]).await;
    chi.admits(&ana).await;
    ana.keeps(chi).await;
    ana.network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bo_leaves_a_letter_while_ana_is_off_and_she_finds_it_though_chi_started_again() {
    let chi = Chi::start().await;
    ana_was_here(&chi).await;
    let mut bo = Node::bo().await;
    assert_eq!(bo.leaves_at(&chi, letter(BO, 1, LETTER)).await, stored());
    let chi = chi.restarts().await;
    assert_eq!(bo.leaves_at(&chi, letter(BO, 2, 64)).await, stored());
    let mut ana = Node::start(1, &[]).await;
    chi.admits(&ana).await;
    ana.keeps(&chi).await;
    for (what, size) in [(1, LETTER), (2, 64)] {
        let Event::ParcelArrived { host, number, label, parcel } = ana.next().await else { panic!("a parcel") };
        assert_eq!((host, label, parcel), (chi.node.peer(), key().label(BO), vec![what; size]));
        ana.takes(&chi, number).await;
    }
    // She is on the line now, and need not ask.
    assert_eq!(bo.leaves_at(&chi, letter(BO, 3, 512)).await, stored());
    ana.finds().await;
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ana_did_not_take_comes_again_once_and_what_she_took_does_not() {
    let chi = Chi::start().await;
    ana_was_here(&chi).await;
    let mut bo = Node::bo().await;
    for what in 1..=2 {
        assert_eq!(bo.leaves_at(&chi, letter(BO, what, 512)).await, stored());
    }
    let mut ana = Node::start(1, &[]).await;
    ana.keeps(&chi).await;
    let (first, second) = (ana.finds().await, ana.finds().await);
    ana.takes(&chi, first).await;
    chi.holds(512).await;
    let chi = chi.restarts().await;
    chi.admits(&ana).await;
    assert_eq!(ana.next().await, Event::MailboxLost { host: chi.node.peer() });
    assert_eq!(ana.next().await, Event::MailboxOpened { host: chi.node.peer() });
    assert_eq!(ana.finds().await, second);
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_the_code_leaves_a_claim_and_learns_where_ana_is() {
    let (chi, code) = (Chi::start().await, SharedSecret::new([9; 32]));
    let mut ana = Node::start(1, &[]).await;
    chi.admits(&ana).await;
    let door: SealedDoor = Bytes::new(vec![4; 120]).unwrap();
    let (label, token, until) = (code.mailbox_label(), code.mailbox_token(), now().plus(60));
    let slot = Slot { label, token, until, most: 4, door: door.clone() };
    ana.keeps_with(&chi, Keep { slots: vec![slot], ..keep() }).await;
    let mut eva = Node::start(5, &[]).await;
    let parcel = Bytes::new(vec![6; 4_096]).unwrap();
    let leave = Leave { mailbox: None, label, token, parcel, replaces: false };
    let addresses = chi.node.hints.clone();
    eva.run(Effect::LeaveParcel { errand: Errand(7), host: None, addresses, leave }).await;
    assert_eq!(eva.left().await, (Errand(7), Left::Stored(door)));
    ana.finds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chi_leaves_something_in_the_mailbox_that_she_holds_herself() {
    let mut chi = Chi::start().await;
    ana_was_here(&chi).await;
    let (host, leave) = (Some(chi.node.peer()), letter(EVA, 1, 512));
    chi.node.run(Effect::LeaveParcel { errand: Errand(1), host, addresses: Vec::new(), leave }).await;
    assert_eq!(chi.node.left().await, (Errand(1), stored()));
    let mut ana = Node::start(1, &[]).await;
    ana.keeps(&chi).await;
    ana.finds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_admitted_keeps_nothing_and_who_is_dismissed_no_longer() {
    let chi = Chi::start().await;
    let (mut ana, mut mallory, mut bo) = (Node::start(1, &[]).await, Node::start(6, &[]).await, Node::bo().await);
    let (host, addresses) = (chi.node.peer(), chi.node.hints.clone());
    mallory.run(Effect::OpenMailbox { host, addresses, keep: keep() }).await;
    assert_eq!(mallory.next().await, Event::MailboxRefused { host });
    chi.admits(&ana).await;
    ana.keeps(&chi).await;
    assert_eq!(bo.leaves_at(&chi, letter(BO, 1, 512)).await, stored());
    ana.finds().await;
    chi.node.run(Effect::Dismiss { peer: ana.peer(), successor: None }).await;
    assert_eq!(ana.next().await, Event::MailboxLost { host });
    assert_eq!(ana.next().await, Event::MailboxRefused { host });
    assert_eq!(bo.leaves_at(&chi, letter(BO, 2, 512)).await, Left::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn mallory_without_a_pass_or_with_another_ones_leaves_nothing() {
    let chi = Chi::start().await;
    ana_was_here(&chi).await;
    let mut mallory = Node::start(6, &[]).await;
    let with_bos_token = Leave { label: key().label(EVA), ..letter(BO, 1, 512) };
    let elsewhere = Leave { mailbox: Some(MailboxKey::new([8; 32]).id()), ..letter(BO, 1, 512) };
    for leave in [with_bos_token, elsewhere, Leave { token: [0; 16], ..letter(BO, 1, 512) }] {
        assert_eq!(mallory.leaves_at(&chi, leave).await, Left::Refused);
    }
    let mut ana = Node::start(1, &[]).await;
    ana.keeps(&chi).await;
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mallory_says_what_is_no_request_and_is_not_kept() {
    let limits = Limits { stranger: Duration::from_secs(2), settling: Duration::ZERO, ..Limits::default() };
    let chi = Chi::start_with(limits).await;
    ana_was_here(&chi).await;
    let good = Request::Leave(letter(BO, 1, 512)).to_bytes();
    let mut of_an_odd_size = good.clone();
    of_an_odd_size.pop();
    for said in [framed(&of_an_odd_size), framed(&[9; 200]), vec![255, 255, 1], vec![0, 0]] {
        let mut mallory = Raw::new();
        let to = mallory.connect(&chi.node.multiaddrs[0]).await;
        let heard = mallory.mailbox(&to, said, false).await;
        assert!(heard.as_ref().map_or(true, Vec::is_empty), "{heard:?}");
        if mallory.swarm.is_connected(&to) {
            mallory.closed().await;
        }
    }
    let mut honest = Raw::new();
    let to = honest.connect(&chi.node.multiaddrs[0]).await;
    let heard = honest.mailbox(&to, framed(&good), false).await.unwrap();
    assert!(matches!(Response::from_bytes(&heard[frame::HEADER..]), Ok(Response::Stored(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_at_its_bound_and_others_go_on() {
    let limits = Limits { deposits_of_peer: 8, deposits_of_source: 12, ..Limits::default() };
    let chi = Chi::start_with(limits).await;
    ana_was_here(&chi).await;
    let (mut mallory, mut bo) = (Node::start(6, &[]).await, Node::bo().await);
    let mut outcomes = Vec::new();
    for what in 0..10 {
        outcomes.push(mallory.leaves_at(&chi, letter(EVA, what, 512)).await);
    }
    assert_eq!(outcomes.iter().filter(|left| **left == stored()).count(), 8);
    assert_eq!(outcomes[9], Left::Full);
    assert_eq!(bo.leaves_at(&chi, letter(BO, 1, 512)).await, stored());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_passed_on_enough_today_takes_nothing_more_in() {
    let chi = Chi::start_with(Limits { passed_on: 1_100, ..Limits::default() }).await;
    ana_was_here(&chi).await;
    let mut bo = Node::bo().await;
    let wrong = Leave { token: [0; 16], ..letter(BO, 9, 512) };
    for (leave, left) in [
        (wrong, Left::Refused),
        (letter(BO, 1, 512), stored()),
        (letter(BO, 2, 512), stored()),
        (letter(BO, 3, 512), Left::Full),
    ] {
        assert_eq!(bo.leaves_at(&chi, leave).await, left);
    }
    assert_eq!(chi.node.network.budget().passed_on().bytes, 1_024, "what is refused costs others nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_depositor_is_a_stranger_and_an_owner_may_stay() {
    let limits = Limits { stranger: Duration::from_secs(2), ..Limits::default() };
    let chi = Chi::start_with(limits).await;
    let mut ana = Node::start(1, &[]).await;
    chi.admits(&ana).await;
    ana.keeps(&chi).await;
    let mut idle = Raw::new();
    let to = idle.connect(&chi.node.multiaddrs[0]).await;
    let heard = idle.mailbox(&to, framed(&Request::Leave(letter(BO, 1, 512)).to_bytes()), false).await;
    assert!(heard.is_ok());
    // Ana came before: if she were a stranger her time would be over, too.
    idle.closed().await;
    ana.finds().await;
    assert_eq!(chi.node.network.strangers().await, 0);
    ana.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_collect_from_one_mailbox_the_newer_waits() {
    let chi = Chi::start().await;
    let (mut old, mut new) = (Node::start(1, &[]).await, Node::start(11, &[]).await);
    for ana in [&mut old, &mut new] {
        chi.admits(ana).await;
        ana.keeps(&chi).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut bo = Node::bo().await;
    assert_eq!(bo.leaves_at(&chi, letter(BO, 1, 512)).await, stored());
    let found = async {
        tokio::select! { one = new.finds() => one, other = old.finds() => other }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_after_another_arrives_though_each_has_a_connection_of_its_own() {
    for transport in [TCP, QUIC] {
        let chi = Chi::start_at(&[transport], Limits::default()).await;
        ana_was_here(&chi).await;
        let mut bo = Node::bo().await;
        for what in 0..60 {
            assert_eq!(bo.leaves_at(&chi, letter(BO, what, 512)).await, stored(), "letter {what} over {transport}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chi_who_started_just_now_does_not_turn_ana_away_before_she_knows_her() {
    let chi = Chi::start_with(Limits::default()).await;
    let mut ana = Node::start(1, &[]).await;
    let (host, addresses) = (chi.node.peer(), chi.node.hints.clone());
    ana.run(Effect::OpenMailbox { host, addresses, keep: keep() }).await;
    assert_eq!(ana.next().await, Event::MailboxLost { host });
    chi.admits(&ana).await;
    assert_eq!(ana.next().await, Event::MailboxOpened { host });
}
