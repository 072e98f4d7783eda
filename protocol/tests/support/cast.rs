//! Ana, Bo and Chi with fixed seeds, and one example of everything that they can write.

#![allow(dead_code)] // Each program uses the part that it needs.

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::card::{CardView, Field, FieldKind, OwnCard, Tier};
use kith_protocol::crypto::derive;
use kith_protocol::crypto::seal::DecryptionKey;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::day_record::DayRecord;
use kith_protocol::disowned::Disowned;
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IntroId, LetterId, PeerId, PersonId, VouchSlot};
use kith_protocol::identity::{Compromise, History, NodeGrant, Rotation};
use kith_protocol::introduction::{Ask, Consent, Introduction, OpenedConsent, Purpose, SealedConsent, consent_digest};
use kith_protocol::invite::{Invite, InviteKind};
use kith_protocol::letter::answers::{AnswerTo, Answers};
use kith_protocol::letter::body::{CardNews, Claim, KeepCapsule, MeetingNews, Presence, Recover, Resume, Welcome};
use kith_protocol::letter::handover::HandOver;
use kith_protocol::letter::introduction::{
    AskLetter, ConsentLetter, End, IntroductionLetter, Later, Offer, Outcome, Propose, Returned, Suggest,
};
use kith_protocol::letter::note::NoteLetter;
use kith_protocol::letter::vouch::{VouchLetter, VouchNews};
use kith_protocol::letter::{self, Body, Letter, Sealed};
use kith_protocol::limits;
use kith_protocol::mailbox::{MailboxKey, Pass};
use kith_protocol::meeting::Meeting;
use kith_protocol::nearby::PresenceSeed;
use kith_protocol::presence::{HostAt, PresenceSecret, Whereabouts};
use kith_protocol::record::{Signer, Statement, Verified};
use kith_protocol::recovery::{Acquaintance, Capsule, Keeper};
use kith_protocol::text::{Line, Name, Text, Words};
use kith_protocol::time::Timestamp;
use kith_protocol::vouch::{
    Acceptance, Basis, ContentBytes, Evidence, EvidenceKind, Interest, Strength, Vouch, VouchContent, VouchExport,
    VouchReach, Vouched, content_digest,
};
use kith_protocol::wire::{self, Bytes};
use kith_protocol::words::RecoveryWords;

/// The moment at which everything here is written: 2027-01-15 08:00 UTC.
pub const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// 32 bytes that count up from `first`, so that a reader sees at once whose secret it is.
pub fn counting(first: u8) -> [u8; 32] {
    std::array::from_fn(|at| first.wrapping_add(u8::try_from(at).unwrap()))
}

pub fn short<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first.wrapping_add(u8::try_from(at).unwrap()))
}

/// Somebody with words, a node and an encryption key.
pub struct Actor {
    pub name: &'static str,
    pub entropy: [u8; 32],
    pub words: RecoveryWords,
    pub peer: PeerId,
    pub encryption_seed: [u8; 32],
    pub address: [u8; 4],
}

fn actor(name: &'static str, first: u8, address: [u8; 4]) -> Actor {
    let entropy = counting(first);
    let words = RecoveryWords::from_entropy(entropy);
    // In a test any Ed25519 key will do for the machine; this one is as good as random.
    let peer = SigningKey::from_seed(&SecretSeed(derive(&entropy, b"", "test machine"))).verify_key();
    Actor {
        name,
        entropy,
        words,
        peer: PeerId(*peer.as_bytes()),
        encryption_seed: counting(first.wrapping_add(0x60)),
        address,
    }
}

pub fn ana() -> Actor {
    actor("Ana Sousa", 0x00, [192, 0, 2, 7])
}

pub fn bo() -> Actor {
    actor("Bo Lindqvist", 0x20, [198, 51, 100, 9])
}

/// Whom Ana would like to meet, and Bo knows.
pub fn chi() -> Actor {
    actor("Chi Nakamura", 0x48, [203, 0, 113, 5])
}

impl Actor {
    pub fn history(&self) -> History {
        History::begin(&self.words)
    }

    pub fn signer(&self) -> Signer {
        Signer { id: self.history().id(), key: 0 }
    }

    pub fn sign<T: Statement>(&self, statement: T) -> Verified<T> {
        Verified::sign(statement, self.signer(), &self.words.key(0))
    }

