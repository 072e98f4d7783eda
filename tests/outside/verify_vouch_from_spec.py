"""From SPEC.md alone: a vouch in a file, accepted by its subject. Usage: verify_vouch_from_spec.py FOLDER"""
import cbor2
from from_spec import changed, read_history, refused, sha256, strict, vectors, verify

def check(file, vouch_kind=b"vouch", acceptance_kind=b"acceptance"):  # SPEC.md 14: what is said, of whom, by whom
    export = strict(file)
    (issuer, its), (subject, hers) = read_history(export[1]), read_history(export[3])
    vouch, _, by = verify(export[2], vouch_kind, lambda kid, _: its[kid])
    acceptance, _, of = verify(export[4], acceptance_kind, lambda kid, _: hers[kid])
    assert set(export) == {1, 2, 3, 4} and by[:32] == issuer and of[:32] == subject == vouch[1] != issuer
    assert vouch[7] <= vouch[4] + 732 * 86400 and len(export[2]) <= 1024
    assert (acceptance[1], acceptance[2], acceptance[3]) == (issuer, vouch[2], sha256(vouch[5]))
    return strict(vouch[5]), min(vouch.get(6, 0), acceptance[4]), issuer, subject

files = vectors("vouches.json")
content, reach, issuer, subject = check(files["export"])
assert refused(check, files["export"], b"acceptance") and refused(check, files["export"], b"vouch", b"vouch")
assert all(refused(check, other) for other in changed(files["export"]))
export = strict(files["export"])
def with_(**parts): return cbor2.dumps({**export, **{int(at[1:]): part for at, part in parts.items()}}, canonical=True)
lies = {
    "the histories changed places": with_(_1=export[3], _3=export[1]),
    "the records changed places": with_(_2=export[4], _4=export[2]),
    "revoked": with_(_2=files["revocation"]),
    "the issuer accepts": with_(_3=export[1]),
}
kid = issuer + b"\0"  # the same signature under another key number, and in the name of the subject
lies |= {f"kid {other.hex()[-4:]}": files["export"].replace(kid, other) for other in (issuer + b"\1", subject + b"\0")}
assert all(lie != files["export"] and refused(check, lie) for lie in lies.values()), "a lie was believed"
print(f"  {issuer.hex()[:16]}… of {subject.hex()[:16]}…: {content[5]!r}, for reach {reach}")
print(f"  {len(lies)} lies, other kinds and {len(files['export'])} changed bytes refused")
