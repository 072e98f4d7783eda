//! Looking for contacts on local networks.

use kith_tests::e2e::Someone;

#[test]
fn event_mode_is_off_until_ana_wants_it_and_stays_on_until_she_does_not() {
    let mut ana = Someone::up("Ana Sousa");
    let mode = |ana: &Someone| ana.kith(["event", "mode"]).ok().out;
    assert!(mode(&ana).contains("event mode off"));
    assert!(!ana.kith(["doctor"]).ok().out.contains("event mode"));
    assert!(ana.kith(["event", "mode", "on"]).ok().out.contains("no contact is heard here now"));
    assert!(ana.kith(["status"]).ok().out.contains("event mode on since"));
    assert!(ana.kith(["doctor"]).ok().out.contains("kith event mode off"));
    ana.stop();
    assert!(ana.kith(["event", "mode"]).ok().err.contains("it begins with kith up"));
    ana.start();
    assert!(mode(&ana).contains("event mode on since"));
    ana.kith(["event", "mode", "off"]).ok();
    assert!(mode(&ana).contains("event mode off"));
    ana.stop();
    ana.also = vec!["--event-mode".to_owned()];
    ana.start();
    assert!(mode(&ana).contains("event mode on since"));
    ana.kith(["event", "mode", "perhaps"]).fails(2, &["perhaps"]);
}
