//! Bo bought Ana's valves for years and says so; Ana decides who may read it.

use kith_protocol::engine::Notice;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::people::PersonChange;
use kith_protocol::engine::vouches::{VouchKey, VouchState};
use kith_protocol::identity::Reason;
use kith_protocol::limits;
use kith_protocol::store::Table;
use kith_protocol::text::Line;
use kith_protocol::vouch::{EvidenceKind, Interest, VouchReach};
use kith_tests::sim::{Crash, WORDS, Weather, Who, World};

use crate::introductions::three;
use crate::{DAY, HOUR, ana_and_bo, meet};

/// Bo vouches for Ana, and Ana lets contacts of either read it.
fn accepted(world: &mut World, bo: Who, ana: Who) -> VouchKey {
    let key = world.vouches(bo, ana, VouchReach::Contacts);
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::Vouched]);
    world.accepts(ana, bo);
    world.run_for(60);
    key
}

fn state(world: &World, who: Who, key: VouchKey) -> Option<VouchState> {
    world.reads_vouch(who, key).map(|shown| shown.state)
}

#[test]
fn chi_reads_what_bo_says_of_ana_when_ana_asks_for_chi() {
    let (mut world, [ana, bo, chi]) = three(1);
    let key = accepted(&mut world, bo, ana);
    assert_eq!(
        (state(&world, bo, key), state(&world, ana, key)),
        (Some(VouchState::Contacts), Some(VouchState::Contacts))
    );
    let of_chi = accepted(&mut world, bo, chi);
    let (proposed, asked) = world.introduces(ana, bo, chi);
    assert!(proposed.vouched.is_some() && asked.vouched.is_some());
    let shown = world.reads_vouch(chi, key).unwrap();
    assert_eq!((shown.by.as_str(), shown.about.as_str(), shown.words.as_str()), ("Bo", "Ana", WORDS));
    assert_eq!(shown.interest_in_words, "no interest of theirs in it");
    assert_eq!(shown.state, VouchState::Contacts);
    assert_eq!(shown.evidence, ["a meeting, by their word"], "Chi has not seen the record");
    println!("{}", shown.in_words());
    assert_eq!(world.reads_vouch(ana, of_chi).unwrap().about, "Chi");
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn a_vouch_of_any_reach_without_acceptance_is_not_shown_to_others() {
    for reach in [VouchReach::UsTwo, VouchReach::Contacts, VouchReach::Public] {
        for ignores in [false, true] {
            let (mut world, [ana, bo, chi]) = three(2);
            let key = world.vouches(bo, ana, reach);
            world.run_for(60);
            if ignores {
                world.ignores(ana, bo);
            }
            let (proposed, _) = world.introduces(ana, bo, chi);
            assert_eq!(proposed.vouched, None, "{reach:?}");
            assert!(world.holds_vouches_about(chi, ana).is_empty(), "{reach:?}");
            assert!(world.held_vouch(ana, key).is_some(), "Ana reads what is said of her, whatever becomes of it");
            world.check();
        }
    }
}

#[test]
fn a_vouch_for_the_two_alone_is_shown_to_nobody_though_it_was_accepted() {
    let (mut world, [ana, bo, chi]) = three(3);
    let key = world.vouches(bo, ana, VouchReach::UsTwo);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    assert_eq!(state(&world, bo, key), Some(VouchState::UsTwo));
    let (proposed, _) = world.introduces(ana, bo, chi);
    assert_eq!(proposed.vouched, None);
}

#[test]
fn the_strongest_of_three_vouches_is_shown() {
    let (mut world, [ana, bo, chi]) = three(4);
    for (strength, words) in [(2, "firm"), (3, "strong"), (1, "weak")] {
        world.vouches_so(bo, ana, |options| {
            options.strength = kith_protocol::vouch::Strength::new(strength).unwrap();
            options.words = Line::new(words).unwrap();
        });
    }
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo).len(), 3);
    world.accepts(ana, bo);
    world.run_for(60);
    world.introduces(ana, bo, chi);
    let read: Vec<_> = world.holds_vouches_about(chi, ana).iter().filter_map(|held| held.content()).collect();
    assert_eq!(read.iter().map(|content| content.words.as_str()).collect::<Vec<_>>(), ["strong"]);
}

