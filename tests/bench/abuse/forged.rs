//! Strangers who give a node records of days to keep: with signatures that are none, and rightly signed by nobody that anybody knows.

use std::time::Duration;

use futures::StreamExt;
use kith_protocol::limits;
use kith_protocol::presence::{PresenceSecret, Whereabouts};
use kith_protocol::time::Timestamp;
use libp2p::kad::{self, QueryResult, Quorum, Record, store::MemoryStore};
use libp2p::swarm::SwarmEvent;
use libp2p::{PeerId, StreamProtocol, Swarm, noise, tcp, yamux};

use super::floods::Way;
use super::part::{Scene, Work};
use super::place;

/// Records on their way at once.
const AT_ONCE: usize = 64;
/// Records of one stranger, before the next one comes from another address.
const OF_ONE: u64 = 100;

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_secs(since.as_secs())
}

/// One of a person who was invented for it, or what looks like one.
fn record(number: u64) -> Record {
    let said = Whereabouts { grant: Default::default(), counter: number, hints: Vec::new(), hosts: Vec::new() };
    let secret = PresenceSecret::new(kith_protocol::crypto::sha256(&[b"invented", &number.to_be_bytes()]));
    let right = said.sign(&secret, now(), [1; 32]).unwrap();
    let mut bytes = right.as_bytes().to_vec();
    if number.is_multiple_of(2) {
        bytes[limits::PRESENCE_RECORD - 1] ^= 1;
    }
    Record::new(right.key().as_bytes().to_vec(), bytes)
}

/// Puts records at Ana's node as fast as it takes them.
pub async fn forge(scene: Scene, work: Work) {
    for stranger in 0.. {
        let ana = PeerId::from_public_key(
            &libp2p::identity::ed25519::PublicKey::try_from_bytes(&scene.ana.0).unwrap().into(),
        );
        let mut swarm = stranger_with_a_part(stranger).await;
        swarm.behaviour_mut().add_address(&ana, scene.by(Way::Tcp));
        let (mut number, mut under_way) = (0, 0);
        while number < OF_ONE {
            while under_way < AT_ONCE && number < OF_ONE {
                work.one_more().await;
                let to = std::iter::once(ana).collect::<Vec<_>>().into_iter();
                swarm.behaviour_mut().put_record_to(record(u64::from(stranger) * OF_ONE + number), to, Quorum::One);
                (number, under_way) = (number + 1, under_way + 1);
            }
            if let SwarmEvent::Behaviour(kad::Event::OutboundQueryProgressed { result, .. }) =
                swarm.select_next_some().await
            {
                under_way -= 1;
                if matches!(result, QueryResult::PutRecord(Ok(_))) {
                    work.was_answered();
                }
            }
        }
    }
}

async fn stranger_with_a_part(number: u32) -> Swarm<kad::Behaviour<MemoryStore>> {
    let mut swarm = libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|key| {
            let me = key.public().to_peer_id();
            let mut config = kad::Config::new(StreamProtocol::new("/kith/kad/1"));
            config.set_periodic_bootstrap_interval(None).set_query_timeout(Duration::from_secs(5));
            kad::Behaviour::with_config(me, MemoryStore::new(me), config)
        })
        .unwrap()
        .build();
    swarm.listen_on(format!("/ip4/{}/tcp/0", place::source(number).ip()).parse().unwrap()).unwrap();
    while !matches!(swarm.select_next_some().await, SwarmEvent::NewListenAddr { .. }) {}
    swarm
}
