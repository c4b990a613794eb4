#!/usr/bin/env bash
# Makes a video the way the README does, without a terminal and without keys, in a folder of its own, and plays it back:
#   scripts/end_to_end.sh target/release/reelmeter
#   scripts/end_to_end.sh target/release/reelmeter --pipeline animated     with real renders, and a bill for each attempt
set -euo pipefail
program=$(realpath "${1:?usage: scripts/end_to_end.sh PROGRAM [OPTION...]}")
shift
options=("$@")
case "${options[*]}" in
    *animated*) prompt="How does a heat pump work?" ;;
    *) prompt="Why do volcanoes erupt?" ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; sed 's/^/    /' "$work/log" | tail -n 40 >&2; exit 1; }

cd "$work"
start=$SECONDS
env -u GEMINI_API_KEY -u ELEVENLABS_API_KEY timeout 540 "$program" --plain --report report.json "${options[@]}" "$prompt" \
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

# The bill: each attempt has its line, and the lines add up to what was shown, to the last digit. The ledger that the one
# process leaves behind is served by the meter's own program.
programs=$(dirname "$program")
export METER_LISTEN=127.0.0.1:0
"$programs/meter" --meter-store "sqlite://$work/data/meter.db" >meter.log 2>&1 </dev/null &
meter=$!
trap 'kill "$meter" 2>/dev/null || true; wait "$meter" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    address=$(grep -oE '127\.0\.0\.1:[1-9][0-9]*' meter.log | head -n1 || true)
    [ -z "$address" ] || break
    kill -0 "$meter" 2>/dev/null || { cat meter.log >>log; fail "the meter does not serve the ledger"; }
    sleep 0.1
done
[ -n "$address" ] || { cat meter.log >>log; fail "the meter says no address"; }
"$programs/client" receipt --meter-addr "http://$address" --output receipt.json >>log 2>&1 || fail "there is no receipt"
python3 - <<'PYTHON' || fail "the bill does not add up"
import json
from decimal import Decimal

report, receipt = json.load(open("report.json")), json.load(open("receipt.json"))
entries = receipt["entries"]
total = Decimal(receipt["total_cost"])
assert total == Decimal(report["total_cost"]) > 0, (total, report["total_cost"])
assert sum(Decimal(entry["cost"] or 0) for entry in entries) == total
assert sum(Decimal(line["cost"] or 0) for entry in entries for line in entry["lines"]) == total
assert sum(entry["event_count"] for entry in entries) == report["event_count"], report["event_count"]
kept = [entry for entry in entries if entry["stage"] in ("code", "correction", "visual_fix", "last_attempt")]
again = [entry for entry in kept if entry["stage"] != "code"]
sections = {entry["scene"] for entry in again}
if kept:
    assert len({entry["scene"] for entry in kept}) >= 5, "fewer than five sections"
    assert len(sections) >= 2, f"only sections {sections} were corrected"
print(f"bill: {len(entries)} lines for {report['event_count']} calls add up to ${total}; "
      f"{len(again)} corrections in {len(sections)} sections")
PYTHON
