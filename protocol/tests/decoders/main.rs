//! What every decoder promises: a value comes back from its bytes, other bytes are refused without a panic, and
//! no second spelling of a value is taken.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod anything;
#[path = "../support/cast.rs"]
mod cast;
mod mutations;
#[path = "../support/reference.rs"]
mod reference;
mod spelling;
#[path = "../support/values.rs"]
mod values;

use kith_protocol::address::Hint;
use kith_protocol::engine::Answer;
use kith_protocol::hello::{Request, Response};
use kith_protocol::introduction::{OpenedConsent, SealedConsent};
use kith_protocol::invite::Invite;
use kith_protocol::letter::{self, Body, Letter};
use kith_protocol::limits::CONSENT_STEP;
use kith_protocol::mailbox;
use kith_protocol::record::Signed;
use kith_protocol::wire::{self, Bytes};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back_from_its_bytes((number, bytes) in anything::value()) {
        // As the type that it is, and as every other one.
        for as_number in 0..=values::LAST {
            values::round_trip(as_number, &bytes);
        }
        prop_assert!(values::is_accepted(number, &bytes), "{} refuses its own bytes", values::name(number));
    }

    #[test]
    fn every_signed_value_verifies_again_and_under_no_other_key(card in anything::card(), seed: [u8; 32]) {
        let (ana, history) = (cast::ana(), cast::ana().history());
        let record = ana.sign(card);
        let back = history.verify(Signed::from_bytes(record.bytes()).unwrap());
        prop_assert_eq!(back, Ok(record.clone()));
        let mallory = kith_protocol::crypto::sign::SigningKey::from_seed(&kith_protocol::crypto::sign::SecretSeed(seed));
        let signed = Signed::<kith_protocol::card::CardView>::from_bytes(record.bytes()).unwrap();
        prop_assert!(signed.verify(&mallory.verify_key()).is_err());
    }

    #[test]
    fn every_code_comes_back_however_it_was_carried(invite in anything::invite(), host in "[a-z]{1,20}\\.example") {
        let back = Invite::from_bytes(&invite.to_bytes()).unwrap();
        prop_assert_eq!(&back.name, &invite.name);
        let mut kept = invite.hints.iter();
        prop_assert!(back.hints.iter().all(|hint| kept.any(|kept| kept == hint)), "hints change their order");
        prop_assert_eq!(Invite::from_text(&back.to_code()), Ok(back.clone()));
        prop_assert_eq!(Invite::from_text(&back.to_link(&host).to_lowercase()), Ok(back));
    }

    #[test]
    fn every_word_to_a_mailbox_and_of_it_comes_back(request in anything::mailbox_request(), response in anything::mailbox_response()) {
        prop_assert_eq!(mailbox::Request::from_bytes(&request.to_bytes()), Ok(request));
        prop_assert_eq!(mailbox::Response::from_bytes(&response.to_bytes()), Ok(response));
    }

    #[test]
    fn every_hint_comes_back(hint in anything::hint()) {
        prop_assert_eq!(Hint::from_bytes(&hint.to_bytes()), Ok(hint));
    }

    #[test]
    fn every_body_comes_back_in_its_letter(body in anything::body()) {
        let sealed = cast::letter(&cast::ana(), [7; 32], 1, &body);
        prop_assert_eq!(Body::of(&sealed), Ok(body));
    }

    #[test]
    fn every_letter_opens_and_a_changed_byte_closes_it(body in anything::body(), seed: [u8; 32], at: prop::sample::Index) {
        let (psk, bo) = ([5; 32], cast::bo().encryption());
        let letter = cast::letter(&cast::ana(), [7; 32], 1, &body);
        let mut sealed = letter::seal(&letter, None, Vec::new(), &bo.public(), &psk, &seed).unwrap();
        let opened = letter::open(&sealed.bytes, &bo, &psk).unwrap();
        prop_assert_eq!(opened.receipts(), sealed.receipts);
        let at = at.index(sealed.bytes.len());
        sealed.bytes[at] ^= 1;
        prop_assert!(letter::open(&sealed.bytes, &bo, &psk).is_err(), "byte {} was changed unnoticed", at);
    }

    #[test]
    fn every_consent_opens_and_a_changed_byte_closes_it(opened in anything::opened_consent(), seed: [u8; 32], at: prop::sample::Index) {
        let (ask, key) = (cast::ask().id(), cast::reply_key());
        let sealed = opened.seal(ask, &key.public(), &seed).unwrap();
        prop_assert_eq!(OpenedConsent::open(&sealed, ask, &key), Ok(opened));
        let mut changed = sealed.into_vec();
        let at = at.index(changed.len());
        changed[at] ^= 1;
        let opened = OpenedConsent::open(&Bytes::new(changed).unwrap(), ask, &key);
        prop_assert!(opened.is_err(), "byte {} was changed unnoticed", at);
    }

    #[test]
    fn whatever_is_sealed_to_a_reply_key_is_a_consent_in_its_one_form_or_none(
        opened in anything::opened_consent(),
        bytes in anything::bytes(),
        more in 0..700_usize,
        dirt in any::<prop::sample::Index>(),
    ) {
        let inside = wire::encode(&opened);
        let mut plain = [&u16::try_from(inside.len()).unwrap().to_be_bytes()[..], &inside].concat();
        let len = plain.len();
        plain.resize(len + more, 0);
        let is_filled = plain.len() % CONSENT_STEP == 0 && more < CONSENT_STEP;
        prop_assert_eq!(open_plain(&plain).is_some(), is_filled, "{} bytes of padding after {}", more, len);
        plain.resize(len.next_multiple_of(CONSENT_STEP), 0);
        prop_assert_eq!(open_plain(&plain), Some(opened));
        let padding = plain.len() - len;
        if padding > 0 {
            plain[len + dirt.index(padding)] = 1;
            prop_assert_eq!(open_plain(&plain), None, "padding that is not zero");
        }
        // What nobody meant, with and without a length in front.
        let _ = open_plain(&bytes);
        let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        let mut plain = [&len[..], &bytes].concat();
        plain.resize(plain.len().next_multiple_of(CONSENT_STEP), 0);
        let _ = open_plain(&plain);
        let _ = OpenedConsent::open(&Bytes::new(bytes).unwrap(), cast::ask().id(), &cast::reply_key());
    }

    #[test]
    fn arbitrary_bytes_are_no_reason_to_panic(bytes in anything::bytes()) {
        for number in 0..=values::LAST {
            values::round_trip(number, &bytes);
        }
        let _ = Signed::<Letter>::from_bytes(&bytes);
        let _ = letter::open(&bytes, &cast::invite_key(), &[5; 32]);
        prop_assert!(Invite::from_bytes(&bytes).is_ok_and(|code| code.to_bytes() == bytes) || Invite::from_bytes(&bytes).is_err());
        prop_assert!(Hint::from_bytes(&bytes).is_ok_and(|hint| hint.to_bytes() == bytes) || Hint::from_bytes(&bytes).is_err());
        let _ = Invite::from_text(&String::from_utf8_lossy(&bytes));
        if let Ok(request) = Request::from_bytes(&bytes) {
            prop_assert_eq!(request.to_bytes(), &bytes[..]);
        }
        if let Ok(response) = Response::from_bytes(&bytes) {
            prop_assert_eq!(response.to_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn an_answer_has_one_spelling_and_is_final_only_with_a_receipt(bytes in prop_oneof![anything::answer(), anything::bytes()]) {
        let Some(answer) = Answer::from_bytes(&bytes) else { return Ok(()) };
        prop_assert_eq!(answer.to_bytes(), &bytes[..]);
        let is_final = matches!(answer, Answer::Handled(_) | Answer::Refused(..));
        let is_open = matches!(answer, Answer::Replaced(_) | Answer::GivenBack(_) | Answer::KeyChanged(_) | Answer::SealAnew(_));
        let length = if is_final { 33 } else { 1 };
        prop_assert!(is_open || bytes.len() == length);
    }

    #[test]
    fn an_invented_body_of_a_letter_is_no_reason_to_panic(kind: u8, bytes in anything::bytes()) {
        let letter = Letter { kind, body: Bytes::new(bytes).unwrap(), ..(*cast::withdraw_letter()).clone() };
        if let Ok(body) = Body::of(&letter) {
            prop_assert_eq!(body.kind(), kind);
        }
        prop_assert!(wire::decode::<Letter>(&wire::encode(&letter)) == Ok(letter));
    }
}

/// Seals these bytes to Ana's reply key as they are, and opens them again.
fn open_plain(plain: &[u8]) -> Option<OpenedConsent> {
    let (ask, key) = (cast::ask().id(), cast::reply_key());
    let psk = kith_protocol::crypto::derive(&ask.0, b"", "kith/1/consent");
    let sealed = kith_protocol::crypto::seal::seal(&key.public(), &psk, plain, &[6; 32]).unwrap();
    OpenedConsent::open(&SealedConsent::new(sealed.bytes).unwrap(), ask, &key).ok()
}
