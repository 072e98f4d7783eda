//! What stands in each file.

use std::collections::BTreeMap;

use coset::{CborSerializable, CoseSign1};
use data_encoding::HEXLOWER;
use kith_protocol::crypto::derive;
use kith_protocol::disowned::Disowned;
use kith_protocol::engine::{Answer, AnswerSlip, Refusal};
use kith_protocol::hello::{self, Ends, Initiator, Responder, SharedSecret};
use kith_protocol::identity::History;
use kith_protocol::introduction::consent_digest;
use kith_protocol::invite::{self, InviteKind};
use kith_protocol::letter::Body;
use kith_protocol::letter::answers::KeyNews;
use kith_protocol::mailbox::{Close, Collect, Door, Held, Keep, Leave, Request, Response, Slot, Take};
use kith_protocol::nearby::Day;
use kith_protocol::record::{Statement, Verified};
use kith_protocol::recovery::{GivenBack, RecoveryDoor};
use kith_protocol::wire;

use super::annotate::{self, Shape};
use super::cast::{self, Actor, ana, bo, chi};
use super::shapes;

/// One file.
#[derive(serde::Serialize)]
pub struct File {
    about: &'static str,
    pub vectors: Vec<Vector>,
}

/// One message.
#[derive(serde::Serialize)]
pub struct Vector {
    pub name: String,
    about: &'static str,
    /// What it is made from.
    given: BTreeMap<&'static str, String>,
    bytes: String,
    size: usize,
    /// The same bytes with comments.
    pub fields: Vec<String>,
    /// What follows from it.
    gives: BTreeMap<&'static str, String>,
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Vector {
    fn new(name: impl Into<String>, about: &'static str, bytes: &[u8], fields: Vec<String>) -> Self {
        let (raw, size) = (bytes.to_vec(), bytes.len());
        let (given, gives) = (BTreeMap::new(), BTreeMap::new());
        Self { name: name.into(), about, given, bytes: hex(bytes), size, fields, gives, raw }
    }

    fn given(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.given.insert(name, value.into());
        self
    }

    fn gives(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.gives.insert(name, value.into());
        self
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

pub fn all() -> Vec<(&'static str, File)> {
    vec![
        ("identity.json", identity()),
        ("records.json", records()),
        ("codes.json", codes()),
        ("hello.json", hello()),
        ("letters.json", letters()),
        ("bodies.json", bodies()),
        ("answers.json", answers()),
        ("vouches.json", vouches()),
        ("introductions.json", introductions()),
        ("mailboxes.json", mailboxes()),
        ("presence.json", presence()),
        ("disowned.json", disowned()),
        ("nearby.json", nearby()),
        ("recovery.json", recovery()),
    ]
}

fn identity() -> File {
    let ana = ana();
    let history = ana.compromised();
    let whole = wire::encode(&history.to_bytes());
    let whole = Vector::new(
        "history",
        "Inception, one rotation and the notice that k0 had fallen into other hands.",
        &whole,
        annotate::cbor(&whole, "history", shapes::HISTORY),
    )
    .gives("head", hex(&history.head()))
    .gives("keys that count", "1");
    let rotation =
        record("rotation", "Ana's first rotation, from k0 to k1, signed by r1.", &ana.rotation(), shapes::ROTATION);
    let notice = record(
        "compromise",
        "The notice that Ana's keys before k1 had fallen into other hands, signed by r1.",
        &ana.compromise(),
        shapes::COMPROMISE,
    );
    let begin = inception("inception of Ana", "Ana's words, and the id that follows from them.", &ana);
    let other = inception("inception of Bo", "Bo's words, and the id that follows from them.", &bo());
    File { about: "Words, keys and key histories.", vectors: vec![begin, rotation, notice, whole, other] }
}

fn inception(name: &str, about: &'static str, of: &Actor) -> Vector {
    let number = |number| hex(of.words.key(number).verify_key().as_bytes());
    let rotation = |number| hex(of.words.rotation_key(number).verify_key().as_bytes());
    let rotation_seed: [u8; 32] = derive(&of.entropy, &[1], "kith/1/rotation key");
    let inception = wire::encode(&of.history().to_bytes().inception);
    Vector::new(name, about, &inception, annotate::cbor(&inception, "inception", shapes::INCEPTION))
        .given("entropy", hex(&of.entropy))
        .given("words", of.words.words().join(" "))
        .gives("seed of k0", hex(&of.words.key_seed(0).0))
        .gives("seed of k1", hex(&of.words.key_seed(1).0))
        .gives("k0", number(0))
        .gives("k1", number(1))
        .gives("seed of r1", hex(&rotation_seed))
        .gives("r1", rotation(1))
        .gives("r2", rotation(2))
        .gives("identity id", hex(&of.history().id().0))
        .gives("identity id as text", of.history().id().to_string())
}

/// A record with what follows from it.
fn record<T: Statement>(name: &str, about: &'static str, record: &Verified<T>, shape: Shape) -> Vector {
    let cose = CoseSign1::from_slice(record.bytes()).unwrap();
    let aad = format!("kith/1/{}", T::KIND);
    Vector::new(name, about, record.bytes(), annotate::cbor(record.bytes(), "record", shape))
        .given("kind", T::KIND)
        .gives("external_aad", aad.clone())
        .gives("Sig_structure", hex(&cose.tbs_data(aad.as_bytes())))
        .gives("record id", hex(&record.id().0))
        .gives("exported", hex(&[&[0xd2], record.bytes()].concat()))
}

fn records() -> File {
    let vectors = vec![
        record("grant", "Ana's node grant.", &ana().grant(), shapes::GRANT),
        record("card", "Ana's card for her contacts.", &ana().card(), shapes::CARD),
        record("meeting of Ana", "Ana says that the two met.", &ana().sign(cast::meeting()), shapes::MEETING),
        record("meeting of Bo", "Bo says the same.", &bo().sign(cast::meeting()), shapes::MEETING),
        record("claim letter", "Bo's first letter, not sealed yet.", &cast::claim_letter(), shapes::LETTER),
        record("withdraw letter", "Ana's last letter, not sealed yet.", &cast::withdraw_letter(), shapes::LETTER),
    ];
    File { about: "Records, each signed with key number 0. Exported: with tag 18 in front.", vectors }
}

fn codes() -> File {
    let parts =
        [(1, "flags"), (32, "invite key"), (16, "secret"), (4, "expiry"), (1, "length of the name"), (9, "name")];
    let hints = |lens: &[(usize, &'static str)]| -> Vec<(usize, &'static str)> {
        lens.iter().flat_map(|&(len, name)| [(1, "length of the hint"), (len, name)]).collect()
    };
    let code = |name: &str, about, invite: invite::Invite, lens: &[(usize, &'static str)]| {
        let (bytes, shared) = (invite.to_bytes(), invite.shared_secret());
        let layout = [&parts[..], &hints(lens)].concat();
        Vector::new(name, about, &bytes, annotate::layout(&bytes, &layout))
            .given("seed of the invite key", hex(&cast::counting(cast::INVITE_SEED)))
            .gives("code", invite.to_code())
            .gives("link", invite.to_link("ana.example"))
            .gives("shared secret", hex(shared.as_bytes()))
            .gives("locator", hex(&shared.locator().0))
            .gives("letter psk", hex(&shared.letter_key()))
    };
    let live = code("live", "Ana's live code.", cast::live_code(), &[(7, "IPv4, direct, both transports, port 4001")]);
    let printed = code(
        "printed",
        "Ana's printed code.",
        cast::printed_code(),
        &[(7, "IPv4, local network, QUIC, port 4001"), (14, "DNS name, front door, TCP, port 443")],
    );
    let pair = cast::pair();
    let pair = Vector::new(
        "pair",
        "The secret of Ana and Bo.",
        pair.as_bytes(),
        annotate::layout(pair.as_bytes(), &[(32, "pair secret")]),
    )
    .given("shared secret of the code", hex(cast::live_code().shared_secret().as_bytes()))
    .given("pair seed", hex(&cast::counting(cast::PAIR_SEED)))
    .gives("locator", hex(&pair.locator().0))
    .gives("letter psk", hex(&pair.letter_key()))
    .gives("meeting nonce", hex(&cast::meeting_nonce()));
    File { about: "Codes of Ana and the secrets that follow from them.", vectors: vec![live, printed, pair] }
}

fn hello() -> File {
    let ends = Ends { initiator: bo().peer, responder: ana().peer };
    let (ours, theirs) = (cast::short(0x11), cast::short(0x22));
    let (initiator, open) = Initiator::begin(cast::pair(), ends, ours);
    let (responder, reply) = Responder::reply(cast::pair(), ends, &open, theirs).unwrap();
    let (prove, session) = initiator.prove(&reply).unwrap();
    assert_eq!(responder.welcome(&prove), Some(session));
    let message = |name: &str, about, bytes: Vec<u8>, layout: &[(usize, &str)]| {
        Vector::new(name, about, &bytes, annotate::layout(&bytes, layout))
    };
    let open = message(
        "open",
        "Bo names the secret that he means.",
        hello::Request::Open(open).to_bytes(),
        &[(1, "kind"), (16, "locator"), (16, "nonce of the initiator"), (16, "tag")],
    )
    .given("shared secret", hex(cast::pair().as_bytes()))
    .given("peer id of the initiator", hex(&ends.initiator.0))
    .given("peer id of the responder", hex(&ends.responder.0));
    let reply = message(
        "reply",
        "Ana proves first.",
        hello::Response::Reply(reply).to_bytes(),
        &[(1, "kind"), (16, "nonce of the responder"), (32, "proof of the responder")],
    );
    let prove = message(
        "prove",
        "Bo proves too.",
        hello::Request::Prove(prove).to_bytes(),
        &[(1, "kind"), (16, "nonce of the initiator"), (32, "proof of the initiator")],
    )
    .gives("session id", hex(&session.0));
    let welcome = message("welcome", "Letters may follow.", hello::Response::Welcome.to_bytes(), &[(1, "kind")]);
    File { about: "One hello under the secret of the pair.", vectors: vec![open, reply, prove, welcome] }
}

fn letters() -> File {
    let sealed = |name: &str, about, sealed: &kith_protocol::letter::Sealed, to: &Actor| {
        let inside = [(1, "version"), (32, "encapsulated key"), (sealed.bytes.len() - 49, "ciphertext"), (16, "tag")];
        Vector::new(name, about, &sealed.bytes, annotate::layout(&sealed.bytes, &inside))
            .given("seed of the sealing", hex(&cast::counting(cast::SEAL_SEED)))
            .gives("receipt", hex(&sealed.receipts.handled()))
            .gives("receipt of refusal 20", hex(&sealed.receipts.refused(20)))
            .given("for", to.name)
    };
    let envelope = |name: &str, about, letter: &Verified<kith_protocol::letter::Letter>, history| {
        let letter = wire::Bytes::new(letter.bytes().to_vec()).unwrap();
        let bytes = wire::encode(&kith_protocol::letter::Envelope { history, events: Vec::new(), letter });
        Vector::new(name, about, &bytes, annotate::cbor(&bytes, "envelope", shapes::ENVELOPE))
    };
    let withdraw = sealed("withdraw", "Ana's last letter to Bo, sealed.", &cast::sealed_withdraw(), &bo())
        .given("letter psk", hex(&cast::pair().letter_key()))
        .given("seed of the encryption key", hex(&bo().encryption_seed))
        .given("encryption key", hex(&bo().encryption().public().0));
    let claim = sealed("claim", "Bo's first letter, sealed to the key of Ana's code.", &cast::sealed_claim(), &ana())
        .given("letter psk", hex(&cast::live_code().shared_secret().letter_key()))
        .given("seed of the encryption key", hex(&cast::counting(cast::INVITE_SEED)))
        .given("encryption key", hex(&cast::invite_key().public().0));
    let history = Some(bo().history().to_bytes());
    File {
        about: "Letters, sealed, with the envelope that is inside.",
        vectors: vec![
            envelope("envelope of withdraw", "What is sealed in the first one.", &cast::withdraw_letter(), None),
            withdraw,
            envelope("envelope of claim", "What is sealed in the second one.", &cast::claim_letter(), history),
            claim,
        ],
    }
}

fn bodies() -> File {
    let shape = |kind: &str| match kind {
        "claim" | "introduced claim" => shapes::CLAIM,
        "welcome" => shapes::WELCOME,
        "presence" => shapes::PRESENCE,
        "card" => shapes::CARD_NEWS,
        "note" => shapes::NOTE,
        "hand over" => shapes::HAND_OVER,
        "answers" => shapes::ANSWERS,
        "resume" | "resume with a grant" => shapes::RESUME,
        "capsule" | "capsule of before there were doors" => shapes::KEEP_CAPSULE,
        "recover" => shapes::RECOVER,
        "vouch" => shapes::VOUCH_NEWS,
        "acceptance" => shapes::ACCEPTANCE_NEWS,
        "ask" => shapes::ASK_LETTER,
        "returned" => shapes::RETURNED,
        "propose" => shapes::PROPOSE,
        "consent" => shapes::CONSENT_LETTER,
        "later" => shapes::LATER,
        "offer" => shapes::OFFER,
        "suggest" => shapes::SUGGEST,
        "outcome" => shapes::OUTCOME,
        "declined" | "willing" | "done" | "withdrawn" => shapes::ABOUT,
        _ => shapes::MEETING_NEWS,
    };
    let vectors = cast::bodies().into_iter().map(|(kind, body)| {
        let bytes = body.to_bytes();
        let fields = if bytes.is_empty() { Vec::new() } else { annotate::cbor(&bytes, "body", shape(kind)) };
        Vector::new(kind, "A body of this kind.", &bytes, fields).given("kind", body.kind().to_string())
    });
    File { about: "One body of every kind of letter.", vectors: vectors.collect() }
}

fn vouches() -> File {
    let bytes = |name: &str, about, bytes: Vec<u8>, shape| {
        Vector::new(name, about, &bytes, annotate::cbor(&bytes, name, shape))
    };
    let content = wire::encode(&cast::vouch_content());
    let digest = hex(&kith_protocol::crypto::sha256(&[&content]));
    let vectors = vec![
        bytes("content", "What Bo says of Ana.", content, shapes::CONTENT).gives("digest", digest),
        record("vouch", "Bo says it, with their meeting as evidence.", &cast::vouch(), shapes::VOUCH),
        record("acceptance", "Ana lets contacts of either read it.", &cast::acceptance(), shapes::ACCEPTANCE),
        record("revocation", "Bo says it no more.", &cast::revocation(), shapes::VOUCH),
        bytes("vouched", "The vouch as others are shown it.", wire::encode(&cast::vouched()), shapes::VOUCHED),
        bytes("export", "The vouch in a file of its own.", wire::encode(&cast::vouch_export()), shapes::EXPORT),
    ];
    File { about: "Vouches and the subject's word for them, each signed with key number 0.", vectors }
}

fn nearby() -> File {
    let seed = cast::presence_seed();
    let today = Day::of(cast::NOW);
    let name = |day: Day| {
        let bytes = seed.name_of(day).0;
        let fields = annotate::layout(&bytes, &[(32, "key")]);
        Vector::new(format!("day {}", day.0), "The name on this day: the key that a PeerId is made of.", &bytes, fields)
            .given("presence seed", hex(cast::presence_seed().as_bytes()))
            .given("day", day.0.to_string())
    };
    File { about: "The names of Ana's node on a local network.", vectors: today.around().map(name).into() }
}

fn recovery() -> File {
    let (ana, chi) = (ana(), chi());
    let owner = ana.words.recovery_door_key().verify_key();
    let door = RecoveryDoor::of_node(&cast::machine(&chi), &owner);
    let secret = door.secret();
    let shared = Vector::new(
        "door",
        "The shared secret of the door that Chi's node opens for who has Ana's words.",
        secret.as_bytes(),
        annotate::layout(secret.as_bytes(), &[(32, "shared secret")]),
    )
    .given("entropy of the words", hex(&ana.entropy))
    .given("seed of the node's key", hex(&derive::<32>(&chi.entropy, b"", "test machine")))
    .given("peer id of the node", hex(&chi.peer.0))
    .gives("key of recovery doors", hex(owner.as_bytes()))
    .gives("locator", hex(&secret.locator().0))
    .gives("key that a wish is sealed to", hex(&door.addressee().key.0));
    File { about: "How who has nothing but words and an address is let in.", vectors: vec![shared] }
}

const DAY_RECORD: [(usize, &str); 7] = [
    (1, "version"),
    (4, "day"),
    (4, "second of the day"),
    (32, "encapsulated key"),
    (903, "ciphertext"),
    (16, "tag"),
    (64, "signature"),
];

fn presence() -> File {
    let (seed, record) = (cast::presence_seed(), cast::day_record());
    let said = wire::encode(&cast::whereabouts());
    let key_of = |day: Day| {
        let key = seed.key_of(day).unwrap();
        let fields = annotate::layout(key.as_bytes(), &[(32, "key")]);
        Vector::new(
            format!("key of day {}", day.0),
            "Under which Ana's record of this day lies.",
            key.as_bytes(),
            fields,
        )
        .given("presence secret", hex(&cast::counting(0xd0)))
        .given("presence seed", hex(seed.as_bytes()))
        .given("day", day.0.to_string())
    };
    let mut vectors: Vec<Vector> = Day::of(cast::NOW).around().map(key_of).into();
    let fields = annotate::cbor(&said, "whereabouts", shapes::WHEREABOUTS);
    vectors.push(Vector::new("whereabouts", "What Ana says of where she is.", &said, fields));
    vectors.push(
        Vector::new(
            "record",
            "The whereabouts with their length in front and zeros behind, sealed and signed.",
            record.as_bytes(),
            annotate::layout(record.as_bytes(), &DAY_RECORD),
        )
        .given("presence secret", hex(&cast::counting(0xd0)))
        .given("now", cast::NOW.secs().to_string())
        .given("seed of the sealing", hex(&cast::counting(cast::SEAL_SEED)))
        .gives("key", hex(record.key().as_bytes())),
    );
    File { about: "Where Ana is on a day, as strangers keep it for her contacts.", vectors }
}

fn disowned() -> File {
    let (words, record) = (ana().words, cast::disowned_record());
    let key = words.key(0).verify_key();
    let said = wire::encode(&cast::disowned());
    let today = Disowned::key_of(&key, Day::of(cast::NOW)).unwrap();
    let vectors = vec![
        Vector::new(
            "key of the day",
            "Where whoever knows k0 looks whether it was given up.",
            today.as_bytes(),
            annotate::layout(today.as_bytes(), &[(32, "key")]),
        )
        .given("k0", hex(key.as_bytes()))
        .given("day", Day::of(cast::NOW).0.to_string()),
        Vector::new(
            "disowned",
            "What came after k0: the rotation to k1 and the notice.",
            &said,
            annotate::cbor(&said, "disowned", shapes::DISOWNED),
        ),
        Vector::new(
            "record",
            "The same with its length in front and zeros behind, sealed, and signed with the key of the day.",
            record.as_bytes(),
            annotate::layout(record.as_bytes(), &DAY_RECORD),
        )
        .given("secret of k0", hex(&words.key_seed(0).0))
        .given("now", cast::NOW.secs().to_string())
        .given("seed of the sealing", hex(&cast::counting(cast::SEAL_SEED)))
        .gives("key", hex(record.key().as_bytes())),
    ];
    File { about: "What Ana says of her first key, under that key, after it was stolen.", vectors }
}

fn mailboxes() -> File {
    let (key, pass, code) = (cast::mailbox_key(), cast::pass(), cast::live_code().shared_secret());
    let parcel = || wire::Bytes::new(cast::sealed_withdraw().bytes).unwrap();
    let door = Door { peer: ana().peer, hints: vec![ana().hint()] };
    let sealed = door.seal(&code, cast::counting(cast::SEAL_SEED)).unwrap();
    let with_kind = |name: &str, about, bytes: Vec<u8>, shape| {
        let mut fields = annotate::layout(&bytes[..1], &[(1, "kind")]);
        fields.extend(annotate::cbor(&bytes[1..], name, shape));
        Vector::new(name, about, &bytes, fields)
    };
    let request = |name: &str, about, request: Request, shape| with_kind(name, about, request.to_bytes(), shape);
    let leave =
        Leave { mailbox: Some(pass.mailbox), label: pass.label, token: pass.token, parcel: parcel(), replaces: false };
    let (label, token) = (code.mailbox_label(), code.mailbox_token());
    let by_code = Leave { mailbox: None, label, token, ..leave.clone() };
    let slot = Slot { label, token, until: cast::NOW.plus(900), most: 4, door: sealed.clone() };
    let keep = Keep { key: key.clone(), slots: vec![slot], void: vec![pass.label] };
    let held = Held { number: 1, label: pass.label, parcel: parcel() };
    let receipts = cast::sealed_claim().receipts;
    let slip = AnswerSlip {
        letter: cast::claim_letter().id,
        answer: Answer::Refused(Refusal::InviteUsed, receipts.refused(Refusal::InviteUsed.number())),
    };
    let slip = slip.to_bytes();
    let inside = [(16, "letter id"), (1, "length of the answer"), (1, "answer"), (32, "receipt"), (14, "zeros")];
    let plain = |name: &str, about, response: Response| {
        let bytes = response.to_bytes();
        Vector::new(name, about, &bytes, annotate::layout(&bytes, &[(1, "kind")]))
    };
    let record = Box::new(cast::day_record());
    let by_layout = |name: &str, about, bytes: Vec<u8>, with_record: bool| {
        let parts = [(1, "kind"), (32, "key of the day"), (1_024, "record")];
        Vector::new(name, about, &bytes, annotate::layout(&bytes, if with_record { &parts } else { &parts[..2] }))
    };
    let stored = Response::Stored(sealed.clone()).to_bytes();
    let stored_inside =
        [(1, "kind"), (32, "encapsulated key"), (sealed.as_slice().len() - 48, "ciphertext"), (16, "tag")];
    let (collect, take) =
        (Collect { key: key.clone(), after: 0, wait: 50 }, Take { key: key.clone(), numbers: vec![1] });
    let opened = wire::encode(&door);
    File {
        about: "Ana's mailbox at Chi's node, by a pass that she gave Bo and by her live code.",
        vectors: vec![
            request("leave with a pass", "Bo leaves a letter for Ana.", Request::Leave(leave), shapes::LEAVE)
                .given("key of the mailbox", hex(&cast::counting(0xb0)))
                .given("person id", hex(&[0xb7; 10])),
            request("leave by a code", "Who scanned Ana's code leaves one.", Request::Leave(by_code), shapes::LEAVE)
                .given("shared secret", hex(code.as_bytes())),
            request("keep", "Ana says what leads to her mailbox.", Request::Keep(keep), shapes::KEEP),
            request("collect", "Ana asks what lies there.", Request::Collect(collect), shapes::COLLECT),
            request("take", "Ana has what had number 1.", Request::Take(take), shapes::TAKE),
            request("close", "Ana gives it up.", Request::Close(Close { key }), shapes::CLOSE),
            Vector::new(
                "door",
                "What is sealed in the next one.",
                &opened,
                annotate::cbor(&opened, "door", shapes::DOOR),
            ),
            Vector::new(
                "stored",
                "It lies there; this is Ana's door.",
                &stored,
                annotate::layout(&stored, &stored_inside),
            )
            .given("shared secret", hex(code.as_bytes()))
            .given("seed of the sealing", hex(&cast::counting(cast::SEAL_SEED))),
            plain("done", "So it is.", Response::Done),
            with_kind("parcels", "What lies there.", Response::Parcels(vec![held]).to_bytes(), shapes::PARCELS),
            by_layout("post", "Ana's node has this put into the DHT.", Request::Post(record.clone()).to_bytes(), true),
            by_layout("seek", "Bo's node looks for it.", Request::Seek(record.key()).to_bytes(), false),
            by_layout("found", "There it is.", Response::Found(record).to_bytes(), true),
            plain("no", "Not here.", Response::No),
            plain("full", "There is no room.", Response::Full),
            Vector::new(
                "slip",
                "An answer to Bo's claim, left in his mailbox.",
                &slip,
                annotate::layout(&slip, &inside),
            ),
        ],
    }
}

fn introductions() -> File {
    let ask = record("ask", "Ana asks Bo to introduce her.", &cast::ask(), shapes::ASK);
    let consent =
        record("consent", "Chi says yes to Ana, with a code for her alone.", &cast::consent(), shapes::CONSENT)
            .given("seed of the key of the code", hex(&cast::counting(cast::CONSENT_SEED)))
            .gives("shared secret of the code", hex(consent_secret().as_bytes()))
            .gives("letter psk", hex(&consent_secret().letter_key()));
    let opened = wire::encode(&cast::opened_consent());
    let (text, shape) = ("What Chi seals to Ana's reply key.", shapes::OPENED_CONSENT);
    let opened = Vector::new("opened consent", text, &opened, annotate::cbor(&opened, "opened consent", shape));
    let sealed = cast::sealed_consent();
    let inside = [(32, "encapsulated key"), (sealed.as_slice().len() - 48, "ciphertext"), (16, "tag")];
    let ask_id = cast::ask().id();
    let psk: [u8; 32] = derive(&ask_id.0, b"", "kith/1/consent");
    let text = "The opened consent with its length in front and zeros behind, sealed: what Bo carries.";
    let sealed = Vector::new("sealed consent", text, sealed.as_slice(), annotate::layout(sealed.as_slice(), &inside))
        .given("record id of the ask", hex(&ask_id.0))
        .given("seed of the reply key", hex(&cast::counting(cast::REPLY_SEED)))
        .given("reply key", hex(&cast::reply_key().public().0))
        .given("seed of the sealing", hex(&cast::counting(cast::SEAL_SEED)))
        .gives("psk", hex(&psk))
        .gives("digest", hex(&consent_digest(&sealed)));
    let introduction = record(
        "introduction",
        "Bo says that he brought the two together.",
        &cast::introduction(),
        shapes::INTRODUCTION,
    );
    let whom = inception("inception of Chi", "Chi's words, and the id that follows from them.", &chi());
    File {
        about: "An introduction of Ana to Chi by Bo; each record is signed with key number 0.",
        vectors: vec![whom, ask, consent, opened, sealed, introduction],
    }
}

/// What the code in the consent leads to.
fn consent_secret() -> SharedSecret {
    let consent = cast::consent();
    invite::shared_secret(InviteKind::Live, &consent.key, &consent.secret, consent.expires)
}

fn answers() -> File {
    let receipts = cast::sealed_withdraw().receipts;
    let proven = [(1, "kind"), (32, "receipt")];
    let mut vectors = vec![
        answer("handled", &Answer::Handled(receipts.handled()), &proven),
        answer("later", &Answer::Later, &[(1, "kind")]),
        answer("keys missing", &Answer::KeysMissing, &[(1, "kind")]),
        answer("stored", &Answer::Stored, &[(1, "kind")]),
        replaced(),
        given_back(),
        key_changed(),
        seal_anew(),
    ];
    let refusals = [
        ("refused: expired", Refusal::Expired),
        ("refused: code used", Refusal::InviteUsed),
        ("refused: code revoked", Refusal::InviteRevoked),
        ("refused: code expired", Refusal::InviteExpired),
        ("refused: not accepted", Refusal::NotAccepted),
    ];
    let refused = |refusal: Refusal| Answer::Refused(refusal, receipts.refused(refusal.number()));
    vectors.extend(refusals.map(|(name, refusal)| answer(name, &refused(refusal), &proven)));
    File { about: "What a node says to a letter; the receipts are those of the sealed letter \"withdraw\".", vectors }
}

fn replaced() -> Vector {
    let grant = ana().grant().bytes().to_vec();
    let length = grant.len();
    let bounded = wire::Bytes::new(grant).unwrap();
    answer("replaced", &Answer::Replaced(bounded), &[(1, "kind"), (length, "grant of the sender")])
}

fn given_back() -> Vector {
    let Body::KeepCapsule(kept) = cast::keep_capsule() else { unreachable!("that is what it is") };
    let given_back = GivenBack { history: ana().history().to_bytes(), sealed: kept.sealed };
    let bytes = wire::encode(&given_back);
    let length = bytes.len();
    let bounded = wire::Bytes::new(bytes).unwrap();
    answer("given back", &Answer::GivenBack(bounded), &[(1, "kind"), (length, "history and sealed capsule")])
}

fn key_changed() -> Vector {
    let words = &ana().words;
    let mut history = History::begin(words);
    let rotation = history.rotate(words).unwrap();
    history.learn(rotation.bytes()).unwrap();
    let bytes = KeyNews::of(vec![rotation.bytes().to_vec()], None).to_bytes().unwrap();
    let length = bytes.as_slice().len();
    answer("key changed", &Answer::KeyChanged(bytes), &[(1, "kind"), (length, "later key events of the sender")])
}

fn seal_anew() -> Vector {
    let grant = wire::Bytes::new(ana().grant().bytes().to_vec()).unwrap();
    let bytes = KeyNews::of(Vec::new(), Some(grant)).to_bytes().unwrap();
    let length = bytes.as_slice().len();
    answer("seal anew", &Answer::SealAnew(bytes), &[(1, "kind"), (length, "grant of who answers")])
}

fn answer(name: &str, answer: &Answer, layout: &[(usize, &str)]) -> Vector {
    let bytes = answer.to_bytes();
    Vector::new(name, "An answer.", &bytes, annotate::layout(&bytes, layout))
}
