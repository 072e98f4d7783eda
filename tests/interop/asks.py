"""What strangers ask of a node on the protocols of libp2p, and what they are to hear: a refusal, or what anybody may
know.

Every node tries addresses for others, and has things passed on to it. One that others can reach also passes things on
for its contacts, and keeps a part of the DHT.
"""
import time

from multiaddr import Multiaddr

from from_spec import day_record, peer_id
from judge import expect
from protobuf import Fixed, fields_of, framed, message, messages_in
from says import BEGINS_TLS, GARBAGE, NOT_SPOKEN, NOTHING

HOP, STOP = "/libp2p/circuit/relay/0.2.0/hop", "/libp2p/circuit/relay/0.2.0/stop"
DIAL_REQUEST, DIAL_BACK = "/libp2p/autonat/2/dial-request", "/libp2p/autonat/2/dial-back"
KAD, PUNCH, PUSH, PING = "/kith/kad/1", "/libp2p/dcutr", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"

# Circuit relay v2: types of messages, and what becomes of a request.
RESERVE, CONNECT, STATUS = 0, 1, 2
STOP_CONNECT, STOP_STATUS = 0, 1
PASSED_ON, LIMIT_EXCEEDED, NO_RESERVATION = 100, 201, 204
# For two minutes, and 96 KiB.
IS_PASSED_ON = framed((1, STATUS), (4, message((1, 120), (2, 96 * 1024))), (5, PASSED_ON))
# AutoNAT v2.
DIALLED, FAILED = 200, 100
LEAST_PAID, MOST_PAID = 30_000, 100_000
PAYMENT = framed((4, message((1, bytes(4000))))) * (MOST_PAID // 4000)
# Kademlia.
PUT, GET, ADD_PROVIDER, GET_PROVIDERS, FIND, KAD_PING = range(6)
BUCKET, ADDRESSES, LONGEST = 20, 4, 16 * 1024
DAY = 86_400
BEGINS_NOISE = b"\x13/multistream/1.0.0\n\x07/noise\n"


def nobody(draw):
    """A PeerId that nobody has."""
    return peer_id(draw(32))


def of_any_node(crowd, doors):
    wants_doors_tried(crowd, doors)
    claims_to_be_inside(crowd)

    # A node listens to dials back from whom it asked to try an address, and to nobody else.
    who, _ = crowd.somebody("an answer to a try that nobody asked for", "nothing", DIAL_BACK)
    who.say(framed((1, Fixed(7))), NOT_SPOKEN)

    who, draw = crowd.somebody("a circuit that nobody asked for", "nothing", STOP)
    for peer in (nobody(draw), who.peer):
        who.say(framed((1, STOP_CONNECT), (2, message((1, peer)))), is_turned_down)
    for said in (framed((1, STOP_STATUS), (4, PASSED_ON)), framed((1, STOP_CONNECT)), b"", *GARBAGE):
        who.say(said, NOTHING)

    who, draw = crowd.somebody("half a ping", "nothing", PING)
    who.say(draw(31), NOTHING)
    # Holes are punched for who came through a relay.
    who, draw = crowd.somebody("a hole to punch, though we are connected", "nothing", PUNCH)
    who.say(framed((1, 100), (2, Multiaddr("/ip4/192.168.1.1/tcp/80").to_bytes())), NOT_SPOKEN)


def falls_silent(crowd, protocol):
    who, _ = crowd.somebody(f"half a message to {protocol} and silence", "nothing", protocol, leaves_open=True)
    who.say(b"\x20\x08", NOTHING)


def is_turned_down(heard):
    """The node closes without waiting, so that programs may miss what it said."""
    return heard in (NOTHING, framed((1, STOP_STATUS), (4, NO_RESERVATION)))


def of_a_home(crowd):
    """What a node that others may not reach does for nobody."""
    for protocol in (HOP, KAD):
        who, _ = crowd.somebody(f"what a home does not do: {protocol}", "nothing", protocol)
        who.say(framed((1, RESERVE)), NOT_SPOKEN)


def of_a_public_node(crowd, reserved, contact, public):
    """`reserved` is the PeerId of somebody who is reached through the node, `contact` that of one who is not; `public`
    has the PeerIds of all that the node knows to keep a part of the DHT."""
    wants_a_reservation(crowd)
    for knows, peer in (("nothing", None), ("the PeerId of a contact", contact)):
        who, draw = crowd.somebody("a circuit to who has no reservation", knows, HOP)
        who.say(connect(peer or nobody(draw)), framed((1, STATUS), (5, NO_RESERVATION)))
    who, _ = crowd.somebody("a circuit to who has one", "the PeerId of a contact", HOP)
    # The other end says what it says to any dial, before it asks who is there.
    who.say(connect(reserved) + BEGINS_NOISE, IS_PASSED_ON + BEGINS_NOISE)

    for knows, keys in (("nothing", [b"", b"\0" * 32, bytes(1000)]), ("two PeerIds", [reserved, contact])):
        who, draw = crowd.somebody(f"who is near, by who knows {knows}", knows, KAD)
        who.late = True
        for key in (*keys, draw(32)):
            who.say(framed((1, FIND), (2, key)), only_shows(public))
            who.say(framed((1, GET), (2, key)), only_shows(public))
            who.say(framed((1, GET_PROVIDERS), (2, key)), only_shows(public))
    for protocol in (HOP, STOP, KAD, DIAL_REQUEST):
        falls_silent(crowd, protocol)
    leaves_records(crowd, public)
    leaves_what_is_no_record(crowd, public)


def wants_doors_tried(crowd, doors):
    """A node tries another address than the one it sees for who pays more than the try costs, and none inside."""
    who, _ = crowd.somebody("doors tried for nothing", "nothing", DIAL_REQUEST)
    for at in (*doors.inside, *doors.outside):
        who.say(try_at(at), is_to_pay)
    who, _ = crowd.somebody("doors inside tried, and pays", "nothing", DIAL_REQUEST)
    for at in doors.inside:
        who.say(try_at(at) + PAYMENT, was_tried_in_vain)
    for at in doors.outside:
        who, _ = crowd.somebody(f"the door {at} tried, and pays", "nothing", DIAL_REQUEST)
        who.say(try_at(at) + PAYMENT, was_tried_in_vain)

    who, draw = crowd.somebody("what asks for no try", "nothing", DIAL_REQUEST)
    no_address = framed((1, message((2, Fixed(7)))))
    bad_address = framed((1, message((1, draw(20)), (2, Fixed(7)))))
    for said in (no_address, bad_address, PAYMENT, b"", *GARBAGE, draw(300)):
        who.say(said, NOTHING)


def try_at(place):
    return framed((1, message((1, Multiaddr(place).to_bytes()), (2, Fixed(7)))))


def is_priced(answer):
    price = fields_of(answer[3][0]).get(2, [0])[0]
    return list(answer) == [3] and LEAST_PAID <= price <= MOST_PAID


def is_to_pay(heard):
    price, gave_up = messages_in(heard)
    return is_priced(price) and gave_up == {2: [b""]}


def was_tried_in_vain(heard):
    price, result = messages_in(heard)
    return is_priced(price) and result == {2: [message((1, DIALLED), (3, FAILED))]}


def wants_a_reservation(crowd):
    who, draw = crowd.somebody("a reservation", "nothing", HOP)
    # An empty message is one, too.
    for said in (framed((1, RESERVE)), framed((1, RESERVE), (2, message((1, nobody(draw))))), b"\0"):
        who.say(said, framed((1, STATUS), (5, LIMIT_EXCEEDED)))

    who, draw = crowd.somebody("what a relay is not asked", "nothing", HOP)
    odd = [framed((1, STATUS), (5, PASSED_ON)), framed((1, 9)), framed((1, CONNECT)), connect(b""), connect(draw(38))]
    for said in (*odd, b"", GARBAGE[0], BEGINS_TLS, b"\xff" * 300):
        who.say(said, NOTHING)


def connect(peer):
    return framed((1, CONNECT), (2, message((1, peer))))


def claims_to_be_inside(crowd):
    """Says that it keeps a part of the DHT, at addresses that mean something else to everybody."""
    places = ["/ip4/127.0.0.1/tcp/80", "/ip4/192.168.1.1/tcp/80", "/dns4/localhost/tcp/80", "/ip4/0.0.0.0/tcp/80"]
    who, _ = crowd.somebody("a claim to keep a part of the DHT inside", "nothing", PUSH)
    addresses = [(2, Multiaddr(place).to_bytes()) for place in places]
    who.say(framed(*addresses, (3, KAD.encode())), NOTHING)
    for said in (b"", *GARBAGE):
        who.say(said, NOTHING)


def is_public(address):
    return str(Multiaddr(address)).startswith(("/ip4/203.0.113.", "/ip6/2001:db8:"))


def only_shows(public, record=None):
    """Judges that an answer of the DHT has this record or none, and nobody but who keeps a part of it, outside."""

    def judge(heard):
        expect(len(heard) <= LONGEST, f"an answer of {len(heard)} bytes")
        (answer,) = messages_in(heard)
        expect(set(answer) <= {1, 3, 8, 10}, f"an answer with the fields {set(answer)}")
        expect(answer.get(3, []) == ([record] if record else []), f"another record: {answer.get(3)}")
        peers = [fields_of(peer) for peer in answer.get(8, [])]
        expect(len(peers) <= BUCKET, f"{len(peers)} peers")
        shown = [peer[1][0] for peer in peers]
        expect(set(shown) == public and len(shown) == len(public), f"other peers: {[peer.hex() for peer in shown]}")
        for peer in peers:
            places = peer.get(2, [])
            expect(len(places) <= ADDRESSES and all(map(is_public, places)), f"addresses inside, or too many: {places}")
        return True

    return judge


def put(key, value, *more):
    return framed((1, PUT), (2, key), (3, message((1, key), (2, value), *more)))


def echo(key, value):
    """The answer to whoever gives something to keep, whether or not it is kept."""
    parts = [(number, part) for number, part in ((1, key), (2, value)) if part]
    return framed(*([(2, key)] if key else []), (3, message(*parts)))


def leaves_records(crowd, public):
    """Anybody may leave a record, under a key of theirs; nobody is told who did."""
    who, draw = crowd.somebody("a record of a day", "the key that signs it", KAD)
    seed, today, rest = draw(32), int(time.time()) // DAY, draw(951)
    key, early = day_record(seed, today, 100, rest)
    _, late = day_record(seed, today, 200, rest)
    lies_there = only_shows(public, message((1, key), (2, late)))
    # The fields of rust-libp2p for who published it, and for how many seconds it lies there.
    who.say(put(key, late, (666, who.peer), (777, 1)), echo(key, late))
    who.say(framed((1, GET), (2, key)), lies_there)
    who.say(put(key, early), echo(key, early))
    who.say(framed((1, GET), (2, key)), lies_there)


def leaves_what_is_no_record(crowd, public):
    who, draw = crowd.somebody("what is no record of a day", "the key that signs it", KAD)
    today = int(time.time()) // DAY
    over, not_yet, too_late = (today - 3, 1, 951), (today + 3, 1, 951), (today, DAY, 951)
    for day, second, size in (over, not_yet, too_late, (today, 1, 950), (today, 1, 952)):
        leave_and_look(who, *day_record(draw(32), day, second, draw(size)), public)
    key, right = day_record(draw(32), today, 1, draw(951))
    other_key, _ = day_record(draw(32), today, 1, b"")
    changed = right[:500] + bytes([right[500] ^ 1]) + right[501:]
    for at in (other_key, key[:31], b"Ana"):
        leave_and_look(who, at, right, public)
    for value in (changed, b"", b"Bo"):
        leave_and_look(who, key, value, public)

    who, draw = crowd.somebody("somebody who has what is sought", "nothing", KAD)
    key = draw(32)
    provider = message((1, who.peer), (2, Multiaddr("/ip4/203.0.113.99/tcp/1").to_bytes()))
    who.say(framed((1, ADD_PROVIDER), (2, key), (9, provider)), NOTHING)
    who.say(framed((1, GET_PROVIDERS), (2, key)), only_shows(public))

    who, draw = crowd.somebody("what is no question to the DHT", "nothing", KAD)
    odd = [framed((1, KAD_PING)), framed((1, 9), (2, draw(32))), framed((1, ADD_PROVIDER), (2, draw(32)))]
    for said in (*odd, put(draw(32), bytes(LONGEST)), b"", GARBAGE[0], BEGINS_TLS, b"\xff" * 300):
        who.say(said, NOTHING)


def leave_and_look(who, key, value, public):
    who.say(put(key, value), echo(key, value))
    who.say(framed((1, GET), (2, key)), only_shows(public))
