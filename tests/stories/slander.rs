//! Mallory is a contact of Ana's and vouches as it suits her: the rows of SPEC.md on vouches of a malicious contact.

use kith_protocol::engine::inbox::ItemKind;
use kith_protocol::engine::vouches::VouchState;
use kith_protocol::engine::{Answer, Refusal};
use kith_protocol::id::{IdentityId, VouchSlot};
use kith_protocol::letter::Body;
use kith_protocol::letter::vouch::{VouchLetter, VouchNews};
use kith_protocol::limits;
use kith_protocol::record::{RecordBytes, Statement, Verified};
use kith_protocol::text::Line;
use kith_protocol::vouch::{
    Acceptance, Basis, ContentBytes, Interest, Strength, Vouch, VouchContent, VouchReach, content_digest,
};
use kith_protocol::wire::{self, Bytes};

use crate::mallory::{Scene, confirmed};
use crate::{DAY, meet, refusal};

fn content(words: &str) -> ContentBytes {
    let content = VouchContent {
        basis: Basis::Client,
        skills: Vec::new(),
        since: None,
        until: None,
        words: Line::new(words).unwrap(),
        strength: Strength::new(3).unwrap(),
        interest: Interest::None,
        interest_words: None,
    };
    Bytes::new(wire::encode(&content)).unwrap()
}

fn record<T: Statement>(record: &Verified<T>) -> RecordBytes {
    Bytes::new(record.bytes().to_vec()).unwrap()
}

const SLOT: VouchSlot = VouchSlot([7; 4]);

impl Scene {
    /// What Mallory would say of Ana if she kept to the rules.
    fn vouch(&self, seq: u64, words: &str) -> Vouch {
        let now = self.world.clock(self.ana);
        Vouch {
            subject: self.world.home(self.ana).id,
            slot: SLOT,
            seq,
            issued: now,
            content: Some(content(words)),
            reach: Some(VouchReach::Public),
            expires: Some(now.plus(100 * DAY)),
            evidence: Vec::new(),
        }
    }

    fn revocation(&self, seq: u64) -> Vouch {
        Vouch { content: None, reach: None, expires: None, ..self.vouch(seq, "nothing") }
    }

    fn vouches(&mut self, vouch: Vouch) -> Answer {
        let record = record(&self.mallory.sign(vouch));
        self.writes(VouchLetter::Vouch(VouchNews { record }))
    }

    fn writes(&mut self, letter: VouchLetter) -> Answer {
        self.sends(Body::Vouch(letter))
    }

    fn held(&self) -> Vec<String> {
        let held = self.world.vouched(self.ana);
        held.iter().map(|held| held.content().map_or("revoked".into(), |said| said.words.to_string())).collect()
    }
}

fn is_handled(answer: &Answer) -> bool {
    matches!(answer, Answer::Handled(_))
}

#[test]
fn an_old_copy_of_a_vouch_does_not_come_back() {
    let mut scene = confirmed();
    let old = scene.vouch(1, "She is reliable.");
    assert!(is_handled(&scene.vouches(old.clone())));
    assert!(is_handled(&scene.vouches(Vouch { content: Some(content("She is a cheat.")), ..scene.vouch(2, "?") })));
    assert!(is_handled(&scene.vouches(old.clone())), "receipted as if it were news");
    assert_eq!(scene.held(), ["She is a cheat."]);
    assert!(is_handled(&scene.vouches(scene.revocation(3))));
    assert!(scene.world.inbox(scene.ana).is_empty(), "what is said no more asks nothing");
    for seq in [1, 2, 3] {
        assert!(is_handled(&scene.vouches(Vouch { seq, ..old.clone() })));
        assert_eq!(scene.held(), ["revoked"], "number {seq}");
    }
    // Until its date the copy is known, and from then on it counts no more.
    scene.world.run_for(99 * DAY);
    assert_eq!(scene.held(), ["revoked"]);
    scene.world.run_for(2 * DAY);
    assert_eq!(scene.held(), Vec::<String>::new());
    assert!(is_handled(&scene.vouches(old)));
    assert!(scene.held().is_empty() && scene.world.inbox(scene.ana).is_empty());
    scene.world.check();
}

#[test]
fn a_revocation_that_overtakes_its_vouch_holds() {
    let mut scene = confirmed();
    let vouch = scene.vouch(1, "She is reliable.");
    assert!(is_handled(&scene.vouches(scene.revocation(2))));
    assert!(is_handled(&scene.vouches(vouch)));
    assert_eq!(scene.held(), ["revoked"]);
    assert!(scene.world.inbox(scene.ana).is_empty());
}

