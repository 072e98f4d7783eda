use super::*;
use crate::record::Signer;
use crate::words::RecoveryWords;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

struct Actor {
    words: RecoveryWords,
    history: History,
}

fn actor(number: u8) -> Actor {
    let words = RecoveryWords::from_entropy([number; 32]);
    Actor { history: History::begin(&words), words }
}

impl Actor {
    fn id(&self) -> IdentityId {
        self.history.id()
    }

    fn signs<T: Statement>(&self, statement: T) -> RecordBytes {
        let signer = Signer { id: self.id(), key: self.history.current() };
        let key = self.words.key(self.history.current());
        Bytes::new(Verified::sign(statement, signer, &key).bytes().to_vec()).unwrap()
    }
}

fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::new(text).unwrap()
}

fn content(words: &str) -> ContentBytes {
    let content = VouchContent {
        basis: Basis::Supplier,
        skills: vec![line("valves"), line("keeping dates")],
        since: Some(2021),
        until: Some(2024),
        words: line(words),
        strength: Strength::new(3).unwrap(),
        interest: Interest::None,
        interest_words: None,
    };
    Bytes::new(wire::encode(&content)).unwrap()
}

fn vouch(subject: &Actor, content: &ContentBytes) -> Vouch {
    Vouch {
        subject: subject.id(),
        slot: VouchSlot([1; 4]),
        seq: 1,
        issued: NOW,
        content: Some(content.clone()),
        reach: Some(VouchReach::Contacts),
        expires: Some(NOW.plus(limits::VOUCH_LIFE)),
        evidence: Vec::new(),
    }
}

fn acceptance(issuer: &Actor, content: &ContentBytes) -> Acceptance {
    Acceptance {
        issuer: issuer.id(),
        slot: VouchSlot([1; 4]),
        content: content_digest(content),
        reach: VouchReach::Contacts,
        since: NOW,
    }
}

#[test]
fn a_vouch_with_two_skills_and_55_characters_is_small() {
    let (bo, ana) = (actor(2), actor(1));
    let words = "She delivered on the day, and not only when it was easy";
    assert_eq!(words.len(), 55);
    let content = content(words);
    let bare = vouch(&ana, &content);
    let evidence = vec![Evidence { kind: EvidenceKind::Meeting, record: RecordId([7; 32]) }];
    let size = |vouch: Vouch| bo.signs(vouch).as_slice().len();
    let (without, with) = (size(bare.clone()), size(Vouch { evidence, ..bare }));
    let accepted = ana.signs(acceptance(&bo, &content)).as_slice().len();
    println!(
        "two skills of 19 characters, words of 55: a vouch without evidence {without} bytes, with one {with}; an acceptance {accepted}"
    );
    assert!(without <= 275 && with <= 310, "{without} and {with} bytes");
}

#[test]
fn what_is_shown_is_live_accepted_and_about_that_subject() {
    let (ana, bo, chi) = (actor(1), actor(2), actor(3));
    let (said, other) = (content("She delivered."), content("She was late."));
    let good = Vouched { vouch: bo.signs(vouch(&ana, &said)), acceptance: ana.signs(acceptance(&bo, &said)) };
    let proves = |shown: &Vouched| shown.verify(&bo.history, &ana.history, NOW).is_some();
    assert!(proves(&good));
    let with_vouch = |vouch: Vouch| Vouched { vouch: bo.signs(vouch), ..good.clone() };
    let with_acceptance = |acceptance: Acceptance| Vouched { acceptance: ana.signs(acceptance), ..good.clone() };
    let lies = [
        ("accepted by its issuer", Vouched { acceptance: bo.signs(acceptance(&bo, &said)), ..good.clone() }),
        ("accepted by a third", Vouched { acceptance: chi.signs(acceptance(&bo, &said)), ..good.clone() }),
        ("by a third", Vouched { vouch: chi.signs(vouch(&ana, &said)), ..good.clone() }),
        ("about a third", with_vouch(vouch(&chi, &said))),
        ("other words than accepted", with_vouch(vouch(&ana, &other))),
        ("for the two alone", with_vouch(Vouch { reach: None, ..vouch(&ana, &said) })),
        ("revoked", with_vouch(Vouch { content: None, expires: None, ..vouch(&ana, &said) })),
        ("over", with_vouch(Vouch { issued: NOW.minus(9), expires: Some(NOW), ..vouch(&ana, &said) })),
        (
            "accepted for the two alone",
            with_acceptance(Acceptance { reach: VouchReach::UsTwo, ..acceptance(&bo, &said) }),
        ),
        ("accepted of a third", with_acceptance(acceptance(&chi, &said))),
        ("accepted in another slot", with_acceptance(Acceptance { slot: VouchSlot([2; 4]), ..acceptance(&bo, &said) })),
        ("changed places", Vouched { vouch: good.acceptance.clone(), acceptance: good.vouch.clone() }),
    ];
    for (what, lie) in &lies {
        assert!(!proves(lie), "{what}");
    }
}

