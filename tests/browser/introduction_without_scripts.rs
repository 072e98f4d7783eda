//! Introductions that do not go straight ahead, by three people whose browsers run no scripts.

use kith_node::here::{Local, date_text};
use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

/// Opens the introduction that waits on somebody.
#[track_caller]
fn looks_at_what_waits(phone: &Phone, question: &str) {
    phone.looks_at("?skip=1", question);
    phone.presses("Look at it");
}

#[test]
fn an_ask_is_given_back_and_put_off_and_declined_and_then_bo_has_a_better_idea() {
    if !has_chromium() {
        return;
    }
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(Someone::up);
    ana.meets(&bo, "Hannover Messe");
    chi.meets(&bo, "Chamber of commerce");
    let [anas, bos, chis] = [&ana, &bo, &chi].map(Phone::without_scripts);

    anas.opens("exchange");
    anas.presses("Ask for an introduction");
    anas.types("Introduce me to", "a welder in Ghent");
    anas.chooses("Through", "Bo");
    anas.types("Why them", "Our looms need new frames.");
    anas.types("What they are to read", "I am Ana and make cloth. Can we talk?");
    anas.types("Open for", "5");
    anas.presses("Ask for an introduction");
    anas.sees("Asked.");

    // Bo wants it said differently.
    looks_at_what_waits(&bos, "Ana asks you to introduce them to a welder in Ghent.");
    bos.presses("Give it back to be said differently");
    bos.types("What to change", "Say what the frames are made of.");
    bos.presses_beside("What to change", "Give it back to be said differently");
    bos.sees("Given back.");
    looks_at_what_waits(&anas, "Bo would introduce you, if you say it differently.");
    anas.sees("Say what the frames are made of.");
    assert_eq!(anas.value_of("Why them"), "Our looms need new frames.");
    anas.types("Why them", "Our looms need new frames of steel.");
    anas.presses("Ask again");
    anas.sees("Asked again.");

    // Bo sleeps on it, and Chi too; then she says no.
    looks_at_what_waits(&bos, "Ana asks you to introduce them to a welder in Ghent.");
    bos.sees("frames of steel");
    let day = date_text(Local::here().date.plus(2));
    bos.presses("Later");
    bos.types("Look at it again on", &day);
    bos.presses_beside("Look at it again on", "Later");
    bos.sees("Put off.");
    bos.sees("you look at it again on");
    bos.chooses("Ask whom", "Chi");
    bos.types("A sentence of yours", "She pays on time.");
    bos.presses("Pass it on");
    bos.sees("Passed on.");
    looks_at_what_waits(&chis, "Ana asks to meet you, through Bo.");
    chis.sees("She pays on time.");
    chis.presses("Later");
    chis.types("Look at it again on", &day);
    chis.presses_beside("Look at it again on", "Later");
    chis.sees("Put off.");
    chis.sees("Bo alone knows");
    bos.looks_again_for("Chi decides later");
    chis.presses("No");
    chis.sees("You said no.");
    bos.looks_again_for("Chi said no; you alone know");
    bos.presses("No");
    bos.sees("you said no; Ana hears nothing");
    anas.opens("exchange");
    anas.presses("You ask Bo to introduce you to a welder in Ghent.");
    anas.sees("hear a yes, or nothing until");
    anas.presses("Take it back");
    anas.sees("Taken back.");
    anas.sees("you withdrew it");

    // What Ana asked for in vain, Bo suggests to both.
    bos.opens("people");
    bos.presses("Ana");
    bos.presses("Introduce");
    bos.chooses("To whom", "Chi");
    bos.types("What you tell each about the other", "She looks for work in Ghent.");
    bos.types("Something else for the second", "She needs frames, and pays on time.");
    bos.presses("Bring two people together");
    bos.sees("Both are asked.");
    looks_at_what_waits(&anas, "Bo thinks that you should meet somebody.");
    anas.sees("She looks for work in Ghent.");
    anas.does_not_see("Chi");
    anas.types("What the other is to read first", "I need frames of steel. Can we talk?");
    anas.presses("Yes");
    anas.sees("You said yes.");
    looks_at_what_waits(&chis, "Bo thinks that you should meet somebody.");
    chis.sees("She needs frames, and pays on time.");
    chis.chooses("Of your card they get", "what anyone sees");
    chis.presses("Yes");
    chis.sees("You said yes.");
    for (phone, other) in [(&anas, "Chi"), (&chis, "Ana")] {
        phone.looks_at("people", "introduced by Bo");
        phone.sees(other);
    }

    // They met, and Chi says how it went.
    chis.opens("people");
    chis.presses("Ana");
    chis.presses("Ana asks to meet you");
    chis.ticks("We met or talked");
    chis.ticks("It was useful");
    chis.types("Thanks, in your words", "I begin on Monday. Thank you, Bo!");
    chis.presses("Tell the introducer");
    chis.sees("Told.");
    bos.opens("exchange");
    bos.presses("You think that Ana and Chi should meet.");
    bos.looks_again_for("I begin on Monday. Thank you, Bo!");
    bos.sees("Ana and Chi hold each other");
}
