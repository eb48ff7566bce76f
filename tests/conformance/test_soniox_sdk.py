"""The published Soniox clients for Python and Node, unmodified, against a real server that asks for keys."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge import decode, from_pcm, prepare, recognise, word_errors
from live import Live, serving
from vendors import node_project, vendor_python

pytestmark = pytest.mark.conformance

CLIENTS = Path(__file__).parent / "clients"
PAGE_S = 8.6
"""About how long the page's three sentences are."""


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Live]:
    with serving(folder, engines="") as live:
        yield live


def run(command: list[str | Path], *arguments: str | Path) -> Any:
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=55)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def sync(server: Live, key: str, folder: Path) -> Any:
    """What came of all scenes of the blocking client."""
    return run([vendor_python(), CLIENTS / "soniox_sync.py"], server.url, key, folder)


@pytest.fixture(scope="module")
def aio(server: Live, key: str, folder: Path, sync: Any) -> Any:
    return run([vendor_python(), CLIENTS / "soniox_async.py"], f"{server.url}/soniox", key, folder)


@pytest.fixture(scope="module")
def node(server: Live, key: str, folder: Path, sync: Any) -> Any:
    (folder / "sample.wav").write_bytes((folder / "sync.wav").read_bytes())
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(version.lstrip("v").partition(".")[0])
    project = node_project()
    command: list[str | Path] = ["node", *(["--experimental-websocket"] if major < 22 else [])]
    return run([*command, CLIENTS / "soniox_node.mjs"], f"{server.url}/soniox", key, folder, project)


# ---- the vendor's page --------------------------------------------------------------------------------------------


def test_the_page_connect_to_a_session(sync: Any, folder: Path) -> None:
    found = sync["connect_to_a_session"]
    assert found["seconds"] == pytest.approx(PAGE_S, rel=0.3)
    assert 2 < found["chunks"] < 100
    assert found["last"]["terminated"] is True
    samples, rate_hz = decode((folder / "sync.wav").read_bytes())
    assert rate_hz == 24_000
    assert len(samples) / rate_hz == pytest.approx(found["seconds"], abs=0.01)


def test_the_page_async_session(aio: Any) -> None:
    found = aio["async_session"]
    assert found["bytes"] / 48_000 == pytest.approx(PAGE_S, rel=0.3)
    assert (found["terminated"], found["chunks"] > 2) == (True, True)


def test_the_page_send_text_incrementally(sync: Any) -> None:
    found = sync["send_text_incrementally"]
    assert found["one_s"] == pytest.approx(found["other_s"], rel=0.01)
    assert 1.5 < found["one_s"] < 4
    assert sync["leave_at_once"]["took_s"] < 15  # It has 40 s to hear.


def test_the_page_receive_events(sync: Any) -> None:
    heard = sync["receive_events"]
    assert heard[0] == "audio"
    assert heard[-2:] == ["end", "terminated"]
    assert (heard.count("end"), heard.count("terminated")) == (1, 1)


def test_the_page_multiple_streams(sync: Any, aio: Any) -> None:
    for seconds in sync["multiple_streams"].values():
        assert 3 < seconds < 7
    for size in aio["multi_stream"].values():
        assert 3 < size / 48_000 < 7


def test_the_page_error_handling(sync: Any, aio: Any) -> None:
    said = sync["error_handling"]
    assert said["voice"] == "Invalid voice 'Nobody' for model 'tts-rt-v1-preview'. (code 400)"
    assert said["language"] == "Invalid language 'en-US' for model 'tts-rt-v1-preview'. (code 400)"
    assert said["model"].startswith("The requested model is not available.")
    assert said["rate"].startswith("Invalid sample rate 8000 for audio format 'mp3'.")
    assert "reduce_silence is not supported" in said["silence"]
    assert aio["one_error"] == said["voice"]
    failed = sync["a_failed_stream_leaves_its_sibling"]
    assert failed["bad"] == said["voice"]
    assert failed["good"] > 0.5


# ---- beyond the page ----------------------------------------------------------------------------------------------


def test_a_silent_stream_does_not_starve_the_others(sync: Any) -> None:
    found = sync["a_silent_stream_does_not_starve_others"]
    assert found["seconds"] == pytest.approx(PAGE_S, rel=0.3)
    # Without signs of life the receivers stand behind each other for a minute; with too few of them, 14 s.
    assert found["took_s"] < 10
    assert found["silent"] == 44  # a WAV header


def test_five_streams_and_an_id_used_again(sync: Any) -> None:
    found = sync["five_streams"]
    assert set(found) == {"0", "1", "2", "3", "4", "again"}
    assert all(0.5 < seconds < 4 for seconds in found.values())


def test_a_wrong_key_is_refused_everywhere(sync: Any) -> None:
    said = sync["a_wrong_key"]
    assert said["socket"] == "Failed to start realtime Text-to-Speech connection"
    wrong = ["SonioxAuthenticationError", 401, "Invalid API key. (HTTP 401)"]
    assert (said["speech"], said["management"]) == (wrong, wrong)


def test_cancelling_and_pausing(sync: Any, aio: Any) -> None:
    assert sync["cancelling"] == {"first": True, "terminated": True, "audio_end": False}
    assert aio["cancelled"]["terminated"] is True
    assert 0.2 < sync["pausing"]["seconds"] < 2


