//! The names of all fields on the wire, as SPEC.md has them.

use super::annotate::Shape::{self, Inside, List, Map, Plain, Tuple};

const HEADER: Shape = Map(&[(1, "alg", Plain), (4, "kid: identity id 32, key number 1", Plain)]);

macro_rules! record {
    ($name:ident, $payload:expr) => {
        pub const $name: Shape = Tuple(&[
            ("protected header", Inside(&HEADER)),
            ("unprotected header", Map(&[])),
            ("payload", Inside(&$payload)),
            ("signature", Plain),
        ]);
    };
}

pub const INCEPTION: Shape = Map(&[(1, "key k0", Plain), (2, "next: SHA-256 of the rotation key r1", Plain)]);
record!(
    ROTATION,
    Map(&[
        (1, "previous: digest of the event before", Plain),
        (2, "number", Plain),
        (3, "signing key that this event brings", Plain),
        (4, "rotation key, which signs this event", Plain),
        (5, "next: SHA-256 of the rotation key after it", Plain)
    ])
);
record!(COMPROMISE, Map(&[(1, "number", Plain)]));
pub const HISTORY: Shape = Map(&[
    (1, "inception", INCEPTION),
    (2, "rotations", List(&Inside(&ROTATION))),
    (3, "compromises", List(&Inside(&COMPROMISE))),
]);
record!(
    GRANT,
    Map(&[
        (1, "generation", Plain),
        (2, "seq", Plain),
        (3, "head: digest of the newest key event", Plain),
        (4, "peer", Plain),
        (5, "encryption key", Plain),
        (6, "not before", Plain),
        (7, "not after", Plain)
    ])
);
record!(
    CARD,
    Map(&[
        (1, "seq", Plain),
        (2, "tier", Plain),
        (3, "signed at", Plain),
        (4, "name", Plain),
        (5, "fields", List(&Tuple(&[("kind", Plain), ("value", Plain)])))
    ])
);
record!(
    MEETING,
    Map(&[
        (1, "first: the smaller id", Plain),
        (2, "second: the larger id", Plain),
        (3, "event", Plain),
        (4, "day", Plain),
        (5, "nonce", Plain)
    ])
);
record!(
    LETTER,
    Map(&[
        (1, "to", Plain),
        (2, "letter id", Plain),
        (3, "kind", Plain),
        (4, "body", Plain),
        (5, "sent", Plain),
        (6, "expires", Plain)
    ])
);
pub const CONTENT: Shape = Map(&[
    (1, "basis", Plain),
    (2, "skills", List(&Plain)),
    (3, "since", Plain),
    (4, "until", Plain),
    (5, "words", Plain),
    (6, "strength", Plain),
    (7, "interest", Plain),
    (8, "what interest", Plain),
]);
record!(
    VOUCH,
    Map(&[
        (1, "subject", Plain),
        (2, "slot", Plain),
        (3, "seq", Plain),
        (4, "issued", Plain),
        (5, "content", Inside(&CONTENT)),
        (6, "reach", Plain),
        (7, "expires", Plain),
        (8, "evidence", List(&Tuple(&[("kind", Plain), ("record id", Plain)])))
    ])
);
record!(
    ACCEPTANCE,
    Map(&[
        (1, "issuer", Plain),
        (2, "slot", Plain),
        (3, "SHA-256 of the content", Plain),
        (4, "reach", Plain),
        (5, "since", Plain)
    ])
);
pub const VOUCHED: Shape = Map(&[(1, "vouch", Inside(&VOUCH)), (2, "acceptance", Inside(&ACCEPTANCE))]);
pub const EXPORT: Shape = Map(&[
    (1, "key history of the issuer", HISTORY),
    (2, "vouch", Inside(&VOUCH)),
    (3, "key history of the subject", HISTORY),
    (4, "acceptance", Inside(&ACCEPTANCE)),
]);
record!(
    ASK,
    Map(&[
        (1, "introduction", Plain),
        (2, "introducer", Plain),
        (3, "target, in words", Plain),
        (4, "target", Plain),
        (5, "purpose", Plain),
        (6, "why", Plain),
        (7, "blurb", Plain),
        (8, "asked", Plain),
        (9, "expires", Plain),
        (10, "reply key", Plain)
    ])
);
record!(
    CONSENT,
    Map(&[
        (1, "introduction", Plain),
        (2, "record id of the ask", Plain),
        (3, "key of the code", Plain),
        (4, "secret of the code", Plain),
        (5, "expiry of the code", Plain),
        (6, "card", Inside(&CARD)),
        (7, "hints", List(&Plain)),
        (8, "node", Plain)
    ])
);
record!(
    INTRODUCTION,
    Map(&[
        (1, "introduction", Plain),
        (2, "asker", Plain),
        (3, "target", Plain),
        (4, "head: digest of the newest key event of the asker", Plain),
        (5, "head: digest of the newest key event of the target", Plain),
        (6, "record id of the ask", Plain),
        (7, "SHA-256 of the sealed consent", Plain),
        (8, "at", Plain)
    ])
);
pub const OPENED_CONSENT: Shape = Map(&[(1, "key history of the target", HISTORY), (2, "consent", Inside(&CONSENT))]);
pub const ENVELOPE: Shape = Map(&[
    (1, "whole key history", HISTORY),
    (2, "key events", List(&Inside(&ROTATION))),
    (3, "letter", Inside(&LETTER)),
]);
pub const CLAIM: Shape = Map(&[
    (1, "card", Inside(&CARD)),
    (2, "grant", Inside(&GRANT)),
    (3, "pair seed", Plain),
    (4, "hints", List(&Plain)),
    (5, "scanned at", Plain),
    (6, "the introducer's statement", Inside(&INTRODUCTION)),
    (7, "mailboxes", List(&PASS)),
    (8, "presence", Plain),
]);
pub const WELCOME: Shape = Map(&[
    (1, "key of the code", Plain),
    (2, "card", Inside(&CARD)),
    (3, "grant", Inside(&GRANT)),
    (4, "hints", List(&Plain)),
    (5, "event", Plain),
    (6, "late", Plain),
    (7, "mailboxes", List(&PASS)),
    (8, "presence", Plain),
]);
pub const PRESENCE: Shape = Map(&[
    (1, "grant", Inside(&GRANT)),
    (2, "counter", Plain),
    (3, "hints", List(&Plain)),
    (4, "mailboxes", List(&PASS)),
    (5, "seed", Plain),
]);
pub const WHEREABOUTS: Shape = Map(&[
    (1, "grant", Inside(&GRANT)),
    (2, "counter", Plain),
    (3, "hints", List(&Plain)),
    (4, "hosts of mailboxes", List(&Map(&[(1, "host", Plain), (2, "hints", List(&Plain))]))),
]);
pub const DISOWNED: Shape = Map(&[(1, "key events", List(&Inside(&ROTATION)))]);
pub const PASS: Shape = Map(&[
    (1, "host", Plain),
    (2, "hints", List(&Plain)),
    (3, "mailbox", Plain),
    (4, "label", Plain),
    (5, "token", Plain),
]);
pub const ANSWERS: Shape = Map(&[(1, "answers", List(&Map(&[(1, "letter id", Plain), (2, "answer", Plain)])))]);
pub const RESUME: Shape = Map(&[(1, "since", Plain), (2, "grant", Inside(&GRANT))]);
pub const KEEP_CAPSULE: Shape =
    Map(&[(1, "keeper id", Plain), (2, "sealed capsule", Plain), (3, "key of recovery doors", Plain)]);