    pub fn encryption(&self) -> DecryptionKey {
        DecryptionKey::from_seed(&SecretSeed(self.encryption_seed))
    }

    pub fn rotation(&self) -> Verified<Rotation> {
        self.history().rotate(&self.words).unwrap()
    }

    pub fn rotated(&self) -> History {
        let mut history = self.history();
        history.learn(self.rotation().bytes()).unwrap();
        history
    }

    pub fn compromise(&self) -> Verified<Compromise> {
        self.rotated().compromise(&self.words)
    }

    /// Inception, one rotation, and the notice that the first key had fallen into other hands.
    pub fn compromised(&self) -> History {
        let mut history = self.rotated();
        history.learn(self.compromise().bytes()).unwrap();
        history
    }

    pub fn hint(&self) -> Hint {
        let host = Host::Ip4(self.address.into());
        Hint { reach: Reach::Direct, host, port: 4001, transports: Transports::Both }
    }

    pub fn grant(&self) -> Verified<NodeGrant> {
        self.sign(NodeGrant {
            generation: 0,
            seq: 1,
            head: self.history().head(),
            peer: self.peer,
            encryption: self.encryption().public(),
            not_before: NOW,
            not_after: NOW.plus(limits::GRANT_LIFE),
        })
    }

    pub fn card(&self) -> Verified<CardView> {
        self.view(Tier::Contacts)
    }

    pub fn view(&self, tier: Tier) -> Verified<CardView> {
        let field = |kind, value| Field { kind, value: Line::new(value).unwrap() };
        self.sign(CardView {
            seq: 3,
            tier,
            signed_at: NOW,
            name: Name::new(self.name).unwrap(),
            fields: vec![
                field(FieldKind::Organisation, "Sousa Valves Lda"),
                field(FieldKind::Title, "Managing director"),
                field(FieldKind::Email, "ana@sousa-valves.example"),
            ],
        })
    }
}

/// Ana's live code.
pub fn live_code() -> Invite {
    Invite {
        kind: InviteKind::Live,
        key: invite_key().public(),
        secret: short(0xe0),
        expires: NOW.plus(limits::LIVE_INVITE_LIFE),
        name: kith_protocol::invite::code_name("Ana Sousa").unwrap(),
        hints: vec![ana().hint()],
    }
}

/// Ana's printed code: every kind of hint that fits.
pub fn printed_code() -> Invite {
    let lan =
        Hint { reach: Reach::Lan, host: Host::Ip4([10, 0, 0, 7].into()), port: 4001, transports: Transports::Quic };
    let door = Hint {
        reach: Reach::FrontDoor,
        host: Host::Dns(Line::new("box.example").unwrap()),
        port: 443,
        transports: Transports::Tcp,
    };
    Invite { kind: InviteKind::Printed, hints: vec![lan, door], ..live_code() }
}

/// The seed of the key of Ana's codes.
pub const INVITE_SEED: u8 = 0xc0;

pub fn invite_key() -> DecryptionKey {
    DecryptionKey::from_seed(&SecretSeed(counting(INVITE_SEED)))
}

/// Bo's half of the secret of the pair.
pub const PAIR_SEED: u8 = 0x90;

/// What Ana and Bo share once Bo has scanned Ana's live code.
pub fn pair() -> SharedSecret {
    SharedSecret::new(derive(&counting(PAIR_SEED), live_code().shared_secret().as_bytes(), "kith/1/pair"))
}

pub fn meeting_nonce() -> [u8; 16] {
    derive(pair().as_bytes(), b"", "kith/1/meeting nonce")
}

pub fn meeting() -> Meeting {
    let event = Some(Line::new("Hannover Messe").unwrap());
    Meeting::of(ana().history().id(), bo().history().id(), event, NOW.day(), meeting_nonce())
}

fn bounded<const MAX: usize>(bytes: &[u8]) -> Bytes<MAX> {
    Bytes::new(bytes.to_vec()).unwrap()
}

/// What Ana signs her records of a day with.
pub fn presence_secret() -> PresenceSecret {
    PresenceSecret::new(counting(0xd0))
}

/// What the names and keys of a day follow from.
pub fn presence_seed() -> PresenceSeed {
    presence_secret().seed()
}

