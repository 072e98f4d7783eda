//! Codes that are printed, late, stale, withdrawn, filmed or one's own.

use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::code_lists::{codes_made, open_codes};
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::invites::OwnInvite;
use kith_protocol::engine::person::{ScanProblem, Standing};
use kith_protocol::engine::scans::Scanned;
use kith_protocol::engine::{Answer, CodeError, Error, Refusal};
use kith_protocol::id::InviteId;
use kith_protocol::invite::Invite;
use kith_tests::sim::{Mallory, Scan, Who, World};

use crate::{DAY, HOUR, ana_and_bo, meet, refusal};

fn problem(world: &World, who: Who, name: &str) -> Option<ScanProblem> {
    world.finds(who, name).scan.and_then(|scan| scan.problem)
}

#[test]
fn two_codes_of_one_person_cannot_be_told_to_be_of_one_person() {
    let mut world = World::new(7);
    let ana = world.person("Ana");
    let codes: Vec<Vec<u8>> =
        (0..40).map(|_| Invite::from_text(&world.shows_live(ana, "Fair").text).unwrap().to_bytes()).collect();
    // Flags 1, then key 32 and secret 16; after them expiry, name and hints, which anybody may share.
    let fresh = |code: &'_ [u8]| code[1..49].windows(4).map(<[u8]>::to_vec).collect::<Vec<_>>();
    for (number, one) in codes.iter().enumerate() {
        for other in &codes[number + 1..] {
            let shared = fresh(one).into_iter().find(|bytes| other.windows(4).any(|window| window == bytes));
            assert_eq!(shared, None, "four bytes in common");
        }
    }
}

#[test]
fn ana_shares_back_with_somebody_who_scanned_her_badge() {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge 2027");
    world.scans(bo, &badge);
    world.run_for(DAY);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::ShareBack]);
    assert_eq!(world.reads(ana, bo, FieldKind::Organisation).as_deref(), Some("Bo & Co"));
    assert_eq!(world.finds(bo, "Ana").standing, Standing::Pending, "Bo knows no more than the badge says");
    assert!(!world.holds(ana, bo));
    world.accepts(ana, bo);
    world.run_for(HOUR);
    assert!(world.are_contacts(ana, bo));
    assert_eq!(world.knows(bo, ana).unwrap().provenance(), "via their printed code (Badge 2027)");
    assert_eq!(world.reads(bo, ana, FieldKind::Email), None, "the badge was for everybody");
    assert!(world.meetings(ana, bo).is_empty());
    world.check();
}

#[test]
fn silence_about_a_badge_looks_the_same_whether_ana_said_no_or_nothing() {
    let outcome = |says_no: bool| {
        let mut world = World::new(2);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let badge = world.prints(ana, "Badge 2027");
        world.scans(bo, &badge);
        world.run_for(HOUR);
        if says_no {
            world.ignores(ana, bo);
            assert!(world.people(ana).is_empty());
        }
        world.run_for(10 * DAY);
        let after_ten_days = world.finds(bo, "Ana");
        world.run_for(25 * DAY);
        assert!(world.people(ana).is_empty(), "whoever waited too long is forgotten");
        world.check();
        (after_ten_days, world.finds(bo, "Ana"), world.told(bo).cloned().collect::<Vec<_>>())
    };
    let (no, nothing) = (outcome(true), outcome(false));
    assert_eq!(no, nothing);
    assert_eq!(no.1.scan.and_then(|scan| scan.problem), Some(ScanProblem::Unanswered));
}

#[test]
fn ana_may_give_less_than_the_badge_says_and_it_stays_less() {
    let mut world = World::new(3);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows(ana, Some("Footer"), true, Tier::Named, None);
    world.scans(bo, &code);
    world.run_for(60);
    world.accepts_with(ana, bo, Some(Tier::Public));
    world.run_for(60);
    assert_eq!(world.card(bo, ana).unwrap().tier, Tier::Public);
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.run_for(60);
    assert_eq!(world.card(bo, ana).unwrap().tier, Tier::Public);
    assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"));
}

#[test]
fn bos_letter_is_renewed_while_he_waits_and_the_badge_counts_him_once() {
    let mut world = World::new(4);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge 2027");
    world.goes_offline(ana);
    world.scans(bo, &badge);
    world.run_for(20);
    world.comes_online(ana);
    // Ana's node takes the claim, but Bo never hears so: his node has changed its card and writes it anew.
    while world.knows(ana, bo).is_none() {
        world.run_for(1);
    }
    world.stop(bo);
    world.start(bo);
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert_eq!(world.knows(ana, bo).unwrap().encounters.len(), 1);
    assert_eq!(world.asked_about(ana, bo).len(), 1);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    assert!(world.are_contacts(ana, bo));
    world.check();
}

