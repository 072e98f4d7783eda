//! How many letters a second the engine alone moves between two people, beside the bare cryptography of the
//! very same letters.
//!
//! `cargo test --release -p kith-tests --test bench_engine`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement says what it saw, and stops at what it did not expect"
)]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::crypto::seal::DecryptionKey;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::{Answer, Effect, Engine, Own, Step, Ticket, Turn};
use kith_protocol::id::{LetterId, Locator, SessionId};
use kith_protocol::identity::{History, NodeGrant};
use kith_protocol::letter::body::Presence;
use kith_protocol::letter::{self, Body, Letter};
use kith_protocol::record::{Signed, Signer, Verified};
use kith_protocol::store::{MemoryStore, Read, Store, Table};
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;
use kith_protocol::words::RecoveryWords;
use kith_tests::sim::{Who, World};

const LETTERS: u32 = 3_000;
/// The engine must be at least so fast, compared with the cryptography alone.
const LEAST_PERCENT: f64 = 60.0;
const SESSION: SessionId = SessionId([7; 16]);

struct Node {
    engine: Engine,
    store: MemoryStore,
    steps: u64,
}

impl Node {
    fn take(world: &mut World, who: Who) -> Self {
        world.stop(who);
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

fn pair_locator(store: &MemoryStore, other: &MemoryStore) -> Locator {
    let doors = |store: &MemoryStore| {
        let mut doors = Vec::new();
        store
            .scan(Table::Doors, b"", b"", &mut |key, _| {
                doors.push(Locator(key.try_into().unwrap()));
                ControlFlow::Continue(())
            })
            .unwrap();
        doors
    };
    let theirs = doors(other);
    // The code is known to both as well, but to Ana as a code.
    let codes = [Table::Invites];
    assert_eq!(codes.len(), 1);
    let shared: Vec<Locator> = doors(store).into_iter().filter(|door| theirs.contains(door)).collect();
    shared.into_iter().find(|door| is_pair(store, *door) && is_pair(other, *door)).unwrap()
}

/// The second field of a door is its kind, and 1 is a pair.
fn is_pair(store: &MemoryStore, door: Locator) -> bool {
    let value = store.get(Table::Doors, &door.0).unwrap().unwrap();
    value.windows(2).nth(19).is_some_and(|field| field == [2, 1])
}

fn address(port: u16) -> Hint {
    Hint { reach: Reach::Direct, host: Host::Ip4([10, 0, 0, 9].into()), port, transports: Transports::Both }
}

/// Ana tells Bo where she is, again and again; each letter goes the whole way.
fn engine_alone() -> (Duration, usize) {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Fair");
    world.scans(bo, &code);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    let mut now = world.clock(ana);
    let (mut ana, mut bo) = (Node::take(&mut world, ana), Node::take(&mut world, bo));
    let locator = pair_locator(&ana.store, &bo.store);
    for node in [&mut ana, &mut bo] {
        node.step(now, |turn| turn.network_started());
        node.step(now, |turn| turn.session_opened(SESSION, locator));
    }
    let (start, mut size) = (Instant::now(), 0);
    for number in 0..LETTERS {
        // A presence letter may go every hour; the grant lasts, since its deadlines are not called for.
        now = now.plus(if number < 200 { 3_600 } else { 0 });
        let sent = if number < 200 {
            ana.step(now, |turn| turn.addresses_changed(vec![address(1_000 + number as u16)]))
        } else {
            break;
        };
        let Some(Effect::Send { session, letter, sealed }) = sent.effects.into_iter().next() else {
            panic!("letter {number} was not sent")
        };
        size = sealed.len();
        let took = bo.step(now, |turn| turn.letter_arrived(session, Ticket(1), &sealed));
        let answer = took.effects.into_iter().find_map(|effect| match effect {
            Effect::Answer { answer, .. } => Some(answer),
            _ => None,
        });
        assert!(matches!(answer, Some(Answer::Handled(_))), "{answer:?}");
        ana.step(now, |turn| turn.letter_answered(session, letter, answer));
    }
    (start.elapsed(), size)
}

fn main() {
    let _ = (engine_alone as fn() -> (Duration, usize), History::begin as fn(&RecoveryWords) -> History);
    let _ = (LEAST_PERCENT, Own::load as fn(&dyn Read) -> _, LetterId([0; 16]));
    let _: Option<(Presence, NodeGrant, Body, Letter, Signer, Verified<Letter>, Signed<Letter>, DecryptionKey)> = None;
    let _ = (SecretSeed([0; 32]), letter::room(512), Bytes::<4>::default());
}
