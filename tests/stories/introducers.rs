//! Mallory knows Ana and Chi, and brings people together as it suits her: the rows of SPEC.md on lying introducers.

use kith_protocol::card::Tier;
use kith_protocol::crypto::seal::DecryptionKey;
use kith_protocol::crypto::sign::SecretSeed;
use kith_protocol::engine::introduction::{AskState, IntroKey, Meant, Over, ProposedState};
use kith_protocol::engine::{Answer, Refusal};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IntroId, SessionId};
use kith_protocol::identity::History;
use kith_protocol::introduction::{Ask, Consent, Introduction, OpenedConsent, Purpose, SealedConsent, consent_digest};
use kith_protocol::letter::Body;
use kith_protocol::letter::introduction::{
    AskLetter, ConsentLetter, End, IntroductionLetter, Offer, Propose, Returned, Suggest,
};
use kith_protocol::record::{RecordBytes, Signed, Statement, Verified};
use kith_protocol::text::{Line, Text};
use kith_protocol::wire::Bytes;
use kith_tests::sim::{Mallory, Who, World};

use crate::{DAY, HOUR, meet, refusal};

/// Ana and Chi, and Mallory, who has her claws in both.
struct Scene {
    world: World,
    ana: Who,
    chi: Who,
    mallory: Mallory,
    lines: [(Who, SessionId, SharedSecret); 2],
}

fn scene() -> Scene {
    let mut world = World::new(1);
    let (ana, chi) = (world.person("Ana"), world.person("Chi"));
    let words = world.fresh_words();
    let mallory = Mallory::new("Mallory", &words);
    let lines = [ana, chi].map(|victim| {
        let code = world.shows_live(victim, "Fair");
        let (session, pair, answer) = world.claims(&mallory, &code).unwrap();
        assert!(matches!(answer, Answer::Handled(_)), "{answer:?}");
        (victim, session, pair)
    });
    Scene { world, ana, chi, mallory, lines }
}

fn record<T: Statement>(record: &Verified<T>) -> RecordBytes {
    Bytes::new(record.bytes().to_vec()).unwrap()
}

impl Scene {
    /// Mallory hands a letter to somebody.
    fn writes(&mut self, to: Who, letter: IntroductionLetter) -> Answer {
        let pen = self.world.pen(to, Body::Introduction(letter));
        let (_, session, pair) = self.lines.iter().find(|(victim, ..)| *victim == to).unwrap().clone();
        let key = self.world.encryption_key(to);
        let sealed = self.mallory.seals(&pen, &key, &pair);
        self.world.hands_in(to, session, &sealed)
    }

    /// Ana asks Mallory for somebody in words; what she sends.
    fn ana_asks(&mut self) -> (IntroKey, AskLetter) {
        let mallory = self.world.finds(self.ana, "Mallory").id;
        let meant = Meant::Words(Line::new("a buyer in Ghent").unwrap());
        self.ana_asks_for(mallory, meant)
    }

    fn ana_asks_for(&mut self, introducer: kith_protocol::id::PersonId, meant: Meant) -> (IntroKey, AskLetter) {
        let asked = self.world.does(self.ana, |turn| {
            turn.ask_introduction(kith_protocol::engine::introduction::AskOptions {
                introducer,
                meant: meant.clone(),
                purpose: Purpose::Client,
                why: Text::default(),
                blurb: Text::new("I make ball valves.")?,
                tier: Some(Tier::Contacts),
                life: None,
            })
        });
        let letters = self.world.outbox(self.ana);
        let ask = letters.iter().rev().find_map(|letter| match body(letter) {
            Some(IntroductionLetter::Ask(ask)) => Some(ask),
            _ => None,
        });
        (asked.name(), ask.unwrap())
    }

    /// The proposal as an honest introducer makes it of an ask.
    fn proposal(&self, ask: &AskLetter, history: &History) -> Propose {
        let note = Line::new("I bought from her for years.").unwrap();
        let (ask, card) = (ask.ask.clone(), ask.card.clone());
        Propose { ask, history: history.to_bytes(), card, note, known: None, vouched: None }
    }

    fn proposes(&mut self, to: Who, ask: &AskLetter) -> Answer {
        let history = self.world.history(self.ana);
        let propose = self.proposal(ask, &history);
        self.writes(to, IntroductionLetter::Propose(propose))
    }

