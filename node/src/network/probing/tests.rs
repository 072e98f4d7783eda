//! What counts of what others say who looked whether they reach us.

use libp2p::swarm::ConnectionClosed;
use libp2p::swarm::behaviour::ConnectionEstablished;

use super::*;

fn at(address: &str) -> Multiaddr {
    address.parse().unwrap()
}

#[test]
fn nobody_but_who_was_asked_is_listened_to_when_they_dial_back_and_not_for_long() {
    let (bo, mallory) = (PeerId::random(), PeerId::random());
    let [here, there] = [at("/ip4/203.0.113.9/tcp/7517"), at("/ip4/203.0.113.10/tcp/40000")];
    let is_heard = |probing: &mut Probing, peer| {
        let connection = ConnectionId::new_unchecked(1);
        let handler = probing.handle_established_inbound_connection(connection, peer, &here, &there);
        matches!(handler.unwrap(), Either::Left(_))
    };
    let (now, mut probing) = (Instant::now(), Probing::new());
    assert!(!is_heard(&mut probing, bo));
    probing.asked.insert(bo, (0, now));
    assert!(is_heard(&mut probing, bo) && !is_heard(&mut probing, mallory));
    probing.asked.insert(bo, (0, now.checked_sub(DIAL_BACK).unwrap()));
    assert!(!is_heard(&mut probing, bo));
}

/// Bo, who dials back.
fn there() -> ConnectedPoint {
    let [local_addr, send_back_addr] =
        ["203.0.113.9/tcp/7517", "203.0.113.10/tcp/40000"].map(|end| at(&format!("/ip4/{end}")));
    ConnectedPoint::Listener { local_addr, send_back_addr }
}

fn connect(probing: &mut Probing, peer_id: PeerId, connection_id: ConnectionId, endpoint: &ConnectedPoint) {
    probing.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
        peer_id,
        connection_id,
        endpoint,
        failed_addresses: &[],
        other_established: 0,
    }));
}

fn disconnect(probing: &mut Probing, peer_id: PeerId, connection_id: ConnectionId, endpoint: &ConnectedPoint) {
    probing.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
        peer_id,
        connection_id,
        endpoint,
        cause: None,
        remaining_established: 0,
    }));
}

#[test]
fn who_dials_back_is_heard_by_the_client_that_asked_while_there_is_one() {
    let (bo, [over, back, late]) = (PeerId::random(), [1, 2, 3].map(ConnectionId::new_unchecked));
    let dialled = ConnectedPoint::Dialer {
        address: at("/ip4/203.0.113.10/tcp/7517"),
        role_override: Endpoint::Dialer,
        port_use: PortUse::Reuse,
    };
    let mut probing = Probing::new();
    connect(&mut probing, bo, over, &dialled);
    probing.asks_now(0, bo, over);
    probing.begin_anew();
    connect(&mut probing, bo, back, &there());
    assert_eq!(probing.of.get(&back).map(|under| under.client), Some(0));
    disconnect(&mut probing, bo, back, &there());
    disconnect(&mut probing, bo, over, &dialled);
    assert_eq!(probing.asked_by(&bo), Some(1), "the one that asked is gone");
    connect(&mut probing, bo, late, &there());
    assert_eq!(probing.of.get(&late).map(|under| under.client), Some(1));
    disconnect(&mut probing, bo, late, &there());
}

#[test]
fn who_is_asked_by_two_clients_is_heard_by_the_newer_one() {
    let (bo, over) = (PeerId::random(), ConnectionId::new_unchecked(1));
    let mut probing = Probing::new();
    probing.begin_anew();
    for client in [1, 0] {
        probing.clients.entry(client).or_default();
        probing.asks_now(client, bo, over);
    }
    assert_eq!(probing.asked_by(&bo), Some(1));
}

