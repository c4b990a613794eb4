"""Checks a session's books against the provider's own: check_books.py SUMMARY.json REQUESTS.json [UNCONFIRMED_MAX]

SUMMARY.json is what `client summary --json` printed, REQUESTS.json the simulator's own account of what it was asked. The
two were counted by different programs on different sides of the wire: a lost or a doubled record shows as a difference.
"""

import json
import sys
from decimal import Decimal

summary = json.load(open(sys.argv[1]))
requests = json.load(open(sys.argv[2]))
unconfirmed_max = int(sys.argv[3]) if len(sys.argv) > 3 else 0
wrong = []


def expect(what, found, wanted):
    if found != wanted:
        wrong.append(f"{what} is {found!r}, not {wanted!r}")


def total(entries, key):
    return sum((Decimal(entry[key] or 0) for entry in entries), Decimal(0))


expect("simulated", summary["simulated"], True)
expect("ended", summary["ended"], True)
expect("settled", summary["settled"], True)
for name in ("pending_event_count", "refused_event_count"):
    expect(name, summary[name], 0)
unconfirmed = summary["unconfirmed_call_count"]
if unconfirmed > unconfirmed_max:
    wrong.append(f"{unconfirmed} calls are unconfirmed, at most {unconfirmed_max} may be")

# By model equals by service equals the total, to the last digit.
cost = Decimal(summary["total_cost"])
expect("the services' costs together", total(summary["by_service"], "cost"), cost)
expect("the models' costs together", total(summary["by_model"], "cost"), cost)
if cost <= 0:
    wrong.append(f"the video cost {cost}")

quantities = {}
for service in summary["by_service"]:
    for metric in service["metrics"]:
        key = metric["metric"]
        quantities[key] = quantities.get(key, 0) + int(metric["quantity"])
billed = requests["billed"]


def together(*metrics):
    return sum(quantities.get(metric, 0) for metric in metrics)


inputs = [name for name in quantities if name.endswith("input_tokens")]
paid = sum(count["requests"] for count in requests["counts"] if any(count["billed"].values()))
for what, counted, asked in (
    ("input tokens", together(*inputs), billed["input_tokens"]),
    ("output tokens", together("output_tokens", "image_output_tokens"), billed["output_tokens"]),
    ("thinking tokens", together("thinking_tokens"), billed["thinking_tokens"]),
    ("images", together("images"), billed["images"]),
    ("characters", together("characters"), billed["characters"]),
    ("paid calls", summary["event_count"] - unconfirmed, paid),
):
    # What a call cost whose answer was cut off, nobody on our side can know: it is shown as unconfirmed, not guessed.
    if counted > asked or unconfirmed == 0 and counted != asked:
        wrong.append(f"the meter counted {counted} {what}, the provider {asked}")
if paid - (summary["event_count"] - unconfirmed) > unconfirmed:
    wrong.append(f"the provider was paid for {paid} calls, {summary['event_count']} are recorded with {unconfirmed} unconfirmed")

for line in wrong:
    print(f"books: {line}", file=sys.stderr)
if wrong:
    sys.exit(1)
print(f"books: ${cost} for {summary['event_count']} calls, {billed['images']} images, {billed['characters']} characters, "
      f"{billed['input_tokens']} + {billed['output_tokens']} + {billed['thinking_tokens']} tokens: "
      f"meter and provider agree, {unconfirmed} unconfirmed")