pub const RECOVER: Shape = Map(&[(1, "capsules passed over", Plain)]);
pub const LEAVE: Shape = Map(&[
    (1, "mailbox", Plain),
    (2, "label", Plain),
    (3, "token", Plain),
    (4, "parcel", Plain),
    (5, "replaces", Plain),
]);
pub const KEEP: Shape = Map(&[
    (1, "key", Plain),
    (
        2,
        "slots",
        List(&Map(&[
            (1, "label", Plain),
            (2, "token", Plain),
            (3, "until", Plain),
            (4, "most", Plain),
            (5, "sealed door", Plain),
        ])),
    ),
    (3, "void labels", List(&Plain)),
]);
pub const COLLECT: Shape = Map(&[(1, "key", Plain), (2, "after", Plain), (3, "seconds to wait", Plain)]);
pub const TAKE: Shape = Map(&[(1, "key", Plain), (2, "numbers", List(&Plain))]);
pub const CLOSE: Shape = Map(&[(1, "key", Plain)]);
pub const DOOR: Shape = Map(&[(1, "peer", Plain), (2, "hints", List(&Plain))]);
pub const PARCELS: Shape = List(&Map(&[(1, "number", Plain), (2, "label", Plain), (3, "parcel", Plain)]));
pub const CARD_NEWS: Shape = Map(&[(1, "card", Inside(&CARD))]);
pub const MEETING_NEWS: Shape = Map(&[(1, "record", Inside(&MEETING))]);
pub const NOTE: Shape = Map(&[(1, "words", Plain)]);
pub const HAND_OVER: Shape = Map(&[
    (1, "name", Plain),
    (2, "lines", List(&Tuple(&[("kind", Plain), ("value", Plain)]))),
    (3, "foreign code, as it was read", Plain),
    (4, "note", Plain),
    (5, "event", Plain),
    (6, "met", Plain),
]);
pub const VOUCH_NEWS: Shape = Map(&[(1, "record", Inside(&VOUCH))]);
pub const ACCEPTANCE_NEWS: Shape = Map(&[(1, "record", Inside(&ACCEPTANCE))]);
pub const ASK_LETTER: Shape = Map(&[(1, "ask", Inside(&ASK)), (2, "card", Inside(&CARD))]);
pub const RETURNED: Shape = Map(&[(1, "introduction", Plain), (2, "what to change", Plain)]);
pub const PROPOSE: Shape = Map(&[
    (1, "ask", Inside(&ASK)),
    (2, "key history of the asker", HISTORY),
    (3, "card of the asker", Inside(&CARD)),
    (4, "note", Plain),
    (5, "how the introducer knows the asker", Plain),
    (6, "vouched of the asker", VOUCHED),
]);
pub const CONSENT_LETTER: Shape = Map(&[(1, "introduction", Plain), (2, "sealed consent", Plain)]);
pub const LATER: Shape = Map(&[(1, "introduction", Plain), (2, "until", Plain)]);
pub const OFFER: Shape = Map(&[
    (1, "introduction", Plain),
    (2, "sealed consent", Plain),
    (3, "the introducer's statement", Inside(&INTRODUCTION)),
    (4, "how the introducer knows the target", Plain),
    (5, "vouched of the target", VOUCHED),
]);
pub const SUGGEST: Shape =
    Map(&[(1, "introduction", Plain), (2, "end: 0 asker, 1 target", Plain), (3, "note", Plain), (4, "expires", Plain)]);
pub const OUTCOME: Shape =
    Map(&[(1, "introduction", Plain), (2, "met", Plain), (3, "useful", Plain), (4, "thanks", Plain)]);
pub const ABOUT: Shape = Map(&[(1, "introduction", Plain)]);
