"""google-genai, sync and async, against the simulator."""

import asyncio
import json
import subprocess
import sys

import pytest
from google import genai
from google.genai import errors, types

from asks import SCRIPT_SCHEMA
from conftest import KEY

MODEL = "gemini-3.8-flash"
PROMPT = "Write a 3-scene script about tides."


# A client that nobody holds closes its connections, also those of a call that is under way.
held = []


def client(simulator, **options):
    held.append(genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=simulator.url, **options)))
    return held[-1]


def config(**more):
    return types.GenerateContentConfig(
        system_instruction="You write narrated video scripts.",
        temperature=0.4,
        max_output_tokens=8192,
        response_mime_type="application/json",
        response_schema=SCRIPT_SCHEMA,
        thinking_config=types.ThinkingConfig(thinking_budget=0),
        safety_settings=[types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_ONLY_HIGH")],
        **more,
    )


def check_script(text):
    scenes = json.loads(text)["scenes"]
    assert len(scenes) == 3
    assert any("moon" in scene["narration"] for scene in scenes)
    assert all(scene["image_prompt"] for scene in scenes)


def check_usage(usage):
    assert usage.prompt_token_count > 0 and usage.candidates_token_count > 0
    total = usage.prompt_token_count + usage.candidates_token_count + (usage.thoughts_token_count or 0)
    assert usage.total_token_count == total


@pytest.mark.parametrize("version", [None, "v1", "v1beta"])
def test_a_script_is_written_under_every_version(simulator, version):
    options = {"api_version": version} if version else {}
    response = client(simulator, **options).models.generate_content(model=MODEL, contents=PROMPT, config=config())
    check_script(response.text)
    check_usage(response.usage_metadata)
    assert response.candidates[0].finish_reason == types.FinishReason.STOP
    assert response.model_version == MODEL and response.response_id


def test_a_script_is_streamed(simulator):
    chunks = list(client(simulator).models.generate_content_stream(model=MODEL, contents=PROMPT, config=config()))
    assert len(chunks) > 2
    check_script("".join(chunk.text or "" for chunk in chunks))
    check_usage(chunks[-1].usage_metadata)
    counts = [chunk.usage_metadata.candidates_token_count or 0 for chunk in chunks]
    assert counts == sorted(counts), "a running total, not parts to add up"


def test_everything_works_async_too(simulator):
    async def run():
        aio = client(simulator).aio
        response = await aio.models.generate_content(model=MODEL, contents=PROMPT, config=config())
        check_script(response.text)
        text = ""
        async for chunk in await aio.models.generate_content_stream(model=MODEL, contents=PROMPT, config=config()):
            text += chunk.text or ""
        check_script(text)
        counted = await aio.models.count_tokens(model=MODEL, contents=PROMPT)
        assert counted.total_tokens > 0
        names = [model.name async for model in await aio.models.list(config={"page_size": 5})]
        assert f"models/{MODEL}" in names

    asyncio.run(run())


def test_a_picture_is_drawn(simulator):
    response = client(simulator).models.generate_content(
        model="gemini-3-pro-image",
        contents="A watercolor harbor at low tide, no text",
        config=types.GenerateContentConfig(
            response_modalities=["TEXT", "IMAGE"], image_config=types.ImageConfig(aspect_ratio="9:16", image_size="1K")
        ),
    )
    pictures = [part.inline_data for part in response.candidates[0].content.parts if part.inline_data]
    assert pictures[-1].mime_type == "image/png" and pictures[-1].data.startswith(b"\x89PNG")
    details = response.usage_metadata.candidates_tokens_details
    assert [(detail.modality.value, detail.token_count) for detail in details] == [("IMAGE", 1120)]


def test_tokens_are_counted_and_models_listed_and_got(simulator):
    sdk = client(simulator)
    assert sdk.models.count_tokens(model=MODEL, contents="Why do volcanoes erupt?").total_tokens > 3
    names = [model.name for model in sdk.models.list(config={"page_size": 4})]
    assert len(names) == len(set(names)) > 8 and f"models/{MODEL}" in names
    model = sdk.models.get(model=MODEL)
    assert model.input_token_limit > 0 and "generateContent" in (model.supported_actions or [])


def test_errors_are_the_sdk_s_own(simulator):
    sdk = client(simulator)
    with pytest.raises(errors.ClientError) as missing:
        sdk.models.generate_content(model="gemini-99", contents="hi")
    assert (missing.value.code, missing.value.status) == (404, "NOT_FOUND")
    bad = genai.Client(api_key="bad-key", http_options=types.HttpOptions(base_url=simulator.url))
    with pytest.raises(errors.ClientError) as refused:
        bad.models.generate_content(model=MODEL, contents="hi")
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    simulator.faults("text:html502")
    with pytest.raises(errors.ServerError) as gateway:
        sdk.models.generate_content(model=MODEL, contents="hi")
    assert gateway.value.code == 502


def test_an_error_inside_a_stream_is_raised(simulator):
    simulator.faults("script:stream_error")
    with pytest.raises(errors.APIError):
        list(client(simulator).models.generate_content_stream(model=MODEL, contents=PROMPT, config=config()))


def test_a_blocked_prompt_and_a_refused_picture_are_answers(simulator):
    simulator.faults("text:blocked,image:refused")
    blocked = client(simulator).models.generate_content(model=MODEL, contents="hi")
    assert not blocked.candidates and blocked.prompt_feedback.block_reason.value == "PROHIBITED_CONTENT"
    refused = client(simulator).models.generate_content(model="gemini-3-pro-image", contents="hi")
    # The SDK drops finishMessage for this API; test_corpus.py looks for it in the raw body.
    assert refused.candidates[0].finish_reason.value == "IMAGE_SAFETY" and not refused.candidates[0].content.parts


def test_the_base_url_can_come_from_the_environment_or_a_default(simulator):
    ask = f"print(client.models.generate_content(model={MODEL!r}, contents='hi').text)"
    by_environment = f"from google import genai; client = genai.Client(api_key='sim'); {ask}"
    by_default = (
        "from google import genai; from google.genai import _base_url; "
        f"_base_url.set_default_base_urls({simulator.url!r}, None); client = genai.Client(api_key='sim'); {ask}"
    )
    for code, environment in [(by_environment, {"GOOGLE_GEMINI_BASE_URL": simulator.url}), (by_default, {})]:
        done = subprocess.run([sys.executable, "-c", code], env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
    assert simulator.count("text") == 2