    /// Chi says yes; what Chi sends.
    fn chi_consents(&mut self, id: IntroId) -> ConsentLetter {
        let proposed = self.world.proposed(self.chi).into_iter().find(|one| one.id == id).unwrap();
        self.world.witness_consent(self.chi, &proposed, Tier::Contacts);
        self.world.does(self.chi, |turn| turn.consent(proposed.name(), Some(Tier::Contacts)));
        let letters = self.world.outbox(self.chi);
        let consent = letters.iter().find_map(|letter| match body(letter) {
            Some(IntroductionLetter::Consent(consent)) if consent.id == id => Some(consent),
            _ => None,
        });
        consent.unwrap()
    }

    /// The offer as an honest introducer makes it of a consent.
    fn offer(&self, ask: &AskLetter, target: &History, sealed: &SealedConsent) -> Offer {
        let ana = self.world.history(self.ana);
        let ask = ana.verify(Signed::<Ask>::from_bytes(ask.ask.as_slice()).unwrap()).unwrap();
        let introduction = self.mallory.sign(Introduction {
            id: ask.id,
            asker: ana.id(),
            target: target.id(),
            asker_head: ana.head(),
            target_head: target.head(),
            ask: Verified::id(&ask),
            consent: consent_digest(sealed),
            at: self.world.clock(self.ana),
        });
        Offer { id: ask.id, sealed: sealed.clone(), introduction: record(&introduction), known: None, vouched: None }
    }

    fn offers(&mut self, offer: Offer) -> Answer {
        self.writes(self.ana, IntroductionLetter::Offer(offer))
    }

    fn state(&self, key: IntroKey) -> AskState {
        self.world.ask_state(self.ana, key.id)
    }

    /// A consent that somebody invented by Mallory gives to Ana's ask.
    fn invented_consent(&self, invented: &Mallory, ask: &AskLetter) -> SealedConsent {
        let signed = Signed::<Ask>::from_bytes(ask.ask.as_slice()).unwrap();
        let ana = self.world.history(self.ana);
        let ask = ana.verify(signed).unwrap();
        let now = self.world.clock(self.ana);
        let consent = invented.sign(Consent {
            id: ask.id,
            ask: Verified::id(&ask),
            key: DecryptionKey::from_seed(&SecretSeed([3; 32])).public(),
            secret: [4; 16],
            expires: ask.expires,
            card: record(&invented.card(1, now)),
            hints: Vec::new(),
            node: None,
        });
        let opened = OpenedConsent { history: invented.history.to_bytes(), consent: record(&consent) };
        opened.seal(Verified::id(&ask), &ask.reply_key, &[5; 32]).unwrap()
    }
}

fn body(letter: &kith_protocol::engine::outbox::Waiting) -> Option<IntroductionLetter> {
    let letter = kith_protocol::letter::Letter {
        to: [0; 32],
        id: letter.id,
        kind: letter.kind,
        body: letter.body.clone(),
        sent: letter.written,
        expires: letter.expires,
    };
    match Body::of(&letter) {
        Ok(Body::Introduction(letter)) => Some(letter),
        _ => None,
    }
}

/// Some identity that nobody has.
fn invented(world: &mut World, name: &str) -> Mallory {
    let words = world.fresh_words();
    Mallory::new(name, &words)
}

#[test]
fn an_honest_introduction_by_hand_works() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    assert!(matches!(scene.proposes(scene.chi, &ask), Answer::Handled(_)));
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    let offer = scene.offer(&ask, &chi, &consent.sealed);
    assert!(matches!(scene.offers(offer), Answer::Handled(_)));
    scene.world.run_for(HOUR);
    assert!(scene.world.are_contacts(scene.ana, scene.chi));
    assert_eq!(scene.world.knows(scene.chi, scene.ana).unwrap().provenance(), "introduced by Mallory");
    scene.world.check();
}

