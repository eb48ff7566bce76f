"""Piper voices of real size in this process: first audio, exactness and work, un-cut against cut.

Weights are random: the figures are about speed and exactness, never about how a voice sounds. Everything is taken in
turns on one thread, so that what else the machine does falls on all alike; compare within a row, not between runs.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from bench import random_voices
from bench.figures import figures, first_chunk_s
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.engines.piper.espeak_text import reader_for
from vivavoce.engines.piper.job import PiperJob
from vivavoce.engines.piper.phonemes import ids_of, read
from vivavoce.speech import Boundary, Chunk, Prosody, Utterance

SIZES: Final = ("x_low", "medium", "high", "multi")
RUNGS: Final = ("stateful", "windows", "sentences")
WORDS_15: Final = "The children are playing in the garden behind the school while their parents talk at home."
WORDS_60: Final = (
    "The old man who had lived beside the river for most of his life told the children that the water had once been "
    "so clear that anybody could count the stones at the bottom and that on quiet evenings in the summer the whole "
    "village used to sit along the bank and listen to the band that played on the other side of the bridge."
)
FIRST_STEP_S: Final = 0.08
"""What the scheduler asks for first on an idle machine."""


class Uncut:
    """The published file as anybody runs it: a sentence at a time, onnxruntime's defaults but for one thread."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "voice.onnx"), options, providers=["CPUExecutionProvider"]
        )
        engine = PiperEngine(folder.parent)
        self._config = engine._models.loaded(folder.name)[0].config
        self._reader = reader_for(self._config)

    def speak(self, text: str) -> NDArray[np.float32]:
        """The audio of ``text``, a sentence."""
        (sentence,) = read(text, self._config, self._reader).sentences
        numbers = ids_of(sentence, self._config).numbers
        feed: dict[str, Any] = {
            "input": np.array([numbers]),
            "input_lengths": np.array([len(numbers)]),
            "scales": np.array([0.667, self._config.inference.length_scale, 0.8], np.float32),
        }
        if self._config.num_speakers > 1:
            feed["sid"] = np.array([0])
        audio: NDArray[np.float32] = self._session.run(None, feed)[0].reshape(-1)
        return audio


class Cut:
    """The same voice on one rung, driven as the scheduler drives it: doubling steps up to a second."""

    def __init__(self, folder: Path) -> None:
        self._engine = PiperEngine(folder.parent)
        self._voice = folder.name
        self._engine.load(self._voice)
        self.rate_hz = self._engine._models.loaded(self._voice)[0].config.audio.sample_rate

    def job(self, text: str) -> PiperJob:
        said = Utterance(
            number=0,
            voice=self._voice,
            language="en-US",
            text=text,
            boundary=Boundary.NONE,
            prosody=Prosody(),
        )
        return self._engine.plan(said)

    def first_s(self, text: str) -> float:
        """Seconds from the text to the first audio."""
        samples = round(FIRST_STEP_S * self.rate_hz)
        return first_chunk_s(lambda emit: self.job(text).step(samples, emit))

    def speak(self, text: str, sizes: Callable[[int], float]) -> NDArray[np.int16]:
        """All the audio, made in steps of ``sizes`` seconds by their number."""
        job = self.job(text)
        pieces: list[bytes] = []
        number = 0

        def emit(chunk: Chunk) -> bool:
            pieces.append(chunk.pcm)
            return True

        while not job.step(round(sizes(number) * self.rate_hz), emit):
            number += 1
        return np.frombuffer(b"".join(pieces), "<i2")


def doubling(number: int) -> float:
    """The scheduler's steps for a listener with slack."""
    return float(min(FIRST_STEP_S * 2**number, 1.0))


