//! Two whose addresses are both new, and who have no mailbox left: strangers' notes bring them together.

use kith_tests::lab::{Lab, Resident};

fn times_posted(who: &Resident) -> usize {
    who.logged()
        .lines()
        .filter(|line| line.contains("a record of where this node is") && !line.contains("times=0"))
        .count()
}

fn until_posted_again(who: &Resident, before: usize) {
    let (_, took) = who.until("a record of where she is", |who| (times_posted(who) > before).then_some(()));
    println!("{}: left with others {took:?} after the start", who.name());
}

#[test]
fn ana_and_chi_find_each_other_though_both_moved_while_they_were_off() {
    let Some(lab) = Lab::new() else { return };
    let mut bo = lab.public("Bo Lindqvist");
    bo.stop();
    // Nothing waits anywhere but with who wrote it.
    bo.start_with(&["--hold-letters", "nobody"]);
    let (mut ana, mut chi) = (lab.public("Ana Sousa"), lab.public("Chi Nguyen"));
    for one in [&ana, &chi] {
        one.meets(&bo);
    }
    chi.meets(&ana);
    ana.sends(&chi, "See you next year.");
    let before = times_posted(&ana);
    chi.stop();
    ana.stop();
    ana.gets_other_addresses();
    ana.start();
    until_posted_again(&ana, before);
    chi.gets_other_addresses();
    chi.start();
    println!("a letter took {:?} though neither knew where the other was", chi.sends(&ana, "I moved."));
    println!("an answer took {:?}", ana.sends(&chi, "So did I."));
    let line = ana.prints(&["doctor"]);
    assert!(line.contains("left, sealed, with others"), "{line}");
}
