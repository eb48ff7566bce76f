"""The published Supertone client (Python 0.2.3, blocking and async, unmodified) against a running server."""

from __future__ import annotations

import base64
import io
import json
import statistics
import subprocess
import sys
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

import judge
from live import Live, serving
from spoken import f0_hz
from vendors import vendor_python

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(180)]

SCRIPT = Path(__file__).parent / "clients" / "supertone_calls.py"
SCENARIOS = (
    "create", "create_mp3_with_everything", "create_with_phonemes", "phonemes_that_a_model_has_not",
    "create_long", "create_long_with_phonemes", "create_punctuation", "create_async", "create_async_very_long",
    "stream", "stream_mp3", "stream_long", "stream_async", "stream_lines", "stream_long_lines",
    "predict", "predict_async", "voices", "voices_async", "custom", "usage", "errors", "errors_async",
)  # fmt: skip
LONG_FIRST_WORDS = "the sun came up over the small village and the people went out to work"
ADAM = "91992bbd4758bdcf9c9b01"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Live]:
    # Files are downloaded here: nobody plays them meanwhile.
    with serving(folder, engines="espeak,flite", lead_s=600) as live:
        yield live


def called(address: str, folder: Path, *scenarios: str, key: str = "any") -> dict[str, Any]:
    """What the client got, by scenario."""
    done = subprocess.run(
        [vendor_python(), SCRIPT, address, key, folder, *scenarios],
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def said(server: Live, folder: Path) -> dict[str, Any]:
    """Every scenario, through the prefix."""
    return called(f"{server.url}/supertone", folder, *SCENARIOS)


def heard(data: bytes) -> str:
    samples, rate = judge.decode(data)
    return judge.recognise(judge.prepare(samples, rate))


def word_error_rate(data: bytes, text: str) -> float:
    return judge.word_errors(text, heard(data)).rate


# ---- create -----------------------------------------------------------------------------------------------------


def test_create_gives_a_wav_with_true_sizes_and_its_length(said: dict[str, Any], folder: Path) -> None:
    found = said["create"]
    assert (found["kind"], found["rate"], found["channels"], found["width"]) == ("wav", 44_100, 1, 2)
    assert found["type"] == ["audio/wav"]
    assert found["declared"] == found["size"] - 44
    assert float(found["length"][0]) == pytest.approx(found["seconds"], abs=1e-6)
    assert word_error_rate((folder / "create.wav").read_bytes(), "good morning how are you today") <= 0.34


def test_create_gives_mp3_of_mpeg_1(said: dict[str, Any], folder: Path) -> None:
    found = said["create_mp3_with_everything"]
    assert (found["kind"], found["head"], found["type"]) == ("mp3", "fffb", ["audio/mpeg"])
    samples, rate = judge.decode((folder / "create.mp3").read_bytes())
    assert rate == 44_100
    assert float(found["length"][0]) == pytest.approx(len(samples) / rate, abs=0.03)


def tiles(phonemes: dict[str, Any], seconds: float) -> None:
    """The phonemes tile a clip of that length."""
    starts, lengths = phonemes["start_times_seconds"], phonemes["durations_seconds"]
    assert len(phonemes["symbols"]) == len(starts) == len(lengths) > 5
    assert starts[0] == 0
    for (start, length), (following, _) in pairwise(zip(starts, lengths, strict=True)):
        assert start + length == pytest.approx(following, abs=1e-6)
    assert starts[-1] + lengths[-1] == pytest.approx(seconds, abs=1e-5)


def seconds_of(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as file:
        return float(len(file.readframes(1 << 30)) / 2 / file.getframerate())


def test_phonemes_tile_the_clip_and_are_heard_where_they_say(said: dict[str, Any], folder: Path) -> None:
    phonemes = said["create_with_phonemes"]
    data = base64.b64decode(json.loads((folder / "timed.json").read_text())["audio_base64"])
    tiles(phonemes, seconds_of(data))
    samples, rate = judge.decode(data)
    loudness: dict[str, list[float]] = {"silent": [], "voiced": []}
    for symbol, start, length in zip(
        phonemes["symbols"], phonemes["start_times_seconds"], phonemes["durations_seconds"], strict=True
    ):
        if length >= 0.1:
            middle = samples[int((start + length / 4) * rate) : int((start + 3 * length / 4) * rate)]
            loudness["voiced" if symbol else "silent"].append(float(abs(middle.astype(float)).mean()))
    assert max(loudness["silent"]) < min(loudness["voiced"]) / 4
    assert "m" in phonemes["symbols"]


def test_a_model_without_phonemes_gives_null_for_them(said: dict[str, Any]) -> None:
    found = said["phonemes_that_a_model_has_not"]
    assert found["phonemes"] is None
    assert found["audio"] > 10_000


def test_the_clients_own_splitting_of_long_text_loses_nothing(said: dict[str, Any], folder: Path) -> None:
    assert said["create_long"]["declared"] == said["create_long"]["size"] - 44
    data = (folder / "long.wav").read_bytes()
    assert seconds_of(data) > 20
    samples, rate = judge.decode(data)
    start = judge.recognise(judge.prepare(samples[: 6 * rate], rate))
    assert judge.word_errors(LONG_FIRST_WORDS, start).errors <= 8


def test_phonemes_of_long_text_tile_the_joined_clip(said: dict[str, Any], folder: Path) -> None:
    data = base64.b64decode(json.loads((folder / "long.json").read_text())["audio_base64"])
    tiles(said["create_long_with_phonemes"], seconds_of(data))
    assert seconds_of(data) == pytest.approx(said["create_long"]["seconds"], rel=0.05)


def test_punctuation_alone_is_a_short_silence(said: dict[str, Any]) -> None:
    assert 0.05 < said["create_punctuation"]["seconds"] < 1
    assert said["create_punctuation"]["declared"] == said["create_punctuation"]["size"] - 44


def test_async_create_is_the_same(said: dict[str, Any]) -> None:
    assert said["create_async"]["seconds"] == pytest.approx(said["create"]["seconds"], rel=0.05)


def test_many_pieces_sent_at_once_are_all_spoken(said: dict[str, Any]) -> None:
    assert said["create_async_very_long"]["seconds"] > 3.5 * said["create_long"]["seconds"]


# ---- stream -----------------------------------------------------------------------------------------------------


def test_a_stream_is_chunked_wav_of_unknown_size(said: dict[str, Any]) -> None:
    found = said["stream"]
    assert (found["content-type"], found["content-length"]) == (["audio/wav"], None)
    assert found["transfer-encoding"] == ["chunked"]
    assert found["declared"] == 0xFFFFFFFF
    assert found["first"].startswith("52494646ffffffff57415645")
    assert found["pieces"] > 3
    assert found["seconds"] == pytest.approx(said["create"]["seconds"], rel=0.05)


def test_a_stream_of_mp3_has_bare_frames(said: dict[str, Any]) -> None:
    found = said["stream_mp3"]
    assert (found["content-type"], found["head"]) == (["audio/mpeg"], "fffb")
    assert "496e666f" not in found["first"]  # "Info"
    assert "58696e67" not in found["first"]  # "Xing"


def test_a_stream_of_long_text_is_one_playable_wav(said: dict[str, Any], folder: Path) -> None:
    assert seconds_of((folder / "streamed.wav").read_bytes()) == pytest.approx(
        said["create_long"]["seconds"], rel=0.05
    )


def test_async_stream_is_the_same(said: dict[str, Any]) -> None:
    assert said["stream_async"]["seconds"] == pytest.approx(said["stream"]["seconds"], rel=0.05)


def test_lines_alternate_and_times_are_continuous(said: dict[str, Any]) -> None:
    assert said["stream_lines"]["type"] == "str"
    lines = [json.loads(line) for line in said["stream_lines"]["lines"]]
    assert all(set(line) == {"audio_base64", "phonemes"} for line in lines)
    assert all((line["audio_base64"] is None) != (line["phonemes"] is None) for line in lines)
    assert lines[0]["audio_base64"] is not None
    audio = [base64.b64decode(line["audio_base64"]) for line in lines if line["audio_base64"]]
    assert audio[0][:4] == b"RIFF"
    assert not any(piece[:4] == b"RIFF" for piece in audio[1:])
    groups = [line["phonemes"] for line in lines if line["phonemes"]]
    assert len(groups) > 1
    joined = {name: [value for group in groups for value in group[name]] for name in groups[0]}
    tiles(joined, seconds_of(b"".join(audio)))


def test_lines_of_long_text_are_merged_by_the_client(said: dict[str, Any]) -> None:
    phonemes = said["stream_long_lines"]
    tiles(phonemes, phonemes["start_times_seconds"][-1] + phonemes["durations_seconds"][-1])
    total = phonemes["start_times_seconds"][-1] + phonemes["durations_seconds"][-1]
    assert total == pytest.approx(said["create_long"]["seconds"], rel=0.05)


# ---- durations, voices, usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "fast", "timed", "timed_and_fast"])
def test_a_predicted_duration_comes_true(said: dict[str, Any], name: str) -> None:
    found = said["predict"][name]
    assert found["predicted"] == pytest.approx(found["made"], rel=0.03)


def test_duration_is_met_and_speed_multiplies_it(said: dict[str, Any]) -> None:
    assert said["predict"]["timed"]["made"] == pytest.approx(4.0, abs=0.01)
    assert said["predict"]["timed_and_fast"]["made"] == pytest.approx(4.0, abs=0.01)
    plain, fast = said["predict"]["plain"]["made"], said["predict"]["fast"]["made"]
    assert fast == pytest.approx(plain / 2, rel=0.12)
    assert said["predict_async"] == pytest.approx(plain, rel=0.05)


def test_voices_are_listed_found_and_got(said: dict[str, Any]) -> None:
    found = said["voices"]
    assert found["pages"] == [20, 20]
    assert found["total"] > 40
    assert (found["one"]["name"], found["one"]["voice_id"]) == ("Adam", ADAM)
    assert found["same"]
    assert (found["found"], found["none"]) == (["Agatha"], 0)
    assert said["voices_async"] == {"size": 10, "found": ["Aiko"], "one": "Adam"}


def test_a_voice_from_an_upload_lives_and_says_that_it_is_matched(said: dict[str, Any]) -> None:
    found = said["custom"]
    assert len(found["id"]) == 22
    assert found["got"]["name"] == "Me"
    assert "not cloned" in found["got"]["description"]
    assert found["edited"]["name"] == "You"
    assert found["edited"]["description"] == found["got"]["description"]
    assert found["listed"] == found["searched"] == ["You"]
    assert found["spoken"]["seconds"] > 1
    assert (found["deleted"], found["left"]) == (None, 0)


def test_usage_tells_minutes_by_voice_and_model(said: dict[str, Any]) -> None:
    found = said["usage"]
    assert found["balance"] is None
    assert found["buckets"] == found["total"] >= 48
    # By the hour: the turn of one may fall among these calls.
    adams = [row for row in found["results"] if (row["voice_id"], row["model"]) == (ADAM, "sona_speech_1")]
    assert sum(row["minutes_used"] for row in adams) > 1
    assert {row["name"] for row in found["by_voice"] if row["voice_id"] == ADAM} == {"Adam"}
    total = sum(row["minutes_used"] for row in found["results"])
    assert sum(row["total_minutes_used"] for row in found["by_voice"]) == pytest.approx(total)


# ---- errors -----------------------------------------------------------------------------------------------------

ERRORS = {
    "blank": ("BadRequestErrorResponse", 400, "Bad Request"),
    "language": ("BadRequestErrorResponse", 400, "Bad Request"),
    "style": ("BadRequestErrorResponse", 400, "Bad Request"),
    "range": ("BadRequestErrorResponse", 400, "Bad Request"),
    "voice": ("NotFoundErrorResponse", 404, "Not Found"),
    "stream_voice": ("NotFoundErrorResponse", 404, "Not Found"),
    "stream_model": ("BadRequestErrorResponse", 400, "Bad Request"),
    "predict_long": ("BadRequestErrorResponse", 400, "Bad Request"),
    "predict_voice": ("NotFoundErrorResponse", 404, "Not Found"),
    "get_voice": ("SupertoneDefaultError", 404, None),
    "get_custom": ("NotFoundErrorResponse", 404, "Not Found"),
    "delete_custom": ("NotFoundErrorResponse", 404, "Not Found"),
    "clone_kind": ("UnsupportedMediaTypeErrorResponse", 415, "Unsupported Media Type"),
    "clone_size": ("PayloadTooLargeErrorResponse", 413, "Payload Too Large"),
    "clone_name": ("BadRequestErrorResponse", 400, "Bad Request"),
    "usage_dates": ("BadRequestErrorResponse", 400, "Bad Request"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_the_clients_typed_exceptions(said: dict[str, Any], name: str) -> None:
    raised = said["errors"][name]
    assert (raised["class"], raised["status"], raised["error"]) == ERRORS[name]
    if raised["error"] is not None:
        assert raised["code"] == raised["status"]


def test_async_exceptions_are_the_same(said: dict[str, Any]) -> None:
    assert said["errors_async"] == {"class": "NotFoundErrorResponse", "status": 404}


def test_a_server_with_keys_refuses_others_and_serves_its_own(tmp_path: Path) -> None:
    secret = made_key(tmp_path)
    with serving(tmp_path, engines="espeak") as live:
        # The same paths at the root; this vendor's header tells whose they are.
        refused = called(live.url, tmp_path, "refused", key="wrong")["refused"]
        assert refused["create"]["class"] == "UnauthorizedErrorResponse"
        assert refused["create"]["message"] == "Invalid API Key"
        assert refused["custom"]["class"] == "UnauthorizedErrorResponse"
        assert (refused["usage"]["class"], refused["usage"]["status"]) == ("SupertoneDefaultError", 401)
        served = called(live.url, tmp_path, "create", "custom", key=secret)
        assert served["create"]["seconds"] > 1
        assert served["custom"]["spoken"]["seconds"] > 1


def made_key(folder: Path) -> str:
    """The secret of a key for everything."""
    done = subprocess.run(
        [Path(sys.executable).parent / "vivavoce", "keys", "create", "test", "--scope", "admin", "--json"],
        env={"VIVAVOCE_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    secret: str = json.loads(done.stdout)["secret"]
    return secret


# ---- what the settings do to the sound --------------------------------------------------------------------------


def spoken(server: Live, **fields: Any) -> tuple[Any, int]:
    body = {"text": "We have lived in this house for twenty years.", "language": "en", **fields}
    answer = httpx.post(f"{server.url}/supertone/v1/text-to-speech/en-us+edward", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    return judge.decode(answer.content)


def test_pitch_shift_is_in_semitones(server: Live) -> None:
    plain, rate = spoken(server)
    for semitones in (-5, 5):
        moved, _ = spoken(server, voice_settings={"pitch_shift": semitones})
        ratio = statistics.median(f0_hz(moved, rate)) / statistics.median(f0_hz(plain, rate))
        assert ratio == pytest.approx(2 ** (semitones / 12), rel=0.08)
        assert len(moved) == pytest.approx(len(plain), rel=0.05)


def test_pitch_variance_0_is_monotone(server: Live) -> None:
    spread = {}
    for variance in (0.0, 1.0, 2.0):
        samples, rate = spoken(server, voice_settings={"pitch_variance": variance})
        spread[variance] = statistics.pstdev(f0_hz(samples, rate))
    assert spread[0.0] < 0.6 * spread[1.0]
    assert spread[2.0] > spread[1.0]


def test_speed_is_a_rate_and_duration_is_met(server: Live) -> None:
    plain, rate = spoken(server)
    slow, _ = spoken(server, voice_settings={"speed": 0.5})
    assert len(slow) == pytest.approx(2 * len(plain), rel=0.15)
    for settings, seconds in (({"duration": 3.0}, 3.0), ({"duration": 3.0, "speed": 1.5}, 4.5)):
        samples, _ = spoken(server, voice_settings=settings)
        assert len(samples) / rate == pytest.approx(seconds, abs=0.01)


def test_styles_differ(server: Live) -> None:
    lengths = {style: len(spoken(server, style=style)[0]) for style in ("neutral", "sad", "excited")}
    assert lengths["sad"] > 1.08 * lengths["neutral"]
    assert lengths["excited"] < 0.95 * lengths["neutral"]


def test_older_clients_ask_for_the_format_in_the_query(server: Live) -> None:
    answer = httpx.post(
        f"{server.url}/v1/text-to-speech/{ADAM}?output_format=mp3",
        json={"text": "Hi.", "language": "en"},
        headers={"x-sup-api-key": "any", "accept-encoding": "gzip, deflate"},
        timeout=20,
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused_in_the_vendors_shape(server: Live, method: str) -> None:
    answer = httpx.request(method, f"{server.url}/supertone/v1/text-to-speech/{ADAM}", timeout=20)
    assert answer.status_code == 405
    assert answer.json()["message"]["status_code"] == 405
