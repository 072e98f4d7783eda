//! Ana's node speaks with Chi's, which holds a mailbox for her.

use kith_protocol::id::Locator;
use kith_protocol::mailbox::Slot;
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;

use super::*;

fn keep(void: u8) -> Keep {
    Keep { key: MailboxKey::new([7; 32]), slots: Vec::new(), void: vec![Locator([void; 16])] }
}

fn held(number: u64) -> Held {
    Held { number, label: Locator([1; 16]), parcel: Bytes::new(vec![9; 512]).unwrap() }
}

fn parcels(numbers: impl IntoIterator<Item = u64>) -> Response {
    Response::Parcels(numbers.into_iter().map(held).collect())
}

fn numbers(said: Said) -> Vec<u64> {
    match said {
        Said::Parcels(parcels) => parcels.into_iter().map(|held| held.number).collect(),
        other => panic!("expected parcels, got {other:?}"),
    }
}

/// Ana's side, with the mailbox open; and the Collect that waits.
fn open(now: Instant) -> (Keeping, Asked) {
    let mut ana = Keeping::new(Vec::new(), keep(0), 1);
    ana.way = Way::There(PeerId::random());
    assert!(matches!(ana.next(now, false), Some((Asked::Keep, _))));
    assert!(ana.next(now, false).is_none(), "nothing is collected before the host keeps it");
    assert_eq!(ana.answered(Asked::Keep, Response::Done, now), Said::Opened);
    let asked = collects(&mut ana, now, 0);
    (ana, asked)
}

fn collects(ana: &mut Keeping, now: Instant, from: u64) -> Asked {
    match ana.next(now, false) {
        Some((asked, Request::Collect(Collect { after, .. }))) => {
            assert_eq!(after, from);
            asked
        }
        other => panic!("expected to collect, got {other:?}"),
    }
}

fn takes(ana: &mut Keeping, now: Instant) -> Vec<u64> {
    match ana.next(now, false) {
        Some((Asked::Take, Request::Take(take))) => take.numbers,
        other => panic!("expected to take, got {other:?}"),
    }
}

#[test]
fn what_is_safe_is_taken_in_one_go_and_what_comes_meanwhile_in_the_next() {
    let now = Instant::now();
    let (mut ana, asked) = open(now);
    assert_eq!(numbers(ana.answered(asked, parcels(1..=4), now)), [1, 2, 3, 4]);
    collects(&mut ana, now, 4);
    ana.take(1);
    ana.take(2);
    assert_eq!(takes(&mut ana, now), [1, 2]);
    ana.take(3);
    assert!(ana.next(now, false).is_none(), "one Take at a time");
    assert_eq!(ana.answered(Asked::Take, Response::Done, now), Said::Nothing);
    assert_eq!(takes(&mut ana, now), [3]);
}

#[test]
fn after_a_broken_connection_everything_that_is_not_known_to_be_taken_comes_again_once() {
    let now = Instant::now();
    let (mut ana, asked) = open(now);
    ana.answered(asked, parcels(1..=3), now);
    ana.take(1);
    assert_eq!(takes(&mut ana, now), [1]);
    ana.lost(now, 0, 2);
    ana.way = Way::There(PeerId::random());
    assert!(matches!(ana.next(now, false), Some((Asked::Keep, _))));
    ana.answered(Asked::Keep, Response::Done, now);
    assert_eq!(takes(&mut ana, now), [1], "nobody said that it was done");
    let again = collects(&mut ana, now, 0);
    assert_eq!(numbers(ana.answered(again, parcels(1..=3), now)), [2, 3]);
}

#[test]
fn what_is_put_back_is_asked_for_after_others_were_taken_or_after_a_while() {
    let now = Instant::now();
    let (mut ana, asked) = open(now);
    ana.answered(asked, parcels(1..=3), now);
    let waits = collects(&mut ana, now, 3);
    ana.put_back(1, now);
    ana.take(2);
    assert_eq!(takes(&mut ana, now), [2]);
    ana.answered(Asked::Take, Response::Done, now);
    let again = collects(&mut ana, now, 0);
    assert_eq!(ana.answered(waits, parcels([]), now), Said::Nothing, "the newer one took its place");
    assert_eq!(numbers(ana.answered(again, parcels([1, 3]), now)), [1], "the driver still has the third");
    collects(&mut ana, now, 3);
    ana.put_back(1, now);
    assert!(ana.next(now + LYING / 2, false).is_none());
    assert_eq!(ana.next_deadline(now + LYING / 2), Some(now + LYING));
    collects(&mut ana, now + LYING, 0);
}

