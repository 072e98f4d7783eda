//! A passer-by has filmed Ana's code: Mallory knows its secret, and not the key behind it.

use kith_protocol::crypto::tag;
use kith_protocol::engine::{Answer, Beginning, Effect, Engine, Notice, Refusal, Step, Turn, create};
use kith_protocol::hello::{Ends, Initiator, Responder};
use kith_protocol::id::{LetterId, SessionId};
use kith_protocol::letter::{self, Letter, Opened};
use kith_protocol::store::{MemoryStore, Store};
use kith_protocol::text::Name;

use super::MALLORY;
use super::cast::{self, NOW, bo};

#[test]
fn who_filmed_a_code_cannot_open_the_claim_or_give_its_receipt() {
    let sealed = cast::sealed_claim();
    let psk = cast::live_code().shared_secret().letter_key();
    let opened = letter::open(&sealed.bytes, &bo().encryption(), &psk);
    assert!(opened.is_err(), "the secret of the code alone opens nothing");
}

#[test]
fn who_filmed_a_code_may_say_hello_as_either_side_of_it() {
    let secret = cast::live_code().shared_secret();
    let ends = Ends { initiator: bo().peer, responder: MALLORY };
    let (bo_calls, open) = Initiator::begin(secret.clone(), ends, [1; 16]);
    let (_, reply) = Responder::reply(secret, ends, &open, [2; 16]).unwrap();
    assert!(bo_calls.prove(&reply).is_some(), "a hello under a code shows that the code was seen, no more");
}

/// Bo's node, with nothing around it.
struct Node {
    engine: Engine,
    store: MemoryStore,
    steps: u8,
}

impl Node {
    fn of_bo() -> Self {
        let mut store = MemoryStore::new();
        let begin = Beginning { words: &bo().words, name: Name::new(bo().name).unwrap(), peer: bo().peer };
        let step = create(&store, NOW, [0; 32], begin).unwrap();
        store.commit(&step.writes).unwrap();
        Self { engine: Engine::open(&store).unwrap(), store, steps: 0 }
    }

    fn turn(&mut self, act: impl FnOnce(&mut Turn<'_>) -> kith_protocol::engine::Result<()>) -> Step {
        self.steps += 1;
        let ((), step) = self.engine.turn(&self.store, NOW.plus(60), [self.steps; 32], act).unwrap();
        self.store.commit(&step.writes).unwrap();
        step
    }

    /// Somebody said hello under the secret of the code, and gets Bo's claim.
    fn claims_at(&mut self, session: SessionId) -> (LetterId, Vec<u8>) {
        let step =
            self.turn(|turn| turn.session_opened(session, cast::live_code().shared_secret().locator(), bo().peer));
        let sent = step.effects.into_iter().find_map(|effect| match effect {
            Effect::Send { letter, sealed, .. } => Some((letter, sealed)),
            _ => None,
        });
        sent.expect("the claim is sent")
    }

    /// True if this answer ends the claim, either way.
    fn ends_with(&mut self, session: SessionId, letter: LetterId, answer: Answer) -> bool {
        let step = self.turn(|turn| turn.letter_answered(session, letter, Some(answer.clone())));
        step.notices.iter().any(|notice| matches!(notice, Notice::Refused { .. } | Notice::Delivered { .. }))
    }
}

const GUESSES: usize = 8;

/// Answers with all that stands on the code or in the sealed claim in the place of the receipt key, and even with
/// what only stands inside the claim.
fn guesses(sealed: &[u8], claim: &Letter) -> [Answer; GUESSES] {
    let secret = cast::live_code().shared_secret();
    let keys = [*secret.as_bytes(), secret.letter_key(), [0; 32], sealed[1..33].try_into().unwrap()];
    let mac = |key, label, reason: &[u8]| tag(key, label, &[&claim.id.0, &claim.body_hash(), reason]);
    let used = Refusal::InviteUsed;
    let refused = |key| Answer::Refused(used, mac(key, "kith/1/refused", &[used.number()]));
    let handled = |key| Answer::Handled(mac(key, "kith/1/handled", &[]));
    std::array::from_fn(|at| if at < keys.len() { refused(&keys[at]) } else { handled(&keys[at - keys.len()]) })
}

#[test]
fn no_answer_makes_a_node_send_its_claim_over_and_over() {
    for answer in [Answer::Later, Answer::Stored, Answer::KeysMissing, Answer::Handled([0; 32])] {
        let mut bo = Node::of_bo();
        bo.turn(|turn| turn.scan(&cast::live_code(), Default::default()).map(drop));
        let session = SessionId([1; 16]);
        let (letter, _) = bo.claims_at(session);
        let step = bo.turn(|turn| turn.letter_answered(session, letter, Some(answer.clone())));
        let sent = step.effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
        assert_eq!(sent, 0, "{answer:?}");
    }
}

#[test]
fn who_filmed_a_code_and_sits_at_the_address_cannot_end_the_claim() {
    let mut bo = Node::of_bo();
    bo.turn(|turn| turn.scan(&cast::live_code(), Default::default()).map(drop));

    let mut calls = 0;
    let mut claim_is_over_after = |answer: &dyn Fn(&[u8], &Opened) -> Answer| {
        calls += 1;
        let session = SessionId([calls; 16]);
        let (letter, sealed) = bo.claims_at(session);
        let psk = cast::live_code().shared_secret().letter_key();
        let opened = letter::open(&sealed, &cast::invite_key(), &psk).expect("Ana's node can open it");
        let is_over = bo.ends_with(session, letter, answer(&sealed, &opened));
        bo.turn(|turn| turn.session_closed(session));
        is_over
    };
    for at in 0..GUESSES {
        let guess = |sealed: &[u8], opened: &Opened| {
            let claim = self::bo().history().verify(opened.letter.clone()).unwrap();
            guesses(sealed, &claim)[at].clone()
        };
        assert!(!claim_is_over_after(&guess), "answer {at} of Mallory ends the claim");
    }
    let used = Refusal::InviteUsed;
    let other_reason =
        |_: &[u8], opened: &Opened| Answer::Refused(Refusal::InviteRevoked, opened.receipts().refused(used.number()));
    assert!(!claim_is_over_after(&other_reason), "a receipt stands for one reason");
    let anas = |_: &[u8], opened: &Opened| Answer::Refused(used, opened.receipts().refused(used.number()));
    assert!(claim_is_over_after(&anas), "Ana's own refusal is believed");
}
