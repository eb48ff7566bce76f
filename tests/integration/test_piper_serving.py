"""Piper voices behind the real server: found by the data directory, spoken by workers, unharmed by what happens beside."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest

from live import Live, serving
from randomvoices import installed
from spoken import speak
from vivavoce.engines.piper.engine import PiperEngine

pytestmark = pytest.mark.integration

SENTENCE = "The children are playing in the garden behind the school while their parents talk at home."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    installed(folder / "voices" / "piper", "tiny", "random")
    installed(folder / "voices" / "piper", "tiny-multi", "choir")
    installed(folder / "voices" / "piper", "tiny", "leaving")
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Live]:
    """Its data directory is an option; workers have to be told of it."""
    with serving(data, engines="piper", workers=2, lead_s=3600.0) as live:
        yield live


def ask(server: Live, text: str, voice: str, **more: object) -> bytes:
    body = {"text": text, "voice": voice, "format": "pcm_s16le", "sample_rate_hz": 22_050, **more}
    headers = {"content-type": "application/json"}
    request = Request(f"{server.url}/v1/speech", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=30) as answer:
        made: bytes = answer.read()
    return made


def test_voices_of_the_data_directory_are_there(server: Live) -> None:
    ids = {voice["id"] for voice in server.look("voices")["voices"]}
    assert {"random", "choir", "choir:p0", "choir:p1", "choir:p2", "leaving"} <= ids


def test_the_server_sends_what_the_engine_makes(server: Live, data: Path) -> None:
    """The same to one unit, for its steps differ from ours, and it cuts the text where it likes."""
    sent = np.frombuffer(ask(server, "Hello there.", "random"), "<i2").astype(int)
    made = speak(PiperEngine(data / "voices" / "piper"), "Hello there.", "random").samples.astype(int)
    common = min(sent.size, made.size)
    assert common > 10_000
    assert abs(sent.size - made.size) < 22_050
    loud = slice(2000, common - 8000)
    assert np.abs(sent[loud] - made[loud]).max() <= 1


def test_the_same_request_gives_the_same_samples(server: Live) -> None:
    assert ask(server, SENTENCE, "random", seed=5) == ask(server, SENTENCE, "random", seed=5)
    assert ask(server, SENTENCE, "random", seed=5) != ask(server, SENTENCE, "random", seed=6)
    assert ask(server, SENTENCE, "choir:p1") != ask(server, SENTENCE, "choir:p2")


def test_a_voice_removed_while_it_speaks_harms_no_stream(server: Live, data: Path) -> None:
    text = " ".join([SENTENCE] * 8)
    body = {"text": text, "voice": "leaving", "format": "pcm_s16le"}
    request = Request(
        f"{server.url}/v1/speech", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urlopen(request, timeout=50) as answer:
        first = answer.read(20_000)
        shutil.rmtree(data / "voices" / "piper" / "leaving")
        rest = answer.read()
    assert len(first) + len(rest) > 8 * 2 * 22_050 * 3
    assert ask(server, SENTENCE, "random")


def test_a_speaker_that_is_not_there_is_an_unknown_voice(server: Live) -> None:
    with pytest.raises(HTTPError) as refused:
        ask(server, SENTENCE, "choir:p9")
    assert refused.value.code in (400, 404, 422)
    assert json.loads(refused.value.read())["error"]["code"] == "unknown_voice"


def test_a_voice_that_is_too_large_is_refused_and_others_speak(data: Path, tmp_path: Path) -> None:
    for name in ("small", "large"):
        installed(tmp_path / "voices" / "piper", "tiny", name)
    manifest = tmp_path / "voices" / "piper" / "large" / "cut" / "manifest.json"
    told = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**told, "bytes": 500 << 20}))
    with serving(tmp_path, engines="piper", workers=1, voice_memory_mb=200) as live:
        with pytest.raises(HTTPError) as refused:
            ask(live, SENTENCE, "large")
        assert "VIVAVOCE_VOICE_MEMORY_MB" in json.loads(refused.value.read())["error"]["message"]
        assert len(ask(live, SENTENCE, "small")) > 100_000
