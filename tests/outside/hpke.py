"""From RFC 9180 alone: opens in PSK mode with X25519, HKDF-SHA256 and ChaCha20-Poly1305, info and psk_id being one."""
import hashlib, hmac  # noqa: E401
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEM, HPKE = b"KEM\0\x20", b"HPKE\0\x20\0\1\0\3"
def mac(key, data): return hmac.new(key, data, hashlib.sha256).digest()
def extract(suite, salt, label, ikm): return mac(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)
def expand(suite, prk, label, info, length):  # never more than one block
    return mac(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info + b"\1")[:length]
def derive(secret, salt, label): return mac(mac(salt or bytes(32), secret), label + b"\1")  # RFC 5869, 32 bytes

def open_sealed(seed, psk, info, sealed):
    secret = X25519PrivateKey.from_private_bytes(expand(KEM, extract(KEM, b"", b"dkp_prk", seed), b"sk", b"", 32))
    enc, public = sealed[:32], secret.public_key().public_bytes_raw()
    prk = extract(KEM, b"", b"eae_prk", secret.exchange(X25519PublicKey.from_public_bytes(enc)))
    shared = expand(KEM, prk, b"shared_secret", enc + public, 32)
    context = b"\1" + extract(HPKE, b"", b"psk_id_hash", info) + extract(HPKE, b"", b"info_hash", info)
    prk = extract(HPKE, shared, b"secret", psk)
    key, nonce = (expand(HPKE, prk, label, context, length) for label, length in ((b"key", 32), (b"base_nonce", 12)))
    return public, ChaCha20Poly1305(key).decrypt(nonce, sealed[32:], b"")
