//! Every forbidden spelling of every message, one by one.

use kith_protocol::card::CardView;
use kith_protocol::identity::{Compromise, NodeGrant, Rotation};
use kith_protocol::letter::{Envelope, Letter};
use kith_protocol::meeting::Meeting;
use kith_protocol::record::{Signed, Statement};
use kith_protocol::vouch::{Acceptance, Vouch};
use kith_protocol::wire::{self, Bytes};

use super::cast::{self, ana, bo};
use super::reference::{self, Item};
use super::spelling;
use super::values;

/// Says whether a decoder takes these bytes.
type Decoder = Box<dyn Fn(&[u8]) -> bool>;

/// Something with a decoder: its name, valid bytes, and whether the decoder takes other ones.
struct Subject {
    name: String,
    bytes: Vec<u8>,
    accepts: Decoder,
    /// Whether a key below zero is skipped.
    takes_hints: bool,
}

/// A record as a whole, its payload and its header.
fn record<T: Statement>(bytes: &[u8]) -> Vec<Subject> {
    let Some(Item::List(parts)) = reference::read(bytes) else { panic!("a record is a list") };
    let inside = |at: usize| match &parts[at] {
        Item::Bytes(bytes) => bytes.clone(),
        other => panic!("{other:?} holds nothing"),
    };
    let with = |at: usize| {
        let parts = parts.clone();
        move |bytes: &[u8]| {
            let mut parts = parts.clone();
            parts[at] = Item::Bytes(bytes.to_vec());
            Signed::<T>::from_bytes(&Item::List(parts).write()).is_ok()
        }
    };
    let name = |part| format!("{part} of a record of kind {}", T::KIND);
    vec![
        Subject {
            name: name("frame"),
            bytes: bytes.to_vec(),
            accepts: Box::new(|bytes| Signed::<T>::from_bytes(bytes).is_ok()),
            takes_hints: false,
        },
        Subject { name: name("header"), bytes: inside(0), accepts: Box::new(with(0)), takes_hints: false },
        Subject { name: name("payload"), bytes: inside(2), accepts: Box::new(with(2)), takes_hints: T::HINTS },
    ]
}

fn value(number: u8, bytes: Vec<u8>) -> Subject {
    let accepts = Box::new(move |bytes: &[u8]| values::is_accepted(number, bytes));
    Subject { name: values::name(number).to_owned(), bytes, accepts, takes_hints: true }
}

fn subjects() -> Vec<Subject> {
    let mut subjects = record::<Rotation>(ana().rotation().bytes());
    subjects.extend(record::<Compromise>(ana().compromise().bytes()));
    subjects.extend(record::<NodeGrant>(ana().grant().bytes()));
    subjects.extend(record::<CardView>(ana().card().bytes()));
    subjects.extend(record::<Meeting>(ana().sign(cast::meeting()).bytes()));
    subjects.extend(record::<Letter>(cast::claim_letter().bytes()));
    subjects.extend(record::<Vouch>(cast::vouch().bytes()));
    subjects.extend(record::<Vouch>(cast::revocation().bytes()));
    subjects.extend(record::<Acceptance>(cast::acceptance().bytes()));
    let whole = ana().compromised().to_bytes();
    let event = Bytes::new(bo().rotation().bytes().to_vec()).unwrap();
    let letter = Bytes::new(cast::claim_letter().bytes().to_vec()).unwrap();
    let envelope = Envelope { history: Some(whole.clone()), events: vec![event], letter };
    subjects.push(value(0, wire::encode(&whole.inception)));
    subjects.push(value(7, wire::encode(&whole)));
    subjects.push(value(8, wire::encode(&envelope)));
    subjects.push(value(15, wire::encode(&cast::vouch_content())));
    subjects.push(value(17, wire::encode(&cast::vouched())));
    subjects.push(value(18, wire::encode(&cast::vouch_export())));
    let bodies = cast::bodies().into_iter().filter(|(_, body)| !body.to_bytes().is_empty());
    subjects.extend(bodies.map(|(_, body)| value(values::of_body(body.kind()), body.to_bytes())));
    subjects
}

#[test]
fn every_other_spelling_of_every_message_is_refused() {
    let mut refused = 0;
    for subject in subjects() {
        assert!((subject.accepts)(&subject.bytes), "{} refuses its own bytes", subject.name);
        for (what, spell) in spelling::ALL {
            for (at, other) in spell(&subject.bytes).iter().enumerate() {
                assert!(!(subject.accepts)(other), "{} takes {what} (number {at}): {other:02x?}", subject.name);
                refused += 1;
            }
        }
    }
    println!("{refused} other spellings of {} messages refused", subjects().len());
    assert!(refused > 5_000, "only {refused} spellings were tried");
}

#[test]
fn hints_are_skipped_in_what_is_said_and_refused_in_what_frames_it() {
    for subject in subjects() {
        for (at, hinted) in spelling::hints(&subject.bytes).iter().enumerate() {
            let accepted = (subject.accepts)(hinted);
            assert_eq!(accepted, subject.takes_hints, "{}, map {at}", subject.name);
        }
    }
}
