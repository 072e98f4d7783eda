# Steps, and at the end what each of them took. Sourced by tests/run and tests/long.
#   run WHAT COMMAND…     a step; the script ends where it fails
#   try WHAT COMMAND…     a step; the others go on where it fails, and the script fails at its end
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
