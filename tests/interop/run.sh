#!/usr/bin/env bash
# Lets strangers with other programs, js-libp2p and py-libp2p, come to a running node, at home and where others reach it:
# it is identified and answers pings, and tells nothing on any protocol to who has no secret.
# Needs npm, Python 3.11 or later with venv and pip, and target/release/kith. Each client is installed in target/interop,
# js-libp2p with the Node.js that it wants. Without a network for that it says so and leaves the rest out, but not on CI.
set -euo pipefail
cd "$(dirname "$0")/../.."

place=target/interop
js=$place/js
venv=$place/py

# Says it here, and to the ledger of tests/run.
left_out() {
    echo "Left out: $1. $2" >&2
    [ -z "${KITH_SKIPPED:-}" ] || echo "$1: $2" >>"$KITH_SKIPPED"
}

# What cannot be installed is said; true if it is there now.
installed() {
    local name=$1 said
    shift
    said=$("$@" 2>&1) && return
    echo "$name cannot be installed here: $said" >&2
    [ -z "${CI:-}" ] || exit 1
    left_out "strangers with other programs" "There must be a network to install them once."
    exit 0
}

# Not npm ci, which wants the QUIC of all systems in the lock file, also of those for which there is none to be had.
install_js() {
    rm -rf "$js" && mkdir -p "$js" && cp tests/interop/package.json tests/interop/package-lock.json "$js" &&
        npm install --no-save --prefix "$js" --ignore-scripts --no-audit --no-fund --loglevel=error &&
        cp tests/interop/package-lock.json "$js/installed.json"
}

install_py() {
    python3 -m venv --clear "$venv" &&
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r tests/interop/requirements.txt &&
        cp tests/interop/requirements.txt "$venv/installed.txt"
}

cmp -s tests/interop/package-lock.json "$js/installed.json" || installed js-libp2p install_js
cmp -s tests/interop/requirements.txt "$venv/installed.txt" || installed py-libp2p install_py
# It finds what it imports beside itself.
cp tests/interop/stranger.mjs "$js"

node=("$js"/node_modules/node-linux-*/bin/node)
story=("$venv/bin/python" -B tests/interop/story.py "${node[0]}" "$js")

# Only a node with an address as the internet has them passes things on and keeps a part of the DHT. So loopback has
# some, of those that are set aside for documentation, in a network of its own, without a way out.
network='ip link set lo up && for last in 10 11 12; do ip address add 203.0.113.$last/32 dev lo; done &&
    { ip address add 2001:db8::10/128 dev lo nodad 2>/dev/null || true; } && exec "$@"'
for apart in "unshare --net" "unshare --user --map-root-user --net"; do
    if $apart -- sh -c "$network" sh true 2>/dev/null; then
        exec env KITH_INTEROP_INSIDE=yes $apart -- sh -c "$network" sh "${story[@]}"
    fi
done
"${story[@]}"
left_out "strangers at Ana's node where others reach it" "This machine makes no network of its own (unshare, ip)."
[ -z "${CI:-}" ] || exit 1
