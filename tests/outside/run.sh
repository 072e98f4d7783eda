#!/usr/bin/env bash
# Checks Kith's records, a vouch in a file, an introduction and the door for who lost everything with programs that
# share no line with Kith: an independent COSE library, and scripts of at most forty lines written from SPEC.md, and for
# what is sealed from RFC 9180, alone. Needs Python 3.9 or later with venv and pip.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=target/outside
mkdir -p target
if [ ! -x "$venv/bin/python" ] || ! cmp -s tests/outside/requirements.txt "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/outside/requirements.txt
    cp tests/outside/requirements.txt "$venv/installed.txt"
fi

for check in verify_with_library.py verify_from_spec.py verify_vouch_from_spec.py verify_introduction_from_spec.py \
    verify_recovery_from_spec.py; do
    echo "== $check"
    "$venv/bin/python" "tests/outside/$check" protocol/vectors
done
echo "All agree with the vectors."
