//! Ana is reached through a relay alone.

use futures::StreamExt;
use kith_protocol::address::{Hint, Reach};
use kith_protocol::engine::Effect;
use kith_protocol::id::PeerId;
use kith_protocol::limits::LETTER;
use libp2p::identity::Keypair;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, noise, relay, tcp, yamux};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use super::support::{Node, TCP};
use crate::network::budget::Budget;
use crate::network::relaying::{self, Admitted};
use crate::network::{Event, Limits, hint, peer};

#[derive(NetworkBehaviour)]
struct Relaying {
    relay: relay::Behaviour,
}

/// A relay as ours are, though on loopback; it admits whom it is told.
async fn bo(admits: &[&Node]) -> (PeerId, Hint) {
    bo_with(admits, &Budget::new(u64::MAX)).await
}

async fn bo_with(admits: &[&Node], budget: &Budget) -> (PeerId, Hint) {
    let admits: Vec<_> = admits.iter().map(|node| peer::to_libp2p(&node.peer()).unwrap()).collect();
    let (me, address, _) = relay_for(&admits, budget).await;
    (peer::from_libp2p(&me).unwrap(), hint(&address).unwrap())
}

/// The same for peers of any kind, with its address, and what it says of its work.
pub async fn relay_for(
    admits: &[libp2p::PeerId],
    budget: &Budget,
) -> (libp2p::PeerId, Multiaddr, UnboundedReceiver<relay::Event>) {
    let (key, admitted) = (Keypair::generate_ed25519(), Admitted::default());
    for peer in admits {
        admitted.insert(*peer, admits.len());
    }
    let me = key.public().to_peer_id();
    let mut relay = relaying::behaviour(me, &Limits::default(), admitted, budget);
    relay.set_status(Some(relay::Status::Enable));
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Relaying { relay })
        .unwrap()
        .build();
    swarm.listen_on(TCP.parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    swarm.add_external_address(address.clone());
    let (says, said) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            if let SwarmEvent::Behaviour(RelayingEvent::Relay(event)) = swarm.select_next_some().await {
                // Not everybody listens.
                let _ = says.send(event);
            }
        }
    });
    (me, address, said)
}

/// Waits until Ana is reached through a relay, and returns where.
async fn reached(ana: &mut Node) -> Vec<Hint> {
    loop {
        match ana.next().await {
            Event::Listening { hints, .. } => {
                let relayed: Vec<_> = hints.into_iter().filter(|hint| !hint.fits_in_code()).collect();
                if !relayed.is_empty() {
                    return relayed;
                }
            }
            other => panic!("expected an address, got {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_every_size_pass_and_what_does_not_fit_waits_for_the_next_circuit() {
    let mut ana = Node::ana().await;
    let (relay, direct) = bo(&[&ana]).await;
    ana.run(Effect::Admit { peer: relay, direct: vec![direct] }).await;
    let at = reached(&mut ana).await;
    assert_eq!(at[0].reach, Reach::Relayed(relay));
    let mut chi = Node::start(3, &[]).await;
    for letter in [1, 2, 3] {
        chi.call(1, Some(ana.peer()), &at).await;
        let Event::SessionOpened { session, via, .. } = chi.next().await else { panic!("a session") };
        assert_eq!(via, Some(relay));
        let Event::SessionOpened { via, .. } = ana.next().await else { panic!("a session") };
        assert_eq!(via, Some(relay), "Ana knows it, too");
        chi.send_sized(session, letter, LETTER).await;
        assert_eq!(ana.handle().await.len(), LETTER);
        assert!(chi.answered().await.1.is_some());
        chi.send_sized(session, letter, LETTER).await;
        assert_eq!(chi.answered().await.1, None, "a second one would break off in the middle");
        for node in [&mut chi, &mut ana] {
            assert_eq!(node.next().await, Event::SessionClosed { session });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_passed_on_enough_today_passes_nothing_more_on() {
    let budget = Budget::new(1024 * 1024);
    let (mut ana, mut eva) = (Node::ana().await, Node::start(5, &[]).await);
    let (relay, direct) = bo_with(&[&ana, &eva], &budget).await;
    ana.run(Effect::Admit { peer: relay, direct: vec![direct.clone()] }).await;
    let at = reached(&mut ana).await;
    budget.spend(1024 * 1024, Instant::now());
    let mut chi = Node::start(3, &[]).await;
    chi.call(1, Some(ana.peer()), &at).await;
    assert!(matches!(chi.next().await, Event::CallFailed { .. }));
    eva.run(Effect::Admit { peer: relay, direct: vec![direct] }).await;
    eva.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_passes_nothing_on_for_strangers() {
    let (mut ana, chi) = (Node::ana().await, Node::start(3, &[]).await);
    let (relay, direct) = bo(&[&chi]).await;
    ana.run(Effect::Admit { peer: relay, direct: vec![direct] }).await;
    ana.stays_quiet().await;
}
