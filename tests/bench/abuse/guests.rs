//! Who has a place at Ana's node and makes too much of it: in mailboxes, and on what is passed on.

use std::time::Duration;

use kith_node::network::{Config, Event, Limits, Multiaddr, Network, start};
use kith_protocol::address::{Hint, Reach};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Answer, Effect, Errand};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{LetterId, Locator, PersonId};
use kith_protocol::limits::LETTER;
use kith_protocol::mailbox::{Keep, Leave, MailboxKey};
use kith_protocol::wire::Bytes;
use tokio::sync::mpsc::Receiver;

use super::part::{Scene, Work};
use super::place;

/// Mallory's friends.
const FRIENDS: u32 = 24;
/// People in whose name they leave things: as many labels.
const LABELS: u8 = 64;
/// How long one goes on with what no word comes about.
const PATIENCE: Duration = Duration::from_secs(25);

type Node = (Network, Receiver<Event>);

fn node(seed: [u8; 32], at: Option<u32>) -> Node {
    let limits = Limits { deposits_of_peer: usize::MAX, deposits_of_source: usize::MAX, ..Limits::default() };
    // Who listens at an address calls from there: by QUIC alone.
    let own = |number| format!("/ip4/{}/udp/0/quic-v1", place::source(number).ip()).parse::<Multiaddr>().unwrap();
    let listen = at.map(own).into_iter().collect();
    start(Config { keypair_seed: SecretSeed(seed), listen, limits, holder: None }).unwrap()
}

fn friend(number: u32) -> Node {
    let mut seed = [77; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    node(seed, Some(1_000 + number))
}

/// Mallory's mailbox at Ana's node is filled by friends, up to every bound and beyond; others have no pass, or are no
/// contacts and want one of their own.
pub async fn stuff(scene: Scene, work: Work) {
    let key = MailboxKey::new([13; 32]);
    let keep = Keep { key: key.clone(), slots: Vec::new(), void: Vec::new() };
    let (mallory, mut of_mallory) = node(scene.mallory, None);
    let open = Effect::OpenMailbox { host: scene.ana, addresses: vec![scene.hint()], keep: keep.clone() };
    mallory.run(open).await.unwrap();
    while !matches!(of_mallory.recv().await, Some(Event::MailboxOpened { .. })) {}
    let drain = tokio::spawn(async move { while of_mallory.recv().await.is_some() {} });
    let all = (0..FRIENDS).map(|number| {
        let (scene, work, key, keep) = (scene.clone(), work.clone(), key.clone(), keep.clone());
        tokio::spawn(async move {
            let (network, mut events) = friend(number);
            if number % 8 == 7 {
                let host = scene.ana;
                network.run(Effect::OpenMailbox { host, addresses: vec![scene.hint()], keep }).await.unwrap();
            }
            for errand in 0.. {
                work.one_more().await;
                let leave = leave(&key, number, errand);
                let (host, addresses) = (Some(scene.ana), vec![scene.hint()]);
                network.run(Effect::LeaveParcel { errand: Errand(errand), host, addresses, leave }).await.unwrap();
                // Some are under way at once.
                if errand >= 4 {
                    let _ = tokio::time::timeout(PATIENCE, is_left(&mut events)).await;
                }
            }
        })
    });
    futures::future::join_all(all).await;
    drain.abort();
}

async fn is_left(events: &mut Receiver<Event>) {
    while !matches!(events.recv().await, Some(Event::ParcelLeft { .. }) | None) {}
}

/// Two of three have a pass; what they leave is as large as may be, or as small.
fn leave(key: &MailboxKey, friend: u32, errand: u64) -> Leave {
    let of = u8::try_from(errand % u64::from(LABELS)).unwrap();
    let label = if friend % 3 == 2 { Locator([of; 16]) } else { key.label(PersonId([of; 10])) };
    let mut parcel = vec![5; if errand.is_multiple_of(2) { LETTER } else { 512 }];
    parcel[..4].copy_from_slice(&friend.to_be_bytes());
    parcel[4..12].copy_from_slice(&errand.to_be_bytes());
    let mailbox = (errand % 5 != 4).then(|| key.id());
    Leave {
        mailbox,
        label,
        token: key.token(&label),
        parcel: Bytes::new(parcel).unwrap(),
        replaces: errand.is_multiple_of(7),
    }
}

/// Mallory is reached through Ana's node, and friends send as much as goes through, circuit after circuit.
pub async fn hog(scene: Scene, work: Work) {
    let secret = SharedSecret::new([21; 32]);
    let (mallory, mut of_mallory) = node(scene.mallory, None);
    mallory.run(Effect::OpenDoor { locator: secret.locator(), secret: secret.clone() }).await.unwrap();
    mallory.run(Effect::Admit { peer: scene.ana, direct: vec![scene.hint()] }).await.unwrap();
    let is_relayed = |hint: &Hint| matches!(hint.reach, Reach::Relayed(_));
    let at = loop {
        if let Some(Event::Listening { hints, .. }) = of_mallory.recv().await
            && hints.iter().any(is_relayed)
        {
            break hints.into_iter().filter(is_relayed).collect::<Vec<_>>();
        }
    };
    let answers = mallory.clone();
    let answering = tokio::spawn(async move {
        while let Some(event) = of_mallory.recv().await {
            if let Event::LetterArrived { ticket, .. } = event {
                answers.run(Effect::Answer { ticket, answer: Answer::Handled([5; 32]) }).await.unwrap();
            }
        }
    });
    let all = (0..FRIENDS).map(|number| {
        let (work, at, secret, to) = (work.clone(), at.clone(), secret.clone(), mallory.peer_id());
        tokio::spawn(async move {
            // Each is somebody else again and again, since what one may open is bounded.
            for again in 0.. {
                let (network, mut events) = friend(number + FRIENDS * again);
                for _ in 0..30 {
                    let (locator, addresses) = (secret.locator(), at.clone());
                    let call = Effect::Call { locator, secret: secret.clone(), peer: Some(to), addresses };
                    network.run(call).await.unwrap();
                    let _ = tokio::time::timeout(PATIENCE, one_circuit(&network, &mut events, &work)).await;
                }
                network.shutdown().await;
            }
        })
    });
    futures::future::join_all(all).await;
    answering.abort();
}

/// Sends the largest letters until the circuit is spent; each that goes through Ana's node counts. Both ends find a direct
/// way after a moment, as they would like others to; who wants to hog begins anew.
async fn one_circuit(network: &Network, events: &mut Receiver<Event>, work: &Work) {
    while let Some(event) = events.recv().await {
        match event {
            Event::SessionOpened { session, via: None, .. } | Event::PathChanged { session, via: None } => {
                network.run(Effect::HangUp { session }).await.unwrap();
            }
            Event::SessionOpened { session, .. } | Event::LetterAnswered { session, outcome: Some(_), .. } => {
                work.one_more().await;
                let sealed = vec![6; LETTER];
                network.run(Effect::Send { session, letter: LetterId([1; 16]), sealed }).await.unwrap();
            }
            Event::SessionClosed { .. } | Event::CallFailed { .. } => return,
            _ => {}
        }
    }
}
