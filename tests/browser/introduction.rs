//! An introduction from the first wish to the thanks, by three people with their thumbs only.

use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn ana_asks_bo_to_introduce_her_to_a_welder_and_thanks_him() {
    if !has_chromium() {
        return;
    }
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(Someone::up);
    chi.kith(["card", "set", "title", "Welder", "--tier", "public"]).ok();
    ana.meets(&bo, "Hannover Messe");
    chi.meets(&bo, "Chamber of commerce");
    let [anas, bos, chis] = [&ana, &bo, &chi].map(Phone::of);

    anas.opens("?skip=1");
    anas.presses("Exchange");
    anas.presses("Ask for an introduction");
    anas.types("Introduce me to", "a welder in Ghent");
    anas.chooses("Through", "Bo");
    anas.chooses("What for", "to do something together");
    anas.types("Why them", "Our looms need new frames.");
    anas.types("What they are to read", "I am Ana and make cloth. Can we talk for 15 minutes?");
    anas.presses("Ask");
    anas.sees("Asked.");

    bos.opens("?skip=1");
    bos.sees("Waits on you");
    bos.presses("Look at it");
    bos.sees("a welder in Ghent");
    bos.sees("Our looms need new frames.");
    bos.chooses("Ask whom", "Chi");
    bos.types("A sentence of yours", "Ana pays on time; we work together since 2021.");
    bos.presses("Pass it on");
    bos.sees("Passed on.");

    chis.opens("?skip=1");
    chis.sees("Waits on you");
    chis.presses("Look at it");
    chis.sees("Can we talk for 15 minutes?");
    chis.sees("Ana pays on time");
    chis.chooses("Of your card they get", "what my contacts see");
    chis.presses("Yes");
    chis.sees("You said yes.");

    // She looks until it has come: her page of it says so by itself.
    anas.opens("people");
    anas.until("Chi among Ana's people", |window| {
        window.reloads();
        let text = window.text();
        (text.contains("Chi") && text.contains("introduced by Bo")).then_some(())
    });
    anas.presses("Exchange");
    anas.presses("You ask Bo to introduce you to Chi");
    anas.ticks("We met or talked");
    anas.ticks("It was useful");
    anas.types("Thanks, in your words", "She begins on Monday. Thank you, Bo!");
    anas.presses("Tell the introducer");
    anas.sees("Told.");

    // Bo still looks at the page on which he passed it on; it says so by itself.
    bos.sees("She begins on Monday. Thank you, Bo!");
    for (phone, name) in
        [(&anas, "introduction-asker"), (&bos, "introduction-introducer"), (&chis, "introduction-target")]
    {
        phone.photographs(name);
        phone.is_accessible();
        phone.fits_the_width();
        phone.visit().stays_at(phone.node());
    }
}
