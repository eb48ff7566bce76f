"""Listeners: the barest clients that can time first audio and tell whether playback would have starved.

They are raw on purpose: a comfortable client library costs more than what is measured here.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

RATE_HZ = 22_050
BYTES_PER_S = RATE_HZ * 2
STARVED_S = 0.02
"""Silence in playback that counts as starved: one packet of 20 ms."""
FRAME_HEADER = 8
SUBPROTOCOL = Subprotocol("vivavoce.v1")


@dataclass
class Heard:
    """What one listener got: seconds after asking, and audio seconds, of every arrival."""

    arrivals: list[tuple[float, float]] = field(default_factory=list)
    refused: int = 0

    @property
    def first_s(self) -> float:
        return self.arrivals[0][0]

    @property
    def audio_s(self) -> float:
        return sum(seconds for _, seconds in self.arrivals)

    @property
    def stalled_s(self) -> float:
        """Silence that a listener playing at once and at its natural pace would have heard."""
        stalled = played = 0.0
        for when, seconds in self.arrivals:
            stalled = max(stalled, when - self.first_s - played)
            played += seconds
        return stalled


def request(text: str, voice: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "voice": voice, "format": "pcm_s16le", "sample_rate_hz": RATE_HZ, **more}


async def ask_http(
    port: int, body: dict[str, Any], buffer_bytes: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, float]:
    """Connection on which the request has just been written, and when that was. ``buffer_bytes`` bounds what arrives
    without being read, here and in the kernel."""
    if buffer_bytes is None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    else:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=narrow, limit=buffer_bytes)
    data = orjson.dumps(body)
    head = f"POST /v1/speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    asked = time.perf_counter()
    writer.write(head.encode() + data)
    return reader, writer, asked


async def read_chunks(reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
    """The body of a chunked answer. Raises RuntimeError with the body when the status is not 200, and EOFError when the
    connection ends before the body does."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError((head + await reader.read(4096)).decode(errors="replace"))
    while size := int(await reader.readuntil(b"\r\n"), 16):
        data = await reader.readexactly(size)
        await reader.readexactly(2)
        yield data


async def listen_http(port: int, body: dict[str, Any]) -> Heard:
    """Reads as fast as it can, to the end."""
    reader, writer, asked = await ask_http(port, body)
    heard = Heard()
    try:
        async for data in read_chunks(reader):
            heard.arrivals.append((time.perf_counter() - asked, len(data) / BYTES_PER_S))
    finally:
        writer.close()
    return heard


async def listen_socket(port: int, body: dict[str, Any], pieces: Sequence[tuple[float, str]]) -> Heard:
    """One stream on a socket of its own; ``pieces`` are (seconds after opening, text).

    Times count from the first piece.
    """
    heard = Heard()
    url = f"ws://127.0.0.1:{port}/v1/speech/stream"
    async with connect(url, subprotocols=[SUBPROTOCOL], compression=None, max_size=None) as wire:
        options = {key: value for key, value in body.items() if key != "text"}
        await wire.send(orjson.dumps({"type": "open", "stream": 1, **options}).decode())
        _checked(orjson.loads(await wire.recv()))
        asked = time.perf_counter()
        writing = asyncio.create_task(_write(wire, pieces, asked))
        try:
            async for message in wire:
                now = time.perf_counter()
                if isinstance(message, bytes):
                    heard.arrivals.append((now - asked, (len(message) - FRAME_HEADER) / BYTES_PER_S))
                elif _checked(orjson.loads(message)) == "ended":
                    break
            await writing
        finally:
            writing.cancel()
    return heard


def _checked(event: dict[str, Any]) -> Any:
    """The type of an event. Raises RuntimeError with an error."""
    if event["type"] == "error":
        raise RuntimeError(orjson.dumps(event).decode())
    return event["type"]


async def _write(wire: Any, pieces: Sequence[tuple[float, str]], begin: float) -> None:
    for when_s, text in pieces:
        delay_s = begin + when_s - time.perf_counter()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        await wire.send(orjson.dumps({"type": "text", "stream": 1, "text": text}).decode())
    await wire.send('{"type":"end","stream":1}')


async def get(port: int, path: str) -> bytes:
    """Body of a plain GET on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.split(b"\r\n\r\n", 1)[1]


async def health_times(port: int, stop: asyncio.Event, every_s: float = 0.05) -> list[float]:
    """Seconds that ``/v1/speech/health`` took, asked again and again until ``stop``."""
    times = []
    while not stop.is_set():
        began = time.perf_counter()
        await get(port, "/v1/speech/health")
        times.append(time.perf_counter() - began)
        await asyncio.sleep(every_s)
    return times


def metric(text: bytes, name: str) -> float:
    """Sum over all label sets of a Prometheus sample called ``name``."""
    total = 0.0
    for line in text.decode().splitlines():
        if line.startswith((name + " ", name + "{")):
            total += float(line.rsplit(" ", 1)[1])
    return total