#[test]
fn that_somebody_did_not_get_in_counts_if_the_newest_client_asked_them() {
    let address = at("/ip4/203.0.113.9/tcp/7517");
    let mut probing = Probing::new();
    probing.start_over(vec![address.clone()]);
    let (old, newest) = (probing.newest() - 1, probing.newest());
    assert!(probing.counts(newest, &address, false) && probing.counts(newest, &address, true));
    assert!(!probing.counts(old, &address, false), "it may have been heard by another client");
    assert!(probing.counts(old, &address, true), "they said the number");
    probing.start_over(Vec::new());
    assert!(!probing.counts(newest, &address, true), "that was another network");
}

#[test]
fn nothing_is_asked_through_a_relay_and_nobody_there_is_listened_to() {
    let (bo, connection) = (PeerId::random(), ConnectionId::new_unchecked(1));
    let way = at(&format!("/ip4/203.0.113.10/tcp/7517/p2p/{}/p2p-circuit", PeerId::random()));
    let mut probing = Probing::new();
    probing.asked.insert(bo, (0, Instant::now()));
    let inbound = probing.handle_established_inbound_connection(connection, bo, &way, &way);
    assert!(matches!(inbound.unwrap(), Either::Right(_)));
    let (role, port) = (Endpoint::Dialer, PortUse::Reuse);
    let outbound = probing.handle_established_outbound_connection(connection, bo, &way, role, port);
    assert!(matches!(outbound.unwrap(), Either::Right(_)));
}

#[test]
fn what_is_asked_over_a_connection_that_is_gone_is_lost() {
    let (bo, over) = (PeerId::random(), ConnectionId::new_unchecked(1));
    let mut probing = Probing::new();
    probing.start_over(vec![at("/ip4/203.0.113.9/tcp/7517")]);
    connect(&mut probing, bo, over, &there());
    probing.asks_now(probing.newest(), bo, over);
    assert!(!probing.take_lost(), "the answer may come");
    disconnect(&mut probing, bo, over, &there());
    assert!(probing.take_lost());
    probing.asks_now(probing.newest(), bo, over);
    assert!(probing.take_lost() && probing.asked_over.is_empty());
}

#[test]
fn what_a_router_passes_on_is_tried_in_every_network_until_it_does_so_no_more() {
    let [old, new, inside] = ["203.0.113.9", "203.0.113.77", "10.0.0.9"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
    let mut probing = Probing::new();
    assert!(probing.also_try(vec![old.clone(), inside.clone()]).is_empty());
    assert_eq!(probing.candidates, BTreeSet::from([old.clone()]), "nobody outside is told of the inside of a home");
    probing.renew();
    assert_eq!(probing.candidates, BTreeSet::from([old.clone()]));
    assert_eq!(probing.also_try(vec![new.clone()]), [old, inside]);
    probing.renew();
    assert_eq!(probing.candidates, BTreeSet::from([new]));
}

#[test]
fn where_a_server_listens_is_tried_in_every_network_and_whenever_others_are_asked_again() {
    let [old, new] = ["203.0.113.9", "203.0.113.77"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
    let mut probing = Probing::new();
    probing.start_over(vec![old.clone()]);
    assert!(probing.lacks_testers() && probing.candidates == BTreeSet::from([old.clone()]));
    probing.tested.insert(old.clone());
    assert!(!probing.lacks_testers());
    probing.renew();
    assert!(probing.lacks_testers() && probing.candidates == BTreeSet::from([old]));
    probing.start_over(vec![new.clone()]);
    assert_eq!(probing.candidates, BTreeSet::from([new]));
}

#[test]
fn where_others_saw_us_is_a_number_whether_or_not_they_say_who_is_there() {
    let mut probing = Probing::new();
    let address = at("/ip6/2001:db8::9/tcp/7517");
    let with_us = at(&format!("{address}/p2p/{}", PeerId::random()));
    let by_name = at("/dns/ana.example/tcp/7517");
    for seen in [&with_us, &address, &by_name, &with_us] {
        probing.on_swarm_event(FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr: seen }));
    }
    assert_eq!(probing.candidates, BTreeSet::from([address.clone()]));
    assert_eq!(probing.elsewhere().collect::<Vec<_>>(), [&address]);
}

