//! Networks without the rest of a node: from a network of Bo's that begins with nothing to the end of the letter.
//!
//! Bo's network is a new one in each run: keys, sockets, tasks. Ana's, the relay's and the mailbox's are there already. A letter
//! has ended when its answer is back at Bo or, by mailbox, when it is with Ana.

use std::path::Path;
use std::time::{Duration, Instant};

use kith_node::mailbox::{self, Holder};
use kith_node::network::{Config, Event, Limits, Multiaddr, Network, start};
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Answer, Effect, Errand};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{LetterId, PeerId, PersonId};
use kith_protocol::mailbox::{Keep, Leave, MailboxKey};
use kith_protocol::wire::Bytes;
use tokio::sync::mpsc::Receiver;

use super::steps::Steps;
use super::{LETTER, Seen, Way};
use crate::{Options, machine, runtime};

const RUNS: usize = 60;
const WARM_UP: usize = 5;
const TCP: &str = "/ip4/127.0.0.1/tcp/0";

/// Measures and prints.
pub fn run(options: &Options) {
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let runs = options.runs.unwrap_or(RUNS);
    let seen = runtime().block_on(measure(folder.path(), runs));
    println!("\nThe first letter after a cold start of the network, {runs} times");
    machine::describe(folder.path());
    seen.print();
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

async fn measure(folder: &Path, runs: usize) -> Seen {
    let mut steps = Steps::start(folder).await;
    let mut people = People::begin(folder, &steps).await;
    let mut seen = Seen::default();
    for run in 0..WARM_UP + runs {
        let seed = 100 + 3 * u16::try_from(run).unwrap();
        for (way, seed) in Way::ALL.into_iter().zip(seed..) {
            let (kith, bare) = (people.first_letter(way, seed).await, steps.take(way).await);
            if run >= WARM_UP {
                seen.add(way, kith, bare);
            }
        }
    }
    steps.stop();
    people.holder.stop();
    seen
}

/// Three of the name of Ana: whom one reaches directly, through a relay, and by mailbox alone.
struct People {
    direct: (PeerId, Vec<Hint>),
    relayed: (PeerId, Vec<Hint>),
    /// Whose node holds letters.
    host: (PeerId, Vec<Hint>),
    owner: Node,
    holder: Holder,
    _chi: Node,
}

impl People {
    async fn begin(folder: &Path, steps: &Steps) -> Self {
        let (ana, mut of_ana) = node(1, &[TCP], None);
        let direct = (ana.peer_id(), listens(&mut of_ana, |_| true).await);
        let (far, mut of_far) = node(2, &[], None);
        far.run(Effect::Admit { peer: kith_id(&steps.relay), direct: vec![hint_of(&steps.relay_at)] }).await.unwrap();
        let relayed = listens(&mut of_far, |hint| matches!(hint.reach, Reach::Relayed(_))).await;
        let relayed = (far.peer_id(), relayed);
        for one in [&ana, &far] {
            one.run(Effect::OpenDoor { locator: secret().locator(), secret: secret() }).await.unwrap();
        }
        tokio::spawn(answering(ana, of_ana));
        tokio::spawn(answering(far, of_far));
        let holder = Holder::start(&folder.join("mailbox"), mailbox::BYTES).unwrap();
        let (chi, mut of_chi) = node(3, &[TCP], Some(holder.clone()));
        let host = (chi.peer_id(), listens(&mut of_chi, |_| true).await);
        let owner = owner_of_mailbox(&chi, &host.1).await;
        Self { direct, relayed, host, owner, holder, _chi: (chi, of_chi) }
    }

    /// Bo begins with nothing; how long it takes until the letter has ended.
    async fn first_letter(&mut self, way: Way, seed: u16) -> Duration {
        match way {
            Way::Directly => first_letter(seed, &self.direct).await,
            Way::ThroughRelay => first_letter(seed, &self.relayed).await,
            Way::ByMailbox => by_mailbox(seed, &self.host, &mut self.owner).await,
        }
    }
}

/// Ana, whose letters Chi's node holds.
async fn owner_of_mailbox(chi: &Network, at: &[Hint]) -> Node {
    let (owner, mut of_owner) = node(4, &[], None);
    chi.run(Effect::Admit { peer: owner.peer_id(), direct: Vec::new() }).await.unwrap();
    let keep = Keep { key: key(), slots: Vec::new(), void: Vec::new() };
    let (host, addresses) = (chi.peer_id(), at.to_vec());
    owner.run(Effect::OpenMailbox { host, addresses, keep }).await.unwrap();
    while !matches!(of_owner.recv().await, Some(Event::MailboxOpened { .. })) {}
    (owner, of_owner)
}

/// Bo begins with nothing, calls, and sends; done when the answer is here.
async fn first_letter(seed: u16, (to, at): &(PeerId, Vec<Hint>)) -> Duration {
    let begun = Instant::now();
    let (bo, mut of_bo) = node(seed, &[], None);
    let (locator, peer, addresses) = (secret().locator(), Some(*to), at.clone());
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

/// Bo begins with nothing and leaves a letter; done when Ana, who is there, has it.
async fn by_mailbox(seed: u16, (host, at): &(PeerId, Vec<Hint>), (owner, of_owner): &mut Node) -> Duration {
    let begun = Instant::now();
    let (bo, _of_bo) = node(seed, &[], None);
    let label = key().label(PersonId([seed.to_be_bytes()[1]; 10]));
    let mut parcel = vec![7; LETTER];
    parcel[..2].copy_from_slice(&seed.to_be_bytes());
    let (mailbox, token, parcel) = (Some(key().id()), key().token(&label), Bytes::new(parcel).unwrap());
    let leave = Leave { mailbox, label, token, parcel, replaces: false };
    let (errand, host_of, addresses) = (Errand(1), Some(*host), at.clone());
    bo.run(Effect::LeaveParcel { errand, host: host_of, addresses, leave }).await.unwrap();
    let (number, took) = loop {
        match of_owner.recv().await {
            Some(Event::ParcelArrived { number, .. }) => break (number, begun.elapsed()),
            Some(_) => {}
            None => panic!("Ana's network is gone"),
        }
    };
    owner.run(Effect::TakeParcel { host: *host, number }).await.unwrap();
    bo.shutdown().await;
    took
}
