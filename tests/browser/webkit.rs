//! The flows that a browser of another make must carry too: the nearest to an iPhone.

use kith_node::codes::draw::Drawing;
use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::Someone;

use crate::phone::Phone;

#[test]
fn ana_makes_her_card_scans_bos_picture_and_notes_what_was_said() {
    if !Engine::WebKit.is_here() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    let phone = Phone::with(&ana, Setup::new(Engine::WebKit));
    phone.sees("Your card");
    phone.types("Company", "Sousa Weaving");
    phone.types("E-mail or phone", "ana@sousa.example");
    phone.presses("Make my card");
    phone.sees("My code");
    assert!(phone.shows_code().starts_with("KITH:"));
    phone.fits_the_width();
    phone.photographs("qr");

    phone.presses("Scan theirs");
    phone.sees("Take a picture of the code");
    phone.fits_the_width();
    phone.photographs("scan");
    let photo = ana.beside("photo.png");
    std::fs::write(&photo, Drawing::new(&bo.shows("Hannover Messe")).unwrap().png(8)).unwrap();
    phone.uploads("Picture", &photo);
    phone.presses("Read the picture");
    phone.sees("Your card is on its way.");
    phone.types("They need", "sailcloth");
    phone.types("Tag", "hot");
    phone.presses("Keep");
    phone.sees("Kept.");
    ana.api().until_contact("Bo");

    phone.opens("scan");
    phone.types("Code, link or vCard", "tel:+49511123456");
    phone.presses("Take in");
    phone.sees("Written down, unconfirmed.");
    phone.opens("people");
    phone.presses("Bo");
    phone.sees("sailcloth");
    phone.photographs("person");
    phone.types("What you call them", "Bo the boatman");
    phone.enters("What you call them");
    phone.sees("Bo the boatman");

    phone.opens("access");
    phone.presses("Sign out");
    phone.sees("Password");
}

#[test]
fn ana_writes_and_reads_letters_answers_introductions_and_keeps_events() {
    if !Engine::WebKit.is_here() {
        return;
    }
    let [ana, bo, chi] = ["Ana", "Bo", "Chi"].map(Someone::up);
    ana.meets(&bo, "Hannover Messe");
    chi.meets(&bo, "Chamber of commerce");
    bo.kith(["person", "write", "Ana", "Thank you for the quote."]).ok();
    let phone = Phone::with(&ana, Setup::new(Engine::WebKit));
    phone.looks_at("?skip=1", "Bo wrote to you.");
    phone.fits_the_width();
    phone.presses("Seen");
    phone.sees("Done.");
    phone.opens("people");
    phone.presses("Bo");
    phone.types("Your words", "You are welcome.\n<b>Ana</b>");
    phone.presses("Send");
    phone.sees("Written.");
    phone.looks_again_for("their node has it");

    // Chi asks for Ana through Bo; Ana sleeps on it, and says yes.
    let chi_asks =
        ["intro", "ask", "--about", "a weaver", "--via", "Bo", "--purpose", "client", "--why", "I need sails."];
    let asked = chi.kith(chi_asks.iter().chain(&["--blurb", "Can we talk?", "--json"])).ok().json();
    let intro = asked["id"].as_str().unwrap();
    bo.api().until("Chi's ask", |api| {
        api.get("/inbox").as_array()?.iter().any(|item| item["kind"] == "introduce").then_some(())
    });
    bo.kith(["intro", "pass", intro, "--to", "Ana", "--note", "She builds the fastest boats."]).ok();
    phone.looks_at("", "Chi asks to meet you, through Bo.");
    phone.presses("Look at it");
    phone.sees("She builds the fastest boats.");
    phone.fits_the_width();
    phone.photographs("introduction");
    phone.presses("Later");
    phone.types("Look at it again on", &ana.api().get("/introductions")[0]["until"].as_str().unwrap()[..10]);
    phone.presses_beside("Look at it again on", "Later");
    phone.sees("Put off.");
    phone.chooses("Of your card they get", "what anyone sees");
    phone.presses("Yes");
    phone.sees("You said yes.");
    phone.looks_at("people", "introduced by Bo");

    phone.opens("events");
    phone.types("Name", "Hannover Messe");
    phone.types("First day", "2030-04-20");
    phone.types("Last day", "2030-04-24");
    phone.presses("Add an event");
    phone.sees("20 Apr 2030");
    phone.sees("Bo");
    phone.fits_the_width();
    phone.presses("Change this event");
    phone.types("Place", "Hannover, hall 4");
    phone.presses_beside("Place", "Keep");
    phone.sees("Hannover, hall 4");
    phone.presses("Change this event");
    phone.presses("Remove this event");
    phone.sees("Removed.");
    phone.presses("Undo");
    phone.sees("Hannover Messe");
}
