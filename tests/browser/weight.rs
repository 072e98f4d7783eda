//! What a visit weighs, on a phone with a bad connection.

use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

/// Bytes and requests of a first visit to Today, and bytes of each later one.
const FIRST: u64 = 60_000;
const REQUESTS: usize = 6;
const LATER: u64 = 15_000;

#[test]
fn today_is_light_when_it_comes_first_and_lighter_later() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    ana.meets(&bo, "Hannover Messe");
    let phone = Phone::of(&ana);
    phone.sees("Today");
    // Everything that the sign-in left in the browser's cache goes.
    phone.forgets_what_is_kept();
    phone.visit();
    phone.opens("");
    phone.sees("Today");
    phone.settles();
    let first = phone.visit();
    println!("first visit:\n{first}");
    assert!(first.bytes() <= FIRST && first.count() <= REQUESTS, "{first}");
    for visit in 0..2 {
        phone.opens("people");
        phone.settles();
        phone.visit();
        phone.opens("");
        phone.settles();
        let later = phone.visit();
        println!("later visit {visit}:\n{later}");
        assert!(later.bytes() <= LATER, "{later}");
    }
}
