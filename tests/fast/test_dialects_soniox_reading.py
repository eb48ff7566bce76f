"""What Soniox's requests may hold: every documented refusal, in the documented order and words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rehearsal import VOICE
from soniox_paper import CONFIG, resolve
from vivavoce.dialects.soniox import errors, reading
from vivavoce.dialects.soniox.models import LANGUAGES, MODELS
from vivavoce.errors import UnknownVoiceError, VivavoceError
from vivavoce.speech import VoiceInfo

pytestmark = pytest.mark.fast

LONG = "x" * 51


def refusal(members: dict[str, Any]) -> tuple[str, str]:
    """Type and text of what is said to ``POST /tts`` with these members beside the usual ones."""
    body = json.dumps({**CONFIG, "text": "Hi.", **members}).encode()
    with pytest.raises(VivavoceError) as caught:
        reading.check_names(reading.speech(body)[0], resolve)
    fields = errors.stream_fields(caught.value, "")
    return fields["error_type"], fields["error_message"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"model": None}, "Missing required field: model"),
        ({"model": ""}, "Missing required field: model"),
        ({"model": LONG}, "Model name is too long (max length 50)."),
        ({"language": None}, "Missing required field: language"),
        ({"language": LONG}, "Language is too long (max length 50)."),
        ({"voice": None}, "Missing required field: voice"),
        ({"voice": LONG}, "Voice is too long (max length 50)."),
        ({"audio_format": None}, "Missing required field: audio_format"),
        ({"audio_format": LONG}, "Audio format is too long (max length 50)."),
        ({"text": None}, "Missing required field: text"),
        ({"text": ""}, "Missing required field: text"),
        ({"text": "x" * 5001}, "Text is too long (max length 5000)."),
        ({"api_key": "x" * 251}, "API key is too long (max length 250)."),
        ({"client_reference_id": "x" * 257}, "Client reference ID is too long (max length 256)."),
        ({"voice": "nobody", "model": "x"}, "Invalid voice 'nobody' for model 'x'."),
        ({"language": "en-US"}, "Invalid language 'en-US' for model 'tts-rt-v1-preview'."),
        ({"language": "gl"}, "Invalid language 'gl' for model 'tts-rt-v1-preview'."),
        ({"model": 5}, "Invalid message format: model must be a string."),
        ({"text": ["x"]}, "Invalid message format: text must be a string."),
        ({"sample_rate": "24000"}, "Invalid message format: sample_rate must be a whole number."),
        ({"sample_rate": True}, "Invalid message format: sample_rate must be a whole number."),
        ({"bitrate": 0.5}, "Invalid message format: bitrate must be a whole number."),
        ({"speed": "fast"}, "Invalid message format: speed must be a number."),
        ({"speed": 0.69}, "Invalid speed 0.69. Supported range: 0.7 to 1.3."),
        ({"speed": 2}, "Invalid speed 2. Supported range: 0.7 to 1.3."),
        ({"reduce_silence": 1}, "Invalid message format: reduce_silence must be true or false."),
        ({"reduce_silence": True}, "reduce_silence is not supported by model 'tts-rt-v1-preview'."),
        ({"return_timestamps": "yes"}, "Invalid message format: return_timestamps must be true or false."),
        ({"sample_rate": 22_050}, "Invalid sample rate 22050 for audio format 'wav'. Supported: 8000, 16000, 24000, 44100, 48000."),
    ],
)  # fmt: skip
def test_a_refusal(members: dict[str, Any], message: str) -> None:
    assert refusal(members) == ("invalid_request", message)


def test_an_unknown_model_has_a_type_of_its_own() -> None:
    assert refusal({"model": "tts-rt-v9"}) == (
        "model_not_available",
        "The requested model is not available. "
        "See https://soniox.com/docs/tts/models for the list of supported TTS models.",
    )


def test_faults_are_told_in_the_documented_order() -> None:
    faults: list[tuple[dict[str, Any], str]] = [
        ({"model": None}, "field: model"),
        ({"language": None}, "field: language"),
        ({"voice": None}, "field: voice"),
        ({"audio_format": None}, "field: audio_format"),
        ({"text": None}, "field: text"),
        ({"model": LONG}, "Model name is too long"),
        ({"language": LONG}, "Language is too long"),
        ({"voice": LONG}, "Voice is too long"),
        ({"audio_format": LONG}, "Audio format is too long"),
        ({"text": "x" * 5001}, "Text is too long"),
        ({"api_key": "x" * 251}, "API key"),
        ({"client_reference_id": "x" * 257}, "Client reference"),
        ({"voice": "nobody"}, "Invalid voice"),
        ({"language": "xx"}, "Invalid language"),
    ]
    for at in range(len(faults)):
        members: dict[str, Any] = {"model": "tts-rt-v9"}
        for fault, _ in reversed(faults[at:]):
            members |= fault
        assert faults[at][1] in refusal(members)[1]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b"NaN"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(VivavoceError, match=r"^Invalid JSON body$"):
        reading.speech(body)


def test_a_voice_that_is_unknown_here_is_left_to_the_opening() -> None:
    """A caller's own voice is known only with the caller's key."""
    config, _ = reading.speech(json.dumps({**CONFIG, "voice": "mine", "text": "Hi."}).encode())
    reading.check_names(config, resolve)
    assert reading.in_its_words(UnknownVoiceError("?"), config).message == (
        "Invalid voice 'mine' for model 'tts-rt-v1-preview'."
    )


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_served(model: str) -> None:
    config, _ = reading.speech(json.dumps({**CONFIG, "model": model, "text": "Hi."}).encode())
    reading.check_names(config, resolve)
    assert reading.opening(config).model in ("tts-rt-v1", "tts-rt-v2")


def test_every_language_of_the_wire_is_asked_for() -> None:
    asked: list[str | None] = []

    def listen(name: str, language: str | None) -> VoiceInfo:
        asked.append(language)
        return VOICE

    for code in LANGUAGES:
        reading.check_names(reading.config({**CONFIG, "language": code}), listen)
    assert len(LANGUAGES) == 63
    assert asked[:3] == ["af", "ar", "az"]
    assert "en-US" in asked


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert reading.config({**CONFIG, "sample_rate": 48_000.0}).output.format.rate_hz == 48_000


def test_numbers_beyond_every_machine_are_refused() -> None:
    for name in ("speed", "sample_rate", "bitrate"):
        config = {**CONFIG, "audio_format": "mp3", name: 10**400}
        with pytest.raises(VivavoceError, match=r"^Invalid [a-z ]+ 10{19}[ .]"):
            reading.config(config)
