//! Arbitrary values of every type on the wire.

use kith_protocol::address::{Hint, Host, Reach, Transports};
use kith_protocol::card::{CardView, Field, FieldKind, Tier};
use kith_protocol::crypto::seal::EncryptionKey;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey, VerifyKey};
use kith_protocol::day_record::DayRecord;
use kith_protocol::id::{IdentityId, IntroId, LetterId, Locator, MailboxId, PeerId, RecordId, VouchSlot};
use kith_protocol::identity::{Compromise, HistoryBytes, Inception, NodeGrant, Rotation};
use kith_protocol::introduction::{Ask, Consent, Introduction, OpenedConsent, Purpose};
use kith_protocol::invite::{Invite, InviteKind};
use kith_protocol::letter::answers::{AnswerTo, Answers};
use kith_protocol::letter::body::{CardNews, Claim, KeepCapsule, MeetingNews, Presence, Recover, Resume, Welcome};
use kith_protocol::letter::handover::HandOver;
use kith_protocol::letter::introduction::{
    AskLetter, ConsentLetter, End, IntroductionLetter, Later, Offer, Outcome, Propose, Returned, Suggest,
};
use kith_protocol::letter::note::NoteLetter;
use kith_protocol::letter::vouch::{VouchLetter, VouchNews};
use kith_protocol::letter::{Body, Envelope, Letter};
use kith_protocol::limits;
use kith_protocol::mailbox::{self, Close, Collect, Held, Keep, Leave, MailboxKey, Parcel, Pass, Slot, Take};
use kith_protocol::meeting::Meeting;
use kith_protocol::nearby::PresenceSeed;
use kith_protocol::presence::{PresenceSecret, Whereabouts};
use kith_protocol::text::{Line, Text, Words};
use kith_protocol::time::Timestamp;
use kith_protocol::vouch::{
    Acceptance, Basis, Evidence, EvidenceKind, Interest, Strength, Vouch, VouchContent, VouchExport, VouchReach,
    Vouched,
};
use kith_protocol::wire::{self, Bytes};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{reference, values};

fn line<const MAX: usize>() -> impl Strategy<Value = Line<MAX>> {
    any::<String>().prop_map(|text| Line::cut(&text).unwrap_or_else(|| Line::new("Ana").unwrap()))
}

/// Up to three lines, or nothing.
fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    vec(line::<80>(), 0..4).prop_map(|lines| {
        let lines: Vec<&str> = lines.iter().map(Line::as_str).collect();
        Text::new(&lines.join("\n")).unwrap()
    })
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0..=limits::LATEST_TIME, Just(limits::LATEST_TIME), 0..30_u64].prop_map(Timestamp::from_secs)
}

fn key() -> impl Strategy<Value = VerifyKey> {
    any::<[u8; 32]>().prop_map(|seed| SigningKey::from_seed(&SecretSeed(seed)).verify_key())
}

fn blob<const MAX: usize>(most: usize) -> impl Strategy<Value = Bytes<MAX>> {
    vec(any::<u8>(), 0..most).prop_map(|bytes| Bytes::new(bytes).unwrap())
}

/// Answers, right ones and almost right ones: 33 bytes or so with a first byte that may mean something.
pub fn answer() -> impl Strategy<Value = Vec<u8>> {
    (0..40_u8, prop_oneof![Just(32_usize), 0..40_usize], any::<[u8; 40]>())
        .prop_map(|(first, len, bytes)| [&[first][..], &bytes[..len]].concat())
}

/// Bytes that nobody meant, some of them almost right.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let broken = (value(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|((_, mut bytes), at, byte)| {
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    prop_oneof![vec(any::<u8>(), 0..700), broken, item().prop_map(|item| item.write())]
}

