//! Mallory is a contact of Ana's and writes as it suits her: the row of SPEC.md on a malicious contact who writes.

use kith_protocol::card::{Field, FieldKind};
use kith_protocol::engine::{Answer, Refusal};
use kith_protocol::letter::Body;
use kith_protocol::letter::body::kind;
use kith_protocol::letter::handover::HandOver;
use kith_protocol::letter::note::NoteLetter;
use kith_protocol::limits;
use kith_protocol::store::Table;
use kith_protocol::text::{Line, Note, Words};
use kith_protocol::time::Timestamp;

use crate::mallory::{Scene, confirmed};
use crate::{DAY, HOUR, meet, refusal};

impl Scene {
    fn says(&mut self, text: &str) -> Answer {
        self.sends(Body::Note(NoteLetter { words: Words::new(text).unwrap() }))
    }

    fn letters(&self) -> usize {
        self.world.entries(self.ana, Table::Correspondence)
    }
}

fn whom(name: &str) -> HandOver {
    HandOver {
        name: Line::new(name).unwrap(),
        lines: Vec::new(),
        foreign: Note::default(),
        note: Note::default(),
        event: None,
        met: Timestamp::from_secs(1),
    }
}

fn is_handled(answer: &Answer) -> bool {
    matches!(answer, Answer::Handled(_))
}

#[test]
fn a_letter_of_mallory_counts_once_however_often_it_is_sent() {
    let mut scene = confirmed();
    let body = Body::Note(NoteLetter { words: Words::new("Buy!").unwrap() });
    let mut pen = scene.world.pen(scene.ana, body);
    let key = scene.world.encryption_key(scene.ana);
    for seal in 0..3 {
        pen.seal = [seal; 32];
        let sealed = scene.mallory.seals(&pen, &key, &scene.pair);
        assert!(is_handled(&scene.world.hands_in(scene.ana, scene.session, &sealed)));
    }
    assert_eq!(scene.letters(), 1);
    scene.world.check();
}

#[test]
fn ten_thousand_letters_of_mallory_are_fifty_a_day_and_one_question() {
    let mut scene = confirmed();
    let bo = scene.world.person("Bo");
    meet(&mut scene.world, scene.ana, bo);
    let handled = (0..10_000).filter(|number| is_handled(&scene.says(&format!("Buy {number}!")))).count();
    assert_eq!((handled, scene.letters()), (limits::WORDS_A_DAY, limits::WORDS_A_DAY));
    assert_eq!(scene.world.inbox(scene.ana).len(), 1);
    scene.world.writes(bo, scene.ana, "Hello Ana");
    scene.world.run_for(60);
    assert_eq!(scene.world.texts(scene.ana, bo), ["Hello Ana"], "Bo is heard");
    scene.world.run_for(DAY + HOUR);
    assert!(is_handled(&scene.says("A new day")));
    for day in 0..20 {
        scene.world.run_for(DAY + HOUR);
        for number in 0..60 {
            scene.says(&format!("{day}, {number}"));
        }
    }
    let of_mallory = scene.letters() - 1;
    assert_eq!(of_mallory, limits::CORRESPONDENCE);
    scene.world.check();
}

#[test]
fn what_is_no_letter_is_refused() {
    let mut scene = confirmed();
    let too_many = "x".repeat(limits::WORDS + 1);
    for text in ["", " ", "x\u{202e}y", &too_many, &"😀".repeat(limits::WORDS + 1)] {
        // { 1: text }, written by hand.
        let head = match text.len() {
            len @ ..24 => vec![0x60 | len as u8],
            len @ ..256 => vec![0x78, len as u8],
            len => [&[0x79][..], &(len as u16).to_be_bytes()].concat(),
        };
        let bytes = [&[0xa1, 0x01][..], &head, text.as_bytes()].concat();
        let pen = scene.world.pen(scene.ana, Body::Withdraw);
        let key = scene.world.encryption_key(scene.ana);
        let sealed = scene.mallory.seals_bytes(&pen, kind::NOTE, bytes, &key, &scene.pair);
        let answer = scene.world.hands_in(scene.ana, scene.session, &sealed);
        assert_eq!(refusal(&answer), Some(Refusal::NotAccepted), "{} bytes", text.len());
    }
    let field = Field { kind: FieldKind::Offer, value: Line::new("x").unwrap() };
    let crowded = HandOver { lines: vec![field; limits::CARD_FIELDS + 1], ..whom("Dee") };
    assert_eq!(refusal(&scene.sends(Body::HandOver(crowded))), Some(Refusal::NotAccepted));
    assert_eq!((scene.letters(), scene.world.inbox(scene.ana).len()), (0, 0));
}

#[test]
fn ten_thousand_people_handed_over_by_mallory_are_fifty_questions() {
    let mut scene = confirmed();
    let handled =
        (0..10_000).filter(|number| is_handled(&scene.sends(Body::HandOver(whom(&format!("Dee {number}")))))).count();
    assert_eq!((handled, scene.world.inbox(scene.ana).len()), (limits::HANDOVERS_WAITING, limits::HANDOVERS_WAITING));
    let before = scene.world.people(scene.ana).len();
    for item in scene.world.inbox(scene.ana) {
        scene.world.decides(scene.ana, &item, false, None);
    }
    assert_eq!(scene.world.entries(scene.ana, Table::Handovers), 0, "what is ignored is not kept");
    assert_eq!(scene.world.people(scene.ana).len(), before);
    assert!(is_handled(&scene.sends(Body::HandOver(whom("Dee")))));
    let mallory = scene.world.finds(scene.ana, "Mallory").id;
    scene.world.does(scene.ana, |turn| turn.forget_person(mallory));
    scene.world.run_for(HOUR);
    assert_eq!(scene.world.entries(scene.ana, Table::Handovers), 0);
    scene.world.check();
}
