//! Whoever switched scripts off loses the camera and the queue, and nothing else.

use kith_node::codes::draw::Drawing;
use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn card_and_codes_are_forms() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let phone = Phone::without_scripts(&ana);
    phone.types("Company", "Sousa Weaving");
    phone.types("E-mail or phone", "+351 912 345 678");
    phone.presses("Make my card");
    phone.sees("My code");
    let first = phone.shows_code();
    phone.presses("Next person");
    phone.until("a fresh code", |_| (phone.shows_code() != first).then_some(()));

    phone.presses("Another code");
    phone.chooses("Kind", "Printed");
    phone.chooses("Who scans it sees", "what anyone sees");
    phone.types("Event or label", "Badge");
    phone.types("For whom, in your words", "the hall");
    phone.presses("Make this code");
    phone.sees("printed, for many · Badge");
    phone.presses("Another code");
    phone.presses("Codes that are out");
    phone.sees("the hall");
    phone.presses_in_row("the hall", "Withdraw");
    phone.sees("Withdrawn.");
    phone.does_not_see("the hall");

    phone.opens("card");
    phone.types("In one sentence", "Cloth for rough seas");
    phone.chooses("In one sentence: Who sees it", "anyone");
    phone.presses("Save my card");
    phone.sees("Saved.");
    phone.presses("As anyone sees it");
    phone.sees("Cloth for rough seas");
    phone.opens("qr/other");
    phone.presses("Then take theirs");
    phone.sees("Take a picture of the code");
}

#[test]
fn scanning_and_writing_down_are_forms() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    let phone = Phone::without_scripts(&ana);
    phone.opens("scan");
    phone.types(
        "Code, link or vCard",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Chi Nakamura\nEMAIL:chi@nakamura.example\nEND:VCARD",
    );
    phone.presses("Take in");
    phone.sees("Chi Nakamura");
    phone.sees("Written down, unconfirmed.");
    phone.types("They need", "a welder");
    phone.types("Next step", "call her");
    phone.types("Until", "2030-01-31");
    phone.presses("Keep and scan the next");
    phone.sees("Kept.");

    // A photo of Bo's code, as it lies on the phone.
    let photo = ana.beside("photo.png");
    std::fs::write(&photo, Drawing::new(&bo.shows("Hannover Messe")).unwrap().png(8)).unwrap();
    phone.uploads("Picture", &photo);
    phone.presses("Read the picture");
    phone.sees("Bo");
    phone.presses("Keep");
    phone.sees("Kept.");
    ana.api().until_contact("Bo");

    // A photo of something else.
    std::fs::write(&photo, b"no picture").unwrap();
    phone.opens("scan");
    phone.uploads("Picture", &photo);
    phone.presses("Read the picture");
    phone.sees("This did not work");

    phone.opens("people/new");
    phone.types("Name", "Dee <script>alert(1)</script>");
    phone.types("Where you met", "a train");
    phone.types("Note", "blue coat\n\"quoted\" & <b>bold</b>");
    phone.presses("Write somebody down");
    phone.sees("<script>alert(1)</script>");
    phone.opens("people");
    phone.types("Search", "nakamurä");
    phone.presses("Search");
    phone.sees_no_more("Bo");
    phone.sees("Chi Nakamura");
}