#[test]
fn a_vouch_that_proves_nothing_is_refused() {
    let mut scene = confirmed();
    let (ana, bo) = (scene.ana, scene.world.person("Bo"));
    let (now, him) = (scene.world.clock(ana), scene.world.home(bo).id);
    let good = scene.vouch(1, "She is reliable.");
    let bad = [
        ("about somebody else", Vouch { subject: him, ..good.clone() }),
        ("about herself", Vouch { subject: scene.mallory.id(), ..good.clone() }),
        ("for longer than two years", Vouch { expires: Some(now.plus(limits::VOUCH_LIFE + 1)), ..good.clone() }),
        ("without a date", Vouch { expires: None, ..good.clone() }),
        ("with a date and nothing else", Vouch { content: None, ..good.clone() }),
        ("from the future", Vouch { issued: now.plus(2 * DAY), expires: Some(now.plus(9 * DAY)), ..good.clone() }),
        ("that cannot be read", Vouch { content: Some(Bytes::new(vec![0xa0]).unwrap()), ..good.clone() }),
    ];
    for (what, vouch) in bad {
        assert_eq!(refusal(&scene.vouches(vouch)), Some(Refusal::NotAccepted), "{what}");
    }
    // By somebody else: a true record of Bo's about Ana, in a letter of Mallory's.
    meet(&mut scene.world, ana, bo);
    let key = scene.world.vouches(bo, ana, VouchReach::Contacts);
    let record_of_bo = scene.world.held_vouch(bo, key).unwrap().record;
    let answer = scene.writes(VouchLetter::Vouch(VouchNews { record: record_of_bo }));
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
    // In the name of somebody else.
    let mut mask = scene.mallory.clone();
    mask.signer.id = him;
    let forged = record(&mask.sign(good));
    let answer = scene.writes(VouchLetter::Vouch(VouchNews { record: forged }));
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
    assert!(scene.world.vouched(ana).iter().all(|held| held.key.issuer != scene.mallory.id()));
}

#[test]
fn a_record_of_another_kind_is_no_vouch_and_no_acceptance() {
    let mut scene = confirmed();
    let card = record(&scene.mallory.card(2, scene.world.clock(scene.ana)));
    for letter in [VouchLetter::Vouch, VouchLetter::Acceptance] {
        let answer = scene.writes(letter(VouchNews { record: card.clone() }));
        assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
    }
    let vouch = record(&scene.mallory.sign(scene.vouch(1, "She is reliable.")));
    let answer = scene.writes(VouchLetter::Acceptance(VouchNews { record: vouch }));
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
}

#[test]
fn a_flood_of_vouches_fills_eight_places() {
    let mut scene = confirmed();
    for number in 0..50_u32 {
        let slot = VouchSlot(number.to_be_bytes());
        assert!(is_handled(&scene.vouches(Vouch { slot, ..scene.vouch(1, "You are a cheat.") })));
    }
    assert_eq!(scene.held().len(), limits::VOUCHES_OF_ONE);
    let asked = scene.world.inbox(scene.ana).iter().filter(|item| item.kind == ItemKind::Vouched).count();
    assert_eq!(asked, limits::VOUCHES_OF_ONE);
    let bo = scene.world.person("Bo");
    meet(&mut scene.world, scene.ana, bo);
    let key = scene.world.vouches(bo, scene.ana, VouchReach::Contacts);
    scene.world.run_for(60);
    assert!(scene.world.held_vouch(scene.ana, key).is_some(), "Bo is heard");
    scene.world.check();
}

#[test]
fn the_same_slot_of_another_issuer_is_another_vouch() {
    let mut scene = confirmed();
    let bo = scene.world.person("Bo");
    meet(&mut scene.world, scene.ana, bo);
    let key = scene.world.vouches(bo, scene.ana, VouchReach::Contacts);
    scene.world.run_for(60);
    assert!(is_handled(&scene.vouches(Vouch { slot: key.slot, ..scene.revocation(9) })));
    assert!(scene.world.held_vouch(scene.ana, key).unwrap().content().is_some());
    scene.world.accepts(scene.ana, bo);
    scene.world.run_for(60);
    assert_eq!(scene.world.reads_vouch(bo, key).unwrap().state, VouchState::Contacts);
}

#[test]
fn nobody_accepts_in_the_place_of_another_or_what_was_not_said() {
    let mut scene = confirmed();
    let ana = scene.ana;
    let of_mallory = scene.world.finds(ana, "Mallory").id;
    let held = scene
        .world
        .does(ana, |turn| turn.vouch(kith_tests::sim::vouch_of(of_mallory, "She is quick.", VouchReach::Contacts)));
    let said = held.read().unwrap().content.unwrap();
    let good = Acceptance {
        issuer: scene.world.home(ana).id,
        slot: held.key.slot,
        content: content_digest(&said),
        reach: VouchReach::Contacts,
        since: scene.world.clock(ana),
    };
    let accepts = |scene: &mut Scene, acceptance: Acceptance| {
        let record = record(&scene.mallory.sign(acceptance));
        scene.writes(VouchLetter::Acceptance(VouchNews { record }))
    };
    let reach = |scene: &Scene| {
        let held = scene.world.given(ana).remove(0);
        held.accepted().map(|acceptance| acceptance.reach)
    };
    let other = Acceptance { issuer: IdentityId([9; 32]), ..good.clone() };
    assert_eq!(refusal(&accepts(&mut scene, other)), Some(Refusal::NotAccepted), "of another issuer");
    let early = Acceptance { since: good.since.plus(2 * DAY), ..good.clone() };
    assert_eq!(refusal(&accepts(&mut scene, early)), Some(Refusal::NotAccepted), "from the future");
    for (what, acceptance) in [
        ("of other words", Acceptance { content: [1; 32], ..good.clone() }),
        ("of a slot that is not there", Acceptance { slot: SLOT, ..good.clone() }),
    ] {
        assert!(is_handled(&accepts(&mut scene, acceptance)), "{what}");
        assert_eq!(reach(&scene), None, "{what}");
    }
    assert!(is_handled(&accepts(&mut scene, good.clone())));
    let lower = Acceptance { reach: VouchReach::UsTwo, since: good.since.plus(5), ..good.clone() };
    assert!(is_handled(&accepts(&mut scene, lower)));
    assert!(is_handled(&accepts(&mut scene, good)), "an old copy");
    assert_eq!(reach(&scene), Some(VouchReach::UsTwo));
    scene.world.check();
}
