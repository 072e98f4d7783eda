//! How large letters are when everybody says as much as they may.

// Helpers of tests fail as tests do: at once and aloud.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/cast.rs"]
mod cast;

use cast::{ana, bo, chi};
use kith_protocol::card::{Field, FieldKind};
use kith_protocol::introduction::{Ask, Consent, Introduction, OpenedConsent, consent_digest};
use kith_protocol::letter::handover::HandOver;
use kith_protocol::letter::introduction::{IntroductionLetter as Is, Outcome, Propose, Returned, Suggest};
use kith_protocol::letter::note::NoteLetter;
use kith_protocol::letter::{self, Body};
use kith_protocol::limits;
use kith_protocol::record::{RecordBytes, Signed, Verified};
use kith_protocol::text::{Line, Text, Words};
use kith_protocol::vouch::{Vouch, VouchContent, Vouched};
use kith_protocol::wire::{self, Bytes};

/// Words of exactly `len` bytes.
fn words(len: usize) -> String {
    format!("{}.", &"We make valves that do not leak ".repeat(len / 31 + 1)[..len - 1])
}

fn line<const MAX: usize>() -> Line<MAX> {
    let line = Line::new(&words(MAX)).unwrap();
    assert_eq!(line.as_str().len(), MAX);
    line
}

fn text<const MAX: usize>() -> Text<MAX> {
    let text = Text::new(&words(MAX)).unwrap();
    assert_eq!(text.as_str().len(), MAX);
    text
}

fn bounded<const MAX: usize>(bytes: &[u8]) -> Bytes<MAX> {
    Bytes::new(bytes.to_vec()).unwrap()
}

/// Ana knows Chi's id and says all that she may.
fn ask() -> Verified<Ask> {
    let target_id = Some(chi().history().id());
    ana().sign(Ask { target: line(), target_id, why: text(), blurb: text(), ..cast::ask_statement() })
}

/// A card is plain: name, organisation, title, e-mail.
fn consent() -> Verified<Consent> {
    chi().sign(Consent { ask: ask().id(), ..cast::consent().into_statement() })
}

/// Every kind with its texts at their longest, from whom and to whom.
fn longest() -> Vec<(&'static str, [cast::Actor; 2], Body)> {
    let opened = OpenedConsent { history: chi().history().to_bytes(), consent: bounded(consent().bytes()) };
    let sealed = opened.seal(ask().id(), &cast::reply_key().public(), &cast::counting(cast::SEAL_SEED)).unwrap();
    let (digest, named) = (consent_digest(&sealed), cast::introduction().into_statement());
    let introduction = bo().sign(Introduction { ask: ask().id(), consent: digest, ..named });
    let (ask, introduction): (RecordBytes, RecordBytes) = (bounded(ask().bytes()), bounded(introduction.bytes()));
    let mut all = Vec::new();
    for (name, mut letter) in cast::introduction_letters() {
        match &mut letter {
            Is::Ask(letter) => letter.ask = ask.clone(),
            Is::Returned(Returned { note, .. }) | Is::Suggest(Suggest { note, .. }) => *note = line(),
            Is::Propose(Propose { ask: forwarded, note, known, .. }) => {
                (*forwarded, *note, *known) = (ask.clone(), line(), Some(line()));
            }
            Is::Consent(letter) => letter.sealed = sealed.clone(),
            Is::Offer(letter) => {
                (letter.sealed, letter.introduction) = (sealed.clone(), introduction.clone());
                letter.known = Some(line());
            }
            Is::Outcome(Outcome { thanks, .. }) => *thanks = Some(line()),
            Is::Declined(_) | Is::Later(_) | Is::Willing(_) | Is::Done(_) | Is::Withdrawn(_) => {}
        }
        let ends = match letter {
            Is::Ask(_) => [ana(), bo()],
            Is::Returned(_) | Is::Offer(_) => [bo(), ana()],
            Is::Propose(_) | Is::Suggest(_) => [bo(), chi()],
            _ => [chi(), bo()],
        };
        all.push((name, ends, Body::Introduction(letter)));
    }
    all
}

/// What is shown beside a proposal or an offer: two skills and 55 characters.
#[test]
fn the_vouch_that_goes_along_says_as_much_as_people_say() {
    for Vouched { vouch, .. } in [cast::vouched(), cast::vouched_of_chi()] {
        let vouch = bo().history().verify(Signed::<Vouch>::from_bytes(vouch.as_slice()).unwrap()).unwrap();
        let content: VouchContent = wire::decode(vouch.content.as_ref().unwrap().as_slice()).unwrap();
        assert_eq!((content.skills.len(), content.words.as_str().len()), (2, 55));
    }
}

/// The next class has 16 KiB, and what is larger than 4 KiB is no longer written with one sync (`INLINE_VALUE`).
#[test]
fn every_letter_of_an_introduction_fits_4_kib_with_all_its_texts_at_their_longest() {
    let psk = cast::pair().letter_key();
    let mut all = longest();
    // The first letter of all this takes Ana's whole history along.
    all.push(("claim", [ana(), chi()], cast::introduced_claim()));
    for (name, [from, to], body) in all {
        let letter = cast::letter(&from, to.history().id().0, 0x40, &body);
        let (key, seed) = (to.encryption().public(), cast::counting(cast::SEAL_SEED));
        let history = (name == "claim").then(|| from.history().to_bytes());
        let sealed = letter::seal(&letter, history, Vec::new(), &key, &psk, &seed).unwrap();
        let (kind, len, class) = (body.kind(), body.to_bytes().len(), sealed.bytes.len());
        println!("kind {kind:2} {name:9} body {len:4}, record {:4}, sealed {class:4}", letter.bytes().len());
        assert!(class <= limits::LETTER_CLASSES[2] && class <= limits::INLINE_VALUE, "{name}: {class} bytes");
    }
}

/// A page in any script, and somebody with a full card, a foreign code and a note: beyond 4 KiB, and still a letter.
#[test]
fn what_people_write_and_hand_over_fits_a_letter_at_its_longest() {
    let words = NoteLetter { words: Words::new(&"😀".repeat(limits::WORDS)).unwrap() };
    let short = NoteLetter { words: Words::new(&words_of_people()).unwrap() };
    let field = Field { kind: FieldKind::Offer, value: line() };
    let whom = HandOver {
        name: line(),
        lines: vec![field; limits::CARD_FIELDS],
        foreign: text(),
        note: text(),
        event: Some(line()),
        met: cast::NOW,
    };
    let cases = [
        ("a note", Body::Note(short), 1024),
        ("the longest note", Body::Note(words), 16 * 1024),
        ("what people hand over", cast::hand_over(), 512),
        ("the most to hand over", Body::HandOver(whom), limits::LETTER),
    ];
    for (name, body, expected) in cases {
        let letter = cast::letter(&bo(), ana().history().id().0, 0x40, &body);
        let (key, seed) = (ana().encryption().public(), cast::counting(cast::SEAL_SEED));
        let sealed = letter::seal(&letter, None, Vec::new(), &key, &cast::pair().letter_key(), &seed).unwrap();
        println!("{name}: body {}, sealed {}", body.to_bytes().len(), sealed.bytes.len());
        assert_eq!(sealed.bytes.len(), expected, "{name}");
    }
}

/// A few sentences.
fn words_of_people() -> String {
    "It was good to meet you at the fair. The quote comes on Friday, as promised. ".repeat(5)
}