#[test]
fn ana_lets_it_be_read_then_does_not_then_lets_it_again() {
    let (mut world, [ana, bo, chi]) = three(5);
    let key = accepted(&mut world, bo, ana);
    world.lets_show(ana, key, VouchReach::UsTwo);
    world.run_for(60);
    assert_eq!(state(&world, bo, key), Some(VouchState::Withheld));
    let (proposed, _) = world.introduces(ana, bo, chi);
    assert_eq!(proposed.vouched, None);
    // Twice within one second: the last word counts.
    world.lets_show(ana, key, VouchReach::Contacts);
    world.lets_show(ana, key, VouchReach::Public);
    world.run_for(60);
    assert_eq!(world.held_vouch(bo, key).unwrap().accepted().unwrap().reach, VouchReach::Public);
    assert_eq!(state(&world, bo, key), Some(VouchState::Contacts), "no further than Bo lets it");
    world.check();
}

#[test]
fn saying_the_same_for_longer_asks_ana_nothing() {
    let (mut world, ana, bo) = ana_and_bo(6);
    let key = accepted(&mut world, bo, ana);
    let ends = world.reads_vouch(ana, key).unwrap().ends;
    world.run_for(30 * DAY);
    world.renews_vouch(bo, key);
    world.run_for(60);
    assert!(world.inbox(ana).is_empty());
    assert_eq!(
        (state(&world, bo, key), state(&world, ana, key)),
        (Some(VouchState::Contacts), Some(VouchState::Contacts))
    );
    assert!(world.reads_vouch(ana, key).unwrap().ends > ends);
    // What she never answered goes on waiting, what she ignored stays ignored.
    let [waits, ignored] = [0, 1].map(|_| world.vouches(bo, ana, VouchReach::Contacts));
    world.run_for(60);
    let item = world.inbox(ana).into_iter().find(|item| item.vouch == Some(ignored.slot)).unwrap();
    world.decides(ana, &item, false, None);
    world.run_for(DAY);
    for key in [waits, ignored] {
        world.renews_vouch(bo, key);
    }
    world.run_for(60);
    assert_eq!(world.inbox(ana).iter().map(|item| item.vouch).collect::<Vec<_>>(), [Some(waits.slot)]);
    assert!(world.tries(bo, |turn| turn.renew_vouch(waits, Some(DAY))).is_err(), "no shorter");
    world.check();
}

#[test]
fn other_words_need_anas_word_again() {
    let (mut world, [ana, bo, chi]) = three(7);
    let key = accepted(&mut world, bo, ana);
    world.changes_vouch(bo, key, "She was late once.", VouchReach::Contacts);
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::Vouched]);
    assert_eq!((state(&world, bo, key), state(&world, ana, key)), (Some(VouchState::Waits), Some(VouchState::Waits)));
    let (proposed, _) = world.introduces(ana, bo, chi);
    assert_eq!(proposed.vouched, None);
    // Bo thinks better of it: what she has accepted she need not accept again.
    world.changes_vouch(bo, key, WORDS, VouchReach::Public);
    world.run_for(60);
    assert!(world.inbox(ana).is_empty());
    assert_eq!(state(&world, bo, key), Some(VouchState::Contacts));
    world.check();
}

#[test]
fn a_revoked_vouch_is_gone_at_both_ends_and_its_place_is_used_again() {
    let (mut world, [ana, bo, chi]) = three(8);
    let key = accepted(&mut world, bo, ana);
    world.revokes_vouch(bo, key);
    world.run_for(60);
    for who in [ana, bo] {
        let held = world.held_vouch(who, key).unwrap();
        assert_eq!((held.content(), held.acceptance), (None, None));
        assert_eq!(state(&world, who, key), Some(VouchState::Revoked));
    }
    assert_eq!(world.reads_vouch(ana, key).unwrap().in_words(), "Bo vouches for you no more.");
    let (proposed, _) = world.introduces(ana, bo, chi);
    assert_eq!(proposed.vouched, None);
    let told = world.told(ana).filter(|notice| matches!(notice, Notice::Vouched { .. })).count();
    assert_eq!(told, 2, "that he does, and that he does no more");
    // The same words again are a new word, in the old place.
    assert_eq!(world.vouches(bo, ana, VouchReach::Contacts), key);
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::Vouched]);
    world.check();
}

