"""From SPEC.md alone, sections 1, 2, 7, 9, 22 and 25: what a code leads to, and what is said on the wire."""
import base64
import hashlib
import hmac

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def derive(secret, salt, label, size):
    """HKDF-SHA256 (RFC 5869), up to 32 bytes."""
    key = hmac.digest(salt or bytes(32), secret, hashlib.sha256)
    return hmac.digest(key, label.encode() + b"\x01", hashlib.sha256)[:size]


def mac(key, label, data):
    return hmac.digest(key, label.encode() + data, hashlib.sha256)


class Code:
    """What somebody who holds a code works out of it."""

    def __init__(self, link):
        text = link.upper().rpartition("#")[2].removeprefix("KITH:")
        payload = base64.b32decode(text + "=" * (-len(text) % 8))
        flags, key, secret, expiry = payload[:1], payload[1:33], payload[33:49], payload[49:53]
        self.key, self.secret = key, secret
        self.shared = derive(secret, flags + key + expiry, "kith/1/invite", 32)
        self.locator = derive(self.shared, b"", "kith/1/hello locator", 16)
        self.hello_key = derive(self.shared, b"", "kith/1/hello key", 32)
        self.mailbox_label = derive(self.shared, b"", "kith/1/mailbox code label", 16)
        self.mailbox_token = derive(self.shared, b"", "kith/1/mailbox code token", 16)


def hello_tag(key, initiator, responder, nonce):
    return mac(key, "kith/1/hello open", initiator + responder + nonce)[:16]


def responder_proof(key, initiator, responder, nonce, answered):
    binding = hashlib.sha256(b"kith/1/hello binding" + initiator + responder + nonce + answered).digest()
    return mac(key, "kith/1/hello responder", binding)


def frame(message):
    return len(message).to_bytes(2, "big") + message


def mailbox(kind, fields):
    """A request of /kith/mailbox/1; fields that are None are left out."""
    present = {number: value for number, value in fields.items() if value is not None}
    return bytes([kind]) + cbor2.dumps(present, canonical=True)


def peer_id(key):
    """The PeerId of an Ed25519 key: the key as libp2p writes it down, unhashed."""
    return bytes.fromhex("002408011220") + key


def day_record(seed, day, second, sealed):
    """A record of a day and the key under which it lies; what is sealed in it is nobody's business."""
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    body = b"\x01" + day.to_bytes(4, "big") + second.to_bytes(4, "big") + sealed
    key = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return key, body + signer.sign(b"kith/1/presence record" + body)