#[test]
fn an_ask_with_a_changed_key_time_or_word_is_refused() {
    let mut scene = scene();
    let (_, ask) = scene.ana_asks();
    let ana = scene.world.history(scene.ana);
    let bytes = ask.ask.as_slice().to_vec();
    // Every byte of it: reply key, dates, words, kid, signature.
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let mut propose = scene.proposal(&ask, &ana);
        propose.ask = Bytes::new(changed).unwrap();
        let answer = scene.writes(scene.chi, IntroductionLetter::Propose(propose));
        assert_eq!(refusal(&answer), Some(Refusal::NotAccepted), "byte {at}");
    }
    assert!(scene.world.proposed(scene.chi).is_empty());
    scene.world.check();
}

#[test]
fn a_consent_with_a_changed_address_or_key_opens_nowhere() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    for at in [0, 31, 32, 100, consent.sealed.as_slice().len() - 1] {
        let mut changed = consent.sealed.as_slice().to_vec();
        changed[at] ^= 1;
        let offer = scene.offer(&ask, &chi, &Bytes::new(changed).unwrap());
        assert_eq!(refusal(&scene.offers(offer)), Some(Refusal::NotAccepted), "byte {at}");
    }
    assert_eq!(scene.state(key), AskState::Open, "Ana waits on; nothing was done");
    scene.world.check();
}

#[test]
fn a_statement_about_other_people_keys_or_consents_is_refused() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    let good = scene.offer(&ask, &chi, &consent.sealed);
    let stated = Signed::<Introduction>::from_bytes(good.introduction.as_slice()).unwrap();
    let stated = scene.mallory.history.verify(stated).unwrap().into_statement();
    let lies: [fn(&mut Introduction); 6] = [
        |one| one.asker.0[0] ^= 1,
        |one| one.target.0[0] ^= 1,
        |one| one.asker_head[0] ^= 1,
        |one| one.target_head[0] ^= 1,
        |one| one.ask.0[0] ^= 1,
        |one| one.consent[0] ^= 1,
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let mut statement = stated.clone();
        lie(&mut statement);
        let introduction = record(&scene.mallory.sign(statement));
        let answer = scene.offers(Offer { introduction, ..good.clone() });
        assert_eq!(refusal(&answer), Some(Refusal::NotAccepted), "lie {number}");
    }
    // In somebody else's name.
    let other = invented(&mut scene.world, "Bo");
    let introduction = record(&other.sign(stated));
    assert_eq!(refusal(&scene.offers(Offer { introduction, ..good })), Some(Refusal::NotAccepted));
    assert_eq!(scene.state(key), AskState::Open);
    scene.world.check();
}

#[test]
fn the_same_offer_twice_is_one_and_another_one_counts_for_nothing() {
    let mut scene = scene();
    scene.world.goes_offline(scene.chi);
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    let offer = scene.offer(&ask, &chi, &consent.sealed);
    for _ in 0..2 {
        assert!(matches!(scene.offers(offer.clone()), Answer::Handled(_)));
    }
    assert_eq!((scene.state(key), scene.world.people(scene.ana).len()), (AskState::Connecting, 2));
    // A second "target" for one ask: whoever of the two is real, the first code is the one that Ana's letter goes under.
    let other = invented(&mut scene.world, "Chi");
    let sealed = scene.invented_consent(&other, &ask);
    let offer = scene.offer(&ask, &other.history, &sealed);
    scene.offers(offer);
    assert_eq!((scene.state(key), scene.world.people(scene.ana).len()), (AskState::Connecting, 2));
    scene.world.comes_online(scene.chi);
    scene.world.run_for(HOUR);
    assert!(scene.world.are_contacts(scene.ana, scene.chi), "Mallory parts nobody by a second offer");
    // The other introductions of Ana go on.
    let (second, _) = scene.ana_asks();
    assert_eq!(scene.state(second), AskState::Open);
    scene.world.check();
}

#[test]
fn an_offer_replayed_after_all_is_done_changes_nothing() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    let offer = scene.offer(&ask, &chi, &consent.sealed);
    scene.offers(offer.clone());
    scene.world.run_for(HOUR);
    scene.offers(offer);
    scene.proposes(scene.chi, &ask);
    scene.world.run_for(HOUR);
    assert_eq!(scene.state(key), AskState::Connected);
    assert_eq!(scene.world.people(scene.ana).len(), 2);
    assert_eq!(scene.world.knows(scene.chi, scene.ana).unwrap().encounters.len(), 1);
    scene.world.check();
}

