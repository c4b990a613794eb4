"""ollama, sync and async, against the simulator."""

import asyncio
import base64
import json

import pytest

ollama = pytest.importorskip("ollama")

PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def test_generate_chat_list_and_show(simulator):
    sdk = ollama.Client(host=simulator.url)
    assert "moondream:latest" in [model.model for model in sdk.list().models]
    assert "vision" in sdk.show("moondream").capabilities
    answer = sdk.generate(model="llama3.2", prompt="Why do volcanoes erupt?")
    assert answer.done and answer.response and answer.eval_count > 0 and answer.total_duration > 0
    chat = sdk.chat(model="llama3.2", messages=[{"role": "user", "content": "tides"}])
    assert chat.message.role == "assistant" and chat.message.content


def test_a_stream_ends_with_its_counts(simulator):
    sdk = ollama.Client(host=simulator.url)
    parts = list(sdk.generate(model="llama3.2", prompt="tides", stream=True))
    assert len(parts) > 3 and "".join(part.response for part in parts)
    assert parts[-1].done and parts[-1].eval_count and all(part.eval_count is None for part in parts[:-1])


def test_a_picture_gets_a_verdict(simulator):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "reason": {"type": "string"}}, "required": ["ok", "reason"]}
    answer = ollama.Client(host=simulator.url).generate(model="moondream", prompt="Is any text cut off?", images=[PICTURE], format=schema)
    verdict = json.loads(answer.response)
    assert isinstance(verdict["ok"], bool) and verdict["reason"]


def test_it_works_async_too(simulator):
    async def run():
        answer = await ollama.AsyncClient(host=simulator.url).generate(model="llama3.2", prompt="tides")
        assert answer.response

    asyncio.run(run())


def test_errors_and_the_empty_answer(simulator):
    sdk = ollama.Client(host=simulator.url)
    with pytest.raises(ollama.ResponseError) as missing:
        sdk.generate(model="nope", prompt="hi")
    assert missing.value.status_code == 404 and missing.value.error == "model 'nope' not found"
    simulator.faults("generate:empty,generate:stream_error")
    empty = sdk.generate(model="moondream", prompt="hi")
    assert empty.response == "" and empty.eval_count == 1
    with pytest.raises(ollama.ResponseError):
        list(sdk.generate(model="moondream", prompt="hi", stream=True))
