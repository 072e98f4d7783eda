#!/usr/bin/env bash
# Holds a running node to its own description, /api/v1/openapi.json: whatever is sent, sensible or not, the answer is
# one that the description knows, no call makes the node fail, and nothing is answered without the token.
# The same calls each time (KITH_SEED). Needs Python 3.10 or later with venv and pip, and target/release/kith.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD

venv=$root/target/contract
mkdir -p target
if [ ! -x "$venv/bin/python" ] || ! cmp -s tests/contract/requirements.txt "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/contract/requirements.txt
    cp tests/contract/requirements.txt "$venv/installed.txt"
fi

stage=$(mktemp -d)
nodes=()
finish() {
    local status=$?
    for node in "${nodes[@]}"; do kill "$node" 2>/dev/null || true; done
    wait
    rm -rf "$stage"
    exit "$status"
}
trap finish EXIT

# Starts somebody's node and waits until it can be asked.
up() {
    local home="$stage/$1"
    target/release/kith --home "$home" up --name "$1" --web 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 \
        >"$stage/$1.out" 2>"$stage/$1.log" &
    nodes+=($!)
    for _ in $(seq 200); do
        target/release/kith --home "$home" status --json >/dev/null 2>&1 && return
        sleep 0.1
    done
    cat "$stage/$1.log" >&2
    return 1
}

# What the node of this home says of where it listens.
api() { "$venv/bin/python" -c 'import json, sys; print("http://" + json.load(open(sys.argv[1]))["api"])' "$stage/$1/running.json"; }

# Ana knows Bo, so that there is somebody to ask about.
up Ana
up Bo
link=$(target/release/kith --home "$stage/Bo" invite --json | "$venv/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["link"])')
target/release/kith --home "$stage/Ana" scan "$link" >/dev/null

node=$(api Ana)
token=$(cat "$stage/Ana/api-token")
"$venv/bin/python" tests/contract/strangers.py "$node" "$stage/Ana/api-token"

# Each kind of call with values of every kind; then about Bo, who is there.
hold() {
    (
        cd "$stage"
        "$venv/bin/st" --config-file "$root/tests/contract/$1" run "$node/api/v1/openapi.json" --no-color --warnings off \
            --header "Authorization: Bearer $token" --seed "${KITH_SEED:-7}"
    )
}
hold anybody.toml
hold about-bo.toml
kill -0 "${nodes[0]}"
echo "The node is what it says."
