//! The DHT as it is: many swarms, with liars among them, and with twenty who chose where to stand.

mod liar;
mod swarms;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use kith_protocol::day_record::DayRecord;
use kith_protocol::nearby::Day;
use kith_protocol::presence::{PresenceSecret, Whereabouts};
use libp2p::PeerId;
use libp2p::core::Endpoint;
use libp2p::identity::Keypair;
use libp2p::kad::{self, KBucketKey};
use libp2p::swarm::{ConnectionId, NetworkBehaviour};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{ADDRESSES, DIALLED, Dht, Found};
use swarms::{Node, Walked};

/// So many that tables are full and nobody knows everybody; it takes two cores two minutes.
const MANY: usize = 300;
/// For every day.
const SOME: usize = 60;
/// Addresses that a boaster names: as many as a message of the library has room for.
const NAMED: usize = 300;
/// Longer than anything takes that is not a walk of hundreds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at what no event tells.
const LOOK: Duration = Duration::from_millis(10);
/// Walks at once.
const AT_ONCE: usize = 16;

type Rng = rand::rngs::StdRng;

fn keypair(rng: &mut Rng) -> Keypair {
    Keypair::ed25519_from_bytes(rng.random::<[u8; 32]>()).unwrap()
}

/// Everybody knows three who came before, and asks around.
async fn circle(rng: &mut Rng, honest: usize, liars: &[Keypair]) -> Vec<Node> {
    let liars: Vec<Node> = liars.iter().map(Node::start_liar).collect();
    for (at, liar) in liars.iter().enumerate() {
        liars.iter().enumerate().filter(|(other, _)| *other != at).for_each(|(_, other)| liar.meets(other));
    }
    let mut nodes: Vec<Node> = Vec::new();
    while nodes.len() < honest {
        let newcomers: Vec<Node> = (0..AT_ONCE.min(honest - nodes.len())).map(|_| Node::start(&keypair(rng))).collect();
        for newcomer in &newcomers {
            // As likely a liar as anybody else; the first ones know each other.
            let before: Vec<&Node> =
                if nodes.is_empty() { newcomers.iter().collect() } else { nodes.iter().chain(&liars).collect() };
            before.sample(rng, 3).filter(|other| other.peer != newcomer.peer).for_each(|other| newcomer.meets(other));
        }
        futures::future::join_all(newcomers.iter().map(Node::has_joined)).await;
        nodes.extend(newcomers);
    }
    nodes
}

fn person(number: usize) -> PresenceSecret {
    PresenceSecret::new(kith_protocol::crypto::sha256(&[b"person", &number.to_be_bytes()]))
}

fn record(number: usize) -> DayRecord {
    let said = Whereabouts { grant: Default::default(), counter: number as u64, hints: Vec::new(), hosts: Vec::new() };
    said.sign(&person(number), crate::machine::now(), [3; 32]).unwrap()
}

/// Everybody's presence is put there from one node and looked for from two others; with each walk what it took.
async fn everybody_is_sought(rng: &mut Rng, nodes: &[Node], people: usize) -> (Vec<Walked>, Vec<(usize, Walked)>) {
    let records: Vec<DayRecord> = (0..people).map(record).collect();
    let places: Vec<Vec<Node>> = records.iter().map(|_| nodes.sample(rng, 3).cloned().collect()).collect();
    let posts = records.iter().zip(&places).map(|(record, at)| at[0].posts(record.clone()));
    let posted = futures::stream::iter(posts).buffer_unordered(AT_ONCE).collect().await;
    let seeks = records.iter().zip(&places).enumerate().flat_map(|(number, (record, at))| {
        at[1..].iter().map(move |node| async move { (number, node.seeks(record.key()).await) })
    });
    let sought = futures::stream::iter(seeks).buffer_unordered(AT_ONCE).collect().await;
    nobody_was_told_who_put_it_there(nodes).await;
    (posted, sought)
}

/// A record on its way looks like every other one: no peer is named, and the length is that of all.
async fn nobody_was_told_who_put_it_there(nodes: &[Node]) {
    let saw = futures::future::join_all(nodes.iter().map(Node::saw)).await;
    assert!(saw.iter().any(|saw| saw.given > 0), "records were given to others");
    assert_eq!(saw.iter().map(|saw| saw.telling).sum::<usize>(), 0, "records that say more than they should");
}

/// How many found what the person said, of a thousand; nobody may find anything else.
fn found_of_thousand(sought: &[(usize, Walked)]) -> usize {
    let found = sought.iter().filter(|(number, walked)| match &walked.found {
        Found::Record(found) => {
            let said =
                Whereabouts::read(found, &person(*number).seed()).expect("what is found is the person's own word");
            assert_eq!(said.counter, *number as u64);
            true
        }
        Found::Nothing => false,
        Found::Posted { .. } => panic!("nobody posted"),
    });
    found.count() * 1_000 / sought.len()
}

