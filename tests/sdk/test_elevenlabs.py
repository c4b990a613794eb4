"""elevenlabs, sync and async, against the simulator."""

import asyncio
import base64

import pytest

elevenlabs = pytest.importorskip("elevenlabs")
from elevenlabs.client import AsyncElevenLabs, ElevenLabs  # noqa: E402
from elevenlabs.core.api_error import ApiError  # noqa: E402

from asks import VOICE  # noqa: E402
from conftest import KEY  # noqa: E402

TEXT = "Tides rise. Tides fall."
FORMAT = "pcm_24000"


def client(simulator):
    return ElevenLabs(base_url=simulator.url, api_key=KEY)


def test_speech_comes_in_all_four_forms(simulator):
    speech = client(simulator).text_to_speech
    whole = b"".join(speech.convert(VOICE, text=TEXT, output_format=FORMAT))
    assert len(whole) > 24_000
    assert b"".join(speech.stream(VOICE, text=TEXT, output_format=FORMAT)) == whole
    timed = speech.convert_with_timestamps(VOICE, text=TEXT, output_format=FORMAT)
    assert base64.b64decode(timed.audio_base_64) == whole
    assert "".join(timed.alignment.characters) == TEXT
    pieces = list(speech.stream_with_timestamps(VOICE, text=TEXT, output_format=FORMAT))
    assert b"".join(base64.b64decode(piece.audio_base_64) for piece in pieces) == whole
    letters = [letter for piece in pieces if piece.alignment for letter in piece.alignment.characters]
    assert "".join(letters) == TEXT


def test_the_cost_is_in_the_header(simulator):
    raw = client(simulator).text_to_speech.with_raw_response
    response = raw.convert_with_timestamps(VOICE, text=TEXT, output_format=FORMAT, model_id="eleven_flash_v2_5")
    assert response.headers["character-cost"] == "12" and response.headers["request-id"]


def test_voices_subscription_user_and_models(simulator):
    sdk = client(simulator)
    assert VOICE in [voice.voice_id for voice in sdk.voices.get_all().voices]
    found = sdk.voices.search(search="rachel", page_size=5)
    assert (found.voices[0].name, found.has_more, found.total_count) == ("Rachel", False, 1)
    assert sdk.voices.get(VOICE).name == "George"
    before = sdk.user.subscription.get().character_count
    list(sdk.text_to_speech.convert(VOICE, text=TEXT, output_format=FORMAT))
    assert sdk.user.subscription.get().character_count == before + len(TEXT)
    assert sdk.user.get().subscription.tier
    models = {model.model_id: model for model in sdk.models.list()}
    assert models["eleven_flash_v2_5"].model_rates.character_cost_multiplier == 0.5


def test_it_works_async_too(simulator):
    async def run():
        sdk = AsyncElevenLabs(base_url=simulator.url, api_key=KEY)
        timed = await sdk.text_to_speech.convert_with_timestamps(VOICE, text=TEXT, output_format=FORMAT)
        assert timed.alignment.characters
        assert len([piece async for piece in sdk.text_to_speech.stream(VOICE, text=TEXT, output_format=FORMAT)]) > 0

    asyncio.run(run())


def test_errors_are_the_sdk_s_own(simulator):
    speech = client(simulator).text_to_speech
    with pytest.raises(ApiError) as missing:
        speech.convert_with_timestamps("nobody", text=TEXT)
    assert (missing.value.status_code, missing.value.body["detail"]["status"]) == (400, "voice_not_found")
    simulator.faults("narration:quota_exceeded,narration:invalid_422")
    with pytest.raises(ApiError) as quota:
        speech.convert_with_timestamps(VOICE, text=TEXT)
    assert (quota.value.status_code, quota.value.body["detail"]["status"]) == (401, "quota_exceeded")
    with pytest.raises(elevenlabs.UnprocessableEntityError):
        speech.convert_with_timestamps(VOICE, text=TEXT)
