"""Every fault of a native message becomes one clear error, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.native import messages as wire
from vivavoce.dialects.native import reading
from vivavoce.errors import RequestError, VivavoceError

pytestmark = pytest.mark.fast

CASES: list[tuple[bytes, str, str | None, str]] = [
    (b"", "malformed_message", None, "expected JSON: input data was truncated"),
    (b'{"text":"a",}', "malformed_message", None, "expected JSON: JSON is malformed"),
    (b'{"text":"a"} x', "malformed_message", None, "trailing characters"),
    (b'\xef\xbb\xbf{"text":"a"}', "malformed_message", None, "expected JSON"),
    (b"null", "malformed_message", None, "expected a JSON object, got null"),
    (b'["text"]', "malformed_message", None, "expected a JSON object, got a list"),
    (b"[" * 100_000, "malformed_message", None, "nested too deeply"),
    (b'{"text":"\xed\xa0\x80"}', "malformed_message", None, "expected UTF-8"),
    (b'{"text":"\\ud83d."}', "malformed_message", None, "half of a surrogate pair"),
    (b'{"text":"a\\udc00"}', "malformed_message", None, "half of a surrogate pair"),
    (b'{"speed":1}', "missing_field", "text", "text: expected this field, got none"),
    (b'{"text":null}', "wrong_type", "text", "text: expected a string, got null"),
    (b'{"text":"a","speed":"1"}', "wrong_type", "speed", "speed: expected a number, got a string"),
    (b'{"text":"a","seed":1.5}', "wrong_type", "seed", "seed: expected a whole number, got a number ('1.5')"),
    (
        b'{"text":"a","markup":1}',
        "wrong_type",
        "markup",
        "markup: expected true or false, got a number ('1')",
    ),
    (b'{"text":"a","speed":true}', "wrong_type", "speed", "got a truth value ('True')"),
    (b'{"text":"a","speed":9}', "out_of_range", "speed", "speed: expected a number <= 4.0, got '9'"),
    (b'{"text":"a","pitch":-25}', "out_of_range", "pitch", "pitch: expected a number >= -24.0, got '-25'"),
    (b'{"text":"a","seed":-1}', "out_of_range", "seed", "seed: expected a whole number >= 0"),
    (b'{"text":"a","speed":1e400}', "malformed_message", None, "number out of range"),
    (b'{"text":"a","speed":NaN}', "malformed_message", None, "expected JSON"),
    (
        b'{"text":"a","marks":["wurd"]}',
        "out_of_range",
        "marks",
        "marks[0]: expected one of word, phoneme, character, got 'wurd'",
    ),
    (b'{"text":"a","marks":["word",3]}', "wrong_type", "marks", "marks[1]: expected a string, got a number"),
    (
        b'{"text":"a","language":3}',
        "wrong_type",
        "language",
        "language: expected a string or null, got a number",
    ),
    (b'{"text":"a","marks":"word"}', "wrong_type", "marks", "marks: expected a list, got a string"),
    (b'{"text":"a","voice":"%s"}' % (b"v" * 257), "out_of_range", "voice", "length <= 256"),
    (b'{"text":"a","sample_rate":1}', "unknown_option", "sample_rate", "did you mean sample_rate_hz"),
    (b'{"text":"a","zzz":1}', "unknown_option", "zzz", "expected some of voice, language"),
]


@pytest.mark.parametrize(("body", "code", "param", "said"), CASES)
def test_a_bad_request_is_explained(body: bytes, code: str, param: str | None, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        reading.request(body)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert said in caught.value.message


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    body = json.dumps({"text": "a", "marks": ["x" * 5000]}).encode()
    with pytest.raises(RequestError) as caught:
        reading.request(body)
    assert len(caught.value.message) < 200


def test_a_surrogate_pair_is_whole() -> None:
    assert reading.request(b'{"text":"\\ud83d\\ude00"}').text == "😀"
    assert reading.request(rb'{"text":"a\\ud83d"}').text == "a\\ud83d"


MESSAGES: list[tuple[str | bytes, str, str | None]] = [
    ("{}", "missing_field", "type"),
    ('{"type":3}', "wrong_type", "type"),
    ('{"type":"sing"}', "malformed_message", "type"),
    (b'{"type":"end"}', "malformed_message", None),
    ('{"type":"text"}', "missing_field", "text"),
    ('{"type":"text","text":"a","more":1}', "unknown_option", "more"),
    ('{"type":"end","stream":-1}', "out_of_range", "stream"),
    ('{"type":"end","stream":4294967296}', "out_of_range", "stream"),
    ('{"type":"end","stream":"1"}', "wrong_type", "stream"),
    ('{"type":"credit","bytes":0}', "out_of_range", "bytes"),
    ('{"type":"credit"}', "missing_field", "bytes"),
    ('{"type":"open","text":"a"}', "unknown_option", "text"),
    ('{"type":"open","credit_bytes":-1}', "out_of_range", "credit_bytes"),
    ('{"type":"text","text":"\ud800"}', "malformed_message", None),
]


@pytest.mark.parametrize(("frame", "code", "param"), MESSAGES)
def test_a_bad_message_is_explained(frame: str | bytes, code: str, param: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        reading.message(frame)
    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize(
    ("frame", "stream"),
    [
        ('{"type":"text","stream":7,"text":1}', 7),
        ('{"type":"text"}', 1),
        ('{"type":"ping","stream":7}', 7),
        ('{"type":"ping","x":7}', None),
        ('{"type":"session"}', None),
        ('{"type":"resume","token":"t","after":0}', None),
        ('{"type":"ack","after":1}', None),
        ('{"type":"sing"}', None),
        ('{"type":"end","stream":true}', None),
        ('{"type":"end","stream":-1}', None),
        ("[1]", None),
        ("{", None),
        (b"\xff", None),
    ],
)
def test_a_faulty_message_is_scoped_where_it_can_be(frame: str | bytes, stream: int | None) -> None:
    assert reading.stream_of(frame) == stream


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [*wire.field_names(wire.OpenMessage), "text", "bytes", "flush_id", "complete", "nope"]
)
TYPES = st.sampled_from(["open", "text", "flush", "end", "cancel", "credit", "ping", "sing"])


@examples(80)
@given(
    st.binary(max_size=60)
    | st.dictionaries(FIELDS, JSON | TYPES, max_size=5).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_give_a_message_or_our_error(body: bytes) -> None:
    for read in (reading.request, lambda raw: reading.message(raw.decode(errors="replace"))):
        try:
            outcome: Any = read(body)
        except VivavoceError as error:
            outcome = error.message
        assert outcome
        assert not isinstance(outcome, str) or len(outcome) < 600


def test_a_request_becomes_an_open_with_every_field() -> None:
    said = reading.request(
        json.dumps(
            {
                "text": "x",
                "voice": "v",
                "language": "en",
                "format": "opus",
                "sample_rate_hz": 24000,
                "bit_rate_bps": 48000,
                "speed": 2,
                "pitch": -3,
                "pitch_range": 0.5,
                "volume": 0.25,
                "style": "calm",
                "style_degree": 1.5,
                "duration_s": 3.5,
                "seed": 9,
                "markup": False,
                "marks": ["word", "phoneme", "character"],
            }
        ).encode()
    )
    opened = reading.opening(said, 22_050, known_length=True)
    assert (opened.voice, opened.language) == ("v", "en")
    assert (opened.format.name, opened.format.rate_hz, opened.format.bit_rate_bps) == ("opus", 24000, 48000)
    prosody = opened.prosody
    assert (prosody.speed, prosody.pitch_semitones, prosody.pitch_range, prosody.volume) == (2, -3, 0.5, 0.25)
    assert (opened.style, opened.style_degree, opened.duration_s, opened.seed) == ("calm", 1.5, 3.5, 9)
    assert (opened.markup, opened.known_length) == (False, True)
    assert opened.marks == {"word", "phoneme", "character"}


def test_a_format_without_a_rate_takes_the_voices_own() -> None:
    said: Any = reading.request(b'{"text":"x","format":"wav"}')
    assert reading.opening(said, 22_050).format.rate_hz == 22_050
