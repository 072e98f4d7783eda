//! The first letter after a cold start, on each of its ways: directly, through a relay, by a mailbox; beside the steps of bare
//! libp2p that each way needs.
//!
//! Bo's network is a new one in each run: keys, sockets, tasks. Ana's, the relay's and the mailbox's are there already. Both
//! sides of a comparison begin with nothing and end when 4 KiB are where they are to be: with their answer back at
//! Bo, or, by mailbox, with Ana.

use std::time::{Duration, Instant};

use futures::StreamExt;
use kith_node::mailbox::{self, Holder};
use kith_node::network::{Config, Event, Limits, Multiaddr, Network, start};
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Answer, Effect, Errand};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{LetterId, PeerId, PersonId};
use kith_protocol::mailbox::{Keep, Leave, MailboxKey};
use kith_protocol::wire::Bytes;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{identity, noise, relay, tcp, yamux};
use tokio::sync::mpsc::Receiver;

use crate::bare::{Appends, Relayed, Wire};
use crate::figures::{Series, head, ratio, row};
use crate::{Options, machine, runtime};

const RUNS: usize = 60;
const WARM_UP: usize = 5;
/// Bytes of the letter: the size class of most.
const LETTER: usize = 4096;
const TCP: &str = "/ip4/127.0.0.1/tcp/0";

#[derive(Default)]
struct Seen {
    direct: Series,
    bare_direct: Series,
    relayed: Series,
    bare_relayed: Series,
    mailbox: Series,
    bare_mailbox: Series,
}

/// Measures and prints. There is no target: what a way costs is what its reader wants to know.
pub fn run(options: &Options) -> bool {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let runs = options.runs.unwrap_or(RUNS);
    let seen = runtime().block_on(measure(folder.path(), runs));
    println!("\nThe first letter after a cold start, {runs} times");
    machine::describe(folder.path());
    head("");
    for (way, kith, bare) in [
        ("directly", &seen.direct, &seen.bare_direct),
        ("through a relay", &seen.relayed, &seen.bare_relayed),
        ("by mailbox", &seen.mailbox, &seen.bare_mailbox),
    ] {
        row(&format!("Kith, {way}"), kith);
        row(&format!("bare, {way}"), bare);
        println!("{:<52} {:>8.2} ×", format!("median, {way}, Kith / bare"), ratio(kith.median(), bare.median()));
    }
    true
}

type Node = (Network, Receiver<Event>);

fn node(seed: u16, listen: &[&str], holder: Option<Holder>) -> Node {
    let mut bytes = [9; 32];
    bytes[..2].copy_from_slice(&seed.to_be_bytes());
    let listen = listen.iter().map(|address| address.parse::<Multiaddr>().unwrap()).collect();
    let limits = Limits { deposits_of_peer: usize::MAX, deposits_of_source: usize::MAX, ..Limits::default() };
    start(Config { keypair_seed: SecretSeed(bytes), listen, limits, holder }).unwrap()
}

fn secret() -> SharedSecret {
    SharedSecret::new([1; 32])
}

fn key() -> MailboxKey {
    MailboxKey::new([2; 32])
}

/// Waits for addresses that are as wanted.
async fn listens(of: &mut Receiver<Event>, wanted: impl Fn(&Hint) -> bool) -> Vec<Hint> {
    loop {
        if let Some(Event::Listening { hints, .. }) = of.recv().await {
            let found: Vec<Hint> = hints.into_iter().filter(&wanted).collect();
            if !found.is_empty() {
                return found;
            }
        }
    }
}

/// Ana, whose door is open, and who handles whatever comes.
async fn answering(ana: Network, mut events: Receiver<Event>) {
    while let Some(event) = events.recv().await {
        if let Event::LetterArrived { ticket, .. } = event {
            ana.run(Effect::Answer { ticket, answer: Answer::Handled([5; 32]) }).await.unwrap();
        }
    }
}

/// A relay of the library's own, for both sides.
async fn relay_for_all() -> (libp2p::PeerId, Multiaddr) {
    #[derive(NetworkBehaviour)]
    struct Relay {
        relay: relay::Behaviour,
    }
    let generous = relay::Config {
        max_reservations: 1024,
        max_circuits: 1024,
        max_circuits_per_peer: 1024,
        reservation_rate_limiters: Vec::new(),
        circuit_src_rate_limiters: Vec::new(),
        ..relay::Config::default()
    };
    let key = identity::Keypair::generate_ed25519();
    let me = key.public().to_peer_id();
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Relay { relay: relay::Behaviour::new(me, generous) })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    swarm.behaviour_mut().relay.set_status(Some(relay::Status::Enable));
    swarm.listen_on(TCP.parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    swarm.add_external_address(address.clone());
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    (me, address)
}

