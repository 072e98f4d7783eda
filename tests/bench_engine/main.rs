//! How many letters a second the engine alone moves between two people, beside the bare cryptography of the
//! very same letters.
//!
//! A letter is written, signed, sealed, opened, checked, handled, receipted and taken from the outbox; each of
//! the three steps is committed to a storage in memory. It is a presence letter, so it carries one more record,
//! whose signature is part of the bare cryptography too.
//!
//! `cargo bench -p kith-tests --bench bench_engine`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement says what it saw, and stops at what it did not expect"
)]

use std::time::{Duration, Instant};

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::crypto::seal::DecryptionKey;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::engine::{Answer, Effect, Engine, Own, Step, Ticket, Turn};
use kith_protocol::id::{LetterId, PeerId, SessionId};
use kith_protocol::identity::{History, NodeGrant};
use kith_protocol::letter::body::Presence;
use kith_protocol::letter::{self, Body, Letter};
use kith_protocol::limits;
use kith_protocol::record::{Signed, Signer, Verified};
use kith_protocol::store::{MemoryStore, Store};
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;
use kith_protocol::words::RecoveryWords;
use kith_tests::sim::{Who, World};

/// Letters between one pair: one an hour, which is how often presence is told, while their grants last.
const LETTERS: u16 = 300;
/// Pairs, each alternately with the bare cryptography, so that both see the same machine.
const ROUNDS: u64 = 8;
/// The engine must do at least so much of what the cryptography alone could.
const LEAST_PERCENT: f64 = 60.0;

struct Node {
    engine: Engine,
    store: MemoryStore,
    steps: u64,
}

impl Node {
    fn of(world: &World, who: Who) -> Self {
        let store = world.copies(who);
        Self { engine: Engine::open(&store).unwrap(), store, steps: 0 }
    }

    fn step(&mut self, now: Timestamp, act: impl FnOnce(&mut Turn<'_>) -> kith_protocol::engine::Result<()>) -> Step {
        self.steps += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.steps.to_be_bytes());
        let ((), step) = self.engine.turn(&self.store, now, seed, act).unwrap();
        self.store.commit(&step.writes).unwrap();
        step
    }
}

fn address(port: u16) -> Vec<Hint> {
    let host = Host::Ip4([10, 0, 0, 9].into());
    vec![Hint { reach: Reach::Direct, host, port, transports: Transports::Both }]
}

/// Ana tells Bo where she is, again and again. Returns the time and the size of a sealed letter.
fn engine_alone(seed: u64) -> (Duration, usize) {
    let mut world = World::new(seed);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Fair");
    world.scans(bo, &code);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    let locator = world.shared_doors(ana, bo)[0];
    let mut now = world.clock(ana);
    let (mut ana, mut bo) = (Node::of(&world, ana), Node::of(&world, bo));
    for node in [&mut ana, &mut bo] {
        node.step(now, |turn| turn.network_started(&SigningKey::from_seed(&SecretSeed([9; 32]))));
        node.step(now, |turn| turn.session_opened(SessionId([7; 16]), locator, PeerId([7; 32])));
    }
    let (start, mut size) = (Instant::now(), 0);
    for number in 0..LETTERS {
        now = now.plus(limits::PRESENCE_PACE);
        let sent = ana.step(now, |turn| turn.addresses_changed(address(number)));
        let Some(Effect::Send { session, letter, sealed }) = sent.effects.into_iter().next() else {
            panic!("letter {number} was not sent")
        };
        size = sealed.len();
        let took = bo.step(now, |turn| turn.letter_arrived(session, Ticket(1), &sealed));
        let Some(Effect::Answer { answer, .. }) = took.effects.into_iter().next_back() else {
            panic!("letter {number} was not answered")
        };
        assert!(matches!(answer, Answer::Handled(_)), "{answer:?}");
        ana.step(now, |turn| turn.letter_answered(session, letter, Some(answer)));
        assert_eq!(Own::load(&ana.store).unwrap().hints, address(number));
    }
    (start.elapsed(), size)
}

/// The same letters without engine and storage: sign, seal, open, verify, and verify the grant inside.
fn bare_cryptography(size: usize) -> Duration {
    let words = RecoveryWords::from_entropy([1; 32]);
    let (history, key) = (History::begin(&words), words.key(0));
    let signer = Signer { id: history.id(), key: 0 };
    let bo = DecryptionKey::from_seed(&SecretSeed([2; 32]));
    let now = Timestamp::from_secs(1_800_000_000);
    let grant = NodeGrant {
        generation: 0,
        seq: 1,
        head: history.head(),
        peer: PeerId([3; 32]),
        encryption: bo.public(),
        not_before: now,
        not_after: now.plus(limits::GRANT_LIFE),
    };
    let grant = Bytes::new(Verified::sign(grant, signer, &key).bytes().to_vec()).unwrap();
    let start = Instant::now();
    for number in 0..LETTERS {
        let body = Body::Presence(Presence {
            grant: grant.clone(),
            counter: 1,
            hints: address(number),
            mailboxes: Vec::new(),
            seed: None,
        });
        let letter = Letter {
            to: [4; 32],
            id: LetterId([5; 16]),
            kind: body.kind(),
            body: Bytes::new(body.to_bytes()).unwrap(),
            sent: now,
            expires: now.plus(limits::PRESENCE_LIFE),
        };
        let letter = Verified::sign(letter, signer, &key);
        let sealed = letter::seal(&letter, None, Vec::new(), &bo.public(), &[6; 32], &[7; 32]).unwrap();
        assert_eq!(sealed.bytes.len(), size);
        let opened = letter::open(&sealed.bytes, &bo, &[6; 32]).unwrap();
        let letter = history.verify(opened.letter).unwrap();
        let Ok(Body::Presence(presence)) = Body::of(&letter) else { panic!("another kind of letter") };
        history.verify(Signed::<NodeGrant>::from_bytes(presence.grant.as_slice()).unwrap()).unwrap();
    }
    start.elapsed()
}

fn main() {
    // The best round of each: the others were disturbed by whatever else the machine does.
    let (mut engine, mut bare, mut size) = (Duration::MAX, Duration::MAX, 0);
    for round in 0..ROUNDS {
        let (spent, of_size) = engine_alone(round);
        size = of_size;
        engine = engine.min(spent);
        bare = bare.min(bare_cryptography(size));
    }
    let letters = f64::from(LETTERS);
    let (engine, bare) = (letters / engine.as_secs_f64(), letters / bare.as_secs_f64());
    let percent = 100.0 * engine / bare;
    println!("engine alone:      {engine:.0} letters of {size} bytes a second, sent, handled and receipted");
    println!("bare cryptography: {bare:.0} a second; the engine does {percent:.0} % of it");
    assert!(percent >= LEAST_PERCENT, "less than {LEAST_PERCENT} %");
}
