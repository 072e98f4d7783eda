"""From SPEC.md alone, sections 3 and 4: records and key histories."""
import hashlib, json, pathlib, sys, cbor2  # noqa: E401
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def sha256(data): return hashlib.sha256(data).digest()
def vectors(name):
    file = json.loads((pathlib.Path(sys.argv[1]) / name).read_text())
    return {vector["name"]: bytes.fromhex(vector["bytes"]) for vector in file["vectors"]}

def strict(data):  # SPEC.md 1, as far as one line can
    value = cbor2.loads(data)
    assert cbor2.dumps(value, canonical=True) == data
    return value

def verify(record, kind, key_of):  # SPEC.md 4: statement, record id, kid
    protected, unprotected, payload, signature = strict(record)
    header, statement = strict(protected), strict(payload)
    assert header == {1: -19, 4: header[4]} and unprotected == {}
    signed = cbor2.dumps(["Signature1", protected, b"kith/1/" + kind, payload])
    Ed25519PublicKey.from_public_bytes(key_of(header[4], statement)).verify(signature, signed)
    return statement, sha256(signed), header[4]
def refused(check, *arguments):
    try: check(*arguments)
    except Exception: return True
def changed(data): return (data[:at] + bytes([data[at] ^ 1]) + data[at + 1:] for at in range(len(data)))

def read_history(history):  # SPEC.md 3: id, and by kid the keys that are believed
    digest = identity = sha256(cbor2.dumps(history[1]))
    keys, rotation_keys, promised = {identity + b"\0": history[1][1]}, {}, history[1][2]
    for number, record in enumerate(history.get(2, []), 1):
        event, record_id, kid = verify(record, b"rotation", lambda _, event: event[4])
        assert (event[1], event[2], kid, sha256(event[4])) == (digest, number, identity + bytes([number]), promised)
        digest, promised, keys[kid], rotation_keys[kid] = record_id, event[5], event[3], event[4]
        assert refused(verify, record, b"rotation", lambda kid, _: keys[kid])  # the key of the machine does not rotate
    lost = [verify(record, b"compromise", lambda kid, _: rotation_keys[kid])[0][1] for record in history.get(3, [])]
    return identity, {kid: key for kid, key in keys.items() if kid[32] >= max(lost, default=0)}
