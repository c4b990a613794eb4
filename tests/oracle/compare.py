"""Rates thousands of random usages with reelmeter-rating, with genai-prices and with LiteLLM, and compares.

    tests/oracle/run.sh target/release/examples/rate_jsonl [--cases 2000] [--seed 1] [--book FILE]

Each answer of ours must be the same as one of theirs, or be in the table of README.md: a class of disagreement with its
reason, which is checked case by case. Anything else fails the run and is printed with its usage.
"""

import argparse
import collections
import datetime
import json
import os
import random
import subprocess
import sys
from decimal import Decimal

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # the packaged price file; nothing is fetched

import explain  # noqa: E402
import oracles  # noqa: E402

# The day of the price list: rates that begin or end later are not asked for.
DAY = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.timezone.utc)
VARIANTS = ["standard", "standard", "standard", "batch", "flex", "priority"]
METRICS = [
    "input_tokens", "cached_input_tokens", "audio_input_tokens", "image_input_tokens", "video_input_tokens",
    "output_tokens", "thinking_tokens", "image_output_tokens", "audio_output_tokens",
]
# Numbers around the thresholds of the price lists, and ordinary ones.
AROUND = [127_999, 128_000, 128_001, 199_999, 200_000, 200_001]


def models() -> list[str]:
    return sorted({rate["model"] for rate in oracles.LISTED})


def usage(rng: random.Random, known: list[str]) -> dict:
    quantities = {}
    for metric in rng.sample(METRICS, rng.choice([1, 1, 2, 2, 3, 4])):
        quantities[metric] = rng.choice([rng.choice(AROUND), rng.randrange(1, 400_000), rng.randrange(1, 2_000)])
    # Models that a provider knows, and now and then one that merely looks like one.
    model = rng.choice(known) if rng.random() < 0.97 else rng.choice(known) + "-x"
    return {
        "service": "gemini",
        "model": model,
        "variant": rng.choice(VARIANTS),
        "time": DAY.isoformat().replace("+00:00", "Z"),
        "quantities": quantities,
    }


def ours(program: str, book: str, usages: list[dict]) -> list[dict]:
    lines = "".join(json.dumps(usage) + "\n" for usage in usages)
    done = subprocess.run([program, book], input=lines, capture_output=True, text=True, check=True, timeout=300)
    # Money as it is written: a float would hide the digits that are compared.
    return [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--book", default="list", help="a price file in the list's place, to see this fail")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    known = models()
    usages = [usage(rng, known) for _ in range(asked.cases)]
    answers = ours(asked.program, asked.book, usages)
    assert len(answers) == len(usages), f"{len(answers)} answers to {len(usages)} usages"

    classes = collections.Counter()
    met = 0
    unexplained = []
    for case, answer in zip(usages, answers):
        theirs = {name: ask(case, DAY) for name, ask in oracles.ALL.items()}
        verdict = explain.verdict(case, answer, theirs, set(known), DAY)
        if verdict is None:
            unexplained.append((case, answer, theirs))
        else:
            classes.update(verdict.split(" + "))
            met += 1
    print(f"rating oracle: {asked.cases} usages of {len(known)} models, seed {asked.seed}")
    for name, count in classes.most_common():
        print(f"{count:7d}  {name}")
    for case, answer, theirs in unexplained[:20]:
        print("UNEXPLAINED", json.dumps(case), "\n   ours", json.dumps(answer, default=str), "\n   theirs", theirs)
    unused = sorted(set(explain.CLASSES.values()) - set(classes))
    if unused:
        print("not met with this seed:", "; ".join(unused))
    print(f"{met} passed, {len(unexplained)} failed")
    return 1 if unexplained or met == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
