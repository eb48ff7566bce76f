"""Soniox's ``POST /tts``."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from soniox_paper import CONFIG, ID, MEMBERS, NAMES, failure, resolve
from vivavoce.dialects.soniox.adapter import SonioxExchange
from vivavoce.errors import (
    MethodNotAllowedError,
    MissingKeyError,
    OverloadedError,
    UnknownVoiceError,
    VivavoceError,
)
from vivavoce.speech import Audio, Ended

pytestmark = pytest.mark.fast

BODY = {**CONFIG, "text": "Hello."}
del BODY["stream_id"]


def test_a_request_is_read_and_answered() -> None:
    exchange = SonioxExchange(resolve)
    reading = exchange.read(json.dumps({**BODY, "client_reference_id": "r"}).encode(), {}, {})
    assert (reading.text, reading.complete, reading.open.known_length) == ("Hello.", False, False)
    assert (reading.open.voice, reading.open.client_reference_id) == ("Adrian", "r")
    assert exchange.headers(24_000)["content-type"] == "audio/wav"
    assert exchange.render([Audio(b"ab", 0.0, 0.1), Ended(0.1, 6)]) == b"ab"


def test_white_space_is_text() -> None:
    assert SonioxExchange(resolve).read(json.dumps({**BODY, "text": " "}).encode(), {}, {}).text == " "


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("pcm_s16le", "audio/pcm"),
        ("pcm_f32le", "audio/pcm"),
        ("pcm_mulaw", "audio/pcm"),
        ("pcm_alaw", "audio/pcm"),
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("mp3", "audio/mpeg"),
        ("opus", "audio/opus"),
        ("aac", "audio/aac"),
    ],
)
def test_media_types(form: str, media_type: str) -> None:
    exchange = SonioxExchange(resolve)
    exchange.read(json.dumps({**BODY, "audio_format": form}).encode(), {}, {})
    assert exchange.headers(24_000)["content-type"] == media_type


def test_big_endian_samples_are_turned() -> None:
    exchange = SonioxExchange(resolve)
    exchange.read(json.dumps({**BODY, "audio_format": "pcm_s16be"}).encode(), {}, {})
    assert exchange.render([Audio(b"\x01\x02\x03\x04", 0.0, 0.1)]) == b"\x02\x01\x04\x03"


def test_a_refused_request_has_the_wires_body() -> None:
    exchange = SonioxExchange(resolve)
    with pytest.raises(VivavoceError) as caught:
        exchange.read(b'{"model":"tts-rt-v2"}', {"x-request-id": ID}, {})
    status, headers, body = exchange.error(caught.value)
    assert (status, headers["content-type"]) == (400, "application/json")
    message = "Missing required field: language"
    assert json.loads(body) == failure(400, "invalid_request", message, stream=None)


def test_what_the_studio_refuses_is_said_in_the_wires_words() -> None:
    exchange = SonioxExchange(resolve)
    exchange.read(json.dumps({**BODY, "voice": "mine"}).encode(), {}, {})
    status, _, body = exchange.error(UnknownVoiceError("not yours"))
    assert status == 400
    assert json.loads(body)["error_message"] == "Invalid voice 'mine' for model 'tts-rt-v1-preview'."
    status, headers, body = exchange.error(OverloadedError("full", retry_after_s=0.2))
    assert (status, headers["retry-after"], json.loads(body)["error_type"]) == (429, "1", "limit_exceeded")


def test_a_refusal_before_reading_has_an_id_of_its_own() -> None:
    status, headers, body = SonioxExchange(resolve, ids=lambda: ID).error(MissingKeyError("none"))
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert json.loads(body) == failure(401, "unauthenticated", "Missing API key.", stream=None)
    assert SonioxExchange(resolve).error(MethodNotAllowedError("expected POST"))[0] == 405


@examples(100)
@given(
    st.binary(max_size=30)
    | st.dictionaries(NAMES, MEMBERS, max_size=6).map(lambda m: json.dumps({**BODY, **m}).encode())
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    exchange = SonioxExchange(resolve)
    refusal: VivavoceError | None = None
    try:
        exchange.read(body, {}, {})
    except VivavoceError as error:
        refusal = error
    if refusal is not None:
        assert json.loads(exchange.error(refusal)[2])["error_code"] == 400
