//! Nodes of contacts hold letters for those that are off or behind a router.

use std::collections::BTreeSet;
use std::ops::Range;

use kith_protocol::card::FieldKind;
use kith_protocol::engine::Notice;
use kith_protocol::engine::mailboxes::{MailboxState, own_mailboxes};
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::person::ScanProblem;
use kith_protocol::letter::body::kind;
use kith_tests::sim::{Code, Crash, Scan, Weather, Who, World};

use crate::{DAY, HOUR, meet};

/// Ana and Bo, who are contacts and behind routers that let nobody in; Chi's node holds letters for Ana, Dee's for Bo.
fn behind_routers(seed: u64) -> (World, [Who; 4]) {
    let mut world = World::new(seed);
    let [ana, bo, chi, dee] = ["Ana", "Bo", "Chi", "Dee"].map(|name| world.person(name));
    meet(&mut world, chi, ana);
    meet(&mut world, dee, bo);
    for who in [ana, bo] {
        world.hides(who);
        world.restarts(who);
    }
    world.run_for(HOUR);
    assert_eq!(keepers(&world, ana), [chi]);
    assert_eq!(keepers(&world, bo), [dee]);
    (world, [ana, bo, chi, dee])
}

/// Whose nodes hold letters for somebody.
fn keepers(world: &World, who: Who) -> Vec<Who> {
    let mailboxes = own_mailboxes(&world.home(who).store).unwrap();
    let open = mailboxes.iter().filter(|mailbox| mailbox.state == MailboxState::Open);
    let peer = |host| world.whos().find(|&there| world.home(there).peer == host).unwrap();
    open.map(|mailbox| peer(mailbox.host)).collect()
}

fn meet_by_mailbox(world: &mut World, ana: Who, bo: Who) {
    let code = world.shows_live(ana, "Hannover Messe");
    world.run_for(1);
    world.scans(bo, &code);
    world.run_for(5 * 60);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    assert!(world.are_contacts(ana, bo), "{}\n{}", world.story_of(ana, bo), world.story_of(bo, ana));
}

#[test]
fn two_strangers_behind_routers_with_different_mailboxes_connect_from_one_scan() {
    let (mut world, [ana, bo, chi, dee]) = behind_routers(1);
    meet_by_mailbox(&mut world, ana, bo);
    assert!(world.met(ana, bo), "the meeting record has both signatures");
    world.writes(ana, bo, "It was good to meet you.");
    world.writes(bo, ana, "Likewise!");
    world.run_for(HOUR);
    assert_eq!(world.texts(bo, ana).len(), 2, "{:?}", world.texts(bo, ana));
    assert_eq!(world.texts(ana, bo).len(), 2, "{:?}", world.texts(ana, bo));
    world.run_for(DAY);
    assert!(world.has_delivered_all(), "each heard that the other has it: {:?}", world.outbox(ana));
    for host in [chi, dee] {
        assert_eq!(world.home(host).mailboxes.parcels(), 0, "nothing is left at {}", world.home(host).name);
    }
    world.check();
}

#[test]
fn two_who_are_never_there_together_exchange_everything() {
    let (mut world, [ana, bo, ..]) = behind_routers(2);
    let code = world.shows_live(ana, "Hannover Messe");
    world.run_for(60);
    world.goes_offline(ana);
    world.scans(bo, &code);
    world.run_for(HOUR);
    for turn in 0..8 {
        let (off, on) = if turn % 2 == 0 { (bo, ana) } else { (ana, bo) };
        world.goes_offline(off);
        world.comes_online(on);
        world.run_for(3 * HOUR);
        if turn == 0 {
            world.accepts(ana, bo);
        }
        if turn == 2 {
            world.writes(ana, bo, "Shall we go on with it?");
            world.changes_card(ana, FieldKind::Title, Some("Owner"));
        }
        if turn == 3 {
            world.writes(bo, ana, "Gladly.");
        }
        world.run_for(9 * HOUR);
    }
    assert!(world.are_contacts(ana, bo) && world.met(ana, bo), "{}", world.story_of(bo, ana));
    assert_eq!(world.texts(ana, bo), ["Shall we go on with it?", "Gladly."]);
    assert_eq!(world.texts(bo, ana), ["Shall we go on with it?", "Gladly."]);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
    let left = [ana, bo].map(|who| world.outbox(who).iter().filter(|letter| letter.stored.is_none()).count());
    assert_eq!(left, [0, 0], "{:?} {:?}", world.outbox(ana), world.outbox(bo));
    world.check();
}