fn mean(numbers: impl Iterator<Item = usize>) -> f64 {
    let all: Vec<usize> = numbers.collect();
    all.iter().sum::<usize>() as f64 / all.len().max(1) as f64
}

fn tell(what: &str, posted: &[Walked], sought: &[(usize, Walked)]) -> usize {
    let keepers = |walked: &Walked| match walked.found {
        Found::Posted { takers, is_kept } => takers + usize::from(is_kept),
        _ => 0,
    };
    let found = found_of_thousand(sought);
    let alone = posted.iter().filter(|walked| keepers(walked) <= 10).count();
    assert!(alone * 50 <= posted.len(), "{alone} of {} records lie with few", posted.len());
    println!(
        "{what}: {found} of 1000 found in {} lookups, {:.1} requests each; each put at {:.1} nodes",
        sought.len(),
        mean(sought.iter().map(|(_, walked)| walked.requests as usize)),
        mean(posted.iter().map(keepers)),
    );
    found
}

/// How full tables are: entries of each bucket against those that fit into it, or that there are.
async fn fill(nodes: &[Node], everybody: &[PeerId]) -> BTreeMap<u32, (usize, usize)> {
    let mut buckets: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for node in nodes {
        let me = KBucketKey::from(node.peer);
        let bucket = |peer: &PeerId| me.distance(&KBucketKey::from(*peer)).ilog2();
        let table: BTreeSet<PeerId> = node.table().await.into_iter().collect();
        let mut there: BTreeMap<u32, usize> = BTreeMap::new();
        everybody.iter().filter_map(bucket).for_each(|number| *there.entry(number).or_default() += 1);
        for (number, count) in there {
            let entries = table.iter().filter(|peer| bucket(peer) == Some(number)).count();
            let sum = buckets.entry(number).or_default();
            (sum.0, sum.1) = (sum.0 + entries, sum.1 + count.min(20));
        }
    }
    buckets
}

#[tokio::test]
async fn a_node_that_knows_nobody_has_its_record_alone() {
    let node = Node::start(&keypair(&mut Rng::seed_from_u64(4)));
    assert_eq!(node.posts(record(0)).await.found, Found::Posted { takers: 0, is_kept: true });
}

#[tokio::test]
async fn a_walk_ends_though_whoever_is_asked_says_nothing_and_nothing_else_happens() {
    let node = Node::start(&keypair(&mut Rng::seed_from_u64(5)));
    let (deaf, _listener) = Node::deaf().await;
    node.meets(&deaf);
    let found = tokio::time::timeout(PATIENCE, node.seeks(record(0).key())).await.expect("an end");
    assert_eq!(found.found, Found::Nothing);
}

