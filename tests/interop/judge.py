"""What strangers saw, held against what they may see."""
import base64

from protobuf import Malformed, messages_in

PROTOCOLS = {
    "/kith/hello/1", "/kith/letter/1", "/kith/mailbox/1", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0",
    "/libp2p/autonat/2/dial-request", "/libp2p/circuit/relay/0.2.0/stop",
}  # fmt: skip
# What a node does besides if others can reach it.
PUBLIC_PROTOCOLS = PROTOCOLS | {"/libp2p/circuit/relay/0.2.0/hop", "/kith/kad/1"}

# What a node speaks with who comes through another one: nothing that says where it is or has it dial, and no circuit in
# a circuit.
RELAYED_PROTOCOLS = {"/kith/hello/1", "/kith/letter/1", "/kith/mailbox/1", "/ipfs/ping/1.0.0"}


class Leak(Exception):
    pass


def expect(is_so, otherwise):
    if not is_so:
        raise Leak(otherwise)


def telling(names, identities, others):
    """All that would give somebody away, each with what it is called in an error."""
    found = {word.lower().encode(): f"the word {word}" for name in names for word in name.split() if len(word) > 4}
    for identity in identities:
        raw = base64.b32decode(identity.upper() + "=" * (-len(identity) % 8))
        for form in (raw, raw[:8], identity.encode(), identity[:8].encode(), raw.hex().encode()):
            found[form.lower()] = f"the identity {identity}"
    return found | {word.lower().encode(): f"the word {word}" for word in others}


def gives_nobody_away(heard, secrets, where):
    for secret, what in secrets.items():
        expect(secret not in heard.lower(), f"{what} comes in {where}: {heard!r}")


def identified(met, peer, key, protocols, addresses, secrets):
    """A node says how to speak with it, and where if anybody can route there; nothing of whose it is or what runs it."""
    expect(met["peer"] == peer, f"{met['peer']} answered in the place of {peer}")
    expect(met["agent"] == "kith", f"identify says too much: {met}")
    expect(set(met["addresses"]) == addresses, f"identify names other addresses: {met['addresses']}")
    expect(set(met["protocols"]) == protocols, f"other protocols: {set(met['protocols']) ^ protocols}")
    raw = bytes.fromhex(met["raw"])
    try:
        (fields,) = messages_in(raw)
    except (Malformed, ValueError) as error:
        raise Leak(f"identify is not one message: {error}") from None
    seen_from = fields.pop(4, [])  # the address of who asks
    expect(len(seen_from) == 1, f"identify says {seen_from}")
    expect(len(fields.pop(2, [])) == len(addresses), f"identify names other addresses: {raw!r}")
    told = {protocol.decode() for protocol in fields.pop(3)}
    expect(told == protocols, f"other protocols: {told ^ protocols}")
    public_key = bytes.fromhex("08011220") + key
    expect(fields == {1: [public_key], 5: [b"/kith/1"], 6: [b"kith"]}, f"identify says more: {fields}")
    gives_nobody_away(raw, secrets, "identify")


def is_right(said, hears, answer, where, secrets):
    """What was heard is what was to be heard; `answer` is None where the node does not speak the protocol."""
    if answer is None or hears is None:
        expect(answer is hears, f"{where} is {answer}, to {said.hex()[:200]}")
        return
    heard = bytes.fromhex(answer)
    gives_nobody_away(heard, secrets, where)
    if callable(hears):
        try:
            is_so, why = hears(heard), ""
        except (Leak, Malformed, LookupError, ValueError) as error:
            is_so, why = False, f" ({error})"
        expect(is_so, f"{where} is not the one of SPEC.md{why}: {heard.hex()}; said was {said.hex()[:200]}")
    else:
        what = f"{where} is {heard.hex() or 'nothing'} and not {hears.hex() or 'nothing'}"
        expect(heard == hears, f"{what}; said was {said.hex()[:200]}")


def heard_nothing_new(strangers, seen, secrets):
    """Each heard what they were to hear; those of one topic cannot tell who of them knew something."""
    shapes = {}
    for who, answers in zip(strangers, seen, strict=True):
        expect(len(answers) == len(who.says), f"{who.topic}: {len(who.says)} things were said, {len(answers)} answered")
        for said, hears, answer in zip(who.says, who.hears, answers, strict=True):
            is_right(said, hears, answer["heard"], f"the answer to {who.topic} ({who.knows})", secrets)
        # Whether the connection goes on says something, too.
        shape = [answer["open"] for answer in answers]
        first, of = shapes.setdefault(who.topic, (shape, who.knows))
        for number, (here, there) in enumerate(zip(shape, first, strict=True)):
            state = "open" if here else "closed"
            what = f"{who.topic}, thing {number}: the connection is {state} for who knows {who.knows}"
            expect(here == there, f"{what}, and not for who knows {of}")
