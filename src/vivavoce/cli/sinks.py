"""Where audio goes: a file, standard output, or a player (``playback``). None of them blocks the event loop.

A sink is written to in order and then either finished (all of it came) or abandoned (the work stopped). Both end it;
what a file got so far is kept, with sizes that fit.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import stat
import struct
from typing import Final, Protocol

from vivavoce.errors import RequestError, quoted
from vivavoce.formats import ALIASES, FORMATS

WAV_HEADER_BYTES: Final = 44
MOST_WAV_BYTES: Final = 0xFFFFFFFF
EXTENSIONS: Final[dict[str, str]] = {
    **{kind.extension: kind.name for kind in FORMATS.values()},
    **{name: name for name in FORMATS},
    **ALIASES,
    "raw": "pcm_s16le",
    "oga": "opus",
}
"""File name extension, without its dot, to the format's name."""


class Sink(Protocol):
    """A place for one stream's audio."""

    async def write(self, data: bytes) -> None:
        """Take ``data``; returns when it may be given more. Raises BrokenPipeError when nobody listens any more."""
        ...

    async def finish(self) -> None:
        """All audio has been written; returns when it is safe, or has been heard."""
        ...

    async def abandon(self) -> None:
        """No more will come; returns at once. Does nothing after :meth:`finish`, and may be called again."""
        ...


class DescriptorSink:
    """Bytes to a file descriptor: a pipe, a terminal or a file.

    ``wav`` says that the bytes are a WAV file whose header holds streaming sizes; when the descriptor is a regular
    file its true sizes are written in the end. ``fd`` stays in blocking mode and open.
    """

    def __init__(self, fd: int, *, wav: bool) -> None:
        self._fd = fd
        self._header_at = _start_of_file(fd) if wav else None
        self._written = 0

    async def write(self, data: bytes) -> None:
        """See :class:`Sink`."""
        rest = memoryview(data)
        while rest:
            # A pipe that polls as writable takes PIPE_BUF bytes without blocking, and maybe no more.
            size = select.PIPE_BUF if await _writable(self._fd) else len(rest)
            try:
                count = os.write(self._fd, rest[:size])
            except (
                BlockingIOError
            ):  # somebody else made the shared descriptor non-blocking, and filled it first
                continue
            self._written += count
            rest = rest[count:]

    async def finish(self) -> None:
        """See :class:`Sink`."""
        self._mend_header()

    async def abandon(self) -> None:
        """See :class:`Sink`."""
        self._mend_header()

    def _mend_header(self) -> None:
        at, self._header_at = self._header_at, None
        if at is None or not WAV_HEADER_BYTES <= self._written <= MOST_WAV_BYTES:
            return
        os.pwrite(self._fd, struct.pack("<I", self._written - 8), at + 4)
        os.pwrite(self._fd, struct.pack("<I", self._written - WAV_HEADER_BYTES), at + 40)


class FileSink:
    """A file, opened at its first byte, so that a request that fails at once destroys nothing."""

    def __init__(self, path: str, *, wav: bool) -> None:
        """Raises RequestError when ``path`` can be seen to be unwritable."""
        check_writable(path, "-o")
        self._path = path
        self._wav = wav
        self._fd: int | None = None
        self._sink: DescriptorSink | None = None

    async def write(self, data: bytes) -> None:
        """See :class:`Sink`."""
        await self._opened().write(data)

    async def finish(self) -> None:
        """See :class:`Sink`. A stream without a single byte leaves an empty file."""
        await self._opened().finish()
        self._close()

    async def abandon(self) -> None:
        """See :class:`Sink`."""
        if self._sink is not None:
            await self._sink.abandon()
        self._close()

    def _opened(self) -> DescriptorSink:
        if self._sink is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
            self._sink = DescriptorSink(self._fd, wav=self._wav)
        return self._sink

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def format_of_path(path: str) -> str | None:
    """The format that ``path``'s extension stands for, or ``None``."""
    return EXTENSIONS.get(os.path.splitext(path)[1].lower().removeprefix("."))


def check_writable(path: str, option: str) -> None:
    """Raises RequestError saying why no file can be written at ``path``."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise RequestError(f"{option} {quoted(path)}: expected a file name, got a folder")
    if not os.path.isdir(folder):
        raise RequestError(f"{option} {quoted(path)}: there is no folder {quoted(folder)}; create it first")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise RequestError(f"{option} {quoted(path)}: permission denied")


def _start_of_file(fd: int) -> int | None:
    """Where the next byte lands if that place can be rewritten later: a regular file not in append mode."""
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        return None
    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND:  # pwrite would append too
        return None
    return os.lseek(fd, 0, os.SEEK_CUR)


async def _writable(fd: int) -> bool:
    """Wait until ``fd`` takes bytes; ``False`` for a regular file, which always does."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_writer(fd, ready.set)
    except PermissionError:  # epoll's answer for regular files and /dev/null
        return False
    try:
        await ready.wait()
    finally:
        loop.remove_writer(fd)
    return True
