//! Ten seconds to think again.

use kith_tests::e2e::Someone;
use serde_json::json;

use crate::phone::{Phone, has_chromium};

/// Forgets somebody, as far as that page leads.
#[track_caller]
fn forgets(phone: &Phone, name: &str) {
    phone.opens("people");
    phone.presses(name);
    phone.presses("Forget");
    phone.presses("Forget");
    phone.sees("Forgotten.");
    phone.does_not_see(name);
    phone.sees("1 person");
}

/// Does everything that can be undone, and undoes it.
#[track_caller]
fn thinks_again(phone: &Phone) {
    forgets(phone, "Bo");
    phone.presses("Undo");
    phone.sees("It stays.");
    phone.sees("Bo");

    phone.opens("?skip=1");
    phone.sees("Bo wrote to you.");
    phone.presses("Put aside");
    phone.sees("Put aside.");
    phone.does_not_see("Bo wrote to you.");
    phone.presses("Undo");
    phone.sees("It stays.");
    phone.sees("Bo wrote to you.");

    phone.presses("Done: Bo");
    phone.sees("Done.");
    phone.does_not_see("send the sample");
    phone.presses("Undo");
    phone.sees("send the sample");

    phone.opens("codes");
    phone.sees("the hall");
    phone.presses_nth("Withdraw", 0);
    phone.sees("Withdrawn.");
    phone.does_not_see("the hall");
    phone.presses("Undo");
    phone.sees("It stays.");
    phone.sees("the hall");

    phone.opens("events");
    phone.presses("Hannover Messe");
    phone.presses("Change this event");
    phone.presses("Remove this event");
    phone.sees("Removed.");
    phone.does_not_see("Hannover Messe");
    phone.presses("Undo");
    phone.sees("Hannover Messe");
}

#[test]
fn what_ana_undoes_stays_and_what_she_does_not_is_gone_after_ten_seconds() {
    if !has_chromium() {
        return;
    }
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(Someone::up);
    ana.meets(&bo, "Hannover Messe");
    ana.meets(&chi, "Hannover Messe");
    let api = ana.api();
    api.post("/events", &json!({ "name": "Hannover Messe", "first": "2030-04-20" }));
    let code_for = |whom: &str| api.post("/invites", &json!({ "printed": true, "meant_for": whom }));
    code_for("the hall");
    ana.kith(["person", "next", "Bo", "send the sample", "--due", "2026-01-31"]).ok();
    bo.kith(["person", "write", "Ana", "Thank you for the quote."]).ok();
    let (plain, scripted) = (Phone::without_scripts(&ana), Phone::of(&ana));
    plain.looks_at("?skip=1", "Bo wrote to you.");
    thinks_again(&plain);
    thinks_again(&scripted);

    // Now she means it.
    code_for("the stand");
    scripted.opens("codes");
    scripted.presses_in_row("the stand", "Withdraw");
    scripted.sees("Withdrawn.");
    scripted.does_not_see("the stand");
    scripted.opens("");
    scripted.presses("Put aside");
    scripted.sees("Put aside.");
    forgets(&plain, "Chi");
    let chis = Phone::of(&chi);
    chis.opens("people");
    chis.sees("contact");
    chis.does_not_see("no contact any more");
    chis.looks_again_for("no contact any more");
    for phone in [&plain, &scripted] {
        phone.sees_no_more("Undo");
    }

    // What she undid has not gone meanwhile.
    for phone in [&plain, &scripted] {
        phone.opens("people");
        phone.sees("Bo");
        phone.does_not_see("Chi");
        phone.opens("codes");
        phone.sees("the hall");
        phone.does_not_see("the stand");
        phone.opens("events");
        phone.sees("Hannover Messe");
        phone.opens("");
        phone.sees("send the sample");
        phone.does_not_see("Bo wrote to you.");
    }
    let bos = Phone::of(&bo);
    bos.opens("people");
    bos.presses("Ana");
    bos.sees("contact");
    bos.does_not_see("no contact any more");
}