#[test]
fn whoever_holds_letters_learns_no_names_and_nothing_of_what_is_written() {
    let (mut world, [ana, bo, chi, _]) = behind_routers(3);
    meet_by_mailbox(&mut world, ana, bo);
    world.goes_offline(ana);
    world.writes(bo, ana, "Zinc is cheaper in spring.");
    world.run_for(HOUR);
    assert!(world.home(chi).mailboxes.parcels() > 0, "Bo's letter lies at Chi's node");
    let seen = world.home(chi).mailboxes.everything();
    for word in ["Bo", "Zinc", &world.home(bo).id.to_string(), &format!("{:?}", world.home(bo).id.0)] {
        assert!(!seen.contains(word), "Chi's node knows {word}");
    }
}

#[test]
fn a_mailbox_that_loses_everything_loses_no_letter() {
    let (mut world, [ana, bo, chi, _]) = behind_routers(4);
    meet_by_mailbox(&mut world, ana, bo);
    world.goes_offline(ana);
    world.writes(bo, ana, "Zinc is cheaper in spring.");
    world.run_for(HOUR);
    world.loses_what_it_holds(chi);
    world.comes_online(ana);
    world.run_for(DAY);
    assert!(world.texts(ana, bo).is_empty(), "it was lost on the way");
    world.run_for(4 * DAY);
    assert_eq!(world.texts(ana, bo), ["Zinc is cheaper in spring."], "Bo's node left it there again");
    world.check();
}

#[test]
fn who_comes_too_late_to_a_used_code_hears_so_through_the_mailbox() {
    let (mut world, [ana, bo, chi, dee]) = behind_routers(5);
    let eva = world.person("Eva");
    meet(&mut world, dee, eva);
    world.hides(eva);
    world.restarts(eva);
    world.run_for(HOUR);
    let code = world.shows_live(ana, "Hannover Messe");
    world.run_for(1);
    world.scans(bo, &code);
    world.run_for(HOUR);
    let scanned = world.scans(eva, &code);
    world.run_for(HOUR);
    let problem = world.people(eva).into_iter().find(|person| person.id == scanned).and_then(|one| one.scan);
    assert_eq!(problem.and_then(|scan| scan.problem), Some(ScanProblem::Used));
    assert!(world.holds(ana, bo) && !world.holds(ana, eva));
    assert_eq!(world.home(chi).mailboxes.parcels(), 0);
}

#[test]
fn who_parted_may_leave_nothing_more_and_who_is_blocked_does_not_notice() {
    let (mut world, [ana, bo, chi, _]) = behind_routers(6);
    meet_by_mailbox(&mut world, ana, bo);
    let before = world.home(chi).mailboxes.parcels();
    let blocked = PersonChange::Block(true);
    world.changes(ana, bo, blocked);
    world.run_for(60);
    world.writes(bo, ana, "Are you there?");
    world.run_for(HOUR);
    assert!(world.texts(ana, bo).is_empty());
    assert_eq!(world.waiting(bo, ana).iter().filter(|letter| letter.stored.is_none()).count(), 0, "it looks handled");
    world.changes(ana, bo, PersonChange::Block(false));
    world.forgets(ana, bo);
    world.run_for(HOUR);
    assert_eq!(world.home(chi).mailboxes.parcels(), before);
}

#[test]
fn what_was_left_before_anas_disk_died_is_there_for_her_new_machine_and_not_for_the_old_one() {
    let (mut world, [ana, bo, chi, _]) = behind_routers(8);
    meet_by_mailbox(&mut world, ana, bo);
    let backup = world.copies(ana);
    world.goes_offline(ana);
    world.writes(bo, ana, "Zinc is cheaper in spring.");
    world.run_for(HOUR);
    assert!(world.home(chi).mailboxes.parcels() > 0);
    world.comes_online(ana);
    world.stop(ana);
    world.restores_backup(ana, backup.clone());
    world.run_for(HOUR);
    assert_eq!(world.texts(ana, bo), ["Zinc is cheaper in spring."]);
    // The old machine is switched on while the new one is off.
    world.goes_offline(ana);
    world.writes(bo, ana, "Shall we order?");
    world.run_for(HOUR);
    let old = world.runs_copy(ana, backup, "the old laptop");
    world.run_for(DAY);
    assert!(!world.texts(old, bo).iter().any(|text| text == "Shall we order?"), "it took what was not for it");
    world.comes_online(ana);
    world.run_for(4 * DAY);
    assert_eq!(world.texts(ana, bo), ["Zinc is cheaper in spring.", "Shall we order?"]);
    world.check_handled(bo);
}

