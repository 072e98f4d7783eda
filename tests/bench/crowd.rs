//! A home with many contacts, made by its own rules: each contact is an engine of its own that scans a fresh code
//! and whose letters are really signed, sealed and opened. Only the network between them is left out.

use std::net::Ipv4Addr;
use std::ops::ControlFlow;

use kith_node::home::Home;
use kith_node::machine::now;
use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::card::FieldKind;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::engine::introduction::{AskOptions, Meant};
use kith_protocol::engine::invites::InviteOptions;
use kith_protocol::engine::people::{self, PersonChange};
use kith_protocol::engine::scans::ScanOptions;
use kith_protocol::engine::{self, Answer, Beginning, CardChange, Effect, Engine, Own, Ticket, Turn};
use kith_protocol::id::{LetterId, Locator, PeerId, PersonId, SessionId};
use kith_protocol::introduction::Purpose;
use kith_protocol::limits;
use kith_protocol::store::{MemoryStore, Read, Store, Table, Write};
use kith_protocol::text::{Label, Line, Name, Note, Text};
use kith_protocol::words::RecoveryWords;

/// Makes Ana's home, with so many contacts whose nodes cannot be reached, and a letter in the outbox for each.
pub fn make(home: &Home, people: u32) {
    let (open, _) = home.create(Name::new("Ana").unwrap()).unwrap();
    let (_, store, _, lock) = open.into_parts();
    let mut ana = Side::wake(store, [0; 4]);
    ana.turn(|turn| turn.addresses_changed(vec![closed_port(1)]));
    for number in 1..=people {
        meet(&mut ana, somebody(number.to_be_bytes()), number, InviteOptions::default());
    }
    // She is somewhere else now, and every contact is to be told.
    ana.turn(|turn| turn.addresses_changed(vec![closed_port(2)]));
    // So many are told in a step.
    while ana.engine.next_wakeup(&ana.store).unwrap().is_some_and(|at| at <= now()) {
        ana.turn(|turn| turn.time_passed());
    }
    let waiting = ana.store.view().count(Table::Outbox);
    assert_eq!(waiting, people as usize, "a letter waits for each contact");
    ana.store.close().unwrap();
    drop(lock);
}

/// Makes Ana's home, with so many contacts who know that her node listens at this port of loopback, and with what one
/// has of contacts after years: cards, tags, notes, introductions, and people who wait for an answer. It is made in
/// memory and written down at the end, so that the disk is not waited for ten thousand times.
pub fn make_known(home: &Home, people: u32, port: u16) {
    let (open, _) = home.create(Name::new("Ana").unwrap()).unwrap();
    let (_, mut store, _, lock) = open.into_parts();
    let mut ana = Side::wake(copy(&store), [0; 4]);
    ana.turn(|turn| turn.addresses_changed(vec![closed_port(port)]));
    for number in 1..=people {
        let event = (number % 3 == 0).then(|| Line::new("Hannover Messe").unwrap());
        let options = InviteOptions { event, ..InviteOptions::default() };
        let mut bo = somebody(number.to_be_bytes());
        let set = |kind, line: &str| CardChange::Field(kind, Some(Line::new(line).unwrap()), None);
        let card =
            vec![set(FieldKind::Organisation, "Lindqvist Valves GmbH"), set(FieldKind::Title, "Head of purchasing")];
        bo.turn(|turn| turn.change_card(card));
        let id = meet(&mut ana, bo, number, options);
        keep(&mut ana, number, id);
        if number.is_multiple_of(1_000) {
            answer_most(&mut ana.store);
        }
    }
    take_along(&mut ana);
    write_down(&ana.store, &mut store);
    store.close().unwrap();
    drop(lock);
}

/// Makes Ana's home, with so many contacts who each name the addresses that they are said to. She is at this one, as all
/// of them know, and nothing waits for anybody.
pub fn make_led_astray(home: &Home, own: Hint, people: u32, at: impl Fn(u32) -> Vec<Hint>) {
    let (open, _) = home.create(Name::new("Ana").unwrap()).unwrap();
    let (_, store, _, lock) = open.into_parts();
    let mut ana = Side::wake(store, [0; 4]);
    ana.turn(|turn| turn.addresses_changed(vec![own]));
    for number in 1..=people {
        let mut mallory = somebody(number.to_be_bytes());
        mallory.turn(|turn| turn.addresses_changed(at(number)));
        meet(&mut ana, mallory, number, InviteOptions::default());
    }
    ana.store.close().unwrap();
    drop(lock);
}

