"""Raw bodies, checked more strictly than an SDK call does."""

import json

import pytest
from google.genai import types

from asks import IMAGE, PICTURE, SCRIPT, SPEECH, SPOKEN, STREAM, TEXT

elevenlabs = pytest.importorskip("elevenlabs")
from elevenlabs.types.audio_with_timestamps_response import AudioWithTimestampsResponse  # noqa: E402
from elevenlabs.types.model import Model  # noqa: E402
from elevenlabs.types.subscription import Subscription  # noqa: E402
from elevenlabs.types.user import User  # noqa: E402
from elevenlabs.types.voice import Voice  # noqa: E402

FINISH_REASONS = {reason.value for reason in types.FinishReason}


def check_google(body):
    """The SDK's model refuses unknown fields; counts and enums are checked here."""
    types.GenerateContentResponse.model_validate(body)
    for candidate in body.get("candidates", []):
        if "finishReason" in candidate:
            assert candidate["finishReason"] in FINISH_REASONS
        assert isinstance(candidate["index"], int)
    usage = body["usageMetadata"]
    for name, count in usage.items():
        if name.endswith("Details"):
            assert all(isinstance(detail["tokenCount"], int) and detail["modality"] in ("TEXT", "IMAGE") for detail in count)
        else:
            assert type(count) is int and count > 0, f"{name}: zeros are left out"
    parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    assert usage["totalTokenCount"] == sum(usage.get(part, 0) for part in parts)


@pytest.mark.parametrize("path,body", [(TEXT, SCRIPT), (PICTURE, IMAGE)])
@pytest.mark.parametrize("fault", ["ok", "blocked", "cached", "tool_use", "thoughts_only", "max_tokens"])
def test_google_bodies_pass_the_strict_model(simulator, path, body, fault):
    status, _, raw = simulator.post(path, body, {"x-simulator-fault": fault})
    assert status == 200, raw
    check_google(json.loads(raw))


@pytest.mark.parametrize("fault", ["refused", "no_image", "two_images", "text_for_image"])
def test_google_pictures_that_go_wrong_pass_the_strict_model(simulator, fault):
    _, _, raw = simulator.post(PICTURE, IMAGE, {"x-simulator-fault": fault})
    check_google(json.loads(raw))


def test_google_stream_events_are_separated_and_pass_the_strict_model(simulator):
    _, headers, raw = simulator.post(STREAM, SCRIPT)
    assert headers["content-type"] == "text/event-stream"
    events = raw.decode().split("\r\n\r\n")
    assert events.pop() == "" and len(events) > 2
    for event in events:
        assert event.startswith("data: ") and "\n" not in event
        check_google(json.loads(event[len("data: "):]))


def test_google_models_pass_the_strict_model(simulator):
    _, _, raw = simulator.get("/v1beta/models")
    for model in json.loads(raw)["models"]:
        for name in ("name", "version", "displayName", "inputTokenLimit", "outputTokenLimit", "supportedGenerationMethods"):
            assert name in model


def test_elevenlabs_bodies_have_every_required_field(simulator):
    key = {"xi-api-key": "sim"}

    def body(path):
        status, _, raw = simulator.get(path, key)
        assert status == 200, raw
        return json.loads(raw)

    Subscription.model_validate(body("/v1/user/subscription"))
    User.model_validate(body("/v1/user"))
    for voice in body("/v1/voices")["voices"]:
        Voice.model_validate(voice)
        for name in ("name", "category", "labels", "available_for_tiers", "high_quality_base_model_ids"):
            assert voice[name] is not None
    for model in body("/v1/models"):
        Model.model_validate(model)
    _, headers, raw = simulator.post(SPEECH, SPOKEN)
    AudioWithTimestampsResponse.model_validate(json.loads(raw))
    assert headers["character-cost"].isdigit() and headers["request-id"]


# From Ollama's api/types.go: what is not `omitempty`, and what a finished answer with text always has.
GENERATE_KEYS = {"model": str, "created_at": str, "response": str, "done": bool}
CHAT_KEYS = {"model": str, "created_at": str, "message": dict, "done": bool}
DONE_KEYS = {
    "done_reason": str, "total_duration": int, "load_duration": int, "prompt_eval_count": int,
    "prompt_eval_duration": int, "eval_count": int, "eval_duration": int,
}


@pytest.mark.parametrize("path,ask,keys", [
    ("/api/generate", {"prompt": "tides"}, GENERATE_KEYS),
    ("/api/chat", {"messages": [{"role": "user", "content": "tides"}]}, CHAT_KEYS),
])
def test_ollama_bodies_have_every_required_key(simulator, path, ask, keys):
    _, _, raw = simulator.post(path, {"model": "llama3.2", "stream": False, **ask})
    body = json.loads(raw)
    for name, kind in {**keys, **DONE_KEYS}.items():
        assert type(body[name]) is kind, name
    _, headers, raw = simulator.post(path, {"model": "llama3.2", **ask})
    assert headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in raw.decode().splitlines()]
    assert all(type(line[name]) is kind for line in lines for name, kind in keys.items())
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert all(name in lines[-1] for name in DONE_KEYS) and not any(name in line for line in lines[:-1] for name in DONE_KEYS)
