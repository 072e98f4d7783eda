//! Every type with an encoding, by a number that the seeds of the fuzzer use.

#![allow(dead_code)] // Each program uses the part that it needs.

use kith_protocol::card::CardView;
use kith_protocol::disowned::Disowned;
use kith_protocol::identity::{Compromise, HistoryBytes, Inception, NodeGrant, Rotation};
use kith_protocol::introduction::{Ask, Consent, Introduction, OpenedConsent};
use kith_protocol::letter::answers::Answers;
use kith_protocol::letter::body::{CardNews, Claim, KeepCapsule, MeetingNews, Presence, Recover, Resume, Welcome};
use kith_protocol::letter::handover::HandOver;
use kith_protocol::letter::introduction::{
    About, AskLetter, ConsentLetter, Later, Offer, Outcome, Propose, Returned, Suggest, kind as introduction_kind,
};
use kith_protocol::letter::note::NoteLetter;
use kith_protocol::letter::vouch::{VouchNews, kind as vouch_kind};
use kith_protocol::letter::{Envelope, Letter};
use kith_protocol::limits;
use kith_protocol::mailbox::{Close, Collect, Door, Held, Keep, Leave, Pass, Take};
use kith_protocol::meeting::Meeting;
use kith_protocol::presence::Whereabouts;
use kith_protocol::recovery::{Capsule, GivenBack};
use kith_protocol::vouch::{Acceptance, Vouch, VouchContent, VouchExport, Vouched};
use kith_protocol::wire::{self, Wire, WireError};

use crate::reference;

macro_rules! types {
    ($($number:literal => $type:ty),* $(,)?) => {
        /// Decodes as the type with this number; a value must come back from its encoding, which is the bytes
        /// less the hints.
        pub fn round_trip(number: u8, bytes: &[u8]) {
            strict(bytes);
            match number {
                $($number => one::<$type>(bytes),)*
                _ => {}
            }
        }

        /// True if the type with this number takes these bytes.
        pub fn is_accepted(number: u8, bytes: &[u8]) -> bool {
            match number {
                $($number => wire::decode::<$type>(bytes).is_ok(),)*
                _ => wire::check(bytes).is_ok(),
            }
        }

        /// The name of the type with this number.
        pub fn name(number: u8) -> &'static str {
            match number {
                $($number => stringify!($type),)*
                _ => "CBOR",
            }
        }
    };
}

types! {
    0 => Inception,
    1 => Rotation,
    2 => Compromise,
    3 => NodeGrant,
    4 => CardView,
    5 => Meeting,
    6 => Letter,
    7 => HistoryBytes,
    8 => Envelope,
    9 => Claim,
    10 => Welcome,
    11 => Presence,
    12 => CardNews,
    13 => MeetingNews,
    14 => Vouch,
    15 => VouchContent,
    16 => Acceptance,
    17 => Vouched,
    18 => VouchExport,
    19 => VouchNews,
    20 => Ask,
    21 => Consent,
    22 => Introduction,
    23 => OpenedConsent,
    24 => AskLetter,
    25 => Returned,
    26 => Propose,
    27 => ConsentLetter,
    28 => Later,
    29 => Offer,
    30 => Suggest,
    31 => Outcome,
    32 => About,
    33 => NoteLetter,
    34 => HandOver,
    35 => Answers,
    36 => Pass,
    37 => Leave,
    38 => Keep,
    39 => Collect,
    40 => Take,
    41 => Close,
    42 => Door,
    43 => Vec<Held>,
    44 => Resume,
    45 => KeepCapsule,
    46 => Recover,
    47 => Capsule,
    48 => GivenBack,
    49 => Whereabouts,
    50 => Disowned,
}

/// The number of the type that the body of a kind of letter has.
pub fn of_body(kind: u8) -> u8 {
    use introduction_kind::{
        ASK, CONSENT, DECLINED, DONE, LATER, OFFER, OUTCOME, PROPOSE, RETURNED, SUGGEST, WILLING, WITHDRAWN,
    };
    use kith_protocol::letter::body::kind::{ANSWERS, HAND_OVER, KEEP_CAPSULE, NOTE, RECOVER, RESUME};
    match kind {
        1..=5 => 8 + kind,
        NOTE => 33,
        HAND_OVER => 34,
        ANSWERS => 35,
        RESUME => 44,
        KEEP_CAPSULE => 45,
        RECOVER => 46,
        vouch_kind::VOUCH | vouch_kind::ACCEPTANCE => 19,
        ASK => 24,
        RETURNED => 25,
        PROPOSE => 26,
        CONSENT => 27,
        LATER => 28,
        OFFER => 29,
        SUGGEST => 30,
        OUTCOME => 31,
        DECLINED | WILLING | DONE | WITHDRAWN => 32,
        _ => panic!("kind {kind} has no body"),
    }
}

/// One number beyond the types: any CBOR.
pub const LAST: u8 = 51;

/// The strict check and the second reading agree on which bytes are deterministic CBOR.
fn strict(bytes: &[u8]) {
    let item = reference::read(bytes);
    let canonical = item.filter(|item| item.write() == bytes && !item.repeats_a_key());
    match (wire::check(bytes), canonical) {
        (Ok(()), Some(item)) => assert!(is_bounded(&item), "accepted, though it is too large"),
        (Err(WireError::TooLarge(_)), Some(item)) => assert!(!is_bounded(&item), "refused, though it is not too large"),
        (Ok(()), None) => panic!("accepted, but another reader does not"),
        (Err(_), None) => {}
        (Err(error), Some(_)) => panic!("refused ({error}), but another reader accepts it"),
    }
}

fn is_bounded(item: &reference::Item) -> bool {
    item.depth() <= limits::CBOR_DEPTH && item.longest() as u64 <= limits::CBOR_ITEMS
}

fn one<T: Wire + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = wire::decode::<T>(bytes) {
        let again = wire::encode(&value);
        let known = reference::read(bytes).expect("what was decoded is CBOR").without_hints();
        assert_eq!(again, known.write(), "another encoding of the same value");
        assert_eq!(wire::decode::<T>(&again).as_ref(), Ok(&value));
    }
}