/// Where Ana is today, sealed with [`SEAL_SEED`].
pub fn day_record() -> DayRecord {
    whereabouts().sign(&presence_secret(), NOW, counting(SEAL_SEED)).unwrap()
}

/// What Ana says of her first key after it was stolen.
pub fn disowned() -> Disowned {
    Disowned::of(&ana().compromised(), 0)
}

/// The same, sealed with [`SEAL_SEED`] and signed with that key.
pub fn disowned_record() -> DayRecord {
    disowned().sign(&ana().words.key_seed(0), NOW, counting(SEAL_SEED)).unwrap()
}

/// Where Ana is, as the record of a day says it.
pub fn whereabouts() -> Whereabouts {
    Whereabouts {
        grant: bounded(ana().grant().bytes()),
        counter: 2,
        hints: vec![ana().hint(), relayed()],
        hosts: vec![HostAt { host: pass().host, hints: pass().hints }],
    }
}

/// Bo's first letter.
pub fn claim() -> Body {
    Body::Claim(Claim {
        card: bounded(bo().card().bytes()),
        grant: bounded(bo().grant().bytes()),
        pair_seed: SecretSeed(counting(PAIR_SEED)),
        hints: vec![bo().hint()],
        scanned_at: NOW.plus(60),
        introduction: None,
        mailboxes: Vec::new(),
        presence: None,
    })
}

/// Ana's answer.
pub fn welcome() -> Body {
    Body::Welcome(Welcome {
        invite: invite_key().public(),
        card: bounded(ana().card().bytes()),
        grant: bounded(ana().grant().bytes()),
        hints: vec![ana().hint()],
        event: Some(Line::new("Hannover Messe").unwrap()),
        late: false,
        mailboxes: Vec::new(),
        presence: None,
    })
}

/// Where Chi's node takes what is for Ana.
pub fn relayed() -> Hint {
    Hint { reach: Reach::Relayed(chi().peer), ..chi().hint() }
}

pub fn presence() -> Body {
    let hints = vec![ana().hint(), relayed()];
    let seed = Some(presence_seed());
    Body::Presence(Presence { grant: bounded(ana().grant().bytes()), counter: 7, hints, mailboxes: vec![pass()], seed })
}

pub fn card_news() -> Body {
    Body::Card(CardNews { card: bounded(ana().card().bytes()) })
}

pub fn meeting_news() -> Body {
    Body::Meeting(MeetingNews { record: bounded(ana().sign(meeting()).bytes()) })
}

/// Bo writes to Ana.
pub fn note() -> Body {
    Body::Note(NoteLetter { words: Words::new("Thank you for the quote.\nThe valves fit.").unwrap() })
}

/// Bo met Dee and hands her over to Ana.
pub fn hand_over() -> Body {
    Body::HandOver(HandOver {
        name: Line::new("Dee Wong").unwrap(),
        lines: vec![Field { kind: FieldKind::Organisation, value: Line::new("Wong Waterworks").unwrap() }],
        foreign: Text::new("MECARD:N:Wong,Dee;TEL:+491701234567;;").unwrap(),
        note: Text::new("wants a quote for valves").unwrap(),
        event: Some(Line::new("Hannover Messe").unwrap()),
        met: NOW,
    })
}

/// What Bo says of Ana.
pub fn vouch_content() -> VouchContent {
    VouchContent {
        basis: Basis::Supplier,
        skills: vec![Line::new("ball valves").unwrap(), Line::new("keeping dates").unwrap()],
        since: Some(2021),
        until: Some(2024),
        words: Line::new("She delivered on the day, and not only when it was easy").unwrap(),
        strength: Strength::new(3).unwrap(),
        interest: Interest::Financial,
        interest_words: Some(Line::new("we still buy from her").unwrap()),
    }
}

fn content_bytes() -> ContentBytes {
    bounded(&wire::encode(&vouch_content()))
}

pub const VOUCH_SLOT: VouchSlot = VouchSlot([0x51, 0x52, 0x53, 0x54]);

/// Bo's word for Ana, supported by his own record of their meeting.
pub fn vouch() -> Verified<Vouch> {
    bo().sign(Vouch {
        subject: ana().history().id(),
        slot: VOUCH_SLOT,
        seq: 1,
        issued: NOW,
        content: Some(content_bytes()),
        reach: Some(VouchReach::Contacts),
        expires: Some(NOW.plus(limits::VOUCH_LIFE)),
        evidence: vec![Evidence { kind: EvidenceKind::Meeting, record: bo().sign(meeting()).id() }],
    })
}