fn hint_of(address: &Multiaddr) -> Hint {
    let port = address.iter().find_map(|part| match part {
        libp2p::multiaddr::Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    let host = Host::Ip4([127, 0, 0, 1].into());
    Hint { reach: Reach::Direct, host, port: port.unwrap(), transports: Transports::Tcp }
}

fn kith_id(peer: &libp2p::PeerId) -> PeerId {
    // The id of an Ed25519 key holds the key: six bytes that say so, and 32 of the key.
    PeerId(peer.to_bytes()[6..].try_into().unwrap())
}

async fn measure(folder: &std::path::Path, runs: usize) -> Seen {
    let (relay, relay_at) = relay_for_all().await;
    // Ana directly, and another Ana behind the relay.
    let (ana, mut of_ana) = node(1, &[TCP], None);
    let direct = listens(&mut of_ana, |_| true).await;
    let (far, mut of_far) = node(2, &[], None);
    far.run(Effect::Admit { peer: kith_id(&relay), direct: vec![hint_of(&relay_at)] }).await.unwrap();
    let relayed = listens(&mut of_far, |hint| matches!(hint.reach, Reach::Relayed(_))).await;
    let peers = [ana.peer_id(), far.peer_id()];
    for one in [&ana, &far] {
        one.run(Effect::OpenDoor { locator: secret().locator(), secret: secret() }).await.unwrap();
    }
    tokio::spawn(answering(ana, of_ana));
    tokio::spawn(answering(far, of_far));
    // Chi's node holds letters for a third Ana.
    let holder = Holder::start(&folder.join("mailbox"), mailbox::BYTES).unwrap();
    let (chi, mut of_chi) = node(3, &[TCP], Some(holder.clone()));
    let chi_at = listens(&mut of_chi, |_| true).await;
    let (owner, mut of_owner) = node(4, &[], None);
    chi.run(Effect::Admit { peer: owner.peer_id(), direct: Vec::new() }).await.unwrap();
    let keep = Keep { key: key(), slots: Vec::new(), void: Vec::new() };
    let (host, addresses) = (chi.peer_id(), chi_at.clone());
    owner.run(Effect::OpenMailbox { host, addresses, keep }).await.unwrap();
    while !matches!(of_owner.recv().await, Some(Event::MailboxOpened { .. })) {}

    let (mut wire, mut appends) = (Wire::start().await, Appends::new(folder));
    let behind = Relayed::start(relay, &relay_at).await;
    let to_owner = wire.dial().await;
    let (mut warm, mut seen) = (Seen::default(), Seen::default());
    for run in 0..WARM_UP + runs {
        let seen = if run < WARM_UP { &mut warm } else { &mut seen };
        let seed = 100 + 3 * u16::try_from(run).unwrap();
        seen.direct.add(first_letter(seed, peers[0], &direct).await);
        seen.bare_direct.add(bare_direct(&wire).await);
        seen.relayed.add(first_letter(seed + 1, peers[1], &relayed).await);
        seen.bare_relayed.add(behind.cold_echo(LETTER).await);
        seen.mailbox.add(by_mailbox(seed + 2, host, &chi_at, (&owner, &mut of_owner)).await);
        let begun = Instant::now();
        bare_direct(&wire).await;
        appends.append();
        wire.echo(&to_owner, LETTER).await;
        seen.bare_mailbox.add(begun.elapsed());
    }
    wire.stop();
    holder.stop();
    seen
}

/// Bo begins with nothing, calls, and sends; done when the answer is here.
async fn first_letter(seed: u16, to: PeerId, at: &[Hint]) -> Duration {
    let begun = Instant::now();
    let (bo, mut of_bo) = node(seed, &[], None);
    let (locator, peer, addresses) = (secret().locator(), Some(to), at.to_vec());
    bo.run(Effect::Call { locator, secret: secret(), peer, addresses }).await.unwrap();
    let took = loop {
        match of_bo.recv().await {
            Some(Event::SessionOpened { session, .. }) => {
                let sealed = vec![6; LETTER];
                bo.run(Effect::Send { session, letter: LetterId([1; 16]), sealed }).await.unwrap();
            }
            Some(Event::LetterAnswered { outcome: Some(Answer::Handled(_)), .. }) => break begun.elapsed(),
            Some(Event::Listening { .. } | Event::PathChanged { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    bo.shutdown().await;
    took
}

async fn bare_direct(wire: &Wire) -> Duration {
    let begun = Instant::now();
    let mut caller = wire.another_caller();
    let peer = caller.dial().await;
    caller.echo(&peer, LETTER).await;
    begun.elapsed()
}

/// Bo begins with nothing and leaves a letter; done when Ana, who is there, has it.
async fn by_mailbox(
    seed: u16,
    host: PeerId,
    at: &[Hint],
    (owner, of_owner): (&Network, &mut Receiver<Event>),
) -> Duration {
    let begun = Instant::now();
    let (bo, _of_bo) = node(seed, &[], None);
    let label = key().label(PersonId([seed.to_be_bytes()[1]; 10]));
    let mut parcel = vec![7; LETTER];
    parcel[..2].copy_from_slice(&seed.to_be_bytes());
    let (mailbox, token, parcel) = (Some(key().id()), key().token(&label), Bytes::new(parcel).unwrap());
    let leave = Leave { mailbox, label, token, parcel, replaces: false };
    let (errand, host_of, addresses) = (Errand(1), Some(host), at.to_vec());
    bo.run(Effect::LeaveParcel { errand, host: host_of, addresses, leave }).await.unwrap();
    let (number, took) = loop {
        match of_owner.recv().await {
            Some(Event::ParcelArrived { number, .. }) => break (number, begun.elapsed()),
            Some(_) => {}
            None => panic!("Ana's network is gone"),
        }
    };
    owner.run(Effect::TakeParcel { host, number }).await.unwrap();
    bo.shutdown().await;
    took
}