def test_timestamps_tile_the_text(sync: Any, node: Any) -> None:
    found = sync["timestamps"]
    # A line's end is heard as a space.
    assert found["text"] == "Streaming is fast, and  it is steady. Isn't it?"
    assert (found["single"], found["sorted"], found["late"]) == (True, True, 0)
    assert 0.5 * found["audio_s"] < found["last_s"] <= found["audio_s"] + 0.01
    assert node["timestamps"] == "Every character, in order."


def test_every_format_decodes_to_the_same_speech(sync: Any, folder: Path) -> None:
    raw = {"pcm_s16le": "s16le", "pcm_f32le": "f32le", "pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}
    for name, size in sync["formats"].items():
        form, _, rate = name.partition("-")
        data = (folder / name).read_bytes()
        assert len(data) == size
        rate_hz = int(rate) if rate != "default" else 24_000
        samples, decoded_hz = decode(data, raw.get(form), rate_hz if form in raw else None)
        assert decoded_hz == rate_hz, name
        assert len(samples) / decoded_hz == pytest.approx(1.8, rel=0.25), name


def test_text_in_pieces_is_the_speech_of_the_whole_and_is_understood(sync: Any, folder: Path) -> None:
    found = sync["rest_and_socket_agree"]
    assert found["same"] is True
    heard = recognise(prepare(from_pcm((folder / "fox.pcm").read_bytes()), 24_000))
    text = "The quick brown fox jumps over the lazy dog. It does so every day, without a rest."
    assert word_errors(text, heard).rate <= 0.35


def test_plain_errors_have_their_types(sync: Any) -> None:
    said = sync["rest_errors"]
    assert {name: entry[:3] for name, entry in said.items()} == {
        "voice": ["SonioxInvalidRequestError", 400, "invalid_request"],
        "language": ["SonioxInvalidRequestError", 400, "invalid_request"],
        "model": ["SonioxInvalidRequestError", 400, "model_not_available"],
    }


def test_models_and_voices(sync: Any, aio: Any) -> None:
    found = sync["management"]
    assert found["models"] == ["tts-rt-v2", "tts-rt-v1", "tts-rt-v1-preview"]
    assert found["adrian"] == ["male"] * 3
    assert found["languages"] >= 50
    assert found["shared"] == ["Maya", "Nina", "Emma", "Claire", "Grace", "Mina"]
    assert found["voice"] == [True, "me.wav", ["ready", "ready"]]
    assert (found["twice"], found["count"], found["listed"]) == ("SonioxConflictError", 1, [True])
    assert (found["got"], found["recomputed"], found["gone"], found["stt"]) == (True, True, True, 0)
    assert found["mine_s"] > 0.3
    assert (aio["plain_calls"]["mine"], aio["plain_calls"]["gone"]) == (True, True)
    assert (aio["plain_calls"]["models"], aio["plain_calls"]["mp3"] > 1000) == (3, True)


def test_keys_and_usage(sync: Any) -> None:
    found = sync["accounts"]
    assert (found["temporary_s"] > 0.3, found["stt"], found["days"] in (1, 2)) == (True, 0, True)
    assert found["models"] == ["tts-rt-v1", "tts-rt-v2"]
    assert "the app" in found["references"]
    assert found["total"][0] >= found["logs"] > 30
    assert found["total"][1] == pytest.approx(found["audio_ms"], rel=0.01)
    assert found["peak"] >= 5


def test_nothing_to_say_is_no_error(sync: Any) -> None:
    found = sync["nothing_to_say"]
    assert all(entry[1:] == [True, True] for entry in found.values())
    assert (found["blank"][0], found["nothing"][0]) == (0, 0)
    assert found["dots"][0] / 48_000 < 0.5


def test_speech_begins_before_the_text_is_whole(aio: Any) -> None:
    found = aio["as_it_is_written"]
    assert found["words_before_sound"] < 32
    assert found["sounds_before_end"] >= 1


# ---- Node -----------------------------------------------------------------------------------------------------------


def test_node_speaks_over_rest(node: Any) -> None:
    assert (node["generate"]["riff"], node["generate"]["bytes"] > 20_000) == ("RIFF", True)
    assert node["generate_stream"]["chunks"] > 2
    assert node["generate_stream"]["bytes"] > 50_000


def test_node_streams(node: Any) -> None:
    assert node["one_stream"]["heard"] == ["audioEnd", "terminated"]
    assert 1 < node["one_stream"]["seconds"] < 5
    assert 1.5 < node["piped_text"] < 5
    assert len(node["many_streams"]) == 5
    assert all(0.2 < seconds < 3 for seconds in node["many_streams"])
    assert node["cancel"] == "ended"


def test_node_errors(node: Any) -> None:
    said = node["errors"]
    assert said["voice"] == ["BadRequestError", "Invalid voice 'Nobody' for model 'tts-rt-v2'."]
    assert said["model"][0] == "BadRequestError"
    assert said["rest"] == ["SonioxHttpError", 400]


def test_node_calls(node: Any) -> None:
    found = node["calls"]
    assert found["models"] == ["tts-rt-v2", "tts-rt-v1", "tts-rt-v1-preview"]
    assert (found["made"], found["ready"], found["count"], found["listed"]) == ("me.wav", True, 1, 1)
    assert (found["mine"] > 10_000, found["gone"], found["key"]) == (True, True, "string")