#[test]
fn a_host_that_is_away_for_weeks_is_joined_by_another_and_gives_back_what_it_holds() {
    let (mut world, [ana, bo, ..]) = behind_routers(9);
    for name in ["Eva", "Fay"] {
        let other = world.person(name);
        meet(&mut world, other, ana);
    }
    world.run_for(HOUR);
    meet_by_mailbox(&mut world, ana, bo);
    let before = keepers(&world, ana);
    let [first, second] = before[..] else { panic!("{before:?}") };
    world.stop(ana);
    world.goes_offline(second);
    world.writes(bo, ana, "Zinc is cheaper in spring.");
    world.run_for(HOUR);
    assert!(world.home(first).mailboxes.parcels() > 0);
    world.goes_offline(first);
    world.comes_online(second);
    world.run_for(10 * DAY);
    world.start(ana);
    world.run_for(HOUR);
    assert_eq!(keepers(&world, ana), before, "her node was off, too: nobody knows yet that one is lost");
    world.run_for(8 * DAY);
    assert_eq!(keepers(&world, ana).len(), 3, "another one serves beside it");
    world.comes_online(first);
    world.run_for(DAY);
    assert_eq!(world.texts(ana, bo), ["Zinc is cheaper in spring."]);
    assert_eq!(world.home(first).mailboxes.parcels(), 0, "what lay there came");
    world.check();
}

#[test]
fn a_badge_leads_to_the_mailbox_behind_any_number_of_newer_codes_and_from_before_there_was_one() {
    let mut world = World::new(11);
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    let badge = world.prints(ana, "Badge");
    world.hides(ana);
    world.restarts(ana);
    meet(&mut world, chi, ana);
    world.run_for(HOUR);
    assert_eq!(keepers(&world, ana), [chi]);
    for _ in 0..150 {
        world.shows_live(ana, "Hannover Messe");
    }
    world.run_for(60);
    // What Ana prints now names the front door; the badge of before names no address at all.
    let again = world.does(ana, |turn| turn.invite_code(badge.invite)).to_code();
    world.scans(bo, &Code { text: again, ..badge });
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(DAY);
    assert!(world.are_contacts(ana, bo), "{}", world.story_of(bo, ana));
}

#[test]
fn of_all_that_bo_says_of_where_he_is_only_the_newest_lies_in_anas_mailbox() {
    let (mut world, [ana, bo, chi, _]) = behind_routers(12);
    meet_by_mailbox(&mut world, ana, bo);
    world.run_for(DAY);
    world.goes_offline(ana);
    let person = world.knows(bo, ana).unwrap().id;
    let left = |world: &World| {
        let in_hers = |notice: &&Notice| **notice == Notice::LeftInMailbox { person };
        world.told(bo).filter(in_hers).count()
    };
    let (lying, before) = (world.home(chi).mailboxes.parcels(), left(&world));
    for _ in 0..5 {
        world.moves(bo);
        // Longer than he must wait between two such letters.
        world.run_for(2 * HOUR);
    }
    assert!(left(&world) >= before + 5, "{} of five were left\n{}", left(&world) - before, world.story_of(bo, ana));
    assert_eq!(world.home(chi).mailboxes.parcels(), lying + 1, "each takes the place of the one before");
    world.comes_online(ana);
    world.run_for(DAY);
    assert!(world.knows_address(ana, bo), "it is the newest that lay there");
    assert_eq!(world.home(chi).mailboxes.parcels(), 0);
    world.check();
}

#[test]
fn bo_scans_again_whom_he_wanted_to_forget() {
    let (mut world, [ana, bo, ..]) = behind_routers(10);
    let code = world.prints(ana, "Badge");
    world.run_for(60);
    let person = world.scans(bo, &code);
    world.run_for(HOUR);
    world.does(bo, |turn| turn.forget_person(person));
    assert!(world.people(bo).iter().all(|known| known.id != person));
    assert_eq!(world.scans(bo, &code), person);
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(DAY);
    assert!(world.are_contacts(ana, bo), "{}", world.story_of(bo, ana));
}

