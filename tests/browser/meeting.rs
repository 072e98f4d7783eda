//! Two people at a stand, each with a phone.

use kith_tests::browser::{Engine, Setup, film};
use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn ana_holds_her_camera_before_bos_phone_and_both_have_each_other() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    ana.kith(["card", "set", "org", "Sousa Weaving"]).ok();
    bo.kith(["card", "set", "org", "Bo's Boats"]).ok();

    let bos = Phone::of(&bo);
    bos.opens("qr");
    let seen = ana.beside("bos-phone.y4m");
    film(&bos.shows_code(), &seen);

    let anas = Phone::with(&ana, Setup::new(Engine::Chromium).camera(&seen));
    anas.opens("scan");
    // A browser that may use the camera without asking begins by itself, and may have read the code by now.
    anas.presses_if_there("Start the camera");
    anas.sees("Your card is on its way.");
    anas.sees("Bo");
    anas.types("They need", "sailcloth, 200 m");
    anas.types("I promised", "a sample by Friday");
    anas.types("Tag", "hot");
    anas.presses("Keep");
    anas.sees("Kept.");

    bos.sees("Scanned.");
    bos.presses("Today");
    bos.sees("Ana");
    bos.presses("Yes, it was them");
    bos.sees("Done.");

    bos.until("Ana among Bo's people", |_| {
        bos.opens("people");
        bos.text().contains("Sousa").then_some(()).or_else(|| {
            bos.presses("Ana");
            bos.text().contains("Sousa Weaving").then_some(())
        })
    });
    anas.opens("people");
    anas.until("Bo is a contact", |window| {
        window.reloads();
        window.text().contains("contact").then_some(())
    });
    anas.presses("Bo");
    anas.sees("Bo's Boats");
    anas.sees("sailcloth, 200 m");

    anas.presses("Today");
    anas.sees("a sample by Friday");
    anas.presses("Done: Bo");
    anas.sees_no_more("a sample by Friday");
    anas.visit().stays_at(anas.node());
}
