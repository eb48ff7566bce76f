"""Supertonic voices behind the command and the real server: what a listener gets, decoded."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import av
import numpy as np
import pytest

from integration.cli_runs import environment, vivavoce
from live import Live, serving
from randomsupertonic import HOP, RATE_HZ, installed
from spoken import speak
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.engines.supertonic.job import MAX_FRAMES
from wire import eventually

pytestmark = pytest.mark.integration

SENTENCE = "The children are playing in the garden behind the school while their parents talk at home."
VOICE = "supertonic-3"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    installed(folder / "voices" / "supertonic")
    installed(folder / "voices" / "supertonic", name="leaving")
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Live]:
    with serving(data, engines="supertonic", workers=2, lead_s=3600.0) as live:
        yield live


def request(server: Live, text: str, voice: str = VOICE, accept: str = "*/*", **more: object) -> Request:
    body = {"text": text, "voice": voice, "format": "pcm_s16le", "sample_rate_hz": RATE_HZ, **more}
    headers = {"content-type": "application/json", "accept": accept}
    return Request(f"{server.url}/v1/speech", json.dumps(body).encode(), headers)


def ask(server: Live, text: str, voice: str = VOICE, **more: Any) -> bytes:
    with urlopen(request(server, text, voice, **more), timeout=50) as answer:
        made: bytes = answer.read()
    return made


def decoded(data: bytes) -> tuple[float, float]:
    """Seconds, and the root mean square of full scale, of what FFmpeg finds."""
    with av.open(io.BytesIO(data), "r") as container:
        (stream,) = container.streams.audio
        to_float = av.AudioResampler(format="flt", layout="mono")
        pieces = [
            out.to_ndarray().reshape(-1)
            for frame in container.decode(stream)
            for out in to_float.resample(frame)
        ]
        samples = np.concatenate(pieces)
        return len(samples) / stream.rate, float(np.sqrt((samples**2).mean()))


def test_a_listener_gets_a_file_of_the_length_and_loudness_that_the_engine_makes(
    server: Live, data: Path
) -> None:
    made = speak(SupertonicEngine(data / "voices" / "supertonic"), "Hello there.", VOICE).samples / 32_768
    seconds, loudness = decoded(ask(server, "Hello there.", format="mp3"))
    assert seconds == pytest.approx(len(made) / RATE_HZ, abs=0.3)
    assert loudness == pytest.approx(np.sqrt((made**2).mean()), rel=0.3)


def test_the_command_speaks_into_a_file(data: Path, tmp_path: Path) -> None:
    env = environment(VIVAVOCE_DATA_DIR=str(data))
    path = tmp_path / "out.flac"
    done = vivavoce("say", SENTENCE, "--voice", f"{VOICE}:M1", "-o", str(path), "--json", env=env)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["characters"], told["words"]) == (len(SENTENCE), len(SENTENCE.split()))
    seconds, loudness = decoded(path.read_bytes())
    assert seconds == pytest.approx(told["audio_s"], abs=0.1)
    assert 3 < seconds < 15
    assert 0.03 < loudness < 0.6


def test_the_same_request_gives_the_same_samples(server: Live) -> None:
    assert ask(server, SENTENCE, seed=5) == ask(server, SENTENCE, seed=5) != ask(server, SENTENCE, seed=6)
    assert (
        ask(server, SENTENCE) == ask(server, SENTENCE, f"{VOICE}:F1") != ask(server, SENTENCE, f"{VOICE}:M1")
    )


def test_words_are_told_in_order_and_cover_the_speech(server: Live) -> None:
    text = f"{SENTENCE} {SENTENCE}"
    with urlopen(request(server, text, accept="application/x-ndjson", marks=["word"]), timeout=50) as answer:
        lines = [json.loads(line) for line in answer]
    marks = [line for line in lines if line["type"] == "mark"]
    assert [mark["value"] for mark in marks] == text.split()
    times = [time for mark in marks for time in (mark["start_s"], mark["stop_s"])]
    assert times == sorted(times)
    (ended,) = (line for line in lines if line["type"] == "end")
    assert marks[0]["start_s"] < 0.05
    assert 0.2 < ended["audio_s"] - marks[-1]["stop_s"] < 0.5


def test_speed_shortens_what_is_heard(server: Live) -> None:
    slow, fast = (len(ask(server, SENTENCE, speed=speed)) for speed in (0.8, 1.6))
    assert 1.8 < slow / fast < 2.2


def test_another_language_is_another_sound_and_one_it_does_not_speak_is_refused(server: Live) -> None:
    assert ask(server, "Piano.", language="it") != ask(server, "Piano.", language="en")
    with pytest.raises(HTTPError) as refused:
        ask(server, "Habari.", language="sw")
    assert json.loads(refused.value.read())["error"]["code"] == "unknown_language"


def test_a_listener_that_leaves_is_made_no_more_than_a_step_for(server: Live) -> None:
    ended, wasted = "vivavoce_streams_ended_total", "vivavoce_work_after_disconnect_seconds_total"
    before = {name: server.figure(name) for name in (ended, wasted)}
    with urlopen(request(server, " ".join([SENTENCE] * 60)), timeout=50) as answer:
        assert len(answer.read(20_000)) == 20_000
    eventually(lambda: server.figure(ended) == before[ended] + 1, 30.0)
    assert server.figure(wasted) - before[wasted] <= MAX_FRAMES * HOP / RATE_HZ
    assert ask(server, "Go on.")


def test_a_model_removed_while_it_speaks_harms_no_stream(server: Live, data: Path) -> None:
    text = " ".join([SENTENCE] * 6)
    with urlopen(request(server, text, "leaving:M1"), timeout=50) as answer:
        first = answer.read(20_000)
        shutil.rmtree(data / "voices" / "supertonic" / "leaving")
        rest = answer.read()
    assert len(first) + len(rest) > 6 * 2 * RATE_HZ * 3
    assert ask(server, SENTENCE)


def test_a_model_that_is_too_large_is_refused(tmp_path: Path) -> None:
    manifest = installed(tmp_path / "voices" / "supertonic") / "cut" / "manifest.json"
    told = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**told, "bytes": 400 << 20}))
    with serving(tmp_path, engines="supertonic", workers=1, voice_memory_mb=200) as live:
        with pytest.raises(HTTPError) as refused:
            ask(live, SENTENCE)
        assert "VIVAVOCE_VOICE_MEMORY_MB" in json.loads(refused.value.read())["error"]["message"]


def test_a_model_added_while_the_server_runs_is_seen(server: Live, data: Path) -> None:
    def ids() -> set[str]:
        return {voice["id"] for voice in server.look("voices")["voices"]}

    assert "later:F2" not in ids()
    # As adding does it: whole, or not at all.
    installed(data / "voices" / "supertonic" / ".adding", name="later").rename(
        data / "voices" / "supertonic" / "later"
    )
    eventually(lambda: "later:F2" in ids(), 30.0)
    assert ask(server, "Go on.", "later:F2") == ask(server, "Go on.", f"{VOICE}:F2")
