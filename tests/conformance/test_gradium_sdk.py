"""The published Gradium client, unmodified, against a real server."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from live import Live, serving
from vendors import vendor_python

pytestmark = pytest.mark.conformance

SCRIPT = Path(__file__).parent / "clients" / "gradium_sdk.py"
WORDS = ["Hello", "there.", "This", "costs", "$1500,", "my", "friend."]
BYTES_A_SECOND = {"pcm": 96000, "pcm_24000": 48000, "pcm_16000": 32000, "pcm_8000": 16000, "ulaw_8000": 8000}


@pytest.fixture(scope="module")
def python() -> Path:
    return vendor_python()


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Live]:
    with serving(folder) as live:
        yield live


@pytest.fixture(scope="module")
def found(python: Path, server: Live, key: str, folder: Path) -> Any:
    return run(python, server, key, folder)


def run(python: Path, server: Live, key: str, folder: Path) -> Any:
    done = subprocess.run(
        [python, SCRIPT, server.url, key, folder], capture_output=True, text=True, timeout=55
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_buffered_speech_in_every_format(found: Any) -> None:
    spoken = found["buffered"]
    assert spoken["wave"] == [48000, 1, 2]
    assert spoken["wav"]["head"] == b"RIFF".hex()
    assert spoken["opus"]["head"] == b"OggS".hex()
    seconds = spoken["pcm"]["bytes"] / 96000
    assert seconds > 2
    assert spoken["samples"] == spoken["pcm"]["bytes"] / 2
    for name, rate in BYTES_A_SECOND.items():
        assert spoken[name]["bytes"] / rate == pytest.approx(seconds, abs=0.01)
    for name, rate_hz in (
        ("wav", 48000),
        ("pcm", 48000),
        ("pcm_24000", 24000),
        ("alaw_8000", 8000),
        ("opus", 48000),
    ):
        assert spoken[name]["sample_rate"] == rate_hz
        assert [word for word, _, _ in spoken[name]["words"]] == WORDS


def test_words_ascend_within_the_audio(found: Any) -> None:
    spoken = found["buffered"]["pcm"]
    seconds = spoken["bytes"] / 96000
    starts = [start for _, start, _ in spoken["words"]]
    assert starts == sorted(starts)
    assert all(0 <= start < stop <= seconds + 0.001 for _, start, stop in spoken["words"])


def test_request_ids_differ(found: Any) -> None:
    spoken = found["buffered"]
    ids = [spoken[name]["request_id"] for name in ("wav", "pcm", "opus", "list")]
    assert len(set(ids)) == 4


def test_a_list_is_joined_with_spaces_and_nothing_is_nothing(found: Any) -> None:
    spoken = found["buffered"]
    assert [word for word, _, _ in spoken["list"]["words"]] == ["Hello", "there.", "Friend"]
    assert (spoken["empty"]["bytes"], spoken["empty"]["words"]) == (0, [])
    assert spoken["nulls"]["head"] == b"RIFF".hex()


def test_speed_and_rewriting_are_heard(found: Any) -> None:
    spoken = found["buffered"]
    usual = spoken["pcm"]["bytes"]
    assert spoken["fast"] / usual == pytest.approx(0.7, abs=0.08)
    assert spoken["slow"] / usual == pytest.approx(1.3, abs=0.08)
    # "W-W-W dot example dot D-E" against the engine's own reading.
    assert spoken["rewritten"] > 1.05 * spoken["plain"]


@pytest.mark.parametrize("name", ["text", "list", "generator"])
def test_streams_come_in_messages_of_80_ms(found: Any, name: str) -> None:
    spoken = found["streamed"][name]
    assert spoken["sample_rate"] == 48000
    assert set(spoken["sizes"][:-1]) == {7680}
    assert 0 < spoken["sizes"][-1] <= 7680


def test_words_of_a_generator_have_no_tags(found: Any) -> None:
    streamed = found["streamed"]
    assert streamed["text"]["words"] == streamed["list"]["words"] == WORDS
    assert streamed["generator"]["words"] == ["Hello,", "my", "dear", "friend.", "Wait", "and", "go."]


def test_audio_comes_before_the_text_has_ended(found: Any) -> None:
    live = found["realtime"]
    assert live["ready"]["frame_size"] == 3840
    assert live["before_eos"] >= 1
    assert live["types"][-1] == "end_of_stream"
    assert live["types"].count("text") == 10
    assert live["stop_s"] > 2


def test_requests_share_a_socket(found: Any) -> None:
    both = found["multiplexed"]
    assert both["a"]["words"] == ["This", "is", "the", "first."]
    assert both["b"]["words"] == ["And", "this", "the", "second,", "which", "is", "longer."]
    assert both["a"]["ready"] == both["b"]["ready"] == 1
    # The second is at 8 kHz, the first at 48.
    assert both["a"]["bytes"] > 2 * both["b"]["bytes"]
    assert "'code': 1008" in both["wrong"]
    assert (both["again"][0], both["again"][-1]) == ("ready", "end_of_stream")


def test_a_client_may_leave_in_the_middle(found: Any) -> None:
    assert found["barge_in"] == {"left": True}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("voice", "Exception: Websocket connection error: Embeddings not found for unknown-voice-id (1011)"),
        ("model", "Exception: Websocket connection error: Unknown model 'nonesuch' (1003)"),
        ("config", "Exception: Websocket connection error: cfg_coef should be between 1.0 and 10.0 (1003)"),
        (
            "pronunciation",
            "Exception: Websocket connection error: Pronunciation dictionary nope not found. (1003)",
        ),
    ],
)
def test_errors_are_those_that_the_client_knows(found: Any, what: str, said: str) -> None:
    assert found["refused"][what] == said


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("format", "Websocket connection error: Unsupported output_format 'mp3'"),
        ("get", "ClientResponseError: 404"),
        ("delete", "ClientResponseError: 404"),
        ("preview", "message='Embeddings not found for vox_emb_unknown'"),
    ],
)
def test_other_errors_say_what_is_wrong(found: Any, what: str, said: str) -> None:
    assert said in found["refused"][what]


def test_a_voice_from_its_making_to_its_end(found: Any) -> None:
    voice = found["voices"]
    uid = voice["created"]["uid"]
    assert voice["created"] == {"uid": uid, "error": None, "was_updated": False}
    assert (voice["got"]["name"], voice["got"]["language"]) == ("Mine", "en")
    assert "not cloned" in voice["got"]["description"]
    assert (voice["updated"]["name"], voice["updated"]["start_s"]) == ("Ours", 1.0)
    assert voice["updated"]["has_audio"]
    assert voice["unchanged"] is None
    assert voice["listed"] == [True]
    assert voice["catalog"] > 20
    assert voice["spoken"]["bytes"] > 20_000
    assert voice["deleted"] is None
    assert voice["after"] == []


def test_a_voice_from_a_description(found: Any) -> None:
    designed = found["designed"]
    assert len(designed["drafts"]) == 2
    assert designed["status"]["prompt"] == "A deep, slow male voice"
    assert designed["preview"]["head"] == b"RIFF".hex()
    assert designed["made"]["name"] == "Bob"
    assert designed["spoken"]["bytes"] > 20_000
    assert "409" in designed["again"]
    assert designed["deleted"] is None


def test_a_pronunciation_dictionary_is_heard(found: Any) -> None:
    dictionary = found["pronounced"]
    assert dictionary["made"]["rules"][0]["original"] == "Qdrant"
    assert dictionary["listed"] == {"dictionaries": [dictionary["made"]], "total": 1}
    assert dictionary["got"] == dictionary["made"]
    assert dictionary["with"]["bytes"] > 1.3 * dictionary["without"]["bytes"]
    assert [word for word, _, _ in dictionary["with"]["words"]] == ["We", "use", "Qdrant", "here."]
    assert dictionary["put"]["rules"] == []
    assert dictionary["deleted"] is None
    assert "404" in dictionary["gone"]


def test_usage_is_counted(found: Any) -> None:
    metered = found["metered"]
    assert metered["summary"]["sessions"] > 10
    assert metered["summary"]["egress_audio_duration"] > 10
    assert metered["summary"]["consumed_credits"] > 100
    assert metered["credits"]["remaining_credits"] < metered["credits"]["allocated_credits"]
    assert metered["token"]["token"]


def test_the_command_line_writes_files(found: Any, folder: Path) -> None:
    for name in ("cli.wav", "cli.pcm", "cli.ogg"):
        assert found["command_line"][name][:2] == [0, ""]
        assert found["command_line"][name][2] > 5000
    seconds = (folder / "cli.pcm").stat().st_size / 96000
    for name in ("cli.wav", "cli.ogg"):
        with av.open(io.BytesIO((folder / name).read_bytes()), "r") as file:
            samples = sum(int(frame.samples) for frame in file.decode(audio=0))
        assert samples / 48000 == pytest.approx(seconds, abs=0.01)


def test_every_base_address_works(found: Any) -> None:
    assert len(found["bases"]) == 4
    sizes = [size for size, _ in found["bases"].values()]
    assert max(sizes) - min(sizes) < 1000
    assert all(metered for _, metered in found["bases"].values())


def test_a_wrong_key_is_refused_everywhere(python: Path, server: Live, folder: Path, found: Any) -> None:
    told = run(python, server, "wrong", folder)["wrong_key"]
    assert told["tts"] == "Exception: Websocket connection error: API key is revoked or expired (1008)"
    assert told["stream"] == told["tts"]
    for what in ("credits", "preview"):
        assert "401, message='API key is revoked or expired'" in told[what]
