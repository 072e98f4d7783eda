"""What strangers say to a node, well-formed and not, and what they are to hear.

Each thing is said by somebody who knows where a code leads, though not its secret, and by somebody who made it all up;
whatever else they say is the same.
"""
import random
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from from_spec import frame, hello_tag, mailbox, peer_id

HELLO, LETTER, MAILBOX = "/kith/hello/1", "/kith/letter/1", "/kith/mailbox/1"
NOTHING = b""
NOT_SPOKEN = None
NO = frame(b"\x04")
LETTER_SIZES = [512, 1024, 4096, 16384, 61440]
PARCEL_SIZES = [64, *LETTER_SIZES]
BEGINS_TLS = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
GARBAGE = [b"GET / HTTP/1.1\r\nHost: kith\r\n\r\n", BEGINS_TLS, bytes(300), b"\xff" * 300]


@dataclass
class Stranger:
    """Somebody with a key of their own, who opens a stream for each thing that they say."""

    topic: str  # those of one topic are to hear the same
    knows: str
    protocol: str
    seed: bytes
    says: list = field(default_factory=list)
    hears: list = field(default_factory=list)  # bytes, who judges them, or NOT_SPOKEN
    leaves_open: bool = False
    late: bool = False

    def say(self, said, hears):
        self.says.append(said)
        self.hears.append(hears)

    @property
    def key(self):
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def peer(self):
        return peer_id(self.key)

    def to_json(self):
        said = [one.hex() for one in self.says]
        when = {"leavesOpen": self.leaves_open, "late": self.late}
        return {"protocol": self.protocol, "seed": self.seed.hex(), "says": said, **when}


