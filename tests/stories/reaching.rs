//! Nodes that move, sleep and come back.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::Notice;
use kith_protocol::engine::person::ScanProblem;
use kith_protocol::identity::Reason;
use kith_protocol::letter::body::kind;
use kith_protocol::limits;
use kith_tests::sim::{Weather, World};

use crate::{DAY, HOUR, ana_and_bo, meet};

#[test]
fn ana_moves_to_another_address_and_bo_finds_her() {
    let (mut world, ana, bo) = ana_and_bo(1);
    world.moves(ana);
    world.run_for(HOUR);
    world.restarts(bo);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn one_can_be_dialled_and_the_other_cannot() {
    for hidden in 0..2 {
        let mut world = World::new(2);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        if hidden == 0 {
            world.hides(bo);
            meet(&mut world, ana, bo);
        } else {
            // Ana's code has no address at all, so Bo has to wait until she calls: nothing can come of it.
            world.hides(ana);
            let code = world.shows_live(ana, "Fair");
            world.scans(bo, &code);
            world.run_for(40 * DAY);
            assert_eq!(world.finds(bo, "Ana").scan.and_then(|scan| scan.problem), Some(ScanProblem::Unanswered));
        }
        world.check();
    }
}

#[test]
fn both_restart_at_new_addresses_one_after_the_other() {
    let (mut world, ana, bo) = ana_and_bo(3);
    for _ in 0..3 {
        world.moves(ana);
        world.run_for(2 * HOUR);
        world.moves(bo);
        world.run_for(2 * HOUR);
        world.restarts(ana);
        world.restarts(bo);
        world.run_for(2 * HOUR);
    }
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    assert!(world.has_delivered_all());
    world.check();
}

/// Bo and Chi were told last at different times, and both had to wait. Once both have heard, that is all.
#[test]
fn nobody_is_told_again_where_ana_is_who_has_heard_it() {
    let (mut world, ana, _) = ana_and_bo(15);
    let told = |world: &World| {
        let where_she_is = |notice: &&Notice| matches!(notice, Notice::Delivered { kind: kind::PRESENCE, .. });
        world.told(ana).filter(where_she_is).count()
    };
    for minute in 0..60 {
        world.moves(ana);
        world.run_for(60);
        if minute == 30 {
            let chi = world.person("Chi");
            meet(&mut world, ana, chi);
        }
    }
    world.run_for(2 * HOUR);
    assert!(world.has_delivered_all());
    let before = told(&world);
    world.run_for(12 * HOUR);
    assert_eq!(told(&world), before);
    world.check();
}

#[test]
fn an_address_that_changes_every_minute_is_told_at_a_pace() {
    let (mut world, ana, bo) = ana_and_bo(4);
    let told = |world: &World| {
        let where_she_is = |notice: &&Notice| matches!(notice, Notice::Delivered { kind: kind::PRESENCE, .. });
        world.told(ana).filter(where_she_is).count()
    };
    let (before, told_before) = (world.figures.sent, told(&world));
    for _ in 0..60 {
        world.moves(ana);
        world.run_for(60);
    }
    world.run_for(3 * HOUR);
    let sent = world.figures.sent - before;
    assert!(sent < 40, "{sent} letters for sixty changes");
    // A few close together, and one more with each hour.
    let (told, most) = (told(&world) - told_before, limits::PRESENCE_BURST as usize + 4 + 1);
    assert!(told > 0 && told <= most, "Bo was told {told} times where she is, at most {most} times he may be");
    world.restarts(bo);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "the last address is known");
    world.check();
}

#[test]
fn after_twenty_days_without_a_network_contact_resumes() {
    for off in [true, false] {
        for seed in 0..5 {
            let (mut world, ana, bo) = ana_and_bo(seed);
            for who in [ana, bo] {
                if off { world.stop(who) } else { world.goes_offline(who) }
            }
            world.run_for(DAY);
            if !off {
                world.changes_card(ana, FieldKind::Title, Some("Owner"));
            }
            world.run_for(19 * DAY);
            for who in [ana, bo] {
                if off { world.start(who) } else { world.comes_online(who) }
            }
            world.run_for(DAY);
            if off {
                world.changes_card(ana, FieldKind::Title, Some("Owner"));
            }
            world.changes_card(bo, FieldKind::Title, Some("Buyer"));
            world.run_for(HOUR);
            assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "off: {off}, seed {seed}");
            assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"), "off: {off}, seed {seed}");
            assert!(world.has_delivered_all());
            world.check();
        }
    }
}

#[test]
fn half_a_year_passes_and_nothing_piles_up() {
    let (mut world, ana, bo) = ana_and_bo(5);
    world.run_for(180 * DAY);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(60);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    for who in [ana, bo] {
        let entries = world.home(who).store.len();
        assert!(entries < 64, "{entries} entries for one contact");
    }
    world.check();
}

