//! A thief runs what was on Ana's machine and meets people whom she has never heard of.

use kith_tests::lab::Lab;

use super::found_again::times_posted;

#[test]
fn dee_hears_that_the_key_was_stolen_and_the_thiefs_node_stops() {
    let Some(lab) = Lab::new() else { return };
    let (bo, mut ana, dee) = (lab.public("Bo Lindqvist"), lab.public("Ana Sousa"), lab.public("Dee Okafor"));
    // Bo's node keeps what strangers look for. Dee and Ana have never met, and neither hears of the other by him.
    for one in [&ana, &dee] {
        one.meets(&bo);
    }
    ana.stop();
    let mut thief = lab.public_with_copy(&ana, "Ana Sousa");
    thief.start();
    println!("Dee met the thief after {:?}", dee.meets(&thief));
    thief.writes(&dee, "Good to have met you.");
    dee.until_reads(&thief, "Good to have met you.");

    // A minute after they met Dee's node looks whether that key was given up.
    ana.start();
    let before = times_posted(&ana);
    let words = ana.folder().join("recovery-words.txt");
    ana.prints(&["rotate", "--stolen", "--words-file", words.to_str().unwrap()]);
    ana.until("what she says of the old key", |who| (times_posted(who) > before).then_some(()));
    // Bo's node tells it, which has heard of Ana, or what lies with strangers does.
    let (_, took) = thief
        .until("its node stops by itself", |who| who.logged().contains("goes on at another machine").then_some(()));
    println!("the thief's node stopped after {took:?}");
    let took = dee.until_sees(&thief, "the key was given up", |person| person["key_given_up"] == true);
    println!("Dee heard of it {took:?} later");
    let shown = dee.prints(&["person", "show", "Ana"]);
    assert!(shown.contains("the key you know them by was given up"), "{shown}");
    // For Bo, who was told by letter, Ana is who she is.
    let seen = bo.sees(&ana).unwrap();
    assert_eq!(seen["key_given_up"], false, "{seen}");
    ana.sends(&bo, "My laptop was stolen.");
}
