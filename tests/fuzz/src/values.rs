//! Every type with an encoding, by a number that the seeds use.

use kith_protocol::card::CardView;
use kith_protocol::identity::{Compromise, HistoryBytes, Inception, NodeGrant, Rotation};
use kith_protocol::letter::body::{CardNews, Claim, MeetingNews, Presence, Welcome};
use kith_protocol::letter::{Envelope, Letter};
use kith_protocol::meeting::Meeting;
use kith_protocol::wire::{self, Wire, WireError};

use crate::reference;

/// Decodes as the type with this number; a value must come back from its encoding, which is the bytes less
/// the hints.
pub fn round_trip(number: u8, bytes: &[u8]) {
    match number {
        0 => one::<Inception>(bytes),
        1 => one::<Rotation>(bytes),
        2 => one::<Compromise>(bytes),
        3 => one::<NodeGrant>(bytes),
        4 => one::<CardView>(bytes),
        5 => one::<Meeting>(bytes),
        6 => one::<Letter>(bytes),
        7 => one::<HistoryBytes>(bytes),
        8 => one::<Envelope>(bytes),
        9 => one::<Claim>(bytes),
        10 => one::<Welcome>(bytes),
        11 => one::<Presence>(bytes),
        12 => one::<CardNews>(bytes),
        13 => one::<MeetingNews>(bytes),
        _ => strict(bytes),
    }
}

/// The strict check and the second reading agree on which bytes are deterministic CBOR.
fn strict(bytes: &[u8]) {
    let item = reference::read(bytes);
    let canonical = item.filter(|item| item.write() == bytes && !item.repeats_a_key());
    match (wire::check(bytes), canonical) {
        (Ok(()), item) => assert!(item.is_some(), "accepted, but another reader does not"),
        (Err(WireError::TooLarge(_)), _) | (Err(_), None) => {}
        (Err(error), Some(_)) => panic!("refused ({error}), but another reader accepts it"),
    }
}

fn one<T: Wire + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    strict(bytes);
    if let Ok(value) = wire::decode::<T>(bytes) {
        let again = wire::encode(&value);
        let known = reference::read(bytes).expect("what was decoded is CBOR").without_hints();
        assert_eq!(again, known.write(), "another encoding of the same value");
        assert_eq!(wire::decode::<T>(&again).as_ref(), Ok(&value));
    }
}
