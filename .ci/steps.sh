# Sourced by `.ci/run` and `.ci/long`, which set `logs` and `wanted` before: steps with a name, a limit and a log.

mkdir -p "$logs"
rm -f "$logs"/*.log
report=()
known=()
began=$SECONDS

# step NAME MINUTES_MAX COMMAND...
step() {
    local name=$1 minutes=$2 start=$SECONDS code=0
    shift 2
    known+=("$name")
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi
    printf '\n=== %s: %s\n' "$name" "$*"
    timeout --kill-after=20 "${minutes}m" "$@" </dev/null 2>&1 | tee "$logs/$name.log" || code=$?
    if [ "$code" != 0 ]; then
        if [ "$code" = 124 ]; then echo "error: $name took longer than $minutes minutes"; fi
        printf '=== %s FAILED with code %s after %s s (whole output: %s)\n' "$name" "$code" $((SECONDS - start)) "$logs/$name.log"
        totals
        exit 1
    fi
    report+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
    printf '=== %s: %s s\n' "$name" $((SECONDS - start))
}

# The sum of what all test runners counted, in one line of its own.
totals() {
    cat "$logs"/*.log 2>/dev/null | awk '
        /^test result: / { passed += $4; failed += $6; ignored += $8 }
        # pytest: "12 passed, 1 failed in 3.21s", with or without rulers around it
        / in [0-9.]+s/ && /[0-9]+ (passed|failed|error)/ {
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^passed/) passed += $(i - 1)
                if ($i ~ /^(failed|error)/) failed += $(i - 1)
                if ($i ~ /^skipped/) ignored += $(i - 1)
            }
        }
        END { printf "tests: %d passed, %d failed, %d skipped\n", passed, failed, ignored }'
}

# The time of each step, and as the last line what all test runners counted.
finish() {
    local name
    for name in "${wanted[@]}"; do
        if [[ " ${known[*]} " != *" $name "* ]]; then
            echo "error: there is no step $name; there are ${known[*]}" >&2
            exit 2
        fi
    done
    printf '\n'
    printf '%s\n' "${report[@]}"
    printf '%5d s  together\n\n' $((SECONDS - began))
    totals
}