#[test]
fn what_bo_takes_back_before_ana_is_there_she_never_reads() {
    let (mut world, ana, bo) = ana_and_bo(9);
    world.goes_offline(ana);
    let key = world.vouches(bo, ana, VouchReach::Contacts);
    world.renews_after(bo, key);
    world.revokes_vouch(bo, key);
    // Beside what is told each week.
    let said = world.waiting(bo, ana).into_iter().filter(|letter| letter.kind >= 32).count();
    assert_eq!(said, 1, "one letter says all");
    world.comes_online(ana);
    world.run_for(2 * HOUR);
    assert!(world.inbox(ana).is_empty() && world.has_delivered_all());
    assert_eq!(world.held_vouch(ana, key).unwrap().content(), None);
    assert_eq!(world.told(ana).filter(|notice| matches!(notice, Notice::Vouched { .. })).count(), 0);
    world.check();
}

#[test]
fn letters_that_overtake_each_other_leave_both_with_the_last_word() {
    for seed in 0..40 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.weather = Weather::BAD;
        let key = world.vouches(bo, ana, VouchReach::Contacts);
        world.run_for(seed % 4);
        world.changes_vouch(bo, key, "She was late once.", VouchReach::Contacts);
        world.run_for(seed % 3);
        if seed % 2 == 0 {
            world.revokes_vouch(bo, key);
        } else {
            world.changes_vouch(bo, key, WORDS, VouchReach::Contacts);
        }
        world.run_for(2 * HOUR);
        let (his, hers) = (world.held_vouch(bo, key).unwrap(), world.held_vouch(ana, key).unwrap());
        assert_eq!(his.record, hers.record, "seed {seed}");
        assert_eq!(world.inbox(ana).len(), usize::from(seed % 2 == 1), "seed {seed}");
        world.check();
    }
}

#[test]
fn a_vouch_ends_at_its_date_at_both_ends() {
    let (mut world, [ana, bo, chi]) = three(10);
    let key = world.vouches_so(bo, ana, |options| options.life = Some(20 * DAY));
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    world.introduces(ana, bo, chi);
    assert!(world.held_vouch(chi, key).is_some());
    let waits = world.vouches_so(bo, ana, |options| options.life = Some(20 * DAY));
    world.run_for(21 * DAY);
    for who in [ana, bo, chi] {
        assert_eq!(world.entries(who, Table::Vouches), 0, "{}", world.home(who).name);
    }
    assert!(world.held_vouch(ana, waits).is_none() && world.inbox(ana).is_empty());
    let ended = |who| world.told(who).filter(|notice| matches!(notice, Notice::VouchEnded { .. })).count();
    assert_eq!((ended(ana), ended(bo), ended(chi)), (2, 2, 0));
    world.check();
}

#[test]
fn what_cannot_be_said_is_refused_with_a_reason() {
    let (mut world, ana, bo) = ana_and_bo(11);
    let why = |world: &mut World, say: &dyn Fn(&mut kith_protocol::engine::vouches::VouchOptions)| {
        world.tries_to_vouch(bo, ana, say).map_or_else(|error| error.to_string(), |_| "said".to_owned())
    };
    assert_eq!(why(&mut world, &|options| options.interest = Interest::Other), "say in words what your interest is");
    assert!(why(&mut world, &|options| options.since = Some(2025)).contains("years"));
    assert!(why(&mut world, &|options| options.until = Some(22)).contains("years"));
    let many = vec![Line::new("valves").unwrap(); limits::VOUCH_SKILLS + 1];
    assert!(why(&mut world, &|options| options.skills = many.clone()).contains("skills"));
    let long = vec![Line::new(&"x".repeat(limits::LABEL)).unwrap(); limits::VOUCH_SKILLS];
    let words = Line::new(&"x".repeat(limits::SENTENCE)).unwrap();
    assert!(
        why(&mut world, &|options| (options.skills, options.words) = (long.clone(), words.clone())).contains("words")
    );
    let noted = world.writes_down(bo, "Dee", "");
    assert_eq!(why(&mut world, &|options| options.person = noted), "you can only vouch for a contact");
    for _ in 0..limits::VOUCHES_OF_ONE {
        assert_eq!(why(&mut world, &|_| ()), "said");
    }
    assert!(why(&mut world, &|_| ()).contains("too many"));
    world.run_for(60);
    assert_eq!(world.vouched(ana).len(), limits::VOUCHES_OF_ONE);
    world.check();
}