#[test]
fn a_consent_is_worth_nothing_in_other_hands() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    scene.chi_consents(key.id);
    let invite = scene.world.proposed(scene.chi)[0].invite.unwrap();
    // Even if Ana herself hands everything in it to Dee.
    let text = scene.world.does(scene.chi, |turn| turn.invite_code(invite)).to_code();
    let code = kith_tests::sim::Code { owner: scene.chi, invite, text, tier: Tier::Contacts, printed: false };
    let dee = invented(&mut scene.world, "Dee");
    let (_, _, answer) = scene.world.claims(&dee, &code).unwrap();
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
    assert_eq!(scene.world.proposed_state(scene.chi, key.id), Some(ProposedState::Consented));
    assert_eq!(scene.world.people(scene.chi).len(), 1, "Mallory alone");
    scene.world.check();
}

#[test]
fn an_offer_that_is_kept_back_ends_like_a_no() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    scene.chi_consents(key.id);
    scene.world.run_for(30 * DAY);
    let asked = scene.world.has_asked_id(scene.ana, key.id);
    assert_eq!((asked.state, asked.over), (AskState::Over, Some(Over::Expired)));
    assert_eq!(scene.world.proposed_state(scene.chi, key.id), Some(ProposedState::Over), "and Chi's code is void");
    scene.world.check();
}

#[test]
fn an_ask_for_somebody_named_goes_to_nobody_else() {
    let mut scene = scene();
    let dee = scene.world.person("Dee");
    // Ana knows Dee's identity from elsewhere: they were contacts once, and Dee withdrew.
    meet(&mut scene.world, scene.ana, dee);
    scene.world.forgets(dee, scene.ana);
    scene.world.run_for(HOUR);
    let kept = scene.world.knows(scene.ana, dee).unwrap();
    assert!(!kept.is_contact());
    let mallory = scene.world.finds(scene.ana, "Mallory").id;
    let (key, ask) = scene.ana_asks_for(mallory, Meant::Person(kept.id));
    assert_eq!(refusal(&scene.proposes(scene.chi, &ask)), Some(Refusal::NotAccepted));
    // Nor does an invented Dee pass for the one that Ana named.
    let other = invented(&mut scene.world, "Dee");
    let sealed = scene.invented_consent(&other, &ask);
    let offer = scene.offer(&ask, &other.history, &sealed);
    assert_eq!(refusal(&scene.offers(offer)), Some(Refusal::NotAccepted));
    assert_eq!(scene.state(key), AskState::Open);
}

#[test]
fn an_ask_to_one_introducer_is_of_no_use_to_another() {
    let mut scene = scene();
    let bo = scene.world.person("Bo");
    meet(&mut scene.world, scene.ana, bo);
    let person = scene.world.knows(scene.ana, bo).unwrap().id;
    scene.world.goes_offline(bo);
    let (_, ask) = scene.ana_asks_for(person, Meant::Words(Line::new("a buyer in Ghent").unwrap()));
    assert_eq!(refusal(&scene.proposes(scene.chi, &ask)), Some(Refusal::NotAccepted));
    assert!(scene.world.proposed(scene.chi).is_empty());
}

#[test]
fn an_invented_asker_is_introduced_by_mallory_and_by_nobody_else() {
    let mut scene = scene();
    let other = invented(&mut scene.world, "Ana Sousa, CEO");
    let now = scene.world.clock(scene.chi);
    let ask = other.sign(Ask {
        id: IntroId([1; 16]),
        introducer: scene.mallory.id(),
        target: Line::new("Chi").unwrap(),
        target_id: None,
        purpose: Purpose::Client,
        why: Text::default(),
        blurb: Text::default(),
        asked: now,
        expires: now.plus(DAY),
        reply_key: DecryptionKey::from_seed(&SecretSeed([3; 32])).public(),
    });
    let mut card = kith_protocol::card::OwnCard::new(kith_protocol::text::Name::new("Ana Sousa, CEO").unwrap());
    card.seq = 1;
    let card = other.sign(card.view(Tier::Public, now));
    let letter = AskLetter { ask: record(&ask), card: record(&card) };
    let propose = scene.proposal(&letter, &other.history);
    assert!(matches!(scene.writes(scene.chi, IntroductionLetter::Propose(propose)), Answer::Handled(_)));
    let proposed = scene.world.proposed(scene.chi).remove(0);
    // All that Chi sees of it says whose word it is.
    assert_eq!(proposed.introducer, scene.world.finds(scene.chi, "Mallory").id);
    scene.world.does(scene.chi, |turn| turn.consent(proposed.name(), Some(Tier::Public)));
    assert_eq!(scene.world.people(scene.chi).len(), 1, "nobody is a contact by a consent");
}

