"""Suonora's wire, byte for byte, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from paper_desk import PaperDesk, ask, resolve, voice
from vivavoce.dialects.contract import Exchange, Reading
from vivavoce.dialects.suonora.cast import CAST, VOICES
from vivavoce.dialects.suonora.errors import STATUS, answer
from vivavoce.dialects.suonora.reading import pitch_semitones
from vivavoce.dialects.suonora.routes import SERVICES, SPEECH, credential
from vivavoce.errors import (
    AuthenticationError,
    EngineError,
    OutOfRangeError,
    OverloadedError,
    RateLimitedError,
    ShuttingDownError,
    VivavoceError,
    error_classes,
)
from vivavoce.session.limits import check
from vivavoce.session.styles import STYLES
from vivavoce.speech import Audio, Ended, Failed, Prosody

pytestmark = pytest.mark.fast

WHOLE, STREAM = "/v1/audio/speech", "/v1/audio/stream"


def exchange(path: str = STREAM) -> Exchange:
    return SPEECH[path](resolve)({})


def read(path: str = STREAM, **fields: Any) -> Reading:
    body = {"input": "Streaming is fast!", "model": "legacy-v2.5", "voice": "axel", **fields}
    return exchange(path).read(json.dumps(body).encode(), {}, {})


def refused(**fields: Any) -> VivavoceError:
    with pytest.raises(VivavoceError) as caught:
        read(**fields)
    return caught.value


def test_the_vendors_curl_line_asks_for_this() -> None:
    found = read()
    assert (found.text, found.complete) == ("Streaming is fast!", False)
    order = found.open
    assert (order.voice, order.language, order.model) == ("axel", "en-US", "legacy-v2.5")
    assert (order.format.name, order.format.rate_hz, order.format.bit_rate_bps) == ("mp3", 44_100, 128_000)
    assert (order.prosody, order.style, order.style_degree) == (Prosody(), "calm", 1.5)
    assert not order.markup


def test_speech_is_made_whole_and_stream_is_not() -> None:
    assert read(WHOLE).complete
    assert not read(STREAM).complete


def test_every_optional_field() -> None:
    order = read(pitch="+100%", style="whispering", styleDegree=0.5, lang="fr_FR", model="sonic-speed").open
    assert order.prosody.pitch_semitones == 12.0
    assert (order.style, order.style_degree, order.language) == ("whispering", 0.5, "fr-FR")


@pytest.mark.parametrize(
    ("text", "semitones"),
    [
        ("+0%", 0.0),
        ("-0%", 0.0),
        ("20%", 3.156),
        ("+5%", 0.845),
        (" +12.5% ", 2.039),
        ("-50%", -12.0),
        ("-75%", -12.0),
        ("-100%", -12.0),
        ("+100%", 12.0),
    ],
)
def test_pitch_is_a_share_of_the_frequency_within_an_octave(text: str, semitones: float) -> None:
    assert pitch_semitones(text) == pytest.approx(semitones, abs=1e-3)


@pytest.mark.parametrize("text", ["5", "+101%", "-100.1%", "high", "%", "+ 5%", "++5%", "٥%", "1e1%"])
def test_pitch_that_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(OutOfRangeError, match="pitch: expected"):
        pitch_semitones(text)


@pytest.mark.parametrize("style", ["neutral", "cheerful", "calm", "angry", "sad", "excited", "whispering"])
def test_every_documented_style_has_a_profile(style: str) -> None:
    assert read(style=style).open.style in STYLES


def test_null_and_what_the_sdk_leaves_out_is_the_default() -> None:
    assert read(pitch=None, style=None, styleDegree=None, lang=None) == read()
    assert read(pitch="", lang="", style="") == read()


BAD = [
    ({"input": ""}, "input"),
    ({"input": " \n"}, "input"),
    ({"input": "a" * 5001}, "input"),
    ({"input": 5}, "input"),
    ({"model": "tts-1"}, "model"),
    ({"voice": None}, "voice"),
    ({"pitch": "loud"}, "pitch"),
    ({"pitch": 5}, "pitch"),
    ({"style": "furious"}, "style"),
    ({"styleDegree": 0.4}, "styleDegree"),
    ({"styleDegree": 2.1}, "styleDegree"),
    ({"styleDegree": "1"}, "styleDegree"),
    ({"lang": "english"}, "lang"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
def test_each_bad_field_is_400_in_the_vendors_shape(fields: dict[str, Any], param: str) -> None:
    error = refused(**fields)
    assert error.param == param
    status, headers, body = exchange().error(error)
    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body) == {"success": False, "message": error.message}


@pytest.mark.parametrize("missing", ["input", "model", "voice"])
def test_required_fields_are_named(missing: str) -> None:
    body = {"input": "a", "model": "legacy-v2.5", "voice": "axel"}
    del body[missing]
    with pytest.raises(VivavoceError, match=f"^{missing}: this field is required$"):
        exchange().read(json.dumps(body).encode(), {}, {})


def test_5000_characters_pass() -> None:
    assert len(read(input="a" * 5000).text) == 5000


def test_what_makes_no_sound_is_a_short_silence() -> None:
    assert read(input="\u200b…").text == "."


def test_an_error_is_these_bytes() -> None:
    found = answer(AuthenticationError("no such key"))
    assert (found.status, found.body) == (
        401,
        b'{"success":false,"message":"The provided API key is invalid."}',
    )


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (RateLimitedError("m", retry_after_s=7.2), 429, "8"),
        (RateLimitedError("m"), 429, "1"),
        (OverloadedError("m", retry_after_s=2.0), 503, "2"),
        (ShuttingDownError("m"), 503, "1"),
    ],
)
def test_clients_are_told_when_to_try_again(error: VivavoceError, status: int, retry: str) -> None:
    found = answer(error)
    assert (found.status, found.headers["retry-after"]) == (status, retry)


def test_our_insides_stay_ours() -> None:
    found = answer(EngineError("at /opt/engine"))
    assert (found.status, b"opt" in found.body) == (500, False)


def test_every_code_has_an_answer() -> None:
    assert set(STATUS) <= {cls.code for cls in error_classes()}
    documented = {400, 401, 403, 404, 405, 429, 500, 503}
    assert {answer(cls("m")).status for cls in error_classes()} <= documented


def test_the_answer_is_the_bare_mp3() -> None:
    made = exchange()
    assert made.render([Audio(b"\xff\xfb", 0, 1), Audio(b"\x90", 0, 1), Ended(1, 1)]) == b"\xff\xfb\x90"
    assert made.render([Failed(EngineError("m"))]) == b""
    assert made.headers(44_100) == {
        "content-type": "audio/mpeg",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
    }
    assert exchange(WHOLE).headers(44_100)["content-type"] == "audio/mpeg"


def test_voices_are_all_strings_and_the_vendors_come_first() -> None:
    desk = PaperDesk(voice("rms", "en-US", gender="male"), voice("nix", "de-DE", gender="neutral"))
    found = ask(SERVICES, "GET", "/v1/voices/list", desk)
    assert (found.status, found.headers["content-type"]) == (200, "application/json")
    said = json.loads(found.body)
    assert said["success"] is True
    rows = said["voices"]
    assert rows[0] == {
        "id": "axel",
        "name": "Axel",
        "gender": "Male",
        "locale": "de-DE",
        "mp3_preview": "",
    }
    assert [row["id"] for row in rows] == [*CAST, "rms", "nix"]
    assert {row["gender"] for row in rows} == {"Male", "Female"}
    assert all(isinstance(value, str) for row in rows for value in row.values())


@pytest.mark.parametrize("path", ["/v1/balance", "/v1/user/balance"])
def test_balance_is_characters_of_the_month(path: str) -> None:
    desk = PaperDesk()
    desk.allowance, desk.characters = 100, 30
    assert json.loads(ask(SERVICES, "GET", path, desk).body) == {
        "success": True,
        "balance": {
            "total_credits": 100,
            "used_credits": 30,
            "remaining_credits": 70,
            "overage_characters": 0,
            "overage_amount_usd": 0.0,
        },
    }
    desk.characters = 130
    said = json.loads(ask(SERVICES, "GET", path, desk).body)["balance"]
    assert (said["remaining_credits"], said["overage_characters"]) == (-30, 30)
    desk.allowance = None
    said = json.loads(ask(SERVICES, "GET", path, desk).body)["balance"]
    assert all(isinstance(value, int | float) for value in said.values())


def test_axel_is_a_man_whatever_language_he_speaks() -> None:
    assert (VOICES["axel"].gender, VOICES["axel"].language) == ("male", "de-DE")
    assert read(lang="en-US").open.language == "en-US"


def test_the_key_is_a_bearer_token() -> None:
    assert credential({"authorization": "Bearer k"}, {}, ()) == "k"
    assert credential({"authorization": "bearer  k "}, {}, ()) == "k"
    assert credential({"authorization": "Basic k"}, {}, ()) is None
    assert credential({"authorization": "Bearer "}, {}, ()) is None
    assert credential({}, {}, ()) is None


FIELDS = st.fixed_dictionaries(
    {
        "input": st.text(max_size=20),
        "model": st.sampled_from(["legacy-v2.5", "x"]),
        "voice": st.sampled_from(["axel", "nobody"]),
    },
    optional={
        "pitch": st.one_of(st.text(max_size=6), st.integers(-200, 200).map("{}%".format)),
        "style": st.sampled_from(["calm", "x", ""]),
        "styleDegree": st.floats(allow_nan=False, allow_infinity=False),
        "lang": st.one_of(st.text(max_size=6), st.just("de-DE")),
    },
)


@examples(60)
@given(FIELDS)
def test_any_request_is_one_that_can_be_spoken_or_our_error(fields: dict[str, Any]) -> None:
    try:
        found = exchange().read(json.dumps(fields).encode(), {}, {})
    except VivavoceError:
        return
    check(found.open)
    assert found.text.strip()


@examples(40)
@given(st.binary(max_size=40))
def test_any_bytes_are_our_error(body: bytes) -> None:
    with pytest.raises(VivavoceError):
        exchange().read(body, {}, {})