#[test]
fn where_nobody_came_in_before_the_router_let_them_is_tried_once_more() {
    let address = at("/ip4/203.0.113.9/udp/7517/quic-v1");
    let mut probing = Probing::new();
    probing.observe(&address);
    probing.also_try(vec![address.clone()]);
    assert_eq!(probing.newest(), 0, "it waits for its test");
    probing.tested.insert(address.clone());
    probing.also_try(vec![address]);
    assert_eq!(probing.newest(), 1);
}

#[test]
fn what_is_being_tested_while_the_router_begins_to_let_others_in_is_tried_once_more() {
    let address = at("/ip4/203.0.113.9/tcp/7517");
    let mut probing = Probing::new();
    probing.observe(&address);
    probing.asks = true;
    probing.also_try(vec![address.clone()]);
    assert_eq!((probing.newest(), probing.asks), (1, false));
    probing.also_try(vec![address]);
    assert_eq!(probing.newest(), 1);
}

#[test]
fn a_test_whose_connection_is_gone_before_its_answer_came_is_lost() {
    let [tcp, quic] = ["tcp/7517", "udp/7517/quic-v1"].map(|end| at(&format!("/ip4/203.0.113.9/{end}")));
    let [over, other] = [1, 2].map(ConnectionId::new_unchecked);
    let mut probing = Probing::new();
    probing.start_over(vec![tcp.clone(), quic.clone()]);
    probing.asked_over.insert(over);
    probing.tested.insert(tcp);
    probing.ends(other);
    assert!(!probing.take_lost(), "nothing was asked over that one");
    probing.ends(over);
    assert!(probing.take_lost() && !probing.take_lost(), "it is asked again once");
    probing.asked_over.insert(over);
    probing.tested.insert(quic);
    probing.ends(over);
    assert!(!probing.take_lost(), "all answers are there");
}

#[test]
fn where_others_saw_us_in_this_network_is_tried_whenever_others_are_asked_again() {
    let [seen, own] = ["203.0.113.9", "203.0.113.77"].map(|ip| at(&format!("/ip4/{ip}/tcp/7517")));
    let mut probing = Probing::new();
    probing.start_over(vec![own.clone()]);
    probing.observe(&seen);
    probing.observe(&own);
    assert_eq!(probing.elsewhere().collect::<Vec<_>>(), [&seen]);
    probing.tested.insert(seen.clone());
    probing.renew();
    assert_eq!(probing.candidates, BTreeSet::from([seen, own.clone()]));
    probing.start_over(vec![own.clone()]);
    assert_eq!(probing.candidates, BTreeSet::from([own]));
}

#[test]
fn what_the_router_passes_on_again_after_a_hiccup_is_tried_again() {
    let address = at("/ip4/203.0.113.9/tcp/7517");
    let mut probing = Probing::new();
    probing.also_try(vec![address.clone()]);
    probing.tested.insert(address.clone());
    probing.reached.insert(address.clone());
    probing.also_try(vec![address.clone()]);
    assert_eq!(probing.newest(), 0, "others came in, and nothing has changed");
    assert!(!probing.lacks_testers());
    assert_eq!(probing.also_try(Vec::new()), std::slice::from_ref(&address));
    probing.reached.clear();
    probing.also_try(vec![address]);
    assert_eq!(probing.newest(), 1);
    assert!(probing.lacks_testers());
}

#[test]
fn where_others_saw_us_is_asked_again_when_a_router_takes_its_word_back() {
    let address = at("/ip4/203.0.113.9/tcp/7517");
    let mut probing = Probing::new();
    probing.observe(&address);
    probing.reached.insert(address.clone());
    probing.also_try(vec![address.clone()]);
    assert!(!probing.is_claim(&address));
    assert!(probing.also_try(Vec::new()).is_empty());
    assert_eq!((probing.newest(), probing.candidates), (1, BTreeSet::from([address])));
}