/// CBOR that is well formed and means nothing.
fn item() -> impl Strategy<Value = reference::Item> {
    use reference::Item;
    let leaf = prop_oneof![
        any::<u64>().prop_map(Item::Uint),
        (0..30_u64).prop_map(Item::Uint),
        any::<u64>().prop_map(Item::Negative),
        vec(any::<u8>(), 0..40).prop_map(Item::Bytes),
        ".{0,20}".prop_map(Item::Text),
        any::<bool>().prop_map(Item::Bool),
    ];
    leaf.prop_recursive(10, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Item::List),
            vec((inner.clone(), inner), 0..6).prop_map(Item::Map)
        ]
    })
}

pub fn hint() -> impl Strategy<Value = Hint> {
    let host = prop_oneof![
        any::<[u8; 4]>().prop_map(|ip| Host::Ip4(ip.into())),
        any::<[u8; 16]>().prop_map(|ip| Host::Ip6(ip.into())),
        "[a-z0-9.-]{1,64}".prop_map(|name| Host::Dns(Line::new(&name).unwrap())),
    ];
    let reach = prop_oneof![
        select(vec![Reach::Direct, Reach::Lan, Reach::FrontDoor]),
        any::<[u8; 32]>().prop_map(|relay| Reach::Relayed(PeerId(relay))),
    ];
    let transports = select(vec![Transports::Tcp, Transports::Quic, Transports::Both]);
    (reach, host, any::<u16>(), transports).prop_map(|(reach, host, port, transports)| Hint {
        reach,
        host,
        port,
        transports,
    })
}

pub fn invite() -> impl Strategy<Value = Invite> {
    let kind = select(vec![InviteKind::Live, InviteKind::Printed]);
    (kind, any::<[u8; 32]>(), any::<[u8; 16]>(), any::<u32>(), line(), vec(hint(), 0..9)).prop_map(
        |(kind, key, secret, expires, name, hints)| {
            let expires = Timestamp::from_secs(u64::from(expires));
            Invite { kind, key: EncryptionKey(key), secret, expires, name, hints }
        },
    )
}

pub fn card() -> impl Strategy<Value = CardView> {
    let field = (1..=255_u8, line()).prop_map(|(kind, value)| Field { kind: FieldKind::from_number(kind), value });
    (any::<u64>(), select(Tier::ALL.to_vec()), time(), line(), vec(field, 0..10))
        .prop_map(|(seq, tier, signed_at, name, fields)| CardView { seq, tier, signed_at, name, fields })
}

fn inception() -> impl Strategy<Value = Inception> {
    (key(), any::<[u8; 32]>()).prop_map(|(key, next)| Inception { key, next })
}

fn rotation() -> impl Strategy<Value = Rotation> {
    (any::<[u8; 32]>(), any::<u8>(), key(), key(), any::<[u8; 32]>())
        .prop_map(|(previous, number, key, rotation_key, next)| Rotation { previous, number, key, rotation_key, next })
}

fn grant() -> impl Strategy<Value = NodeGrant> {
    (any::<u32>(), any::<u64>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), time(), time()).prop_map(
        |(generation, seq, head, peer, encryption, not_before, not_after)| NodeGrant {
            generation,
            seq,
            head,
            peer: PeerId(peer),
            encryption: EncryptionKey(encryption),
            not_before,
            not_after,
        },
    )
}

fn meeting() -> impl Strategy<Value = Meeting> {
    (any::<[u8; 32]>(), any::<[u8; 32]>(), option::of(line()), time(), any::<[u8; 16]>()).prop_map(
        |(one, other, event, day, nonce)| Meeting::of(IdentityId(one), IdentityId(other), event, day.day(), nonce),
    )
}

fn letter() -> impl Strategy<Value = Letter> {
    (any::<[u8; 32]>(), any::<[u8; 16]>(), any::<u8>(), blob(300), time(), time())
        .prop_map(|(to, id, kind, body, sent, expires)| Letter { to, id: LetterId(id), kind, body, sent, expires })
}

