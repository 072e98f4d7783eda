//! Machines die, and people go on from a backup.

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::code_lists::open_codes;
use kith_protocol::engine::introduction::AskState;
use kith_protocol::engine::person::{Person, Reach};
use kith_protocol::engine::{Notice, Own, Refusal, people, replaced_since};
use kith_protocol::id::{IdentityId, PeerId};
use kith_protocol::identity::NodeGrant;
use kith_protocol::letter::body::kind;
use kith_protocol::record::Signed;
use kith_protocol::store::{Read, Table};
use kith_protocol::text::Words;
use kith_protocol::wire;
use kith_tests::sim::{Mallory, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet, refusal};

/// The machine that somebody takes for another's.
fn machine_of(world: &World, who: Who, other: Who) -> PeerId {
    let person = world.knows(who, other).unwrap().id;
    let reach = world.home(who).store.get(Table::Reach, &person.0).unwrap().unwrap();
    let reach: Reach = wire::decode(&reach).unwrap();
    let grant = Signed::<NodeGrant>::from_bytes(reach.grant.as_slice()).unwrap();
    world.history(other).verify(grant).unwrap().peer
}

#[test]
fn ana_goes_on_from_last_nights_backup_and_her_contacts_follow() {
    let (mut world, ana, bo) = ana_and_bo(1);
    let backup = world.copies(ana);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(HOUR);
    world.stop(ana);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    world.restores_backup(ana, backup);
    world.run_for(HOUR);
    assert_eq!(machine_of(&world, bo, ana), world.home(ana).peer, "Bo writes to her new machine");
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "what was written meanwhile came");
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "nothing old was told");
    world.changes_card(ana, FieldKind::Title, Some("Founder"));
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Founder"), "what is new counts");
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn codes_for_one_person_lead_nowhere_after_a_restore_and_badges_lead_on() {
    let (mut world, ana, _) = ana_and_bo(2);
    let chi = world.person("Chi");
    let (code, badge) = (world.shows_live(ana, "Fair"), world.prints(ana, "Badge"));
    let backup = world.copies(ana);
    world.scans(chi, &code);
    world.run_for(60);
    world.stop(ana);
    world.restores_backup(ana, backup);
    world.run_for(HOUR);
    let open = open_codes(&world.home(ana).store, world.clock(ana)).unwrap();
    assert_eq!(open.iter().map(|code| code.id).collect::<Vec<_>>(), [badge.invite]);
    let words = world.fresh_words();
    let (_, _, answer) = world.claims(&Mallory::new("Chi", &words), &code).unwrap();
    assert_eq!(refusal(&answer), Some(Refusal::InviteRevoked), "it was used by Chi, of whom the backup knows nothing");
}

#[test]
fn of_two_machines_from_one_backup_the_one_restored_later_counts() {
    let (mut world, ana, bo) = ana_and_bo(3);
    let backup = world.copies(ana);
    world.stop(ana);
    world.restores_backup(ana, backup.clone());
    world.run_for(DAY);
    let first = world.home(ana).peer;
    assert_eq!(machine_of(&world, bo, ana), first);
    let first_home = world.copies(ana);
    world.restores_backup(ana, backup);
    world.run_for(DAY);
    let second = world.home(ana).peer;
    assert_eq!(machine_of(&world, bo, ana), second);
    // The first machine is switched on once more and says where it is.
    let twin = world.runs_copy(ana, first_home, "twin");
    world.moves(twin);
    world.run_for(DAY);
    assert_eq!(machine_of(&world, bo, ana), second);
    assert_eq!(world.told(twin).filter(|notice| **notice == Notice::Replaced).count(), 1, "Bo's node told it");
    assert!(replaced_since(&world.home(twin).store).unwrap().is_some());
    assert_eq!(replaced_since(&world.home(ana).store).unwrap(), None);
    let generation = |who: Who| Own::load(&world.home(who).store).unwrap().generation;
    assert!(generation(ana) > generation(twin));
}

#[test]
fn the_machine_of_before_falls_silent_and_takes_nothing_more() {
    let (mut world, ana, bo) = ana_and_bo(4);
    let backup = world.copies(ana);
    world.restores_backup(ana, backup.clone());
    world.run_for(HOUR);
    let old = world.runs_copy(ana, backup, "the old laptop");
    world.does(old, |turn| {
        let person = people::by_identity(turn.read(), world_id(turn.read(), "Bo"))?.unwrap().id;
        turn.write_to(person, Words::new("From the old laptop.")?).map(drop)
    });
    world.run_for(HOUR);
    assert!(replaced_since(&world.home(old).store).unwrap().is_some(), "Bo's node said so");
    assert!(world.texts(bo, ana).is_empty(), "what the old laptop says counts no more");
    world.writes(bo, ana, "Which of you is it?");
    world.run_for(HOUR);
    assert_eq!(world.texts(ana, bo), ["Which of you is it?"]);
    assert!(world.texts(old, bo).iter().all(|text| text == "From the old laptop."));
    // It stays so after a restart, and a backup of the new machine may be restored on it.
    world.restarts(old);
    world.run_for(HOUR);
    assert_eq!((world.home(old).mailboxes.own_hosts(), world.texts(bo, ana).len()), (0, 1));
    world.check_handled(bo);
}

