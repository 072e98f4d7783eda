//! What two contacts write to each other and hand on, by forms alone.

use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

/// Opens what somebody keeps of a person.
#[track_caller]
fn opens_person(phone: &Phone, name: &str) {
    phone.opens("people");
    phone.presses(name);
}

#[test]
fn ana_and_bo_write_to_each_other_and_bo_takes_in_whom_ana_hands_over() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    ana.meets(&bo, "Hannover Messe");
    let [anas, bos] = [&ana, &bo].map(Phone::without_scripts);

    // A letter, its answer, and what each does with the question about it.
    opens_person(&anas, "Bo");
    anas.types("Your words", "Can you deliver in May?\n<b>Ana</b>");
    anas.presses("Send");
    anas.sees("Written. It goes when their node can be reached.");
    bos.looks_at("?skip=1", "Ana wrote to you.");
    bos.sees("Can you deliver in May? <b>Ana</b>");
    bos.presses("Seen");
    bos.sees("Done.");
    bos.does_not_see("Ana wrote to you.");
    opens_person(&bos, "Ana");
    bos.sees("they wrote this");
    bos.types("Your words", "In May, yes.");
    bos.presses("Send");
    bos.sees("Written.");
    anas.looks_at("?skip=1", "Bo wrote to you.");
    anas.presses("Put aside");
    anas.sees("Put aside.");
    anas.does_not_see("Bo wrote to you.");
    opens_person(&anas, "Bo");
    anas.sees("In May, yes.");
    anas.looks_again_for("their node has it");

    // What comes next: noted, changed, and done by a thank-you.
    anas.presses("Change");
    anas.types("They need", "sailcloth, 200 m");
    anas.types("I promised", "a sample");
    anas.types("Next step", "thank him");
    anas.types("Until", "2030-01-31");
    anas.presses("Keep");
    anas.sees("thank him");
    anas.sees("until 31 Jan 2030");
    anas.presses("Change");
    anas.types("I promised", "");
    anas.types("Next step", "thank him and call");
    anas.types("Until", "2030-02-01");
    anas.presses("Keep");
    anas.sees("until 1 Feb 2030");
    anas.does_not_see("a sample");
    anas.presses("Write a thank-you");
    assert!(
        anas.value_of("Draft").contains("You told me what you need: sailcloth, 200 m"),
        "{}",
        anas.value_of("Draft")
    );
    anas.types("Draft", "Thank you, Bo. The cloth is on its way.");
    anas.presses("Send to their node");
    anas.sees("Written.");
    anas.sees("Nothing to do next.");
    bos.looks_at("", "The cloth is on its way.");

    // With more letters than a page about a person shows, there is a page of them.
    anas.types("Your words", "It left on Monday.");
    anas.presses("Send");
    anas.presses("All letters");
    anas.sees("Can you deliver in May? <b>Ana</b>");
    anas.types("Your words", "It comes on Friday.");
    anas.presses("Send");
    anas.sees("Written.");
    bos.looks_at("", "It comes on Friday.");

    // Dee needs boats, not cloth.
    anas.opens("people/new");
    anas.types("Name", "Dee Okafor");
    anas.types("Where you met", "Hannover Messe");
    anas.types("Note", "needs two boats");
    anas.presses("Write somebody down");
    anas.types("Next step", "tell Bo");
    anas.presses("Keep");
    opens_person(&anas, "Dee Okafor");
    anas.presses("Hand over");
    assert_eq!(anas.value_of("What to say of them"), "needs two boats");
    anas.chooses("To whom", "Bo");
    anas.types("What to say of them", "needs two boats by summer");
    anas.presses("Hand over");
    anas.sees("Handed over.");
    anas.presses("Write a thank-you");
    anas.presses("Done");
    anas.sees("Done.");
    anas.sees("Nothing to do next.");
    bos.looks_at("", "Ana hands Dee Okafor over to you, whom they met at Hannover Messe.");
    bos.sees("needs two boats by summer");
    bos.presses("Take them in");
    bos.sees("Done.");
    bos.looks_at("people", "handed over by Ana");
    bos.presses("Dee Okafor");
    bos.sees("needs two boats by summer");
}