#[test]
fn meetings_and_introductions_support_it_by_themselves() {
    let (mut world, [ana, bo, chi]) = three(12);
    world.introduces(ana, bo, chi);
    let kinds = |world: &World, who, key| {
        let vouch = world.held_vouch(who, key).unwrap().read().unwrap();
        vouch.evidence.iter().map(|evidence| evidence.kind).collect::<Vec<_>>()
    };
    let key = world.vouches(bo, ana, VouchReach::Contacts);
    assert_eq!(kinds(&world, bo, key), [EvidenceKind::Meeting, EvidenceKind::Introduction]);
    world.run_for(60);
    assert_eq!(
        world.reads_vouch(ana, key).unwrap().evidence,
        ["a meeting that both signed, at Hannover Messe", "an introduction, by their word"]
    );
    let key = world.vouches(ana, chi, VouchReach::Contacts);
    assert_eq!(kinds(&world, ana, key), [EvidenceKind::Introduction], "they have not met");
    for _ in 0..4 {
        meet(&mut world, ana, bo);
    }
    world.renews_after(bo, key_of(&world, bo));
    assert_eq!(kinds(&world, bo, key_of(&world, bo)), [EvidenceKind::Meeting; limits::VOUCH_EVIDENCE]);
    world.check();
}

fn key_of(world: &World, who: Who) -> VouchKey {
    world.given(who)[0].key
}

#[test]
fn who_is_blocked_says_nothing_and_hears_nothing() {
    let (mut world, ana, bo) = ana_and_bo(13);
    let of_bo = accepted(&mut world, ana, bo);
    world.changes(ana, bo, PersonChange::Block(true));
    let key = world.vouches(bo, ana, VouchReach::Contacts);
    world.run_for(60);
    assert!(world.outbox(bo).is_empty(), "to Bo it looks as if she had it");
    assert!(world.held_vouch(ana, key).is_none() && world.inbox(ana).is_empty());
    assert!(world.tries_to_vouch(ana, bo, |_| ()).is_err());
    world.revokes_vouch(ana, of_bo);
    world.run_for(60);
    assert_eq!(state(&world, bo, of_bo), Some(VouchState::Contacts), "nothing of hers goes to him");
    world.changes(ana, bo, PersonChange::Block(false));
    world.run_for(HOUR);
    assert_eq!(state(&world, bo, of_bo), Some(VouchState::Revoked), "unblocked, Bo is up to date");
    world.check();
}

#[test]
fn what_was_said_stands_when_a_contact_ends_and_is_shown_to_nobody() {
    let (mut world, [ana, bo, chi]) = three(14);
    let of_ana = accepted(&mut world, bo, ana);
    let of_bo = accepted(&mut world, ana, bo);
    world.forgets(ana, bo);
    world.run_for(HOUR);
    assert_eq!(world.entries(ana, Table::Vouches), 0, "who forgets keeps nothing");
    assert_eq!(
        (state(&world, bo, of_ana), state(&world, bo, of_bo)),
        (Some(VouchState::Apart), Some(VouchState::Apart))
    );
    world.revokes_vouch(bo, of_ana);
    meet(&mut world, ana, bo);
    world.run_for(HOUR);
    assert_eq!(state(&world, ana, of_ana), Some(VouchState::Revoked), "met again, each says how things stand");
    let (proposed, _) = world.introduces(ana, bo, chi);
    assert_eq!(proposed.vouched, None);
    world.check();
}

#[test]
fn met_again_ana_is_asked_again_about_what_bo_still_says() {
    let (mut world, ana, bo) = ana_and_bo(15);
    let key = accepted(&mut world, bo, ana);
    world.forgets(ana, bo);
    world.run_for(HOUR);
    meet(&mut world, bo, ana);
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::Vouched]);
    assert_eq!(state(&world, ana, key), Some(VouchState::Waits));
    world.check();
}

#[test]
fn keys_that_change_take_no_vouch_along() {
    for reason in [Reason::Routine, Reason::Compromised] {
        for whose in [0, 1] {
            let (mut world, [ana, bo, chi]) = three(16);
            let key = accepted(&mut world, bo, ana);
            let gone = world.vouches(bo, ana, VouchReach::Contacts);
            world.run_for(60);
            world.revokes_vouch(bo, gone);
            world.rotates([ana, bo][whose], reason);
            world.run_for(2 * HOUR);
            assert!(world.inbox(ana).is_empty(), "{reason:?}: the same words need no new word");
            let (proposed, _) = world.introduces(ana, bo, chi);
            assert!(proposed.vouched.is_some(), "{reason:?} of {}", ["Ana", "Bo"][whose]);
            assert_eq!(state(&world, chi, key), Some(VouchState::Contacts));
            assert_eq!(state(&world, ana, gone), Some(VouchState::Revoked));
            assert!(world.has_delivered_all());
            world.check();
        }
    }
}

