"""Text from a file descriptor, piece by piece, the moment each piece is there."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
from collections.abc import AsyncIterator
from typing import Final

from vivavoce.errors import RequestError, quoted

READ_BYTES: Final = 1 << 16
_ESCAPED: Final = re.compile("[\ud800-\udfff]")


class Utf8Decoder:
    """Bytes in pieces of any size to text; what is no UTF-8 becomes U+FFFD, and ``damaged`` tells.

    A byte order mark at the start is dropped. A character cut in two by a read waits for its other half.
    """

    def __init__(self) -> None:
        # Not "utf-8-sig", which loses the beginning of a byte order mark that is the end of the text.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._at_start = True
        self.damaged = False

    def feed(self, data: bytes) -> str:
        """The text that ``data`` completes."""
        return self._mend(self._decoder.decode(data))

    def flush(self) -> str:
        """The rest: U+FFFD for a character that never got its other half."""
        return self._mend(self._decoder.decode(b"", final=True))

    def _mend(self, text: str) -> str:
        mended = without_surrogates(text)
        self.damaged = self.damaged or mended != text
        if mended and self._at_start:
            self._at_start = False
            return mended.removeprefix("\ufeff")
        return mended


def without_surrogates(text: str) -> str:
    """``text`` with every lone surrogate (an argument or byte that was no UTF-8) as U+FFFD."""
    return _ESCAPED.sub("\N{REPLACEMENT CHARACTER}", text)


async def pieces(fd: int, decoder: Utf8Decoder) -> AsyncIterator[str]:
    """Text as it arrives on ``fd``: one piece for each read that completes a character, until the end of file.

    Never blocks the loop on a pipe, socket or terminal; a regular file is simply read. ``fd`` stays in blocking
    mode, because a shell shares it with other programs.
    """
    while data := await _read(fd):
        if text := decoder.feed(data):
            yield text
    if text := decoder.flush():
        yield text


async def _read(fd: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(fd, ready.set)
    except PermissionError:  # epoll's answer for regular files and /dev/null, which are always ready
        return os.read(fd, READ_BYTES)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
    return os.read(fd, READ_BYTES)


def open_text(path: str) -> int:
    """A descriptor to read ``path`` from; the caller closes it. Raises RequestError naming the path."""
    try:
        if os.path.isdir(path):
            raise RequestError(f"--file {quoted(path)}: expected a text file, got a folder", param="file")
        return os.open(path, os.O_RDONLY)
    except OSError as error:
        raise RequestError(f"--file {quoted(path)}: {error.strerror}", param="file") from None