#[test]
fn what_is_kept_of_a_person_is_changed_by_forms() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    ana.meets(&bo, "Hannover Messe");
    let phone = Phone::without_scripts(&ana);
    phone.opens("people");
    phone.presses("Bo");
    phone.presses("In touch today");
    phone.sees("Noted: in touch today.");
    phone.types("Note", "Met at hall 4");
    phone.presses("Keep");
    phone.sees("Met at hall 4");
    phone.types("New tag", "boats");
    phone.presses("Add");
    phone.sees("boats");
    phone.chooses("Tag", "boats");
    phone.presses("Remove");
    phone.until("the tag gone", |window| (!window.can_press("Remove")).then_some(()));
    phone.types("What you call them", "Bo the boatman");
    phone.enters("What you call them");
    phone.until("the name", |window| window.text().contains("Bo the boatman").then_some(()));
    phone.types("Be in touch every", "30");
    phone.enters("Be in touch every");
    phone.until("the cadence", |window| (window.value_of("Be in touch every") == "30").then_some(()));

    phone.presses("Vouch");
    phone.chooses("They were my", "supplier");
    phone.types("In your words", "His boats float.");
    phone.types("Good at", "boats, ropes");
    phone.types("Since (year)", "2021");
    phone.chooses("What you have to gain", "nothing");
    phone.presses("Vouch");
    phone.sees("Said. They are asked whether it may be shown.");
    phone.sees("His boats float.");

    let bos = Phone::without_scripts(&bo);
    bos.until("the question", |window| {
        window.goes_to(&format!("{}/?skip=1", bos.node()));
        window.can_press("It may be shown").then_some(())
    });
    bos.presses("It may be shown");
    bos.sees("Done.");
    phone.looks_again_for("accepted, for contacts of either");
    phone.presses("Say it for longer");
    phone.sees("Saved.");
    phone.sees("accepted, for contacts of either");
    bos.opens("card");
    bos.presses("What others say of you");
    bos.sees("His boats float.");
    assert_eq!(bos.value_of("Who may see it"), "contacts");
    bos.chooses("Who may see it", "the two of us");
    bos.presses("Keep");
    bos.sees("Saved.");
    assert_eq!(bos.value_of("Who may see it"), "us_two");
    phone.presses("Say it no more");
    phone.sees_no_more("His boats float.");

    phone.chooses("Of your card", "what anyone sees");
    phone.presses_beside("Of your card", "Keep");
    phone.until("the tier", |window| (window.value_of("Of your card") == "public").then_some(()));

    phone.presses("Block");
    phone.sees("Nothing of theirs reaches you.");
    phone.presses("Block no more");
    phone.sees_no_more("Nothing of theirs reaches you.");
    phone.presses("Forget");
    phone.sees("A contact is told to forget you too.");
    phone.presses("No, keep");
    phone.presses("Forget");
    phone.presses("Forget");
    phone.sees("Forgotten.");
    phone.does_not_see("boatman");
}

#[test]
fn events_are_forms() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let saved = ana.beside("downloads");
    let phone = Phone::with(&ana, Setup::new(Engine::Chromium).without_scripts().downloads(&saved));
    phone.opens("events");
    phone.sees("Add the next event you will attend.");
    phone.types("Name", "Hannover Messe");
    phone.types("First day", "2030-04-20");
    phone.types("Last day", "2030-04-24");
    phone.types("Place", "Hannover");
    phone.presses("Add an event");
    phone.sees("Hannover Messe");
    phone.sees("Nobody met here yet.");
    phone.presses("Change this event");
    phone.types("Place", "Hannover, hall 4");
    phone.presses("Keep");
    phone.sees("Hannover, hall 4");

    // What is refused comes back as it was typed.
    phone.presses("Change this event");
    phone.types("Last day", "2030-04-19");
    phone.presses("Keep");
    phone.sees("This did not work");
    phone.sees("Nothing that you typed is lost.");
    phone.types("Last day", "2030-04-25");
    phone.presses("Send again");
    phone.sees("Saved.");
    phone.sees("25 Apr 2030");

    // Whom Ana met, for her other programs.
    phone.opens("people/new");
    phone.types("Name", "Dee Okafor");
    phone.types("Where you met", "Hannover Messe");
    phone.presses("Write somebody down");
    phone.sees("Written down, unconfirmed.");
    phone.presses("All about Dee Okafor");
    let card = phone.downloads("As vCard", &saved);
    assert!(card.starts_with("BEGIN:VCARD") && card.contains("FN:Dee Okafor"), "{card}");
    phone.opens("events");
    phone.presses("Hannover Messe");
    phone.sees("Dee Okafor");
    let table = phone.downloads("CSV", &saved);
    assert!(table.lines().count() == 2 && table.contains("Dee,Okafor,"), "{table}");
    let cards = phone.downloads("vCard", &saved);
    assert!(cards.matches("BEGIN:VCARD").count() == 1 && cards.contains("FN:Dee Okafor"), "{cards}");

    phone.presses("Change this event");
    phone.presses("Remove this event");
    phone.sees("Add the next event you will attend.");
}