#[test]
fn bad_weather_and_mailboxes_that_come_and_go_lose_nothing() {
    for seed in 1..=8 {
        let (mut world, [ana, bo, chi, dee]) = behind_routers(seed);
        world.weather = Weather::BAD;
        meet_by_mailbox_in_bad_weather(&mut world, ana, bo);
        for round in 0..6 {
            let host = [chi, dee][round % 2];
            world.goes_offline(host);
            world.writes(ana, bo, &format!("Ana {round}"));
            world.run_for(2 * HOUR);
            world.writes(bo, ana, &format!("Bo {round}"));
            world.comes_online(host);
            world.run_for(2 * HOUR);
        }
        world.weather = Weather::FINE;
        world.run_for(8 * DAY);
        let mut texts = [world.texts(ana, bo), world.texts(bo, ana)];
        texts.iter_mut().for_each(|all| all.sort());
        assert_eq!(texts[0].len(), 12, "seed {seed}: {:?}", texts[0]);
        assert_eq!(texts[0], texts[1], "seed {seed}");
        world.check();
    }
}

fn meet_by_mailbox_in_bad_weather(world: &mut World, ana: Who, bo: Who) {
    let code = world.prints(ana, "Badge");
    world.run_for(HOUR);
    world.tries_to_scan(bo, &code, Scan::default()).unwrap();
    world.run_for(DAY);
    world.accepts(ana, bo);
    world.run_for(2 * DAY);
    assert!(world.are_contacts(ana, bo), "{}\n{}", world.story_of(ana, bo), world.story_of(bo, ana));
}

/// What Ana and Bo have after an exchange by mailbox, and which of their steps were about the letter in it.
struct Exchange {
    /// Whether they are contacts, whether they met, what Ana reads, whom she knows.
    outcome: (bool, bool, Vec<String>, usize),
    /// Steps of each.
    steps: [u64; 2],
    /// Of these, the ones from when Bo writes until he has heard that Ana has it, and two more.
    letter: [Range<u64>; 2],
}

fn exchange(plan: Option<(usize, u64, Crash)>) -> Exchange {
    let (mut world, [ana, bo, ..]) = behind_routers(7);
    let start = [ana, bo].map(|who| world.home(who).steps);
    if let Some((end, step, crash)) = plan {
        world.home_mut([ana, bo][end]).crash = Some((start[end] + step, crash));
    }
    let steps = |world: &World| [world.home(ana).steps - start[0], world.home(bo).steps - start[1]];
    let code = world.shows_live(ana, "Hannover Messe");
    world.run_for(5);
    world.scans(bo, &code);
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    let written = steps(&world);
    world.writes(bo, ana, "Zinc is cheaper in spring.");
    let left = runs_until(&mut world, 5 * DAY, |world| !world.texts(ana, bo).is_empty());
    let is_heard = |world: &World| world.waiting(bo, ana).iter().all(|letter| letter.kind != kind::NOTE);
    let left = runs_until(&mut world, left, is_heard);
    let heard = steps(&world);
    world.run_for(left);
    let outcome = (world.are_contacts(ana, bo), world.met(ana, bo), world.texts(ana, bo), world.people(ana).len());
    world.check();
    let letter = [0, 1].map(|end| written[end]..heard[end] + 2);
    Exchange { outcome, steps: steps(&world), letter }
}

/// Lets time pass, a second at a time, until something is so; what is left of the time that it may take.
fn runs_until(world: &mut World, most: u64, is_so: impl Fn(&World) -> bool) -> u64 {
    let mut left = most;
    while left > 0 && !is_so(world) {
        world.run_for(1);
        left -= 1;
    }
    left
}

#[test]
fn a_crash_at_any_step_of_an_exchange_by_mailbox_changes_nothing_in_the_end() {
    let expected = exchange(None);
    let (are_contacts, met, texts, _) = &expected.outcome;
    assert!(*are_contacts && *met && texts.len() == 1, "{:?}", expected.outcome);
    for end in [0, 1] {
        let (whose, letter) = (["Ana", "Bo"][end], expected.letter[end].clone());
        println!("{whose}: {} steps, the letter in {letter:?}", expected.steps[end]);
        // Between collecting and acknowledging lies what must not be lost nor come twice; it takes a few steps of each.
        assert!(letter.end - letter.start <= 60, "{whose} makes {letter:?} for one letter: too many to crash each");
        let steps: BTreeSet<u64> = (0..expected.steps[end].min(40)).chain(letter).collect();
        for step in steps {
            for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
                let outcome = exchange(Some((end, step, crash))).outcome;
                assert_eq!(outcome, expected.outcome, "{crash:?} at step {step} of {whose}");
            }
        }
    }
}
