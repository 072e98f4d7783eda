"""From SPEC.md 2 and 24 alone: the door that a node opens for who has words, from either side. Usage: verify_recovery_from_spec.py FOLDER"""
import hashlib, json, pathlib, sys  # noqa: E401
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hpke import KEM, derive, expand, extract

PRIME = 2**255 - 19
def public(seed): return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
def on_curve25519(key):  # RFC 7748 §4.1: u = (1 + y) / (1 - y)
    y = int.from_bytes(key, "little") % 2**255
    return ((1 + y) * pow(1 - y, -1, PRIME) % PRIME).to_bytes(32, "little")
def agree(seed, other):  # RFC 8032 §5.1.5, where X25519 clamps as Ed25519 does
    secret = X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])
    return secret.exchange(X25519PublicKey.from_public_bytes(on_curve25519(other)))

door, = json.loads((pathlib.Path(sys.argv[1]) / "recovery.json").read_text())["vectors"]
given, gives = ({name: bytes.fromhex(value) for name, value in door[part].items()} for part in ("given", "gives"))
words, node = derive(given["entropy of the words"], b"", b"kith/1/recovery door key"), given["seed of the node's key"]
owner, peer = public(words), public(node)
assert (owner, peer) == (gives["key of recovery doors"], given["peer id of the node"])
agreed = agree(words, peer)
assert agreed == agree(node, owner) != agree(words, owner)
secret = derive(agreed, owner + peer, b"kith/1/recovery door")
assert secret == bytes.fromhex(door["bytes"])
assert derive(secret, b"", b"kith/1/hello locator")[:16] == gives["locator"]
seed = derive(secret, b"", b"kith/1/recovery door seal")
opens = expand(KEM, extract(KEM, b"", b"dkp_prk", seed), b"sk", b"", 32)
assert X25519PrivateKey.from_private_bytes(opens).public_key().public_bytes_raw() == gives["key that a wish is sealed to"]
print(f"  who has the words finds the door {gives['locator'].hex()[:16]}… at the node, which opened the same")