#[test]
fn the_driver_is_given_no_more_than_it_can_have() {
    let now = Instant::now();
    let (mut ana, asked) = open(now);
    let most = WITH_DRIVER as u64;
    assert_eq!(numbers(ana.answered(asked, parcels(1..=most + 5), now)).len(), WITH_DRIVER);
    assert!(ana.next(now, false).is_none());
    ana.put_back(1, now);
    let asked = collects(&mut ana, now, most);
    assert_eq!(numbers(ana.answered(asked, parcels(most + 1..=most + 5), now)), [most + 1]);
    ana.put_back(2, now);
    assert!(ana.next(now, true).is_none(), "the driver is behind with everything");
    assert_eq!(ana.next_deadline(now), Some(now + BREATH));
    collects(&mut ana, now + BREATH, most + 1);
}

#[test]
fn of_several_things_said_in_a_hurry_the_host_hears_the_first_and_the_last() {
    let now = Instant::now();
    let mut ana = Keeping::new(Vec::new(), keep(0), 1);
    assert!(matches!(ana.next(now, false), Some((_, Request::Keep(said))) if said == keep(0)));
    ana.renew(keep(1));
    ana.renew(keep(2));
    assert!(ana.next(now, false).is_none());
    assert_eq!(ana.answered(Asked::Keep, Response::No, now), Said::Nothing, "it may take what comes next");
    assert!(matches!(ana.next(now, false), Some((_, Request::Keep(said))) if said == keep(2)));
    assert_eq!(ana.answered(Asked::Keep, Response::No, now), Said::Refused);
}

#[test]
fn a_host_that_hands_out_nothing_without_waiting_is_not_asked_in_a_circle() {
    let now = Instant::now();
    let (mut ana, asked) = open(now);
    assert_eq!(numbers(ana.answered(asked, parcels([]), now)), [0; 0]);
    assert!(ana.next(now, false).is_none());
    assert_eq!(ana.next_deadline(now), Some(now + BREATH));
    let asked = collects(&mut ana, now + BREATH, 0);
    assert_eq!(numbers(ana.answered(asked, parcels([5, 6]), now)), [5, 6]);
    let asked = collects(&mut ana, now + BREATH, 6);
    assert_eq!(ana.answered(asked, Response::No, now), Said::Broken, "it said that it keeps the mailbox");
}

#[test]
fn pauses_grow_up_to_a_bound_and_end_when_the_network_changes() {
    let now = Instant::now();
    let mut ana = Keeping::new(Vec::new(), keep(0), 1);
    let mut before = Duration::ZERO;
    for connection in 2..14 {
        ana.lost(now, 128, connection);
        let pause = ana.next_deadline(now).unwrap() - now;
        assert!(pause >= before && pause <= PAUSE_LAST, "{pause:?} after {before:?}");
        before = pause;
    }
    assert_eq!(before, PAUSE_LAST);
    ana.hurry();
    assert_eq!(ana.way, Way::Seeking);
}

#[test]
fn more_codes_than_a_message_holds_are_cut() {
    let slot = |label| Slot {
        label: Locator([label; 16]),
        token: [1; 16],
        until: Timestamp::from_secs(1),
        most: 4,
        door: Bytes::new(vec![5; limits::MAILBOX_DOOR]).unwrap(),
    };
    let slots = (0..limits::MAILBOX_SLOTS).map(|label| slot(u8::try_from(label).unwrap())).collect();
    let keep = fitting(Keep { slots, ..keep(0) });
    assert!(keep.slots.len() > limits::MAILBOX_SLOTS / 3 && Request::Keep(keep).to_bytes().len() <= MESSAGE);
}