/// Codes that are out: a phone is ready for a fair, and badges hang here and there.
fn take_along<S: Store>(ana: &mut Side<S>) {
    let for_a_phone = InviteOptions {
        meant_for: Note::new("a device without network").unwrap(),
        life: Some(limits::GRANT_LIFE),
        ..InviteOptions::default()
    };
    let badge = InviteOptions { printed: true, ..InviteOptions::default() };
    for options in [vec![for_a_phone; 100], vec![badge; limits::OPEN_PRINTED_INVITES]].concat() {
        ana.turn(|turn| turn.create_invite(options.clone()));
    }
}

/// Questions that still wait for Ana.
const WAITING: usize = 40;

/// Whoever scanned her code waits in the inbox to be confirmed; Ana has long done so with most.
fn answer_most(store: &mut MemoryStore) {
    let items = engine::inbox::items(store).unwrap();
    let done = items.iter().skip(WAITING);
    let done = done.map(|item| Write { table: Table::Inbox, key: item.id.0.to_vec(), value: None });
    store.commit(&done.collect::<Vec<_>>()).unwrap();
}

/// What Ana keeps about a contact.
fn keep<S: Store>(ana: &mut Side<S>, number: u32, id: PersonId) {
    let mut changes = vec![PersonChange::Note(Note::new("wants a quote, and knows Eva of the ninth hall").unwrap())];
    if number.is_multiple_of(5) {
        changes.push(PersonChange::Note(Note::new("asked for ball valves, and I promised a drawing").unwrap()));
        changes.push(PersonChange::Tag(Label::new("welders").unwrap()));
    }
    if number.is_multiple_of(7) {
        changes.push(PersonChange::Cadence(Some(30)));
    }
    ana.turn(|turn| changes.into_iter().try_for_each(|change| turn.change_person(id, change).map(drop)));
    if number.is_multiple_of(50) {
        let meant = Meant::Words(Line::new("whoever buys pumps").unwrap());
        let (why, blurb) = (Text::new("we build them").unwrap(), Text::new("pumps that last").unwrap());
        let asked = AskOptions { introducer: id, meant, purpose: Purpose::Advice, why, blurb, tier: None, life: None };
        ana.turn(|turn| turn.ask_introduction(asked));
    }
}

fn copy(from: &impl Store) -> MemoryStore {
    let mut copy = MemoryStore::new();
    copy.commit(&entries(from)).unwrap();
    copy
}

fn entries(of: &impl Store) -> Vec<Write> {
    let mut entries = Vec::new();
    for table in Table::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            entries.push(Write { table: *table, key: key.to_vec(), value: Some(value.to_vec()) });
            ControlFlow::Continue(())
        };
        of.scan(*table, b"", b"", &mut visit).unwrap();
    }
    entries
}

/// Makes a storage hold what the other holds.
fn write_down(from: &MemoryStore, to: &mut impl Store) {
    let is_gone = |write: &Write| from.get(write.table, &write.key).unwrap().is_none();
    let gone = entries(to).into_iter().filter(is_gone).map(|write| Write { value: None, ..write });
    for writes in gone.chain(entries(from)).collect::<Vec<_>>().chunks(200) {
        to.commit(writes).unwrap();
    }
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
fn meet<S: Store>(ana: &mut Side<S>, mut bo: Side<MemoryStore>, number: u32, options: InviteOptions) -> PersonId {
    let ((_, invite), _) = ana.turn(|turn| turn.create_invite(options));
    let (_, effects) = bo.turn(|turn| turn.scan(&invite, ScanOptions::default()));
    let session = SessionId([number.to_be_bytes(); 4].concat().try_into().unwrap());
    let locator = call(&effects);
    ana.turn(|turn| turn.session_opened(session, locator, PeerId([7; 32])));
    let (_, effects) = bo.turn(|turn| turn.session_opened(session, locator, PeerId([7; 32])));
    let (claim, sealed) = letter(&effects);
    let (_, effects) = ana.turn(|turn| turn.letter_arrived(session, Ticket(0), &sealed));
    let handled = answer(&effects);
    let (welcome, sealed) = letter(&effects);
    bo.turn(|turn| turn.letter_answered(session, claim, Some(handled)));
    let (_, effects) = bo.turn(|turn| turn.letter_arrived(session, Ticket(0), &sealed));
    ana.turn(|turn| turn.letter_answered(session, welcome, Some(answer(&effects))));
    ana.turn(|turn| turn.session_closed(session));
    people::by_identity(&ana.store, Own::load(&bo.store).unwrap().id()).unwrap().expect("a contact").id
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
        Effect::Answer { answer, .. } => Some(answer.clone()),
        _ => None,
    });
    answered.filter(|answer| matches!(answer, Answer::Handled(_))).expect("a letter is handled")
}
