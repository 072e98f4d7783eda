//! Visitors who have no Kith leave their card on a public page.

use kith_protocol::engine::Error;
use kith_protocol::engine::guests::LeftSecret;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::person::{Standing, Way};
use kith_protocol::limits;
use kith_protocol::store::{Read, Table};
use kith_protocol::text::{Line, Note};
use kith_tests::sim::{Crash, Visitor, Who, World};

use crate::{DAY, HOUR};

const DEE: Visitor =
    Visitor { secret: LeftSecret([1; 20]), name: "Dee Wong", email: "dee@wong.example", message: "We need valves." };

fn ana(seed: u64) -> (World, Who) {
    let mut world = World::new(seed);
    let ana = world.person("Ana");
    (world, ana)
}

/// Whatever is kept of visitors and of the people that they became.
fn traces(world: &World, who: Who) -> [usize; 4] {
    [Table::LeftCards, Table::Inbox, Table::People, Table::FollowUps].map(|table| world.entries(who, table))
}

#[test]
fn dee_leaves_her_card_and_ana_keeps_it() {
    let (mut world, ana) = ana(1);
    let left = world.leaves(ana, DEE);
    assert_eq!(left.until, world.clock(ana).plus(180 * DAY));
    let item = world.inbox(ana).remove(0);
    assert_eq!((item.kind, item.until), (ItemKind::LeftCard, left.until));
    assert!(world.people(ana).is_empty(), "nobody is written down before she says so");
    world.run_for(2 * DAY);
    world.decides(ana, &item, true, None);
    let dee = world.finds(ana, "Dee");
    assert_eq!((dee.standing, dee.id), (Standing::Unconfirmed, item.person));
    assert_eq!(dee.provenance(), "left their card on my page, unconfirmed");
    assert_eq!(dee.encounters[0].at, left.at, "she was there two days ago");
    assert_eq!(dee.foreign.unwrap().as_str(), "name: Dee Wong\nemail: dee@wong.example\n\nWe need valves.");
    assert!(world.inbox(ana).is_empty());
    world.run_for(400 * DAY);
    assert_eq!(world.people(ana).len(), 1, "what is kept has no end");
    world.check();
}

#[test]
fn ana_lets_it_go_or_does_not_look_and_nothing_is_kept() {
    let (mut world, ana) = ana(2);
    world.leaves(ana, DEE);
    let item = world.inbox(ana).remove(0);
    world.decides(ana, &item, false, None);
    assert_eq!(traces(&world, ana), [0; 4]);
    assert!(world.left_by(ana, DEE).is_none());
    world.leaves(ana, DEE);
    world.run_for(180 * DAY - HOUR);
    assert!(world.left_by(ana, DEE).is_some());
    world.run_for(2 * HOUR);
    assert_eq!(traces(&world, ana), [0; 4], "its date has come");
    world.check();
}

#[test]
fn dee_takes_it_back_before_ana_looks_and_after_she_kept_it() {
    let (mut world, ana) = ana(3);
    world.leaves(ana, DEE);
    world.takes_back(ana, DEE);
    assert_eq!(traces(&world, ana), [0; 4]);
    world.takes_back(ana, DEE);
    world.leaves(ana, DEE);
    let item = world.inbox(ana).remove(0);
    world.decides(ana, &item, true, None);
    world.run_for(300 * DAY);
    assert_eq!(world.left_by(ana, DEE).unwrap().name.as_str(), "Dee Wong");
    world.takes_back(ana, DEE);
    assert_eq!(traces(&world, ana), [0; 4], "Ana had nothing else to do with her");
    world.takes_back(ana, DEE);
    world.check();
}

#[test]
fn what_ana_wrote_herself_stays_when_dee_takes_her_lines_back() {
    let note = PersonChange::Note(Note::new("met her at lunch").unwrap());
    let tag = PersonChange::Tag(Line::new("valves").unwrap());
    let petname = PersonChange::Petname(Some(Line::new("Dee of Wong").unwrap()));
    for change in [note, tag, petname, PersonChange::Cadence(Some(30))] {
        let (mut world, ana) = ana(4);
        world.leaves(ana, DEE);
        let item = world.inbox(ana).remove(0);
        world.decides(ana, &item, true, None);
        world.does(ana, |turn| turn.change_person(item.person, change.clone()));
        world.takes_back(ana, DEE);
        let dee = world.finds(ana, "Dee");
        assert!(dee.foreign.is_none(), "{change:?}");
        assert_eq!(dee.encounters[0].way, Way::LeftCard);
        assert!(world.left_by(ana, DEE).is_none() && world.entries(ana, Table::LeftCards) == 0);
        world.check();
    }
}

