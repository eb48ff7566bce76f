"""The listeners of ``bench/hour.py``, in a process of their own that does as little as it can.

``python -m bench.hour_load PORT BEGIN`` reads the guests as one JSON array and prints a line for each that has gone.
BEGIN is on the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from msgspec import Struct
from websockets.exceptions import ConnectionClosed

from bench.client import BYTES_PER_S, Heard, ask_http, listen_socket, read_chunks, request
from bench.guests import MUTE, SLOW_PACE, WORDS_A_SECOND, Guest

LAST_S: Final = 150.0
"""How long those who came last may take."""
NARROW_BYTES: Final = 16_384
"""Buffers of those who are slow, so that the server notices."""
_CODE: Final = re.compile(r'"code": ?"(\w+)"')


class Gone(Struct, frozen=True):
    """What a guest got. Times in seconds."""

    number: int
    at_s: float
    """When it came."""
    over_s: float
    """When it had gone, after the beginning."""
    kind: str
    voice: str
    first_s: float | None
    """After asking; of a writer, after its first word."""
    stalled_s: float
    audio_s: float
    code: str
    """Of the error; empty when there was none. ``broken off`` when the connection ended before the speech."""


async def attend(port: int, guest: Guest, begin: float) -> Gone:
    """Comes when it is time, listens in its way, and tells."""
    await asyncio.sleep(max(0.0, begin + guest.at_s - time.monotonic()))
    heard, code = Heard(), ""
    try:
        async with asyncio.timeout(guest.leaves_s):
            if guest.kind == "writer":
                heard = await _write(port, guest)
            else:
                await _hear(port, guest, heard)
    except TimeoutError:
        pass  # it left, as it meant to
    except RuntimeError as error:
        found = _CODE.search(str(error))
        code = found[1] if found else "unknown"
    except (EOFError, OSError, ConnectionClosed):
        code = "broken off"
    return Gone(
        number=guest.number,
        at_s=guest.at_s,
        over_s=time.monotonic() - begin,
        kind=guest.kind,
        voice=guest.voice,
        first_s=heard.first_s if heard.arrivals else None,
        stalled_s=heard.stalled_s if heard.arrivals else 0.0,
        audio_s=heard.audio_s,
        code=code,
    )


async def _write(port: int, guest: Guest) -> Heard:
    words = enumerate(guest.text.split())
    pieces = [(number / WORDS_A_SECOND, word + " ") for number, word in words]
    return await listen_socket(port, request("", guest.voice), pieces)


async def _hear(port: int, guest: Guest, heard: Heard) -> None:
    slow = guest.kind in ("slow", MUTE)
    reader, writer, asked = await ask_http(
        port, request(guest.text, guest.voice), NARROW_BYTES if slow else None
    )
    try:
        async for data in _read(reader, guest.kind):
            heard.arrivals.append((time.perf_counter() - asked, len(data) / BYTES_PER_S))
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, kind: str) -> AsyncIterator[bytes]:
    if kind == MUTE:
        await asyncio.Event().wait()
    async for data in read_chunks(reader):
        yield data
        if kind == "slow":
            await asyncio.sleep(len(data) / BYTES_PER_S / SLOW_PACE)


async def main(port: int, begin: float) -> None:
    guests = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Guest])
    tasks = [asyncio.create_task(attend(port, guest, begin)) for guest in guests]
    for task in tasks:
        task.add_done_callback(_tell)
    last_s = begin + max(guest.at_s for guest in guests) + LAST_S - time.monotonic()
    await asyncio.wait(tasks, timeout=last_s)


def _tell(task: asyncio.Task[Gone]) -> None:
    if not task.cancelled():
        sys.stdout.buffer.write(msgspec.json.encode(task.result()) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
