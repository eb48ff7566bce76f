"""Adding a voice: its files are fetched and checked, prepared by a process of their own, and moved into place whole.

Everything happens in ``.adding/<id>`` beside the voices, under a lock for that id. What was downloaded stays there when
something fails, so that the next try goes on from it; what cannot become a voice is deleted.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.errors import (
    AlreadyExistsError,
    EngineError,
    MissingDependencyError,
    NotFoundError,
    StorageError,
    UnsupportedMediaError,
    VivavoceError,
)
from vivavoce.voices.downloads import (
    MAX_FILE_BYTES,
    Progress,
    Remote,
    digest,
    fetch,
    fetch_small,
    free_bytes,
    is_address,
)
from vivavoce.voices.hub import CATALOGUE, CONFIG, Offer, licence_in, offer
from vivavoce.voices.installed import (
    SOURCE,
    STAGING,
    Installed,
    Source,
    StoredFile,
    aside,
    check_id,
    folder_of,
    locked,
    place_of,
    read,
)
from vivavoce.voices.supertonic import bundle
from vivavoce.voices.trust import check_published

PREPARE_S: Final = 1800.0
"""A high voice takes half a minute on an idle core."""
_ROOM: Final = 2.5
"""Disk that a voice needs while it is added, as a multiple of its model."""
_ERRORS: Final = {cls.code: cls for cls in (UnsupportedMediaError, EngineError, StorageError)}


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be added."""

    name: str
    """A voice of the catalogue, or the path of a model."""
    source: str | None = None
    """A folder, a file or an address in place of the hub."""
    offline: bool = False
    """Use the network for nothing."""
    again: bool = False
    """Also when it is there already."""


def add(wish: Wish, data_dir: str, progress: Progress, stage: Callable[[str], None]) -> Installed:
    """Add a voice. ``stage`` is told what happens beside transfers.

    Raises VivavoceError; then nothing of the voice is installed, and one that was there before still is.
    """
    for module in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(module) is None:
            raise MissingDependencyError(
                f"adding a voice needs the Python package {module}; install it with `pip install 'vivavoce[neural]'`"
            )
    folder = folder_of(data_dir)
    offered = bundle(wish.name, wish.source, offline=wish.offline) or offer(
        wish.name, wish.source, aside(folder, CATALOGUE), offline=wish.offline
    )
    check_id(offered.id)
    folder = folder_of(data_dir, offered.family)
    with locked(folder, offered.id):
        _put_back(folder, offered.id)
        there = place_of(data_dir, offered.id)
        if there is not None and (there.parent != folder or not wish.again):
            raise AlreadyExistsError(
                f"{offered.id} is there already; --again adds it once more", param="voice"
            )
        staging = folder / STAGING / offered.id
        _collect(offered, staging, progress, offline=wish.offline)
        stage("preparing")
        _prepare(staging, offered.family)
        _put_in_place(staging, folder / offered.id, _replaced(folder, offered.id))
        return read(folder / offered.id)


def _collect(offered: Offer, staging: Path, progress: Progress, *, offline: bool) -> None:
    """Have all files in ``staging``."""
    try:
        for name in offered.files:
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
        _clear(staging, offered)
        room = free_bytes(staging)
    except OSError as error:
        raise StorageError(f"{staging} cannot be written: {error.strerror or error}") from None
    sizes = [remote.bytes or 0 for remote in offered.files.values()]
    needed = int(sum(sizes) * _ROOM)
    if max(sizes) > MAX_FILE_BYTES:
        raise StorageError(f"{offered.id} has more than {MAX_FILE_BYTES >> 20} MB")
    if needed > room:
        raise StorageError(
            f"{offered.id} needs {needed >> 20} MB of disk while it is added, {room >> 20} are free"
        )
    for name, remote in offered.files.items():
        if offline and is_address(remote.address):
            _need_here(staging / name, remote)
        elif not _is_here(staging / name, remote):
            fetch(remote, staging / name, progress)
        if name == CONFIG and is_address(remote.address):
            check_published(staging / name)
    _write_source(offered, staging, offline=offline)