#[test]
fn nothing_new_is_believed_of_a_key_that_was_lost() {
    let (mut ana, mut bo) = (actor(1), actor(2));
    let said = content("She delivered.");
    let shown = Vouched { vouch: bo.signs(vouch(&ana, &said)), acceptance: ana.signs(acceptance(&bo, &said)) };
    for whose in [&mut bo, &mut ana] {
        let before = whose.history.clone();
        let rotation = before.rotate(&whose.words).unwrap();
        whose.history.learn(rotation.bytes()).unwrap();
        whose.history.learn(whose.history.compromise(&whose.words).bytes()).unwrap();
    }
    let begin = |actor: &Actor| History::begin(&actor.words);
    assert!(shown.verify(&begin(&bo), &begin(&ana), NOW).is_some());
    assert!(shown.verify(&bo.history, &begin(&ana), NOW).is_none());
    assert!(shown.verify(&begin(&bo), &ana.history, NOW).is_none());
    let again = Vouched { vouch: bo.signs(vouch(&ana, &said)), acceptance: ana.signs(acceptance(&bo, &said)) };
    assert!(again.verify(&bo.history, &ana.history, NOW).is_some());
}

#[test]
fn an_export_stands_for_itself() {
    let (ana, bo) = (actor(1), actor(2));
    let said = content("She delivered.");
    let whole = VouchExport {
        issuer: bo.history.to_bytes(),
        vouch: bo.signs(vouch(&ana, &said)),
        subject: Some(ana.history.to_bytes()),
        acceptance: Some(ana.signs(acceptance(&bo, &said))),
    };
    assert!(whole.verify().is_some_and(|(_, acceptance)| acceptance.is_some()));
    let bare = VouchExport { subject: None, acceptance: None, ..whole.clone() };
    assert!(bare.verify().is_some_and(|(_, acceptance)| acceptance.is_none()));
    assert!(VouchExport { subject: None, ..whole.clone() }.verify().is_none());
    assert!(VouchExport { issuer: ana.history.to_bytes(), ..whole.clone() }.verify().is_none());
    let other = Some(ana.signs(acceptance(&bo, &content("She was late."))));
    assert!(VouchExport { acceptance: other, ..whole.clone() }.verify().is_none());
    let bytes = wire::encode(&whole);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let proves = wire::decode::<VouchExport>(&changed).is_ok_and(|export| export.verify().is_some());
        assert!(!proves, "byte {at} was changed unnoticed");
    }
}

#[test]
fn a_strength_beyond_three_and_a_year_beyond_reason_are_refused() {
    assert_eq!((Strength::new(0), Strength::new(4)), (None, None));
    let read = |number: u8| wire::decode::<Strength>(&wire::encode(&number));
    assert!(read(1).is_ok() && read(0).is_err() && read(4).is_err());
    let good: VouchContent = wire::decode(content("She delivered.").as_slice()).unwrap();
    assert!(good.is_bounded());
    assert!(!VouchContent { since: Some(1899), ..good.clone() }.is_bounded());
    assert!(!VouchContent { until: Some(2020), ..good.clone() }.is_bounded());
    assert!(!VouchContent { skills: vec![line("valves"); limits::VOUCH_SKILLS + 1], ..good }.is_bounded());
}