/// Bo takes it back.
pub fn revocation() -> Verified<Vouch> {
    let vouch = vouch().into_statement();
    bo().sign(Vouch { seq: 2, content: None, reach: None, expires: None, evidence: Vec::new(), ..vouch })
}

/// Ana lets it be shown to contacts of either.
pub fn acceptance() -> Verified<Acceptance> {
    ana().sign(Acceptance {
        issuer: bo().history().id(),
        slot: VOUCH_SLOT,
        content: content_digest(&content_bytes()),
        reach: VouchReach::Contacts,
        since: NOW.plus(3_600),
    })
}

pub fn vouched() -> Vouched {
    Vouched { vouch: bounded(vouch().bytes()), acceptance: bounded(acceptance().bytes()) }
}

/// The vouch with all that is needed to check it. Ana has changed her key since she accepted it.
pub fn vouch_export() -> VouchExport {
    VouchExport {
        issuer: bo().history().to_bytes(),
        vouch: bounded(vouch().bytes()),
        subject: Some(ana().rotated().to_bytes()),
        acceptance: Some(bounded(acceptance().bytes())),
    }
}

pub fn vouch_news() -> Body {
    Body::Vouch(VouchLetter::Vouch(VouchNews { record: bounded(vouch().bytes()) }))
}

pub fn acceptance_news() -> Body {
    Body::Vouch(VouchLetter::Acceptance(VouchNews { record: bounded(acceptance().bytes()) }))
}

pub const INTRODUCTION: IntroId =
    IntroId([0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70]);

/// The seed of the key to which the consent is sealed.
pub const REPLY_SEED: u8 = 0xb0;

pub fn reply_key() -> DecryptionKey {
    DecryptionKey::from_seed(&SecretSeed(counting(REPLY_SEED)))
}

/// What Ana asks of Bo. She does not know who Chi is.
pub fn ask_statement() -> Ask {
    Ask {
        id: INTRODUCTION,
        introducer: bo().history().id(),
        target: Line::new("whoever buys the valves at Nakamura Pumps").unwrap(),
        target_id: None,
        purpose: Purpose::Client,
        why: Text::new("They open a second plant in March").unwrap(),
        blurb: Text::new("We make the ball valves of Bo's last three plants.\nMay I show you two of them in Hannover?")
            .unwrap(),
        asked: NOW.plus(7_200),
        expires: NOW.plus(7_200 + limits::ASK_USUAL_LIFE),
        reply_key: reply_key().public(),
    }
}

pub fn ask() -> Verified<Ask> {
    ana().sign(ask_statement())
}

/// The seed of the key of the code that Chi makes for Ana alone.
pub const CONSENT_SEED: u8 = 0xd0;

pub fn consent_key() -> DecryptionKey {
    DecryptionKey::from_seed(&SecretSeed(counting(CONSENT_SEED)))
}

/// Chi says yes, with the card for contacts.
pub fn consent() -> Verified<Consent> {
    let ask = ask();
    chi().sign(Consent {
        id: ask.id,
        ask: ask.id(),
        key: consent_key().public(),
        secret: short(0xf0),
        expires: ask.expires.plus(limits::CONSENT_GRACE),
        card: bounded(chi().card().bytes()),
        hints: vec![chi().hint()],
        node: Some(chi().peer),
    })
}

pub fn opened_consent() -> OpenedConsent {
    OpenedConsent { history: chi().history().to_bytes(), consent: bounded(consent().bytes()) }
}

pub fn sealed_consent() -> SealedConsent {
    opened_consent().seal(ask().id(), &reply_key().public(), &counting(SEAL_SEED)).unwrap()
}

/// Bo says that he brought the two together.
pub fn introduction() -> Verified<Introduction> {
    bo().sign(Introduction {
        id: INTRODUCTION,
        asker: ana().history().id(),
        target: chi().history().id(),
        asker_head: ana().history().head(),
        target_head: chi().history().head(),
        ask: ask().id(),
        consent: consent_digest(&sealed_consent()),
        at: NOW.plus(86_400),
    })
}