fn history() -> impl Strategy<Value = HistoryBytes> {
    (inception(), vec(blob(300), 0..3), vec(blob(300), 0..3))
        .prop_map(|(inception, rotations, compromises)| HistoryBytes { inception, rotations, compromises })
}

fn envelope() -> impl Strategy<Value = Envelope> {
    (option::of(history()), vec(blob(300), 0..3), blob(600)).prop_map(|(history, events, letter)| Envelope {
        history,
        events,
        letter,
    })
}

fn reach() -> impl Strategy<Value = VouchReach> {
    select(vec![VouchReach::UsTwo, VouchReach::Contacts, VouchReach::Public])
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (select(vec![EvidenceKind::Meeting, EvidenceKind::Introduction]), any::<[u8; 32]>())
        .prop_map(|(kind, record)| Evidence { kind, record: RecordId(record) })
}

fn vouch() -> impl Strategy<Value = Vouch> {
    let place = (any::<[u8; 32]>(), any::<[u8; 4]>(), any::<u64>(), time());
    let terms = (option::of(blob(300)), option::of(reach()), option::of(time()), vec(evidence(), 0..4));
    (place, terms).prop_map(|((subject, slot, seq, issued), (content, reach, expires, evidence))| {
        let (subject, slot) = (IdentityId(subject), VouchSlot(slot));
        Vouch { subject, slot, seq, issued, content, reach, expires, evidence }
    })
}

fn content() -> impl Strategy<Value = VouchContent> {
    use Basis::{Client, Colleague, Mentor, Met, Other, Partner, Supplier};
    let basis = select(vec![Client, Supplier, Colleague, Partner, Mentor, Met, Other]);
    let kinds = [Interest::None, Interest::Family, Interest::Financial, Interest::Employer, Interest::Other];
    let interest = (select(kinds.to_vec()), option::of(line()));
    let years = (option::of(any::<u16>()), option::of(any::<u16>()));
    (basis, vec(line(), 0..9), years, line(), 1..=3_u8, interest).prop_map(
        |(basis, skills, (since, until), words, strength, (interest, interest_words))| {
            let strength = Strength::new(strength).unwrap();
            VouchContent { basis, skills, since, until, words, strength, interest, interest_words }
        },
    )
}

fn acceptance() -> impl Strategy<Value = Acceptance> {
    (any::<[u8; 32]>(), any::<[u8; 4]>(), any::<[u8; 32]>(), reach(), time()).prop_map(
        |(issuer, slot, content, reach, since)| {
            let (issuer, slot) = (IdentityId(issuer), VouchSlot(slot));
            Acceptance { issuer, slot, content, reach, since }
        },
    )
}

fn export() -> impl Strategy<Value = VouchExport> {
    (history(), blob(400), option::of(history()), option::of(blob(300)))
        .prop_map(|(issuer, vouch, subject, acceptance)| VouchExport { issuer, vouch, subject, acceptance })
}

fn intro_id() -> impl Strategy<Value = IntroId> {
    any::<[u8; 16]>().prop_map(IntroId)
}

fn ask() -> impl Strategy<Value = Ask> {
    use Purpose::{Advice, Client, Hiring, Other, Partner};
    let whom = (intro_id(), any::<[u8; 32]>(), line(), option::of(any::<[u8; 32]>()));
    let what = (select(vec![Advice, Client, Partner, Hiring, Other]), text(), text());
    (whom, what, time(), time(), any::<[u8; 32]>()).prop_map(
        |((id, introducer, target, target_id), (purpose, why, blurb), asked, expires, reply_key)| {
            let (introducer, target_id) = (IdentityId(introducer), target_id.map(IdentityId));
            let reply_key = EncryptionKey(reply_key);
            Ask { id, introducer, target, target_id, purpose, why, blurb, asked, expires, reply_key }
        },
    )
}

