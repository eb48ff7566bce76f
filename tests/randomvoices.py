"""Installed Piper voices of random weights, for tests: they prove exactness and manners, never how a voice sounds."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

from bench.random_voices import write

from voice_folders import converted, scratch


@functools.cache
def published(size: str = "tiny") -> Path:
    """The path of a model as it would be published, its configuration beside it."""
    return write(size, scratch("piper"))


def laid_out(folder: Path, size: str = "tiny", name: str = "random") -> Path:
    """The folder of a voice whose files are there and that is not prepared."""
    target = folder / name
    target.mkdir(parents=True)
    model = published(size)
    shutil.copy(model, target / "voice.onnx")
    shutil.copy(f"{model}.json", target / "voice.json")
    return target


def prepare(folder: Path, *rung: str) -> subprocess.CompletedProcess[str]:
    """Run the preparing process on the voice in ``folder``; it may be told the rung to begin with."""
    return converted("piper", folder, *rung)


@functools.cache
def _prepared(size: str) -> Path:
    folder = laid_out(scratch("piper") / "prepared", size, size)
    done = prepare(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def installed(folder: Path, size: str = "tiny", name: str = "random") -> Path:
    """A prepared voice called ``name`` in ``folder``, the folder of all Piper voices."""
    target = folder / name
    shutil.copytree(_prepared(size), target)
    return target
