"""The voices that were added to this machine, as folders: ``<data>/voices/<family>/<id>``.

A folder is there whole or not at all: it is made under ``.adding`` and moved into place. ``source.json`` in it says where
it came from; what the engine makes of it is in ``cut/manifest.json``, of which only the rung is read here.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from vivavoce.errors import AlreadyExistsError, NotFoundError, OutOfRangeError, StorageError, quoted

SOURCE: Final = "source.json"
PIPER, SUPERTONIC = FAMILIES = ("piper", "supertonic")
STAGING: Final = ".adding"
T = TypeVar("T", bound=Struct)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class StoredFile(Struct, frozen=True):
    """A file as it was published."""

    name: str
    bytes: int
    sha256: str


class Source(Struct, frozen=True, kw_only=True):
    """Where a voice came from."""

    id: str
    origin: str
    """Address or path."""
    licence: str = ""
    added: str = ""
    """ISO 8601, UTC."""
    files: tuple[StoredFile, ...] = ()


class Installed(Struct, frozen=True):
    """A voice of this machine."""

    id: str
    source: Source
    rung: str
    """How it streams: stateful, windows, denoised or sentences; empty when it is not prepared."""
    why: str
    """Why it does not stream better."""
    bytes: int


class _Manifest(Struct, frozen=True):
    """What is read of the engine's manifest."""

    rung: str = ""
    why: str = ""


def folder_of(data_dir: str, family: str = PIPER) -> Path:
    """Where the voices of ``family`` are."""
    return Path(data_dir) / "voices" / family


def aside(folder: Path, name: str) -> Path:
    """Where something is kept beside the voices under ``name``, which no voice that is being added can take."""
    return folder / STAGING / f".{name}"


def check_id(voice_id: str) -> str:
    """``voice_id``, if it can be the name of a folder and of a voice. Raises OutOfRangeError."""
    if not _ID.fullmatch(voice_id):
        raise OutOfRangeError(
            f"a voice's name is made of letters, digits, '.', '_' and '-', got {quoted(voice_id)}",
            param="voice",
        )
    return voice_id


def installed(data_dir: str) -> list[Installed]:
    """Every added voice, by its family and id. One that is removed meanwhile is left out."""
    folders = [folder_of(data_dir, family) for family in FAMILIES]
    found: list[Installed] = []
    for path in [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]:
        if path.is_dir() and _ID.fullmatch(path.name):
            with suppress(FileNotFoundError):
                found.append(read(path))
    return found


def remove(data_dir: str, voice_id: str) -> None:
    """Take a voice away. Streams that are live go on: they have loaded it. Raises NotFoundError, StorageError."""
    path = place_of(data_dir, check_id(voice_id))
    if path is None:
        raise _unknown(data_dir, voice_id)
    folder = path.parent
    with locked(folder, voice_id):
        gone = aside(folder, f"{voice_id}.removed")
        if not path.is_dir():  # Somebody else was faster.
            raise _unknown(data_dir, voice_id)
        try:
            shutil.rmtree(gone, ignore_errors=True)
            path.rename(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise StorageError(f"{voice_id} cannot be removed: {error.strerror or error}") from None


def place_of(data_dir: str, voice_id: str) -> Path | None:
    """The folder of an added voice, of whichever family."""
    places = (folder_of(data_dir, family) / voice_id for family in FAMILIES)
    return next((path for path in places if path.is_dir()), None)


def _unknown(data_dir: str, voice_id: str) -> NotFoundError:
    known = ", ".join(voice.id for voice in installed(data_dir)) or "none"
    return NotFoundError(f"no added voice is called {quoted(voice_id)}; added voices: {known}", param="voice")


@contextmanager
def locked(folder: Path, voice_id: str) -> Iterator[None]:
    """Only one thread of one process at a time adds or removes a voice.

    Raises AlreadyExistsError when another one is at it, StorageError.
    """
    try:
        (folder / STAGING).mkdir(parents=True, exist_ok=True)
        lock = os.open(aside(folder, f"{voice_id}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyExistsError(f"{voice_id} is being added or removed by another process") from None
    except OSError as error:
        os.close(lock)
        raise StorageError(f"{folder} cannot be locked: {error.strerror or error}") from None
    try:
        yield
    finally:
        # Closing alone would leave it to a child that another thread starts just now: it has a copy until it execs.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)  # The file stays: who deletes it lets two others lock two files of that name.


def read(path: Path) -> Installed:
    """The voice in the folder ``path``. Raises FileNotFoundError when it goes meanwhile."""
    source = _decoded(path / SOURCE, Source(id=path.name, origin=""))
    manifest = _decoded(path / "cut" / "manifest.json", _Manifest())
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    path.stat()
    return Installed(path.name, source, manifest.rung, manifest.why, size)


def _decoded(path: Path, otherwise: T) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type(otherwise))
    except (OSError, msgspec.DecodeError):
        return otherwise