async fn nobody_is_hidden_by_a_tenth_that_lies(count: usize) {
    let mut rng = Rng::seed_from_u64(2);
    let liars: Vec<Keypair> = (0..count / 10).map(|_| keypair(&mut rng)).collect();
    let nodes = circle(&mut rng, count - liars.len(), &liars).await;
    let (posted, sought) = everybody_is_sought(&mut rng, &nodes, count).await;
    assert!(tell("a tenth lies", &posted, &sought) >= 990);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_that_lies_and_keeps_nothing_hides_nobody() {
    nobody_is_hidden_by_a_tenth_that_lies(SOME).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: tests/long"]
async fn a_tenth_of_three_hundred_that_lies_and_keeps_nothing_hides_nobody() {
    nobody_is_hidden_by_a_tenth_that_lies(MANY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: tests/long"]
async fn three_hundred_nodes_find_everybody() {
    let mut rng = Rng::seed_from_u64(1);
    let nodes = circle(&mut rng, MANY, &[]).await;
    let everybody: Vec<PeerId> = nodes.iter().map(|node| node.peer).collect();
    let buckets = fill(&nodes, &everybody).await;
    let (entries, room) = buckets.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("tables hold {entries} of {room} entries: {buckets:?}");
    assert!(entries * 100 >= room * 98, "the model takes tables for full");
    let (posted, sought) = everybody_is_sought(&mut rng, &nodes, MANY).await;
    assert!(tell("all honest", &posted, &sought) >= 990);
    let requests = mean(sought.iter().map(|(_, walked)| walked.requests as usize));
    assert!((8.0..14.0).contains(&requests), "the model says 10.6 requests, these took {requests:.1}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: tests/long"]
async fn twenty_who_stand_around_one_key_can_hide_what_lies_there_and_forge_nothing() {
    let mut rng = Rng::seed_from_u64(3);
    let victim = person(0).seed().key_of(Day::of(crate::machine::now())).unwrap();
    let target = KBucketKey::new(victim.as_bytes().to_vec());
    // Nearer than all but one of thirty thousand: nearer than anybody among three hundred.
    let is_near = |pair: &Keypair| {
        KBucketKey::from(pair.public().to_peer_id()).distance(&target).ilog2().is_some_and(|bits| bits < 241)
    };
    let liars: Vec<Keypair> = std::iter::repeat_with(|| keypair(&mut rng)).filter(is_near).take(20).collect();
    let nodes = circle(&mut rng, MANY, &liars).await;
    let (posted, sought) = everybody_is_sought(&mut rng, &nodes, 100).await;
    let (one, others): (Vec<_>, Vec<_>) = sought.into_iter().partition(|(number, _)| *number == 0);
    assert!(tell("others, while twenty stand around one", &posted, &others) >= 990);
    // It may be found or not; the walks ended, and nothing false was taken for true.
    println!("the one they stand around: {} of 1000 found", found_of_thousand(&one));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_names_hundreds_of_addresses_is_known_and_dialled_at_a_few() {
    let mut rng = Rng::seed_from_u64(4);
    let (ana, boaster) = (Node::start(&keypair(&mut rng)), Node::start_boaster(&keypair(&mut rng), NAMED));
    let peer = boaster.peer;
    ana.meets(&boaster);
    let is_known = async {
        // No event says that the surplus is gone.
        while ana.saw().await.named < NAMED || ana.places_of(peer).await > ADDRESSES {
            tokio::time::sleep(LOOK).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, is_known).await.is_ok();
    assert!(in_time, "{:?}, and {} places of the boaster are kept", ana.saw().await, ana.places_of(peer).await);
    assert!(ana.places_of(peer).await > 0, "the boaster keeps a part");
    let known = ana.saw().await.known;
    assert!(known <= 2 * ADDRESSES, "the surplus was {known} addresses before it went");

    drop(boaster);
    let is_dialled = async {
        // The first walk may begin before the connection is seen to be gone.
        while ana.saw().await.tried == 0 {
            ana.seeks(record(0).key()).await;
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_dialled).await.expect("a walk dials who is in the table");
    let tried = ana.saw().await.tried;
    assert!(tried <= ADDRESSES, "{tried} addresses of one peer were dialled");
}

#[tokio::test]
async fn of_twenty_who_chose_ids_that_stand_together_five_are_known_and_others_who_stand_beside_them() {
    let me = PeerId::random();
    let mut dht = Dht::new(me, |_| true, crate::machine::now);
    dht.serve(true);
    let distance = |one: &PeerId, other: &PeerId| KBucketKey::from(*one).distance(&KBucketKey::from(*other)).ilog2();
    let half = || std::iter::repeat_with(PeerId::random).filter(|peer| distance(&me, peer) == Some(255));
    let first = half().next().unwrap();
    // Sixteenths of that half: the one of the first, and the one beside it.
    let together: Vec<PeerId> = half().filter(|peer| distance(&first, peer) < Some(251)).take(20).collect();
    let beside: Vec<PeerId> = half().filter(|peer| distance(&first, peer) == Some(251)).take(5).collect();
    let known = |dht: &mut Dht| dht.kad.kbuckets().map(|bucket| bucket.num_entries()).sum::<usize>();
    let mut meet = |peers: &[PeerId]| {
        peers.iter().for_each(|peer| dht.meet(*peer, ["/memory/1".parse().unwrap()]));
        known(&mut dht)
    };
    assert_eq!(meet(&together), 5);
    assert_eq!(meet(&together), 5, "who is known is not turned away, and nobody else gets in");
    assert_eq!(meet(&beside), 10);
}

#[tokio::test]
async fn of_the_places_that_walks_name_for_one_peer_some_are_dialled_and_by_walks_alone() {
    let (peer, dial) = (PeerId::random(), ConnectionId::new_unchecked(1));
    let mut dht = Dht::new(PeerId::random(), |_| true, crate::machine::now);
    let addrs = (0..500).map(|number| format!("/memory/{}", number + 1).parse().unwrap()).collect();
    let walk = dht.kad.get_closest_peers(peer);
    dht.places.insert(walk, vec![kad::PeerInfo { peer_id: peer, addrs }]);
    let dialled = |dht: &mut Dht| {
        dht.handle_pending_outbound_connection(dial, Some(peer), &[], Endpoint::Dialer)
            .expect("it may be dialled")
            .len()
    };
    assert_eq!(dialled(&mut dht), 0, "somebody else wants to dial");
    dht.asked.insert(dial);
    assert_eq!(dialled(&mut dht), DIALLED);
}
