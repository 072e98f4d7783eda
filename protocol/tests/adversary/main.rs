//! What an attacker gets from the protocol itself, as the table of SPEC.md says it: also where it is more
//! than one would wish.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/cast.rs"]
mod cast;

use cast::{ana, bo};
use kith_protocol::crypto::sha256;
use kith_protocol::hello::{Ends, Initiator, Responder};
use kith_protocol::id::PeerId;
use kith_protocol::identity::{History, HistoryError, Learned, Rotation};
use kith_protocol::invite::{Invite, InviteKind};
use kith_protocol::letter;
use kith_protocol::record::{RecordError, Signed, Signer, Verified};
use kith_protocol::words::RecoveryWords;

const MALLORY: PeerId = PeerId([0xee; 32]);

/// A rotation by who holds the seed of one key and has words of their own.
fn stolen_rotation(history: &History, previous: [u8; 32], number: u8, fresh: &RecoveryWords) -> Verified<Rotation> {
    let stolen = ana().words.key(number);
    let next = sha256(&[fresh.key(number + 1).verify_key().as_bytes()]);
    let rotation = Rotation { previous, number, key: stolen.verify_key(), next };
    Verified::sign(rotation, Signer { id: history.id(), key: number }, &stolen)
}

#[test]
fn the_thief_of_the_first_key_can_sign_and_cannot_rotate() {
    let mut seen = ana().history();
    let mallory = RecoveryWords::from_entropy([9; 32]);
    let key = mallory.key(1);
    let next = sha256(&[mallory.key(2).verify_key().as_bytes()]);
    let rotation = Rotation { previous: seen.head(), number: 1, key: key.verify_key(), next };
    let forged = Verified::sign(rotation, Signer { id: seen.id(), key: 1 }, &key);
    assert_eq!(seen.learn(forged.bytes()), Err(HistoryError::Broken));
}

#[test]
fn the_thief_of_a_later_key_forks_and_who_saw_the_owner_first_keeps_to_her() {
    let mut seen = ana().rotated();
    let before = seen.clone();
    let mallory = RecoveryWords::from_entropy([9; 32]);
    let forged = stolen_rotation(&seen, ana().history().head(), 1, &mallory);
    assert!(matches!(seen.learn(forged.bytes()), Ok(Learned::Fork { .. })), "the contradiction is evidence");
    assert_eq!(seen, before);
}

#[test]
fn a_newcomer_cannot_tell_the_thief_of_a_later_key_from_its_owner() {
    let mallory = RecoveryWords::from_entropy([9; 32]);
    let mut chi_sees = ana().history();
    let forged = stolen_rotation(&chi_sees, chi_sees.head(), 1, &mallory);
    assert_eq!(chi_sees.learn(forged.bytes()), Ok(Learned::New));
    // From here on Mallory goes on with words of her own, and Ana's next rotation does not fit.
    let (key, next) = (mallory.key(2), sha256(&[mallory.key(3).verify_key().as_bytes()]));
    let rotation = Rotation { previous: chi_sees.head(), number: 2, key: key.verify_key(), next };
    let taken = Verified::sign(rotation, Signer { id: chi_sees.id(), key: 2 }, &key);
    assert_eq!(chi_sees.learn(taken.bytes()), Ok(Learned::New));
    let anas = ana().rotated().rotate(&ana().words).unwrap();
    assert_eq!(chi_sees.learn(anas.bytes()), Err(HistoryError::Broken));
}

#[test]
fn after_a_notice_nothing_new_is_believed_of_the_lost_key() {
    let history = ana().compromised();
    let card = Signed::from_bytes(ana().card().bytes()).unwrap();
    assert_eq!(history.verify::<kith_protocol::card::CardView>(card), Err(RecordError::Key));
}

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

#[test]
fn a_relayed_hello_is_refused_since_it_names_both_ends() {
    let (_, open) = Initiator::begin(cast::pair(), Ends { initiator: bo().peer, responder: MALLORY }, [1; 16]);
    let relayed = Ends { initiator: MALLORY, responder: ana().peer };
    assert!(Responder::reply(cast::pair(), relayed, &open, [2; 16]).is_none());
}

#[test]
fn who_shows_the_code_of_another_may_change_all_but_its_key_and_secret() {
    let mut shown = cast::printed_code().to_bytes();
    shown[0] &= 0x0f;
    let shown = Invite::from_bytes(&shown).unwrap();
    assert_eq!(shown.kind, InviteKind::Live, "a printed code is shown as a live one");
    assert_eq!(shown.shared_secret(), cast::printed_code().shared_secret());
}

#[test]
fn a_letter_to_one_person_cannot_be_passed_on_as_one_to_another() {
    let letter = cast::withdraw_letter();
    assert!(letter.is_for(bo().history().id()) && !letter.is_for(ana().history().id()));
}
