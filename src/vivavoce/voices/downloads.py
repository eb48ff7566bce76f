"""Files from the network or from this machine, whole or not at all: sizes and checksums hold, broken transfers resume.

Addresses are http and https. ``HF_ENDPOINT`` names the hub that publishes Piper's voices, as that hub's own tools have it.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from msgspec import Struct

from vivavoce.errors import NotFoundError, StorageError

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told of a file's name, how many bytes of it are here, and of how many."""
MAX_FILE_BYTES: Final = 512 << 20
TIMEOUT_S: Final = 30.0
ATTEMPTS: Final = 5
"""Broken transfers in a row, without a byte between them, after which a download is given up."""
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)
_BLOCK: Final = 1 << 18
_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
_AGENT: Final = "vivavoce"


class Remote(Struct, frozen=True):
    """A file to be fetched, and what is known of it."""

    address: str
    """``http(s)://…`` or a path."""
    bytes: int | None = None
    md5: str = ""
    sha256: str = ""


class BrokenTransferError(Exception):
    """The connection ended before the file did."""


def is_address(text: str) -> bool:
    """Whether ``text`` is an address rather than a path."""
    return text.startswith(("http://", "https://"))


def fetch(remote: Remote, target: Path, progress: Progress) -> None:
    """Have ``remote`` in ``target``. What is there of it from an interrupted fetch is used.

    Raises NotFoundError, and StorageError for a network, disk or checksum that fails; ``target`` is then absent.
    """
    part = target.with_name(target.name + ".part")
    resumed = part.exists()
    try:
        if is_address(remote.address):
            _download(remote, part, progress, target.name)
        else:
            _copy(remote, part, progress, target.name)
        _check(remote, part)
        part.replace(target)
    except _TooLarge as error:
        part.unlink(missing_ok=True)
        raise StorageError(str(error)) from None
    except _Mismatch as mismatch:
        part.unlink(missing_ok=True)
        if not resumed:
            raise StorageError(str(mismatch)) from None
        fetch(remote, target, progress)  # The file may have changed between the two halves.
    except OSError as error:
        if error.errno in _FULL:
            part.unlink(missing_ok=True)
            raise StorageError(f"the disk is full: {target.name} does not fit") from None
        raise StorageError(f"{target.name} cannot be written: {error.strerror or error}") from None


def fetch_small(address: str, limit: int = 16 << 20) -> bytes:
    """The content of a small file. Raises NotFoundError, StorageError."""
    if not is_address(address):
        try:
            return Path(address).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"there is no {address}") from None
        except OSError as error:
            raise StorageError(f"cannot read {address}: {error.strerror or error}") from None
    failure = ""
    for attempt in range(3):
        time.sleep(_PAUSES_S[attempt - 1] if attempt else 0)
        try:
            with _open(address, {}) as answer:
                data: bytes = answer.read(limit + 1)
        except (OSError, http.client.HTTPException) as error:
            failure = _words(error)
            continue
        if len(data) > limit:
            raise StorageError(f"{address} is larger than {limit} bytes")
        return data
    raise StorageError(f"cannot download {address}: {failure}")


class _TooLarge(Exception):  # noqa: N818 (never leaves this module)
    """A file does not end where it may."""


class _Mismatch(Exception):  # noqa: N818 (never leaves this module)
    """A file is not what it should be."""


def _download(remote: Remote, part: Path, progress: Progress, name: str) -> None:
    """Bring ``part`` to its full length, in as many requests as it takes."""
    failures = 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        if remote.bytes is not None and have == remote.bytes:
            return
        try:
            _transfer(remote, part, have, progress, name)
        except (BrokenTransferError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            failure = _words(error)
        except urllib.error.URLError as error:
            failure = _words(error)
        else:
            return
        now = part.stat().st_size if part.exists() else 0
        failures = 1 if now > have else failures + 1
        if failures >= ATTEMPTS:
            raise StorageError(
                f"the download of {name} broke off {failures} times in a row ({failure}); "
                "run the same command again to go on where it stopped"
            )
        time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S)) - 1])


def _transfer(remote: Remote, part: Path, have: int, progress: Progress, name: str) -> None:
    """One request. Raises BrokenTransferError when it ends too early."""
    if remote.bytes is not None and have > remote.bytes:
        part.unlink()
        have = 0
    with _open(remote.address, {"Range": f"bytes={have}-"} if have else {}) as answer:
        if have and answer.status != http.client.PARTIAL_CONTENT:
            have = 0  # the server sends all of it
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length is not None and length.isdigit() else remote.bytes
        if max(total or 0, remote.bytes or 0) > MAX_FILE_BYTES:
            raise StorageError(f"{name} has {(total or 0) >> 20} MB, more than {MAX_FILE_BYTES >> 20}")
        with part.open("ab" if have else "wb") as file:
            done = _pour(answer, file, have, total, progress, name)
    if total is not None and done < total:
        raise BrokenTransferError(f"{done} of {total} bytes came")


def _pour(
    source: IO[bytes] | Any, file: IO[bytes], done: int, total: int | None, progress: Progress, name: str
) -> int:
    """Copy ``source`` to its end; how many bytes ``file`` has then."""
    progress(name, done, total)
    while block := source.read(_BLOCK):
        done += len(block)
        if done > MAX_FILE_BYTES:
            raise _TooLarge(f"{name} has more than {MAX_FILE_BYTES >> 20} MB")
        file.write(block)
        progress(name, done, total)
    file.flush()
    os.fsync(file.fileno())
    return done


def _copy(remote: Remote, part: Path, progress: Progress, name: str) -> None:
    source = Path(remote.address)
    try:
        size = source.stat().st_size
        opened = source.open("rb")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {remote.address}") from None
    with opened, part.open("wb") as file:
        _pour(opened, file, 0, size, progress, name)


def _check(remote: Remote, part: Path) -> None:
    """Raises _Mismatch unless ``part`` is what ``remote`` says it is."""
    size = part.stat().st_size
    if remote.bytes is not None and size != remote.bytes:
        raise _Mismatch(f"{part.stem} has {size} bytes, expected {remote.bytes}")
    for kind, expected in (("sha256", remote.sha256), ("md5", remote.md5)):
        if expected and digest(part, kind) != expected.lower():
            raise _Mismatch(f"the {kind} checksum of {part.stem} is wrong; the file was damaged")


def digest(path: Path, kind: str = "sha256") -> str:
    """The checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def _open(address: str, headers: dict[str, str]) -> Any:
    """The answer to a request. Raises NotFoundError, StorageError, OSError."""
    safe = urllib.parse.quote(address, safe=":/?&=%#+@,;~")
    request = urllib.request.Request(safe, headers={"User-Agent": _AGENT, **headers})  # noqa: S310 (http(s) only)
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code in (http.client.NOT_FOUND, http.client.GONE):
            raise NotFoundError(f"there is no {address}") from None
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(address, {})
        if error.code < http.client.INTERNAL_SERVER_ERROR:
            raise StorageError(
                f"cannot download {address}: the server said {error.code} {error.reason}"
            ) from None
        raise


def _words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server said {error.code} {error.reason}"
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def free_bytes(folder: Path) -> int:
    """Room on the disk of ``folder``."""
    return shutil.disk_usage(folder).free