/// What Bo says of Chi, and Chi lets others read: what an offer shows.
pub fn vouched_of_chi() -> Vouched {
    let words = Line::new("He decides what he buys himself, and pays when it works").unwrap();
    let skills = vec![Line::new("pump stations").unwrap(), Line::new("straight talk").unwrap()];
    let interest = (Interest::Employer, Some(Line::new("I sit on their board").unwrap()));
    let content = VouchContent { basis: Basis::Client, skills, words, interest: interest.0, ..vouch_content() };
    let content: ContentBytes = bounded(&wire::encode(&VouchContent { interest_words: interest.1, ..content }));
    let digest = content_digest(&content);
    let meeting = Meeting::of(bo().history().id(), chi().history().id(), None, NOW.day(), short(0x71));
    let evidence = vec![Evidence { kind: EvidenceKind::Meeting, record: bo().sign(meeting).id() }];
    let subject = chi().history().id();
    let vouch = bo().sign(Vouch { subject, content: Some(content), evidence, ..vouch().into_statement() });
    let acceptance = chi().sign(Acceptance { content: digest, ..acceptance().into_statement() });
    Vouched { vouch: bounded(vouch.bytes()), acceptance: bounded(acceptance.bytes()) }
}

/// One letter of every kind about the introduction.
pub fn introduction_letters() -> Vec<(&'static str, IntroductionLetter)> {
    use IntroductionLetter as Is;
    let id = INTRODUCTION;
    let sentence = |words| Line::new(words).unwrap();
    let (ask, card) = (bounded(ask().bytes()), bounded(ana().view(Tier::Public).bytes()));
    let propose = Propose {
        ask: ask.clone(),
        history: ana().history().to_bytes(),
        card: card.clone(),
        note: sentence("You said the old ones leak"),
        known: Some(Line::new("Met at Hannover Messe, January 2027").unwrap()),
        vouched: Some(vouched()),
    };
    let offer = Offer {
        id,
        sealed: sealed_consent(),
        introduction: bounded(introduction().bytes()),
        known: Some(Line::new("Met in January 2027").unwrap()),
        vouched: Some(vouched_of_chi()),
    };
    let suggest = Suggest {
        id,
        end: End::Target,
        note: sentence("I know somebody whose valves do not leak"),
        expires: NOW.plus(7_200 + limits::ASK_USUAL_LIFE),
    };
    let outcome = Outcome { id, met: true, useful: true, thanks: Some(sentence("Lunch is on me")) };
    vec![
        ("ask", Is::Ask(AskLetter { ask, card })),
        ("returned", Is::Returned(Returned { id, note: sentence("Say which plant; I know two") })),
        ("propose", Is::Propose(propose)),
        ("consent", Is::Consent(ConsentLetter { id, sealed: sealed_consent() })),
        ("declined", Is::Declined(id)),
        ("later", Is::Later(Later { id, until: NOW.plus(3 * limits::DAY) })),
        ("offer", Is::Offer(offer)),
        ("suggest", Is::Suggest(suggest)),
        ("willing", Is::Willing(id)),
        ("done", Is::Done(id)),
        ("outcome", Is::Outcome(outcome)),
        ("withdrawn", Is::Withdrawn(id)),
    ]
}

/// Ana's first letter to Chi, with Bo's word.
pub fn introduced_claim() -> Body {
    Body::Claim(Claim {
        card: bounded(ana().card().bytes()),
        grant: bounded(ana().grant().bytes()),
        pair_seed: SecretSeed(counting(0x70)),
        hints: vec![ana().hint()],
        scanned_at: NOW.plus(90_000),
        introduction: Some(bounded(introduction().bytes())),
        mailboxes: Vec::new(),
        presence: Some(presence_seed()),
    })
}

/// The key of Ana's mailbox at Chi's node.
pub fn mailbox_key() -> MailboxKey {
    MailboxKey::new(counting(0xb0))
}

/// What Bo gets to that mailbox.
pub fn pass() -> Pass {
    let label = mailbox_key().label(PersonId([0xb7; 10]));
    let (mailbox, token) = (mailbox_key().id(), mailbox_key().token(&label));
    Pass { host: chi().peer, hints: vec![chi().hint()], mailbox, label, token }
}

/// Ana has one letter of Bo's and wants all keys with another.
pub fn answers() -> Body {
    let answer = |id, answer| AnswerTo { letter: LetterId(short(id)), answer };
    Body::Answers(Answers { all: vec![answer(0x10, 1), answer(0x30, 3)] })
}

