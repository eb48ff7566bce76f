"""Supertone's answers, byte for byte, without a socket."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.audio.wav import header
from vivavoce.dialects.supertone.adapter import SupertoneExchange, clip_s
from vivavoce.dialects.supertone.errors import STATUS
from vivavoce.dialects.supertone.reading import Manner
from vivavoce.errors import EngineError, OverloadedError, error_classes
from vivavoce.formats import audio_format
from vivavoce.speech import Audio, Ended, Event, Failed, Mark

pytestmark = pytest.mark.fast


def exchange(*, streaming: bool = False, **fields: Any) -> SupertoneExchange:
    made = SupertoneExchange("adam", Manner(), streaming=streaming)
    body = json.dumps({"text": "Hi.", "language": "en", **fields}).encode()
    reading = made.read(body, {"accept": "application/json;q=1, audio/mpeg;q=0.7, audio/wav;q=0"}, {})
    assert reading.complete is not streaming
    return made


def phoneme(value: str, start_s: float, stop_s: float) -> Mark:
    return Mark("phoneme", value, start_s, stop_s, 0, 1)


WAV = header(44_100, 441) + bytes(882)
"""10 ms."""


def test_create_answers_the_wav_as_it_is_with_its_length_in_seconds() -> None:
    made = exchange()
    assert made.render([Audio(WAV, 0, 0.01)]) + made.render([Ended(0.01, 3)]) == WAV
    assert made.headers(44_100) == {
        "content-type": "audio/wav",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "x-audio-length": "0.010000",
    }


def test_mp3_is_audio_mpeg() -> None:
    assert exchange(output_format="mp3").headers(44_100)["content-type"] == "audio/mpeg"
    made = exchange(output_format="mp3", streaming=True)
    assert made.headers(44_100)["content-type"] == "audio/mpeg"
    assert made.render([Audio(b"\xff\xfb\x90\xc4frame", 0, 0.1)]) == b"\xff\xfb\x90\xc4frame"


def test_create_with_phonemes_is_one_object() -> None:
    made = exchange(include_phonemes=True)
    assert made.render([phoneme("h", 0.0, 0.004), Audio(WAV[:60], 0, 0.01)]) == b""
    body = made.render([phoneme("i", 0.004, 0.008), Audio(WAV[60:], 0, 0.01), Ended(0.01, 3)])
    assert body == (
        b'{"audio_base64":"' + base64.b64encode(WAV) + b'","phonemes":{"symbols":["h","i",""],'
        b'"start_times_seconds":[0.0,0.004,0.008],"durations_seconds":[0.004,0.004,0.002]}}'
    )
    assert made.headers(44_100)["content-type"] == "application/json"


@pytest.mark.parametrize("model", ["sona_speech_1", "supertonic_api_1"])
def test_create_without_phonemes_to_give_has_null(model: str) -> None:
    """Either the voice has none, or the model."""
    made = exchange(include_phonemes=True, model=model)
    body = json.loads(made.render([Audio(WAV, 0, 0.01), Ended(0.01, 3)]))
    assert body == {"audio_base64": base64.b64encode(WAV).decode(), "phonemes": None}


def test_punctuation_is_timed_as_silence() -> None:
    made = exchange(text="...", include_phonemes=True)
    phonemes = json.loads(made.render([Audio(WAV, 0, 0.01), Ended(0.01, 3)]))["phonemes"]
    assert phonemes == {"symbols": [""], "start_times_seconds": [0.0], "durations_seconds": [0.01]}


def test_a_voice_without_phonemes_streams_lines_of_audio_only() -> None:
    made = exchange(streaming=True, include_phonemes=True)
    lines = made.render([Audio(WAV, 0, 0.01), Ended(0.01, 3)]).splitlines()
    assert [json.loads(line)["phonemes"] for line in lines] == [None]


def test_a_streamed_wav_starts_with_a_whole_header_of_unknown_size() -> None:
    made = exchange(streaming=True)
    first = made.render([Audio(WAV, 0, 0.01)])
    assert (first[4:8], first[40:44]) == (b"\xff" * 4, b"\xff" * 4)
    assert struct.unpack("<I", first[24:28]) == (44_100,)
    assert first[44:] == WAV[44:]
    assert made.render([Audio(b"\x01\x02", 0.01, 0.02)]) == b"\x01\x02"
    assert made.headers(44_100) == {
        "content-type": "audio/wav",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
    }


def test_lines_alternate_audio_first_and_times_go_on() -> None:
    made = exchange(streaming=True, include_phonemes=True)
    assert made.headers(44_100)["content-type"] == "application/x-ndjson"
    pcm = bytes(882)
    start = header(44_100, None)
    lines = made.render([phoneme("h", 0.0, 0.01), phoneme("i", 0.01, 0.02), Audio(start + pcm, 0, 0.01)])
    assert lines == (
        b'{"audio_base64":"' + base64.b64encode(start + pcm) + b'","phonemes":null}\n'
        b'{"audio_base64":null,"phonemes":{"symbols":["h"],"start_times_seconds":[0.0],'
        b'"durations_seconds":[0.01]}}\n'
    )
    lines = made.render([Audio(pcm + pcm, 0.01, 0.03), Ended(0.03, 3)])
    assert lines == (
        b'{"audio_base64":"' + base64.b64encode(pcm + pcm) + b'","phonemes":null}\n'
        b'{"audio_base64":null,"phonemes":{"symbols":["i",""],"start_times_seconds":[0.01,0.02],'
        b'"durations_seconds":[0.01,0.01]}}\n'
    )


def test_a_failure_after_the_first_byte_says_nothing() -> None:
    for phonemes in (False, True):
        made = exchange(streaming=True, include_phonemes=phonemes)
        made.render([Audio(WAV, 0, 0.01)])
        assert made.render([Failed(EngineError("no breath"))]) == b""


def test_the_length_of_an_mp3_is_that_of_its_frames() -> None:
    form = audio_format("mp3", rate_hz=44_100, bit_rate_bps=128_000)
    for frames in (1, 2, 38, 39, 1000):
        size = 144 * 128_000 * frames // 44_100
        for rounding in (0, 1):
            assert clip_s(form, size + rounding) == pytest.approx(frames * 1152 / 44_100)


ERRORS = [
    (400, "text_too_long", "Bad Request", "Invalid request data: m"),
    (400, "message_too_large", "Bad Request", "Invalid request data: m"),
    (401, "unauthorized", "Unauthorized", "Invalid API Key"),
    (402, "quota_exceeded", "Payment Required", "Not enough credits: m"),
    (403, "permission_denied", "Forbidden", "Permission denied: m"),
    (404, "unknown_voice", "Not Found", "Voice not found: m"),
    (408, "idle_timeout", "Request Timeout", "Request timed out: m"),
    (429, "rate_limited", "Too Many Requests", "rate limit exceeded: m"),
    (500, "engine_failed", "Internal Server Error", "Failed to convert text to speech"),
]


@pytest.mark.parametrize(("status", "code", "phrase", "message"), ERRORS)
def test_every_documented_error_has_both_spellings(status: int, code: str, phrase: str, message: str) -> None:
    cls = next(cls for cls in error_classes() if cls.code == code)
    found, headers, body = exchange().error(cls("m"))
    assert (found, headers["content-type"]) == (status, "application/json")
    assert (
        body
        == json.dumps(
            {
                "status": "error",
                "message": {"message": message, "error": phrase, "status_code": status, "statusCode": status},
            },
            separators=(",", ":"),
        ).encode()
    )


def test_every_code_has_an_answer_and_none_is_422() -> None:
    codes = {cls.code for cls in error_classes()}
    assert set(STATUS) <= codes
    for cls in error_classes():
        status, _, body = exchange().error(cls("m"))
        assert status != 422
        assert isinstance(json.loads(body)["message"]["message"], str)


def test_waiting_is_told_in_whole_seconds() -> None:
    status, headers, _ = exchange().error(OverloadedError("full", retry_after_s=0.2))
    assert (status, headers["retry-after"]) == (429, "1")


EVENTS = st.lists(
    st.one_of(
        st.builds(Audio, st.binary(min_size=2, max_size=60), st.just(0.0), st.just(0.1)),
        st.builds(phoneme, st.sampled_from(["", "a"]), st.floats(0, 1), st.floats(0, 1)),
    ),
    max_size=8,
)


@examples(60)
@given(EVENTS, st.data(), st.booleans())
def test_any_chopping_of_events_gives_the_same_audio_and_phonemes(
    events: list[Event], data: st.DataObject, streaming: bool
) -> None:
    whole: list[Event] = [Audio(WAV, 0, 0.01), *events, Ended(1.0, 3)]
    assert joined(exchange(streaming=streaming, include_phonemes=True), [whole], streaming) == joined(
        exchange(streaming=streaming, include_phonemes=True), chopped(whole, data), streaming
    )


def chopped(events: list[Event], data: st.DataObject) -> list[list[Event]]:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(events)), max_size=4)))
    return [events[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True) if a < b]


def joined(made: SupertoneExchange, batches: list[list[Event]], streaming: bool) -> tuple[bytes, list[Any]]:
    body = b"".join(made.render(batch) for batch in batches)
    lines = [json.loads(line) for line in body.splitlines()] if streaming else [json.loads(body)]
    audio = b"".join(base64.b64decode(line["audio_base64"] or "") for line in lines)
    tiles = [
        tile
        for line in lines
        if line["phonemes"]
        for tile in zip(line["phonemes"]["symbols"], line["phonemes"]["start_times_seconds"], strict=True)
    ]
    return audio, tiles
