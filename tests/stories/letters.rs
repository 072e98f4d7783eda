//! Letters that are repeated, misdirected, too old or too early.

use kith_protocol::card::FieldKind;
use kith_protocol::engine::{Answer, Refusal};
use kith_protocol::letter::Body;
use kith_protocol::letter::body::CardNews;
use kith_protocol::wire::Bytes;

use kith_tests::sim::Mallory;

use crate::mallory::{Scene, scene};
use crate::{DAY, HOUR, refusal};

impl Scene {
    fn card(&self, seq: u64) -> Body {
        let card = self.mallory.card(seq, self.world.clock(self.ana));
        Body::Card(CardNews { card: Bytes::new(card.bytes().to_vec()).unwrap() })
    }

    fn handled(&self) -> usize {
        self.world.home(self.ana).handled.len()
    }
}

#[test]
fn the_same_letter_under_another_seal_is_handled_once_and_receipted_each_time() {
    let mut scene = scene();
    let mut pen = scene.world.pen(scene.ana, scene.card(2));
    let first = scene.hands_in(&pen);
    let handled = scene.handled();
    pen.seal = [1; 32];
    let second = scene.hands_in(&pen);
    assert!(matches!((first, second), (Answer::Handled(one), Answer::Handled(two)) if one != two));
    assert_eq!(scene.handled(), handled);
    scene.world.check_handled(scene.ana);
}

#[test]
fn another_letter_under_the_id_of_one_that_was_handled_is_refused() {
    let mut scene = scene();
    let mut pen = scene.world.pen(scene.ana, scene.card(2));
    assert!(matches!(scene.hands_in(&pen), Answer::Handled(_)));
    pen.body = scene.card(3);
    assert_eq!(refusal(&scene.hands_in(&pen)), Some(Refusal::NotAccepted));
    scene.world.check_handled(scene.ana);
}

#[test]
fn a_letter_for_someone_else_is_refused() {
    let mut scene = scene();
    let mut pen = scene.world.pen(scene.ana, scene.card(2));
    pen.to = [7; 32];
    assert_eq!(refusal(&scene.hands_in(&pen)), Some(Refusal::NotAccepted));
}

#[test]
fn a_letter_in_the_name_of_someone_else_is_refused() {
    let mut scene = scene();
    let pen = scene.world.pen(scene.ana, scene.card(2));
    let bo = scene.world.person("Bo");
    scene.mallory.signer.id = scene.world.home(bo).id;
    assert_eq!(refusal(&scene.hands_in(&pen)), Some(Refusal::NotAccepted));
}

#[test]
fn a_letter_past_its_date_or_from_the_future_is_refused() {
    let mut scene = scene();
    let now = scene.world.clock(scene.ana);
    let pen = scene.world.pen(scene.ana, scene.card(2));
    let mut old = pen.clone();
    (old.sent, old.expires) = (now.minus(9 * DAY), now.minus(25 * HOUR));
    assert_eq!(refusal(&scene.hands_in(&old)), Some(Refusal::Expired));
    let mut early = pen.clone();
    (early.sent, early.expires) = (now.plus(25 * HOUR), now.plus(9 * DAY));
    assert_eq!(refusal(&scene.hands_in(&early)), Some(Refusal::Expired));
    let mut immortal = pen;
    immortal.expires = now.plus(90 * DAY);
    assert_eq!(refusal(&scene.hands_in(&immortal)), Some(Refusal::Expired));
}

#[test]
fn a_letter_that_was_handled_months_ago_is_not_handled_again() {
    let mut scene = scene();
    let pen = scene.world.pen(scene.ana, scene.card(2));
    assert!(matches!(scene.hands_in(&pen), Answer::Handled(_)));
    let key = scene.world.encryption_key(scene.ana);
    let sealed = scene.mallory.seals(&pen, &key, &scene.pair);
    let mut handled = 0;
    for _ in 0..70 {
        scene.world.run_for(DAY);
        let answer = scene.world.hands_in(scene.ana, scene.session, &sealed);
        handled += usize::from(matches!(answer, Answer::Handled(_)));
    }
    println!("known for {handled} days");
    assert!((30..35).contains(&handled));
    scene.world.check_handled(scene.ana);
}

#[test]
fn a_flood_of_letters_is_slowed_and_changes_nothing_for_others() {
    let mut scene = scene();
    let words = scene.world.fresh_words();
    let stranger = Mallory::new("Stranger", &words);
    let pen = scene.world.pen(scene.ana, scene.card(2));
    let key = scene.world.encryption_key(scene.ana);
    let sealed = stranger.seals(&pen, &key, &scene.pair);
    assert_eq!(refusal(&scene.world.hands_in(scene.ana, scene.session, &sealed)), Some(Refusal::NotAccepted));
    // What cannot be opened may be sealed to a key of before: the answer says which is the newest.
    for garbage in [vec![1; 512], vec![1; 513]] {
        let answer = scene.world.hands_in(scene.ana, scene.session, &garbage);
        assert!(matches!(answer, Answer::SealAnew(_)), "{answer:?}");
    }
    let bo = scene.world.person("Bo");
    crate::meet(&mut scene.world, scene.ana, bo);
    scene.world.changes_card(scene.ana, FieldKind::Title, Some("Owner"));
    scene.world.run_for(60);
    assert_eq!(scene.world.reads(bo, scene.ana, FieldKind::Title).as_deref(), Some("Owner"));
}
