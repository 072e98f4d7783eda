//! A home with many contacts, made by its own rules: each contact is an engine of its own that scans a fresh code
//! and whose letters are really signed, sealed and opened. Only the network between them is left out.

use std::net::Ipv4Addr;

use kith_node::driver::now;
use kith_node::home::Home;
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::engine::scans::ScanOptions;
use kith_protocol::engine::{self, Answer, Beginning, Effect, Engine, Ticket, Turn};
use kith_protocol::id::{LetterId, Locator, PeerId, SessionId};
use kith_protocol::store::{MemoryStore, Store};
use kith_protocol::text::Name;
use kith_protocol::words::RecoveryWords;

/// Makes Ana's home, with so many contacts whose nodes cannot be reached, and a letter in the outbox for each.
pub fn make(home: &Home, people: u32) {
    let (open, _) = home.create(Name::new("Ana").unwrap()).unwrap();
    let (_, store, _, lock) = open.into_parts();
    let mut ana = Side::wake(store, [0; 4]);
    ana.turn(|turn| turn.addresses_changed(vec![closed_port(1)]));
    for number in 1..=people {
        meet(&mut ana, number);
    }
    // She is somewhere else now, and every contact is to be told.
    ana.turn(|turn| turn.addresses_changed(vec![closed_port(2)]));
    let waiting = engine::outbox::waiting_in_all(&ana.store).unwrap();
    assert_eq!(waiting, people as usize, "a letter waits for each contact");
    ana.store.close().unwrap();
    drop(lock);
}

/// An engine and its storage.
struct Side<S> {
    engine: Engine,
    store: S,
    seed: [u8; 32],
}

impl<S: Store> Side<S> {
    fn wake(store: S, tag: [u8; 4]) -> Self {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&tag);
        Self { engine: Engine::open(&store).unwrap(), store, seed }
    }

    /// Makes a step, stores it, and says what is to be done.
    fn turn<R>(&mut self, act: impl FnOnce(&mut Turn<'_>) -> engine::Result<R>) -> (R, Vec<Effect>) {
        let count = u64::from_be_bytes(self.seed[24..].try_into().unwrap()) + 1;
        self.seed[24..].copy_from_slice(&count.to_be_bytes());
        let (done, step) = self.engine.turn(&self.store, now(), self.seed, act).unwrap();
        self.store.commit(&step.writes).unwrap();
        (done, step.effects)
    }
}

/// One more contact: scans a code of Ana's, and each takes the other in.
fn meet<S: Store>(ana: &mut Side<S>, number: u32) {
    let tag = number.to_be_bytes();
    let mut bo = somebody(tag);
    let ((_, invite), _) = ana.turn(|turn| turn.create_invite(Default::default()));
    let (_, effects) = bo.turn(|turn| turn.scan(&invite, ScanOptions::default()));
    let session = SessionId([tag; 4].concat().try_into().unwrap());
    let locator = call(&effects);
    ana.turn(|turn| turn.session_opened(session, locator));
    let (_, effects) = bo.turn(|turn| turn.session_opened(session, locator));
    let (claim, sealed) = letter(&effects);
    let (_, effects) = ana.turn(|turn| turn.letter_arrived(session, Ticket(0), &sealed));
    let handled = answer(&effects);
    let (welcome, sealed) = letter(&effects);
    bo.turn(|turn| turn.letter_answered(session, claim, Some(handled)));
    let (_, effects) = bo.turn(|turn| turn.letter_arrived(session, Ticket(0), &sealed));
    ana.turn(|turn| turn.letter_answered(session, welcome, Some(answer(&effects))));
    ana.turn(|turn| turn.session_closed(session));
}

fn somebody(tag: [u8; 4]) -> Side<MemoryStore> {
    let [.., high, low] = tag;
    let words = RecoveryWords::from_entropy([tag; 8].concat().try_into().unwrap());
    let peer = PeerId(*SigningKey::from_seed(&SecretSeed(words.key_seed(9).0)).verify_key().as_bytes());
    let name = Name::new(&format!("Contact {}", u32::from_be_bytes(tag))).unwrap();
    let mut store = MemoryStore::new();
    let seed = [tag; 8].concat().try_into().unwrap();
    let step = engine::create(&store, now(), seed, Beginning { words: &words, name, peer }).unwrap();
    store.commit(&step.writes).unwrap();
    let mut bo = Side::wake(store, tag);
    // Below 1024, where nobody listens who did not ask the administrator.
    bo.turn(|turn| turn.addresses_changed(vec![closed_port(u16::from_be_bytes([high, low]) % 500 + 500)]));
    bo
}

fn closed_port(port: u16) -> Hint {
    Hint { reach: Reach::Lan, host: Host::Ip4(Ipv4Addr::LOCALHOST), port, transports: Transports::Both }
}

fn call(effects: &[Effect]) -> Locator {
    let called = effects.iter().find_map(|effect| match effect {
        Effect::Call { locator, .. } => Some(*locator),
        _ => None,
    });
    called.expect("a scan calls")
}

fn letter(effects: &[Effect]) -> (LetterId, Vec<u8>) {
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::Send { letter, sealed, .. } => Some((*letter, sealed.clone())),
        _ => None,
    });
    sent.expect("a letter is sent")
}

fn answer(effects: &[Effect]) -> Answer {
    let answered = effects.iter().find_map(|effect| match effect {
        Effect::Answer { answer, .. } => Some(*answer),
        _ => None,
    });
    answered.filter(|answer| matches!(answer, Answer::Handled(_))).expect("a letter is handled")
}
