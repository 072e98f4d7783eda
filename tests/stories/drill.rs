//! The recovery drill: everything that can go wrong at once when a machine is stolen or destroyed.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use kith_protocol::card::FieldKind;
use kith_protocol::disowned::Disowned;
use kith_protocol::engine::disowned::{came_by_given_up_until, exposed_since};
use kith_protocol::engine::forks::forks_of;
use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::{Answer, Notice, Own, Refusal, history_of, replaced_since};
use kith_protocol::identity::{History, Inception, Reason};
use kith_protocol::letter::Body;
use kith_protocol::limits;
use kith_protocol::nearby::Day;
use kith_protocol::record::RecordBytes;
use kith_protocol::store::{MemoryStore, Read, Store, Table, Write};
use kith_protocol::time::Timestamp;
use kith_tests::sim::{Code, Mallory, Scan, Who, World};

use crate::{DAY, HOUR, meet, refusal};

/// Ana is behind a router; the nodes of Bo and Chi, her contacts, hold letters for her. Her badge was printed half a
/// year ago and leads to the front doors there.
struct Drill {
    world: World,
    ana: Who,
    bo: Who,
    chi: Who,
    badge: Code,
}

fn drill(seed: u64) -> Drill {
    let mut world = World::new(seed);
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(|name| world.person(name));
    meet(&mut world, bo, ana);
    meet(&mut world, chi, ana);
    world.hides(ana);
    world.restarts(ana);
    world.run_for(HOUR);
    let badge = world.prints(ana, "Badge");
    world.run_for(180 * DAY);
    assert_eq!(world.home(ana).mailboxes.own_hosts(), 2, "Bo's node and Chi's");
    Drill { world, ana, bo, chi, badge }
}

impl Drill {
    /// Mallory takes the laptop and runs what is on it somewhere else, with a program that never asks whether its key still
    /// counts.
    fn is_stolen(&mut self) -> Who {
        let disk = self.world.copies(self.ana);
        self.world.stop(self.ana);
        self.runs_on(disk, "the stolen laptop")
    }

    fn runs_on(&mut self, disk: MemoryStore, name: &str) -> Who {
        let thief = self.world.runs_copy(self.ana, disk, name);
        self.world.looks_nowhere(thief);
        thief
    }

    /// Ana types her words into a new machine, at somebody's table.
    fn recovers_at(&mut self, who: Who) {
        let code = self.world.shows_live(who, "At the table");
        self.world.recovers_by(self.ana, &code).unwrap();
    }

    /// Somebody new scans the badge, and whoever has it on their machine says yes.
    fn newcomer(&mut self, name: &str, thief: Who) -> Who {
        let newcomer = self.world.person(name);
        let scan = Scan::default();
        self.world.tries_to_scan(newcomer, &self.badge, scan).unwrap();
        self.world.run_for(3 * HOUR);
        for item in self.world.inbox(thief) {
            self.world.decides(thief, &item, true, None);
        }
        self.world.run_for(3 * HOUR);
        newcomer
    }

    /// Somebody scans a code that Ana herself shows.
    fn meets_ana(&mut self, who: Who) {
        let code = self.world.shows_live(self.ana, "Fair");
        self.world.run_for(60);
        self.world.scans(who, &code);
        self.world.run_for(HOUR);
        self.world.accepts(self.ana, who);
        self.world.run_for(HOUR);
    }

