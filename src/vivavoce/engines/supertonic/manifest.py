"""What is written beside a prepared model. Read while serving, so it needs no onnx.

A model lives in ``<data>/voices/supertonic/<id>/``: sizes, table and styles as they were published, ``source.json`` about
where they came from, and in ``cut/`` this manifest with the graphs, optimised.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from vivavoce.engines.neural import folders

VERSION: Final = 1
"""Of the way models are prepared; what was prepared otherwise is not used."""
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
    gains: Annotated[dict[str, float], Meta(min_length=1)]
    """By speaker: brings ordinary speech to the usual level."""
    bytes: int
    """Size of the graphs."""


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; ``None`` when there is none that this version understands."""
    return folders.read_manifest(folder, Manifest, VERSION)
