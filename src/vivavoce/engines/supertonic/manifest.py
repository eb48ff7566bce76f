"""What is written beside a prepared model. Read while serving, so it needs no onnx.

A model lives in ``<data>/voices/supertonic/<id>/``: sizes, table and styles as they were published, ``source.json`` about
where they came from, and in ``cut/`` this manifest with the graphs, optimised.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

VERSION: Final = 1
"""Of the way models are prepared; what was prepared otherwise is not used."""
CUT, MANIFEST = "cut", "manifest.json"
DURATIONS, ENCODER, ESTIMATOR, VOCODER = (
    "duration_predictor.onnx",
    "text_encoder.onnx",
    "vector_estimator.onnx",
    "vocoder.onnx",
)
GRAPHS: Final = (DURATIONS, ENCODER, ESTIMATOR, VOCODER)


class Reach(Struct, frozen=True):
    """Frames of the latent beside one that its samples depend on."""

    left: int
    right: int


class Manifest(Struct, frozen=True, kw_only=True):
    """A prepared model."""

    version: int
    onnxruntime: str
    """The version that the graphs were optimised by; another one may not read them."""
    rung: str
    """``denoised`` when the vocoder can run over windows, else ``sentences``."""
    why: str = ""
    """Why it is not the better one."""
    reach: Reach | None = None
    """Of the vocoder; ``None`` when it has to run over the whole."""
    gains: dict[str, float]
    """By speaker: brings ordinary speech to the usual level."""
    bytes: int
    """Size of the graphs."""


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest`` into ``folder``."""
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; ``None`` when there is none that this version understands."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.version == VERSION and found.gains else None