#[test]
fn what_a_thief_of_bos_machine_said_of_ana_gives_way_to_bo() {
    let (mut world, ana, bo) = ana_and_bo(17);
    let key = accepted(&mut world, bo, ana);
    let disk = world.copies(bo);
    world.stop(bo);
    let thief = world.runs_copy(bo, disk, "thief");
    for number in 0..5 {
        world.run_for(HOUR);
        world.changes_vouch(thief, key, &format!("She never delivered, {number}."), VouchReach::Public);
    }
    world.run_for(HOUR);
    assert_eq!(world.reads_vouch(ana, key).unwrap().words, "She never delivered, 4.");
    world.stop(thief);
    world.start(bo);
    world.rotates(bo, Reason::Compromised);
    world.run_for(2 * HOUR);
    assert_eq!(world.reads_vouch(ana, key).unwrap().words, WORDS, "though the thief had used up five numbers");
    assert_eq!(state(&world, ana, key), Some(VouchState::Contacts));
    assert!(world.inbox(ana).is_empty());
    // The thief goes on, and is not heard.
    world.start(thief);
    world.changes_vouch(thief, key, "She never delivered.", VouchReach::Public);
    world.run_for(DAY);
    assert_eq!(world.reads_vouch(ana, key).unwrap().words, WORDS);
}

/// What both ends hold in the end, without ids that depend on chance.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    words: [Vec<String>; 2],
    states: [Vec<VouchState>; 2],
    same: bool,
    left: usize,
}

/// Given, accepted, renewed; another one given and revoked.
fn vouching(plan: Option<(usize, u64, Crash)>) -> (World, Outcome, [u64; 2]) {
    let (mut world, ana, bo) = ana_and_bo(18);
    let ends = [ana, bo];
    let start = ends.map(|who| world.home(who).steps);
    if let Some((end, step, crash)) = plan {
        world.home_mut(ends[end]).crash = Some((start[end] + step, crash));
    }
    let key = world.vouches(bo, ana, VouchReach::Contacts);
    world.run_for(HOUR);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    world.renews_after(bo, key);
    world.run_for(HOUR);
    let other = world.vouches(bo, ana, VouchReach::Public);
    world.run_for(HOUR);
    world.revokes_vouch(bo, other);
    world.run_for(HOUR);
    let steps = ends.map(|who| world.home(who).steps);
    let shown = |who| {
        let mut all: Vec<_> = [key, other].into_iter().filter_map(|key| world.reads_vouch(who, key)).collect();
        all.sort_by_key(|shown| shown.words.clone());
        all
    };
    let all = [shown(bo), shown(ana)];
    let outcome = Outcome {
        words: all.each_ref().map(|all| all.iter().map(|shown| shown.words.clone()).collect()),
        states: all.each_ref().map(|all| all.iter().map(|shown| shown.state).collect()),
        same: [key, other].iter().all(|&key| world.held_vouch(ana, key) == world.held_vouch(bo, key)),
        left: world.outbox(ana).len() + world.outbox(bo).len() + world.inbox(ana).len() + world.inbox(bo).len(),
    };
    (world, outcome, [steps[0] - start[0], steps[1] - start[1]])
}

#[test]
fn a_crash_at_any_step_of_a_vouch_changes_nothing_in_the_end() {
    let (_, expected, steps) = vouching(None);
    println!("steps without a crash: Ana {}, Bo {}", steps[0], steps[1]);
    assert!(expected.same && expected.left == 0, "{expected:?}");
    assert_eq!(expected.states[0], [VouchState::Revoked, VouchState::Contacts]);
    let mut crashes = 0;
    for end in [0, 1] {
        for step in 0..steps[end] + 4 {
            for crash in [Crash::BeforeCommit, Crash::BeforeEffects] {
                let (world, outcome, _) = vouching(Some((end, step, crash)));
                assert_eq!(outcome, expected, "{crash:?} at step {step} of {}", ["Ana", "Bo"][end]);
                world.check();
                crashes += 1;
            }
        }
    }
    println!("{crashes} crashes, one outcome");
}
