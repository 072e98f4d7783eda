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
