"""What the SDKs' retries make of one call, by the simulator's own count."""

import pytest
from google import genai
from google.genai import errors, types

elevenlabs = pytest.importorskip("elevenlabs")
from elevenlabs.client import ElevenLabs  # noqa: E402
from elevenlabs.core.api_error import ApiError  # noqa: E402

from asks import VOICE  # noqa: E402
from conftest import KEY  # noqa: E402

MODEL = "gemini-3.8-flash"


# A client that nobody holds closes its connections, also those of a call that is under way.
held = []


def google(simulator, **options):
    held.append(genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=simulator.url, **options)))
    return held[-1]


def test_google_does_not_retry_by_itself(simulator):
    simulator.faults("text:status429*")
    with pytest.raises(errors.ClientError):
        google(simulator).models.generate_content(model=MODEL, contents="hi")
    assert simulator.count("text") == 1


def test_google_retries_as_often_as_it_is_told(simulator):
    simulator.faults("text:status503*")
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.05, max_delay=0.1)
    with pytest.raises(errors.ServerError):
        google(simulator, retry_options=retry).models.generate_content(model=MODEL, contents="hi")
    assert simulator.count("text") == 3


def test_google_continues_an_answer_with_a_second_call(simulator):
    whole = google(simulator).models.generate_content(model=MODEL, contents="Tell me about tides.").text
    simulator.reset()
    simulator.faults("text:continuation")
    joined = google(simulator).models.generate_content(model=MODEL, contents="Tell me about tides.")
    assert simulator.count("text") == 2
    assert "".join(part.text for part in joined.candidates[0].content.parts) == whole


def test_elevenlabs_retries_json_calls_twice(simulator):
    simulator.faults("narration:status429*")
    with pytest.raises(ApiError):
        ElevenLabs(base_url=simulator.url, api_key=KEY).text_to_speech.convert_with_timestamps(VOICE, text="Hi.")
    assert simulator.count("narration") == 3


def test_elevenlabs_does_not_retry_audio(simulator):
    simulator.faults("narration:status429*")
    with pytest.raises(ApiError):
        list(ElevenLabs(base_url=simulator.url, api_key=KEY).text_to_speech.convert(VOICE, text="Hi."))
    assert simulator.count("narration") == 1