/// Ana goes on from a backup of the day before.
pub fn resume() -> Body {
    Body::Resume(Resume { since: NOW, grant: None })
}

/// Ana has lost Bo's new grant, and says which one hers is.
pub fn resume_with_grant() -> Body {
    Body::Resume(Resume { since: NOW, grant: Some(bounded(ana().grant().bytes())) })
}

/// What Ana's contacts keep for her.
pub fn capsule() -> Capsule {
    let bo = Acquaintance {
        history: bo().history().to_bytes(),
        pair: SharedSecret::new(counting(0xc0)),
        grant: bounded(bo().grant().bytes()),
        hints: vec![bo().hint()],
        mailboxes: vec![pass()],
        name: bo().card().name.clone(),
        tier: Tier::Contacts,
        presence: None,
    };
    let card = OwnCard { seq: 7, name: ana().card().name.clone(), fields: Vec::new() };
    Capsule { made: NOW, card, people: vec![bo], key: 0 }
}

/// Ana's capsule on its way to Chi.
pub fn keep_capsule() -> Body {
    let sealed = capsule().seal(&ana().words.backup_key().public(), counting(0xd0)).unwrap();
    let door = Some(ana().words.recovery_door_key().verify_key());
    Body::KeepCapsule(KeepCapsule { keeper: Keeper::of(&ana().words).id(), sealed, door })
}

/// The same from a home that was last told the words before they gave doors.
pub fn keep_capsule_without_door() -> Body {
    let Body::KeepCapsule(capsule) = keep_capsule() else { unreachable!("that is what it is") };
    Body::KeepCapsule(KeepCapsule { door: None, ..capsule })
}

/// The libp2p key of somebody's machine.
pub fn machine(of: &Actor) -> SigningKey {
    SigningKey::from_seed(&SecretSeed(derive(&of.entropy, b"", "test machine")))
}

/// One body of every kind, and a claim with an introducer's word.
pub fn bodies() -> Vec<(&'static str, Body)> {
    let mut bodies = vec![
        ("claim", claim()),
        ("welcome", welcome()),
        ("presence", presence()),
        ("card", card_news()),
        ("meeting", meeting_news()),
        ("withdraw", Body::Withdraw),
        ("note", note()),
        ("hand over", hand_over()),
        ("answers", answers()),
        ("resume", resume()),
        ("resume with a grant", resume_with_grant()),
        ("capsule", keep_capsule()),
        ("capsule of before there were doors", keep_capsule_without_door()),
        ("recover", Body::Recover(Recover { skip: 0 })),
        ("vouch", vouch_news()),
        ("acceptance", acceptance_news()),
    ];
    bodies.extend(introduction_letters().into_iter().map(|(name, letter)| (name, Body::Introduction(letter))));
    bodies.push(("introduced claim", introduced_claim()));
    bodies
}

pub fn letter(from: &Actor, to: [u8; 32], id: u8, body: &Body) -> Verified<Letter> {
    from.sign(Letter {
        to,
        id: LetterId(short(id)),
        kind: body.kind(),
        body: Bytes::new(body.to_bytes()).unwrap(),
        sent: NOW.plus(60),
        expires: NOW.plus(60 + limits::LETTER_LIFE),
    })
}

/// Bo's claim, for the key of Ana's code.
pub fn claim_letter() -> Verified<Letter> {
    letter(&bo(), invite_key().public().0, 0x10, &claim())
}

/// Ana withdraws from Bo: the shortest letter.
pub fn withdraw_letter() -> Verified<Letter> {
    letter(&ana(), bo().history().id().0, 0x30, &Body::Withdraw)
}

/// The seed of a sealing.
pub const SEAL_SEED: u8 = 0xa0;

pub fn sealed_claim() -> Sealed {
    let history = Some(bo().history().to_bytes());
    let psk = live_code().shared_secret().letter_key();
    letter::seal(&claim_letter(), history, Vec::new(), &invite_key().public(), &psk, &counting(SEAL_SEED)).unwrap()
}

pub fn sealed_withdraw() -> Sealed {
    let (to, psk) = (bo().encryption().public(), pair().letter_key());
    letter::seal(&withdraw_letter(), None, Vec::new(), &to, &psk, &counting(SEAL_SEED)).unwrap()
}
