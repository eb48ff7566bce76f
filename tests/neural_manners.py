"""Manners that every neural engine has, whoever speaks: said once, and checked for each family of voices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

from spoken import keeping, speak, utterance
from vivavoce.engines.base import Engine
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.speech import Chunk

Family: TypeAlias = type[PiperEngine] | type[SupertonicEngine]


def check_needs_its_runtime_and_its_folder(
    family: Family, folder: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No voices are listed without either."""
    assert family(nowhere).voices() == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert family(folder).voices() == []


def check_the_seed_is_the_noise(engine: Engine, text: str, voice: str) -> None:
    def pcm(seed: int) -> bytes:
        return speak(engine, text, voice, seed=seed).pcm

    assert pcm(0) == pcm(0)
    assert len({pcm(seed) for seed in (0, 1, -1, (1 << 70) + 5)}) == 4


def check_nothing_after_a_cancel(engine: Engine, text: str, voice: str, *, steps: int, samples: int) -> None:
    """A job is cancelled twice after ``steps`` of at least so many samples."""
    job = engine.plan(utterance(text, voice))
    heard: list[Chunk] = []
    for _ in range(steps):
        assert not job.step(samples, keeping(heard))
    job.cancel()
    job.cancel()
    before = len(heard)
    assert job.step(samples, keeping(heard))
    assert len(heard) == before


def check_listed_and_loaded_without(family: Family, folder: Path, voice: str, count: int) -> None:
    """Without numpy or onnxruntime ``count`` voices are listed, and without onnx one is loaded."""
    engine = f"{family.__name__}(Path({str(folder)!r}))"
    code = (
        f"import sys; from pathlib import Path; from {family.__module__} import {family.__name__}\n"
        f"assert len({engine}.voices()) == {count}\n"
        "print([m for m in ('numpy', 'onnxruntime', 'onnx') if m in sys.modules])\n"
        f"{engine}.load({voice!r})\n"
        "print([m for m in ('onnx',) if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout.split("\n")[:2] == ["[]", "[]"], done.stderr
