"""From SPEC.md alone: Ana's id, her keys, and a card that she signed. Usage: verify_from_spec.py FOLDER"""
import cbor2
from from_spec import changed, read_history, refused, vectors, verify

identity, card = vectors("identity.json"), vectors("records.json")["card"]
ana, now = read_history(cbor2.loads(identity["history"]))
then = read_history({1: cbor2.loads(identity["inception of Ana"])})[1]
name = verify(card, b"card", lambda kid, _: then[kid])[0][4]
assert refused(verify, card, b"card", lambda kid, _: now[kid])
assert refused(verify, card, b"grant", lambda kid, _: then[kid])
assert refused(verify, card, b"card", lambda *_: now[ana + b"\1"]) and list(now) == [ana + b"\1"]
assert all(refused(verify, other, b"card", lambda kid, _: then[kid]) for other in changed(card))
print(f"  {ana.hex()[:16]}… is {name}; another kind, another key, a lost key, {len(card)} changed bytes refused")
