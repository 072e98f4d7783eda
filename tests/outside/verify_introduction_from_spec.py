"""From SPEC.md alone: an offer as its asker checks it. Usage: verify_introduction_from_spec.py FOLDER"""
from from_spec import changed, read_history, refused, sha256, strict, vectors, verify
from hpke import derive, open_sealed

REPLY_SEED = bytes(range(0xB0, 0xD0))  # what Ana alone has
def unseal(sealed, ask_id):  # SPEC.md 15: what is inside
    public, plain = open_sealed(REPLY_SEED, derive(ask_id, b"", b"kith/1/consent"), b"kith/1/letter", sealed)
    end = 2 + int.from_bytes(plain[:2], "big")
    assert len(plain) % 512 == 0 <= len(plain) - end < 512 and not any(plain[end:])
    return public, plain[2:end]

def check(ask, statement, sealed, ask_kind=b"ask", kind=b"introduction"):  # SPEC.md 15: whom Ana wanted, who came
    asked, ask_id, asker = verify(ask, ask_kind, lambda kid, _: keys[kid])
    said, _, introducer = verify(statement, kind, lambda kid, _: keys[kid])
    public, opened = unseal(sealed, ask_id)
    inside = strict(opened)
    target, its = read_history(inside[1])
    given, _, of = verify(inside[2], b"consent", lambda kid, _: its[kid])
    name = verify(given[6], b"card", lambda kid, _: its[kid])[0][4]
    assert asked[10] == public and asked[9] - asked[8] <= 14 * 86400 and asked[2] == introducer[:32]
    assert asked[1] == said[1] == given[1] and ask_id == said[6] == given[2] and said[7] == sha256(sealed)
    assert (said[2], said[3], of[:32]) == (asker[:32], target, target)
    assert (said[4], said[5]) == (asker[:32], target)  # the heads: neither of the two has changed a key
    assert len({asker[:32], introducer[:32], target}) == 3
    return asked[3], name, opened

identity, files, keys = vectors("identity.json"), vectors("introductions.json"), {}
for whose in ("inception of Ana", "inception of Bo"): keys |= read_history({1: strict(identity[whose])})[1]
parts = [files[name] for name in ("ask", "introduction", "sealed consent")]
wanted, found, opened = check(*parts)
assert opened == files["opened consent"]
for at, part in enumerate(parts):
    assert all(refused(check, *parts[:at], other, *parts[at + 1:]) for other in changed(part))
assert refused(check, parts[1], parts[0], parts[2]) and refused(check, *parts, b"introduction")
assert refused(check, *parts, b"ask", b"ask") and refused(check, parts[0], files["consent"], parts[2])
print(f"  {wanted!r} is {found}; other kinds, other places and {sum(map(len, parts))} changed bytes refused")