fn consent() -> impl Strategy<Value = Consent> {
    let code = (any::<[u8; 32]>(), any::<[u8; 16]>(), time());
    (intro_id(), any::<[u8; 32]>(), code, blob(400), vec(hint(), 0..9), option::of(any::<[u8; 32]>())).prop_map(
        |(id, ask, (key, secret, expires), card, hints, node)| {
            let (ask, key, node) = (RecordId(ask), EncryptionKey(key), node.map(PeerId));
            Consent { id, ask, key, secret, expires, card, hints, node }
        },
    )
}

fn introduction() -> impl Strategy<Value = Introduction> {
    (intro_id(), any::<[[u8; 32]; 6]>(), time()).prop_map(
        |(id, [asker, target, asker_head, target_head, ask, consent], at)| {
            let (asker, target, ask) = (IdentityId(asker), IdentityId(target), RecordId(ask));
            Introduction { id, asker, target, asker_head, target_head, ask, consent, at }
        },
    )
}

pub fn opened_consent() -> impl Strategy<Value = OpenedConsent> {
    (history(), blob(1_500)).prop_map(|(history, consent)| OpenedConsent { history, consent })
}

fn vouched() -> impl Strategy<Value = Vouched> {
    (blob(400), blob(300)).prop_map(|(vouch, acceptance)| Vouched { vouch, acceptance })
}

fn introduction_letter() -> impl Strategy<Value = IntroductionLetter> {
    use IntroductionLetter as Is;
    let shown = || (option::of(line()), option::of(vouched()));
    prop_oneof![
        (blob(500), blob(400)).prop_map(|(ask, card)| Is::Ask(AskLetter { ask, card })),
        (intro_id(), line()).prop_map(|(id, note)| Is::Returned(Returned { id, note })),
        (blob(500), history(), blob(400), line(), shown()).prop_map(|(ask, history, card, note, (known, vouched))| {
            Is::Propose(Propose { ask, history, card, note, known, vouched })
        }),
        (intro_id(), blob(900)).prop_map(|(id, sealed)| Is::Consent(ConsentLetter { id, sealed })),
        intro_id().prop_map(Is::Declined),
        (intro_id(), time()).prop_map(|(id, until)| Is::Later(Later { id, until })),
        (intro_id(), blob(900), blob(400), shown()).prop_map(|(id, sealed, introduction, (known, vouched))| {
            Is::Offer(Offer { id, sealed, introduction, known, vouched })
        }),
        (intro_id(), select(vec![End::Asker, End::Target]), line(), time())
            .prop_map(|(id, end, note, expires)| Is::Suggest(Suggest { id, end, note, expires })),
        intro_id().prop_map(Is::Willing),
        intro_id().prop_map(Is::Done),
        (intro_id(), any::<bool>(), any::<bool>(), option::of(line()))
            .prop_map(|(id, met, useful, thanks)| Is::Outcome(Outcome { id, met, useful, thanks })),
        intro_id().prop_map(Is::Withdrawn),
    ]
}

