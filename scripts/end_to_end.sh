#!/usr/bin/env bash
# Makes a video the way the README does, without a terminal and without keys, in a folder of its own, and plays it back:
#   scripts/end_to_end.sh target/release/reelmeter
set -euo pipefail
program=$(realpath "${1:?usage: scripts/end_to_end.sh PROGRAM}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; sed 's/^/    /' "$work/log" | tail -n 40 >&2; exit 1; }

cd "$work"
start=$SECONDS
env -u GEMINI_API_KEY -u ELEVENLABS_API_KEY timeout 540 "$program" --plain "Why do volcanoes erupt?" \
    >log 2>errors </dev/null || { cat errors >>log; fail "the run ended with code $?"; }
cat log
echo "end to end: made in $((SECONDS - start)) s"
grep -qi 'simulat' log || fail "the output does not say that the providers were simulated"
if grep -q $'\033' log; then fail "--plain wrote an escape sequence"; fi
mapfile -t videos < <(find videos -name '*.mp4')
[ ${#videos[@]} = 1 ] || fail "expected one video, found ${#videos[@]}: ${videos[*]}"
grep -qF "$(basename "${videos[0]}")" log || fail "the output does not name ${videos[0]}"
"$here/playback.sh" "${videos[0]}" 10
[ -s "${videos[0]%.mp4}.srt" ] || fail "there are no subtitles beside ${videos[0]}"
