"""Piper voices on every wire, with every setting, and every one of 904 speakers; onnxruntime stays out of the front."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import psutil
import pytest
from bench import random_voices
from msgspec import structs

from integration.cli_runs import environment, vivavoce
from integration.test_piper_serving import SENTENCE, ask
from live import Live, serving
from randomvoices import installed, prepare
from spoken import speak
from vivavoce.engines.piper.engine import PiperEngine

pytestmark = pytest.mark.integration

SPEAKERS = 904


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    installed(folder / "voices" / "piper", "tiny", "random")
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Live]:
    with serving(data, engines="piper", workers=2) as live:
        yield live


def post(server: Live, path: str, body: dict[str, Any], **headers: str) -> bytes:
    sent = {
        "content-type": "application/json",
        **{name.replace("_", "-"): to for name, to in headers.items()},
    }
    with urlopen(Request(server.url + path, json.dumps(body).encode(), sent), timeout=50) as answer:
        made: bytes = answer.read()
    return made


# ---- the native wire -------------------------------------------------------------------------------------------------


def lines(server: Live, text: str, **more: object) -> list[dict[str, Any]]:
    body = {"text": text, "voice": "random", "format": "pcm", "marks": ["word", "phoneme"], **more}
    made = post(server, "/v1/speech", body, accept="application/x-ndjson")
    return [json.loads(line) for line in made.splitlines()]


def test_marks_come_before_their_audio_and_phonemes_tile_it(server: Live) -> None:
    heard_s = 0.0
    words: list[dict[str, Any]] = []
    phonemes: list[dict[str, Any]] = []
    told = lines(server, f"{SENTENCE} Then [[həlˈoʊ]] they sat down, and ate!")
    for line in told:
        if line["type"] == "audio":
            heard_s = line["stop_s"]
        elif line["type"] == "mark":
            assert line["start_s"] >= heard_s - 1e-6, line
            (words if line["kind"] == "word" else phonemes).append(line)
    assert [word["start_s"] for word in words] == sorted(word["start_s"] for word in words)
    assert len(words) == len(SENTENCE.split()) + 7
    assert phonemes[0]["start_s"] == 0
    for before, after in itertools.pairwise(phonemes):
        assert after["start_s"] == pytest.approx(before["stop_s"], abs=1e-5)
    assert phonemes[-1]["stop_s"] == pytest.approx(told[-1]["audio_s"], abs=1e-3)


def test_symbols_in_brackets_are_spoken_as_they_stand(server: Live) -> None:
    given = [line["value"] for line in lines(server, "[[fuː bɑː]]") if line.get("kind") == "phoneme"]
    assert [value for value in given if value] == ["f", "uː", "b", "ɑː"]


@pytest.mark.parametrize(
    "settings",
    [
        {"pitch": 4.0},
        {"style": "angry"},
        {"style": "whispering"},
        {"speed": 1.5},
        {"volume": 0.4},
        {"seed": 9},
    ],
    ids=str,
)
def test_every_setting_is_heard_and_repeats_to_the_bit(server: Live, settings: dict[str, object]) -> None:
    plain, changed, again = (ask(server, SENTENCE, "random", **way) for way in ({}, settings, settings))
    assert changed == again
    assert changed != plain


def test_pitch_keeps_the_length_and_volume_the_shape(server: Live) -> None:
    plain = np.frombuffer(ask(server, SENTENCE, "random"), "<i2").astype(float)
    higher = np.frombuffer(ask(server, SENTENCE, "random", pitch=4.0), "<i2")
    quieter = np.frombuffer(ask(server, SENTENCE, "random", volume=0.5), "<i2").astype(float)
    assert higher.size == plain.size
    assert np.abs(quieter - plain / 2).max() <= 1


def test_encoded_audio_repeats_too(server: Live) -> None:
    for name in ("mp3", "opus", "flac"):
        body = {"text": SENTENCE, "voice": "random", "format": name}
        assert post(server, "/v1/speech", body) == post(server, "/v1/speech", body)


# ---- the vendors' wires ----------------------------------------------------------------------------------------------


def test_soniox_s_clients_hear_it(server: Live) -> None:
    body = {
        "model": "tts-rt-v2", "voice": "Maya", "language": "en", "text": SENTENCE,
        "audio_format": "pcm_s16le", "sample_rate": 24_000,
    }  # fmt: skip
    assert len(post(server, "/soniox/tts", body, authorization="Bearer x")) > 100_000


def test_gradium_s_clients_hear_it_with_the_times_of_words(server: Live) -> None:
    body = {"text": SENTENCE, "voice_id": "YTpq7expH9539ERJ", "output_format": "pcm", "only_audio": False}
    made = post(server, "/gradium/api/post/speech/tts", body, x_api_key="x")
    told = [json.loads(line) for line in made.splitlines()]
    words = [line for line in told if line["type"] == "text"]
    assert [word["text"] for word in words] == SENTENCE.split()
    assert all(word["start_s"] < word["stop_s"] for word in words)
    assert sum(len(base64.b64decode(line["audio"])) for line in told if line["type"] == "audio") > 100_000


def test_supertone_s_clients_hear_it_with_phonemes(server: Live) -> None:
    body = {"text": "Hello there.", "language": "en", "include_phonemes": True}
    path = "/supertone/v1/text-to-speech/91992bbd4758bdcf9c9b01"
    told = json.loads(post(server, path, body, x_sup_api_key="x"))
    phonemes = told["phonemes"]
    assert len(phonemes["symbols"]) == len(phonemes["start_times_seconds"]) > 5
    assert "h" in phonemes["symbols"]
    assert len(base64.b64decode(told["audio_base64"])) > 20_000


def test_suonora_s_clients_hear_it(server: Live) -> None:
    body = {"model": "legacy-v2.5", "voice": "axel", "input": SENTENCE}
    assert len(post(server, "/suonora/v1/audio/speech", body, authorization="Bearer x")) > 10_000


# ---- where models are loaded -----------------------------------------------------------------------------------------


def loads_onnxruntime(process: psutil.Process) -> bool:
    return any("onnxruntime" in mapped.path for mapped in process.memory_maps())


def test_models_are_loaded_by_workers_and_never_by_the_front(server: Live) -> None:
    assert ask(server, "Hello there.", "random")
    front = psutil.Process(server.process.pid)
    assert not loads_onnxruntime(front)
    assert any(loads_onnxruntime(worker) for worker in front.children())


def test_neither_adding_nor_speaking_loads_a_model_into_the_command(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "voices" / "piper" / "random" / "voice.onnx", tmp_path / "own.onnx")
    shutil.copy(data / "voices" / "piper" / "random" / "voice.json", tmp_path / "own.onnx.json")
    hook = tmp_path / "sitecustomize.py"
    hook.write_text(
        "import atexit, pathlib, sys\n"
        "if sys.argv[0].endswith('vivavoce'):\n"
        "    note = pathlib.Path(__file__).with_name('loaded')\n"
        "    atexit.register(lambda: note.write_text(str({'onnx', 'onnxruntime'} & set(sys.modules))))\n"
    )
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path / "data"), PYTHONPATH=str(tmp_path))
    commands = (
        ["voices", "add", str(tmp_path / "own.onnx")],
        ["say", "Hello.", "-v", "own", "-o", "hello.wav"],
    )
    for command in commands:
        done = vivavoce(*command, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "loaded").read_text() == "set()"
        (tmp_path / "loaded").unlink()


# ---- 904 speakers ----------------------------------------------------------------------------------------------------


def test_every_one_of_904_speakers_speaks_and_like_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        random_voices.SIZES, "crowd", structs.replace(random_voices.SIZES["tiny-multi"], speakers=SPEAKERS)
    )
    model = random_voices.write("crowd", tmp_path)
    folder = tmp_path / "voices" / "piper" / "crowd"
    folder.mkdir(parents=True)
    model.rename(folder / "voice.onnx")
    Path(f"{model}.json").rename(folder / "voice.json")
    assert json.loads(prepare(folder).stdout)["rung"] == "stateful"
    engine = PiperEngine(folder.parent)
    ids = [voice.id for voice in engine.voices()]
    assert ids == ["crowd", *(f"crowd:p{number}" for number in range(SPEAKERS))]
    assert len({speak(engine, "Go.", voice).pcm for voice in ids[1:]}) == SPEAKERS
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path))
    said = vivavoce("say", "Go.", "-v", "crowd:p903", "-o", "last.wav", env=env, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    with serving(tmp_path, engines="piper", workers=1) as live:
        made = {ask(live, "Go.", f"crowd:p{number}") for number in (0, 1, 500, 903)}
        assert len(made) == 4