    /// The program of the thief renews no grant: the time for it does not come. What it had.
    fn renews_no_grant(&mut self, thief: Who) -> Own {
        let home = self.world.home_mut(thief);
        let own = Own::load(&home.store).unwrap();
        let mut renewals = Vec::new();
        home.store
            .scan(Table::Deadlines, b"", b"", &mut |deadline, _| {
                // The second, and what ends then: 5 is the grant.
                renewals.extend((deadline.len() == 9 && deadline.ends_with(&[5])).then(|| deadline.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(!renewals.is_empty());
        let forget = |key| Write { table: Table::Deadlines, key, value: None };
        home.store.commit(&renewals.into_iter().map(forget).collect::<Vec<_>>()).unwrap();
        self.world.restarts(thief);
        own
    }

    /// True if somebody takes whoever answered for Ana.
    fn is_taken_in(&self, who: Who) -> bool {
        self.world.holds(who, self.ana)
    }
}

fn is_handled(notice: &Notice) -> bool {
    matches!(notice, Notice::Delivered { .. })
}

fn is_not_accepted(notice: &Notice) -> bool {
    matches!(notice, Notice::Refused { reason: Refusal::NotAccepted, .. })
}

#[test]
fn ana_is_back_and_each_contact_refuses_the_stolen_laptop_from_the_first_letter_on() {
    let mut drill = drill(1);
    let thief = drill.is_stolen();
    let (ana, bo, chi) = (drill.ana, drill.bo, drill.chi);
    drill.recovers_at(chi);
    let world = &mut drill.world;
    world.run_for(6 * HOUR);
    for other in [bo, chi] {
        let seen = history_of(&world.home(other).store, world.home(ana).id).unwrap().unwrap();
        assert_eq!(seen.head(), world.history(ana).head(), "{} heard of it", world.home(other).name);
        assert!(world.are_contacts(ana, other));
    }
    // What the laptop said before they had heard of it.
    let before = world.told(thief).filter(|notice| is_handled(notice)).count();
    world.writes(bo, ana, "Is that you?");
    world.writes(ana, chi, "I have a new laptop.");
    world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    for other in [bo, chi] {
        world.writes(thief, other, "My bank has changed.");
    }
    world.run_for(DAY);
    for other in [bo, chi] {
        assert!(!world.texts(other, ana).iter().any(|text| text.contains("bank")), "{}", world.home(other).name);
        assert_eq!(world.reads(other, ana, FieldKind::Title), None, "nothing that the thief says is believed");
    }
    assert_eq!(world.texts(ana, bo), ["Is that you?"]);
    assert_eq!(world.texts(chi, ana), ["I have a new laptop."]);
    let handled: Vec<_> = world.told(thief).filter(|notice| is_handled(notice)).skip(before).collect();
    assert!(handled.is_empty(), "nothing that left the laptop was handled: {handled:?}");
    let got = |text: &String| text == "Is that you?";
    assert!(!world.texts(thief, bo).iter().any(got), "what is for Ana goes to Ana alone");
    world.check_handled(bo);
    world.check_handled(chi);
}

/// The same badge, a front door that has not heard of anything, the laptop as it was stolen; and nobody finds anything in
/// the DHT. What its owner cannot prevent then: the key that signs for Ana lies on it, so a thief who lets it run has grants
/// that are new, and newcomers who know of no later key of hers believe them for as long as the badge is out and its door
/// leads there. It ends when the host of the front door hears of Ana, which contacts do with the first letter, and for each
/// newcomer with the first word of her history.
#[test]
fn whoever_scans_the_old_badge_may_find_the_thief_until_the_grant_ends_or_the_front_door_hears_of_ana() {
    let mut drill = drill(2);
    let (ana, bo) = (drill.ana, drill.bo);
    drill.world.dht_shows_nothing();
    let disk = drill.world.copies(ana);
    let thief = drill.is_stolen();
    // Ana is back at Bo's table; where they are, nothing leads to Chi's node or to anybody else.
    drill.world.splits(&[ana, bo]);
    drill.recovers_at(bo);
    drill.world.run_for(HOUR);
    assert!(drill.world.are_contacts(ana, bo));

    let dee = drill.newcomer("Dee", thief);
    assert!(drill.is_taken_in(dee), "{}", drill.world.story_of(dee, ana));

    // The copy as it was: a program that answers whoever comes, and signs no further grant.
    let before = drill.renews_no_grant(thief);
    drill.world.run_for(17 * DAY);
    assert!(before.grant_ends.plus(limits::CLOCK_SKEW) < drill.world.clock(dee), "the grant is over");
    let eva = drill.newcomer("Eva", thief);
    assert_eq!(Own::load(&drill.world.home(thief).store).unwrap().grant, before.grant, "it is the grant of then");
    assert!(drill.world.told(thief).any(is_not_accepted), "Eva's node refused what it answered");
    assert!(!drill.is_taken_in(eva), "{}", drill.world.story_of(eva, ana));

    // A thief who lets it run as it likes has a new grant, and newcomers cannot know better.
    drill.world.stop(thief);
    let thief = drill.runs_on(disk, "the stolen laptop again");
    drill.world.run_for(HOUR);
    let gil = drill.newcomer("Gil", thief);
    assert!(drill.is_taken_in(gil), "this is what ends below, and not by itself");

    // The nodes hear each other again: Chi's gives the mailbox to Ana's new machine, and the badge leads to nobody.
    drill.world.heals();
    drill.world.run_for(DAY);
    assert!(drill.world.are_contacts(ana, drill.chi), "the front door has heard of Ana");
    let fay = drill.newcomer("Fay", thief);
    assert!(!drill.is_taken_in(fay), "{}", drill.world.story_of(fay, ana));

    // Gil meets Ana herself, and from then on believes the laptop nothing.
    drill.meets_ana(gil);
    drill.world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    drill.world.writes(thief, gil, "My bank has changed.");
    drill.world.writes(ana, gil, "My laptop was stolen.");
    drill.world.run_for(DAY);
    assert_eq!(drill.world.texts(gil, ana), ["My laptop was stolen."]);
    assert_eq!(drill.world.reads(gil, ana, FieldKind::Title), None);
}

/// The same again, where the DHT works: thief, stale front door and old badge together. What Ana's new machine puts there
/// is found by each newcomer, who needs to know nothing but the stolen key.
#[test]
fn newcomers_who_met_the_thief_hear_of_it_within_the_hour_though_he_signs_grants_anew() {
    let mut drill = drill(6);
    let (ana, bo) = (drill.ana, drill.bo);
    let thief = drill.is_stolen();
    // Somebody meets the thief before Ana has noticed.
    let dee = drill.newcomer("Dee", thief);
    assert!(drill.is_taken_in(dee), "{}", drill.world.story_of(dee, ana));
    drill.world.writes(thief, dee, "Good to have met you.");
    drill.world.run_for(HOUR);
    assert_eq!(drill.world.texts(dee, ana), ["Good to have met you."]);

    drill.world.splits(&[ana, bo]);
    drill.recovers_at(bo);
    drill.world.run_for(HOUR);
    let eva = drill.newcomer("Eva", thief);
    drill.world.run_for(HOUR);
    assert!(hears_that_the_key_is_given_up(&drill, eva), "{}", drill.world.story_of(eva, ana));
    assert!(drill.world.asked_about(eva, ana).contains(&ItemKind::KeyGivenUp), "it waits where she looks");
    // Dee looks again once a day at first, then once a week.
    drill.world.run_for(8 * DAY);
    assert!(hears_that_the_key_is_given_up(&drill, dee), "{}", drill.world.story_of(dee, ana));

    // What he wrote before is marked, and still is when Dee has seen what waits.
    assert!(marks_what_came(&drill, dee), "{}", drill.world.story_of(dee, ana));
    let told = drill.world.inbox(dee).into_iter().find(|item| item.kind == ItemKind::KeyGivenUp).unwrap();
    drill.world.decides(dee, &told, false, None);
    assert!(marks_what_came(&drill, dee), "{}", drill.world.story_of(dee, ana));

    drill.world.changes_card(thief, FieldKind::Title, Some("Call me on my new number"));
    for newcomer in [dee, eva] {
        drill.world.writes(thief, newcomer, "My bank has changed.");
    }
    drill.world.run_for(20 * DAY);
    for newcomer in [dee, eva] {
        let name = &drill.world.home(newcomer).name;
        assert!(!drill.world.texts(newcomer, ana).iter().any(|text| text.contains("bank")), "{name}");
        assert_eq!(drill.world.reads(newcomer, ana, FieldKind::Title), None, "{name}");
        let history = history_of(&drill.world.home(newcomer).store, drill.world.home(ana).id).unwrap().unwrap();
        assert_eq!(history.head(), drill.world.history(ana).head(), "{name} knows the key that counts");
    }
    assert!(drill.world.told(thief).any(|notice| *notice == Notice::Replaced), "the laptop was told, and stopped");

    // Eva meets Ana herself, and all is well.
    drill.world.heals();
    drill.meets_ana(eva);
    assert!(!drill.world.asked_about(eva, ana).contains(&ItemKind::KeyGivenUp), "it is answered");
    drill.world.writes(ana, eva, "My laptop was stolen.");
    drill.world.run_for(HOUR);
    assert!(drill.world.texts(eva, ana).contains(&"My laptop was stolen.".to_owned()));
    assert!(!marks_what_came(&drill, eva), "that is by the key that counts");
}

/// Whether what came from Ana, or in her name, is said to have come by a key that was given up since.
fn marks_what_came(drill: &Drill, who: Who) -> bool {
    let ana = drill.world.knows(who, drill.ana).unwrap();
    let until = came_by_given_up_until(&drill.world.home(who).store, &ana).unwrap();
    let letters = drill.world.letters(who, drill.ana);
    until.is_some_and(|until| !letters.is_empty() && letters.iter().all(|letter| letter.at <= until))
}

/// The thief writes over what Ana says: only who has the key can write there, so that says as much.
#[test]
fn a_thief_who_writes_over_it_gives_the_key_up_as_well() {
    let mut drill = drill(7);
    let (ana, bo) = (drill.ana, drill.bo);
    let stolen = drill.world.home(ana).words.key_seed(0);
    let thief = drill.is_stolen();
    drill.world.splits(&[ana, bo]);
    drill.recovers_at(bo);
    drill.world.run_for(HOUR);
    let midnight = Timestamp::from_secs((u64::from(Day::of(drill.world.clock(ana)).0) + 1) * DAY);
    let nothing = Disowned { events: Vec::new() };
    drill.world.dht.put(nothing.sign(&stolen, midnight.minus(1), [3; 32]).unwrap());
    let eva = drill.newcomer("Eva", thief);
    drill.world.run_for(HOUR);
    assert!(hears_that_the_key_is_given_up(&drill, eva), "{}", drill.world.story_of(eva, ana));
    drill.world.writes(thief, eva, "My bank has changed.");
    drill.world.writes(eva, ana, "Is that you?");
    drill.world.run_for(DAY);
    let got = |text: &String| text == "Is that you?";
    assert!(drill.world.texts(eva, ana).iter().all(got), "nothing of his");
    assert!(!drill.world.texts(thief, eva).iter().any(got), "what is for Ana goes to Ana alone");
    drill.world.stop(eva);
    drill.world.moves_while_off(eva);
    drill.world.run_for(DAY);
    assert!(!drill.world.knows_address(thief, eva), "nor is he told where Eva is now");
}

/// The laptop comes back, or its owner goes on from a backup of before: no contact needs to be there to tell the machine.
#[test]
fn a_machine_whose_key_was_given_up_finds_that_out_by_itself_and_falls_silent() {
    let mut drill = drill(8);
    let (ana, bo, chi) = (drill.ana, drill.bo, drill.chi);
    let disk = drill.world.copies(ana);
    drill.world.stop(ana);
    drill.recovers_at(bo);
    drill.world.run_for(HOUR);
    for other in [bo, chi] {
        drill.world.stop(other);
    }
    let found = drill.world.runs_copy(ana, disk, "the laptop that was found");
    drill.world.run_for(HOUR);
    assert!(drill.world.told(found).any(|notice| *notice == Notice::Replaced));
    assert!(replaced_since(&drill.world.home(found).store).unwrap().is_some());
    assert!(replaced_since(&drill.world.home(ana).store).unwrap().is_none(), "Ana's new machine goes on");
    // Whoever has the key and not the words can say that it is given up; that does not silence who has the words.
    let (key, now) = (drill.world.home(ana).words.key_seed(1), drill.world.clock(ana));
    drill.world.dht.put(Disowned { events: Vec::new() }.sign(&key, now, [3; 32]).unwrap());
    drill.world.restarts(ana);
    drill.world.run_for(HOUR);
    assert!(replaced_since(&drill.world.home(ana).store).unwrap().is_none());
    assert!(
        exposed_since(&drill.world.home(ana).store).unwrap().is_some(),
        "and she is told that somebody has her key"
    );
    drill.world.rotates(ana, Reason::Compromised);
    assert!(exposed_since(&drill.world.home(ana).store).unwrap().is_none(), "which is over when she has another one");
}

/// Both have lost their machines at once, and each hears of the other's before any letter came: neither has a grant of
/// the other's that counts.
#[test]
fn two_whose_machines_were_stolen_at_once_find_each_others_new_keys() {
    let mut world = World::new(11);
    let [ana, bo] = ["Ana", "Bo"].map(|name| world.person(name));
    meet(&mut world, bo, ana);
    world.splits(&[ana]);
    world.rotates(ana, Reason::Compromised);
    world.rotates(bo, Reason::Compromised);
    world.run_for(8 * DAY);
    for who in [ana, bo] {
        let heard = world.told(who).any(|notice| matches!(notice, Notice::KeyGivenUp { .. }));
        assert!(heard, "{}", world.story_of(who, if who == ana { bo } else { ana }));
    }
    world.heals();
    world.writes(ana, bo, "A new machine here.");
    world.writes(bo, ana, "Here too!");
    world.run_for(2 * HOUR);
    for (who, other, text) in [(bo, ana, "A new machine here."), (ana, bo, "Here too!")] {
        assert!(world.texts(who, other).iter().any(|got| got == text), "{}", world.story_of(who, other));
    }
    assert!(world.has_delivered_all());
    world.check();
}

#[test]
fn a_change_of_the_key_as_a_habit_gives_nothing_up() {
    let mut drill = drill(9);
    let (ana, words) = (drill.ana, drill.world.home(drill.ana).words.clone());
    drill.world.rotates(ana, Reason::Routine);
    drill.world.run_for(DAY);
    let today = Day::of(drill.world.clock(ana));
    let lies =
        |drill: &Drill, day: Day| drill.world.dht.keeps(Disowned::key_of(&words.key(0).verify_key(), day).unwrap());
    assert!(!lies(&drill, today) && !lies(&drill, Day(today.0 - 1)));
    // A later one that was stolen takes it along, at once.
    drill.world.rotates(ana, Reason::Compromised);
    drill.world.run_for(60);
    assert!(lies(&drill, Day::of(drill.world.clock(ana))));
}

/// Whoever knows a key of before knows whose record says that it is given up. The record of where she is lies elsewhere, and
/// nothing in it may tell that it is hers, too.
#[test]
fn no_two_records_of_one_person_say_that_they_were_signed_in_the_same_second() {
    let mut world = World::new(12);
    let [ana, bo] = ["Ana", "Bo"].map(|name| world.person(name));
    meet(&mut world, bo, ana);
    let words = world.home(ana).words.clone();
    for _ in 0..2 {
        world.rotates(ana, Reason::Compromised);
        world.run_for(HOUR);
    }
    for _ in 0..10 {
        world.run_for(DAY);
        let day = Day(Day::of(world.clock(ana)).0 - 1);
        let given_up = [0, 1].map(|number| Disowned::key_of(&words.key(number).verify_key(), day));
        let where_she_is = world.reach_of(bo, ana).and_then(|reach| reach.presence?.key_of(day));
        let keys = given_up.into_iter().chain([where_she_is]);
        let seconds: Vec<_> = keys.map(|key| world.dht.second_of(key.unwrap()).expect("a record")).collect();
        let different: BTreeSet<_> = seconds.iter().collect();
        assert_eq!(different.len(), 3, "{seconds:?}");
    }
}

fn hears_that_the_key_is_given_up(drill: &Drill, who: Who) -> bool {
    drill.world.told(who).any(|notice| matches!(notice, Notice::KeyGivenUp { .. }))
}

/// With the key alone, which is that of another identity, too, if somebody says so: each is looked for.
#[test]
fn a_thief_who_shows_the_key_as_that_of_two_people_is_found_out_as_both() {
    let mut drill = drill(10);
    let (ana, bo) = (drill.ana, drill.bo);
    let words = drill.world.home(ana).words.clone();
    let history = drill.world.history(ana);
    drill.world.stop(ana);
    drill.recovers_at(bo);
    drill.world.run_for(HOUR);
    let eva = drill.world.person("Eva");
    let same_key = Inception { key: words.key(0).verify_key(), next: [9; 32] };
    for (name, history) in [("Ana", history), ("Max", History::from_inception(&same_key))] {
        let thief = Mallory::thief(name, history, &words, 0);
        let answer = claims_code_of(&mut drill.world, eva, &thief, None);
        assert!(matches!(answer, Answer::Handled(_)), "{name}: {answer:?}");
    }
    drill.world.run_for(HOUR);
    let heard = drill.world.told(eva).filter(|notice| matches!(notice, Notice::KeyGivenUp { .. })).count();
    assert_eq!(heard, 2);
}

/// Mallory scans a code that somebody shows him, with a grant of his own or with this one.
fn claims_code_of(world: &mut World, shower: Who, mallory: &Mallory, grant: Option<&RecordBytes>) -> Answer {
    let invite = world.shows_live(shower, "Fair").read();
    let session = world.knocks(shower, invite.shared_secret().locator()).unwrap();
    let Body::Claim(mut claim) = mallory.claim([7; 32], world.clock(shower)) else { panic!("a claim") };
    if let Some(grant) = grant {
        claim.grant = grant.clone();
    }
    let mut pen = world.pen(shower, Body::Claim(claim));
    (pen.to, pen.with_history) = (invite.key.0, true);
    let sealed = mallory.seals(&pen, &invite.key, &invite.shared_secret());
    world.hands_in(shower, session, &sealed)
}

/// The other way: the thief scans codes of newcomers with what was on the laptop. The letter is new, the grant is not.
#[test]
fn whose_code_the_thief_scans_refuses_him_once_the_stolen_grant_is_over() {
    let mut drill = drill(3);
    let words = drill.world.home(drill.ana).words.clone();
    let own = Own::load(&drill.world.copies(drill.ana)).unwrap();
    let thief = Mallory::thief("Ana", own.history(), &words, 0);
    let claims = |world: &mut World, name: &str| {
        let newcomer = world.person(name);
        claims_code_of(world, newcomer, &thief, Some(&own.grant))
    };
    drill.world.stop(drill.ana);
    let answer = claims(&mut drill.world, "Dee");
    assert!(matches!(answer, Answer::Handled(_)), "nobody can know better yet: {answer:?}");
    drill.world.run_for(limits::GRANT_LIFE + limits::CLOCK_SKEW);
    let answer = claims(&mut drill.world, "Eva");
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted), "{answer:?}");
}

/// Two machines, one after the other, from a backup that is three weeks old.
#[test]
fn recovering_twice_from_an_old_backup_forks_nothing() {
    let mut drill = drill(4);
    let (ana, bo, chi) = (drill.ana, drill.bo, drill.chi);
    let world = &mut drill.world;
    let (backup, made) = (world.copies(ana), world.clock(ana));
    world.run_for(20 * DAY);
    let mut heads = Vec::new();
    for machine in ["the first", "the second"] {
        // What `recover --backup` does: go on from the backup, and disown the key that is on it.
        world.restores_backup_of(ana, backup.clone(), made);
        world.rotates(ana, Reason::Compromised);
        world.run_for(6 * HOUR);
        heads.push(world.history(ana).head());
        for other in [bo, chi] {
            let id = world.home(ana).id;
            let seen = history_of(&world.home(other).store, id).unwrap().unwrap();
            assert_eq!(seen.head(), world.history(ana).head(), "{machine}, at {}", world.home(other).name);
            assert!(forks_of(&world.home(other).store, id).unwrap().is_empty(), "{machine} made no fork");
        }
        world.writes(ana, bo, machine);
        world.run_for(6 * HOUR);
    }
    assert_eq!(heads[0], heads[1], "the words and the number of the key decide everything");
    world.recovers_alike(ana);
    assert_eq!(world.texts(bo, ana), ["the first", "the second"], "contacts hear each machine in its turn");
    for other in [bo, chi] {
        world.check_handled(other);
    }
}

/// What everybody knew of Ana before her disk died is what they know afterwards; she has what they wrote since, once.
#[test]
fn from_last_nights_backup_every_letter_comes_again_nothing_is_done_twice_and_nothing_old_is_told() {
    let mut drill = drill(5);
    let (ana, bo, chi) = (drill.ana, drill.bo, drill.chi);
    let world = &mut drill.world;
    let (backup, made) = (world.copies(ana), world.clock(ana));
    for hour in 1..=8 {
        for other in [bo, chi] {
            world.writes(other, ana, &format!("{hour} o'clock"));
        }
        world.run_for(HOUR);
    }
    world.writes(ana, bo, "Thank you all.");
    world.changes_card(ana, FieldKind::Title, Some("Owner"));
    world.changes_card(bo, FieldKind::Title, Some("Buyer"));
    world.run_for(HOUR);
    assert!(world.has_delivered_all(), "every one of them was acknowledged");
    let before = [bo, chi].map(|who| (world.card(who, ana), world.texts(who, ana)));
    let came = [bo, chi].map(|who| world.texts(ana, who).into_iter().filter(|text| text.ends_with("clock")).count());
    assert_eq!(came, [8, 8]);
    world.restores_backup_of(ana, backup, made);
    assert!(world.texts(ana, bo).is_empty(), "the backup knows of none");
    world.run_for(6 * HOUR);
    for other in [bo, chi] {
        let hers: Vec<String> = (1..=8).map(|hour| format!("{hour} o'clock")).collect();
        let mut again = world.texts(ana, other);
        again.sort();
        assert_eq!(again, hers, "each once, from {}", world.home(other).name);
    }
    assert_eq!(world.reads(ana, bo, FieldKind::Title).as_deref(), Some("Buyer"));
    let after = [bo, chi].map(|who| (world.card(who, ana), world.texts(who, ana)));
    assert_eq!(after, before, "nobody was told anything old, or anything twice");
    assert!(world.has_delivered_all());
    world.check();
}
