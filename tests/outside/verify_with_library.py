"""Checks every record among the vectors with pycose, a COSE library that knows nothing of Kith.

Usage: verify_with_library.py FOLDER, the folder with identity.json and records.json.
"""
import json
import pathlib
import sys

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


def main(folder):
    vectors = {
        name: {vector["name"]: vector for vector in json.loads((folder / name).read_text())["vectors"]}
        for name in ("identity.json", "records.json")
    }
    signing, rotating = {}, {}  # by kid; key events of number 1 are signed with r1, all else with k0 or k1
    for name in ("inception of Ana", "inception of Bo"):
        gives = vectors["identity.json"][name]["gives"]
        for number in (0, 1):
            kid = bytes.fromhex(gives["identity id"]) + bytes([number])
            signing[kid] = bytes.fromhex(gives[f"k{number}"])
            rotating[kid] = bytes.fromhex(gives["r1"])

    records = {**vectors["identity.json"], **vectors["records.json"]}
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
    assert checked >= 8, f"only {checked} records were found"
    print(f"  {checked} records accepted, {refused} changed ones refused")


main(pathlib.Path(sys.argv[1]))
