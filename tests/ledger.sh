# Steps, and at the end what each of them took. Sourced by tests/run and tests/long.
#   run WHAT COMMAND…     a step; the script ends where it fails
#   try WHAT COMMAND…     a step; the others go on where it fails, and the script fails at its end
#   most_minutes=N        it is said at the end if all of it took longer
# What this machine cannot do is left out by a step that passes, whose words may be shown to nobody. So whatever leaves
# something out writes a line into the file that KITH_SKIPPED names, and the ledger ends with those.
mkdir -p target
export KITH_SKIPPED="$PWD/target/skipped"
: >"$KITH_SKIPPED"
ledger=()
failed=()
step='the beginning'
started=$SECONDS

close_ledger() {
    local status=$?
    [ "$status" -eq 0 ] || failed+=("$step")
    printf '\n%-46s %8s\n' 'what' 'seconds'
    [ "${#ledger[@]}" -eq 0 ] || printf '%s\n' "${ledger[@]}"
    printf '%-46s %8d\n' 'all of it' $((SECONDS - started))
    if [ -n "${most_minutes:-}" ] && [ $((SECONDS - started)) -gt $((most_minutes * 60)) ]; then
        printf '\nThis took more than the %d minutes that it is to take at most.\n' "$most_minutes"
    fi
    if [ -s "$KITH_SKIPPED" ]; then
        printf '\nLEFT OUT on this machine, and how often:\n'
        sort "$KITH_SKIPPED" | uniq -c
    fi
    [ "${#failed[@]}" -eq 0 ] || { printf '\nFAILED in: %s\n' "${failed[@]}"; exit 1; }
}
trap close_ledger EXIT

enter() { ledger+=("$(printf '%-46s %8d' "$step" $((SECONDS - $1)))"); }

run() {
    step=$1
    shift
    local begun=$SECONDS
    printf '\n== %s\n' "$step"
    "$@"
    enter "$begun"
}

try() {
    step=$1
    shift
    local begun=$SECONDS
    printf '\n== %s\n' "$step"
    "$@" || failed+=("$step")
    enter "$begun"
}