fn other_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (
            blob(400),
            blob(300),
            any::<[u8; 32]>(),
            vec(hint(), 0..9),
            time(),
            option::of(blob(300)),
            vec(pass(), 0..3),
            presence_seed()
        )
            .prop_map(|(card, grant, seed, hints, scanned_at, introduction, mailboxes, presence)| {
                Body::Claim(Claim {
                    card,
                    grant,
                    pair_seed: SecretSeed(seed),
                    hints,
                    scanned_at,
                    introduction,
                    mailboxes,
                    presence,
                })
            }),
        (
            any::<[u8; 32]>(),
            blob(400),
            blob(300),
            vec(hint(), 0..9),
            option::of(line()),
            any::<bool>(),
            vec(pass(), 0..3),
            presence_seed()
        )
            .prop_map(|(invite, card, grant, hints, event, late, mailboxes, presence)| {
                Body::Welcome(Welcome {
                    invite: EncryptionKey(invite),
                    card,
                    grant,
                    hints,
                    event,
                    late,
                    mailboxes,
                    presence,
                })
            }),
        (blob(300), any::<u64>(), vec(hint(), 0..9), vec(pass(), 0..3), presence_seed()).prop_map(
            |(grant, counter, hints, mailboxes, seed)| {
                Body::Presence(Presence { grant, counter, hints, mailboxes, seed })
            }
        ),
        blob(400).prop_map(|card| Body::Card(CardNews { card })),
        blob(400).prop_map(|record| Body::Meeting(MeetingNews { record })),
        Just(Body::Withdraw),
        blob(400).prop_map(|record| Body::Vouch(VouchLetter::Vouch(VouchNews { record }))),
        blob(400).prop_map(|record| Body::Vouch(VouchLetter::Acceptance(VouchNews { record }))),
        (line::<80>(), text::<300>())
            .prop_map(|(first, rest)| Words::new(&format!("{first}\n{rest}")).unwrap())
            .prop_map(|words| Body::Note(NoteLetter { words })),
        handover().prop_map(Body::HandOver),
        vec((any::<[u8; 16]>(), any::<u8>()), 0..65).prop_map(|all| {
            let one = |(letter, answer)| AnswerTo { letter: LetterId(letter), answer };
            Body::Answers(Answers { all: all.into_iter().map(one).collect() })
        }),
        (time(), option::of(blob(400))).prop_map(|(since, grant)| Body::Resume(Resume { since, grant })),
        (any::<[u8; 32]>(), blob(400), option::of(key())).prop_map(|(keeper, sealed, door)| {
            Body::KeepCapsule(KeepCapsule { keeper: IdentityId(keeper), sealed, door })
        }),
        any::<u32>().prop_map(|skip| Body::Recover(Recover { skip })),
    ]
}

/// A right to leave letters in somebody's mailbox.
fn presence_seed() -> impl Strategy<Value = Option<PresenceSeed>> {
    option::of(any::<[u8; 32]>().prop_map(PresenceSeed::new))
}