#[test]
fn what_others_name_takes_no_place_from_what_the_router_passes_on() {
    let address = at("/ip4/203.0.113.9/tcp/7517");
    let mut probing = Probing::new();
    for port in 1..=20 {
        probing.observe(&at(&format!("/ip4/203.0.113.9/tcp/{port}")));
    }
    assert_eq!((probing.candidates.len(), probing.observed.len()), (CANDIDATES, CANDIDATES));
    probing.also_try(vec![address.clone()]);
    assert!(probing.candidates.contains(&address) && probing.is_claim(&address));
}

/// Others see us at these, one after the other.
fn seen_at(probing: &mut Probing, numbers: std::ops::RangeInclusive<u8>) -> Vec<Multiaddr> {
    let all: Vec<_> = numbers.map(|last| at(&format!("/ip4/203.0.113.{last}/tcp/7517"))).collect();
    all.iter().for_each(|address| probing.observe(address));
    all
}

#[test]
fn a_home_that_has_had_many_addresses_has_its_newest_one_tried() {
    let (begun, mut probing) = (Instant::now(), Probing::new());
    for last in 1..=20 {
        let new = seen_at(&mut probing, last..=last);
        assert!(probing.candidates.contains(&new[0]), "{last}: {:?}", probing.candidates);
        probing.renew_at(begun + AGEING * u32::from(last));
    }
    assert_eq!(probing.candidates, BTreeSet::from([at("/ip4/203.0.113.20/tcp/7517")]), "nobody saw it at the others");
    probing.renew_at(begun + AGEING * 21);
    assert!(probing.candidates.is_empty());
}

#[test]
fn where_others_saw_us_is_not_forgotten_because_others_are_asked_again_a_few_times_in_a_minute() {
    let (begun, mut probing) = (Instant::now(), Probing::new());
    let known = seen_at(&mut probing, 1..=1);
    for seconds in [0, 20, 60, 599] {
        probing.renew_at(begun + Duration::from_secs(seconds));
        assert!(probing.candidates.contains(&known[0]), "forgotten after {seconds} seconds");
    }
    probing.renew_at(begun + AGEING);
    assert!(probing.candidates.is_empty(), "nobody saw it there for ten minutes: {:?}", probing.candidates);
}

#[test]
fn where_others_get_in_or_a_router_passes_things_on_is_tried_however_long_ago_it_was_seen() {
    let mut probing = Probing::new();
    let known = seen_at(&mut probing, 1..=2);
    probing.reached.insert(known[0].clone());
    probing.also_try(vec![known[1].clone()]);
    let begun = Instant::now();
    for times in 0..3 {
        probing.renew_at(begun + AGEING * times);
    }
    assert_eq!(probing.candidates, known.iter().cloned().collect());
    assert!(!probing.is_claim(&known[1]));
}

#[test]
fn among_many_addresses_the_oldest_gives_way_where_nobody_gets_in() {
    let mut probing = Probing::new();
    let known = seen_at(&mut probing, 1..=2);
    probing.reached.insert(known[0].clone());
    probing.also_try(vec![known[1].clone()]);
    let invented = seen_at(&mut probing, 3..=60);
    assert!(known.iter().all(|address| probing.is_observed(address)));
    assert!(!probing.is_observed(&invented[0]) && probing.is_observed(invented.last().unwrap()));
    assert_eq!(probing.observed.len(), CANDIDATES + 1, "what a router passes on is not counted");
    assert_eq!(probing.candidates.len(), CANDIDATES + 1, "one client is told of no more");
    probing.renew();
    assert!(probing.candidates.contains(invented.last().unwrap()) && probing.candidates.contains(&known[0]));
}

#[test]
fn where_a_server_listens_takes_no_place_from_where_others_saw_it() {
    let mut probing = Probing::new();
    probing.start_over((1..=4).map(|last| at(&format!("/ip4/198.51.100.{last}/tcp/7517"))).collect());
    seen_at(&mut probing, 1..=8);
    probing.renew();
    assert_eq!(probing.candidates.len(), 4 + CANDIDATES);
}
