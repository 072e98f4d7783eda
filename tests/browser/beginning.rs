//! The first minutes: a card in four fields, then the code.

use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn ana_makes_a_card_in_four_fields_and_shows_her_code() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let phone = Phone::of(&ana);
    phone.sees("Your card");
    assert_eq!(phone.value_of("Name"), "Ana", "she said her name when she made her home");
    phone.types("Company", "Sousa Weaving");
    phone.types("Title", "Head of sales");
    phone.types("E-mail or phone", "ana@sousa.example");
    phone.presses("Make my card");

    phone.sees("My code");
    phone.sees("for one person");
    let code = phone.shows_code();
    assert!(code.starts_with("KITH:"), "{code}");

    phone.presses("Next person");
    phone.until("a fresh code", |_| (phone.shows_code() != code).then_some(()));

    phone.presses("More");
    phone.presses("My card");
    assert_eq!(phone.value_of("Company"), "Sousa Weaving");
    phone.presses("As anyone sees it");
    phone.sees("Sousa Weaving");
    phone.does_not_see("ana@sousa.example");
    phone.goes_back();
    phone.presses("As contacts see it");
    phone.sees("ana@sousa.example");

    phone.presses("Today");
    phone.sees("Nothing due.");
    phone.visit().stays_at(phone.node());
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
