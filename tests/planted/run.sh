#!/usr/bin/env bash
# Plants known bugs, one at a time, in a copy of the sources, and runs for each the smallest part of the programme that
# must catch it. A bug that is not caught means that a test is blind.
#
#   tests/planted/run.sh          all of them
#   tests/planted/run.sh NAME...  only these: the names of the patches beside this script
#   tests/planted/run.sh --check  only whether each patch still fits the sources
#
# A patch begins with `Bug:` and one sentence, then `Caught by:` and what catches it:
#   kills N       `proof kills` with at most N kills
#   cuts N        `proof cuts` with at most N cuts: the control that shows that they are not blind
#   test ARGS     `cargo test ARGS`
# Everything lies in target/planted, and is compiled there once: a patch only costs the crates that it changes. PROFILE=dev
# builds without optimisation. SEED decides the moments of kills.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/planted
place=$PWD/target/planted
tree=$place/tree
profile=${PROFILE:-release}
out=$place/target/$([ "$profile" = dev ] && echo debug || echo "$profile")
seed=${SEED:-1}
# With one small test beside them, so that third-party crates have the features that tests need, and those which
# `cargo test` has compiled are used again.
programs=(--bin meter --bin proof --test fuzz_corpus)
# The meter is compiled for each patch: its own code need not be fast to be wrong.
meter_profile=profile.release.package.reelmeter-meter
quick=(--config "$meter_profile.opt-level=1" --config "$meter_profile.codegen-units=16")

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf 'planted: %s\n' "$*"; }
# A field of a patch's head.
field() { sed -n "s/^$2: //p;/^--- /q" "$here/$1.patch"; }

if [ "${1:-}" = --check ]; then
    for patch in "$here"/*.patch; do
        patch -s -p1 -F3 --dry-run <"$patch" || die "${patch##*/} no longer fits the sources: bring it up to date"
    done
    say "every patch fits the sources"
    exit 0
fi
names=("$@")
if [ ${#names[@]} = 0 ]; then
    for patch in "$here"/*.patch; do
        name=${patch##*/}
        names+=("${name%.patch}")
    done
fi

# The sources as they are now. Times stay, so that what did not change is not compiled again.
mkdir -p "$tree" "$place/logs"
git ls-files --cached --others --exclude-standard -z | grep -zv '^tests/planted/.*\.patch$' | sort -z >"$place/files"
rsync_tree() {
    # Without rsync: what is gone goes, what differs is copied.
    (cd "$tree" && find . -path ./target -prune -o -type f -printf '%P\0' | sort -z) >"$place/there"
    comm -z -13 "$place/files" "$place/there" | (cd "$tree" && xargs -0r rm -f --)
    while IFS= read -r -d '' file; do
        [ -f "$file" ] || continue
        cmp -s "$file" "$tree/$file" || { mkdir -p "$tree/$(dirname "$file")" && cp -p "$file" "$tree/$file"; }
    done <"$place/files"
}
rsync_tree

# Third-party crates that are compiled already are taken along.
if [ ! -d "$out" ] && [ -d "target/${out##*/}" ]; then
    mkdir -p "$out"
    cp -a "target/${out##*/}"/{.fingerprint,build} "$out/"
    mkdir -p "$out/deps"
    find "target/${out##*/}/deps" -maxdepth 1 \( -name '*.rlib' -o -name '*.rmeta' -o -name '*.so' -o -name '*.d' \) \
        -exec cp -a -t "$out/deps" {} +
fi

cargo_in_tree() { (cd "$tree" && CARGO_TARGET_DIR=$place/target CARGO_INCREMENTAL=0 timeout 1800 cargo "${quick[@]}" "$@"); }

# Compiles what the command needs.
compile() {
    local kind=$1
    shift
    case $kind in
        kills | cuts) cargo_in_tree build --locked --profile "$profile" "${programs[@]}" ;;
        test)
            local what=()
            while [ $# -gt 0 ] && [ "$1" != -- ]; do
                what+=("$1")
                shift
            done
            cargo_in_tree test --locked --profile "$profile" --no-run "${what[@]}"
            ;;
        *) die "what is '$kind'?" ;;
    esac
}

# Runs it, and succeeds if it finds nothing wrong.
try() {
    local kind=$1
    shift
    case $kind in
        kills) timeout 900 "$out/proof" kills --meter "$out/meter" --times "$1" --seed "$seed" --folder "$place" ;;
        cuts) timeout 900 "$out/proof" cuts --meter "$out/meter" --times "$1" --seed "$seed" --folder "$place" ;;
        test) cargo_in_tree test --locked --profile "$profile" "$@" ;;
    esac
}

caught=0 missed=() untried=()
for name in "${names[@]}"; do
    patch=$here/$name.patch
    [ -s "$patch" ] || die "there is no patch $name"
    read -ra command <<<"$(field "$name" 'Caught by')"
    log=$place/logs/$name.log
    patch -s -p1 -F3 --no-backup-if-mismatch -d "$tree" <"$patch" >"$log" 2>&1 \
        || { cat "$log" >&2; die "$name no longer fits the sources: bring the patch up to date"; }
    good=yes
    compile "${command[@]}" >"$log" 2>&1 || good=no
    if [ $good = yes ]; then
        began=$SECONDS
        if try "${command[@]}" >>"$log" 2>&1; then
            missed+=("$name")
            say "$name: NOT CAUGHT by ${command[*]}"
        elif grep -aqE '^error: (LOST|BROKEN)|^test result: FAILED' "$log"; then
            caught=$((caught + 1))
            say "$name: caught by ${command[*]} in $((SECONDS - began)) s: $(grep -ahE -m1 '^error: (LOST|BROKEN)|panicked at' "$log")"
        else
            good=no
        fi
    fi
    # The sources as they were, with a new time: they are compiled again.
    while read -r file; do
        cp "$file" "$tree/$file"
        rm -f "$tree/$file.rej"
    done < <(sed -n 's/^+++ b\///p' "$patch")
    if [ $good = no ]; then
        tail -n 30 "$log" >&2
        untried+=("$name")
        say "$name: could not be tried (whole output: ${log#"$PWD"/})"
    fi
done
say "$caught of ${#names[@]} planted bugs caught"
[ ${#missed[@]} = 0 ] || die "not caught: ${missed[*]}"
[ ${#untried[@]} = 0 ] || die "not tried, bring the patches up to date: ${untried[*]}"
