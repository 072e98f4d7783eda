use calcard::vcard::VCardVersion;
use calcard::{Entry, Parser};
use proptest::prelude::*;

use super::super::contact::ana;
use super::*;
use crate::codes::foreign::{Code, ForeignCard, understand};

fn read(card: &str) -> ForeignCard {
    match understand(card) {
        Code::Card(card) => *card,
        other => panic!("{other:?}"),
    }
}

/// Lines without folding.
fn unfolded(card: &str) -> Vec<String> {
    card.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_phone_finds_everything_where_it_looks() {
    let lines = unfolded(&write(&ana()));
    assert_eq!(lines[..4], ["BEGIN:VCARD", "VERSION:3.0", "N:Núñez;Ana María;;;", "FN:Ana María Núñez"]);
    for line in [
        r"ORG:Sousa Valves\, Lda\; Porto",
        "TEL;TYPE=CELL:+351 912 345 678",
        "TEL;TYPE=WORK:+351 22 345",
        "EMAIL;TYPE=INTERNET,WORK:ana@sousa.example",
        "ADR;TYPE=WORK:;;Rua das Flores 1;Porto;Norte;;Portugal",
        "URL:https://sousa.example/a,b;c",
        "X-SOCIALPROFILE;TYPE=linkedin:https://www.linkedin.com/in/ana",
        "BDAY:1980-05-03",
        r"CATEGORIES:valves,fair\, 2026",
    ] {
        assert!(lines.iter().any(|own| own == line), "{line} in {lines:#?}");
    }
    assert_eq!(lines.last().unwrap(), "END:VCARD");
}

#[test]
fn what_a_phone_does_not_show_stands_in_the_note_and_my_own_notes_do_not() {
    let note = read(&write(&ana())).note.unwrap().to_string();
    for says in [
        "back on Monday",
        "Headline: I help water works find leaks",
        "Book a meeting: https://book.example/ana",
        "LinkedIn: https://www.linkedin.com/in/ana",
        "Languages: pt, de, en",
        "Other: from a later version",
        "How we met: scanned live at Hannover Messe",
    ] {
        assert!(note.contains(says), "{says} in {note}");
    }
    assert!(!note.contains("quote"), "what I noted about her is not passed on with one tap");
}

#[test]
fn what_is_written_is_read_back() {
    let card = read(&write(&ana()));
    assert_eq!(card.name.unwrap().as_str(), "Ana María Núñez");
    assert_eq!(card.org.unwrap().as_str(), "Sousa Valves, Lda; Porto");
    assert_eq!(card.title.unwrap().as_str(), "Head of Sales");
    assert_eq!(
        card.emails.iter().map(|line| line.as_str()).collect::<Vec<_>>(),
        ["ana@sousa.example", "ana@home.example"]
    );
    assert_eq!(card.phones.iter().map(|line| line.as_str()).collect::<Vec<_>>(), ["+351 912 345 678", "+351 22 345"]);
    assert_eq!(card.urls.first().unwrap().as_str(), "https://sousa.example/a,b;c");
}

#[test]
fn no_text_begins_a_line_of_its_own() {
    let evil = "x\r\nEND:VCARD\r\nBEGIN:VCARD\nTEL:666\u{2028}FN:Mallory\u{85}X:1\u{0}";
    let mut contact = Contact { name: evil.to_owned(), remark: Some(evil.to_owned()), ..Contact::default() };
    contact.lines.extend(FieldKind::KNOWN.iter().map(|kind| (*kind, evil.to_owned())));
    contact.tags.push(evil.to_owned());
    for card in [write(&contact), write_small(&contact)] {
        let lines = unfolded(&card);
        assert_eq!(lines.iter().filter(|line| line.starts_with("BEGIN")).count(), 1, "{card}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("END")).count(), 1, "{card}");
        assert!(!lines.iter().any(|line| line.starts_with("TEL:") || line.starts_with("X:")), "{card}");
    }
}

#[test]
fn the_small_form_keeps_what_reaches_somebody_longest() {
    let small = write_small(&ana());
    assert!(small.len() <= SMALL, "{}", small.len());
    assert!(small.contains("TEL;TYPE=CELL:+351 912 345 678") && !small.contains("NOTE"), "{small}");
    let mut crowded = ana();
    crowded.lines.insert(0, (FieldKind::Website, format!("https://{}.example", "w".repeat(180))));
    crowded.lines.insert(0, (FieldKind::Title, "t".repeat(190)));
    let small = write_small(&crowded);
    assert!(small.len() <= SMALL && small.contains("ORG") && small.contains("EMAIL") && !small.contains("TITLE"));
    let endless = Contact { name: ";Ñ".repeat(80), ..ana() };
    let small = write_small(&endless);
    assert!(small.len() <= SMALL && small.contains("FN:\\;Ñ"), "{small}");
}

proptest! {
    #[test]
    fn any_name_and_line_survives_folding(name in "\\PC{1,60}", org in "\\PC{0,190}", note in "[\\PC\n]{0,300}") {
        let contact = Contact {
            name,
            lines: vec![(FieldKind::Organisation, org)],
            remark: Some(note),
            ..Contact::default()
        };
        for card in [write(&contact), write_small(&contact)] {
            prop_assert!(card.split("\r\n").all(|line| line.len() <= LINE));
            prop_assert!(!card.replace("\r\n", "").contains(['\r', '\n']));
            let read = match Parser::new(&card).entry() {
                Entry::VCard(read) => read,
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert_eq!(read.version(), Some(VCardVersion::V3_0));
            if card.len() > SMALL {
                let property = read.property(&calcard::vcard::VCardProperty::Fn);
                let value = property.and_then(|entry| entry.values.first()).and_then(|value| value.as_text());
                // Every character that ends a line comes back as the one that vCard has for it.
                let name = contact.name.replace(['\u{85}', '\u{2028}', '\u{2029}'], "\n");
                prop_assert_eq!(value.map(str::trim), Some(name.trim()));
            }
        }
    }
}
