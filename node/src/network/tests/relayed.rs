//! Ana is reached through a relay alone.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use kith_protocol::address::{Hint, Reach, Transports};
use kith_protocol::engine::Effect;
use kith_protocol::id::{Locator, PeerId};
use kith_protocol::limits::LETTER;
use libp2p::identity::Keypair;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, noise, relay, tcp, yamux};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use super::support::{Node, PATIENCE, TCP, secret};
use crate::network::budget::Budget;
use crate::network::relaying::{self, Admitted};
use crate::network::{CallFailure, Event, Limits, hint, peer};

#[derive(NetworkBehaviour)]
struct Relaying {
    relay: relay::Behaviour,
}

/// A relay as ours are, though on loopback; it admits whom it is told.
async fn bo(admits: &[&Node]) -> (PeerId, Hint) {
    bo_with(admits, &Budget::new(u64::MAX)).await
}

async fn bo_with(admits: &[&Node], budget: &Budget) -> (PeerId, Hint) {
    let (me, direct, _) = bo_who_says(admits, budget).await;
    (me, direct)
}

/// The same, and what it says of its work.
async fn bo_who_says(admits: &[&Node], budget: &Budget) -> (PeerId, Hint, UnboundedReceiver<relay::Event>) {
    let admits: Vec<_> = admits.iter().map(|node| peer::to_libp2p(&node.peer()).unwrap()).collect();
    let (me, address, said) = relay_for(&admits, budget).await;
    (peer::from_libp2p(&me).unwrap(), hint(&address).unwrap(), said)
}

/// Waits until a relay has refused a reservation.
async fn refused_a_place(said: &mut UnboundedReceiver<relay::Event>) {
    let refused =
        async { while !matches!(said.recv().await.expect("a relay"), relay::Event::ReservationReqDenied { .. }) {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("a refusal");
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

/// Ana, with a door for `secret(1)`, and Eva, with one for `secret(2)`, are behind the same relay; where they are reached.
async fn two_behind_one_relay() -> ([Node; 2], [Vec<Hint>; 2], Hint) {
    let mut two = [Node::ana().await, Node::start(5, &[TCP]).await.with_door(2).await];
    let (relay, direct) = bo(&[&two[0], &two[1]]).await;
    let mut at = [Vec::new(), Vec::new()];
    for (node, at) in two.iter_mut().zip(&mut at) {
        node.run(Effect::Admit { peer: relay, direct: vec![direct.clone()] }).await;
        *at = reached(node).await;
    }
    (two, at, direct)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_behind_one_relay_are_called_at_once_by_who_is_not_connected_to_it() {
    let ([ana, eva], [at_ana, at_eva], _) = two_behind_one_relay().await;
    let mut chi = Node::start(3, &[]).await;
    chi.call(1, Some(ana.peer()), &at_ana).await;
    chi.call(2, Some(eva.peer()), &at_eva).await;
    let mut answered = BTreeSet::new();
    for _ in 0..2 {
        match chi.next().await {
            Event::SessionOpened { peer, via: Some(_), .. } => answered.insert(peer),
            other => panic!("expected a session through the relay, got {other:?}"),
        };
    }
    assert_eq!(answered, BTreeSet::from([ana.peer(), eva.peer()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_leads_nowhere_the_relay_is_dialled_by_tcp_meanwhile() {
    let ([ana, _eva], [at_ana, _], direct) = two_behind_one_relay().await;
    // Whoever sends to this port hears nothing, as behind a firewall.
    let _blocked = std::net::UdpSocket::bind(("127.0.0.1", direct.port)).unwrap();
    let by_both = at_ana.into_iter().map(|hint| Hint { transports: Transports::Both, ..hint }).collect::<Vec<_>>();
    // Longer than anybody waits here.
    let limits = Limits { handshake: Duration::from_secs(60), ..Limits::default() };
    let mut chi = Node::start_with(3, &[], limits).await;
    chi.call(1, Some(ana.peer()), &by_both).await;
    let Event::SessionOpened { peer, via: Some(_), .. } = chi.next().await else { panic!("a session by the relay") };
    assert_eq!(peer, ana.peer());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_behind_a_relay_is_called_under_what_is_shared_with_their_key() {
    let ([ana, _eva], [at_ana, _], _) = two_behind_one_relay().await;
    let mut chi = Node::start(3, &[]).await;
    let name = Locator([7; 16]);
    let (hers, other) = (ana.peer(), PeerId([8; 32]));
    let shared = move |peer: &PeerId| (*peer == hers).then(|| secret(1));
    chi.network.call_whoever(name, Box::new(shared), Some(ana.peer()), at_ana.clone()).await.unwrap();
    let Event::SessionOpened { locator, peer, .. } = chi.next().await else { panic!("a session") };
    assert_eq!((locator, peer), (name, ana.peer()));
    // With somebody with whom nothing is shared no hello begins.
    let nothing = move |peer: &PeerId| (*peer == other).then(|| secret(1));
    chi.network.call_whoever(Locator([6; 16]), Box::new(nothing), Some(ana.peer()), at_ana).await.unwrap();
    assert_eq!(chi.call_failed().await, CallFailure::NotAnswered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_passed_on_enough_today_passes_nothing_more_on() {
    let budget = Budget::new(1024 * 1024);
    let (mut ana, mut eva) = (Node::ana().await, Node::start(5, &[]).await);
    let (relay, direct, mut said) = bo_who_says(&[&ana, &eva], &budget).await;
    ana.run(Effect::Admit { peer: relay, direct: vec![direct.clone()] }).await;
    let at = reached(&mut ana).await;
    budget.spend(1024 * 1024, Instant::now());
    let mut chi = Node::start(3, &[]).await;
    chi.call(1, Some(ana.peer()), &at).await;
    assert!(matches!(chi.next().await, Event::CallFailed { .. }));
    eva.run(Effect::Admit { peer: relay, direct: vec![direct] }).await;
    refused_a_place(&mut said).await;
    eva.stays_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_passes_nothing_on_for_strangers() {
    let (mut ana, chi) = (Node::ana().await, Node::start(3, &[]).await);
    let (relay, direct, mut said) = bo_who_says(&[&chi], &Budget::new(u64::MAX)).await;
    ana.run(Effect::Admit { peer: relay, direct: vec![direct] }).await;
    refused_a_place(&mut said).await;
    ana.stays_quiet().await;
}
