"""What genai-prices and LiteLLM say a usage costs, by their own functions. `None`: they do not say."""

import datetime
import tomllib
from decimal import Decimal
from pathlib import Path

import genai_prices
from litellm.litellm_core_utils.llm_cost_calc.utils import generic_cost_per_token, get_batch_cost_rates
from litellm.types.utils import CompletionTokensDetailsWrapper, PromptTokensDetailsWrapper, Usage
from litellm.utils import get_model_info

INPUT = ["input_tokens", "cached_input_tokens", "audio_input_tokens", "image_input_tokens", "video_input_tokens"]
# What our list says: only to tell what it does not say.
_LIST = Path(__file__).resolve().parents[2] / "meter/prices/list.toml"
LISTED = [rate for rate in tomllib.loads(_LIST.read_text())["rates"] if rate["service"] == "gemini"]
OUTPUT = ["output_tokens", "thinking_tokens", "image_output_tokens", "audio_output_tokens"]


# Our kinds are disjoint: no audio was cached, no picture was thought.
NOT_BOTH = {
    name: 0
    for name in (
        "cache_audio_read_tokens", "cache_image_read_tokens", "cache_video_read_tokens",
        "output_audio_reasoning_tokens", "output_image_reasoning_tokens", "output_video_reasoning_tokens",
    )
}


CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


def sums(quantities: dict) -> tuple[int, int]:
    """All input and all output: they count totals of which the kinds are parts, we count the parts."""
    return sum(quantities.get(name, 0) for name in INPUT), sum(quantities.get(name, 0) for name in OUTPUT)


def by_genai_prices(case: dict, day: datetime.datetime) -> Decimal | None:
    quantities = case["quantities"]
    everything_in, everything_out = sums(quantities)
    counted = {
        "input_tokens": everything_in,
        "output_tokens": everything_out,
        "cache_read_tokens": quantities.get("cached_input_tokens"),
        "input_audio_tokens": quantities.get("audio_input_tokens"),
        "input_image_tokens": quantities.get("image_input_tokens"),
        "input_video_tokens": quantities.get("video_input_tokens"),
        "output_reasoning_tokens": quantities.get("thinking_tokens"),
        "output_image_tokens": quantities.get("image_output_tokens"),
        "output_audio_tokens": quantities.get("audio_output_tokens"),
    }
    usage = genai_prices.Usage(**{name: value or 0 for name, value in counted.items()}, **NOT_BOTH)
    context = CONTEXTS[case["variant"]]

    def ask(context: dict | None) -> Decimal:
        return genai_prices.calc_price(
            usage, case["model"], provider_id="google", genai_request_timestamp=day, price_context=context
        ).total_price

    try:
        priced = ask(context)
        # Where it has no such variant it quietly gives the standard price: that is no answer.
        return None if context and priced == ask(None) else priced
    except LookupError:
        return None


def by_litellm(case: dict, day: datetime.datetime) -> Decimal | None:
    quantities = case["quantities"]
    try:
        info = get_model_info(model=case["model"], custom_llm_provider="gemini")
    except Exception:  # it raises a bare Exception for a model that it does not know
        return None
    everything_in, everything_out = sums(quantities)
    usage = Usage(
        prompt_tokens=everything_in,
        completion_tokens=everything_out,
        total_tokens=everything_in + everything_out,
        prompt_tokens_details=PromptTokensDetailsWrapper(
            cached_tokens=quantities.get("cached_input_tokens", 0),
            text_tokens=quantities.get("input_tokens", 0),
            audio_tokens=quantities.get("audio_input_tokens", 0),
            image_tokens=quantities.get("image_input_tokens", 0),
            video_tokens=quantities.get("video_input_tokens", 0),
        ),
        completion_tokens_details=CompletionTokensDetailsWrapper(
            text_tokens=quantities.get("output_tokens", 0),
            reasoning_tokens=quantities.get("thinking_tokens", 0),
            image_tokens=quantities.get("image_output_tokens", 0),
            audio_tokens=quantities.get("audio_output_tokens", 0),
        ),
    )
    if case["variant"] == "batch":
        # It has batch rates for text in, text out and what was cached, and no function for the rest.
        if set(quantities) - {"input_tokens", "cached_input_tokens", "output_tokens"}:
            return None
        rates = get_batch_cost_rates(info, usage, "gemini")
        parts = [
            (quantities.get("input_tokens", 0), rates.input),
            (quantities.get("cached_input_tokens", 0), rates.cache_read),
            (quantities.get("output_tokens", 0), rates.output),
        ]
        if any(count and rate is None for count, rate in parts):
            return None
        return sum((count * Decimal(repr(rate)) for count, rate in parts if count), Decimal(0))
    tier = case["variant"] if case["variant"] in ("flex", "priority") else None
    parts = generic_cost_per_token(
        model=case["model"], usage=usage, custom_llm_provider="gemini", service_tier=tier, current_time=day
    )
    # Its arithmetic is in floats: fifteen digits of it are compared.
    return Decimal(repr(parts[0])) + Decimal(repr(parts[1]))


ALL = {"genai-prices": by_genai_prices, "LiteLLM": by_litellm}
