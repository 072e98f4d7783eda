"""Checks every record among the vectors with pycose, a COSE library that knows nothing of Kith.

Usage: verify_with_library.py FOLDER, the folder with identity.json, records.json and vouches.json.
"""
import hashlib
import json
import pathlib
import sys

import cbor2
from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage


@EdDSA.register_attribute()
class Ed25519Alone(EdDSA):
    """Algorithm -19 of RFC 9864: EdDSA with no other curve than Ed25519, which pycose does not have yet."""

    identifier = -19
    fullname = "ED25519"


def is_valid(exported, kind, keys):
    """True if the library finds the signature of an exported record (tag 18) right."""
    try:
        message = CoseMessage.decode(exported)
        if message.phdr[Algorithm] is not Ed25519Alone:
            return False
        message.external_aad = f"kith/1/{kind}".encode()
        message.key = OKPKey(crv=Ed25519, x=keys[message.phdr[KID]])
        return message.verify_signature()
    except Exception:  # Whatever the library says against it, the record is not valid.
        return False


def keys_of(history):
    """The signing keys of a key history by kid; the library checks each event."""
    if not set(history) <= {1, 2}:
        raise ValueError("notices are left to the other script")
    inception = cbor2.dumps(history[1], canonical=True)
    identity = previous = hashlib.sha256(inception).digest()
    keys, promise = {identity + bytes([0]): history[1][1]}, history[1][2]
    for number, record in enumerate(history.get(2, []), 1):
        protected, _, payload, _ = cbor2.loads(record)
        event, kid = cbor2.loads(payload), identity + bytes([number])
        follows = event[1] == previous and hashlib.sha256(event[4]).digest() == promise
        if not (follows and is_valid(b"\xd2" + record, "rotation", {kid: event[4]})):
            raise ValueError("a rotation that does not follow")
        signed = cbor2.dumps(["Signature1", protected, b"kith/1/rotation", payload])
        previous, promise, keys[kid] = hashlib.sha256(signed).digest(), event[5], event[3]
    return identity, keys


def is_valid_export(data):
    """True if the library finds both records right, and they are about each other."""
    try:
        export = cbor2.loads(data)
        if cbor2.dumps(export, canonical=True) != data or set(export) != {1, 2, 3, 4}:
            return False
        (issuer, its), (subject, hers) = keys_of(export[1]), keys_of(export[3])
        vouch, acceptance = (cbor2.loads(cbor2.loads(export[part])[2]) for part in (2, 4))
        speaks_of = [acceptance[at] for at in (1, 2, 3)]
        return (
            is_valid(b"\xd2" + export[2], "vouch", its)
            and is_valid(b"\xd2" + export[4], "acceptance", hers)
            and vouch[1] == subject
            and speaks_of == [issuer, vouch[2], hashlib.sha256(vouch[5]).digest()]
        )
    except Exception:  # What cannot be read is not valid.
        return False


def main(folder):
    vectors = {
        name: {vector["name"]: vector for vector in json.loads((folder / name).read_text())["vectors"]}
        for name in ("identity.json", "records.json", "vouches.json")
    }
    signing, rotating = {}, {}  # by kid; key events of number 1 are signed with r1, all else with k0 or k1
    for name in ("inception of Ana", "inception of Bo"):
        gives = vectors["identity.json"][name]["gives"]
        for number in (0, 1):
            kid = bytes.fromhex(gives["identity id"]) + bytes([number])
            signing[kid] = bytes.fromhex(gives[f"k{number}"])
            rotating[kid] = bytes.fromhex(gives["r1"])

    records = {**vectors["identity.json"], **vectors["records.json"], **vectors["vouches.json"]}
    checked = refused = 0
    for name, vector in records.items():
        if "exported" not in vector["gives"]:
            continue
        record, kind = bytes.fromhex(vector["gives"]["exported"]), vector["given"]["kind"]
        is_key_event = kind in ("rotation", "compromise")
        keys, wrong = (rotating, signing) if is_key_event else (signing, rotating)
        assert is_valid(record, kind, keys), f"{name}: the library does not accept it"
        assert not is_valid(record, "order", keys), f"{name}: accepted as another kind"
        checked += 1
        for at in range(len(record)):
            changed = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
            assert not is_valid(changed, kind, keys), f"{name}: byte {at} was changed unnoticed"
            refused += 1
        other = {kid: signing[kid[:32] + bytes([1 - kid[32]])] for kid in signing}
        for others in (wrong, other):
            assert not is_valid(record, kind, others), f"{name}: accepted under another key"
        print(f"  {name}: accepted; another kind, another key and {len(record)} changed bytes refused")
    assert checked >= 11, f"only {checked} records were found"
    print(f"  {checked} records accepted, {refused} changed ones refused")
    export = bytes.fromhex(vectors["vouches.json"]["export"]["bytes"])
    assert is_valid_export(export), "the library does not accept the vouch in a file"
    for at in range(len(export)):
        changed = export[:at] + bytes([export[at] ^ 1]) + export[at + 1 :]
        assert not is_valid_export(changed), f"vouch in a file: byte {at} was changed unnoticed"
    print(f"  vouch in a file: accepted with the keys in it; {len(export)} changed bytes refused")


main(pathlib.Path(sys.argv[1]))