#[test]
fn a_letter_that_was_delayed_by_weeks_is_asked_about_and_labelled() {
    let mut world = World::new(5);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    world.goes_offline(bo);
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(20 * DAY);
    world.comes_online(bo);
    world.run_for(HOUR);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::LateClaim]);
    assert!(!world.holds(ana, bo) && !world.holds(bo, ana), "nothing goes across before Ana says so");
    world.run_for(9 * DAY);
    world.accepts(ana, bo);
    world.run_for(HOUR);
    assert!(world.are_contacts(ana, bo));
    assert!(world.met(ana, bo));
    for (who, other) in [(ana, bo), (bo, ana)] {
        let provenance = world.knows(who, other).unwrap().provenance();
        assert_eq!(provenance, "scanned live at Hannover Messe, delivered later");
    }
    world.check();
}

#[test]
fn what_ana_may_still_accept_bo_still_waits_for() {
    for days in [1, 10, 20, 29] {
        let mut world = World::new(6);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        world.goes_offline(bo);
        let code = world.shows_live(ana, "Hannover Messe");
        world.scans(bo, &code);
        world.run_for(days * DAY);
        world.comes_online(bo);
        world.run_for(HOUR);
        assert_eq!(world.asked_about(ana, bo), [ItemKind::LateClaim], "after {days} days");
        let until = world.inbox(ana)[0].until;
        world.run_for(until.since(world.clock(ana)).saturating_sub(HOUR));
        world.accepts(ana, bo);
        world.run_for(DAY);
        assert!(world.are_contacts(ana, bo), "accepted in the last hour, {days} days late");
        world.check();
    }
}

#[test]
fn a_code_that_is_long_past_is_refused_by_the_scanner_and_a_forged_date_by_the_shower() {
    let mut world = World::new(7);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    let badge = world.shows(ana, Some("Badge"), true, Tier::Public, Some(DAY));
    world.run_for(DAY + 12 * HOUR);
    world.scans(bo, &badge);
    world.run_for(HOUR);
    assert_eq!(problem(&world, bo, "Ana"), Some(ScanProblem::Expired));
    world.run_for(30 * DAY);
    let refused = world.tries_to_scan(bo, &code, Scan::default());
    assert!(matches!(refused, Err(Error::Code(CodeError::Expired))), "{refused:?}");
    assert!(world.people(ana).is_empty());
    world.check();
}

#[test]
fn a_code_that_was_withdrawn_says_so() {
    let mut world = World::new(8);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge 2027");
    let id = badge.invite;
    world.does(ana, |turn| turn.revoke_invite(id));
    world.scans(bo, &badge);
    world.run_for(60);
    assert_eq!(problem(&world, bo, "Ana"), Some(ScanProblem::Revoked));
    assert!(world.people(ana).is_empty() && world.has_delivered_all());
    world.check();
}

#[test]
fn mallory_films_the_code_and_comes_too_late() {
    let mut world = World::new(9);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    let words = world.fresh_words();
    let (_, _, answer) = world.claims(&Mallory::new("Bo", &words), &code).unwrap();
    assert_eq!(refusal(&answer), Some(Refusal::InviteUsed));
    assert_eq!(world.people(ana).len(), 1);
    let shown = codes_made(&world.home(ana).store, None, 9).unwrap();
    assert_eq!(shown[0].refused, 1, "Ana can see that somebody else tried");
    assert!(world.are_contacts(ana, bo));
}

#[test]
fn mallory_films_the_code_and_is_faster() {
    let mut world = World::new(10);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let mallory = world.person("Bo");
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(mallory, &code);
    world.run_for(5);
    world.scans(bo, &code);
    world.run_for(60);
    assert_eq!(problem(&world, bo, "Ana"), Some(ScanProblem::Used), "Bo learns that somebody was faster");
    world.ignores(ana, mallory);
    world.run_for(60);
    assert!(!world.holds(ana, mallory) && world.card(mallory, ana).is_none());
    assert!(world.meetings(mallory, ana).is_empty(), "no meeting without Ana's word");
    // They try again, and this time nobody films.
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    assert!(world.are_contacts(ana, bo) && world.met(ana, bo));
    world.check();
}

#[test]
fn codes_that_are_out_are_listed_apart_from_those_that_lead_nowhere_any_more() {
    let mut world = World::new(13);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge 2027");
    world.run_for(1);
    let used = world.shows_live(ana, "Hannover Messe");
    world.run_for(1);
    let withdrawn = world.shows_live(ana, "Hannover Messe");
    world.run_for(1);
    let waiting = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &used);
    world.run_for(60);
    world.does(ana, |turn| turn.revoke_invite(withdrawn.invite));
    let open = |world: &World| ids(&open_codes(&world.home(ana).store, world.clock(ana)).unwrap());
    let made = |world: &World| codes_made(&world.home(ana).store, None, 9).unwrap();
    assert_eq!(open(&world), [waiting.invite, badge.invite]);
    assert_eq!(ids(&made(&world)), [waiting.invite, withdrawn.invite, used.invite, badge.invite]);
    let behind = codes_made(&world.home(ana).store, Some(&made(&world)[1]), 1).unwrap();
    assert_eq!(ids(&behind), [used.invite]);
    world.check();
    world.run_for(HOUR);
    assert_eq!(open(&world), [badge.invite], "the live one has ended");
    assert_eq!(made(&world).len(), 4);
    world.run_for(40 * DAY);
    assert_eq!(ids(&made(&world)), [badge.invite], "nobody can ask about the live ones any more");
    world.check();
}

