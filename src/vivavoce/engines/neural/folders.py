"""Where added voices are, and what every family reads of a voice's folder. Needs neither numpy nor onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from vivavoce.settings import Settings

Stamp: TypeAlias = tuple[int, int] | None
SOURCE: Final = "source.json"
CUT, MANIFEST = "cut", "manifest.json"
"""What is made of a voice when it is added, and the file in it that says how to drive the rest."""
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


class Prepared(Protocol):
    """What every family's manifest tells."""

    @property
    def version(self) -> int:
        """Of the way its voices are prepared."""
        ...

    @property
    def onnxruntime(self) -> str:
        """The version that the graphs were optimised by."""
        ...

    @property
    def bytes(self) -> int:
        """Size of the graphs."""
        ...


P = TypeVar("P", bound=Prepared)


def write_manifest(manifest: Struct, folder: Path) -> None:
    """Write ``manifest`` into ``folder``."""
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def read_manifest(folder: Path, kind: type[P], version: int) -> P | None:
    """The manifest in ``folder``; ``None`` when there is none of this kind and version."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.version == version else None


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
