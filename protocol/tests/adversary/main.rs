//! What an attacker gets from the protocol itself, as the table of SPEC.md says it: also where it is more
//! than one would wish.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/cast.rs"]
mod cast;
mod filmed;
mod thief;

use cast::{ana, bo};
use kith_protocol::hello::{Ends, Initiator, Responder};
use kith_protocol::id::PeerId;
use kith_protocol::invite::{Invite, InviteKind};

const MALLORY: PeerId = PeerId([0xee; 32]);

#[test]
fn a_relayed_hello_is_refused_since_it_names_both_ends() {
    let (_, open) = Initiator::begin(cast::pair(), Ends { initiator: bo().peer, responder: MALLORY }, [1; 16]);
    let relayed = Ends { initiator: MALLORY, responder: ana().peer };
    assert!(Responder::reply(cast::pair(), relayed, &open, [2; 16]).is_none());
}

/// True if who scans this code gets a word out of the node that made `made`.
fn leads_to(shown: &Invite, made: &Invite) -> bool {
    let ends = Ends { initiator: bo().peer, responder: ana().peer };
    let (_, open) = Initiator::begin(shown.shared_secret(), ends, [1; 16]);
    let names_it = open.locator == made.shared_secret().locator();
    names_it && Responder::reply(made.shared_secret(), ends, &open, [2; 16]).is_some()
}

#[test]
fn a_code_whose_kind_or_expiry_was_changed_leads_nowhere() {
    let made = cast::printed_code();
    assert!(leads_to(&made, &made));

    let mut shown = made.to_bytes();
    shown[0] &= 0x0f;
    let livened = Invite::from_bytes(&shown).unwrap();
    assert_eq!(livened.kind, InviteKind::Live, "a printed code is shown as a live one");
    assert!(!leads_to(&livened, &made));

    let prolonged = Invite { expires: made.expires.plus(1), ..made.clone() };
    assert!(!leads_to(&prolonged, &made));
}

#[test]
fn who_shows_the_code_of_another_may_change_its_name_and_hints_alone() {
    let made = cast::live_code();
    let name = kith_protocol::invite::code_name("Mallory").unwrap();
    let shown = Invite { name, hints: vec![bo().hint()], ..made.clone() };
    assert!(leads_to(&shown, &made), "it still leads to Ana, whatever name is on it");
}

#[test]
fn a_letter_to_one_person_cannot_be_passed_on_as_one_to_another() {
    let letter = cast::withdraw_letter();
    assert!(letter.is_for(bo().history().id()) && !letter.is_for(ana().history().id()));
}

#[test]
fn a_letter_proves_to_everybody_what_its_sender_wrote() {
    let letter = cast::withdraw_letter();
    let shown = kith_protocol::record::Signed::from_bytes(letter.bytes()).unwrap();
    assert_eq!(ana().history().verify(shown), Ok(letter), "Chi, to whom Bo hands it on, needs no secret for it");
}