/// Whom a home calls by this name.
fn world_id(read: &dyn Read, name: &str) -> IdentityId {
    let mut found = None;
    read.scan(Table::People, b"", b"", &mut |_, bytes| {
        let person: Person = wire::decode(bytes).unwrap();
        found = found.or(person.identity.filter(|_| person.name.as_str() == name));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    found.unwrap()
}

#[test]
fn what_came_since_the_backup_comes_again_and_nothing_twice() {
    let (mut world, ana, bo) = ana_and_bo(5);
    world.writes(bo, ana, "Before the backup.");
    world.run_for(2 * DAY);
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.run_for(HOUR);
    world.writes(bo, ana, "At dinner.");
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.texts(ana, bo), ["Before the backup.", "At dinner."]);
    assert!(world.has_delivered_all(), "Bo's node has the receipts");
    world.restores_backup_of(ana, backup, made);
    assert_eq!(world.texts(ana, bo), ["Before the backup."], "the backup knows of no dinner");
    world.run_for(HOUR);
    assert_eq!(world.texts(ana, bo), ["Before the backup.", "At dinner."]);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "his card came again");
    assert_eq!(world.texts(bo, ana), ["Before the backup.", "At dinner."], "and Bo sees that both have arrived, once");
    assert!(world.has_delivered_all());
    world.check();
}

/// Ana and Chi, who do not know each other, and Bo, who knows both.
fn three(seed: u64) -> (World, [Who; 3]) {
    let mut world = World::new(seed);
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    meet(&mut world, bo, ana);
    meet(&mut world, chi, bo);
    (world, [ana, bo, chi])
}

/// Bo's disk dies after everything went through his hands, and he knows of nothing; or Chi's, after she said yes; or Ana's, after
/// she heard of it.
#[test]
fn an_introduction_goes_on_whoever_of_the_three_comes_back_from_a_backup_of_before() {
    for lost in ["Ana", "Bo", "Chi"] {
        let (mut world, [ana, bo, chi]) = three(21);
        let mut backup = (world.copies(bo), world.clock(bo));
        let ask = world.asks(ana, bo, "Chi");
        if lost == "Ana" {
            backup = (world.copies(ana), world.clock(ana));
        }
        world.run_for(HOUR);
        world.passes(bo, ana, chi);
        world.run_for(HOUR);
        if lost == "Chi" {
            backup = (world.copies(chi), world.clock(chi));
        }
        if lost != "Ana" {
            world.stop(ana);
        }
        world.consents(chi, bo, Tier::Contacts);
        world.run_for(HOUR);
        let (copy, made) = backup;
        match lost {
            "Ana" => world.restores_backup_of(ana, copy, made),
            "Bo" => {
                world.restores_backup_of(bo, copy, made);
                world.start(ana);
                world.run_for(3 * HOUR);
                world.passes(bo, ana, chi);
            }
            _ => {
                world.stop(chi);
                world.start(ana);
                world.run_for(HOUR);
                assert_eq!(world.ask_state(ana, ask.id), AskState::Connecting, "Ana knows that Chi said yes");
                world.restores_backup_of(chi, copy, made);
                world.run_for(3 * HOUR);
                world.consents(chi, bo, Tier::Contacts);
            }
        }
        world.run_for(DAY);
        assert_eq!(world.ask_state(ana, ask.id), AskState::Connected, "{lost}: {}", world.story_of(ana, chi));
        assert!(world.are_contacts(ana, chi), "{lost} is back, and Ana and Chi do not hold each other");
        world.check();
    }
}

