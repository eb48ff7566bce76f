"""What is wrong with a body is said with what was expected, and not in Python."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vivavoce.dialects.suonora import reading as suonora
from vivavoce.dialects.supertone import reading as supertone
from vivavoce.dialects.supertone.reading import Manner
from vivavoce.errors import RequestError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"output_format": "ogg"}, "output_format: expected one of wav, mp3, got 'ogg'"),
        ({"model": "x"}, "model: expected one of sona_speech_1, "),
        ({"language": "xx"}, "language: expected one of en, ko, ja, "),
        ({"text": 5}, "text: expected a string, got a whole number"),
        ({"text": None}, "text: expected a string, got null"),
        ({"voice_settings": []}, "voice_settings: expected an object or null, got a list"),
        ({"voice_settings": {"speed": 3}}, "voice_settings.speed: expected a number <= 2.0"),
        (
            {"voice_settings": {"speed": "1"}},
            "voice_settings.speed: expected a number or null, got a string",
        ),
        ({"include_phonemes": 1}, "include_phonemes: expected true or false or null, got a whole number"),
    ],
)
def test_supertone(members: dict[str, Any], message: str) -> None:
    body = json.dumps({"text": "Hi.", "language": "en", **members}).encode()
    with pytest.raises(RequestError) as caught:
        supertone.wish(body, {}, "v", Manner())
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"model": "tts-1"}, "model: expected one of legacy-v2.5, sonic-speed, got 'tts-1'"),
        (
            {"style": "Calm"},
            "style: expected one of neutral, cheerful, calm, angry, sad, excited, whispering, got 'Calm'",
        ),
        ({"styleDegree": 3}, "styleDegree: expected a number <= 2.0"),
        ({"pitch": 5}, "pitch: expected a string or null, got a whole number"),
    ],
)
def test_suonora(members: dict[str, Any], message: str) -> None:
    body = json.dumps({"input": "Hi.", "model": "legacy-v2.5", "voice": "axel", **members}).encode()
    with pytest.raises(RequestError) as caught:
        suonora.wish(body)
    assert caught.value.message == message


def test_little_of_a_long_value_is_quoted() -> None:
    body = json.dumps({"input": "Hi.", "model": "long\n" * 9999, "voice": "axel"}).encode()
    with pytest.raises(RequestError) as caught:
        suonora.wish(body)
    assert caught.value.message.startswith("model: expected one of legacy-v2.5, sonic-speed, got 'long")
    assert len(caught.value.message) < 140


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    for read in (suonora.wish, lambda data: supertone.wish(data, {}, "v", Manner())):
        with pytest.raises(RequestError, match=r"^expected an object, got "):
            read(body)
