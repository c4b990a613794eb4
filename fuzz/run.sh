#!/usr/bin/env bash
# Runs fuzz targets one after the other, each for a while; a fault that one finds ends with its input in fuzz/artifacts.
#
#   fuzz/run.sh                  every target, an hour each
#   fuzz/run.sh TARGET...        only these
#   fuzz/run.sh --check          only compiles them
#   FUZZ_SECONDS=600 fuzz/run.sh for as long as that
#   FUZZ_MINIMISE=yes            takes what was found of use into fuzz/corpus, at most FUZZ_CORPUS_BYTES of it (40,000)
#
# Needs a C++ compiler. cargo-fuzz is installed into target/tools where it is not there. No nightly compiler is needed:
# nothing here is `unsafe`, so that the address sanitizer would look for faults of the libraries alone.
set -euo pipefail
cd "$(dirname "$0")/.."

FUZZ_VERSION=0.13.2
seconds=${FUZZ_SECONDS:-3600}
corpus_bytes=${FUZZ_CORPUS_BYTES:-40000}
tools=$PWD/target/tools
found=$PWD/target/fuzz-corpus
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf 'fuzz: %s\n' "$*"; }

if [ "$("$tools/bin/cargo-fuzz" --version 2>/dev/null)" != "cargo-fuzz $FUZZ_VERSION" ]; then
    say "installing cargo-fuzz $FUZZ_VERSION into target/tools"
    cargo install --quiet --locked --root "$tools" --target-dir target/cargo-fuzz "cargo-fuzz@$FUZZ_VERSION"
fi
fuzz() { "$tools/bin/cargo-fuzz" "$@"; }
host=$(rustc -vV | sed -n 's/^host: //p')

fuzz build --sanitizer none
[ "${1:-}" = --check ] && exit 0
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(fuzz list)

for target in "${targets[@]}"; do
    [ -d "fuzz/corpus/$target" ] || die "there is no target $target: fuzz list says which there are"
    program=fuzz/target/$host/release/$target
    mkdir -p "$found/$target" "fuzz/artifacts/$target"
    log=$found/$target.log
    # The first folder takes what is new; what is committed is only read.
    "$program" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target/" "$found/$target" "fuzz/corpus/$target" >"$log" 2>&1 \
        || { tail -n 40 "$log" >&2; die "$target failed: its input is in fuzz/artifacts/$target"; }
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    say "$target: $(stat number_of_executed_units) inputs in $seconds s, $(stat average_exec_per_sec) a second, $(sed -n 's/.* cov: \([0-9]*\) ft: .*/\1/p' "$log" | tail -n1) edges, none failed"
    if [ -n "${FUZZ_MINIMISE:-}" ]; then
        small=$(mktemp -d)
        "$program" -merge=1 "$small" "fuzz/corpus/$target" "$found/$target" >>"$log" 2>&1
        # A hundred of all sizes, as far as there is room; what is there stays.
        room=$((corpus_bytes - $(cat "fuzz/corpus/$target"/* | wc -c)))
        step=$((($(find "$small" -type f | wc -l) + 99) / 100))
        while read -r bytes file; do
            [ "$bytes" -le "$room" ] || continue
            cp "$file" "fuzz/corpus/$target/$(basename "$file" | cut -c1-12)"
            room=$((room - bytes))
        done < <(find "$small" -type f -printf '%s %p\n' | sort -n | awk -v step="$step" 'NR % step == 0')
        rm -rf "$small"
    fi
done