class Crowd:
    """Makes strangers; of what is random, those of one topic have the same."""

    def __init__(self, seed):
        self.seed, self.all = seed, []

    def somebody(self, topic, knows, protocol, leaves_open=False):
        key = random.Random(f"{self.seed}/{topic}/{knows}").randbytes(32)
        who = Stranger(topic, knows, protocol, key, leaves_open=leaves_open)
        self.all.append(who)
        return who, random.Random(f"{self.seed}/{topic}").randbytes

    def hellos(self, node, knows, locator, hello_key):
        who, draw = self.somebody("a hello without its secret", knows, HELLO)
        nonce, other = draw(16), draw(32)
        tags = {
            "made up": draw(16),
            "zeros": bytes(16),
            "under another secret": hello_tag(draw(32), who.key, node, nonce),
            "recorded from somebody else": hello_tag(hello_key, other, node, nonce),
            "for another node": hello_tag(hello_key, who.key, other, nonce),
        }
        for tag in tags.values():
            who.say(frame(b"\x01" + locator + nonce + tag), NOTHING)

        who, draw = self.somebody("a proof that nobody asked for", knows, HELLO)
        who.say(frame(b"\x03" + draw(48)), NOTHING)
        who.say(frame(b"\x03" + locator + draw(32)), NOTHING)

        who, draw = self.somebody("every other kind of hello", knows, HELLO)
        for kind in range(256):
            if kind not in (1, 3):
                who.say(frame(bytes([kind]) + locator + draw(32)), NOTHING)

        who, draw = self.somebody("what is no hello", knows, HELLO)
        whole = frame(b"\x01" + locator + draw(32))
        lengths = [b"\x00\x00", b"\x00\x01", b"\x00\x30", b"\x00\x32", b"\x01\x31", b"\xff\xff"]
        cut = [whole[:size] for size in (0, 1, 2, 3, 19, 50)]
        wrong = [length + whole[2:] for length in lengths]
        for said in [*cut, whole + b"\x00", whole + whole, *wrong, *GARBAGE, draw(4096)]:
            who.say(said, NOTHING)

    def letters(self, knows, session):
        who, draw = self.somebody("letters without a session", knows, LETTER)
        for size in LETTER_SIZES:
            who.say(frame(session + b"\x01" + draw(size - 1)), NOTHING)

        who, draw = self.somebody("what is no letter", knows, LETTER)
        whole = frame(session + draw(512))
        odd = [frame(session + draw(size)) for size in (0, 1, 511, 513, 61441, 65519)]
        cut = [whole[:size] for size in (0, 1, 10, 18, 529)]
        for said in [*cut, whole + b"\x00", b"\xff\xff" + whole, *odd, *GARBAGE]:
            who.say(said, NOTHING)

    def parcels(self, knows, label):
        who, draw = self.somebody("a parcel without its token", knows, MAILBOX)
        for size in PARCEL_SIZES:
            for replaces in (None, True):
                for at in (None, draw(16)):
                    fields = {1: at, 2: label, 3: draw(16), 4: draw(size), 5: replaces}
                    who.say(frame(mailbox(1, fields)), NO)

        who, draw = self.somebody("a mailbox for a stranger", knows, MAILBOX)
        # Just after its start a node may not know yet whose mailboxes it holds, and answers nobody.
        who.late = True
        slot = {1: label, 2: draw(16), 3: 253402300799, 4: 4, 5: b""}
        for fields in ({}, {2: [slot]}, {3: [label]}):
            who.say(frame(mailbox(2, {1: draw(32), **fields})), NO)

        who, _ = self.somebody("a lookup in the DHT", knows, MAILBOX)
        who.late = True
        # The base point of Ed25519 (RFC 8032, 5.1): a key like any other.
        who.say(frame(b"\x07\x58" + b"\x66" * 31), NO)

        who, draw = self.somebody("the mailbox of somebody else", knows, MAILBOX)
        key = label + draw(16)
        for kind, fields in ((3, {2: 0, 3: 0}), (3, {2: 0, 3: 50}), (4, {}), (4, {2: [0, 1]}), (5, {})):
            who.say(frame(mailbox(kind, {1: key, **fields})), NO)

        who, draw = self.somebody("what is no request to a mailbox", knows, MAILBOX)
        leave = {2: label, 3: draw(16), 4: draw(64)}
        whole = mailbox(1, leave)
        wrong = [
            whole[:1], whole[:-1], whole + b"\x00", mailbox(1, {**leave, 4: draw(65)}), mailbox(1, {**leave, 5: False}),
            mailbox(1, {**leave, 6: 0}), mailbox(1, {2: label}), mailbox(3, {1: draw(32), 2: 0, 3: 51}), mailbox(5, {}),
            whole[:1] + b"\xbf" + whole[2:] + b"\xff", b"\x01" + b"\x81" * 1000, b"\x01" + b"\x9b" + b"\xff" * 8,
        ]  # fmt: skip
        kinds = [bytes([kind]) + whole[1:] for kind in (0, *range(2, 256))]
        frames = [b"", b"\x00\x00", b"\x00\x00" + whole, b"\xff\xff" + whole, frame(whole)[:-1], frame(whole) + b"\x00"]
        for said in [*frames, *map(frame, wrong + kinds), *GARBAGE, draw(4096)]:
            who.say(said, NOTHING)

    def silence(self, knows, locator):
        """Half a message, and then nothing more: neither the rest nor the end."""
        halves = [
            (HELLO, b""), (HELLO, b"\x00"), (HELLO, b"\x00\x31\x01" + locator), (LETTER, b"\x02\x10"),
            (LETTER, b"\x02\x10" + locator), (MAILBOX, b"\xf0\x00\x01" + locator),
        ]  # fmt: skip
        for protocol, half in halves:
            topic = f"{len(half)} bytes to {protocol} and silence"
            who, _ = self.somebody(topic, knows, protocol, leaves_open=True)
            who.say(half, NOTHING)

    def who_holds_a_code(self, knows, make_hello, judge):
        """Shows that the strangers above were close: with the secret there is an answer, the one of SPEC.md."""
        who, draw = self.somebody("a hello with its secret, and then a wrong proof", knows, HELLO)
        nonce = draw(16)
        who.say(frame(make_hello(who.key, nonce)), lambda heard: judge(who.key, nonce, heard))
        who.say(frame(b"\x03" + nonce + draw(32)), NOTHING)

    def who_may_leave_something(self, knows, label, token, judge):
        """The same for a mailbox."""
        who, draw = self.somebody("a parcel with its token", knows, MAILBOX)
        who.say(frame(mailbox(1, {2: label, 3: token, 4: draw(512)})), judge)