#[test]
fn whom_ana_met_since_the_backup_is_back_by_the_word_of_whoever_holds_her_mailbox() {
    let (mut world, [ana, bo, chi]) = three(22);
    world.run_for(2 * DAY);
    world.hides(ana);
    world.run_for(DAY);
    assert_eq!(world.home(ana).mailboxes.own_hosts(), 1, "Bo's node holds letters for Ana");
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.run_for(HOUR);
    let eva = world.person("Eva");
    meet(&mut world, eva, ana);
    world.writes(eva, ana, "It was good to meet you.");
    world.run_for(2 * HOUR);
    assert_eq!(world.texts(ana, eva), ["It was good to meet you."]);
    world.restores_backup_of(ana, backup, made);
    world.run_for(HOUR);
    assert!(!world.holds(ana, eva), "the backup does not know her");
    let code = world.shows_live(bo, "At Bo's table");
    assert_eq!(world.asks_whom_they_met_since(ana, &code, made), ["Eva"]);
    world.run_for(2 * HOUR);
    assert!(world.are_contacts(ana, eva));
    assert_eq!(world.texts(ana, eva), ["It was good to meet you."], "what she wrote comes again");
    world.writes(ana, eva, "And you.");
    world.run_for(2 * HOUR);
    assert_eq!(world.texts(eva, ana), ["It was good to meet you.", "And you."]);
    assert!(!world.holds(ana, chi));
}

/// Ana scanned Eva's badge before the backup, and Eva said yes after it.
#[test]
fn a_scan_that_waits_in_the_backup_has_its_answer_by_who_was_met_since() {
    let (mut world, [ana, bo, _]) = three(23);
    world.run_for(2 * DAY);
    world.hides(ana);
    world.run_for(DAY);
    let eva = world.person("Eva");
    let badge = world.prints(eva, "Badge");
    world.scans(ana, &badge);
    world.run_for(HOUR);
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.accepts(eva, ana);
    world.run_for(2 * HOUR);
    assert!(world.are_contacts(ana, eva));
    world.restores_backup_of(ana, backup, made);
    world.run_for(HOUR);
    let code = world.shows_live(bo, "At Bo's table");
    assert_eq!(world.asks_whom_they_met_since(ana, &code, made), ["Eva"]);
    // By then the scan would have been given up.
    world.run_for(40 * DAY);
    assert_eq!(world.people(ana).len(), 2, "Bo and one Eva");
    world.writes(eva, ana, "Are you there?");
    world.run_for(2 * HOUR);
    assert_eq!(world.texts(ana, eva), ["Are you there?"]);
}

#[test]
fn two_restores_in_a_row_lose_nothing() {
    let (mut world, ana, bo) = ana_and_bo(6);
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.run_for(HOUR);
    world.writes(bo, ana, "At dinner.");
    world.run_for(HOUR);
    for _ in 0..2 {
        world.restores_backup_of(ana, backup.clone(), made);
        world.run_for(60);
    }
    world.run_for(3 * HOUR);
    assert_eq!(world.texts(ana, bo), ["At dinner."], "the second wish was heard an hour after the first");
    world.check();
}

#[test]
fn letters_are_kept_for_a_month_and_not_for_those_who_left() {
    let (mut world, ana, bo) = ana_and_bo(7);
    world.writes(bo, ana, "Old.");
    world.run_for(20 * DAY);
    world.writes(bo, ana, "Newer.");
    world.run_for(15 * DAY);
    assert_eq!(kept(&world, bo, ana), 1, "the newer");
    for number in 0..200 {
        world.writes(bo, ana, &format!("{number}"));
        world.run_for(DAY / 20);
    }
    assert_eq!(kept(&world, bo, ana), 128, "the newest");
    world.forgets(ana, bo);
    world.run_for(HOUR);
    assert_eq!(kept(&world, bo, ana), 0);
}

/// How many letters that arrived at another somebody keeps.
fn kept(world: &World, who: Who, other: Who) -> usize {
    let person = world.knows(who, other).unwrap().id;
    let mut kept = 0;
    let mut count = |key: &[u8], _: &[u8]| {
        kept += usize::from(key.len() > person.0.len());
        std::ops::ControlFlow::Continue(())
    };
    world.home(who).store.scan(Table::Sent, &person.0, b"", &mut count).unwrap();
    kept
}

#[test]
fn mallory_who_asks_again_and_again_is_sent_nothing_of_others_and_little_more_than_once_an_hour() {
    let (mut world, ana, bo) = ana_and_bo(8);
    let mallory = world.person("Mallory");
    meet(&mut world, bo, mallory);
    world.writes(bo, ana, "For Ana alone.");
    world.writes(bo, mallory, "For Mallory.");
    world.run_for(HOUR);
    let delivered = |world: &World| {
        let mallory = world.knows(bo, mallory).unwrap().id;
        let to_her =
            |notice: &&Notice| matches!(notice, Notice::Delivered { person, kind: kind::NOTE } if *person == mallory);
        world.told(bo).filter(to_her).count()
    };
    let before = delivered(&world);
    for _ in 0..100 {
        let copy = world.copies(mallory);
        world.restores_backup(mallory, copy);
        world.run_for(20);
    }
    let after = delivered(&world) - before;
    assert_eq!(world.texts(mallory, bo), ["For Mallory."]);
    assert_eq!(after, 1, "in half an hour");
    world.check();
}