def _clear(staging: Path, offered: Offer) -> None:
    """Take away what an earlier try has left of other files."""
    for path in staging.rglob("*"):
        if path.is_file() and str(path.relative_to(staging)).removesuffix(".part") not in offered.files:
            path.unlink()


def _is_here(path: Path, remote: Remote) -> bool:
    """Whether a file was fetched by an earlier try; only a checksum can tell."""
    kind, expected = ("sha256", remote.sha256) if remote.sha256 else ("md5", remote.md5)
    return bool(expected) and path.exists() and digest(path, kind) == expected.lower()


def _need_here(path: Path, remote: Remote) -> None:
    if not _is_here(path, remote):
        raise NotFoundError(
            f"{path.name} was not downloaded yet, and --offline forbids it; --from takes local files"
        )


def _write_source(offered: Offer, staging: Path, *, offline: bool) -> None:
    licence = ""
    if offered.card is not None and not (offline and is_address(offered.card.address)):
        try:
            licence = licence_in(fetch_small(offered.card.address).decode("utf-8", "replace"))
        except NotFoundError:
            licence = ""
    files = tuple(
        StoredFile(name, (staging / name).stat().st_size, digest(staging / name)) for name in offered.files
    )
    source = Source(
        id=offered.id,
        origin=offered.origin,
        licence=licence,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
    )
    try:
        (staging / SOURCE).write_bytes(msgspec.json.format(msgspec.json.encode(source)))
    except OSError as error:
        raise StorageError(f"{staging} cannot be written: {error.strerror or error}") from None


class _Answer(Struct, frozen=True):
    """What the preparing process says; of a manifest only that it is no error."""

    error: str = ""
    code: str = ""


def _prepare(staging: Path, family: str) -> None:
    """Check and prepare the voice in a process of its own. What cannot become a voice is deleted."""
    command = [sys.executable, "-m", f"vivavoce.engines.{family}.convert", str(staging)]
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            command, capture_output=True, timeout=PREPARE_S, check=False
        )
    except subprocess.TimeoutExpired:
        error: VivavoceError = UnsupportedMediaError(f"the voice was not ready after {PREPARE_S:g} s")
    else:
        if done.returncode == 0:
            return
        error = _failure(done)
    shutil.rmtree(staging / "cut" if isinstance(error, StorageError) else staging, ignore_errors=True)
    raise error


def _failure(done: subprocess.CompletedProcess[bytes]) -> VivavoceError:
    """What went wrong in the preparing process."""
    try:
        answer = msgspec.json.decode(done.stdout.strip().rpartition(b"\n")[2], type=_Answer)
    except msgspec.DecodeError:
        answer = _Answer()
    if answer.error:
        return _ERRORS.get(answer.code, UnsupportedMediaError)(answer.error)
    code = done.returncode
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    return UnsupportedMediaError(
        f"the voice ended the process that prepared it, {how}{f': {last}' if last else ''}"
    )


def _replaced(folder: Path, voice_id: str) -> Path:
    """Where a voice waits while another is put into its place."""
    return aside(folder, f"{voice_id}.replaced")


def _put_back(folder: Path, voice_id: str) -> None:
    """Have the voice again whose replacement was ended between its two moves."""
    old, target = _replaced(folder, voice_id), folder / voice_id
    if old.exists() and not target.exists():
        try:
            old.rename(target)
        except OSError as error:
            raise StorageError(f"{target} cannot be written: {error.strerror or error}") from None


def _put_in_place(staging: Path, target: Path, old: Path) -> None:
    """Make the prepared folder the voice. One that is there waits in ``old`` until it is replaced."""
    try:
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        os.rename(staging, target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise StorageError(f"{target} cannot be written: {error.strerror or error}") from None
    shutil.rmtree(old, ignore_errors=True)