#[test]
fn an_invented_target_is_introduced_by_mallory_and_never_a_contact() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    let other = invented(&mut scene.world, "Chi of Ghent Yards");
    let sealed = scene.invented_consent(&other, &ask);
    let offer = scene.offer(&ask, &other.history, &sealed);
    assert!(matches!(scene.offers(offer), Answer::Handled(_)));
    assert_eq!(scene.state(key), AskState::Connecting);
    let shown = scene.world.finds(scene.ana, "Chi of Ghent Yards");
    assert_eq!(shown.provenance(), "introduced by Mallory");
    assert!(!shown.is_contact());
    scene.world.run_for(40 * DAY);
    assert_eq!(scene.state(key), AskState::Over);
    assert!(scene.world.people(scene.ana).iter().all(|person| person.name.as_str() == "Mallory"));
    scene.world.check();
}

#[test]
fn a_card_for_contacts_is_not_shown_before_consent() {
    let mut scene = scene();
    let (_, ask) = scene.ana_asks();
    let own = kith_protocol::engine::Own::load(&scene.world.home(scene.ana).store).unwrap();
    let ana = scene.world.history(scene.ana);
    let mut propose = scene.proposal(&ask, &ana);
    propose.card = own.view(Tier::Contacts);
    let answer = scene.writes(scene.chi, IntroductionLetter::Propose(propose));
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
    assert!(scene.world.proposed(scene.chi).is_empty());
}

#[test]
fn another_ask_under_the_same_id_ends_that_introduction_alone() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    let (other, second) = scene.ana_asks_again();
    scene.proposes(scene.chi, &ask);
    scene.proposes(scene.chi, &second);
    // The first one again, with words that Ana signed under the same id at Mallory's wish.
    let note = Line::new("Say more.").unwrap();
    scene.writes(scene.ana, IntroductionLetter::Returned(Returned { id: key.id, note }));
    let edited = scene.ana_edits(key);
    scene.proposes(scene.chi, &edited);
    assert_eq!(scene.world.proposed_state(scene.chi, key.id), Some(ProposedState::Over));
    assert_ne!(scene.world.proposed_state(scene.chi, other.id), Some(ProposedState::Over));
    scene.world.check();
}

impl Scene {
    fn ana_asks_again(&mut self) -> (IntroKey, AskLetter) {
        let mallory = self.world.finds(self.ana, "Mallory").id;
        self.ana_asks_for(mallory, Meant::Words(Line::new("a buyer in Antwerp").unwrap()))
    }

    fn ana_edits(&mut self, key: IntroKey) -> AskLetter {
        self.world.does(self.ana, |turn| {
            let blurb = Some(Text::new("I make ball valves, large ones.")?);
            turn.edit_ask(key, kith_protocol::engine::introduction::asker::AskEdit { blurb, ..Default::default() })
        });
        let letters = self.world.outbox(self.ana);
        let asks = letters.iter().filter_map(|letter| match body(letter) {
            Some(IntroductionLetter::Ask(ask)) => Some(ask),
            _ => None,
        });
        let is_it = |ask: &AskLetter| {
            let signed = Signed::<Ask>::from_bytes(ask.ask.as_slice()).unwrap();
            self.world.history(self.ana).verify(signed).unwrap().id == key.id
        };
        asks.into_iter().find(is_it).unwrap()
    }
}

#[test]
fn one_contact_does_not_fill_the_places_of_all_others() {
    let mut scene = scene();
    let bo = scene.world.person("Bo");
    meet(&mut scene.world, scene.ana, bo);
    for round in 0..12_u8 {
        for number in 0..10_u8 {
            let expires = scene.world.clock(scene.ana).plus(HOUR);
            let id = IntroId([round * 10 + number; 16]);
            let note = Line::new("Somebody you should meet.").unwrap();
            let suggest = Suggest { id, end: End::Asker, note, expires };
            assert!(matches!(scene.writes(scene.ana, IntroductionLetter::Suggest(suggest)), Answer::Handled(_)));
        }
        scene.world.run_for(2 * HOUR);
    }
    assert!(scene.world.asked(scene.ana).len() <= kith_protocol::limits::INTRODUCTIONS_WITH_ONE);
    scene.world.asks(scene.ana, bo, "a buyer in Ghent");
    scene.world.check();
}

