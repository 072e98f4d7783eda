//! Records of a day, put and sought through contacts' nodes.

use kith_protocol::address::{Hint, Reach};
use kith_protocol::day_record::{DayKey, DayRecord};
use kith_protocol::engine::Effect;
use kith_protocol::id::PeerId;
use kith_protocol::mailbox::{Request, Response};
use kith_protocol::presence::{PresenceSecret, Whereabouts};

use super::host::Host;
use super::support::{Node, TCP};
use crate::network::Event;

/// Where Ana is, by her own word.
fn record_of(secret: u8, counter: u64) -> DayRecord {
    let said = Whereabouts { grant: Default::default(), counter, hints: Vec::new(), hosts: Vec::new() };
    said.sign(&PresenceSecret::new([secret; 32]), crate::machine::now(), [4; 32]).unwrap()
}

impl Node {
    /// This node is one of a contact, and others reach it.
    async fn may_ask(&self, peer: PeerId, hints: &[Hint]) {
        let direct = hints.iter().map(|hint| Hint { reach: Reach::Direct, ..hint.clone() }).collect();
        self.run(Effect::Admit { peer, direct }).await;
    }

    /// This node is one of a contact, and others do not reach it.
    async fn may_be_asked_by(&self, peer: PeerId) {
        self.run(Effect::Admit { peer, direct: Vec::new() }).await;
    }

    async fn posts(&self, record: &DayRecord) {
        self.run(Effect::Post { record: Box::new(record.clone()) }).await;
    }

    async fn seeks(&mut self, key: DayKey) -> Option<DayRecord> {
        self.looks(key, None).await.0
    }

    /// With whether anybody could be asked.
    async fn looks(&mut self, key: DayKey, not_by: Option<PeerId>) -> (Option<DayRecord>, bool) {
        self.run(Effect::Seek { key, not_by }).await;
        loop {
            match self.next().await {
                Event::Sought { key: sought, found, is_sure } => {
                    assert_eq!(sought, key);
                    return (found.map(|record| *record), is_sure);
                }
                Event::Listening { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether somebody took it.
    async fn is_posted(&mut self) -> bool {
        loop {
            match self.next().await {
                Event::Posted { is_taken, .. } => return is_taken,
                Event::Listening { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bo_finds_ana_by_the_node_of_a_contact_of_both_and_mallory_by_none() {
    let (mut ana, mut bo, chi) = (Node::start(1, &[]).await, Node::bo().await, Node::start(3, &[TCP]).await);
    let mut mallory = Node::start(4, &[]).await;
    for friend in [&ana, &bo] {
        chi.may_be_asked_by(friend.peer()).await;
    }
    for one in [&ana, &bo, &mallory] {
        one.may_ask(chi.peer(), &chi.hints).await;
    }
    let record = record_of(1, 1);
    ana.posts(&record).await;
    assert!(ana.is_posted().await);
    assert_eq!(bo.seeks(record.key()).await, Some(record.clone()));
    assert_eq!(bo.seeks(record_of(9, 1).key()).await, None, "nobody has put this there");
    assert_eq!(mallory.seeks(record.key()).await, None, "Chi's node does nothing for strangers");
    mallory.posts(&record_of(4, 1)).await;
    assert!(!mallory.is_posted().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lies_is_not_the_only_one_that_is_asked() {
    let (mut ana, mut bo, chi) = (Node::start(1, &[]).await, Node::bo().await, Node::start(3, &[TCP]).await);
    let mut liar = Host::start().await;
    let (record, other) = (record_of(1, 1), record_of(4, 1));
    for friend in [&ana, &bo] {
        chi.may_be_asked_by(friend.peer()).await;
        friend.may_ask(chi.peer(), &chi.hints).await;
        friend.may_ask(liar.peer, &liar.hints).await;
    }
    // It says that it put the record there, and did not; and who looks is shown another.
    let shown = other.clone();
    tokio::spawn(async move {
        loop {
            let (request, channel) = liar.asked().await;
            let response = match request {
                Request::Post(_) => Response::Done,
                _ => Response::Found(Box::new(shown.clone())),
            };
            liar.say(channel, response);
        }
    });
    ana.posts(&record).await;
    assert!(ana.is_posted().await);
    assert_eq!(bo.seeks(record.key()).await, Some(record.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_be_a_thief_is_not_asked_and_then_nobody_has_looked() {
    let (mut ana, mut bo, chi) = (Node::start(1, &[]).await, Node::bo().await, Node::start(3, &[TCP]).await);
    for friend in [&ana, &bo] {
        chi.may_be_asked_by(friend.peer()).await;
        friend.may_ask(chi.peer(), &chi.hints).await;
    }
    let record = record_of(1, 1);
    ana.posts(&record).await;
    assert!(ana.is_posted().await);
    assert_eq!(bo.looks(record.key(), Some(chi.peer())).await, (None, false));
    assert_eq!(bo.looks(record_of(9, 1).key(), None).await, (None, true), "Chi's node looked in vain");
    assert_eq!(bo.looks(record.key(), None).await, (Some(record), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_to_ask_it_is_said_at_once() {
    let mut ana = Node::start(1, &[]).await;
    ana.posts(&record_of(1, 1)).await;
    assert!(!ana.is_posted().await);
    assert_eq!(ana.seeks(record_of(2, 1).key()).await, None);
    // One whose node is gone is nobody, too.
    let chi = Node::start(3, &[TCP]).await;
    ana.may_ask(chi.peer(), &chi.hints).await;
    chi.network.shutdown().await;
    ana.posts(&record_of(1, 2)).await;
    assert!(!ana.is_posted().await);
}
