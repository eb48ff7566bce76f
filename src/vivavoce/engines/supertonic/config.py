"""What is published beside Supertonic's graphs: sizes, the table of characters, and the styles that are its speakers.

The layout is that of the hub's repositories ``Supertone/supertonic``, ``-2`` and ``-3``, as the vendor's own package reads
them (``supertonic`` 1.3.1, ``config.py``, ``core.py`` and ``loader.py``, read 2026-11-21)::

    onnx/tts.json  onnx/unicode_indexer.json
    onnx/duration_predictor.onnx  onnx/text_encoder.onnx  onnx/vector_estimator.onnx  onnx/vocoder.onnx
    voice_styles/F1.json … M5.json
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from vivavoce.errors import UnsupportedMediaError
from vivavoce.speech import Gender

SIZES: Final = Path("onnx", "tts.json")
TABLE: Final = Path("onnx", "unicode_indexer.json")
STYLES: Final = "voice_styles"
UNKNOWN: Final = "na"
"""The tag of a language that the model was not taught."""
_ENGLISH_ONLY: Final = "opensource-en"
_FIVE: Final = ("en", "ko", "es", "pt", "fr")
_ALL: Final = (
    "en", "ko", "ja", "ar", "bg", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hi", "hr", "hu", "id", "it", "lt",
    "lv", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "vi", UNKNOWN,
)  # fmt: skip
_MAX_BYTES: Final = 16 << 20
"""Of each of these files; published ones have 8 kB, 280 kB and 290 kB."""
_MAX_VALUES: Final = 1 << 20
_STYLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
T = TypeVar("T")


class Coder(Struct, frozen=True):
    """``ae`` of tts.json: the coder of audio."""

    sample_rate: Annotated[int, Meta(ge=8000, le=48_000)]
    base_chunk_size: Annotated[int, Meta(ge=1, le=8192)]
    """Samples of one of the coder's frames."""


class Latent(Struct, frozen=True):
    """``ttl`` of tts.json: from text to latent."""

    latent_dim: Annotated[int, Meta(ge=1, le=1024)]
    chunk_compress_factor: Annotated[int, Meta(ge=1, le=64)]
    """Frames of the coder in one of the latent's."""


class Config(Struct, frozen=True):
    """tts.json, as far as it is needed to speak."""

    ae: Coder
    ttl: Latent
    tts_version: str = ""
    """``v1.5.0``, ``v1.6.0`` and ``v1.7.3`` for the first, second and third model."""
    split: str = ""

    @property
    def hop(self) -> int:
        """Samples for a frame of the latent."""
        return self.ae.base_chunk_size * self.ttl.chunk_compress_factor

    @property
    def channels(self) -> int:
        """Of the latent."""
        return self.ttl.latent_dim * self.ttl.chunk_compress_factor

    @property
    def tags(self) -> tuple[str, ...]:
        """The languages that the text may be marked with; none for the model that speaks English only."""
        if self.split == _ENGLISH_ONLY:
            return ()
        return _FIVE if self.tts_version.startswith("v1.6") else _ALL

    @property
    def languages(self) -> tuple[str, ...]:
        """What it speaks."""
        return tuple(tag for tag in self.tags if tag != UNKNOWN) or ("en",)


class Tensor(Struct, frozen=True):
    """An array in JSON."""

    dims: tuple[int, int, int]
    data: Any
    """Numbers, in lists within lists or in one."""


class Style(Struct, frozen=True):
    """A speaker: ``voice_styles/<name>.json``."""

    style_ttl: Tensor
    """How it sounds; published ones have the shape (1, 50, 256)."""
    style_dp: Tensor
    """How long its sounds are; published ones have the shape (1, 8, 16)."""


def read_config(folder: Path) -> Config:
    """The sizes of the model in ``folder``. Raises UnsupportedMediaError."""
    return _read(folder / SIZES, Config)


def read_table(folder: Path) -> list[int]:
    """The number of every character by its code point, -1 for those it does not know. Raises UnsupportedMediaError."""
    table = _read(folder / TABLE, list[int])
    if not 0 < len(table) <= 0x110000 or max(table) < 0:
        raise UnsupportedMediaError(f"{TABLE.name} knows no character")
    return table


def style_names(folder: Path) -> tuple[str, ...]:
    """The speakers in ``folder``, in the order of their names."""
    names = (path.stem for path in (folder / STYLES).glob("*.json"))
    return tuple(sorted(name for name in names if _STYLE.fullmatch(name)))


def read_style(folder: Path, name: str) -> Style:
    """The speaker ``name``. Raises UnsupportedMediaError."""
    path = folder / STYLES / f"{name}.json"
    style = _read(path, Style)
    for tensor in (style.style_ttl, style.style_dp):
        if tensor.dims[0] != 1 or min(tensor.dims) < 1 or math.prod(tensor.dims) > _MAX_VALUES:
            raise UnsupportedMediaError(f"{path.name} has the shape {tensor.dims}; expected (1, n, m)")
    return style


def gender_of(style: str) -> Gender:
    """By the vendor's names: F1 to F5 and M1 to M5."""
    if not re.fullmatch(r"[FM]\d+", style):
        return "neutral"
    return "female" if style.startswith("F") else "male"


def _read(path: Path, kind: type[T]) -> T:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UnsupportedMediaError(f"cannot read {path.name}: {error.strerror or error}") from None
    if len(data) > _MAX_BYTES:
        raise UnsupportedMediaError(f"{path.name} is larger than {_MAX_BYTES >> 20} MB")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnsupportedMediaError(f"{path.name} is not what Supertonic has by that name: {error}") from None
