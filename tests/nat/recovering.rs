//! Ana's machine is gone, and she is nowhere near anybody.

use kith_tests::lab::{Lab, Nat};

#[test]
fn ana_comes_back_by_the_address_of_bo_whose_router_lets_nobody_in() {
    let Some(lab) = Lab::new() else { return };
    let chi = lab.public("Chi Nguyen");
    let (bo, mut ana) = (lab.home("Bo Lindqvist", Nat::Symmetric), lab.home("Ana Sousa", Nat::Symmetric));
    for one in [&bo, &ana] {
        one.meets(&chi);
    }
    println!("met after {:?}", ana.meets(&bo));
    let lost = ana.folder().with_extension("lost");
    let words = lost.join("recovery-words.txt");
    let here = ana.folder().join("recovery-words.txt");
    // A change of key gives contacts at once what they keep.
    ana.prints(&["rotate", "--words-file", here.to_str().unwrap()]);
    ana.until_sees(&bo, "what he keeps for her", |person| person["waiting"].as_array().is_some_and(Vec::is_empty));
    let (at_bo, _) = bo.until("an address that leads to him from elsewhere", |bo| {
        let addresses = bo.says(&["status"])["addresses"].as_array()?.clone();
        addresses.iter().filter_map(|at| at.as_str()).find(|at| at.contains("/p2p-circuit/")).map(str::to_owned)
    });
    ana.stop();
    std::fs::rename(ana.folder(), &lost).unwrap();
    let back = ana.prints(&["recover", &at_bo, "--words-file", words.to_str().unwrap()]);
    assert!(back.contains("Ana Sousa is back") && back.contains("Contacts that are there again: 2;"), "{back}");
    ana.start();
    println!("a letter took {:?}", ana.sends(&bo, "My machine is gone; I am here."));
}