#[test]
fn a_letter_to_somebody_who_never_comes_back_gives_up_on_its_date_and_says_so() {
    let (mut world, ana, bo) = ana_and_bo(6);
    world.stop(bo);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    let date = world.gives_up(ana, bo).unwrap();
    assert_eq!(date.since(world.clock(ana)), limits::LETTER_LIFE);
    world.run_for(limits::LETTER_LIFE - HOUR);
    let kind = kind::CARD;
    let gave_up = |world: &World| world.told(ana).any(|n| matches!(n, Notice::GaveUp { kind: of, .. } if *of == kind));
    assert!(!gave_up(&world));
    world.run_for(2 * HOUR);
    assert!(gave_up(&world));
    assert!(world.waiting(ana, bo).iter().all(|letter| letter.kind != kind));
    world.check();
}

#[test]
fn a_split_network_heals() {
    let mut world = World::new(7);
    let people: Vec<_> = ["Ana", "Bo", "Chi", "Dee"].iter().map(|name| world.person(name)).collect();
    for pair in [(0, 1), (1, 2), (2, 3), (3, 0)] {
        meet(&mut world, people[pair.0], people[pair.1]);
    }
    world.splits(&people[..2]);
    for who in &people {
        world.changes_card(*who, FieldKind::Title, Some("Elsewhere"));
    }
    world.run_for(DAY);
    assert_eq!(world.reads(people[1], people[0], FieldKind::Title).as_deref(), Some("Elsewhere"));
    assert_eq!(world.reads(people[2], people[1], FieldKind::Title), None);
    world.heals();
    world.run_for(2 * HOUR);
    assert_eq!(world.reads(people[2], people[1], FieldKind::Title).as_deref(), Some("Elsewhere"));
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn a_node_with_nothing_to_do_sleeps() {
    let (mut world, ana, bo) = ana_and_bo(8);
    world.run_for(HOUR);
    let before = world.figures.steps;
    world.run_for(6 * DAY);
    let steps = world.figures.steps - before;
    // Up to four times a day each of the two notes anew with others where it is, and hears that they took it. Once a day
    // each looks whether its own key was given up, today or yesterday, and once whether the other's was.
    assert!(steps < 40 + 2 * 4 * 2 * 6 + 2 * 3 * 7, "{steps} steps in six quiet days");
    world.goes_offline(bo);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    let before = world.figures.steps;
    world.run_for(DAY);
    let steps = world.figures.steps - before;
    // And each hour it is looked whether Bo said elsewhere where he is, today or yesterday.
    assert!(steps < 250 + 5 * 24, "{steps} steps for one call every half hour");
}

#[test]
fn one_who_asks_for_patience_is_not_asked_again_at_once() {
    // Mallory's node answers "later" to everything. Ana's must not send in a circle.
    let (mut world, ana, bo) = ana_and_bo(9);
    world.weather = Weather { delay: (1, 2), ..Weather::FINE };
    let copy = world.copies(bo);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(60);
    // Bo's home loses the secret of the pair: nothing of Ana's can be opened any more.
    world.restores(bo, copy);
    world.breaks_secrets(bo);
    world.run_for(60);
    let before = world.figures.sent;
    world.changes_card(ana, FieldKind::Title, Some("Chair"));
    world.run_for(HOUR);
    let sent = world.figures.sent - before;
    // The card, and the capsule that came due, with ten or eleven tries of each.
    assert!(sent <= 22, "{sent} letters in an hour");
    world.check();
}

#[test]
fn what_piles_up_for_chi_keeps_no_news_from_bo_nor_from_chi() {
    let (mut world, ana, bo) = ana_and_bo(21);
    let chi = world.person("Chi");
    meet(&mut world, ana, chi);
    world.stop(chi);
    world.fills_outbox(ana, chi);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.moves(ana);
    world.rotates(ana, Reason::Routine);
    world.run_for(8 * DAY);
    world.moves(ana);
    world.run_for(HOUR);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    assert!(world.knows_address(bo, ana) && world.waiting(ana, bo).is_empty());
    world.check();
    // Chi scans a code of Ana's meanwhile, whose answer finds no room, and comes back.
    let code = world.shows_live(ana, "Dinner");
    world.start(chi);
    world.scans(chi, &code);
    world.run_for(2 * HOUR);
    assert_eq!(world.reads(chi, ana, FieldKind::Title).as_deref(), Some("Owner"));
    assert!(world.knows_address(chi, ana) && world.has_delivered_all());
    assert_eq!(world.knows(chi, ana).unwrap().encounters.len(), 2);
    world.check();
}

#[test]
fn three_hundred_people_hear_that_ana_moved_and_what_her_card_says_now() {
    let mut world = World::new(31);
    let ana = world.person("Ana");
    let visitors: Vec<_> = (0..300).map(|number| world.person(&format!("Visitor {number}"))).collect();
    for some in visitors.chunks(50) {
        for visitor in some {
            let code = world.shows_live(ana, "Fair");
            world.scans(*visitor, &code);
        }
        world.run_for(HOUR);
    }
    // More than one step tells; a restart in between forgets nobody.
    world.moves(ana);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.restarts(ana);
    world.run_for(2 * HOUR);
    let unaware: Vec<_> =
        visitors.iter().filter(|who| world.reads(**who, ana, FieldKind::Title).as_deref() != Some("Owner")).collect();
    assert!(unaware.is_empty(), "{} of 300 were not told", unaware.len());
    assert!(world.has_delivered_all());
    world.check();
}