pub fn pass() -> impl Strategy<Value = Pass> {
    (any::<[u8; 32]>(), vec(hint(), 0..5), any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(
        |(host, hints, mailbox, label, token)| Pass {
            host: PeerId(host),
            hints,
            mailbox: MailboxId(mailbox),
            label: Locator(label),
            token,
        },
    )
}

fn parcel() -> impl Strategy<Value = Parcel> {
    select(vec![64, 512, 1024]).prop_map(|length| Bytes::new(vec![7; length]).unwrap())
}

fn slot() -> impl Strategy<Value = Slot> {
    (any::<[u8; 16]>(), any::<[u8; 16]>(), time(), any::<u16>(), blob(300)).prop_map(
        |(label, token, until, most, door): (_, _, _, _, Bytes<{ limits::MAILBOX_DOOR }>)| Slot {
            label: Locator(label),
            token,
            until,
            most,
            door,
        },
    )
}

/// What is said to a mailbox.
pub fn mailbox_request() -> impl Strategy<Value = mailbox::Request> {
    let key = || any::<[u8; 32]>().prop_map(MailboxKey::new);
    let label = || any::<[u8; 16]>().prop_map(Locator);
    prop_oneof![
        (option::of(any::<[u8; 16]>().prop_map(MailboxId)), label(), any::<[u8; 16]>(), parcel(), any::<bool>())
            .prop_map(|(mailbox, label, token, parcel, replaces)| mailbox::Request::Leave(Leave {
                mailbox,
                label,
                token,
                parcel,
                replaces
            })),
        (key(), vec(slot(), 0..4), vec(label(), 0..4)).prop_map(|(key, slots, void)| mailbox::Request::Keep(Keep {
            key,
            slots,
            void
        })),
        (key(), any::<u64>(), 0..=50_u8).prop_map(|(key, after, wait)| mailbox::Request::Collect(Collect {
            key,
            after,
            wait
        })),
        (key(), vec(any::<u64>(), 0..9)).prop_map(|(key, numbers)| mailbox::Request::Take(Take { key, numbers })),
        key().prop_map(|key| mailbox::Request::Close(Close { key })),
        day_record().prop_map(|record| mailbox::Request::Post(Box::new(record))),
        day_record().prop_map(|record| mailbox::Request::Seek(record.key())),
    ]
}

/// What a mailbox says.
pub fn mailbox_response() -> impl Strategy<Value = mailbox::Response> {
    let held = vec((any::<[u8; 16]>(), parcel()), 0..4).prop_map(|all| {
        let one = |(number, (label, parcel))| Held { number, label: Locator(label), parcel };
        mailbox::Response::Parcels((1..).zip(all).map(one).collect())
    });
    prop_oneof![
        blob(300).prop_map(mailbox::Response::Stored),
        Just(mailbox::Response::Done),
        held,
        Just(mailbox::Response::No),
        Just(mailbox::Response::Full),
        day_record().prop_map(|record| mailbox::Response::Found(Box::new(record))),
    ]
}

/// Where somebody is on a day.
fn day_record() -> impl Strategy<Value = DayRecord> {
    (any::<[u8; 32]>(), any::<u64>(), vec(hint(), 0..9), time(), any::<[u8; 32]>()).prop_map(
        |(secret, counter, hints, now, seed)| {
            let said = Whereabouts { grant: Default::default(), counter, hints, hosts: Vec::new() };
            said.sign(&PresenceSecret::new(secret), now, seed).unwrap()
        },
    )
}

fn handover() -> impl Strategy<Value = HandOver> {
    let field = (1..=255_u8, line()).prop_map(|(kind, value)| Field { kind: FieldKind::from_number(kind), value });
    (line(), vec(field, 0..10), text(), text(), option::of(line()), time())
        .prop_map(|(name, lines, foreign, note, event, met)| HandOver { name, lines, foreign, note, event, met })
}

/// As many of one sort as it has kinds, so that every kind comes equally often.
pub fn body() -> impl Strategy<Value = Body> {
    prop_oneof![10 => other_body(), 12 => introduction_letter().prop_map(Body::Introduction)]
}

/// A value of any type: the number of the type as [`values`] has it, and the encoding.
pub fn value() -> impl Strategy<Value = (u8, Vec<u8>)> {
    prop_oneof![
        inception().prop_map(|value| (0, wire::encode(&value))),
        rotation().prop_map(|value| (1, wire::encode(&value))),
        any::<u8>().prop_map(|number| (2, wire::encode(&Compromise { number }))),
        grant().prop_map(|value| (3, wire::encode(&value))),
        card().prop_map(|value| (4, wire::encode(&value))),
        meeting().prop_map(|value| (5, wire::encode(&value))),
        letter().prop_map(|value| (6, wire::encode(&value))),
        history().prop_map(|value| (7, wire::encode(&value))),
        envelope().prop_map(|value| (8, wire::encode(&value))),
        vouch().prop_map(|value| (14, wire::encode(&value))),
        content().prop_map(|value| (15, wire::encode(&value))),
        acceptance().prop_map(|value| (16, wire::encode(&value))),
        vouched().prop_map(|value| (17, wire::encode(&value))),
        export().prop_map(|value| (18, wire::encode(&value))),
        ask().prop_map(|value| (20, wire::encode(&value))),
        consent().prop_map(|value| (21, wire::encode(&value))),
        introduction().prop_map(|value| (22, wire::encode(&value))),
        opened_consent().prop_map(|value| (23, wire::encode(&value))),
        body()
            .prop_filter("has bytes", |body| !body.to_bytes().is_empty())
            .prop_map(|body| { (values::of_body(body.kind()), body.to_bytes()) }),
    ]
}
