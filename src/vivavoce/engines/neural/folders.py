"""Where added voices are, and what every family reads of a voice's folder. Needs neither numpy nor onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from vivavoce.settings import Settings

Stamp: TypeAlias = tuple[int, int] | None
SOURCE: Final = "source.json"
_WEIGHT, _ROOM_MB = 1.2, 60.0
"""Memory of a loaded voice: its graphs times this, and what its tensors take beside (measured with Piper voices: 81 MB
for 20 MB of files, 125 for 60, 181 for 108)."""


def voices_folder(family: str) -> Path:
    """Where the voices of ``family`` are installed, by the environment's data directory."""
    return Path(os.environ.get("VIVAVOCE_DATA_DIR") or Settings().data_dir) / "voices" / family


def is_name(voice: str) -> bool:
    """Whether ``voice`` is the name of a folder, and not a way out of one."""
    return voice not in ("", ".", "..") and "/" not in voice and "\\" not in voice and "\0" not in voice


def stamp(path: Path) -> Stamp:
    """What tells a file from one that takes its place; ``None`` when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def loaded_mb(graph_bytes: int) -> float:
    """About how much memory a voice takes whose graphs have ``graph_bytes``, in MiB."""
    return graph_bytes / (1 << 20) * _WEIGHT + _ROOM_MB


class _Source(Struct, frozen=True):
    """What engines read of ``source.json``."""

    licence: str = ""


def read_licence(folder: Path) -> str:
    """The licence of the voice in ``folder``, as its publisher names it."""
    try:
        source = msgspec.json.decode((folder / SOURCE).read_bytes(), type=_Source)
    except (OSError, msgspec.DecodeError):
        source = _Source()
    return source.licence or "not stated"
