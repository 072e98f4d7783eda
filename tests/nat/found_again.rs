//! Two whose addresses are both new, and who have no mailbox left: strangers' notes bring them together.

use std::collections::BTreeSet;

use kith_tests::e2e::{faketime, skip};
use kith_tests::lab::{Lab, Resident};

/// A lab in which clocks can be set.
pub(crate) fn lab() -> Option<Lab> {
    if faketime().is_none() {
        skip("finding each other again", "faketime is missing");
        return None;
    }
    Lab::new()
}

/// Somebody whose node can be reached and holds no letters: nothing waits anywhere but with who wrote it.
pub(crate) fn without_mailboxes(lab: &Lab, name: &'static str) -> Resident {
    let mut one = lab.public(name);
    one.stop();
    one.start_with(&["--hold-letters", "nobody"]);
    one
}

pub(crate) fn times_posted(who: &Resident) -> usize {
    who.logged()
        .lines()
        .filter(|line| line.contains("a record of where this node is") && !line.contains("times=0"))
        .count()
}

#[track_caller]
pub(crate) fn until_posted_again(who: &Resident, before: usize) {
    let (_, took) = who.until("a record of where she is", |who| (times_posted(who) > before).then_some(()));
    println!("{}: left with others {took:?} after the start", who.name());
}

#[test]
fn ana_and_chi_find_each_other_though_both_moved_while_they_were_off() {
    let Some(lab) = lab() else { return };
    let bo = without_mailboxes(&lab, "Bo Lindqvist");
    let (mut ana, mut chi) = (lab.public("Ana Sousa"), lab.public("Chi Nguyen"));
    for one in [&ana, &chi] {
        one.meets(&bo);
    }
    chi.meets(&ana);
    ana.sends(&chi, "See you next year.");
    chi.stop();
    ana.stop();
    let before = times_posted(&ana);
    ana.gets_other_addresses();
    ana.start_later();
    until_posted_again(&ana, before);
    chi.gets_other_addresses();
    chi.start_later();
    println!("a letter took {:?} though neither knew where the other was", chi.sends(&ana, "I moved."));
    println!("an answer took {:?}", ana.sends(&chi, "So did I."));
    let line = ana.prints(&["doctor"]);
    assert!(line.contains("left, sealed, with others"), "{line}");
}

/// The beginnings of the keys in those lines of somebody's log that say this.
pub(crate) fn keys_logged(who: &Resident, words: &[&str]) -> BTreeSet<String> {
    let log = who.logged();
    let lines = log.lines().filter(|line| words.iter().all(|words| line.contains(words)));
    let key = |line: &str| Some(line.split_once("key=")?.1.split_whitespace().next()?.trim_matches('"').to_owned());
    lines.filter_map(key).collect()
}

#[test]
fn gil_and_ana_find_each_other_by_records_that_went_from_stranger_to_stranger() {
    let Some(lab) = lab() else { return };
    let names = ["Bo Lindqvist", "Chi Nguyen", "Dee Wong", "Eva Haddad", "Finn Aalto"];
    // Each knows the one before and the one behind.
    let row = names.map(|name| without_mailboxes(&lab, name));
    for two in row.windows(2) {
        two[0].meets(&two[1]);
    }
    let [bo, chi, mut dee, eva, mut finn] = row;
    let (mut ana, mut gil) = (lab.public("Ana Sousa"), lab.public("Gil Moreau"));
    ana.meets(&bo);
    gil.meets(&finn);
    gil.meets(&ana);
    gil.sends(&ana, "See you next year.");
    gil.stop();
    ana.stop();
    ana.gets_other_addresses();
    let before = times_posted(&ana);
    ana.start_later();
    until_posted_again(&ana, before);
    // Whoever holds her record in memory goes, and whom Gil asks begins with nothing.
    dee.kill();
    finn.stop();
    finn.start();
    gil.gets_other_addresses();
    gil.start_later();
    println!("a letter took {:?}", gil.sends(&ana, "I moved."));
    println!("an answer took {:?}", ana.sends(&gil, "So did I."));
    // Ana can ask nobody but Bo, who knows Chi alone of the others, and Gil nobody but Finn, who knows Eva alone. So whoever
    // of the two looked first found what had gone on from stranger to stranger.
    let was_given = |who: &Resident| keys_logged(who, &["a record was given to this node to keep", "is_kept=true"]);
    let went_on =
        was_given(&chi).into_iter().filter(|key| [&eva, &finn].iter().all(|who| was_given(who).contains(key)));
    assert!(went_on.count() > 0, "Chi was given {:?}, Eva {:?}", was_given(&chi), was_given(&eva));
}