#[test]
fn an_ask_that_nothing_can_be_sealed_to_is_refused() {
    let mut scene = scene();
    let other = invented(&mut scene.world, "Ana");
    let now = scene.world.clock(scene.chi);
    let ask = other.sign(Ask {
        id: IntroId([1; 16]),
        introducer: scene.mallory.id(),
        target: Line::new("Chi").unwrap(),
        target_id: None,
        purpose: Purpose::Client,
        why: Text::default(),
        blurb: Text::default(),
        asked: now,
        expires: now.plus(DAY),
        reply_key: kith_protocol::crypto::seal::EncryptionKey([0; 32]),
    });
    let card = kith_protocol::card::OwnCard::new(kith_protocol::text::Name::new("Ana").unwrap());
    let letter = AskLetter { ask: record(&ask), card: record(&other.sign(card.view(Tier::Public, now))) };
    let propose = scene.proposal(&letter, &other.history);
    let answer = scene.writes(scene.chi, IntroductionLetter::Propose(propose));
    assert_eq!(refusal(&answer), Some(Refusal::NotAccepted));
}

#[test]
fn mallory_cannot_part_two_whom_she_introduced() {
    let mut scene = scene();
    let (key, ask) = scene.ana_asks();
    scene.proposes(scene.chi, &ask);
    let consent = scene.chi_consents(key.id);
    let chi = scene.world.history(scene.chi);
    scene.world.goes_offline(scene.chi);
    let offer = scene.offer(&ask, &chi, &consent.sealed);
    scene.offers(offer);
    assert_eq!(scene.state(key), AskState::Connecting);
    // She withdraws from Ana in the middle.
    let pen = scene.world.pen(scene.ana, Body::Withdraw);
    let (_, session, pair) = scene.lines[0].clone();
    let sealed = scene.mallory.seals(&pen, &scene.world.encryption_key(scene.ana), &pair);
    scene.world.hands_in(scene.ana, session, &sealed);
    scene.world.comes_online(scene.chi);
    scene.world.run_for(HOUR);
    assert!(scene.world.are_contacts(scene.ana, scene.chi), "her part was done");
    scene.world.check();
}

#[test]
fn an_asker_cannot_tell_by_the_places_what_became_of_an_ask() {
    // Mallory asks Chi, and with her own node's rules out of the way asks on. Chi has declined some and left others.
    for declines in [true, false] {
        let mut scene = scene();
        let chi = scene.world.home(scene.chi).id;
        let now = scene.world.clock(scene.chi);
        for number in 0..8_u8 {
            let ask = scene.mallory.sign(Ask {
                id: IntroId([number; 16]),
                introducer: chi,
                target: Line::new(&format!("buyer number {number}")).unwrap(),
                target_id: None,
                purpose: Purpose::Client,
                why: Text::default(),
                blurb: Text::default(),
                asked: now,
                expires: now.plus(7 * DAY),
                reply_key: DecryptionKey::from_seed(&SecretSeed([3; 32])).public(),
            });
            let card = kith_protocol::card::OwnCard::new(kith_protocol::text::Name::new("Mallory").unwrap());
            let card = scene.mallory.sign(card.view(Tier::Public, now));
            let letter = AskLetter { ask: record(&ask), card: record(&card) };
            assert!(matches!(scene.writes(scene.chi, IntroductionLetter::Ask(letter)), Answer::Handled(_)));
            let carried = scene.world.carried(scene.chi).into_iter().find(|one| one.id == IntroId([number; 16]));
            if let Some(carried) = carried.filter(|_| declines) {
                scene.world.declines_introduction(scene.chi, carried.name());
            }
        }
        let taken = scene.world.carried(scene.chi).len();
        assert_eq!(taken, kith_protocol::limits::OPEN_ASKS, "declined: {declines}");
        scene.world.check();
    }
}