async def voices(rounds: int, sizes: tuple[str, ...] = SIZES) -> dict[str, Any]:
    """Every size of voice, on every rung."""
    table: dict[str, Any] = {"rounds": rounds, "load_average": list(psutil.getloadavg()), "piper": {}}
    with tempfile.TemporaryDirectory(prefix="vivavoce-bench-") as folder:
        for size in sizes:
            table["piper"][size] = _measure(
                prepared(size, Path(folder)), max(3, rounds // (5 if size == "high" else 1))
            )
    return table


def prepared(size: str, folder: Path) -> dict[str, Path]:
    """The voice on each rung, by rung."""
    model = random_voices.write(size, folder)
    made: dict[str, Path] = {}
    for rung in RUNGS:
        made[rung] = folder / rung / f"random-{size}"
        made[rung].mkdir(parents=True)
        shutil.copy(model, made[rung] / "voice.onnx")
        shutil.copy(f"{model}.json", made[rung] / "voice.json")
        command = [sys.executable, "-m", "vivavoce.engines.piper.convert", str(made[rung]), rung]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def _measure(folders: dict[str, Path], rounds: int) -> dict[str, Any]:
    uncut = Uncut(folders["stateful"])
    cuts = {rung: Cut(folder) for rung, folder in folders.items()}
    found: dict[str, Any] = {"load": _loading(folders), "exactness": _exactness(cuts)}
    for name, text in (("words_15", WORDS_15), ("words_60", WORDS_60)):
        found[name] = _first_and_work(uncut, cuts, text, rounds)
    return found


def _first_and_work(uncut: Uncut, cuts: dict[str, Cut], text: str, rounds: int) -> dict[str, Any]:
    """First audio (wall) and whole sentence (CPU for a second of audio), in turns. Rungs share their noise and so their
    length; the un-cut voice draws its own, so its work is counted by the second too."""
    first: dict[str, list[float]] = {name: [] for name in ("uncut", *RUNGS)}
    work: dict[str, list[float]] = {name: [] for name in ("uncut", *RUNGS, "stateful_8_frames")}
    for turn in range(rounds + 1):
        timings: dict[str, tuple[float, float]] = {}
        began, cpu = time.perf_counter(), time.process_time()
        audio_s = uncut.speak(text).size / cuts["stateful"].rate_hz
        timings["uncut"] = (time.perf_counter() - began, (time.process_time() - cpu) / audio_s)
        for rung, cut in cuts.items():
            first_s = cut.first_s(text)
            timings[rung] = (first_s, _cpu_a_second(cut, text, doubling))
        small = _cpu_a_second(cuts["stateful"], text, lambda _: 1e-9)
        if turn:  # the first one warms
            work["stateful_8_frames"].append(small)
            for name, (first_s, cpu_s) in timings.items():
                first[name].append(first_s)
                work[name].append(cpu_s)
    whole = statistics.median(work["sentences"])
    return {
        "first_audio_ms": {name: _ms(values) for name, values in first.items()},
        "first_audio_sooner": {
            rung: statistics.median(a / b for a, b in zip(first["uncut"], first[rung], strict=True))
            for rung in RUNGS
        },
        "cpu_s_per_audio_s": {name: statistics.median(values) for name, values in work.items()},
        "work_against_whole": {name: statistics.median(values) / whole for name, values in work.items()},
    }


def _cpu_a_second(cut: Cut, text: str, sizes: Callable[[int], float]) -> float:
    cpu = time.process_time()
    audio = cut.speak(text, sizes)
    return (time.process_time() - cpu) / (audio.size / cut.rate_hz)


def _exactness(cuts: dict[str, Cut]) -> dict[str, Any]:
    """Units of int16 by which streaming differs from the whole sentence of the same noise, at many step sizes."""
    whole = cuts["sentences"].speak(WORDS_15, doubling).astype(int)
    found: dict[str, Any] = {"samples": whole.size}
    chance = np.random.default_rng(1)
    steps: dict[str, Callable[[int], float]] = {
        "8_frames": lambda _: 1e-9,
        "doubling": doubling,
        "random": lambda _: float(chance.uniform(0.01, 0.6)),
        "at_once": lambda _: 3600.0,
    }
    for rung in RUNGS[:2]:
        for name, sizes in steps.items():
            made = cuts[rung].speak(WORDS_15, sizes).astype(int)
            apart = np.abs(made - whole)
            found[f"{rung}_{name}"] = {
                "furthest_units": int(apart.max()),
                "samples_apart": int((apart > 0).sum()),
            }
    return found


def _loading(folders: dict[str, Path]) -> dict[str, Any]:
    """Seconds and memory of loading a voice, each in a process of its own."""
    return {
        "uncut": _load_alone(_UNCUT.format(path=str(folders["stateful"] / "voice.onnx"))),
        **{
            rung: _load_alone(_CUT.format(folder=str(folder.parent), voice=folder.name))
            for rung, folder in folders.items()
        },
    }


_UNCUT: Final = """
import onnxruntime, numpy
begin()
options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 1
kept = onnxruntime.InferenceSession({path!r}, options, providers=["CPUExecutionProvider"])
end()
"""
_CUT: Final = """
import onnxruntime, numpy
from pathlib import Path
from vivavoce.engines.piper.engine import PiperEngine
import vivavoce.engines.piper.job
engine = PiperEngine(Path({folder!r}))
begin()
engine._models.loaded({voice!r})
end()
"""
_FRAME: Final = """
import time, psutil
def begin():
    global began, before
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
def end():
    print(time.perf_counter() - began, (psutil.Process().memory_info().rss - before) / 1e6)
"""


def _load_alone(code: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", _FRAME + code], check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, done.stdout.split())
    return {"seconds": seconds, "mb": megabytes}


def _ms(values: list[float]) -> dict[str, float]:
    summary = figures([value * 1e3 for value in values])
    return {"p50": summary.p50, "p95": summary.p95, "iqr": summary.iqr}
