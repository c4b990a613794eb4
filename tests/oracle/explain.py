"""Whether an answer of ours is right, and if it is not theirs, why: the table of README.md as code.

A disagreement is explained metric by metric: what is left without the metrics in question must be the same to the last
digit, and for those metrics there must be a reason that holds for them.
"""

import datetime
from decimal import Decimal

import oracles

THRESHOLDS = [128_000, 200_000, 1_000_000]

BOTH = "the same as genai-prices and as LiteLLM"
ONE = "the same as {}; {} has another price, or another rule"
ALONE = "the same as {}; {} does not say"
CLASSES = {
    "U1": "UNPRICED with us: no rate of that name; a name that merely looks familiar is not matched",
    "U2": "UNPRICED with us: no rate of that variant in the list; they take the standard one, or nothing",
    "U3": "UNPRICED with us: a kind of output without a rate of its own; they take the text rate, or nothing",
    "U4": "UNPRICED with us: the model has no rate for that side at all; they take nothing, or have no answer",
    "V1": "flex, priority: what has no rate of its own in the variant takes the variant's text rate; LiteLLM takes the standard one",
    "V2": "a variant's cached input: the list has LiteLLM's rate; genai-prices has none and takes that of input",
    "B1": "batch: LiteLLM has a function for text and for cached input alone; the kinds that are rated as text agree with it as text",
}


def same(ours: Decimal, theirs: Decimal | None) -> bool:
    """Equal, but for the last digits of a sum of floats."""
    if theirs is None:
        return False
    return ours == theirs or abs(ours - theirs) <= max(abs(ours), abs(theirs)) * Decimal("1e-12")


def tier(quantities: dict) -> int:
    everything_in, _ = oracles.sums(quantities)
    return sum(everything_in > threshold for threshold in THRESHOLDS)


def without(case: dict, metrics: set[str]) -> dict | None:
    """The case without some metrics; `None` if that moves what is left into another context tier."""
    left = {metric: count for metric, count in case["quantities"].items() if metric not in metrics}
    return {**case, "quantities": left} if not left or tier(left) == tier(case["quantities"]) else None


def agrees(case: dict, answer: dict, metrics: set[str], day: datetime.datetime) -> bool:
    """Whether anybody says the same of the case without those metrics. Of nothing everybody does."""
    left = without(case, metrics)
    if left is None:
        return False
    costs = [Decimal(line["cost"]) for line in answer["lines"] if line["metric"] not in metrics and line["cost"]]
    rest = sum(costs, Decimal(0))
    if not left["quantities"]:
        return rest == 0
    return any(same(rest, ask(left, day)) for ask in oracles.ALL.values())


def known_rates(model: str) -> set[tuple[str, str]]:
    return {(rate["metric"], rate.get("variant", "standard")) for rate in oracles.LISTED if rate["model"] == model}


def why_unpriced(case: dict, left_out: set[str], known: set[str]) -> str | None:
    """The class of what has no price with us, if the list indeed has none for it."""
    if case["model"] not in known:
        return "U1" if left_out == set(case["quantities"]) else None
    rates = known_rates(case["model"])
    takes = {"thinking_tokens": "output_tokens"} | {metric: "input_tokens" for metric in oracles.INPUT}
    if any((metric, case["variant"]) in rates for metric in left_out | {takes.get(metric, metric) for metric in left_out}):
        return None
    if case["variant"] != "standard":
        return "U2"
    return "U3" if left_out <= set(oracles.OUTPUT) - {"output_tokens", "thinking_tokens"} else "U4"


def as_rated(case: dict, answer: dict, left_out: set[str]) -> dict:
    """The case with each quantity under the metric whose rate it took; the context tier stays what it was."""
    quantities: dict[str, int] = {}
    for line in answer["lines"]:
        if line["metric"] not in left_out:
            metric = line["rated_as"] or line["metric"]
            quantities[metric] = quantities.get(metric, 0) + line["quantity"]
    return {**case, "quantities": quantities}


def of_a_variant(case: dict, answer: dict, left_out: set[str], day: datetime.datetime) -> str | None:
    """Why a variant's price differs, if the reason holds for this case."""
    moved = as_rated(case, answer, left_out)
    if moved["quantities"] and tier(moved["quantities"]) == tier(case["quantities"]):
        if any(same(Decimal(answer["total"]), ask(moved, day)) for ask in oracles.ALL.values()):
            return "B1" if case["variant"] == "batch" else "V1"
    if "cached_input_tokens" in case["quantities"] and agrees(case, answer, left_out | {"cached_input_tokens"}, day):
        return "V2"
    return None


def verdict(case: dict, answer: dict, theirs: dict, known: set[str], day: datetime.datetime) -> str | None:
    """The class of an answer; `None` if nothing explains it."""
    if "error" in answer:
        return None
    left_out = set(answer["unpriced"])
    if not left_out:
        total = Decimal(answer["total"])
        right = [name for name, cost in theirs.items() if same(total, cost)]
        if len(right) == len(theirs):
            return BOTH
        if right:
            (other,) = set(theirs) - set(right)
            return (ALONE if theirs[other] is None else ONE).format(right[0], other)
        told = []
    else:
        key = why_unpriced(case, left_out, known)
        if key is None:
            return None
        told = [key]
    if told and agrees(case, answer, left_out, day):
        return CLASSES[told[0]]
    if case["variant"] != "standard" and (key := of_a_variant(case, answer, left_out, day)):
        return " + ".join(CLASSES[key] for key in [*told, key])
    return None
