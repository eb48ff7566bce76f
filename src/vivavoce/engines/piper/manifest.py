"""What is written beside a voice's cut graphs: how to drive them. Read while serving, so it needs no onnx.

A voice lives in ``<data>/voices/piper/<id>/``: ``voice.onnx`` and ``voice.json`` as they were published, ``source.json``
about where they came from, and in ``cut/`` this manifest with the graphs made from them.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Final

from msgspec import Struct

from vivavoce.engines.neural import folders

VERSION: Final = 1
"""Of the way graphs are cut; other cuts are not used."""
MODEL, CONFIG = "voice.onnx", "voice.json"


class Rung(Enum):
    """How a voice is streamed, the best first."""

    STATEFUL = "stateful"
    """Inside the sentence, for the work of the whole sentence."""
    WINDOWS = "windows"
    """Inside the sentence; windows overlap, at 13 to 44 % more work."""
    SENTENCES = "sentences"
    """A sentence at a time."""


class State(Struct, frozen=True):
    """What goes from one call of a streaming graph to the next."""

    name: str
    out: str
    channels: int
    first: int
    """Samples of zeros to begin with."""
    steady: int
    """Samples from the second call on."""


class StreamInfo(Struct, frozen=True, tag="stream"):
    """How to drive a streaming graph."""

    source: str
    static: tuple[str, ...]
    channels: int
    rate: int
    """Output samples for an input frame."""
    delay: int
    """Output samples that are held back until the last call."""
    min_first: int
    """Input frames that the first call needs at least, unless it is the last too."""
    states: tuple[State, ...]


class WindowInfo(Struct, frozen=True, tag="windows"):
    """How to drive a graph window by window."""

    source: str
    masks: tuple[str, ...]
    static: tuple[str, ...]
    left: int
    """Frames before a window beyond which nothing reaches into it."""
    right: int


class FrontInfo(Struct, frozen=True):
    """Names of the front's outputs."""

    durations: str
    mean: str
    noise: str
    static: tuple[str, ...]


class Manifest(Struct, frozen=True, kw_only=True):
    """A cut voice."""

    version: int
    onnxruntime: str
    """The version that the graphs were optimised by; another one may not read them."""
    model_sha256: str
    rung: Rung
    why: str = ""
    """Why it is not a better rung."""
    hop: int
    """Samples of audio for a frame."""
    channels: int
    """Of the latent."""
    duration_noise: int = 0
    """Channels of the noise behind the durations; 0 for a voice without."""
    latent_noise: bool = True
    gain: float = 1.0
    """Brings ordinary speech of this voice to the usual level."""
    front: FrontInfo | None = None
    flow: StreamInfo | WindowInfo | None = None
    decoder: StreamInfo | WindowInfo | None = None
    largest_call: int = 8
    """Frames of the decoder's largest call; see ``pace.py``."""
    bytes: int = 0
    """Size of the graphs."""


FRONT, FLOW, DECODER, WHOLE = "front.onnx", "flow.onnx", "decoder.onnx", "whole.onnx"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; ``None`` when there is none that this version understands."""
    return folders.read_manifest(folder, Manifest, VERSION)