#[test]
fn whom_ana_forgets_has_left_nothing() {
    let (mut world, ana) = ana(5);
    world.leaves(ana, DEE);
    let item = world.inbox(ana).remove(0);
    world.decides(ana, &item, true, None);
    world.does(ana, |turn| turn.forget_person(item.person));
    assert_eq!(traces(&world, ana), [0; 4]);
    assert!(world.left_by(ana, DEE).is_none());
    world.takes_back(ana, DEE);
    world.check();
}

#[test]
fn a_form_that_is_sent_twice_is_one_card_and_so_is_the_same_again_within_a_day() {
    let (mut world, ana) = ana(6);
    let first = world.leaves(ana, DEE);
    world.run_for(HOUR);
    assert_eq!(world.leaves(ana, DEE), first, "the same form");
    let again = Visitor { secret: LeftSecret([2; 20]), email: "DEE@wong.example", ..DEE };
    world.leaves(ana, again);
    assert_eq!(world.inbox(ana).len(), 1, "typed once more");
    assert!(world.left_by(ana, DEE).is_none() && world.left_by(ana, again).is_some(), "the newer link counts");
    let other = Visitor { secret: LeftSecret([3; 20]), message: "We need pumps.", ..DEE };
    world.leaves(ana, other);
    assert_eq!(world.inbox(ana).len(), 2, "something else is said");
    world.run_for(DAY + HOUR);
    world.leaves(ana, Visitor { secret: LeftSecret([4; 20]), ..DEE });
    assert_eq!(world.inbox(ana).len(), 3, "the next day");
    world.check();
}

#[test]
fn a_flood_of_cards_ends_at_two_hundred_and_what_dee_left_is_among_them() {
    let (mut world, ana) = ana(7);
    world.leaves(ana, DEE);
    let mut refused = 0;
    for number in 0..300_u16 {
        let mut secret = [7; 20];
        secret[..2].copy_from_slice(&number.to_be_bytes());
        let name: &'static str = format!("Mallory {number}").leak();
        let mallory = Visitor { secret: LeftSecret(secret), name, ..DEE };
        refused += usize::from(matches!(world.tries_to_leave(ana, mallory), Err(Error::Full(_))));
    }
    assert_eq!(refused, 300 + 1 - limits::LEFT_CARDS);
    assert!(world.left_by(ana, DEE).is_some());
    let item = world.inbox(ana).remove(1);
    world.decides(ana, &item, true, None);
    world.leaves(ana, Visitor { secret: LeftSecret([9; 20]), name: "Eva", ..DEE });
    assert_eq!(world.inbox(ana).len(), limits::LEFT_CARDS, "what is kept makes room");
    world.check();
}

#[test]
fn the_secret_of_a_card_is_in_no_table() {
    let (mut world, ana) = ana(8);
    world.leaves(ana, DEE);
    let item = world.inbox(ana).remove(0);
    world.decides(ana, &item, true, None);
    for table in Table::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            let holds = |bytes: &[u8]| bytes.windows(20).any(|window| window == DEE.secret.0);
            assert!(!holds(key) && !holds(value), "{table:?}");
            std::ops::ControlFlow::Continue(())
        };
        world.home(ana).store.scan(*table, b"", b"", &mut visit).unwrap();
    }
    assert_eq!(format!("{:?}", DEE.secret), "LeftSecret");
}

/// Dee leaves her card, Ana keeps it, and Dee takes it back; Eva's is let go.
fn a_visit(crash: Option<(u64, Crash)>) -> ([usize; 4], u64) {
    let (mut world, ana) = ana(9);
    let eva = Visitor { secret: LeftSecret([5; 20]), name: "Eva", ..DEE };
    let start = world.home(ana).steps;
    world.home_mut(ana).crash = crash.map(|(step, crash)| (start + step, crash));
    let dee = world.leaves(ana, DEE).person;
    world.leaves(ana, eva);
    for item in world.inbox(ana) {
        world.decides(ana, &item, item.person == dee, None);
    }
    world.run_for(HOUR);
    let kept = traces(&world, ana);
    world.takes_back(ana, DEE);
    world.run_for(HOUR);
    assert_eq!(traces(&world, ana), [0; 4], "{crash:?}");
    world.check();
    (kept, world.home(ana).steps - start)
}

#[test]
fn a_crash_at_any_step_of_a_visit_changes_nothing_in_the_end() {
    let (expected, steps) = a_visit(None);
    assert_eq!(expected, [1, 0, 1, 1]);
    for step in 0..steps + 2 {
        for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
            assert_eq!(a_visit(Some((step, crash))).0, expected, "{crash:?} at step {step}");
        }
    }
}
