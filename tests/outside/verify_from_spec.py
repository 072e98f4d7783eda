"""From SPEC.md alone: Ana's id, her keys, and a card that she signed. Usage: verify_from_spec.py FOLDER"""
import hashlib, json, pathlib, sys, cbor2  # noqa: E401
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def sha256(data): return hashlib.sha256(data).digest()
def vectors(name):
    file = json.loads((pathlib.Path(sys.argv[1]) / name).read_text())
    return {vector["name"]: bytes.fromhex(vector["bytes"]) for vector in file["vectors"]}

def verify(record, kind, key_of):  # SPEC.md 4: statement, record id, kid
    protected, unprotected, payload, signature = cbor2.loads(record)
    header, statement = cbor2.loads(protected), cbor2.loads(payload)
    assert header == {1: -19, 4: header[4]} and unprotected == {} and cbor2.dumps(cbor2.loads(record)) == record
    signed = cbor2.dumps(["Signature1", protected, b"kith/1/" + kind, payload])
    Ed25519PublicKey.from_public_bytes(key_of(header[4], statement)).verify(signature, signed)
    return statement, sha256(signed), header[4]
def refused(*arguments):
    try: verify(*arguments)
    except Exception: return True

def read_history(history):  # SPEC.md 3: id, and by kid the keys that are believed
    digest = ana = sha256(cbor2.dumps(history[1]))
    keys, rotation_keys, promised = {ana + b"\0": history[1][1]}, {}, history[1][2]
    for number, record in enumerate(history.get(2, []), 1):
        event, record_id, kid = verify(record, b"rotation", lambda _, event: event[4])
        assert (event[1], event[2], kid, sha256(event[4])) == (digest, number, ana + bytes([number]), promised)
        digest, promised, keys[kid], rotation_keys[kid] = record_id, event[5], event[3], event[4]
        assert refused(record, b"rotation", lambda kid, _: keys[kid])  # the key of the machine does not rotate
    lost = [verify(record, b"compromise", lambda kid, _: rotation_keys[kid])[0][1] for record in history.get(3, [])]
    return ana, {kid: key for kid, key in keys.items() if kid[32] >= max(lost, default=0)}

identity, card = vectors("identity.json"), vectors("records.json")["card"]
ana, now = read_history(cbor2.loads(identity["history"]))
then = read_history({1: cbor2.loads(identity["inception of Ana"])})[1]
name = verify(card, b"card", lambda kid, _: then[kid])[0][4]
assert refused(card, b"card", lambda kid, _: now[kid]) and refused(card, b"grant", lambda kid, _: then[kid])
assert refused(card, b"card", lambda *_: now[ana + b"\1"]) and list(now) == [ana + b"\1"]
assert all(refused(card[:at] + bytes([card[at] ^ 1]) + card[at + 1:], b"card", lambda kid, _: then[kid])
           for at in range(len(card)))
print(f"  {ana.hex()[:16]}… is {name}; another kind, another key, a lost key, {len(card)} changed bytes refused")