fn ids(codes: &[OwnInvite]) -> Vec<InviteId> {
    codes.iter().map(|code| code.id).collect()
}

#[test]
fn ones_own_code_leads_nowhere() {
    let mut world = World::new(11);
    let ana = world.person("Ana");
    let code = world.shows_live(ana, "Hannover Messe");
    let refused = world.tries_to_scan(ana, &code, Scan::default());
    assert!(matches!(refused, Err(Error::Code(CodeError::Own))), "{refused:?}");
    assert!(world.people(ana).is_empty());
}

#[test]
fn the_same_code_twice_is_the_same_person() {
    let mut world = World::new(12);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.goes_offline(bo);
    let first = world.scans(bo, &code);
    let again = world.tries_to_scan(bo, &code, Scan::default()).unwrap();
    assert_eq!(again, Scanned::Before(first));
    world.comes_online(bo);
    world.run_for(60);
    let again = world.tries_to_scan(bo, &code, Scan::default()).unwrap();
    assert_eq!(again, Scanned::Before(first), "also when they are contacts already");
    world.run_for(60);
    assert_eq!(world.knows(bo, ana).unwrap().encounters.len(), 1);
    world.check();
}

#[test]
fn a_code_scanned_before_is_free_again_once_its_person_is_forgotten() {
    let mut world = World::new(13);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge 2027");
    world.scans(bo, &badge);
    world.run_for(60);
    world.accepts(ana, bo);
    world.run_for(60);
    world.forgets(bo, ana);
    world.run_for(60);
    assert!(world.people(bo).is_empty());
    assert!(matches!(world.tries_to_scan(bo, &badge, Scan::default()), Ok(Scanned::New(_))));
    world.run_for(60);
    assert_eq!(world.asked_about(ana, bo), [ItemKind::ShareBack], "Ana is asked as if for the first time");
    world.check();
}

#[test]
fn two_codes_of_ana_that_bo_scanned_offline_are_one_ana() {
    for seed in 0..20 {
        let (mut world, ana, bo) = ana_and_bo(seed);
        world.goes_offline(bo);
        for event in ["Talk", "Dinner"] {
            let code = world.shows_live(ana, event);
            world.scans(bo, &code);
        }
        world.run_for(60);
        world.comes_online(bo);
        world.run_for(3 * HOUR);
        assert_eq!(world.people(bo).len(), 1, "seed {seed}");
        assert_eq!(world.knows(bo, ana).unwrap().encounters.len(), 3, "seed {seed}");
        assert!(world.has_delivered_all(), "seed {seed}");
        world.changes_card(ana, FieldKind::Title, Some("Owner"));
        world.run_for(HOUR);
        assert_eq!(world.reads(bo, ana, FieldKind::Title).as_deref(), Some("Owner"), "seed {seed}");
        world.check();
    }
}

#[test]
fn badges_scanned_both_ways_make_one_contact_on_both_sides() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let (ana, bo) = (world.person("Ana"), world.person("Bo"));
        let (hers, his) = (world.prints(ana, "Badge"), world.prints(bo, "Badge"));
        world.scans(ana, &his);
        world.scans(bo, &hers);
        world.run_for(60);
        world.accepts(ana, bo);
        world.run_for(HOUR);
        assert!(world.are_contacts(ana, bo), "seed {seed}");
        assert_eq!((world.people(ana).len(), world.people(bo).len()), (1, 1), "seed {seed}");
        assert!(world.inbox(ana).is_empty() && world.inbox(bo).is_empty(), "nothing is left to ask");
        world.run_for(40 * DAY);
        assert!(world.are_contacts(ana, bo), "seed {seed}: an old question never ends a contact");
        world.check();
    }
}

#[test]
fn who_scanned_the_badge_and_is_then_met_stays_a_contact() {
    let mut world = World::new(14);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let badge = world.prints(ana, "Badge");
    world.scans(bo, &badge);
    world.run_for(60);
    meet(&mut world, bo, ana);
    world.run_for(60 * DAY);
    assert!(world.are_contacts(ana, bo));
    assert_eq!((world.people(ana).len(), world.people(bo).len()), (1, 1));
    world.check();
}

#[test]
fn a_busy_badge_asks_its_scanners_to_come_back_tomorrow() {
    let mut world = World::new(15);
    let ana = world.person("Ana");
    let badge = world.prints(ana, "Keynote");
    let mut taken = 0;
    for guest in 0..210 {
        let words = world.fresh_words();
        let (_, _, answer) = world.claims(&Mallory::new(&format!("Guest {guest}"), &words), &badge).unwrap();
        taken += usize::from(matches!(answer, Answer::Handled(_)));
        assert!(matches!(answer, Answer::Handled(_) | Answer::Later), "{answer:?}");
    }
    assert_eq!(taken, 200);
    world.run_for(DAY);
    let words = world.fresh_words();
    let (_, _, answer) = world.claims(&Mallory::new("Guest 211", &words), &badge).unwrap();
    assert!(matches!(answer, Answer::Handled(_)));
}
